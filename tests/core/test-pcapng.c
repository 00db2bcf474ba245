// SPDX-License-Identifier: GPL-2.0-or-later
/* pcapng: sections, interfaces and the kinds of packet block in both byte orders; bad blocks. */
#include "source/pcapng.h"

#include <errno.h>

#include "captures.h"
#include "kit/kit.h"

enum { ETHERNET = 1, UNKNOWN_LINK = 147, SLL = 113 };

/* A simple packet block: `len` on the wire, of which `have` bytes follow. */
static void
put_simple(GByteArray *out, bool big, uint32_t len, uint32_t have)
{
	g_autoptr(GByteArray) body = g_byte_array_new();

	put32(body, big, len);
	put_pattern(body, have, 9);
	put_block(out, big, 3, body);
}

/* The obsolete packet block. */
static void
put_obsolete(
	GByteArray *out, bool big, uint16_t iface, uint16_t drops, uint64_t stamp, uint32_t len)
{
	g_autoptr(GByteArray) body = g_byte_array_new();

	put16(body, big, iface);
	put16(body, big, drops);
	put32(body, big, (uint32_t)(stamp >> 32));
	put32(body, big, (uint32_t)stamp);
	put32(body, big, len);
	put32(body, big, len + 5);
	put_pattern(body, len, 8);
	put_block(out, big, 2, body);
}

/* A block that nobody knows. */
static void
put_other(GByteArray *out, bool big, uint32_t type, uint32_t len)
{
	g_autoptr(GByteArray) body = g_byte_array_new();

	put_pattern(body, len, 7);
	put_block(out, big, type, body);
}

/* A section with one Ethernet interface. */
static GByteArray *
section(bool big)
{
	GByteArray *out = g_byte_array_new();

	put_section(out, big);
	put_interface(out, big, ETHERNET, 0, "eth0", 6);
	return out;
}

/* One batch from a file; what it ends with goes to *ret_end. */
static struct batch
batch_of(const GByteArray *file, int *ret_end, char **ret_message)
{
	struct reading reading = reading_of(file);
	struct pcapng *pcapng = pcapng_new();
	struct batch batch = { 0 }, rest;
	int n = pcapng_next(pcapng, &reading, &batch);

	batch.count = (unsigned)MAX(n, 0);
	*ret_end = n <= 0 ? n : pcapng_next(pcapng, &reading, &rest);
	if (*ret_end == 0 && reading.within)
		*ret_end = reading_cut_short(&reading);
	*ret_message = g_steal_pointer(&reading.message);
	for (unsigned k = 0; k < batch.count; k++)
		batch.packets[k].data = NULL;
	pcapng_free(pcapng);
	reading_done(&reading);
	return batch;
}

START_TEST(three_kinds_of_packet_in_both_orders)
{
	for (unsigned big = 0; big < 2; big++) {
		g_autoptr(GByteArray) file = g_byte_array_new();
		struct pcapng *pcapng = pcapng_new();
		struct reading reading;
		struct batch batch;
		struct packet *p = batch.packets;

		put_section(file, big);
		put_interface(file, big, ETHERNET, 20, NULL, 6);
		put_interface(file, big, SLL, 0, "any", 9);
		put_enhanced(file, big, 1, 1700000000000000001, 61, 3);
		put_simple(file, big, 60, 20);
		put_obsolete(file, big, 0, 0xffff, 1700000000000002, 33);
		ck_assert(pcapng_knows(file->data));
		reading = reading_of(file);
		ck_assert_int_eq(pcapng_next(pcapng, &reading, &batch), 3);

		ck_assert_uint_eq(p[0].time, 1700000000000000001);
		ck_assert_uint_eq(p[0].number, 1);
		ck_assert_uint_eq(p[0].caplen, 61);
		ck_assert_uint_eq(p[0].wirelen, 61);
		ck_assert_uint_eq(p[0].link, SLL);
		ck_assert_uint_eq(p[0].iface, 1);
		ck_assert(is_pattern(p[0].data, 61, 3));
		/* cut to the snap length; at the time of the one before */
		ck_assert_uint_eq(p[1].time, 1700000000000000001);
		ck_assert_uint_eq(p[1].caplen, 20);
		ck_assert_uint_eq(p[1].wirelen, 60);
		ck_assert_uint_eq(p[1].link, ETHERNET);
		ck_assert_uint_eq(p[1].iface, 0);
		ck_assert(is_pattern(p[1].data, 20, 9));

		ck_assert_uint_eq(p[2].time, 1700000000000002000);
		ck_assert_uint_eq(p[2].number, 3);
		ck_assert_uint_eq(p[2].caplen, 33);
		ck_assert_uint_eq(p[2].wirelen, 38);
		ck_assert_uint_eq(p[2].iface, 0);
		ck_assert(is_pattern(p[2].data, 33, 8));

		ck_assert_ptr_null(pcapng_interface_name(pcapng, 0));
		ck_assert_str_eq(pcapng_interface_name(pcapng, 1), "any");
		ck_assert_ptr_null(pcapng_interface_name(pcapng, 2));
		ck_assert_int_eq(pcapng_next(pcapng, &reading, &batch), 0);
		ck_assert_ptr_null(reading.within);
		pcapng_free(pcapng);
		reading_done(&reading);
	}
}
END_TEST

START_TEST(sections_count_interfaces_anew)
{
	g_autoptr(GByteArray) file = section(false);
	struct pcapng *pcapng = pcapng_new();
	struct reading reading;
	struct batch batch;

	put_enhanced(file, false, 0, 1, 10, 1);
	put_section(file, true); /* the other order */
	put_interface(file, true, SLL, 0, "sll0", 6);
	put_interface(file, true, ETHERNET, 0, "eth1", 6);
	put_enhanced(file, true, 1, 2, 10, 2);
	put_enhanced(file, true, 0, 3, 10, 3);
	put_section(file, false); /* without interfaces */
	reading = reading_of(file);
	ck_assert_int_eq(pcapng_next(pcapng, &reading, &batch), 3);
	ck_assert_uint_eq(batch.packets[0].iface, 0);
	ck_assert_uint_eq(batch.packets[1].iface, 2);
	ck_assert_uint_eq(batch.packets[1].link, ETHERNET);
	ck_assert_uint_eq(batch.packets[2].iface, 1);
	ck_assert_uint_eq(batch.packets[2].link, SLL);
	ck_assert_uint_eq(batch.packets[2].time, 3000);
	ck_assert_str_eq(pcapng_interface_name(pcapng, 2), "eth1");
	pcapng_free(pcapng);
	reading_done(&reading);
}
END_TEST

START_TEST(other_blocks_are_passed_over)
{
	g_autoptr(GByteArray) file = section(false);
	g_autofree char *message = NULL;
	struct batch batch;
	int end;

	put_other(file, false, 4, 40);         /* names */
	put_other(file, false, 5, 24);         /* statistics */
	put_other(file, false, 10, 100);       /* secrets */
	put_other(file, false, 0xbad, 8);      /* custom */
	put_other(file, false, 0x7fffffff, 0); /* nobody's */
	put_other(file, false, 5, 200000);
	put_enhanced(file, false, 0, 5, 10, 1);
	put_other(file, false, 5, 0);
	batch = batch_of(file, &end, &message);
	ck_assert_int_eq(end, 0);
	ck_assert_uint_eq(batch.count, 1);
	ck_assert_uint_eq(batch.packets[0].number, 1);
}
END_TEST

/* A packet of an interface whose packets we cannot read: only then is it a failure. */
START_TEST(unknown_link_types_matter_when_used)
{
	g_autoptr(GByteArray) file = section(false);
	g_autofree char *fine = NULL;
	g_autofree char *message = NULL;
	struct batch batch;
	int end;

	put_interface(file, false, UNKNOWN_LINK, 0, NULL, 6);
	put_enhanced(file, false, 0, 1, 10, 1);
	batch = batch_of(file, &end, &fine);
	ck_assert_int_eq(end, 0);
	ck_assert_uint_eq(batch.count, 1);
	put_enhanced(file, false, 1, 1, 10, 1);
	put_enhanced(file, false, 0, 1, 10, 1);
	batch = batch_of(file, &end, &message);
	ck_assert_int_eq(end, -EPROTONOSUPPORT);
	ck_assert_uint_eq(batch.count, 1);
	ck_assert(g_str_has_prefix(message, "link type 147 "));
}
END_TEST

/* Writes a number over what is there. */
static void
overwrite(GByteArray *file, size_t offset, uint32_t value)
{
	uint32_t ordered = GUINT32_TO_LE(value);

	memcpy(file->data + offset, &ordered, sizeof(ordered));
}

/* section() is 28 + 32 bytes; then a packet of 10 bytes in a block of 44. */
enum { AT_INTERFACE = 28, AT_PACKET = 60, AT_NEXT = 104 };

START_TEST(what_is_refused)
{
	static const struct {
		const char *what;
		size_t offset;
		uint32_t value;
		const char *says;
	} cases[] = {
		{ "a byte order of no kind", 8, 0x1a2b3c4e, "offset 0: a section without" },
		{ "version 2", 12, 2, "offset 0: version 2 " },
		{ "a section too short", 4, 24, "offset 0: a section whose" },
		{ "a section of odd length", 4, 29, "offset 0: a section whose" },
		{ "a section with two lengths", 24, 32, "offset 24: the end of a block" },
		{ "an interface too short", AT_INTERFACE + 4, 8,
			"offset 28: a block whose length" },
		{ "an option too long", AT_INTERFACE + 16, 0x00400002, "offset 28: an option" },
		{ "a block of odd length", AT_PACKET + 4, 43, "offset 60: a block whose length" },
		{ "a block of no length", AT_PACKET + 4, 0, "offset 60: a block whose length" },
		{ "a block beyond the limit", AT_PACKET + 4, PCAPNG_BLOCK_MAX + 4,
			"offset 60: a block whose length" },
		{ "a packet block beyond its limit", AT_PACKET + 4, PCAPNG_WHOLE_MAX + 4,
			"offset 60: a packet whose block" },
		{ "two lengths", AT_PACKET + 40, 48, "offset 60: a block whose two" },
		{ "an unknown interface", AT_PACKET + 8, 1, "offset 60: a packet of interface 1," },
		{ "an interface far away", AT_PACKET + 8, UINT32_MAX,
			"offset 60: a packet of inter" },
		{ "a packet too long", AT_PACKET + 20, 13, "offset 60: a packet that is longer" },
		{ "a packet far too long", AT_PACKET + 20, UINT32_MAX, "offset 60: a packet that" },
	};

	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autoptr(GByteArray) file = section(false);
		g_autofree char *message = NULL;
		int end;

		put_enhanced(file, false, 0, 1, 10, 1);
		ck_assert_uint_eq(file->len, AT_NEXT);
		overwrite(file, cases[n].offset, cases[n].value);
		batch_of(file, &end, &message);
		ck_assert_msg(end == -EBADMSG, "%s: %d", cases[n].what, end);
		ck_assert_msg(
			strstr(message, cases[n].says) != NULL, "%s: %s", cases[n].what, message);
	}
}
END_TEST

START_TEST(packets_need_their_block_and_interface)
{
	g_autoptr(GByteArray) bare = g_byte_array_new();
	g_autoptr(GByteArray) short_block = section(false);
	g_autoptr(GByteArray) short_simple = section(false);
	g_autoptr(GByteArray) simple = section(false);
	g_autoptr(GByteArray) enormous = section(false);
	const struct {
		const GByteArray *file;
		const char *says;
	} cases[] = {
		{ bare, "without any interface" },
		{ short_block, "too short" },
		{ short_simple, "too short" },
		{ simple, "longer than its block" },
		{ enormous, "more than any has" },
	};

	put_section(bare, false);
	put_simple(bare, false, 10, 10);
	put_other(short_block, false, 6, 16);
	put_other(short_simple, false, 3, 0);
	put_simple(simple, false, 100, 96);
	put_enhanced(enormous, false, 0, 0, READING_PACKET_MAX + 1, 1);
	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autofree char *message = NULL;
		int end;

		batch_of(cases[n].file, &end, &message);
		ck_assert_int_eq(end, -EBADMSG);
		ck_assert_msg(strstr(message, cases[n].says) != NULL, "%u: %s", n, message);
	}
}
END_TEST

START_TEST(interfaces_are_limited)
{
	g_autoptr(GByteArray) file = g_byte_array_new();
	g_autofree char *message = NULL;
	int end;

	for (unsigned n = 0; n < PCAPNG_IFACES_MAX; n++) {
		if (n % 1000 == 0)
			put_section(file, false); /* does not help */
		put_interface(file, false, ETHERNET, 0, NULL, 6);
	}
	batch_of(file, &end, &message);
	ck_assert_int_eq(end, 0);
	put_interface(file, false, ETHERNET, 0, NULL, 6);
	batch_of(file, &end, &message);
	ck_assert_int_eq(end, -EBADMSG);
	ck_assert_ptr_nonnull(strstr(message, "more than 4096 interfaces"));
}
END_TEST

/* Of every prefix the whole packets are there; it ends cleanly only between blocks. */
START_TEST(prefixes)
{
	g_autoptr(GByteArray) whole = section(false);
	size_t ends[] = { 0, 28, AT_PACKET, AT_NEXT, 0, 0 };

	put_enhanced(whole, false, 0, 1, 10, 1);
	put_other(whole, false, 5, 30);
	ends[4] = whole->len;
	put_simple(whole, false, 3, 3);
	ends[5] = whole->len;
	for (unsigned len = 0; len <= whole->len; len++) {
		g_autoptr(GByteArray) cut = g_byte_array_new();
		g_autofree char *message = NULL;
		struct batch batch;
		bool clean = false;
		int end;

		put_bytes(cut, whole->data, len);
		batch = batch_of(cut, &end, &message);
		for (unsigned n = 0; n < G_N_ELEMENTS(ends); n++)
			clean = clean || len == ends[n];
		ck_assert_msg(end == (clean ? 0 : -ENODATA), "%u: %d", len, end);
		ck_assert_uint_eq(batch.count, (len >= ends[3]) + (len >= ends[5]));
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("pcapng");
	TCase *c = tcase_create("pcapng");

	tcase_add_test(c, three_kinds_of_packet_in_both_orders);
	tcase_add_test(c, sections_count_interfaces_anew);
	tcase_add_test(c, other_blocks_are_passed_over);
	tcase_add_test(c, unknown_link_types_matter_when_used);
	tcase_add_test(c, what_is_refused);
	tcase_add_test(c, packets_need_their_block_and_interface);
	tcase_add_test(c, interfaces_are_limited);
	tcase_add_test(c, prefixes);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

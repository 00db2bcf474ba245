// SPDX-License-Identifier: GPL-2.0-or-later
/* Defragmentation: what is put together, what is refused, and that each fragment gets its fate. */
#include "flow/defrag.h"

#include <errno.h>
#include <string.h>

#include "core/defrag-stage.h"

/* A whole datagram of UDP, as bytes of IP. */
static size_t
build_whole(bool v6, size_t payload, uint8_t *frame)
{
	struct kit_packet k = {
		.from = v6 ? "[" FROM6 "]:1000" : FROM4 ":1000",
		.to = v6 ? "[" TO6 "]:2000" : TO4 ":2000",
		.proto = PROTO_UDP,
		.ip_id = 77,
		.raw = 1,
		.payload = data_at(0),
		.len = payload,
	};

	return kit_build(&k, frame);
}

static void
check_whole(struct packet *whole, bool v6, const uint8_t *data, size_t len, uint64_t time)
{
	static const struct decode_options options = { .verify_checksums = true };
	uint32_t header = v6 ? 40 : 20;

	ck_assert_uint_eq(whole->caplen, header + len);
	ck_assert_uint_eq(whole->wirelen, header + len);
	ck_assert_uint_eq(whole->time, time);
	ck_assert_uint_eq(whole->number, n_packets);
	ck_assert_mem_eq(whole->data + whole->l3 + header, data, len);
	decode_ip(whole, &options);
	ck_assert_int_eq(whole->error, REASON_NONE);
	ck_assert_uint_eq(whole->flags,
		PACKET_IP | PACKET_WHOLE | PACKET_REASSEMBLED | (whole->flags & PACKET_FROM_HI));
	ck_assert_uint_eq(whole->proto, PROTO_UDP);
	ck_assert_uint_eq(whole->payload_len, len - 8);
	/* Without the mark it is an ordinary packet, right down to the checksum of its header. */
	whole->flags = 0;
	decode_ip(whole, &options);
	ck_assert_int_eq(whole->error, REASON_NONE);
}

/* Every order of four fragments, both families. */
static void
check_order(bool v6, const unsigned order[4])
{
	static const struct shape shapes[4] = {
		{ 0, 64, MORE },
		{ 64, 8, MORE },
		{ 72, 128, MORE },
		{ 200, 13, LAST },
	};
	uint8_t frame[KIT_FRAME_MAX];
	size_t len = build_whole(v6, 205, frame);
	const uint8_t *data = frame + (v6 ? 40 : 20);
	struct packet whole;
	struct kit_packet k;
	unsigned n;

	ck_assert_uint_eq(len, (v6 ? 40 : 20) + 213);
	open_one();
	for (n = 0; n < 4; n++) {
		k = describe(shapes[order[n]]);
		k.from = v6 ? FROM6 : FROM4;
		k.to = v6 ? TO6 : TO4;
		k.payload = data + k.fragment_offset;
		ck_assert_int_eq(add_described(&k, START + n, &whole), n == 3);
		expect_no_fates();
	}
	check_whole(&whole, v6, data, 213, START + 3);
	ck_assert_uint_eq(stats().reassembled, 1);
	ck_assert_uint_eq(stats().datagrams, 0);
	ck_assert_uint_gt(stats().memory, 213);
	defrag_settle(defrag, REASON_OUTBOUND);
	expect_fates(1, 4, REASON_OUTBOUND);
	ck_assert_uint_eq(stats().memory, 0);
	ck_assert_uint_gt(stats().peak_memory, 213);
	close_one();
	expect_no_fates();
}

START_TEST(test_every_order)
{
	unsigned a, b, c;

	for (a = 0; a < 4; a++)
		for (b = 0; b < 4; b++)
			for (c = 0; c < 4; c++)
				if (a != b && b != c && a != c) {
					check_order(false, (unsigned[]){ a, b, c, 6 - a - b - c });
					check_order(true, (unsigned[]){ a, b, c, 6 - a - b - c });
				}
}
END_TEST

/* An exact duplicate is dropped alone, of the last fragment and of the first as well. */
START_TEST(test_duplicates)
{
	open_one();
	ck_assert_int_eq(add(0, 64, MORE, START), 0);
	ck_assert_int_eq(add(0, 64, MORE, START), -EINVAL);
	ck_assert_int_eq(add(128, 10, LAST, START), 0);
	ck_assert_int_eq(add(128, 10, LAST, START), -EINVAL);
	ck_assert_int_eq(add(0, 64, MORE, START), -EINVAL);
	expect_no_fates();
	ck_assert_int_eq(add(64, 64, MORE, START), 1);
	defrag_settle(defrag, REASON_EXPECTED);
	ck_assert_uint_eq(n_fates, 3);
	ck_assert_uint_eq(fates[0].number, 1);
	ck_assert_uint_eq(fates[1].number, 3);
	ck_assert_uint_eq(fates[2].number, 6);
	ck_assert_uint_eq(stats().overlaps, 0);
	ck_assert_uint_eq(stats().refused, 3);
	close_one();
}
END_TEST

/* 64..128 and 192..200, the last, are there; each of these contradicts them. */
static const struct shape overlaps[] = {
	{ 56, 16, MORE },  /* head */
	{ 120, 16, MORE }, /* tail */
	{ 72, 8, MORE },   /* inside */
	{ 64, 8, MORE },   /* inside, at its head */
	{ 120, 8, MORE },  /* inside, at its tail */
	{ 56, 80, MORE },  /* covering */
	{ 64, 72, MORE },  /* covering, at its head */
	{ 56, 72, MORE },  /* covering, at its tail */
	{ 0, 400, MORE },  /* covering all */
	{ 128, 72, MORE }, /* over the last */
	{ 200, 8, MORE },  /* behind the last */
	{ 200, 8, LAST },  /* another last */
	{ 192, 8, MORE },  /* the last is not the last */
	{ 192, 16, LAST }, /* the last is longer */
	{ 128, 60, LAST }, /* another last, before it */
	{ 64, 64, LAST },  /* the same bytes, but the last */
};

START_TEST(test_overlaps)
{
	size_t n;

	for (n = 0; n < sizeof(overlaps) / sizeof(overlaps[0]); n++) {
		open_one();
		ck_assert_int_eq(add(64, 64, MORE, START), 0);
		ck_assert_int_eq(add(192, 8, LAST, START), 0);
		ck_assert_msg(add(overlaps[n].offset, overlaps[n].len, overlaps[n].more, START) ==
				      -EINVAL,
			"row %zu", n);
		ck_assert_msg(n_fates == 2, "row %zu", n);
		expect_fates(1, 2, REASON_FRAGMENT);
		ck_assert_uint_eq(stats().overlaps, 1);
		/* Poisoned: nothing of it is taken any more, until its time is up. */
		ck_assert_int_eq(add(0, 64, MORE, START + 29 * SECOND), -EINVAL);
		ck_assert_int_eq(add(128, 64, MORE, START + 29 * SECOND), -EINVAL);
		ck_assert_uint_eq(stats().datagrams, 1);
		expect_no_fates();
		ck_assert_int_eq(add(0, 64, MORE, START + 30 * SECOND), 0);
		ck_assert_int_eq(add(64, 8, LAST, START + 30 * SECOND), 1);
		defrag_settle(defrag, REASON_NONE);
		expect_fates(6, 7, REASON_NONE);
		ck_assert_uint_eq(stats().memory, 0);
		ck_assert_uint_eq(stats().timeouts, 0);
		ck_assert_uint_eq(stats().overlaps, 1);
		close_one();
	}
}
END_TEST

/* The last comes before what lies behind it; a duplicate with other bytes. */
START_TEST(test_more_overlaps)
{
	static const uint8_t other[64] = { 1, 2, 3 };
	struct kit_packet k = describe((struct shape){ 0, 64, MORE });
	struct packet whole;

	open_one();
	ck_assert_int_eq(add(128, 64, MORE, START), 0);
	ck_assert_int_eq(add(64, 8, LAST, START), -EINVAL);
	expect_fates(1, 1, REASON_FRAGMENT);
	close_one();

	open_one();
	ck_assert_int_eq(add(128, 64, MORE, START), 0);
	ck_assert_int_eq(add(0, 64, MORE, START), 0);
	ck_assert_int_eq(add(64, 64, LAST, START), -EINVAL);
	expect_fates(1, 2, REASON_FRAGMENT);
	close_one();

	open_one();
	ck_assert_int_eq(add(0, 64, MORE, START), 0);
	k.payload = other;
	ck_assert_int_eq(add_described(&k, START, &whole), -EINVAL);
	expect_fates(1, 1, REASON_FRAGMENT);
	ck_assert_int_eq(add(64, 64, LAST, START), -EINVAL);
	close_one();
	expect_no_fates();
}
END_TEST

/* What is refused by itself takes no room. The header counts for the longest; and the "ping of
 * death". What else may not be a fragment is in test-fragment.c. */
START_TEST(test_alone)
{
	open_one();
	ck_assert_int_eq(add(0, 12, MORE, START), -EINVAL);
	ck_assert_int_eq(add(65512, 4, LAST, START), -EINVAL);
	ck_assert_int_eq(add(65512, 8, MORE, START), -EINVAL);
	ck_assert_int_eq(add(65528, 1480, LAST, START), -EINVAL);
	ck_assert_uint_eq(stats().memory, 0);
	ck_assert_uint_eq(stats().refused, 4);
	ck_assert_int_eq(add(65512, 3, LAST, START), 0);
	close_one();
	expect_fates(5, 5, REASON_FRAGMENT);
}
END_TEST

/* The longest datagrams, which one byte more would break. */
START_TEST(test_longest)
{
	static uint8_t frame[KIT_FRAME_MAX];
	struct kit_packet k;
	struct packet whole;
	uint32_t offset, len, longest;
	int v6;

	for (v6 = 0; v6 < 2; v6++) {
		longest = v6 ? 65535 : 65515;
		ck_assert_uint_eq(build_whole(v6, longest - 8, frame), longest + (v6 ? 40 : 20));
		open_one();
		for (offset = 0; offset < longest; offset += len) {
			len = longest - offset < 16000 ? longest - offset : 16000;
			k = describe((struct shape){ offset, len, offset + len < longest });
			k.from = v6 ? FROM6 : FROM4;
			k.to = v6 ? TO6 : TO4;
			k.payload = frame + (v6 ? 40 : 20) + offset;
			ck_assert_int_eq(add_described(&k, START, &whole), offset + len == longest);
		}
		check_whole(&whole, v6, frame + (v6 ? 40 : 20), longest, START);
		close_one();
		expect_fates(1, 5, REASON_FRAGMENT); /* nobody said how it was judged */
	}
}
END_TEST

/* The first fragment may have a longer header than those that came before. */
START_TEST(test_long_header)
{
	/* 32 bytes of UDP behind a header with four options that do nothing. */
	static const uint8_t bytes[56] = { 0x46, 0, 0, 56, 0, 77, 0x20, 0, 64, PROTO_UDP, 0, 0, 192,
		0, 2, 1, 198, 51, 100, 7, 1, 1, 1, 1 };
	static const struct decode_options options = { .verify_checksums = false };
	struct kit_packet last = describe((struct shape){ 32, 8, LAST });
	struct packet first, whole;

	kit_source_packet(&first, bytes, sizeof(bytes), LINK_RAW, START, 1);
	decode(&first, &options);
	ck_assert(first.flags & PACKET_FRAGMENT && first.error == REASON_NONE);

	open_one();
	ck_assert_int_eq(add(65512, 3, LAST, START), 0);
	ck_assert_int_eq(add_packet(&first, &whole), -EINVAL);
	expect_no_fates();
	close_one();

	open_one();
	ck_assert_int_eq(add_packet(&first, &whole), 0);
	ck_assert_int_eq(add(65504, 8, LAST, START), -EINVAL);
	ck_assert_int_eq(add(65504, 7, LAST, START), 0);
	close_one();

	open_one();
	ck_assert_int_eq(add_packet(&first, &whole), 0);
	ck_assert_int_eq(add_described(&last, START, &whole), 1);
	ck_assert_uint_eq(whole.caplen, 64);
	ck_assert_mem_eq(whole.data + 20, bytes + 20, sizeof(bytes) - 20);
	decode_ip(&whole, &options);
	ck_assert_int_eq(whole.error, REASON_MALFORMED); /* a UDP length of 0 */
	ck_assert_uint_eq(whole.length, 64);
	close_one();
}
END_TEST

START_TEST(test_timeout)
{
	open_one();
	ck_assert_int_eq(add(0, 64, MORE, START), 0);
	ck_assert_int_eq(add(64, 64, MORE, START + 29 * SECOND), 0);
	defrag_expire(defrag, START + 30 * SECOND - 1);
	expect_no_fates();
	defrag_expire(defrag, START); /* time does not go back */
	defrag_expire(defrag, START + 30 * SECOND);
	expect_fates(1, 2, REASON_FRAGMENT);
	ck_assert_uint_eq(stats().timeouts, 1);
	ck_assert_uint_eq(stats().memory, 0);
	ck_assert_uint_eq(stats().datagrams, 0);
	/* What comes late begins another, and waits in vain; the next fragment tells the time. */
	ck_assert_int_eq(add(128, 64, LAST, START + 30 * SECOND), 0);
	ck_assert_int_eq(add(0, 64, MORE, START + 60 * SECOND), 0);
	expect_fates(3, 3, REASON_FRAGMENT);
	/* A fragment from the past is not kept longer than the others. */
	ck_assert_int_eq(add(64, 64, MORE, START), 0);
	defrag_expire(defrag, START + 90 * SECOND);
	expect_fates(4, 5, REASON_FRAGMENT);
	/* … nor for a shorter time. */
	ck_assert_int_eq(add(64, 64, MORE, START), 0);
	defrag_expire(defrag, START + 119 * SECOND);
	expect_no_fates();
	defrag_expire(defrag, START + 120 * SECOND);
	expect_fates(6, 6, REASON_FRAGMENT);
	ck_assert_uint_eq(stats().timeouts, 4);
	ck_assert_uint_eq(stats().fragments, 6);
	close_one();
	expect_no_fates();
}
END_TEST

/* One fragment each of many datagrams: the oldest make room, in the order in which they came. */
static void
flood(uint32_t max_datagrams, uint64_t max_memory)
{
	struct kit_packet k = describe((struct shape){ 0, 64, MORE });
	uint64_t evicted;
	struct packet whole;
	unsigned n;

	open_with(max_datagrams, 16, max_memory);
	for (n = 0; n < 1000; n++) {
		k.ip_id = (uint16_t)n;
		ck_assert_int_eq(add_described(&k, START + n, &whole), 0);
		ck_assert_uint_le(stats().datagrams, max_datagrams);
	}
	ck_assert_uint_le(stats().peak_memory, max_memory);
	evicted = stats().evicted;
	ck_assert_uint_ge(evicted, 980);
	ck_assert_uint_lt(evicted, 1000);
	expect_fates(1, evicted, REASON_FRAGMENT);
	defrag_flush(defrag);
	expect_fates(evicted + 1, 1000, REASON_FRAGMENT);
	ck_assert_uint_eq(stats().memory, 0);
	ck_assert_uint_eq(stats().datagrams, 0);
	close_one();
}

START_TEST(test_flood)
{
	flood(10, 1 << 20);
	flood(100000, 7000);
}
END_TEST

/* One datagram of too many fragments is given up, and so remembered. */
START_TEST(test_too_many_fragments)
{
	unsigned n;

	open_with(10, 16, 1 << 20);
	for (n = 0; n < 16; n++)
		ck_assert_int_eq(add(n * 16, 8, MORE, START), 0);
	ck_assert_int_eq(add(8, 8, MORE, START), -EINVAL);
	expect_fates(1, 16, REASON_FRAGMENT);
	ck_assert_int_eq(add(24, 8, MORE, START), -EINVAL);
	ck_assert_uint_eq(stats().datagrams, 1);
	ck_assert_uint_eq(stats().overlaps, 0);
	close_one();
	expect_no_fates();

	/* As many as are allowed are enough if they are all. */
	open_with(10, 16, 1 << 20);
	for (n = 0; n < 15; n++)
		ck_assert_int_eq(add(n * 8, 8, MORE, START), 0);
	ck_assert_int_eq(add(15 * 8, 8, LAST, START), 1);
	close_one();
}
END_TEST

/* Room is made by others; a fragment that has none is refused alone. */
START_TEST(test_no_room)
{
	struct kit_packet other = describe((struct shape){ 0, 1000, MORE });
	struct packet whole;

	open_with(10, 16, 3600);
	other.ip_id = 1;
	ck_assert_int_eq(add(0, 1000, MORE, START), 0);
	ck_assert_int_eq(add_described(&other, START, &whole), 0);
	ck_assert_int_eq(add(1000, 1000, MORE, START), 0); /* the other goes, though younger */
	expect_fates(2, 2, REASON_FRAGMENT);
	ck_assert_int_eq(add(2000, 1000, MORE, START), -EINVAL);
	expect_no_fates();
	ck_assert_int_eq(add(2000, 8, LAST, START), 1);
	ck_assert_uint_le(stats().peak_memory, 3600);
	close_one();

	/* There is never room for this one, and nothing is left of it. */
	open_with(10, 16, 1000);
	ck_assert_int_eq(add(0, 1000, MORE, START), -EINVAL);
	ck_assert_uint_eq(stats().memory, 0);
	ck_assert_uint_eq(stats().datagrams, 0);
	close_one();

	open_with(10, 16, 100);
	ck_assert_int_eq(add(0, 8, MORE, START), -EINVAL);
	ck_assert_uint_eq(stats().datagrams, 0);
	close_one();
}
END_TEST

/* The second fragment of a datagram whose first came from host 0 to host 1 with id 77 as UDP: does
 * it belong to it, in IPv4 and in IPv6? There only the first one's protocol counts. */
static const struct {
	unsigned from, to;
	uint8_t proto;
	uint16_t id, zone;
	int result[2];
} strangers[] = {
	{ 0, 1, PROTO_UDP, 77, 0, { 1, 1 } },
	{ 0, 1, PROTO_ICMP, 77, 0, { 0, 1 } },
	{ 0, 1, PROTO_UDP, 78, 0, { 0, 0 } },
	{ 0, 1, PROTO_UDP, 77, 5, { 0, 0 } },
	{ 1, 0, PROTO_UDP, 77, 0, { 0, 0 } },
	{ 2, 1, PROTO_UDP, 77, 0, { 0, 0 } },
	{ 0, 2, PROTO_UDP, 77, 0, { 0, 0 } },
};

START_TEST(test_strangers)
{
	static const char *const hosts[2][3] = {
		{ "192.0.2.1", "198.51.100.7", "192.0.2.2" },
		{ "2001:db8::1", "2001:db8:1::7", "2001:db8::2" },
	};
	struct packet p, whole;
	struct kit_packet k;
	size_t n;
	int v6;

	for (n = 0; n < 2 * sizeof(strangers) / sizeof(strangers[0]); n++) {
		v6 = n % 2;
		open_one();
		k = describe((struct shape){ 0, 64, MORE });
		k.from = hosts[v6][0];
		k.to = hosts[v6][1];
		ck_assert_int_eq(add_described(&k, START, &whole), 0);
		k = describe((struct shape){ 64, 64, LAST });
		k.from = hosts[v6][strangers[n / 2].from];
		k.to = hosts[v6][strangers[n / 2].to];
		k.proto = strangers[n / 2].proto;
		k.ip_id = strangers[n / 2].id;
		kit_packet(&k, START, NULL, &p);
		p.zone = strangers[n / 2].zone;
		ck_assert_msg(add_packet(&p, &whole) == strangers[n / 2].result[v6], "row %zu, %s",
			n / 2, v6 ? "IPv6" : "IPv4");
		close_one();
	}
}
END_TEST

/* The verdict that was not given before the next fragment comes is a drop. */
START_TEST(test_forgotten_verdict)
{
	struct packet whole;
	struct kit_packet k = describe((struct shape){ 64, 8, LAST });

	open_one();
	ck_assert_int_eq(add(0, 64, MORE, START), 0);
	ck_assert_int_eq(add_described(&k, START, &whole), 1);
	ck_assert_int_eq(add(0, 64, MORE, START), 0);
	expect_fates(1, 2, REASON_FRAGMENT);
	defrag_settle(defrag, REASON_OUTBOUND); /* there is none to settle */
	expect_no_fates();
	close_one();
	expect_fates(3, 3, REASON_FRAGMENT);
}
END_TEST

START_TEST(test_options)
{
	struct defrag_owner owner = { .settled = settled };
	struct defrag_options options[] = {
		{ .max_datagrams = 0, .max_fragments = 1, .max_memory = 1 },
		{ .max_datagrams = 1, .max_fragments = 0, .max_memory = 1 },
		{ .max_datagrams = 1, .max_fragments = 1, .max_memory = 0 },
	};
	struct defrag *none = NULL;
	int n;

	for (n = 0; n < 3; n++)
		ck_assert_int_eq(defrag_new(&options[n], &owner, &none), -EINVAL);
	ck_assert_ptr_null(none);
	defrag_free(NULL);
}
END_TEST

static Suite *
suite(void)
{
	Suite *suite = suite_create("defrag");
	TCase *tests = tcase_create("defrag");

	tcase_add_test(tests, test_every_order);
	tcase_add_test(tests, test_duplicates);
	tcase_add_test(tests, test_overlaps);
	tcase_add_test(tests, test_more_overlaps);
	tcase_add_test(tests, test_alone);
	tcase_add_test(tests, test_longest);
	tcase_add_test(tests, test_long_header);
	tcase_add_test(tests, test_timeout);
	tcase_add_test(tests, test_flood);
	tcase_add_test(tests, test_too_many_fragments);
	tcase_add_test(tests, test_no_room);
	tcase_add_test(tests, test_strangers);
	tcase_add_test(tests, test_forgotten_verdict);
	tcase_add_test(tests, test_options);
	suite_add_tcase(suite, tests);
	return suite;
}

int
main(void)
{
	return kit_run(suite());
}

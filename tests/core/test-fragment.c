// SPDX-License-Identifier: GPL-2.0-or-later
/* One fragment: what may be one, and how its header becomes that of the whole. */
#include "packet/fragment.h"

#include <errno.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/packets.h"
#include "packet/checksum.h"

#define MORE true
#define LAST false

static const uint8_t data[2000] = { 1, 2, 3 };

static const struct {
	uint32_t offset, len;
	bool more;
	uint8_t proto;
	int result;
} possible[] = {
	{ 0, 8, MORE, PROTO_TCP, -EINVAL }, /* RFC 1858 §3: the TCP header is not whole */
	{ 0, 16, MORE, PROTO_TCP, -EINVAL }, { 0, 24, MORE, PROTO_TCP, 0 },
	{ 8, 64, MORE, PROTO_TCP, -EINVAL }, /* over the TCP header */
	{ 16, 64, MORE, PROTO_TCP, -EINVAL }, { 16, 64, LAST, PROTO_TCP, -EINVAL },
	{ 24, 64, LAST, PROTO_TCP, 0 }, { 0, 8, MORE, PROTO_UDP, 0 }, { 8, 8, MORE, PROTO_UDP, 0 },
	{ 8, 8, LAST, PROTO_UDP, 0 }, { 0, 8, MORE, 50, 0 },
	{ 0, 12, MORE, PROTO_UDP, -EINVAL }, /* not in units of eight */
	{ 0, 7, MORE, PROTO_UDP, -EINVAL }, { 8, 1, MORE, PROTO_UDP, -EINVAL },
	{ 8, 1, LAST, PROTO_UDP, 0 }, { 8, 0, LAST, PROTO_UDP, -EINVAL }, /* empty */
	{ 8, 0, MORE, PROTO_UDP, -EINVAL }, { 0, 0, MORE, PROTO_UDP, -EINVAL },
	{ 65528, 1480, LAST, PROTO_UDP, 0 }, /* too far: that is for the datagram to say */
};

START_TEST(test_possible)
{
	struct fragment f;
	struct packet p;
	size_t n;

	for (n = 0; n < 2 * sizeof(possible) / sizeof(possible[0]); n++) {
		struct kit_packet k = {
			.from = n % 2 ? "2001:db8::1" : "192.0.2.1",
			.to = n % 2 ? "2001:db8::2" : "192.0.2.2",
			.proto = possible[n / 2].proto,
			.fragment_offset = (uint16_t)possible[n / 2].offset,
			.more_fragments = possible[n / 2].more,
			.payload = data,
			.len = possible[n / 2].len,
		};

		kit_packet(&k, 0, NULL, &p);
		ck_assert_int_eq(p.error, REASON_NONE);
		ck_assert_msg(fragment_read(&p, &f) == possible[n / 2].result, "row %zu", n / 2);
		if (possible[n / 2].result)
			continue;
		ck_assert_uint_eq(f.offset, possible[n / 2].offset);
		ck_assert_uint_eq(f.len, possible[n / 2].len);
		ck_assert_uint_eq(f.more, possible[n / 2].more);
		ck_assert_uint_eq(f.proto, possible[n / 2].proto);
		ck_assert_uint_eq(f.header_len, n % 2 ? 40 : 20);
		ck_assert_uint_eq(f.whole_max, n % 2 ? 65575 : 65535);
		ck_assert_mem_eq(f.bytes, data, f.len);
	}
}
END_TEST

/* Half a packet is none. */
START_TEST(test_not_captured)
{
	struct kit_packet k = {
		.proto = PROTO_UDP, .more_fragments = 1, .payload = data, .len = 64
	};
	struct fragment f;
	struct packet p;
	uint32_t len, caplen;

	kit_packet(&k, 0, NULL, &p);
	caplen = p.caplen;
	for (len = 0; len <= caplen; len++) {
		p.caplen = len;
		ck_assert_int_eq(fragment_read(&p, &f), len < caplen ? -EINVAL : 0);
	}
	p.length++;
	ck_assert_int_eq(fragment_read(&p, &f), -EINVAL);
}
END_TEST

/* A packet that does not agree with itself, as decode() would not let through. */
START_TEST(test_inconsistent)
{
	struct kit_packet k = {
		.proto = PROTO_UDP, .more_fragments = 1, .payload = data, .len = 64
	};
	struct fragment f;
	struct packet good, p;

	kit_packet(&k, 0, NULL, &good);
	p = good;
	p.l4 = p.l3;
	ck_assert_int_eq(fragment_read(&p, &f), -EINVAL);
	p = good;
	p.l4 = (uint16_t)(p.l3 - 1);
	ck_assert_int_eq(fragment_read(&p, &f), -EINVAL);
	p = good;
	p.l4 += 8;
	ck_assert_int_eq(fragment_read(&p, &f), -EINVAL);
	p = good;
	p.l3 -= 2;
	ck_assert_int_eq(fragment_read(&p, &f), -EINVAL);
	p = good;
	p.fragment.offset = 0xfffffff8;
	ck_assert_int_eq(fragment_read(&p, &f), -EINVAL);

	k.from = "2001:db8::1";
	k.to = "2001:db8::2";
	kit_packet(&k, 0, NULL, &good);
	p = good;
	p.l4 -= 8;
	ck_assert_int_eq(fragment_read(&p, &f), -EINVAL);
	p = good;
	p.l4 = p.l3;
	ck_assert_int_eq(fragment_read(&p, &f), -EINVAL);
}
END_TEST

/* IPv6 extension headers: next header, length in units of eight less one, an option of padding. */
#define PADDING8(next)  next, 0, 1, 4, 0, 0, 0, 0
#define PADDING16(next) next, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define AH16(next)      next, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9
#define ATOMIC(next)    next, 7, 0, 0, 0, 0, 0, 5 /* the 7 is reserved */
#define FIRST(next)     next, 0, 0, 1, 0, 0, 0, 9 /* offset 0, more to come */

static const struct {
	uint8_t next;    /* of the IPv6 header */
	uint8_t field;   /* where the fragment header was announced, from the IPv6 header */
	uint8_t headers; /* length of what is before the fragment header */
	uint8_t data;    /* bytes of data behind `bytes` */
	int result;
	uint8_t proto;
	uint8_t len;
	uint8_t bytes[60]; /* behind the IPv6 header */
} chains[] = {
	{ 44, 6, 40, 24, 0, PROTO_TCP, 8, { FIRST(PROTO_TCP) } },
	{ 44, 6, 40, 16, -EINVAL, PROTO_TCP, 8, { FIRST(PROTO_TCP) } },
	{ 0, 40, 48, 8, 0, PROTO_UDP, 16, { PADDING8(44), FIRST(PROTO_UDP) } },
	{ 0, 48, 64, 8, 0, PROTO_UDP, 32, { PADDING8(60), PADDING16(44), FIRST(PROTO_UDP) } },
	{ 51, 40, 56, 8, 0, PROTO_UDP, 24, { AH16(44), FIRST(PROTO_UDP) } },
	{ 44, 40, 48, 8, 0, PROTO_UDP, 16, { ATOMIC(44), FIRST(PROTO_UDP) } },
	{ 44, 48, 56, 8, 0, PROTO_UDP, 24, { ATOMIC(60), PADDING8(44), FIRST(PROTO_UDP) } },
	/* RFC 7112 §5: all of the chain, and the head of the transport */
	{ 44, 6, 40, 8, 0, 60, 16, { FIRST(60), PADDING8(PROTO_UDP) } },
	{ 44, 6, 40, 0, -EINVAL, 60, 16, { FIRST(60), PADDING8(PROTO_UDP) } },
	{ 44, 6, 40, 24, 0, 60, 16, { FIRST(60), PADDING8(PROTO_TCP) } },
	{ 44, 6, 40, 16, -EINVAL, 60, 16, { FIRST(60), PADDING8(PROTO_TCP) } },
	{ 44, 6, 40, 0, -EINVAL, 60, 16, { FIRST(60), 17, 1, 1, 12, 0, 0, 0, 0 } },
	{ 44, 6, 40, 0, 0, 60, 16, { FIRST(60), PADDING8(59) } },
	{ 44, 6, 40, 8, 0, 59, 8, { FIRST(59) } },
};

START_TEST(test_chains)
{
	static const struct decode_options options = { .verify_checksums = true };
	uint8_t bytes[200], *header;
	struct fragment f;
	struct packet p;
	uint32_t len;
	size_t n;

	for (n = 0; n < sizeof(chains) / sizeof(chains[0]); n++) {
		len = chains[n].len + chains[n].data;
		memset(bytes, 0, sizeof(bytes));
		bytes[0] = 0x60;
		bytes[5] = (uint8_t)len;
		bytes[6] = chains[n].next;
		bytes[8] = 0x20;
		bytes[24] = 0x20;
		bytes[39] = 1;
		memcpy(bytes + 40, chains[n].bytes, chains[n].len);
		kit_source_packet(&p, bytes, 40 + len, LINK_RAW, 0, 1);
		decode(&p, &options);
		ck_assert_msg(p.error == REASON_NONE && p.flags & PACKET_FRAGMENT, "row %zu", n);
		ck_assert_msg(fragment_read(&p, &f) == chains[n].result, "row %zu", n);
		if (chains[n].result)
			continue;
		ck_assert_uint_eq(f.header_len, chains[n].headers);
		ck_assert_uint_eq(f.proto, chains[n].proto);
		ck_assert_uint_eq(f.len, 40 + len - chains[n].headers - 8);

		header = bytes;
		fragment_mend_header(header, f.header_len, 1000, f.proto);
		ck_assert_uint_eq(header[chains[n].field], chains[n].proto);
		ck_assert_uint_eq(header[4] << 8 | header[5], f.header_len - 40 + 1000);
		header[chains[n].field] = 44;
		ck_assert_mem_eq(header + 40, chains[n].bytes, f.header_len - 40);
	}
}
END_TEST

START_TEST(test_mend_ipv4)
{
	/* Options: no operation, four times. */
	static const uint8_t before[24] = { 0x46, 0, 0, 88, 0, 77, 0x20, 0, 64, 17, 0xab, 0xcd, 192,
		0, 2, 1, 192, 0, 2, 2, 1, 1, 1, 1 };
	uint8_t header[24];

	memcpy(header, before, sizeof(header));
	fragment_mend_header(header, sizeof(header), 40000, PROTO_UDP);
	ck_assert_uint_eq(header[2] << 8 | header[3], 40024);
	ck_assert_uint_eq(header[6] << 8 | header[7], 0);
	ck_assert_uint_eq(checksum_fold(checksum_add(0, header, sizeof(header))), 0xffff);
	ck_assert_mem_eq(header, before, 2);
	ck_assert_mem_eq(header + 4, before + 4, 2);
	ck_assert_mem_eq(header + 8, before + 8, 2);
	ck_assert_mem_eq(header + 12, before + 12, 12);
}
END_TEST

static Suite *
suite(void)
{
	Suite *suite = suite_create("fragment");
	TCase *tests = tcase_create("fragment");

	tcase_add_test(tests, test_possible);
	tcase_add_test(tests, test_not_captured);
	tcase_add_test(tests, test_inconsistent);
	tcase_add_test(tests, test_chains);
	tcase_add_test(tests, test_mend_ipv4);
	suite_add_tcase(suite, tests);
	return suite;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IPv6 extension headers, written out between an IPv6 header and a TCP segment of the kit.
 */
#include "packet/extension.h"

#include <stdio.h>
#include <string.h>

#include "packet/decode.h"

#include "kit/kit.h"
#include "kit/packets.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum { IP6 = 40 };

static uint8_t frame[KIT_FRAME_MAX];

/* "06" as the first byte of a header means that TCP follows. */
#define HBH(next)    next " 00 0104 00000000 " /* padding only */
#define DST(next)    next " 01 010c 000000000000000000000000 "
#define AH(next)     next " 04 0000 00000001 00000001 000000000000000000000000 "
#define ATOMIC(next) next " 00 0000 00000001 "
#define DST8(next)   next " 00 0104 00000000 "
#define ADDRESS      "20010db8 00000000 00000000 00000009 "

/* Puts `extensions` between the IPv6 header and TCP; `first` is the first one's number. */
static size_t
build(unsigned first, const char *extensions)
{
	static const struct kit_packet k = {
		.from = "[2001:db8::1]:1024",
		.to = "[2001:db8::2]:80",
		.flags = TCP_ACK,
		.payload = "x",
		.len = 1,
		.raw = 1,
	};
	uint8_t bytes[4096];
	size_t len = kit_build(&k, frame), extra;

	extra = kit_hex(extensions, bytes, sizeof(bytes));
	memmove(frame + IP6 + extra, frame + IP6, len - IP6);
	memcpy(frame + IP6, bytes, extra);
	frame[6] = (uint8_t)first;
	len += extra;
	frame[4] = (uint8_t)((len - IP6) >> 8);
	frame[5] = (uint8_t)(len - IP6);
	return len;
}

static struct packet
decoded(size_t len, size_t wirelen)
{
	struct packet p;

	kit_decode(frame, len, wirelen, LINK_RAW, true, &p);
	return p;
}

struct chain {
	const char *name;
	unsigned first;
	const char *bytes;
	enum reason error;
	unsigned proto;
	unsigned offset; /* of what is found, or of where the walk gave up */
};

static const struct chain chains[] = {
	{ "none", 6, "", REASON_NONE, 6, 40 },
	{ "hop by hop", 0, HBH("06"), REASON_NONE, 6, 48 },
	{ "destination", 60, DST("06"), REASON_NONE, 6, 56 },
	{ "routing, arrived", 43, "06 02 00 00 00000000 " ADDRESS, REASON_NONE, 6, 64 },
	{ "authentication", 51, AH("06"), REASON_NONE, 6, 64 },
	{ "atomic fragment", 44, ATOMIC("06"), REASON_NONE, 6, 48 },
	{ "mobility", 135, DST("06"), REASON_NONE, 6, 56 },
	{ "hip", 139, DST("06"), REASON_NONE, 6, 56 },
	{ "shim6", 140, DST("06"), REASON_NONE, 6, 56 },
	{ "all in order", 0,
		HBH("3c") DST("2b") "2c 02 00 00 00000000 " ADDRESS ATOMIC("33") AH("3c") DST("06"),
		REASON_NONE, 6, 40 + 8 + 16 + 24 + 8 + 24 + 16 },
	{ "eight", 60,
		DST8("3c") DST8("3c") DST8("3c") DST8("3c") DST8("3c") DST8("3c") DST8("3c")
			DST8("06"),
		REASON_NONE, 6, 104 },
	{ "nine", 60,
		DST8("3c") DST8("3c") DST8("3c") DST8("3c") DST8("3c") DST8("3c") DST8("3c")
			DST8("3c") DST8("06"),
		REASON_MALFORMED, 60, 104 },
	{ "encrypted", 60, DST("32"), REASON_NONE, 50, 56 },
	{ "nothing follows", 0, HBH("3b"), REASON_NONE, 59, 48 },
	{ "experimental", 253, "06 00 0104 00000000 ", REASON_NONE, 253, 40 },
	{ "hop by hop twice", 0, HBH("00") HBH("06"), REASON_MALFORMED, 0, 48 },
	{ "hop by hop late", 60, DST("00") HBH("06"), REASON_MALFORMED, 0, 56 },
	{ "longer than the packet", 60, "06 06 010c 000000000000000000000000", REASON_MALFORMED, 60,
		40 },
	{ "longest", 60, "06 ff 010c 000000000000000000000000", REASON_MALFORMED, 60, 40 },
	{ "authentication of no length", 51, "06 00 0000 00000001 ", REASON_MALFORMED, 51, 40 },
};

START_TEST(test_chains)
{
	struct packet p;
	unsigned i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(chains); i++) {
		len = build(chains[i].first, chains[i].bytes);
		p = decoded(len, len);
		ck_assert_msg(
			p.error == chains[i].error, "%s: %s", chains[i].name, reason_name(p.error));
		ck_assert_msg(p.proto == chains[i].proto, "%s: %u", chains[i].name, p.proto);
		ck_assert_msg(p.l4 == chains[i].offset, "%s: %u", chains[i].name, p.l4);
		ck_assert_msg(p.flags & PACKET_IP, "%s", chains[i].name);
		ck_assert_uint_eq(p.flags & PACKET_FRAGMENT, 0);
		if (p.proto == 6)
			ck_assert_uint_eq(p.payload_len, 1);
		ck_assert_uint_eq(key_proto(&p.key), p.proto);
	}
}
END_TEST

START_TEST(test_cut)
{
	struct packet p;
	unsigned i;
	size_t len, cut;

	for (i = 0; i < ARRAY_SIZE(chains); i++) {
		if (chains[i].error || chains[i].proto != 6)
			continue;
		len = build(chains[i].first, chains[i].bytes);
		for (cut = 0; cut < chains[i].offset + 20; cut++) {
			p = decoded(cut, len);
			ck_assert_msg(p.error == REASON_TRUNCATED, "%s at %zu: %s", chains[i].name,
				cut, reason_name(p.error));
		}
		ck_assert_uint_eq(decoded(cut, len).error, REASON_NONE);
	}
}
END_TEST

/* The wire itself ends within the headers: the length of the IPv6 header says so. */
START_TEST(test_ends)
{
	struct packet p;
	unsigned i;
	size_t len, end;

	for (i = 0; i < ARRAY_SIZE(chains); i++) {
		if (chains[i].error || chains[i].proto != 6)
			continue;
		len = build(chains[i].first, chains[i].bytes);
		for (end = IP6 + 1; end < chains[i].offset + 20; end++) {
			frame[4] = (uint8_t)((end - IP6) >> 8);
			frame[5] = (uint8_t)(end - IP6);
			p = decoded(len, len);
			ck_assert_msg(p.error == REASON_MALFORMED, "%s ends at %zu: %s",
				chains[i].name, end, reason_name(p.error));
		}
	}
}
END_TEST

START_TEST(test_fragment)
{
	static const struct {
		const char *header; /* offset and flag: bytes 2 and 3 */
		unsigned offset;
		bool more;
	} cases[] = {
		{ "06 00 0001 0badcafe ", 0, true }, { "06 00 0008 0badcafe ", 8, false },
		{ "06 ff 000f 0badcafe ", 8, true }, /* reserved bits are set */
		{ "06 00 fff8 0badcafe ", 65528, false }, { "06 00 fff9 0badcafe ", 65528, true },
		{ "3c 00 0008 0badcafe ", 8, false }, /* a header of the datagram's, not walked */
	};
	char text[256];
	struct packet p;
	struct tuple t;
	unsigned i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), "%s%s", HBH("2c"), cases[i].header);
		len = build(0, text);
		p = decoded(len, len);
		ck_assert_uint_eq(p.error, REASON_NONE);
		ck_assert(p.flags & PACKET_FRAGMENT);
		ck_assert_uint_eq(p.fragment.id, 0x0badcafe);
		ck_assert_uint_eq(p.fragment.offset, cases[i].offset);
		ck_assert_uint_eq(p.fragment.more, cases[i].more);
		ck_assert_uint_eq(p.proto, cases[i].header[0] == '3' ? 60 : 6);
		ck_assert_uint_eq(p.l4, 56);
		ck_assert_uint_eq(p.payload, 56);
		ck_assert_uint_eq(p.payload_len, 21);
		key_spell(&p.key, p.flags & PACKET_FROM_HI, &t);
		ck_assert_uint_eq(t.src_port | t.dst_port, 0);
	}
}
END_TEST

/* RFC 8200 §8.1: the pseudo-header has the final destination, not the next stop. The kit has
 * computed the checksum for 2001:db8::2. */
START_TEST(test_final_destination)
{
	static const struct {
		const char *name;
		const char *header;
		enum reason error;
	} cases[] = {
		{ "type 0", "06 04 00 01 00000000 " ADDRESS "20010db8 00000000 00000000 00000002",
			REASON_NONE },
		{ "type 0, wrong",
			"06 04 00 01 00000000 20010db8 00000000 00000000 00000002" ADDRESS,
			REASON_CHECKSUM },
		{ "type 0, arrived", "06 02 00 00 00000000 " ADDRESS, REASON_CHECKSUM },
		{ "type 2", "06 02 02 01 00000000 20010db8 00000000 00000000 00000002",
			REASON_NONE },
		{ "type 4", "06 04 04 01 01000000 20010db8 00000000 00000000 00000002 " ADDRESS,
			REASON_NONE },
		{ "type 4, wrong", "06 02 04 01 01000000 " ADDRESS, REASON_CHECKSUM },
		{ "type 3 is compressed", "06 02 03 01 00000000 " ADDRESS, REASON_NONE },
		{ "no room for an address", "06 00 00 01 00000000 ", REASON_NONE },
	};
	struct packet p;
	unsigned i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		len = build(43, cases[i].header);
		frame[39] = 7; /* the next stop */
		p = decoded(len, len);
		ck_assert_msg(
			p.error == cases[i].error, "%s: %s", cases[i].name, reason_name(p.error));
	}
}
END_TEST

START_TEST(test_jumbo_length)
{
	static const struct {
		const char *header;
		uint32_t length;
	} cases[] = {
		{ "06 00 c204 00010000", 65536 },
		{ "06 00 c204 ffffffff", UINT32_MAX },
		{ "06 00 c204 0000ffff", 0 }, /* RFC 2675 §3: too small for one */
		{ "06 00 0104 00010000", 0 },
		{ "06 01 0102 0000 0000 c204 00010000 0000", 65536 },
		{ "06 01 0104 00000000 0000 c204 00010000", 65536 },
		{ "06 01 c203 000100 00 0000000000000000", 0 },
		{ "06 00 0102 0000 c204 00010000", 0 }, /* behind the end of the header */
		{ "06 01 01ff 0000 0000 c204 00010000 0000", 0 },
		{ "06 01 c204 00010000", 0 }, /* a header that is not all there */
		{ "06 00 c204 000100", 0 },
		{ "06", 0 },
		{ "", 0 },
	};
	uint8_t bytes[32];
	unsigned i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		len = kit_hex(cases[i].header, bytes, sizeof(bytes));
		ck_assert_msg(extension_jumbo_length(bytes, (uint32_t)len) == cases[i].length, "%s",
			cases[i].header);
	}
}
END_TEST

START_TEST(test_jumbogram)
{
	struct packet p;
	size_t len = build(0, "06 00 c204 00010000 ");

	frame[4] = frame[5] = 0;
	p = decoded(len, 40 + 65536);
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.length, 40 + 65536);
	ck_assert_uint_eq(p.payload_len, 65536 - 8 - 20);
	p = decoded(len, 40 + 65535);
	ck_assert_uint_eq(p.error, REASON_MALFORMED);
	frame[42] = 1; /* no jumbo option: nothing follows */
	p = decoded(len, 40 + 65536);
	ck_assert_uint_eq(p.error, REASON_MALFORMED);
	ck_assert_uint_eq(p.length, 40);
}
END_TEST

/* Only there may UDP leave its length out (RFC 2675 §4). */
START_TEST(test_jumbo_udp)
{
	static uint8_t bytes[80000];
	struct packet p;

	kit_hex("60000000 0000 00 40 (IPv6) 20010db8000000000000000000000001 "
		"20010db8000000000000000000000002 11 00 c204 00011178 (70008) "
		"04000035 0000 0000 (UDP)",
		bytes, sizeof(bytes));
	kit_decode(bytes, 40 + 70008, 40 + 70008, LINK_RAW, false, &p);
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.payload_len, 70008 - 8 - 8);
	bytes[53] = 12; /* a length that is there counts */
	kit_decode(bytes, 40 + 70008, 40 + 70008, LINK_RAW, false, &p);
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.payload_len, 4);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("extension");
	TCase *tc = tcase_create("extension");

	tcase_add_test(tc, test_chains);
	tcase_add_test(tc, test_cut);
	tcase_add_test(tc, test_ends);
	tcase_add_test(tc, test_fragment);
	tcase_add_test(tc, test_final_destination);
	tcase_add_test(tc, test_jumbo_length);
	tcase_add_test(tc, test_jumbogram);
	tcase_add_test(tc, test_jumbo_udp);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

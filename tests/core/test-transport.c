// SPDX-License-Identifier: GPL-2.0-or-later
/* ICMP, GRE, and the options of TCP, from bytes of exactly the size that was captured. */
#include "packet/transport.h"

#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/packets.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define L4 34

/* Decodes a segment: the wire had `len` bytes, `have` were captured. Returns its ports. */
static uint32_t
decoded(uint8_t proto, uint8_t family, const uint8_t *bytes, size_t len, size_t have,
	struct packet *ret)
{
	uint8_t *copy = malloc(have ? have : 1);
	struct segment s = { copy, (uint32_t)len, (uint32_t)have };
	uint32_t ports;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, have);
	*ret = (struct packet){ .proto = proto, .l4 = L4 };
	ports = transport_decode(ret, s, family);
	free(copy);
	return ports;
}

START_TEST(test_syn_options)
{
	static const struct {
		const char *bytes;
		int flags;
		int wscale;
	} cases[] = {
		{ "", 0, 0 },
		{ "020405b4 0402 080a0000000000000000 01 030307", PACKET_WSCALE | PACKET_SACK_OK,
			7 },
		{ "030300 00", PACKET_WSCALE, 0 },
		{ "03030e 01", PACKET_WSCALE, 14 },
		{ "03030f 01", PACKET_WSCALE, 14 }, /* RFC 7323 §2.3 */
		{ "0303ff 01", PACKET_WSCALE, 14 },
		{ "01010101 0402 0101", PACKET_SACK_OK, 0 },
		{ "0402 00 030307", PACKET_SACK_OK, 0 }, /* behind the end of the list */
		{ "fe04abcd 030305 00", PACKET_WSCALE, 5 },
		{ "030302 030305 0101", PACKET_WSCALE, 5 },
		{ "0402 0300 030307", PACKET_SACK_OK, 0 }, /* lengths that cannot be */
		{ "0402 0301 030307", PACKET_SACK_OK, 0 },
		{ "0402 fe30 030307", PACKET_SACK_OK, 0 },
		{ "0402 03", PACKET_SACK_OK, 0 },
		{ "0402 0303", PACKET_SACK_OK, 0 },
		{ "0302 0402", PACKET_SACK_OK, 0 }, /* lengths that are not the option's */
		{ "03040707 0402", PACKET_SACK_OK, 0 },
		{ "040300 030307", PACKET_WSCALE, 7 },
	};
	struct packet p;
	uint8_t bytes[40], *copy;
	unsigned i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		len = kit_hex(cases[i].bytes, bytes, sizeof(bytes));
		copy = malloc(len ? len : 1);
		memcpy(copy, bytes, len);
		p = (struct packet){ .flags = 0 };
		transport_syn_options(&p, pn_reader(copy, len));
		ck_assert_msg(p.flags == cases[i].flags, "%s", cases[i].bytes);
		ck_assert_msg(p.tcp.wscale == cases[i].wscale, "%s", cases[i].bytes);
		free(copy);
	}
}
END_TEST

/* Only a SYN may set them (RFC 7323 §2.2, RFC 2018 §2). */
START_TEST(test_options_of_a_syn_only)
{
	struct kit_packet k = { .wscale = 3, .sack_ok = 1, .flags = TCP_SYN };
	struct packet p;

	kit_packet(&k, 0, NULL, &p);
	ck_assert_uint_eq(
		p.flags & (PACKET_WSCALE | PACKET_SACK_OK), PACKET_WSCALE | PACKET_SACK_OK);
	ck_assert_uint_eq(p.tcp.wscale, 2);
	k.flags = TCP_SYN | TCP_ACK;
	kit_packet(&k, 0, NULL, &p);
	ck_assert(p.flags & PACKET_WSCALE);
	k.flags = TCP_ACK;
	kit_packet(&k, 0, NULL, &p);
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.flags & (PACKET_WSCALE | PACKET_SACK_OK), 0);
	ck_assert_uint_eq(p.tcp.wscale, 0);
}
END_TEST

/* The ports of tuple.h: an identifier on the asking side, the question's type on the other. */
START_TEST(test_icmp)
{
	static const struct {
		uint8_t family, type, code;
		bool error;
		uint16_t src_port, dst_port;
	} cases[] = {
		{ 4, 8, 0, false, 0x1234, 8 << 8 },
		{ 4, 0, 0, false, 8 << 8, 0x1234 },
		{ 4, 13, 0, false, 0x1234, 13 << 8 },
		{ 4, 14, 0, false, 13 << 8, 0x1234 },
		{ 4, 15, 0, false, 0x1234, 15 << 8 },
		{ 4, 16, 0, false, 15 << 8, 0x1234 },
		{ 4, 17, 0, false, 0x1234, 17 << 8 },
		{ 4, 18, 0, false, 17 << 8, 0x1234 },
		{ 4, 3, 4, true, 0, 3 << 8 | 4 },
		{ 4, 4, 0, true, 0, 4 << 8 },
		{ 4, 5, 1, true, 0, 5 << 8 | 1 },
		{ 4, 11, 1, true, 0, 11 << 8 | 1 },
		{ 4, 12, 0, true, 0, 12 << 8 },
		{ 4, 9, 16, false, 0, 9 << 8 | 16 },
		{ 4, 10, 0, false, 0, 10 << 8 },
		{ 4, 128, 0, false, 0, 128 << 8 },
		{ 6, 128, 0, false, 0x1234, 128 << 8 },
		{ 6, 129, 0, false, 128 << 8, 0x1234 },
		{ 6, 139, 1, false, 0x1234, 139 << 8 },
		{ 6, 140, 1, false, 139 << 8, 0x1234 },
		{ 6, 1, 4, true, 0, 1 << 8 | 4 },
		{ 6, 2, 0, true, 0, 2 << 8 },
		{ 6, 3, 0, true, 0, 3 << 8 },
		{ 6, 4, 2, true, 0, 4 << 8 | 2 },
		{ 6, 135, 0, false, 0, 135 << 8 },
		{ 6, 8, 0, false, 0, 8 << 8 },
		{ 6, 5, 0, false, 0, 5 << 8 },
	};
	struct kit_packet k = { .icmp_id = 0x1234, .payload = "abc", .len = 3 };
	struct packet p;
	struct tuple t;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		k.proto = cases[i].family == 4 ? PROTO_ICMP : PROTO_ICMPV6;
		k.from = cases[i].family == 4 ? "192.0.2.1" : "2001:db8::1";
		k.to = cases[i].family == 4 ? "192.0.2.2" : "2001:db8::2";
		k.icmp_type = cases[i].type;
		k.icmp_code = cases[i].code;
		kit_packet(&k, 0, NULL, &p);
		key_spell(&p.key, p.flags & PACKET_FROM_HI, &t);
		ck_assert_uint_eq(p.error, REASON_NONE);
		ck_assert_msg(!(p.flags & PACKET_ICMP_ERROR) == !cases[i].error, "case %u", i);
		ck_assert_msg(t.src_port == cases[i].src_port, "case %u: %u", i, t.src_port);
		ck_assert_msg(t.dst_port == cases[i].dst_port, "case %u: %u", i, t.dst_port);
		ck_assert_uint_eq(p.icmp.type, cases[i].type);
		ck_assert_uint_eq(p.icmp.code, cases[i].code);
		ck_assert_uint_eq(p.payload, p.l4 + 8);
		ck_assert_uint_eq(p.payload_len, 3);
	}
}
END_TEST

/* Question and answer are one flow, whichever end is the higher. */
START_TEST(test_icmp_answer)
{
	struct kit_packet ask = { .from = "192.0.2.1",
		.to = "192.0.2.2",
		.proto = PROTO_ICMP,
		.icmp_type = 8,
		.icmp_id = 7 };
	struct kit_packet answer = { .from = "192.0.2.2",
		.to = "192.0.2.1",
		.proto = PROTO_ICMP,
		.icmp_type = 0,
		.icmp_id = 7 };
	struct packet there, back;

	kit_packet(&ask, 0, NULL, &there);
	kit_packet(&answer, 0, NULL, &back);
	ck_assert_mem_eq(&there.key, &back.key, sizeof(there.key));
	ck_assert_uint_ne(there.flags & PACKET_FROM_HI, back.flags & PACKET_FROM_HI);
	ck_assert_uint_eq(there.icmp.id, 7);
	answer.icmp_id = 8;
	kit_packet(&answer, 0, NULL, &back);
	ck_assert(!key_equal(&there.key, &back.key));
}
END_TEST

START_TEST(test_icmp_short)
{
	static const uint8_t echo[8] = { 8, 0, 0, 0, 0x12, 0x34, 0, 1 };
	static const uint8_t unreachable[8] = { 3, 1 };
	static const uint8_t odd[8] = { 200, 7, 0, 0, 9, 9, 9, 9 };
	struct packet p;
	size_t len;

	for (len = 0; len < 8; len++) {
		decoded(PROTO_ICMP, 4, echo, len, len, &p);
		ck_assert_uint_eq(p.error, REASON_MALFORMED);
		decoded(PROTO_ICMP, 4, echo, 8, len, &p);
		ck_assert_uint_eq(p.error, REASON_TRUNCATED);
		decoded(PROTO_ICMP, 4, unreachable, len, len, &p);
		ck_assert_uint_eq(p.error, REASON_MALFORMED);
		ck_assert(!(p.flags & PACKET_ICMP_ERROR));
		decoded(PROTO_ICMP, 4, odd, len, len, &p);
		ck_assert_uint_eq(p.error, len < 4 ? REASON_MALFORMED : REASON_NONE);
		if (len >= 4)
			ck_assert_uint_eq(p.payload_len, len - 4);
	}
	ck_assert_uint_eq(decoded(PROTO_ICMP, 4, odd, 8, 4, &p), 200 << 8 | 7);
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.payload, L4 + 8);
	ck_assert_uint_eq(p.payload_len, 0);
}
END_TEST

/* In the other family it is a number like any other. */
START_TEST(test_icmp_of_the_other_family)
{
	static const uint8_t echo[8] = { 8, 0, 0, 0, 0x12, 0x34, 0, 1 };
	struct packet p;

	ck_assert_uint_eq(decoded(PROTO_ICMP, 6, echo, 8, 8, &p), 0);
	ck_assert_uint_eq(p.payload, L4);
	ck_assert_uint_eq(p.payload_len, 8);
	ck_assert_uint_eq(decoded(PROTO_ICMPV6, 4, echo, 8, 8, &p), 0);
	ck_assert_uint_eq(p.error, REASON_NONE);
}
END_TEST

START_TEST(test_gre)
{
	static const struct {
		const char *name;
		const char *bytes;
		enum reason error;
		uint16_t version, call_id;
		unsigned header, payload_len;
	} cases[] = {
		{ "v0", "0000 0800 45", REASON_NONE, 0, 0, 4, 1 },
		{ "v0, checksum", "8000 0800 abcd 0000 45", REASON_NONE, 0, 0, 8, 1 },
		{ "v0, key", "2000 0800 00000007 45", REASON_NONE, 0, 0, 8, 1 },
		{ "v0, all", "b000 0800 abcd0000 00000007 00000001 45", REASON_NONE, 0, 0, 16, 1 },
		{ "v0, key missing", "2000 0800 000000", REASON_MALFORMED, 0, 0, 0, 0 },
		{ "v0, short", "0000 08", REASON_MALFORMED, 0, 0, 0, 0 },
		{ "v1", "3001 880b 0003 0007 00000001 616263", REASON_NONE, 1, 7, 12, 3 },
		{ "v1, ack", "3081 880b 0003 0007 00000001 00000001 616263", REASON_NONE, 1, 7, 16,
			3 },
		{ "v1, ack only", "2081 880b 0000 0008 00000001", REASON_NONE, 1, 8, 12, 0 },
		{ "v1, call 0", "2001 880b 0000 0000", REASON_NONE, 1, 0, 8, 0 },
		{ "v1, bytes behind it", "3001 880b 0001 0007 00000001 616263", REASON_NONE, 1, 7,
			12, 1 },
		{ "v1, length lies", "3001 880b 0004 0007 00000001 616263", REASON_MALFORMED, 0, 0,
			0, 0 },
		{ "v1, no sequence", "3001 880b 0000 0007 000000", REASON_MALFORMED, 0, 0, 0, 0 },
		{ "v1, no ack", "3081 880b 0000 0007 00000001", REASON_MALFORMED, 0, 0, 0, 0 },
		{ "v1, no call", "2001 880b 0000", REASON_MALFORMED, 0, 0, 0, 0 },
		{ "v1 without a key", "0001 880b 0000 0007", REASON_NONE, 0, 0, 4, 4 },
		{ "v1 of other things", "2001 0800 0000 0007", REASON_NONE, 0, 0, 8, 0 },
		{ "v2", "2002 880b 0000 0007", REASON_NONE, 0, 0, 8, 0 },
	};
	struct packet p;
	uint8_t bytes[32];
	uint32_t ports;
	unsigned i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		len = kit_hex(cases[i].bytes, bytes, sizeof(bytes));
		ports = decoded(PROTO_GRE, 4, bytes, len, len, &p);
		ck_assert_msg(
			p.error == cases[i].error, "%s: %s", cases[i].name, reason_name(p.error));
		ck_assert_msg(p.gre.version == cases[i].version, "%s", cases[i].name);
		ck_assert_msg(p.gre.call_id == cases[i].call_id, "%s", cases[i].name);
		ck_assert_msg(ports == (cases[i].version ? 0x880b0000u | cases[i].call_id : 0), "%s",
			cases[i].name);
		if (!cases[i].error)
			ck_assert_msg(p.payload == L4 + cases[i].header, "%s", cases[i].name);
		ck_assert_msg(p.payload_len == cases[i].payload_len, "%s", cases[i].name);
	}
}
END_TEST

START_TEST(test_gre_truncated)
{
	static const uint8_t v1[15] = { 0x30, 1, 0x88, 0x0b, 0, 3, 0, 7, 0, 0, 0, 1, 'a', 'b',
		'c' };
	struct packet p;
	size_t have;

	for (have = 0; have < 8; have++) {
		decoded(PROTO_GRE, 4, v1, sizeof(v1), have, &p);
		ck_assert_uint_eq(p.error, REASON_TRUNCATED);
	}
	ck_assert_uint_eq(decoded(PROTO_GRE, 6, v1, sizeof(v1), 8, &p), 0x880b0007);
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.payload_len, 3);
}
END_TEST

/* Each direction has a call of its own, so the two halves of a tunnel are two keys. */
START_TEST(test_gre_key)
{
	struct kit_packet k = { .from = "192.0.2.1",
		.to = "192.0.2.2",
		.proto = PROTO_GRE,
		.icmp_id = 0xffff,
		.payload = "x",
		.len = 1 };
	struct packet p;
	struct tuple t;

	kit_packet(&k, 0, NULL, &p);
	key_spell(&p.key, p.flags & PACKET_FROM_HI, &t);
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(t.src_port, PORT_GRE_CALL);
	ck_assert_uint_eq(t.dst_port, 0xffff);
}
END_TEST

START_TEST(test_other)
{
	static const uint8_t bytes[4] = { 1, 2, 3, 4 };
	static const uint8_t protos[] = { 0, 4, 41, 50, 51, 59, 89, 132, 255 };
	struct packet p;
	unsigned i;

	for (i = 0; i < sizeof(protos); i++) {
		ck_assert_uint_eq(decoded(protos[i], 4, bytes, 4, 4, &p), 0);
		ck_assert_uint_eq(p.error, REASON_NONE);
		ck_assert_uint_eq(p.payload, L4);
		ck_assert_uint_eq(p.payload_len, 4);
		decoded(protos[i], 6, bytes, 0, 0, &p);
		ck_assert_uint_eq(p.error, REASON_NONE);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("transport");
	TCase *tc = tcase_create("transport");

	tcase_add_test(tc, test_syn_options);
	tcase_add_test(tc, test_options_of_a_syn_only);
	tcase_add_test(tc, test_icmp);
	tcase_add_test(tc, test_icmp_answer);
	tcase_add_test(tc, test_icmp_short);
	tcase_add_test(tc, test_icmp_of_the_other_family);
	tcase_add_test(tc, test_gre);
	tcase_add_test(tc, test_gre_truncated);
	tcase_add_test(tc, test_gre_key);
	tcase_add_test(tc, test_other);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

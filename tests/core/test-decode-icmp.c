// SPDX-License-Identifier: GPL-2.0-or-later
/* The packets that ICMP errors carry, whole and cut. */
#include "packet/decode.h"

#include <errno.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/packets.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct kit_packet tcp4 = {
	.from = "192.0.2.1:1024",
	.to = "198.51.100.7:80",
	.flags = TCP_ACK | TCP_PSH,
	.seq = 0xfffffff0,
	.ack = 0x12345678,
	.window = 512,
	.ttl = 61,
	.payload = "hello",
	.len = 5,
};

static const struct kit_packet udp4 = {
	.from = "192.0.2.1:5353",
	.to = "198.51.100.7:53",
	.proto = PROTO_UDP,
	.payload = "question",
	.len = 8,
};

static const struct kit_packet tcp6 = {
	.from = "[2001:db8::1]:1024",
	.to = "[2001:db8::2]:80",
	.flags = TCP_SYN,
	.mss = 1440,
	.wscale = 8,
	.sack_ok = 1,
};

static const struct kit_packet udp6 = {
	.from = "[2001:db8::1]:5353",
	.to = "[2001:db8::2]:53",
	.proto = PROTO_UDP,
	.payload = "question",
	.len = 8,
};

/* An ICMP error that carries the first `len` bytes of a packet, from "198.51.100.9". */
static void
error_about(const struct kit_packet *inner, size_t len, struct packet *ret)
{
	static uint8_t bytes[KIT_FRAME_MAX];
	struct kit_packet raw = *inner, outer = { .icmp_code = 3 };
	size_t inner_len;

	raw.raw = 1;
	inner_len = kit_build(&raw, bytes);
	outer.payload = bytes;
	outer.len = len < inner_len ? len : inner_len;
	if (bytes[0] >> 4 == 4) {
		outer.from = "198.51.100.9";
		outer.to = "192.0.2.1";
		outer.proto = PROTO_ICMP;
		outer.icmp_type = 3;
	} else {
		outer.from = "2001:db8::9";
		outer.to = "2001:db8::1";
		outer.proto = PROTO_ICMPV6;
		outer.icmp_type = 1;
	}
	kit_packet(&outer, 0, NULL, ret);
	ck_assert_uint_eq(ret->error, REASON_NONE);
	ck_assert(ret->flags & PACKET_ICMP_ERROR);
}

static const struct kit_packet ping = {
	.from = "192.0.2.1",
	.to = "198.51.100.7",
	.proto = PROTO_ICMP,
	.icmp_type = 8,
	.icmp_id = 99,
	.payload = "abc",
	.len = 3,
};
static const struct kit_packet tunnel = {
	.from = "192.0.2.1",
	.to = "198.51.100.7",
	.proto = PROTO_GRE,
	.icmp_id = 7,
	.payload = "abc",
	.len = 3,
};
static const struct kit_packet sctp = {
	.from = "192.0.2.1",
	.to = "198.51.100.7",
	.proto = 132,
	.payload = "0123456789ab",
	.len = 12,
};

START_TEST(test_inner)
{
	static const struct kit_packet *const inners[] = {
		&tcp4,
		&udp4,
		&ping,
		&tunnel,
		&sctp,
		&tcp6,
		&udp6,
	};
	struct packet p, direct;
	struct key key;
	unsigned i;
	bool from_hi;
	size_t header, len;

	for (i = 0; i < ARRAY_SIZE(inners); i++) {
		kit_packet(inners[i], 0, NULL, &direct);
		header = (size_t)direct.l4 - direct.l3;
		for (len = header + 8; len < header + 30; len++) {
			error_about(inners[i], len, &p);
			ck_assert_msg(decode_icmp_inner(&p, &key, &from_hi) == 0, "%u %zu", i, len);
			ck_assert_mem_eq(&key, &direct.key, sizeof(key));
			ck_assert_int_eq(from_hi, !!(direct.flags & PACKET_FROM_HI));
		}
		error_about(inners[i], header + 3, &p); /* less than anybody promises */
		ck_assert_msg(decode_icmp_inner(&p, &key, &from_hi) == -EINVAL || i == 4, "%u", i);
		error_about(inners[i], header - 1, &p);
		ck_assert_int_eq(decode_icmp_inner(&p, &key, &from_hi), -EINVAL);
		error_about(inners[i], 0, &p);
		ck_assert_int_eq(decode_icmp_inner(&p, &key, &from_hi), -EINVAL);
	}
}
END_TEST

START_TEST(test_inner_refused)
{
	struct kit_packet other = tcp4, piece = udp4, error = ping;
	struct key key = { .w = { 1 } };
	bool from_hi = true;
	struct packet p;

	other.from = "192.0.2.2:1024"; /* the error goes to 192.0.2.1 */
	error_about(&other, 1000, &p);
	ck_assert_int_eq(decode_icmp_inner(&p, &key, &from_hi), -EINVAL);
	piece.from = "192.0.2.1";
	piece.to = "198.51.100.7";
	piece.fragment_offset = 8;
	error_about(&piece, 1000, &p);
	ck_assert_int_eq(decode_icmp_inner(&p, &key, &from_hi), -EINVAL);
	error.icmp_type = 11; /* no errors about errors: RFC 1122 §3.2.2 */
	error_about(&error, 1000, &p);
	ck_assert_int_eq(decode_icmp_inner(&p, &key, &from_hi), -EINVAL);
	kit_packet(&ping, 0, NULL, &p); /* carries nothing */
	ck_assert_int_eq(decode_icmp_inner(&p, &key, &from_hi), -EINVAL);
	error_about(&tcp4, 1000, &p);
	p.error = REASON_CHECKSUM;
	ck_assert_int_eq(decode_icmp_inner(&p, &key, &from_hi), -EINVAL);
	ck_assert_uint_eq(key.w[0], 1); /* untouched */
	ck_assert(from_hi);
}
END_TEST

/* What keeps equal addresses apart outside does so inside. */
START_TEST(test_inner_zone)
{
	static const struct decode_options options = { .verify_checksums = true };
	struct packet p;
	struct key key;
	bool from_hi;

	error_about(&udp4, 1000, &p);
	p.zone = 5;
	decode_ip(&p, &options);
	ck_assert_uint_eq(p.key.w[0] >> 48, 5);
	ck_assert_int_eq(decode_icmp_inner(&p, &key, &from_hi), 0);
	ck_assert_uint_eq(key.w[0] >> 48, 5);
}
END_TEST

/* The length in the inner header is that of the whole packet, and may not be believed. */
START_TEST(test_inner_cut_by_capture)
{
	struct packet p;
	struct key key;
	bool from_hi;

	error_about(&tcp4, 1000, &p);
	p.caplen = p.payload + 28u;
	ck_assert_int_eq(decode_icmp_inner(&p, &key, &from_hi), 0);
	p.caplen = p.payload + 27u;
	ck_assert_int_eq(decode_icmp_inner(&p, &key, &from_hi), -EINVAL);
	p.caplen = p.payload - 4u;
	ck_assert_int_eq(decode_icmp_inner(&p, &key, &from_hi), -EINVAL);
}
END_TEST

START_TEST(test_inner_seq)
{
	struct packet p;
	uint32_t seq = 5;

	error_about(&tcp4, 28, &p);
	ck_assert_int_eq(decode_icmp_inner_seq(&p, &seq), 0);
	ck_assert_uint_eq(seq, 0xfffffff0);
	error_about(&tcp6, 1000, &p);
	ck_assert_int_eq(decode_icmp_inner_seq(&p, &seq), 0);
	ck_assert_uint_eq(seq, 0);
	seq = 5;
	error_about(&tcp4, 27, &p);
	ck_assert_int_eq(decode_icmp_inner_seq(&p, &seq), -ENODATA);
	error_about(&udp4, 1000, &p);
	ck_assert_int_eq(decode_icmp_inner_seq(&p, &seq), -ENODATA);
	ck_assert_uint_eq(seq, 5);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("decode-icmp");
	TCase *tc = tcase_create("decode-icmp");

	tcase_add_test(tc, test_inner);
	tcase_add_test(tc, test_inner_refused);
	tcase_add_test(tc, test_inner_zone);
	tcase_add_test(tc, test_inner_cut_by_capture);
	tcase_add_test(tc, test_inner_seq);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checksums: what is wrong is found, wherever it is; what a sending interface was yet to fill in
 * passes. The kit computes checksums in a way of its own.
 */
#include "packet/decode.h"

#include <string.h>

#include "kit/kit.h"
#include "kit/packets.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Offsets in frames of the kit: Ethernet, IPv4 or IPv6 without options, TCP or UDP. */
enum {
	ETH = 14,
	IP4_SUM = ETH + 10,
	TCP4 = ETH + 20,
	UDP4_SUM = ETH + 20 + 6,
	UDP6 = ETH + 40,
};

static uint8_t frame[KIT_FRAME_MAX];

static struct packet
decoded(const uint8_t *bytes, size_t len, size_t wirelen, uint16_t link, bool verify)
{
	struct packet p;

	kit_decode(bytes, len, wirelen, link, verify, &p);
	return p;
}

static struct packet
whole(const uint8_t *bytes, size_t len)
{
	return decoded(bytes, len, len, LINK_ETHERNET, true);
}

static void
set16(size_t offset, unsigned value)
{
	frame[offset] = (uint8_t)(value >> 8);
	frame[offset + 1] = (uint8_t)value;
}

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

/* Long enough for decode's straight line. */
static const struct kit_packet udp_long = {
	.from = "198.51.100.7:53",
	.to = "192.0.2.1:5353",
	.proto = PROTO_UDP,
	.payload = "a longer answer",
	.len = 15,
};

static const struct kit_packet *const bases[] = { &tcp4, &udp4, &udp_long, &tcp6, &udp6 };

/* One bit that changed under way is always found, wherever it is. */
START_TEST(test_every_bit)
{
	struct packet p;
	size_t len, bit, first;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		len = kit_build(bases[i], frame);
		/* IPv6 has no checksum over its first eight bytes but the next header. */
		first = bases[i]->from[0] == '[' ? ETH + 8 : ETH;
		for (bit = first * 8; bit < len * 8; bit++) {
			frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
			p = whole(frame, len);
			ck_assert_msg(p.error == REASON_CHECKSUM || p.error == REASON_MALFORMED,
				"%u: byte %zu bit %zu: %s", i, bit / 8, bit % 8,
				reason_name(p.error));
			frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		ck_assert_uint_eq(whole(frame, len).error, REASON_NONE);
	}
}
END_TEST

START_TEST(test_bad_checksums)
{
	static const uint8_t protos[] = { PROTO_TCP, PROTO_UDP, PROTO_ICMP };
	struct kit_packet k = { .payload = "odd", .len = 3, .icmp_type = 8 };
	struct packet p;
	unsigned i, which;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(protos); i++) {
		for (which = 0; which <= 2; which++) {
			k.proto = protos[i];
			k.bad_checksum = (uint8_t)which;
			len = kit_build(&k, frame);
			p = whole(frame, len);
			ck_assert_uint_eq(p.error, which ? REASON_CHECKSUM : REASON_NONE);
			ck_assert_uint_eq(p.payload_len, 3); /* decoded all the same */
			p = decoded(frame, len, len, LINK_ETHERNET, false);
			ck_assert_uint_eq(p.error, REASON_NONE);
			p = decoded(frame, len - 1, len, LINK_ETHERNET, true);
			ck_assert_uint_eq(p.error, REASON_NONE); /* cannot be told */
		}
	}
	k = (struct kit_packet){
		.from = "::1", .to = "::2", .proto = PROTO_ICMPV6, .icmp_type = 128
	};
	ck_assert_uint_eq(whole(frame, kit_build(&k, frame)).error, REASON_NONE);
	k.bad_checksum = 1;
	ck_assert_uint_eq(whole(frame, kit_build(&k, frame)).error, REASON_CHECKSUM);
}
END_TEST

/* The folded sum of a pseudo-header, bytes in network order. */
static unsigned
pseudo_sum(const uint8_t *addresses, size_t size, unsigned proto, unsigned len)
{
	unsigned sum = proto + len;
	size_t i;

	for (i = 0; i < size; i += 2)
		sum += (unsigned)addresses[i] << 8 | addresses[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

START_TEST(test_offload)
{
	size_t len = kit_build(&tcp4, frame);

	set16(TCP4 + 16, pseudo_sum(frame + ETH + 12, 8, PROTO_TCP, 25));
	ck_assert_uint_eq(whole(frame, len).error, REASON_NONE);
	set16(TCP4 + 16, pseudo_sum(frame + ETH + 12, 8, PROTO_TCP, 0)); /* large send */
	ck_assert_uint_eq(whole(frame, len).error, REASON_NONE);
	set16(TCP4 + 16, pseudo_sum(frame + ETH + 12, 8, PROTO_TCP, 26));
	ck_assert_uint_eq(whole(frame, len).error, REASON_CHECKSUM);
	len = kit_build(&tcp4, frame);
	set16(IP4_SUM, 0);
	ck_assert_uint_eq(whole(frame, len).error, REASON_NONE);

	len = kit_build(&udp4, frame);
	set16(UDP4_SUM, pseudo_sum(frame + ETH + 12, 8, PROTO_UDP, 16));
	ck_assert_uint_eq(whole(frame, len).error, REASON_NONE);
	set16(UDP4_SUM, pseudo_sum(frame + ETH + 12, 8, PROTO_UDP, 0));
	ck_assert_uint_eq(whole(frame, len).error, REASON_CHECKSUM);
	len = kit_build(&udp6, frame);
	set16(UDP6 + 6, pseudo_sum(frame + ETH + 8, 32, PROTO_UDP, 16));
	ck_assert_uint_eq(whole(frame, len).error, REASON_NONE);
}
END_TEST

/* RFC 768: none, over IPv4; RFC 8200 §8.1: not over IPv6. */
START_TEST(test_udp_without_checksum)
{
	size_t len = kit_build(&udp4, frame);

	set16(UDP4_SUM, 0);
	ck_assert_uint_eq(whole(frame, len).error, REASON_NONE);
	len = kit_build(&udp6, frame);
	set16(UDP6 + 6, 0);
	ck_assert_uint_eq(whole(frame, len).error, REASON_CHECKSUM);
	ck_assert_uint_eq(decoded(frame, len, len, LINK_ETHERNET, false).error, REASON_NONE);
}
END_TEST

/* Bytes behind the datagram but within IP belong to nobody, and are not summed up. */
START_TEST(test_udp_shorter_than_ip)
{
	struct kit_packet shorter = udp4;
	struct packet p;
	size_t len;

	shorter.raw = 1;
	shorter.len = 3;
	len = kit_build(&shorter, frame);
	memcpy(frame + len, "trailer", 7);
	set16(2, (unsigned)len + 7);
	set16(10, 0);
	p = decoded(frame, len + 7, len + 7, LINK_RAW, true);
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.payload_len, 3);
	frame[len - 1] ^= 1;
	p = decoded(frame, len + 7, len + 7, LINK_RAW, true);
	ck_assert_uint_eq(p.error, REASON_CHECKSUM);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("decode-sums");
	TCase *tc = tcase_create("decode-sums");

	tcase_add_test(tc, test_every_bit);
	tcase_add_test(tc, test_bad_checksums);
	tcase_add_test(tc, test_offload);
	tcase_add_test(tc, test_udp_without_checksum);
	tcase_add_test(tc, test_udp_shorter_than_ip);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IP, TCP and UDP: fields, lengths, fragments. Checksums are in test-decode-sums.c, what ICMP
 * errors carry in test-decode-icmp.c.
 *
 * Packets come from the kit; bytes are changed at offsets that are named here.
 */
#include "packet/decode.h"

#include <string.h>

#include "kit/kit.h"
#include "kit/packets.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Offsets in frames of the kit: Ethernet, IPv4 or IPv6 without options, TCP or UDP. */
enum {
	ETH = 14,
	IP4_LENGTH = ETH + 2,
	IP4_FRAGMENT = ETH + 6,
	IP4_SUM = ETH + 10,
	TCP4 = ETH + 20,
	UDP4 = ETH + 20,
	UDP4_LENGTH = UDP4 + 4,
	IP6_LENGTH = ETH + 4,
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

static void
assert_ends(const struct packet *p, const char *src, const char *dst)
{
	struct pn_addr addr;
	struct tuple t;
	uint16_t port;

	key_spell(&p->key, p->flags & PACKET_FROM_HI, &t);
	kit_endpoint(src, &addr, &port);
	ck_assert_msg(addr_equal(&t.src, &addr) && t.src_port == port, "%s", src);
	kit_endpoint(dst, &addr, &port);
	ck_assert_msg(addr_equal(&t.dst, &addr) && t.dst_port == port, "%s", dst);
	ck_assert_uint_eq(t.proto, p->proto);
	ck_assert_uint_eq(t.zone, 0);
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

START_TEST(test_tcp)
{
	struct packet p = whole(frame, kit_build(&tcp4, frame));

	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.flags & ~PACKET_FROM_HI, PACKET_IP | PACKET_WHOLE);
	ck_assert_uint_eq(p.proto, PROTO_TCP);
	ck_assert_uint_eq(p.ttl, 61);
	ck_assert_uint_eq(p.l3, 14);
	ck_assert_uint_eq(p.l4, 34);
	ck_assert_uint_eq(p.payload, 54);
	ck_assert_uint_eq(p.length, 45);
	ck_assert_uint_eq(p.payload_len, 5);
	ck_assert_uint_eq(p.zone, 0);
	ck_assert_uint_eq(p.tcp.seq, 0xfffffff0);
	ck_assert_uint_eq(p.tcp.ack, 0x12345678);
	ck_assert_uint_eq(p.tcp.window, 512);
	ck_assert_uint_eq(p.tcp.flags, TCP_ACK | TCP_PSH);
	ck_assert_uint_eq(p.tcp.wscale, 0);
	assert_ends(&p, tcp4.from, tcp4.to);
	ck_assert_uint_eq(key_family(&p.key), 4);
}
END_TEST

/* Congestion marks (RFC 3168) are nobody's business here. */
START_TEST(test_tcp_flags)
{
	struct kit_packet k = tcp4;
	struct packet p;

	k.flags = 0xc0 | TCP_SYN;
	p = whole(frame, kit_build(&k, frame));
	ck_assert_uint_eq(p.tcp.flags, TCP_SYN);
	k.flags = 0xff & ~TCP_SYN;
	p = whole(frame, kit_build(&k, frame));
	ck_assert_uint_eq(p.tcp.flags, 0x3f & ~TCP_SYN);
}
END_TEST

START_TEST(test_udp)
{
	struct packet p = whole(frame, kit_build(&udp4, frame));

	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.flags & ~PACKET_FROM_HI, PACKET_IP | PACKET_WHOLE);
	ck_assert_uint_eq(p.proto, PROTO_UDP);
	ck_assert_uint_eq(p.l4, 34);
	ck_assert_uint_eq(p.payload, 42);
	ck_assert_uint_eq(p.payload_len, 8);
	assert_ends(&p, udp4.from, udp4.to);
}
END_TEST

START_TEST(test_ipv6)
{
	struct packet p = whole(frame, kit_build(&tcp6, frame));

	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.flags & ~PACKET_FROM_HI,
		PACKET_IP | PACKET_WHOLE | PACKET_WSCALE | PACKET_SACK_OK);
	ck_assert_uint_eq(p.ttl, 64);
	ck_assert_uint_eq(p.l4, 54);
	ck_assert_uint_eq(p.length, 40 + 32);
	ck_assert_uint_eq(p.payload, 54 + 32);
	ck_assert_uint_eq(p.payload_len, 0);
	ck_assert_uint_eq(p.tcp.wscale, 7);
	assert_ends(&p, tcp6.from, tcp6.to);
	ck_assert_uint_eq(key_family(&p.key), 6);
	p = whole(frame, kit_build(&udp6, frame));
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.payload_len, 8);
	assert_ends(&p, udp6.from, udp6.to);
}
END_TEST

/* Any of the link types leads to the same packet. */
START_TEST(test_links)
{
	static const struct {
		uint16_t link;
		const char *header;
	} links[] = {
		{ LINK_RAW, "" },
		{ LINK_RAW_BSD, "" },
		{ LINK_IPV4, "" },
		{ LINK_NULL, "02000000" },
		{ LINK_LOOP, "00000002" },
		{ LINK_PPP, "ff030021" },
		{ LINK_PPP_HDLC, "ff030021" },
		{ LINK_PPPOE, "1100 0001 002f 0021" },
		{ LINK_CISCO_HDLC, "0f00 0800" },
		{ LINK_SLL, "0000 0001 0006 0200000000010000 0800" },
		{ LINK_SLL2, "0800 0000 00000002 0001 00 06 0200000000010000" },
		{ LINK_ETHERNET, "020000000002 020000000001 8100 0064 0800" },
	};
	struct packet plain = whole(frame, kit_build(&tcp4, frame)), p;
	struct kit_packet raw = tcp4;
	uint8_t bytes[200];
	unsigned i;
	size_t header, len;

	raw.raw = 1;
	len = kit_build(&raw, frame);
	for (i = 0; i < ARRAY_SIZE(links); i++) {
		header = kit_hex(links[i].header, bytes, sizeof(bytes));
		memcpy(bytes + header, frame, len);
		p = decoded(bytes, header + len, header + len, links[i].link, true);
		ck_assert_msg(!p.error, "link %u: %s", links[i].link, reason_name(p.error));
		ck_assert_uint_eq(p.l3, header);
		ck_assert_uint_eq(p.l4, header + 20);
		ck_assert_uint_eq(p.payload, header + 40);
		ck_assert_uint_eq(p.flags, plain.flags);
		ck_assert_mem_eq(&p.key, &plain.key, sizeof(p.key));
		ck_assert_uint_eq(p.tcp.seq, plain.tcp.seq);
	}
}
END_TEST

START_TEST(test_not_ip)
{
	static const struct {
		uint16_t link;
		const char *bytes;
		enum reason error;
	} cases[] = {
		{ LINK_ETHERNET, "020000000002 020000000001 0806 0001 0800 0604 0001",
			REASON_NOT_IP },
		{ LINK_RAW, "00", REASON_NOT_IP }, { LINK_RAW, "", REASON_MALFORMED },
		{ LINK_IPV4, "", REASON_MALFORMED }, { LINK_IPV6, "", REASON_MALFORMED },
		{ LINK_IPV6, "45", REASON_MALFORMED },
		{ LINK_ETHERNET, "020000000002 020000000001 08", REASON_MALFORMED },
		{ LINK_PPPOE, "2100 0001 0016 0021 45", REASON_MALFORMED },
		{ 147, "45", REASON_MALFORMED }, /* a type that nobody knows */
	};
	struct packet p;
	uint8_t bytes[64];
	unsigned i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		len = kit_hex(cases[i].bytes, bytes, sizeof(bytes));
		p = decoded(bytes, len, len, cases[i].link, true);
		ck_assert_msg(p.error == cases[i].error, "%u: %s", i, reason_name(p.error));
		ck_assert_uint_eq(p.flags, 0);
		ck_assert_uint_eq(p.proto, 0);
		ck_assert_uint_eq(p.length, 0);
		ck_assert_uint_eq(p.payload_len, 0);
		ck_assert_uint_eq(p.ttl | p.l4 | p.payload | p.zone, 0);
		ck_assert_uint_eq(p.tcp.seq | p.tcp.ack | p.tcp.window, 0);
		ck_assert_uint_eq(p.tcp.flags | p.tcp.wscale, 0);
		ck_assert_uint_eq(p.key.w[0] | p.key.w[1] | p.key.w[4], 0);
	}
	p = decoded(bytes, 0, 60, LINK_RAW, true);
	ck_assert_uint_eq(p.error, REASON_TRUNCATED);
	ck_assert(decode_knows_link(LINK_SLL2));
	ck_assert(!decode_knows_link(147));
}
END_TEST

/* Short frames are padded, and nobody clears the padding. */
START_TEST(test_padding)
{
	struct kit_packet k = tcp4;
	struct packet p;
	size_t len;

	k.len = 1;
	len = kit_build(&k, frame);
	memset(frame + len, 0xaa, 60 - len);
	p = whole(frame, 60);
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.length, 41);
	ck_assert_uint_eq(p.payload_len, 1);
	ck_assert_uint_eq(packet_payload_captured(&p), 1);
	p = decoded(frame, len, 60, LINK_ETHERNET, true); /* only padding is missing */
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert(p.flags & PACKET_WHOLE);
}
END_TEST

static const struct kit_packet *const bases[] = { &tcp4, &udp4, &tcp6, &udp6 };

/* Headers that contradict themselves, made by changing one field. */
START_TEST(test_malformed)
{
	static const struct {
		const char *name;
		const struct kit_packet *base;
		size_t offset;
		unsigned value; /* of 16 bits */
		bool has_ip;    /* the IP header itself was right */
	} cases[] = {
		{ "version 5", &tcp4, ETH, 0x5500, false },
		{ "version 6 as IPv4", &tcp4, ETH, 0x6500, false },
		{ "header of 16 bytes", &tcp4, ETH, 0x4400, false },
		{ "header beyond the packet", &tcp4, ETH, 0x4f00, false },
		{ "length below the header", &tcp4, IP4_LENGTH, 19, false },
		{ "length beyond the frame", &tcp4, IP4_LENGTH, 46, false },
		{ "length of the largest", &udp4, IP4_LENGTH, 65535, false },
		{ "tcp header cut", &tcp4, IP4_LENGTH, 39, true },
		{ "tcp without ports", &tcp4, IP4_LENGTH, 23, true },
		{ "no tcp header", &tcp4, IP4_LENGTH, 20, true },
		{ "tcp offset 4", &tcp4, TCP4 + 12, 0x4010, true },
		{ "tcp offset 0", &tcp4, TCP4 + 12, 0x0010, true },
		{ "tcp offset beyond the segment", &tcp4, TCP4 + 12, 0x7010, true },
		{ "udp header cut", &udp4, IP4_LENGTH, 27, true },
		{ "udp length 7", &udp4, UDP4_LENGTH, 7, true },
		{ "udp length 0", &udp4, UDP4_LENGTH, 0, true },
		{ "udp length beyond IP", &udp4, UDP4_LENGTH, 17, true },
		{ "version 4 as IPv6", &tcp6, ETH, 0x4000, false },
		{ "v6 length beyond the frame", &tcp6, IP6_LENGTH, 33, false },
		{ "v6 tcp header cut", &tcp6, IP6_LENGTH, 19, true },
		{ "v6 nothing in it", &tcp6, IP6_LENGTH, 0, true },
		{ "v6 udp length 0", &udp6, UDP6 + 4, 0, true },
		{ "v6 udp length beyond IP", &udp6, UDP6 + 4, 17, true },
	};
	struct packet p;
	unsigned i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		len = kit_build(cases[i].base, frame);
		set16(cases[i].offset, cases[i].value);
		p = whole(frame, len);
		ck_assert_msg(
			p.error == REASON_MALFORMED, "%s: %s", cases[i].name, reason_name(p.error));
		ck_assert_msg(!(p.flags & PACKET_IP) != cases[i].has_ip, "%s", cases[i].name);
		p = decoded(frame, len, len, LINK_ETHERNET, false);
		ck_assert_msg(p.error == REASON_MALFORMED, "%s, unverified", cases[i].name);
	}
}
END_TEST

/* A capture that is cut says TRUNCATED, or passes what it can; a frame that is cut is malformed. */
START_TEST(test_cut)
{
	/* What is needed: the fixed header of TCP, UDP; of a SYN, its options. */
	static const size_t needed[ARRAY_SIZE(bases)] = { TCP4 + 20, UDP4 + 8, ETH + 72, UDP6 + 8 };
	struct packet full, p;
	size_t len, cut;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		len = kit_build(bases[i], frame);
		full = whole(frame, len);
		for (cut = 0; cut < len; cut++) {
			p = decoded(frame, cut, len, LINK_ETHERNET, true);
			ck_assert_msg(p.error == (cut < needed[i] ? REASON_TRUNCATED : REASON_NONE),
				"%u cut to %zu: %s", i, cut, reason_name(p.error));
			ck_assert(!(p.flags & PACKET_WHOLE));
			if (!p.error) {
				ck_assert_mem_eq(&p.key, &full.key, sizeof(p.key));
				ck_assert_uint_eq(p.payload_len, full.payload_len);
				ck_assert_uint_eq(packet_payload_captured(&p), cut - p.payload);
			}
			p = decoded(frame, cut, cut, LINK_ETHERNET, true);
			ck_assert_msg(p.error == REASON_MALFORMED, "%u ends at %zu: %s", i, cut,
				reason_name(p.error));
		}
	}
}
END_TEST

/* The ports of a header that is cut behind them are told all the same. */
START_TEST(test_ports_of_cut_headers)
{
	struct packet p;
	size_t len = kit_build(&tcp4, frame);

	p = decoded(frame, TCP4 + 4, len, LINK_ETHERNET, true);
	ck_assert_uint_eq(p.error, REASON_TRUNCATED);
	ck_assert(p.flags & PACKET_IP);
	assert_ends(&p, tcp4.from, tcp4.to);
	p = decoded(frame, TCP4 + 3, len, LINK_ETHERNET, true);
	assert_ends(&p, "192.0.2.1", "198.51.100.7");
	set16(IP4_LENGTH, 24);
	p = decoded(frame, len, len, LINK_ETHERNET, true);
	ck_assert_uint_eq(p.error, REASON_MALFORMED);
	assert_ends(&p, tcp4.from, tcp4.to);
}
END_TEST

/* What is common is decoded on a straight line of its own: it has to say what the general code
 * says. The same packet behind Ethernet and bare, whatever one of its bytes is. */
static void
assert_same_way(const uint8_t *bytes, size_t len, size_t wirelen)
{
	struct packet straight = decoded(bytes, len, wirelen, LINK_ETHERNET, true);
	struct packet p = decoded(bytes + ETH, len - ETH, wirelen - ETH, LINK_IPV4, true);

	ck_assert_uint_eq(straight.error, p.error);
	ck_assert_uint_eq(straight.flags, p.flags);
	ck_assert_uint_eq(straight.proto, p.proto);
	ck_assert_uint_eq(straight.ttl, p.ttl);
	ck_assert_uint_eq(straight.length, p.length);
	ck_assert_uint_eq(straight.l4, p.l4 ? p.l4 + ETH : 0);
	ck_assert_uint_eq(straight.payload, p.payload ? p.payload + ETH : 0);
	ck_assert_uint_eq(straight.payload_len, p.payload_len);
	ck_assert_mem_eq(&straight.key, &p.key, sizeof(p.key));
	ck_assert_mem_eq(&straight.tcp, &p.tcp, sizeof(p.tcp));
}

START_TEST(test_straight_line)
{
	static const uint8_t changes[] = { 1, 2, 3, 4, 8, 15, 16, 23, 32, 64, 65, 128, 240, 255 };
	struct kit_packet longer = udp4;
	const struct kit_packet *const packets[] = { &tcp4, &longer };
	size_t len, at;
	unsigned i, change;

	longer.payload = "a longer question";
	longer.len = 17;
	for (i = 0; i < ARRAY_SIZE(packets); i++) {
		len = kit_build(packets[i], frame);
		for (at = ETH; at < TCP4 + 20; at++) {
			for (change = 0; change < ARRAY_SIZE(changes); change++) {
				frame[at] ^= changes[change];
				assert_same_way(frame, len, len);
				frame[at] ^= changes[change];
			}
			assert_same_way(frame, at, len);
			assert_same_way(frame, len, len + 4);
		}
	}
}
END_TEST

/* A sender whose interface cuts segments captures them before anything is filled in. */
START_TEST(test_no_total_length)
{
	struct packet p;
	size_t len = kit_build(&tcp4, frame);

	set16(IP4_LENGTH, 0);
	set16(TCP4 + 16, 0x1234);
	p = whole(frame, len);
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.length, len - ETH);
	ck_assert_uint_eq(p.payload_len, 5);
	ck_assert(p.flags & PACKET_WHOLE);
	p = decoded(frame, TCP4 + 20, 66000, LINK_ETHERNET, true);
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.length, 66000 - ETH);
	ck_assert_uint_eq(p.payload_len, 66000 - TCP4 - 20);
	p = whole(frame, ETH + 19);
	ck_assert_uint_eq(p.error, REASON_MALFORMED);
}
END_TEST

START_TEST(test_ipv4_options)
{
	static const char text[] = "46 00 0024 0000 0000 40 11 f988 c0000201 c6336407 (header)"
				   "94040000 (router alert) 14e9 0035 000c 0000 (udp) 61626364";
	struct packet p;
	size_t len = kit_hex(text, frame, sizeof(frame)), cut;

	p = decoded(frame, len, len, LINK_RAW, true);
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert_uint_eq(p.l4, 24);
	ck_assert_uint_eq(p.payload, 32);
	ck_assert_uint_eq(p.payload_len, 4);
	assert_ends(&p, "192.0.2.1:5353", "198.51.100.7:53");
	for (cut = 0; cut < 32; cut++)
		ck_assert_uint_eq(decoded(frame, cut, len, LINK_RAW, true).error, REASON_TRUNCATED);
	frame[23] ^= 1; /* options are part of the header's sum */
	ck_assert_uint_eq(decoded(frame, len, len, LINK_RAW, true).error, REASON_CHECKSUM);
}
END_TEST

START_TEST(test_fragments)
{
	static const struct {
		uint16_t offset;
		uint8_t more;
	} cases[] = { { 0, 1 }, { 8, 1 }, { 65528, 0 } };
	struct kit_packet k = {
		.from = "192.0.2.1",
		.to = "198.51.100.7",
		.proto = PROTO_UDP,
		.ip_id = 0xbeef,
		.payload = "0123456789abcdef",
		.len = 16,
	};
	struct packet p;
	unsigned i, family;

	for (family = 0; family < 2; family++) {
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			k.fragment_offset = cases[i].offset;
			k.more_fragments = cases[i].more;
			p = whole(frame, kit_build(&k, frame));
			ck_assert_uint_eq(p.error, REASON_NONE);
			ck_assert_uint_eq(p.flags & ~PACKET_FROM_HI,
				PACKET_IP | PACKET_WHOLE | PACKET_FRAGMENT);
			ck_assert_uint_eq(p.proto, PROTO_UDP);
			ck_assert_uint_eq(p.fragment.id, 0xbeef);
			ck_assert_uint_eq(p.fragment.offset, cases[i].offset);
			ck_assert_uint_eq(p.fragment.more, cases[i].more);
			ck_assert_uint_eq(p.l4, p.payload);
			ck_assert_uint_eq(p.payload_len, 16);
			assert_ends(&p, k.from, k.to);
		}
		k.from = "2001:db8::1";
		k.to = "2001:db8::2";
	}
	k = (struct kit_packet){
		.more_fragments = 1, .payload = "12345678", .len = 8, .bad_checksum = 2
	};
	ck_assert_uint_eq(whole(frame, kit_build(&k, frame)).error, REASON_CHECKSUM);
	set16(IP4_FRAGMENT, 0x4000); /* "don't fragment" makes none */
	set16(IP4_SUM, 0);
	p = decoded(frame, ETH + 28, ETH + 28, LINK_ETHERNET, false);
	ck_assert(!(p.flags & PACKET_FRAGMENT));
}
END_TEST

/* A datagram that was put together: nobody computed a checksum of its header. */
START_TEST(test_reassembled)
{
	static const struct decode_options verify = { .verify_checksums = true };
	struct packet p = { .flags = PACKET_REASSEMBLED, .l3 = ETH };
	size_t len = kit_build(&tcp4, frame);

	p.data = frame;
	p.caplen = p.wirelen = (uint32_t)len;
	set16(IP4_SUM, 0x1234);
	decode_ip(&p, &verify);
	ck_assert_uint_eq(p.error, REASON_NONE);
	ck_assert(p.flags & PACKET_REASSEMBLED);
	ck_assert_uint_eq(p.l4, TCP4);
	assert_ends(&p, tcp4.from, tcp4.to);
	frame[len - 1] ^= 1; /* but its transport is verified */
	decode_ip(&p, &verify);
	ck_assert_uint_eq(p.error, REASON_CHECKSUM);
	frame[len - 1] ^= 1;
	p.flags = 0; /* without the flag, all is */
	decode_ip(&p, &verify);
	ck_assert_uint_eq(p.error, REASON_CHECKSUM);
	p.flags = PACKET_REASSEMBLED; /* a fragment again: never */
	set16(IP4_FRAGMENT, 0x2000);
	decode_ip(&p, &verify);
	ck_assert_uint_eq(p.error, REASON_MALFORMED);
	p.flags = PACKET_REASSEMBLED;
	p.caplen = ETH;
	decode_ip(&p, &verify);
	ck_assert_uint_eq(p.error, REASON_TRUNCATED);
	p.wirelen = ETH;
	decode_ip(&p, &verify);
	ck_assert_uint_eq(p.error, REASON_MALFORMED);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("decode");
	TCase *tc = tcase_create("decode");

	tcase_add_test(tc, test_tcp);
	tcase_add_test(tc, test_tcp_flags);
	tcase_add_test(tc, test_udp);
	tcase_add_test(tc, test_ipv6);
	tcase_add_test(tc, test_links);
	tcase_add_test(tc, test_not_ip);
	tcase_add_test(tc, test_padding);
	tcase_add_test(tc, test_malformed);
	tcase_add_test(tc, test_cut);
	tcase_add_test(tc, test_ports_of_cut_headers);
	tcase_add_test(tc, test_straight_line);
	tcase_add_test(tc, test_no_total_length);
	tcase_add_test(tc, test_ipv4_options);
	tcase_add_test(tc, test_fragments);
	tcase_add_test(tc, test_reassembled);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decoding any bytes as any link type.
 *
 * The input: one byte that chooses the link type, one of options (bit 0: verify checksums; bit 1:
 * there was more on the wire than was captured; bit 2: the bytes are a reassembled datagram), then
 * a packet. The program ends (abort) when what decode() says does not hold together: offsets beyond
 * what was captured, a key that cannot be made again, a second run that says something else.
 */
#include "packet/decode.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t links[] = {
	LINK_ETHERNET,
	LINK_RAW,
	LINK_SLL,
	LINK_SLL2,
	LINK_NULL,
	LINK_PPP,
	LINK_RAW_BSD,
	LINK_PPP_HDLC,
	LINK_PPPOE,
	LINK_CISCO_HDLC,
	LINK_LOOP,
	LINK_IPV4,
	LINK_IPV6,
	147,
};

static void
require(bool truth)
{
	if (!truth)
		abort();
}

static void
check_key(const struct key *key, bool from_hi)
{
	struct tuple t;
	struct key again;
	char text[ADDR_TEXT_MAX];
	bool again_from_hi;

	key_spell(key, from_hi, &t);
	again_from_hi = key_make(&again, &t);
	require(key_equal(key, &again));
	require(again_from_hi == from_hi ||
		(addr_equal(&t.src, &t.dst) && t.src_port == t.dst_port));
	require(addr_format(&t.src, text) < sizeof(text));
}

static void
check_ip(const struct packet *p)
{
	require(p->l4 > p->l3 && p->l4 <= p->caplen);
	require(p->length >= (uint32_t)(p->l4 - p->l3));
	require(p->length <= p->wirelen - p->l3);
	require(!(p->flags & PACKET_WHOLE) == (p->length > p->caplen - p->l3));
	require(key_family(&p->key) == 4 || key_family(&p->key) == 6);
	require(key_proto(&p->key) == p->proto);
	check_key(&p->key, p->flags & PACKET_FROM_HI);
	if (p->error && p->error != REASON_CHECKSUM)
		return;
	require(p->payload >= p->l4);
	require(p->payload - p->l3 + (uint64_t)p->payload_len <= p->length);
	require(packet_payload_captured(p) <= p->payload_len);
	require(!packet_payload_captured(p) ||
		p->payload + packet_payload_captured(p) <= p->caplen);
	require(p->proto != PROTO_TCP || p->tcp.wscale <= 14 || p->flags & PACKET_FRAGMENT);
}

static void
check_inner(const struct packet *p)
{
	struct key key;
	uint32_t seq;
	bool from_hi;

	if (decode_icmp_inner(p, &key, &from_hi) == 0) {
		require(p->flags & PACKET_ICMP_ERROR);
		require(key_family(&key) == key_family(&p->key));
		check_key(&key, from_hi);
		require(key_proto(&key) != PROTO_TCP || !decode_icmp_inner_seq(p, &seq));
	} else {
		require(decode_icmp_inner_seq(p, &seq) < 0);
	}
}

static void
run(struct packet *p, const struct decode_options *options, bool reassembled)
{
	if (reassembled) {
		p->flags = PACKET_REASSEMBLED;
		p->l3 = 0;
		p->zone = 0;
		decode_ip(p, options);
	} else {
		decode(p, options);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decode_options options;
	struct packet p = { 0 }, again;

	if (size < 2 || size > 100000)
		return 0;
	options.verify_checksums = data[1] & 1;
	p.link = links[data[0] % (sizeof(links) / sizeof(links[0]))];
	p.data = data + 2;
	p.caplen = (uint32_t)size - 2;
	p.wirelen = p.caplen + (data[1] & 2 ? 70000 : 0);
	run(&p, &options, data[1] & 4);
	require(p.error < REASON_COUNT);
	require(!(p.flags & PACKET_IP) == (p.key.w[0] == 0));
	if (p.flags & PACKET_IP)
		check_ip(&p);
	check_inner(&p);

	memset(&again, 0xa5, sizeof(again));
	again.link = p.link;
	again.data = p.data;
	again.caplen = p.caplen;
	again.wirelen = p.wirelen;
	run(&again, &options, data[1] & 4);
	require(again.error == p.error && again.flags == p.flags && again.proto == p.proto);
	require(again.l4 == p.l4 && again.payload == p.payload);
	require(again.length == p.length && again.payload_len == p.payload_len);
	require(!memcmp(&again.key, &p.key, sizeof(p.key)));
	require(again.tcp.seq == p.tcp.seq && again.tcp.ack == p.tcp.ack);
	return 0;
}

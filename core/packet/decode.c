// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From bytes on the wire to struct packet: IP, TCP and UDP.
 *
 * decode() runs for every packet and allocates nothing. The common shape, Ethernet with IPv4 and no
 * options, is one straight line: it is the general code once more, with the offsets as constants.
 * What is rare is in link.c, extension.c and transport.c.
 *
 * Two lengths go along: what the wire had, and what was captured. Fields are loaded behind a check
 * of the length left, not through pn_reader, whose check per field costs too much here. The key is
 * written in whole words (tuple.h).
 */
#include "packet/decode.h"

#include <endian.h>
#include <errno.h>

#include <postern/reader.h>

#include "packet/checksum.h"
#include "packet/extension.h"
#include "packet/link.h"
#include "packet/load.h"
#include "packet/transport.h"

#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)
#define always_inline inline __attribute__((always_inline))

/* Lengths of headers without options. */
enum {
	ETHERNET_HEADER = 14,
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	TCP_HEADER = 20,
	UDP_HEADER = 8,
};

#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd

/* See is_plain(). */
#define PLAIN_IPV4 0x45 /* version 4, no options */
#define PLAIN_MIN  (ETHERNET_HEADER + IPV4_HEADER + TCP_HEADER)

/* Gives up before there is a key. */
static void
refuse(struct packet *p, enum reason reason)
{
	p->error = reason;
	p->key = (struct key){ 0 };
}

/* Of a header that is cut, the ports may still be there. */
static uint32_t
cut_header(struct packet *p, struct segment s, uint32_t need)
{
	p->error = transport_missing(s.len, need);
	return s.len < 4 || s.have < 4 ? 0 : get32(s.at);
}

/*
 * TCP and UDP return the ports as the key wants them, the source in the upper half. `plain` is what
 * is_plain() said: a constant that makes the straight line.
 */

/* RFC 9293 §3.1 */
static always_inline uint32_t
tcp(struct packet *p, struct segment s, bool plain)
{
	uint32_t header;

	if (unlikely(s.len < TCP_HEADER) || (!plain && s.have < TCP_HEADER))
		return cut_header(p, s, TCP_HEADER);
	header = s.at[12] >> 4 << 2;
	p->tcp.seq = get32(s.at + 4);
	p->tcp.ack = get32(s.at + 8);
	p->tcp.window = get16(s.at + 14);
	p->tcp.flags = s.at[13] & 0x3f;
	if (unlikely(header < TCP_HEADER) || unlikely(header > s.len)) {
		p->error = REASON_MALFORMED;
		return get32(s.at);
	}
	p->payload = (uint16_t)(p->l4 + header);
	p->payload_len = s.len - header;
	if (!plain && s.at[13] & TCP_SYN) {
		if (s.have < header)
			p->error = REASON_TRUNCATED;
		else
			transport_syn_options(p, pn_reader(s.at + TCP_HEADER, header - TCP_HEADER));
	}
	return get32(s.at);
}

/* RFC 768. A length of 0 stands for a jumbogram's (RFC 2675 §4). */
static always_inline uint32_t
udp(struct packet *p, struct segment s, uint8_t family)
{
	uint32_t len;

	if (unlikely(s.len < UDP_HEADER) || unlikely(s.have < UDP_HEADER))
		return cut_header(p, s, UDP_HEADER);
	len = get16(s.at + 4);
	if (family == 6 && !len && s.len > UINT16_MAX)
		len = s.len;
	if (unlikely(len < UDP_HEADER) || unlikely(len > s.len)) {
		p->error = REASON_MALFORMED;
		return get32(s.at);
	}
	p->payload = p->l4 + UDP_HEADER;
	p->payload_len = len - UDP_HEADER;
	return get32(s.at);
}

static inline uint32_t
transport(struct packet *p, struct segment s, uint8_t family)
{
	if (p->proto == PROTO_TCP)
		return tcp(p, s, false);
	if (p->proto == PROTO_UDP)
		return udp(p, s, family);
	return transport_decode(p, s, family);
}

static inline bool
is_fragment(const uint8_t *ip)
{
	return get16(ip + 6) & 0x3fff; /* more to come, or not the first */
}

/* A piece of a datagram: what it holds is judged when it is whole. */
static __attribute__((noinline)) void
fragment(struct packet *p, uint32_t id, uint32_t offset, bool more, uint32_t len)
{
	if (p->flags & PACKET_REASSEMBLED) /* fragments of a fragment: nobody sends that */
		p->error = REASON_MALFORMED;
	p->flags |= PACKET_FRAGMENT;
	p->fragment.id = id;
	p->fragment.offset = offset;
	p->fragment.more = more;
	p->payload = p->l4;
	p->payload_len = len;
}

static inline uint64_t
pseudo_header(uint64_t addresses, uint8_t proto, uint32_t len)
{
	return checksum_add_word(addresses, (uint64_t)htobe32(len) + htobe32(proto));
}

static inline bool
sum_is_right(uint64_t sum)
{
	uint16_t folded = checksum_fold(sum);

	return folded == 0xffff || !folded;
}

static bool
icmp_sum_ok(const struct packet *p, struct segment s, uint64_t addresses, uint8_t family)
{
	if (p->proto == PROTO_ICMP && family == 4)
		return sum_is_right(checksum_add(0, s.at, s.len));
	if (p->proto != PROTO_ICMPV6 || family != 6)
		return true;
	return sum_is_right(
		checksum_add(pseudo_header(addresses, PROTO_ICMPV6, s.len), s.at, s.len));
}

/*
 * What a sender leaves in the field whose interface computes checksums: the folded sum of the
 * pseudo-header; without the length, if the interface cuts the segments too.
 */
static bool
is_offload(const struct packet *p, uint16_t field, uint64_t addresses, uint32_t len)
{
	if (field == checksum_fold(pseudo_header(addresses, p->proto, len)))
		return true;
	return p->proto == PROTO_TCP &&
	       field == checksum_fold(pseudo_header(addresses, PROTO_TCP, 0));
}

/* True if the checksum of the transport is right, or is not to be judged; of a whole packet only.
 * `addresses` is their sum. */
static inline bool
transport_sum_ok(const struct packet *p, struct segment s, uint64_t addresses, uint8_t family)
{
	uint32_t field = 16;

	if (unlikely(p->proto != PROTO_TCP)) {
		if (p->proto != PROTO_UDP)
			return icmp_sum_ok(p, s, addresses, family);
		field = 6;
		s.len = p->payload_len + UDP_HEADER;
		if (!load16(s.at + field))
			return family == 4; /* RFC 768; RFC 8200 §8.1 */
	}
	return likely(sum_is_right(
		       checksum_add(pseudo_header(addresses, p->proto, s.len), s.at, s.len))) ||
	       is_offload(p, load16(s.at + field), addresses, s.len);
}

static void
verify_ipv4(struct packet *p, const uint8_t *ip, struct segment s)
{
	uint64_t addresses = load64(ip + 12), sum;

	if (!(p->flags & PACKET_REASSEMBLED)) {
		sum = checksum_add_word(load64(ip), load32(ip + 8));
		sum = checksum_add_word(sum, addresses);
		if (unlikely(s.at - ip > IPV4_HEADER))
			sum = checksum_add(
				sum, ip + IPV4_HEADER, (size_t)(s.at - ip) - IPV4_HEADER);
		if (unlikely(!sum_is_right(sum)) && load16(ip + 10)) /* 0: offload */
			p->error = REASON_CHECKSUM;
	}
	if (!(p->flags & PACKET_FRAGMENT) && unlikely(!transport_sum_ok(p, s, addresses, 4)))
		p->error = REASON_CHECKSUM;
}

/*
 * RFC 791 §3.1. The header is there, its version is right. A total length of 0 is a sender's that
 * lets its interface cut the segments: neither length nor checksums are in the packet yet.
 */
static always_inline void
ipv4(struct packet *p, uint32_t l3, uint32_t header, bool plain,
	const struct decode_options *options)
{
	const uint8_t *ip = p->data + l3;
	uint32_t have = p->caplen - l3, wire = p->wirelen - l3, ports = 0;
	uint32_t claimed = get16(ip + 2), length = plain || claimed ? claimed : wire;
	uint8_t proto = ip[9], flags = PACKET_IP | (length <= have ? PACKET_WHOLE : 0);
	struct segment s = { ip + header, length - header, have - header };

	if (unlikely(length < header) || unlikely(length > wire)) {
		refuse(p, REASON_MALFORMED);
		return;
	}
	p->proto = proto;
	p->ttl = ip[8];
	p->l4 = (uint16_t)(l3 + header);
	p->length = length;
	if (plain)
		ports = proto == PROTO_TCP ? tcp(p, s, true) : udp(p, s, 4);
	else if (is_fragment(ip))
		fragment(p, get16(ip + 4), (get16(ip + 6) & 0x1fffu) * 8, ip[6] & 0x20, s.len);
	else
		ports = transport(p, s, 4);
	if (key_make_ipv4(
		    &p->key, key_what(proto, 4, p->zone), load32(ip + 12), load32(ip + 16), ports))
		flags |= PACKET_FROM_HI;
	p->flags |= flags;
	if (options->verify_checksums && flags & PACKET_WHOLE && !p->error && (plain || claimed))
		verify_ipv4(p, ip, s);
}

/* The same for any place and any length of header. */
static void
ipv4_any(struct packet *p, const struct decode_options *options)
{
	const uint8_t *ip = p->data + p->l3;
	uint32_t have = p->caplen - p->l3, wire = p->wirelen - p->l3;
	uint32_t header = have ? (ip[0] & 15u) * 4 : IPV4_HEADER;

	if (have && (ip[0] >> 4 != 4 || header < IPV4_HEADER))
		refuse(p, REASON_MALFORMED);
	else if (have < header)
		refuse(p, transport_missing(wire, header));
	else
		ipv4(p, p->l3, header, false, options);
}

static void
verify_ipv6(struct packet *p, const struct walk *w, struct segment s)
{
	uint64_t addresses;

	if (!w->final)
		return;
	addresses = checksum_add_word(load64(w->ip + 8), load64(w->ip + 16));
	addresses = checksum_add_word(addresses, load64(w->final));
	addresses = checksum_add_word(addresses, load64(w->final + 8));
	if (!transport_sum_ok(p, s, addresses, 6))
		p->error = REASON_CHECKSUM;
}

/* Behind the fixed header, whose lengths are right. */
static inline void
ipv6_payload(struct packet *p, struct walk *w, const struct decode_options *options)
{
	const uint64_t src[2] = { load64(w->ip + 8), load64(w->ip + 16) };
	const uint64_t dst[2] = { load64(w->ip + 24), load64(w->ip + 32) };
	uint32_t ports = 0;
	struct segment s;

	if (unlikely(extension_is(w->next)))
		p->error = extension_walk(w);
	p->proto = w->next;
	p->l4 = (uint16_t)(p->l3 + w->offset);
	s = (struct segment){ w->ip + w->offset, w->length - w->offset, w->have - w->offset };
	if (unlikely(w->fragment))
		fragment(p, get32(w->fragment + 4), get16(w->fragment + 2) & 0xfff8,
			w->fragment[3] & 1, s.len);
	else if (likely(!p->error))
		ports = transport(p, s, 6);
	if (key_make_ipv6(&p->key, key_what(w->next, 6, p->zone), src, dst, ports))
		p->flags |= PACKET_FROM_HI;
	if (options->verify_checksums && !p->error && p->flags & PACKET_WHOLE && !w->fragment)
		verify_ipv6(p, w, s);
}

/* RFC 8200 §3 */
static void
ipv6(struct packet *p, const struct decode_options *options)
{
	const uint8_t *ip = p->data + p->l3;
	uint32_t have = p->caplen - p->l3, wire = p->wirelen - p->l3, length;
	struct walk w = { .ip = ip, .have = have, .offset = IPV6_HEADER, .final = ip + 24 };

	if (unlikely(have < IPV6_HEADER)) {
		refuse(p, transport_missing(wire, IPV6_HEADER));
		return;
	}
	length = get16(ip + 4);
	w.next = ip[6];
	if (unlikely(!length) && w.next == EXT_HOP_BY_HOP)
		length = extension_jumbo_length(ip + IPV6_HEADER, have - IPV6_HEADER);
	if (unlikely(ip[0] >> 4 != 6) || unlikely(length > wire - IPV6_HEADER)) {
		refuse(p, REASON_MALFORMED);
		return;
	}
	w.length = length + IPV6_HEADER;
	p->length = w.length;
	p->flags |= PACKET_IP | (w.length <= have ? PACKET_WHOLE : 0);
	p->ttl = ip[7];
	ipv6_payload(p, &w, options);
}

/* Nothing is known yet; what stood here before is not to be taken for this packet's. */
static always_inline void
clear(struct packet *p, uint8_t flags)
{
	p->error = REASON_NONE;
	p->flags = flags;
	p->proto = 0;
	p->ttl = 0;
	p->l4 = 0;
	p->payload = 0;
	p->length = 0;
	p->payload_len = 0;
	p->tcp.seq = 0;
	p->tcp.ack = 0;
	p->tcp.window = 0;
	p->tcp.flags = 0;
	p->tcp.wscale = 0;
}

/* What the link layer leads to: 4, 6, or neither. */
static void
network(struct packet *p, int family, const struct decode_options *options)
{
	if (family == 4)
		ipv4_any(p, options);
	else if (family == 6)
		ipv6(p, options);
	else
		refuse(p, REASON_NOT_IP);
}

/* Any link type, and what of Ethernet is not plain. */
static __attribute__((noinline)) void
decode_any(struct packet *p, const struct decode_options *options)
{
	struct pn_reader frame;
	int family;

	if (p->link == LINK_ETHERNET && p->caplen >= ETHERNET_HEADER &&
		get16(p->data + ETHERNET_HEADER - 2) == TYPE_IPV6) {
		ipv6(p, options);
		return;
	}
	frame = pn_reader(p->data, p->caplen);
	family = link_skip(p->link, &frame);
	p->l3 = (uint16_t)pn_offset(&frame);
	if (pn_ok(&frame) && family >= 0)
		network(p, family, options);
	else if (!pn_ok(&frame) && p->caplen < p->wirelen)
		refuse(p, REASON_TRUNCATED);
	else
		refuse(p, REASON_MALFORMED);
}

/* True for the shape that nearly all packets have, if the bytes that tell are there: Ethernet, IPv4
 * without options, no fragment, UDP or TCP without SYN, and a total length. */
static always_inline bool
is_plain(const struct packet *p)
{
	const uint8_t *ip = p->data + ETHERNET_HEADER;

	if (unlikely(p->link != LINK_ETHERNET) || unlikely(p->caplen < PLAIN_MIN) ||
		unlikely(get16(ip - 2) != TYPE_IPV4) || unlikely(ip[0] != PLAIN_IPV4) ||
		unlikely(is_fragment(ip)) || unlikely(!load16(ip + 2)))
		return false;
	if (ip[9] == PROTO_TCP)
		return !(ip[IPV4_HEADER + 13] & TCP_SYN);
	return ip[9] == PROTO_UDP;
}

void
decode(struct packet *p, const struct decode_options *options)
{
	clear(p, 0);
	p->l3 = ETHERNET_HEADER;
	p->zone = 0;
	if (likely(is_plain(p)))
		ipv4(p, ETHERNET_HEADER, IPV4_HEADER, true, options);
	else
		decode_any(p, options);
}

bool
decode_knows_link(uint16_t link)
{
	return link_is_known(link);
}

void
decode_ip(struct packet *p, const struct decode_options *options)
{
	clear(p, p->flags & PACKET_REASSEMBLED);
	if (p->caplen <= p->l3)
		refuse(p, transport_missing(p->wirelen, p->l3 + 1u));
	else
		network(p, p->data[p->l3] >> 4, options);
}

/*
 * Decodes the head of a packet that an ICMP error carries. RFC 792 promises eight bytes behind its
 * IP header: enough for all but TCP, whose ports and sequence number they hold.
 */
static int
decode_inner(const struct packet *p, struct packet *ret_inner)
{
	static const struct decode_options options = { .verify_checksums = false };
	struct packet inner = {
		.data = p->data + p->payload,
		.caplen = packet_payload_captured(p),
		.wirelen = INT32_MAX, /* as long as it says */
		.zone = p->zone,
	};
	struct tuple outer_ends, inner_ends;

	if (p->error || !(p->flags & PACKET_ICMP_ERROR))
		return -EINVAL;
	decode_ip(&inner, &options);
	if (!(inner.flags & PACKET_IP) || inner.flags & (PACKET_FRAGMENT | PACKET_ICMP_ERROR))
		return -EINVAL;
	if (inner.error && (inner.error != REASON_TRUNCATED || inner.proto != PROTO_TCP ||
				   inner.caplen - inner.l4 < 8))
		return -EINVAL;
	key_spell(&p->key, p->flags & PACKET_FROM_HI, &outer_ends);
	key_spell(&inner.key, inner.flags & PACKET_FROM_HI, &inner_ends);
	if (!addr_equal(&inner_ends.src, &outer_ends.dst))
		return -EINVAL;
	*ret_inner = inner;
	return 0;
}

int
decode_icmp_inner(const struct packet *p, struct key *ret_key, bool *ret_from_hi)
{
	struct packet inner;
	int r;

	r = decode_inner(p, &inner);
	if (r < 0)
		return r;
	*ret_key = inner.key;
	*ret_from_hi = inner.flags & PACKET_FROM_HI;
	return 0;
}

int
decode_icmp_inner_seq(const struct packet *p, uint32_t *ret_seq)
{
	struct packet inner;

	if (decode_inner(p, &inner) < 0 || inner.proto != PROTO_TCP)
		return -ENODATA;
	*ret_seq = get32(inner.data + inner.l4 + 4);
	return 0;
}

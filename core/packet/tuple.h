/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who talks to whom: struct key for machines, struct tuple for everybody else.
 *
 * A key is the same for both directions of a flow: of the two endpoints (address, then port) the
 * lower one stands first. It is made of whole 64-bit words, and read and written only as such:
 * mixing widths stalls the processor on the packet path. Bytes of addresses keep their order on
 * the wire, so the meaning of "lower" is private to this machine and is never shown.
 *
 *   w[0]  bits 0–15 port of lo, 16–31 port of hi, 32–39 protocol, 40–47 family (4 or 6), 48–63 zone
 *   w[1]  IPv4: address of lo in bits 0–31, of hi in 32–63.  IPv6: w[1],w[2] lo, w[3],w[4] hi
 *
 * What IPv4 does not use is zero.
 *
 * Ports where a protocol has none: an ICMP query has its identifier on the asking side and the type
 * of the question, × 256, on the answering one; other ICMP has 0 and type × 256 + code; GRE v1 has
 * the call id on the receiving side and PORT_GRE_CALL on the other, so that its two directions are
 * two keys even where both ids are equal; GRE v0 and the rest have 0 and 0.
 */
#ifndef PACKET_TUPLE_H
#define PACKET_TUPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/address.h"

struct key {
	uint64_t w[5];
};

/* The same for people and records: in a direction, and spelled out. */
struct tuple {
	struct pn_addr src;
	struct pn_addr dst;
	uint16_t src_port; /* host order */
	uint16_t dst_port;
	uint8_t proto;
	uint8_t family; /* 4 or 6 */
	uint16_t zone;
};

/* The port of whoever sends GRE v1: the protocol type that only it has (RFC 2637 §4.1). */
#define PORT_GRE_CALL 0x880b

struct port_range {
	uint16_t first;
	uint16_t last;
};

static inline uint8_t
key_family(const struct key *key)
{
	return (uint8_t)(key->w[0] >> 40);
}

static inline uint8_t
key_proto(const struct key *key)
{
	return (uint8_t)(key->w[0] >> 32);
}

static inline bool
key_equal(const struct key *a, const struct key *b)
{
	uint64_t v4 = (a->w[0] ^ b->w[0]) | (a->w[1] ^ b->w[1]);

	if (key_family(a) == 4)
		return !v4;
	return !(v4 | (a->w[2] ^ b->w[2]) | (a->w[3] ^ b->w[3]) | (a->w[4] ^ b->w[4]));
}

/* The port that a packet with this key goes to; `from_hi` says that its sender is the higher one. */
static inline uint16_t
key_dst_port(const struct key *key, bool from_hi)
{
	return (uint16_t)(key->w[0] >> (from_hi ? 0 : 16));
}

/* One of the two addresses as it stands on the wire; for IPv6 its two words. */
static inline uint32_t
key_ipv4(const struct key *key, bool hi)
{
	return (uint32_t)(key->w[1] >> (hi ? 32 : 0));
}

static inline const uint64_t *
key_ipv6(const struct key *key, bool hi)
{
	return &key->w[hi ? 3 : 1];
}

/* What one of the two addresses is good for. */
static inline enum addr_scope
key_scope(const struct key *key, bool hi)
{
	if (key_family(key) == PN_ADDR_IPV4)
		return addr_scope_ipv4(key_ipv4(key, hi));
	return addr_scope_ipv6(key_ipv6(key, hi));
}

/* What w[0] holds beside the ports. */
static inline uint64_t
key_what(uint8_t proto, uint8_t family, uint16_t zone)
{
	return (uint64_t)zone << 48 | (uint64_t)family << 40 | (uint64_t)proto << 32;
}

/*
 * The two ways to make a key, for decode. `what` is w[0] without its ports (key_what()), addresses
 * are loaded as they stand on the wire, and of `ports` the upper half is the source's. Return true
 * if the source is the higher endpoint. That source and destination change places is a rotation.
 */
static inline bool
key_make_ipv4(struct key *ret_key, uint64_t what, uint32_t src, uint32_t dst, uint32_t ports)
{
	uint64_t addresses = (uint64_t)src << 32 | dst;
	bool from_hi = src > dst;

	if (__builtin_expect(src == dst, 0))
		from_hi = ports >> 16 > (ports & 0xffff);
	ret_key->w[0] = what | (from_hi ? ports : ports >> 16 | ports << 16);
	ret_key->w[1] = from_hi ? addresses : addresses >> 32 | addresses << 32;
	ret_key->w[2] = 0;
	ret_key->w[3] = 0;
	ret_key->w[4] = 0;
	return from_hi;
}

static inline bool
key_make_ipv6(struct key *ret_key, uint64_t what, const uint64_t src[2], const uint64_t dst[2],
	uint32_t ports)
{
	bool from_hi = src[0] > dst[0];

	if (src[0] == dst[0])
		from_hi = src[1] != dst[1] ? src[1] > dst[1] : ports >> 16 > (ports & 0xffff);
	ret_key->w[0] = what | (from_hi ? ports : ports >> 16 | ports << 16);
	ret_key->w[1] = from_hi ? dst[0] : src[0];
	ret_key->w[2] = from_hi ? dst[1] : src[1];
	ret_key->w[3] = from_hi ? src[0] : dst[0];
	ret_key->w[4] = from_hi ? src[1] : dst[1];
	return from_hi;
}

/* Makes the key of a packet from src to dst. Returns true if src is the higher endpoint. */
bool key_make(struct key *ret_key, const struct tuple *tuple);

/* Spells a key out; `from_hi` says that its sender is the higher endpoint. */
void key_spell(const struct key *key, bool from_hi, struct tuple *ret_tuple);

/* The same tuple seen from the other end. For an ICMP query and GRE v1 the ports follow the rule
 * above: they belong to the endpoints, so they are swapped like any others. */
struct tuple tuple_reverse(const struct tuple *tuple);

/* "TCP", "UDP", "ICMP", "IPv6-ICMP", "GRE", … or NULL where it is known by its number only. */
const char *proto_name(uint8_t proto);

#endif

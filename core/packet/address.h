/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses: who can have one, which prefix it is in, and how it is written.
 */
#ifndef PACKET_ADDRESS_H
#define PACKET_ADDRESS_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <postern/plugin.h>

/* Enough for any address or endpoint that addr_format() writes. */
#define ADDR_TEXT_MAX 64

struct prefix {
	struct pn_addr addr;
	unsigned bits;
};

/*
 * What an address is good for, as far as its bits tell. From ADDR_UNSPECIFIED on it is nobody's: no
 * host has it, so none can be reached by it or send from it.
 */
enum addr_scope {
	ADDR_HOST,        /* anybody's, near or far */
	ADDR_LINK,        /* of a neighbour: 169.254/16, fe80::/10 */
	ADDR_LOOPBACK,    /* of this machine, and never on a wire: 127/8, ::1 */
	ADDR_UNSPECIFIED, /* of who has none yet: 0/8, :: */
	ADDR_GROUP,       /* multicast and broadcast: 224/4, 255.255.255.255, ff00::/8 */
	ADDR_RESERVED,    /* 240/4, ::/96 and ::ffff:0:0/96 */
};

static inline bool
addr_scope_is_nobody(enum addr_scope scope)
{
	return scope >= ADDR_UNSPECIFIED;
}

/* Of an address as it stands on the wire (RFC 1122 §3.2.1.3, RFC 1112 §4, RFC 3927 §2.1). */
static inline enum addr_scope
addr_scope_ipv4(uint32_t wire)
{
	uint32_t addr = be32toh(wire);

	if (addr >> 24 == 0)
		return ADDR_UNSPECIFIED;
	if (addr >> 28 >= 0xe)
		return addr >> 28 == 0xe || addr == UINT32_MAX ? ADDR_GROUP : ADDR_RESERVED;
	if (addr >> 24 == 127)
		return ADDR_LOOPBACK;
	return addr >> 16 == (169 << 8 | 254) ? ADDR_LINK : ADDR_HOST;
}

/* RFC 4291 §2.4; §2.5.5 for addresses with one of IPv4 inside: they are notation, and nobody may
 * slip past a rule for IPv4 in them. */
static inline enum addr_scope
addr_scope_ipv6(const uint64_t wire[2])
{
	uint64_t high = be64toh(wire[0]), low = be64toh(wire[1]);

	if (!high) {
		if (low <= 1)
			return low ? ADDR_LOOPBACK : ADDR_UNSPECIFIED;
		return low >> 32 == 0 || low >> 32 == 0xffff ? ADDR_RESERVED : ADDR_HOST;
	}
	if (high >> 56 == 0xff)
		return ADDR_GROUP;
	return high >> 54 == 0xfe80 >> 6 ? ADDR_LINK : ADDR_HOST;
}

/* The same for an address that is spelled out, of IPv4 or IPv6. */
enum addr_scope addr_scope(const struct pn_addr *addr);

struct pn_addr addr_ipv4(const uint8_t bytes[4]);
struct pn_addr addr_ipv6(const uint8_t bytes[16]);
bool addr_equal(const struct pn_addr *a, const struct pn_addr *b);

/* How long it is. */
static inline unsigned
addr_bits(const struct pn_addr *addr)
{
	return addr->family == PN_ADDR_IPV4 ? 32 : 128;
}

/* True if the first `bits` bits are equal (and the families are). */
bool addr_in_prefix(const struct pn_addr *addr, const struct pn_addr *prefix, unsigned bits);

/* Writes "192.0.2.1" or "2001:db8::1" (RFC 5952); returns the length. */
size_t addr_format(const struct pn_addr *addr, char text[static ADDR_TEXT_MAX]);

/* Reads an address, or "ADDR/BITS" where ret_bits is not NULL (a bare address: all its bits).
 * -EINVAL if it is neither, or if bits behind the prefix are set. */
int addr_parse(const char *text, struct pn_addr *ret_addr, unsigned *ret_bits);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 extension headers (RFC 8200 §4). */
#ifndef PACKET_EXTENSION_H
#define PACKET_EXTENSION_H

#include "packet/packet.h"

enum {
	EXT_HOP_BY_HOP = 0,
	EXT_ROUTING = 43,
	EXT_FRAGMENT = 44,
	EXT_AH = 51, /* RFC 4302 */
	EXT_DESTINATION = 60,
	EXT_MOBILITY = 135, /* RFC 6275 */
	EXT_HIP = 139,      /* RFC 7401 */
	EXT_SHIM6 = 140,    /* RFC 5533 */
};

/* Where the walk through the headers of an IPv6 packet has got to. */
struct walk {
	const uint8_t *ip;
	uint32_t have;           /* captured bytes from `ip` on, at least the fixed header */
	uint32_t length;         /* of the packet on the wire */
	uint32_t offset;         /* of the next header, from `ip` */
	uint8_t next;            /* its protocol number */
	const uint8_t *fragment; /* fragment header, where the walk ends; or NULL */
	const uint8_t *final;    /* final destination, or NULL: it cannot be told */
};

static inline bool
extension_is(uint8_t next)
{
	switch (next) {
	case EXT_HOP_BY_HOP:
	case EXT_ROUTING:
	case EXT_FRAGMENT:
	case EXT_AH:
	case EXT_DESTINATION:
	case EXT_MOBILITY:
	case EXT_HIP:
	case EXT_SHIM6:
		return true;
	}
	return false;
}

/*
 * Walks to the header that is no extension, or to the data of a fragment. REASON_NONE, or what is
 * wrong: MALFORMED, TRUNCATED. Offset and next tell how far it got, and offset is within `have`.
 */
enum reason extension_walk(struct walk *walk);

/* Length of a jumbogram behind the fixed header (RFC 2675 §2), from the hop-by-hop header of which
 * `have` bytes are there. 0: it has none. */
uint32_t extension_jumbo_length(const uint8_t *hop_by_hop, uint32_t have);

#endif

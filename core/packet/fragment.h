/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One fragment of IPv4 (RFC 791 §3.2) or IPv6 (RFC 8200 §4.5): what it is a piece of and whether it
 * can be one. Putting pieces together is flow/defrag.h.
 */
#ifndef PACKET_FRAGMENT_H
#define PACKET_FRAGMENT_H

#include "packet/packet.h"

/* No datagram is longer, headers included: IPv6 does not count its fixed header. */
#define FRAGMENT_WHOLE_MAX (40u + 65535u)

/* What all fragments of a datagram have in common; compared as a whole. */
struct fragment_ident {
	uint64_t w[5]; /* id, protocol of IPv4, family, zone; addresses */
};

/* The bytes belong to the packet. */
struct fragment {
	struct fragment_ident ident;
	const uint8_t *header; /* IP header, with the extension headers that every fragment has */
	const uint8_t *bytes;
	uint32_t header_len;
	uint32_t offset; /* of the bytes in the datagram's data */
	uint32_t len;
	uint32_t whole_max; /* headers and data of a whole datagram of this kind */
	bool more;
	uint8_t proto; /* what the data of the datagram begins with */
};

/*
 * Reads a packet that decode() has marked as a fragment. -EINVAL: it is not wholly captured, or
 * nobody may send it: empty, not a multiple of eight bytes before the end, or a first fragment that
 * does not hold the transport header.
 */
int fragment_read(const struct packet *p, struct fragment *ret_fragment);

/* Makes the header of a first fragment that of its whole datagram, with `len` bytes of data that
 * begin with `proto`. */
void fragment_mend_header(uint8_t *header, uint32_t header_len, uint32_t len, uint8_t proto);

#endif

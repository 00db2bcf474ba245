/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands behind the IP headers, as far as it is not on everybody's path: TCP and UDP headers
 * are read in decode.c.
 */
#ifndef PACKET_TRANSPORT_H
#define PACKET_TRANSPORT_H

#include <postern/reader.h>

#include "packet/packet.h"

/* What IP hands to a transport: how much of it there was, and how much is here. */
struct segment {
	const uint8_t *at;
	uint32_t len;  /* on the wire */
	uint32_t have; /* captured; more than len where the frame was padded */
};

/* The error of a header of `need` bytes that is not all there, of which the wire had `len`. */
static inline enum reason
transport_missing(uint32_t len, uint32_t need)
{
	return len < need ? REASON_MALFORMED : REASON_TRUNCATED;
}

/*
 * ICMP, ICMPv6, GRE, and any other protocol by its number (p->proto, p->l4 are set). Fills payload,
 * payload_len, and the part of its own; or error. Returns the ports as the key wants them, the
 * source in the upper half.
 */
uint32_t transport_decode(struct packet *p, struct segment s, uint8_t family);

/* The options of a SYN: wscale, PACKET_WSCALE, PACKET_SACK_OK. A list that makes no sense ends the
 * search, and no more. */
void transport_syn_options(struct packet *p, struct pn_reader options);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From bytes on the wire to struct packet.
 *
 * Link layers are a table in link.c, one small function per type: adding one is one line there.
 * decode.c has IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293) and UDP (RFC 768), extension.c the
 * extension headers of IPv6, transport.c ICMP (RFC 792), ICMPv6 (RFC 4443), GRE (RFC 2784, RFC 2637
 * §4.1) and any other protocol by its number. Tunnels are not looked into.
 */
#ifndef PACKET_DECODE_H
#define PACKET_DECODE_H

#include "packet/packet.h"

/* Link types, as numbered in capture files. */
enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_RAW_BSD = 12,
	LINK_PPP_HDLC = 50,
	LINK_PPPOE = 51,
	LINK_RAW = 101,
	LINK_CISCO_HDLC = 104,
	LINK_LOOP = 108,
	LINK_SLL = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_SLL2 = 276,
};

struct decode_options {
	bool verify_checksums;
};

/*
 * Fills the part of *p that belongs to decode. Never fails: what is wrong is p->error.
 *
 * MALFORMED: headers that contradict themselves or each other, whatever the capture length; too
 * many of them; a link type that is not known. TRUNCATED: the capture ends before the headers that
 * decide. NOT_IP: neither IPv4 nor IPv6, and no error otherwise.
 *
 * CHECKSUM: IPv4 header, or TCP, UDP, ICMP, ICMPv6 of a whole packet that is no fragment. Captures
 * of packets that are just being sent hold what the interface was to fill in, and this passes: an
 * IPv4 header checksum of 0; a TCP or UDP field with just the folded sum of the pseudo-header (TCP:
 * also without the length). A zero of UDP over IPv4 means that there is none.
 */
void decode(struct packet *p, const struct decode_options *options);

/* True if decode() knows the link type. */
bool decode_knows_link(uint16_t link);

/*
 * Decodes IP bytes that stand at p->data + p->l3, for packets without a link header or put together
 * from fragments. p->flags may hold PACKET_REASSEMBLED; the rest is filled as by decode().
 */
void decode_ip(struct packet *p, const struct decode_options *options);

/*
 * The packet that an ICMP error tells of (RFC 792, RFC 4443 §2.4 c): its key and direction.
 * `ret_from_hi` speaks of the sender of the inner packet. -EINVAL if too little of it is there, or
 * if its sender is not the receiver of the error.
 */
int decode_icmp_inner(const struct packet *p, struct key *ret_key, bool *ret_from_hi);

/* The same for the sequence number of an inner TCP packet; -ENODATA if it carries none. */
int decode_icmp_inner_seq(const struct packet *p, uint32_t *ret_seq);

#endif

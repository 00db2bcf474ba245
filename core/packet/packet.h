/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One packet on its way: what a source filled in, what decode found, what the engine decided.
 *
 * Packets travel in batches. A packet's bytes belong to its source and are valid until the source
 * is asked for the next batch; whoever keeps a packet longer copies it.
 */
#ifndef PACKET_PACKET_H
#define PACKET_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/reason.h"
#include "packet/tuple.h"

#define BATCH_MAX 32

/* IP protocol numbers that the engine itself knows. */
enum {
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_GRE = 47,
	PROTO_ICMPV6 = 58,
};

/* TCP flags, RFC 9293 §3.1 */
enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
};

/* ICMP types that the engine itself knows (RFC 792, RFC 4443). */
enum {
	ICMP_REDIRECT = 5,
	ICMP_ECHO = 8,
	ICMPV6_ECHO = 128, /* RFC 4443 §4.1 */
};

/* packet.way: what the source knows of it, seen from the host that has the interface. */
enum way {
	WAY_UNKNOWN,
	WAY_RECEIVED,
	WAY_SENT,
};

/* packet.flags */
enum {
	PACKET_IP = 1 << 0,         /* IPv4 or IPv6 was found: l3, length, proto, addresses hold */
	PACKET_FROM_HI = 1 << 1,    /* its sender is the higher endpoint of the key */
	PACKET_FRAGMENT = 1 << 2,   /* a fragment: a key without ports; see `fragment` */
	PACKET_ICMP_ERROR = 1 << 3, /* carries the head of another packet; decode_icmp_inner() */
	PACKET_WHOLE = 1 << 4,      /* all its bytes were captured */
	PACKET_WSCALE = 1 << 5,     /* TCP: has the window scale option */
	PACKET_SACK_OK = 1 << 6,    /* TCP: has the SACK-permitted option */
	PACKET_REASSEMBLED = 1 << 7, /* made of fragments */
};

struct packet {
	/* Filled by the source. */
	uint64_t time;       /* ns since 1970-01-01 UTC */
	uint64_t number;     /* counted from 1 over the whole input */
	const uint8_t *data; /* first byte of the link header */
	uint32_t caplen;     /* bytes at `data` */
	uint32_t wirelen;    /* bytes it had on the wire, ≥ caplen */
	uint16_t link;       /* link type, LINKTYPE_* of the pcap registry */
	uint16_t iface;      /* index of the interface it was seen on; 0 if the source has one */

	/* Filled by decode(). Offsets count from `data`. */
	uint8_t error;       /* enum reason: why it goes no further, or REASON_NONE */
	uint8_t flags;       /* PACKET_* */
	uint8_t proto;       /* IP protocol number of the last header */
	uint8_t ttl;
	uint16_t l3;         /* IP header */
	uint16_t l4;         /* TCP, UDP, … header, or the first byte behind the IP headers */
	uint16_t payload;    /* first byte behind the transport header */
	uint16_t zone;       /* keeps equal addresses apart; 0: none. VLAN tags do not */
	uint32_t length;     /* of the IP packet, headers included */
	uint32_t payload_len; /* on the wire; what was captured is packet_payload() */
	struct key key;
	uint64_t hash;       /* of the key; filled by the flow table */
	union {
		struct {
			uint32_t seq;
			uint32_t ack;
			uint16_t window; /* as in the header, not scaled */
			uint8_t flags;   /* TCP_* */
			uint8_t wscale;  /* of the option, at most 14 (RFC 7323 §2.3) */
		} tcp;
		struct {
			uint8_t type;
			uint8_t code;
			uint16_t id;
		} icmp;
		struct {
			uint16_t version;
			uint16_t call_id;
		} gre;
		struct {
			uint32_t id;
			uint32_t offset; /* in bytes */
			bool more;
		} fragment;
	};

	/* Filled by the engine. */
	uint8_t verdict; /* enum verdict */
	uint8_t reason;  /* enum reason */
	uint8_t way;     /* enum way; filled by the source */
	uint8_t reserved;
	uint32_t flow;   /* index of its flow in the table, or 0; before, a guess at it */
};

struct batch {
	unsigned count;
	struct packet packets[BATCH_MAX];
};

/* Bytes of the payload that were captured. */
static inline uint32_t
packet_payload_captured(const struct packet *p)
{
	uint32_t have = p->caplen > p->payload ? p->caplen - p->payload : 0;

	return have < p->payload_len ? have : p->payload_len;
}

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ICMP, GRE, and the options of TCP.
 *
 * Pure functions of a segment. They check a header as a whole before they load its fields: what the
 * wire had no room for is malformed, what was merely not captured is truncated.
 */
#include "packet/transport.h"

#include "packet/load.h"

#define WSCALE_MAX 14 /* RFC 7323 §2.3 */

/* Lengths of headers without their optional parts. */
enum {
	ICMP_HEADER = 8,
	ICMP_HEADER_MIN = 4,
	GRE_HEADER = 4,
	GRE_V1_HEADER = 8,
};

/* GRE flags, RFC 2890 §2, RFC 2637 §4.1 */
enum {
	GRE_CHECKSUM = 0x8000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080, /* version 1 only */
	GRE_VERSION = 0x0007,
};

/* RFC 9293 §3.2, RFC 7323 §2.2, RFC 2018 §2 */
void
transport_syn_options(struct packet *p, struct pn_reader r)
{
	struct pn_reader body;
	uint8_t kind, len;

	while (pn_left(&r)) {
		kind = pn_u8(&r);
		if (kind == 0)
			return;
		if (kind == 1)
			continue;
		len = pn_u8(&r);
		if (len < 2)
			return;
		body = pn_sub(&r, len - 2u);
		if (!pn_ok(&r))
			return;
		if (kind == 3 && len == 3) {
			p->tcp.wscale = pn_u8(&body);
			if (p->tcp.wscale > WSCALE_MAX)
				p->tcp.wscale = WSCALE_MAX;
			p->flags |= PACKET_WSCALE;
		} else if (kind == 4 && len == 2) {
			p->flags |= PACKET_SACK_OK;
		}
	}
}

enum icmp_kind {
	ICMP_OTHER,
	ICMP_ERROR,
	ICMP_QUESTION,
	ICMP_ANSWER,
};

struct icmp_type {
	uint8_t kind;     /* enum icmp_kind */
	uint8_t question; /* the type that asks, of both */
};

/* RFC 792, RFC 950 (17, 18) */
static const struct icmp_type icmp_types[256] = {
	[0] = { ICMP_ANSWER, 8 },
	[3] = { ICMP_ERROR },
	[4] = { ICMP_ERROR },
	[5] = { ICMP_ERROR },
	[8] = { ICMP_QUESTION, 8 },
	[11] = { ICMP_ERROR },
	[12] = { ICMP_ERROR },
	[13] = { ICMP_QUESTION, 13 },
	[14] = { ICMP_ANSWER, 13 },
	[15] = { ICMP_QUESTION, 15 },
	[16] = { ICMP_ANSWER, 15 },
	[17] = { ICMP_QUESTION, 17 },
	[18] = { ICMP_ANSWER, 17 },
};

/* RFC 4443, RFC 4620 (139, 140) */
static const struct icmp_type icmpv6_types[256] = {
	[1] = { ICMP_ERROR },
	[2] = { ICMP_ERROR },
	[3] = { ICMP_ERROR },
	[4] = { ICMP_ERROR },
	[128] = { ICMP_QUESTION, 128 },
	[129] = { ICMP_ANSWER, 128 },
	[139] = { ICMP_QUESTION, 139 },
	[140] = { ICMP_ANSWER, 139 },
};

static uint32_t
icmp(struct packet *p, struct segment s, const struct icmp_type types[256])
{
	const struct icmp_type *type;
	uint32_t header;

	if (s.len < ICMP_HEADER_MIN || s.have < ICMP_HEADER_MIN) {
		p->error = transport_missing(s.len, ICMP_HEADER_MIN);
		return 0;
	}
	type = &types[s.at[0]];
	p->icmp.type = s.at[0];
	p->icmp.code = s.at[1];
	header = s.len < ICMP_HEADER ? ICMP_HEADER_MIN : ICMP_HEADER;
	if (type->kind != ICMP_OTHER && (header < ICMP_HEADER || s.have < ICMP_HEADER)) {
		p->error = transport_missing(s.len, ICMP_HEADER);
		return 0;
	}
	p->payload = (uint16_t)(p->l4 + header);
	p->payload_len = s.len - header;
	switch ((enum icmp_kind)type->kind) {
	case ICMP_QUESTION:
		p->icmp.id = get16(s.at + 4);
		return (uint32_t)p->icmp.id << 16 | (uint32_t)type->question << 8;
	case ICMP_ANSWER:
		p->icmp.id = get16(s.at + 4);
		return (uint32_t)type->question << 24 | p->icmp.id;
	case ICMP_ERROR:
		p->flags |= PACKET_ICMP_ERROR;
		break;
	case ICMP_OTHER:
		break;
	}
	return get16(s.at);
}

/* RFC 2637 §4.1: key and sequence number changed their meaning, and an ack may follow. */
static uint32_t
gre_v1(struct packet *p, struct segment s)
{
	uint16_t flags = get16(s.at), len;
	uint32_t header = GRE_V1_HEADER;

	header += (flags & GRE_SEQUENCE ? 4u : 0) + (flags & GRE_ACK ? 4u : 0);
	if (s.len < header || s.have < GRE_V1_HEADER) {
		p->error = transport_missing(s.len, header);
		return 0;
	}
	len = get16(s.at + 4);
	if (len > s.len - header) {
		p->error = REASON_MALFORMED;
		return 0;
	}
	p->gre.version = 1;
	p->gre.call_id = get16(s.at + 6);
	p->payload = (uint16_t)(p->l4 + header);
	p->payload_len = len;
	return (uint32_t)PORT_GRE_CALL << 16 | p->gre.call_id;
}

/* RFC 2784, RFC 2890 */
static uint32_t
gre(struct packet *p, struct segment s)
{
	uint32_t header = GRE_HEADER;
	uint16_t flags, type;

	if (s.len < GRE_HEADER || s.have < GRE_HEADER) {
		p->error = transport_missing(s.len, GRE_HEADER);
		return 0;
	}
	flags = get16(s.at);
	type = get16(s.at + 2);
	if ((flags & (GRE_KEY | GRE_VERSION)) == (GRE_KEY | 1) && type == PORT_GRE_CALL)
		return gre_v1(p, s);
	header += flags & GRE_CHECKSUM ? 4 : 0;
	header += flags & GRE_KEY ? 4 : 0;
	header += flags & GRE_SEQUENCE ? 4 : 0;
	if (s.len < header) {
		p->error = REASON_MALFORMED;
		return 0;
	}
	p->payload = (uint16_t)(p->l4 + header);
	p->payload_len = s.len - header;
	return 0;
}

/* Protocols that are told apart by their number only. */
static uint32_t
other(struct packet *p, struct segment s)
{
	p->payload = p->l4;
	p->payload_len = s.len;
	return 0;
}

uint32_t
transport_decode(struct packet *p, struct segment s, uint8_t family)
{
	if (p->proto == PROTO_ICMP && family == 4)
		return icmp(p, s, icmp_types);
	if (p->proto == PROTO_ICMPV6 && family == 6)
		return icmp(p, s, icmpv6_types);
	if (p->proto == PROTO_GRE)
		return gre(p, s);
	return other(p, s);
}

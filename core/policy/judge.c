// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The judgement of packets that belong to no flow, of ICMP errors, and of sources.
 *
 * Nothing is remembered here: the answer depends on the packet, the sides and the policy alone.
 * Limits: none. Relies on: decode having filled the packet; sides having given the direction.
 */
#include "policy/judge.h"

static const struct judge_rule no_rule = { .mapping = NULL };

/* A packet from the middle of a connection: what follows a handshake, and does not end it all. */
static bool
is_midstream(const struct packet *p)
{
	return !(p->tcp.flags & (TCP_SYN | TCP_RST));
}

/* From outside, to a port that is open or not. */
static enum reason
came_without_syn(const struct policy *policy, const struct connection *connection,
	const struct packet *p, struct judge_rule *rule)
{
	if (is_midstream(p) && policy->midstream == MIDSTREAM_ANY)
		return REASON_MID_STREAM;
	rule->mapping = mappings_match(&connection->mappings, p);
	return rule->mapping ? REASON_NO_HANDSHAKE : REASON_UNSOLICITED;
}

/* TCP without the SYN of RFC 9293 §3.5 that begins a connection. */
static enum reason
first_without_syn(const struct policy *policy, const struct connection *connection,
	const struct packet *p, enum direction direction, struct judge_rule *rule)
{
	bool picked_up = is_midstream(p) && policy->midstream != MIDSTREAM_NONE;

	switch (direction) {
	case DIRECTION_OUT:
		return picked_up ? REASON_MID_STREAM : REASON_NO_HANDSHAKE;
	case DIRECTION_IN:
		return came_without_syn(policy, connection, p, rule);
	case DIRECTION_INTERNAL:
		return picked_up ? REASON_INTERNAL : REASON_NO_HANDSHAKE;
	case DIRECTION_TRANSIT:
		return picked_up ? REASON_TRANSIT : REASON_NO_HANDSHAKE;
	}
	return REASON_FAIL_CLOSED;
}

static bool
is_icmp(const struct packet *p)
{
	return p->proto == PROTO_ICMP || p->proto == PROTO_ICMPV6;
}

/* Looks the option up; true if it is switched on. */
static bool
option_allows(const struct connection *connection, enum icmp_option option, struct judge_rule *rule)
{
	rule->has_icmp_option = true;
	rule->icmp_option = option;
	return connection->icmp >> option & 1;
}

/* REASON_NONE: no option speaks of it. */
static enum reason
first_icmp(const struct connection *connection, const struct packet *p, enum direction direction,
	struct judge_rule *rule)
{
	enum icmp_option option;
	bool in = direction == DIRECTION_IN;

	switch (icmp_rule(p, direction, &option)) {
	case ICMP_UNGOVERNED:
		return REASON_NONE;
	case ICMP_NEEDED:
		return in ? REASON_ICMP_NEEDED : REASON_NONE;
	case ICMP_GOVERNED:
		/* A redirect must speak of a flow that is known; the engine has found none. */
		if (option_allows(connection, option, rule) &&
			!(in && p->flags & PACKET_ICMP_ERROR))
			return in ? REASON_ICMP_OPTION : REASON_NONE;
		return in ? REASON_UNSOLICITED : REASON_ICMP_REFUSED;
	}
	return REASON_FAIL_CLOSED;
}

/* Rule three: a static filter, or nothing. */
static enum reason
first_from_outside(
	const struct connection *connection, const struct packet *p, struct judge_rule *rule)
{
	rule->mapping = mappings_match(&connection->mappings, p);
	return rule->mapping ? REASON_PORT_MAPPING : REASON_UNSOLICITED;
}

static enum reason
first(const struct policy *policy, const struct connection *connection, const struct packet *p,
	enum direction direction, struct judge_rule *rule)
{
	enum reason reason;

	if (p->proto == PROTO_TCP && (p->tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
		return first_without_syn(policy, connection, p, direction, rule);
	if (is_icmp(p)) {
		reason = first_icmp(connection, p, direction, rule);
		if (reason != REASON_NONE)
			return reason;
	}
	switch (direction) {
	case DIRECTION_OUT:
		return REASON_OUTBOUND;
	case DIRECTION_IN:
		return first_from_outside(connection, p, rule);
	case DIRECTION_INTERNAL:
		return REASON_INTERNAL;
	case DIRECTION_TRANSIT:
		return REASON_TRANSIT;
	}
	return REASON_FAIL_CLOSED;
}

enum reason
judge_first(const struct policy *policy, const struct connection *connection,
	const struct packet *p, enum direction direction, struct judge_rule *ret_rule)
{
	struct judge_rule rule = no_rule;
	enum reason reason = first(policy, connection, p, direction, &rule);

	if (!connection->firewall && reason_verdict(reason) == VERDICT_DROP)
		reason = REASON_NO_FIREWALL;
	if (ret_rule)
		*ret_rule = rule;
	return reason;
}

enum reason
judge_error(const struct connection *connection, const struct packet *p, enum direction direction,
	struct judge_rule *ret_rule)
{
	struct judge_rule rule = no_rule;
	enum icmp_option option;
	bool in = direction == DIRECTION_IN;
	enum reason reason = REASON_ICMP_ERROR;

	if (icmp_rule(p, direction, &option) == ICMP_GOVERNED) {
		if (option_allows(connection, option, &rule))
			reason = in ? REASON_ICMP_OPTION : REASON_ICMP_ERROR;
		else if (connection->firewall)
			reason = in ? REASON_UNSOLICITED : REASON_ICMP_REFUSED;
	}
	if (ret_rule)
		*ret_rule = rule;
	return reason;
}

/* Nobody can have this source and talk to that destination. */
static bool
is_bogus(enum addr_scope src, enum addr_scope dst, enum way way)
{
	switch (src) {
	case ADDR_HOST:
	case ADDR_LINK:
		return false;
	case ADDR_LOOPBACK:
		/* Nor on any wire (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
		return dst != ADDR_LOOPBACK || way != WAY_UNKNOWN;
	case ADDR_UNSPECIFIED:
		/* Who has no address yet asks everybody for one (RFC 2131 §4.1, RFC 4862 §5.4). */
		return dst != ADDR_GROUP;
	case ADDR_GROUP:
	case ADDR_RESERVED:
		return true;
	}
	return true;
}

/* Against what the source of the packet knows of its way. */
static bool
belies_its_way(const struct sides *sides, const struct packet *p, enum addr_scope src,
	enum addr_scope dst, enum way way)
{
	struct tuple tuple;
	bool ours;

	if (way == WAY_UNKNOWN || sides_auto(sides) || src == ADDR_UNSPECIFIED)
		return false;
	/* What stays on the link is nobody's prefix. In IPv6 it may go to any neighbour (RFC 4861
	 * §7.2.2), and no router passes it on (RFC 4291 §2.5.6). */
	if (src == ADDR_LINK && (dst != ADDR_HOST || key_family(&p->key) == PN_ADDR_IPV6))
		return false;
	key_spell(&p->key, p->flags & PACKET_FROM_HI, &tuple);
	ours = sides_inside(sides, &tuple.src);
	return way == WAY_SENT ? !ours : ours;
}

bool
judge_spoofed(const struct connection *connection, const struct sides *sides,
	const struct packet *p, enum direction direction, enum way way)
{
	bool from_hi = p->flags & PACKET_FROM_HI;
	enum addr_scope src, dst;

	if (connection->anti_spoof == ANTI_SPOOF_OFF || !connection->firewall)
		return false;
	if (direction == DIRECTION_INTERNAL && way == WAY_UNKNOWN)
		return false;
	src = key_scope(&p->key, from_hi);
	dst = key_scope(&p->key, !from_hi);
	return is_bogus(src, dst, way) || belies_its_way(sides, p, src, dst, way);
}

enum direction
judge_direction(const struct connection *connection, const struct packet *p,
	enum direction direction, enum way way)
{
	bool is_sent = way == WAY_SENT;

	if (way == WAY_UNKNOWN || !connection->firewall)
		return direction;
	switch (direction) {
	case DIRECTION_OUT:
	case DIRECTION_IN:
		return is_sent ? DIRECTION_OUT : DIRECTION_IN;
	case DIRECTION_INTERNAL:
		return is_sent ? DIRECTION_INTERNAL : DIRECTION_IN;
	case DIRECTION_TRANSIT:
		if (is_sent)
			return DIRECTION_OUT;
		return key_scope(&p->key, !(p->flags & PACKET_FROM_HI)) == ADDR_HOST
			       ? DIRECTION_TRANSIT
			       : DIRECTION_IN;
	}
	return direction;
}

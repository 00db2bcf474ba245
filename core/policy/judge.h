/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What policy says of a packet that belongs to no flow.
 */
#ifndef POLICY_JUDGE_H
#define POLICY_JUDGE_H

#include "policy/policy.h"

/* What gave the answer, for who wants to know. */
struct judge_rule {
	const struct port_mapping *mapping; /* or NULL */
	bool has_icmp_option;
	enum icmp_option icmp_option;
};

/*
 * The three rules, for the first packet of a flow that no door awaits; `direction` is what
 * sides_direction() says of it. Returns the reason; its verdict is reason_verdict(). *ret_rule is
 * filled; it may be NULL.
 *
 * TCP that does not begin with a SYN is judged by the mid-stream rule here too. What cannot be the
 * middle of a connection that both ends know of, a lone RST or SYN+ACK, never begins a flow:
 * NO_HANDSHAKE, or UNSOLICITED where it comes from outside to a port that is not open. Errors of
 * ICMP are the engine's to judge before it asks here.
 *
 * Of ICMP_NEEDED the answer passes, but is no flow.
 */
enum reason judge_first(const struct policy *policy, const struct connection *connection,
	const struct packet *p, enum direction direction, struct judge_rule *ret_rule);

/*
 * An ICMP error that speaks of a known flow: ICMP_ERROR; or where an option must allow it (all that
 * leave, and redirects) and does not, ICMP_REFUSED, or UNSOLICITED for what comes in.
 */
enum reason judge_error(const struct connection *connection, const struct packet *p,
	enum direction direction, struct judge_rule *ret_rule);

/*
 * Is the source of this packet a lie? It is one that nobody can have: multicast, broadcast,
 * loopback on the wire, unspecified where nobody is asked for an address. Or, where its way is
 * known and sides are configured: it was sent from an address that is not ours, or has
 * come from outside with one that is. Sides that are found out tell of nobody whose an address is.
 */
bool judge_spoofed(const struct connection *connection, const struct sides *sides,
	const struct packet *p, enum direction direction, enum way way);

/*
 * Which way a first packet really goes that was seen on an interface of this connection: what is
 * sent goes out and what is received comes in, whatever sides make of addresses of the link, of
 * none (a host that asks for one), or of a source that need not be true. Only what is received for
 * a host elsewhere stays `transit`. Where the way is not known, sides are all there is.
 */
enum direction judge_direction(const struct connection *connection, const struct packet *p,
	enum direction direction, enum way way);

#endif

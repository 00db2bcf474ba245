// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asking an engine about one packet.
 *
 * The packet goes the way of every packet. Who gave the verdict is then found out from what the
 * engine has made of it and by asking the rooms below once more; they remember nothing, and hosts
 * keep the side they have, so they say the same. Where they do not, something else has decided (a
 * door, a full table), and no rule is told.
 *
 * Limits: one packet, no fragment. Relies on: interface numbers below ENGINE_IFACES.
 */
#include "engine-explain.h"

#include <assert.h>

#include "engine-private.h"

/* Makes the connection of the packet's interface, or that of all that match no other, be this one.
 * Only of one with interfaces may the way of a packet be known. */
static void
see_on(struct engine *e, const struct packet *p, const struct connection *on)
{
	assert(p->iface < ENGINE_IFACES);
	e->by_interface = on->interfaces && on->interfaces[0];
	e->by_peer = false;
	e->unmatched = on;
	e->ifaces[p->iface] = policy_connection_index(e->policy, on);
}

/* The rule that the engine has gone by. */
static void
find_rule(const struct engine *e, const struct packet *p, struct explanation *ex)
{
	struct judge_rule rule;
	enum reason reason;

	if (p->flags & PACKET_ICMP_ERROR && p->flow)
		reason = judge_error(ex->connection, p, ex->direction, &rule);
	else
		reason = judge_first(e->policy, ex->connection, p, ex->direction, &rule);
	if (reason == ex->reason)
		ex->rule = rule;
}

static const char *
find_helper(const struct engine *e, const struct packet *p)
{
	const struct flow_extra *extra =
		p->flow ? table_extra_get(e->table, &e->flows[p->flow]) : NULL;

	return extra && extra->session ? extra->helper : NULL;
}

void
engine_explain(struct engine *e, struct packet *p, const struct connection *on,
	struct explanation *ret_explanation)
{
	struct explanation ex = { 0 };
	struct batch batch = { .count = 1 };

	if (on)
		see_on(e, p, on);
	batch.packets[0] = *p;
	engine_process(e, &batch);
	*p = batch.packets[0];

	ex.reason = (enum reason)p->reason;
	/* What is wrong with a packet by itself is nobody's rule. */
	if (p->error == REASON_NONE && ex.reason != REASON_TCP_FLAGS) {
		ex.has_direction = true;
		ex.direction = engine_direction(e, p);
		ex.connection = engine_connection(e, p, ex.direction, &ex.way);
		find_rule(e, p, &ex);
		ex.helper = find_helper(e, p);
	}
	*ret_explanation = ex;
}

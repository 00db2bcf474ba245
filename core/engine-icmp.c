// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ICMP errors about packets of known flows.
 *
 * An error passes if its flow has really sent what it carries the head of, its source is no lie,
 * and no option of the flow's connection holds it back. It never makes a flow, never moves one on,
 * and never keeps one alive. Nothing is kept here.
 */
#include "engine-private.h"

/* Did the flow send that sequence number lately, in that direction (RFC 5927 §4.1)? */
static bool
has_sent(const struct flow *flow, unsigned dir, uint32_t seq)
{
	return flow->pkts[dir] && flow->tcp[dir].end - seq <= flow->tcp[!dir].max_win + 1;
}

/* The flow that an ICMP error speaks of: it must have sent what the error carries. */
static uint32_t
find_icmp_flow(struct engine *e, const struct packet *p)
{
	struct packet inner = { 0 };
	const struct flow *flow;
	bool from_hi;
	uint32_t index, seq;
	unsigned dir;

	if (decode_icmp_inner(p, &inner.key, &from_hi) < 0)
		return 0;
	index = table_find(e->table, &inner.key, table_hash(e->table, &inner.key));
	if (!index)
		return 0;
	flow = &e->flows[index];
	inner.flags = from_hi ? PACKET_FROM_HI : 0;
	dir = flow_dir(flow, &inner);
	if (flow->flags & FLOW_ALIAS) {
		index = flow->extra;
		flow = &e->flows[index];
	}
	if (!flow->pkts[dir] || flow_expired(e->timer, flow, e->now))
		return 0;
	if (decode_icmp_inner_seq(p, &seq) >= 0 && !has_sent(flow, dir, seq))
		return 0;
	return index;
}

bool
engine_icmp_error(struct engine *e, const struct packet *p, struct judgement *j)
{
	const struct connection *connection;
	enum way way;

	j->index = find_icmp_flow(e, p);
	if (!j->index)
		return false;
	j->direction = engine_direction(e, p);
	j->has_direction = true;
	connection = engine_connection(e, p, j->direction, &way);
	if (judge_spoofed(connection, e->sides, p, j->direction, way)) {
		j->reason = REASON_SPOOFED;
		return true;
	}
	connection = &e->policy->connections[e->flows[j->index].connection];
	j->reason = judge_error(connection, p, j->direction, NULL);
	return true;
}

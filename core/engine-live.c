// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What only a live firewall needs: flows that the kernel carries on by itself, flows that were
 * there before us, and time that passes without packets.
 *
 * A flow is offloaded once nothing more has to be looked at: both sides have spoken, a TCP
 * handshake is complete, and no helper watches. From then on its silence means nothing, so it does
 * not expire here; whoever offloaded it tells its end, and its counters then. If it ends here first
 * (a new policy, a parent that takes its children along), taken_back() is called, so that the
 * kernel stops.
 */
#include "engine-private.h"

#include "flow/tcp.h"

/* An offloaded flow of which nothing has been heard for so long (ns) is as good as ended: its end
 * was told, and lost. */
#define OFFLOADED_PATIENCE (120 * NSEC_PER_SEC)

/* All that has to be seen of a flow has been seen. */
static bool
is_settled(const struct engine *e, const struct flow *flow)
{
	const struct flow_extra *extra = table_extra_get(e->table, flow);

	if (flow->flags & FLOW_RESET || (extra && (extra->session || extra->door_pending)))
		return false;
	switch (key_proto(&flow->key)) {
	case PROTO_TCP:
		return flow->state == FLOW_TCP_ESTABLISHED && flow->flags & FLOW_SEEN_REPLY &&
		       flow->flags & (FLOW_SEEN_ORIG_ACK | FLOW_MIDSTREAM);
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		/* A question and its answer: over before it would pay. */
		return false;
	default:
		return flow->flags & FLOW_SEEN_REPLY;
	}
}

bool
engine_offload(struct engine *e, const struct packet *p)
{
	struct flow *flow = &e->flows[p->flow];

	/* The flow may have ended since; and of an ICMP error it is not the packet's own. */
	if (!p->flow || !key_equal(&flow->key, &p->key) || !is_settled(e, flow))
		return false;
	if (!(flow->flags & FLOW_OFFLOADED)) {
		flow->flags |= FLOW_OFFLOADED;
		e->stats.offloaded++;
	}
	return true;
}

bool
engine_is_answered(const struct engine *e, const struct packet *p)
{
	const struct flow *flow = &e->flows[p->flow];

	return p->flow && key_equal(&flow->key, &p->key) && flow->flags & FLOW_SEEN_REPLY;
}

/* The flow of a conversation as somebody else names it; 0: none. */
static uint32_t
find_tuple(const struct engine *e, const struct tuple *tuple, bool *ret_from_hi)
{
	struct key key;
	uint32_t index;

	*ret_from_hi = key_make(&key, tuple);
	index = table_find(e->table, &key, table_hash(e->table, &key));
	if (index && e->flows[index].flags & FLOW_ALIAS)
		index = e->flows[index].extra;
	return index;
}

/* Counters that somebody else kept, in the order of the flow's own sides. */
static void
set_counters(struct flow *flow, bool from_hi, const struct engine_counters *counters)
{
	unsigned turned = !(flow->flags & FLOW_FROM_HI) != !from_hi;

	for (unsigned dir = 0; dir < 2; dir++) {
		uint64_t pkts = counters->packets[dir ^ turned];

		if (pkts < flow->pkts[dir])
			continue;
		flow->pkts[dir] = pkts < UINT32_MAX ? (uint32_t)pkts : UINT32_MAX;
		flow->bytes[dir] = counters->bytes[dir ^ turned];
	}
}

bool
engine_end_offloaded(
	struct engine *e, const struct tuple *tuple, const struct engine_counters *counters)
{
	bool from_hi;
	uint32_t index = find_tuple(e, tuple, &from_hi);
	struct flow *flow = &e->flows[index];

	if (!index || !(flow->flags & FLOW_OFFLOADED))
		return false;
	set_counters(flow, from_hi, counters);
	flow->flags &= (uint16_t)~FLOW_OFFLOADED; /* nothing is left to take back */
	engine_end_flow(e, index, FLOW_END_CLOSED);
	return true;
}

bool
engine_count_offloaded(
	struct engine *e, const struct tuple *tuple, const struct engine_counters *counters)
{
	bool from_hi;
	uint32_t index = find_tuple(e, tuple, &from_hi);

	if (!index || !(e->flows[index].flags & FLOW_OFFLOADED))
		return false;
	set_counters(&e->flows[index], from_hi, counters);
	e->flows[index].last = e->now;
	return true;
}

/* What the flow would be let in for today; what came through a door that is forgotten is no more
 * than something that goes on. */
static enum reason
adopted_reason(struct engine *e, const struct packet *p, struct admission *a)
{
	struct packet first = *p;
	enum reason reason;
	enum way way;

	a->direction = engine_direction(e, p);
	a->connection = engine_connection(e, p, a->direction, &way);
	if (p->proto == PROTO_TCP)
		first.tcp.flags = TCP_SYN;
	reason = judge_first(e->policy, a->connection, &first, a->direction, NULL);
	return reason_verdict(reason) == VERDICT_ACCEPT ? reason : REASON_MID_STREAM;
}

bool
engine_adopt(struct engine *e, const struct tuple *tuple, bool offloaded,
	const struct engine_counters *counters)
{
	struct packet p = { .proto = tuple->proto, .time = e->now, .iface = UINT16_MAX };
	struct admission a = { .by_door = false };
	bool from_hi = key_make(&p.key, tuple);
	struct flow *flow;
	uint32_t index;

	p.flags = from_hi ? PACKET_FROM_HI : 0;
	p.hash = table_hash(e->table, &p.key);
	if (table_find(e->table, &p.key, p.hash))
		return false;
	a.reason = a.alone = adopted_reason(e, &p, &a);
	p.tcp.flags = TCP_ACK;
	index = engine_begin_flow(e, &p, &a);
	if (!index)
		return false;
	flow = &e->flows[index];
	flow->flags |= FLOW_SEEN_REPLY | (offloaded ? FLOW_OFFLOADED : 0);
	if (p.proto == PROTO_TCP)
		flow->flags |= FLOW_UNTRACKED;
	else
		engine_first_reply(e, index, p.proto);
	timer_update(e->timer, e->flows, index);
	set_counters(flow, from_hi, counters);
	e->stats.adopted++;
	return true;
}

void
engine_tick(struct engine *e, uint64_t now)
{
	if (now <= e->now)
		return;
	e->now = now;
	if (timer_due(e->timer, now))
		engine_expire(e);
}

int
engine_set_inside(struct engine *e, const struct prefix *inside, unsigned n)
{
	return sides_set_nets(e->sides, inside, n);
}

/* What engine_each_flow() carries through table_each(). */
struct visit {
	struct engine *e;
	void (*visit)(void *context, const struct flow_event *flow);
	void *context;
};

static void
visit_flow(void *context, uint32_t index)
{
	const struct visit *v = context;
	const struct flow *flow = &v->e->flows[index];
	const struct flow_event event = {
		.flow = flow,
		.extra = table_extra_get(v->e->table, flow),
		.id = table_flow_id(v->e->table, flow),
		.time = v->e->now,
		.index = index,
	};

	v->visit(v->context, &event);
}

void
engine_each_flow(struct engine *e, void (*visit)(void *context, const struct flow_event *flow),
	void *context)
{
	struct visit v = { e, visit, context };

	table_each(e->table, visit_flow, &v);
}

void
engine_each_door(struct engine *e, void (*visit)(void *context, const struct expectation *door),
	void *context)
{
	expects_each(e->expects, visit, context);
}

bool
engine_stays(struct engine *e, uint32_t index)
{
	struct flow *flow = &e->flows[index];
	uint64_t last = flow->last;

	if (!(flow->flags & FLOW_OFFLOADED) || e->now - last >= OFFLOADED_PATIENCE)
		return false;
	/* It is looked at again as if it had been used now: by its true time it would stand where
	 * it stood, and be found overdue again at once, without end. */
	timer_remove(e->timer, e->flows, index);
	flow->last = e->now;
	timer_add(e->timer, e->flows, index);
	flow->last = last;
	return true;
}

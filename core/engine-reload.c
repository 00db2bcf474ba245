// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How one policy takes the place of another.
 *
 * A new policy takes effect between two packets. Flows stay, with what is known of them; but those
 * that the new one would not have let in end, unless it says that they may stay. What takes memory
 * at the start (tables, plugins and their options) stays as it is until the next start.
 */
#include "engine-private.h"

/* A change of policy, as the flows that are open see it. */
struct reload {
	struct engine *e;
	const struct policy *old;
	/* By their index in the old policy: what connections are now, or NULL: the peer tells. */
	const struct connection *now[CONNECTIONS_MAX];
	GArray *over; /* uint32_t: indices of flows that end */
};

/* The connection that takes an interface as another one did. */
static const struct connection *
renamed_connection(const struct policy *policy, const struct connection *old)
{
	for (char **pattern = old->interfaces; pattern && *pattern; pattern++) {
		for (unsigned i = 0; i < policy->n_connections; i++) {
			char *const *interfaces = policy->connections[i].interfaces;

			if (interfaces &&
				g_strv_contains((const char *const *)interfaces, *pattern))
				return &policy->connections[i];
		}
	}
	return NULL;
}

/*
 * Of a flow it is not kept on which interface it was seen. Where interfaces tell connections apart,
 * before or after, a flow stays with that of the same name, or else with one for the same
 * interfaces. Peers can be asked anew.
 */
static void
pair_connections(struct reload *reload, bool by_interface)
{
	const struct policy *policy = reload->e->policy;

	for (unsigned i = 0; by_interface && i < reload->old->n_connections; i++) {
		const struct connection *old = &reload->old->connections[i];

		reload->now[i] = policy_connection_find(policy, old->name);
		if (!reload->now[i])
			reload->now[i] = renamed_connection(policy, old);
	}
}

static uint8_t
connection_now(const struct reload *reload, const struct flow *flow)
{
	const struct engine *e = reload->e;
	const struct connection *c = reload->now[flow->connection];

	if (!c)
		c = engine_connection_of_peer(
			e, &flow->key, flow->flags & FLOW_FROM_HI, flow_direction(flow));
	return policy_connection_index(e->policy, c);
}

/*
 * Would the flow be let in today? Its first packet is made up again from what is known of it. Doors
 * are no matter of policy, and neither is what was picked up, unless less of that is allowed now.
 */
static bool
would_be_let_in(const struct reload *reload, const struct flow *flow)
{
	const struct policy *policy = reload->e->policy;
	const struct connection *c = &policy->connections[flow->connection];
	struct packet p = { .key = flow->key, .proto = key_proto(&flow->key), .ttl = 255 };
	bool picked_up = flow->reason == REASON_MID_STREAM;
	struct tuple tuple;

	if (flow->reason == REASON_EXPECTED)
		return true;
	if (picked_up && policy->midstream >= reload->old->midstream)
		return true;
	p.flags = flow->flags & FLOW_FROM_HI ? PACKET_FROM_HI : 0;
	flow_tuple(flow, &tuple);
	if (p.proto == PROTO_TCP) {
		p.tcp.flags = picked_up ? TCP_ACK : TCP_SYN;
	} else if (p.proto == PROTO_ICMP || p.proto == PROTO_ICMPV6) {
		p.icmp.type = (uint8_t)(tuple.dst_port >> 8);
		p.icmp.code = (uint8_t)tuple.dst_port;
	}
	return reason_verdict(judge_first(policy, c, &p, flow_direction(flow), NULL)) ==
	       VERDICT_ACCEPT;
}

static void
review_flow(void *context, uint32_t index)
{
	struct reload *reload = context;
	struct flow *flow = &reload->e->flows[index];

	flow->connection = connection_now(reload, flow);
	if (!reload->e->policy->keep_established && !would_be_let_in(reload, flow))
		g_array_append_val(reload->over, index);
}

/* With a flow goes what came through its doors and would not have come otherwise. Chains are at
 * most policy->doors.max_depth deep, so this goes no deeper. */
static void
end_with_children(struct engine *e, uint32_t index)
{
	const struct flow_extra *extra = table_extra_get(e->table, &e->flows[index]);
	uint32_t next;

	for (uint32_t at = extra ? extra->first_child : 0; at; at = next) {
		const struct flow_extra *child = table_extra_get(e->table, &e->flows[at]);

		next = child->next_sibling;
		if (reason_verdict((enum reason)child->alone) == VERDICT_DROP)
			end_with_children(e, at);
	}
	/* Whoever it was on our side does not know: what it goes on saying is not the middle of
	 * something. */
	if (key_proto(&e->flows[index].key) == PROTO_TCP)
		refused_add(&e->refused, &e->flows[index].key, e->now);
	engine_end_flow(e, index, FLOW_END_POLICY);
}

/* Ending one flow may end its children, which may be in the list too. */
static void
end_flows(struct engine *e, const GArray *over)
{
	for (guint i = 0; i < over->len; i++) {
		uint32_t index = g_array_index(over, uint32_t, i);

		if (key_family(&e->flows[index].key))
			end_with_children(e, index);
	}
}

void
engine_set_policy(struct engine *e, const struct policy *policy)
{
	struct reload reload = {
		.e = e,
		.old = e->policy,
		.over = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
	};
	struct policy *old = e->policy;
	bool by_interface = e->by_interface;

	e->policy = policy_ref(policy);
	engine_adopt_policy(e);
	pair_connections(&reload, by_interface || e->by_interface);
	timer_set_timeouts(e->timer, policy->table.timeouts);
	expects_set_limits(e->expects, &policy->doors.limits);
	if (e->host)
		host_set_policy(e->host, policy);
	table_each(e->table, review_flow, &reload);
	end_flows(e, reload.over);
	g_array_unref(reload.over);
	policy_unref(old);
}

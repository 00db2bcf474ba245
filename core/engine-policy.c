// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policy at work: which connection a packet belongs to, what a trigger opens, and how one
 * policy takes the place of another.
 *
 * Which connection an interface belongs to is looked up once, when its first packet comes, and kept
 * until the source or the policy changes. Where no interface tells, the outside peer does; what
 * matches nothing belongs to the connection that the engine was told, or else to "default".
 *
 * A new policy takes effect between two packets. Flows stay, with what is known of them; but those
 * that the new one would not have let in end, unless it says that they may stay. What takes memory
 * at the start (tables, plugins and their options) stays as it is until the next start.
 */
#include "engine-private.h"

#include <string.h>

#include "policy/door.h"

/* Values of engine.ifaces beside the index of a connection. */
enum {
	IFACE_NOT_SEEN = UINT16_MAX,
	IFACE_NO_MATCH = UINT16_MAX - 1,
};

/* Who a trigger's doors belong to, in place of a helper. */
static const char trigger_helper[] = "port-trigger";

void
engine_forget_interfaces(struct engine *e)
{
	memset(e->ifaces, 0xff, sizeof(e->ifaces));
}

/* The private side of a shared connection is what is protected: it does not tell from what. */
static uint16_t
look_up_interface(const struct engine *e, const struct packet *p)
{
	const char *name = e->interface_name ? e->interface_name(e->context, p) : NULL;
	const struct connection *c = policy_connection_of_interface(e->policy, name);

	if (!c || c->role == ROLE_PRIVATE)
		return IFACE_NO_MATCH;
	return policy_connection_index(e->policy, c);
}

/* The connection of the packet's interface, or NULL. */
static const struct connection *
connection_of_interface(struct engine *e, const struct packet *p)
{
	uint16_t found;

	if (!e->by_interface)
		return NULL;
	if (p->iface >= ENGINE_IFACES)
		return policy_connection_of_interface(
			e->policy, e->interface_name ? e->interface_name(e->context, p) : NULL);
	found = e->ifaces[p->iface];
	if (found == IFACE_NOT_SEEN)
		found = e->ifaces[p->iface] = look_up_interface(e, p);
	return found < e->policy->n_connections ? &e->policy->connections[found] : NULL;
}

static const struct connection *
connection_of_peer(const struct engine *e, const struct key *key, bool from_hi, enum direction d)
{
	const struct connection *c;
	struct tuple tuple;

	if (!e->by_peer || d == DIRECTION_INTERNAL || d == DIRECTION_TRANSIT)
		return e->unmatched;
	key_spell(key, from_hi, &tuple);
	c = policy_connection_of_peer(e->policy, d == DIRECTION_IN ? &tuple.src : &tuple.dst);
	return c ? c : e->unmatched;
}

const struct connection *
engine_connection(
	struct engine *e, const struct packet *p, enum direction direction, enum way *ret_way)
{
	const struct connection *c = connection_of_interface(e, p);

	/* Of an interface that no connection names it is not known what lies behind it. */
	*ret_way = c ? (enum way)p->way : WAY_UNKNOWN;
	if (c)
		return c;
	return connection_of_peer(e, &p->key, p->flags & PACKET_FROM_HI, direction);
}

bool
engine_belies_flow(struct engine *e, const struct packet *p, const struct flow *flow, unsigned dir)
{
	enum direction direction = flow_direction(flow);
	const struct connection *c = connection_of_interface(e, p);
	enum way way;

	if (!c || !c->firewall || c->anti_spoof == ANTI_SPOOF_OFF || sides_auto(e->sides))
		return false;
	if (direction != DIRECTION_OUT && direction != DIRECTION_IN)
		return false;
	way = (direction == DIRECTION_OUT) == (dir == DIR_ORIGINAL) ? WAY_SENT : WAY_RECEIVED;
	return p->way != way;
}

/* The door of one trigger: from the peer that was asked, to whoever asked it. */
static void
open_trigger(struct engine *e, uint32_t index, const struct tuple *tuple,
	const struct port_trigger *trigger)
{
	const struct flow_extra *extra = table_extra_get(e->table, &e->flows[index]);
	const struct expectation *opened;
	bool refreshed;
	struct expectation door = {
		.parent_id = table_flow_id(e->table, &e->flows[index]),
		.root_id = extra->root_id,
		.deadline = e->now + trigger->timeout * NSEC_PER_SEC,
		.parent = index,
		.timeout = trigger->timeout,
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST_PORT,
		.flags = PN_EXPECT_OUTLIVE,
		.dst_port = trigger->open.first,
		.dst_port_last = trigger->open.last,
		.max_flows = UINT16_MAX,
		.proto = trigger->open_proto,
		.depth = 1,
		.src_bits = tuple->family == PN_ADDR_IPV4 ? 32 : 128,
		.src = tuple->dst,
		.dst = tuple->src,
		.registrant = tuple->src,
		.helper = trigger_helper,
		.control = *tuple,
	};
	struct expectation_event event = {
		.expectation = &door,
		.message = trigger_helper,
		.time = e->now,
	};
	int r = expects_open(
		e->expects, &door, e->policy->doors.limits.per_flow, e->now, &refreshed, &opened);

	if (r >= 0 && refreshed)
		return;
	event.action = r < 0 ? EXPECT_REFUSED : EXPECT_OPENED;
	event.refusal = r < 0 ? door_refusal_name(r) : NULL;
	if (r >= 0)
		event.expectation = opened;
	else
		e->stats.refused_doors++;
	record_expectation(e->recorders, &event);
}

void
engine_pull_triggers(struct engine *e, const struct connection *c, uint32_t index)
{
	struct tuple tuple;

	flow_tuple(&e->flows[index], &tuple);
	for (unsigned i = 0; i < c->n_triggers; i++) {
		if (!trigger_matches(&c->triggers[i], tuple.proto, tuple.dst_port))
			continue;
		if (!table_extra(e->table, &e->flows[index])) {
			e->stats.refused_doors++;
			return;
		}
		open_trigger(e, index, &tuple, &c->triggers[i]);
	}
}

/* A flow that was open when the policy changed. */
struct reload {
	struct engine *e;
	const struct policy *old;
	GArray *over; /* uint32_t: indices of flows that end */
};

/* The connection that is what the flow's was. */
static uint8_t
same_connection(const struct reload *reload, const struct flow *flow, bool *ret_gone)
{
	const struct engine *e = reload->e;
	const char *name = reload->old->connections[flow->connection].name;
	const struct connection *c = policy_connection_find(e->policy, name);

	*ret_gone = !c;
	if (!c)
		c = connection_of_peer(
			e, &flow->key, flow->flags & FLOW_FROM_HI, flow_direction(flow));
	return policy_connection_index(e->policy, c);
}

/*
 * Would the flow be let in today? Its first packet is made up again from what is known of it. What
 * came through a door, or was picked up mid-stream, was not let in by what may have changed here.
 */
static bool
would_be_let_in(const struct engine *e, const struct flow *flow)
{
	const struct connection *c = &e->policy->connections[flow->connection];
	struct packet p = { .key = flow->key, .proto = key_proto(&flow->key), .ttl = 255 };
	struct tuple tuple;

	if (flow->reason != REASON_PORT_MAPPING && flow->reason != REASON_ICMP_OPTION &&
		flow->reason != REASON_NO_FIREWALL)
		return true;
	p.flags = flow->flags & FLOW_FROM_HI ? PACKET_FROM_HI : 0;
	flow_tuple(flow, &tuple);
	if (p.proto == PROTO_TCP) {
		p.tcp.flags = TCP_SYN;
	} else if (p.proto == PROTO_ICMP || p.proto == PROTO_ICMPV6) {
		p.icmp.type = (uint8_t)(tuple.dst_port >> 8);
		p.icmp.code = (uint8_t)tuple.dst_port;
	}
	return reason_verdict(judge_first(e->policy, c, &p, flow_direction(flow), NULL)) ==
	       VERDICT_ACCEPT;
}

static void
review_flow(void *context, uint32_t index)
{
	struct reload *reload = context;
	struct flow *flow = &reload->e->flows[index];
	bool gone;

	flow->connection = same_connection(reload, flow, &gone);
	if (!reload->e->policy->keep_established && !would_be_let_in(reload->e, flow))
		g_array_append_val(reload->over, index);
}

/* Ending one flow may end its children, which may be in the list too. */
static void
end_flows(struct engine *e, const GArray *over)
{
	for (guint i = 0; i < over->len; i++) {
		uint32_t index = g_array_index(over, uint32_t, i);

		if (key_family(&e->flows[index].key))
			engine_end_flow(e, index, FLOW_END_POLICY);
	}
}

void
engine_adopt_policy(struct engine *e)
{
	const struct policy *policy = e->policy;
	const struct connection *c =
		e->unmatched_name ? policy_connection_find(policy, e->unmatched_name) : NULL;

	e->unmatched = c ? c : &policy->connections[0];
	e->decode.verify_checksums = policy->verify_checksums && !e->trust_checksums;
	e->by_interface = e->by_peer = false;
	for (unsigned i = 0; i < policy->n_connections; i++) {
		e->by_interface |= policy->connections[i].interfaces != NULL;
		e->by_peer |= policy->connections[i].n_networks > 0;
	}
	engine_forget_interfaces(e);
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

	e->policy = policy_ref(policy);
	engine_adopt_policy(e);
	timer_set_timeouts(e->timer, policy->table.timeouts);
	expects_set_limits(e->expects, &policy->doors.limits);
	if (e->host)
		host_set_policy(e->host, policy);
	table_each(e->table, review_flow, &reload);
	end_flows(e, reload.over);
	g_array_unref(reload.over);
	policy_unref(old);
}

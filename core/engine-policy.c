// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policy at work: which connection a packet belongs to, which way it goes, and what a trigger
 * opens.
 *
 * Which connection an interface belongs to is looked up once, when its first packet comes, and kept
 * until the source or the policy changes. Where no interface tells, the outside peer does; what
 * matches nothing belongs to the connection that the engine was told, or else to "default".
 */
#include "engine-private.h"

#include <string.h>

#include "policy/door.h"

/* Values of engine.ifaces beside the index of a connection. */
enum {
	IFACE_NOT_SEEN = UINT16_MAX,
	IFACE_NO_MATCH = UINT16_MAX - 1,
	IFACE_PRIVATE = UINT16_MAX - 2,
};

/* Who a trigger's doors belong to, in place of a helper. */
static const char trigger_helper[] = "port-trigger";

void
engine_forget_interfaces(struct engine *e)
{
	memset(e->ifaces, 0xff, sizeof(e->ifaces));
}

static uint16_t
look_up_interface(const struct engine *e, const struct packet *p)
{
	const char *name = e->interface_name ? e->interface_name(e->context, p) : NULL;
	const struct connection *c = policy_connection_of_interface(e->policy, name);

	if (!c)
		return IFACE_NO_MATCH;
	if (c->role == ROLE_PRIVATE)
		return IFACE_PRIVATE;
	return policy_connection_index(e->policy, c);
}

static uint16_t
iface_of(struct engine *e, const struct packet *p)
{
	uint16_t found = IFACE_NOT_SEEN;

	if (!e->by_interface)
		return IFACE_NO_MATCH;
	if (p->iface < ENGINE_IFACES)
		found = e->ifaces[p->iface];
	if (found == IFACE_NOT_SEEN)
		found = look_up_interface(e, p);
	if (p->iface < ENGINE_IFACES)
		e->ifaces[p->iface] = found;
	return found;
}

/* The private side of a shared connection is what is protected: it does not tell from what. */
static const struct connection *
connection_of_interface(struct engine *e, const struct packet *p)
{
	uint16_t found = iface_of(e, p);

	return found < e->policy->n_connections ? &e->policy->connections[found] : NULL;
}

enum direction
engine_direction(struct engine *e, const struct packet *p)
{
	enum direction d = sides_direction(e->sides, &p->key, p->flags & PACKET_FROM_HI);
	bool internal = d == DIRECTION_INTERNAL;
	const struct connection *c;

	if (p->way == WAY_UNKNOWN)
		return d;
	if (!e->hooked) {
		c = connection_of_interface(e, p);
		return c ? judge_direction(c, p, d, (enum way)p->way) : d;
	}
	if (iface_of(e, p) == IFACE_PRIVATE && p->way == WAY_RECEIVED)
		return internal || d == DIRECTION_IN ? DIRECTION_INTERNAL : DIRECTION_OUT;
	if (p->way == WAY_RECEIVED)
		return DIRECTION_IN;
	return internal ? DIRECTION_INTERNAL : DIRECTION_OUT;
}

/* Is the way of this packet to be believed? */
static bool
knows_way(struct engine *e, const struct packet *p, const struct connection *by_interface)
{
	return by_interface || (e->hooked && iface_of(e, p) != IFACE_PRIVATE);
}

const struct connection *
engine_connection_of_peer(
	const struct engine *e, const struct key *key, bool from_hi, enum direction d)
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
	*ret_way = knows_way(e, p, c) ? (enum way)p->way : WAY_UNKNOWN;
	if (c)
		return c;
	return engine_connection_of_peer(e, &p->key, p->flags & PACKET_FROM_HI, direction);
}

bool
engine_belies_flow(struct engine *e, const struct packet *p, const struct flow *flow, unsigned dir)
{
	enum direction direction = flow_direction(flow);
	const struct connection *c = connection_of_interface(e, p);
	enum way way;

	if (!knows_way(e, p, c))
		return false;
	if (!c)
		c = &e->policy->connections[flow->connection];
	if (!c->firewall || c->anti_spoof == ANTI_SPOOF_OFF || sides_auto(e->sides))
		return false;
	/* Both ends are on one side: neither goes a way of its own. */
	if (direction != DIRECTION_OUT && direction != DIRECTION_IN)
		return judge_spoofed(c, e->sides, p, direction, (enum way)p->way);
	way = (direction == DIRECTION_OUT) == (dir == DIR_ORIGINAL) ? WAY_SENT : WAY_RECEIVED;
	return p->way != way;
}

/* A recorder is told of what has come of a trigger. */
static void
tell_trigger(struct engine *e, const struct expectation *door, int refusal)
{
	struct expectation_event event = {
		.action = refusal ? EXPECT_REFUSED : EXPECT_OPENED,
		.expectation = door,
		.message = trigger_helper,
		.refusal = refusal ? door_refusal_name(refusal) : NULL,
		.time = e->now,
	};

	e->stats.refused_doors += refusal != 0;
	record_expectation(e->recorders, &event);
}

static void
open_trigger(struct engine *e, uint32_t index, const struct tuple *tuple,
	const struct port_trigger *trigger)
{
	const struct flow_extra *extra = table_extra_get(e->table, &e->flows[index]);
	const struct policy_doors *doors = &e->policy->doors;
	const struct expectation *opened = NULL;
	struct expectation door;
	bool refreshed = false;
	int r = door_of_trigger(e->policy, trigger, tuple, extra->depth, &door);

	door.parent_id = table_flow_id(e->table, &e->flows[index]);
	door.root_id = extra->root_id;
	door.parent = index;
	door.deadline = e->now + door.timeout * NSEC_PER_SEC;
	door.helper = trigger_helper;
	if (r >= 0)
		r = expects_open(
			e->expects, &door, doors->limits.per_flow, e->now, &refreshed, &opened);
	if (!refreshed)
		tell_trigger(e, r < 0 ? &door : opened, r);
}

void
engine_pull_triggers(struct engine *e, const struct connection *c, uint32_t index)
{
	struct tuple tuple;

	/* What was picked up opens nothing: nobody knows who began it. */
	if (e->flows[index].flags & FLOW_MIDSTREAM)
		return;
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

void
engine_adopt_policy(struct engine *e)
{
	const struct policy *policy = e->policy;
	const struct connection *c =
		e->unmatched_name ? policy_connection_find(policy, e->unmatched_name) : NULL;

	e->unmatched = c ? c : &policy->connections[0];
	e->decode.verify_checksums = policy->verify_checksums && !e->hooked;
	e->by_interface = e->by_peer = false;
	for (unsigned i = 0; i < policy->n_connections; i++) {
		e->by_interface |=
			policy->connections[i].interfaces && policy->connections[i].interfaces[0];
		e->by_peer |= policy->connections[i].n_networks > 0;
	}
	engine_forget_interfaces(e);
}

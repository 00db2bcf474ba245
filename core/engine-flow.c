// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How flows begin and end.
 *
 * A flow begins in engine_begin_flow(): its record, its tie to a door, its helper, and the word to
 * the recorders. It ends in engine_end_flow() and nowhere else: by silence, in a full table, by a
 * new SYN on a closed connection, by a helper that ends descendants, or by a parent that takes its
 * children along.
 */
#include "engine-private.h"

#include <errno.h>
#include <string.h>

#include "flow/tcp.h"
#include "helper/session.h"

static void
tell_flow(struct engine *e, uint32_t index, bool begins, enum flow_end cause)
{
	const struct flow *flow = &e->flows[index];
	struct flow_event event = {
		.flow = flow,
		.extra = table_extra_get(e->table, flow),
		.id = table_flow_id(e->table, flow),
		.time = e->now,
		.index = index,
		.cause = cause,
	};

	if (begins)
		record_flow_begin(e->recorders, &event);
	else
		record_flow_end(e->recorders, &event);
}

void
engine_tell_open_flow(void *context, uint32_t index)
{
	tell_flow(context, index, false, FLOW_END_SHUTDOWN);
}

static void
tell_match(struct engine *e, const struct expectation *door, uint32_t child)
{
	struct expectation_event event = {
		.action = EXPECT_MATCHED,
		.expectation = door,
		.child_flow_id = table_flow_id(e->table, &e->flows[child]),
		.time = e->now,
	};

	record_expectation(e->recorders, &event);
}

void
engine_door_ended(void *context, const struct expectation *door, enum expect_action action)
{
	struct engine *e = context;
	struct expectation_event event = {
		.action = action,
		.expectation = door,
		.time = e->now,
	};

	record_expectation(e->recorders, &event);
}

/* A flow ends before its time; the note tells a reader of its record why. */
static void
cut_short(struct engine *e, uint32_t index, const char *why)
{
	struct flow_extra *extra = table_extra_get(e->table, &e->flows[index]);

	if (extra)
		(void)flow_extra_note(extra, "ended", why, strlen(why));
	engine_end_flow(e, index, FLOW_END_CLOSED);
}

void
engine_end_agreed(struct engine *e, uint32_t index)
{
	struct flow *flow = &e->flows[index];
	const struct flow_extra *extra = table_extra_get(e->table, flow), *child;
	uint32_t at, next;

	if (!extra)
		return;
	expects_close_flow(e->expects, table_flow_id(e->table, flow), NULL, false);
	/* Chains are at most policy->doors.max_depth deep, so this goes no deeper. */
	for (at = extra->first_child; at; at = next) {
		child = table_extra_get(e->table, &e->flows[at]);
		next = child->next_sibling;
		if (child->die_with_parent)
			cut_short(e, at, "with its control connection");
	}
}

void
engine_end_flow(struct engine *e, uint32_t index, enum flow_end cause)
{
	struct flow *flow = &e->flows[index];
	struct flow_extra *extra = table_extra_get(e->table, flow);

	if (extra) {
		if (extra->session) {
			host_set_time(e->host, e->now);
			session_close(e->host, index);
		}
		engine_end_agreed(e, index);
	}
	if (e->recorders->wants_flows)
		tell_flow(e, index, false, cause);
	if (flow->flags & FLOW_OFFLOADED && e->taken_back)
		e->taken_back(e->context, flow);
	table_remove(e->table, index);
}

void
engine_end_descendant(void *context, uint32_t index)
{
	cut_short(context, index, "by a helper");
}

void
engine_expire(struct engine *e)
{
	uint32_t index;

	while ((index = timer_next_expired(e->timer, e->flows, e->now))) {
		if (engine_stays(e, index))
			continue;
		e->stats.expired++;
		engine_end_flow(e, index, FLOW_END_TIMEOUT);
	}
	expects_expire(e->expects, e->now);
	defrag_expire(e->defrag, e->now);
}

/* The state of a flow that is no TCP, before and after the first reply. */
static enum flow_state
plain_state(uint8_t proto, bool replied)
{
	switch (proto) {
	case PROTO_UDP:
		return replied ? FLOW_UDP_REPLIED : FLOW_UDP_NEW;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return replied ? FLOW_ICMP_REPLIED : FLOW_ICMP_NEW;
	case PROTO_GRE:
		return replied ? FLOW_GRE_REPLIED : FLOW_GRE_NEW;
	default:
		return replied ? FLOW_OTHER_REPLIED : FLOW_OTHER_NEW;
	}
}

/* A record for a new flow. Where there is no room, the oldest that nobody has answered goes. */
static int
make_room_and_add(struct engine *e, const struct packet *p, uint32_t *ret_index)
{
	uint32_t victim;
	int r;

	r = table_add(e->table, &p->key, p->hash, e->now, ret_index);
	if (r != -ENOSPC)
		return r;
	victim = timer_oldest_unreplied(e->timer, e->flows);
	if (!victim) {
		e->stats.refused_flows++;
		return r;
	}
	e->stats.evicted++;
	engine_end_flow(e, victim, FLOW_END_EVICTED);
	return table_add(e->table, &p->key, p->hash, e->now, ret_index);
}

static uint32_t
add_flow(struct engine *e, const struct packet *p, const struct admission *a)
{
	struct flow *flow;
	uint32_t index;

	if (make_room_and_add(e, p, &index) < 0)
		return 0;
	flow = &e->flows[index];
	flow->flags = (uint16_t)(a->direction << FLOW_DIRECTION_SHIFT);
	if (p->flags & PACKET_FROM_HI)
		flow->flags |= FLOW_FROM_HI;
	flow->reason = (uint8_t)a->reason;
	flow->connection = policy_connection_index(e->policy, a->connection);
	if (p->proto == PROTO_TCP)
		(void)tcp_begin(flow, p, (p->tcp.flags & (TCP_SYN | TCP_ACK)) != TCP_SYN);
	else
		flow->state = (uint8_t)plain_state(p->proto, false);
	timer_add(e->timer, e->flows, index);
	e->stats.flows[a->reason]++;
	return index;
}

/* What comes back through a door for calls carries the other side's number: a second key. */
static void
pair_call(struct engine *e, uint32_t index, struct flow_extra *extra,
	const struct expectation *door, bool reverse)
{
	struct tuple tuple;
	struct key second;
	bool from_hi;

	flow_tuple(&e->flows[index], &tuple);
	tuple = tuple_reverse(&tuple);
	tuple.src_port = PORT_GRE_CALL;
	tuple.dst_port = reverse ? door->call_id : door->call_id_reply;
	from_hi = key_make(&second, &tuple);
	extra->reply_call_id = tuple.dst_port;
	/* A flow that has that key already is somebody else's: then this one stays one-way. */
	(void)table_add_alias(e->table, index, &second, !from_hi);
}

/*
 * The flow came through a door: ties it to its parent. A door is consumed by the first packet that
 * comes to it; one that was sent from the door's own side consumes it when it is answered.
 */
static void
pass_door(struct engine *e, uint32_t index, const struct admission *a)
{
	const struct expectation *door = &a->door;
	const struct expectation *now = expects_get(e->expects, door->id);
	struct flow_extra *extra = table_extra_get(e->table, &e->flows[index]);

	/* The parent may be gone, if only because room was made for this flow. */
	if (!now || !now->parent || table_link_child(e->table, now->parent, index) < 0) {
		extra->parent_id = door->parent_id;
		extra->root_id = door->root_id;
		extra->depth = door->depth;
	}
	extra->expectation_id = door->id;
	extra->group = door->group;
	extra->alone = (uint8_t)a->alone;
	extra->door_pending = a->reverse && !(door->mask & PN_EXPECT_CALL_ID);
	extra->die_with_parent = door->flags & PN_EXPECT_DIE_WITH_PARENT;
	memcpy(extra->cookie, door->cookie, sizeof(extra->cookie));
	if (door->mask & PN_EXPECT_CALL_ID)
		pair_call(e, index, extra, door, a->reverse);
	tell_match(e, door, index);
	if (!extra->door_pending)
		expects_consume(e->expects, door->id);
}

/* Lets a helper watch the new flow: the one that the door names, or else the one that is bound to
 * the responder's port. */
static void
attach_helper(
	struct engine *e, const struct packet *p, uint32_t index, const struct expectation *door)
{
	const struct helper *helper;
	uint16_t port;
	int r;

	host_set_time(e->host, e->now);
	if (door && door->owner) {
		host_expected(e->host, index, door);
		return;
	}
	if (e->flows[index].flags & FLOW_MIDSTREAM)
		return;
	/* What is known to pass by only must not use up what others need for their doors. */
	if (flow_direction(&e->flows[index]) == DIRECTION_TRANSIT && !sides_auto(e->sides))
		return;
	port = key_dst_port(&p->key, p->flags & PACKET_FROM_HI);
	helper = host_bound(e->host, e->flows[index].connection, p->proto, port);
	if (!helper)
		return;
	r = session_open(e->host, index, helper);
	e->stats.unwatched += r == -ENOSPC || r == -ENOMEM;
}

uint32_t
engine_begin_flow(struct engine *e, const struct packet *p, const struct admission *a)
{
	uint32_t index = add_flow(e, p, a);
	bool by_door = a->by_door;

	if (!index)
		return 0;
	/* Without a tie to its door it could neither be counted nor be ended. */
	if (by_door && !table_extra(e->table, &e->flows[index])) {
		e->stats.flows[a->reason]--;
		if (reason_verdict(a->alone) == VERDICT_DROP) {
			e->stats.refused_flows++;
			table_remove(e->table, index);
			return 0;
		}
		e->stats.flows[a->alone]++;
		e->flows[index].reason = (uint8_t)a->alone;
		by_door = false;
	}
	if (by_door)
		pass_door(e, index, a);
	if (e->host)
		attach_helper(e, p, index, by_door ? &a->door : NULL);
	if (e->recorders->wants_flows)
		tell_flow(e, index, true, FLOW_END_TIMEOUT);
	if (a->connection->n_triggers && a->direction == DIRECTION_OUT)
		engine_pull_triggers(e, a->connection, index);
	return index;
}

void
engine_first_reply(struct engine *e, uint32_t index, uint8_t proto)
{
	struct flow *flow = &e->flows[index];
	struct flow_extra *extra = table_extra_get(e->table, flow);

	flow->flags |= FLOW_SEEN_REPLY;
	if (proto != PROTO_TCP)
		flow->state = (uint8_t)plain_state(proto, true);
	if (extra && extra->door_pending) {
		extra->door_pending = false;
		expects_consume(e->expects, extra->expectation_id);
	}
}

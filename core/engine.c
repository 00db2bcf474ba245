// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The path of one packet, from top to bottom.
 *
 *   engine_process()   a batch: decode all, look up all, then one by one, in order:
 *     process()          time; what goes no further; fragments; ICMP errors
 *       judge()            is there a flow?
 *         first_packet()     no: whose is it? a door? policy? then a new flow, and its helper
 *         later_packet()     yes: TCP state and windows, the first reply, the helper
 *     settle()           the verdict, counted and told
 *
 * engine-life.c     how an engine begins and ends
 * engine-flow.c     how flows begin and end
 * engine-policy.c   which connection and direction a packet has, and what triggers open
 * engine-reload.c   a change of policy
 * engine-icmp.c     ICMP errors about known flows
 * engine-live.c     what only a live firewall needs
 * engine-explain.c  why a packet has its verdict
 *
 * The batch is there for speed only: while one packet is judged, the cache lines of those behind it
 * are on their way. Nothing that was looked up ahead is believed: the flow is found again when its
 * packet's turn comes.
 */
#include "engine-private.h"

#include "flow/tcp.h"
#include "helper/session.h"

/* Records are asked for this many packets ahead: enough to hide memory, not so many that they are
 * gone again when their turn comes. */
#define LOOK_AHEAD 10
_Static_assert(BATCH_MAX >= 2 * LOOK_AHEAD, "what is asked for has been decoded");

/* Time is what packets say, but it never goes back. */
static void
advance(struct engine *e, const struct packet *p)
{
	if (p->time < e->now) {
		e->stats.time_backwards++;
		return;
	}
	if (!e->started) {
		e->started = true;
		e->stats.first_time = p->time;
	}
	e->now = p->time;
	e->stats.last_time = p->time;
	if (timer_due(e->timer, e->now))
		engine_expire(e);
}

/* A door that this packet may come through. TCP comes through with its SYN only. */
static const struct expectation *
find_door(struct engine *e, const struct packet *p, bool *ret_reverse)
{
	struct tuple tuple;

	if (!expects_any(e->expects))
		return NULL;
	if (p->proto == PROTO_TCP && (p->tcp.flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return NULL;
	key_spell(&p->key, p->flags & PACKET_FROM_HI, &tuple);
	return expects_match(e->expects, &tuple, e->now, ret_reverse);
}

/* Gives a packet that all else accepts to the flow's helper, and counts it. */
static void
watch_and_count(struct engine *e, const struct packet *p, unsigned dir, struct judgement *j)
{
	struct flow *flow = &e->flows[j->index];
	const struct flow_extra *extra = table_extra_get(e->table, flow);

	if (extra && extra->session) {
		host_set_time(e->host, e->now);
		if (session_packet(e->host, j->index, p, dir) != REASON_NONE) {
			j->reason = REASON_HELPER;
			return;
		}
	}
	flow->last = e->now;
	flow_count(flow, dir, p->length);
}

/* What was refused as a SYN is not picked up mid-stream when the other side answers. */
static enum reason
remember_refusals(struct engine *e, const struct packet *p, enum reason reason, bool door)
{
	if ((p->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		if (!door && reason_verdict(reason) == VERDICT_DROP)
			refused_add(&e->refused, &p->key, e->now);
	} else if (reason_verdict(reason) == VERDICT_ACCEPT &&
		   refused_lately(&e->refused, &p->key, e->now)) {
		/* As long as somebody tries again, it is the same refusal. */
		refused_add(&e->refused, &p->key, e->now);
		return REASON_NO_HANDSHAKE;
	}
	return reason;
}

/*
 * What a door has to say of a first packet: REASON_NONE, or EXPECTED and *ret_door. It speaks for
 * those who come to it. A packet that leaves from the door's own side to its peer belongs to it
 * too, but may go only where policy lets it, unless the door names the peer's port or call.
 */
static enum reason
ask_doors(struct engine *e, const struct packet *p, enum reason alone, bool *ret_reverse,
	struct expectation *ret_door)
{
	const struct expectation *door = find_door(e, p, ret_reverse);

	if (!door)
		return REASON_NONE;
	if (*ret_reverse && reason_verdict(alone) == VERDICT_DROP &&
		!(door->mask & (PN_EXPECT_SRC_PORT | PN_EXPECT_CALL_ID)))
		return REASON_NONE;
	/* The door may go while the flow is made: it is kept as it is now. */
	*ret_door = *door;
	return REASON_EXPECTED;
}

/* What passes but is no flow: nothing that comes later would belong to it. */
static bool
is_no_flow(const struct packet *p, enum reason reason)
{
	if (reason == REASON_NO_FIREWALL)
		return p->proto == PROTO_TCP && (p->tcp.flags & (TCP_SYN | TCP_ACK)) != TCP_SYN;
	return reason == REASON_ICMP_NEEDED;
}

/* Sides, sources, doors and policy, in this order, say whether a first packet is let in. */
static enum reason
admit(struct engine *e, const struct packet *p, struct admission *a)
{
	enum way way;

	a->direction = engine_direction(e, p);
	a->connection = engine_connection(e, p, a->direction, &way);
	if (judge_spoofed(a->connection, e->sides, p, a->direction, way))
		return REASON_SPOOFED;
	a->reverse = false;
	a->alone = judge_first(e->policy, a->connection, p, a->direction, NULL);
	a->by_door = ask_doors(e, p, a->alone, &a->reverse, &a->door) == REASON_EXPECTED;
	if (p->proto == PROTO_TCP)
		a->alone = remember_refusals(e, p, a->alone, a->by_door);
	return a->by_door ? REASON_EXPECTED : a->alone;
}

/* A packet without a flow; or a new SYN on the flow `over`, which ends if the SYN is accepted. */
static void
first_packet(struct engine *e, const struct packet *p, struct judgement *j, uint32_t over)
{
	struct admission a;

	j->reason = a.reason = admit(e, p, &a);
	j->direction = a.direction;
	j->has_direction = true;
	if (reason_verdict(a.reason) == VERDICT_DROP || is_no_flow(p, a.reason))
		return;
	if (over)
		engine_end_flow(e, over, FLOW_END_CLOSED);
	j->index = engine_begin_flow(e, p, &a);
	if (!j->index) {
		j->reason = REASON_TABLE_FULL;
		return;
	}
	j->reason = (enum reason)e->flows[j->index].reason;
	watch_and_count(e, p, DIR_ORIGINAL, j);
}

static bool
is_question(const struct packet *p)
{
	if (p->proto == PROTO_ICMP)
		return p->icmp.type == ICMP_ECHO;
	return p->proto == PROTO_ICMPV6 && p->icmp.type == ICMPV6_ECHO;
}

/* The numbers of an adopted connection begin with the first packet that is not special. */
static void
resume(struct flow *flow, const struct packet *p, unsigned dir)
{
	if (!(p->tcp.flags & (TCP_SYN | TCP_RST | TCP_FIN)) && p->tcp.flags & TCP_ACK)
		tcp_resume(flow, p, dir);
}

static bool
has_firewall(const struct engine *e, const struct flow *flow)
{
	return e->policy->connections[flow->connection].firewall;
}

static void
later_packet(struct engine *e, const struct packet *p, unsigned dir, struct judgement *j)
{
	struct flow *flow = &e->flows[j->index];
	uint8_t state = flow->state;
	bool first_reply = dir == DIR_REPLY && !(flow->flags & FLOW_SEEN_REPLY);

	j->direction = flow_direction(flow);
	j->has_direction = true;
	if (flow->flags & FLOW_RESET) {
		j->reason = REASON_HELPER;
		return;
	}
	if (p->way != WAY_UNKNOWN && engine_belies_flow(e, p, flow, dir)) {
		j->reason = REASON_SPOOFED;
		return;
	}
	/* A question of the side that answers is a conversation of its own, whatever its number. */
	if (dir == DIR_REPLY && is_question(p)) {
		j->reason = REASON_UNSOLICITED;
		return;
	}
	if (flow->flags & FLOW_UNTRACKED) {
		resume(flow, p, dir);
	} else if (p->proto == PROTO_TCP) {
		j->reason = tcp_track(flow, p, dir);
		if (j->reason != REASON_NONE && has_firewall(e, flow))
			return;
	}
	timer_touch(e->timer, e->flows, j->index, e->now);
	if (first_reply)
		engine_first_reply(e, j->index, p->proto);
	j->reason = (enum reason)flow->reason;
	watch_and_count(e, p, dir, j);
	if (flow->state == state)
		return;
	timer_update(e->timer, e->flows, j->index);
	/* Both sides have closed: nothing that they agreed on is to come any more. */
	if (flow->extra && (flow->state == FLOW_TCP_TIME_WAIT || flow->state == FLOW_TCP_CLOSED))
		engine_end_agreed(e, j->index);
}

/* The flow of a packet, and its direction in it; 0 if there is none that is alive. */
static uint32_t
find_flow(struct engine *e, const struct packet *p, unsigned *ret_dir)
{
	uint32_t index = table_find_candidate(e->table, &p->key, p->hash, p->flow);
	struct flow *flow;

	if (!index)
		return 0;
	flow = &e->flows[index];
	*ret_dir = flow_dir(flow, p);
	if (flow->flags & FLOW_ALIAS) {
		index = flow->extra;
		flow = &e->flows[index];
	}
	if (flow_expired(e->timer, flow, e->now) && !engine_stays(e, index)) {
		e->stats.expired++;
		engine_end_flow(e, index, FLOW_END_TIMEOUT);
		return 0;
	}
	return index;
}

static void
judge(struct engine *e, const struct packet *p, struct judgement *j)
{
	unsigned dir;
	uint32_t index;

	if (p->proto == PROTO_TCP && !tcp_flags_possible(p->tcp.flags)) {
		j->reason = REASON_TCP_FLAGS;
		return;
	}
	index = find_flow(e, p, &dir);
	if (!index || (p->proto == PROTO_TCP && tcp_reopens(&e->flows[index], p, dir))) {
		first_packet(e, p, j, index);
		return;
	}
	j->index = index;
	later_packet(e, p, dir, j);
}

/* Without a flow that it speaks of, an error is judged like any other packet. */
static void
judge_icmp_error(struct engine *e, const struct packet *p, struct judgement *j)
{
	if (!engine_icmp_error(e, p, j))
		judge(e, p, j);
}

/* The verdict of a packet: counted, and told if it is a drop. */
static void
settle(struct engine *e, struct packet *p, const struct judgement *j)
{
	struct drop_event event;

	p->reason = (uint8_t)j->reason;
	p->verdict = (uint8_t)reason_verdict(j->reason);
	p->flow = j->index;
	e->stats.packets++;
	e->stats.bytes += p->wirelen;
	e->stats.verdicts[j->reason]++;
	if (p->verdict != VERDICT_DROP || !e->recorders->wants_drops)
		return;
	event = (struct drop_event){
		.packet = p,
		.reason = j->reason,
		.direction = j->direction,
		.has_direction = j->has_direction,
		.flow_id = j->index ? table_flow_id(e->table, &e->flows[j->index]) : 0,
	};
	record_drop(e->recorders, &event);
}

void
engine_fragment_settled(void *context, const struct packet *fragment, enum reason reason)
{
	struct engine *e = context;
	struct judgement j = { .reason = reason };
	struct packet copy;

	if (e->whole)
		j = *e->whole;
	if (e->current && e->current->number == fragment->number) {
		settle(e, e->current, &j);
		return;
	}
	copy = *fragment;
	settle(e, &copy, &j);
	if (e->late_verdict)
		e->late_verdict(e->context, &copy);
}

/* A packet that is no fragment (any more). */
static void
judge_whole(struct engine *e, struct packet *p, struct judgement *j)
{
	if (p->error != REASON_NONE)
		j->reason = (enum reason)p->error;
	else if (p->flags & PACKET_ICMP_ERROR)
		judge_icmp_error(e, p, j);
	else
		judge(e, p, j);
}

/* Fragments wait until their datagram is whole; then it is judged, and all get its verdict. */
static void
process_fragment(struct engine *e, struct packet *p)
{
	struct judgement j = { .reason = REASON_FRAGMENT };
	struct packet whole;
	int r;

	p->verdict = VERDICT_HELD;
	e->current = p;
	r = defrag_add(e->defrag, p, &whole);
	if (r == 1) {
		decode_ip(&whole, &e->decode);
		whole.hash = table_hash(e->table, &whole.key);
		whole.flow = 0;
		j.reason = REASON_NONE;
		judge_whole(e, &whole, &j);
		e->whole = &j;
		defrag_settle(e->defrag, j.reason);
		e->whole = NULL;
	}
	e->current = NULL;
	if (r < 0)
		settle(e, p, &j);
}

static void
process(struct engine *e, struct packet *p)
{
	struct judgement j = { .reason = REASON_NONE };

	advance(e, p);
	if (p->flags & PACKET_FRAGMENT && p->error == REASON_NONE) {
		process_fragment(e, p);
		return;
	}
	judge_whole(e, p, &j);
	settle(e, p, &j);
}

/* Asks for the record of a packet whose bucket is there; or for what its first packet needs. */
static inline void
look_ahead(const struct engine *e, struct packet *p)
{
	if (!p->hash)
		return;
	p->flow = table_candidate(e->table, p->hash);
	if (!p->flow)
		sides_prefetch(e->sides, &p->key);
}

/* Decodes a packet and asks for its bucket. A packet without a key has no hash. */
static inline void
decode_one(struct engine *e, struct packet *p)
{
	decode(p, &e->decode);
	p->flow = 0;
	p->hash = 0;
	if (p->error != REASON_NONE || p->flags & PACKET_FRAGMENT)
		return;
	p->hash = table_hash(e->table, &p->key);
	table_prefetch(e->table, p->hash);
}

/* While the last packets are decoded, the records of the first ones are on their way already. */
void
engine_process(struct engine *e, struct batch *batch)
{
	struct packet *packets = batch->packets;
	unsigned asked = 0;

	for (unsigned n = 0; n < batch->count; n++) {
		decode_one(e, &packets[n]);
		if (n >= BATCH_MAX - LOOK_AHEAD)
			look_ahead(e, &packets[asked++]);
	}
	for (unsigned n = 0; n < batch->count; n++) {
		while (asked < batch->count && asked <= n + LOOK_AHEAD)
			look_ahead(e, &packets[asked++]);
		process(e, &packets[n]);
	}
	table_work(e->table);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the engine share: engine.c, which tells what the others are, and engine-*.c.
 */
#ifndef ENGINE_PRIVATE_H
#define ENGINE_PRIVATE_H

#include "engine.h"
#include "flow/refused.h"
#include "helper/host.h"
#include "packet/decode.h"
#include "policy/judge.h"
#include "policy/side.h"

/* Interfaces whose connection is kept; beyond, it is looked up for each flow. */
#define ENGINE_IFACES 1024

/* What a packet is told to be, with what a record wants to know of it. */
struct judgement {
	enum reason reason;
	uint32_t index; /* of its flow, or 0 */
	enum direction direction;
	bool has_direction;
};

struct engine {
	struct policy *policy;
	const struct connection *unmatched; /* of what belongs to no other */
	char *unmatched_name;               /* or NULL */
	bool by_interface; /* some connection names interfaces */
	bool by_peer;      /* … or prefixes of peers */
	uint16_t ifaces[ENGINE_IFACES];     /* connections of interfaces; see engine-policy.c */
	const struct recorders *recorders;
	struct decode_options decode;
	uint64_t now; /* packet time; never goes back */
	bool started;  /* a packet has told the time */
	bool finished; /* the input is over */
	struct table *table;
	struct flow *flows; /* the table's slab */
	struct timer *timer;
	struct expects *expects;
	struct defrag *defrag;
	struct sides *sides;
	struct host *host;      /* NULL: no helpers */
	struct refused refused; /* connections that were refused lately */
	struct packet *current; /* a fragment whose verdict may come while it is processed */
	const struct judgement *whole; /* of the datagram whose fragments are being settled */
	const char *(*interface_name)(void *context, const struct packet *p);
	void (*late_verdict)(void *context, const struct packet *p);
	void (*taken_back)(void *context, const struct flow *flow);
	bool hooked; /* see struct engine_options */
	void *context;
	struct stats stats; /* what the engine itself counts */
};

/* Why and how a flow is let in. */
struct admission {
	enum reason reason;
	enum reason alone; /* what policy alone says */
	enum direction direction;
	const struct connection *connection;
	struct expectation door; /* that it came through; only if `by_door` */
	bool by_door;
	bool reverse; /* it was sent from the door's own side */
};

/*
 * Makes the record of a flow that begins with this packet. Returns the index, or 0: there is no
 * room. The flow's reason is a->alone where there was no room to tie it to its door and policy lets
 * it in all the same.
 */
uint32_t engine_begin_flow(
	struct engine *e, const struct packet *p, const struct admission *a);

/* What the two ends of the flow have agreed on is over: doors that do not outlive it, and children
 * that die with it. */
void engine_end_agreed(struct engine *e, uint32_t index);

/* The flow is over: with it go its helper, its doors, and the children that die with it. */
void engine_end_flow(struct engine *e, uint32_t index, enum flow_end cause);

/* The first packet of the other side has been accepted. */
void engine_first_reply(struct engine *e, uint32_t index, uint8_t proto);

/* Ends what is overdue at e->now: flows, doors, datagrams. */
void engine_expire(struct engine *e);

/* engine-icmp.c: judges an error that speaks of a known flow. False: it speaks of none. */
bool engine_icmp_error(struct engine *e, const struct packet *p, struct judgement *j);

/* engine-policy.c */

/* The policy is another: what is kept of it. */
void engine_adopt_policy(struct engine *e);

/* The direction of a packet: by the way that it is seen to go, or else by the sides of its ends. */
enum direction engine_direction(struct engine *e, const struct packet *p);

/* Whose settings count for a first packet, and what is known of its way. */
const struct connection *engine_connection(
	struct engine *e, const struct packet *p, enum direction direction, enum way *ret_way);

/* The same where no interface tells. */
const struct connection *engine_connection_of_peer(
	const struct engine *e, const struct key *key, bool from_hi, enum direction d);

/* A packet of a known flow whose way is known: did it go the way that this side of the flow goes? */
bool engine_belies_flow(
	struct engine *e, const struct packet *p, const struct flow *flow, unsigned dir);

/* A flow has gone out: opens what triggers say. */
void engine_pull_triggers(struct engine *e, const struct connection *c, uint32_t index);

/* An overdue flow that somebody else carries on: it stays, and is looked at again later. */
bool engine_stays(struct engine *e, uint32_t index);

/* Callbacks of the rooms below: a door has ended; a helper ends a descendant; a fragment that was
 * held gets the verdict of its datagram. */
void engine_door_ended(
	void *context, const struct expectation *door, enum expect_action action);
void engine_end_descendant(void *context, uint32_t index);
void engine_fragment_settled(
	void *context, const struct packet *fragment, enum reason reason);

/* Tells of a flow that is open at the end of the input. */
void engine_tell_open_flow(void *context, uint32_t index);

#endif

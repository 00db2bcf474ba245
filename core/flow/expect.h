/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expectations: doors that helpers have asked for and policy has granted.
 *
 * Keyed by what is certain (destination address and protocol), matched on everything that is set.
 * Each has a lifetime, a number of flows it lets through, and a parent flow known by its id, so a
 * parent that is gone leaves nothing dangling. The table only remembers; whether a door may be
 * opened at all is policy/door.h.
 */
#ifndef FLOW_EXPECT_H
#define FLOW_EXPECT_H

#include "flow/flow.h"

struct expects;

/* One door. */
struct expectation {
	uint64_t id;          /* from 1, in order of creation */
	uint64_t parent_id;   /* id of the control flow */
	uint64_t root_id;     /* of the first flow in the chain of parents */
	uint64_t deadline;    /* ns */
	uint32_t parent;      /* index of the control flow, 0 once it is gone */
	uint32_t timeout;     /* seconds */
	uint32_t mask;        /* PN_EXPECT_SRC, _SRC_PORT, _DST_PORT, _CALL_ID, _GROUP */
	uint32_t flags;       /* PN_EXPECT_DIE_WITH_PARENT, PN_EXPECT_OUTLIVE */
	uint32_t group;
	uint16_t src_port;
	uint16_t dst_port;    /* of GRE: 0 */
	uint16_t dst_port_last; /* of one port: the same */
	uint16_t call_id, call_id_reply;
	uint16_t max_flows;
	uint16_t flows;       /* that came through */
	uint8_t proto;
	uint8_t depth;        /* of the child: 1 for a child of a flow without parent */
	uint8_t src_bits;     /* prefix length of src; all bits unless policy names prefixes */
	struct pn_addr src;
	struct pn_addr dst;
	struct pn_addr registrant; /* who asked: the sender of the message */
	uint8_t cookie[32];
	const char *helper;   /* name of the helper that asked; lives as long as the plugin */
	const char *child;    /* name of the helper for the child flow, or NULL */
	void *owner;          /* the helper that asked, for its expected() callback */
	struct tuple control; /* endpoints of the control flow, for records */
};

struct expect_limits {
	uint32_t per_flow;
	uint32_t per_root;
	uint32_t per_host; /* doors towards one destination address */
	uint32_t total;
};

/* What happened to a door. */
enum expect_action {
	EXPECT_OPENED,
	EXPECT_MATCHED,
	EXPECT_EXPIRED,
	EXPECT_CLOSED,
	EXPECT_REFUSED,
};

const char *expect_action_name(enum expect_action action);

/* Is told of every end: EXPIRED or CLOSED; of MATCHED by the engine, of the rest by the host. */
struct expect_owner {
	void *context;
	void (*ended)(void *context, const struct expectation *e, enum expect_action action);
};

struct expect_stats {
	uint64_t opened, refreshed, matched, expired, closed, evicted;
	uint32_t open, peak;
};

int expects_new(const struct expect_limits *limits, const struct expect_owner *owner,
	const uint64_t seed[static 2], struct expects **ret_expects);
void expects_free(struct expects *expects); /* tells nobody */

/* Other limits, for doors to come; `total` grows no further than it was at the beginning. */
void expects_set_limits(struct expects *expects, const struct expect_limits *limits);

/*
 * Opens the door *wanted (its id is ignored) or refreshes one for the same destination and source
 * of the same parent (or, with PN_EXPECT_OUTLIVE, of the same helper and registrant): then its
 * deadline, source port, cookie and the rest are the new ones and *ret_refreshed is true. With
 * PN_EXPECT_REFRESH it only refreshes: -PN_REFUSED_GONE. Where the flow has `per_flow` or
 * max_doors of them open, its oldest door is closed to make room. Of two doors for calls between the
 * same two hosts that share a call id, but not the parent, the older is closed. Returns the door
 * (valid until it ends) through ret, and 0; or -PN_REFUSED_LIMIT_ROOT, _HOST, _TOTAL, or -PN_REFUSED_CONFLICT
 * when another parent has a door open for the same destination and source, but for a call.
 */
int expects_open(struct expects *expects, const struct expectation *wanted, uint32_t max_doors,
	uint64_t now, bool *ret_refreshed, const struct expectation **ret);

/* True if any door is open: the engine asks before it looks. */
bool expects_any(const struct expects *expects);

/*
 * The door that this first packet comes through, or NULL. *ret_reverse: it was sent from the
 * door's own address and port to its peer. Such a packet belongs to the door, but the door does
 * not speak for it: the door says who may come to it, not where its own side may go. Of several
 * that match the oldest is taken. Nothing is counted.
 */
const struct expectation *expects_match(
	const struct expects *expects, const struct tuple *tuple, uint64_t now, bool *ret_reverse);

/* A flow has come through: counts it, and ends the door (no event) when that was the last. Nothing
 * happens if the door is gone. */
void expects_consume(struct expects *expects, uint64_t id);

/* Calls visit() for each open door, in no order. */
void expects_each(const struct expects *expects,
	void (*visit)(void *context, const struct expectation *door), void *context);

/* By id; NULL if it is gone. */
const struct expectation *expects_get(const struct expects *expects, uint64_t id);

/* Closes one door: ended() is told CLOSED. -ENOENT */
int expects_close(struct expects *expects, uint64_t id);

/* Closes the doors of a flow, or of one group of it (`group` not NULL). Those that outlive it only
 * forget its index when `all` is false. Returns how many were closed. */
unsigned expects_close_flow(
	struct expects *expects, uint64_t parent_id, const uint32_t *group, bool all);

/* Closes the doors of a helper towards a destination which this registrant asked for. */
unsigned expects_close_destination(struct expects *expects, const char *helper,
	const struct pn_addr *registrant, uint8_t proto, const struct pn_addr *dst, uint16_t port);

/* Ends what is overdue: ended() is told EXPIRED. Cheap when nothing is due. */
void expects_expire(struct expects *expects, uint64_t now);

void expects_get_stats(const struct expects *expects, struct expect_stats *ret_stats);

#endif

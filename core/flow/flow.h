/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flow: what is remembered of a conversation. Both directions share one record of two cache
 * lines; what only some flows have (a parent, a helper, notes) is in struct flow_extra, in a slab
 * of its own. Records are addressed by 32-bit indices from 1; 0 is "none".
 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"
#include "packet/tuple.h"

/* Direction of a packet within its flow; the same numbers as PN_FROM_*. */
enum { DIR_ORIGINAL = 0, DIR_REPLY = 1 };

/* Where a flow goes, seen from the protected side. */
enum direction {
	DIRECTION_OUT,
	DIRECTION_IN,
	DIRECTION_INTERNAL,
	DIRECTION_TRANSIT,
};

/*
 * States of every protocol in one enum, so that one table tells the timeout. The names are shown.
 * The first group is "unreplied": its flows are the first to go when the table is full.
 */
#define FLOW_STATES(X)                                                                             \
	X(NONE, "none")                                                                            \
	X(TCP_SYN_SENT, "syn-sent")                                                                \
	X(UDP_NEW, "new")                                                                          \
	X(ICMP_NEW, "new")                                                                         \
	X(GRE_NEW, "new")                                                                          \
	X(OTHER_NEW, "new")                                                                        \
	X(TCP_SYN_RECEIVED, "syn-received")                                                        \
	X(TCP_ESTABLISHED, "established")                                                          \
	X(TCP_FIN_WAIT, "fin-wait")     /* one side has closed */                                  \
	X(TCP_CLOSING, "closing")       /* both have; not all is acknowledged */                   \
	X(TCP_TIME_WAIT, "time-wait")                                                              \
	X(TCP_CLOSED, "closed")         /* reset */                                                \
	X(UDP_REPLIED, "replied")                                                                  \
	X(ICMP_REPLIED, "replied")                                                                 \
	X(GRE_REPLIED, "replied")                                                                  \
	X(OTHER_REPLIED, "replied")

enum flow_state {
#define X(id, name) FLOW_##id,
	FLOW_STATES(X)
#undef X
	FLOW_STATE_COUNT,
	FLOW_REPLIED_FIRST = FLOW_TCP_SYN_RECEIVED,
};

const char *flow_state_name(enum flow_state state);

/* flow.flags */
enum {
	FLOW_FROM_HI = 1 << 0,     /* the originator is the higher endpoint of the key */
	FLOW_SEEN_REPLY = 1 << 1,
	FLOW_MIDSTREAM = 1 << 2,   /* TCP: picked up without its SYN */
	FLOW_DIRECTION = 3 << 3,   /* enum direction << FLOW_DIRECTION_SHIFT */
	FLOW_TCP_SCALED = 1 << 5,  /* both sides sent the window scale option */
	FLOW_TCP_FIN_ORIG = 1 << 6,   /* a FIN of the originator was seen */
	FLOW_TCP_FIN_REPLY = 1 << 7,
	FLOW_TCP_ACKED_ORIG = 1 << 8, /* … and acknowledged by the other side */
	FLOW_TCP_ACKED_REPLY = 1 << 9,
	FLOW_ALIAS = 1 << 10,      /* a second key of another flow: extra holds its index */
	FLOW_RESET = 1 << 11,      /* given up by a helper: nothing passes any more */
	FLOW_SEEN_ORIG_ACK = 1 << 12, /* TCP: the originator completed the handshake */
	FLOW_OFFLOADED = 1 << 13,     /* somebody else carries it on: its silence means nothing */
	FLOW_UNTRACKED = 1 << 14,     /* TCP: its numbers are not known yet */
};
#define FLOW_DIRECTION_SHIFT 3

/* What TCP tracking knows of one direction (RFC 9293 §3.3.1, RFC 7323 §2). */
struct flow_tcp {
	uint32_t end;     /* highest sequence number sent, + 1 */
	uint32_t max_end; /* highest that the other side allows: its ack + its window; until the
			   * handshake is complete, the number behind this side's SYN */
	uint32_t max_win; /* largest window this side has offered, scaled; at least 1 */
};

struct flow {
	/* Line 0: what a look-up and TCP tracking touch. */
	struct key key;
	struct flow_tcp tcp[2]; /* by DIR_* */

	/* Line 1 */
	uint64_t start;    /* time of the first packet, ns */
	uint64_t last;     /* time of the last one that was accepted */
	uint64_t bytes[2]; /* of IP packets, by DIR_* */
	uint32_t pkts[2];  /* stays at its maximum once it is there */
	uint32_t id;       /* low half of the id; flow_id() tells it whole */
	uint32_t extra;    /* index of its struct flow_extra, or 0; of an alias: of the flow */
	uint32_t prev;     /* neighbours in a timer queue; see timer.h */
	uint32_t next;
	uint16_t slot;     /* the timer queue it is in */
	uint16_t flags;    /* FLOW_* */
	uint8_t state;     /* enum flow_state */
	uint8_t reason;    /* enum reason: why it was admitted */
	uint8_t scale;     /* TCP window scale: originator in bits 0–3, responder in 4–7 */
	uint8_t connection; /* index of the policy's connection */
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct flow) == 128, "a flow is two cache lines");
_Static_assert(offsetof(struct flow, start) == 64, "line 1 begins at start");

struct flow_note {
	struct flow_note *next;
	char *key;
	char *value; /* valid UTF-8 */
};

#define FLOW_NOTES_MAX 16

/* What only some flows have. */
struct flow_extra {
	uint64_t parent_id;      /* of the flow whose helper opened the door, or 0 */
	uint64_t root_id;        /* of the first in the chain of parents; itself if it has none */
	uint32_t parent;         /* index, or 0 if it is gone */
	uint32_t first_child;    /* its children, linked by sibling; indices */
	uint32_t next_sibling;
	uint32_t prev_sibling;
	uint64_t expectation_id; /* of the door it came through, or 0 */
	uint32_t group;          /* of that door */
	uint8_t depth;           /* 0: no parent */
	uint8_t alone;           /* enum reason: what policy alone would have said */
	bool door_pending;       /* linked by a packet from the door's side; the door is
				  * consumed at the first reply */
	bool die_with_parent;
	uint32_t alias;          /* index of its second key's record, or 0 */
	uint16_t reply_call_id;  /* GRE: the call id in what comes back, if there is an alias */
	uint32_t notes_count;
	uint8_t cookie[32];
	const char *helper;      /* name of the helper that watches or watched it, or NULL */
	struct flow_note *notes;
	struct session *session; /* helper at work, or NULL */
};

/* Which way a packet goes in this flow. */
static inline unsigned
flow_dir(const struct flow *flow, const struct packet *p)
{
	_Static_assert(PACKET_FROM_HI == FLOW_FROM_HI << 1, "one shift tells them apart");
	return ((unsigned)p->flags >> 1 ^ flow->flags) & FLOW_FROM_HI;
}

static inline enum direction
flow_direction(const struct flow *flow)
{
	return (enum direction)((flow->flags & FLOW_DIRECTION) >> FLOW_DIRECTION_SHIFT);
}

/* Counts a packet of `len` bytes. */
static inline void
flow_count(struct flow *flow, unsigned dir, uint32_t len)
{
	flow->bytes[dir] += len;
	flow->pkts[dir] += flow->pkts[dir] != UINT32_MAX;
}

/* Its endpoints, originator first. */
void flow_tuple(const struct flow *flow, struct tuple *ret_tuple);

/* Adds a note, or replaces the value of one with that key. -ENOSPC: FLOW_NOTES_MAX are there. */
int flow_extra_note(struct flow_extra *extra, const char *key, const char *value, size_t len);

/* Frees the notes. */
void flow_extra_clear(struct flow_extra *extra);

#endif

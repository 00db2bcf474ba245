/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When flows end by silence.
 *
 * Packets do not move a flow between queues: they only write flow.last. Each flow sits in one of
 * two kinds of queue. Unreplied flows are in one first-in-first-out queue per state, whose head is
 * the oldest: it is what a full table evicts. All others are in a wheel of one-second slots; when
 * the wheel comes to a flow that has been used since, the flow is put where it belongs now. A flow
 * whose deadline comes nearer than its slot (a connection that closes) is moved at once.
 * flow_expired() is exact at any time, whatever queue a flow is in.
 */
#ifndef FLOW_TIMER_H
#define FLOW_TIMER_H

#include "flow/flow.h"

#define NSEC_PER_SEC UINT64_C(1000000000)

#define TIMER_SLOTS  1024u /* seconds that the wheel reaches; a power of two */
/* Behind the slots of the wheel: one queue per unreplied state. */
#define TIMER_QUEUES (TIMER_SLOTS + FLOW_REPLIED_FIRST)

/*
 * flow.slot: the queue that a flow is in. Of the wheel it is the number of the slot. Of an unreplied
 * flow it is TIMER_UNREPLIED, the state × 4096, and the second in which it was queued, modulo 4096.
 */
#define TIMER_UNREPLIED 0x8000u
_Static_assert(FLOW_REPLIED_FIRST <= 8, "an unreplied state has three bits in flow.slot");

/* Longest timeout that timer_init() takes, in seconds. */
#define TIMER_TIMEOUT_MAX (30u * 24 * 3600)

struct timer {
	uint64_t due;                       /* ns: nothing can have expired before */
	uint64_t tick;                      /* the second that the wheel has come to */
	uint64_t timeout[FLOW_STATE_COUNT]; /* ns */
	uint32_t in_wheel;                  /* flows in the wheel */
	uint32_t heads[TIMER_QUEUES];
	uint32_t tails[TIMER_QUEUES];
};

/* Timeouts in seconds, by state. */
void timer_init(struct timer *timer, const uint32_t timeouts[static FLOW_STATE_COUNT]);

/* Other timeouts, from now on. A flow that would end sooner by the new ones is found overdue when a
 * packet asks for it, and is taken out when its queue comes to it. */
void timer_set_timeouts(struct timer *timer, const uint32_t timeouts[static FLOW_STATE_COUNT]);

/* Puts a flow into the queue of its state; `flows` is the base of the slab. */
void timer_add(struct timer *timer, struct flow *flows, uint32_t index);

/* Takes it out. */
void timer_remove(struct timer *timer, struct flow *flows, uint32_t index);

/* Its state has changed: moves it where that is worth while. */
void timer_update(struct timer *timer, struct flow *flows, uint32_t index);

/* Part of timer_touch(). */
void timer_touch_unreplied(
	struct timer *timer, struct flow *flows, uint32_t index, uint64_t now);

static inline bool
flow_expired(const struct timer *timer, const struct flow *flow, uint64_t now)
{
	return now >= flow->last && now - flow->last >= timer->timeout[flow->state];
}

/* True when timer_next_expired() may have work: call it then, and only then. */
static inline bool
timer_due(const struct timer *timer, uint64_t now)
{
	return now >= timer->due;
}

/*
 * Notes that the flow is used at `now`. An unreplied one goes to the end of its queue when it has
 * been in it for an eighth of its timeout, so a queue is in order to within that much.
 */
static inline void
timer_touch(struct timer *timer, struct flow *flows, uint32_t index, uint64_t now)
{
	const struct flow *flow = &flows[index];

	if (flow->slot & TIMER_UNREPLIED)
		timer_touch_unreplied(timer, flows, index, now);
}

/*
 * The next flow whose time is up at `now`, or 0 when there is none left; then timer_due() is false
 * until the next second. The flow is still queued: the caller removes it.
 */
uint32_t timer_next_expired(struct timer *timer, struct flow *flows, uint64_t now);

/* The oldest flow that has had no reply, or 0. */
uint32_t timer_oldest_unreplied(const struct timer *timer, const struct flow *flows);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Queues of flows that wait for their timeout: doubly linked lists over slab indices.
 *
 * A flow in the wheel stands in the slot of the second after its deadline, or as far ahead as the
 * wheel reaches. The wheel is turned second by second, and at most once around however long a gap
 * in the capture is.
 */
#include "flow/timer.h"

#include <assert.h>
#include <string.h>

#define STAMP_MASK UINT64_C(0xfff) /* of flow.slot: seconds */

static bool
is_unreplied(const struct flow *flow)
{
	return flow->state < FLOW_REPLIED_FIRST;
}

/* The queue that flow.slot stands for. */
static unsigned
queue_of(uint16_t slot)
{
	return slot & TIMER_UNREPLIED ? TIMER_SLOTS + (slot >> 12 & 7) : slot;
}

static void
queue_push(struct timer *timer, struct flow *flows, uint32_t index, uint16_t slot)
{
	struct flow *flow = &flows[index];
	unsigned queue = queue_of(slot);
	uint32_t tail = timer->tails[queue];

	flow->slot = slot;
	flow->next = 0;
	flow->prev = tail;
	if (tail)
		flows[tail].next = index;
	else
		timer->heads[queue] = index;
	timer->tails[queue] = index;
	timer->in_wheel += queue < TIMER_SLOTS;
}

void
timer_init(struct timer *timer, const uint32_t timeouts[static FLOW_STATE_COUNT])
{
	memset(timer, 0, sizeof(*timer));
	timer_set_timeouts(timer, timeouts);
}

void
timer_set_timeouts(struct timer *timer, const uint32_t timeouts[static FLOW_STATE_COUNT])
{
	for (unsigned n = 0; n < FLOW_STATE_COUNT; n++) {
		assert(timeouts[n] <= TIMER_TIMEOUT_MAX);
		timer->timeout[n] = timeouts[n] * NSEC_PER_SEC;
	}
}

void
timer_remove(struct timer *timer, struct flow *flows, uint32_t index)
{
	struct flow *flow = &flows[index];
	unsigned queue = queue_of(flow->slot);

	if (flow->prev)
		flows[flow->prev].next = flow->next;
	else
		timer->heads[queue] = flow->next;
	if (flow->next)
		flows[flow->next].prev = flow->prev;
	else
		timer->tails[queue] = flow->prev;
	timer->in_wheel -= queue < TIMER_SLOTS;
	flow->prev = flow->next = 0;
}

/* The second in which the wheel should look at the flow, seen from `tick`. */
static uint64_t
wheel_second(const struct timer *timer, const struct flow *flow, uint64_t tick)
{
	uint64_t second = (flow->last + timer->timeout[flow->state]) / NSEC_PER_SEC + 1;

	if (second <= tick)
		return tick + 1;
	return second - tick < TIMER_SLOTS ? second : tick + TIMER_SLOTS - 1;
}

static uint16_t
unreplied_slot(const struct flow *flow, uint64_t now)
{
	return (uint16_t)(TIMER_UNREPLIED | flow->state << 12 | (now / NSEC_PER_SEC & STAMP_MASK));
}

void
timer_add(struct timer *timer, struct flow *flows, uint32_t index)
{
	const struct flow *flow = &flows[index];
	uint64_t second;

	if (is_unreplied(flow)) {
		queue_push(timer, flows, index, unreplied_slot(flow, flow->last));
		return;
	}
	second = wheel_second(timer, flow, timer->tick);
	queue_push(timer, flows, index, second % TIMER_SLOTS);
}

void
timer_update(struct timer *timer, struct flow *flows, uint32_t index)
{
	const struct flow *flow = &flows[index];
	uint64_t wanted, queued;

	if (!is_unreplied(flow) && !(flow->slot & TIMER_UNREPLIED)) {
		wanted = wheel_second(timer, flow, timer->tick);
		/* The slot that it is in, as a second ahead of the tick. */
		queued = timer->tick + 1 + (flow->slot - timer->tick - 1) % TIMER_SLOTS;
		if (queued <= wanted)
			return; /* the wheel comes by in time and will move it on */
	}
	timer_remove(timer, flows, index);
	timer_add(timer, flows, index);
}

void
timer_touch_unreplied(struct timer *timer, struct flow *flows, uint32_t index, uint64_t now)
{
	const struct flow *flow = &flows[index];
	uint64_t queued = (now / NSEC_PER_SEC - flow->slot) & STAMP_MASK; /* seconds in the queue */
	uint64_t patience = timer->timeout[flow->state] / 8;

	/* Before the stamp wraps around. */
	if (patience > STAMP_MASK / 2 * NSEC_PER_SEC)
		patience = STAMP_MASK / 2 * NSEC_PER_SEC;
	if (!is_unreplied(flow) || queued * NSEC_PER_SEC <= patience)
		return;
	timer_remove(timer, flows, index);
	queue_push(timer, flows, index, unreplied_slot(flow, now));
}

/* The head of a queue is about to go: asks for the record behind the next one, which was asked for
 * when the head was. Index 0 is a record that nobody uses. */
static void
ask_ahead(const struct flow *flows, uint32_t head)
{
	const struct flow *next = &flows[flows[head].next];

	__builtin_prefetch(&flows[next->next].key, 1);
	__builtin_prefetch(&flows[next->next].start, 1);
	__asm__ volatile(""); /* as TABLE_KEEP_CALLS() in table.h */
}

static uint32_t
unreplied_expired(const struct timer *timer, const struct flow *flows, uint64_t now)
{
	for (unsigned n = TIMER_SLOTS; n < TIMER_QUEUES; n++) {
		uint32_t index = timer->heads[n];

		if (index && flow_expired(timer, &flows[index], now)) {
			ask_ahead(flows, index);
			return index;
		}
	}
	return 0;
}

/* Looks at the flows of one slot; those that have been used since move on. */
static uint32_t
wheel_slot_expired(struct timer *timer, struct flow *flows, uint64_t second, uint64_t now)
{
	unsigned slot = second % TIMER_SLOTS;
	uint64_t next;
	uint32_t index;

	while ((index = timer->heads[slot])) {
		ask_ahead(flows, index);
		if (flow_expired(timer, &flows[index], now))
			return index;
		timer_remove(timer, flows, index);
		next = wheel_second(timer, &flows[index], second);
		queue_push(timer, flows, index, next % TIMER_SLOTS);
	}
	return 0;
}

uint32_t
timer_next_expired(struct timer *timer, struct flow *flows, uint64_t now)
{
	uint64_t second = now / NSEC_PER_SEC;
	uint32_t index = unreplied_expired(timer, flows, now);

	if (index)
		return index;
	/* Over a gap longer than the wheel each slot is looked at once. */
	if (second > timer->tick && second - timer->tick > TIMER_SLOTS)
		timer->tick = second - TIMER_SLOTS;
	while (timer->tick < second && timer->in_wheel) {
		index = wheel_slot_expired(timer, flows, timer->tick + 1, now);
		if (index)
			return index;
		timer->tick++;
	}
	if (timer->tick < second)
		timer->tick = second;
	timer->due = (timer->tick + 1) * NSEC_PER_SEC;
	return 0;
}

uint32_t
timer_oldest_unreplied(const struct timer *timer, const struct flow *flows)
{
	uint32_t oldest = 0;

	for (unsigned n = TIMER_SLOTS; n < TIMER_QUEUES; n++) {
		uint32_t index = timer->heads[n];

		if (index && (!oldest || flows[index].last < flows[oldest].last))
			oldest = index;
	}
	return oldest;
}

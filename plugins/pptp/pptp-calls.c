// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of calls. Every look-up walks it all: it is small, and there are few messages.
 *
 * Limits: PPTP_CALLS_MAX calls. What nobody answers takes no place from what comes after it.
 */
#include "pptp-calls.h"

#include <string.h>

/* The call of the lowest number in one of these states. */
static struct pptp_call *
oldest(struct pptp_calls *calls, uint32_t states)
{
	struct pptp_call *found = NULL;
	unsigned n;

	for (n = 0; n < PPTP_CALLS_MAX; n++) {
		struct pptp_call *call = &calls->slots[n];

		if (call->state & states && (!found || call->number < found->number))
			found = call;
	}
	return found;
}

static struct pptp_call *
find_place(struct pptp_calls *calls)
{
	struct pptp_call *call;
	unsigned n;

	for (n = 0; n < PPTP_CALLS_MAX; n++)
		if (calls->slots[n].state == PPTP_CALL_FREE)
			return &calls->slots[n];
	call = oldest(calls, PPTP_CALL_CLEARING);
	return call ? call : oldest(calls, PPTP_CALL_LIVE & ~(uint32_t)PPTP_CALL_UP);
}

struct pptp_call *
pptp_calls_add(struct pptp_calls *calls, enum pptp_call_state state)
{
	struct pptp_call *call = find_place(calls);

	if (!call)
		return NULL;
	*call = (struct pptp_call){ .number = ++calls->count, .state = (uint8_t)state };
	return call;
}

void
pptp_call_identify(struct pptp_call *call, uint32_t side, uint16_t id)
{
	call->id[side] = id;
	call->told[side] = id;
	call->known |= (uint8_t)(1u << side);
}

/* Does `a` come before `b`? */
static int
comes_first(const struct pptp_call *a, const struct pptp_call *b)
{
	int clearing = a->state == PPTP_CALL_CLEARING;

	if (clearing != (b->state == PPTP_CALL_CLEARING))
		return clearing;
	return a->number < b->number;
}

static struct pptp_call *
find(struct pptp_calls *calls, uint32_t states, uint32_t side, uint16_t id, int as_told)
{
	struct pptp_call *found = NULL;
	unsigned n;

	for (n = 0; n < PPTP_CALLS_MAX; n++) {
		struct pptp_call *call = &calls->slots[n];

		if (!(call->state & states) || !(call->known >> side & 1) ||
			(as_told ? call->told[side] : call->id[side]) != id)
			continue;
		if (!found || comes_first(call, found))
			found = call;
	}
	return found;
}

struct pptp_call *
pptp_calls_by_id(struct pptp_calls *calls, uint32_t states, uint32_t side, uint16_t id)
{
	return find(calls, states, side, id, 0);
}

struct pptp_call *
pptp_calls_by_told(struct pptp_calls *calls, uint32_t states, uint32_t side, uint16_t told)
{
	return find(calls, states, side, told, 1);
}

static int
shares_id(const struct pptp_call *a, const struct pptp_call *b)
{
	unsigned side;

	for (side = 0; side < 2; side++)
		if (a->known & b->known & 1u << side && a->id[side] == b->id[side])
			return 1;
	return 0;
}

void
pptp_calls_settle(struct pptp_calls *calls, const struct pptp_call *call)
{
	unsigned n;

	for (n = 0; n < PPTP_CALLS_MAX; n++)
		if (calls->slots[n].state == PPTP_CALL_CLEARING &&
			shares_id(&calls->slots[n], call))
			pptp_call_free(&calls->slots[n]);
}

void
pptp_call_free(struct pptp_call *call)
{
	memset(call, 0, sizeof(*call));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls of one control connection: pure bookkeeping in a fixed array, no host, no bytes.
 *
 * Each side chooses an id for its end of a call (RFC 2637 §2.7 to §2.10). Sides are PN_FROM_*, that
 * is whose connection it is; which of them is the PNS is the caller's business. Under address
 * translation the other side may have been told another id than the one that was chosen: so there
 * are `id`, which the side itself uses, and `told`, which the other side uses for it.
 */
#ifndef PPTP_CALLS_H
#define PPTP_CALLS_H

#include <stdint.h>

#define PPTP_CALLS_MAX 64

/* As bits, so that several can be asked for at once. */
enum pptp_call_state {
	PPTP_CALL_FREE = 0,
	PPTP_CALL_CLEARING = 1 << 0, /* the PNS has cleared it; the PAC's notice may come */
	PPTP_CALL_OUTGOING = 1 << 1, /* Outgoing-Call-Request, no reply yet */
	PPTP_CALL_INCOMING = 1 << 2, /* Incoming-Call-Request, no reply yet */
	PPTP_CALL_ANSWERED = 1 << 3, /* … and the reply; not connected yet */
	PPTP_CALL_UP = 1 << 4,
};

/* Those whose ids are taken. */
#define PPTP_CALL_LIVE (PPTP_CALL_OUTGOING | PPTP_CALL_INCOMING | PPTP_CALL_ANSWERED | PPTP_CALL_UP)
#define PPTP_CALL_ANY  (PPTP_CALL_LIVE | PPTP_CALL_CLEARING)

struct pptp_call {
	uint32_t number; /* on this connection, from 1 */
	uint16_t id[2];  /* by side */
	uint16_t told[2];
	uint16_t serial;
	uint8_t state; /* enum pptp_call_state */
	uint8_t known; /* bit per side: its id is known */
};

/* All zero at the start. */
struct pptp_calls {
	uint32_t count; /* numbers given so far */
	uint32_t reserved;
	struct pptp_call slots[PPTP_CALLS_MAX];
};

/*
 * A new call in this state, which has no ids yet. Where all places are taken, it takes that of the
 * oldest call that is being cleared, or else of the oldest that is not connected. NULL: all are.
 */
struct pptp_call *pptp_calls_add(struct pptp_calls *calls, enum pptp_call_state state);

/* The side has chosen this id. */
void pptp_call_identify(struct pptp_call *call, uint32_t side, uint16_t id);

/* The call in one of these states whose id of `side` is this, as the side itself says it; or as it
 * was told. Those that are being cleared come first, since what was asked for first is answered
 * first. NULL: there is none. */
struct pptp_call *pptp_calls_by_id(
	struct pptp_calls *calls, uint32_t states, uint32_t side, uint16_t id);
struct pptp_call *pptp_calls_by_told(
	struct pptp_calls *calls, uint32_t states, uint32_t side, uint16_t told);

/* This call has been agreed on: whatever is still being cleared and has one of its ids is over. */
void pptp_calls_settle(struct pptp_calls *calls, const struct pptp_call *call);

void pptp_call_free(struct pptp_call *call);

#endif

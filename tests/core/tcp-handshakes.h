/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversations of TCP as tables, for test-tcp.c: which segments pass, and where they leave the
 * flow. These are beginnings; see tcp-connections.h for the rest.
 */
#ifndef TCP_HANDSHAKES_H
#define TCP_HANDSHAKES_H

#include "flow/tcp.h"

enum { ORIG = DIR_ORIGINAL, REPLY = DIR_REPLY };

/* Short names for flags, as captures show them. */
enum {
	S = TCP_SYN,
	SA = TCP_SYN | TCP_ACK,
	A = TCP_ACK,
	PA = TCP_PSH | TCP_ACK,
	FA = TCP_FIN | TCP_ACK,
	R = TCP_RST,
	RA = TCP_RST | TCP_ACK,
};

#define SYN_SENT     FLOW_TCP_SYN_SENT
#define SYN_RECEIVED FLOW_TCP_SYN_RECEIVED
#define ESTABLISHED  FLOW_TCP_ESTABLISHED
#define FIN_WAIT     FLOW_TCP_FIN_WAIT
#define CLOSING      FLOW_TCP_CLOSING
#define TIME_WAIT    FLOW_TCP_TIME_WAIT
#define CLOSED       FLOW_TCP_CLOSED

#define PASS   REASON_NONE
#define WINDOW REASON_TCP_WINDOW
#define STATE  REASON_TCP_STATE
#define BEGIN  REASON_NO_HANDSHAKE

/* A segment and what becomes of it. Numbers count from each side's initial one: 0 is the SYN. */
struct step {
	unsigned dir;
	uint8_t flags;
	uint32_t seq, ack;
	uint16_t window;
	uint32_t len;
	enum reason reason;
	uint8_t state; /* after it */
	int wscale;    /* the option: shift + 1 */
};

#define STEPS_MAX 20

struct scenario {
	const char *name;
	bool midstream;
	uint16_t has, lacks;          /* FLOW_* at the end */
	struct step steps[STEPS_MAX]; /* up to one without flags */
};

/* clang-format off: one segment, one line */

#define HANDSHAKE                                                                                  \
	{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },                                                \
		{ REPLY, SA, 0, 1, 2000, 0, PASS, SYN_RECEIVED },                                  \
	{                                                                                          \
		ORIG, A, 1, 1, 1000, 0, PASS, ESTABLISHED                                          \
	}

static const struct scenario handshakes[] = {
	{ "plain", .has = FLOW_SEEN_REPLY | FLOW_SEEN_ORIG_ACK, .lacks = FLOW_TCP_SCALED, .steps = {
		HANDSHAKE,
		{ ORIG, PA, 1, 1, 1000, 100, PASS, ESTABLISHED },
		{ REPLY, A, 1, 101, 2000, 0, PASS, ESTABLISHED },
		{ REPLY, PA, 1, 101, 2000, 500, PASS, ESTABLISHED },
		{ ORIG, A, 101, 501, 1000, 0, PASS, ESTABLISHED },
	} },
	{ "the ACK brings data", .has = FLOW_SEEN_ORIG_ACK, .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, SA, 0, 1, 2000, 0, PASS, SYN_RECEIVED },
		{ ORIG, PA, 1, 1, 1000, 2000, PASS, ESTABLISHED },
	} },
	{ "SYN without an answer", .lacks = FLOW_SEEN_REPLY | FLOW_SEEN_ORIG_ACK, .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
	} },
	{ "not acknowledged", .has = FLOW_SEEN_REPLY, .lacks = FLOW_SEEN_ORIG_ACK, .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, SA, 0, 1, 2000, 0, PASS, SYN_RECEIVED },
		{ REPLY, SA, 0, 1, 2000, 0, PASS, SYN_RECEIVED },
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_RECEIVED },
		{ REPLY, SA, 0, 1, 2000, 0, PASS, SYN_RECEIVED },
	} },
	{ "SYN+ACK again after its ACK", .steps = {
		HANDSHAKE,
		{ REPLY, SA, 0, 1, 2000, 0, PASS, ESTABLISHED },
		{ ORIG, A, 1, 1, 1000, 0, PASS, ESTABLISHED },
		{ ORIG, PA, 1, 1, 1000, 100, PASS, ESTABLISHED },
		{ REPLY, SA, 0, 1, 2000, 0, PASS, ESTABLISHED },
	} },
	{ "a new SYN before any answer", .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ ORIG, S, 70000, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, SA, 0, 1, 2000, 0, STATE, SYN_SENT },
		{ REPLY, SA, 0, 70001, 2000, 0, PASS, SYN_RECEIVED },
		{ ORIG, A, 70001, 1, 1000, 0, PASS, ESTABLISHED },
	} },
	{ "the SYN+ACK must acknowledge the SYN", .lacks = FLOW_SEEN_REPLY, .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, SA, 0, 0, 2000, 0, STATE, SYN_SENT },
		{ REPLY, SA, 0, 2, 2000, 0, STATE, SYN_SENT },
		{ REPLY, SA, 0, 0x80000001, 2000, 0, STATE, SYN_SENT },
	} },
	{ "a SYN+ACK with another number, from behind cookies", .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, SA, 0, 1, 2000, 0, PASS, SYN_RECEIVED },
		{ REPLY, SA, 5000000, 1, 2000, 0, PASS, SYN_RECEIVED },
		{ ORIG, A, 1, 1, 1000, 0, WINDOW, SYN_RECEIVED },
		{ ORIG, A, 1, 5000001, 1000, 0, PASS, ESTABLISHED },
		{ REPLY, PA, 5000001, 1, 2000, 1000, PASS, ESTABLISHED },
	} },
	{ "nothing but an answer to the SYN", .lacks = FLOW_SEEN_REPLY, .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, A, 1, 1, 2000, 0, STATE, SYN_SENT },
		{ REPLY, PA, 1, 1, 2000, 10, STATE, SYN_SENT },
		{ REPLY, FA, 1, 1, 2000, 0, STATE, SYN_SENT },
		{ ORIG, A, 1, 1, 1000, 0, STATE, SYN_SENT },
		{ ORIG, PA, 1, 1, 1000, 10, STATE, SYN_SENT },
		{ ORIG, FA, 1, 1, 1000, 0, STATE, SYN_SENT },
		{ ORIG, SA, 0, 1, 1000, 0, STATE, SYN_SENT },
	} },
	{ "the ACK must acknowledge the SYN+ACK", .lacks = FLOW_SEEN_ORIG_ACK, .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, SA, 0, 1, 2000, 0, PASS, SYN_RECEIVED },
		{ ORIG, A, 1, 0, 1000, 0, WINDOW, SYN_RECEIVED },
		{ ORIG, A, 1, 2, 1000, 0, WINDOW, SYN_RECEIVED },
		{ ORIG, PA, 1, -300, 1000, 100, WINDOW, SYN_RECEIVED },
		{ ORIG, PA, 1, 1, 1000, 2001, WINDOW, SYN_RECEIVED },
		{ ORIG, PA, -5000, 1, 1000, 1, WINDOW, SYN_RECEIVED },
		{ ORIG, FA, 1, 0, 1000, 0, WINDOW, SYN_RECEIVED },
	} },
	{ "nonsense flags", .steps = {
		HANDSHAKE,
		{ ORIG, TCP_FIN, 1, 1, 1000, 0, STATE, ESTABLISHED },
		{ REPLY, S | TCP_FIN, 1, 1, 1000, 0, STATE, ESTABLISHED },
		{ REPLY, TCP_PSH | TCP_URG, 1, 1, 1000, 0, STATE, ESTABLISHED },
	} },
	{ "the handshake ends with a FIN", .has = FLOW_SEEN_ORIG_ACK | FLOW_TCP_FIN_ORIG, .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, SA, 0, 1, 2000, 0, PASS, SYN_RECEIVED },
		{ ORIG, FA, 1, 1, 1000, 0, PASS, FIN_WAIT },
	} },
};

/* RFC 9293 §3.5 figure 7; and what only looks like it. */
static const struct scenario crossings[] = {
	{ "SYNs cross, the originator answers first", .has = FLOW_SEEN_ORIG_ACK, .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, S, 0, 0, 2000, 0, PASS, SYN_SENT },
		{ REPLY, S, 0, 0, 2000, 0, PASS, SYN_SENT },
		{ ORIG, SA, 0, 1, 1000, 0, PASS, SYN_SENT },
		{ REPLY, SA, 0, 1, 2000, 0, PASS, ESTABLISHED },
		{ ORIG, PA, 1, 1, 1000, 2001, WINDOW, ESTABLISHED },
		{ ORIG, PA, 1, 1, 1000, 2000, PASS, ESTABLISHED },
		{ REPLY, PA, 1, 1, 2000, 1001, WINDOW, ESTABLISHED },
		{ REPLY, PA, 1, 1, 2000, 1000, PASS, ESTABLISHED },
		{ ORIG, SA, 0, 1, 1000, 0, STATE, ESTABLISHED },
	} },
	{ "SYNs cross, the responder answers first", .has = FLOW_SEEN_ORIG_ACK, .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, S, 0, 0, 2000, 0, PASS, SYN_SENT },
		{ REPLY, SA, 0, 1, 2000, 0, PASS, SYN_RECEIVED },
		{ ORIG, SA, 0, 1, 1000, 0, PASS, ESTABLISHED },
		{ REPLY, PA, 1, 1, 2000, 1001, WINDOW, ESTABLISHED },
		{ REPLY, PA, 1, 1, 2000, 1000, PASS, ESTABLISHED },
	} },
	{ "SYNs cross, then a plain ACK", .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, S, 0, 0, 2000, 0, PASS, SYN_SENT },
		{ REPLY, SA, 0, 1, 2000, 0, PASS, SYN_RECEIVED },
		{ ORIG, A, 1, 1, 1000, 0, PASS, ESTABLISHED },
	} },
	{ "SYNs cross, the responder gives up", .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, S, 0, 0, 2000, 0, PASS, SYN_SENT },
		{ ORIG, SA, 0, 1, 1000, 0, PASS, SYN_SENT },
		{ REPLY, R, 1002, 0, 0, 0, WINDOW, SYN_SENT },
		{ REPLY, R, 1, 0, 0, 0, PASS, CLOSED },
	} },
	{ "SYNs cross, and that is all", .has = FLOW_SEEN_REPLY, .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, S, 0, 0, 2000, 0, PASS, SYN_SENT },
	} },
	{ "a SYN after the SYN+ACK", .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, SA, 0, 1, 2000, 0, PASS, SYN_RECEIVED },
		{ REPLY, S, 0, 0, 2000, 0, PASS, SYN_RECEIVED },
		{ REPLY, S, 7000, 0, 2000, 10, STATE, SYN_RECEIVED },
		{ ORIG, A, 1, 7001, 1000, 0, WINDOW, SYN_RECEIVED },
		{ ORIG, A, 1, 1, 1000, 0, PASS, ESTABLISHED },
	} },
	{ "split handshake: SYN, then ACK", .lacks = FLOW_SEEN_ORIG_ACK, .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, S, 0, 0, 2000, 0, PASS, SYN_SENT },
		{ REPLY, A, 1, 1, 2000, 0, STATE, SYN_SENT },
		{ REPLY, PA, 1, 1, 2000, 10, STATE, SYN_SENT },
		{ ORIG, A, 1, 1, 1000, 0, STATE, SYN_SENT },
		{ ORIG, PA, 1, 1, 1000, 10, STATE, SYN_SENT },
	} },
	{ "split handshake: the target takes the bait, the attacker acknowledges", .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, S, 0, 0, 2000, 0, PASS, SYN_SENT },
		{ ORIG, SA, 0, 1, 1000, 0, PASS, SYN_SENT },
		{ REPLY, A, 1, 1, 2000, 0, STATE, SYN_SENT },
		{ REPLY, PA, 1, 1, 2000, 10, STATE, SYN_SENT },
		{ ORIG, PA, 1, 1, 1000, 10, STATE, SYN_SENT },
	} },
	{ "split handshake: ACK, then SYN, then ACK", .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, A, 777, 1, 2000, 0, STATE, SYN_SENT },
		{ REPLY, S, 0, 0, 2000, 0, PASS, SYN_SENT },
		{ ORIG, SA, 0, 1, 1000, 0, PASS, SYN_SENT },
		{ REPLY, A, 1, 1, 2000, 0, STATE, SYN_SENT },
	} },
	{ "an answer to a SYN that was not", .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, S, 0, 0, 2000, 0, PASS, SYN_SENT },
		{ ORIG, SA, 0, 2, 1000, 0, STATE, SYN_SENT },
		{ ORIG, SA, 0, 0, 1000, 0, STATE, SYN_SENT },
		{ ORIG, SA, 50, 1, 1000, 0, STATE, SYN_SENT },
	} },
	{ "another SYN of the responder undoes the answer", .lacks = FLOW_SEEN_ORIG_ACK, .steps = {
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, S, 0, 0, 2000, 0, PASS, SYN_SENT },
		{ ORIG, SA, 0, 1, 1000, 0, PASS, SYN_SENT },
		{ REPLY, S, 9000, 0, 2000, 0, PASS, SYN_SENT },
		{ REPLY, SA, 9000, 1, 2000, 0, PASS, SYN_RECEIVED },
	} },
};

/* Data on the SYN, RFC 7413. */
static const struct scenario fast_opens[] = {
	{ "taken", .steps = {
		{ ORIG, S, 0, 0, 1000, 500, PASS, SYN_SENT },
		{ REPLY, SA, 0, 501, 2000, 0, PASS, SYN_RECEIVED },
		{ ORIG, PA, 501, 1, 1000, 2001, WINDOW, SYN_RECEIVED },
		{ ORIG, PA, 501, 1, 1000, 2000, PASS, ESTABLISHED },
	} },
	{ "taken in part", .steps = {
		{ ORIG, S, 0, 0, 1000, 500, PASS, SYN_SENT },
		{ REPLY, SA, 0, 101, 2000, 0, PASS, SYN_RECEIVED },
		{ ORIG, PA, 101, 1, 1000, 2001, WINDOW, SYN_RECEIVED },
		{ ORIG, PA, 101, 1, 1000, 2000, PASS, ESTABLISHED },
	} },
	{ "not taken", .steps = {
		{ ORIG, S, 0, 0, 1000, 500, PASS, SYN_SENT },
		{ REPLY, SA, 0, 1, 100, 0, PASS, SYN_RECEIVED },
		{ ORIG, PA, 1, 1, 1000, 101, WINDOW, SYN_RECEIVED },
		{ ORIG, PA, 1, 1, 1000, 100, PASS, ESTABLISHED },
		{ REPLY, A, 1, 101, 2000, 0, PASS, ESTABLISHED },
		{ ORIG, PA, 101, 1, 1000, 400, PASS, ESTABLISHED },
	} },
	{ "acknowledged beyond what was sent", .steps = {
		{ ORIG, S, 0, 0, 1000, 500, PASS, SYN_SENT },
		{ REPLY, SA, 0, 0, 2000, 0, STATE, SYN_SENT },
		{ REPLY, SA, 0, 502, 2000, 0, STATE, SYN_SENT },
		{ REPLY, RA, 0, 502, 0, 0, STATE, SYN_SENT },
		{ REPLY, RA, 0, 501, 0, 0, PASS, CLOSED },
	} },
	{ "refused", .has = FLOW_SEEN_REPLY, .steps = {
		{ ORIG, S, 0, 0, 1000, 500, PASS, SYN_SENT },
		{ REPLY, RA, 0, 1, 0, 0, PASS, CLOSED },
	} },
	{ "the SYN again, without its data and with it", .steps = {
		{ ORIG, S, 0, 0, 1000, 500, PASS, SYN_SENT },
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_SENT },
		{ REPLY, SA, 0, 501, 2000, 0, PASS, SYN_RECEIVED },
		{ ORIG, S, 0, 0, 1000, 0, PASS, SYN_RECEIVED },
		{ ORIG, S, 1, 0, 1000, 500, STATE, SYN_RECEIVED },
	} },
	{ "answered at once", .has = FLOW_TCP_FIN_REPLY, .lacks = FLOW_TCP_ACKED_REPLY, .steps = {
		{ ORIG, S, 0, 0, 1000, 500, PASS, SYN_SENT },
		{ REPLY, SA, 0, 501, 2000, 0, PASS, SYN_RECEIVED },
		{ REPLY, PA, 1, 501, 2000, 1001, WINDOW, SYN_RECEIVED },
		{ REPLY, PA, 0, 501, 2000, 10, WINDOW, SYN_RECEIVED },
		{ REPLY, PA, 1, 502, 2000, 10, WINDOW, SYN_RECEIVED },
		{ REPLY, PA, 1, 0, 2000, 10, WINDOW, SYN_RECEIVED },
		{ REPLY, PA, 1, 501, 2000, 600, PASS, SYN_RECEIVED },
		{ REPLY, FA, 1, 501, 2000, 400, WINDOW, SYN_RECEIVED },
		{ REPLY, FA, 601, 501, 2000, 400, PASS, SYN_RECEIVED },
		{ REPLY, PA, 1001, 501, 2000, 1, WINDOW, SYN_RECEIVED },
		{ REPLY, PA, 1, 501, 2000, 600, PASS, SYN_RECEIVED },
		{ ORIG, A, 501, 601, 1000, 0, PASS, FIN_WAIT },
	} },
	{ "answered and closed by both", .steps = {
		{ ORIG, S, 0, 0, 1000, 500, PASS, SYN_SENT },
		{ REPLY, SA, 0, 501, 2000, 0, PASS, SYN_RECEIVED },
		{ REPLY, FA, 1, 501, 2000, 100, PASS, SYN_RECEIVED },
		{ ORIG, FA, 501, 102, 1000, 0, PASS, CLOSING },
		{ REPLY, A, 102, 502, 2000, 0, PASS, TIME_WAIT },
	} },
	{ "another SYN+ACK takes back the FIN", .lacks = FLOW_TCP_FIN_REPLY, .steps = {
		{ ORIG, S, 0, 0, 1000, 500, PASS, SYN_SENT },
		{ REPLY, SA, 0, 501, 2000, 0, PASS, SYN_RECEIVED },
		{ REPLY, FA, 1, 501, 2000, 100, PASS, SYN_RECEIVED },
		{ REPLY, SA, 40000, 501, 2000, 0, PASS, SYN_RECEIVED },
		{ ORIG, A, 501, 40001, 1000, 0, PASS, ESTABLISHED },
	} },
};

/* clang-format on */

#endif

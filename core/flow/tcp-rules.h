/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What TCP expects when: the tables behind tcp.c, which alone includes this.
 *
 * The flags of a segment give an event; direction, state of the flow and event give a rule: what is
 * done about it, and the state that follows if that succeeds. What has no rule is refused.
 */
#ifndef FLOW_TCP_RULES_H
#define FLOW_TCP_RULES_H

#include "flow/flow.h"

/* What a segment is, from its flags. */
enum event {
	EVENT_NONSENSE, /* flags that no TCP sends */
	EVENT_SYN,
	EVENT_SYN_ACK,
	EVENT_ACK, /* with data or without */
	EVENT_FIN,
	EVENT_RST,
	EVENT_FINS_ACKED, /* no flags: the FINs of both sides have been acknowledged */
	EVENT_COUNT = 8,  /* rounded up: rows are found by a shift */
};

/*
 * The combinations that are sent, of FIN, SYN, RST, PSH, ACK and URG; all others are probes.
 *
 * RFC 9293 §3.1: once a connection is established, ACK is always there. That leaves SYN and RST as
 * the only segments without it, so a FIN, PSH or URG without ACK is nobody's. PSH may be on a SYN
 * or SYN+ACK, since both may carry data that was pushed (RFC 9293 §3.9.1.2, RFC 7413 §2); urgent
 * data before there is a connection is not known from any TCP. RST+ACK with PSH is sent by hosts
 * that turn the last data segment into a reset. FIN with SYN or RST contradicts itself.
 */
static const uint8_t events[64] = {
	[TCP_SYN] = EVENT_SYN,
	[TCP_SYN | TCP_PSH] = EVENT_SYN,
	[TCP_SYN | TCP_ACK] = EVENT_SYN_ACK,
	[TCP_SYN | TCP_ACK | TCP_PSH] = EVENT_SYN_ACK,
	[TCP_ACK] = EVENT_ACK,
	[TCP_ACK | TCP_PSH] = EVENT_ACK,
	[TCP_ACK | TCP_URG] = EVENT_ACK,
	[TCP_ACK | TCP_PSH | TCP_URG] = EVENT_ACK,
	[TCP_FIN | TCP_ACK] = EVENT_FIN,
	[TCP_FIN | TCP_ACK | TCP_PSH] = EVENT_FIN,
	[TCP_FIN | TCP_ACK | TCP_URG] = EVENT_FIN,
	[TCP_FIN | TCP_ACK | TCP_PSH | TCP_URG] = EVENT_FIN,
	[TCP_RST] = EVENT_RST,
	[TCP_RST | TCP_ACK] = EVENT_RST,
	[TCP_RST | TCP_ACK | TCP_PSH] = EVENT_RST,
};

/* What is done about it; each has a function below. */
enum action {
	ACTION_REFUSE = 0,
	ACTION_TRACK,     /* in a connection: the windows are checked, and learn */
	ACTION_CLOSING,   /* the same once there are FINs */
	ACTION_OPEN,      /* the originator's answer to the SYN+ACK */
	ACTION_EARLY,     /* from a responder that has not been answered yet */
	ACTION_SYN,       /* a SYN, again or from the other side, before there is any answer */
	ACTION_SYN_ACK,   /* the responder's answer */
	ACTION_CROSSED,   /* the originator's answer to a SYN that crossed its own */
	ACTION_CHALLENGE, /* a SYN in a connection: goes to an endpoint that will not heed it */
	ACTION_REPEAT,    /* a SYN+ACK again, when the connection stands */
	ACTION_RESET,
	ACTION_DECLINE, /* a RST that answers the SYN */
};

struct rule {
	uint8_t action; /* enum action */
	uint8_t next;   /* enum flow_state */
};

/* A name for what is not expected, so that the table says so. */
#define UNEXPECTED                                                                                 \
	{                                                                                          \
		ACTION_REFUSE, FLOW_NONE                                                           \
	}
#define RULE(action, next)                                                                         \
	{                                                                                          \
		ACTION_##action, FLOW_TCP_##next                                                   \
	}

/* From the complete handshake on, both sides have the same rules. */
#define RULES_OF_CONNECTION                                                                        \
	[FLOW_TCP_ESTABLISHED] = {                                                                 \
		[EVENT_SYN] = RULE(CHALLENGE, ESTABLISHED),                                        \
		[EVENT_SYN_ACK] = RULE(REPEAT, ESTABLISHED),                                       \
		[EVENT_ACK] = RULE(TRACK, ESTABLISHED),                                            \
		[EVENT_FIN] = RULE(CLOSING, FIN_WAIT),                                             \
		[EVENT_RST] = RULE(RESET, CLOSED),                                                 \
	},                                                                                         \
	[FLOW_TCP_FIN_WAIT] = {                                                                    \
		[EVENT_SYN] = RULE(CHALLENGE, FIN_WAIT),                                           \
		[EVENT_SYN_ACK] = RULE(REPEAT, FIN_WAIT),                                          \
		[EVENT_ACK] = RULE(CLOSING, FIN_WAIT),                                             \
		[EVENT_FIN] = RULE(CLOSING, CLOSING), /* of the other side; see closing() */       \
		[EVENT_RST] = RULE(RESET, CLOSED),                                                 \
	},                                                                                         \
	[FLOW_TCP_CLOSING] = {                                                                     \
		[EVENT_SYN] = RULE(CHALLENGE, CLOSING),                                            \
		[EVENT_SYN_ACK] = RULE(REPEAT, CLOSING),                                           \
		[EVENT_ACK] = RULE(CLOSING, CLOSING),                                              \
		[EVENT_FIN] = RULE(CLOSING, CLOSING),                                              \
		[EVENT_RST] = RULE(RESET, CLOSED),                                                 \
		[EVENT_FINS_ACKED] = RULE(CLOSING, TIME_WAIT),                                     \
	},                                                                                         \
	[FLOW_TCP_TIME_WAIT] = {                                                                   \
		[EVENT_SYN] = RULE(CHALLENGE, TIME_WAIT), /* an old one: see tcp_reopens() */      \
		[EVENT_SYN_ACK] = RULE(REPEAT, TIME_WAIT),                                         \
		[EVENT_ACK] = RULE(CLOSING, TIME_WAIT),                                            \
		[EVENT_FIN] = RULE(CLOSING, TIME_WAIT),                                            \
		[EVENT_RST] = RULE(RESET, CLOSED),                                                 \
		[EVENT_FINS_ACKED] = RULE(CLOSING, TIME_WAIT),                                     \
	},                                                                                         \
	[FLOW_TCP_CLOSED] = {                                                                      \
		[EVENT_SYN] = UNEXPECTED, /* tcp_reopens() is asked before */                      \
		[EVENT_SYN_ACK] = UNEXPECTED,                                                      \
		[EVENT_ACK] = UNEXPECTED,                                                          \
		[EVENT_FIN] = UNEXPECTED,                                                          \
		[EVENT_RST] = RULE(RESET, CLOSED), /* the same again */                            \
	}

/*
 * RFC 9293 §3.3.2, seen from the middle. A state of another protocol has no row: all is refused.
 *
 * A SYN of the responder may have crossed the originator's (RFC 9293 §3.5, figure 7). Then both
 * sides send a SYN+ACK. Without the responder's own nothing goes on, so it cannot make the
 * originator believe that it was called (the "split handshake").
 */
static const struct rule rules[2][FLOW_STATE_COUNT][EVENT_COUNT] = {
	[DIR_ORIGINAL] = {
		[FLOW_TCP_SYN_SENT] = {
			[EVENT_SYN] = RULE(SYN, SYN_SENT),
			[EVENT_SYN_ACK] = RULE(CROSSED, SYN_SENT),
			[EVENT_ACK] = UNEXPECTED, /* there is nothing to acknowledge */
			[EVENT_FIN] = UNEXPECTED,
			[EVENT_RST] = RULE(RESET, CLOSED),
		},
		[FLOW_TCP_SYN_RECEIVED] = {
			[EVENT_SYN] = RULE(CHALLENGE, SYN_RECEIVED),
			[EVENT_SYN_ACK] = RULE(CROSSED, ESTABLISHED),
			[EVENT_ACK] = RULE(OPEN, ESTABLISHED),
			[EVENT_FIN] = RULE(OPEN, FIN_WAIT),
			[EVENT_RST] = RULE(RESET, CLOSED),
		},
		RULES_OF_CONNECTION,
	},
	[DIR_REPLY] = {
		[FLOW_TCP_SYN_SENT] = {
			[EVENT_SYN] = RULE(SYN, SYN_SENT),
			[EVENT_SYN_ACK] = RULE(SYN_ACK, SYN_RECEIVED),
			[EVENT_ACK] = UNEXPECTED, /* the SYN must be answered first */
			[EVENT_FIN] = UNEXPECTED,
			[EVENT_RST] = RULE(DECLINE, CLOSED),
		},
		[FLOW_TCP_SYN_RECEIVED] = {
			[EVENT_SYN] = RULE(CHALLENGE, SYN_RECEIVED),
			[EVENT_SYN_ACK] = RULE(SYN_ACK, SYN_RECEIVED),
			[EVENT_ACK] = RULE(EARLY, SYN_RECEIVED),
			[EVENT_FIN] = RULE(EARLY, SYN_RECEIVED),
			[EVENT_RST] = RULE(RESET, CLOSED),
		},
		RULES_OF_CONNECTION,
	},
};

#undef RULES_OF_CONNECTION
#undef RULE
#undef UNEXPECTED

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small interface through which the engine tells what happened.
 *
 * A recorder is a table of functions and a context; the engine keeps a list of them. What is
 * handed over is valid during the call. Everything is told on the engine's thread, in an order
 * that depends only on the packets.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "flow/expect.h"
#include "flow/flow.h"

/* Why a flow is over. */
enum flow_end {
	FLOW_END_TIMEOUT,  /* silence */
	FLOW_END_CLOSED,   /* another took its place, or a helper or its parent ended it */
	FLOW_END_EVICTED,  /* it made room in a full table */
	FLOW_END_POLICY,   /* a new policy does not let it in any more */
	FLOW_END_SHUTDOWN, /* it was open when the input was over */
};

/* A flow that begins or ends, or whose state is told. */
struct flow_event {
	const struct flow *flow;
	const struct flow_extra *extra; /* or NULL */
	uint64_t id;
	uint64_t time; /* now */
	uint32_t index;
	enum flow_end cause; /* of flow_end() */
};

/* Something that happened to a door, or a request that was refused. */
struct expectation_event {
	enum expect_action action;
	const struct expectation *expectation; /* of a refused one, id is 0 */
	const char *refusal;    /* door_refusal_name(), when refused; else NULL */
	const char *message;    /* what the helper was looking at, or NULL */
	uint64_t child_flow_id; /* when matched; else 0 */
	uint64_t time;
};

/* A packet that was dropped. */
struct drop_event {
	const struct packet *packet; /* its bytes may be gone: data may be NULL */
	enum reason reason;
	enum direction direction; /* only if `has_direction` */
	bool has_direction;
	uint64_t flow_id; /* or 0 */
};

/* A line that a helper wrote. */
struct log_event {
	const char *helper;
	const char *text; /* valid UTF-8, as the plugin gave it: to be escaped where it is shown */
	uint32_t level;   /* PN_LOG_* */
	uint64_t time;
};

struct recorder_ops {
	/* Any of them may be NULL. */
	void (*flow_begin)(void *context, const struct flow_event *event);
	void (*flow_end)(void *context, const struct flow_event *event);
	void (*expectation)(void *context, const struct expectation_event *event);
	void (*drop)(void *context, const struct drop_event *event);
	void (*log)(void *context, const struct log_event *event);
};

struct recorder {
	const struct recorder_ops *ops;
	void *context;
};

#define RECORDERS_MAX 8

struct recorders {
	unsigned count;
	bool wants_drops; /* some recorder has ->drop */
	bool wants_flows; /* … ->flow_begin or ->flow_end */
	bool wants_expectations;
	bool wants_logs;
	struct recorder list[RECORDERS_MAX];
};

/* -ENOSPC */
int recorders_add(
	struct recorders *recorders, const struct recorder_ops *ops, void *context);

void record_flow_begin(const struct recorders *recorders, const struct flow_event *event);
void record_flow_end(const struct recorders *recorders, const struct flow_event *event);
void record_expectation(
	const struct recorders *recorders, const struct expectation_event *event);
void record_drop(const struct recorders *recorders, const struct drop_event *event);
void record_log(const struct recorders *recorders, const struct log_event *event);

/*
 * What several recorders say in the same words.
 *
 * Are the headers of the transport there too, so that ports, or what decode() found in them, may be
 * told of a packet?
 */
static inline bool
record_has_transport(const struct packet *p)
{
	return p->flags & PACKET_IP && !(p->flags & PACKET_FRAGMENT) && p->payload > p->l4;
}

/* ICMP type and code of a flow's first packet, from its endpoints. */
void record_icmp(const struct tuple *tuple, uint8_t *ret_type, uint8_t *ret_code);

/* TCP flags as letters in the order AFPRSU; returns how many. */
#define TCP_FLAGS_TEXT_MAX 8
size_t record_tcp_flags(uint8_t flags, char text[static TCP_FLAGS_TEXT_MAX]);

#endif

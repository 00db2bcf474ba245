/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine: the path of one packet, from bytes to verdict. Single-threaded; packet time is its
 * only clock; what it does depends on nothing but the packets, the policy and the plugins.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include <glib.h>

#include "helper/loader.h"
#include "policy/policy.h"
#include "record/record.h"
#include "record/stats.h"

struct engine;

struct engine_options {
	const struct policy *policy;   /* the engine takes a reference */
	const struct plugins *plugins; /* likewise; NULL: no helpers */
	const struct prefix *inside;   /* the protected side; n_inside == 0: auto */
	unsigned n_inside;
	const struct recorders *recorders; /* must outlive the engine, filled before its first packet */
	GPtrArray *warnings; /* gets a line for each key that means nothing to its plugin, to be freed
			      * by g_free(); or NULL */
	uint64_t seed[4]; /* of the hashes: secret; no result depends on it */
	/* Packets come from the kernel's own hooks: the way that each goes is certain, whatever its
	 * interface, and the kernel has looked at its checksums, or has yet to make them. */
	bool hooked;
	const char *unmatched; /* connection of what belongs to no other; NULL: "default" */
	/* The name of the interface that a packet was seen on, or NULL; may be NULL. Asked once for
	 * each interface: engine_forget_interfaces() when numbers get another meaning. */
	const char *(*interface_name)(void *context, const struct packet *p);
	/* The verdict of a packet that was held; may be NULL. Its bytes may be gone (data NULL). */
	void (*late_verdict)(void *context, const struct packet *p);
	/* A flow that was offloaded has ended here; may be NULL. */
	void (*taken_back)(void *context, const struct flow *flow);
	void *context;
};

/* Counted by somebody else, by DIR_* as that one saw the first packet. */
struct engine_counters {
	uint64_t packets[2];
	uint64_t bytes[2];
};

/* On failure *ret_message says why, the caller's to g_free(). */
int engine_new(
	const struct engine_options *options, struct engine **ret_engine, char **ret_message);
/* Calls engine_finish() if that was not done and there are helpers: recorders must still be there
 * then. */
void engine_free(struct engine *engine);

/* Decodes the packets of a batch and gives each its verdict. */
void engine_process(struct engine *engine, struct batch *batch);

/*
 * Another policy takes the place of the one at work, between two batches. Flows stay; those that the
 * new one would not have let in end, unless it says otherwise. What is made at the start (the sizes
 * of tables, which helpers there are, their ports and options) stays as it was.
 */
void engine_set_policy(struct engine *engine, const struct policy *policy);

/* The numbers of interfaces mean others from now on: another source. */
void engine_forget_interfaces(struct engine *engine);

/* For a live firewall; engine-live.c tells what it is about. */

/*
 * Asked when a packet has been accepted: need nothing more be seen of its flow? If so it is offloaded
 * from here on.
 */
bool engine_offload(struct engine *engine, const struct packet *p);

/* The same of whether both sides of its flow have been heard. */
bool engine_is_answered(const struct engine *engine, const struct packet *p);

/* An offloaded flow has ended, or is counted, where it is carried on; `tuple` is the originator's
 * view there. False: there is no such flow. */
bool engine_end_offloaded(struct engine *engine, const struct tuple *tuple,
	const struct engine_counters *counters);
bool engine_count_offloaded(struct engine *engine, const struct tuple *tuple,
	const struct engine_counters *counters);

/* A flow that was let in before this engine was there. False: it is known, or there is no room. */
bool engine_adopt(struct engine *engine, const struct tuple *tuple, bool offloaded,
	const struct engine_counters *counters);

/* Time has passed, with or without packets. */
void engine_tick(struct engine *engine, uint64_t now);

/* Other addresses are ours from now on. -EINVAL: none are; sides would have to be found out. */
int engine_set_inside(struct engine *engine, const struct prefix *inside, unsigned n);

/* Tells of each flow and each door as it stands, in no order. */
void engine_each_flow(struct engine *engine,
	void (*visit)(void *context, const struct flow_event *flow), void *context);
void engine_each_door(struct engine *engine,
	void (*visit)(void *context, const struct expectation *door), void *context);

/*
 * The input is over: settles what is held, ends the sessions of helpers and stops the plugins, and
 * tells of every flow that is open, in order of id. After it recorders may go; no packet may come.
 */
void engine_finish(struct engine *engine);

void engine_get_stats(const struct engine *engine, struct stats *ret_stats);

#endif

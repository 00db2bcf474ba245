/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What wall.c (its life, and the path of packets) and wall-offload.c (what the kernel carries on)
 * share.
 */
#ifndef KERNEL_WALL_PRIVATE_H
#define KERNEL_WALL_PRIVATE_H

#include "kernel/conntrack.h"
#include "kernel/links.h"
#include "kernel/steady.h"
#include "kernel/wall.h"

#define WALL_NS UINT64_C(1000000000)

/* Losses that have been told. */
struct wall_losses {
	uint64_t full;   /* packets, for want of room in the queue */
	uint64_t socket; /* … in the socket */
	uint64_t ends;   /* times that ends of connections were lost */
};

struct wall {
	struct wall_options options;
	struct policy *policy;
	struct engine *engine;
	struct source *queue;
	struct links *links;
	struct conntrack *conntrack;
	struct ruleset *ruleset;
	struct ruleset_options rules;
	struct steady clock;
	uint64_t time; /* of the last turn */
	struct batch batch;
	GHashTable *privates; /* ifindex → whether its connection is private */
	char *objections;     /* that were told, one line each */
	struct wall_losses losses;
	struct wall_losses told;
	uint64_t next_look;
	uint64_t next_rules;
	uint64_t next_count;
	bool is_clock_told; /* that it was set */
	bool is_leaping;    /* the time is another: what ends now goes on in the kernel */
};

void wall_tell(const struct wall *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline uint32_t
wall_bits(const struct wall *w)
{
	return w->rules.admitted | w->rules.offloaded;
}

/* wall-offload.c */

/* Opens w->conntrack. */
int wall_open_conntrack(struct wall *w, char **ret_message);

/* Our bits in the mark of an accepted packet: see queue_options.mark. */
uint32_t wall_mark(void *context, const struct packet *p);

/* A flow of the engine's has ended that the kernel carries on: see engine_options.taken_back. */
void wall_take_back(void *context, const struct flow *flow);

/* Takes up all connections that were let in by an earlier run, or at another time. */
void wall_adopt(struct wall *w);

/* Hears which connections have ended. */
void wall_read_ends(struct wall *w);

/* Asks the kernel what it carries on, and goes on with that. */
void wall_count(struct wall *w);
void wall_count_on(struct wall *w);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firewall at work: an engine between the kernel's queue and its connection tracking.
 *
 * It owns the queue, the rules, the sockets that tell of interfaces and of connections, and the
 * engine. Everything happens on one thread, in wall_work(). What happens is told to recorders, and
 * in words to tell().
 */
#ifndef KERNEL_WALL_H
#define KERNEL_WALL_H

#include <poll.h>

#include "engine.h"
#include "kernel/queue.h"
#include "kernel/ruleset.h"

struct wall;

struct wall_options {
	const struct policy *policy; /* the wall takes a reference */
	const struct plugins *plugins;
	const struct recorders *recorders;
	GPtrArray *warnings; /* as in struct engine_options */
	const char *state;   /* as in struct ruleset_options */
	/* Sees each batch before the engine does; may be NULL. For recordings. */
	void (*seen)(void *context, const struct batch *batch, const struct source *source);
	/* Something that whoever runs this should know; one line. */
	void (*tell)(void *context, const char *line);
	void *context;
};

/*
 * Binds the queue and adopts the connections that an earlier run has let in. If its rules are still
 * there, packets wait from now on for wall_work(); else nothing comes before wall_close_gate().
 */
int wall_new(const struct wall_options *options, struct wall **ret_wall, char **ret_message);

/* Ends the engine, tells of all flows, and leaves the rules as they are: shut. NULL is legal. */
void wall_free(struct wall *wall);

/* Loads the rules: from here on what is not known is asked about. */
int wall_close_gate(struct wall *wall, char **ret_message);

#define WALL_FDS 5

/*
 * The descriptors to poll, each time anew (a negative one is none): the first is the queue's. Then
 * wall_work() with what poll() said of them, or after a second.
 */
void wall_fds(const struct wall *wall, struct pollfd fds[static WALL_FDS]);

/* Does what is to be done. A negative errno value: the queue is lost, and there is no going on. */
int wall_work(struct wall *wall, const struct pollfd fds[static WALL_FDS], char **ret_message);

/*
 * Another policy; see engine_set_policy(). Offloaded flows that it does not let in are taken back.
 * Which queue and mark there are, what happens without us, and whether anything is offloaded stays
 * as it was at the start; tell() is told if that should be otherwise.
 */
void wall_set_policy(struct wall *wall, const struct policy *policy);

/* The interface of a packet, or NULL; `context` is the wall. For recorders. */
const char *wall_interface_name(void *context, const struct packet *p);

struct engine *wall_engine(struct wall *wall);
void wall_get_queue_stats(const struct wall *wall, struct queue_stats *ret_stats);

/* What takes the rules away again, with these settings. */
struct ruleset_options wall_ruleset_options(const struct policy *policy, const char *state);

#endif

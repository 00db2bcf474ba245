/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A wall between a client and a server (ruleset-world.h), with a recorder that remembers and an eye
 * of its own on the kernel's connections. The wall works only while the test says so: what passes
 * otherwise the kernel passes alone.
 */
#ifndef WALL_STAGE_H
#define WALL_STAGE_H

#include "kernel/conntrack.h"
#include "kernel/wall.h"
#include "ruleset-world.h"

#define STAGE_ADMITTED  0x10000000u
#define STAGE_OFFLOADED 0x20000000u
#define STAGE_BITS      (STAGE_ADMITTED | STAGE_OFFLOADED)

/* ms for what has to come, and for what must not. */
#define STAGE_LONG  5000
#define STAGE_SHORT 150

#define STAGE_FLOWS_MAX 64

/* A flow that has ended, as it was told. */
struct stage_flow {
	struct tuple tuple;
	enum flow_end cause;
	uint32_t packets[2];
	uint64_t bytes[2];
};

struct stage {
	struct world w;
	unsigned family;
	struct policy *policy;
	struct plugins *plugins;
	struct recorders recorders;
	struct wall *wall;
	struct conntrack *eye; /* sees the ends of what bears a bit of ours */
	struct conntrack_entry ended;
	unsigned n_ended;
	struct stage_flow flows[STAGE_FLOWS_MAX];
	unsigned n_flows;
	unsigned drops;
	enum reason drop; /* the last */
	uint64_t queued;  /* packets that the queue has brought, but for those of neighbours */
	GPtrArray *told;  /* lines */
};

/* Two ends of a TCP connection; -1: there is none. */
struct stage_pair {
	int client;
	int server;
};

/* "lan", private, on the client's side, and "wan", public, on the server's. */
struct policy *stage_policy(void);
struct connection *stage_wan(struct policy *policy);

/* A world with a wall in it, at work. The policy is the stage's. `plugin` may be NULL. */
void stage_begin(struct stage *s, unsigned family, struct policy *policy, const char *plugin);
void stage_end(struct stage *s);

/* The wall goes, and comes again. */
void stage_stop(struct stage *s);
void stage_start(struct stage *s);

/* Another policy takes the place of the one at work. */
void stage_reload(struct stage *s, struct policy *policy);

/* Lets the wall work for so long. */
void stage_work(struct stage *s, int ms);

/* A line with these words in it: was it told, and has it to be, sooner or later? */
bool stage_was_told(const struct stage *s, const char *words);
void stage_expect_told(struct stage *s, const char *words);

/* … until a socket is readable. */
bool stage_hears(struct stage *s, int fd, int patience);

/* A TCP socket that listens. */
int stage_listen(struct stage *s, enum world_ns ns, uint16_t port);

/* Connects somebody's port to somebody's where `listener` hears it, the wall working, within a
 * time. */
struct stage_pair stage_dial(struct stage *s, enum world_ns from, uint16_t from_port,
	enum world_ns to, uint16_t to_port, int listener, int patience);
void stage_hang_up(struct stage_pair *pair);

/* Says a word from one end to the other; does it arrive? Alone: without the wall. */
bool stage_says(struct stage *s, int from, int to, int patience);
bool stage_says_alone(int from, int to, int patience);

struct tuple stage_tuple(const struct stage *s, uint8_t proto, enum world_ns from,
	uint16_t from_port, enum world_ns to, uint16_t to_port);

/* Our bits in the mark of a connection. */
uint32_t stage_bits(struct stage *s, const struct tuple *tuple);

struct stats stage_stats(struct stage *s);

/* Sets net.netfilter.SETTING ("NAME=VALUE"). */
void stage_sysctl(const char *setting);

/* Words both ways have to pass that nobody is asked about. */
void stage_expect_carried_on(struct stage *s, const struct stage_pair *pair);

/* A connection that was carried on has to end, with the kernel's counters. */
void stage_expect_end(struct stage *s, const struct tuple *tuple);

#endif

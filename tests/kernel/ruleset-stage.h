/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules in a world of three machines, with letters that go to and fro and an engine that the
 * test plays, by hand.
 */
#ifndef RULESET_STAGE_H
#define RULESET_STAGE_H

#include <check.h>
#include <linux/netfilter.h>

#include "kernel/ruleset.h"
#include "ruleset-world.h"

#define ADMITTED  0x10000000u
#define OFFLOADED 0x20000000u
#define BITS      (ADMITTED | OFFLOADED)
#define QUEUE     7

#define PORT  4000 /* whose letters are asked about */
#define OTHER 4001

/* ms for what has to come, and for what must not. */
#define LONG  5000
#define SHORT 40

#define STAGE_FAMILIES 2 /* 4 and 6 */

struct stage {
	struct world w;
	unsigned family;
	struct ruleset_options options;
	struct ruleset *rules;
	int client;
	int server;
	int host; /* the firewall's own */
};

/* How many ways there are to get rules into this kernel: makes of iptables, and nft. */
int stage_ways(void);

/* The stage number `i` of a loop over STAGE_FAMILIES * ways, without rules. */
void stage_begin(struct stage *s, int i);
void stage_end(struct stage *s);

/* Loads the rules of s->options. */
void stage_apply(struct stage *s);

/* Sends a letter, which may be lost. */
void stage_mail(const struct stage *s, int from, enum world_ns to);

/* A rule of somebody else, as iptables takes it; and how many packets the one with this comment has
 * seen. */
void stage_add_rule(const struct stage *s, const char *rule);
unsigned stage_count(const struct stage *s, const char *table, const char *comment);

/* There is a connection with this mark ("mark=5 "), as far as the kernel tells. */
void stage_expect_mark(const char *mark);

/* A letter passes without anybody being asked. */
#define expect_passes(s, from, to, to_socket)                                                      \
	do {                                                                                       \
		struct world_packet asked;                                                         \
                                                                                                   \
		stage_mail(s, from, to);                                                           \
		ck_assert(world_hears(to_socket, LONG));                                           \
		ck_assert(!(s)->w.queue || !world_next(&(s)->w, SHORT, &asked));                   \
	} while (0)

/* A letter does not arrive, and nobody is asked. */
#define expect_lost(s, from, to, to_socket)                                                        \
	do {                                                                                       \
		stage_mail(s, from, to);                                                           \
		ck_assert(!world_hears(to_socket, SHORT));                                         \
	} while (0)

/* A letter is asked about at a hook, with a mark that has no bit of ours, and arrives if it is
 * accepted, with these bits (0: the mark is left alone). */
#define expect_asked(s, from, to, to_socket, at, verdict, bits)                                    \
	do {                                                                                       \
		struct world_packet asked;                                                         \
		uint32_t mark;                                                                     \
                                                                                                   \
		stage_mail(s, from, to);                                                           \
		ck_assert(world_next(&(s)->w, LONG, &asked));                                      \
		ck_assert_uint_eq(asked.hook, at);                                                 \
		ck_assert_uint_eq(asked.mark &BITS, 0);                                            \
		mark = asked.mark | (bits);                                                        \
		world_verdict(&(s)->w, &asked, verdict, (bits) ? &mark : NULL);                    \
		ck_assert(world_hears(to_socket, (verdict) == NF_ACCEPT ? LONG : SHORT) ==         \
			  ((verdict) == NF_ACCEPT));                                               \
	} while (0)

#endif

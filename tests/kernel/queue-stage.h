/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue between a client and a server (ruleset-world.h), whose engine the test plays.
 */
#ifndef QUEUE_STAGE_H
#define QUEUE_STAGE_H

#include "kernel/queue.h"
#include "ruleset-world.h"

#define STAGE_OURS   0x10000000u
#define STAGE_OURS2  0x20000000u
#define STAGE_NUMBER 7
#define STAGE_PORT   4000

/* ms for what has to come, and for what must not. */
#define STAGE_LONG  5000
#define STAGE_SHORT 40

struct stage {
	struct world w;
	unsigned family;
	int client; /* sockets for letters */
	int server;
	struct source *queue;
	struct queue_place place; /* of the last packet */
	unsigned fake_ifindex;    /* of the next packet, if not 0 */
	unsigned renumbered;
	uint32_t mark;
	unsigned asked; /* times that a mark was asked for */
	struct batch batch;
};

/* A world in which UDP between client and server is queued; with a queue or without. */
void stage_begin(struct stage *s, unsigned family);
void stage_begin_without(struct stage *s, unsigned family);
void stage_end(struct stage *s);

struct queue_options stage_options(struct stage *s);
void stage_open(struct stage *s, const struct queue_options *options);
struct queue_stats stage_stats(const struct stage *s);

/* Runs iptables of the stage's family. */
void stage_iptables(const struct stage *s, const char *rule);

/* Letters from the client to the server's port, and how many have come there by and by. */
void stage_send(struct stage *s, unsigned count);
unsigned stage_count_heard(const struct stage *s);

/* Does something come through the queue within a time? */
bool stage_waits(const struct stage *s, int patience);

/* The next batch, which has to come and have so many packets; its first. */
struct packet *stage_next(struct stage *s, unsigned count);

/* Sends letters and takes them in as one batch. */
struct packet *stage_take(struct stage *s, unsigned count);

/* One verdict for all of the batch. */
void stage_answer(struct stage *s, enum verdict verdict);

#endif

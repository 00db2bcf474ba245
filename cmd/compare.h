/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two policies over the same packets: which flows get another verdict.
 *
 *	compare_new()
 *	  compare_begin()   before the first engine judges a batch
 *	  compare_end()     behind it: the second one does, and verdicts are held against each other
 *	compare_finish()    the input is over
 *	compare_print()
 *	compare_free()
 */
#ifndef CMD_COMPARE_H
#define CMD_COMPARE_H

#include <stdio.h>

#include "engine.h"

/* Flows that are told; of others only their packets are counted. */
#define COMPARE_MAX 100000

struct compare;

/* The two engines. */
enum compare_side {
	COMPARE_THIS,
	COMPARE_OTHER,
	COMPARE_SIDES,
};

/* `name` is that of the other policy, for a person. */
struct compare *compare_new(const char *name);
void compare_free(struct compare *compare);

/* The recorder that the first engine needs, and the only ones of the other. */
const struct recorder_ops *compare_ops(void);
void *compare_recorder(struct compare *compare);
const struct recorders *compare_recorders(const struct compare *compare);

/* The engine of the other policy, which it owns from here on. */
void compare_set_engine(struct compare *compare, struct engine *other);

void compare_begin(struct compare *compare, struct batch *batch);
void compare_end(struct compare *compare, const struct batch *batch);

/* The verdict of a packet that was held. */
void compare_late(struct compare *compare, enum compare_side side, const struct packet *p);

/* To be called when the first engine is finished. */
void compare_finish(struct compare *compare);

/* 0 or a negative errno value. */
int compare_print(const struct compare *compare, FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control flows of a replay, each with the doors that its helper asked for and the flows that
 * came through them, as far as a person wants to read them: the first few of each, and a count of
 * the rest.
 */
#ifndef CMD_CONTROLS_H
#define CMD_CONTROLS_H

#include <glib.h>

#include "record/record.h"

#define CONTROLS_MAX 50 /* control flows that are kept */
#define DOORS_MAX    20 /* doors of one */
#define CHILDREN_MAX 4  /* flows through one door */

/* A flow that came through a door. */
struct child {
	uint64_t id;
	struct tuple tuple;
	uint64_t packets;
	uint64_t bytes;
	enum reason alone; /* what policy alone would have said */
};

struct door {
	struct expectation asked; /* as it was last; its pointers are not valid any more */
	uint64_t time;            /* of the request, ns */
	char *message;            /* or NULL */
	char *refusal;            /* or NULL */
	enum expect_action fate;  /* OPENED: still open */
	unsigned n_children;      /* in all */
	struct child children[CHILDREN_MAX];
};

struct control {
	uint64_t id;
	uint64_t parent_id; /* 0: none */
	struct tuple tuple;
	char *helper;
	uint64_t packets;
	uint64_t bytes;
	GPtrArray *notes; /* char *: "key: value" */
	GPtrArray *doors; /* struct door * */
	unsigned n_doors; /* in all */
};

struct controls {
	GPtrArray *list; /* struct control *, by id */
	uint64_t count;  /* in all */
	/* Flows that came through doors, and their packets, by what policy alone would have said of
	 * them: accept, drop. */
	uint64_t flows[2];
	uint64_t packets[2];
};

struct controls *controls_new(void);
void controls_free(struct controls *controls);

const struct control *controls_find(const struct controls *controls, uint64_t id);

/* To be called with the events of a recorder. */
void controls_flow_begin(struct controls *controls, const struct flow_event *event);
void controls_flow_end(struct controls *controls, const struct flow_event *event);
void controls_expectation(struct controls *controls, const struct expectation_event *event);

#endif

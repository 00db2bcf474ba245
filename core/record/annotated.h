/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packets that were accepted and those that were dropped, each kind in a pcapng file of its
 *own, with a comment on every packet that says why:
 *
 *	accept expected flow=4 door=2 parent=1 helper=NAME packet=17
 *	drop unsolicited packet=18
 *
 * `flow`, `door` and `parent` are the ids that events have; `helper` is the one that watches the
 * flow or, in the flow of a door, the one that had asked for it; `packet` is its number in the
 * input. What is not known or does not exist is left out.
 *
 * Every packet ends in exactly one of the two, with its bytes, in the order of the input; but a
 * packet that is held is written when its verdict comes. Of these the bytes are kept up to a
 * limit; one beyond it is written without its bytes, and the comment ends with "bytes=none".
 *
 * Around each batch of an engine to whose recorders this belongs:
 *
 *	annotated_begin(annotated, batch);
 *	engine_process(engine, batch);
 *	annotated_end(annotated);
 *
 * and annotated_late() from the engine's late_verdict().
 */
#ifndef RECORD_ANNOTATED_H
#define RECORD_ANNOTATED_H

#include "record/record.h"
#include "record/writer.h"

struct annotated;

struct annotated_options {
	struct writer *accepted; /* NULL: not wanted. The caller closes it, after the last packet */
	struct writer *dropped;  /* likewise */
	const char *program;     /* who writes; for the head of the files */
	uint64_t held_max;       /* bytes of packets that wait for their verdict */
	/* Names the interface that a packet of the current source was seen on, or NULL. May be
	 * NULL. */
	const char *(*interface_name)(void *context, const struct packet *p);
	void *context;
};

/* Writes the head of each file: one without packets is a capture too. */
struct annotated *annotated_new(const struct annotated_options *options);
void annotated_free(struct annotated *annotated);

const struct recorder_ops *annotated_ops(void);

/* From here on interfaces are those of another source. */
void annotated_next_source(struct annotated *annotated);

/* The engine is about to judge these packets. Until annotated_end() the batch must stay, and so
 * must its bytes. */
void annotated_begin(struct annotated *annotated, struct batch *batch);
void annotated_end(struct annotated *annotated);

/* The verdict of a packet that was held. */
void annotated_late(struct annotated *annotated, const struct packet *p);

#endif

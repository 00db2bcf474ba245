/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where lines come out of a writer's queue: made of records where that is still to be done,
 * gathered in a buffer, written to a file, and counted where they could not be.
 *
 * All of it belongs to the thread that writes. Only sink_error(), sink_lost() and sink_trouble()
 * may be called by any.
 */
#ifndef RECORD_SINK_H
#define RECORD_SINK_H

#include "record/file.h"
#include "record/writer.h"

/* What writer_change() and writer_reopen() ask for. */
struct writer_change {
	char *path;    /* NULL: the same */
	void *message; /* for ops->change(), or NULL */
	uint64_t max_size;
	unsigned rotations;
	bool limits; /* these two are set */
	bool reopen;
};

void writer_change_free(struct writer_change *change);

struct sink {
	struct file file;
	const struct writer_ops *ops; /* or NULL: bytes, not lines */
	void *context;
	uint64_t max_size; /* of the file; 0: no limit */
	uint64_t time;     /* of the last event */

	char *buffer;
	size_t used;  /* bytes in it */
	size_t line;  /* where the line begins that is not whole yet */
	bool is_long; /* parts of that line have been written */
	bool skips;   /* the rest of it is lost */

	uint64_t head;  /* bytes of the file that are its head */
	uint64_t whole; /* bytes of the file up to its last whole line */
	bool begun;     /* the head stands before what comes */
	bool is_stuck;  /* it could not be rotated; not tried again before something is written */

	uint64_t missed; /* events that were lost and are not told yet */
	uint64_t missed_time;

	_Atomic uint64_t lost;
	atomic_int error;
	atomic_int trouble;
};

/* -ENOMEM. The sink takes the file over, even then. */
int sink_init(struct sink *sink, const struct file *file);

/* Closes the file. 0, or the first error. */
int sink_done(struct sink *sink);

/* An event as the recorder has put it down. */
void sink_record(struct sink *sink, const struct writer_item *item);

/* A part of a line, and if `is_last` its end. */
void sink_text(struct sink *sink, const char *text, size_t len, uint64_t time, bool is_last);

/* `count` events have been lost before they came here; sink_lost() does not count them. */
void sink_miss(struct sink *sink, uint64_t count, uint64_t time);

/* From here on there are lines, and it is known how they are made. */
void sink_attach(struct sink *sink, const struct writer_ops *ops, void *context);

/* The end of that: what is lost is told, at the cost of the last lines if need be. */
void sink_finish(struct sink *sink);

/* Writes what has been gathered. */
void sink_flush(struct sink *sink);

/* The same, and the head of the file even if no line has come. */
void sink_begin(struct sink *sink);

/* Takes the change over: frees it. */
void sink_change(struct sink *sink, struct writer_change *change);

int sink_error(const struct sink *sink);
int sink_trouble(const struct sink *sink);
uint64_t sink_lost(const struct sink *sink);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue of events on their way to a file: appended by one thread, which has packets to judge, and
 * made into lines and written by another.
 *
 *	writer_open()         a file; then the recorder that writes to it is made, and it calls
 *	  writer_attach()       to say how its lines are made
 *	    writer_record()       an event as a few bytes, of which a line is made later
 *	    writer_text()         or a line that is put together at once, with text.h and write.h
 *	  writer_detach()       when the recorder is freed: all is written, and what is lost is told
 *	writer_close()
 *
 * Lines come out in the order in which events were appended, and the same whether there is a thread
 * or not. Nothing is allocated and no system call is made per line.
 *
 * A writer is lossless: where the file is slow, the caller waits. One that is `lossy` never waits;
 * what finds no room is lost as a whole and counted, and a line that says so stands where it would
 * have stood. A full disk loses lines too, in either case: the file is cut back to its last whole
 * line, and what was lost is told as soon as there is room, or at the end in place of the last
 * lines. Any other error is kept, and after it nothing more is written.
 */
#ifndef RECORD_WRITER_H
#define RECORD_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer;

/* NULL stands for all zeros. */
struct writer_options {
	bool threaded; /* a thread of its own makes the lines and writes them */
	bool lossy;    /* the caller never waits; implies `threaded` */
	bool append;   /* behind what a regular file holds, if that begins as it would; else what is
			* there is emptied */
	bool guarded;  /* mode 0640, and no symbolic link to a regular file is followed (-ELOOP) */
	uint64_t max_size;  /* bytes; before it grows beyond, it is rotated. 0: no limit */
	unsigned rotations; /* old files that are kept: PATH.old, PATH.old.2, …; 0 is 1 */
};

/* Takes over `fd` unless it is 1 or 2. -ENOMEM, -EAGAIN (no thread). */
int writer_new(int fd, bool threaded, struct writer **ret_writer);

/* Opens a file; "-" is standard output, which is neither cut back nor rotated. */
int writer_open(const char *path, const struct writer_options *options, struct writer **ret_writer);

/* Writes what is left. Returns 0 or the first error as a negative errno value. */
int writer_close(struct writer *writer);

/* Hands everything over to be written now. */
void writer_flush(struct writer *writer);

/* Waits until everything is written, or lost. Not for the path of packets. */
void writer_sync(struct writer *writer);

/* 0, or the first error so far as a negative errno value. Cheap. */
int writer_error(const struct writer *writer);

/* Events that are lost so far; exact behind writer_sync(). */
uint64_t writer_lost(const struct writer *writer);

/* 0, or why the file could not be rotated or opened anew when that was last tried. It goes on with
 * the file that it has; where that is as large as it may be, lines are lost. */
int writer_trouble(const struct writer *writer);

/* Opens the path anew: the file has been moved away. Does not wait. */
void writer_reopen(struct writer *writer);

/* From here on another path (NULL: the same), limits (of `options` these two alone), and a message
 * (or NULL) for ops->change(), which is freed by g_free(). Does not wait. */
void writer_change(struct writer *writer, const char *path, const struct writer_options *options,
	void *message);

/* The head of what writer_record() returns; the rest is the recorder's own. */
struct writer_item {
	uint32_t len; /* in bytes, with this head */
	uint8_t kind; /* private */
	uint8_t tag[3];
	uint64_t time;
};

/* A line, or a head, that these functions make has room for so many bytes. */
#define WRITER_LINE_MAX 8192

/* All but `weigh` are called on the thread that writes. They return where the text ends. */
struct writer_ops {
	/* The line of a record, with the end of the line. */
	char *(*format)(void *context, const struct writer_item *item, char *at);
	/* The line that says that so many events are lost. */
	char *(*lost)(void *context, uint64_t count, uint64_t time, char *at);
	/* How many events a line stands for; *ret_is_lost: it is one that `lost` has made. */
	uint64_t (*weigh)(const char *line, size_t len, bool *ret_is_lost);
	/* What a file begins with; `time` is that of its first event, or 0. May be NULL. */
	char *(*head)(void *context, uint64_t time, char *at);
	/* May be NULL. */
	void (*change)(void *context, const void *message);
};

/* `ops` and `context` must stay until writer_detach(). */
void writer_attach(struct writer *writer, const struct writer_ops *ops, void *context);
void writer_detach(struct writer *writer);

/* Room for a record of `len` bytes, a few hundred at most and a multiple of 8, to be filled in
 * behind its head and in `tag` before anything else is done with the writer; or NULL: it is lost.
 */
struct writer_item *writer_record(struct writer *writer, uint32_t len, uint64_t time);

/* So many events are lost before they came here, the last of them at that time: told like those
 * that find no room. */
void writer_lose(struct writer *writer, uint64_t count, uint64_t time);

/* The event that the next lines are about happened then. */
void writer_time(struct writer *writer, uint64_t time);

/*
 * For lines that are put together at once: room for at least `len` bytes, to be filled with text.h,
 * and writer_fill() with where that ended before anything else is done with the writer.
 */
#define WRITER_ROOM_MAX 4096
char *writer_room(struct writer *writer, size_t len);
void writer_fill(struct writer *writer, const char *end);

/* Ends a line, with a line feed. */
void writer_end_line(struct writer *writer);

#endif

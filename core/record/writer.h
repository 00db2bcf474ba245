/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A buffered writer of lines, with functions that append pieces of text to it.
 *
 * Lines are put together in a large buffer and written when it is full, so nothing is allocated and
 * no system call is made per line. With `threaded` the buffers are written by a thread of its own.
 * It is lossless: when the disk is slow, the caller waits. A write error is kept and told by
 * writer_error() and writer_close(); after it nothing more is written.
 */
#ifndef RECORD_WRITER_H
#define RECORD_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/tuple.h"

struct writer;

/* Takes over `fd` unless it is 1 or 2. -ENOMEM, -EAGAIN (no thread). */
int writer_new(int fd, bool threaded, struct writer **ret_writer);

/* Opens a file for writing, truncated; "-" is standard output. */
int writer_open(const char *path, bool threaded, struct writer **ret_writer);

/* Writes what is left. Returns 0 or the first error as a negative errno value. */
int writer_close(struct writer *writer);

/* Hands the finished lines over to be written now. */
void writer_flush(struct writer *writer);

/* 0, or the first error so far as a negative errno value. Cheap. */
int writer_error(const struct writer *writer);

/*
 * For lines that must be fast: room for at least `len` bytes, to be filled with text.h, and
 * writer_fill() with where that ended before anything else is done with the writer.
 */
#define WRITER_ROOM_MAX 4096
char *writer_room(struct writer *writer, size_t len);
void writer_fill(struct writer *writer, const char *end);

/* Appending. Nothing fails: a line may be of any length. */
void write_bytes(struct writer *writer, const char *bytes, size_t len);
void write_text(struct writer *writer, const char *text);
void write_char(struct writer *writer, char c);
void write_uint(struct writer *writer, uint64_t number);
void write_padded(struct writer *writer, uint64_t number, unsigned digits); /* zeros in front */
void write_addr(struct writer *writer, const struct pn_addr *addr);
/* A JSON string with its quotes; valid UTF-8 passes, the rest becomes U+FFFD; control characters
 * are escaped (RFC 8259 §7). NULL: the word null. */
void write_json(struct writer *writer, const char *text);
/* ISO 8601, UTC, 9 digits: 2026-11-21T20:15:00.123456789+0000 as EVE writes it. */
void write_time(struct writer *writer, uint64_t time);

/* Ends a line: here a full buffer may be handed over. */
void write_end_line(struct writer *writer);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From events to bytes in a file.
 *
 * Lines are gathered in a buffer of 256 KiB. What must stand before a line is found out when it
 * begins: the head of a file, a rotation since it would be too large, and how many events are lost.
 * Where a line is longer than the buffer it goes out in parts, and cannot be rotated any more.
 *
 * When a write fails because the disk is full, the file is cut back to its last whole line, and the
 * events of all others are counted in `missed`; the next line is preceded by one that tells. If
 * that cannot be written either it counts for what it told, so nothing is forgotten and nothing is
 * told twice. What stands for how much is asked from the recorder, by ops->weigh().
 *
 * Without ops there are no lines but bytes; then any error is the last.
 */
#include "record/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#define BUFFER_SIZE (256u * 1024)
/* Behind it: a head, a line that tells of losses, and the line that begins then. */
#define SLACK (3u * WRITER_LINE_MAX)
/* More than the line needs that tells of losses. */
#define LOST_ROOM 256u
/* The longest line that is taken back at the end. */
#define TAIL_MAX (64u * 1024)

int
sink_init(struct sink *sink, const struct file *file)
{
	*sink = (struct sink){ .file = *file, .whole = file->size, .begun = true };
	sink->buffer = malloc(BUFFER_SIZE + SLACK);
	if (sink->buffer)
		return 0;
	(void)file_close(&sink->file);
	return -ENOMEM;
}

void
writer_change_free(struct writer_change *change)
{
	if (!change)
		return;
	g_free(change->path);
	g_free(change->message);
	g_free(change);
}

void
sink_attach(struct sink *sink, const struct writer_ops *ops, void *context)
{
	sink->ops = ops;
	sink->context = context;
	sink->begun = !ops->head;
	sink->whole = sink->file.size;
}

int
sink_error(const struct sink *sink)
{
	return sink->error;
}

int
sink_trouble(const struct sink *sink)
{
	return sink->trouble;
}

uint64_t
sink_lost(const struct sink *sink)
{
	return sink->lost;
}

/* Where the whole line begins that ends before `end`. */
static size_t
line_start(const char *bytes, size_t end)
{
	const char *before = end > 1 ? memrchr(bytes, '\n', end - 1) : NULL;

	return before ? (size_t)(before + 1 - bytes) : 0;
}

/* A line that will not be in the file. */
static void
miss_line(struct sink *sink, const char *line, size_t len)
{
	bool is_lost = false;
	uint64_t count = sink->ops->weigh(line, len, &is_lost);

	sink->missed += count;
	sink->missed_time = sink->time;
	if (!is_lost)
		sink->lost += count;
}

/* The same for all lines from `start` to `end` in the buffer. One that has no end yet is one. */
static void
miss_lines(struct sink *sink, size_t start, size_t end)
{
	while (start < end) {
		const char *line = sink->buffer + start;
		const char *next = memchr(line, '\n', end - start);
		size_t len = next ? (size_t)(next - line) + 1 : end - start;

		miss_line(sink, line, len);
		sink->skips |= !next;
		start += len;
	}
}

/* The disk was full after `written` of the first `len` bytes of the buffer. */
static void
cut_back(struct sink *sink, size_t written, size_t len)
{
	uint64_t start = sink->file.size - written;
	const char *last = memrchr(sink->buffer, '\n', written);
	size_t kept = last ? (size_t)(last + 1 - sink->buffer) : 0;
	bool is_lost = false;
	int r;

	if (kept) {
		size_t line = line_start(sink->buffer, kept);

		/* Only to tell that nothing has been lost since. */
		(void)sink->ops->weigh(sink->buffer + line, kept - line, &is_lost);
		if (is_lost)
			kept = line;
	}
	if (kept)
		sink->whole = start + kept;
	if (sink->whole < sink->head) {
		sink->whole = sink->head = 0;
		sink->begun = false;
	}
	r = file_cut(&sink->file, sink->whole);
	if (r < 0)
		sink->error = r;
	miss_lines(sink, kept, len);
}

/* Writes the first `len` bytes of the buffer. */
static void
write_out(struct sink *sink, size_t len)
{
	bool is_whole = len == sink->line;
	size_t written;
	int r = sink->error;

	if (!r) {
		r = file_write(&sink->file, sink->buffer, len, &written);
		if (r && sink->ops && sink->file.tidy && file_is_full(r))
			cut_back(sink, written, len);
		else if (r)
			sink->error = r;
		else if (is_whole)
			sink->whole = sink->file.size;
	}
	memmove(sink->buffer, sink->buffer + len, sink->used - len);
	sink->used -= len;
	sink->line = is_whole ? 0 : sink->used;
	sink->is_long = !is_whole && !sink->skips;
}

static void
write_lines(struct sink *sink)
{
	if (sink->line)
		write_out(sink, sink->line);
}

static void
rotate(struct sink *sink)
{
	char text[WRITER_LINE_MAX];
	size_t len = 0;
	int r;

	if (sink->ops->head)
		len = (size_t)(sink->ops->head(sink->context, sink->time, text) - text);
	write_lines(sink);
	r = file_rotate(&sink->file, text, len);
	sink->trouble = r;
	sink->is_stuck = r < 0;
	if (r < 0)
		return;
	sink->begun = true;
	sink->head = len;
	sink->whole = len;
}

/* A file that is there and begins as ours do; a line that was not finished is taken away. */
static void
go_on(struct sink *sink, size_t head)
{
	char *tail = g_malloc(TAIL_MAX);
	ssize_t n = file_tail(&sink->file, tail, TAIL_MAX);
	const char *last = n > 0 ? memrchr(tail, '\n', (size_t)n) : NULL;

	if (last && last + 1 < tail + n)
		(void)file_cut(&sink->file, sink->file.size - (uint64_t)(tail + n - (last + 1)));
	g_free(tail);
	sink->head = head;
	sink->whole = sink->file.size;
}

/* Sees to the head of a file whose next line is its first, or the first of ours. */
static void
begin(struct sink *sink, uint64_t time)
{
	char text[WRITER_LINE_MAX];
	size_t len = (size_t)(sink->ops->head(sink->context, 0, text) - text);

	sink->begun = true;
	if (sink->file.tidy && sink->file.size) {
		if (file_starts_with(&sink->file, text, len)) {
			go_on(sink, len);
			return;
		}
		rotate(sink);
		if (!sink->is_stuck)
			return;
		sink->head = sink->file.size; /* it stays, and ours comes behind it */
	} else {
		len = (size_t)(sink->ops->head(sink->context, time, text) - text);
		sink->head = sink->file.tidy ? len : 0;
	}
	memcpy(sink->buffer + sink->used, text, len);
	sink->used += len;
	sink->line = sink->used;
}

/* Is there room for a line, and for one that tells of losses before it, below the limit? A file
 * that has nothing but its head takes any. */
static bool
fits(const struct sink *sink, size_t len)
{
	uint64_t size = sink->file.size + sink->used;

	if (!sink->max_size || !sink->file.tidy || size <= sink->head)
		return true;
	if (sink->missed)
		len += LOST_ROOM;
	return size < sink->max_size && len <= sink->max_size - size;
}

/* Nothing has to stand before a line of that length. */
static inline bool
is_plain(const struct sink *sink, size_t len)
{
	return sink->begun && !sink->missed && fits(sink, len);
}

/* Puts what has to stand before a line; false if the line is lost. */
static bool
open_line(struct sink *sink, size_t len)
{
	char *at;

	if (!sink->begun)
		begin(sink, sink->time);
	if (!fits(sink, len) && !sink->is_stuck)
		rotate(sink);
	if (!fits(sink, len)) /* what could not be written on the way is told of too */
		return false;
	if (!sink->missed)
		return true;
	if (!sink->begun)
		begin(sink, sink->time); /* the disk was full meanwhile */
	at = sink->buffer + sink->used;
	at = sink->ops->lost(sink->context, sink->missed, sink->missed_time, at);
	sink->used = sink->line = (size_t)(at - sink->buffer);
	sink->missed = 0;
	return true;
}

void
sink_miss(struct sink *sink, uint64_t count, uint64_t time)
{
	sink->missed += count;
	sink->missed_time = time;
}

void
sink_record(struct sink *sink, const struct writer_item *item)
{
	char *start, *end;

	if (!sink->ops || sink->error)
		return;
	if (sink->used > BUFFER_SIZE)
		write_lines(sink);
	sink->time = item->time;
	start = sink->buffer + sink->used;
	end = sink->ops->format(sink->context, item, start);
	if (is_plain(sink, (size_t)(end - start))) {
		sink->used = sink->line = (size_t)(end - sink->buffer);
	} else {
		char line[WRITER_LINE_MAX];
		size_t len = (size_t)(end - start);

		memcpy(line, start, len);
		sink_text(sink, line, len, item->time, true);
	}
}

/* Makes room behind what the buffer has. */
static void
make_room(struct sink *sink)
{
	if (sink->line)
		write_lines(sink);
	else
		write_out(sink, sink->used);
}

static void
append(struct sink *sink, const char *text, size_t len)
{
	while (len && !sink->skips && !sink->error) {
		size_t room = BUFFER_SIZE + SLACK - sink->used;
		size_t part = MIN(len, room);

		memcpy(sink->buffer + sink->used, text, part);
		sink->used += part;
		text += part;
		len -= part;
		if (len)
			make_room(sink);
	}
}

/* Large pieces are not copied. */
static void
put_bytes(struct sink *sink, const char *bytes, size_t len)
{
	size_t written;

	if (len >= BUFFER_SIZE / 4) {
		write_lines(sink);
		if (!sink->error)
			sink->error = file_write(&sink->file, bytes, len, &written);
	} else {
		append(sink, bytes, len);
		sink->line = sink->used;
	}
}

void
sink_text(struct sink *sink, const char *text, size_t len, uint64_t time, bool is_last)
{
	bool begins = sink->used == sink->line && !sink->is_long;

	sink->time = time;
	if (sink->error)
		return;
	if (!sink->ops) {
		put_bytes(sink, text, len);
		return;
	}
	if (sink->skips) {
		sink->skips = !is_last;
		return;
	}
	if (sink->used > BUFFER_SIZE)
		make_room(sink);
	if (begins && !is_plain(sink, len) && !open_line(sink, len)) {
		sink_miss(sink, 1, time);
		sink->lost++;
		sink->skips = !is_last;
		return;
	}
	append(sink, text, len);
	if (!is_last)
		return;
	sink->line = sink->used;
	sink->is_long = false;
	sink->skips = false;
}

void
sink_flush(struct sink *sink)
{
	write_lines(sink);
	sink->is_stuck = false;
}

/* Takes the last line off the file; false if there is none that could go. */
static bool
cut_last_line(struct sink *sink)
{
	struct file *file = &sink->file;
	char *tail = g_malloc(TAIL_MAX);
	ssize_t n = file->size > sink->head ? file_tail(file, tail, TAIL_MAX) : 0;
	size_t start = n > 0 ? line_start(tail, (size_t)n) : 0;
	uint64_t size = file->size - (uint64_t)MAX(n, 0) + start;
	bool is_there = n > 0 && (start || (uint64_t)n == file->size) && size >= sink->head;

	is_there = is_there && file_cut(file, size) >= 0;
	if (is_there) {
		miss_line(sink, tail + start, (size_t)n - start);
		sink->whole = size;
	}
	g_free(tail);
	return is_there;
}

void
sink_finish(struct sink *sink)
{
	if (sink->used)
		write_out(sink, sink->used);
	if (!sink->ops)
		return;
	if (!sink->begun)
		begin(sink, 0);
	write_lines(sink);
	sink->is_stuck = false;
	while (sink->missed && !sink->error) {
		if (open_line(sink, 0))
			write_lines(sink);
		if (sink->missed && (!sink->file.tidy || !cut_last_line(sink)))
			sink->error = -ENOSPC;
	}
	sink->ops = NULL;
}

void
sink_begin(struct sink *sink)
{
	if (!sink->begun)
		begin(sink, 0);
	sink_flush(sink);
}

int
sink_done(struct sink *sink)
{
	int r;

	if (sink->used)
		write_out(sink, sink->used);
	r = file_close(&sink->file);
	free(sink->buffer);
	return sink->error ? sink->error : r;
}

/* Does the head of the file change by it? */
static bool
tell_change(struct sink *sink, const void *message)
{
	const struct writer_ops *ops = sink->ops;
	char before[WRITER_LINE_MAX], after[WRITER_LINE_MAX];
	size_t n = 0, m = 0;

	if (ops->head)
		n = (size_t)(ops->head(sink->context, 0, before) - before);
	if (ops->change)
		ops->change(sink->context, message);
	if (ops->head)
		m = (size_t)(ops->head(sink->context, 0, after) - after);
	return n != m || memcmp(before, after, n) != 0;
}

void
sink_change(struct sink *sink, struct writer_change *change)
{
	sink_flush(sink);
	if (change->message && sink->ops && tell_change(sink, change->message))
		sink->begun = false;
	if (change->limits) {
		sink->max_size = change->max_size;
		sink->file.rotations = change->rotations;
	}
	if (change->reopen) {
		sink->trouble = file_reopen(&sink->file, change->path);
		if (!sink->trouble) {
			sink->head = 0;
			sink->whole = sink->file.size;
			sink->begun = !sink->ops || !sink->ops->head;
		}
	}
	writer_change_free(change);
}

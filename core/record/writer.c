// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events on their way to a file: what is appended becomes items (records, lines of text, calls),
 * one behind the other in the segments of a queue, and those go to a sink when they are taken.
 *
 * A line of text is one item. One that does not fit moves to the next segment, and a very long one
 * goes on there as another item, so that memory stays bounded.
 *
 * What must stand before an item where there was no room (events that are lost, a change that was
 * asked for) is kept, and `end` is then set so that the next item finds no room at first: that
 * costs nothing where nothing is the matter.
 *
 * Nothing here looks at a clock, so what is written depends only on what was appended.
 */
#include "record/writer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "record/queue.h"
#include "record/sink.h"

/* A line that is longer goes on as another item, or if that may not wait, is lost. */
#define MOVED_MAX (16u * 1024)

/* Memory is asked for so far ahead: it was in the hands of the thread before. */
#define AHEAD 512

enum item_kind {
	ITEM_RECORD,
	ITEM_PART, /* of a line of text */
	ITEM_LINE, /* the last part of one, or all of it */
	ITEM_LOST,
	ITEM_CALL,
};

struct lost_item {
	struct writer_item item;
	uint64_t count;
};

/* Something to be done between two lines. */
struct call_item {
	struct writer_item item;
	void (*call)(struct writer *writer, void *data);
	void *data;
};

/* Room for what goes before an item. */
#define PENDING_MAX (sizeof(struct lost_item) + sizeof(struct call_item))

struct writer {
	/* Of the caller. */
	char *at;                 /* where the next byte goes */
	char *end;                /* how far it may go; `at` where something must go first */
	struct writer_item *line; /* text that has no end yet, or NULL */
	uint64_t time;
	uint64_t missed; /* events that are lost, and not told yet */
	uint64_t missed_time;
	struct writer_change *change; /* that is asked for, or NULL */
	bool threaded;
	bool lossy;
	bool skips; /* the rest of a line is lost */
	const struct writer_ops *ops;
	_Atomic uint64_t lost;

	struct queue queue;
	atomic_bool hurry; /* for the file */
	sem_t done;        /* something that is waited for */
	struct sink sink;  /* of whoever takes */

	char nowhere[WRITER_ROOM_MAX]; /* where a line goes that is lost */
};

static inline size_t
padded(size_t len)
{
	return (len + 7) & ~(size_t)7;
}

static void
take_item(struct writer *writer, const struct writer_item *item)
{
	struct sink *sink = &writer->sink;
	size_t len = item->len - sizeof(*item);

	switch ((enum item_kind)item->kind) {
	case ITEM_RECORD:
		sink_record(sink, item);
		break;
	case ITEM_PART:
	case ITEM_LINE:
		sink_text(sink, (const char *)(item + 1), len, item->time, item->kind == ITEM_LINE);
		break;
	case ITEM_LOST:
		sink_miss(sink, ((const struct lost_item *)item)->count, item->time);
		break;
	case ITEM_CALL:
		((const struct call_item *)item)
			->call(writer, ((const struct call_item *)item)->data);
		break;
	}
}

static void
take_items(void *context, const char *at, const char *end)
{
	while (at < end) {
		const struct writer_item *item = (const void *)at;

		take_item(context, item);
		at += padded(item->len);
	}
}

static void
take_nothing(void *context)
{
	struct writer *writer = context;

	sink_flush(&writer->sink);
}

/* Is something to go before the next item? */
static bool
is_pending(const struct writer *writer)
{
	return writer->missed || writer->change;
}

static void
set_end(struct writer *writer)
{
	bool stop = is_pending(writer) && !writer->line;

	writer->end = stop ? writer->at : writer->queue.segment + writer->queue.size;
}

/* Bytes of the current segment that may be taken: a line that has no end yet may not. */
static size_t
finished(const struct writer *writer)
{
	const char *at = writer->line ? (const char *)writer->line : writer->at;

	return (size_t)(at - writer->queue.segment);
}

/* As queue_next(). A line that has no end yet is not taken along. */
static bool
next_segment(struct writer *writer, bool patient)
{
	if (!queue_next(&writer->queue, finished(writer), patient))
		return false;
	writer->at = writer->queue.segment;
	set_end(writer);
	return true;
}

static struct writer_item *
put_item(struct writer *writer, enum item_kind kind, size_t len, uint64_t time)
{
	struct writer_item *item = (void *)writer->at;

	*item = (struct writer_item){ .len = (uint32_t)len, .kind = (uint8_t)kind, .time = time };
	writer->at += padded(len);
	return item;
}

static void
put_call(struct writer *writer, void (*call)(struct writer *writer, void *data), void *data)
{
	struct call_item *item = (void *)put_item(writer, ITEM_CALL, sizeof(*item), 0);

	item->call = call;
	item->data = data;
}

static void
call_change(struct writer *writer, void *data)
{
	sink_change(&writer->sink, data);
}

/* Puts what must go first; there is room. */
static void
put_pending(struct writer *writer)
{
	if (writer->missed) {
		struct lost_item *item =
			(void *)put_item(writer, ITEM_LOST, sizeof(*item), writer->missed_time);

		item->count = writer->missed;
		writer->missed = 0;
	}
	if (writer->change)
		put_call(writer, call_change, writer->change);
	writer->change = NULL;
	set_end(writer);
}

/* Room for an item of `need` bytes, with what must go before it; false if that would be to wait. */
static bool
make_room(struct writer *writer, size_t need, bool patient)
{
	size_t left = (size_t)(writer->queue.segment + writer->queue.size - writer->at);

	if (left < need + (is_pending(writer) ? PENDING_MAX : 0) && !next_segment(writer, patient))
		return false;
	if (is_pending(writer))
		put_pending(writer);
	return true;
}

void
writer_lose(struct writer *writer, uint64_t count, uint64_t time)
{
	writer->missed += count;
	writer->lost += count;
	writer->missed_time = time;
	set_end(writer);
}

static void
end_item(struct writer *writer, enum item_kind kind)
{
	size_t len = (size_t)(writer->at - (char *)writer->line);

	writer->line->len = (uint32_t)len;
	writer->line->kind = (uint8_t)kind;
	writer->at = (char *)writer->line + padded(len);
	writer->line = NULL;
	set_end(writer);
}

/* Something else comes behind bytes that are no line. */
static void
end_part(struct writer *writer)
{
	if (writer->line)
		end_item(writer, ITEM_PART);
}

struct writer_item *
writer_record(struct writer *writer, uint32_t len, uint64_t time)
{
	if (__builtin_expect(writer->line != NULL, 0))
		end_item(writer, ITEM_PART);
	if (__builtin_expect((size_t)(writer->end - writer->at) < len, 0)) {
		if (!make_room(writer, len, !writer->lossy)) {
			writer_lose(writer, 1, time);
			return NULL;
		}
	}
	__builtin_prefetch(writer->at + AHEAD, 1);
	return put_item(writer, ITEM_RECORD, len, time);
}

void
writer_time(struct writer *writer, uint64_t time)
{
	writer->time = time;
}

/* The line that is being put together is lost; the rest of it goes nowhere. */
static void
skip_line(struct writer *writer)
{
	if (writer->line)
		writer->at = (char *)writer->line;
	writer->line = NULL;
	writer->skips = true;
	writer_lose(writer, 1, writer->time);
}

static void
begin_line(struct writer *writer)
{
	size_t need = sizeof(*writer->line) + WRITER_ROOM_MAX;

	if ((size_t)(writer->end - writer->at) < need && !make_room(writer, need, !writer->lossy)) {
		skip_line(writer);
		return;
	}
	writer->line = (void *)writer->at;
	*writer->line = (struct writer_item){ .time = writer->time };
	writer->at += sizeof(*writer->line);
}

/* A line goes on in the next segment: there as a whole, or the rest of it as another item. */
static void
carry_line(struct writer *writer)
{
	struct writer_item *line = writer->line;
	size_t len = (size_t)(writer->at - (char *)line);
	char *source = (char *)line;

	if (len > MOVED_MAX && !writer->lossy) {
		end_item(writer, ITEM_PART);
		next_segment(writer, true);
		begin_line(writer);
		return;
	}
	if (len > writer->queue.size - WRITER_ROOM_MAX || !next_segment(writer, !writer->lossy)) {
		skip_line(writer);
		return;
	}
	memmove(writer->at, source, len);
	writer->line = (void *)writer->at;
	writer->at += len;
}

char *
writer_room(struct writer *writer, size_t len)
{
	assert(len <= WRITER_ROOM_MAX);
	if (!writer->line && !writer->skips)
		begin_line(writer);
	if (!writer->skips && (size_t)(writer->end - writer->at) < len)
		carry_line(writer);
	return writer->skips ? writer->nowhere : writer->at;
}

void
writer_fill(struct writer *writer, const char *end)
{
	if (writer->skips)
		return;
	assert(writer->line && end >= writer->at && end <= writer->end);
	writer->at += end - writer->at;
}

void
writer_end_line(struct writer *writer)
{
	char *at = writer_room(writer, 1);

	*at = '\n';
	writer_fill(writer, at + 1);
	if (writer->line)
		end_item(writer, ITEM_LINE);
	writer->skips = false;
}

void
writer_flush(struct writer *writer)
{
	if (!writer->lossy)
		end_part(writer);
	if (is_pending(writer) && !writer->line)
		(void)make_room(writer, 0, !writer->lossy);
	if (writer->threaded) {
		queue_publish(&writer->queue, finished(writer));
		return;
	}
	next_segment(writer, true);
	sink_flush(&writer->sink);
}

static void
call_done(struct writer *writer, void *data)
{
	void (*call)(struct sink * sink) = *(void (**)(struct sink * sink)) data;

	call(&writer->sink);
	sem_post(&writer->done);
}

/* Has it done by the thread, behind everything that was appended, and waits. */
static void
call_and_wait(struct writer *writer, void (*call)(struct sink *sink))
{
	end_part(writer);
	make_room(writer, sizeof(struct call_item), true);
	put_call(writer, call_done, &call);
	if (writer->threaded)
		queue_publish(&writer->queue, finished(writer));
	else
		next_segment(writer, true);
	sem_wait(&writer->done);
}

void
writer_sync(struct writer *writer)
{
	call_and_wait(writer, sink_begin);
}

static void
call_attach(struct writer *writer, void *data)
{
	sink_attach(&writer->sink, writer->ops, data);
}

void
writer_attach(struct writer *writer, const struct writer_ops *ops, void *context)
{
	writer->ops = ops;
	end_part(writer);
	make_room(writer, sizeof(struct call_item), true);
	put_call(writer, call_attach, context);
}

void
writer_detach(struct writer *writer)
{
	writer->hurry = writer->lossy;
	call_and_wait(writer, sink_finish);
	writer->ops = NULL;
	writer->hurry = false;
}

/* What was asked for before and has not been done yet is done in one. */
static void
ask_for(struct writer *writer, const struct writer_change *new)
{
	struct writer_change *change = writer->change;

	if (!change)
		change = writer->change = g_new0(struct writer_change, 1);
	if (new->path) {
		g_free(change->path);
		change->path = new->path;
	}
	if (new->message) {
		g_free(change->message);
		change->message = new->message;
	}
	if (new->limits) {
		change->max_size = new->max_size;
		change->rotations = new->rotations;
		change->limits = true;
	}
	change->reopen |= new->reopen;
	set_end(writer);
	writer_flush(writer);
}

void
writer_reopen(struct writer *writer)
{
	ask_for(writer, &(struct writer_change){ .reopen = true });
}

void
writer_change(struct writer *writer, const char *path, const struct writer_options *options,
	void *message)
{
	const struct writer_change change = {
		.path = g_strdup(path),
		.message = message,
		.max_size = options->max_size,
		.rotations = options->rotations,
		.limits = true,
		.reopen = path != NULL,
	};

	ask_for(writer, &change);
}

static void
writer_free(struct writer *writer)
{
	sem_destroy(&writer->done);
	writer_change_free(writer->change);
	free(writer);
}

static int
start(struct writer *writer, const struct writer_options *options)
{
	const struct queue_owner owner = {
		.take = take_items,
		.idle = take_nothing,
		.context = writer,
	};

	writer->lossy = options->lossy;
	writer->threaded = options->threaded || options->lossy;
	writer->sink.max_size = options->max_size;
	return queue_init(&writer->queue, writer->threaded, &owner);
}

/* Takes the file over, even if it fails. */
static int
writer_make(struct file *file, const struct writer_options *options, struct writer **ret_writer)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	int r;

	if (!writer) {
		(void)file_close(file);
		return -ENOMEM;
	}
	sem_init(&writer->done, 0, 0);
	file->rotations = options->rotations;
	file->hurry = options->lossy ? &writer->hurry : NULL;
	r = sink_init(&writer->sink, file);
	if (r >= 0) {
		r = start(writer, options);
		if (r < 0)
			(void)sink_done(&writer->sink);
	}
	if (r < 0) {
		writer_free(writer);
		return r;
	}
	writer->at = writer->queue.segment;
	set_end(writer);
	*ret_writer = writer;
	return 0;
}

int
writer_new(int fd, bool threaded, struct writer **ret_writer)
{
	const struct writer_options options = { .threaded = threaded };
	struct file file;

	file_init(&file, fd);
	return writer_make(&file, &options, ret_writer);
}

int
writer_open(const char *path, const struct writer_options *options, struct writer **ret_writer)
{
	static const struct writer_options none;
	struct file file;
	int r;

	options = options ? options : &none;
	r = file_open(&file, path, options->guarded, options->append);
	if (r < 0)
		return r;
	return writer_make(&file, options, ret_writer);
}

int
writer_close(struct writer *writer)
{
	int r;

	if (!writer)
		return 0;
	writer->hurry = writer->lossy;
	if (writer->ops)
		writer_detach(writer);
	writer_flush(writer);
	queue_done(&writer->queue);
	r = sink_done(&writer->sink);
	writer_free(writer);
	return r;
}

int
writer_error(const struct writer *writer)
{
	return sink_error(&writer->sink);
}

uint64_t
writer_lost(const struct writer *writer)
{
	return writer->lost + sink_lost(&writer->sink);
}

int
writer_trouble(const struct writer *writer)
{
	return sink_trouble(&writer->sink);
}

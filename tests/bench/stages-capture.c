// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stages over a capture: each does what the one before it does, and one thing more.
 *
 *   read CAPTURE      the reader alone
 *   decode CAPTURE    and decoding, checksums not looked at
 *   verify CAPTURE    and checksums
 *   engine CAPTURE    and the engine, to the end of its life
 *   record CAPTURE    the same, read ahead and written behind by other threads; -e, -l: with that
 *
 * Life-cycle: one pass over the capture. Relies on the capture being in the page cache.
 */
#include "stages.h"

#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "packet/decode.h"
#include "record/eve.h"
#include "record/w3c.h"
#include "source/capture.h"

/* What is done with a batch. */
typedef void (*batch_fn)(void *context, struct batch *batch);

static int
play(const char *path, bool read_ahead, batch_fn work, void *context, uint64_t *ret_packets)
{
	const struct capture_options options = { .read_ahead = read_ahead };
	struct batch *batch = g_new0(struct batch, 1);
	g_autofree char *message = NULL;
	struct source *source;
	int r;

	r = capture_open(path, &options, &source, &message);
	if (r < 0) {
		fprintf(stderr, "stages: %s: %s\n", path, message);
		g_free(batch);
		return r;
	}
	while ((r = source_next(source, batch)) > 0)
		work(context, batch);
	if (r < 0)
		fprintf(stderr, "stages: %s: %s\n", path, source_error(source));
	*ret_packets = capture_next_number(source) - 1;
	source_free(source);
	g_free(batch);
	return r;
}

static int
measure(const char *path, batch_fn work, void *context)
{
	uint64_t begun = thread_time(), packets;
	int r = play(path, false, work, context, &packets);

	if (r < 0)
		return r;
	tell("ns", thread_time() - begun);
	tell("packets", packets);
	return 0;
}

static void
do_nothing(void *context, struct batch *batch)
{
}

static int
run_read(const struct stage_options *options, const char *path)
{
	return measure(path, do_nothing, NULL);
}

static void
do_decode(void *context, struct batch *batch)
{
	for (unsigned n = 0; n < batch->count; n++)
		decode(&batch->packets[n], context);
}

static int
run_decode(const struct stage_options *options, const char *path)
{
	struct decode_options decode_options = { .verify_checksums = false };

	return measure(path, do_decode, &decode_options);
}

static int
run_verify(const struct stage_options *options, const char *path)
{
	struct decode_options decode_options = { .verify_checksums = true };

	return measure(path, do_decode, &decode_options);
}

static void
do_process(void *context, struct batch *batch)
{
	engine_process(context, batch);
}

static int
run_engine(const struct stage_options *options, const char *path)
{
	uint64_t begun, packets;
	struct stats stats;
	struct rig rig;
	int r;

	r = rig_init(&rig, options);
	if (r < 0)
		return r;
	begun = thread_time();
	r = play(path, false, do_process, rig.engine, &packets);
	engine_finish(rig.engine);
	engine_get_stats(rig.engine, &stats);
	rig_done(&rig);
	if (r < 0)
		return r;
	tell("ns", thread_time() - begun);
	tell("packets", packets);
	tell("dropped", stats_verdicts(&stats, VERDICT_DROP));
	tell("flows", stats.table.created);
	tell("expired", stats.expired);
	tell("messages", stats.helper.messages);
	tell("expected", stats.flows[REASON_EXPECTED]);
	return 0;
}

/* What is written, and how many lines of it. */
struct outputs {
	struct writer *events;
	struct eve *eve;
	struct writer *log;
	struct w3c *w3c;
	uint64_t lines;
};

static void
count_flow(void *context, const struct flow_event *event)
{
	++*(uint64_t *)context;
}

static void
count_drop(void *context, const struct drop_event *event)
{
	++*(uint64_t *)context;
}

static void
count_door(void *context, const struct expectation_event *event)
{
	++*(uint64_t *)context;
}

static const struct recorder_ops count_events = {
	.flow_end = count_flow,
	.expectation = count_door,
	.drop = count_drop,
};
static const struct recorder_ops count_log = {
	.flow_begin = count_flow,
	.flow_end = count_flow,
	.drop = count_drop,
};

static int
open_output(const char *path, struct writer **ret_writer)
{
	const struct writer_options options = { .threaded = true };
	int r = writer_open(path, &options, ret_writer);

	if (r < 0)
		fprintf(stderr, "stages: %s: %s\n", path, strerror(-r));
	return r;
}

static int
outputs_open(struct outputs *outputs, struct rig *rig, const struct stage_options *options)
{
	struct policy_log *log = &rig->policy->log;
	int r = 0;

	log->dropped = log->connections = true;
	if (options->events)
		r = open_output(options->events, &outputs->events);
	if (r >= 0 && options->log)
		r = open_output(options->log, &outputs->log);
	if (r < 0)
		return r;
	if (outputs->events) {
		outputs->eve = eve_new(outputs->events);
		recorders_add(&rig->recorders, eve_ops(), outputs->eve);
		recorders_add(&rig->recorders, &count_events, &outputs->lines);
	}
	if (outputs->log) {
		outputs->w3c = w3c_new(outputs->log, log);
		recorders_add(&rig->recorders, w3c_ops(), outputs->w3c);
		recorders_add(&rig->recorders, &count_log, &outputs->lines);
	}
	return 0;
}

static int
outputs_close(struct outputs *outputs)
{
	int r, r2;

	eve_free(outputs->eve);
	w3c_free(outputs->w3c);
	r = writer_close(outputs->events);
	r2 = writer_close(outputs->log);
	return r < 0 ? r : r2;
}

static int
run_record(const struct stage_options *options, const char *path)
{
	uint64_t begun, begun_all, here, all, packets = 0;
	struct outputs outputs = { 0 };
	struct rig rig;
	int r;

	r = rig_init(&rig, options);
	if (r < 0)
		return r;
	r = outputs_open(&outputs, &rig, options);
	begun = thread_time();
	begun_all = process_time();
	if (r >= 0)
		r = play(path, true, do_process, rig.engine, &packets);
	engine_finish(rig.engine);
	here = thread_time() - begun;
	outputs_close(&outputs);
	all = process_time() - begun_all;
	rig_done(&rig);
	if (r < 0)
		return r;
	tell("ns", here);
	tell("others_ns", all - here);
	tell("packets", packets);
	tell("lines", outputs.lines);
	return 0;
}

const struct stage stages_of_captures[] = {
	{ "read", "CAPTURE", run_read },
	{ "decode", "CAPTURE", run_decode },
	{ "verify", "CAPTURE", run_verify },
	{ "engine", "CAPTURE", run_engine },
	{ "record", "CAPTURE", run_record },
	{ 0 },
};

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * postern replay: captures through the engine, and what came of it.
 *
 * Everything that can be wrong with the command is found before an output is opened: options, then
 * configuration, plugins and filter, then the engine. Then the captures are played one after the
 * other; one that cannot be read to its end is told and the next is played. If whoever reads the
 * events has had enough (`--events - | head`), the replay stops without a word.
 *
 * With --threads the engine stays where it is: captures are read ahead and results written behind,
 * so the outcome is the same for any number.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <glib.h>

#include "command.h"
#include "engine.h"
#include "policy/config.h"
#include "progress.h"
#include "record/eve.h"
#include "record/w3c.h"
#include "replay-options.h"
#include "search.h"
#include "source/capture.h"
#include "source/filter.h"
#include "summary.h"

struct replay {
	struct replay_options options;
	struct policy *policy;
	struct plugins *plugins; /* NULL: no helpers */
	struct filter *filter;   /* NULL: all packets */
	struct recorders recorders;
	struct summary *summary;
	struct writer *events;
	struct eve *eve;
	struct writer *log;
	struct policy_log log_policy;
	struct w3c *w3c;
	struct engine *engine;
	struct progress progress;
	struct batch *batch;
	const struct source *source; /* capture that is being played, or NULL */
	uint64_t first_number;       /* of that capture */
	uint64_t next_number;        /* of the first packet of the next one */
	unsigned n_broken;           /* captures that could not be read to their end */
	int64_t begun;               /* µs */
	int status;
};

static int
load_policy(struct replay *replay)
{
	const struct replay_options *options = &replay->options;
	g_autoptr(GPtrArray) warnings = NULL;
	g_autoptr(GError) error = NULL;

	replay->policy = config_load(options->config, &warnings, &error);
	if (!replay->policy) {
		complain("%s", error->message);
		return -EINVAL;
	}
	for (unsigned i = 0; i < warnings->len; i++)
		complain("%s", (const char *)warnings->pdata[i]);
	if (options->connection && strcmp(options->connection, replay->policy->connection) != 0) {
		complain("--connection %s: there is no such connection; there is: %s",
			options->connection, replay->policy->connection);
		return -EINVAL;
	}
	return 0;
}

static int
load_filter(struct replay *replay)
{
	g_autofree char *message = NULL;
	int r;

	if (!replay->options.filter)
		return 0;
	r = filter_new(replay->options.filter, &replay->filter, &message);
	if (r < 0)
		complain("--filter %s: %s", replay->options.filter, message);
	return r;
}

static int
start_engine(struct replay *replay)
{
	struct engine_options options = {
		.policy = replay->policy,
		.plugins = replay->plugins,
		.inside = replay->options.inside,
		.n_inside = replay->options.n_inside,
		.recorders = &replay->recorders,
	};
	g_autofree char *message = NULL;
	int r;

	if (getrandom(options.seed, sizeof(options.seed), 0) != sizeof(options.seed)) {
		complain("the system gives no random numbers: %s", g_strerror(errno));
		return -EIO;
	}
	r = engine_new(&options, &replay->engine, &message);
	if (r < 0)
		complain("%s", message);
	return r;
}

/* Would writing there destroy what is to be read? */
static bool
is_capture(const struct replay *replay, const char *path)
{
	struct stat output, capture;

	if (stat(path, &output) < 0 || !S_ISREG(output.st_mode))
		return false;
	for (char **at = replay->options.captures; *at; at++) {
		if (!stat(*at, &capture) && capture.st_dev == output.st_dev &&
			capture.st_ino == output.st_ino)
			return true;
	}
	return false;
}

static int
open_output(const struct replay *replay, const char *path, struct writer **ret_writer)
{
	int r;

	if (is_capture(replay, path)) {
		complain("%s: is a capture that is to be read; write to another file", path);
		return -EINVAL;
	}
	r = writer_open(path, replay->options.threads > 1, ret_writer);
	if (r < 0)
		complain("%s: cannot be written: %s", path, g_strerror(-r));
	return r;
}

/* Where a packet was seen. One of an earlier capture, which was held, belongs to other interfaces
 * than those that are known now. */
static const char *
interface_name(void *context, const struct packet *p)
{
	const struct replay *replay = context;

	if (!replay->source || p->number < replay->first_number)
		return NULL;
	return source_interface_name(replay->source, p->iface);
}

static int
open_events(struct replay *replay)
{
	int r;

	if (!replay->options.events)
		return 0;
	r = open_output(replay, replay->options.events, &replay->events);
	if (r < 0)
		return r;
	replay->eve = eve_new(replay->events);
	eve_set_interfaces(replay->eve, interface_name, replay);
	return recorders_add(&replay->recorders, eve_ops(), replay->eve);
}

/* A log that is asked for on the command line tells everything, whatever the policy says. */
static int
open_log(struct replay *replay)
{
	int r;

	if (!replay->options.log)
		return 0;
	r = open_output(replay, replay->options.log, &replay->log);
	if (r < 0)
		return r;
	replay->log_policy = replay->policy->log;
	replay->log_policy.dropped = true;
	replay->log_policy.connections = true;
	replay->w3c = w3c_new(replay->log, &replay->log_policy);
	return recorders_add(&replay->recorders, w3c_ops(), replay->w3c);
}

static int
prepare(struct replay *replay)
{
	const struct replay_options *options = &replay->options;
	int r;

	r = load_policy(replay);
	if (r >= 0)
		r = search_load(
			options->helpers, options->plugin_path, replay->policy, &replay->plugins);
	if (r >= 0)
		r = load_filter(replay);
	if (r >= 0)
		r = start_engine(replay);
	if (r >= 0)
		r = open_events(replay);
	if (r >= 0)
		r = open_log(replay);
	if (r < 0 || options->quiet)
		return r;
	replay->summary = summary_new();
	return recorders_add(&replay->recorders, summary_ops(), replay->summary);
}

/* The first error of an output so far, or 0. */
static int
output_error(const struct replay *replay)
{
	int r = replay->events ? writer_error(replay->events) : 0;

	return !r && replay->log ? writer_error(replay->log) : r;
}

static void
draw_progress(struct replay *replay, const char *path)
{
	uint64_t done, size;

	capture_progress(replay->source, &done, &size);
	progress_draw(&replay->progress, path, done, size, capture_next_number(replay->source) - 1);
}

/* Plays what a capture gives, to its end or to an error of its own (told) or of an output. */
static void
play_source(struct replay *replay, const char *path, struct source *source)
{
	int n;

	while ((n = source_next(source, replay->batch)) > 0) {
		engine_process(replay->engine, replay->batch);
		source_verdicts(source, replay->batch);
		if (progress_due(&replay->progress))
			draw_progress(replay, path);
		if (output_error(replay))
			return;
	}
	progress_clear(&replay->progress);
	if (n < 0) {
		complain("%s: %s", path, source_error(source));
		replay->n_broken++;
		replay->status = STATUS_INPUT;
	}
}

static void
play(struct replay *replay, const char *path)
{
	const struct capture_options options = {
		.read_ahead = replay->options.threads > 1,
		.first_number = replay->next_number,
		.filter = replay->filter,
	};
	g_autofree char *message = NULL;
	struct source *source;

	if (capture_open(path, &options, &source, &message) < 0) {
		progress_clear(&replay->progress);
		complain("%s: %s", path, message);
		replay->n_broken++;
		replay->status = STATUS_INPUT;
		return;
	}
	replay->source = source;
	replay->first_number = replay->next_number;
	play_source(replay, path, source);
	replay->next_number = capture_next_number(source);
	replay->source = NULL;
	source_free(source);
}

/* Closes an output. Returns false if it could not be written; -EPIPE is nobody's fault. */
static bool
close_output(struct replay *replay, struct writer **writer, const char *path)
{
	int r = writer_close(*writer);

	*writer = NULL;
	if (r < 0 && r != -EPIPE) {
		complain("%s: cannot be written: %s", path, g_strerror(-r));
		replay->status = STATUS_INPUT;
	}
	return r == 0;
}

static void
report(struct replay *replay, const struct stats *stats)
{
	const struct replay_options *options = &replay->options;
	bool to_stderr = (options->events && !strcmp(options->events, "-")) ||
			 (options->log && !strcmp(options->log, "-"));
	struct summary_facts facts = {
		.stats = stats,
		.captures = (const char *const *)options->captures,
		.n_broken = replay->n_broken,
		.inside = options->inside,
		.n_inside = options->n_inside,
		.duration = (uint64_t)(g_get_monotonic_time() - replay->begun) * 1000,
	};
	int r = summary_print(replay->summary, &facts, to_stderr ? stderr : stdout);

	if (r < 0 && r != -EPIPE) {
		complain("the summary cannot be written: %s", g_strerror(-r));
		replay->status = STATUS_INPUT;
	}
}

/* All has been played: what is open is told, and the results are brought home. */
static void
finish(struct replay *replay)
{
	struct stats stats;
	bool good;

	progress_clear(&replay->progress);
	engine_finish(replay->engine);
	engine_get_stats(replay->engine, &stats);
	if (replay->eve)
		eve_stats(replay->eve, &stats, stats.last_time);
	good = close_output(replay, &replay->events, replay->options.events);
	good &= close_output(replay, &replay->log, replay->options.log);
	if (good && replay->summary)
		report(replay, &stats);
}

static void
run(struct replay *replay)
{
	replay->begun = g_get_monotonic_time();
	replay->next_number = 1;
	replay->batch = g_new0(struct batch, 1);
	progress_init(&replay->progress, !replay->options.quiet);
	for (char **path = replay->options.captures; *path && !output_error(replay); path++)
		play(replay, *path);
	finish(replay);
	g_free(replay->batch);
}

static void
done(struct replay *replay)
{
	engine_free(replay->engine);
	eve_free(replay->eve);
	w3c_free(replay->w3c);
	(void)writer_close(replay->events);
	(void)writer_close(replay->log);
	summary_free(replay->summary);
	filter_free(replay->filter);
	plugins_free(replay->plugins);
	policy_free(replay->policy);
	replay_options_done(&replay->options);
}

int
replay_main(int argc, char **argv)
{
	struct replay replay = { .status = STATUS_OK };

	signal(SIGPIPE, SIG_IGN);
	if (replay_options_parse(argc, argv, &replay.options) < 0)
		return STATUS_USAGE;
	if (prepare(&replay) < 0)
		replay.status = STATUS_USAGE;
	else
		run(&replay);
	done(&replay);
	return replay.status;
}

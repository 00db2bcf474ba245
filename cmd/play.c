// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the command line to the results.
 *
 * Everything that can be wrong with the command is found before an output is opened: configuration,
 * plugins and filter, then the engine. If whoever reads a result has had enough (`--events - |
 * head`), play_error() says so and nobody complains.
 *
 * With threads the engine stays where it is: results are written behind it, so they are the same.
 */
#include "play.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <glib.h>

#include "command.h"
#include "policy/config.h"
#include "search.h"

static int
check_connection(const struct play *play)
{
	const char *name = play->options.connection;
	g_autoptr(GString) known = NULL;

	if (!name || policy_connection_find(play->policy, name))
		return 0;
	known = g_string_new(NULL);
	for (unsigned i = 0; i < play->policy->n_connections; i++)
		g_string_append_printf(
			known, "%s%s", i ? ", " : "", play->policy->connections[i].name);
	complain("--connection %s: there is no such connection; there is: %s", name, known->str);
	return -EINVAL;
}

static int
load_policy(struct play *play)
{
	const struct options *options = &play->options;
	g_autoptr(GPtrArray) warnings = NULL;
	g_autoptr(GError) error = NULL;

	play->policy = config_load(options->config, &warnings, &error);
	if (!play->policy) {
		complain("%s", error->message);
		return -EINVAL;
	}
	for (unsigned i = 0; i < warnings->len; i++)
		complain("%s", (const char *)warnings->pdata[i]);
	return check_connection(play);
}

static int
load_filter(struct play *play)
{
	g_autofree char *message = NULL;
	int r;

	if (!play->options.filter)
		return 0;
	r = filter_new(play->options.filter, &play->filter, &message);
	if (r < 0)
		complain("--filter %s: %s", play->options.filter, message);
	return r;
}

static void
late_verdict(void *context, const struct packet *p)
{
	struct play *play = context;

	if (play->annotated)
		annotated_late(play->annotated, p);
}

/* Where a packet was seen. One of an earlier source, which was held, belongs to other interfaces
 * than those that are known now. */
static const char *
interface_name(void *context, const struct packet *p)
{
	const struct play *play = context;

	if (!play->source || p->number < play->first_number)
		return NULL;
	return source_interface_name(play->source, p->iface);
}

static int
start_engine(struct play *play)
{
	struct engine_options options = {
		.policy = play->policy,
		.plugins = play->plugins,
		.inside = play->options.inside,
		.n_inside = play->options.n_inside,
		.recorders = &play->recorders,
		.unmatched = play->options.connection,
		.interface_name = interface_name,
		.late_verdict = late_verdict,
		.context = play,
	};
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *message = NULL;
	int r;

	options.warnings = warnings;
	if (getrandom(options.seed, sizeof(options.seed), 0) != sizeof(options.seed)) {
		complain("the system gives no random numbers: %s", g_strerror(errno));
		return -EIO;
	}
	r = engine_new(&options, &play->engine, &message);
	for (unsigned i = 0; i < warnings->len; i++)
		complain("%s", (const char *)warnings->pdata[i]);
	if (r < 0)
		complain("%s", message);
	return r;
}

/* Would writing there destroy what is to be read? */
static bool
is_capture(const struct play *play, const char *path)
{
	struct stat output, capture;

	if (play->live || stat(path, &output) < 0 || !S_ISREG(output.st_mode))
		return false;
	for (char **at = play->options.inputs; *at; at++) {
		if (!stat(*at, &capture) && capture.st_dev == output.st_dev &&
			capture.st_ino == output.st_ino)
			return true;
	}
	return false;
}

static int
open_output(struct play *play, enum output output)
{
	const char *path = play->options.outputs[output];
	int r;

	if (!path)
		return 0;
	if (is_capture(play, path)) {
		complain("%s: is a capture that is to be read; write to another file", path);
		return -EINVAL;
	}
	r = writer_open(path, play->threaded, &play->writers[output]);
	if (r < 0)
		complain("%s: cannot be written: %s", path, g_strerror(-r));
	return r;
}

static int
attach_events(struct play *play)
{
	if (!play->writers[OUTPUT_EVENTS])
		return 0;
	play->eve = eve_new(play->writers[OUTPUT_EVENTS]);
	eve_set_interfaces(play->eve, interface_name, play);
	return recorders_add(&play->recorders, eve_ops(), play->eve);
}

/* A log that is asked for on the command line tells everything, whatever the policy says. */
static int
attach_log(struct play *play)
{
	if (!play->writers[OUTPUT_LOG])
		return 0;
	play->log_policy = play->policy->log;
	play->log_policy.dropped = true;
	play->log_policy.connections = true;
	play->w3c = w3c_new(play->writers[OUTPUT_LOG], &play->log_policy);
	return recorders_add(&play->recorders, w3c_ops(), play->w3c);
}

/* Packets that wait are those that the engine puts together: their limit holds for copies too. */
static int
attach_packets(struct play *play)
{
	const struct annotated_options options = {
		.accepted = play->writers[OUTPUT_ACCEPTED],
		.dropped = play->writers[OUTPUT_DROPPED],
		.program = "Postern " POSTERN_VERSION,
		.held_max = play->policy->defrag.max_memory,
		.interface_name = interface_name,
		.context = play,
	};

	if (!options.accepted && !options.dropped)
		return 0;
	play->annotated = annotated_new(&options);
	return recorders_add(&play->recorders, annotated_ops(), play->annotated);
}

static int
open_results(struct play *play)
{
	int r = 0;

	for (unsigned n = 0; n < OUTPUT_COUNT && r >= 0; n++)
		r = open_output(play, (enum output)n);
	if (r >= 0)
		r = attach_events(play);
	if (r >= 0)
		r = attach_log(play);
	if (r >= 0)
		r = attach_packets(play);
	if (r < 0 || play->options.quiet)
		return r;
	play->summary = summary_new();
	return recorders_add(&play->recorders, summary_ops(), play->summary);
}

int
play_prepare(struct play *play)
{
	const struct options *options = &play->options;
	int r;

	r = load_policy(play);
	if (r >= 0)
		r = search_load(
			options->helpers, options->plugin_path, play->policy, &play->plugins);
	if (r >= 0)
		r = load_filter(play);
	if (r >= 0)
		r = start_engine(play);
	if (r >= 0)
		r = open_results(play);
	if (r < 0)
		play->status = STATUS_USAGE;
	progress_init(&play->progress, !options->quiet);
	play->begun = g_get_monotonic_time();
	return r;
}

void
play_done(struct play *play)
{
	engine_free(play->engine);
	eve_free(play->eve);
	w3c_free(play->w3c);
	annotated_free(play->annotated);
	for (unsigned n = 0; n < OUTPUT_COUNT; n++)
		(void)writer_close(play->writers[n]);
	summary_free(play->summary);
	filter_free(play->filter);
	plugins_free(play->plugins);
	policy_unref(play->policy);
	options_done(&play->options);
}

void
play_source(struct play *play, const struct source *source, uint64_t first_number)
{
	play->source = source;
	play->first_number = first_number;
	engine_forget_interfaces(play->engine);
	if (play->annotated)
		annotated_next_source(play->annotated);
}

void
play_batch(struct play *play, struct source *source)
{
	if (play->annotated)
		annotated_begin(play->annotated, &play->batch);
	engine_process(play->engine, &play->batch);
	if (play->annotated)
		annotated_end(play->annotated);
	source_verdicts(source, &play->batch);
}

int
play_error(const struct play *play)
{
	int r = 0;

	for (unsigned n = 0; n < OUTPUT_COUNT && !r; n++)
		if (play->writers[n])
			r = writer_error(play->writers[n]);
	return r;
}

void
play_flush(struct play *play)
{
	for (unsigned n = 0; n < OUTPUT_COUNT; n++)
		if (play->writers[n])
			writer_flush(play->writers[n]);
}

/* Closes the outputs. Returns false if one could not be written; -EPIPE is nobody's fault. */
static bool
close_outputs(struct play *play)
{
	bool good = true;

	for (unsigned n = 0; n < OUTPUT_COUNT; n++) {
		int r = writer_close(play->writers[n]);

		play->writers[n] = NULL;
		good &= r == 0;
		if (r == 0 || r == -EPIPE)
			continue;
		complain("%s: cannot be written: %s", play->options.outputs[n], g_strerror(-r));
		play->status = STATUS_INPUT;
	}
	return good;
}

static void
report(struct play *play, const struct summary_facts *facts)
{
	bool to_stderr = options_use_stdout(&play->options);
	int r = summary_print(play->summary, facts, to_stderr ? stderr : stdout);

	if (r < 0 && r != -EPIPE) {
		complain("the summary cannot be written: %s", g_strerror(-r));
		play->status = STATUS_INPUT;
	}
}

void
play_finish(struct play *play, struct summary_facts *facts)
{
	const struct options *options = &play->options;
	struct stats stats;

	progress_clear(&play->progress);
	engine_finish(play->engine);
	engine_get_stats(play->engine, &stats);
	if (play->eve)
		eve_stats(play->eve, &stats, stats.last_time);
	if (!close_outputs(play) || !play->summary)
		return;
	facts->stats = &stats;
	facts->inputs = (const char *const *)options->inputs;
	facts->live = play->live;
	facts->inside = options->inside;
	facts->n_inside = options->n_inside;
	facts->duration = (uint64_t)(g_get_monotonic_time() - play->begun) * 1000;
	report(play, facts);
}

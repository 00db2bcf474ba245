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
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <glib.h>

#include "command.h"
#include "load.h"
#include "search.h"

static int
check_connection(const struct options *options, const struct policy *policy)
{
	const char *name = options->connection;
	g_autofree char *known = NULL;

	if (!name || policy_connection_find(policy, name))
		return 0;
	known = load_connections(policy);
	complain("--connection %s: there is no such connection; there is: %s", name, known);
	return -EINVAL;
}

static int
read_policy(const struct options *options, const char *path, struct policy **ret_policy)
{
	struct policy *policy = load_policy(path, NULL);

	if (!policy)
		return -EINVAL;
	search_choose(options->helpers, policy);
	*ret_policy = policy;
	return 0;
}

int
play_policy(const struct options *options, const char *path, struct policy **ret_policy)
{
	struct policy *policy;

	if (read_policy(options, path, &policy) < 0)
		return -EINVAL;
	if (check_connection(options, policy) < 0) {
		policy_unref(policy);
		return -EINVAL;
	}
	*ret_policy = policy;
	return 0;
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
	if (play->compare)
		compare_late(play->compare, COMPARE_THIS, p);
}

static void
late_verdict_there(void *context, const struct packet *p)
{
	struct play *play = context;

	compare_late(play->compare, COMPARE_OTHER, p);
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

/* The same for the engine, which asks once for each interface. */
static const char *
note_interface(void *context, const struct packet *p)
{
	struct play *play = context;
	const char *name = interface_name(play, p);
	const struct connection *connection = policy_connection_of_interface(play->policy, name);

	play->has_names |= name != NULL;
	play->has_match |= connection && connection->role != ROLE_PRIVATE;
	return name;
}

int
play_engine(struct play *play, const struct policy *policy, const struct recorders *recorders,
	void (*late)(void *context, const struct packet *p), struct engine **ret_engine)
{
	struct engine_options options = {
		.policy = policy,
		.plugins = play->plugins,
		.inside = play->options.inside,
		.n_inside = play->options.n_inside,
		.recorders = recorders,
		.unmatched = play->options.connection,
		.interface_name = policy == play->policy ? note_interface : interface_name,
		.late_verdict = late,
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
	r = engine_new(&options, ret_engine, &message);
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

/* A log that is asked for on the command line tells everything, unless a file says what it tells;
 * and it is as large as it becomes, unless a file says how large it may be. */
static struct policy_log
log_policy(const struct play *play)
{
	struct policy_log log = play->policy->log;

	if (!log.chosen)
		log.dropped = log.connections = true;
	if (!log.max_size_set)
		log.max_size_kib = 0;
	return log;
}

/* Packets do not wait for those who read what is told of them; captures do, and are told whole. */
static struct writer_options
output_options(const struct play *play, enum output output)
{
	struct writer_options options = { .threaded = play->threaded };
	struct policy_log log = log_policy(play);

	options.lossy = play->live && (output == OUTPUT_EVENTS || output == OUTPUT_LOG);
	if (output != OUTPUT_LOG)
		return options;
	w3c_options(&log, &options);
	options.append = false;
	return options;
}

static int
open_output(struct play *play, enum output output)
{
	const char *path = play->options.outputs[output];
	struct writer_options options;
	int r;

	if (!path)
		return 0;
	if (is_capture(play, path)) {
		complain("%s: is a capture that is to be read; write to another file", path);
		return -EINVAL;
	}
	options = output_options(play, output);
	r = writer_open(path, &options, &play->writers[output]);
	if (r == -ELOOP)
		complain("%s: is a symbolic link; name the file that it leads to", path);
	else if (r < 0)
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

static int
attach_log(struct play *play)
{
	struct policy_log log = log_policy(play);

	if (!play->writers[OUTPUT_LOG])
		return 0;
	play->w3c = w3c_new(play->writers[OUTPUT_LOG], &log);
	if (play->live)
		writer_sync(play->writers[OUTPUT_LOG]); /* its head can be seen at once */
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

	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is like a disk that is full */
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

/* What the comparison is with, for a person. */
static char *
other_name(const struct play *play, const struct policy *policy)
{
	const char *name = play->options.connection;

	if (!name || policy_connection_find(policy, name))
		return g_strdup(play->compare_with);
	return g_strdup_printf("%s, where default stands for %s", play->compare_with, name);
}

/* The other policy, and an engine for it that tells nobody anything. */
static int
start_comparison(struct play *play)
{
	g_autofree char *name = NULL;
	struct policy *policy;
	struct engine *engine;
	int r;

	if (!play->compare_with)
		return 0;
	r = read_policy(&play->options, play->compare_with, &policy);
	if (r < 0)
		return r;
	name = other_name(play, policy);
	play->compare = compare_new(name);
	r = recorders_add(&play->recorders, compare_ops(), compare_recorder(play->compare));
	if (r >= 0)
		r = play_engine(play, policy, compare_recorders(play->compare), late_verdict_there,
			&engine);
	if (r >= 0)
		compare_set_engine(play->compare, engine);
	policy_unref(policy);
	return r;
}

int
play_prepare(struct play *play)
{
	const struct options *options = &play->options;
	int r;

	if (options->config)
		reload_expect();
	r = play_policy(options, options->config, &play->policy);
	if (r >= 0)
		r = search_load(options->helpers, options->plugin_path, &play->plugins);
	if (r >= 0)
		r = load_filter(play);
	if (r >= 0)
		r = play_engine(play, play->policy, &play->recorders, late_verdict, &play->engine);
	if (r >= 0)
		r = start_comparison(play);
	if (r >= 0)
		r = open_results(play);
	if (r < 0)
		play->status = STATUS_USAGE;
	progress_init(&play->progress, !options->quiet);
	play->begun = g_get_monotonic_time();
	if (r >= 0 && options->config)
		play->reload = reload_new(play);
	return r;
}

void
play_done(struct play *play)
{
	reload_free(play->reload);
	engine_free(play->engine);
	compare_free(play->compare);
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
play_wait(struct play *play)
{
	reload_allow(play->reload);
}

void
play_go_on(struct play *play)
{
	reload_forbid(play->reload);
}

int
play_next(struct play *play, struct source *source)
{
	int n;

	play_wait(play);
	n = source_next(source, &play->batch);
	play_go_on(play);
	return n;
}

void
play_batch(struct play *play, struct source *source)
{
	struct batch *batch = &play->batch;

	if (play->compare)
		compare_begin(play->compare, batch);
	if (play->annotated)
		annotated_begin(play->annotated, batch);
	engine_process(play->engine, batch);
	if (play->annotated)
		annotated_end(play->annotated);
	if (play->compare)
		compare_end(play->compare, batch);
	play->last_number = batch->packets[batch->count - 1].number;
	source_verdicts(source, batch);
}

void
play_set_policy(struct play *play, struct policy *policy)
{
	engine_set_policy(play->engine, policy);
	policy_unref(play->policy);
	play->policy = policy_ref(policy);
	if (play->w3c) {
		struct policy_log log = log_policy(play);

		w3c_set_policy(play->w3c, &log, NULL);
	}
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

/* Closes an output. Returns false if it could not be written; -EPIPE is nobody's fault. */
static bool
close_output(struct play *play, enum output output)
{
	struct writer *writer = play->writers[output];
	const char *path = play->options.outputs[output];
	const char *why = play->live ? "it was too slow, or the disk is full" : "the disk is full";
	uint64_t lost = writer ? writer_lost(writer) : 0;
	int r;

	if (writer && writer_trouble(writer))
		why = g_strerror(-writer_trouble(writer));
	r = writer_close(writer);
	play->writers[output] = NULL;
	if (r < 0 && r != -EPIPE)
		complain("%s: cannot be written: %s", path, g_strerror(-r));
	if (lost)
		complain("%s: %" PRIu64 " events are lost: %s", path, lost, why);
	if (lost || (r < 0 && r != -EPIPE))
		play->status = STATUS_INPUT;
	return r == 0;
}

static bool
close_outputs(struct play *play)
{
	bool good = true;

	/* Their last lines first. */
	eve_free(play->eve);
	w3c_free(play->w3c);
	play->eve = NULL;
	play->w3c = NULL;
	for (unsigned n = 0; n < OUTPUT_COUNT; n++)
		good &= close_output(play, (enum output)n);
	return good;
}

/* What `--quiet` drops is the summary; a comparison is there because it was asked for. */
static void
report(struct play *play, const struct summary_facts *facts)
{
	FILE *out = options_use_stdout(&play->options) ? stderr : stdout;
	int r;

	if (facts->nothing)
		return;
	r = play->summary ? summary_print(play->summary, facts, out) : 0;
	if (play->compare && r >= 0)
		r = compare_print(play->compare, out);
	if (r < 0 && r != -EPIPE) {
		complain("the summary cannot be written: %s", g_strerror(-r));
		play->status = STATUS_INPUT;
	}
}

/* Which connections were told apart. */
static void
add_connections(const struct play *play, struct summary_facts *facts)
{
	const struct policy *policy = play->policy;
	bool has_interfaces = false;

	for (unsigned i = 0; i < policy->n_connections; i++) {
		const struct connection *connection = &policy->connections[i];

		has_interfaces |= connection->interfaces && connection->interfaces[0] &&
				  connection->role != ROLE_PRIVATE;
		facts->has_networks |= connection->n_networks > 0;
	}
	facts->unmatched = has_interfaces && !play->has_match && !play->options.connection;
	facts->has_names = play->has_names;
}

void
play_finish(struct play *play, struct summary_facts *facts)
{
	const struct options *options = &play->options;
	struct stats stats;

	progress_clear(&play->progress);
	engine_finish(play->engine);
	engine_get_stats(play->engine, &stats);
	if (play->eve) {
		writer_sync(play->writers[OUTPUT_EVENTS]);
		eve_stats(play->eve, &stats, stats.last_time);
	}
	if (play->compare)
		compare_finish(play->compare);
	if (!close_outputs(play))
		return;
	facts->stats = &stats;
	facts->inputs = (const char *const *)options->inputs;
	facts->live = play->live;
	facts->inside = options->inside;
	facts->n_inside = options->n_inside;
	facts->duration = (uint64_t)(g_get_monotonic_time() - play->begun) * 1000;
	add_connections(play, facts);
	report(play, facts);
}

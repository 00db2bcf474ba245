// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading the command line of `postern replay`.
 *
 * Everything that can be judged without opening a file is judged here, so that a mistake in the
 * last option is found before the first one has had an effect.
 */
#include "replay-options.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

#include "command.h"
#include "policy/config.h"

#define THREADS_MAX 16

static const char description[] = "Exit status: 0 replayed; 1 a capture could not be read to its\n"
				  "end, or a result not written; 2 usage, configuration or\n"
				  "plugin error. postern(1) tells more.";

/* As GOption wants them: plain ints and strings. */
struct raw {
	char *inside;
	int threads;
	int quiet;
};

static int
parse_words(int argc, char **argv, struct replay_options *options, struct raw *raw)
{
	const GOptionEntry entries[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config,
			"Policy: a file, or a folder with postern.conf in it", "PATH" },
		{ "inside", 'i', 0, G_OPTION_ARG_STRING, &raw->inside,
			"The protected side: addresses and prefixes (default: auto)",
			"NET,...|auto" },
		{ "connection", 0, 0, G_OPTION_ARG_STRING, &options->connection,
			"The connection whose policy holds for what matches none", "NAME" },
		{ "helpers", 0, 0, G_OPTION_ARG_STRING, &options->helpers,
			"Helpers that are on (default: all)", "LIST|all|none" },
		{ "plugin-path", 'p', 0, G_OPTION_ARG_FILENAME_ARRAY, &options->plugin_path,
			"Look for plugins here first (may be repeated)", "DIR" },
		{ "events", 'e', 0, G_OPTION_ARG_FILENAME, &options->events,
			"Write events as JSON lines; - is standard output", "FILE|-" },
		{ "log", 'l', 0, G_OPTION_ARG_FILENAME, &options->log,
			"Write the firewall log; - is standard output", "FILE|-" },
		{ "threads", 't', 0, G_OPTION_ARG_INT, &raw->threads,
			"2 and more: read and write on threads of their own", "N" },
		{ "filter", 'f', 0, G_OPTION_ARG_STRING, &options->filter,
			"Only packets that match, as in pcap-filter(7)", "BPF" },
		{ "quiet", 'q', 0, G_OPTION_ARG_NONE, &raw->quiet, "No summary", NULL },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->captures, NULL,
			NULL },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("CAPTURE...");
	g_autoptr(GError) error = NULL;

	g_set_prgname("postern replay");
	g_option_context_set_summary(
		context, "Plays captures, in the order given, through one firewall.");
	g_option_context_set_description(context, description);
	g_option_context_add_main_entries(context, entries, NULL);
	if (g_option_context_parse(context, &argc, &argv, &error))
		return 0;
	complain("%s; see 'postern replay --help'", error->message);
	return -EINVAL;
}

static int
parse_inside(const char *text, struct replay_options *options)
{
	if (!text || !strcmp(text, "auto"))
		return 0;
	if (config_parse_prefixes(text, &options->inside, &options->n_inside) >= 0 &&
		options->n_inside)
		return 0;
	complain("--inside %s: not a list of addresses and prefixes like 10.0.0.0/8,2001:db8::/32 "
		 "(no bits may be set behind a prefix), and not 'auto'",
		text);
	return -EINVAL;
}

static bool
is_stdout(const char *path)
{
	return path && !strcmp(path, "-");
}

static int
check(const struct replay_options *options, const struct raw *raw)
{
	const char *complaint = NULL;

	if (!options->captures)
		complaint = "no capture given; see 'postern replay --help'";
	else if (raw->threads < 1 || raw->threads > THREADS_MAX)
		complaint = "--threads: must be a number from 1 to 16";
	else if (!*options->helpers)
		complaint = "--helpers: must be a list of names, 'all' or 'none'";
	else if (is_stdout(options->events) && is_stdout(options->log))
		complaint = "--events and --log: only one of them can be standard output";
	else if (options->events && options->log && !strcmp(options->events, options->log))
		complaint = "--events and --log: must be two files";
	if (complaint)
		complain("%s", complaint);
	return complaint ? -EINVAL : 0;
}

int
replay_options_parse(int argc, char **argv, struct replay_options *ret_options)
{
	struct replay_options options = { 0 };
	struct raw raw = { .threads = 1 };
	int r;

	r = parse_words(argc, argv, &options, &raw);
	if (!options.helpers)
		options.helpers = g_strdup("all");
	if (r >= 0)
		r = check(&options, &raw);
	if (r >= 0)
		r = parse_inside(raw.inside, &options);
	g_free(raw.inside);
	if (r < 0) {
		replay_options_done(&options);
		return r;
	}
	options.threads = (unsigned)raw.threads;
	options.quiet = raw.quiet;
	*ret_options = options;
	return 0;
}

void
replay_options_done(struct replay_options *options)
{
	g_free(options->config);
	g_free(options->connection);
	g_free(options->helpers);
	g_strfreev(options->plugin_path);
	g_free(options->events);
	g_free(options->log);
	g_free(options->filter);
	g_strfreev(options->captures);
	g_free(options->inside);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading a command line.
 *
 * Everything that can be judged without opening a file is judged here, so that a mistake in the
 * last option is found before the first one has had an effect.
 */
#include "options.h"

#include <errno.h>
#include <string.h>

#include "command.h"
#include "policy/config.h"

/* The options that name them. */
static const char *const output_options[OUTPUT_COUNT] = {
	[OUTPUT_EVENTS] = "--events",
	[OUTPUT_LOG] = "--log",
	[OUTPUT_ACCEPTED] = "--write-accepted",
	[OUTPUT_DROPPED] = "--write-dropped",
};

/* As GOption wants them: plain ints and strings. */
struct raw {
	char *inside;
	int quiet;
};

static int
parse_words(int argc, char **argv, const struct options_command *command, struct options *options,
	struct raw *raw)
{
	const GOptionEntry entries[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config,
			"Policy: a file, or a folder (postern.conf(5)); default: built in",
			"PATH" },
		{ "inside", 'i', 0, G_OPTION_ARG_STRING, &raw->inside,
			"The protected side: addresses and prefixes (default: auto)",
			"NET,...|auto" },
		{ "connection", 0, 0, G_OPTION_ARG_STRING, &options->connection,
			"The connection whose policy holds for what matches none", "NAME" },
		{ "helpers", 0, 0, G_OPTION_ARG_STRING, &options->helpers,
			"Helpers that are on (default: all)", "LIST|all|none" },
		{ "plugin-path", 'p', 0, G_OPTION_ARG_FILENAME_ARRAY, &options->plugin_path,
			"Look for plugins here first (may be repeated)", "DIR" },
		{ "events", 'e', 0, G_OPTION_ARG_FILENAME, &options->outputs[OUTPUT_EVENTS],
			"Write events as JSON lines; - is standard output", "FILE|-" },
		{ "log", 'l', 0, G_OPTION_ARG_FILENAME, &options->outputs[OUTPUT_LOG],
			"Write the firewall log; - is standard output", "FILE|-" },
		{ "write-accepted", 0, 0, G_OPTION_ARG_FILENAME, &options->outputs[OUTPUT_ACCEPTED],
			"Write accepted packets, each with the reason, as pcapng", "FILE|-" },
		{ "write-dropped", 0, 0, G_OPTION_ARG_FILENAME, &options->outputs[OUTPUT_DROPPED],
			"Write dropped packets, each with the reason, as pcapng", "FILE|-" },
		{ "filter", 'f', 0, G_OPTION_ARG_STRING, &options->filter,
			"Only packets that match, as in pcap-filter(7)", "BPF" },
		{ "quiet", 'q', 0, G_OPTION_ARG_NONE, &raw->quiet, "No summary", NULL },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->inputs, NULL,
			NULL },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(command->arguments);
	g_autoptr(GError) error = NULL;

	g_set_prgname(command->name);
	g_option_context_set_summary(context, command->summary);
	g_option_context_set_description(context, command->description);
	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_add_main_entries(context, command->entries, NULL);
	if (g_option_context_parse(context, &argc, &argv, &error))
		return 0;
	complain("%s; see '%s --help'", error->message, command->name);
	return -EINVAL;
}

int
options_parse_inside(const char *text, struct prefix **ret_inside, unsigned *ret_n)
{
	if (!text || !strcmp(text, "auto"))
		return 0;
	if (config_parse_prefixes(text, ret_inside, ret_n) >= 0 && *ret_n)
		return 0;
	complain("--inside %s: not a list of addresses and prefixes like 10.0.0.0/8,2001:db8::/32 "
		 "(no bits may be set behind a prefix), and not 'auto'",
		text);
	return -EINVAL;
}

/* Each output needs a file of its own. */
static int
check_outputs(const struct options *options)
{
	char *const *paths = options->outputs;

	for (unsigned a = 0; a < OUTPUT_COUNT; a++) {
		for (unsigned b = a + 1; b < OUTPUT_COUNT; b++) {
			if (!paths[a] || !paths[b] || strcmp(paths[a], paths[b]) != 0)
				continue;
			complain(strcmp(paths[a], "-") ? "%s and %s: must be two files"
						       : "%s and %s: only one of them can be "
							 "standard output",
				output_options[a], output_options[b]);
			return -EINVAL;
		}
	}
	return 0;
}

int
options_parse(
	int argc, char **argv, const struct options_command *command, struct options *ret_options)
{
	struct options options = { 0 };
	struct raw raw = { 0 };
	int r;

	r = parse_words(argc, argv, command, &options, &raw);
	if (!options.helpers)
		options.helpers = g_strdup("all");
	if (r >= 0 && !*options.helpers) {
		complain("--helpers: must be a list of names, 'all' or 'none'");
		r = -EINVAL;
	}
	if (r >= 0)
		r = check_outputs(&options);
	if (r >= 0)
		r = options_parse_inside(raw.inside, &options.inside, &options.n_inside);
	g_free(raw.inside);
	if (r < 0) {
		options_done(&options);
		return r;
	}
	options.quiet = raw.quiet;
	*ret_options = options;
	return 0;
}

void
options_done(struct options *options)
{
	g_free(options->config);
	g_free(options->connection);
	g_free(options->helpers);
	g_strfreev(options->plugin_path);
	for (unsigned n = 0; n < OUTPUT_COUNT; n++)
		g_free(options->outputs[n]);
	g_free(options->filter);
	g_strfreev(options->inputs);
	g_free(options->inside);
}

bool
options_use_stdout(const struct options *options)
{
	for (unsigned n = 0; n < OUTPUT_COUNT; n++)
		if (options->outputs[n] && !strcmp(options->outputs[n], "-"))
			return true;
	return false;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command lines of `postern replay` and `postern watch` have in common. */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <glib.h>

#include "policy/policy.h"

/* Where results are written to. */
enum output {
	OUTPUT_EVENTS,
	OUTPUT_LOG,
	OUTPUT_ACCEPTED,
	OUTPUT_DROPPED,
	OUTPUT_COUNT,
};

/* Strings belong to this; those that were not given are NULL. */
struct options {
	char *config;
	char *connection;
	char *helpers; /* "all", "none", or a list */
	char **plugin_path;
	char *outputs[OUTPUT_COUNT]; /* files; "-" is standard output */
	char *filter;
	char **inputs;         /* captures or interfaces; NULL: none was given */
	struct prefix *inside; /* n_inside == 0: found out */
	unsigned n_inside;
	bool quiet;
};

/* What is particular about a subcommand. */
struct options_command {
	const char *name;      /* "postern replay" */
	const char *arguments; /* what else it takes */
	const char *summary;
	const char *description;
	const GOptionEntry *entries; /* options of its own */
};

/* 0, or -EINVAL: it makes no sense, and that has been told. Ends the program for --help. */
int options_parse(
	int argc, char **argv, const struct options_command *command, struct options *ret_options);
void options_done(struct options *options);

/* The value of --inside: of "auto" or NULL nothing is set. -EINVAL: it is none, and that has been
 * told. */
int options_parse_inside(const char *text, struct prefix **ret_inside, unsigned *ret_n);

/* True if some result goes to standard output. */
bool options_use_stdout(const struct options *options);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line of `postern replay` says. */
#ifndef CMD_REPLAY_OPTIONS_H
#define CMD_REPLAY_OPTIONS_H

#include "policy/policy.h"

/* Strings belong to this; those that were not given are NULL. */
struct replay_options {
	char *config;
	char *connection;
	char *helpers; /* "all", "none", or a list */
	char **plugin_path;
	char *events;
	char *log;
	char *filter;
	char **captures;       /* at least one */
	struct prefix *inside; /* n_inside == 0: found out */
	unsigned n_inside;
	unsigned threads;
	bool quiet;
};

/* 0, or -EINVAL: it makes no sense, and that has been told. Ends the program for --help. */
int replay_options_parse(int argc, char **argv, struct replay_options *ret_options);
void replay_options_done(struct replay_options *options);

#endif

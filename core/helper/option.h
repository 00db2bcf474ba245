/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options that a plugin declares: their types, and values written as in the configuration file.
 */
#ifndef HELPER_OPTION_H
#define HELPER_OPTION_H

#include <postern/plugin.h>

struct prefix;

/* An option with its value. */
struct option {
	const struct pn_option *desc;
	char *text;     /* as it was written */
	int64_t number; /* of a bool or int */
	char **items;   /* of a list, NULL-terminated; else NULL */
	struct prefix *prefixes; /* of SOURCES and TARGETS; else NULL */
	unsigned n_prefixes;
};

/*
 * Reads a value. -EINVAL: it is not of the option's type; -ERANGE: out of its range, or a list that
 * is too long. On success option_clear() is due.
 */
int option_parse(const struct pn_option *desc, const char *text, struct option *ret_option);

void option_clear(struct option *option);

/* What is allowed, for people: "a whole number from 1 to 10". The caller's to g_free(). */
char *option_allowed(const struct pn_option *desc);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The program: finds the subcommand and lets it run.
 *
 * A subcommand is a row in a table here and a file of its own. What goes wrong is told on standard
 * error in one line, by whoever can say what to do about it.
 */
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "command.h"
#include "page.h"

/* Longest complaint: it may name every folder that was searched. */
#define COMPLAINT_MAX 4096

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "replay", replay_main, "play captures through the firewall and tell what it would do" },
	{ "watch", watch_main, "tell what the firewall would do with the packets of an interface" },
	{ "explain", explain_main, "tell what would become of a packet, and by which rule" },
	{ "show", show_main, "show the configuration, and where each value comes from" },
	{ "check-config", check_config_main, "tell what is wrong with a configuration" },
	{ "helpers", helpers_main, "list the helpers that are found" },
#ifdef POSTERN_LIVE
	{ "run", run_main, "be the firewall of this machine" },
	{ "status", looking_main, "tell how the running firewall is" },
	{ "flows", looking_main, "list the flows that it knows" },
	{ "doors", looking_main, "list the doors that helpers have opened" },
	{ "stats", looking_main, "print its counters" },
	{ "doctor", doctor_main, "tell what stands in its way" },
	{ "flush", flush_main, "take its rules out of the kernel" },
#endif
};

void
complain(const char *format, ...)
{
	va_list arguments;
	struct page page;
	char *line;

	va_start(arguments, format);
	line = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	page_init(&page, stderr);
	page_add(&page, "postern: ");
	page_foreign(&page, line, COMPLAINT_MAX);
	page_add(&page, "\n");
	(void)page_print(&page);
	g_free(line);
}

/* Longest name that is compared; longer ones are like nothing here. */
#define NAME_MAX_LEN 32

/* How many letters must be put in, taken out or replaced to make `b` of `a`. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_LEN + 1], above, left;
	unsigned n = (unsigned)strlen(b);

	if (n > NAME_MAX_LEN || strlen(a) > NAME_MAX_LEN)
		return UINT_MAX;
	for (unsigned i = 0; i <= n; i++)
		row[i] = i;
	for (; *a; a++) {
		above = row[0]++;
		for (unsigned i = 1; i <= n; i++) {
			left = above + (*a != b[i - 1]);
			above = row[i];
			row[i] = MIN(left, MIN(above, row[i - 1]) + 1);
		}
	}
	return row[n];
}

/* The command that was probably meant, or NULL. */
static const char *
nearest(const char *name)
{
	const char *best = NULL;
	unsigned best_distance = 8;

	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		unsigned d = distance(name, commands[i].name);

		if (d == UINT_MAX)
			continue;
		/* Of two that are as near, the one that begins the same. */
		d = 2 * d + (*name != *commands[i].name);
		if (d < best_distance) {
			best = commands[i].name;
			best_distance = d;
		}
	}
	return best;
}

static int
unknown(const char *name)
{
	const char *meant = nearest(name);

	if (*name == '-')
		complain("%s: no such option; see 'postern --help'", name);
	else if (meant)
		complain("%s: no such command; did you mean 'postern %s'?", name, meant);
	else
		complain("%s: no such command; see 'postern --help'", name);
	return STATUS_USAGE;
}

static int
help(void)
{
	printf("Usage: postern COMMAND [OPTION...]\n\nCommands:\n");
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		printf("  %-13s %s\n", commands[i].name, commands[i].summary);
	printf("\n'postern COMMAND --help' tells more; 'postern --version' tells the version.\n");
	return STATUS_OK;
}

int
main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	g_set_prgname("postern");
	if (argc < 2) {
		complain("no command given; see 'postern --help'");
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return help();
	if (!strcmp(argv[1], "--version")) {
		printf("postern %s\n", POSTERN_VERSION);
		return STATUS_OK;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	}
	return unknown(argv[1]);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `postern status`, `flows`, `doors` and `stats`: what the running firewall knows.
 *
 * The question goes over the local socket, and what comes back is printed as it is. With --follow
 * it is asked again every second, until nobody reads any more.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "command.h"
#include "kernel/control.h"
#include "live.h"

struct looking {
	gboolean json;
	gboolean follow;
	int max;
};

static int
ask_once(const char *question)
{
	g_autofree char *answer = NULL;
	g_autofree char *message = NULL;

	if (control_ask(LIVE_SOCKET, question, &answer, &message) < 0) {
		complain("%s", message);
		return STATUS_INPUT;
	}
	if (fputs(answer, stdout) < 0 || fflush(stdout) != 0)
		return STATUS_INPUT;
	return STATUS_OK;
}

static int
parse(int argc, char **argv, struct looking *looking)
{
	const GOptionEntry entries[] = {
		{ "json", 0, 0, G_OPTION_ARG_NONE, &looking->json, "as JSON, a line for each",
			NULL },
		{ "follow", 0, 0, G_OPTION_ARG_NONE, &looking->follow, "again every second", NULL },
		{ "max", 0, 0, G_OPTION_ARG_INT, &looking->max, "at most N flows (default: 1000)",
			"N" },
		{ NULL },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	g_option_context_set_summary(context, "What the running firewall knows.");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		complain("%s", error->message);
		return STATUS_USAGE;
	}
	if (argc > 1 || looking->max < 0) {
		complain("%s takes no arguments, and --max a number", argv[0]);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

int
looking_main(int argc, char **argv)
{
	struct looking looking = { .max = 1000 };
	g_autofree char *name = g_strdup(argv[0]);
	g_autofree char *question = NULL;
	int status = parse(argc, argv, &looking);

	if (status != STATUS_OK)
		return status;
	signal(SIGPIPE, SIG_IGN);
	question = g_strdup_printf("%s%s %d", looking.json ? "json " : "", name, looking.max);
	do {
		status = ask_once(question);
	} while (status == STATUS_OK && looking.follow && !sleep(1));
	return status;
}

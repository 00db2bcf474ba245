// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `postern flush` takes away what `postern run` has put into the kernel; `postern doctor` says what
 * stands in its way there.
 */
#include <stdio.h>
#include <unistd.h>

#include <glib.h>

#include "command.h"
#include "kernel/links.h"
#include "kernel/wall.h"
#include "live.h"
#include "load.h"

/* The rules of the policy that is configured; NULL config: the system's. */
static struct policy *
parse(int argc, char **argv, const char *summary)
{
	g_autofree char *config = NULL;
	const GOptionEntry entries[] = {
		{ "config", 0, 0, G_OPTION_ARG_FILENAME, &config,
			"read PATH instead of " LOAD_SYSTEM, "PATH" },
		{ NULL },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	g_option_context_set_summary(context, summary);
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		complain("%s", error->message);
		return NULL;
	}
	if (geteuid() != 0) {
		complain("%s needs root", argv[0]);
		return NULL;
	}
	return load_system_policy(config, NULL);
}

int
flush_main(int argc, char **argv)
{
	struct policy *policy = parse(argc, argv,
		"Takes away the rules of `postern run`, and sets back what it changed.");
	struct ruleset_options rules;
	g_autofree char *message = NULL;
	int r;

	if (!policy)
		return STATUS_USAGE;
	rules = wall_ruleset_options(policy, LIVE_STATE);
	r = ruleset_flush(&rules, &message);
	if (r < 0)
		complain("%s", message);
	policy_unref(policy);
	return r < 0 ? STATUS_INPUT : STATUS_OK;
}

static void
print_lines(GPtrArray *lines, unsigned *found)
{
	for (guint i = 0; i < lines->len; i++)
		printf("%s\n", (const char *)lines->pdata[i]);
	*found += lines->len;
	g_ptr_array_unref(lines);
}

static int
examine(const struct policy *policy, unsigned *found)
{
	struct ruleset_options rules = wall_ruleset_options(policy, LIVE_STATE);
	g_autofree char *message = NULL;
	struct ruleset *ruleset;
	struct links *links;

	if (ruleset_new(&rules, &ruleset, &message) < 0 || links_new(&links, &message) < 0) {
		complain("%s", message);
		return STATUS_INPUT;
	}
	printf("rules go in through %s: %s\n", ruleset_backend_name(ruleset),
		ruleset_backend_why(ruleset));
	print_lines(links_objections(links, policy), found);
	print_lines(ruleset_foreign(), found);
	links_free(links);
	ruleset_free(ruleset);
	return STATUS_OK;
}

int
doctor_main(int argc, char **argv)
{
	struct policy *policy = parse(argc, argv, "Says what stands in the way of `postern run`.");
	unsigned found = 0;
	int status;

	if (!policy)
		return STATUS_USAGE;
	status = examine(policy, &found);
	if (status == STATUS_OK && !found)
		printf("nothing stands in the way\n");
	policy_unref(policy);
	return status;
}

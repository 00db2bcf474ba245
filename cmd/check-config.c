// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * postern check-config: everything that is wrong with a configuration, and one line of what it
 * says.
 *
 * The sections of plugins are judged by the plugins that are found, each in an engine that is made
 * for it and sees no packet.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <glib.h>

#include "command.h"
#include "engine.h"
#include "load.h"
#include "mistakes.h"
#include "page.h"
#include "policy/config-suggest.h"
#include "search.h"

static const char description[] =
	"PATH is a file, or a folder (postern.conf(5)); by default it is the configuration of the\n"
	"system, " LOAD_SYSTEM ".\n\n"
	"Exit status: 0 it can be used, perhaps with warnings; 2 usage, configuration or plugin\n"
	"error. postern(1) tells more.";

struct check {
	char **paths; /* at most one */
	char **plugin_path;
	struct plugins *plugins;
};

static int
parse(int argc, char **argv, struct check *check)
{
	const GOptionEntry entries[] = {
		{ "plugin-path", 'p', 0, G_OPTION_ARG_FILENAME_ARRAY, &check->plugin_path,
			"Look for plugins here first (may be repeated)", "DIR" },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &check->paths, NULL,
			NULL },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("[PATH]");
	g_autoptr(GError) error = NULL;

	g_set_prgname("postern check-config");
	g_option_context_set_summary(context, "Tells what is wrong with a configuration.");
	g_option_context_set_description(context, description);
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		complain("%s; see 'postern check-config --help'", error->message);
		return -EINVAL;
	}
	if (check->paths && check->paths[0] && check->paths[1]) {
		complain(
			"%s: one path at most; see 'postern check-config --help'", check->paths[1]);
		return -EINVAL;
	}
	return 0;
}

/* Sections that nobody reads, as long as they ask for nothing. */
static void
warn_of_strangers(const struct check *check, const struct policy *policy, GPtrArray *warnings)
{
	for (unsigned i = 0; i < policy->n_helpers; i++) {
		const struct policy_helper *section = &policy->helpers[i];
		g_autofree char *plugin = g_strndup(section->name, strcspn(section->name, "."));

		if (!plugins_find(check->plugins, plugin))
			g_ptr_array_add(warnings,
				g_strdup_printf("%s:%u: [Helper:%s]: no such plugin was found, so "
						"its keys are not checked",
					section->file, section->line, section->name));
	}
}

/* Does some plugin bring it, or is it a plugin itself? */
static bool
is_helper(const struct check *check, const char *name)
{
	g_autofree char *plugin = g_strndup(name, strcspn(name, "."));
	const struct plugin *found = plugins_find(check->plugins, plugin);

	for (unsigned i = 0; found && found->desc->helpers[i]; i++) {
		if (!strcmp(found->desc->helpers[i]->name, name))
			return true;
	}
	return found && !strcmp(name, plugin);
}

/* " (did you mean ftp?)", or "". */
static char *
helper_meant(const struct check *check, const char *name)
{
	struct suggest suggest;

	suggest_begin(&suggest, name);
	for (unsigned i = 0; i < check->plugins->count; i++) {
		const struct pn_plugin *desc = check->plugins->list[i]->desc;

		suggest_try(&suggest, desc->name);
		for (unsigned j = 0; desc->helpers[j]; j++)
			suggest_try(&suggest, desc->helpers[j]->name);
	}
	return suggest_end(&suggest);
}

/* Names in [Firewall] Helpers that no plugin has, where they stand. */
static void
warn_of_strange_names(const struct check *check, const struct policy *policy,
	const struct config_origins *origins, GPtrArray *warnings)
{
	for (unsigned i = 0; i < policy->n_connections; i++) {
		const struct connection *connection = &policy->connections[i];
		const struct config_origin *at =
			config_origins_find(origins, connection->name, "Firewall", "Helpers");

		for (char **name = connection->helpers; at && name && *name; name++) {
			g_autofree char *meant = NULL;

			if (is_helper(check, *name))
				continue;
			meant = helper_meant(check, *name);
			g_ptr_array_add(warnings,
				g_strdup_printf("%s:%u: [Firewall] Helpers: no plugin brings the "
						"helper %s%s",
					at->file, at->line, *name, meant));
		}
	}
}

/* What an engine and its plugins say of a policy: a message, or NULL. */
static char *
judge(void *context, const struct policy *policy, const struct config_origins *origins,
	GPtrArray *warnings)
{
	static const struct recorders nobody = { .count = 0 };
	const struct check *check = context;
	const struct engine_options options = {
		.policy = policy,
		.plugins = check->plugins,
		.recorders = &nobody,
		.warnings = warnings,
		/* No packet comes, so no seed needs to be secret. */
	};
	struct engine *engine = NULL;
	char *message = NULL;

	if (engine_new(&options, &engine, &message) < 0)
		return message;
	engine_free(engine);
	warn_of_strangers(check, policy, warnings);
	warn_of_strange_names(check, policy, origins, warnings);
	return NULL;
}

/* Where the number of the line stands in "FILE:LINE: …", or the end of the file's name. */
static size_t
line_at(const char *message)
{
	const char *at = message;

	while ((at = strchr(at, ':'))) {
		size_t digits = strspn(at + 1, "0123456789");

		if (at[1] == ' ' || (digits && at[1 + digits] == ':'))
			return (size_t)(at + 1 - message);
		at++;
	}
	return 0;
}

/* By file and line. */
static int
compare_places(const void *a, const void *b)
{
	const char *one = *(const char *const *)a, *other = *(const char *const *)b;
	size_t at = line_at(one), there = line_at(other);
	int r = strncmp(one, other, MIN(at, there));
	guint64 line = g_ascii_strtoull(one + at, NULL, 10);
	guint64 other_line = g_ascii_strtoull(other + there, NULL, 10);

	if (r || at != there)
		return r ? r : (at < there ? -1 : 1);
	return line < other_line ? -1 : line > other_line;
}

static void
tell(GPtrArray *lines)
{
	g_ptr_array_sort(lines, compare_places);
	for (guint i = 0; i < lines->len; i++)
		complain("%s", (const char *)lines->pdata[i]);
}

static void
add_number(struct page *page, const char *before, unsigned number, const char *what)
{
	page_add(page, "%s%u %s%s", before, number, what, number == 1 ? "" : "s");
}

static void
add_contents(struct page *page, const struct policy *policy)
{
	unsigned mappings = 0, builtin = 0;

	for (unsigned i = 0; i < policy->n_connections; i++)
		mappings += policy->connections[i].mappings.n;
	for (unsigned i = 0; i < policy->n_services; i++)
		builtin += policy->services[i].builtin;
	add_number(page, ": ", policy->n_connections, "connection");
	add_number(page, ", ", mappings, "mapping");
	add_number(page, ", ", policy->n_services, "service");
	if (builtin)
		page_add(page, " (%u built in)", builtin);
}

/* "/etc/postern: 2 connections, 3 mappings, 40 services (38 built in); no errors, 1 warning" */
static int
print_summary(const struct mistakes *mistakes, const char *path)
{
	const unsigned errors = mistakes->errors->len, warnings = mistakes->warnings->len;
	struct page page;

	page_init(&page, stdout);
	page_foreign(&page, path ? path : "configuration of the system", 4096);
	if (mistakes->policy)
		add_contents(&page, mistakes->policy);
	else
		page_add(&page, ": nothing could be read");
	page_add(&page, "; ");
	page_style(&page, errors ? STYLE_BAD : STYLE_GOOD);
	if (errors)
		add_number(&page, "", errors, "error");
	else
		page_add(&page, "no errors");
	page_style(&page, STYLE_PLAIN);
	if (warnings)
		add_number(&page, ", ", warnings, "warning");
	page_add(&page, "\n");
	return page_print(&page);
}

static int
check_configuration(const struct check *check)
{
	const char *path = check->paths ? check->paths[0] : NULL;
	int status = STATUS_OK;
	struct mistakes mistakes;
	struct load load;
	int r;

	load_init(&load, path);
	mistakes_find(&load.options, judge, (void *)check, &mistakes);
	load_done(&load);
	tell(mistakes.errors);
	tell(mistakes.warnings);
	r = print_summary(&mistakes, path);
	if (r < 0)
		complain("the summary cannot be written: %s", g_strerror(-r));
	if (mistakes.errors->len || r < 0)
		status = STATUS_USAGE;
	mistakes_done(&mistakes);
	return status;
}

int
check_config_main(int argc, char **argv)
{
	struct check check = { 0 };
	int status = STATUS_USAGE;

	if (parse(argc, argv, &check) >= 0 &&
		search_load(NULL, check.plugin_path, &check.plugins) >= 0) {
		if (!check.plugins)
			check.plugins = plugins_new();
		status = check_configuration(&check);
	}
	plugins_free(check.plugins);
	g_strfreev(check.paths);
	g_strfreev(check.plugin_path);
	return status;
}

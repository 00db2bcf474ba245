// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * postern helpers: what plugins are there, and what their helpers do.
 *
 * Every plugin that is found is loaded, one by one, so that one which is refused hides no other.
 * Loading runs the constructors of a file: look only into folders that you trust.
 */
#include <errno.h>
#include <string.h>

#include <glib.h>

#include "command.h"
#include "helper/option.h"
#include "load.h"
#include "page.h"
#include "search.h"

/* Longest text of a plugin that is shown; plugin.c has seen to it that none is longer. */
#define TEXT_SHOWN 256

struct options {
	char *config;
	char **plugin_path;
};

static int
parse(int argc, char **argv, struct options *options)
{
	const GOptionEntry entries[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config,
			"Show what this policy says of the helpers", "PATH" },
		{ "plugin-path", 'p', 0, G_OPTION_ARG_FILENAME_ARRAY, &options->plugin_path,
			"Look for plugins here first (may be repeated)", "DIR" },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	g_set_prgname("postern helpers");
	g_option_context_set_summary(context, "Lists the helpers that are found.");
	g_option_context_set_description(context,
		"Exit status: 0 listed; 2 usage or configuration error, or a plugin was refused.");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		complain("%s; see 'postern helpers --help'", error->message);
		return -EINVAL;
	}
	if (argc > 1) {
		complain("%s: no arguments are expected; see 'postern helpers --help'", argv[1]);
		return -EINVAL;
	}
	return 0;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of all plugins in a folder: NAME.so, and NAME/NAME.so as a build tree has it. */
static void
add_names(GPtrArray *names, const char *folder)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *entry;

	while (dir && (entry = g_dir_read_name(dir))) {
		g_autofree char *file = g_strconcat(entry, ".so", NULL);
		g_autofree char *path = g_build_filename(folder, entry, file, NULL);
		char *name = NULL;

		if (g_str_has_suffix(entry, ".so"))
			name = g_strndup(entry, strlen(entry) - strlen(".so"));
		else if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			name = g_strdup(entry);
		if (name && !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
			g_ptr_array_add(names, g_steal_pointer(&name));
		g_free(name);
	}
	if (dir)
		g_dir_close(dir);
}

static GPtrArray *
find_names(char **folders)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

	for (; *folders; folders++)
		add_names(names, *folders);
	g_ptr_array_sort(names, compare_names);
	return names;
}

static void
add_range(struct page *page, bool is_first, unsigned first, unsigned last)
{
	page_add(page, is_first ? "%u" : ", %u", first);
	if (last > first)
		page_add(page, "-%u", last);
}

static void
add_ports(struct page *page, const struct pn_helper *helper, const struct policy_helper *section)
{
	const struct pn_bind *bind = helper->binds;
	unsigned n = 0;

	if (section && section->ports_set) {
		for (; n < section->n_ports; n++)
			add_range(page, !n, section->ports[n].first, section->ports[n].last);
	} else {
		for (; bind && bind->first; bind++, n++)
			add_range(page, !n, bind->first, bind->last);
	}
	page_add(page, n ? "" : "none");
}

static void
add_helper(struct page *page, const struct pn_helper *helper, const struct policy *policy)
{
	const struct policy_helper *section =
		policy ? policy_helper_find(policy, helper->name) : NULL;
	bool is_on = section ? section->enabled : policy && policy->helpers_default;

	page_add(page, "  ");
	page_style(page, STYLE_HEAD);
	page_add(page, "%s", helper->name);
	page_style(page, STYLE_PLAIN);
	page_add(page, "  ");
	page_foreign(page, helper->summary, TEXT_SHOWN);
	page_add(page, "\n    %s port ", proto_name(helper->transport));
	add_ports(page, helper, section);
	page_add(page, "%s\n", !policy ? "" : is_on ? "; on" : "; off");
	page_add(page,
		"    message: %u bytes at most; doors of a flow: %u at most, open for %u s\n",
		helper->max_message, helper->max_doors, helper->door_timeout);
}

static void
add_option(struct page *page, const struct pn_option *option)
{
	g_autofree char *allowed = option_allowed(option);

	page_add(page, "    %s=", option->name);
	page_foreign(page, option->fallback ? option->fallback : "", TEXT_SHOWN);
	page_add(page, "  (%s) ", allowed);
	page_foreign(page, option->help, TEXT_SHOWN);
	page_add(page, "\n");
}

static void
add_plugin(struct page *page, const struct plugin *plugin, const struct policy *policy)
{
	const struct pn_plugin *desc = plugin->desc;

	page_style(page, STYLE_HEAD);
	page_add(page, "%s", desc->name);
	page_style(page, STYLE_PLAIN);
	page_add(page, " ");
	page_foreign(page, desc->version, TEXT_SHOWN);
	page_add(page, "  ");
	page_foreign(page, desc->summary, TEXT_SHOWN);
	page_add(page, "\n  ABI %u, ", PN_ABI_MAJOR);
	page_foreign(page, desc->licence, TEXT_SHOWN);
	page_add(page, ", ");
	page_foreign(page, plugin->path, 4096);
	page_add(page, "\n");
	for (unsigned i = 0; desc->helpers[i]; i++)
		add_helper(page, desc->helpers[i], policy);
	if (desc->options && desc->options[0])
		page_add(page, "  options of [Helper:%s]\n", desc->name);
	for (unsigned i = 0; desc->options && desc->options[i]; i++)
		add_option(page, desc->options[i]);
	page_add(page, "\n");
}

/* Loads all; those that are refused are told. Returns how many were. */
static unsigned
load(struct plugins *plugins, char **folders)
{
	g_autoptr(GPtrArray) names = find_names(folders);
	unsigned refused = 0;

	for (unsigned i = 0; i < names->len; i++) {
		g_autofree char *message = NULL;

		if (plugins_load_name(
			    plugins, (const char *const *)folders, names->pdata[i], &message) >= 0)
			continue;
		complain("refused: %s", message);
		refused++;
	}
	return refused;
}

static int
list(char **folders, const struct policy *policy)
{
	struct plugins *plugins = plugins_new();
	unsigned refused = load(plugins, folders);
	struct page page;
	int r;

	page_init(&page, stdout);
	for (unsigned i = 0; i < plugins->count; i++)
		add_plugin(&page, plugins->list[i], policy);
	if (!plugins->count && !refused) {
		g_autofree char *searched = g_strjoinv(", ", folders);

		page_add(&page, "There is no plugin in ");
		page_foreign(&page, searched, 4096);
		page_add(&page, "\n");
	}
	r = page_print(&page);
	if (r < 0)
		complain("the list cannot be written: %s", g_strerror(-r));
	plugins_free(plugins);
	if (refused)
		return STATUS_USAGE;
	return r < 0 ? STATUS_INPUT : STATUS_OK;
}

static int
run(const struct options *options)
{
	char **folders = search_folders(options->plugin_path);
	struct policy *policy = NULL;
	int status = STATUS_USAGE;

	if (folders && options->config)
		policy = load_policy(options->config, NULL);
	if (folders && (policy || !options->config))
		status = list(folders, policy);
	policy_unref(policy);
	g_strfreev(folders);
	return status;
}

int
helpers_main(int argc, char **argv)
{
	struct options options = { 0 };
	int status = STATUS_USAGE;

	if (parse(argc, argv, &options) >= 0)
		status = run(&options);
	g_free(options.config);
	g_strfreev(options.plugin_path);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding plugins and services, and choosing helpers, for a command.
 *
 * A policy is still the command's own when helpers are chosen in it: nobody else has seen it yet,
 * so it may be changed. A helper that was named on the command line must be there, and a section of
 * the configuration that switches another one on is overruled.
 */
#include "search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include <glib.h>

#include "command.h"

/* A path in the folder above that of this program, if it is run from a build tree; or NULL: it is
 * installed. */
static char *
built_path(const char *part)
{
	g_autofree char *program = NULL;
	g_autofree char *folder = NULL;
	g_autofree char *name = NULL;
	g_autofree char *built = NULL;

	if (getauxval(AT_SECURE))
		return NULL;
	program = g_file_read_link("/proc/self/exe", NULL);
	if (!program)
		return NULL;
	folder = g_path_get_dirname(program);
	name = g_path_get_basename(folder);
	built = g_build_filename(folder, "..", part, NULL);
	if (!strcmp(name, "cmd") && g_file_test(built, G_FILE_TEST_EXISTS))
		return g_canonicalize_filename(built, NULL);
	return NULL;
}

/* A build tree has no copy of them, but knows where they are. */
char *
search_services(void)
{
	g_autofree char *file = built_path("cmd/services.path");
	char *path;

	if (!file || !g_file_get_contents(file, &path, NULL, NULL))
		return g_strdup(POSTERN_SERVICE_DIR);
	return g_strchomp(path);
}

/* Adds the items of a list that are not empty. */
static void
add_items(GPtrArray *array, const char *list, const char *separators)
{
	char **items = g_strsplit_set(list, separators, -1);

	for (char **item = items; *item; item++) {
		if (**item)
			g_ptr_array_add(array, g_strdup(*item));
	}
	g_strfreev(items);
}

char **
search_folders(char **given)
{
	GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);
	const char *path = secure_getenv("POSTERN_PLUGIN_PATH");
	char *built;

	for (; given && *given; given++) {
		if (!g_file_test(*given, G_FILE_TEST_IS_DIR)) {
			complain("--plugin-path %s: no such folder", *given);
			g_ptr_array_unref(folders);
			return NULL;
		}
		g_ptr_array_add(folders, g_strdup(*given));
	}
	if (path)
		add_items(folders, path, ":");
	built = built_path("plugins");
	g_ptr_array_add(folders, built ? built : g_strdup(POSTERN_PLUGIN_DIR));
	g_ptr_array_add(folders, NULL);
	return (char **)g_ptr_array_free(folders, FALSE);
}

/* "NAME" of "NAME.part". */
static char *
plugin_name(const char *helper)
{
	return g_strndup(helper, strcspn(helper, "."));
}

static bool
is_listed(char **names, const char *section)
{
	g_autofree char *plugin = plugin_name(section);

	return g_strv_contains((const char *const *)names, section) ||
	       g_strv_contains((const char *const *)names, plugin);
}

static struct policy_helper *
find_section(struct policy *policy, const char *name)
{
	for (unsigned i = 0; i < policy->n_helpers; i++) {
		if (!strcmp(policy->helpers[i].name, name))
			return &policy->helpers[i];
	}
	return NULL;
}

/* Switches on just these helpers, whatever the configuration says. */
static void
choose_listed(struct policy *policy, char **names)
{
	policy->helpers_default = false;
	for (unsigned i = 0; i < policy->n_helpers; i++) {
		policy->helpers[i].enabled = is_listed(names, policy->helpers[i].name);
		policy->helpers[i].enabled_set = true;
	}
	for (; *names; names++) {
		if (find_section(policy, *names))
			continue;
		policy->helpers =
			g_renew(struct policy_helper, policy->helpers, policy->n_helpers + 1);
		policy->helpers[policy->n_helpers++] = (struct policy_helper){
			.name = g_strdup(*names),
			.enabled = true,
			.enabled_set = true,
		};
	}
}

/* Has its own section or, where that is silent, that of its plugin switched it off? */
static bool
is_off(const struct policy *policy, const struct policy_helper *helper)
{
	g_autofree char *plugin = plugin_name(helper->name);

	if (helper->enabled_set)
		return !helper->enabled;
	for (unsigned i = 0; i < policy->n_helpers; i++) {
		const struct policy_helper *other = &policy->helpers[i];

		if (!strcmp(other->name, plugin))
			return other->enabled_set && !other->enabled;
	}
	return false;
}

/* Switches on all helpers but those that a section switches off. */
static void
choose_all(struct policy *policy)
{
	policy->helpers_default = true;
	for (unsigned i = 0; i < policy->n_helpers; i++)
		policy->helpers[i].enabled |= !is_off(policy, &policy->helpers[i]);
}

/* Items of a list, NULL behind the last. */
static GPtrArray *
list_names(const char *helpers)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

	add_items(names, helpers, ",;");
	g_ptr_array_add(names, NULL);
	return names;
}

void
search_choose(const char *helpers, struct policy *policy)
{
	g_autoptr(GPtrArray) names = NULL;

	if (!helpers)
		return;
	if (!strcmp(helpers, "all")) {
		choose_all(policy);
		return;
	}
	names = list_names(strcmp(helpers, "none") ? helpers : "");
	choose_listed(policy, (char **)names->pdata);
}

static int
load(const char *helpers, const char *const *folders, struct plugins *plugins, char **ret_message)
{
	g_autoptr(GPtrArray) names = NULL;
	int r = 0;

	if (!helpers || !strcmp(helpers, "all"))
		return plugins_load_all(plugins, folders, ret_message);
	names = list_names(helpers);
	for (char **name = (char **)names->pdata; *name && r >= 0; name++) {
		g_autofree char *plugin = plugin_name(*name);

		r = plugins_load_name(plugins, folders, plugin, ret_message);
	}
	return r;
}

/* Tells why not; no folder at all is no mistake of who did not ask for helpers. */
static int
load_failed(const char *helpers, int r, const char *message)
{
	if (r == -ENOENT && !helpers)
		return 0;
	if (r == -ENOENT)
		complain("%s; --plugin-path DIR names a folder, --helpers none does without",
			message);
	else
		complain("%s", message);
	return r;
}

int
search_load(const char *helpers, char **given, struct plugins **ret_plugins)
{
	g_autofree char *message = NULL;
	g_auto(GStrv) folders = search_folders(given);
	struct plugins *plugins;
	int r;

	if (!folders)
		return -ENOENT;
	if (!g_strcmp0(helpers, "none")) {
		*ret_plugins = NULL;
		return 0;
	}
	plugins = plugins_new();
	r = load(helpers, (const char *const *)folders, plugins, &message);
	if (r < 0) {
		plugins_free(plugins);
		plugins = NULL;
		r = load_failed(helpers, r, message);
	}
	if (r >= 0)
		*ret_plugins = plugins;
	return r;
}

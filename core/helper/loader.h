/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading plugins: the only place that knows dlopen.
 *
 * A plugin is loaded once per program and used by any number of engines, each through an instance
 * of its own (host.h). What is refused is told in one line: file, reason, mend.
 */
#ifndef HELPER_LOADER_H
#define HELPER_LOADER_H

#include <postern/plugin.h>

#include <stdbool.h>

/* A loaded plugin. */
struct plugin {
	const struct pn_plugin *desc;
	char *path;
	void *handle;
};

struct plugins {
	struct plugin **list; /* in lexical order of their names */
	unsigned count;
};

struct plugins *plugins_new(void);

/* Unloads all; no engine may use them any more. */
void plugins_free(struct plugins *plugins);

/*
 * Loads one file. A plugin of the same name that is already there stays, and nothing is loaded.
 * On failure a negative errno value, and *ret_message is the caller's to g_free().
 */
int plugins_load_file(struct plugins *plugins, const char *path, char **ret_message);

/*
 * Looks for NAME.so, or NAME/NAME.so as a build tree has it, in the folders in turn, and loads the
 * first found. -ENOENT: in none of them.
 */
int plugins_load_name(struct plugins *plugins, const char *const *folders, const char *name,
	char **ret_message);

/* Loads every plugin in the folders; the first folder that has a name wins. Stops at the first that
 * is refused. */
int plugins_load_all(struct plugins *plugins, const char *const *folders, char **ret_message);

const struct plugin *plugins_find(const struct plugins *plugins, const char *name);

/* Is the descriptor sane? NULL, or what is wrong with it. `name` is what the file is called. */
const char *plugin_complaint(const struct pn_plugin *desc, const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where plugins and services are looked for, and which helpers are on.
 *
 * Plugins in turn: the folders given on the command line; those in POSTERN_PLUGIN_PATH, separated
 * by colons (not if the program runs with more rights than its user); the plugins of the build
 * tree, if the program is run from one, or else those that are installed.
 */
#ifndef CMD_SEARCH_H
#define CMD_SEARCH_H

#include "helper/loader.h"
#include "policy/policy.h"

/* The folders, NULL-terminated; g_strfreev(). `given` may be NULL. NULL: one of them is no folder,
 * and that has been told. */
char **search_folders(char **given);

/* The folder with the definitions of services that come with the program. The caller's. */
char *search_services(void);

/*
 * Loads the plugins that `helpers` asks for: "all", "none", names separated by commas, or NULL: all
 * that are found, if there are any. *ret_plugins is NULL for "none". Returns 0 or a negative errno
 * value, which has been told.
 */
int search_load(const char *helpers, char **given, struct plugins **ret_plugins);

/*
 * Switches on just the helpers that `helpers` asks for, whatever the policy says; with "all" a
 * section of the configuration may switch one off; NULL: as the policy says.
 */
void search_choose(const char *helpers, struct policy *policy);

#endif

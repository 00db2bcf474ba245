// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which files make up the configuration of a command.
 *
 * The definitions of services that come with the program are always among them, so that a policy
 * may name them: those of the build tree that the program is run from, or of where it is installed.
 */
#include "load.h"

#include <glib.h>

#include "command.h"
#include "search.h"

static const char *const system_folders[LOAD_FOLDERS] = {
	POSTERN_LIB_DIR,
	"/run/postern",
	LOAD_SYSTEM,
};

void
load_init(struct load *load, const char *path)
{
	*load = (struct load){ .services = search_services() };
	for (unsigned i = 0; i < LOAD_FOLDERS; i++)
		load->paths[i] = path ? NULL : system_folders[i];
	if (path)
		load->paths[0] = path;
	load->options = (struct config_options){
		.paths = load->paths,
		.may_be_missing = !path,
		.services = load->services,
	};
}

void
load_done(struct load *load)
{
	g_free(load->services);
}

static struct policy *
read_policy(const struct config_options *options, struct config_origins **ret_origins)
{
	g_autoptr(GPtrArray) warnings = NULL;
	g_autoptr(GError) error = NULL;
	struct policy *policy = config_read(options, ret_origins, &warnings, &error);

	if (!policy) {
		complain("%s", error->message);
		return NULL;
	}
	for (unsigned i = 0; i < warnings->len; i++)
		complain("%s", (const char *)warnings->pdata[i]);
	return policy;
}

struct policy *
load_system_policy(const char *path, struct config_origins **ret_origins)
{
	struct load load;
	struct policy *policy;

	load_init(&load, path);
	policy = read_policy(&load.options, ret_origins);
	load_done(&load);
	return policy;
}

struct policy *
load_policy(const char *path, struct config_origins **ret_origins)
{
	struct load load;
	struct policy *policy;

	load_init(&load, path);
	if (!path)
		load.options.paths = NULL;
	policy = read_policy(&load.options, ret_origins);
	load_done(&load);
	return policy;
}

char *
load_connections(const struct policy *policy)
{
	GString *names = g_string_new(NULL);

	for (unsigned i = 0; i < policy->n_connections; i++)
		g_string_append_printf(names, "%s%s", i ? ", " : "", policy->connections[i].name);
	return g_string_free(names, FALSE);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * postern show: the configuration as it is understood, and where each value comes from.
 *
 * What is printed is in the form of configuration files and means the same when it is read again.
 */
#include <errno.h>
#include <stdio.h>

#include <glib.h>

#include "command.h"
#include "load.h"

struct show {
	char *config;
	int effective;
	char **names; /* of connections; at most one */
};

static int
parse(int argc, char **argv, struct show *show)
{
	const GOptionEntry entries[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &show->config,
			"Policy: a file, or a folder (default: " LOAD_SYSTEM ")", "PATH" },
		{ "effective", 0, 0, G_OPTION_ARG_NONE, &show->effective,
			"Also what has its default", NULL },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &show->names, NULL, NULL },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("[CONNECTION]");
	g_autoptr(GError) error = NULL;

	g_set_prgname("postern show");
	g_option_context_set_summary(
		context, "Shows the configuration, and where each value comes from.");
	g_option_context_set_description(context,
		"Exit status: 0 shown; 1 it could not be written; 2 usage or configuration "
		"error.");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		complain("%s; see 'postern show --help'", error->message);
		return -EINVAL;
	}
	if (show->names && show->names[0] && show->names[1]) {
		complain("%s: one connection at most; see 'postern show --help'", show->names[1]);
		return -EINVAL;
	}
	return 0;
}

/* The text, or NULL: there is no such connection, and that has been told. */
static char *
make_text(
	const struct show *show, const struct policy *policy, const struct config_origins *origins)
{
	const char *name = show->names ? show->names[0] : NULL;
	const struct connection *connection;
	g_autofree char *known = NULL;

	if (!name)
		return config_show(policy, origins, show->effective);
	connection = policy_connection_find(policy, name);
	/* The settings of "default" stand in postern.conf. */
	if (connection == &policy->connections[0])
		return config_show_main(policy, origins, show->effective);
	if (connection)
		return config_show_connection(policy, origins, connection, show->effective);
	known = load_connections(policy);
	complain("%s: there is no such connection; there is: %s", name, known);
	return NULL;
}

static int
print(const char *text)
{
	errno = EIO;
	if (fputs(text, stdout) != EOF && fflush(stdout) != EOF)
		return STATUS_OK;
	complain("the configuration cannot be written: %s", g_strerror(errno));
	return STATUS_INPUT;
}

static int
show_configuration(const struct show *show)
{
	static const char nothing[] = "# nothing is configured; --effective shows the defaults\n";
	struct config_origins *origins;
	struct policy *policy = load_system_policy(show->config, &origins);
	int status = STATUS_USAGE;
	char *text;

	if (!policy)
		return status;
	text = make_text(show, policy, origins);
	if (text)
		status = print(*text ? text : nothing);
	g_free(text);
	config_origins_free(origins);
	policy_unref(policy);
	return status;
}

int
show_main(int argc, char **argv)
{
	struct show show = { 0 };
	int status = STATUS_USAGE;

	if (parse(argc, argv, &show) >= 0)
		status = show_configuration(&show);
	g_free(show.config);
	g_strfreev(show.names);
	return status;
}

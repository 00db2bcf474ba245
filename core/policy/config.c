// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From configuration files to a policy.
 *
 * Life-cycle: a reading begins with the built-in defaults, takes each file in turn, settles what
 * can be judged only when all are read, and ends with a policy or, at the first error, with
 * nothing: the half-made policy is thrown away.
 * Limits: those of config.h.
 * Relies on: config-files.c for the files, config-reading.c for what each says.
 */
#include "policy/config.h"

#include <string.h>

#include "policy/config-connection.h"
#include "policy/config-files.h"
#include "policy/config-service.h"

GQuark
config_error_quark(void)
{
	return g_quark_from_static_string("postern-config-error");
}

static void
reading_begin(struct reading *reading)
{
	*reading = (struct reading){
		.policy = policy_new(),
		.origins = config_origins_new(),
		.warnings = g_ptr_array_new_with_free_func(g_free),
	};
}

/* Helpers of which no section says whether they are on: as their plugin, else the default. */
static void
settle_helpers(struct policy *policy)
{
	for (unsigned i = 0; i < policy->n_helpers; i++) {
		struct policy_helper *helper = &policy->helpers[i];
		g_autofree char *plugin = g_strndup(helper->name, strcspn(helper->name, "."));
		const struct policy_helper *whole = policy_helper_find(policy, plugin);

		if (!helper->enabled_set)
			helper->enabled = whole && whole->enabled_set ? whole->enabled
								      : policy->helpers_default;
	}
}

static bool
settle(struct reading *reading, GError **error)
{
	settle_helpers(reading->policy);
	return services_settle(reading, error) && connections_settle(reading, error);
}

/* Hands out what was made, or, where `done` is false, nothing. */
static struct policy *
reading_end(struct reading *reading, bool done, struct config_origins **ret_origins,
	GPtrArray **ret_warnings)
{
	if (!done) {
		policy_unref(reading->policy);
		config_origins_free(reading->origins);
		g_ptr_array_unref(reading->warnings);
		return NULL;
	}
	if (reading->not_shown)
		g_ptr_array_add(reading->warnings,
			g_strdup_printf("%u more warnings are not shown", reading->not_shown));
	if (ret_origins)
		*ret_origins = reading->origins;
	else
		config_origins_free(reading->origins);
	if (ret_warnings)
		*ret_warnings = reading->warnings;
	else
		g_ptr_array_unref(reading->warnings);
	return reading->policy;
}

static bool
take_file(struct reading *reading, const struct config_file *file, GError **error)
{
	GString *bytes;
	bool done;

	if (file->text)
		return reading_take(reading, file, file->text, file->len, error);
	bytes = config_files_read(file->name, error);
	if (!bytes)
		return false;
	done = reading_take(reading, file, bytes->str, bytes->len, error);
	g_string_free(bytes, TRUE);
	return done;
}

struct policy *
config_parse_files(const struct config_file *files, unsigned n, struct config_origins **ret_origins,
	GPtrArray **ret_warnings, GError **error)
{
	struct reading reading;
	bool done = true;

	reading_begin(&reading);
	for (unsigned i = 0; done && i < n; i++)
		done = take_file(&reading, &files[i], error);
	done = done && settle(&reading, error);
	return reading_end(&reading, done, ret_origins, ret_warnings);
}

struct policy *
config_read(const struct config_options *options, struct config_origins **ret_origins,
	GPtrArray **ret_warnings, GError **error)
{
	struct config_files *files = config_files_new(options, error);
	struct policy *policy;

	if (!files)
		return NULL;
	policy = config_parse_files((const struct config_file *)files->list->data, files->list->len,
		ret_origins, ret_warnings, error);
	config_files_free(files);
	return policy;
}

struct policy *
config_load(const char *path, GPtrArray **ret_warnings, GError **error)
{
	const char *const paths[] = { path, NULL };
	const struct config_options options = { .paths = paths };

	return config_read(&options, NULL, ret_warnings, error);
}

struct policy *
config_parse(
	const char *name, const char *text, size_t len, GPtrArray **ret_warnings, GError **error)
{
	const struct config_file file = {
		.kind = CONFIG_MAIN,
		.name = name,
		.text = len ? text : "",
		.len = len,
	};

	return config_parse_files(&file, 1, NULL, ret_warnings, error);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Types of values that are lists of words: ICMP options, helpers, services.
 *
 * Life-cycle: constant tables; lists that are set belong to the model, which frees them.
 * Limits: CONFIG_LIST_MAX words.
 * Relies on: the model not yet being shared with anybody. Whether there is such a service is found
 * when all files are read; whether there is such a helper, when the plugins are loaded.
 */
#include "policy/config-type.h"

#include <errno.h>
#include <string.h>

#include "policy/config-keys.h"
#include "policy/config.h"

/* -EINVAL: there is no such option. */
static int
find_option(const char *word)
{
	for (unsigned i = 0; i < ICMP_OPTION_COUNT; i++) {
		if (!strcmp(word, icmp_option_name((enum icmp_option)i)))
			return (int)i;
	}
	return -EINVAL;
}

static int
set_icmp(const struct config_key *key, void *model, const char *value)
{
	g_auto(GStrv) words = NULL;
	uint32_t options = 0;
	int r = config_parse_words(value, &words);

	for (char **word = words; r >= 0 && *word; word++) {
		r = find_option(*word);
		if (r >= 0)
			options |= UINT32_C(1) << r;
	}
	if (r < 0)
		return r;
	*(uint32_t *)config_member(model, key->at) = options;
	return 0;
}

/* The names of these options, with something between them. */
static char *
join_options(uint32_t options, const char *between)
{
	GString *list = g_string_new(NULL);

	for (unsigned i = 0; i < ICMP_OPTION_COUNT; i++) {
		if (options >> i & 1)
			g_string_append_printf(list, "%s%s", list->len ? between : "",
				icmp_option_name((enum icmp_option)i));
	}
	return g_string_free(list, FALSE);
}

static char *
allowed_icmp(const struct config_key *key)
{
	g_autofree char *list = join_options(UINT32_MAX, ", ");

	return g_strconcat("a list of ", list, NULL);
}

static char *
show_icmp(const struct config_key *key, const void *model)
{
	return join_options(*(uint32_t *)config_member(model, key->at), ";");
}

static int
set_names(
	const struct config_key *key, void *model, const char *value, bool (*is_name)(const char *))
{
	char ***list = config_member(model, key->at);
	char **words;
	int r = config_parse_words(value, &words);

	if (r < 0)
		return r;
	for (char **word = words; *word; word++) {
		if (!is_name(*word)) {
			g_strfreev(words);
			return -EINVAL;
		}
	}
	g_strfreev(*list);
	*list = words;
	return 0;
}

static char *
show_names(const struct config_key *key, const void *model)
{
	char **list = *(char ***)config_member(model, key->at);

	return list ? g_strjoinv(";", list) : g_strdup("");
}

static int
set_helpers(const struct config_key *key, void *model, const char *value)
{
	return set_names(key, model, value, config_is_helper_name);
}

static char *
allowed_helpers(const struct config_key *key)
{
	return g_strdup("names of helpers, as in one;two.part");
}

static int
set_services(const struct config_key *key, void *model, const char *value)
{
	return set_names(key, model, value, config_is_service_name);
}

static char *
allowed_services(const struct config_key *key)
{
	return g_strdup("names of services in lower case, as in one;two");
}

static int
set_helper(const struct config_key *key, void *model, const char *value)
{
	char **name = config_member(model, key->at);

	if (*value && !config_is_helper_name(value))
		return -EINVAL;
	g_free(*name);
	*name = *value ? g_strdup(value) : NULL;
	return 0;
}

static char *
allowed_helper(const struct config_key *key)
{
	return g_strdup("the name of a helper: a-z and 0-9, or PLUGIN.part");
}

static char *
show_helper(const struct config_key *key, const void *model)
{
	const char *name = *(char **)config_member(model, key->at);

	return g_strdup(name ? name : "");
}

const struct config_type config_type_icmp = { set_icmp, allowed_icmp, show_icmp };
const struct config_type config_type_helpers = { set_helpers, allowed_helpers, show_names };
const struct config_type config_type_services = { set_services, allowed_services, show_names };
const struct config_type config_type_helper = { set_helper, allowed_helper, show_helper };

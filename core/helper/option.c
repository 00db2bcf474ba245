// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options of plugins, by type. Life: option_parse(), option_clear(). The syntax of a value is that
 * of policy/config.h; limits are those of its lists and the range that the plugin declares.
 */
#include "helper/option.h"

#include <errno.h>

#include <glib.h>

#include "policy/config.h"

static int
parse_bool(const struct pn_option *desc, const char *text, int64_t *ret_number)
{
	bool value;
	int r = config_parse_bool(text, &value);

	if (r < 0)
		return r;
	*ret_number = value;
	return 0;
}

static int
parse_int(const struct pn_option *desc, const char *text, int64_t *ret_number)
{
	g_autoptr(GError) error = NULL;
	gint64 value;

	if (g_ascii_string_to_signed(text, 10, desc->min, desc->max, &value, &error)) {
		*ret_number = value;
		return 0;
	}
	return g_error_matches(error, G_NUMBER_PARSER_ERROR, G_NUMBER_PARSER_ERROR_OUT_OF_BOUNDS)
		       ? -ERANGE
		       : -EINVAL;
}

static int
parse_string(const struct pn_option *desc, const char *text, int64_t *ret_number)
{
	return 0;
}

static int
parse_ports(const struct pn_option *desc, const char *text, int64_t *ret_number)
{
	struct port_range *ports;
	unsigned n;
	int r = config_parse_ports(text, &ports, &n);

	if (r < 0)
		return r;
	g_free(ports);
	return 0;
}

static int
parse_prefixes(const struct pn_option *desc, const char *text, int64_t *ret_number)
{
	struct prefix *prefixes;
	unsigned n;
	int r = config_parse_prefixes(text, &prefixes, &n);

	if (r < 0)
		return r;
	g_free(prefixes);
	return 0;
}

#define PREFIXES "a list of addresses, as 192.0.2.0/24;2001:db8::1"

static const struct type {
	int (*parse)(const struct pn_option *desc, const char *text, int64_t *ret_number);
	const char *allowed;
	bool list;
} types[] = {
	[PN_OPTION_BOOL] = { parse_bool, "true or false" },
	[PN_OPTION_INT] = { parse_int, "a whole number" },
	[PN_OPTION_STRING] = { parse_string, "a text" },
	[PN_OPTION_PORTS] = { parse_ports, "a list of ports and ranges, as 21;2121-2130", true },
	[PN_OPTION_PREFIXES] = { parse_prefixes, PREFIXES, true },
	[PN_OPTION_SOURCES] = { parse_prefixes, PREFIXES, true },
	[PN_OPTION_TARGETS] = { parse_prefixes, PREFIXES, true },
};

/* NULL: the plugin is of a type that is not known here. */
static const struct type *
type_of(const struct pn_option *desc)
{
	if (desc->type >= G_N_ELEMENTS(types) || !types[desc->type].parse)
		return NULL;
	return &types[desc->type];
}

/* The items of a list that has been found well-formed. */
static char **
split(const char *text)
{
	g_auto(GStrv) pieces = g_strsplit_set(text, ";,", -1);
	GPtrArray *items = g_ptr_array_new();

	for (char **piece = pieces; *piece; piece++) {
		if (*g_strstrip(*piece))
			g_ptr_array_add(items, g_strdup(*piece));
	}
	g_ptr_array_add(items, NULL);
	return (char **)g_ptr_array_free(items, FALSE);
}

int
option_parse(const struct pn_option *desc, const char *text, struct option *ret_option)
{
	const struct type *type = type_of(desc);
	int64_t number = 0;
	int r;

	if (!type)
		return -EINVAL;
	r = type->parse(desc, text, &number);
	if (r < 0)
		return r;
	*ret_option = (struct option){
		.desc = desc,
		.text = g_strdup(text),
		.number = number,
		.items = type->list ? split(text) : NULL,
	};
	if (desc->type == PN_OPTION_SOURCES || desc->type == PN_OPTION_TARGETS)
		(void)config_parse_prefixes(text, &ret_option->prefixes, &ret_option->n_prefixes);
	return 0;
}

void
option_clear(struct option *option)
{
	g_free(option->text);
	g_strfreev(option->items);
	g_free(option->prefixes);
	*option = (struct option){ 0 };
}

char *
option_allowed(const struct pn_option *desc)
{
	const struct type *type = type_of(desc);

	if (!type)
		return g_strdup("nothing: its type is not known");
	if (desc->type == PN_OPTION_INT)
		return g_strdup_printf("%s from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
			type->allowed, desc->min, desc->max);
	return g_strdup(type->allowed);
}

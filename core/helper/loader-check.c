// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is the descriptor of a plugin sane? Everything that the rest of the program takes for granted is
 * looked at here, once, so a careless plugin is refused with a reason and cannot do harm later.
 *
 * What cannot be checked is whether pointers point somewhere: a plugin is part of the process.
 */
#include "helper/loader.h"

#include <string.h>

#include <glib.h>

#include "helper/option.h"
#include "packet/packet.h"

#define NAME_MAX_LEN     32
#define STRING_MAX_LEN   256
#define HELPERS_MAX      32
#define OPTIONS_MAX      64
#define BINDS_MAX        64
#define FLOW_SIZE_MAX    (64u << 10)
#define MAX_MESSAGE_MAX  (1u << 20)
#define MAX_DOORS_MAX    1024
#define DOOR_TIMEOUT_MAX 3600

/* The structs as they were when this major began: they may be longer, never shorter. */
#define END_OF(type, member) (offsetof(struct type, member) + sizeof(((struct type *)0)->member))
#define PLUGIN_SIZE_MIN      END_OF(pn_plugin, extension)
#define HELPER_SIZE_MIN      END_OF(pn_helper, expected)
#define OPTION_SIZE_MIN      END_OF(pn_option, help)

static bool
is_text(const char *text)
{
	size_t len;

	if (!text)
		return false;
	len = strnlen(text, STRING_MAX_LEN + 1);
	return len <= STRING_MAX_LEN && g_utf8_validate(text, (gssize)len, NULL);
}

/* 1 to NAME_MAX_LEN characters, all of them lower-case letters and digits, or what else `also`
 * says. */
static bool
is_name(const char *name, const char *also)
{
	size_t len = 0;

	if (!name)
		return false;
	for (; name[len]; len++) {
		if (len == NAME_MAX_LEN ||
			(!g_ascii_islower(name[len]) && !g_ascii_isdigit(name[len]) &&
				!strchr(also, name[len])))
			return false;
	}
	return len > 0;
}

static bool
is_key(const char *name)
{
	return is_name(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") && strcmp(name, "Enabled") &&
	       strcmp(name, "Ports");
}

static const char *
complain_of_binds(const struct pn_bind *binds)
{
	for (unsigned i = 0; binds && binds[i].first; i++) {
		if (binds[i].last < binds[i].first)
			return "pn_helper.binds has a range whose last port is below its first";
		if (i + 1 == BINDS_MAX)
			return "pn_helper.binds does not end; its last entry must have first = 0";
	}
	return NULL;
}

static const char *
complain_of_limits(const struct pn_helper *helper)
{
	if (helper->flow_size > FLOW_SIZE_MAX)
		return "pn_helper.flow_size is more than 64 KiB";
	if (!helper->max_message || helper->max_message > MAX_MESSAGE_MAX)
		return "pn_helper.max_message must be from 1 to 1048576";
	if (helper->max_doors > MAX_DOORS_MAX)
		return "pn_helper.max_doors is more than 1024";
	if (helper->max_doors && !helper->door_timeout)
		return "pn_helper.door_timeout must be set where max_doors is";
	if (helper->door_timeout > DOOR_TIMEOUT_MAX)
		return "pn_helper.door_timeout is more than 3600 seconds";
	return complain_of_binds(helper->binds);
}

/* NAME, or NAME.part */
static bool
belongs_to(const char *helper, const char *plugin)
{
	size_t len = strlen(plugin);

	if (!helper || strncmp(helper, plugin, len))
		return false;
	return !helper[len] || (helper[len] == '.' && is_name(helper + len + 1, ""));
}

static const char *
complain_of_helper(const struct pn_helper *helper, const char *plugin)
{
	if (helper->size < HELPER_SIZE_MIN)
		return "pn_helper.size is too small; it must be sizeof(struct pn_helper)";
	if (!belongs_to(helper->name, plugin))
		return "pn_helper.name must be that of the plugin, or NAME.part of a-z and 0-9";
	if (!is_text(helper->summary))
		return "pn_helper.summary must be a short text in UTF-8";
	if (helper->transport != PROTO_TCP && helper->transport != PROTO_UDP)
		return "pn_helper.transport must be 6 (TCP) or 17 (UDP)";
	if (helper->transport == PROTO_TCP && !helper->frame)
		return "pn_helper.frame must be set for TCP";
	if (helper->transport == PROTO_UDP && helper->frame)
		return "pn_helper.frame must not be set for UDP: a datagram is a message";
	if (!helper->message)
		return "pn_helper.message must be set";
	if (helper->gap != PN_GAP_DETACH && helper->gap != PN_GAP_RESUME)
		return "pn_helper.gap must be PN_GAP_DETACH or PN_GAP_RESUME";
	return complain_of_limits(helper);
}

/* Entries of a list that ends with NULL; max + 1 if it has more than that. */
static unsigned
count(const void *const *list, unsigned max)
{
	unsigned n = 0;

	while (list && n <= max && list[n])
		n++;
	return n;
}

static const char *
complain_of_helpers(const struct pn_plugin *desc)
{
	const struct pn_helper *const *helpers = desc->helpers;
	unsigned i, j, n = count((const void *const *)helpers, HELPERS_MAX);
	const char *complaint;

	if (!n)
		return "pn_plugin.helpers must have one helper or more";
	if (n > HELPERS_MAX)
		return "pn_plugin.helpers has more than 32, or no NULL at its end";
	for (i = 0; i < n; i++) {
		complaint = complain_of_helper(helpers[i], desc->name);
		if (complaint)
			return complaint;
		for (j = 0; j < i; j++) {
			if (!strcmp(helpers[i]->name, helpers[j]->name))
				return "pn_plugin.helpers has two of one name";
		}
	}
	return NULL;
}

static const char *
complain_of_option(const struct pn_option *desc)
{
	struct option option;

	if (desc->size < OPTION_SIZE_MIN)
		return "pn_option.size is too small; it must be sizeof(struct pn_option)";
	if (!is_key(desc->name))
		return "pn_option.name must be of letters and digits, and not Enabled or Ports";
	if (!is_text(desc->help))
		return "pn_option.help must be a short text in UTF-8";
	if (desc->type < PN_OPTION_BOOL || desc->type > PN_OPTION_TARGETS)
		return "pn_option.type must be one of PN_OPTION_*";
	if (desc->type == PN_OPTION_INT && desc->min > desc->max)
		return "pn_option.min is more than its max";
	if (!is_text(desc->fallback) || option_parse(desc, desc->fallback, &option) < 0)
		return "pn_option.fallback must be a value of the option's type and range";
	option_clear(&option);
	return NULL;
}

static const char *
complain_of_options(const struct pn_option *const *options)
{
	unsigned i, j, n = count((const void *const *)options, OPTIONS_MAX);
	const char *complaint;

	if (n > OPTIONS_MAX)
		return "pn_plugin.options has more than 64, or no NULL at its end";
	for (i = 0; i < n; i++) {
		complaint = complain_of_option(options[i]);
		if (complaint)
			return complaint;
		for (j = 0; j < i; j++) {
			if (!strcmp(options[i]->name, options[j]->name))
				return "pn_plugin.options has two of one name";
		}
	}
	return NULL;
}

const char *
plugin_complaint(const struct pn_plugin *desc, const char *name)
{
	const char *complaint;

	if (desc->size < PLUGIN_SIZE_MIN)
		return "pn_plugin.size is too small; it must be sizeof(struct pn_plugin)";
	if (!is_name(desc->name, ""))
		return "pn_plugin.name must be of a-z and 0-9, and at most 32 characters";
	if (strcmp(desc->name, name))
		return "pn_plugin.name is not what the file is called; the file must be NAME.so";
	if (!is_text(desc->version) || !is_text(desc->summary) || !is_text(desc->licence))
		return "pn_plugin.version, summary and licence must be short texts in UTF-8";
	complaint = complain_of_helpers(desc);
	return complaint ? complaint : complain_of_options(desc->options);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Types of single values: switches, numbers, choices, texts.
 *
 * Life-cycle: constant tables; strings that are set belong to the model, which frees them.
 * Limits: the ranges in the table of keys; TITLE_MAX, HOST_MAX.
 * Relies on: the model not yet being shared with anybody.
 */
#include "policy/config-type.h"

#include <errno.h>
#include <string.h>

#include "policy/config-keys.h"
#include "policy/config.h"

/* Longest title, bytes. */
#define TITLE_MAX 80

/* RFC 1035 §2.3.4, as text */
#define HOST_MAX  253
#define LABEL_MAX 63

static int
set_bool(const struct config_key *key, void *model, const char *value)
{
	return config_parse_bool(value, config_member(model, key->at));
}

static char *
allowed_bool(const struct config_key *key)
{
	return g_strdup("true or false");
}

static char *
show_bool(const struct config_key *key, const void *model)
{
	return g_strdup(*(bool *)config_member(model, key->at) ? "true" : "false");
}

static int
read_number(const struct config_key *key, const char *value, uint64_t *ret_number)
{
	uint64_t number;
	int r = config_parse_uint(value, key->min, key->max, &number);

	if (r < 0)
		return r;
	*ret_number = number * (key->unit ? key->unit : 1);
	return 0;
}

static int
set_u16(const struct config_key *key, void *model, const char *value)
{
	uint64_t number = 0;
	int r = read_number(key, value, &number);

	if (r == 0)
		*(uint16_t *)config_member(model, key->at) = (uint16_t)number;
	return r;
}

static int
set_u32(const struct config_key *key, void *model, const char *value)
{
	uint64_t number = 0;
	int r = read_number(key, value, &number);

	if (r < 0)
		return r;
	*(uint32_t *)config_member(model, key->at) = (uint32_t)number;
	if (key->also)
		*(uint32_t *)config_member(model, key->also) = (uint32_t)number;
	return 0;
}

static int
set_u64(const struct config_key *key, void *model, const char *value)
{
	return read_number(key, value, config_member(model, key->at));
}

static char *
allowed_number(const struct config_key *key)
{
	return g_strdup_printf("%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT "%s%s", key->min,
		key->max, key->measure ? " " : "", key->measure ? key->measure : "");
}

static char *
write_number(const struct config_key *key, uint64_t number)
{
	return g_strdup_printf("%" G_GUINT64_FORMAT, number / (key->unit ? key->unit : 1));
}

static char *
show_u16(const struct config_key *key, const void *model)
{
	return write_number(key, *(uint16_t *)config_member(model, key->at));
}

static char *
show_u32(const struct config_key *key, const void *model)
{
	return write_number(key, *(uint32_t *)config_member(model, key->at));
}

static char *
show_u64(const struct config_key *key, const void *model)
{
	return write_number(key, *(uint64_t *)config_member(model, key->at));
}

static int
find_word(const struct config_key *key, const char *value)
{
	for (int i = 0; key->words[i]; i++) {
		if (!strcmp(key->words[i], value))
			return i;
	}
	return -EINVAL;
}

/* config-keys.c asserts that the enums have the size of a number. */
static int
set_choice(const struct config_key *key, void *model, const char *value)
{
	int i = find_word(key, value);

	if (i < 0)
		return i;
	*(unsigned *)config_member(model, key->at) = (unsigned)i;
	return 0;
}

static char *
show_choice(const struct config_key *key, const void *model)
{
	return g_strdup(key->words[*(unsigned *)config_member(model, key->at)]);
}

static int
set_either(const struct config_key *key, void *model, const char *value)
{
	int i = find_word(key, value);

	if (i < 0)
		return i;
	*(bool *)config_member(model, key->at) = i;
	return 0;
}

static char *
show_either(const struct config_key *key, const void *model)
{
	return g_strdup(key->words[*(bool *)config_member(model, key->at)]);
}

static char *
allowed_words(const struct config_key *key)
{
	g_autofree char *list = g_strjoinv(", ", (char **)key->words);

	return g_strconcat("one of ", list, NULL);
}

static void
replace_text(const struct config_key *key, void *model, const char *value)
{
	char **text = config_member(model, key->at);

	g_free(*text);
	*text = *value ? g_strdup(value) : NULL;
}

static char *
show_text(const struct config_key *key, const void *model)
{
	const char *text = *(char **)config_member(model, key->at);

	return g_strdup(text ? text : "");
}

/* What would be a comment if comments could stand there is a mistake more often than a name. */
static bool
has_comment(const char *value)
{
	return strstr(value, " #") || strstr(value, " ;");
}

static bool
is_path(const char *value)
{
	if (value[0] != '/' || strstr(value, "/../") || g_str_has_suffix(value, "/") ||
		has_comment(value))
		return false;
	for (; *value; value++) {
		if (g_ascii_iscntrl(*value))
			return false;
	}
	return true;
}

static int
set_path(const struct config_key *key, void *model, const char *value)
{
	if (!is_path(value))
		return -EINVAL;
	replace_text(key, model, value);
	return 0;
}

static char *
allowed_path(const struct config_key *key)
{
	return g_strdup("the path of a file, from / on and without /../");
}

static bool
is_printable(const char *value)
{
	for (; *value; value = g_utf8_next_char(value)) {
		if (!g_unichar_isprint(g_utf8_get_char(value)))
			return false;
	}
	return true;
}

static int
set_title(const struct config_key *key, void *model, const char *value)
{
	if (!g_utf8_validate(value, -1, NULL) || !is_printable(value) || has_comment(value))
		return -EINVAL;
	if (strlen(value) > TITLE_MAX)
		return -ERANGE;
	replace_text(key, model, value);
	return 0;
}

static char *
allowed_title(const struct config_key *key)
{
	return g_strdup_printf("one line of text, at most %u bytes", TITLE_MAX);
}

/* RFC 1123 §2.1: letters, digits and hyphens in each label, and none of these at its ends. */
static bool
is_host(const char *value)
{
	g_auto(GStrv) labels = g_strsplit(value, ".", -1);

	if (strlen(value) > HOST_MAX)
		return false;
	for (unsigned i = 0; labels[i]; i++) {
		size_t len = strlen(labels[i]);

		if (!len || len > LABEL_MAX || labels[i][0] == '-' || labels[i][len - 1] == '-')
			return false;
		for (size_t j = 0; j < len; j++) {
			if (!g_ascii_isalnum(labels[i][j]) && labels[i][j] != '-')
				return false;
		}
	}
	return true;
}

/* An address is no name: its last label is a number (RFC 1123 §2.1), which old functions of the C
 * library take in hexadecimal, too. */
static bool
is_address(const char *value)
{
	const char *dot = strrchr(value, '.');
	const char *last = dot ? dot + 1 : value;

	if (!g_ascii_strncasecmp(last, "0x", 2))
		return !last[2 + strspn(last + 2, "0123456789abcdefABCDEF")];
	return !last[strspn(last, "0123456789")];
}

static int
set_host(const struct config_key *key, void *model, const char *value)
{
	if (*value && (!is_host(value) || is_address(value)))
		return -EINVAL;
	replace_text(key, model, value);
	return 0;
}

static char *
allowed_host(const struct config_key *key)
{
	return g_strdup("the name of a host, not an address");
}

const struct config_type config_type_bool = { set_bool, allowed_bool, show_bool };
const struct config_type config_type_u16 = { set_u16, allowed_number, show_u16 };
const struct config_type config_type_u32 = { set_u32, allowed_number, show_u32 };
const struct config_type config_type_u64 = { set_u64, allowed_number, show_u64 };
const struct config_type config_type_choice = { set_choice, allowed_words, show_choice };
const struct config_type config_type_either = { set_either, allowed_words, show_either };
const struct config_type config_type_path = { set_path, allowed_path, show_text };
const struct config_type config_type_title = { set_title, allowed_title, show_text };
const struct config_type config_type_host = { set_host, allowed_host, show_text };

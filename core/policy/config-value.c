// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Readers of single values: text in, number or list out.
 *
 * Life-cycle: none; what they return belongs to the caller.
 * Limits: CONFIG_LIST_MAX items in a list; NAME_LEN_MAX bytes in a name.
 * Relies on: text being a C string; any bytes may be in it.
 */
#include "policy/config.h"

#include <errno.h>
#include <string.h>

/* Reads one item of a list into an element of its array. */
typedef int (*item_reader)(const char *item, void *ret_element);

int
config_parse_bool(const char *text, bool *ret_value)
{
	static const char *const words[][2] = {
		{ "false", "true" },
		{ "no", "yes" },
		{ "off", "on" },
		{ "0", "1" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		for (int value = 0; value < 2; value++) {
			if (!g_ascii_strcasecmp(text, words[i][value])) {
				*ret_value = value;
				return 0;
			}
		}
	}
	return -EINVAL;
}

int
config_parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!*text || text[strspn(text, "0123456789")])
		return -EINVAL;
	for (; *text; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	if (value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int
config_parse_proto(const char *text, uint8_t *ret_proto)
{
	if (!strcmp(text, "tcp"))
		*ret_proto = PROTO_TCP;
	else if (!strcmp(text, "udp"))
		*ret_proto = PROTO_UDP;
	else
		return -EINVAL;
	return 0;
}

/* The first `len` bytes of a text, without the blanks around them. */
static char *
piece_of(const char *text, size_t len)
{
	return g_strstrip(g_strndup(text, len));
}

int
config_parse_range(const char *text, struct port_range *ret_range)
{
	size_t dash = strcspn(text, "-");
	g_autofree char *first_text = piece_of(text, dash);
	uint64_t first, last;
	int r = config_parse_uint(first_text, 1, UINT16_MAX, &first);

	if (r < 0)
		return r;
	last = first;
	if (text[dash]) {
		g_autofree char *last_text = piece_of(text + dash + 1, strlen(text + dash + 1));

		r = config_parse_uint(last_text, first, UINT16_MAX, &last);
	}
	if (r < 0)
		return r;
	*ret_range = (struct port_range){ .first = (uint16_t)first, .last = (uint16_t)last };
	return 0;
}

int
config_parse_service_ports(const char *text, struct service_ports *ret_ports)
{
	size_t slash = strcspn(text, "/");
	g_autofree char *range = piece_of(text, slash);
	g_autofree char *proto = NULL;
	struct service_ports ports;
	int r;

	if (!text[slash])
		return -EINVAL;
	proto = piece_of(text + slash + 1, strlen(text + slash + 1));
	r = config_parse_proto(proto, &ports.proto);
	if (r == 0)
		r = config_parse_range(range, &ports.range);
	if (r == 0)
		*ret_ports = ports;
	return r;
}

/* The next item of a list, NULL behind the last; the caller's. */
static char *
next_item(const char **text)
{
	const char *start = *text;
	size_t len;
	char *item;

	if (!start)
		return NULL;
	len = strcspn(start, ";,");
	item = piece_of(start, len);
	*text = start[len] ? start + len + 1 : NULL;
	if (*item || start[len])
		return item;
	g_free(item);
	return NULL;
}

static int
read_list(const char *text, size_t element_size, item_reader read_item, void **ret_list,
	unsigned *ret_n)
{
	GArray *list = g_array_new(FALSE, TRUE, (unsigned)element_size);
	char *item;
	int r = 0;

	while (r == 0 && (item = next_item(&text))) {
		g_array_set_size(list, list->len + 1);
		r = list->len > CONFIG_LIST_MAX
			    ? -ERANGE
			    : read_item(item, list->data + (list->len - 1) * element_size);
		g_free(item);
	}
	if (r < 0) {
		g_array_unref(list);
		return r;
	}
	*ret_n = list->len;
	*ret_list = g_array_free(list, list->len == 0);
	return 0;
}

static int
read_ports(const char *item, void *ret_element)
{
	return config_parse_range(item, ret_element);
}

static int
read_prefix(const char *item, void *ret_element)
{
	struct prefix *prefix = ret_element;

	return addr_parse(item, &prefix->addr, &prefix->bits);
}

static int
read_service_ports(const char *item, void *ret_element)
{
	return config_parse_service_ports(item, ret_element);
}

int
config_parse_ports(const char *text, struct port_range **ret_ports, unsigned *ret_n)
{
	void *list;
	int r = read_list(text, sizeof(struct port_range), read_ports, &list, ret_n);

	if (r == 0)
		*ret_ports = list;
	return r;
}

int
config_parse_prefixes(const char *text, struct prefix **ret_prefixes, unsigned *ret_n)
{
	void *list;
	int r = read_list(text, sizeof(struct prefix), read_prefix, &list, ret_n);

	if (r == 0)
		*ret_prefixes = list;
	return r;
}

int
config_parse_service_list(const char *text, struct service_ports **ret_ports, unsigned *ret_n)
{
	void *list;
	int r = read_list(text, sizeof(struct service_ports), read_service_ports, &list, ret_n);

	if (r == 0)
		*ret_ports = list;
	return r;
}

int
config_parse_words(const char *text, char ***ret_words)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
	char *item;
	int r = 0;

	while (r == 0 && (item = next_item(&text))) {
		if (!*item)
			r = -EINVAL;
		else if (words->len == CONFIG_LIST_MAX)
			r = -ERANGE;
		if (r < 0 || g_ptr_array_find_with_equal_func(words, item, g_str_equal, NULL))
			g_free(item);
		else
			g_ptr_array_add(words, item);
	}
	if (r < 0) {
		g_ptr_array_unref(words);
		return r;
	}
	g_ptr_array_add(words, NULL);
	*ret_words = (char **)g_ptr_array_free(words, FALSE);
	return 0;
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Longest name, bytes. */
#define NAME_LEN_MAX 64

static bool
is_name_of(const char *text, const char *letters)
{
	return g_ascii_isalnum(*text) && !text[strspn(text, letters)] &&
	       strlen(text) <= NAME_LEN_MAX;
}

bool
config_is_name(const char *text)
{
	return is_name_of(text, LOWER UPPER DIGITS "-_.");
}

bool
config_is_service_name(const char *text)
{
	return is_name_of(text, LOWER DIGITS "-_.");
}

bool
config_is_helper_name(const char *text)
{
	static const char letters[] = LOWER DIGITS "-_";
	size_t plugin = strspn(text, letters);
	size_t part = text[plugin] == '.' ? strspn(text + plugin + 1, letters) : 0;

	if (!plugin || strlen(text) > NAME_LEN_MAX || strcspn(text, "-_") < plugin)
		return false;
	return !text[plugin] || (part && !text[plugin + 1 + part]);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Readers of single values: text in, number or list out.
 *
 * Life-cycle: none; what they return belongs to the caller.
 * Limits: CONFIG_LIST_MAX items in a list.
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

static int
read_list(const char *text, size_t element_size, item_reader read_item, void **ret_list,
	unsigned *ret_n)
{
	GArray *list = g_array_new(FALSE, TRUE, (unsigned)element_size);
	size_t len;
	int r = 0;

	for (;; text += len + 1) {
		char *item;

		len = strcspn(text, ";,");
		item = g_strstrip(g_strndup(text, len));
		if (*item || text[len]) {
			g_array_set_size(list, list->len + 1);
			r = list->len > CONFIG_LIST_MAX
				    ? -ERANGE
				    : read_item(item, list->data + (list->len - 1) * element_size);
		}
		g_free(item);
		if (r < 0 || !text[len])
			break;
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
	struct port_range *range = ret_element;
	const char *dash = strchr(item, '-');
	char *first_text = g_strstrip(g_strndup(item, dash ? (size_t)(dash - item) : strlen(item)));
	uint64_t first, last;
	int r = config_parse_uint(first_text, 1, UINT16_MAX, &first);

	g_free(first_text);
	if (r < 0)
		return r;
	last = first;
	if (dash)
		r = config_parse_uint(dash + 1 + strspn(dash + 1, " \t"), first, UINT16_MAX, &last);
	if (r < 0)
		return r;
	*range = (struct port_range){ .first = (uint16_t)first, .last = (uint16_t)last };
	return 0;
}

static int
read_prefix(const char *item, void *ret_element)
{
	struct prefix *prefix = ret_element;

	return addr_parse(item, &prefix->addr, &prefix->bits);
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

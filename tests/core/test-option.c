// SPDX-License-Identifier: GPL-2.0-or-later
/* Options of plugins: values of each type, right and wrong. */
#include "helper/option.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

#include "kit/kit.h"

static const struct {
	uint32_t type;
	int64_t min, max;
	const char *text;
	int result;
	int64_t number;
	const char *items; /* joined by '|', NULL: no list */
} cases[] = {
	{ PN_OPTION_BOOL, 0, 0, "true", 0, 1, NULL },
	{ PN_OPTION_BOOL, 0, 0, "no", 0, 0, NULL },
	{ PN_OPTION_BOOL, 0, 0, "maybe", -EINVAL, 0, NULL },
	{ PN_OPTION_BOOL, 0, 0, "", -EINVAL, 0, NULL },
	{ PN_OPTION_INT, 1, 10, "10", 0, 10, NULL },
	{ PN_OPTION_INT, 1, 10, "11", -ERANGE, 0, NULL },
	{ PN_OPTION_INT, -5, 5, "-5", 0, -5, NULL },
	{ PN_OPTION_INT, -5, 5, "-6", -ERANGE, 0, NULL },
	{ PN_OPTION_INT, 1, 10, "ten", -EINVAL, 0, NULL },
	{ PN_OPTION_INT, 1, 10, "3x", -EINVAL, 0, NULL },
	{ PN_OPTION_INT, 1, 10, "", -EINVAL, 0, NULL },
	{ PN_OPTION_INT, INT64_MIN, INT64_MAX, "9223372036854775808", -ERANGE, 0, NULL },
	{ PN_OPTION_INT, INT64_MIN, INT64_MAX, "-9223372036854775808", 0, INT64_MIN, NULL },
	{ PN_OPTION_STRING, 0, 0, "any text; even this", 0, 0, NULL },
	{ PN_OPTION_STRING, 0, 0, "", 0, 0, NULL },
	{ PN_OPTION_PORTS, 0, 0, "21; 2121-2130", 0, 0, "21|2121-2130" },
	{ PN_OPTION_PORTS, 0, 0, "", 0, 0, "" },
	{ PN_OPTION_PORTS, 0, 0, "21;", 0, 0, "21" },
	{ PN_OPTION_PORTS, 0, 0, "65536", -ERANGE, 0, NULL },
	{ PN_OPTION_PORTS, 0, 0, "http", -EINVAL, 0, NULL },
	{ PN_OPTION_PREFIXES, 0, 0, "192.0.2.0/24,2001:db8::1", 0, 0, "192.0.2.0/24|2001:db8::1" },
	{ PN_OPTION_PREFIXES, 0, 0, "example", -EINVAL, 0, NULL },
	{ 0, 0, 0, "1", -EINVAL, 0, NULL },
	{ PN_OPTION_TARGETS + 1, 0, 0, "1", -EINVAL, 0, NULL },
	{ UINT32_MAX, 0, 0, "1", -EINVAL, 0, NULL },
};

START_TEST(values)
{
	struct pn_option desc = { .size = sizeof(desc),
		.type = cases[_i].type,
		.min = cases[_i].min,
		.max = cases[_i].max };
	struct option option = { .number = 4711 };
	char *items;

	ck_assert_int_eq(option_parse(&desc, cases[_i].text, &option), cases[_i].result);
	if (cases[_i].result < 0) {
		ck_assert_int_eq(option.number, 4711);
		ck_assert_ptr_null(option.text);
		return;
	}
	ck_assert_ptr_eq(option.desc, &desc);
	ck_assert_str_eq(option.text, cases[_i].text);
	ck_assert_int_eq(option.number, cases[_i].number);
	if (cases[_i].items) {
		items = g_strjoinv("|", option.items);
		ck_assert_str_eq(items, cases[_i].items);
		g_free(items);
	} else {
		ck_assert_ptr_null(option.items);
	}
	option_clear(&option);
	ck_assert_ptr_null(option.text);
	option_clear(&option);
}
END_TEST

START_TEST(what_is_allowed_is_told)
{
	static const char *const words[] = { "not known", "true or false", "from -3 to 12",
		"a text", "2121-2130", "192.0.2.0/24", "192.0.2.0/24", "192.0.2.0/24",
		"not known" };
	struct pn_option desc = {
		.size = sizeof(desc), .type = (uint32_t)_i, .min = -3, .max = 12
	};
	char *allowed = option_allowed(&desc);

	ck_assert_msg(strstr(allowed, words[_i]) != NULL, "%s", allowed);
	g_free(allowed);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("option");
	TCase *tc = tcase_create("option");

	tcase_add_loop_test(tc, values, 0, G_N_ELEMENTS(cases));
	tcase_add_loop_test(tc, what_is_allowed_is_told, 0, 7);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

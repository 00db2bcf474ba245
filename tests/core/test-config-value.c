// SPDX-License-Identifier: GPL-2.0-or-later
/* Readers of single values of the configuration: what is taken, what is not, and nothing between.
 */
#include <errno.h>
#include <string.h>

#include "kit/kit.h"
#include "policy/config.h"

START_TEST(bools)
{
	static const struct {
		const char *text;
		int r;
		bool value;
	} table[] = {
		{ "true", 0, true },
		{ "false", 0, false },
		{ "yes", 0, true },
		{ "no", 0, false },
		{ "on", 0, true },
		{ "off", 0, false },
		{ "1", 0, true },
		{ "0", 0, false },
		{ "True", 0, true },
		{ "OFF", 0, false },
		{ "", -EINVAL, false },
		{ "2", -EINVAL, false },
		{ "tru", -EINVAL, false },
		{ "truee", -EINVAL, false },
		{ " true", -EINVAL, false },
		{ "true ", -EINVAL, false },
		{ "01", -EINVAL, false },
		{ "true # x", -EINVAL, false },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		for (int before = 0; before < 2; before++) {
			bool value = before;

			ck_assert_msg(config_parse_bool(table[i].text, &value) == table[i].r,
				"\"%s\"", table[i].text);
			ck_assert_int_eq(value, table[i].r == 0 ? table[i].value : before);
		}
	}
}
END_TEST

START_TEST(numbers)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		int r;
		uint64_t value;
	} table[] = {
		{ "0", 0, 10, 0, 0 },
		{ "10", 0, 10, 0, 10 },
		{ "11", 0, 10, -ERANGE, 0 },
		{ "4", 5, 10, -ERANGE, 0 },
		{ "007", 0, 10, 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", 0, UINT64_MAX, -ERANGE, 0 },
		{ "18446744073709551620", 0, UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999999999999", 0, UINT64_MAX, -ERANGE, 0 },
		{ "4294967296", 0, UINT32_MAX, -ERANGE, 0 },
		{ "", 0, 10, -EINVAL, 0 },
		{ "-1", 0, 10, -EINVAL, 0 },
		{ "+1", 0, 10, -EINVAL, 0 },
		{ " 1", 0, 10, -EINVAL, 0 },
		{ "1 ", 0, 10, -EINVAL, 0 },
		{ "0x1", 0, 10, -EINVAL, 0 },
		{ "1.0", 0, 10, -EINVAL, 0 },
		{ "1e1", 0, 10, -EINVAL, 0 },
		{ "five", 0, 10, -EINVAL, 0 },
		{ "1,0", 0, 10, -EINVAL, 0 },
		{ "\xc2\xb2", 0, 10, -EINVAL, 0 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		uint64_t value = 0xa5a5;

		ck_assert_msg(config_parse_uint(table[i].text, table[i].min, table[i].max,
				      &value) == table[i].r,
			"\"%s\"", table[i].text);
		ck_assert_uint_eq(value, table[i].r == 0 ? table[i].value : 0xa5a5);
	}
}
END_TEST

/* The list as it was read, or NULL. */
static char *
ports_as_text(const char *text, int *ret_r)
{
	static struct port_range *const untouched = (struct port_range *)&ports_as_text;
	struct port_range *ports = untouched;
	GString *list = g_string_new(NULL);
	unsigned n = 0xa5;

	*ret_r = config_parse_ports(text, &ports, &n);
	if (*ret_r < 0) {
		ck_assert_ptr_eq(ports, untouched);
		ck_assert_uint_eq(n, 0xa5);
		g_string_free(list, TRUE);
		return NULL;
	}
	ck_assert((n == 0) == (ports == NULL));
	for (unsigned i = 0; i < n; i++)
		g_string_append_printf(list, "%u-%u ", ports[i].first, ports[i].last);
	g_free(ports);
	return g_string_free(list, FALSE);
}

START_TEST(ports)
{
	static const struct {
		const char *text;
		const char *list; /* NULL: refused */
		int r;
	} table[] = {
		{ "21", "21-21 ", 0 },
		{ "21;2121-2130", "21-21 2121-2130 ", 0 },
		{ "21,22", "21-21 22-22 ", 0 },
		{ "21;", "21-21 ", 0 },
		{ "21 ; 22 ;", "21-21 22-22 ", 0 },
		{ " 1 - 65535 ", "1-65535 ", 0 },
		{ "7-7", "7-7 ", 0 },
		{ "", "", 0 },
		{ "  ", "", 0 },
		{ "5;4;5", "5-5 4-4 5-5 ", 0 },
		{ "0", NULL, -ERANGE },
		{ "65536", NULL, -ERANGE },
		{ "0-5", NULL, -ERANGE },
		{ "5-65536", NULL, -ERANGE },
		{ "9-8", NULL, -ERANGE },
		{ ";", NULL, -EINVAL },
		{ ";21", NULL, -EINVAL },
		{ "21;;22", NULL, -EINVAL },
		{ "21;;", NULL, -EINVAL },
		{ "-5", NULL, -EINVAL },
		{ "5-", NULL, -EINVAL },
		{ "-", NULL, -EINVAL },
		{ "1-2-3", NULL, -EINVAL },
		{ "21 22", NULL, -EINVAL },
		{ "http", NULL, -EINVAL },
		{ "21/tcp", NULL, -EINVAL },
		{ "21 # one", NULL, -EINVAL },
		{ "21;22;x", NULL, -EINVAL },
		{ "99999999999999999999", NULL, -ERANGE },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		int r;
		char *list = ports_as_text(table[i].text, &r);

		ck_assert_msg(r == table[i].r, "\"%s\": %d", table[i].text, r);
		ck_assert_pstr_eq(list, table[i].list);
		g_free(list);
	}
}
END_TEST

START_TEST(list_limit)
{
	for (unsigned n = CONFIG_LIST_MAX - 1; n <= CONFIG_LIST_MAX + 1; n++) {
		GString *text = g_string_new(NULL);
		int r;
		char *list;

		for (unsigned i = 0; i < n; i++)
			g_string_append(text, "7;");
		list = ports_as_text(text->str, &r);
		ck_assert_int_eq(r, n <= CONFIG_LIST_MAX ? 0 : -ERANGE);
		g_free(list);
		g_string_free(text, TRUE);
	}
}
END_TEST

static char *
prefixes_as_text(const char *text, int *ret_r)
{
	static struct prefix *const untouched = (struct prefix *)&prefixes_as_text;
	struct prefix *prefixes = untouched;
	GString *list = g_string_new(NULL);
	unsigned n = 0xa5;

	*ret_r = config_parse_prefixes(text, &prefixes, &n);
	if (*ret_r < 0) {
		ck_assert_ptr_eq(prefixes, untouched);
		ck_assert_uint_eq(n, 0xa5);
		g_string_free(list, TRUE);
		return NULL;
	}
	ck_assert((n == 0) == (prefixes == NULL));
	for (unsigned i = 0; i < n; i++) {
		char addr[ADDR_TEXT_MAX];

		addr_format(&prefixes[i].addr, addr);
		g_string_append_printf(list, "%s/%u ", addr, prefixes[i].bits);
	}
	g_free(prefixes);
	return g_string_free(list, FALSE);
}

START_TEST(prefixes)
{
	static const struct {
		const char *text;
		const char *list; /* NULL: refused */
	} table[] = {
		{ "192.0.2.0/24", "192.0.2.0/24 " },
		{ "192.0.2.0/24;2001:db8::/32", "192.0.2.0/24 2001:db8::/32 " },
		{ "192.0.2.7, 2001:db8::7;", "192.0.2.7/32 2001:db8::7/128 " },
		{ "0.0.0.0/0 ; ::/0", "0.0.0.0/0 ::/0 " },
		{ "", "" },
		{ "192.0.2.1/24", NULL },
		{ "192.0.2.0/33", NULL },
		{ "2001:db8::/129", NULL },
		{ "192.0.2/24", NULL },
		{ "192.0.2.0/", NULL },
		{ "/24", NULL },
		{ ";", NULL },
		{ "192.0.2.0/24;;2001:db8::/32", NULL },
		{ "host.example", NULL },
		{ "auto", NULL },
		{ "192.0.2.0/24 2001:db8::/32", NULL },
		{ "192.0.2.0/24;x", NULL },
		{ "192.0.2.0 - 192.0.2.9", NULL },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		int r;
		char *list = prefixes_as_text(table[i].text, &r);

		ck_assert_msg((r < 0) == !table[i].list, "\"%s\": %d", table[i].text, r);
		ck_assert_pstr_eq(list, table[i].list);
		g_free(list);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-value");
	TCase *t = tcase_create("config-value");

	tcase_add_test(t, bools);
	tcase_add_test(t, numbers);
	tcase_add_test(t, ports);
	tcase_add_test(t, list_limit);
	tcase_add_test(t, prefixes);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

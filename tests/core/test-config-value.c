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

START_TEST(port_lists)
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

START_TEST(protocols)
{
	static const char *const wrong[] = { "", "TCP", "tcp ", "6", "sctp", "tcpudp" };
	uint8_t proto = 0xa5;

	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
		ck_assert_int_eq(config_parse_proto(wrong[i], &proto), -EINVAL);
		ck_assert_uint_eq(proto, 0xa5);
	}
	ck_assert_int_eq(config_parse_proto("tcp", &proto), 0);
	ck_assert_uint_eq(proto, PROTO_TCP);
	ck_assert_int_eq(config_parse_proto("udp", &proto), 0);
	ck_assert_uint_eq(proto, PROTO_UDP);
}
END_TEST

START_TEST(service_ports)
{
	static const struct {
		const char *text;
		int r;
		unsigned first, last;
		uint8_t proto;
	} table[] = {
		{ "21/tcp", 0, 21, 21, PROTO_TCP },
		{ "6970-6999/udp", 0, 6970, 6999, PROTO_UDP },
		{ " 1 - 2 / tcp ", 0, 1, 2, PROTO_TCP },
		{ "21", -EINVAL },
		{ "21/", -EINVAL },
		{ "/tcp", -EINVAL },
		{ "21/tcp/tcp", -EINVAL },
		{ "tcp/21", -EINVAL },
		{ "0/tcp", -ERANGE },
		{ "2-1/udp", -ERANGE },
		{ "65536/udp", -ERANGE },
		{ "", -EINVAL },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		struct service_ports ports = { .proto = 0xa5, .range = { 1, 2 } };
		bool is_good = table[i].r == 0;

		ck_assert_msg(config_parse_service_ports(table[i].text, &ports) == table[i].r, "%s",
			table[i].text);
		ck_assert_uint_eq(ports.proto, is_good ? table[i].proto : 0xa5);
		ck_assert_uint_eq(ports.range.first, is_good ? table[i].first : 1);
		ck_assert_uint_eq(ports.range.last, is_good ? table[i].last : 2);
	}
}
END_TEST

START_TEST(service_list)
{
	struct service_ports *ports;
	unsigned n = 0xa5;

	ck_assert_int_eq(config_parse_service_list("21/tcp ;7-8/udp;", &ports, &n), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(ports[1].range.last, 8);
	g_free(ports);
	ck_assert_int_eq(config_parse_service_list("", &ports, &n), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_ptr_null(ports);
	ck_assert_int_eq(config_parse_service_list("21/tcp;7", &ports, &n), -EINVAL);
	ck_assert_int_eq(config_parse_service_list("21/tcp;;7/udp", &ports, &n), -EINVAL);
}
END_TEST

START_TEST(words)
{
	static const struct {
		const char *text;
		const char *words; /* NULL: refused */
	} table[] = {
		{ "", "" },
		{ "  ", "" },
		{ "one", "one" },
		{ " one ; two,three;", "one|two|three" },
		{ "b;a;b;a", "b|a" },
		{ "two words;x", "two words|x" },
		{ ";", NULL },
		{ "one;;two", NULL },
		{ ",one", NULL },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		char **list = NULL;
		int r = config_parse_words(table[i].text, &list);
		char *joined = r < 0 ? NULL : g_strjoinv("|", list);

		ck_assert_int_eq(r, table[i].words ? 0 : -EINVAL);
		ck_assert_pstr_eq(joined, table[i].words);
		g_free(joined);
		g_strfreev(list);
	}
}
END_TEST

START_TEST(words_limit)
{
	for (unsigned n = CONFIG_LIST_MAX; n <= CONFIG_LIST_MAX + 1; n++) {
		GString *text = g_string_new(NULL);
		char **list = NULL;

		for (unsigned i = 0; i < n; i++)
			g_string_append_printf(text, "w%u;", i);
		ck_assert_int_eq(
			config_parse_words(text->str, &list), n <= CONFIG_LIST_MAX ? 0 : -ERANGE);
		g_strfreev(list);
		g_string_free(text, TRUE);
	}
}
END_TEST

/* Who may have which name: a connection, a service, a helper. */
START_TEST(names)
{
	static const struct {
		const char *text;
		bool name, service, helper;
	} table[] = {
		{ "a", true, true, true },
		{ "0", true, true, true },
		{ "A", true, false, false },
		{ "a-b", true, true, false },
		{ "a.b", true, true, true },
		{ "a.b-c_d", true, true, true },
		{ "a.b.c", true, true, false },
		{ "Eth0.1", true, false, false },
		{ "", false, false, false },
		{ "-a", false, false, false },
		{ ".a", false, false, false },
		{ "_a", false, false, false },
		{ "a.", true, true, false },
		{ "a b", false, false, false },
		{ "a/b", false, false, false },
		{ "a:b", false, false, false },
		{ "a\x1b", false, false, false },
		{ "\xc3\xa4", false, false, false },
	};
	g_autofree char *most = g_strnfill(64, 'x'), *more = g_strnfill(65, 'x');

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		ck_assert_msg(config_is_name(table[i].text) == table[i].name, "%u", i);
		ck_assert_msg(config_is_service_name(table[i].text) == table[i].service, "%u", i);
		ck_assert_msg(config_is_helper_name(table[i].text) == table[i].helper, "%u", i);
	}
	ck_assert(config_is_name(most) && !config_is_name(more));
	ck_assert(config_is_service_name(most) && !config_is_service_name(more));
	ck_assert(config_is_helper_name(most) && !config_is_helper_name(more));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-value");
	TCase *t = tcase_create("config-value");

	tcase_add_test(t, bools);
	tcase_add_test(t, numbers);
	tcase_add_test(t, port_lists);
	tcase_add_test(t, list_limit);
	tcase_add_test(t, prefixes);
	tcase_add_test(t, protocols);
	tcase_add_test(t, service_ports);
	tcase_add_test(t, service_list);
	tcase_add_test(t, words);
	tcase_add_test(t, words_limit);
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

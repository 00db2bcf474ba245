// SPDX-License-Identifier: GPL-2.0-or-later
/* Types of lists of words: what is taken, and how it is written. */
#include <errno.h>

#include "config-models.h"

static const struct {
	const char *section, *name, *value;
	const char *shown; /* NULL: refused, with */
	int r;
} table[] = {
	{ "Firewall", "Icmp", "", "" },
	{ "Firewall", "Icmp", "redirect ; echo-request-in,redirect;",
		"echo-request-in;redirect" }, /* in an order of their own */
	{ "Firewall", "Icmp", "redirect;;", NULL, -EINVAL },
	{ "Firewall", "Icmp", "redirect echo-request-in", NULL, -EINVAL },
	{ "Firewall", "Helpers", "", "" },
	{ "Firewall", "Helpers", "b;a,b;a.c", "b;a;a.c" }, /* as they were written */
	{ "Firewall", "Helpers", "a;B", NULL, -EINVAL },
	{ "Firewall", "Helpers", "a.b.c", NULL, -EINVAL },
	{ "Firewall", "Services", "", "" },
	{ "Firewall", "Services", "x-client ;a", "x-client;a" },
	{ "Firewall", "Services", "a;;b", NULL, -EINVAL },
	{ "Firewall", "Services", "80/tcp", NULL, -EINVAL },
	{ "Service", "Helper", "", "" },
	{ "Service", "Helper", "a.b", "a.b" },
	{ "Service", "Helper", "a;b", NULL, -EINVAL },
};

START_TEST(values)
{
	check_value(
		table[_i].section, table[_i].name, table[_i].value, table[_i].shown, table[_i].r);
}
END_TEST

/* Each option has its own bit, and all of them together are what is allowed. */
START_TEST(options)
{
	const struct config_key *key = config_keys_find("Firewall", "Icmp");
	g_autofree char *allowed = config_key_allowed(key);
	GString *all = g_string_new(NULL);
	struct models models;

	models_init(&models);
	for (unsigned i = 0; i < ICMP_OPTION_COUNT; i++) {
		const char *name = icmp_option_name((enum icmp_option)i);

		ck_assert_int_eq(config_key_set(key, &models.connection, name), 0);
		ck_assert_uint_eq(models.connection.icmp, 1u << i);
		ck_assert(strstr(allowed, name) != NULL);
		g_string_append_printf(all, "%s;", name);
	}
	ck_assert_int_eq(config_key_set(key, &models.connection, all->str), 0);
	ck_assert_uint_eq(models.connection.icmp, (1u << ICMP_OPTION_COUNT) - 1);
	models_done(&models);
	g_string_free(all, TRUE);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-type-words");
	TCase *t = tcase_create("config-type-words");

	tcase_add_loop_test(t, values, 0, G_N_ELEMENTS(table));
	tcase_add_test(t, options);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

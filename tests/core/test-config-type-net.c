// SPDX-License-Identifier: GPL-2.0-or-later
/* Types of ports, addresses and interfaces: what is taken, and how it is written. */
#include <errno.h>

#include "config-models.h"

#define PATTERN "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 64 */

static const struct {
	const char *section, *name, *value;
	const char *shown; /* NULL: refused, with */
	int r;
} table[] = {
	{ CONFIG_MAPPING, "Protocol", "tcp", "tcp" },
	{ CONFIG_MAPPING, "Protocol", "udp", "udp" },
	{ CONFIG_MAPPING, "Protocol", "", NULL, -EINVAL },
	{ CONFIG_MAPPING, "External", "80", "80" },
	{ CONFIG_MAPPING, "External", "80-80", "80" },
	{ CONFIG_MAPPING, "External", "1-65535", "1-65535" },
	{ CONFIG_MAPPING, "External", "", NULL, -EINVAL },
	{ CONFIG_MAPPING, "External", "80;81", NULL, -EINVAL },
	{ CONFIG_HELPER, "Ports", "", "" },
	{ CONFIG_HELPER, "Ports", " 7 , 8-9 ;", "7;8-9" },
	{ CONFIG_TRIGGER, "Ports", "7,8-9", "7;8-9" },
	{ CONFIG_TRIGGER, "Ports", "", NULL, -EINVAL },
	{ CONFIG_TRIGGER, "Ports", " \t", NULL, -EINVAL },
	{ CONFIG_TRIGGER, "Opens", "7 - 9 / udp", "7-9/udp" },
	{ CONFIG_TRIGGER, "Opens", "7/tcp", "7/tcp" },
	{ CONFIG_TRIGGER, "Opens", "7", NULL, -EINVAL },
	{ CONFIG_TRIGGER, "Opens", "/tcp", NULL, -EINVAL },
	{ CONFIG_TRIGGER, "Opens", "7/tcp/udp", NULL, -EINVAL },
	{ CONFIG_TRIGGER, "Opens", "0/tcp", NULL, -ERANGE },
	{ "Service", "Ports", "21/tcp; 6970-6999/udp ;", "21/tcp;6970-6999/udp" },
	{ "Service", "Ports", "", NULL, -EINVAL },
	{ "Service", "Ports", " ", NULL, -EINVAL },
	{ CONFIG_MAPPING, "Target", "", "" },
	{ CONFIG_MAPPING, "Target", "192.0.2.7", "192.0.2.7" },
	{ CONFIG_MAPPING, "Target", "10.0.0.255", "10.0.0.255" }, /* whose mask nobody knows */
	{ CONFIG_MAPPING, "Target", "2001:DB8:0::7", "2001:db8::7" },
	{ CONFIG_MAPPING, "Target", "fe80::7", "fe80::7" },
	{ CONFIG_MAPPING, "Target", "0.1.2.3", NULL, -EINVAL },
	{ CONFIG_MAPPING, "Target", "127.1.2.3", NULL, -EINVAL },
	{ CONFIG_MAPPING, "Target", "239.1.2.3", NULL, -EINVAL },
	{ CONFIG_MAPPING, "Target", "255.255.255.255", NULL, -EINVAL },
	{ CONFIG_MAPPING, "Target", "::", NULL, -EINVAL },
	{ CONFIG_MAPPING, "Target", "::1", NULL, -EINVAL },
	{ CONFIG_MAPPING, "Target", "ff02::1", NULL, -EINVAL },
	{ CONFIG_MAPPING, "Target", "192.0.2.7/32", NULL, -EINVAL },
	{ CONFIG_MAPPING, "Target", "nas", NULL, -EINVAL },
	{ CONFIG_MAPPING, "Sources", "", "" },
	{ CONFIG_MAPPING, "Sources", "0.0.0.0/0,::/0", "0.0.0.0/0;::/0" },
	{ CONFIG_MAPPING, "Sources", "192.0.2.7/32;2001:db8::7/128", "192.0.2.7;2001:db8::7" },
	{ "Connection", "Match", "", "" },
	{ "Connection", "Match", "interface:*", "interface:*" },
	{ "Connection", "Match", "interface:eth0:1", "interface:eth0:1" },
	{ "Connection", "Match", "interface:" PATTERN, "interface:" PATTERN },
	{ "Connection", "Match", "interface:" PATTERN "a", NULL, -EINVAL },
	{ "Connection", "Match", "network:0.0.0.0/0", "network:0.0.0.0/0" },
	{ "Connection", "Match", "network:192.0.2.7, interface:a ,network:2001:db8::/32",
		"interface:a;network:192.0.2.7;network:2001:db8::/32" },
	{ "Connection", "Match", "interface:a;interface:a", "interface:a" },
	{ "Connection", "Match", "interface: a", NULL, -EINVAL },
	{ "Connection", "Match", "interface:\xc3\xa4", NULL, -EINVAL },
	{ "Connection", "Match", "Interface:a", NULL, -EINVAL },
	{ "Connection", "Match", "network:", NULL, -EINVAL },
	{ "Connection", "Match", "interface:a;", "interface:a" },
	{ "Connection", "Match", "interface:a;;interface:b", NULL, -EINVAL },
};

START_TEST(values)
{
	check_value(
		table[_i].section, table[_i].name, table[_i].value, table[_i].shown, table[_i].r);
}
END_TEST

/* One port more than a definition may have. */
START_TEST(too_many)
{
	for (unsigned n = SERVICE_PORTS_MAX; n <= SERVICE_PORTS_MAX + 1; n++) {
		GString *text = g_string_new(NULL);

		for (unsigned i = 0; i < n; i++)
			g_string_append_printf(text, "%s%u/tcp", i ? ";" : "", i + 1);
		check_value("Service", "Ports", text->str,
			n <= SERVICE_PORTS_MAX ? text->str : NULL, -ERANGE);
		g_string_free(text, TRUE);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-type-net");
	TCase *t = tcase_create("config-type-net");

	tcase_add_loop_test(t, values, 0, G_N_ELEMENTS(table));
	tcase_add_test(t, too_many);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

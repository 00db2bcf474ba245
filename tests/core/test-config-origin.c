// SPDX-License-Identifier: GPL-2.0-or-later
/* Where values come from: the table, and what a reading puts into it. */
#include "config-result.h"

START_TEST(table)
{
	struct config_origins *origins = config_origins_new();
	const struct config_origin *at;
	char file[] = "one.conf";

	ck_assert_ptr_null(config_origins_find(origins, "", "Log", "Path"));
	ck_assert_ptr_null(config_origins_find(NULL, "", "Log", "Path"));
	config_origins_set(origins, "", "Log", "Path", file, 7);
	file[0] = 'X'; /* it has its own */
	at = config_origins_find(origins, "", "Log", "Path");
	ck_assert_str_eq(at->file, "one.conf");
	ck_assert_uint_eq(at->line, 7);
	config_origins_set(origins, "", "Log", "Path", "two.conf", 8);
	at = config_origins_find(origins, "", "Log", "Path");
	ck_assert_str_eq(at->file, "two.conf");
	ck_assert_uint_eq(at->line, 8);

	/* Nothing else has that origin. */
	ck_assert_ptr_null(config_origins_find(origins, "wan", "Log", "Path"));
	ck_assert_ptr_null(config_origins_find(origins, "", "LogPath", ""));
	ck_assert_ptr_null(config_origins_find(origins, "Log", "Path", ""));
	ck_assert_ptr_null(config_origins_find(origins, "", "Log", "path"));
	config_origins_free(origins);
	config_origins_free(NULL);
}
END_TEST

static void
check(const struct result *r, const char *owner, const char *section, const char *key,
	const char *file, unsigned line)
{
	const struct config_origin *at = config_origins_find(r->origins, owner, section, key);

	ck_assert_msg((at != NULL) == (file != NULL), "%s [%s] %s", owner, section, key);
	if (!at)
		return;
	ck_assert_str_eq(at->file, file);
	ck_assert_uint_eq(at->line, line);
}

START_TEST(reading)
{
	const struct config_file files[] = {
		file_of(CONFIG_MAIN, NULL,
			"[Stateful]\nUdpTimeout=1\nUdpTimeout=2\n[Nope]\nUdpTimeout=3\n"
			"[Helper:demo]\nPorts=1\nOwn=2\n"
			"[Firewall]\nIcmp=redirect\nAntiSpoof=off\n"
			"[Mapping:web]\nProtocol=tcp\nExternal=80\n"),
		file_of(CONFIG_CONNECTION, "default", "[Firewall]\nIcmp=\n"),
		file_of(CONFIG_CONNECTION, "wan",
			"[Connection]\nMatch=interface:wan0\n"
			"[Firewall]\nIcmp=redirect\n"),
		file_of(CONFIG_SERVICE, "demo", "[Service]\nPorts=7/tcp\n"),
	};
	struct result r = result_of(files, G_N_ELEMENTS(files));

	ck_assert_ptr_nonnull(r.policy);
	check(&r, "", "Stateful", "UdpTimeout", "postern.conf", 3);
	check(&r, "", "Stateful", "IcmpTimeout", NULL, 0);
	check(&r, "", "Nope", "UdpTimeout", NULL, 0);
	check(&r, "", "Helper:demo", "Ports", "postern.conf", 7);
	check(&r, "", "Helper:demo", "Own", NULL, 0); /* the option itself tells */
	check(&r, "default", "Firewall", "Icmp", "default.conf", 2);
	check(&r, "default", "Firewall", "AntiSpoof", "postern.conf", 11);
	check(&r, "default", "Mapping:web", "External", "postern.conf", 14);
	check(&r, "wan", "Connection", "Match", "wan.conf", 2);
	check(&r, "wan", "Firewall", "Icmp", "wan.conf", 4);
	/* What it has of "default" is not its own. */
	check(&r, "wan", "Firewall", "AntiSpoof", NULL, 0);
	check(&r, "demo", "Service", "Ports", "demo.service.conf", 2);
	result_done(&r);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-origin");
	TCase *t = tcase_create("config-origin");

	tcase_add_test(t, table);
	tcase_add_test(t, reading);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

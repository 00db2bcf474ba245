// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections of a configuration: what they begin with, their order, and who may have a firewall.
 */
#include "config-result.h"

/* A connection of its own, in a policy that was taken. */
static const struct connection *
find(const struct result *r, const char *name)
{
	const struct connection *connection;

	ck_assert_taken(r);
	connection = policy_connection_find(r->policy, name);
	ck_assert_msg(connection != NULL, "there is no %s", name);
	return connection;
}

#define MATCH "[Connection]\nMatch=interface:wan0\n"

START_TEST(settings)
{
	struct result r = result_of_connection("", "wan",
		"[Connection]\nMatch=interface:wan*; interface:ppp? "
		";network:192.0.2.0/24\nType=ppp\n"
		"[Sharing]\nRole=public\n"
		"[Firewall]\nEnabled=true\nAntiSpoof=rewrite\nIcmp=redirect;echo-request-in\n"
		"Helpers=demo;demo.part;demo\n");
	const struct connection *c = find(&r, "wan");

	ck_assert_uint_eq(r.policy->n_connections, 2);
	ck_assert_str_eq(c->interfaces[0], "wan*");
	ck_assert_str_eq(c->interfaces[1], "ppp?");
	ck_assert_ptr_null(c->interfaces[2]);
	ck_assert_uint_eq(c->n_networks, 1);
	ck_assert_uint_eq(c->networks[0].bits, 24);
	ck_assert_int_eq(c->type, CONNECTION_PPP);
	ck_assert_int_eq(c->role, ROLE_PUBLIC);
	ck_assert(c->firewall && c->firewall_set);
	ck_assert_int_eq(c->anti_spoof, ANTI_SPOOF_REWRITE);
	ck_assert_uint_eq(c->icmp, 1u << ICMP_OPTION_REDIRECT | 1u << ICMP_OPTION_ECHO_REQUEST_IN);
	ck_assert(c->helpers_set);
	ck_assert_str_eq(c->helpers[1], "demo.part");
	ck_assert_ptr_null(c->helpers[2]); /* once is enough */
	ck_assert_str_eq(c->file, "wan.conf");
	ck_assert_uint_eq(c->line, 1);

	c = find(&r, "default");
	ck_assert_ptr_null(c->file);
	ck_assert(c->firewall && !c->firewall_set && !c->helpers_set && !c->icmp);
	result_done(&r);
}
END_TEST

START_TEST(begins_with_default)
{
	static const char main_text[] =
		"[Firewall]\nEnabled=false\nAntiSpoof=off\nIcmp=redirect\nHelpers=demo\n"
		"[Mapping:web]\nProtocol=tcp\nExternal=80\n"
		"[Trigger:game]\nProtocol=tcp\nPorts=1\nOpens=2/udp\n";
	struct result r = result_of_connection(main_text, "wan", MATCH);
	const struct connection *c = find(&r, "wan");

	ck_assert(!c->firewall && c->firewall_set && c->helpers_set);
	ck_assert_int_eq(c->anti_spoof, ANTI_SPOOF_OFF);
	ck_assert_uint_eq(c->icmp, 1u << ICMP_OPTION_REDIRECT);
	ck_assert_str_eq(c->helpers[0], "demo");
	ck_assert_uint_eq(c->mappings.n, 0);
	ck_assert_uint_eq(c->n_triggers, 0);
	ck_assert_ptr_null(c->mappings.open[0]);
	c = find(&r, "default");
	ck_assert_uint_eq(c->mappings.n, 1);
	ck_assert_uint_eq(c->n_triggers, 1);
	ck_assert_str_eq(c->file, "postern.conf");
	ck_assert_uint_eq(c->line, 1);
	result_done(&r);

	/* What is said, and be it nothing, counts. */
	r = result_of_connection(main_text, "wan",
		MATCH "[Firewall]\nEnabled=yes\nAntiSpoof=drop\nIcmp=\nHelpers=\n");
	c = find(&r, "wan");
	ck_assert(c->firewall && c->firewall_set && c->helpers_set);
	ck_assert_int_eq(c->anti_spoof, ANTI_SPOOF_DROP);
	ck_assert_uint_eq(c->icmp, 0);
	ck_assert_ptr_null(c->helpers[0]);
	ck_assert(!connection_allows_helper(c, "demo"));
	result_done(&r);
}
END_TEST

/* connections/default.conf has the last word about "default", and the others begin with it. */
START_TEST(default_has_a_file)
{
	const struct config_file files[] = {
		file_of(CONFIG_MAIN, NULL,
			"[Firewall]\nIcmp=redirect\nAntiSpoof=off\n"
			"[Mapping:web]\nProtocol=tcp\nExternal=80\n"),
		file_of(CONFIG_CONNECTION, "default",
			"[Firewall]\nIcmp=echo-request-in\n"
			"[Mapping:web]\nExternal=81\n"),
		file_of(CONFIG_CONNECTION, "wan", MATCH),
	};
	struct result r = result_of(files, G_N_ELEMENTS(files));
	const struct connection *c = find(&r, "default");

	ck_assert_uint_eq(r.policy->n_connections, 2);
	ck_assert_ptr_eq(c, &r.policy->connections[0]);
	ck_assert_uint_eq(c->icmp, 1u << ICMP_OPTION_ECHO_REQUEST_IN);
	ck_assert_int_eq(c->anti_spoof, ANTI_SPOOF_OFF);
	ck_assert_uint_eq(c->mappings.n, 1);
	ck_assert_uint_eq(c->mappings.list[0].external.first, 81);
	ck_assert_str_eq(c->mappings.list[0].file, "default.conf");
	c = find(&r, "wan");
	ck_assert_uint_eq(c->icmp, 1u << ICMP_OPTION_ECHO_REQUEST_IN);
	ck_assert_int_eq(c->anti_spoof, ANTI_SPOOF_OFF);
	result_done(&r);

	r = result_of_connection("", "default", MATCH);
	ck_assert_refused(&r,
		"default.conf:2: [Connection] Match: not allowed: \"default\" is what "
		"no other connection matches");
	result_done(&r);
}
END_TEST

/* A later file of the same connection adds to it, key by key. */
START_TEST(files_add_up)
{
	const struct config_file files[] = {
		file_of(CONFIG_CONNECTION, "wan",
			MATCH "[Firewall]\nIcmp=redirect\nEnabled=false\n"
			      "[Mapping:web]\nProtocol=tcp\n"),
		file_of(CONFIG_CONNECTION, "wan",
			"[Firewall]\nEnabled=true\n[Mapping:web]\nExternal=80\n"),
	};
	struct result r = result_of(files, G_N_ELEMENTS(files));
	const struct connection *c = find(&r, "wan");

	ck_assert(c->firewall);
	ck_assert_uint_eq(c->icmp, 1u << ICMP_OPTION_REDIRECT);
	ck_assert_uint_eq(c->mappings.n, 1);
	ck_assert_uint_eq(c->mappings.list[0].external.first, 80);
	result_done(&r);
}
END_TEST

START_TEST(order)
{
	static const char *const names[] = { "wan", "a", "lan", "B", "wan-2", "1" };
	static const char *const sorted[] = { "default", "1", "B", "a", "lan", "wan", "wan-2" };
	struct config_file files[G_N_ELEMENTS(names)];
	struct result r;

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		files[i] = file_of(CONFIG_CONNECTION, names[i], MATCH);
	r = result_of(files, G_N_ELEMENTS(files));
	ck_assert_taken(&r);
	ck_assert_uint_eq(r.policy->n_connections, G_N_ELEMENTS(sorted));
	for (unsigned i = 0; i < G_N_ELEMENTS(sorted); i++)
		ck_assert_str_eq(r.policy->connections[i].name, sorted[i]);
	/* The first that has it. */
	ck_assert_str_eq(policy_connection_of_interface(r.policy, "wan0")->name, "1");
	ck_assert_ptr_null(policy_connection_of_interface(r.policy, "wan1"));
	result_done(&r);
}
END_TEST

START_TEST(without_match)
{
	static const char missing[] = "wan.conf:1: [Connection] Match: missing; the connection is "
				      "used only where it is asked for by its name";
	struct result r = result_of_connection("", "wan", "");

	ck_assert_ptr_nonnull(r.policy);
	ck_assert_uint_eq(r.warnings->len, 1);
	ck_assert_str_eq(result_warning(&r, 0), missing);
	ck_assert_ptr_nonnull(policy_connection_find(r.policy, "wan"));
	result_done(&r);

	r = result_of_connection("", "wan", "[Connection]\nMatch=\n"); /* said, so meant */
	ck_assert_taken(&r);
	result_done(&r);
	r = result_of_connection("", "default", "[Firewall]\nIcmp=redirect\n");
	ck_assert_taken(&r);
	result_done(&r);
}
END_TEST

/* Each kind of connection that may have no firewall, and the beginning of the reason. */
static const struct {
	const char *text;
	const char *why;
} unfit[] = {
	{ "#\nType=bridge\n", "it is a bridge" },
	{ "#\nType=bridge-member\n", "it is a member of a bridge" },
	{ "#\nType=loopback\n", "loopback" },
	{ "#\nType=incoming\n", "it was opened by a peer" },
	{ "#\nType=direct\n", "it is a line to one neighbour" },
	{ "[Sharing]\nRole=private\n", "it is the private side" },
};

START_TEST(no_firewall_here)
{
	g_autofree char *yes =
		g_strconcat(MATCH, unfit[_i].text, "[Firewall]\nEnabled=true\n", NULL);
	g_autofree char *no =
		g_strconcat(MATCH, unfit[_i].text, "[Firewall]\nEnabled=false\n", NULL);
	g_autofree char *silent = g_strconcat(MATCH, unfit[_i].text, NULL);
	g_autofree char *begins = g_strconcat(
		"wan.conf:6: [Firewall] Enabled=true: not allowed: ", unfit[_i].why, NULL);
	const char *const quiet[] = { no, silent };
	struct result r = result_of_connection("", "wan", yes);

	ck_assert_ptr_null(r.policy);
	ck_assert_msg(g_str_has_prefix(r.error->message, begins), "%s", r.error->message);
	result_done(&r);
	for (unsigned i = 0; i < 2; i++) {
		/* Whatever "default" says. */
		r = result_of_connection("[Firewall]\nEnabled=true\n", "wan", quiet[i]);
		ck_assert(!find(&r, "wan")->firewall);
		ck_assert_int_eq(find(&r, "wan")->firewall_set, i == 0);
		ck_assert(find(&r, "default")->firewall);
		result_done(&r);
	}
}
END_TEST

/* The kind is known only when all files are read. */
START_TEST(kind_comes_later)
{
	const struct config_file files[] = {
		file_of(CONFIG_CONNECTION, "wan", MATCH "[Firewall]\nEnabled=true\n"),
		file_of(CONFIG_CONNECTION, "wan", "[Connection]\nType=bridge\n"),
		file_of(CONFIG_CONNECTION, "wan", "[Connection]\nType=wlan\n"),
	};
	struct result r = result_of(files, 2);

	ck_assert_ptr_null(r.policy);
	ck_assert(g_str_has_prefix(r.error->message,
		"wan.conf:4: [Firewall] Enabled=true: not allowed: it is a bridge"));
	result_done(&r);
	r = result_of(files, 3);
	ck_assert(find(&r, "wan")->firewall);
	result_done(&r);
}
END_TEST

/* "default" may be unfit, too; the others are what they are. */
START_TEST(unfit_default)
{
	const struct config_file files[] = {
		file_of(CONFIG_CONNECTION, "default", "[Connection]\nType=loopback\n"),
		file_of(CONFIG_CONNECTION, "wan", MATCH),
		file_of(CONFIG_MAIN, NULL, "[Firewall]\nEnabled=true\n"),
	};
	struct result r = result_of(files, 2);

	ck_assert(!find(&r, "default")->firewall);
	ck_assert(find(&r, "wan")->firewall);
	result_done(&r);
	r = result_of(files, 3);
	ck_assert(g_str_has_prefix(r.error->message,
		"postern.conf:2: [Firewall] Enabled=true: not allowed: loopback"));
	result_done(&r);
}
END_TEST

START_TEST(names)
{
	static const char *const good[] = { "a", "Wan-0", "eth0.100", "x_y", "0" };
	static const char *const bad[] = { "", "-a", ".a", "a b", "a/b", "\xc3\xa4", "a:b",
		"a\x1b" };
	g_autofree char *most = g_strnfill(64, 'x'), *more = g_strnfill(65, 'x');

	for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) {
		struct result r = result_of_connection("", good[i], MATCH);

		find(&r, good[i]);
		result_done(&r);
	}
	for (unsigned i = 0; i <= G_N_ELEMENTS(bad); i++) {
		const char *name = i < G_N_ELEMENTS(bad) ? bad[i] : more;
		struct result r = result_of_connection("", name, MATCH);

		ck_assert_msg(r.policy == NULL, "%s", name);
		ck_assert(g_error_matches(r.error, CONFIG_ERROR, CONFIG_ERROR_FILE));
		ck_assert(strstr(r.error->message, ": not the name of a connection; allowed: "));
		result_done(&r);
	}
	ck_assert(config_is_name(most));
}
END_TEST

START_TEST(limit)
{
	struct config_file files[CONNECTIONS_MAX];
	struct result r;

	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		g_autofree char *name = g_strdup_printf("c%u", i);

		files[i] = file_of(CONFIG_CONNECTION, lasting(name), MATCH);
	}
	r = result_of(files, CONNECTIONS_MAX - 1); /* "default" is one, too */
	ck_assert_taken(&r);
	ck_assert_uint_eq(r.policy->n_connections, CONNECTIONS_MAX);
	result_done(&r);
	r = result_of(files, CONNECTIONS_MAX);
	ck_assert_refused(&r, "c254.conf: one connection too many");
	result_done(&r);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-connection");
	TCase *t = tcase_create("config-connection");

	tcase_add_test(t, settings);
	tcase_add_test(t, begins_with_default);
	tcase_add_test(t, default_has_a_file);
	tcase_add_test(t, files_add_up);
	tcase_add_test(t, order);
	tcase_add_test(t, without_match);
	tcase_add_loop_test(t, no_firewall_here, 0, G_N_ELEMENTS(unfit));
	tcase_add_test(t, kind_comes_later);
	tcase_add_test(t, unfit_default);
	tcase_add_test(t, names);
	tcase_add_test(t, limit);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

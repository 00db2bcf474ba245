// SPDX-License-Identifier: GPL-2.0-or-later
/* What configuration is refused, and what it is when nothing is said. */
#include <stdlib.h>
#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "icf.h"
#include "kit/kit.h"
#include "policy/config.h"

/* Reads a connection "up"; NULL and *ret_message where it is refused. */
static struct policy *
read_connection(const char *text, char **ret_message)
{
	const struct config_file file = {
		.kind = CONFIG_CONNECTION,
		.owner = "up",
		.name = "connections/up.conf",
		.text = text,
		.len = strlen(text),
	};
	g_autoptr(GError) error = NULL;
	struct policy *policy = config_parse_files(&file, 1, NULL, NULL, &error);

	ck_assert(!policy == !!error);
	if (error && ret_message)
		*ret_message = g_strdup(error->message);
	return policy;
}

/* On a connection with these lines a firewall can be switched on. */
static void
assert_may_have_firewall(const char *lines)
{
	g_autofree char *text = g_strconcat(
		"[Connection]\nMatch=interface:if0\n", lines, "\n[Firewall]\nEnabled=true\n", NULL);
	g_autofree char *message = NULL;
	struct policy *policy = read_connection(text, &message);
	const struct connection *c;

	ck_assert_msg(policy, "%s: %s", lines, message);
	c = policy_connection_of_interface(policy, "if0");
	ck_assert_ptr_nonnull(c);
	ck_assert_str_eq(c->name, "up");
	ck_assert(c->firewall && c->firewall_set);
	policy_unref(policy);
}

/* … it cannot, and the message says where, what and why; left alone, there is none. */
static void
assert_may_have_no_firewall(const char *lines, const char *why)
{
	g_autofree char *with = g_strconcat(
		"[Connection]\nMatch=interface:if0\n", lines, "\n[Firewall]\nEnabled=true\n", NULL);
	g_autofree char *without =
		g_strconcat("[Connection]\nMatch=interface:if0\n", lines, "\n", NULL);
	g_autofree char *message = NULL;
	struct policy *policy = read_connection(with, &message);

	ck_assert_ptr_null(policy);
	ck_assert_msg(g_str_has_prefix(message, "connections/up.conf:"), "%s", message);
	ck_assert_msg(strstr(message, "[Firewall] Enabled=true"), "%s", message);
	ck_assert_msg(strstr(message, why), "%s", message);
	policy = read_connection(without, NULL);
	ck_assert_ptr_nonnull(policy);
	ck_assert(!policy_connection_find(policy, "up")->firewall);
	ck_assert(policy_connection_find(policy, "default")->firewall);
	policy_unref(policy);
}

START_TEST(F13_connections_that_may_have_a_firewall)
{
	static const char *const types[] = { "ethernet", "wlan", "ppp", "vpn", "mobile" };

	assert_may_have_firewall("");
	for (unsigned n = 0; n < G_N_ELEMENTS(types); n++) {
		g_autofree char *line = g_strconcat("Type=", types[n], NULL);

		assert_may_have_firewall(line);
	}
	assert_may_have_firewall("Type=ethernet\n[Sharing]\nRole=public");
}
END_TEST

START_TEST(F15_no_firewall_on_a_bridge)
{
	assert_may_have_no_firewall("Type=bridge", "bridge");
}
END_TEST

START_TEST(F16_no_firewall_on_a_member_of_a_bridge)
{
	assert_may_have_no_firewall("Type=bridge-member", "member of a bridge");
}
END_TEST

START_TEST(F17_no_firewall_on_the_private_side)
{
	assert_may_have_no_firewall("[Sharing]\nRole=private", "private side");
}
END_TEST

START_TEST(F18_no_firewall_on_a_line_to_a_neighbour)
{
	assert_may_have_no_firewall("Type=direct", "one neighbour");
	assert_may_have_no_firewall("Type=loopback", "loopback");
}
END_TEST

START_TEST(F19_no_firewall_on_incoming_connections)
{
	assert_may_have_no_firewall("Type=incoming", "dialled in");
}
END_TEST

/* The built-in services, as a firewall that comes with them has them. */
static struct policy *
read_with_services(const struct config_file *files, unsigned n)
{
	g_autofree char *folder =
		g_build_filename(getenv("POSTERN_SOURCE"), "data", "services", NULL);
	g_autoptr(GPtrArray) warnings = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *config = g_dir_make_tmp("icf-XXXXXX", NULL);
	g_autofree char *connections = g_build_filename(config, "connections", NULL);
	const char *const paths[] = { config, NULL };
	const struct config_options options = {
		.paths = paths, .may_be_missing = true, .services = folder
	};
	struct policy *policy;

	ck_assert_int_eq(g_mkdir(connections, 0700), 0);
	for (unsigned i = 0; i < n; i++) {
		g_autofree char *path = g_build_filename(connections, files[i].name, NULL);

		ck_assert(g_file_set_contents(path, files[i].text, -1, NULL));
	}
	policy = config_read(&options, NULL, &warnings, &error);
	ck_assert_msg(policy, "%s", error ? error->message : "");
	ck_assert_uint_eq(warnings->len, 0);
	for (unsigned i = 0; i < n; i++) {
		g_autofree char *path = g_build_filename(connections, files[i].name, NULL);

		g_remove(path);
	}
	g_rmdir(connections);
	g_rmdir(config);
	return policy;
}

/* What the old firewall had on its list. */
static const struct {
	const char *name;
	uint8_t proto;
	uint16_t port;
} built_in[] = {
	{ "ftp", PROTO_TCP, 21 },
	{ "imap3", PROTO_TCP, 220 },
	{ "imap", PROTO_TCP, 143 },
	{ "smtp", PROTO_TCP, 25 },
	{ "pop3", PROTO_TCP, 110 },
	{ "rdp", PROTO_TCP, 3389 },
	{ "https", PROTO_TCP, 443 },
	{ "telnet", PROTO_TCP, 23 },
	{ "http", PROTO_TCP, 80 },
	{ "l2tp", PROTO_UDP, 1701 },
	{ "pptp", PROTO_TCP, 1723 },
	{ "ike", PROTO_UDP, 500 },
};

static enum reason
knock(struct kit_rig *rig, const char *interface, uint8_t proto, unsigned port)
{
	g_autofree char *to = g_strdup_printf("10.0.0.1:%u", port);
	const struct kit_packet p = {
		.from = "192.0.2.1:40000", .to = to, .proto = proto, .flags = TCP_SYN
	};

	return kit_send_on(rig, interface, WAY_RECEIVED, &p);
}

static struct policy *
two_uplinks(const char *services)
{
	g_autofree char *wan0 = g_strdup_printf(
		"[Connection]\nMatch=interface:wan0\n[Firewall]\nServices=%s\n", services);
	const struct config_file files[] = {
		{ .name = "wan0.conf", .text = wan0 },
		{ .name = "wan1.conf", .text = "[Connection]\nMatch=interface:wan1\n" },
	};

	return read_with_services(files, 2);
}

START_TEST(F60_built_in_services)
{
	struct kit_rig *rig = kit_rig_policy(two_uplinks(""), NULL, ICF_INSIDE);
	GString *all = g_string_new(NULL);

	for (unsigned n = 0; n < G_N_ELEMENTS(built_in); n++) {
		const struct service *service = service_find(
			rig->policy->services, rig->policy->n_services, built_in[n].name);

		ck_assert_msg(service && service->builtin, "%s", built_in[n].name);
		ck_assert_int_gt(strlen(service->title), 0);
		g_string_append_printf(all, "%s;", built_in[n].name);
		kit_assert_reason(
			knock(rig, "wan0", built_in[n].proto, built_in[n].port), UNSOLICITED);
	}
	for (unsigned n = 0; n < rig->policy->n_connections; n++)
		ck_assert_uint_eq(rig->policy->connections[n].mappings.n, 0);
	/* Switched on, they are open there, and nowhere else. */
	kit_reload(rig, two_uplinks(all->str));
	for (unsigned n = 0; n < G_N_ELEMENTS(built_in); n++) {
		kit_assert_reason(
			knock(rig, "wan1", built_in[n].proto, built_in[n].port), UNSOLICITED);
		kit_assert_reason(
			knock(rig, "wan0", built_in[n].proto, built_in[n].port), PORT_MAPPING);
	}
	/* One of them off again, the others not. */
	kit_reload(rig, two_uplinks("ftp;http"));
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], G_N_ELEMENTS(built_in) - 2);
	g_string_free(all, TRUE);
	kit_rig_free(rig);
}
END_TEST

/* What a firewall is that nobody has told anything: everything shut, and nothing written. */
START_TEST(F64_defaults)
{
	struct policy *policy = read_with_services(NULL, 0);
	const struct connection *c = &policy->connections[0];

	ck_assert_uint_eq(policy->n_connections, 1);
	ck_assert(c->firewall && !c->icmp && !c->mappings.n && !c->n_triggers);
	ck_assert_int_eq(c->anti_spoof, ANTI_SPOOF_DROP);
	ck_assert(!policy->log.dropped && !policy->log.connections && !policy->log.utc);
	ck_assert(!policy->keep_established);
	policy_unref(policy);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("icf-config");
	TCase *t = tcase_create("config");

	tcase_add_test(t, F13_connections_that_may_have_a_firewall);
	tcase_add_test(t, F15_no_firewall_on_a_bridge);
	tcase_add_test(t, F16_no_firewall_on_a_member_of_a_bridge);
	tcase_add_test(t, F17_no_firewall_on_the_private_side);
	tcase_add_test(t, F18_no_firewall_on_a_line_to_a_neighbour);
	tcase_add_test(t, F19_no_firewall_on_incoming_connections);
	tcase_add_test(t, F60_built_in_services);
	tcase_add_test(t, F64_defaults);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Which connection takes what, and which may have a firewall. */
#include <string.h>

#include <glib.h>

#include "kit/kit.h"
#include "kit/packets.h"
#include "kit/policies.h"

static const struct {
	enum connection_type type;
	const char *name;
	bool firewall;
} types[] = {
	{ CONNECTION_ETHERNET, "ethernet", true },
	{ CONNECTION_WLAN, "wlan", true },
	{ CONNECTION_PPP, "ppp", true },
	{ CONNECTION_VPN, "vpn", true },
	{ CONNECTION_MOBILE, "mobile", true },
	{ CONNECTION_LOOPBACK, "loopback", false },
	{ CONNECTION_BRIDGE, "bridge", false },
	{ CONNECTION_BRIDGE_MEMBER, "bridge-member", false },
	{ CONNECTION_INCOMING, "incoming", false },
	{ CONNECTION_DIRECT, "direct", false },
};

START_TEST(types_that_may_have_a_firewall)
{
	const char *reasons[G_N_ELEMENTS(types)] = { NULL };

	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
		struct connection c = { .type = types[i].type };

		reasons[i] = connection_refuses_firewall(&c);
		ck_assert_str_eq(connection_type_name(c.type), types[i].name);
		ck_assert_msg(!reasons[i] == types[i].firewall, "%s", types[i].name);
		/* Each has a reason of its own. */
		for (unsigned j = 0; reasons[i] && j < i; j++)
			ck_assert_str_ne(reasons[i], reasons[j] ? reasons[j] : "");
	}
}
END_TEST

START_TEST(roles_that_may_have_a_firewall)
{
	struct connection c = { .type = CONNECTION_ETHERNET, .role = ROLE_NONE };

	ck_assert_ptr_null(connection_refuses_firewall(&c));
	c.role = ROLE_PUBLIC;
	ck_assert_ptr_null(connection_refuses_firewall(&c));
	c.role = ROLE_PRIVATE;
	ck_assert_ptr_nonnull(connection_refuses_firewall(&c));
	ck_assert_ptr_nonnull(strstr(connection_refuses_firewall(&c), "private"));
}
END_TEST

START_TEST(words)
{
	ck_assert_str_eq(connection_role_name(ROLE_NONE), "none");
	ck_assert_str_eq(connection_role_name(ROLE_PUBLIC), "public");
	ck_assert_str_eq(connection_role_name(ROLE_PRIVATE), "private");
	ck_assert_str_eq(anti_spoof_name(ANTI_SPOOF_DROP), "drop");
	ck_assert_str_eq(anti_spoof_name(ANTI_SPOOF_REWRITE), "rewrite");
	ck_assert_str_eq(anti_spoof_name(ANTI_SPOOF_OFF), "off");
}
END_TEST

START_TEST(interfaces)
{
	static const struct {
		const char *patterns, *interface;
		bool matches;
	} table[] = {
		{ "wan0", "wan0", true },
		{ "wan0", "wan1", false },
		{ "wan0", "wan00", false },
		{ "wan0", "wan", false },
		{ "wan0", "", false },
		{ "wan*", "wan", true },
		{ "wan*", "wan12.7", true },
		{ "wan*", "swan", false },
		{ "ppp?", "ppp0", true },
		{ "ppp?", "ppp10", false },
		{ "*", "", true },
		{ "eth0;ppp*;tun0", "ppp3", true },
		{ "eth0;ppp*;tun0", "tun0", true },
		{ "eth0;ppp*;tun0", "tun1", false },
		{ "WAN0", "wan0", false },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		g_auto(GStrv) patterns = g_strsplit(table[i].patterns, ";", -1);
		const struct connection c = { .interfaces = patterns };

		ck_assert_msg(connection_has_interface(&c, table[i].interface) == table[i].matches,
			"%s: %s", table[i].patterns, table[i].interface);
	}
	ck_assert(!connection_has_interface(&(struct connection){ .name = NULL }, "wan0"));
}
END_TEST

static bool
has_peer(const struct connection *c, const char *text)
{
	struct pn_addr addr;
	uint16_t port;

	kit_endpoint(text, &addr, &port);
	return connection_has_peer(c, &addr);
}

START_TEST(peers)
{
	struct policy *policy = kit_policy();
	const struct connection *c = kit_connection(
		policy, "some", NULL, "192.0.2.0/24;2001:db8::/32;198.51.100.7;203.0.113.0/25");

	ck_assert(has_peer(c, "192.0.2.0"));
	ck_assert(has_peer(c, "192.0.2.255"));
	ck_assert(!has_peer(c, "192.0.3.0"));
	ck_assert(has_peer(c, "198.51.100.7"));
	ck_assert(!has_peer(c, "198.51.100.8"));
	ck_assert(has_peer(c, "203.0.113.127"));
	ck_assert(!has_peer(c, "203.0.113.128"));
	ck_assert(has_peer(c, "[2001:db8:ffff::1]"));
	ck_assert(!has_peer(c, "[2001:db9::1]"));
	ck_assert(!has_peer(&policy->connections[0], "192.0.2.1"));
	policy_unref(policy);
}
END_TEST

START_TEST(look_ups)
{
	struct policy *policy = kit_policy();
	struct pn_addr peer;
	uint16_t port;

	kit_connection(policy, "a", "eth0", NULL);
	kit_connection(policy, "b", "eth*", "192.0.2.0/24");
	kit_connection(policy, "c", NULL, "192.0.2.0/25;198.51.100.0/24");
	/* The first that matches. */
	ck_assert_ptr_eq(policy_connection_of_interface(policy, "eth0"), &policy->connections[1]);
	ck_assert_ptr_eq(policy_connection_of_interface(policy, "eth1"), &policy->connections[2]);
	ck_assert_ptr_null(policy_connection_of_interface(policy, "lo"));
	ck_assert_ptr_null(policy_connection_of_interface(policy, NULL));
	kit_endpoint("192.0.2.1", &peer, &port);
	ck_assert_ptr_eq(policy_connection_of_peer(policy, &peer), &policy->connections[2]);
	kit_endpoint("198.51.100.1", &peer, &port);
	ck_assert_ptr_eq(policy_connection_of_peer(policy, &peer), &policy->connections[3]);
	kit_endpoint("203.0.113.1", &peer, &port);
	ck_assert_ptr_null(policy_connection_of_peer(policy, &peer));
	ck_assert_ptr_eq(policy_connection_find(policy, "default"), &policy->connections[0]);
	ck_assert_ptr_eq(policy_connection_find(policy, "c"), &policy->connections[3]);
	ck_assert_ptr_null(policy_connection_find(policy, "d"));
	ck_assert_uint_eq(policy_connection_index(policy, &policy->connections[3]), 3);
	policy_unref(policy);
}
END_TEST

START_TEST(helpers)
{
	char *const lists[][3] = {
		{ NULL },
		{ (char *)"big" },
		{ (char *)"big.part", (char *)"demo" },
	};
	static const struct {
		const char *helper;
		bool allowed[3];
	} table[] = {
		{ "big", { false, true, false } },
		{ "big.part", { false, true, true } },
		{ "big.other", { false, true, false } },
		{ "bigger", { false, false, false } },
		{ "bi", { false, false, false } },
		{ "demo", { false, false, true } },
		{ "demo.x", { false, false, true } },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		for (unsigned j = 0; j < 3; j++) {
			struct connection c = { .helpers_set = true, .helpers = (char **)lists[j] };

			ck_assert_msg(connection_allows_helper(&c, table[i].helper) ==
					      table[i].allowed[j],
				"%s, %u", table[i].helper, j);
			c.helpers_set = false;
			ck_assert(connection_allows_helper(&c, table[i].helper));
		}
	}
	ck_assert(!connection_allows_helper(&(struct connection){ .helpers_set = true }, "demo"));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("connection");
	TCase *t = tcase_create("connection");

	tcase_add_test(t, types_that_may_have_a_firewall);
	tcase_add_test(t, roles_that_may_have_a_firewall);
	tcase_add_test(t, words);
	tcase_add_test(t, interfaces);
	tcase_add_test(t, peers);
	tcase_add_test(t, look_ups);
	tcase_add_test(t, helpers);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

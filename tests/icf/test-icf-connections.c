// SPDX-License-Identifier: GPL-2.0-or-later
/* Each connection has settings of its own, and what serves one does not touch another. */
#include <string.h>

#include <glib.h>

#include "icf.h"
#include "kit/kit.h"

#define SERVER "10.0.0.1"
#define CLIENT "192.0.2.1"

enum { ORIGINATOR, RESPONDER };

/* How two connections are told apart. */
enum {
	BY_INTERFACE,
	BY_PEER,
};

/* Two connections: peers of 192.0.2.0/24 and of 2001:db8:9::/48 come over the first, all others
 * over the second. */
static struct policy *
two(int how)
{
	struct policy *policy = kit_policy();
	bool by_peer = how == BY_PEER;

	kit_connection(policy, "one", by_peer ? NULL : "wan0",
		by_peer ? "192.0.2.0/24;2001:db8:9::/48" : NULL);
	kit_connection(policy, "two", by_peer ? NULL : "wan1",
		by_peer ? "198.51.100.0/24;2001:db8:8::/48" : NULL);
	return policy;
}

/* Settings that a connection may have, to be changed one after the other. */
static void
set(struct connection *c, unsigned what)
{
	if (what == 1)
		kit_open(c, "80/tcp");
	if (what == 2)
		kit_open(c, "1-65535/udp");
	if (what == 3)
		c->icmp = (UINT32_C(1) << ICMP_OPTION_COUNT) - 1;
	if (what == 4)
		kit_trigger(c, "80/tcp", "5000-6000/udp", 60);
	if (what == 5)
		c->firewall = false;
	if (what == 6)
		c->anti_spoof = ANTI_SPOOF_OFF;
	if (what == 7)
		kit_forward(c, "80/tcp", "10.0.0.9", 80);
}
#define SETTINGS 8

/* Many packets of all kinds, between us and one outside host; what becomes of each. */
static void
play(struct kit_rig *rig, const char *interface, enum icf_host peer, GString *story)
{
	static const uint8_t flags[] = { TCP_SYN, TCP_ACK, TCP_SYN | TCP_ACK, TCP_RST, 0 };
	static const uint8_t types[] = { 0, 3, 5, 8, 13, 17, 128, 135, 137 };

	rig->interface = interface;
	for (int v = 0; v < 2; v++) {
		const char *us = icf_at(v, US, 80), *them = icf_at(v, peer, 5000);

		for (unsigned n = 0; n < G_N_ELEMENTS(flags); n++) {
			g_string_append_printf(
				story, "%s ", reason_name(icf_tcp(rig, them, us, flags[n])));
			g_string_append_printf(story, "%s ",
				reason_name(icf_tcp(rig, icf_at(v, US, 900 + n), them, flags[n])));
		}
		for (unsigned n = 0; n < G_N_ELEMENTS(types); n++)
			g_string_append_printf(story, "%s ",
				reason_name(icf_icmp(
					rig, icf_at(v, peer, 0), icf_at(v, US, 0), types[n], 1)));
		g_string_append_printf(story, "%s ", reason_name(icf_udp(rig, them, us)));
		g_string_append_printf(
			story, "%s ", reason_name(icf_tcp(rig, us, icf_at(v, peer, 80), TCP_SYN)));
		g_string_append_printf(
			story, "%s\n", reason_name(icf_udp(rig, them, icf_at(v, US, 5500))));
	}
}

/* What becomes of the packets of both; each by itself. */
static void
play_both(int how, struct policy *policy, GString *one, GString *two_)
{
	struct kit_rig *rig = kit_rig_policy(policy, NULL, ICF_INSIDE);

	play(rig, how == BY_PEER ? NULL : "wan0", PEER, one);
	play(rig, how == BY_PEER ? NULL : "wan1", STRANGER, two_);
	kit_rig_free(rig);
}

START_TEST(F14_settings_of_one_do_not_touch_the_other)
{
	GString *stories[SETTINGS][2];

	for (unsigned what = 0; what < SETTINGS; what++) {
		struct policy *policy = two(_i);

		stories[what][0] = g_string_new(NULL);
		stories[what][1] = g_string_new(NULL);
		set(&policy->connections[1], what);
		play_both(_i, policy, stories[what][0], stories[what][1]);
		ck_assert_str_eq(stories[what][1]->str, stories[0][1]->str);
		if (what && what != 6 && what != 7)
			ck_assert_str_ne(stories[what][0]->str, stories[0][0]->str);
	}
	for (unsigned what = 0; what < SETTINGS; what++) {
		g_string_free(stories[what][0], TRUE);
		g_string_free(stories[what][1], TRUE);
	}
}
END_TEST

/* The same while it is at work: only flows of the connection that is changed end. */
START_TEST(F14_changes_of_one_do_not_touch_the_other)
{
	struct policy *before = two(_i), *after = two(_i);
	struct kit_rig *rig;

	kit_open(&before->connections[1], "80/udp");
	kit_open(&before->connections[2], "80/udp");
	kit_open(&after->connections[2], "80/udp");
	rig = kit_rig_policy(before, NULL, ICF_INSIDE);
	rig->interface = _i == BY_PEER ? NULL : "wan0";
	kit_assert_reason(icf_udp(rig, CLIENT ":9", SERVER ":80"), PORT_MAPPING);
	rig->interface = _i == BY_PEER ? NULL : "wan1";
	kit_assert_reason(icf_udp(rig, "198.51.100.7:9", SERVER ":80"), PORT_MAPPING);
	kit_reload(rig, after);
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], 1);
	kit_assert_reason(icf_udp(rig, "198.51.100.7:9", SERVER ":80"), PORT_MAPPING);
	ck_assert_uint_eq(rig->flows_begun, 2);
	kit_rig_free(rig);
}
END_TEST

START_TEST(F36_settings_belong_to_connections)
{
	struct policy *policy = two(_i);
	const char *wan0 = _i == BY_PEER ? NULL : "wan0", *wan1 = _i == BY_PEER ? NULL : "wan1";
	struct kit_rig *rig;

	kit_open(&policy->connections[1], "80/tcp");
	kit_icmp_on(&policy->connections[2], ICMP_OPTION_ECHO_REQUEST_IN);
	rig = kit_rig_policy(policy, NULL, ICF_INSIDE);
	rig->interface = wan0;
	kit_assert_reason(icf_tcp(rig, CLIENT ":9", SERVER ":80", TCP_SYN), PORT_MAPPING);
	kit_assert_reason(icf_icmp(rig, CLIENT, SERVER, 8, 1), UNSOLICITED);
	rig->interface = wan1;
	kit_assert_reason(icf_tcp(rig, "198.51.100.7:9", SERVER ":80", TCP_SYN), UNSOLICITED);
	kit_assert_reason(icf_icmp(rig, "198.51.100.7", SERVER, 8, 1), ICMP_OPTION);
	/* The drops of both are told to the same log, which is nobody's own. */
	ck_assert_uint_eq(rig->drops, 2);
	kit_rig_free(rig);
}
END_TEST

/* Where there is no wall, all passes, and the wall beside it stands. */
START_TEST(connections_without_a_firewall)
{
	struct policy *policy = two(BY_INTERFACE);
	struct kit_rig *rig;

	policy->connections[1].firewall = false;
	rig = kit_rig_policy(policy, NULL, ICF_INSIDE);
	rig->interface = "wan0";
	for (int v = 0; v < 2; v++) {
		const char *us = icf_at(v, US, 80), *them = icf_at(v, PEER, 9);

		kit_assert_reason(icf_tcp(rig, them, us, TCP_SYN), NO_FIREWALL);
		kit_assert_reason(icf_tcp(rig, them, icf_at(v, US, 81), TCP_ACK), NO_FIREWALL);
		kit_assert_reason(icf_tcp(rig, us, icf_at(v, PEER, 99), TCP_RST), NO_FIREWALL);
		kit_assert_reason(icf_udp(rig, them, us), NO_FIREWALL);
		kit_assert_reason(
			icf_raw(rig, icf_at(v, PEER, 0), icf_at(v, US, 0), 132), NO_FIREWALL);
		kit_assert_reason(
			icf_icmp(rig, icf_at(v, PEER, 0), icf_at(v, US, 0), 200, 1), NO_FIREWALL);
		/* A source that nobody can have is no matter either, and no handshake. */
		kit_assert_reason(
			icf_udp(rig, icf_at(v, GROUP, 9), icf_at(v, US, 82)), NO_FIREWALL);
		kit_assert_reason(icf_tcp(rig, us, them, TCP_ACK), NO_FIREWALL);
	}
	rig->interface = "wan1";
	kit_assert_reason(icf_udp(rig, "198.51.100.7:9", SERVER ":80"), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

/* Up to the greeting. */
static struct kit_talk
greet(struct kit_rig *rig, const char *client, const char *server)
{
	struct kit_talk t = kit_connect(rig, client, server);

	kit_say(&t, RESPONDER, "220 ready\r\n");
	kit_say(&t, ORIGINATOR, "USER anonymous\r\n");
	kit_say(&t, RESPONDER, "331 password\r\n");
	kit_say(&t, ORIGINATOR, "PASS x\r\n");
	kit_say(&t, RESPONDER, "230 in\r\n");
	return t;
}

static struct kit_rig *
with_server(void)
{
	struct policy *policy = kit_policy();

	kit_open(kit_connection(policy, "up", "wan0", NULL), "21/tcp");
	return kit_rig_policy(policy, "ftp", ICF_INSIDE);
}

/* Whoever serves files behind the wall opens one port; the doors for the data open themselves. */
START_TEST(a_server_on_the_protected_side)
{
	struct kit_rig *rig = with_server();
	struct kit_talk t;
	uint64_t control;

	rig->interface = "wan0";
	t = greet(rig, CLIENT ":3000", SERVER ":21");
	control = rig->begun_flow.id;
	ck_assert_int_eq(rig->begun_flow.reason, REASON_PORT_MAPPING);
	kit_assert_reason(kit_syn(rig, CLIENT ":3001", SERVER ":4000"), UNSOLICITED);
	kit_assert_reason(kit_say(&t, ORIGINATOR, "PASV\r\n"), PORT_MAPPING);
	kit_assert_reason(
		kit_say(&t, RESPONDER, "227 Entering (10,0,0,1,15,160)\r\n"), PORT_MAPPING);
	ck_assert_uint_eq(kit_doors(rig, EXPECT_OPENED), 1);
	/* Neither for others nor to others. */
	kit_assert_reason(kit_syn(rig, "192.0.2.2:3001", SERVER ":4000"), UNSOLICITED);
	kit_assert_reason(kit_syn(rig, CLIENT ":3001", SERVER ":4001"), UNSOLICITED);
	kit_assert_reason(kit_syn(rig, CLIENT ":3001", "10.0.0.2:4000"), UNSOLICITED);
	kit_assert_reason(icf_udp(rig, CLIENT ":3001", SERVER ":4000"), UNSOLICITED);
	kit_assert_reason(kit_syn(rig, CLIENT ":3001", SERVER ":4000"), EXPECTED);
	ck_assert_uint_eq(rig->begun_flow.parent_id, control);
	ck_assert_int_eq(rig->begun_flow.direction, DIRECTION_IN);
	/* It was for one. */
	kit_assert_reason(kit_syn(rig, CLIENT ":3002", SERVER ":4000"), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(a_server_on_the_protected_side_ipv6)
{
	struct kit_rig *rig = with_server();
	struct kit_talk t;

	rig->interface = "wan0";
	t = greet(rig, "[2001:db8:9::1]:3000", "[2001:db8:1::1]:21");
	kit_say(&t, ORIGINATOR, "EPSV\r\n");
	kit_say(&t, RESPONDER, "229 Entering (|||4000|)\r\n");
	kit_assert_reason(
		kit_syn(rig, "[2001:db8:9::2]:3001", "[2001:db8:1::1]:4000"), UNSOLICITED);
	kit_assert_reason(
		kit_syn(rig, "[2001:db8:9::1]:3001", "[2001:db8:1::1]:4001"), UNSOLICITED);
	kit_assert_reason(kit_syn(rig, "[2001:db8:9::1]:3001", "[2001:db8:1::1]:4000"), EXPECTED);
	ck_assert_uint_eq(rig->begun_flow.parent_id, 1);
	kit_rig_free(rig);
}
END_TEST

/* When the port is closed, what it has brought about goes with it, and nothing else. */
START_TEST(a_server_that_is_closed)
{
	struct kit_rig *rig = with_server();
	struct policy *closed = kit_policy();
	struct kit_talk t, ours;

	rig->interface = "wan0";
	ours = greet(rig, "10.0.0.2:3000", "198.51.100.7:21");
	kit_say(&ours, ORIGINATOR, "PORT 10,0,0,2,15,160\r\n");
	kit_say(&ours, RESPONDER, "200 fine\r\n");
	t = greet(rig, CLIENT ":3000", SERVER ":21");
	kit_say(&t, ORIGINATOR, "PASV\r\n");
	kit_say(&t, RESPONDER, "227 Entering (10,0,0,1,15,160)\r\n");
	kit_connect(rig, CLIENT ":3001", SERVER ":4000");
	kit_say(&t, ORIGINATOR, "PASV\r\n");
	kit_say(&t, RESPONDER, "227 Entering (10,0,0,1,15,161)\r\n");
	kit_connection(closed, "up", "wan0", NULL);
	kit_reload(rig, closed);
	/* Control and data; the second door is shut. */
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], 2);
	ck_assert_uint_eq(rig->flows_ended, 2);
	kit_assert_reason(kit_syn(rig, CLIENT ":3002", SERVER ":4001"), UNSOLICITED);
	kit_assert_reason(kit_syn(rig, "198.51.100.7:20", "10.0.0.2:4000"), EXPECTED);
	kit_assert_reason(kit_say(&ours, ORIGINATOR, "NOOP\r\n"), OUTBOUND);
	kit_rig_free(rig);
}
END_TEST

/* Does a client of ours get its door on that uplink? Each has a number, 0 to 9. */
static bool
is_helped(struct kit_rig *rig, const char *interface, unsigned n)
{
	g_autofree char *client = g_strdup_printf("10.0.0.1:%u", 3000 + n);
	g_autofree char *port = g_strdup_printf("PORT 10,0,0,1,15,%u\r\n", n);
	unsigned before = kit_doors(rig, EXPECT_OPENED);
	struct kit_talk t;

	rig->interface = interface;
	t = greet(rig, client, "198.51.100.7:21");
	kit_say(&t, ORIGINATOR, port);
	kit_say(&t, RESPONDER, "200 fine\r\n");
	return kit_doors(rig, EXPECT_OPENED) > before;
}

static void
set_helpers(struct connection *c, const char *names)
{
	g_strfreev(c->helpers);
	c->helpers_set = names != NULL;
	c->helpers = names ? g_strsplit(names, ";", -1) : NULL;
}

START_TEST(helpers_of_connections)
{
	struct policy *policy = two(BY_INTERFACE), *later = two(BY_INTERFACE);
	struct kit_rig *rig;

	set_helpers(&policy->connections[0], "");
	set_helpers(&policy->connections[1], "ftp");
	set_helpers(&policy->connections[2], "pptp;h323");
	rig = kit_rig_policy(policy, "ftp", ICF_INSIDE);
	ck_assert(is_helped(rig, "wan0", 0));
	ck_assert(!is_helped(rig, "wan1", 1));
	ck_assert(!is_helped(rig, "eth9", 2));
	/* What is not said is not forbidden; it counts for connections to come. */
	kit_reload(rig, later);
	ck_assert(is_helped(rig, "wan0", 3));
	ck_assert(is_helped(rig, "wan1", 4));
	ck_assert(is_helped(rig, "eth9", 5));
	kit_rig_free(rig);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("icf-connections");
	TCase *t = tcase_create("connections");

	tcase_add_loop_test(
		t, F14_settings_of_one_do_not_touch_the_other, BY_INTERFACE, BY_PEER + 1);
	tcase_add_loop_test(
		t, F14_changes_of_one_do_not_touch_the_other, BY_INTERFACE, BY_PEER + 1);
	tcase_add_loop_test(t, F36_settings_belong_to_connections, BY_INTERFACE, BY_PEER + 1);
	tcase_add_test(t, connections_without_a_firewall);
	tcase_add_test(t, a_server_on_the_protected_side);
	tcase_add_test(t, a_server_on_the_protected_side_ipv6);
	tcase_add_test(t, a_server_that_is_closed);
	tcase_add_test(t, helpers_of_connections);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Another policy takes the place of the one at work: which flows and doors stay. */
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "kit/kit.h"
#include "kit/policies.h"
#include "kit/talk.h"

#define INSIDE "10.0.0.0/8;2001:db8:1::/48"
#define US     "10.0.0.1"
#define THEM   "192.0.2.1"

#define SECONDS(n) ((n)*UINT64_C(1000000000))

static enum reason
udp(struct kit_rig *rig, const char *from, const char *to)
{
	const struct kit_packet p = {
		.from = from, .to = to, .proto = PROTO_UDP, .payload = "x", .len = 1
	};

	return kit_send(rig, &p);
}

static enum reason
udp_on(struct kit_rig *rig, const char *interface, const char *from, const char *to)
{
	const char *was = rig->interface;
	enum reason reason;

	rig->interface = interface;
	reason = udp(rig, from, to);
	rig->interface = was;
	return reason;
}

static struct stats
stats(const struct kit_rig *rig)
{
	struct stats s;

	engine_get_stats(rig->engine, &s);
	return s;
}

/* Two uplinks with a port each, and the private side of the house. */
static struct policy *
two_uplinks(void)
{
	struct policy *policy = kit_policy();

	kit_connection(policy, "lan", "lan*", NULL)->role = ROLE_PRIVATE;
	kit_open(kit_connection(policy, "one", "wan1", NULL), "1111/udp");
	kit_open(kit_connection(policy, "two", "wan2", NULL), "2222/udp");
	kit_open(&policy->connections[0], "3333/udp");
	return policy;
}

static struct kit_rig *
triggered(void)
{
	struct policy *policy = kit_policy();

	kit_trigger(&policy->connections[0], "554/tcp", "6970-6999/udp", 60);
	kit_trigger(&policy->connections[0], "1000-1999/udp", "5000/tcp", 10);
	return kit_rig_policy(policy, NULL, INSIDE);
}

/* A policy with these ports open at the connection for wan1, which has that name. */
static struct policy *
with_ports(const char *name, const char *port, const char *other)
{
	struct policy *policy = kit_policy();
	struct connection *c = kit_connection(policy, name, "wan1", NULL);

	if (port)
		kit_open(c, port);
	if (other)
		kit_open(c, other);
	return policy;
}

START_TEST(a_tighter_policy_ends_flows)
{
	struct kit_rig *rig = kit_rig_policy(with_ports("a", "80/tcp", "53/udp"), NULL, INSIDE);
	struct kit_talk web;

	rig->interface = "wan1";
	web = kit_connect(rig, THEM ":9", US ":80");
	kit_assert_reason(udp(rig, THEM ":9", US ":53"), PORT_MAPPING);
	kit_assert_reason(udp(rig, US ":9", THEM ":99"), OUTBOUND);
	kit_reload(rig, with_ports("a", "53/udp", NULL));
	ck_assert_uint_eq(rig->flows_ended, 1);
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], 1);
	ck_assert_int_eq(rig->ended_flow.reason, REASON_PORT_MAPPING);
	ck_assert_uint_eq(rig->ended_flow.tuple.dst_port, 80);
	/* What the peer still says belongs to nothing, and the rest goes on. */
	kit_assert_reason(kit_segment(&web, 0, 0, "x", 1), UNSOLICITED);
	kit_assert_reason(kit_syn(rig, THEM ":10", US ":80"), UNSOLICITED);
	kit_assert_reason(udp(rig, THEM ":9", US ":53"), PORT_MAPPING);
	kit_assert_reason(udp(rig, THEM ":99", US ":9"), OUTBOUND);
	ck_assert_uint_eq(rig->flows_begun, 3);
	/* Opened again, it is as new. */
	kit_reload(rig, with_ports("a", "80/tcp", "53/udp"));
	kit_connect(rig, THEM ":11", US ":80");
	ck_assert_uint_eq(rig->flows_ended, 1);
	kit_rig_free(rig);
}
END_TEST

START_TEST(established_flows_may_be_kept)
{
	struct kit_rig *rig = kit_rig_policy(with_ports("a", "80/tcp", NULL), NULL, INSIDE);
	struct policy *kept = with_ports("a", NULL, NULL);
	struct kit_talk web;

	rig->interface = "wan1";
	web = kit_connect(rig, THEM ":9", US ":80");
	kept->keep_established = true;
	kit_reload(rig, kept);
	ck_assert_uint_eq(rig->flows_ended, 0);
	kit_assert_reason(kit_segment(&web, 0, 0, "x", 1), PORT_MAPPING);
	kit_assert_reason(kit_syn(rig, THEM ":10", US ":80"), UNSOLICITED);
	/* Kept for as long as that is so. */
	kit_reload(rig, with_ports("a", NULL, NULL));
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], 1);
	kit_rig_free(rig);
}
END_TEST

/* Each way in which a mapping may become narrower. */
static void
narrow(struct policy *policy, unsigned how)
{
	struct connection *c = &policy->connections[1];
	struct port_mapping *mapping = &c->mappings.list[0];

	switch (how) {
	case 0:
		mapping->enabled = false;
		break;
	case 1:
		kit_sources(mapping, "198.51.100.0/24");
		break;
	case 2:
		kit_endpoint("10.0.0.2", &mapping->target, &mapping->internal);
		mapping->internal = 80;
		break;
	case 3:
		mapping->target_name = g_strdup("nas");
		break;
	case 4:
		mapping->proto = PROTO_UDP;
		break;
	default:
		mapping->external = (struct port_range){ 81, 90 };
		break;
	}
	mappings_index(&c->mappings);
}

START_TEST(narrower_mappings_end_flows)
{
	struct kit_rig *rig = kit_rig_policy(with_ports("a", "80/tcp", NULL), NULL, INSIDE);
	struct policy *policy = with_ports("a", "80/tcp", NULL);

	rig->interface = "wan1";
	kit_connect(rig, THEM ":9", US ":80");
	kit_reload(rig, with_ports("a", "80/tcp", NULL));
	ck_assert_uint_eq(rig->flows_ended, 0);
	narrow(policy, (unsigned)_i);
	kit_reload(rig, policy);
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], 1);
	kit_rig_free(rig);
}
END_TEST

START_TEST(other_tightenings)
{
	const struct kit_packet ping = {
		.from = THEM, .to = US, .proto = PROTO_ICMP, .icmp_type = 8
	};
	const struct kit_packet refusal = {
		.from = US, .to = THEM, .proto = PROTO_ICMP, .icmp_type = 3
	};
	const struct kit_packet middle = { .from = THEM ":7", .to = US ":7", .flags = TCP_ACK };
	struct policy *loose = kit_policy(), *open = kit_policy();
	struct kit_rig *rig;

	loose->midstream = MIDSTREAM_ANY;
	kit_icmp_on(&loose->connections[0], ICMP_OPTION_ECHO_REQUEST_IN);
	kit_icmp_on(&loose->connections[0], ICMP_OPTION_UNREACHABLE_OUT);
	rig = kit_rig_policy(loose, NULL, INSIDE);
	kit_assert_reason(kit_send(rig, &ping), ICMP_OPTION);
	kit_assert_reason(kit_send(rig, &refusal), OUTBOUND);
	kit_assert_reason(kit_send(rig, &middle), MID_STREAM);
	kit_reload(rig, kit_policy());
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], 3);
	kit_assert_reason(kit_send(rig, &ping), UNSOLICITED);
	kit_assert_reason(kit_send(rig, &refusal), ICMP_REFUSED);
	kit_assert_reason(kit_send(rig, &middle), UNSOLICITED);
	/* No wall, and a wall again. */
	open->connections[0].firewall = false;
	kit_reload(rig, open);
	kit_assert_reason(udp(rig, THEM ":9", US ":9"), NO_FIREWALL);
	kit_reload(rig, kit_policy());
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], 4);
	kit_assert_reason(udp(rig, THEM ":9", US ":9"), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

/* Whatever is done to it, none of this was let in by it. */
START_TEST(what_no_policy_ends)
{
	const struct kit_packet middle = { .from = US ":7", .to = THEM ":7", .flags = TCP_ACK };
	struct kit_rig *rig = kit_rig_policy(kit_policy(), NULL, INSIDE);

	kit_assert_reason(udp(rig, US ":1", THEM ":1"), OUTBOUND);
	kit_assert_reason(udp(rig, US ":1", "10.0.0.2:1"), INTERNAL);
	kit_assert_reason(udp(rig, THEM ":1", "198.51.100.1:1"), TRANSIT);
	kit_assert_reason(kit_send(rig, &middle), MID_STREAM);
	kit_reload(rig, with_ports("a", NULL, NULL));
	kit_reload(rig, kit_policy());
	ck_assert_uint_eq(rig->flows_ended, 0);
	kit_assert_reason(udp(rig, THEM ":1", US ":1"), OUTBOUND);
	kit_assert_reason(kit_send(rig, &middle), MID_STREAM);
	kit_rig_free(rig);
}
END_TEST

START_TEST(doors_stay)
{
	struct kit_rig *rig = triggered();

	kit_assert_reason(kit_syn(rig, US ":3000", THEM ":554"), OUTBOUND);
	kit_assert_reason(udp(rig, THEM ":9", US ":6970"), EXPECTED);
	kit_reload(rig, kit_policy());
	ck_assert_uint_eq(rig->flows_ended, 0);
	kit_assert_reason(udp(rig, THEM ":9", US ":6970"), EXPECTED);
	kit_assert_reason(udp(rig, THEM ":10", US ":6971"), EXPECTED);
	/* But no more of them are opened. */
	kit_assert_reason(kit_syn(rig, "10.0.0.2:3000", THEM ":554"), OUTBOUND);
	ck_assert_uint_eq(kit_doors(rig, EXPECT_OPENED), 1);
	kit_rig_free(rig);
}
END_TEST

/* A connection has another name, but takes what it took. */
START_TEST(renamed_connections)
{
	struct kit_rig *rig = kit_rig_policy(with_ports("a", "80/tcp", NULL), NULL, INSIDE);
	struct kit_talk web;

	rig->interface = "wan1";
	web = kit_connect(rig, THEM ":9", US ":80");
	kit_reload(rig, with_ports("z", "80/tcp", NULL));
	ck_assert_uint_eq(rig->flows_ended, 0);
	kit_assert_reason(kit_segment(&web, 0, 0, "x", 1), PORT_MAPPING);
	kit_reload(rig, with_ports("b", NULL, NULL));
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], 1);
	kit_rig_free(rig);
}
END_TEST

/* A connection that is gone leaves its flows to "default". */
START_TEST(removed_connections)
{
	struct policy *policy = kit_policy();
	struct kit_rig *rig = kit_rig_policy(with_ports("a", "80/tcp", NULL), NULL, INSIDE);
	struct kit_talk web;

	rig->interface = "wan1";
	web = kit_connect(rig, THEM ":9", US ":80");
	kit_open(&policy->connections[0], "80/tcp");
	kit_reload(rig, policy);
	ck_assert_uint_eq(rig->flows_ended, 0);
	kit_assert_reason(kit_segment(&web, 0, 0, "x", 1), PORT_MAPPING);
	kit_reload(rig, kit_policy());
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], 1);
	kit_rig_free(rig);
}
END_TEST

/* Connections are others in another order, and more: each flow keeps its own. */
START_TEST(connections_that_move)
{
	struct policy *policy = kit_policy();
	struct kit_rig *rig = kit_rig_policy(two_uplinks(), NULL, INSIDE);

	udp_on(rig, "wan1", THEM ":9", US ":1111");
	udp_on(rig, "wan2", THEM ":9", US ":2222");
	kit_connection(policy, "first", "eth0", NULL);
	kit_open(kit_connection(policy, "one", "wan1", NULL), "1111/udp");
	kit_connection(policy, "then", "eth1", NULL);
	kit_open(kit_connection(policy, "two", "wan2", NULL), "2222/udp");
	kit_reload(rig, policy);
	ck_assert_uint_eq(rig->flows_ended, 0);
	kit_assert_reason(udp_on(rig, "wan1", THEM ":8", US ":1111"), PORT_MAPPING);
	kit_assert_reason(udp_on(rig, "wan2", THEM ":7", US ":1111"), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

static struct policy *
by_peer(const char *name, const char *networks, const char *ports)
{
	struct policy *policy = kit_policy();

	kit_open(kit_connection(policy, name, NULL, networks), ports);
	return policy;
}

/* Where peers tell connections apart, a flow belongs to whatever its peer belongs to now. */
START_TEST(peers_that_move)
{
	struct kit_rig *rig = kit_rig_policy(by_peer("a", "192.0.2.0/24", "53/udp"), NULL, INSIDE);

	kit_assert_reason(udp(rig, THEM ":9", US ":53"), PORT_MAPPING);
	kit_reload(rig, by_peer("b", "192.0.0.0/16", "53/udp"));
	ck_assert_uint_eq(rig->flows_ended, 0);
	/* The port is open for others now, who have kept the name. */
	kit_reload(rig, by_peer("b", "198.51.100.0/24", "53/udp"));
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], 1);
	kit_assert_reason(udp(rig, THEM ":9", US ":53"), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(timeouts_change)
{
	struct policy *shorter = kit_policy(), *longer = kit_policy();
	struct kit_rig *rig = kit_rig_policy(kit_policy(), NULL, INSIDE);

	shorter->table.timeouts[FLOW_UDP_NEW] = shorter->table.timeouts[FLOW_UDP_REPLIED] = 10;
	longer->table.timeouts[FLOW_UDP_NEW] = longer->table.timeouts[FLOW_UDP_REPLIED] = 600;
	/* One that is answered, and one that is not. */
	udp(rig, US ":1", THEM ":1");
	udp(rig, THEM ":1", US ":1");
	udp(rig, US ":2", THEM ":2");
	kit_reload(rig, longer);
	rig->now += SECONDS(500);
	kit_assert_reason(udp(rig, THEM ":1", US ":1"), OUTBOUND);
	kit_assert_reason(udp(rig, THEM ":2", US ":2"), OUTBOUND);
	kit_reload(rig, shorter);
	rig->now += SECONDS(11);
	kit_assert_reason(udp(rig, THEM ":1", US ":1"), UNSOLICITED);
	kit_assert_reason(udp(rig, THEM ":2", US ":2"), UNSOLICITED);
	ck_assert_uint_eq(rig->ended[FLOW_END_TIMEOUT], 2);
	kit_rig_free(rig);
}
END_TEST

START_TEST(limits_on_doors_change)
{
	struct policy *policy = kit_policy();
	struct kit_rig *rig = triggered();

	kit_trigger(&policy->connections[0], "554/tcp", "6970-6999/udp", 60);
	policy->doors.limits.total = 1;
	kit_syn(rig, US ":3000", THEM ":554");
	kit_reload(rig, policy);
	kit_syn(rig, US ":3000", "192.0.2.2:554");
	ck_assert_str_eq(kit_door(rig, EXPECT_REFUSED, 0)->refusal, "limit-total");
	kit_assert_reason(udp(rig, THEM ":9", US ":6970"), EXPECTED);
	kit_rig_free(rig);
}
END_TEST

/* A datagram is judged when it is whole, by the policy of that time. */
START_TEST(fragments_that_wait)
{
	static const uint8_t datagram[24] = { 0, 9, 0, 53, 0, 24, 0, 0 };
	struct kit_packet p = { .from = THEM,
		.to = US,
		.proto = PROTO_UDP,
		.ip_id = 7,
		.more_fragments = 1,
		.payload = datagram,
		.len = 16 };
	struct kit_rig *rig = kit_rig_policy(with_ports("a", "53/udp", NULL), NULL, INSIDE);
	struct policy *policy = _i ? with_ports("a", NULL, NULL) : with_ports("a", "53/udp", NULL);

	rig->interface = "wan1";
	kit_assert_reason(kit_send(rig, &p), NONE);
	kit_reload(rig, policy);
	p = (struct kit_packet){ .from = THEM,
		.to = US,
		.proto = PROTO_UDP,
		.ip_id = 7,
		.fragment_offset = 16,
		.payload = datagram + 16,
		.len = 8 };
	ck_assert_int_eq(kit_send(rig, &p), _i ? REASON_UNSOLICITED : REASON_PORT_MAPPING);
	ck_assert_uint_eq(rig->n_late, 1);
	ck_assert_int_eq(rig->late[0], _i ? REASON_UNSOLICITED : REASON_PORT_MAPPING);
	kit_rig_free(rig);
}
END_TEST

/* Our side does not know that it is over: what it goes on saying brings nothing back. */
START_TEST(ended_connections_are_not_picked_up)
{
	struct kit_rig *rig = kit_rig_policy(with_ports("a", "80/tcp", NULL), NULL, INSIDE);
	struct kit_talk web;

	rig->interface = "wan1";
	web = kit_connect(rig, THEM ":9", US ":80");
	kit_reload(rig, with_ports("a", NULL, NULL));
	for (unsigned n = 0; n < 5; n++) {
		kit_assert_reason(kit_segment(&web, 1, 0, "x", 1), NO_HANDSHAKE);
		kit_assert_reason(kit_segment(&web, 0, 0, "x", 1), UNSOLICITED);
		rig->now += SECONDS(10);
	}
	/* Others are, as before. */
	web.ends[1] = US ":81";
	kit_assert_reason(kit_segment(&web, 1, 0, "x", 1), MID_STREAM);
	kit_rig_free(rig);
}
END_TEST

/* Half of a handshake. */
START_TEST(handshakes_that_wait)
{
	const struct kit_packet answer = { .from = US ":80",
		.to = THEM ":9",
		.seq = 100,
		.ack = 5001,
		.flags = TCP_SYN | TCP_ACK };
	struct kit_rig *rig = kit_rig_policy(with_ports("a", "80/tcp", NULL), NULL, INSIDE);

	rig->interface = "wan1";
	kit_assert_reason(kit_syn(rig, THEM ":9", US ":80"), PORT_MAPPING);
	kit_reload(rig, with_ports("a", "80/tcp", "81/tcp"));
	kit_assert_reason(kit_send(rig, &answer), PORT_MAPPING);
	kit_reload(rig, with_ports("a", NULL, NULL));
	/* What is ended does not come back as an answer to nothing. */
	kit_assert_reason(kit_send(rig, &answer), NO_HANDSHAKE);
	ck_assert_uint_eq(rig->flows_begun, 1);
	kit_rig_free(rig);
}
END_TEST

/* Thousands of flows, half of which the next policy does not allow, again and again. */
START_TEST(many_flows)
{
	struct kit_rig *rig = kit_rig_policy(with_ports("a", "1-5000/udp", NULL), NULL, INSIDE);
	char to[32];

	rig->interface = "wan1";
	for (unsigned n = 1; n <= 2000; n++) {
		g_snprintf(to, sizeof(to), US ":%u", n);
		kit_assert_reason(udp(rig, THEM ":9", to), PORT_MAPPING);
	}
	for (unsigned left = 1000; left >= 125; left /= 2) {
		char ports[32];

		g_snprintf(ports, sizeof(ports), "1-%u/udp", left);
		kit_reload(rig, with_ports(left % 2 ? "a" : "b", ports, NULL));
		ck_assert_uint_eq(stats(rig).table.flows, left);
	}
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], 1875);
	kit_assert_reason(udp(rig, US ":125", THEM ":9"), PORT_MAPPING);
	kit_assert_reason(udp(rig, US ":126", THEM ":9"), OUTBOUND);
	kit_rig_free(rig);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("engine-reload");
	TCase *t = tcase_create("reload");

	tcase_add_test(t, a_tighter_policy_ends_flows);
	tcase_add_test(t, established_flows_may_be_kept);
	tcase_add_loop_test(t, narrower_mappings_end_flows, 0, 6);
	tcase_add_test(t, other_tightenings);
	tcase_add_test(t, what_no_policy_ends);
	tcase_add_test(t, doors_stay);
	tcase_add_test(t, renamed_connections);
	tcase_add_test(t, removed_connections);
	tcase_add_test(t, connections_that_move);
	tcase_add_test(t, peers_that_move);
	tcase_add_test(t, timeouts_change);
	tcase_add_test(t, limits_on_doors_change);
	tcase_add_loop_test(t, fragments_that_wait, 0, 2);
	tcase_add_test(t, ended_connections_are_not_picked_up);
	tcase_add_test(t, handshakes_that_wait);
	tcase_add_test(t, many_flows);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The policy at work: which connection counts, and what triggers open. */
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

START_TEST(interfaces_tell_connections)
{
	struct kit_rig *rig = kit_rig_policy(two_uplinks(), NULL, INSIDE);

	/* More interfaces than whose connection is kept make no difference. */
	rig->before_interfaces = _i ? 2000 : 0;
	kit_assert_reason(udp_on(rig, "wan1", THEM ":9", US ":1111"), PORT_MAPPING);
	kit_assert_reason(udp_on(rig, "wan1", THEM ":9", US ":2222"), UNSOLICITED);
	kit_assert_reason(udp_on(rig, "wan2", THEM ":8", US ":1111"), UNSOLICITED);
	kit_assert_reason(udp_on(rig, "wan2", THEM ":8", US ":2222"), PORT_MAPPING);
	/* An interface that no connection names, and a packet that was seen nowhere. */
	kit_assert_reason(udp_on(rig, "eth9", THEM ":7", US ":3333"), PORT_MAPPING);
	kit_assert_reason(udp_on(rig, NULL, THEM ":6", US ":3333"), PORT_MAPPING);
	kit_assert_reason(udp_on(rig, NULL, THEM ":6", US ":1111"), UNSOLICITED);
	/* The other way round it is the interface that tells, too. */
	kit_assert_reason(udp_on(rig, "wan1", THEM ":5", US ":1111"), PORT_MAPPING);
	kit_rig_free(rig);
}
END_TEST

/* What is seen on the private side belongs to whoever it is exchanged with, and may be anything:
 * what is sent there comes from outside. */
START_TEST(the_private_side_tells_nothing)
{
	struct kit_rig *rig = kit_rig_policy(two_uplinks(), NULL, INSIDE);
	const struct kit_packet in = { .from = THEM ":9", .to = US ":3333", .proto = PROTO_UDP };
	const struct kit_packet out = { .from = US ":9", .to = THEM ":9", .proto = PROTO_UDP };

	rig->before_interfaces = _i ? 2000 : 0;
	kit_assert_reason(kit_send_on(rig, "lan0", WAY_SENT, &in), PORT_MAPPING);
	kit_assert_reason(kit_send_on(rig, "lan0", WAY_RECEIVED, &out), OUTBOUND);
	/* Its later packets, too. */
	kit_assert_reason(kit_send_on(rig, "lan0", WAY_SENT, &in), PORT_MAPPING);
	kit_assert_reason(kit_send_on(rig, "lan0", WAY_RECEIVED, &out), OUTBOUND);
	kit_rig_free(rig);
}
END_TEST

START_TEST(numbers_of_interfaces_change)
{
	struct kit_rig *rig = kit_rig_policy(two_uplinks(), NULL, INSIDE);

	kit_assert_reason(udp_on(rig, "wan1", THEM ":9", US ":1111"), PORT_MAPPING);
	engine_forget_interfaces(rig->engine);
	rig->interfaces[0] = "wan2";
	kit_assert_reason(udp_on(rig, "wan2", THEM ":8", US ":1111"), UNSOLICITED);
	kit_assert_reason(udp_on(rig, "wan2", THEM ":8", US ":2222"), PORT_MAPPING);
	kit_rig_free(rig);
}
END_TEST

START_TEST(peers_tell_connections)
{
	struct policy *policy = kit_policy();
	struct kit_rig *rig;

	kit_open(kit_connection(policy, "near", NULL, "192.0.2.0/24;2001:db8:9::/48"), "1111/udp");
	kit_open(kit_connection(policy, "nearer", "wan1", "192.0.2.0/25"), "2222/udp");
	rig = kit_rig_policy(policy, NULL, INSIDE);
	kit_assert_reason(udp(rig, THEM ":9", US ":1111"), PORT_MAPPING);
	kit_assert_reason(udp(rig, "198.51.100.1:9", US ":1111"), UNSOLICITED);
	kit_assert_reason(udp(rig, "[2001:db8:9::1]:9", "[2001:db8:1::1]:1111"), PORT_MAPPING);
	kit_assert_reason(udp(rig, "[2001:db8:8::1]:9", "[2001:db8:1::1]:1111"), UNSOLICITED);
	/* An interface that is named tells before the peer does. */
	kit_assert_reason(udp_on(rig, "wan1", THEM ":8", US ":2222"), PORT_MAPPING);
	kit_assert_reason(udp_on(rig, "wan1", THEM ":8", US ":1111"), UNSOLICITED);
	kit_assert_reason(udp_on(rig, "wan7", THEM ":8", US ":1111"), PORT_MAPPING);
	kit_rig_free(rig);
}
END_TEST

/* Later packets must go the way that their side of the flow goes. */
START_TEST(flows_that_are_belied)
{
	const struct kit_packet out = { .from = US ":9", .to = THEM ":53", .proto = PROTO_UDP };
	const struct kit_packet back = { .from = THEM ":53", .to = US ":9", .proto = PROTO_UDP };
	struct kit_rig *rig = kit_rig_policy(two_uplinks(), NULL, INSIDE);

	kit_assert_reason(kit_send_on(rig, "wan1", WAY_SENT, &out), OUTBOUND);
	kit_assert_reason(kit_send_on(rig, "wan1", WAY_RECEIVED, &back), OUTBOUND);
	kit_assert_reason(kit_send_on(rig, "wan1", WAY_RECEIVED, &out), SPOOFED);
	kit_assert_reason(kit_send_on(rig, "wan1", WAY_SENT, &back), SPOOFED);
	/* It may change uplinks, and where nothing is known nothing is said. */
	kit_assert_reason(kit_send_on(rig, "wan2", WAY_RECEIVED, &back), OUTBOUND);
	kit_assert_reason(kit_send_on(rig, "eth9", WAY_SENT, &back), OUTBOUND);
	kit_assert_reason(kit_send_on(rig, "wan1", WAY_UNKNOWN, &back), OUTBOUND);
	ck_assert_uint_eq(rig->flows_begun, 1);
	kit_rig_free(rig);
}
END_TEST

/* A flow between two of ours is seen on no uplink but when somebody forges it. */
START_TEST(internal_flows_that_are_belied)
{
	const struct kit_packet p = { .from = "10.0.0.2:9", .to = US ":9", .proto = PROTO_UDP };
	struct kit_rig *rig = kit_rig_policy(two_uplinks(), NULL, INSIDE);

	kit_assert_reason(kit_send_on(rig, "lan0", WAY_RECEIVED, &p), INTERNAL);
	kit_assert_reason(kit_send_on(rig, "lan0", WAY_RECEIVED, &p), INTERNAL);
	kit_assert_reason(kit_send_on(rig, "wan1", WAY_RECEIVED, &p), SPOOFED);
	rig->policy->connections[2].anti_spoof = ANTI_SPOOF_OFF;
	kit_assert_reason(kit_send_on(rig, "wan1", WAY_RECEIVED, &p), INTERNAL);
	kit_rig_free(rig);
}
END_TEST

/* Sides that are found out say nothing of what is ours. */
START_TEST(nothing_is_belied_when_sides_are_found_out)
{
	const struct kit_packet out = { .from = US ":9", .to = THEM ":53", .proto = PROTO_UDP };
	struct kit_rig *rig = kit_rig_policy(two_uplinks(), NULL, NULL);

	kit_assert_reason(kit_send_on(rig, "wan1", WAY_SENT, &out), OUTBOUND);
	kit_assert_reason(kit_send_on(rig, "wan1", WAY_RECEIVED, &out), OUTBOUND);
	kit_rig_free(rig);
}
END_TEST

static struct kit_rig *
triggered(void)
{
	struct policy *policy = kit_policy();

	kit_trigger(&policy->connections[0], "554/tcp", "6970-6999/udp", 60);
	kit_trigger(&policy->connections[0], "1000-1999/udp", "5000/tcp", 10);
	return kit_rig_policy(policy, NULL, INSIDE);
}

START_TEST(a_trigger_opens_a_door)
{
	struct kit_rig *rig = triggered();
	const struct kit_door_event *opened, *matched;

	kit_assert_reason(udp(rig, THEM ":9", US ":6970"), UNSOLICITED);
	kit_assert_reason(kit_syn(rig, US ":3000", THEM ":554"), OUTBOUND);
	opened = kit_door(rig, EXPECT_OPENED, 0);
	ck_assert_str_eq(opened->door.helper, "port-trigger");
	ck_assert_uint_eq(opened->door.parent_id, rig->begun_flow.id);
	ck_assert_uint_eq(opened->door.dst_port, 6970);
	ck_assert_uint_eq(opened->door.dst_port_last, 6999);
	ck_assert_uint_eq(opened->door.timeout, 60);
	ck_assert_int_eq(opened->door.proto, PROTO_UDP);
	kit_assert_reason(udp(rig, THEM ":9", US ":6970"), EXPECTED);
	matched = kit_door(rig, EXPECT_MATCHED, 0);
	ck_assert_uint_eq(matched->child_flow_id, rig->begun_flow.id);
	ck_assert_uint_eq(rig->begun_flow.parent_id, opened->door.parent_id);
	/* Several flows, from any port of theirs, but to nothing else. */
	kit_assert_reason(udp(rig, THEM ":10", US ":6999"), EXPECTED);
	kit_assert_reason(udp(rig, THEM ":10", US ":7000"), UNSOLICITED);
	kit_assert_reason(udp(rig, THEM ":10", US ":6969"), UNSOLICITED);
	kit_assert_reason(udp(rig, THEM ":10", "10.0.0.2:6970"), UNSOLICITED);
	kit_assert_reason(udp(rig, "192.0.2.2:9", US ":6970"), UNSOLICITED);
	kit_assert_reason(kit_syn(rig, THEM ":9", US ":6970"), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(a_trigger_lasts_for_its_time)
{
	struct kit_rig *rig = triggered();

	kit_assert_reason(udp(rig, US ":3000", THEM ":1999"), OUTBOUND);
	kit_assert_reason(kit_syn(rig, THEM ":9", US ":5000"), EXPECTED);
	rig->now += SECONDS(9);
	kit_assert_reason(kit_syn(rig, THEM ":10", US ":5000"), EXPECTED);
	/* Another flow to the same peer begins the time anew, and is no second door. */
	kit_assert_reason(udp(rig, US ":3001", THEM ":1000"), OUTBOUND);
	ck_assert_uint_eq(kit_doors(rig, EXPECT_OPENED), 1);
	rig->now += SECONDS(9);
	kit_assert_reason(kit_syn(rig, THEM ":11", US ":5000"), EXPECTED);
	rig->now += SECONDS(2);
	kit_assert_reason(kit_syn(rig, THEM ":12", US ":5000"), UNSOLICITED);
	ck_assert_uint_eq(kit_doors(rig, EXPECT_EXPIRED), 1);
	kit_rig_free(rig);
}
END_TEST

/* The flow that pulled it may end before. */
START_TEST(a_trigger_outlives_its_flow)
{
	struct kit_rig *rig = triggered();
	struct kit_talk talk = kit_connect(rig, US ":3000", THEM ":554");
	struct kit_packet reset = { .from = THEM ":554", .to = US ":3000", .flags = TCP_RST };

	reset.seq = talk.seq[1];
	kit_assert_reason(kit_send(rig, &reset), OUTBOUND);
	rig->now += SECONDS(20);
	udp(rig, "10.0.0.9:1", "192.0.2.9:1");
	ck_assert_int_eq(rig->last_end, FLOW_END_TIMEOUT);
	kit_assert_reason(udp(rig, THEM ":9", US ":6970"), EXPECTED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(what_pulls_no_trigger)
{
	const struct kit_packet middle = {
		.from = US ":3000", .to = THEM ":554", .flags = TCP_ACK
	};
	struct kit_rig *rig = triggered();

	/* Other ports, another protocol, what comes in, what stays, what is picked up. */
	kit_assert_reason(kit_syn(rig, US ":3000", THEM ":555"), OUTBOUND);
	kit_assert_reason(udp(rig, US ":3000", THEM ":554"), OUTBOUND);
	kit_assert_reason(udp(rig, THEM ":3000", US ":1000"), UNSOLICITED);
	kit_assert_reason(udp(rig, US ":3000", "10.0.0.2:1000"), INTERNAL);
	kit_assert_reason(kit_send(rig, &middle), MID_STREAM);
	rig->policy->connections[0].triggers[0].enabled = false;
	kit_assert_reason(kit_syn(rig, "10.0.0.2:3000", THEM ":554"), OUTBOUND);
	ck_assert_uint_eq(rig->n_doors, 0);
	kit_rig_free(rig);
}
END_TEST

START_TEST(triggers_keep_the_limits)
{
	struct policy *policy = kit_policy();
	struct kit_rig *rig;

	policy->doors.limits.total = 2;
	for (unsigned n = 0; n < 3; n++) {
		char opens[16];

		snprintf(opens, sizeof(opens), "%u/udp", 5000 + n);
		kit_trigger(&policy->connections[0], "554/tcp", opens, 60);
	}
	rig = kit_rig_policy(policy, NULL, INSIDE);
	kit_assert_reason(kit_syn(rig, US ":3000", THEM ":554"), OUTBOUND);
	ck_assert_uint_eq(kit_doors(rig, EXPECT_OPENED), 2);
	ck_assert_str_eq(kit_door(rig, EXPECT_REFUSED, 0)->refusal, "limit-total");
	ck_assert_uint_eq(stats(rig).refused_doors, 1);
	kit_assert_reason(udp(rig, THEM ":9", US ":5001"), EXPECTED);
	kit_assert_reason(udp(rig, THEM ":9", US ":5002"), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

/* Each flow goes out from the port that the one before it has opened, and so comes through its
 * door; so many doors may be chained. */
START_TEST(triggers_keep_the_depth)
{
	static const char *const ours[] = { US ":3000", US ":5000", US ":5001", US ":5002" };
	static const char *const theirs[] = { THEM ":1000", THEM ":1001", THEM ":1002",
		THEM ":1003" };
	struct policy *policy = kit_policy();
	struct connection *c = &policy->connections[0];
	unsigned depth = (unsigned)_i;
	struct kit_rig *rig;

	kit_trigger(c, "1000/udp", "5000/udp", 60);
	kit_trigger(c, "1001/udp", "5001/udp", 60);
	kit_trigger(c, "1002/udp", "5002/udp", 60);
	kit_trigger(c, "1003/udp", "5003/udp", 60);
	policy->doors.max_depth = depth;
	rig = kit_rig_policy(policy, NULL, INSIDE);
	for (unsigned n = 0; n < depth; n++) {
		ck_assert_int_eq(reason_verdict(udp(rig, ours[n], theirs[n])), VERDICT_ACCEPT);
		ck_assert_uint_eq(kit_doors(rig, EXPECT_OPENED), n + 1);
		ck_assert_uint_eq(kit_door(rig, EXPECT_OPENED, n)->door.depth, n + 1);
	}
	kit_assert_reason(udp(rig, ours[depth], theirs[depth]), EXPECTED);
	ck_assert_uint_eq(kit_doors(rig, EXPECT_OPENED), depth);
	ck_assert_uint_eq(kit_doors(rig, EXPECT_REFUSED), 1);
	ck_assert_str_eq(kit_door(rig, EXPECT_REFUSED, 0)->refusal, "depth");
	ck_assert_uint_eq(stats(rig).refused_doors, 1);
	kit_rig_free(rig);
}
END_TEST

/* A child is a child when its parent is gone. */
START_TEST(triggers_keep_the_depth_of_orphans)
{
	struct kit_rig *rig = triggered();

	rig->policy->doors.max_depth = 1;
	rig->policy->connections[0].triggers[0].timeout = 3600;
	kit_assert_reason(kit_syn(rig, US ":3000", THEM ":554"), OUTBOUND);
	rig->now += SECONDS(3000);
	udp(rig, "10.0.0.9:1", "192.0.2.9:1");
	ck_assert_uint_eq(rig->ended[FLOW_END_TIMEOUT], 1);
	kit_assert_reason(udp(rig, US ":6970", THEM ":1999"), EXPECTED);
	ck_assert_uint_ne(rig->begun_flow.parent_id, 0);
	ck_assert_str_eq(kit_door(rig, EXPECT_REFUSED, 0)->refusal, "depth");
	kit_rig_free(rig);
}
END_TEST

/* As many as policy lets through one door; whoever asks again may be answered again. */
START_TEST(triggers_keep_max_flows)
{
	struct policy *policy = kit_policy();
	struct kit_rig *rig;

	kit_trigger(&policy->connections[0], "554/tcp", "6970-6999/udp", 60);
	policy->doors.max_flows = 2;
	rig = kit_rig_policy(policy, NULL, INSIDE);
	kit_assert_reason(kit_syn(rig, US ":3000", THEM ":554"), OUTBOUND);
	ck_assert_uint_eq(kit_door(rig, EXPECT_OPENED, 0)->door.max_flows, 2);
	kit_assert_reason(udp(rig, THEM ":9", US ":6970"), EXPECTED);
	kit_assert_reason(udp(rig, THEM ":10", US ":6971"), EXPECTED);
	kit_assert_reason(udp(rig, THEM ":11", US ":6972"), UNSOLICITED);
	kit_assert_reason(kit_syn(rig, US ":3001", THEM ":554"), OUTBOUND);
	kit_assert_reason(udp(rig, THEM ":11", US ":6972"), EXPECTED);
	kit_rig_free(rig);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("engine-policy");
	TCase *t = tcase_create("connections");

	tcase_add_loop_test(t, interfaces_tell_connections, 0, 2);
	tcase_add_loop_test(t, the_private_side_tells_nothing, 0, 2);
	tcase_add_test(t, numbers_of_interfaces_change);
	tcase_add_test(t, peers_tell_connections);
	tcase_add_test(t, flows_that_are_belied);
	tcase_add_test(t, internal_flows_that_are_belied);
	tcase_add_test(t, nothing_is_belied_when_sides_are_found_out);
	suite_add_tcase(s, t);
	t = tcase_create("triggers");
	tcase_add_test(t, a_trigger_opens_a_door);
	tcase_add_test(t, a_trigger_lasts_for_its_time);
	tcase_add_test(t, a_trigger_outlives_its_flow);
	tcase_add_test(t, what_pulls_no_trigger);
	tcase_add_test(t, triggers_keep_the_limits);
	tcase_add_loop_test(t, triggers_keep_the_depth, 1, 4);
	tcase_add_test(t, triggers_keep_the_depth_of_orphans);
	tcase_add_test(t, triggers_keep_max_flows);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

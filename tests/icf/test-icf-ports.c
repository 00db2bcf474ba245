// SPDX-License-Identifier: GPL-2.0-or-later
/* Open ports: what comes in by them, and what does not; ranges, triggers, groups, and closing. */
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "icf.h"
#include "kit/kit.h"

#define AT(host, port) icf_at(_i, host, port)

/* A policy that has opened these ports. */
static struct policy *
opened(int variant, const char *ports)
{
	struct policy *policy = kit_policy();

	kit_open(icf_uplink(policy, variant), ports);
	return policy;
}

START_TEST(F32_open_ports_modify_the_rules)
{
	struct policy *closed = opened(_i, "80/tcp");
	struct kit_rig *rig = icf_rig(kit_policy(), _i);

	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 80), TCP_SYN), UNSOLICITED);
	kit_reload(rig, opened(_i, "80/tcp"));
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 80), TCP_SYN), PORT_MAPPING);
	ck_assert_int_eq(rig->begun_flow.direction, DIRECTION_IN);
	/* This port, this protocol, and nothing beside. */
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 81), TCP_SYN), UNSOLICITED);
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(US, 80)), UNSOLICITED);
	kit_assert_reason(icf_raw(rig, AT(PEER, 0), AT(US, 0), 132), UNSOLICITED);
	/* That it is written down does not make it open. */
	icf_uplink(closed, _i)->mappings.list[0].enabled = false;
	mappings_index(&icf_uplink(closed, _i)->mappings);
	kit_reload(rig, closed);
	kit_assert_reason(icf_tcp(rig, AT(PEER, 10), AT(US, 80), TCP_SYN), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(F32_sources)
{
	struct policy *policy = opened(_i, "22/tcp");
	struct kit_rig *rig;

	kit_sources(&icf_uplink(policy, _i)->mappings.list[0], "192.0.2.0/24;2001:db8:9::/48");
	rig = icf_rig(policy, _i);
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 22), TCP_SYN), PORT_MAPPING);
	kit_assert_reason(icf_tcp(rig, AT(STRANGER, 9), AT(US, 22), TCP_SYN), UNSOLICITED);
	/* To whom it is not open, it does not tell that it is there. */
	kit_assert_reason(icf_tcp(rig, AT(STRANGER, 9), AT(US, 22), TCP_ACK), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(F32_targets)
{
	struct policy *policy = kit_policy();
	struct connection *c = icf_uplink(policy, _i);
	struct kit_rig *rig;

	kit_forward(c, "8080/tcp", _i & ICF_IPV6 ? "2001:db8:1::2" : "10.0.0.2", 80);
	kit_open(c, "25/tcp")->target_name = g_strdup("mailhost");
	mappings_index(&c->mappings);
	rig = icf_rig(policy, _i);
	/* What has been translated on its way here is what the target is asked. */
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(FRIEND, 80), TCP_SYN), PORT_MAPPING);
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 80), TCP_SYN), UNSOLICITED);
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 8080), TCP_SYN), UNSOLICITED);
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(FRIEND, 8080), TCP_SYN), UNSOLICITED);
	/* A name is nobody until it is looked up, and never the firewall itself. */
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 25), TCP_SYN), UNSOLICITED);
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(FRIEND, 25), TCP_SYN), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(F35_closing_a_port_ends_access)
{
	struct kit_rig *rig = icf_rig(opened(_i, "80-81/tcp"), _i);
	struct kit_talk web = kit_connect(rig, AT(PEER, 9), AT(US, 80));
	struct kit_talk other = kit_connect(rig, AT(STRANGER, 9), AT(US, 81));
	struct kit_talk ours = kit_connect(rig, AT(US, 1000), AT(PEER, 80));

	kit_assert_reason(kit_say(&web, 0, "GET /"), PORT_MAPPING);
	kit_reload(rig, opened(_i, "81/tcp"));
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], 1);
	kit_assert_reason(kit_segment(&web, 0, 0, "more", 4), UNSOLICITED);
	/* Nor does our side open it again by going on. */
	kit_assert_reason(kit_segment(&web, 1, 0, "more", 4), NO_HANDSHAKE);
	kit_assert_reason(kit_segment(&web, 0, 0, "more", 4), UNSOLICITED);
	kit_assert_reason(kit_say(&other, 0, "GET /"), PORT_MAPPING);
	kit_assert_reason(kit_say(&ours, 1, "200 fine"), OUTBOUND);
	ck_assert_uint_eq(rig->flows_ended, 1);
	kit_rig_free(rig);
}
END_TEST

START_TEST(F35_established_connections_may_be_kept)
{
	struct policy *closed = kit_policy();
	struct kit_rig *rig = icf_rig(opened(_i, "80/tcp"), _i);
	struct kit_talk web = kit_connect(rig, AT(PEER, 9), AT(US, 80));

	closed->keep_established = true;
	icf_uplink(closed, _i);
	kit_reload(rig, closed);
	kit_assert_reason(kit_say(&web, 0, "GET /"), PORT_MAPPING);
	kit_assert_reason(icf_tcp(rig, AT(PEER, 10), AT(US, 80), TCP_SYN), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

/* The last address of 10.1.2.0/24 is one of ours, whatever it is there for. */
static const char *
subnet_broadcast(int variant)
{
	return variant & ICF_IPV6 ? "[ff05::2]:5353" : "10.1.2.255:5353";
}

START_TEST(F50_broadcast_and_multicast)
{
	struct kit_rig *rig = icf_rig(kit_policy(), _i);

	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(GROUP, 5353)), UNSOLICITED);
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(ALL, 5353)), UNSOLICITED);
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), subnet_broadcast(_i)), UNSOLICITED);
	kit_assert_reason(icf_raw(rig, AT(PEER, 0), AT(GROUP, 0), 89), UNSOLICITED);
	/* An open port is open for one, for many and for all. */
	kit_reload(rig, opened(_i, "5353/udp"));
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(US, 5353)), PORT_MAPPING);
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(GROUP, 5353)), PORT_MAPPING);
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(ALL, 5353)), PORT_MAPPING);
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), subnet_broadcast(_i)), PORT_MAPPING);
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(GROUP, 1900)), UNSOLICITED);
	/* What we have sent to many lets none of them answer: nobody was asked by name. */
	kit_assert_reason(icf_udp(rig, AT(US, 1900), AT(GROUP, 1900)), OUTBOUND);
	kit_assert_reason(icf_udp(rig, AT(PEER, 1900), AT(US, 1900)), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(F51_ranges)
{
	struct kit_rig *rig = icf_rig(opened(_i, "6970-6999/udp"), _i);

	for (unsigned port = 6960; port < 7010; port++) {
		enum reason reason = icf_udp(rig, AT(PEER, 9), AT(US, port));

		ck_assert_int_eq(reason,
			port >= 6970 && port <= 6999 ? REASON_PORT_MAPPING : REASON_UNSOLICITED);
	}
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 6980), TCP_SYN), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(F51_triggers)
{
	struct policy *policy = kit_policy();
	struct kit_rig *rig;

	kit_trigger(icf_uplink(policy, _i), "554/tcp", "6970-6999/udp", 30);
	rig = icf_rig(policy, _i);
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(US, 6970)), UNSOLICITED);
	kit_connect(rig, AT(US, 1000), AT(PEER, 554));
	/* For who was asked, to who has asked, and for its time. */
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(US, 6970)), EXPECTED);
	kit_assert_reason(icf_udp(rig, AT(US, 6970), AT(PEER, 9)), EXPECTED);
	ck_assert_uint_eq(rig->begun_flow.parent_id, 1);
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(US, 6999)), EXPECTED);
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(US, 7000)), UNSOLICITED);
	kit_assert_reason(icf_udp(rig, AT(STRANGER, 9), AT(US, 6970)), UNSOLICITED);
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(FRIEND, 6970)), UNSOLICITED);
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 6970), TCP_SYN), UNSOLICITED);
	icf_wait(rig, 31);
	kit_assert_reason(icf_udp(rig, AT(PEER, 10), AT(US, 6970)), UNSOLICITED);
	/* What has come meanwhile goes on. */
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(US, 6970)), EXPECTED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(F57_a_mapping_lets_strangers_reach_a_service)
{
	struct kit_rig *rig = icf_rig(opened(_i, "80/tcp"), _i);
	struct kit_talk web = kit_connect(rig, AT(STRANGER, 40000), AT(US, 80));

	kit_assert_reason(kit_say(&web, 0, "GET / HTTP/1.0\r\n\r\n"), PORT_MAPPING);
	kit_assert_reason(kit_say(&web, 1, "HTTP/1.0 200 fine\r\n\r\n"), PORT_MAPPING);
	ck_assert_uint_eq(rig->drops, 0);
	ck_assert_uint_eq(rig->flows_begun, 1);
	kit_rig_free(rig);
}
END_TEST

/* An answer that comes from elsewhere than the question went to. */
START_TEST(F58_answers_from_elsewhere)
{
	struct policy *policy = opened(_i, "7000/udp");
	struct kit_rig *rig;

	kit_trigger(icf_uplink(policy, _i), "7070/tcp", "7001/udp", 60);
	rig = icf_rig(policy, _i);
	kit_connect(rig, AT(US, 1000), AT(PEER, 7070));
	/* Another port of who was asked: by the trigger; somebody else: by the mapping alone. */
	kit_assert_reason(icf_udp(rig, AT(PEER, 5555), AT(US, 7001)), EXPECTED);
	kit_assert_reason(icf_udp(rig, AT(STRANGER, 5555), AT(US, 7000)), PORT_MAPPING);
	kit_assert_reason(icf_udp(rig, AT(STRANGER, 5555), AT(US, 7001)), UNSOLICITED);
	kit_assert_reason(icf_udp(rig, AT(PEER, 5555), AT(US, 7002)), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("icf-ports");
	TCase *t = tcase_create("ports");

	tcase_add_loop_test(t, F32_open_ports_modify_the_rules, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F32_sources, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F32_targets, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F35_closing_a_port_ends_access, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F35_established_connections_may_be_kept, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F50_broadcast_and_multicast, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F51_ranges, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F51_triggers, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F57_a_mapping_lets_strangers_reach_a_service, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F58_answers_from_elsewhere, 0, ICF_VARIANTS);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How flows begin and end: doors, children, second keys. A helper of the test's own, bound to UDP
 * port 7777, asks for whatever struct pn_expect its messages consist of.
 */
#include <string.h>

#include <glib.h>

#include "kit/kit.h"
#include "kit/talk.h"

#define SEC UINT64_C(1000000000)

static int32_t
mock_message(struct pn_flow *flow, const struct pn_message *message)
{
	struct pn_expect expect;

	if (message->len != sizeof(expect))
		return flow->host->close(flow) < 0 ? PN_DETACH : PN_PASS;
	memcpy(&expect, message->bytes, sizeof(expect));
	flow->host->expect(flow, &expect, NULL);
	return PN_PASS;
}

static const struct pn_bind mock_binds[] = { { 7777, 7777 }, { 0, 0 } };

static const struct pn_helper mock_helper = {
	.size = sizeof(mock_helper),
	.transport = PROTO_UDP,
	.max_message = 1500,
	.max_doors = 8,
	.door_timeout = 30,
	.name = "mock",
	.summary = "asks for what it is told",
	.binds = mock_binds,
	.message = mock_message,
};

static const struct pn_helper *const mock_helpers[] = { &mock_helper, NULL };

static const struct pn_plugin mock = {
	.size = sizeof(mock),
	.name = "mock",
	.version = "1",
	.summary = "a mock",
	.licence = "MIT",
	.helpers = mock_helpers,
};

#define CLIENT "10.0.0.1:1000"
#define SERVER "192.0.2.1:7777"

static struct kit_rig *
rig(void)
{
	return kit_rig_mock(NULL, &mock, "10.0.0.0/8");
}

static enum reason
send_udp(struct kit_rig *r, const char *from, const char *to, const void *bytes, size_t len)
{
	struct kit_packet p = {
		.from = from,
		.to = to,
		.proto = PROTO_UDP,
		.payload = bytes,
		.len = len,
	};

	return kit_send(r, &p);
}

/* A door for UDP from the server to the client. */
static struct pn_expect
door(uint16_t port, uint32_t flags)
{
	return (struct pn_expect){
		.size = sizeof(struct pn_expect),
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_DST_PORT,
		.flags = flags,
		.proto = PROTO_UDP,
		.src = { .family = PN_ADDR_RECEIVER },
		.dst = { .family = PN_ADDR_SENDER },
		.dst_port = port,
	};
}

static void
ask(struct kit_rig *r, const struct pn_expect *expect)
{
	unsigned before = kit_doors(r, EXPECT_OPENED);

	ck_assert_int_eq(
		send_udp(r, CLIENT, SERVER, expect, sizeof(*expect)), REASON_OUTBOUND);
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), before + 1);
}

START_TEST(through_the_door)
{
	struct kit_rig *r = rig();
	struct pn_expect e = door(4000, 0);

	ck_assert_int_eq(send_udp(r, "192.0.2.1:9", "10.0.0.1:4000", "x", 1), REASON_UNSOLICITED);
	ask(r, &e);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:9", "10.0.0.1:4000", "x", 1), REASON_EXPECTED);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:9", "10.0.0.1:4000", "x", 1), REASON_EXPECTED);
	ck_assert_int_eq(send_udp(r, "10.0.0.1:4000", "192.0.2.1:9", "x", 1), REASON_EXPECTED);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:8", "10.0.0.1:4000", "x", 1), REASON_UNSOLICITED);
	ck_assert_uint_eq(kit_doors(r, EXPECT_MATCHED), 1);
	ck_assert_uint_eq(kit_door(r, EXPECT_MATCHED, 0)->child_flow_id, 2);
	kit_rig_free(r);
}
END_TEST

/* The flow is there when its own first packet asks: the packet that asks is the first. */
START_TEST(refused_by_the_checks)
{
	struct kit_rig *r = rig();
	struct pn_expect e = door(22, 0);

	send_udp(r, CLIENT, SERVER, &e, sizeof(e));
	ck_assert_str_eq(kit_door(r, EXPECT_REFUSED, 0)->refusal, "port-low");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 0);
	kit_rig_free(r);
}
END_TEST

/* Sent from the door's own side first: the door stays until somebody answers. */
START_TEST(from_the_inside_first)
{
	struct kit_rig *r = rig();
	struct pn_expect e = door(4000, 0);

	ask(r, &e);
	ck_assert_int_eq(send_udp(r, "10.0.0.1:4000", "192.0.2.1:9", "x", 1), REASON_EXPECTED);
	/* From another port of the peer: through the door still. */
	ck_assert_int_eq(send_udp(r, "192.0.2.1:8", "10.0.0.1:4000", "x", 1), REASON_EXPECTED);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:7", "10.0.0.1:4000", "x", 1), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* A door outside lets the client go there. It lets nobody come from there. */
START_TEST(a_door_outside_opens_nothing_inside)
{
	struct kit_rig *r = rig();
	struct pn_expect e = door(4000, 0);

	e.src.family = PN_ADDR_SENDER;
	e.dst.family = PN_ADDR_RECEIVER;
	ask(r, &e);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:4000", "10.0.0.1:22", "x", 1), REASON_UNSOLICITED);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:4000", "10.0.0.1:445", "x", 1), REASON_UNSOLICITED);
	ck_assert_int_eq(send_udp(r, "10.0.0.1:9", "192.0.2.1:4000", "x", 1), REASON_EXPECTED);
	kit_rig_free(r);
}
END_TEST

/* … unless it names the port that it lets out. */
START_TEST(both_ports_are_named)
{
	struct kit_rig *r = rig();
	struct pn_expect e = door(4000, 0);

	e.src.family = PN_ADDR_SENDER;
	e.dst.family = PN_ADDR_RECEIVER;
	e.mask |= PN_EXPECT_SRC_PORT;
	e.src_port = 5000;
	ask(r, &e);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:4000", "10.0.0.1:22", "x", 1), REASON_UNSOLICITED);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:4000", "10.0.0.1:5000", "x", 1), REASON_EXPECTED);
	kit_rig_free(r);
}
END_TEST

/* Where there is no room to remember who let a flow in, it does not come in. */
START_TEST(doors_need_room)
{
	struct kit_rig *r = kit_rig_mock("[Limits]\nMaxHelperFlows=1\n", &mock, "10.0.0.0/8");
	struct pn_expect e = door(4000, 0);
	struct stats stats;

	ask(r, &e);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:9", "10.0.0.1:4000", "x", 1), REASON_TABLE_FULL);
	ck_assert_int_eq(send_udp(r, "10.0.0.1:8", SERVER, "x", 1), REASON_OUTBOUND);
	engine_get_stats(r->engine, &stats);
	ck_assert_uint_eq(stats.refused_flows, 1);
	ck_assert_uint_eq(stats.unwatched, 1);
	ck_assert_uint_eq(stats.table.flows, 2);
	kit_rig_free(r);
}
END_TEST

START_TEST(an_answer_consumes_the_door)
{
	struct kit_rig *r = rig();
	struct pn_expect e = door(4000, 0);

	ask(r, &e);
	ck_assert_int_eq(send_udp(r, "10.0.0.1:4000", "192.0.2.1:9", "x", 1), REASON_EXPECTED);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:9", "10.0.0.1:4000", "x", 1), REASON_EXPECTED);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:8", "10.0.0.1:4000", "x", 1), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

START_TEST(doors_end_with_their_flow)
{
	struct kit_rig *r = rig();
	struct pn_expect stays = door(4000, PN_EXPECT_OUTLIVE), goes = door(4001, 0);

	stays.mask |= PN_EXPECT_TIMEOUT;
	goes.mask |= PN_EXPECT_TIMEOUT;
	stays.timeout = goes.timeout = 300;
	ask(r, &stays);
	ask(r, &goes);
	r->now += 100 * SEC; /* the control flow ends by silence */
	ck_assert_int_eq(send_udp(r, "192.0.2.1:9", "10.0.0.1:4001", "x", 1), REASON_UNSOLICITED);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:9", "10.0.0.1:4000", "x", 1), REASON_EXPECTED);
	ck_assert_uint_eq(kit_doors(r, EXPECT_CLOSED), 1);
	kit_rig_free(r);
}
END_TEST

START_TEST(children_die_with_their_parent_if_told_so)
{
	struct kit_rig *r = rig();
	struct pn_expect dies = door(4000, PN_EXPECT_DIE_WITH_PARENT), lives = door(4001, 0);
	int n;

	ask(r, &dies);
	ask(r, &lives);
	send_udp(r, "192.0.2.1:9", "10.0.0.1:4000", "x", 1);
	send_udp(r, "192.0.2.1:9", "10.0.0.1:4001", "x", 1);
	/* The children talk on, the parent is silent. */
	for (n = 0; n < 4; n++) {
		r->now += 20 * SEC;
		send_udp(r, "192.0.2.1:9", "10.0.0.1:4000", "x", 1);
		send_udp(r, "192.0.2.1:9", "10.0.0.1:4001", "x", 1);
	}
	ck_assert_int_eq(send_udp(r, "192.0.2.1:9", "10.0.0.1:4000", "x", 1), REASON_UNSOLICITED);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:9", "10.0.0.1:4001", "x", 1), REASON_EXPECTED);
	kit_rig_free(r);
}
END_TEST

START_TEST(a_helper_closes_what_it_opened)
{
	struct kit_rig *r = rig();
	struct pn_expect used = door(4000, 0), unused = door(4001, 0);

	ask(r, &used);
	ask(r, &unused);
	send_udp(r, "192.0.2.1:9", "10.0.0.1:4000", "x", 1);
	send_udp(r, CLIENT, SERVER, "close", 5);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:9", "10.0.0.1:4000", "x", 1), REASON_UNSOLICITED);
	ck_assert_int_eq(send_udp(r, "192.0.2.1:9", "10.0.0.1:4001", "x", 1), REASON_UNSOLICITED);
	ck_assert_uint_eq(kit_doors(r, EXPECT_CLOSED), 1);
	ck_assert_uint_eq(r->flows_ended, 1);
	kit_rig_free(r);
}
END_TEST

static enum reason
send_gre(struct kit_rig *r, const char *from, const char *to, uint16_t call_id)
{
	struct kit_packet p = { .from = from, .to = to, .proto = PROTO_GRE, .icmp_id = call_id };

	p.payload = "\xff";
	p.len = 1;
	return kit_send(r, &p);
}

START_TEST(a_call_is_one_flow_with_two_keys)
{
	struct kit_rig *r = rig();
	struct pn_expect e = {
		.size = sizeof(e),
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_CALL_ID,
		.proto = PROTO_GRE,
		.src = { .family = PN_ADDR_RECEIVER },
		.dst = { .family = PN_ADDR_SENDER },
		.call_id = 0,
		.call_id_reply = 500,
	};
	unsigned before;

	ask(r, &e);
	before = r->flows_begun;
	ck_assert_int_eq(send_gre(r, "192.0.2.1", "10.0.0.1", 1), REASON_UNSOLICITED);
	ck_assert_int_eq(send_gre(r, "192.0.2.1", "10.0.0.1", 0), REASON_EXPECTED);
	ck_assert_int_eq(send_gre(r, "10.0.0.1", "192.0.2.1", 500), REASON_EXPECTED);
	ck_assert_int_eq(send_gre(r, "192.0.2.1", "10.0.0.1", 0), REASON_EXPECTED);
	ck_assert_uint_eq(r->flows_begun, before + 1);
	/* When it ends, both keys go. */
	r->now += 20000 * SEC;
	ck_assert_int_eq(send_gre(r, "192.0.2.1", "10.0.0.1", 0), REASON_UNSOLICITED);
	ck_assert_uint_eq(r->flows_ended, 2);
	kit_rig_free(r);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("engine-flow");
	TCase *c = tcase_create("engine-flow");

	tcase_add_test(c, through_the_door);
	tcase_add_test(c, refused_by_the_checks);
	tcase_add_test(c, from_the_inside_first);
	tcase_add_test(c, a_door_outside_opens_nothing_inside);
	tcase_add_test(c, both_ports_are_named);
	tcase_add_test(c, doors_need_room);
	tcase_add_test(c, an_answer_consumes_the_door);
	tcase_add_test(c, doors_end_with_their_flow);
	tcase_add_test(c, children_die_with_their_parent_if_told_so);
	tcase_add_test(c, a_helper_closes_what_it_opened);
	tcase_add_test(c, a_call_is_one_flow_with_two_keys);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

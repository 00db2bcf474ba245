// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "flow/flow.h"
#include "kit/kit.h"
#include "kit/packets.h"

START_TEST(direction_follows_the_originator)
{
	struct packet p = { 0 };
	struct flow flow = { 0 };

	ck_assert_uint_eq(flow_dir(&flow, &p), DIR_ORIGINAL);
	p.flags = PACKET_FROM_HI;
	ck_assert_uint_eq(flow_dir(&flow, &p), DIR_REPLY);
	flow.flags = FLOW_FROM_HI;
	ck_assert_uint_eq(flow_dir(&flow, &p), DIR_ORIGINAL);
	p.flags = 0;
	ck_assert_uint_eq(flow_dir(&flow, &p), DIR_REPLY);
}
END_TEST

START_TEST(endpoints_are_told_originator_first)
{
	struct kit_packet sent[] = {
		{ .from = "10.0.0.1:1000", .to = "192.0.2.1:21", .flags = TCP_SYN },
		{ .from = "192.0.2.1:21", .to = "10.0.0.1:1000", .flags = TCP_SYN },
	};
	struct flow flow = { 0 };
	struct tuple tuple;
	struct packet p;

	for (unsigned n = 0; n < 2; n++) {
		kit_packet(&sent[n], 1, NULL, &p);
		flow.key = p.key;
		flow.flags = p.flags & PACKET_FROM_HI ? FLOW_FROM_HI : 0;
		flow_tuple(&flow, &tuple);
		ck_assert_uint_eq(tuple.src_port, n ? 21 : 1000);
		ck_assert_uint_eq(tuple.dst_port, n ? 1000 : 21);
		ck_assert_uint_eq(tuple.src.bytes[0], n ? 192 : 10);
	}
}
END_TEST

START_TEST(packets_are_counted_up_to_the_maximum)
{
	struct flow flow = { 0 };

	flow_count(&flow, DIR_REPLY, 40);
	flow_count(&flow, DIR_REPLY, 1500);
	ck_assert_uint_eq(flow.pkts[DIR_REPLY], 2);
	ck_assert_uint_eq(flow.bytes[DIR_REPLY], 1540);
	flow.pkts[DIR_REPLY] = UINT32_MAX;
	flow_count(&flow, DIR_REPLY, 1);
	ck_assert_uint_eq(flow.pkts[DIR_REPLY], UINT32_MAX);
	ck_assert_uint_eq(flow.bytes[DIR_REPLY], 1541);
	ck_assert_uint_eq(flow.pkts[DIR_ORIGINAL], 0);
}
END_TEST

START_TEST(notes_replace_and_are_limited)
{
	struct flow_extra extra = { 0 };
	char key[] = "a";

	ck_assert_int_eq(flow_extra_note(&extra, "user", "alice and more", 5), 0);
	ck_assert_int_eq(flow_extra_note(&extra, "user", "bob", 3), 0);
	ck_assert_str_eq(extra.notes->value, "bob");
	ck_assert_uint_eq(extra.notes_count, 1);
	for (int n = 1; n < FLOW_NOTES_MAX; n++, key[0]++)
		ck_assert_int_eq(flow_extra_note(&extra, key, "", 0), 0);
	ck_assert_int_eq(flow_extra_note(&extra, "more", "x", 1), -ENOSPC);
	ck_assert_int_eq(flow_extra_note(&extra, "user", "carol", 5), 0);
	flow_extra_clear(&extra);
	ck_assert_ptr_null(extra.notes);
}
END_TEST

START_TEST(states_have_names)
{
	for (int n = 0; n < FLOW_STATE_COUNT; n++)
		ck_assert_ptr_nonnull(flow_state_name((enum flow_state)n));
	ck_assert_str_eq(flow_state_name(FLOW_TCP_ESTABLISHED), "established");
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("flow");
	TCase *c = tcase_create("flow");

	tcase_add_test(c, direction_follows_the_originator);
	tcase_add_test(c, endpoints_are_told_originator_first);
	tcase_add_test(c, packets_are_counted_up_to_the_maximum);
	tcase_add_test(c, notes_replace_and_are_limited);
	tcase_add_test(c, states_have_names);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "flow/expect.h"
#include "kit/kit.h"
#include "kit/packets.h"

#define SEC UINT64_C(1000000000)
#define T0  (100 * SEC)

/* What ended() was told. */
struct told {
	unsigned expired, closed;
	uint64_t last_id;
};

static struct told told;

static void
ended(void *context, const struct expectation *e, enum expect_action action)
{
	struct told *t = context;

	t->expired += action == EXPECT_EXPIRED;
	t->closed += action == EXPECT_CLOSED;
	t->last_id = e->id;
}

static struct expects *
make(void)
{
	struct expect_limits limits = {
		.per_flow = 4,
		.per_root = 6,
		.per_host = 8,
		.total = 12,
	};
	struct expect_owner owner = { .context = &told, .ended = ended };
	uint64_t seed[2] = { 1, 2 };
	struct expects *expects;

	told = (struct told){ 0 };
	ck_assert_int_eq(expects_new(&limits, &owner, seed, &expects), 0);
	return expects;
}

/* A door for TCP from the peer to one port, of the flow `parent`. */
static struct expectation
door(uint64_t parent, const char *from, const char *to)
{
	struct expectation e = {
		.parent_id = parent,
		.root_id = parent,
		.parent = (uint32_t)parent,
		.timeout = 30,
		.deadline = T0 + 30 * SEC,
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST_PORT,
		.proto = 6,
		.src_bits = 128,
		.max_flows = 1,
		.helper = "one",
	};
	uint16_t ignored;

	kit_endpoint(from, &e.src, &ignored);
	if (e.src.family == 4)
		e.src_bits = 32;
	kit_endpoint(to, &e.dst, &e.dst_port);
	e.dst_port_last = e.dst_port;
	e.registrant = e.dst;
	return e;
}

static uint64_t
must_open(struct expects *expects, const struct expectation *wanted)
{
	const struct expectation *e;
	bool refreshed;

	ck_assert_int_eq(expects_open(expects, wanted, 100, T0, &refreshed, &e), 0);
	return e->id;
}

static int
try_open(struct expects *expects, const struct expectation *wanted)
{
	const struct expectation *e;
	bool refreshed;

	return expects_open(expects, wanted, 100, T0, &refreshed, &e);
}

static struct tuple
tuple(const char *from, const char *to, uint8_t proto)
{
	struct tuple t = { .proto = proto };

	kit_endpoint(from, &t.src, &t.src_port);
	kit_endpoint(to, &t.dst, &t.dst_port);
	t.family = t.src.family;
	return t;
}

static uint64_t
match(const struct expects *expects, const char *from, const char *to)
{
	struct tuple t = tuple(from, to, 6);
	bool reverse = false;
	const struct expectation *e = expects_match(expects, &t, T0, &reverse);

	ck_assert(!reverse);
	return e ? e->id : 0;
}

START_TEST(only_what_was_asked_for_comes_through)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.1", "10.0.0.1:5000");
	struct tuple t = tuple("192.0.2.1:20", "10.0.0.1:5000", 17);
	bool reverse;
	uint64_t id;

	ck_assert(!expects_any(expects));
	id = must_open(expects, &e);
	ck_assert(expects_any(expects));
	ck_assert_uint_eq(match(expects, "192.0.2.1:20", "10.0.0.1:5000"), id);
	ck_assert_uint_eq(match(expects, "192.0.2.1:65535", "10.0.0.1:5000"), id);
	ck_assert_uint_eq(match(expects, "192.0.2.2:20", "10.0.0.1:5000"), 0);
	ck_assert_uint_eq(match(expects, "192.0.2.1:20", "10.0.0.1:5001"), 0);
	ck_assert_uint_eq(match(expects, "192.0.2.1:20", "10.0.0.2:5000"), 0);
	ck_assert_ptr_null(expects_match(expects, &t, T0, &reverse)); /* UDP */
	expects_free(expects);
}
END_TEST

START_TEST(zero_is_a_value_and_not_any)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.1", "10.0.0.1:5000");
	uint64_t id;

	e.mask |= PN_EXPECT_SRC_PORT;
	e.src_port = 0;
	id = must_open(expects, &e);
	ck_assert_uint_eq(match(expects, "192.0.2.1:20", "10.0.0.1:5000"), 0);
	ck_assert_uint_eq(match(expects, "192.0.2.1:0", "10.0.0.1:5000"), id);
	expects_free(expects);
}
END_TEST

START_TEST(ranges_and_prefixes)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.0", "10.0.0.1:5000");
	uint64_t id;

	e.dst_port_last = 5003;
	e.src_bits = 24;
	id = must_open(expects, &e);
	ck_assert_uint_eq(match(expects, "192.0.2.77:1", "10.0.0.1:5003"), id);
	ck_assert_uint_eq(match(expects, "192.0.2.77:1", "10.0.0.1:5004"), 0);
	ck_assert_uint_eq(match(expects, "192.0.2.77:1", "10.0.0.1:4999"), 0);
	ck_assert_uint_eq(match(expects, "192.0.3.1:1", "10.0.0.1:5000"), 0);
	expects_free(expects);
}
END_TEST

START_TEST(ipv6)
{
	struct expects *expects = make();
	struct expectation e = door(1, "[2001:db8::1]:0", "[fd00::1]:5000");
	uint64_t id = must_open(expects, &e);

	ck_assert_uint_eq(match(expects, "[2001:db8::1]:9", "[fd00::1]:5000"), id);
	ck_assert_uint_eq(match(expects, "[2001:db8::2]:9", "[fd00::1]:5000"), 0);
	expects_free(expects);
}
END_TEST

START_TEST(from_the_doors_own_side)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.1", "10.0.0.1:5000");
	struct tuple t = tuple("10.0.0.1:5000", "192.0.2.1:7000", 6);
	struct tuple other = tuple("10.0.0.1:5001", "192.0.2.1:7000", 6);
	const struct expectation *found;
	bool reverse = false;
	uint64_t id = must_open(expects, &e);

	found = expects_match(expects, &t, T0, &reverse);
	ck_assert_ptr_nonnull(found);
	ck_assert_uint_eq(found->id, id);
	ck_assert(reverse);
	ck_assert_ptr_null(expects_match(expects, &other, T0, &reverse));
	expects_free(expects);
}
END_TEST

START_TEST(call_ids_of_both_directions)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.1", "10.0.0.1");
	struct tuple there = tuple("192.0.2.1:34827", "10.0.0.1:0", 47); /* PORT_GRE_CALL */
	struct tuple back = tuple("10.0.0.1:34827", "192.0.2.1:9", 47);
	struct tuple v0 = tuple("192.0.2.1:0", "10.0.0.1:0", 47);
	bool reverse = false;

	e.proto = 47;
	e.mask = PN_EXPECT_SRC | PN_EXPECT_CALL_ID;
	e.call_id = 0; /* a real id */
	e.call_id_reply = 9;
	must_open(expects, &e);
	ck_assert_ptr_null(expects_match(expects, &v0, T0, &reverse));
	ck_assert_ptr_nonnull(expects_match(expects, &there, T0, &reverse));
	ck_assert(!reverse);
	ck_assert_ptr_nonnull(expects_match(expects, &back, T0, &reverse));
	ck_assert(reverse);
	there.dst_port = 9;
	back.dst_port = 0;
	ck_assert_ptr_null(expects_match(expects, &there, T0, &reverse));
	ck_assert_ptr_null(expects_match(expects, &back, T0, &reverse));
	expects_free(expects);
}
END_TEST

/* Of two calls between two hosts that share an id, on either side, only the newer one waits. */
START_TEST(a_call_takes_the_place_of_an_older_one)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.1", "10.0.0.1");
	uint64_t id[4];

	e.proto = 47;
	e.mask = PN_EXPECT_SRC | PN_EXPECT_CALL_ID;
	e.call_id = 1;
	e.call_id_reply = 9;
	id[0] = must_open(expects, &e);
	e.parent_id = e.root_id = 2;
	e.call_id = 2;
	e.call_id_reply = 1;
	id[1] = must_open(expects, &e);
	ck_assert_ptr_nonnull(expects_get(expects, id[0]));
	e.call_id_reply = 10;
	e.call_id = 1;
	id[2] = must_open(expects, &e);
	ck_assert_ptr_null(expects_get(expects, id[0]));
	ck_assert_ptr_nonnull(expects_get(expects, id[1]));
	e.parent_id = e.root_id = 3;
	id[3] = must_open(expects, &e); /* the very same */
	ck_assert_ptr_null(expects_get(expects, id[2]));
	ck_assert_ptr_nonnull(expects_get(expects, id[1]));
	ck_assert_ptr_nonnull(expects_get(expects, id[3]));
	expects_free(expects);
}
END_TEST

START_TEST(consumed_when_all_flows_have_come)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.1", "10.0.0.1:5000");
	uint64_t id;

	e.max_flows = 2;
	id = must_open(expects, &e);
	expects_consume(expects, id);
	ck_assert_uint_eq(match(expects, "192.0.2.1:20", "10.0.0.1:5000"), id);
	expects_consume(expects, id);
	ck_assert_uint_eq(match(expects, "192.0.2.1:20", "10.0.0.1:5000"), 0);
	ck_assert_ptr_null(expects_get(expects, id));
	expects_consume(expects, id); /* harmless */
	ck_assert_uint_eq(told.closed + told.expired, 0);
	expects_free(expects);
}
END_TEST

START_TEST(time_is_up)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.1", "10.0.0.1:5000");
	struct tuple t = tuple("192.0.2.1:20", "10.0.0.1:5000", 6);
	struct expectation later = door(1, "192.0.2.1", "10.0.0.1:5001");
	bool reverse;

	later.deadline += SEC;
	must_open(expects, &e);
	must_open(expects, &later);
	ck_assert_ptr_nonnull(expects_match(expects, &t, e.deadline - 1, &reverse));
	/* Exact, even before anybody has swept. */
	ck_assert_ptr_null(expects_match(expects, &t, e.deadline, &reverse));
	expects_expire(expects, e.deadline - 1);
	ck_assert_uint_eq(told.expired, 0);
	expects_expire(expects, e.deadline);
	ck_assert_uint_eq(told.expired, 1);
	expects_expire(expects, later.deadline);
	ck_assert_uint_eq(told.expired, 2);
	ck_assert(!expects_any(expects));
	expects_free(expects);
}
END_TEST

START_TEST(asking_again_refreshes)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.1", "10.0.0.1:5000");
	const struct expectation *again;
	bool refreshed = false;
	uint64_t id = must_open(expects, &e);

	e.deadline += 10 * SEC;
	ck_assert_int_eq(expects_open(expects, &e, 100, T0, &refreshed, &again), 0);
	ck_assert(refreshed);
	ck_assert_uint_eq(again->id, id);
	expects_expire(expects, e.deadline - 1);
	ck_assert_uint_eq(told.expired, 0);
	/* Swept once a second at most. */
	expects_expire(expects, e.deadline + SEC);
	ck_assert_uint_eq(told.expired, 1);
	expects_free(expects);
}
END_TEST

START_TEST(a_refresh_may_change_the_source_port)
{
	struct expects *expects = make();
	struct expectation narrow = door(1, "192.0.2.1", "10.0.0.1:5000");
	struct expectation wide = narrow;
	uint64_t id;

	wide.flags = PN_EXPECT_REFRESH;
	ck_assert_int_eq(try_open(expects, &wide), -PN_REFUSED_GONE);
	ck_assert(!expects_any(expects));
	narrow.mask |= PN_EXPECT_SRC_PORT;
	narrow.src_port = 20;
	id = must_open(expects, &narrow);
	ck_assert_uint_eq(match(expects, "192.0.2.1:21", "10.0.0.1:5000"), 0);
	ck_assert_uint_eq(must_open(expects, &wide), id);
	ck_assert_uint_eq(match(expects, "192.0.2.1:21", "10.0.0.1:5000"), id);
	expects_consume(expects, id);
	ck_assert_int_eq(try_open(expects, &wide), -PN_REFUSED_GONE);
	expects_free(expects);
}
END_TEST

START_TEST(somebody_elses_door_is_a_conflict)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.1", "10.0.0.1:5000");
	struct expectation other = door(2, "192.0.2.1", "10.0.0.1:5000");

	must_open(expects, &e);
	ck_assert_int_eq(try_open(expects, &other), -PN_REFUSED_CONFLICT);
	other.flags = PN_EXPECT_OUTLIVE;
	ck_assert_int_eq(try_open(expects, &other), -PN_REFUSED_CONFLICT);
	expects_free(expects);
}
END_TEST

START_TEST(registrations_are_refreshed_from_any_flow)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.1", "10.0.0.1:5000");
	struct expectation again = door(2, "192.0.2.1", "10.0.0.1:5000");
	struct expectation stranger = door(3, "192.0.2.1", "10.0.0.1:5000");
	uint64_t id;

	e.flags = again.flags = stranger.flags = PN_EXPECT_OUTLIVE;
	stranger.registrant = stranger.src;
	id = must_open(expects, &e);
	ck_assert_uint_eq(must_open(expects, &again), id);
	ck_assert_int_eq(try_open(expects, &stranger), -PN_REFUSED_CONFLICT);
	/* It is the door of the flow that asked last. That ends: it stays. */
	ck_assert_uint_eq(expects_get(expects, id)->parent_id, 2);
	ck_assert_uint_eq(expects_close_flow(expects, 1, NULL, true), 0);
	ck_assert_uint_eq(expects_close_flow(expects, 2, NULL, false), 0);
	ck_assert_uint_eq(match(expects, "192.0.2.1:20", "10.0.0.1:5000"), id);
	ck_assert_uint_eq(expects_get(expects, id)->parent, 0);
	ck_assert_uint_eq(expects_close_flow(expects, 2, NULL, true), 1);
	ck_assert_uint_eq(told.closed, 1);
	expects_free(expects);
}
END_TEST

START_TEST(a_flow_makes_room_with_its_own_oldest)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.1", "10.0.0.1:5000");
	uint64_t first = must_open(expects, &e);

	for (uint16_t port = 5001; port <= 5004; port++) {
		e.dst_port = e.dst_port_last = port;
		must_open(expects, &e);
	}
	ck_assert_uint_eq(told.closed, 1);
	ck_assert_uint_eq(told.last_id, first);
	ck_assert_uint_eq(match(expects, "192.0.2.1:20", "10.0.0.1:5000"), 0);
	ck_assert_uint_ne(match(expects, "192.0.2.1:20", "10.0.0.1:5004"), 0);
	expects_free(expects);
}
END_TEST

START_TEST(limits_hold_for_roots_hosts_and_in_all)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.1", "10.0.0.1:5000");
	struct expect_stats stats;

	/* Six for one root, over two flows. */
	for (unsigned n = 0; n < 6; n++) {
		e.parent_id = n < 3 ? 1 : 2;
		e.dst_port = e.dst_port_last = (uint16_t)(5000 + n);
		must_open(expects, &e);
	}
	e.dst_port = e.dst_port_last = 5006;
	ck_assert_int_eq(try_open(expects, &e), -PN_REFUSED_LIMIT_ROOT);
	/* Eight for one host. */
	for (unsigned n = 0; n < 2; n++) {
		e.parent_id = e.root_id = 10 + n;
		e.dst_port = e.dst_port_last = (uint16_t)(6000 + n);
		must_open(expects, &e);
	}
	e.dst_port = e.dst_port_last = 6002;
	ck_assert_int_eq(try_open(expects, &e), -PN_REFUSED_LIMIT_HOST);
	/* Twelve in all. */
	for (unsigned n = 0; n < 4; n++) {
		struct expectation other = door(20 + n, "192.0.2.1", "10.0.0.2:7000");

		other.dst_port = other.dst_port_last = (uint16_t)(7000 + n);
		must_open(expects, &other);
	}
	e = door(30, "192.0.2.1", "10.0.0.3:5000");
	ck_assert_int_eq(try_open(expects, &e), -PN_REFUSED_LIMIT_TOTAL);
	expects_get_stats(expects, &stats);
	ck_assert_uint_eq(stats.open, 12);
	/* A place that is given back is used again. */
	ck_assert_uint_eq(expects_close_flow(expects, 20, NULL, false), 1);
	must_open(expects, &e);
	expects_free(expects);
}
END_TEST

START_TEST(closing_by_id_group_destination_and_helper)
{
	struct expects *expects = make();
	struct expectation e = door(1, "192.0.2.1", "10.0.0.1:5000");
	uint32_t group = 7;
	uint64_t id = must_open(expects, &e);

	ck_assert_int_eq(expects_close(expects, id + 1), -ENOENT);
	ck_assert_int_eq(expects_close(expects, id), 0);
	e.mask |= PN_EXPECT_GROUP;
	e.group = 7;
	must_open(expects, &e);
	e.group = 8;
	e.dst_port = e.dst_port_last = 5001;
	must_open(expects, &e);
	ck_assert_uint_eq(expects_close_flow(expects, 1, &group, false), 1);
	ck_assert_uint_eq(match(expects, "192.0.2.1:1", "10.0.0.1:5000"), 0);
	ck_assert_uint_ne(match(expects, "192.0.2.1:1", "10.0.0.1:5001"), 0);
	ck_assert_uint_eq(expects_close_destination(
				  expects, "one", &e.src, 6, &e.dst, 5001),
		0);
	ck_assert_uint_eq(expects_close_destination(
				  expects, "two", &e.registrant, 6, &e.dst, 5001),
		0);
	ck_assert_uint_eq(expects_close_destination(
				  expects, "one", &e.registrant, 6, &e.dst, 5001),
		1);
	must_open(expects, &e);
	ck_assert_uint_eq(expects_close_flow(expects, 1, NULL, true), 1);
	ck_assert(!expects_any(expects));
	ck_assert_uint_eq(told.closed, 4);
	expects_free(expects);
}
END_TEST

START_TEST(the_oldest_of_several_is_taken)
{
	struct expects *expects = make();
	struct expectation wide = door(1, "192.0.2.0", "10.0.0.1:5000");
	struct expectation narrow = door(2, "192.0.2.1", "10.0.0.1:5000");
	uint64_t first;

	wide.src_bits = 24;
	first = must_open(expects, &wide);
	must_open(expects, &narrow);
	ck_assert_uint_eq(match(expects, "192.0.2.1:20", "10.0.0.1:5000"), first);
	expects_free(expects);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("expect");
	TCase *c = tcase_create("expect");

	tcase_add_test(c, only_what_was_asked_for_comes_through);
	tcase_add_test(c, zero_is_a_value_and_not_any);
	tcase_add_test(c, ranges_and_prefixes);
	tcase_add_test(c, ipv6);
	tcase_add_test(c, from_the_doors_own_side);
	tcase_add_test(c, call_ids_of_both_directions);
	tcase_add_test(c, a_call_takes_the_place_of_an_older_one);
	tcase_add_test(c, consumed_when_all_flows_have_come);
	tcase_add_test(c, time_is_up);
	tcase_add_test(c, asking_again_refreshes);
	tcase_add_test(c, a_refresh_may_change_the_source_port);
	tcase_add_test(c, somebody_elses_door_is_a_conflict);
	tcase_add_test(c, registrations_are_refreshed_from_any_flow);
	tcase_add_test(c, a_flow_makes_room_with_its_own_oldest);
	tcase_add_test(c, limits_hold_for_roots_hosts_and_in_all);
	tcase_add_test(c, closing_by_id_group_destination_and_helper);
	tcase_add_test(c, the_oldest_of_several_is_taken);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

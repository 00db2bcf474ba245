// SPDX-License-Identifier: GPL-2.0-or-later
/* What plugins may call to open doors and to close them. */
#include "host-mock.h"

static struct pn_expect
good_request(void)
{
	return (struct pn_expect){
		.size = sizeof(struct pn_expect),
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_DST_PORT,
		.proto = PROTO_UDP,
		.src = { .family = PN_ADDR_RECEIVER },
		.dst = { .family = PN_ADDR_SENDER },
		.dst_port = 40000,
	};
}

static struct pn_expect request;
static struct pn_mapped mapped;
static int64_t result;

static void
ask(struct pn_flow *flow, const struct pn_message *m)
{
	result = flow->host->expect(flow, &request, &mapped);
}

static int64_t
ask_for(uint16_t port)
{
	request = good_request();
	request.dst_port = port;
	mapped = (struct pn_mapped){ .size = sizeof(mapped) };
	in_message(ask);
	return result;
}

START_TEST(a_door_knows_who_asked)
{
	const struct expectation *e;

	open_room();
	ck_assert_int_gt(ask_for(40000), 0);
	e = expects_get(room.expects, (uint64_t)result);
	ck_assert_ptr_nonnull(e);
	ck_assert_uint_eq(e->parent, flow_index);
	ck_assert_uint_eq(e->parent_id, 1);
	ck_assert_uint_eq(e->root_id, 1);
	ck_assert_uint_eq(e->depth, 1);
	ck_assert_str_eq(e->helper, "mock");
	ck_assert_ptr_eq(e->owner, host_find(room.host, "mock"));
	ck_assert_uint_eq(e->deadline, room.now + 30 * ROOM_SECOND);
	ck_assert_uint_eq(e->registrant.bytes[3], 7);
	ck_assert_uint_eq(e->dst.bytes[3], 7);
	ck_assert_uint_eq(e->src.bytes[3], 9);
	ck_assert_uint_eq(e->control.src_port, 40001);

	ck_assert_uint_eq(mapped.port, 40000);
	ck_assert_uint_eq(mapped.addr.family, PN_ADDR_IPV4);
	ck_assert_mem_eq(mapped.addr.bytes, e->dst.bytes, 16);

	ck_assert_uint_eq(room.n_doors, 1);
	ck_assert_uint_eq(room.doors[0].action, EXPECT_OPENED);
	ck_assert_str_eq(room.doors[0].message, "hello");
	room_close();
}
END_TEST

START_TEST(asking_again_refreshes)
{
	int64_t first;

	open_room();
	first = ask_for(40000);
	room.now += 10 * ROOM_SECOND;
	host_set_time(room.host, room.now);
	ck_assert_int_eq(ask_for(40000), first);
	ck_assert_uint_eq(room.n_doors, 1);
	ck_assert_uint_eq(
		expects_get(room.expects, (uint64_t)first)->deadline, room.now + 30 * ROOM_SECOND);
	room_close();
}
END_TEST

/* To ask whether a door is still open is no request, and what it is answered is told nobody. */
START_TEST(a_refresh_of_nothing_is_no_refusal)
{
	int64_t first;

	open_room();
	request = good_request();
	request.flags = PN_EXPECT_REFRESH;
	in_message(ask);
	ck_assert_int_eq(result, -PN_REFUSED_GONE);
	ck_assert_uint_eq(room.n_doors, 0);
	ck_assert_uint_eq(room_stats().refused_doors, 0);
	first = ask_for(40000);
	request.flags = PN_EXPECT_REFRESH;
	in_message(ask);
	ck_assert_int_eq(result, first);
	room_close();
}
END_TEST

START_TEST(the_oldest_door_makes_room)
{
	int64_t first;

	open_room();
	first = ask_for(40000);
	ask_for(40001);
	ask_for(40002);
	ck_assert_int_gt(ask_for(40003), 0);
	ck_assert_ptr_null(expects_get(room.expects, (uint64_t)first));
	room_close();
}
END_TEST

/* The sender is whoever sent the message at hand. */
START_TEST(roles_follow_the_message)
{
	const struct expectation *e;

	open_room();
	in_message(NULL);
	request = good_request();
	act = ask;
	say(SERVER, CLIENT, "hi", 2);
	e = expects_get(room.expects, (uint64_t)result);
	ck_assert_uint_eq(e->dst.bytes[3], 9);
	ck_assert_uint_eq(e->src.bytes[3], 7);
	ck_assert_uint_eq(e->registrant.bytes[3], 9);
	room_close();
}
END_TEST

START_TEST(a_refusal_has_a_reason)
{
	open_room();
	ck_assert_int_eq(ask_for(80), -PN_REFUSED_PORT_LOW);
	ck_assert_uint_eq(room.doors[0].action, EXPECT_REFUSED);
	ck_assert_str_eq(room.doors[0].refusal, "port-low");
	ck_assert_str_eq(room.doors[0].e.helper, "mock");
	ck_assert_uint_eq(room.doors[0].e.dst_port, 80);
	ck_assert_uint_eq(room.doors[0].e.id, 0);
	ck_assert_uint_eq(room.doors[0].e.control.dst_port, 2000);
	ck_assert_uint_eq(room_stats().refused_doors, 1);
	ck_assert(!expects_any(room.expects));
	room_close();
}
END_TEST

START_TEST(a_helper_without_doors_gets_none)
{
	open_room();
	request = good_request();
	act = ask;
	say(CLIENT, "198.51.100.9:2001", "x", 1);
	ck_assert_int_eq(result, -PN_REFUSED_LIMIT_FLOW);
	room_close();
}
END_TEST

START_TEST(doors_are_for_messages_only)
{
	open_room();
	in_message(NULL);
	request = good_request();
	ask(the_flow, NULL);
	ck_assert_int_eq(result, -PN_REFUSED_INVALID);
	ck_assert_str_eq(room.doors[0].message, "");
	ck_assert_int_eq(the_flow->host->unexpect_destination(the_flow, PROTO_UDP, &request.dst, 1),
		-EINVAL);
	room_close();
}
END_TEST

/* TCP has to be established: both sides have spoken. */
START_TEST(a_connection_must_be_established)
{
	struct room_talk talk = { .ends = { CLIENT, SERVER }, .seq = { 1, 2 } };

	open_room();
	request = good_request();
	act = ask;
	room_segment(&talk, 0, TCP_SYN, 0, "early", 5);
	ck_assert_int_eq(result, -PN_REFUSED_NOT_ESTABLISHED);
	talk.seq[0]++;
	room_segment(&talk, 1, TCP_SYN | TCP_ACK, 0, NULL, 0);
	talk.seq[1]++;
	talk.seq[0] += 5;
	room_say(&talk, 0, "now", 3);
	ck_assert_int_gt(result, 0);
	room_close();
}
END_TEST

START_TEST(a_request_may_be_nonsense)
{
	struct pn_expect bad[] = {
		{ .size = 0 }, { .size = 4 }, good_request(), /* too short for what its mask says */
		good_request(),                               /* bits nobody knows */
		good_request(), good_request(),               /* an address that is none */
		good_request(), good_request(),               /* no protocol */
	};

	bad[2].size = offsetof(struct pn_expect, dst_port);
	bad[3].mask = UINT32_MAX;
	bad[4].flags = 1u << 31;
	bad[5].dst.family = 77;
	bad[6].src.family = 255;
	bad[7].proto = 0;
	open_room();
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		request = bad[i];
		result = 0;
		in_message(ask);
		ck_assert_int_eq(result, -PN_REFUSED_INVALID);
	}
	ck_assert_uint_eq(room_stats().refused_doors, G_N_ELEMENTS(bad));
	ck_assert(!expects_any(room.expects));
	room_close();
}
END_TEST

static void
ask_with_null(struct pn_flow *flow, const struct pn_message *m)
{
	result = flow->host->expect(flow, NULL, NULL);
	ck_assert_int_eq(flow->host->flow_info(flow, NULL), -EINVAL);
	ck_assert_int_eq(flow->host->note(flow, NULL, "x", 1), -EINVAL);
	ck_assert_int_eq(flow->host->note(flow, "key", NULL, 1), -EINVAL);
	ck_assert_int_eq(flow->host->unexpect_destination(flow, 17, NULL, 1), -EINVAL);
	flow->host->log(flow->instance, 0, NULL);
}

START_TEST(null_is_nothing)
{
	open_room();
	in_message(ask_with_null);
	ck_assert_int_eq(result, -PN_REFUSED_INVALID);
	room_close();
}
END_TEST

/* A question opens nothing, and is answered like a door; one that would be refused, too. */
START_TEST(a_question_is_no_door)
{
	open_room();
	request = good_request();
	request.flags = PN_EXPECT_ASK;
	mapped = (struct pn_mapped){ .size = sizeof(mapped) };
	in_message(ask);
	ck_assert_int_eq(result, 0);
	ck_assert_uint_eq(mapped.port, 40000);
	ck_assert(!expects_any(room.expects));
	request.dst = addr_ipv4((const uint8_t[]){ 203, 0, 113, 77 });
	in_message(ask);
	ck_assert_int_eq(result, -PN_REFUSED_ADDRESS_FOREIGN);
	room_close();
}
END_TEST

/* A plugin of an earlier header: what it did not know of is not set. */
START_TEST(an_older_request_is_understood)
{
	open_room();
	request = good_request();
	request.size = offsetof(struct pn_expect, child);
	request.child = (const char *)1;
	mapped = (struct pn_mapped){ .size = 6, .port = 1, .call_id = 99, .addr.zone = 99 };
	in_message(ask);
	ck_assert_int_gt(result, 0);
	ck_assert_ptr_null(expects_get(room.expects, (uint64_t)result)->child);
	ck_assert_uint_eq(mapped.size, 6);
	ck_assert_uint_eq(mapped.port, 40000);
	ck_assert_uint_eq(mapped.call_id, 99);
	ck_assert_uint_eq(mapped.addr.zone, 99);
	room_close();
}
END_TEST

/* One of a later header: there is more behind what we know. */
START_TEST(a_longer_request_is_understood)
{
	open_room();
	request = good_request();
	request.size = sizeof(request) + 100;
	mapped = (struct pn_mapped){ .size = sizeof(mapped) + 100 };
	in_message(ask);
	ck_assert_int_gt(result, 0);
	ck_assert_uint_eq(mapped.port, 40000);
	room_close();
}
END_TEST

START_TEST(a_child_is_named_if_it_is_enabled)
{
	static const struct {
		const char *child, *helper;
	} cases[] = { { "mock.tcp", "mock.tcp" }, { "mock.none", NULL }, { "", NULL } };

	open_room();
	request = good_request();
	request.child = cases[_i].child;
	in_message(ask);
	if (cases[_i].helper)
		ck_assert_str_eq(room.doors[0].e.child, cases[_i].helper);
	else
		ck_assert_ptr_null(room.doors[0].e.child);
	room_close();
}
END_TEST

/* What is told of the message: its first line, printable, not long. */
START_TEST(an_excerpt_is_told)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
		{ "PORT 1,2\r\nmore", "PORT 1,2" },
		{ "one\ntwo", "one" },
		{ "\x01"
		  "a\tb\xc3\xa4\x7f",
			".a.b..." },
		{ "\r\n", "" },
		{ "", "" },
		{ "0123456789012345678901234567890123456789012345678901234567890123456789"
		  "012345678901234567890",
			"0123456789012345678901234567890123456789012345678901234567890123456789"
			"0123456789" },
	};

	open_room();
	request = good_request();
	act = ask;
	say(CLIENT, SERVER, cases[_i].text, strlen(cases[_i].text));
	ck_assert_str_eq(room.doors[0].message, cases[_i].told);
	room_close();
}
END_TEST

/* A message that is no text is not told. */
START_TEST(no_excerpt_of_bytes)
{
	open_room();
	request = good_request();
	act = ask;
	say(CLIENT, SERVER, "\0\x20text", 6);
	ck_assert_str_eq(room.doors[0].message, "");
	room_close();
}
END_TEST

static int64_t to_close;

static void
unexpect(struct pn_flow *flow, const struct pn_message *m)
{
	result = flow->host->unexpect(flow, to_close);
}

START_TEST(a_flow_closes_its_own_doors_only)
{
	static const int64_t wild[] = { 0, -1, 999, INT64_MIN, INT64_MAX };
	int64_t mine;

	open_room();
	mine = ask_for(40000);
	act = unexpect;
	to_close = mine;
	say("192.168.0.8:1", SERVER, "x", 1);
	ck_assert_int_eq(result, -ENOENT);
	ck_assert(expects_any(room.expects));
	for (unsigned i = 0; i < G_N_ELEMENTS(wild); i++) {
		to_close = wild[i];
		in_message(unexpect);
		ck_assert_int_eq(result, -ENOENT);
	}
	to_close = mine;
	in_message(unexpect);
	ck_assert_int_eq(result, 0);
	ck_assert(!expects_any(room.expects));
	ck_assert_uint_eq(room.doors[1].action, EXPECT_CLOSED);
	in_message(unexpect);
	ck_assert_int_eq(result, -ENOENT);
	room_close();
}
END_TEST

static struct pn_addr closed_dst;

static void
unexpect_destination(struct pn_flow *flow, const struct pn_message *m)
{
	result = flow->host->unexpect_destination(flow, PROTO_UDP, &closed_dst, 40000);
}

START_TEST(a_destination_is_closed_by_who_opened_it)
{
	open_room();
	ask_for(40000);
	closed_dst = addr_ipv4((const uint8_t[]){ 192, 168, 0, 7 });
	act = unexpect_destination;
	say("192.168.0.8:1", SERVER, "x", 1);
	ck_assert_int_eq(result, 0);
	say(SERVER, CLIENT, "x", 1);
	ck_assert_int_eq(result, 0);
	closed_dst = (struct pn_addr){ .family = PN_ADDR_RECEIVER };
	in_message(unexpect_destination);
	ck_assert_int_eq(result, 0);
	closed_dst.family = 200;
	in_message(unexpect_destination);
	ck_assert_int_eq(result, 0);
	closed_dst.family = PN_ADDR_SENDER;
	act = unexpect_destination;
	say("192.168.0.7:1234", SERVER, "x", 1);
	ck_assert_int_eq(result, 1);
	ck_assert(!expects_any(room.expects));
	room_close();
}
END_TEST

static bool whole;
static uint32_t group;

static void
close_it(struct pn_flow *flow, const struct pn_message *m)
{
	result = whole ? flow->host->close(flow) : flow->host->close_group(flow, group);
}

/* A child of a flow, of a group. */
static uint32_t
add_child(uint32_t up, unsigned port, uint32_t of_group)
{
	char from[32];
	uint32_t index;

	g_snprintf(from, sizeof(from), "198.51.100.9:%u", port);
	say(from, "192.168.0.7:3000", "x", 1);
	index = flow_index;
	ck_assert_int_eq(table_link_child(room.table, up, index), 0);
	room_extra(index)->group = of_group;
	return index;
}

static uint32_t
ask_in_group(uint16_t port, uint32_t of_group)
{
	request = good_request();
	request.dst_port = port;
	request.mask |= PN_EXPECT_GROUP;
	request.group = of_group;
	in_message(ask);
	ck_assert_int_gt(result, 0);
	return flow_index;
}

START_TEST(close_ends_doors_and_descendants)
{
	uint32_t up, a, b, grandchild, stranger;

	open_room();
	up = ask_in_group(40000, 1);
	ask_in_group(40001, 2);
	a = add_child(up, 50, 1);
	b = add_child(up, 51, 2);
	grandchild = add_child(a, 52, 9);
	stranger = add_child(add_child(up, 53, 0), 54, 0);
	whole = true;
	in_message(close_it);
	ck_assert_int_eq(result, 0);
	ck_assert(!expects_any(room.expects));
	ck_assert_uint_eq(room.n_ended, 5);
	ck_assert_uint_eq(room.late, 0);
	ck_assert_uint_eq(room_extra(up)->first_child, 0);
	/* Children go before their parents. */
	for (unsigned i = 0, seen_a = 0; i < room.n_ended; i++) {
		seen_a |= room.ended[i] == a;
		if (room.ended[i] == grandchild)
			ck_assert(!seen_a);
		ck_assert_uint_ne(room.ended[i], up);
	}
	ck_assert_uint_ne(b, stranger);
	room_close();
}
END_TEST

START_TEST(close_group_ends_one_group)
{
	uint32_t up, a, b, below;

	open_room();
	up = ask_in_group(40000, 1);
	ask_in_group(40001, 2);
	a = add_child(up, 50, 1);
	b = add_child(up, 51, 2);
	below = add_child(b, 52, 1);
	whole = false;
	group = 2;
	in_message(close_it);
	ck_assert_uint_eq(room.n_ended, 2);
	ck_assert_uint_eq(room.ended[0], below);
	ck_assert_uint_eq(room.ended[1], b);
	ck_assert_uint_eq(room_extra(up)->first_child, a);
	ck_assert(expects_any(room.expects));
	group = 3;
	in_message(close_it);
	ck_assert_uint_eq(room.n_ended, 2);
	group = 1;
	in_message(close_it);
	ck_assert_uint_eq(room.n_ended, 3);
	ck_assert(!expects_any(room.expects));
	room_close();
}
END_TEST

/* A helper of a child may close that child's own from within flow_close(): nobody ends twice. */
START_TEST(callbacks_that_close_do_no_harm)
{
	uint32_t up, a;

	open_room();
	in_message(NULL);
	up = flow_index;
	say("192.168.0.7:50", SERVER, "x", 1);
	a = flow_index;
	ck_assert_ptr_nonnull(room_extra(a)->session);
	table_link_child(room.table, up, a);
	say("192.168.0.7:51", SERVER, "x", 1);
	table_link_child(room.table, a, flow_index);
	say("192.168.0.7:52", SERVER, "x", 1);
	table_link_child(room.table, up, flow_index);
	whole = true;
	in_message(close_it);
	ck_assert_uint_eq(room.n_ended, 3);
	ck_assert_uint_eq(room.late, 0);
	room_close();
}
END_TEST

START_TEST(a_flow_that_does_not_end_is_not_asked_for_ever)
{
	uint32_t up;

	open_room();
	in_message(NULL);
	up = flow_index;
	add_child(up, 50, 1);
	add_child(up, 51, 1);
	room.keep_ended = true;
	whole = true;
	in_message(close_it);
	ck_assert_uint_le(room.n_ended, 2);
	room_close();
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("host-table");
	TCase *doors = tcase_create("doors");
	TCase *ends = tcase_create("ends");

	tcase_add_test(doors, a_door_knows_who_asked);
	tcase_add_test(doors, asking_again_refreshes);
	tcase_add_test(doors, a_refresh_of_nothing_is_no_refusal);
	tcase_add_test(doors, the_oldest_door_makes_room);
	tcase_add_test(doors, roles_follow_the_message);
	tcase_add_test(doors, a_refusal_has_a_reason);
	tcase_add_test(doors, a_helper_without_doors_gets_none);
	tcase_add_test(doors, doors_are_for_messages_only);
	tcase_add_test(doors, a_connection_must_be_established);
	tcase_add_test(doors, a_request_may_be_nonsense);
	tcase_add_test(doors, null_is_nothing);
	tcase_add_test(doors, a_question_is_no_door);
	tcase_add_test(doors, an_older_request_is_understood);
	tcase_add_test(doors, a_longer_request_is_understood);
	tcase_add_loop_test(doors, a_child_is_named_if_it_is_enabled, 0, 3);
	tcase_add_loop_test(doors, an_excerpt_is_told, 0, 6);
	tcase_add_test(doors, no_excerpt_of_bytes);
	suite_add_tcase(s, doors);
	tcase_add_test(ends, a_flow_closes_its_own_doors_only);
	tcase_add_test(ends, a_destination_is_closed_by_who_opened_it);
	tcase_add_test(ends, close_ends_doors_and_descendants);
	tcase_add_test(ends, close_group_ends_one_group);
	tcase_add_test(ends, callbacks_that_close_do_no_harm);
	tcase_add_test(ends, a_flow_that_does_not_end_is_not_asked_for_ever);
	suite_add_tcase(s, ends);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Sessions: messages out of packets, what answers mean, and limits. */
#include "session-mock.h"

START_TEST(a_message_is_given_where_it_lies)
{
	uint8_t bytes[64];
	struct packet p;
	size_t len;

	begin();
	len = put_message(bytes, HEADER + 5, "hello");
	kit_packet(&(struct kit_packet){ .from = CLIENT,
			   .to = SERVER,
			   .flags = TCP_ACK,
			   .seq = talk.seq[0],
			   .ack = talk.seq[1],
			   .payload = bytes,
			   .len = len },
		room.now, NULL, &p);
	ck_assert_int_eq(room_packet(&p, NULL), REASON_NONE);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_ptr_eq(seen.given[0].at, p.data + p.payload);
	expect_given(0, PN_FROM_ORIGINATOR, "hello");
	ck_assert_uint_eq(seen.given[0].flags, 0);
	talk.seq[0] += (uint32_t)len;
	room_ack(&talk, 1);
	ck_assert_uint_eq(room_stats().helper.memory, 0);
	ck_assert_uint_eq(room_stats().helper.messages, 1);
	ck_assert_str_eq(room_extra(talk.index)->helper, "mock.tcp");
	end();
}
END_TEST

START_TEST(both_sides_talk)
{
	begin();
	say_message(1, "greeting");
	say_message(0, "question");
	say_message(1, "reply");
	ck_assert_uint_eq(seen.n, 3);
	expect_given(0, PN_FROM_RESPONDER, "greeting");
	expect_given(1, PN_FROM_ORIGINATOR, "question");
	expect_given(2, PN_FROM_RESPONDER, "reply");
	end();
}
END_TEST

/* The same four messages, one of them too long, cut into segments of every length. */
START_TEST(segmentation_does_not_matter)
{
	static uint8_t bytes[4096];
	static char big[1500];
	size_t len = 0, piece, at;

	memset(big, 'b', sizeof(big) - 1);
	len += put_message(bytes + len, HEADER + 5, "first");
	len += put_message(bytes + len, HEADER + sizeof(big) - 1, big);
	len += put_message(bytes + len, HEADER, "");
	len += put_message(bytes + len, HEADER + 4, "last");
	for (piece = 1; piece < len + 60; piece += piece < 40 ? 1 : 37) {
		begin_at(SERVER, 0xffffff00u, 5);
		for (at = 0; at < len; at += piece) {
			room_say(&talk, 0, bytes + at, MIN(piece, len - at));
			room_ack(&talk, 1);
		}
		ck_assert(is_on());
		ck_assert_uint_eq(seen.n, 4);
		expect_given(0, 0, "first");
		ck_assert_uint_eq(seen.given[1].flags, PN_MSG_CUT);
		ck_assert_uint_eq(seen.given[1].len, MAX_MESSAGE);
		ck_assert_uint_eq(seen.given[1].total, HEADER + sizeof(big) - 1);
		ck_assert_mem_eq(seen.given[1].bytes + HEADER, big, MAX_MESSAGE - HEADER);
		expect_given(2, 0, "");
		expect_given(3, 0, "last");
		ck_assert_uint_eq(seen.given[3].flags, 0);
		ck_assert_uint_eq(room_stats().helper.memory, 0);
		end();
	}
}
END_TEST

START_TEST(memory_follows_what_came_not_what_was_claimed)
{
	uint8_t bytes[64];
	size_t len;

	begin();
	len = put_message(bytes, 0xffffff, "xxxxxxxxxxxxxxxx");
	room_say(&talk, 0, bytes, len);
	ck_assert_uint_le(room_stats().helper.memory, 1024 + 256);
	ck_assert_uint_eq(seen.n, 0);
	room_ack(&talk, 1);
	ck_assert_uint_eq(room_stats().helper.memory, 256);
	ck_assert(is_on());
	end();
}
END_TEST

START_TEST(what_is_no_message_is_not_its_protocol)
{
	begin();
	say_message(1, "fine");
	ck_assert_int_eq(room_say(&talk, 0, "GET / HTTP/1.0\r\n", 16), REASON_NONE);
	expect_off("not-its-protocol");
	ck_assert_str_eq(room_extra(talk.index)->helper, "mock.tcp");
	ck_assert_ptr_null(room_extra(talk.index)->session);
	ck_assert_uint_eq(room_stats().helper.detached, 1);
	ck_assert_int_eq(say_message(0, "E"), REASON_NONE);
	ck_assert_uint_eq(seen.n, 1);
	end();
}
END_TEST

/* Bytes that never settle how long the message is. */
static int64_t
frame_never(struct pn_flow *flow, uint32_t dir, const uint8_t *bytes, size_t len)
{
	ck_assert_uint_le(len, MAX_MESSAGE);
	return 0;
}

START_TEST(max_message_bytes_must_settle_it)
{
	static const struct pn_helper never = HELPER(.name = "mock", .transport = PROTO_TCP,
		.frame = frame_never, .binds = tcp_ports);
	static const struct pn_helper *const list[] = { &never, NULL };
	struct pn_plugin other = plugin;
	uint8_t bytes[MAX_MESSAGE] = "";

	memset(&seen, 0, sizeof(seen));
	other.helpers = list;
	room_open(NULL, &other);
	talk = room_connect(CLIENT, SERVER, 7, 8);
	room_say(&talk, 0, bytes, 100);
	room_say(&talk, 0, bytes, MAX_MESSAGE - 101);
	ck_assert(is_on());
	room_say(&talk, 0, bytes, 1);
	expect_off("not-its-protocol");

	seen.closed = 0;
	talk = room_connect("192.168.0.8:5", SERVER, 7, 8);
	room_say(&talk, 0, bytes, MAX_MESSAGE);
	expect_off("not-its-protocol");
	end();
}
END_TEST

START_TEST(a_dropped_message_never_passes)
{
	uint8_t bytes[64];
	size_t len;

	begin();
	ck_assert_int_eq(say_message(0, "fine"), REASON_NONE);
	len = put_message(bytes, HEADER + 3, "Dxy");
	ck_assert_int_eq(room_say(&talk, 0, bytes, len), REASON_HELPER);
	ck_assert_int_eq(room_segment(&talk, 0, TCP_ACK, -(int32_t)len, bytes, len), REASON_HELPER);
	ck_assert_int_eq(room_segment(&talk, 0, TCP_ACK, -1, "y", 1), REASON_HELPER);
	ck_assert_int_eq(room_segment(&talk, 0, TCP_ACK, -(int32_t)len, bytes, 1), REASON_HELPER);
	ck_assert_int_eq(room_ack(&talk, 0), REASON_NONE);
	ck_assert_int_eq(say_message(0, "next"), REASON_NONE);
	ck_assert_int_eq(say_message(1, "other side"), REASON_NONE);
	ck_assert_uint_eq(seen.n, 4);
	ck_assert(is_on());
	end();
}
END_TEST

/* Of a split message the first part has passed; what completes it does not, nor what is sent again.
 */
START_TEST(a_split_message_drops_from_its_end)
{
	uint8_t bytes[64];
	size_t len;

	begin();
	len = put_message(bytes, HEADER + 3, "Dxy");
	ck_assert_int_eq(room_say(&talk, 0, bytes, 5), REASON_NONE);
	ck_assert_int_eq(room_say(&talk, 0, bytes + 5, len - 5), REASON_HELPER);
	ck_assert_int_eq(room_segment(&talk, 0, TCP_ACK, -(int32_t)len, bytes, 5), REASON_HELPER);
	end();
}
END_TEST

/* The rest of a message that is too long drops too, though nobody looks at it. */
START_TEST(the_rest_of_a_cut_message_drops)
{
	static char big[2000];
	static uint8_t bytes[3000];
	size_t len;

	begin();
	memset(big, 'D', sizeof(big) - 1);
	len = put_message(bytes, HEADER + sizeof(big) - 1, big);
	ck_assert_int_eq(room_say(&talk, 0, bytes, 590), REASON_NONE);
	ck_assert_int_eq(room_say(&talk, 0, bytes + 590, 300), REASON_HELPER);
	ck_assert_int_eq(room_say(&talk, 0, bytes + 890, len - 890 - 10), REASON_HELPER);
	ck_assert_int_eq(room_say(&talk, 0, bytes + len - 10, 10), REASON_HELPER);
	ck_assert_int_eq(say_message(0, "next"), REASON_NONE);
	ck_assert_uint_eq(seen.n, 2);
	end();
}
END_TEST

START_TEST(too_many_drops_drop_everything)
{
	unsigned i;

	begin();
	ck_assert_int_eq(say_message(0, "before"), REASON_NONE);
	for (i = 0; i < RANGES_MAX; i++) {
		ck_assert_int_eq(say_message(0, "D"), REASON_HELPER);
		ck_assert_int_eq(say_message(0, "pass"), REASON_NONE);
	}
	ck_assert_int_eq(say_message(0, "D"), REASON_HELPER);
	ck_assert_int_eq(say_message(0, "pass"), REASON_HELPER);
	ck_assert_int_eq(say_message(1, "pass"), REASON_NONE);
	ck_assert(is_on());
	end();
}
END_TEST

START_TEST(drops_outlast_the_helper)
{
	uint8_t bytes[64];
	size_t len;

	begin();
	len = put_message(bytes, HEADER + 3, "Dxy");
	ck_assert_int_eq(room_say(&talk, 0, bytes, len), REASON_HELPER);
	ck_assert_int_eq(say_message(0, "F"), REASON_NONE);
	expect_off("failed");
	ck_assert_int_eq(
		room_segment(&talk, 0, TCP_ACK, -(int32_t)len - 5, bytes, len), REASON_HELPER);
	ck_assert_int_eq(say_message(0, "pass"), REASON_NONE);
	ck_assert_uint_eq(seen.n, 2);
	end();
}
END_TEST

START_TEST(reset_gives_up_the_flow)
{
	begin();
	say_message(0, "E");
	say_message(0, "O");
	ck_assert_int_eq(say_message(0, "R"), REASON_HELPER);
	ck_assert(table_flow(room.table, talk.index)->flags & FLOW_RESET);
	ck_assert_uint_eq(room.n_doors, 3);
	ck_assert_uint_eq(room.doors[2].action, EXPECT_CLOSED);
	ck_assert_uint_eq(room.doors[2].e.dst_port, 40000);
	ck_assert(expects_any(room.expects));
	expect_off("reset");
	end();
}
END_TEST

START_TEST(a_helper_may_detach_or_fail)
{
	static const struct {
		const char *body, *why;
		unsigned detached, failed;
	} cases[] = { { "X", "detached", 1, 0 }, { "F", "failed", 0, 1 }, { "N", "failed", 0, 1 } };
	uint8_t bytes[64];
	size_t len;

	begin();
	say_message(0, "E");
	len = put_message(bytes, HEADER + 1, cases[_i].body);
	len += put_message(bytes + len, HEADER + 4, "more");
	ck_assert_int_eq(room_say(&talk, 0, bytes, len), REASON_NONE);
	ck_assert_uint_eq(seen.n, 2);
	expect_off(cases[_i].why);
	ck_assert(expects_any(room.expects));
	ck_assert_uint_eq(room_stats().helper.detached, cases[_i].detached);
	ck_assert_uint_eq(room_stats().helper.failed, cases[_i].failed);
	ck_assert_int_eq(say_message(1, "D"), REASON_NONE);
	end();
}
END_TEST

/* A door asked for by a message is open when the packet that completes it has its verdict. */
START_TEST(a_door_is_open_before_the_verdict)
{
	uint8_t bytes[64];
	size_t len;

	begin();
	len = put_message(bytes, HEADER + 8, "E please");
	room_say(&talk, 0, bytes, 6);
	ck_assert(!expects_any(room.expects));
	room_say(&talk, 0, bytes + 6, len - 6);
	ck_assert(expects_any(room.expects));
	ck_assert_uint_eq(room.n_doors, 1);
	ck_assert_uint_eq(room.doors[0].e.dst_port, 40000);
	ck_assert_str_eq(room.doors[0].message, "L...E please");
	end();
}
END_TEST

START_TEST(doors_are_for_messages_only)
{
	begin();
	seen.doors_in_frame = true;
	say_message(0, "E");
	ck_assert(expects_any(room.expects));
	ck_assert_uint_eq(room_stats().refused_doors, 1);
	ck_assert_str_eq(room.doors[0].refusal, "invalid");
	ck_assert_str_eq(room.doors[0].message, "");
	end();
}
END_TEST

START_TEST(the_budget_is_shared)
{
	uint8_t bytes[512];
	struct room_talk other;

	memset(&seen, 0, sizeof(seen));
	room_furnish(NULL, (const struct pn_plugin *const[]){ &plugin, NULL });
	room.policy->stream_memory = 2600;
	ck_assert_ptr_null(room_try_open());
	memset(bytes, 'x', sizeof(bytes));
	put_message(bytes, 600, "");
	other = room_connect("192.168.0.8:5", SERVER, 7, 8);
	room_say(&other, 0, bytes, 100);
	talk = room_connect(CLIENT, SERVER, 7, 8);
	room_say(&talk, 0, bytes, 10);
	ck_assert(is_on());
	ck_assert_uint_eq(room_stats().helper.memory, 2048 + 512);
	room_say(&talk, 0, bytes, 300);
	ck_assert_str_eq(room_note(talk.index, "helper-off"), "memory");
	ck_assert_uint_eq(room_stats().helper.memory, 1024 + 256);
	room_close();
	ck_assert_uint_eq(seen.closed, 2);
}
END_TEST

START_TEST(without_memory_the_helper_goes)
{
	uint8_t bytes[512];

	memset(&seen, 0, sizeof(seen));
	room_furnish(NULL, (const struct pn_plugin *const[]){ &plugin, NULL });
	room.policy->stream_memory = _i ? 1500 : 100;
	ck_assert_ptr_null(room_try_open());
	memset(bytes, 'x', sizeof(bytes));
	put_message(bytes, 600, "");
	talk = room_connect(CLIENT, SERVER, 7, 8);
	ck_assert_int_eq(room_say(&talk, 0, bytes, 300), REASON_NONE);
	ck_assert_int_eq(room_say(&talk, 0, bytes, 100), REASON_NONE);
	ck_assert_uint_eq(seen.closed, 1);
	ck_assert_str_eq(room_note(talk.index, "helper-off"), "memory");
	ck_assert_uint_eq(room_stats().helper.out_of_memory, 1);
	ck_assert_uint_eq(room_stats().helper.memory, 0);
	ck_assert_uint_le(room_stats().helper.peak_memory, 1500);
	end();
}
END_TEST

START_TEST(a_flow_may_be_refused)
{
	memset(&seen, 0, sizeof(seen));
	room_open(NULL, &plugin);
	seen.open_answer = -EPERM;
	talk = room_connect(CLIENT, SERVER, 7, 8);
	ck_assert_ptr_null(room_extra(talk.index)->session);
	ck_assert_ptr_null(room_extra(talk.index)->helper);
	say_message(0, "E");
	ck_assert_uint_eq(seen.n, 0);
	ck_assert_int_eq(
		session_open(room.host, talk.index, host_find(room.host, "mock.tcp")), -EPERM);
	session_close(room.host, talk.index);
	room_close();
	ck_assert_uint_eq(seen.opened, 2);
	ck_assert_uint_eq(seen.closed, 0);
}
END_TEST

START_TEST(sessions_are_limited)
{
	char client[32];
	unsigned i;

	memset(&seen, 0, sizeof(seen));
	room_open(NULL, &plugin);
	for (i = 0; i < 64; i++) {
		g_snprintf(client, sizeof(client), "192.168.0.7:%u", 1000 + i);
		talk = room_connect(client, SERVER, 7, 8);
	}
	ck_assert_int_eq(
		session_open(room.host, talk.index, host_find(room.host, "mock.tcp")), -EEXIST);
	talk = room_connect("192.168.0.7:999", SERVER, 7, 8);
	ck_assert_ptr_null(room_extra(talk.index));
	ck_assert_int_eq(
		session_open(room.host, talk.index, host_find(room.host, "mock.tcp")), -ENOSPC);
	ck_assert_int_eq(say_message(0, "E"), REASON_NONE);
	ck_assert_uint_eq(seen.opened, 64);
	room_close();
	ck_assert_uint_eq(seen.closed, 64);
}
END_TEST

static enum reason
datagram(const char *from, const char *to, const void *bytes, size_t len)
{
	return room_send(
		&(struct kit_packet){
			.from = from, .to = to, .proto = PROTO_UDP, .payload = bytes, .len = len },
		&talk.index);
}

START_TEST(a_datagram_is_a_message)
{
	static char big[1000] = "big";

	memset(&seen, 0, sizeof(seen));
	room_open(NULL, &plugin);
	ck_assert_int_eq(datagram(CLIENT, SERVER, "hello", 5), REASON_NONE);
	ck_assert_int_eq(datagram(SERVER, CLIENT, "reply", 5), REASON_NONE);
	ck_assert_int_eq(datagram(CLIENT, SERVER, "D", 1), REASON_HELPER);
	ck_assert_int_eq(datagram(CLIENT, SERVER, big, sizeof(big)), REASON_NONE);
	ck_assert_int_eq(datagram(CLIENT, SERVER, "", 0), REASON_NONE);
	ck_assert_int_eq(datagram(CLIENT, SERVER, "E", 1), REASON_NONE);
	ck_assert_uint_eq(seen.n, 6);
	ck_assert_mem_eq(seen.given[0].bytes, "hello", 5);
	ck_assert_uint_eq(seen.given[1].dir, PN_FROM_RESPONDER);
	ck_assert_uint_eq(seen.given[3].flags, PN_MSG_CUT);
	ck_assert_uint_eq(seen.given[3].len, MAX_MESSAGE);
	ck_assert_uint_eq(seen.given[3].total, sizeof(big));
	ck_assert_uint_eq(seen.given[4].len, 0);
	ck_assert(expects_any(room.expects));
	ck_assert_int_eq(datagram(CLIENT, SERVER, "R", 1), REASON_HELPER);
	ck_assert(table_flow(room.table, talk.index)->flags & FLOW_RESET);
	expect_off("reset");
	end();
}
END_TEST

START_TEST(a_cut_datagram_says_so)
{
	struct packet p;

	memset(&seen, 0, sizeof(seen));
	room_open(NULL, &plugin);
	kit_packet(&(struct kit_packet){ .from = CLIENT,
			   .to = SERVER,
			   .proto = PROTO_UDP,
			   .payload = "0123456789",
			   .len = 10 },
		room.now, NULL, &p);
	p.caplen -= 4;
	ck_assert_int_eq(room_packet(&p, NULL), REASON_NONE);
	ck_assert_uint_eq(seen.given[0].len, 6);
	ck_assert_uint_eq(seen.given[0].total, 10);
	ck_assert_uint_eq(seen.given[0].flags, PN_MSG_CUT);
	end();
}
END_TEST

START_TEST(a_datagram_helper_may_leave)
{
	memset(&seen, 0, sizeof(seen));
	room_open(NULL, &plugin);
	datagram(CLIENT, SERVER, _i ? "X" : "F", 1);
	expect_off(_i ? "detached" : "failed");
	ck_assert_int_eq(datagram(CLIENT, SERVER, "D", 1), REASON_NONE);
	ck_assert_uint_eq(seen.n, 1);
	end();
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("session");
	TCase *messages = tcase_create("messages");
	TCase *answers = tcase_create("answers");
	TCase *limits = tcase_create("limits");
	TCase *datagrams = tcase_create("datagrams");

	tcase_add_test(messages, a_message_is_given_where_it_lies);
	tcase_add_test(messages, both_sides_talk);
	tcase_add_test(messages, segmentation_does_not_matter);
	tcase_add_test(messages, memory_follows_what_came_not_what_was_claimed);
	tcase_add_test(messages, what_is_no_message_is_not_its_protocol);
	tcase_add_test(messages, max_message_bytes_must_settle_it);
	tcase_add_test(messages, a_door_is_open_before_the_verdict);
	tcase_add_test(messages, doors_are_for_messages_only);
	suite_add_tcase(s, messages);
	tcase_add_test(answers, a_dropped_message_never_passes);
	tcase_add_test(answers, a_split_message_drops_from_its_end);
	tcase_add_test(answers, the_rest_of_a_cut_message_drops);
	tcase_add_test(answers, too_many_drops_drop_everything);
	tcase_add_test(answers, drops_outlast_the_helper);
	tcase_add_test(answers, reset_gives_up_the_flow);
	tcase_add_loop_test(answers, a_helper_may_detach_or_fail, 0, 3);
	suite_add_tcase(s, answers);
	tcase_add_test(limits, the_budget_is_shared);
	tcase_add_loop_test(limits, without_memory_the_helper_goes, 0, 2);
	tcase_add_test(limits, a_flow_may_be_refused);
	tcase_add_test(limits, sessions_are_limited);
	suite_add_tcase(s, limits);
	tcase_add_test(datagrams, a_datagram_is_a_message);
	tcase_add_test(datagrams, a_cut_datagram_says_so);
	tcase_add_loop_test(datagrams, a_datagram_helper_may_leave, 0, 2);
	suite_add_tcase(s, datagrams);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

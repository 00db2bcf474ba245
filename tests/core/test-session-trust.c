// SPDX-License-Identifier: GPL-2.0-or-later
/* Sessions: when the bytes of a connection can be trusted, and when the helper is switched off. */
#include "session-mock.h"

START_TEST(a_conflict_ends_trust)
{
	begin();
	say_message(0, "E");
	say_message(0, "O");
	ck_assert_int_eq(say_message(0, "first"), REASON_NONE);
	ck_assert(expects_any(room.expects));
	ck_assert_int_eq(room_segment(&talk, 0, TCP_ACK, -5, "thirst", 6), REASON_NONE);
	expect_off("conflict");
	ck_assert(!expects_any(room.expects));
	ck_assert_uint_eq(room_stats().helper.conflicts, 1);
	ck_assert_uint_eq(room.n_doors, 4);
	ck_assert_uint_eq(room.doors[3].action, EXPECT_CLOSED);
	end();
}
END_TEST

START_TEST(a_gap_detaches)
{
	begin();
	say_message(0, "E");
	room_ack(&talk, 1);
	talk.seq[0] += 10;
	say_message(0, "behind");
	ck_assert(is_on());
	ck_assert_uint_eq(seen.n, 1);
	room_ack(&talk, 1);
	expect_off("gap");
	ck_assert(expects_any(room.expects));
	ck_assert_uint_eq(room_stats().helper.gaps, 1);
	end();
}
END_TEST

START_TEST(a_gap_may_be_jumped)
{
	uint8_t bytes[64];

	begin_at(RESUME, 0xfffffff0u, 9);
	put_message(bytes, HEADER + 20, "lost");
	room_say(&talk, 0, bytes, 8);
	talk.seq[0] += 16;
	say_message(0, "one");
	talk.seq[0] += 100;
	say_message(0, "two");
	say_message(0, "three");
	ck_assert_uint_eq(seen.n, 0);
	room_ack(&talk, 1);
	ck_assert(is_on());
	ck_assert_uint_eq(seen.n, 3);
	expect_given(0, 0, "one");
	ck_assert_uint_eq(seen.given[0].flags, PN_MSG_AFTER_GAP);
	expect_given(1, 0, "two");
	ck_assert_uint_eq(seen.given[1].flags, PN_MSG_AFTER_GAP);
	expect_given(2, 0, "three");
	ck_assert_uint_eq(seen.given[2].flags, 0);
	ck_assert_uint_eq(room_stats().helper.gaps, 2);
	ck_assert_uint_eq(room_stats().helper.memory, 0);
	say_message(0, "four");
	ck_assert_uint_eq(seen.n, 4);
	end();
}
END_TEST

/* What the capture has not kept is lost in the end. */
START_TEST(a_cut_packet_is_a_gap)
{
	uint8_t bytes[64];
	struct packet p;
	size_t len;

	begin();
	len = put_message(bytes, HEADER + 5, "whole");
	len += put_message(bytes + len, HEADER + 20, "partpartpartpartpart");
	kit_packet(&(struct kit_packet){ .from = CLIENT,
			   .to = SERVER,
			   .flags = TCP_ACK,
			   .seq = talk.seq[0],
			   .ack = talk.seq[1],
			   .payload = bytes,
			   .len = len },
		room.now, NULL, &p);
	p.caplen -= 10;
	ck_assert_int_eq(room_packet(&p, NULL), REASON_NONE);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert(is_on());
	talk.seq[0] += (uint32_t)len;
	room_ack(&talk, 1);
	expect_off("gap");
	end();
}
END_TEST

/* It passes, because the other end will ask whether it is meant (RFC 5961 §3.2), but tells nothing
 * of what was sent before it. */
START_TEST(a_reset_that_ends_nothing_is_no_gap)
{
	begin();
	ck_assert_int_eq(room_segment(&talk, 0, TCP_RST, 30, NULL, 0), REASON_NONE);
	ck_assert(is_on());
	ck_assert_int_eq(say_message(0, "still here"), REASON_NONE);
	ck_assert_uint_eq(seen.n, 1);
	end();
}
END_TEST

/* Nobody makes a gap by acknowledging what was not sent. */
START_TEST(an_acknowledgement_ahead_is_no_gap)
{
	begin();
	talk.seq[0] += 30;
	room_ack(&talk, 1);
	talk.seq[0] -= 30;
	ck_assert(is_on());
	ck_assert_int_eq(say_message(0, "still here"), REASON_NONE);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_uint_eq(room_stats().helper.gaps, 0);
	end();
}
END_TEST

START_TEST(a_close_is_no_gap)
{
	begin();
	say_message(0, "bye");
	room_segment(&talk, 0, TCP_FIN | TCP_ACK, 0, NULL, 0);
	talk.seq[0]++;
	room_ack(&talk, 1);
	ck_assert_int_eq(say_message(1, "last words"), REASON_NONE);
	room_segment(&talk, 1, TCP_FIN | TCP_ACK, 0, NULL, 0);
	talk.seq[1]++;
	room_ack(&talk, 0);
	room_segment(&talk, 0, TCP_RST, 0, NULL, 0);
	ck_assert(is_on());
	ck_assert_uint_eq(seen.n, 2);
	ck_assert_uint_eq(room_stats().helper.gaps, 0);
	end();
}
END_TEST

/* Before the server's SYN was seen, what it says is behind a gap. */
START_TEST(a_side_without_its_syn)
{
	memset(&seen, 0, sizeof(seen));
	room_open(NULL, &plugin);
	talk = (struct room_talk){ .ends = { CLIENT, _i ? RESUME : SERVER }, .seq = { 7, 700 } };
	room_segment(&talk, 0, TCP_SYN, 0, NULL, 0);
	talk.seq[0]++;
	say_message(1, "hello");
	if (_i) {
		ck_assert(is_on());
		ck_assert_uint_eq(seen.given[0].flags, PN_MSG_AFTER_GAP);
		say_message(1, "again");
		ck_assert_uint_eq(seen.n, 2);
	} else {
		expect_off("gap");
		ck_assert_uint_eq(seen.n, 0);
	}
	end();
}
END_TEST

/* RFC 7413: data on the SYN, which the server may or may not take. */
START_TEST(a_syn_may_carry_data)
{
	uint8_t bytes[64];
	size_t len;

	memset(&seen, 0, sizeof(seen));
	room_open(NULL, &plugin);
	len = put_message(bytes, HEADER + 4, "fast");
	talk = (struct room_talk){ .ends = { CLIENT, SERVER }, .seq = { 99, 500 } };
	ck_assert_int_eq(room_segment(&talk, 0, TCP_SYN, 0, bytes, len), REASON_NONE);
	expect_given(0, 0, "fast");
	talk.seq[0]++;
	room_segment(&talk, 1, TCP_SYN | TCP_ACK, 0, NULL, 0);
	talk.seq[1]++;
	room_say(&talk, 0, bytes, len);
	ck_assert_uint_eq(seen.n, 1);
	room_segment(&talk, 0, TCP_SYN, -(int32_t)len - 1, NULL, 0);
	room_ack(&talk, 0);
	room_segment(&talk, 0, TCP_SYN, 5000, NULL, 0);
	say_message(0, "slow");
	ck_assert_uint_eq(seen.n, 2);
	ck_assert(is_on());
	end();
}
END_TEST

/* Data on a SYN, and then another SYN: which of them does the server believe? */
START_TEST(a_new_syn_after_data_is_a_conflict)
{
	uint8_t bytes[64];
	size_t len;

	memset(&seen, 0, sizeof(seen));
	room_open(NULL, &plugin);
	len = put_message(bytes, HEADER + 4, "fast");
	talk = (struct room_talk){ .ends = { CLIENT, SERVER }, .seq = { 99, 500 } };
	room_segment(&talk, 0, TCP_SYN, 0, bytes, len);
	ck_assert(is_on());
	room_segment(&talk, 0, TCP_SYN, 5, bytes, len);
	expect_off("conflict");
	end();
}
END_TEST

START_TEST(a_new_syn_begins_anew)
{
	memset(&seen, 0, sizeof(seen));
	room_open(NULL, &plugin);
	talk = (struct room_talk){ .ends = { CLIENT, SERVER }, .seq = { 99, 500 } };
	room_segment(&talk, 0, TCP_SYN, 0, NULL, 0);
	talk.seq[0] = 7777777;
	room_segment(&talk, 0, TCP_SYN, 0, NULL, 0);
	talk.seq[0]++;
	room_segment(&talk, 1, TCP_SYN | TCP_ACK, 0, NULL, 0);
	talk.seq[1]++;
	room_segment(&talk, 1, TCP_SYN | TCP_ACK, 100, NULL, 0);
	talk.seq[1] += 101;
	room_ack(&talk, 0);
	room_segment(&talk, 0, TCP_SYN, 31337, NULL, 0);
	say_message(0, "heard");
	say_message(1, "me too");
	ck_assert(is_on());
	expect_given(0, 0, "heard");
	expect_given(1, 1, "me too");
	end();
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("session-trust");
	TCase *trust = tcase_create("trust");
	tcase_add_test(trust, a_conflict_ends_trust);
	tcase_add_test(trust, a_gap_detaches);
	tcase_add_test(trust, a_gap_may_be_jumped);
	tcase_add_test(trust, a_cut_packet_is_a_gap);
	tcase_add_test(trust, a_reset_that_ends_nothing_is_no_gap);
	tcase_add_test(trust, an_acknowledgement_ahead_is_no_gap);
	tcase_add_test(trust, a_close_is_no_gap);
	tcase_add_loop_test(trust, a_side_without_its_syn, 0, 2);
	tcase_add_test(trust, a_syn_may_carry_data);
	tcase_add_test(trust, a_new_syn_begins_anew);
	tcase_add_test(trust, a_new_syn_after_data_is_a_conflict);
	suite_add_tcase(s, trust);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

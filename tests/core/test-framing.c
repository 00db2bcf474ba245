// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cutting a stream into messages. Two framings are tried: a length in the first two bytes, and one
 * that must see the first byte of the next message to know where its own ends.
 */
#include "helper/framing.h"

#include <string.h>

#include "kit/kit.h"

enum { MAX = 100, GIVEN_MAX = 64, FIRST = 0xfffffff0 };

static struct framing framing;
static struct stream_budget budget;
static struct {
	uint32_t seq;
	uint64_t total;
	size_t len;
	const uint8_t *at;
	uint8_t bytes[MAX];
} given[GIVEN_MAX];
static unsigned n_given, stop_at, asked;
static size_t longest_asked;

static int64_t
frame_length(void *context, const uint8_t *bytes, size_t len)
{
	asked++;
	longest_asked = len > longest_asked ? len : longest_asked;
	ck_assert_uint_le(len, MAX);
	if (bytes[0] == 0xff)
		return -1;
	return len < 2 ? 0 : (int64_t)bytes[0] << 8 | bytes[1];
}

/* Messages are runs of one letter. */
static int64_t
frame_run(void *context, const uint8_t *bytes, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		if (bytes[i] != bytes[0])
			return (int64_t)i;
	}
	return 0;
}

static int64_t
frame_huge(void *context, const uint8_t *bytes, size_t len)
{
	return INT64_MAX;
}

static int
message(void *context, uint32_t seq, const uint8_t *bytes, size_t len, uint64_t total)
{
	ck_assert_ptr_eq(context, &framing);
	ck_assert_uint_lt(n_given, GIVEN_MAX);
	ck_assert_uint_le(len, MAX);
	given[n_given].seq = seq;
	given[n_given].total = total;
	given[n_given].len = len;
	given[n_given].at = bytes;
	memcpy(given[n_given].bytes, bytes, len);
	n_given++;
	return n_given == stop_at;
}

static struct framing_user user = {
	.context = &framing,
	.max_message = MAX,
	.frame = frame_length,
	.message = message,
};

static void
setup(void)
{
	framing = (struct framing){ 0 };
	budget = (struct stream_budget){ .limit = 4096 };
	n_given = 0;
	stop_at = 0;
	asked = 0;
	longest_asked = 0;
	user.frame = frame_length;
}

static void
teardown(void)
{
	framing_clear(&framing, &budget);
	ck_assert_uint_eq(budget.used, 0);
}

static int
feed(uint32_t at, const void *bytes, size_t len)
{
	return framing_feed(&framing, &budget, &user, FIRST + at, bytes, len);
}

START_TEST(whole_messages_are_not_copied)
{
	static const uint8_t bytes[] = { 0, 4, 'a', 'b', 0, 2, 0, 3, 'c' };

	ck_assert_int_eq(feed(0, bytes, sizeof(bytes)), FRAMING_OK);
	ck_assert_uint_eq(n_given, 3);
	ck_assert_ptr_eq(given[0].at, bytes);
	ck_assert_ptr_eq(given[1].at, bytes + 4);
	ck_assert_ptr_eq(given[2].at, bytes + 6);
	ck_assert_uint_eq(given[2].len, 3);
	ck_assert_uint_eq(given[2].seq, FIRST + 6u);
	ck_assert_uint_eq(budget.peak, 0);
}
END_TEST

/* Only what is split is copied: what comes behind it in the same segment lies where it was. */
START_TEST(behind_a_split_message_nothing_is_copied)
{
	static const uint8_t bytes[] = { 0, 4, 'a', 'b', 0, 3, 'c' };

	ck_assert_int_eq(feed(0, bytes, 3), FRAMING_OK);
	ck_assert_uint_eq(n_given, 0);
	ck_assert_int_eq(feed(3, bytes + 3, 4), FRAMING_OK);
	ck_assert_uint_eq(n_given, 2);
	ck_assert_uint_eq(given[0].seq, (uint32_t)FIRST);
	ck_assert_mem_eq(given[0].bytes, bytes, 4);
	ck_assert_ptr_eq(given[1].at, bytes + 4);
	ck_assert_uint_eq(given[1].seq, FIRST + 4u);
	ck_assert_uint_eq(budget.used, 0);
	ck_assert_uint_eq(budget.peak, 256);
}
END_TEST

/* Runs of letters, the last of them unfinished, in two pieces: every message comes at once. */
START_TEST(messages_known_by_what_follows)
{
	static const char text[] = "aaabccccdde";
	size_t cut;

	user.frame = frame_run;
	for (cut = 0; cut < sizeof(text) - 1; cut++) {
		framing_clear(&framing, &budget);
		n_given = 0;
		ck_assert_int_eq(feed(0, text, cut), FRAMING_OK);
		ck_assert_int_eq(
			feed((uint32_t)cut, text + cut, sizeof(text) - 1 - cut), FRAMING_OK);
		ck_assert_uint_eq(n_given, 4);
		ck_assert_mem_eq(given[0].bytes, "aaa", 3);
		ck_assert_mem_eq(given[1].bytes, "b", 1);
		ck_assert_mem_eq(given[2].bytes, "cccc", 4);
		ck_assert_mem_eq(given[3].bytes, "dd", 2);
		ck_assert_uint_eq(given[3].seq, FIRST + 8u);
	}
}
END_TEST

/* An answer that falls back behind what was gathered: all that is there is looked at again. */
static int64_t
frame_late(void *context, const uint8_t *bytes, size_t len)
{
	if (len < 8 && bytes[0] == 'a')
		return 0;
	return bytes[0] == 'c' ? 3 : 2;
}

START_TEST(what_was_gathered_may_be_several_messages)
{
	user.frame = frame_late;
	ck_assert_int_eq(feed(0, "aabbccc", 7), FRAMING_OK);
	ck_assert_uint_eq(n_given, 0);
	ck_assert_int_eq(feed(7, "d", 1), FRAMING_OK);
	ck_assert_uint_eq(n_given, 3);
	ck_assert_mem_eq(given[0].bytes, "aa", 2);
	ck_assert_mem_eq(given[1].bytes, "bb", 2);
	ck_assert_mem_eq(given[2].bytes, "ccc", 3);
	ck_assert_uint_eq(given[2].len, 3);
	ck_assert_uint_eq(given[2].seq, FIRST + 4u);
	ck_assert_int_eq(feed(8, "dee", 3), FRAMING_OK);
	ck_assert_uint_eq(n_given, 5);
	ck_assert_mem_eq(given[3].bytes, "dd", 2);
	ck_assert_mem_eq(given[4].bytes, "ee", 2);
	ck_assert_uint_eq(given[4].seq, FIRST + 9u);
}
END_TEST

START_TEST(a_long_message_is_given_cut_and_skipped)
{
	static uint8_t bytes[300] = { 1, 0, 'x' };
	size_t piece, at, len;

	bytes[256] = 0;
	bytes[257] = 3;
	bytes[258] = 'y';
	for (piece = 1; piece < 260; piece++) {
		setup();
		for (at = 0; at < 259; at += len) {
			len = piece < 259 - at ? piece : 259 - at;
			ck_assert_int_eq(feed((uint32_t)at, bytes + at, len), FRAMING_OK);
		}
		ck_assert_uint_eq(n_given, 2);
		ck_assert_uint_eq(given[0].len, MAX);
		ck_assert_uint_eq(given[0].total, 256);
		ck_assert_uint_eq(given[1].len, 3);
		ck_assert_uint_eq(given[1].seq, FIRST + 256u);
		ck_assert_uint_eq(budget.used, 0);
		ck_assert_uint_le(budget.peak, 256);
	}
}
END_TEST

/* While its length is known, nobody is asked again. */
START_TEST(frame_is_asked_once_it_has_told)
{
	static const uint8_t bytes[60] = { 0, 60 };

	for (uint32_t at = 0; at < sizeof(bytes); at++)
		feed(at, bytes + at, 1);
	ck_assert_uint_eq(n_given, 1);
	ck_assert_uint_eq(asked, 2);
}
END_TEST

START_TEST(an_absurd_length_harms_nobody)
{
	static const uint8_t bytes[1000];
	unsigned i;

	user.frame = frame_huge;
	for (i = 0; i < 50; i++)
		ck_assert_int_eq(feed(1000 * i, bytes, sizeof(bytes)), FRAMING_OK);
	ck_assert_uint_eq(n_given, 1);
	ck_assert_uint_eq(given[0].total, INT64_MAX);
	ck_assert_uint_eq(given[0].len, MAX);
	ck_assert_uint_eq(budget.peak, 0);
}
END_TEST

START_TEST(bytes_that_are_no_message)
{
	static const uint8_t bytes[] = { 0, 2, 0xff };

	ck_assert_int_eq(feed(0, bytes, sizeof(bytes)), FRAMING_ALIEN);
	ck_assert_uint_eq(n_given, 1);
}
END_TEST

START_TEST(max_message_bytes_must_settle_it)
{
	static const uint8_t bytes[MAX];

	user.frame = frame_run;
	if (_i) {
		ck_assert_int_eq(feed(0, bytes, MAX - 1), FRAMING_OK);
		ck_assert_int_eq(feed(MAX - 1, bytes, 1), FRAMING_ALIEN);
	} else {
		ck_assert_int_eq(feed(0, bytes, MAX), FRAMING_ALIEN);
	}
}
END_TEST

START_TEST(the_user_may_stop)
{
	static const uint8_t bytes[] = { 0, 2, 0, 3, 'x', 0, 2 };

	stop_at = 2;
	if (_i) {
		ck_assert_int_eq(feed(0, bytes, 4), FRAMING_OK);
		ck_assert_int_eq(feed(4, bytes + 4, 3), FRAMING_STOPPED);
	} else {
		ck_assert_int_eq(feed(0, bytes, sizeof(bytes)), FRAMING_STOPPED);
	}
	ck_assert_uint_eq(n_given, 2);
}
END_TEST

START_TEST(the_budget_is_a_limit)
{
	static const uint8_t bytes[] = { 0, 50, 'x' };

	budget.limit = 255;
	ck_assert_int_eq(feed(0, bytes, sizeof(bytes)), FRAMING_MEMORY);
	ck_assert_uint_eq(budget.used, 0);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("framing");
	TCase *tc = tcase_create("framing");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, whole_messages_are_not_copied);
	tcase_add_test(tc, behind_a_split_message_nothing_is_copied);
	tcase_add_test(tc, messages_known_by_what_follows);
	tcase_add_test(tc, what_was_gathered_may_be_several_messages);
	tcase_add_test(tc, a_long_message_is_given_cut_and_skipped);
	tcase_add_test(tc, frame_is_asked_once_it_has_told);
	tcase_add_test(tc, an_absurd_length_harms_nobody);
	tcase_add_test(tc, bytes_that_are_no_message);
	tcase_add_loop_test(tc, max_message_bytes_must_settle_it, 0, 2);
	tcase_add_loop_test(tc, the_user_may_stop, 0, 2);
	tcase_add_test(tc, the_budget_is_a_limit);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

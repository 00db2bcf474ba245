// SPDX-License-Identifier: GPL-2.0-or-later
/* One direction of a TCP connection: order, overlaps, holes, gaps, limits. */
#include "helper/stream.h"

#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"

enum { WINDOW = 8192, FAR = 20000 };

static struct stream stream;
static struct stream_budget budget;
static uint8_t truth[FAR];
static uint8_t got[FAR];
static size_t n_got;
static uint32_t first;
static const uint8_t *last_bytes;
static size_t stop_after; /* the sink stops when it has that many bytes; 0: never */

static int
sink(void *context, uint32_t seq, const uint8_t *bytes, size_t len)
{
	ck_assert_ptr_eq(context, &stream);
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_le(n_got + len, sizeof(got));
	memcpy(got + (seq - first), bytes, len);
	n_got += len;
	last_bytes = bytes;
	return stop_after && n_got >= stop_after ? 7 : 0;
}

static void
begin(uint32_t seq)
{
	if (!truth[1]) {
		for (size_t i = 0; i < sizeof(truth); i++)
			truth[i] = (uint8_t)(i * 31 + (i >> 8));
	}
	memset(got, 0, sizeof(got));
	n_got = 0;
	stop_after = 0;
	first = seq;
	budget = (struct stream_budget){ .limit = 1 << 20 };
	stream_init(&stream, WINDOW);
	stream_begin(&stream, seq);
}

static void
end(void)
{
	stream_done(&stream, &budget);
	ck_assert_uint_eq(budget.used, 0);
}

/* True bytes from..to-1 of the stream. */
static int
put(size_t from, size_t to)
{
	return stream_segment(
		&stream, &budget, first + (uint32_t)from, truth + from, to - from, sink, &stream);
}

/* The same, but the byte at `lie` is another. */
static int
put_lie(size_t from, size_t to, size_t lie)
{
	int result;

	truth[lie] ^= 0x20;
	result = put(from, to);
	truth[lie] ^= 0x20;
	return result;
}

static void
acked(size_t to)
{
	stream_acked(&stream, &budget, first + (uint32_t)to);
}

static void
expect_got(size_t n)
{
	ck_assert_uint_eq(n_got, n);
	ck_assert_mem_eq(got, truth, n);
}

START_TEST(in_order_is_handed_on_where_it_lies)
{
	begin(1000);
	ck_assert_int_eq(put(0, 100), STREAM_OK);
	ck_assert_ptr_eq(last_bytes, truth);
	ck_assert_int_eq(put(100, 250), STREAM_OK);
	ck_assert_ptr_eq(last_bytes, truth + 100);
	expect_got(250);
	end();
}
END_TEST

START_TEST(at_rest_nothing_is_held)
{
	begin(1000);
	put(0, 100);
	ck_assert_uint_eq(budget.used, 1024);
	acked(50);
	ck_assert_uint_eq(budget.used, 1024);
	acked(100);
	ck_assert_uint_eq(budget.used, 0);
	ck_assert_ptr_null(stream.ring);
	put(100, 200);
	acked(200);
	expect_got(200);
	ck_assert_uint_eq(budget.used, 0);
	ck_assert_uint_eq(budget.peak, 1024);
	end();
}
END_TEST

START_TEST(a_hole_is_waited_for)
{
	begin(1000);
	ck_assert_int_eq(put(100, 200), STREAM_OK);
	ck_assert_int_eq(put(300, 400), STREAM_OK);
	expect_got(0);
	ck_assert_int_eq(put(0, 100), STREAM_OK);
	expect_got(200);
	ck_assert_int_eq(put(200, 300), STREAM_OK);
	expect_got(400);
	ck_assert_uint_eq(stream.ahead.n, 0);
	end();
}
END_TEST

/* Wherever the sequence numbers wrap, and in whatever order three segments come. */
START_TEST(order_does_not_matter)
{
	static const uint8_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
		{ 2, 0, 1 }, { 2, 1, 0 } };
	static const size_t edges[3][2] = { { 0, 40 }, { 20, 90 }, { 90, 130 } };
	unsigned i, j;
	uint32_t back;

	for (back = 0; back < 140; back++) {
		for (i = 0; i < 6; i++) {
			begin(0u - back);
			for (j = 0; j < 3; j++)
				ck_assert_int_eq(
					put(edges[orders[i][j]][0], edges[orders[i][j]][1]),
					STREAM_OK);
			expect_got(130);
			acked(130);
			end();
		}
	}
}
END_TEST

START_TEST(a_retransmission_is_not_handed_on_again)
{
	begin(1000);
	put(0, 100);
	ck_assert_int_eq(put(0, 100), STREAM_OK);
	ck_assert_int_eq(put(40, 60), STREAM_OK);
	expect_got(100);
	ck_assert_int_eq(put(50, 150), STREAM_OK);
	expect_got(150);
	end();
}
END_TEST

START_TEST(a_retransmission_that_says_something_else_is_found)
{
	size_t lie;
	int result;

	for (lie = 0; lie < 300; lie++) {
		begin(1000);
		put(0, 100);
		acked(30);
		put(200, 250);
		result = put_lie(0, 300, lie);
		if (lie < 30 || (lie >= 100 && lie < 200) || lie >= 250) {
			ck_assert_int_eq(result, STREAM_OK);
			ck_assert_uint_eq(n_got, 300);
		} else {
			ck_assert_int_eq(result, STREAM_CONFLICT);
			expect_got(100);
			ck_assert_int_eq(put(100, 110), STREAM_CONFLICT);
			expect_got(100);
		}
		end();
	}
}
END_TEST

/* A keep-alive (RFC 9293 §3.8.4) repeats the last byte, with rubbish in it. */
START_TEST(what_is_acknowledged_may_say_anything)
{
	begin(1000);
	put(0, 100);
	acked(100);
	ck_assert_int_eq(put_lie(99, 100, 99), STREAM_OK);
	ck_assert_int_eq(put_lie(0, 100, 50), STREAM_OK);
	ck_assert_int_eq(put(100, 120), STREAM_OK);
	expect_got(120);
	end();
}
END_TEST

START_TEST(holes_are_limited)
{
	begin(1000);
	for (size_t i = 0; i < STREAM_HOLES_MAX; i++)
		ck_assert_int_eq(put(10 + 20 * i, 15 + 20 * i), STREAM_OK);
	ck_assert_uint_eq(stream.ahead.n, STREAM_HOLES_MAX);
	ck_assert_int_eq(put(15, 30), STREAM_OK);
	ck_assert_uint_eq(stream.ahead.n, STREAM_HOLES_MAX - 1);
	ck_assert_int_eq(put(1000, 1010), STREAM_OK);
	ck_assert_int_eq(put(2000, 2010), STREAM_MEMORY);
	ck_assert_int_eq(put(0, 10), STREAM_MEMORY);
	expect_got(0);
	end();
}
END_TEST

START_TEST(touching_ranges_are_one)
{
	begin(1000);
	put(10, 20);
	put(30, 40);
	put(50, 60);
	ck_assert_uint_eq(stream.ahead.n, 3);
	put(20, 30);
	ck_assert_uint_eq(stream.ahead.n, 2);
	put(5, 70);
	ck_assert_uint_eq(stream.ahead.n, 1);
	put(0, 6);
	expect_got(70);
	end();
}
END_TEST

START_TEST(the_window_is_a_limit)
{
	begin(1000);
	ck_assert_int_eq(put(0, WINDOW), STREAM_OK);
	acked(10);
	ck_assert_int_eq(put(WINDOW, WINDOW + 10), STREAM_OK);
	ck_assert_uint_eq(stream.size, WINDOW);
	expect_got(WINDOW + 10);
	ck_assert_int_eq(put(WINDOW + 10, WINDOW + 11), STREAM_MEMORY);
	end();

	begin(1000);
	ck_assert_int_eq(put(WINDOW - 1, WINDOW + 1), STREAM_MEMORY);
	expect_got(0);
	end();
}
END_TEST

START_TEST(the_limit_is_a_power_of_two)
{
	static const struct {
		uint32_t limit, size;
	} cases[] = { { 0, 1024 }, { 1024, 1024 }, { 2047, 1024 }, { 2048, 2048 }, { 65535, 32768 },
		{ 65536, 65536 }, { UINT32_MAX, 1u << 30 } };

	stream_init(&stream, cases[_i].limit);
	ck_assert_uint_eq(stream.limit, cases[_i].size);
}
END_TEST

/* A number is ahead or behind, half of all each: what is ahead must be in the window, and what is
 * behind is old. */
static const struct {
	uint32_t far;
	int result;
} nowhere[] = {
	{ 100000, STREAM_MEMORY },
	{ 0x7fffff00, STREAM_MEMORY },
	{ 0x80000001, STREAM_OK },
	{ 0xfffff000, STREAM_OK },
	{ 0xffffff9c, STREAM_OK },
};

START_TEST(numbers_from_nowhere_do_no_harm)
{
	int result = nowhere[_i].result;

	begin(5);
	ck_assert_int_eq(put(0, 10), STREAM_OK);
	ck_assert_int_eq(stream_segment(&stream, &budget, 5 + nowhere[_i].far, truth + 1, 100, sink,
				 &stream),
		result);
	expect_got(10);
	/* Beyond the window nothing more is taken; what is old makes no difference. */
	ck_assert_int_eq(put(10, 20), result);
	expect_got(result == STREAM_OK ? 20 : 10);
	end();
}
END_TEST

START_TEST(the_budget_is_a_limit)
{
	struct stream other;

	begin(1000);
	budget.limit = 3072;
	stream_init(&other, WINDOW);
	stream_begin(&other, 1);
	ck_assert_int_eq(put(0, 2000), STREAM_OK);
	ck_assert_uint_eq(budget.used, 2048);
	ck_assert_int_eq(stream_segment(&other, &budget, 100, truth, 10, sink, &stream), STREAM_OK);
	ck_assert_uint_eq(budget.used, 3072);
	ck_assert_int_eq(put(2000, 2100), STREAM_MEMORY);
	ck_assert_int_eq(put(0, 1), STREAM_MEMORY);
	expect_got(2000);
	stream_done(&other, &budget);
	end();
	ck_assert_uint_eq(budget.peak, 3072);
}
END_TEST

START_TEST(the_ring_grows_with_what_is_in_it)
{
	begin(0xfffffe00u);
	put(0, 1024);
	ck_assert_uint_eq(stream.size, 1024);
	put(1024, 1025);
	ck_assert_uint_eq(stream.size, 2048);
	ck_assert_int_eq(put(0, 1025), STREAM_OK);
	end();

	begin(0xfffffe00u);
	put(0, 600);
	acked(500);
	put(1000, 1400);
	ck_assert_uint_eq(stream.size, 1024);
	put(3000, 3100);
	ck_assert_uint_eq(stream.size, 4096);
	ck_assert_int_eq(put_lie(550, 560, 555), STREAM_CONFLICT);
	end();

	begin(0xfffffe00u);
	put(0, 600);
	acked(500);
	put(1000, 1400);
	put(3000, 3100);
	put(550, 1000);
	put(1400, 3000);
	expect_got(3100);
	end();
}
END_TEST

START_TEST(a_gap_is_what_was_acknowledged_and_never_seen)
{
	begin(1000);
	put(0, 100);
	ck_assert(!stream_has_gap(&stream, first + 100));
	ck_assert(stream_has_gap(&stream, first + 101));
	put(200, 300);
	put(400, 500);
	ck_assert(stream_has_gap(&stream, first + 450));

	ck_assert_int_eq(stream_skip(&stream, &budget, first + 450, sink, &stream), STREAM_OK);
	ck_assert_uint_eq(n_got, 200);
	ck_assert_mem_eq(got + 200, truth + 200, 100);
	ck_assert(stream_has_gap(&stream, first + 450));

	ck_assert_int_eq(stream_skip(&stream, &budget, first + 450, sink, &stream), STREAM_OK);
	ck_assert_uint_eq(n_got, 300);
	ck_assert_mem_eq(got + 400, truth + 400, 100);
	ck_assert(!stream_has_gap(&stream, first + 450));
	acked(500);
	ck_assert_uint_eq(budget.used, 0);
	ck_assert_int_eq(stream_skip(&stream, &budget, first + 500, sink, &stream), STREAM_OK);

	ck_assert_int_eq(put(500, 510), STREAM_OK);
	ck_assert_uint_eq(n_got, 310);
	end();
}
END_TEST

START_TEST(a_gap_with_nothing_behind_it)
{
	begin(1000);
	put(0, 100);
	ck_assert_int_eq(stream_skip(&stream, &budget, first + 500, sink, &stream), STREAM_OK);
	ck_assert_uint_eq(budget.used, 0);
	ck_assert_int_eq(put_lie(0, 500, 99), STREAM_OK);
	ck_assert_uint_eq(n_got, 100);
	put(500, 600);
	ck_assert_uint_eq(n_got, 200);
	end();
}
END_TEST

START_TEST(the_sink_may_stop)
{
	begin(1000);
	stop_after = 100;
	ck_assert_int_eq(put(0, 100), 7);
	expect_got(100);
	end();

	begin(1000);
	put(100, 200);
	stop_after = 100;
	ck_assert_int_eq(put(0, 100), 7);
	expect_got(100);
	stop_after = 0;
	ck_assert_int_eq(put(200, 210), STREAM_OK);
	ck_assert_int_eq(put(100, 220), STREAM_OK);
	expect_got(220);
	end();
}
END_TEST

START_TEST(before_it_has_begun_nothing_is_taken)
{
	begin(1000);
	stream_init(&stream, WINDOW);
	ck_assert_int_eq(put(0, 100), STREAM_OK);
	ck_assert(!stream_has_gap(&stream, 5000));
	ck_assert_int_eq(stream_skip(&stream, &budget, 5000, sink, &stream), STREAM_OK);
	stream_acked(&stream, &budget, 5000);
	expect_got(0);
	ck_assert_uint_eq(budget.used, 0);
	stream_begin(&stream, 1000);
	ck_assert_int_eq(put(0, 100), STREAM_OK);
	ck_assert_int_eq(put(100, 100), STREAM_OK);
	expect_got(100);
	end();
}
END_TEST

START_TEST(an_acknowledgement_of_the_future_keeps_no_copy)
{
	begin(1000);
	put(0, 100);
	put(200, 300);
	acked(150);
	ck_assert_uint_eq(stream.kept, first + 100);
	ck_assert_uint_eq(budget.used, 1024);
	put(100, 200);
	expect_got(300);
	end();
}
END_TEST

/* Any cutting of the same bytes, with overlaps and in disorder, gives the same stream. */
START_TEST(any_cutting_gives_the_same_stream)
{
	uint32_t random = (uint32_t)_i * 2654435761u + 1;
	size_t upto = 0, from, len;

	begin(random);
	while (upto < 15000) {
		random = random * 1664525u + 1013904223u;
		from = upto + (random >> 16) % 900;
		from = from < 300 ? 0 : from - 300;
		len = 1 + (random >> 8) % 700;
		ck_assert_int_eq(put(from, from + len), STREAM_OK);
		upto = stream.next - first;
		if (stream.ahead.n > STREAM_HOLES_MAX / 2)
			ck_assert_int_eq(put(upto, upto + 500), STREAM_OK);
		upto = stream.next - first;
		if (random % 3 == 0)
			acked(upto - upto % 100);
	}
	expect_got(upto);
	acked(upto);
	end();
	ck_assert_uint_le(budget.peak, WINDOW);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("stream");
	TCase *order = tcase_create("order");
	TCase *limits = tcase_create("limits");
	TCase *gaps = tcase_create("gaps");

	tcase_add_test(order, in_order_is_handed_on_where_it_lies);
	tcase_add_test(order, at_rest_nothing_is_held);
	tcase_add_test(order, a_hole_is_waited_for);
	tcase_add_test(order, order_does_not_matter);
	tcase_add_test(order, a_retransmission_is_not_handed_on_again);
	tcase_add_test(order, a_retransmission_that_says_something_else_is_found);
	tcase_add_test(order, what_is_acknowledged_may_say_anything);
	tcase_add_test(order, the_sink_may_stop);
	tcase_add_test(order, before_it_has_begun_nothing_is_taken);
	tcase_add_loop_test(order, any_cutting_gives_the_same_stream, 0, 20);
	suite_add_tcase(s, order);
	tcase_add_test(limits, holes_are_limited);
	tcase_add_test(limits, touching_ranges_are_one);
	tcase_add_test(limits, the_window_is_a_limit);
	tcase_add_loop_test(limits, the_limit_is_a_power_of_two, 0, 7);
	tcase_add_loop_test(limits, numbers_from_nowhere_do_no_harm, 0, 5);
	tcase_add_test(limits, the_budget_is_a_limit);
	tcase_add_test(limits, the_ring_grows_with_what_is_in_it);
	suite_add_tcase(s, limits);
	tcase_add_test(gaps, a_gap_is_what_was_acknowledged_and_never_seen);
	tcase_add_test(gaps, a_gap_with_nothing_behind_it);
	tcase_add_test(gaps, an_acknowledgement_of_the_future_keeps_no_copy);
	suite_add_tcase(s, gaps);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

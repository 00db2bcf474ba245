// SPDX-License-Identifier: GPL-2.0-or-later
/* Time that neither stands still nor leaps while somebody sets the clock. */
#include "kernel/steady.h"

#include "kit/kit.h"

#define SECOND UINT64_C(1000000000)
#define DAY    (86400 * SECOND)
#define START  (1000000 * SECOND)

START_TEST(follows_the_clock)
{
	struct steady s = { 0 };
	uint64_t last;

	ck_assert_uint_eq(steady_from(&s, START, 77), START);
	ck_assert_uint_eq(steady_from(&s, START + 5, 82), START + 5);
	/* The clock is corrected a little, as NTP does: followed at once. */
	last = steady_from(&s, START + 10 * SECOND + 1000, 10 * SECOND + 77);
	ck_assert_uint_eq(last, START + 10 * SECOND + 1000);
	ck_assert_int_eq(s.ahead, 1000);
	ck_assert(!s.leapt);
}
END_TEST

/* Hours forward or back: eight seconds are nine, or seven, until it has come round. */
START_TEST(set_clocks_are_followed_slowly)
{
	static const int64_t steps[] = { 9000, -9000 };

	for (unsigned i = 0; i < 2; i++) {
		int64_t step = steps[i] * (int64_t)SECOND;
		struct steady s = { 0 };
		uint64_t paced = 0, last = steady_from(&s, START, 0), time;

		for (unsigned n = 1; n <= 9000; n++) {
			paced += 8 * SECOND;
			time = steady_from(&s, START + paced + (uint64_t)step, paced);
			ck_assert_uint_ge(time - last, 7 * SECOND);
			ck_assert_uint_le(time - last, 9 * SECOND);
			last = time;
		}
		ck_assert_uint_eq(last, START + paced + (uint64_t)step);
		ck_assert(!s.leapt);
	}
}
END_TEST

/* Years back: time goes on, and never goes back. */
START_TEST(years_back)
{
	struct steady s = { 0 };
	uint64_t last = steady_from(&s, 20000 * DAY, 0), time;

	for (uint64_t paced = 1; paced < 100; paced++) {
		time = steady_from(&s, DAY + paced, paced);
		ck_assert_uint_ge(time, last);
		last = time;
	}
	ck_assert_uint_gt(last, 20000 * DAY);
	ck_assert_int_lt(s.ahead, 0);
}
END_TEST

/* A machine without a battery learns the date. */
START_TEST(a_leap)
{
	struct steady s = { 0 };

	steady_from(&s, 100 * SECOND, 0);
	ck_assert_uint_lt(steady_from(&s, DAY, SECOND), 102 * SECOND);
	ck_assert(!s.leapt);
	ck_assert_uint_eq(steady_from(&s, 20000 * DAY, 2 * SECOND), 20000 * DAY);
	ck_assert(s.leapt);
	ck_assert_int_eq(s.ahead, 0);
	ck_assert_uint_eq(steady_from(&s, 20000 * DAY + 3, 2 * SECOND + 3), 20000 * DAY + 3);
}
END_TEST

START_TEST(real_clocks)
{
	struct steady s = { 0 };
	uint64_t first = steady_now(&s), second = steady_now(&s);

	ck_assert_uint_gt(first, 10000 * DAY);
	ck_assert_uint_ge(second, first);
	ck_assert_uint_lt(second - first, 60 * SECOND);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("steady");
	TCase *c = tcase_create("steady");

	tcase_add_test(c, follows_the_clock);
	tcase_add_test(c, set_clocks_are_followed_slowly);
	tcase_add_test(c, years_back);
	tcase_add_test(c, a_leap);
	tcase_add_test(c, real_clocks);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

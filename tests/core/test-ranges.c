// SPDX-License-Identifier: GPL-2.0-or-later
/* Ranges of sequence numbers. */
#include "helper/ranges.h"

#include <errno.h>
#include <string.h>

#include "kit/kit.h"

static int
add(struct ranges *ranges, uint32_t start, uint32_t end)
{
	return ranges_add(ranges, (struct range){ .start = start, .end = end });
}

static bool
overlap(const struct ranges *ranges, uint32_t start, uint32_t end)
{
	return ranges_overlap(ranges, (struct range){ .start = start, .end = end });
}

START_TEST(distances_go_around)
{
	ck_assert_int_eq(seq_distance(5, 9), 4);
	ck_assert_int_eq(seq_distance(9, 5), -4);
	ck_assert_int_eq(seq_distance(0xfffffffe, 3), 5);
	ck_assert_int_eq(seq_distance(3, 0xfffffffe), -5);
}
END_TEST

/* One range added to 10-20, 30-40, 50-60: what the list is then. */
START_TEST(ranges_that_touch_are_one)
{
	static const struct {
		uint32_t start, end;
		unsigned n;
		uint32_t edges[8];
	} cases[] = {
		{ 0, 5, 4, { 0, 5, 10, 20, 30, 40, 50, 60 } },
		{ 22, 28, 4, { 10, 20, 22, 28, 30, 40, 50, 60 } },
		{ 70, 80, 4, { 10, 20, 30, 40, 50, 60, 70, 80 } },
		{ 0, 10, 3, { 0, 20, 30, 40, 50, 60 } },
		{ 20, 25, 3, { 10, 25, 30, 40, 50, 60 } },
		{ 20, 30, 2, { 10, 40, 50, 60 } },
		{ 12, 18, 3, { 10, 20, 30, 40, 50, 60 } },
		{ 10, 20, 3, { 10, 20, 30, 40, 50, 60 } },
		{ 15, 55, 1, { 10, 60 } },
		{ 0, 100, 1, { 0, 100 } },
		{ 35, 45, 3, { 10, 20, 30, 45, 50, 60 } },
	};

	for (uint32_t base = 0xffffffc0; base != 0x40; base++) {
		struct ranges ranges = { 0 };

		add(&ranges, base + 30, base + 40);
		add(&ranges, base + 50, base + 60);
		add(&ranges, base + 10, base + 20);
		ck_assert_int_eq(add(&ranges, base + cases[_i].start, base + cases[_i].end), 0);
		ck_assert_uint_eq(ranges.n, cases[_i].n);
		for (unsigned i = 0; i < ranges.n; i++) {
			ck_assert_uint_eq(ranges.list[i].start, base + cases[_i].edges[2 * i]);
			ck_assert_uint_eq(ranges.list[i].end, base + cases[_i].edges[2 * i + 1]);
		}
	}
}
END_TEST

START_TEST(a_full_list_is_left_as_it_is)
{
	struct ranges ranges = { 0 }, before;
	unsigned i;

	for (i = 0; i < RANGES_MAX; i++)
		ck_assert_int_eq(add(&ranges, 10 * i, 10 * i + 5), 0);
	before = ranges;
	ck_assert_int_eq(add(&ranges, 1000, 1001), -ENOSPC);
	ck_assert_int_eq(add(&ranges, 6, 7), -ENOSPC);
	ck_assert_mem_eq(&ranges, &before, sizeof(ranges));
	ck_assert_int_eq(add(&ranges, 5, 10), 0);
	ck_assert_uint_eq(ranges.n, RANGES_MAX - 1);
	ck_assert_int_eq(add(&ranges, 1000, 1001), 0);
}
END_TEST

START_TEST(the_first_may_be_taken_out)
{
	struct ranges ranges = { 0 };

	add(&ranges, 10, 20);
	add(&ranges, 30, 40);
	ranges_pop(&ranges);
	ck_assert_uint_eq(ranges.n, 1);
	ck_assert_uint_eq(ranges.list[0].start, 30);
	ranges_pop(&ranges);
	ck_assert_uint_eq(ranges.n, 0);
}
END_TEST

START_TEST(overlap_means_a_number_in_common)
{
	struct ranges ranges = { 0 };

	ck_assert(!overlap(&ranges, 0, 100));
	add(&ranges, 0xfffffff0, 10);
	add(&ranges, 20, 30);
	ck_assert(overlap(&ranges, 0xffffffff, 0));
	ck_assert(overlap(&ranges, 9, 10));
	ck_assert(overlap(&ranges, 9, 21));
	ck_assert(overlap(&ranges, 29, 35));
	ck_assert(!overlap(&ranges, 10, 20));
	ck_assert(!overlap(&ranges, 30, 31));
	ck_assert(!overlap(&ranges, 0xffffff00, 0xfffffff0));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("ranges");
	TCase *tc = tcase_create("ranges");

	tcase_add_test(tc, distances_go_around);
	tcase_add_loop_test(tc, ranges_that_touch_are_one, 0, 11);
	tcase_add_test(tc, a_full_list_is_left_as_it_is);
	tcase_add_test(tc, the_first_may_be_taken_out);
	tcase_add_test(tc, overlap_means_a_number_in_common);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

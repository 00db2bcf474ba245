// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes that never pass. */
#include "helper/drops.h"

#include "kit/kit.h"

static bool
hit(const struct drops *drops, uint32_t start, uint32_t end)
{
	return drops_hit(drops, (struct range){ .start = start, .end = end });
}

START_TEST(nothing_is_hit_by_an_empty_list)
{
	struct drops drops = { 0 };

	ck_assert(!drops_any(&drops));
	ck_assert(!hit(&drops, 0, 0x7fffffff));
}
END_TEST

START_TEST(whatever_carries_a_byte_is_hit)
{
	struct drops drops = { 0 };

	drops_add(&drops, 0xfffffff0, 32);
	ck_assert(drops_any(&drops));
	ck_assert(hit(&drops, 0xfffffff0, 0x10));
	ck_assert(hit(&drops, 0xffffff00, 0xfffffff1));
	ck_assert(hit(&drops, 0x0f, 0x500));
	ck_assert(hit(&drops, 0xffffff00, 0x500));
	ck_assert(!hit(&drops, 0x10, 0x500));
	ck_assert(!hit(&drops, 0xffffff00, 0xfffffff0));
}
END_TEST

START_TEST(no_bytes_are_no_hit)
{
	struct drops drops = { 0 };

	drops_add(&drops, 100, 50);
	ck_assert(!hit(&drops, 120, 120));
	drops_add(&drops, 100, UINT64_MAX);
	ck_assert(!hit(&drops, 120, 120));
}
END_TEST

START_TEST(too_many_ranges_are_endless_from_the_lowest)
{
	struct drops drops = { 0 };
	unsigned i;

	for (i = 0; i < RANGES_MAX; i++)
		drops_add(&drops, 1000 + 10 * i, 5);
	ck_assert(!hit(&drops, 1006, 1009));
	drops_add(&drops, 5000, 5);
	ck_assert(hit(&drops, 1006, 1009));
	ck_assert(hit(&drops, 4000, 4001));
	ck_assert(hit(&drops, 9000, 9001));
	ck_assert(!hit(&drops, 900, 1000));
	ck_assert(hit(&drops, 900, 1001));
	drops_add(&drops, 500, 5);
	ck_assert(hit(&drops, 600, 601));
	ck_assert(!hit(&drops, 400, 500));
}
END_TEST

START_TEST(a_length_that_wraps_is_endless)
{
	static const uint64_t lengths[] = { (1u << 30) + 1, UINT64_C(1) << 32, UINT64_MAX };
	struct drops drops = { 0 };

	drops_add(&drops, 700, 10);
	drops_add(&drops, 1000, lengths[_i]);
	ck_assert(hit(&drops, 1000, 1001));
	ck_assert(hit(&drops, 0x40000000, 0x40000001));
	ck_assert(hit(&drops, 700, 701));
	ck_assert(!hit(&drops, 600, 700));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("drops");
	TCase *tc = tcase_create("drops");

	tcase_add_test(tc, nothing_is_hit_by_an_empty_list);
	tcase_add_test(tc, whatever_carries_a_byte_is_hit);
	tcase_add_test(tc, no_bytes_are_no_hit);
	tcase_add_test(tc, too_many_ranges_are_endless_from_the_lowest);
	tcase_add_loop_test(tc, a_length_that_wraps_is_endless, 0, 3);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

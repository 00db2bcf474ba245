// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "flow/slab.h"
#include "kit/kit.h"

START_TEST(indices_begin_at_one_and_end_at_capacity)
{
	struct slab slab;

	ck_assert_int_eq(slab_init(&slab, 64, 3), 0);
	ck_assert_uint_eq(slab_get(&slab), 1);
	ck_assert_uint_eq(slab_get(&slab), 2);
	ck_assert_uint_eq(slab_get(&slab), 3);
	ck_assert_uint_eq(slab_get(&slab), 0);
	ck_assert_uint_eq(slab.count, 3);
	slab_done(&slab);
}
END_TEST

START_TEST(freed_ones_come_back_first)
{
	struct slab slab;

	ck_assert_int_eq(slab_init(&slab, 64, 10), 0);
	for (int n = 0; n < 4; n++)
		slab_get(&slab);
	slab_put(&slab, 2);
	slab_put(&slab, 4);
	ck_assert_uint_eq(slab.count, 2);
	ck_assert_uint_eq(slab_get(&slab), 4);
	ck_assert_uint_eq(slab_get(&slab), 2);
	ck_assert_uint_eq(slab_get(&slab), 5);
	ck_assert_uint_eq(slab.high, 5);
	slab_done(&slab);
}
END_TEST

START_TEST(records_do_not_overlap)
{
	struct slab slab;

	ck_assert_int_eq(slab_init(&slab, 24, 1000), 0);
	for (uint32_t n = 1; n <= 1000; n++)
		memset(slab_at(&slab, slab_get(&slab)), (int)(n & 0xff), 24);
	for (uint32_t n = 1; n <= 1000; n++)
		for (int byte = 0; byte < 24; byte++)
			ck_assert_uint_eq(((uint8_t *)slab_at(&slab, n))[byte], n & 0xff);
	slab_done(&slab);
}
END_TEST

START_TEST(more_than_the_address_space_is_refused)
{
	struct slab slab;

	ck_assert_int_eq(slab_init(&slab, (size_t)1 << 40, UINT32_MAX), -ENOMEM);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("slab");
	TCase *c = tcase_create("slab");

	tcase_add_test(c, indices_begin_at_one_and_end_at_capacity);
	tcase_add_test(c, freed_ones_come_back_first);
	tcase_add_test(c, records_do_not_overlap);
	tcase_add_test(c, more_than_the_address_space_is_refused);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

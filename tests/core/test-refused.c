// SPDX-License-Identifier: GPL-2.0-or-later
#include "flow/refused.h"

#include "kit/kit.h"

#define T0 UINT64_C(1700000000000000000)

static struct key
key(uint64_t n)
{
	return (struct key){ .w = { UINT64_C(4) << 40 | UINT64_C(6) << 32 | 80, n } };
}

START_TEST(remembered_for_a_minute)
{
	static struct refused refused;
	struct key k = key(1), other = key(2);

	ck_assert(!refused_lately(&refused, &k, T0));
	refused_add(&refused, &k, T0);
	ck_assert(refused_lately(&refused, &k, T0));
	ck_assert(refused_lately(&refused, &k, T0 + REFUSED_TIME - 1));
	ck_assert(!refused_lately(&refused, &k, T0 + REFUSED_TIME));
	ck_assert(!refused_lately(&refused, &other, T0));
}
END_TEST

START_TEST(memory_is_fixed_and_newer_ones_win)
{
	static struct refused refused;
	unsigned kept = 0;

	for (uint64_t n = 0; n < 4 * REFUSED_SLOTS; n++) {
		struct key k = key(n);

		refused_add(&refused, &k, T0 + n);
		ck_assert(refused_lately(&refused, &k, T0 + n));
	}
	for (uint64_t n = 0; n < 4 * REFUSED_SLOTS; n++) {
		struct key k = key(n);

		kept += refused_lately(&refused, &k, T0 + 4 * REFUSED_SLOTS);
	}
	ck_assert_uint_gt(kept, REFUSED_SLOTS / 2);
	ck_assert_uint_le(kept, REFUSED_SLOTS);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("refused");
	TCase *c = tcase_create("refused");

	tcase_add_test(c, remembered_for_a_minute);
	tcase_add_test(c, memory_is_fixed_and_newer_ones_win);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

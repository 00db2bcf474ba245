// SPDX-License-Identifier: GPL-2.0-or-later
/* The index against a plain model: every pair that was added and not removed is found, and no more,
 * at every step of a growth and with hashes that all fall together. */
#include <string.h>

#include <glib.h>

#include "flow/buckets.h"
#include "kit/kit.h"

static bool
finds(const struct buckets *buckets, uint32_t hash, uint32_t index)
{
	const struct bucket_array *array = buckets_array(buckets, hash);
	uint32_t at = hash & array->mask;

	for (uint32_t steps = 0; steps <= array->mask; steps++) {
		const struct bucket *bucket = &array->buckets[at];
		unsigned match = bucket_match(bucket, hash);

		for (; match; match &= match - 1)
			if (bucket->index[__builtin_ctz(match)] == index)
				return true;
		if (!bucket_is_full(bucket))
			return false;
		at = (at + 1) & array->mask;
	}
	return false;
}

/* A small repeatable generator. */
static uint32_t
next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

struct model {
	uint32_t *hashes; /* by index; valid if in[index] */
	bool *in;
	uint32_t size;
};

static void
check_all(const struct buckets *buckets, const struct model *model)
{
	uint32_t count = 0;

	for (uint32_t n = 1; n < model->size; n++) {
		ck_assert_int_eq(finds(buckets, model->hashes[n], n), model->in[n]);
		count += model->in[n];
	}
	ck_assert_uint_eq(buckets->count, count);
}

/* Adds and removes at random; `hash_mask` makes hashes fall together. */
static void
churn(uint32_t hash_mask, uint32_t size, uint32_t steps, uint32_t check_every)
{
	struct model model = {
		.hashes = g_new0(uint32_t, size),
		.in = g_new0(bool, size),
		.size = size,
	};
	struct buckets buckets;
	uint64_t random = 42;

	ck_assert_int_eq(buckets_init(&buckets, 0), 0);
	for (uint32_t step = 0; step < steps; step++) {
		uint32_t n = 1 + next_random(&random) % (size - 1);

		/* Grows in the first half, shrinks in the second. */
		if (model.in[n] && (step > steps / 2 || next_random(&random) % 4 == 0)) {
			buckets_remove(&buckets, model.hashes[n], n);
			model.in[n] = false;
		} else if (!model.in[n] && step <= steps / 2) {
			model.hashes[n] = next_random(&random) & hash_mask;
			ck_assert_int_eq(buckets_add(&buckets, model.hashes[n], n), 0);
			model.in[n] = true;
		}
		if (step % 32 == 0)
			buckets_work(&buckets);
		if (step % check_every == 0)
			check_all(&buckets, &model);
	}
	check_all(&buckets, &model);
	buckets_done(&buckets);
	g_free(model.hashes);
	g_free(model.in);
}

START_TEST(random_pairs_while_it_grows)
{
	churn(UINT32_MAX, 3000, 20000, 250);
}
END_TEST

START_TEST(hashes_that_fall_together)
{
	churn(0x3f, 600, 4000, 50);
}
END_TEST

START_TEST(hashes_at_the_end_of_the_array)
{
	/* All homes are the last buckets, so every run goes around the end. */
	struct buckets buckets;
	uint32_t last = 63;

	ck_assert_int_eq(buckets_init(&buckets, 0), 0);
	for (uint32_t n = 1; n <= 100; n++)
		ck_assert_int_eq(buckets_add(&buckets, last - n % 2, n), 0);
	for (uint32_t n = 1; n <= 100; n++)
		ck_assert(finds(&buckets, last - n % 2, n));
	for (uint32_t n = 1; n <= 100; n += 3)
		buckets_remove(&buckets, last - n % 2, n);
	for (uint32_t n = 1; n <= 100; n++)
		ck_assert_int_eq(finds(&buckets, last - n % 2, n), n % 3 != 1);
	buckets_done(&buckets);
}
END_TEST

START_TEST(growth_goes_in_small_steps)
{
	struct buckets buckets;
	uint64_t random = 7;
	uint32_t moved, most = 0;

	ck_assert_int_eq(buckets_init(&buckets, 0), 0);
	for (uint32_t n = 1; n <= 200000; n++) {
		moved = buckets.old.buckets ? buckets.old_moved : 0;
		ck_assert_int_eq(buckets_add(&buckets, next_random(&random) * 2654435761u, n), 0);
		if (buckets.old.buckets && buckets.old_moved >= moved)
			most = MAX(most, buckets.old_moved - moved);
	}
	ck_assert_uint_ge(buckets.grown, 8);
	/* Runs of full buckets are short at this load: an addition never moves many. */
	ck_assert_uint_le(most, 200);
	ck_assert_uint_le(buckets_memory(&buckets), 200000 * 30);
	buckets_done(&buckets);
}
END_TEST

START_TEST(a_growth_under_way_is_finished_without_additions)
{
	struct buckets buckets;
	uint32_t n = 0;

	ck_assert_int_eq(buckets_init(&buckets, 0), 0);
	while (!buckets.old.buckets) {
		n++;
		ck_assert_int_eq(buckets_add(&buckets, n * 2654435761u, n), 0);
	}
	for (int turn = 0; turn < 64 && buckets.old.buckets; turn++)
		buckets_work(&buckets);
	ck_assert_ptr_null(buckets.old.buckets);
	for (uint32_t k = 1; k <= n; k++)
		ck_assert(finds(&buckets, k * 2654435761u, k));
	buckets_done(&buckets);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("buckets");
	TCase *c = tcase_create("buckets");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, random_pairs_while_it_grows);
	tcase_add_test(c, hashes_that_fall_together);
	tcase_add_test(c, hashes_at_the_end_of_the_array);
	tcase_add_test(c, growth_goes_in_small_steps);
	tcase_add_test(c, a_growth_under_way_is_finished_without_additions);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

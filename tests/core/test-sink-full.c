// SPDX-License-Identifier: GPL-2.0-or-later
/* A disk that is full, at every byte there is, for good or for a while: nothing is lost untold. */
#include "kit/kit.h"
#include "sink-disk.h"

#define EVENTS 24

/* How often lines are handed over. */
static const unsigned flushes[] = { 1, 3, 7, 1000 };

/*
 * Writes EVENTS events while the disk has `first` bytes, and as many more while it has `then`.
 * Returns what sink_done() does.
 */
static int
fill_disk(uint64_t max_size, unsigned flush, int64_t first, int64_t then, uint64_t *ret_lost)
{
	struct sink sink;

	for (unsigned n = 0; n <= OLD; n++)
		unlink(old_path(n));
	disk = first;
	open_sink(&sink, &ops, max_size);
	for (uint64_t n = 1; n <= 2 * EVENTS; n++) {
		if (n == EVENTS + 1)
			disk = then;
		put(&sink, n);
		if (n % flush == 0)
			sink_flush(&sink);
	}
	sink_finish(&sink);
	*ret_lost = sink_lost(&sink);
	return sink_done(&sink);
}

static void
fill_for_good(int64_t size, unsigned flush)
{
	uint64_t lost;
	int r = fill_disk(0, flush, size, size, &lost);
	struct told told = read_files(HEAD, 1);

	ck_assert_int_le(size_of(path), size);
	ck_assert_uint_le(told.bursts, 1);
	if (r < 0) { /* not even that could be told */
		ck_assert_int_eq(r, -ENOSPC);
		ck_assert_uint_eq(lost, 2 * EVENTS);
		ck_assert_uint_eq(told.lines + told.lost, 0);
		ck_assert_int_lt(size, 30);
	} else {
		ck_assert_uint_eq(told.next, 2 * EVENTS + 1);
		ck_assert_uint_eq(told.lost, lost);
	}
}

START_TEST(test_full)
{
	for (int64_t size = 0; size < 120; size++)
		fill_for_good(size, flushes[_i]);
}
END_TEST

/* What was lost is told where it would have stood, in one line. */
START_TEST(test_full_for_a_while)
{
	for (int64_t size = 0; size < 120; size++) {
		struct told told;
		uint64_t lost;

		ck_assert_int_eq(fill_disk(0, flushes[_i], size, 100000, &lost), 0);
		told = read_files(HEAD, 1);
		ck_assert_uint_eq(told.next, 2 * EVENTS + 1);
		ck_assert_uint_eq(told.lost, lost);
		ck_assert_uint_le(told.bursts, 1);
	}
}
END_TEST

/* Full while it is rotated too; the oldest files make room, and what was in them is gone. */
static void
fill_and_rotate(int64_t size, unsigned flush)
{
	uint64_t lost;
	int r = fill_disk(90, flush, size, size + 30, &lost);
	struct told told = read_files(HEAD, 0);

	ck_assert(r == 0 || r == -ENOSPC);
	if (r == 0 && told.lines)
		ck_assert_uint_eq(told.next, 2 * EVENTS + 1);
	if (r == 0 && size > 500)
		ck_assert_uint_eq(told.lost + lost, 0);
	for (unsigned n = 0; n <= OLD; n++)
		ck_assert_int_le(size_of(old_path(n)), 90);
}

START_TEST(test_full_and_rotated)
{
	for (int64_t size = 0; size < 600; size += 3)
		fill_and_rotate(size, flushes[_i]);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("sink-full");
	TCase *tc = tcase_create("full");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_full, 0, G_N_ELEMENTS(flushes));
	tcase_add_loop_test(tc, test_full_for_a_while, 0, G_N_ELEMENTS(flushes));
	tcase_add_loop_test(tc, test_full_and_rotated, 0, G_N_ELEMENTS(flushes));
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

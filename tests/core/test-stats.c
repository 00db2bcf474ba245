// SPDX-License-Identifier: GPL-2.0-or-later
/* The counters by name. */
#include "record/stats.h"

#include <string.h>

#include <glib.h>

#include "kit/kit.h"

#define NAMES_MAX 200

struct seen {
	unsigned n;
	const char *groups[NAMES_MAX];
	const char *names[NAMES_MAX];
	uint64_t numbers[NAMES_MAX];
};

static void
on_counter(void *context, const char *group, const char *name, uint64_t number)
{
	struct seen *seen = context;

	ck_assert_uint_lt(seen->n, NAMES_MAX);
	seen->groups[seen->n] = group;
	seen->names[seen->n] = name;
	seen->numbers[seen->n++] = number;
}

static uint64_t
find(const struct seen *seen, const char *group, const char *name)
{
	for (unsigned i = 0; i < seen->n; i++) {
		if (!g_strcmp0(seen->groups[i], group) && !strcmp(seen->names[i], name))
			return seen->numbers[i];
	}
	ck_abort_msg("no counter %s of %s", name, group ? group : "no group");
	return 0;
}

static const struct stats example = {
	.packets = 60,
	.bytes = 6000,
	.time_backwards = 3,
	.verdicts = { [REASON_OUTBOUND] = 40,
		[REASON_NOT_IP] = 2,
		[REASON_UNSOLICITED] = 11,
		[REASON_CHECKSUM] = 7 },
	.flows = { [REASON_OUTBOUND] = 4, [REASON_EXPECTED] = 1 },
	.expired = 5,
	.evicted = 6,
	.refused_doors = 8,
	.refused_flows = 12,
	.table = { .flows = 9, .peak = 10, .created = UINT64_MAX },
	.defrag = { .fragments = 13, .overlaps = 14 },
	.expect = { .opened = 15, .open = UINT32_MAX },
	.helper = { .messages = 16, .peak_memory = 17 },
};

START_TEST(test_each)
{
	struct seen seen = { 0 };

	stats_each(&example, on_counter, &seen);
	ck_assert_uint_eq(find(&seen, NULL, "packets"), 60);
	ck_assert_uint_eq(find(&seen, NULL, "bytes"), 6000);
	ck_assert_uint_eq(find(&seen, NULL, "accepted"), 42);
	ck_assert_uint_eq(find(&seen, NULL, "dropped"), 18);
	ck_assert_uint_eq(find(&seen, NULL, "time_backwards"), 3);
	ck_assert_uint_eq(find(&seen, "verdicts", "not-ip"), 2);
	ck_assert_uint_eq(find(&seen, "verdicts", "unsolicited"), 11);
	ck_assert_uint_eq(find(&seen, "verdicts", "expected"), 0);
	ck_assert_uint_eq(find(&seen, "admitted", "expected"), 1);
	ck_assert_uint_eq(find(&seen, "flows", "open"), 9);
	ck_assert_uint_eq(find(&seen, "flows", "peak"), 10);
	ck_assert_uint_eq(find(&seen, "flows", "created"), UINT64_MAX);
	ck_assert_uint_eq(find(&seen, "flows", "expired"), 5);
	ck_assert_uint_eq(find(&seen, "flows", "evicted"), 6);
	ck_assert_uint_eq(find(&seen, "flows", "refused"), 12);
	ck_assert_uint_eq(find(&seen, "expectations", "open"), UINT32_MAX);
	ck_assert_uint_eq(find(&seen, "expectations", "opened"), 15);
	ck_assert_uint_eq(find(&seen, "expectations", "refused"), 8);
	ck_assert_uint_eq(find(&seen, "fragments", "seen"), 13);
	ck_assert_uint_eq(find(&seen, "fragments", "overlaps"), 14);
	ck_assert_uint_eq(find(&seen, "helpers", "messages"), 16);
	ck_assert_uint_eq(find(&seen, "helpers", "peak_memory"), 17);
}
END_TEST

/* A group is told in one go, and a name is there once. */
START_TEST(test_groups)
{
	struct seen seen = { 0 };
	unsigned changes = 0;

	stats_each(&example, on_counter, &seen);
	for (unsigned i = 0; i < seen.n; i++) {
		changes += i && seen.groups[i] != seen.groups[i - 1];
		for (unsigned k = 0; k < i; k++) {
			bool same_group = !g_strcmp0(seen.groups[i], seen.groups[k]);

			ck_assert_int_eq(same_group, seen.groups[i] == seen.groups[k]);
			ck_assert(!same_group || strcmp(seen.names[i], seen.names[k]));
		}
	}
	ck_assert_uint_eq(changes, 6);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("stats");
	TCase *tc = tcase_create("stats");

	tcase_add_test(tc, test_each);
	tcase_add_test(tc, test_groups);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

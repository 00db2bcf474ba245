// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include <glib.h>

#include "flow/table.h"
#include "kit/kit.h"

static struct table *
make(uint32_t max_flows, uint64_t seed)
{
	struct table_options options = { .max_flows = max_flows, .max_extras = 16 };
	struct table *table;

	for (int n = 0; n < FLOW_STATE_COUNT; n++)
		options.timeouts[n] = 60;
	for (int n = 0; n < 4; n++)
		options.seed[n] = seed * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)n;
	ck_assert_int_eq(table_new(&options, &table), 0);
	return table;
}

/* The n-th key of a kind: IPv4, or IPv6 that differs in one word only. */
static struct key
key(uint32_t n, uint8_t family)
{
	struct key k = { .w = { [0] = (uint64_t)family << 40 | UINT64_C(6) << 32 | 21 } };

	if (family == 4)
		k.w[1] = (uint64_t)n << 32 | 0x0a000001;
	else
		k.w[1 + n % 4] = n;
	return k;
}

static uint32_t
add(struct table *table, const struct key *k)
{
	uint32_t index;

	ck_assert_int_eq(table_add(table, k, table_hash(table, k), 1000, &index), 0);
	table_flow(table, index)->state = FLOW_UDP_NEW;
	timer_add(table_timer(table), table_slab(table), index);
	return index;
}

static uint32_t
find(const struct table *table, const struct key *k)
{
	return table_find(table, k, table_hash(table, k));
}

START_TEST(what_was_added_is_found)
{
	struct table *table = make(20000, 1);
	uint32_t *index = g_new(uint32_t, 10000);
	struct key k;

	for (uint32_t n = 0; n < 10000; n++) {
		k = key(n + 1, n % 2 ? 4 : 6);
		index[n] = add(table, &k);
		table_work(table);
	}
	for (uint32_t n = 0; n < 10000; n++) {
		k = key(n + 1, n % 2 ? 4 : 6);
		ck_assert_uint_eq(find(table, &k), index[n]);
		ck_assert(key_equal(&table_flow(table, index[n])->key, &k));
		ck_assert_uint_eq(table_flow_id(table, table_flow(table, index[n])), n + 1);
	}
	for (uint32_t n = 0; n < 10000; n += 2)
		table_remove(table, index[n]);
	for (uint32_t n = 0; n < 10000; n++) {
		k = key(n + 1, n % 2 ? 4 : 6);
		ck_assert_uint_eq(find(table, &k), n % 2 ? index[n] : 0);
	}
	g_free(index);
	table_free(table);
}
END_TEST

START_TEST(it_is_full_when_it_is_full)
{
	struct table *table = make(100, 1);
	struct table_stats stats;
	uint32_t index, last = 0;
	struct key k;

	for (uint32_t n = 1; n <= 100; n++) {
		k = key(n, 4);
		last = add(table, &k);
	}
	k = key(101, 4);
	ck_assert_int_eq(table_add(table, &k, table_hash(table, &k), 1, &index), -ENOSPC);
	table_remove(table, last);
	add(table, &k);
	table_get_stats(table, &stats);
	ck_assert_uint_eq(stats.flows, 100);
	ck_assert_uint_eq(stats.peak, 100);
	ck_assert_uint_eq(stats.created, 101);
	ck_assert_uint_le(stats.memory, 100 * 160 + 8192);
	table_free(table);
}
END_TEST

START_TEST(bad_options_are_refused)
{
	struct table_options options = { .max_flows = 0, .max_extras = 1 };
	struct table *table = NULL;

	ck_assert_int_eq(table_new(&options, &table), -EINVAL);
	options.max_flows = TABLE_FLOWS_MAX + 1;
	ck_assert_int_eq(table_new(&options, &table), -EINVAL);
	options.max_flows = 10;
	options.timeouts[1] = TIMER_TIMEOUT_MAX + 1;
	ck_assert_int_eq(table_new(&options, &table), -EINVAL);
	ck_assert_ptr_null(table);
}
END_TEST

START_TEST(seeds_change_hashes_and_nothing_else)
{
	struct table *a = make(100, 1), *b = make(100, 2);
	unsigned same = 0;
	struct key k;

	for (uint32_t n = 1; n <= 100; n++) {
		k = key(n, 4);
		same += table_hash(a, &k) == table_hash(b, &k);
		ck_assert_uint_eq(add(a, &k), add(b, &k));
	}
	ck_assert_uint_eq(same, 0);
	table_free(a);
	table_free(b);
}
END_TEST

/* Keys that differ in single bits must not fall into few buckets. */
START_TEST(hashes_spread)
{
	struct table *table = make(100, 3);
	unsigned buckets[256] = { 0 }, most = 0;
	struct key k;

	for (uint32_t n = 0; n < 256 * 64; n++) {
		k = key(1, 4);
		k.w[0] += n % 128; /* ports */
		k.w[1] ^= (uint64_t)(n / 128) << 40;
		buckets[table_hash(table, &k) & 255]++;
	}
	for (unsigned n = 0; n < 256; n++)
		most = MAX(most, buckets[n]);
	ck_assert_uint_lt(most, 128);
	table_free(table);
}
END_TEST

START_TEST(an_alias_leads_to_its_flow)
{
	struct table *table = make(100, 1);
	struct key k = key(1, 4), second = key(2, 4), other = key(3, 4);
	uint32_t index = add(table, &k), alias;
	struct table_stats stats;

	add(table, &other);
	ck_assert_int_eq(table_add_alias(table, index, &other, false), -EEXIST);
	ck_assert_int_eq(table_add_alias(table, index, &second, true), 0);
	alias = find(table, &second);
	ck_assert_uint_ne(alias, 0);
	ck_assert(table_flow(table, alias)->flags & FLOW_ALIAS);
	ck_assert(table_flow(table, alias)->flags & FLOW_FROM_HI);
	ck_assert_uint_eq(table_flow(table, alias)->extra, index);
	table_remove(table, index);
	ck_assert_uint_eq(find(table, &second), 0);
	ck_assert_uint_eq(find(table, &k), 0);
	table_get_stats(table, &stats);
	ck_assert_uint_eq(stats.flows, 1);
	ck_assert_uint_eq(stats.extras, 0);
	table_free(table);
}
END_TEST

START_TEST(children_know_their_parent_while_it_is_there)
{
	struct table *table = make(100, 1);
	uint32_t index[5];
	struct flow_extra *extra;
	struct key k;

	for (uint32_t n = 0; n < 5; n++) {
		k = key(n + 1, 4);
		index[n] = add(table, &k);
	}
	for (uint32_t n = 1; n < 4; n++)
		ck_assert_int_eq(table_link_child(table, index[0], index[n]), 0);
	ck_assert_int_eq(table_link_child(table, index[3], index[4]), 0);
	extra = table_extra_get(table, table_flow(table, index[4]));
	ck_assert_uint_eq(extra->depth, 2);
	ck_assert_uint_eq(extra->root_id, 1);
	ck_assert_uint_eq(extra->parent_id, 4);
	/* The middle one of three children goes, then the first, then the parent. */
	table_remove(table, index[2]);
	extra = table_extra_get(table, table_flow(table, index[0]));
	ck_assert_uint_eq(extra->first_child, index[3]);
	ck_assert_uint_eq(table_extra_get(table, table_flow(table, index[3]))->next_sibling,
		index[1]);
	table_remove(table, index[3]);
	ck_assert_uint_eq(extra->first_child, index[1]);
	ck_assert_uint_eq(table_extra_get(table, table_flow(table, index[4]))->parent, 0);
	table_remove(table, index[0]);
	extra = table_extra_get(table, table_flow(table, index[1]));
	ck_assert_uint_eq(extra->parent, 0);
	ck_assert_uint_eq(extra->parent_id, 1);
	table_free(table);
}
END_TEST

START_TEST(extras_are_limited)
{
	struct table *table = make(100, 1);
	struct key k;

	for (uint32_t n = 1; n <= 17; n++) {
		uint32_t index;

		k = key(n, 4);
		index = add(table, &k);
		if (n <= 16)
			ck_assert_ptr_nonnull(table_extra(table, table_flow(table, index)));
		else
			ck_assert_ptr_null(table_extra(table, table_flow(table, index)));
	}
	table_free(table);
}
END_TEST

static void
visit(void *context, uint32_t index)
{
	g_array_append_val((GArray *)context, index);
}

START_TEST(each_goes_in_order_of_creation)
{
	struct table *table = make(100, 1);
	GArray *seen = g_array_new(false, false, sizeof(uint32_t));
	uint32_t first, second, third;
	struct key k = key(1, 4);

	first = add(table, &k);
	k = key(2, 4);
	second = add(table, &k);
	table_remove(table, first);
	k = key(3, 4);
	third = add(table, &k); /* takes the place of the first */
	ck_assert_uint_eq(third, first);
	table_each(table, visit, seen);
	ck_assert_uint_eq(seen->len, 2);
	ck_assert_uint_eq(g_array_index(seen, uint32_t, 0), second);
	ck_assert_uint_eq(g_array_index(seen, uint32_t, 1), third);
	g_array_unref(seen);
	table_free(table);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("table");
	TCase *c = tcase_create("table");

	tcase_add_test(c, what_was_added_is_found);
	tcase_add_test(c, it_is_full_when_it_is_full);
	tcase_add_test(c, bad_options_are_refused);
	tcase_add_test(c, seeds_change_hashes_and_nothing_else);
	tcase_add_test(c, hashes_spread);
	tcase_add_test(c, an_alias_leads_to_its_flow);
	tcase_add_test(c, children_know_their_parent_while_it_is_there);
	tcase_add_test(c, extras_are_limited);
	tcase_add_test(c, each_goes_in_order_of_creation);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

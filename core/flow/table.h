/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flow table: from a key to a flow.
 *
 * Records are in a slab (slab.h) and never move; the index over them is buckets.h; who goes when is
 * timer.h. This is where the three are one: a flow is added, found and removed here. Memory is
 * bounded by max_flows, and known before the start. Hashes are keyed, so that nobody outside can
 * choose keys that fall together.
 *
 * A look-up comes in steps that the engine spreads over a batch, so that each finds its cache line
 * already there: table_hash(), table_prefetch() (the bucket), table_candidate() (asks for the
 * record), table_find_candidate().
 */
#ifndef FLOW_TABLE_H
#define FLOW_TABLE_H

#include "flow/buckets.h"
#include "flow/flow.h"
#include "flow/slab.h"
#include "flow/timer.h"

#define TABLE_FLOWS_MAX (UINT32_C(1) << 28)

struct table_options {
	uint32_t max_flows;  /* hard limit of records, aliases included */
	uint32_t max_extras; /* hard limit of struct flow_extra */
	uint64_t seed[4];    /* secret; any value gives the same results, only other hash values */
	uint32_t timeouts[FLOW_STATE_COUNT]; /* seconds, at most TIMER_TIMEOUT_MAX */
};

struct table_stats {
	uint32_t flows;     /* now, aliases included */
	uint32_t extras;
	uint32_t peak;
	uint64_t created;
	uint64_t grown;     /* times the index doubled */
	uint64_t memory;    /* bytes of records that have been used, and of the index */
};

/* Only for the inline functions below; everybody else leaves its members alone. */
struct table {
	struct buckets buckets;
	struct slab flows;
	struct slab extras;
	uint64_t seed[4];
	uint64_t created;
	uint32_t peak;
	struct timer timer;
};

/* -ENOMEM, -EINVAL (a limit or timeout is out of range). */
int table_new(const struct table_options *options, struct table **ret_table);
void table_free(struct table *table);

/* The record of an index from 1 on; valid until table_remove(). */
static inline struct flow *
table_flow(const struct table *table, uint32_t index)
{
	return (struct flow *)(void *)table->flows.base + index;
}

/* Multiplies to 128 bits and folds: a keyed mix of two words. */
static inline uint64_t
table_mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
table_hash(const struct table *table, const struct key *key)
{
	const uint64_t *seed = table->seed;
	uint64_t h = table_mix(key->w[0] ^ seed[0], key->w[1] ^ seed[1]);

	if (key_family(key) != 4) {
		h = table_mix(h ^ key->w[2] ^ seed[2], key->w[3] ^ seed[1]);
		h ^= key->w[4];
	}
	return table_mix(h ^ seed[2], seed[3]);
}

/* A compiler takes a function that only prefetches for one that does nothing, and drops the calls
 * before it looks inside. This keeps it from that; it makes no code. */
#define TABLE_KEEP_CALLS() __asm__ volatile("")

/* Asks for the bucket's cache line. */
static inline void
table_prefetch(const struct table *table, uint64_t hash)
{
	const struct bucket_array *array = buckets_array(&table->buckets, (uint32_t)hash);

	TABLE_KEEP_CALLS();
	__builtin_prefetch(&array->buckets[(uint32_t)hash & array->mask]);
}

/* Asks for the record that probably has this hash. Its index, or 0: for table_find_candidate(). */
static inline uint32_t
table_candidate(const struct table *table, uint64_t hash)
{
	const struct bucket_array *array = buckets_array(&table->buckets, (uint32_t)hash);
	uint32_t at = (uint32_t)hash & array->mask;
	const struct bucket *bucket = &array->buckets[at];
	unsigned match = bucket_match(bucket, (uint32_t)hash);
	const struct flow *flow;
	uint32_t index;

	/* Buckets behind it are rarely needed, but then a record not asked for costs much more. */
	while (__builtin_expect(!match && bucket_is_full(bucket), 0)) {
		at = (at + 1) & array->mask;
		bucket = &array->buckets[at];
		match = bucket_match(bucket, (uint32_t)hash);
	}
	if (!match)
		return 0;
	index = bucket->index[__builtin_ctz(match)];
	flow = table_flow(table, index);
	__builtin_prefetch(&flow->key, 1);
	__builtin_prefetch(&flow->start, 1);
	return index;
}

/* Index of the flow with this key, or 0. An alias is found as itself. */
static inline uint32_t
table_find(const struct table *table, const struct key *key, uint64_t hash)
{
	const struct bucket_array *array = buckets_array(&table->buckets, (uint32_t)hash);
	uint32_t at = (uint32_t)hash & array->mask;

	for (;;) {
		const struct bucket *bucket = &array->buckets[at];
		unsigned match = bucket_match(bucket, (uint32_t)hash);

		for (; match; match &= match - 1) {
			uint32_t index = bucket->index[__builtin_ctz(match)];

			if (index && key_equal(&table_flow(table, index)->key, key))
				return index;
		}
		if (!bucket_is_full(bucket))
			return 0;
		at = (at + 1) & array->mask;
	}
}

/* The same, where table_candidate() has guessed a moment ago. The guess may be wrong or stale. */
static inline uint32_t
table_find_candidate(
	const struct table *table, const struct key *key, uint64_t hash, uint32_t guess)
{
	if (guess && key_equal(&table_flow(table, guess)->key, key))
		return guess;
	return table_find(table, key, hash);
}

/*
 * Adds a flow with this key, its other members zero but id, start and last (= now). The caller sets
 * state and then queues it with timer_add(). -ENOSPC: full (the caller may evict and try again);
 * -ENOMEM. The key must not be there.
 */
int table_add(struct table *table, const struct key *key, uint64_t hash, uint64_t now,
	uint32_t *ret_index);

/*
 * Removes a flow, which is queued in the timer, with its extra and its alias. Its session must be
 * closed. Its children stay, as orphans.
 */
void table_remove(struct table *table, uint32_t index);

/* A few steps of a growth under way; once per batch. */
static inline void
table_work(struct table *table)
{
	buckets_work(&table->buckets);
}

/* Its extra, made if it has none. NULL: no room. */
struct flow_extra *table_extra(struct table *table, struct flow *flow);

/* Its extra, or NULL if it has none. */
static inline struct flow_extra *
table_extra_get(const struct table *table, const struct flow *flow)
{
	return flow->extra ? (struct flow_extra *)slab_at(&table->extras, flow->extra) : NULL;
}

/* The whole id of a flow, counted from 1 in order of creation. */
uint64_t table_flow_id(const struct table *table, const struct flow *flow);

/*
 * A second key for a flow (GRE, where each direction has a number of its own). `from_hi` says that
 * the flow's originator is the higher endpoint of this key. -ENOSPC, -EEXIST
 */
int table_add_alias(struct table *table, uint32_t index, const struct key *key, bool from_hi);

/* Makes `child` a child of `parent`: depth, root and lists. Both get extras. -ENOSPC */
int table_link_child(struct table *table, uint32_t parent, uint32_t child);

struct timer *table_timer(struct table *table);
struct flow *table_slab(struct table *table);

/* Calls visit() for every flow (not for aliases) in order of id. visit() may not add or remove. */
void table_each(struct table *table, void (*visit)(void *context, uint32_t index), void *context);

/* The same for those that have an extra. */
void table_each_extra(
	struct table *table, void (*visit)(void *context, uint32_t index), void *context);

void table_get_stats(const struct table *table, struct table_stats *ret_stats);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of the flow table: from a hash to candidates for a flow.
 *
 * Buckets are cache lines of eight slots; a slot holds 32 bits of the hash and the index of a
 * record, so that neither a look-up that misses nor growth has to touch a record. A full bucket
 * spills into the one behind it. When the load passes 4/5 a second array of twice the size is made
 * and the first is moved over in small steps, a run of full buckets at a time: at any moment a hash
 * is in one of the two, and which one is known from its bucket's number.
 */
#ifndef FLOW_BUCKETS_H
#define FLOW_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BUCKET_SLOTS 8u

struct bucket {
	uint32_t hash[BUCKET_SLOTS];
	uint32_t index[BUCKET_SLOTS]; /* 0: the slot is empty */
} __attribute__((aligned(64)));

struct bucket_array {
	struct bucket *buckets;
	uint32_t mask; /* number of buckets - 1 */
};

struct buckets {
	struct bucket_array main; /* where new hashes go, unless they are still in `old` */
	struct bucket_array old;  /* being moved; buckets is NULL when there is none */
	uint32_t old_start;       /* the bucket that was moved first */
	uint32_t old_moved;       /* how many have been, from there on, around the end */
	uint32_t count;           /* hashes in both */
	uint64_t grown;
};

/* -ENOMEM */
int buckets_init(struct buckets *buckets, uint32_t expected);
void buckets_done(struct buckets *buckets);

/* Adds a pair that is not there yet. -ENOMEM: it had to grow and could not; nothing has changed. */
int buckets_add(struct buckets *buckets, uint32_t hash, uint32_t index);

/* Removes a pair that is there. */
void buckets_remove(struct buckets *buckets, uint32_t hash, uint32_t index);

/* Moves some buckets of a growth under way. */
void buckets_work(struct buckets *buckets);

/* Bytes of memory. */
uint64_t buckets_memory(const struct buckets *buckets);

/* The array in which a hash is. */
static inline const struct bucket_array *
buckets_array(const struct buckets *b, uint32_t hash)
{
	if (__builtin_expect(b->old.buckets != NULL, 0) &&
		(((hash & b->old.mask) - b->old_start) & b->old.mask) >= b->old_moved)
		return &b->old;
	return &b->main;
}

/* A bit for each of the eight words that has that value. */
static inline unsigned
bucket_compare(const uint32_t words[static BUCKET_SLOTS], uint32_t value)
{
#ifdef __SSE2__
	__m128i wanted = _mm_set1_epi32((int)value);
	__m128i low = _mm_load_si128((const __m128i *)&words[0]);
	__m128i high = _mm_load_si128((const __m128i *)&words[4]);

	low = _mm_cmpeq_epi32(low, wanted);
	high = _mm_cmpeq_epi32(high, wanted);
	return (unsigned)_mm_movemask_ps(_mm_castsi128_ps(low)) |
		(unsigned)_mm_movemask_ps(_mm_castsi128_ps(high)) << 4;
#else
	unsigned match = 0;

	for (unsigned n = 0; n < BUCKET_SLOTS; n++)
		match |= (unsigned)(words[n] == value) << n;
	return match;
#endif
}

/* A bit for each slot of the bucket with that hash; bits of empty slots may be set too. */
static inline unsigned
bucket_match(const struct bucket *bucket, uint32_t hash)
{
	return bucket_compare(bucket->hash, hash);
}

/* Slots are filled from the first on and kept that way, so the last one tells. */
static inline bool
bucket_is_full(const struct bucket *bucket)
{
	return bucket->index[BUCKET_SLOTS - 1] != 0;
}

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open addressing by cache lines, with removal that leaves no tombstones and growth in steps.
 *
 * Invariant: a pair stands in the bucket of its hash or, if all buckets from there on were full, in
 * the first behind them that was not; so a search may stop at the first bucket that is not full.
 * Removal keeps it by moving later pairs forward. Slots of a bucket are filled without holes.
 *
 * Growth moves whole runs: it begins behind a bucket that is not full and stops only behind one, so
 * no pair that is still in the old array has its home in the part that was moved.
 */
#include "flow/buckets.h"

#include <errno.h>
#include <sys/mman.h>

/* Smallest array: 64 buckets are one page. */
#define BUCKETS_MIN 64u
/* Buckets moved per addition and per batch; 2 per addition end a growth well before the next. */
#define MOVE_ON_ADD  2u
#define MOVE_ON_WORK 8u

static int
array_init(struct bucket_array *array, uint32_t count)
{
	size_t bytes = (size_t)count * sizeof(struct bucket);
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -ENOMEM;
	/* Small pages would cost a miss of the address cache per look-up; no harm if refused. */
	(void)madvise(p, bytes, MADV_HUGEPAGE);
	*array = (struct bucket_array){ .buckets = p, .mask = count - 1 };
	return 0;
}

static void
array_done(struct bucket_array *array)
{
	if (array->buckets)
		munmap(array->buckets, ((size_t)array->mask + 1) * sizeof(struct bucket));
	*array = (struct bucket_array){ 0 };
}

int
buckets_init(struct buckets *buckets, uint32_t expected)
{
	uint32_t count = BUCKETS_MIN;

	*buckets = (struct buckets){ 0 };
	while (count < (UINT32_C(1) << 28) && count * BUCKET_SLOTS / 5 * 4 < expected)
		count *= 2;
	return array_init(&buckets->main, count);
}

void
buckets_done(struct buckets *buckets)
{
	array_done(&buckets->main);
	array_done(&buckets->old);
}

static unsigned
bucket_used(const struct bucket *bucket)
{
	/* All behind the last one are 0. */
	return (unsigned)__builtin_ctz(bucket_compare(bucket->index, 0) | 1u << BUCKET_SLOTS);
}

static void
array_add(struct bucket_array *array, uint32_t hash, uint32_t index)
{
	uint32_t at = hash & array->mask;
	struct bucket *bucket;
	unsigned slot;

	while (bucket_is_full(&array->buckets[at]))
		at = (at + 1) & array->mask;
	bucket = &array->buckets[at];
	slot = bucket_used(bucket);
	bucket->hash[slot] = hash;
	bucket->index[slot] = index;
}

/* Moves the next run of the old array; a run ends with a bucket that is not full. */
static void
move_run(struct buckets *buckets)
{
	bool full;

	do {
		uint32_t at = (buckets->old_start + buckets->old_moved) & buckets->old.mask;
		struct bucket *bucket = &buckets->old.buckets[at];

		full = bucket_is_full(bucket);
		for (unsigned n = 0; n < BUCKET_SLOTS && bucket->index[n]; n++) {
			array_add(&buckets->main, bucket->hash[n], bucket->index[n]);
			bucket->index[n] = 0;
		}
		buckets->old_moved++;
	} while (full);
}

static void
move(struct buckets *buckets, unsigned steps)
{
	while (steps-- && buckets->old.buckets) {
		move_run(buckets);
		if (buckets->old_moved > buckets->old.mask)
			array_done(&buckets->old);
	}
}

void
buckets_work(struct buckets *buckets)
{
	if (__builtin_expect(buckets->old.buckets != NULL, 0))
		move(buckets, MOVE_ON_WORK);
}

static int
grow(struct buckets *buckets)
{
	struct bucket_array bigger;
	uint32_t before;
	int r;

	r = array_init(&bigger, (buckets->main.mask + 1) * 2);
	if (r < 0)
		return r;
	buckets->old = buckets->main;
	buckets->main = bigger;
	buckets->old_start = 0;
	buckets->old_moved = 0;
	for (;;) {
		before = (buckets->old_start - 1) & buckets->old.mask;
		if (!bucket_is_full(&buckets->old.buckets[before]))
			break;
		buckets->old_start++;
	}
	buckets->grown++;
	return 0;
}

static struct bucket_array *
array_of(struct buckets *buckets, uint32_t hash)
{
	return buckets_array(buckets, hash) == &buckets->old ? &buckets->old : &buckets->main;
}

/* True if the array that takes new pairs is four fifths full. */
static bool
is_crowded(const struct buckets *buckets)
{
	return buckets->count >= (uint64_t)(buckets->main.mask + 1) * BUCKET_SLOTS / 5 * 4;
}

int
buckets_add(struct buckets *buckets, uint32_t hash, uint32_t index)
{
	int r;

	if (buckets->old.buckets)
		move(buckets, MOVE_ON_ADD);
	if (is_crowded(buckets) && !buckets->old.buckets) {
		r = grow(buckets);
		if (r < 0 && buckets->count + 1 >= (buckets->main.mask + 1) * BUCKET_SLOTS)
			return r;
	}
	array_add(array_of(buckets, hash), hash, index);
	buckets->count++;
	return 0;
}

/* Finds a pair. It is there, and no other has its index. */
static void
array_find(const struct bucket_array *array, uint32_t hash, uint32_t index, uint32_t *ret_at,
	unsigned *ret_slot)
{
	for (uint32_t at = hash & array->mask;; at = (at + 1) & array->mask) {
		unsigned match = bucket_compare(array->buckets[at].index, index);

		if (match) {
			*ret_at = at;
			*ret_slot = (unsigned)__builtin_ctz(match);
			return;
		}
	}
}

/* Takes the slot out of its bucket; the last one of the bucket fills it. */
static void
bucket_remove(struct bucket *bucket, unsigned slot)
{
	unsigned last = bucket_used(bucket) - 1;

	bucket->hash[slot] = bucket->hash[last];
	bucket->index[slot] = bucket->index[last];
	bucket->index[last] = 0;
}

/*
 * The bucket at `hole`, which was full, has one free slot: fills it with a pair from behind that
 * would rather be there. Returns the bucket that lost a pair, or `hole` if there is none.
 */
static uint32_t
array_pull(struct bucket_array *array, uint32_t hole)
{
	for (uint32_t at = (hole + 1) & array->mask; at != hole; at = (at + 1) & array->mask) {
		struct bucket *bucket = &array->buckets[at];
		uint32_t distance = (at - hole) & array->mask;

		for (unsigned n = 0; n < BUCKET_SLOTS && bucket->index[n]; n++) {
			if (((at - bucket->hash[n]) & array->mask) < distance)
				continue;
			array->buckets[hole].hash[BUCKET_SLOTS - 1] = bucket->hash[n];
			array->buckets[hole].index[BUCKET_SLOTS - 1] = bucket->index[n];
			bucket_remove(bucket, n);
			return at;
		}
		if (!bucket_is_full(bucket))
			break;
	}
	return hole;
}

void
buckets_remove(struct buckets *buckets, uint32_t hash, uint32_t index)
{
	struct bucket_array *array = array_of(buckets, hash);
	uint32_t at, lost;
	unsigned slot;
	bool full;

	array_find(array, hash, index, &at, &slot);
	full = bucket_is_full(&array->buckets[at]);
	bucket_remove(&array->buckets[at], slot);
	buckets->count--;
	while (full) {
		/* array_pull() takes one pair out of bucket `lost`: was that one full before? */
		lost = array_pull(array, at);
		if (lost == at)
			return;
		full = array->buckets[lost].index[BUCKET_SLOTS - 2] != 0;
		at = lost;
	}
}

uint64_t
buckets_memory(const struct buckets *buckets)
{
	uint64_t count = (uint64_t)buckets->main.mask + 1;

	if (buckets->old.buckets)
		count += (uint64_t)buckets->old.mask + 1;
	return count * sizeof(struct bucket);
}

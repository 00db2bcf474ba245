/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A short list of ranges of TCP sequence numbers, in order and disjoint.
 *
 * Sequence numbers wrap (RFC 9293 §3.4), so all of a list must lie within 2^31 of each other.
 */
#ifndef HELPER_RANGES_H
#define HELPER_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#define RANGES_MAX 16

struct range {
	uint32_t start;
	uint32_t end; /* not included */
};

struct ranges {
	unsigned n;
	struct range list[RANGES_MAX];
};

/* How far `to` is behind `from`; negative if it is before it. */
static inline int32_t
seq_distance(uint32_t from, uint32_t to)
{
	return (int32_t)(to - from);
}

/* Adds a range, as one with those that it overlaps or touches. -ENOSPC: it would be one too many.
 */
int ranges_add(struct ranges *ranges, struct range range);

/* Takes the first one out. There must be one. */
void ranges_pop(struct ranges *ranges);

/* Does any of them have a number in common with this one? */
bool ranges_overlap(const struct ranges *ranges, struct range range);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a helper wants dropped. All zero is an empty list. It is never shortened: bytes that do not
 * pass are not acknowledged, so the connection does not get far beyond them.
 */
#include "helper/drops.h"

/* A range longer than this is taken as endless. */
#define LEN_MAX (UINT64_C(1) << 30)

void
drops_add(struct drops *drops, uint32_t start, uint64_t len)
{
	struct range range = { .start = start, .end = start + (uint32_t)len };
	uint32_t from = start;

	if (len <= LEN_MAX && ranges_add(&drops->ranges, range) == 0)
		return;
	if (drops->ranges.n && seq_distance(drops->ranges.list[0].start, from) > 0)
		from = drops->ranges.list[0].start;
	if (!drops->endless || seq_distance(from, drops->from) > 0)
		drops->from = from;
	drops->endless = true;
}

bool
drops_any(const struct drops *drops)
{
	return drops->ranges.n || drops->endless;
}

bool
drops_hit(const struct drops *drops, struct range range)
{
	if (range.start == range.end)
		return false;
	if (drops->endless && seq_distance(drops->from, range.end) > 0)
		return true;
	return ranges_overlap(&drops->ranges, range);
}

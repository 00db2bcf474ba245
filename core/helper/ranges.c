// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ranges of sequence numbers: a sorted array, walked from the front. It is short enough for that,
 * and needs no life-cycle: all zero is an empty list.
 */
#include "helper/ranges.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

int
ranges_add(struct ranges *ranges, struct range range)
{
	struct range *list = ranges->list;
	unsigned first = 0, last;

	while (first < ranges->n && seq_distance(list[first].end, range.start) > 0)
		first++;
	for (last = first; last < ranges->n; last++) {
		if (seq_distance(range.end, list[last].start) > 0)
			break;
		if (seq_distance(list[last].start, range.start) > 0)
			range.start = list[last].start;
		if (seq_distance(range.end, list[last].end) > 0)
			range.end = list[last].end;
	}
	if (first == last && ranges->n == RANGES_MAX)
		return -ENOSPC;
	memmove(&list[first + 1], &list[last], (ranges->n - last) * sizeof(*list));
	ranges->n = ranges->n - (last - first) + 1;
	list[first] = range;
	return 0;
}

void
ranges_pop(struct ranges *ranges)
{
	assert(ranges->n);
	ranges->n--;
	memmove(ranges->list, ranges->list + 1, ranges->n * sizeof(ranges->list[0]));
}

bool
ranges_overlap(const struct ranges *ranges, struct range range)
{
	for (unsigned i = 0; i < ranges->n; i++) {
		if (seq_distance(ranges->list[i].start, range.end) > 0 &&
			seq_distance(range.start, ranges->list[i].end) > 0)
			return true;
	}
	return false;
}

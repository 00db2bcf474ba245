/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the readers of the file formats (classic.h, pcapng.h) work with: capture.c makes it and
 * calls them.
 */
#ifndef SOURCE_READING_H
#define SOURCE_READING_H

#include "source/filter.h"
#include "source/input.h"

/* Bytes of one packet; more than any link has, and anything above is a damaged length. */
#define READING_PACKET_MAX 1048576u

struct reading {
	struct input input;
	const struct filter *filter; /* or NULL */
	uint64_t number;             /* of the next packet */

	/*
	 * When a reader can go no further: how many bytes must be in the window first, and what
	 * they belong to, for "ends early in the middle of …". NULL: nothing has begun, the input
	 * may end here. A `within_size` that is not 0 is told too.
	 */
	size_t want;
	const char *within;
	uint64_t within_size;

	char *message; /* of a failure */
};

/* Needs more: always returns 0. */
static inline int
reading_want(struct reading *reading, size_t want, const char *within, uint64_t within_size)
{
	reading->want = want;
	reading->within = within;
	reading->within_size = within_size;
	return 0;
}

/* Is the packet wanted? */
static inline bool
reading_matches(const struct reading *reading, const struct packet *p)
{
	return !reading->filter || filter_match(reading->filter, p);
}

/* Says what is wrong with what begins at the window's front. Always returns -EBADMSG. */
int reading_refuse(struct reading *reading, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Says that packets of this link type cannot be read. Always returns -EPROTONOSUPPORT. */
int reading_unknown_link(struct reading *reading, uint32_t link);

/* Says that the input has ended within something. Always returns -ENODATA. */
int reading_cut_short(struct reading *reading);

#endif

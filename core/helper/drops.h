/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes of one direction of a TCP connection that a helper wants dropped, by their sequence
 * numbers: whatever packet carries one of them does not pass, however often it is sent.
 */
#ifndef HELPER_DROPS_H
#define HELPER_DROPS_H

#include "helper/ranges.h"

struct drops {
	struct ranges ranges;
	bool endless; /* all from `from` on */
	uint32_t from;
};

/* Adds `len` bytes. When there are too many ranges to remember, or numbers would wrap, everything
 * from the lowest on is dropped: nothing gets through for want of memory. */
void drops_add(struct drops *drops, uint32_t start, uint64_t len);

bool drops_any(const struct drops *drops);

/* Does it hold one of these? An empty range is never hit. */
bool drops_hit(const struct drops *drops, struct range range);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line on a terminal that tells how far a replay is. */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool is_on;
	bool is_shown;
	unsigned calls;
	int64_t next; /* not before this time is it drawn again, µs */
};

/* Standard error must be a terminal, or nothing is ever shown. */
void progress_init(struct progress *progress, bool wanted);

/* True when it is time to draw it; cheap enough to be asked per batch. */
bool progress_due(struct progress *progress);

/* `size` 0: not known. */
void progress_draw(struct progress *progress, const char *name, uint64_t done, uint64_t size,
	uint64_t packets);

/* Takes the line away, before anything else is written. */
void progress_clear(struct progress *progress);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time for an engine that goes on while somebody sets the clock.
 *
 * An engine has no other clock than its packets. If that went back, nothing would expire until it
 * is where it was; if it leapt, all that is open would expire at once. So this one goes on at the
 * pace of a clock that nobody sets, and follows the system's clock by an eighth faster or slower. A
 * leap of more than a day forward is that of a machine that has learnt the date only now: it is
 * taken at once, and told.
 */
#ifndef KERNEL_STEADY_H
#define KERNEL_STEADY_H

#include <stdbool.h>
#include <stdint.h>

struct steady {
	uint64_t told; /* ns since 1970-01-01 UTC; 0: nothing yet */
	uint64_t at;   /* when, by the clock that nobody sets */
	int64_t ahead; /* ns: of the system's clock before us, then */
	bool leapt;    /* it has; whoever has seen to that clears it */
};

/* Never less than it was. */
uint64_t steady_now(struct steady *steady);

/* The same from readings of both clocks, for tests. */
uint64_t steady_from(struct steady *steady, uint64_t real, uint64_t paced);

#endif

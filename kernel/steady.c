// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The clock of a live engine. See steady.h for what it is for.
 *
 * Life-cycle: a struct steady begins as zero. Limits: none; 64-bit nanoseconds last until 2554.
 * Relies on: CLOCK_BOOTTIME, which goes on while the machine sleeps, as timeouts should.
 */
#include "kernel/steady.h"

#include <time.h>

#define NS   UINT64_C(1000000000)
#define LEAP (24 * 3600 * NS)

/* The clock is followed by this part of the time that has passed. */
#define PACE 8

static uint64_t
read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * NS + (uint64_t)now.tv_nsec;
}

uint64_t
steady_from(struct steady *steady, uint64_t real, uint64_t paced)
{
	uint64_t passed = paced - steady->at;
	int64_t most = (int64_t)(passed / PACE), ahead;

	if (!steady->told) {
		*steady = (struct steady){ .told = real, .at = paced };
		return real;
	}
	ahead = (int64_t)(real - steady->told - passed);
	steady->at = paced;
	if (ahead > (int64_t)LEAP) {
		steady->leapt = true;
		steady->ahead = 0;
		steady->told = real;
		return real;
	}
	steady->ahead = ahead;
	if (ahead > most)
		ahead = most;
	else if (ahead < -most)
		ahead = -most;
	steady->told += passed + (uint64_t)ahead;
	return steady->told;
}

uint64_t
steady_now(struct steady *steady)
{
	return steady_from(steady, read_clock(CLOCK_REALTIME), read_clock(CLOCK_BOOTTIME));
}

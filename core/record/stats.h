/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All counters in one place, as a snapshot: filled by engine_get_stats(), shown by eve.c and by
 * the summary.
 */
#ifndef RECORD_STATS_H
#define RECORD_STATS_H

#include "flow/defrag.h"
#include "flow/expect.h"
#include "flow/table.h"

struct stats {
	uint64_t packets; /* that have a verdict */
	uint64_t bytes;   /* on the wire */
	uint64_t first_time;
	uint64_t last_time;
	uint64_t time_backwards; /* packets older than one before them */
	uint64_t verdicts[REASON_COUNT]; /* packets by reason */
	uint64_t flows[REASON_COUNT];    /* flows by the reason they were admitted for */
	uint64_t expired;       /* flows that ended by silence */
	uint64_t evicted;       /* unreplied flows that made room in a full table */
	uint64_t offloaded;     /* flows that were handed over to whoever carries them on */
	uint64_t adopted;       /* flows that were there before this engine */
	uint64_t refused_flows; /* for which there was no room */
	uint64_t unwatched;     /* flows that a helper was meant to watch, but had no room to */
	uint64_t refused_doors; /* requests of helpers that were refused */
	struct table_stats table;
	struct defrag_stats defrag;
	struct expect_stats expect;
	struct {
		uint64_t messages;
		uint64_t detached;        /* by the helper's own wish */
		uint64_t failed;          /* frame() or message() failed, or answered nonsense */
		uint64_t conflicts;       /* overlaps that say different things */
		uint64_t gaps;
		uint64_t out_of_memory;   /* the budget of reassembly was used up */
		uint64_t memory, peak_memory; /* bytes that reassembly holds */
	} helper;
};

/* Packets that have this verdict. */
uint64_t stats_verdicts(const struct stats *stats, enum verdict verdict);

/* Calls visit() for each counter: first those of no group (NULL), then group by group; a group is
 * one and the same pointer throughout. */
typedef void (*stats_visit)(
	void *context, const char *group, const char *name, uint64_t number);
void stats_each(const struct stats *stats, stats_visit visit, void *context);

#endif

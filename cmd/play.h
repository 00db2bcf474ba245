/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets through an engine, and what comes of it: what `postern replay` and `postern watch` do
 * alike.
 *
 *	play_prepare()        finds everything that is wrong with the command; opens the outputs
 *	play_source()         names the source of the packets that come now
 *	  play_batch()        judges play->batch, which the source has filled
 *	play_finish()         tells what is open, brings the results home, prints the summary
 *	play_done()
 *
 * What goes wrong is told where it happens, and makes play->status the exit status of the program.
 */
#ifndef CMD_PLAY_H
#define CMD_PLAY_H

#include "engine.h"
#include "options.h"
#include "progress.h"
#include "record/annotated.h"
#include "record/eve.h"
#include "record/w3c.h"
#include "source/filter.h"
#include "source/source.h"
#include "summary.h"

struct play {
	/* Filled by the subcommand. */
	struct options options;
	bool threaded; /* results are written by threads of their own */
	bool live;     /* inputs are interfaces, not captures */
	int status;

	struct batch batch;
	struct progress progress;
	struct filter *filter; /* NULL: all packets */

	/* Private from here on. */
	struct policy *policy;
	struct plugins *plugins; /* NULL: no helpers */
	struct recorders recorders;
	struct writer *writers[OUTPUT_COUNT];
	struct eve *eve;
	struct w3c *w3c;
	struct policy_log log_policy;
	struct annotated *annotated;
	struct summary *summary;
	struct engine *engine;
	const struct source *source; /* or NULL */
	uint64_t first_number;       /* of its packets */
	int64_t begun;               /* µs */
};

/* 0 or a negative errno value: nothing can be played, and play->status says so. */
int play_prepare(struct play *play);
void play_done(struct play *play);

/* Packets from this number on come from this source; NULL: there are none any more. */
void play_source(struct play *play, const struct source *source, uint64_t first_number);

void play_batch(struct play *play, struct source *source);

/* The first error of an output so far, or 0: then it is no use to go on. */
int play_error(const struct play *play);

/* Makes results readable that are waiting to be written; for a source that has nothing to give. */
void play_flush(struct play *play);

/* `facts`: what the summary cannot know; the rest of it is filled in. */
void play_finish(struct play *play, struct summary_facts *facts);

#endif

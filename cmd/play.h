/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets through an engine, and what comes of it: what `postern replay` and `postern watch` do
 * alike.
 *
 *	play_prepare()        finds everything that is wrong with the command; opens the outputs
 *	play_source()         names the source of the packets that come now
 *	  play_next()         asks it for them
 *	  play_batch()        judges play->batch, which the source has filled
 *	play_finish()         tells what is open, brings the results home, prints the summary
 *	play_done()
 *
 * What goes wrong is told where it happens, and makes play->status the exit status of the program.
 */
#ifndef CMD_PLAY_H
#define CMD_PLAY_H

#include "compare.h"
#include "engine.h"
#include "options.h"
#include "progress.h"
#include "record/annotated.h"
#include "record/eve.h"
#include "record/w3c.h"
#include "reload.h"
#include "source/filter.h"
#include "source/source.h"
#include "summary.h"

struct play {
	/* Filled by the subcommand. */
	struct options options;
	bool threaded; /* results are written by threads of their own */
	bool live;     /* inputs are interfaces, not captures */
	const char *compare_with; /* the configuration of another policy, or NULL */
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
	struct annotated *annotated;
	struct summary *summary;
	struct engine *engine;
	const struct source *source; /* or NULL */
	uint64_t first_number;       /* of its packets */
	uint64_t last_number;        /* of the packet that was judged last */
	struct compare *compare;     /* or NULL */
	struct reload *reload;       /* or NULL */
	bool has_names;              /* some packet named its interface, … */
	bool has_match;              /* … and a connection has it */
	int64_t begun;               /* µs */
};

/* 0 or a negative errno value: nothing can be played, and play->status says so. */
int play_prepare(struct play *play);
void play_done(struct play *play);

/* Packets from this number on come from this source; NULL: there are none any more. */
void play_source(struct play *play, const struct source *source, uint64_t first_number);

/* source_next() into play->batch. Only while this waits may the policy be exchanged, and between
 * the next two. */
int play_next(struct play *play, struct source *source);
void play_wait(struct play *play);
void play_go_on(struct play *play);

void play_batch(struct play *play, struct source *source);

/* The policy of a configuration (NULL: what is built in), with the helpers that the command line
 * asks for. 0 or a negative errno value, which has been told. */
int play_policy(const struct options *options, const char *path, struct policy **ret_policy);

/* An engine with the command line's settings. `late` gets the play as its context, and may be NULL.
 * 0 or a negative errno value, which has been told. */
int play_engine(struct play *play, const struct policy *policy, const struct recorders *recorders,
	void (*late)(void *context, const struct packet *p), struct engine **ret_engine);

/* Another policy, for the packets to come. */
void play_set_policy(struct play *play, struct policy *policy);

/* The first error of an output so far, or 0: then it is no use to go on. */
int play_error(const struct play *play);

/* Makes results readable that are waiting to be written; for a source that has nothing to give. */
void play_flush(struct play *play);

/* `facts`: what the summary cannot know; the rest of it is filled in. */
void play_finish(struct play *play, struct summary_facts *facts);

#endif

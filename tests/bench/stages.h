/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the stages that are measured share.
 *
 * Each stage prints lines "NAME NUMBER", and is one run of the program: tables are fresh, and
 * script/bench takes medians over runs. Times are CPU time of the thread that does the work.
 */
#ifndef BENCH_STAGES_H
#define BENCH_STAGES_H

#include "engine.h"
#include "record/writer.h"

#include "frames.h"

struct stage_options {
	const char *plugins; /* folder with ftp/ftp.so, or NULL: no helper */
	const char *events;  /* where to write them, or NULL */
	const char *log;
	unsigned long count; /* how often, where a stage repeats something */
};

struct stage {
	const char *name;
	const char *argument; /* its name in the usage */
	int (*run)(const struct stage_options *options, const char *argument);
};

/* Ends with a stage whose name is NULL. */
extern const struct stage stages_of_captures[]; /* stages-capture.c */
extern const struct stage stages_of_flows[];    /* stages-flow.c */
extern const struct stage stages_of_helpers[];  /* stages-helper.c */

/* Of the hashes: drawn once, so that counts of instructions are the same each time. */
#define SEED                                                                                       \
	{                                                                                          \
		UINT64_C(0x9fb21c651e98df25), UINT64_C(0xd6e8feb86659fd93),                        \
			UINT64_C(0xa0761d6478bd642f), UINT64_C(0xe7037ed1a0b428db)                 \
	}

/* CPU time so far, ns: of this thread, of the process. */
uint64_t thread_time(void);
uint64_t process_time(void);

void tell(const char *name, uint64_t number);

/* An engine with the built-in defaults and, if the options name plugins, the FTP helper bound. */
struct rig {
	struct policy *policy;
	struct plugins *plugins;
	struct recorders recorders;
	struct engine *engine;
	uint64_t engine_ns; /* thread time of rig_flush() */

	/* Packets that are made here and now. */
	uint64_t number;
	uint64_t time;
	struct batch batch;
	struct frame frames[BATCH_MAX];
};

/* Says what is wrong if it fails. Recorders may be added until the first packet. */
int rig_init(struct rig *rig, const struct stage_options *options);
void rig_done(struct rig *rig);

/* Room for the next packet; the batch must not be full. */
struct frame *rig_frame(struct rig *rig);

/* The batch is full. */
bool rig_full(const struct rig *rig);

/* Gives the batch to the engine; each packet is 1 µs later than the one before. */
void rig_flush(struct rig *rig);

#endif

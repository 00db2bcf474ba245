// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Measures one stage of the packet path through the library:
 *
 *   stages [-p PLUGINS] [-e EVENTS] [-l LOG] [-n COUNT] STAGE ARGUMENT
 *
 * Stages are in tables, one per file of them; here is what they share, and main(). Life-cycle: a
 * rig is made, packets go in, it is thrown away. Limits: one engine per run. Relies on packets
 * being 1 µs apart, so nothing ends by silence that is not meant to.
 */
#include "stages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "packet/decode.h"

#define START UINT64_C(1700000000000000000)
#define STEP  1000 /* ns */

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t
thread_time(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t
process_time(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void
tell(const char *name, uint64_t number)
{
	printf("%s %" PRIu64 "\n", name, number);
}

int
rig_init(struct rig *rig, const struct stage_options *options)
{
	const char *const folders[] = { options->plugins, NULL };
	struct engine_options engine = { .seed = SEED };
	g_autofree char *message = NULL;
	int r = 0;

	*rig = (struct rig){ .policy = policy_new(), .plugins = plugins_new(), .time = START };
	rig->policy->helpers_default = true;
	engine.policy = rig->policy;
	engine.recorders = &rig->recorders;
	if (options->plugins) {
		r = plugins_load_name(rig->plugins, folders, "ftp", &message);
		engine.plugins = rig->plugins;
	}
	if (r >= 0)
		r = engine_new(&engine, &rig->engine, &message);
	if (r >= 0)
		return 0;
	fprintf(stderr, "stages: %s\n", message);
	rig_done(rig);
	return r;
}

void
rig_done(struct rig *rig)
{
	engine_free(rig->engine);
	plugins_free(rig->plugins);
	policy_unref(rig->policy);
}

struct frame *
rig_frame(struct rig *rig)
{
	return &rig->frames[rig->batch.count++];
}

bool
rig_full(const struct rig *rig)
{
	return rig->batch.count == BATCH_MAX;
}

void
rig_flush(struct rig *rig)
{
	uint64_t begun;

	for (unsigned n = 0; n < rig->batch.count; n++) {
		const struct frame *frame = &rig->frames[n];
		struct packet *p = &rig->batch.packets[n];

		p->time = rig->time;
		p->number = ++rig->number;
		p->data = frame->bytes;
		p->caplen = p->wirelen = (uint32_t)frame->len;
		p->link = LINK_ETHERNET;
		p->iface = 0;
		rig->time += STEP;
	}
	begun = thread_time();
	engine_process(rig->engine, &rig->batch);
	rig->engine_ns += thread_time() - begun;
	rig->batch.count = 0;
}

static const struct stage *const tables[] = {
	stages_of_captures,
	stages_of_flows,
	stages_of_helpers,
};

static const struct stage *
find_stage(const char *name)
{
	for (unsigned n = 0; n < G_N_ELEMENTS(tables); n++)
		for (const struct stage *stage = tables[n]; stage->name; stage++)
			if (!strcmp(stage->name, name))
				return stage;
	return NULL;
}

static int
usage(void)
{
	fprintf(stderr, "usage: stages [-p PLUGINS] [-e EVENTS] [-l LOG] [-n COUNT] STAGE...\n");
	for (unsigned n = 0; n < G_N_ELEMENTS(tables); n++)
		for (const struct stage *stage = tables[n]; stage->name; stage++)
			fprintf(stderr, "    %s %s\n", stage->name, stage->argument);
	return 2;
}

int
main(int argc, char **argv)
{
	struct stage_options options = { .count = 1000000 };
	const struct stage *stage;
	int option;

	while ((option = getopt(argc, argv, "p:e:l:n:")) != -1) {
		if (option == 'p')
			options.plugins = optarg;
		else if (option == 'e')
			options.events = optarg;
		else if (option == 'l')
			options.log = optarg;
		else if (option == 'n')
			options.count = strtoul(optarg, NULL, 10);
		else
			return usage();
	}
	if (optind + 2 != argc)
		return usage();
	stage = find_stage(argv[optind]);
	return stage ? stage->run(&options, argv[optind + 1]) < 0 : usage();
}

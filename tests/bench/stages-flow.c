// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stages of what is remembered of flows, without a capture.
 *
 *   keys FLOWS      makes -n random keys, each of one of so many flows: what `lookup` does besides
 *   lookup FLOWS    and looks them up in a table, in batches and with prefetch as the engine does
 *   tcp FLOWS       tracks -n segments of so many connections
 *   growth FLOWS    so many flows begin, one per packet: how long the slowest batches took
 *
 * Life-cycle: one table, thrown away. Limits: FLOWS up to what the default policy allows. Relies on
 * flow numbers making keys that differ.
 */
#include "stages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <glib.h>

#include "flow/tcp.h"

/* As engine.c. */
#define LOOK_AHEAD 10

/* As many as the default policy allows. */
#define FLOWS_MAX (1ul << 20)

static unsigned long
parse_flows(const char *text)
{
	unsigned long flows = strtoul(text, NULL, 10);

	if (!flows || flows > FLOWS_MAX) {
		fprintf(stderr, "stages: %s: no number of flows\n", text);
		return 0;
	}
	return flows;
}

/* A key of its own for each number: many clients, few servers. */
static void
make_key(uint32_t number, struct key *ret_key)
{
	uint32_t ports = (1024 + number % 60000) << 16 | 8000;

	key_make_ipv4(
		ret_key, key_what(PROTO_UDP, 4, 0), 0x0a000000 + number / 16, 0xc6120001, ports);
}

static uint32_t
next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

static struct table *
make_table(uint32_t flows)
{
	struct table_options options = { .max_flows = flows, .max_extras = 1, .seed = SEED };
	struct table *table;
	struct key key;
	uint32_t index;

	if (table_new(&options, &table) < 0)
		return NULL;
	for (uint32_t n = 0; n < flows; n++) {
		make_key(n, &key);
		if (table_add(table, &key, table_hash(table, &key), 0, &index) < 0)
			break;
	}
	while (table->buckets.old.buckets)
		table_work(table);
	return table;
}

/* Looks up the keys of a batch as engine_process() does; returns how many are there. */
static unsigned
look_up(const struct table *table, struct packet *packets)
{
	unsigned found = 0, n, ahead;
	struct packet *p;

	for (n = 0; n < BATCH_MAX; n++) {
		packets[n].hash = table_hash(table, &packets[n].key);
		table_prefetch(table, packets[n].hash);
	}
	for (n = 0; n < LOOK_AHEAD; n++)
		packets[n].flow = table_candidate(table, packets[n].hash);
	for (n = 0; n < BATCH_MAX; n++) {
		ahead = n + LOOK_AHEAD;
		if (ahead < BATCH_MAX)
			packets[ahead].flow = table_candidate(table, packets[ahead].hash);
		p = &packets[n];
		found += table_find_candidate(table, &p->key, p->hash, p->flow) != 0;
	}
	return found;
}

static int
run_keys_or_lookup(const struct stage_options *options, const char *argument, bool lookup)
{
	uint32_t flows = (uint32_t)parse_flows(argument);
	struct table *table = flows ? make_table(flows) : NULL;
	struct packet packets[BATCH_MAX];
	uint64_t begun, random = 1, done, found = 0;

	if (!table)
		return -EINVAL;
	begun = thread_time();
	for (done = 0; done < options->count; done += BATCH_MAX) {
		for (unsigned n = 0; n < BATCH_MAX; n++)
			make_key(next_random(&random) % flows, &packets[n].key);
		if (lookup)
			found += look_up(table, packets);
		else
			found += packets[done % BATCH_MAX].key.w[0] != 0;
	}
	tell("ns", thread_time() - begun);
	tell("packets", done);
	table_free(table);
	if (lookup && found != done) {
		fprintf(stderr, "stages: only %" G_GUINT64_FORMAT " found\n", found);
		return -ENOENT;
	}
	return 0;
}

static int
run_keys(const struct stage_options *options, const char *argument)
{
	return run_keys_or_lookup(options, argument, false);
}

static int
run_lookup(const struct stage_options *options, const char *argument)
{
	return run_keys_or_lookup(options, argument, true);
}

/* A segment that goes on where its sender stands. */
static struct packet
segment(const struct flow *flow, unsigned dir, uint8_t flags, uint32_t len)
{
	return (struct packet){
		.proto = PROTO_TCP,
		.payload_len = len,
		.tcp = {
			.seq = flow->tcp[dir].end,
			.ack = flow->tcp[!dir].end,
			.window = 65535,
			.flags = flags,
		},
	};
}

static bool
shake_hands(struct flow *flow)
{
	struct packet p = segment(flow, DIR_ORIGINAL, TCP_SYN, 0);

	if (tcp_begin(flow, &p, false) != REASON_NONE)
		return false;
	p = segment(flow, DIR_REPLY, TCP_SYN | TCP_ACK, 0);
	if (tcp_track(flow, &p, DIR_REPLY) != REASON_NONE)
		return false;
	p = segment(flow, DIR_ORIGINAL, TCP_ACK, 0);
	return tcp_track(flow, &p, DIR_ORIGINAL) == REASON_NONE;
}

static int
run_tcp(const struct stage_options *options, const char *argument)
{
	uint32_t flows = (uint32_t)parse_flows(argument), n = 0;
	struct flow *list = flows ? aligned_alloc(64, flows * sizeof(*list)) : NULL;
	struct packet p;
	uint64_t begun, done;
	unsigned dir = DIR_ORIGINAL, refused = 0;

	if (!list)
		return -EINVAL;
	for (n = 0; n < flows; n++) {
		list[n] = (struct flow){ 0 };
		refused += !shake_hands(&list[n]);
	}
	p = segment(&list[0], dir, TCP_ACK | TCP_PSH, 6);
	begun = thread_time();
	for (done = 0, n = 0; done < options->count; done++) {
		p.tcp.seq = list[n].tcp[dir].end;
		p.tcp.ack = list[n].tcp[!dir].end;
		refused += tcp_track(&list[n], &p, dir) != REASON_NONE;
		if (++n == flows) {
			n = 0;
			dir = !dir;
		}
	}
	tell("ns", thread_time() - begun);
	tell("packets", done);
	free(list);
	return refused ? -EINVAL : 0;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int
run_growth(const struct stage_options *options, const char *argument)
{
	struct frame_flow flow = { .host = { 0, 0xc6120001 }, .port = { 0, 8000 } };
	uint32_t flows = (uint32_t)parse_flows(argument), n, batches = 0;
	uint64_t *times = g_new(uint64_t, flows / BATCH_MAX + 1), before;
	struct stats stats;
	struct rig rig;
	int r;

	r = flows ? rig_init(&rig, options) : -EINVAL;
	if (r < 0)
		return r;
	for (n = 0; n < flows; n++) {
		flow.host[0] = 0x0a000000 + n / 16;
		flow.port[0] = (uint16_t)(1024 + n % 60000);
		frame_udp(rig_frame(&rig), &flow, 0, NULL, 18);
		if (!rig_full(&rig))
			continue;
		before = rig.engine_ns;
		rig_flush(&rig);
		times[batches++] = rig.engine_ns - before;
	}
	engine_get_stats(rig.engine, &stats);
	qsort(times, batches, sizeof(*times), compare);
	tell("flows", stats.table.flows);
	tell("grown", stats.table.grown);
	tell("max_ns", times[batches - 1]);
	tell("p9999_ns", times[batches - 1 - batches / 10000]);
	tell("median_ns", times[batches / 2]);
	rig_done(&rig);
	g_free(times);
	return 0;
}

const struct stage stages_of_flows[] = {
	{ "keys", "FLOWS", run_keys },
	{ "lookup", "FLOWS", run_lookup },
	{ "tcp", "FLOWS", run_tcp },
	{ "growth", "FLOWS", run_growth },
	{ 0 },
};

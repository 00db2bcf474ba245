// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How an engine begins and ends, and what it has counted.
 *
 * engine_new() opens the rooms below in the order in which they need each other. The end has two
 * steps: engine_finish() settles what is open while recorders are still there, engine_free() gives
 * everything back. Relies on nothing that a packet says.
 */
#include "engine-private.h"

#include <string.h>

#include <glib.h>

#include "helper/session.h"

struct collection {
	struct table *table;
	GArray *entries; /* uint64_t: index, id, index, … */
};

/* The flows that a helper watches, as indices and ids: closing one may end others. */
static void
collect_session(void *context, uint32_t index)
{
	struct collection *c = context;
	const struct flow_extra *extra = table_extra_get(c->table, table_flow(c->table, index));
	uint64_t entry[2] = { index };

	if (!extra || !extra->session)
		return;
	entry[1] = table_flow_id(c->table, table_flow(c->table, index));
	g_array_append_vals(c->entries, entry, 2);
}

/* Ends every session, so that what helpers have to say at the end is said in time. */
static void
close_sessions(struct engine *e)
{
	struct collection c = { e->table, g_array_new(false, false, sizeof(uint64_t)) };

	table_each_extra(e->table, collect_session, &c);
	host_set_time(e->host, e->now);
	for (guint n = 0; n + 1 < c.entries->len; n += 2) {
		uint32_t index = (uint32_t)g_array_index(c.entries, uint64_t, n);
		uint64_t id = g_array_index(c.entries, uint64_t, n + 1);
		const struct flow *flow = &e->flows[index];
		const struct flow_extra *extra = table_extra_get(e->table, flow);

		if (key_family(&flow->key) && table_flow_id(e->table, flow) == id && extra &&
			extra->session)
			session_close(e->host, index);
	}
	g_array_unref(c.entries);
}

void
engine_finish(struct engine *e)
{
	if (e->finished)
		return;
	e->finished = true;
	defrag_flush(e->defrag);
	if (e->host) {
		close_sessions(e);
		host_stop(e->host);
	}
	if (e->recorders->wants_flows)
		table_each(e->table, engine_tell_open_flow, e);
}

void
engine_free(struct engine *e)
{
	if (!e)
		return;
	if (e->host)
		engine_finish(e);
	host_free(e->host);
	defrag_free(e->defrag);
	expects_free(e->expects);
	sides_free(e->sides);
	table_free(e->table);
	policy_unref(e->policy);
	g_free(e->unmatched_name);
	g_free(e);
}

/* The rooms below, in order. */
static int
open_rooms(struct engine *e, const struct engine_options *options, char **ret_message)
{
	const struct policy *policy = options->policy;
	struct expect_owner doors = { .context = e, .ended = engine_door_ended };
	struct defrag_owner fragments = { .context = e, .settled = engine_fragment_settled };
	struct table_options table = policy->table;
	struct defrag_options defrag = policy->defrag;
	struct host_options host = {
		.policy = policy,
		.plugins = options->plugins,
		.recorders = options->recorders,
		.warnings = options->warnings,
		.context = e,
		.end_flow = engine_end_descendant,
	};
	int r;

	memcpy(table.seed, options->seed, sizeof(table.seed));
	defrag.seed = options->seed[3];
	e->sides = sides_new(options->inside, options->n_inside, &options->seed[2]);
	r = table_new(&table, &e->table);
	if (r >= 0)
		r = expects_new(&policy->doors.limits, &doors, &options->seed[1], &e->expects);
	if (r >= 0)
		r = defrag_new(&defrag, &fragments, &e->defrag);
	if (r < 0) {
		*ret_message = g_strdup_printf(
			"tables could not be made: %s; lower the limits", g_strerror(-r));
		return r;
	}
	if (!options->plugins)
		return 0;
	host.table = e->table;
	host.expects = e->expects;
	host.sides = e->sides;
	return host_new(&host, &e->host, ret_message);
}

int
engine_new(const struct engine_options *options, struct engine **ret_engine, char **ret_message)
{
	struct engine *e = g_new0(struct engine, 1);
	int r;

	e->policy = policy_ref(options->policy);
	e->recorders = options->recorders;
	e->unmatched_name = g_strdup(options->unmatched);
	e->interface_name = options->interface_name;
	e->hooked = options->hooked;
	e->taken_back = options->taken_back;
	e->late_verdict = options->late_verdict;
	e->context = options->context;
	r = open_rooms(e, options, ret_message);
	if (r < 0) {
		engine_free(e);
		return r;
	}
	engine_adopt_policy(e);
	e->flows = table_slab(e->table);
	e->timer = table_timer(e->table);
	*ret_engine = e;
	return 0;
}

void
engine_get_stats(const struct engine *e, struct stats *ret_stats)
{
	*ret_stats = e->stats;
	table_get_stats(e->table, &ret_stats->table);
	expects_get_stats(e->expects, &ret_stats->expect);
	defrag_get_stats(e->defrag, &ret_stats->defrag);
	if (e->host)
		host_get_stats(e->host, ret_stats);
}

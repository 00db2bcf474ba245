// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flow table: slab, buckets and timer as one.
 *
 * A record is in use when its key is not zero (a key always has a family). Ids are 64 bits wide,
 * but a record keeps the low half only: the rest follows from how many have been created since,
 * which is less than 2^32 for any flow that is still there and counted anew at each wrap.
 */
#include "flow/table.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <glib.h>


int
table_new(const struct table_options *options, struct table **ret_table)
{
	struct table *table;
	int r;

	if (!options->max_flows || options->max_flows > TABLE_FLOWS_MAX || !options->max_extras)
		return -EINVAL;
	for (unsigned n = 0; n < FLOW_STATE_COUNT; n++)
		if (options->timeouts[n] > TIMER_TIMEOUT_MAX)
			return -EINVAL;
	table = g_new0(struct table, 1);
	memcpy(table->seed, options->seed, sizeof(table->seed));
	timer_init(&table->timer, options->timeouts);
	r = buckets_init(&table->buckets, 0);
	if (r >= 0)
		r = slab_init(&table->flows, sizeof(struct flow), options->max_flows);
	if (r >= 0)
		r = slab_init(&table->extras, sizeof(struct flow_extra), options->max_extras);
	if (r < 0) {
		table_free(table);
		return r;
	}
	*ret_table = table;
	return 0;
}

void
table_free(struct table *table)
{
	if (!table)
		return;
	if (table->extras.count) {
		for (uint32_t n = 1; n <= table->flows.high; n++) {
			struct flow *flow = table_flow(table, n);

			if (key_family(&flow->key) && !(flow->flags & FLOW_ALIAS) && flow->extra)
				flow_extra_clear(slab_at(&table->extras, flow->extra));
		}
	}
	slab_done(&table->flows);
	slab_done(&table->extras);
	buckets_done(&table->buckets);
	g_free(table);
}

/* A record with this key, all else zero. */
static int
record_add(struct table *table, const struct key *key, uint64_t hash, uint32_t *ret_index)
{
	uint32_t index = slab_get(&table->flows);
	struct flow *flow;
	int r;

	if (!index)
		return -ENOSPC;
	r = buckets_add(&table->buckets, (uint32_t)hash, index);
	if (r < 0) {
		slab_put(&table->flows, index);
		return r;
	}
	flow = table_flow(table, index);
	memset(flow, 0, sizeof(*flow));
	flow->key = *key;
	if (table->flows.count > table->peak)
		table->peak = table->flows.count;
	*ret_index = index;
	return 0;
}

static void
record_remove(struct table *table, uint32_t index)
{
	struct flow *flow = table_flow(table, index);

	buckets_remove(&table->buckets, (uint32_t)table_hash(table, &flow->key), index);
	flow->key = (struct key){ 0 };
	slab_put(&table->flows, index);
}

int
table_add(struct table *table, const struct key *key, uint64_t hash, uint64_t now,
	uint32_t *ret_index)
{
	struct flow *flow;
	int r;

	r = record_add(table, key, hash, ret_index);
	if (r < 0)
		return r;
	flow = table_flow(table, *ret_index);
	flow->id = (uint32_t)++table->created;
	flow->start = flow->last = now;
	return 0;
}

static struct flow_extra *
extra_at(const struct table *table, uint32_t flow_index)
{
	return flow_index ? table_extra_get(table, table_flow(table, flow_index)) : NULL;
}

/* Takes a flow out of its parent's list, and leaves its children without a parent. */
static void
extra_unlink(struct table *table, struct flow_extra *extra)
{
	struct flow_extra *parent = extra_at(table, extra->parent);
	struct flow_extra *next = extra_at(table, extra->next_sibling);
	struct flow_extra *prev = extra_at(table, extra->prev_sibling);
	struct flow_extra *child;
	uint32_t after;

	if (next)
		next->prev_sibling = extra->prev_sibling;
	if (prev)
		prev->next_sibling = extra->next_sibling;
	else if (parent)
		parent->first_child = extra->next_sibling;
	for (uint32_t n = extra->first_child; n; n = after) {
		child = extra_at(table, n);
		after = child->next_sibling;
		child->parent = child->next_sibling = child->prev_sibling = 0;
	}
}

void
table_remove(struct table *table, uint32_t index)
{
	struct flow *flow = table_flow(table, index);
	struct flow_extra *extra = table_extra_get(table, flow);

	/* Most flows go in the order of their queues: the next one's bucket is wanted soon. */
	if (flow->next)
		table_prefetch(table, table_hash(table, &table_flow(table, flow->next)->key));
	timer_remove(&table->timer, table_slab(table), index);
	if (extra) {
		assert(!extra->session);
		extra_unlink(table, extra);
		if (extra->alias)
			record_remove(table, extra->alias);
		flow_extra_clear(extra);
		slab_put(&table->extras, flow->extra);
	}
	record_remove(table, index);
}

struct flow_extra *
table_extra(struct table *table, struct flow *flow)
{
	struct flow_extra *extra;
	uint32_t slot;

	if (flow->extra)
		return slab_at(&table->extras, flow->extra);
	slot = slab_get(&table->extras);
	if (!slot)
		return NULL;
	extra = slab_at(&table->extras, slot);
	*extra = (struct flow_extra){ .root_id = table_flow_id(table, flow) };
	flow->extra = slot;
	return extra;
}

uint64_t
table_flow_id(const struct table *table, const struct flow *flow)
{
	return table->created - (uint32_t)((uint32_t)table->created - flow->id);
}

int
table_add_alias(struct table *table, uint32_t index, const struct key *key, bool from_hi)
{
	uint64_t hash = table_hash(table, key);
	struct flow *flow = table_flow(table, index);
	struct flow_extra *extra;
	uint32_t alias;

	if (table_find(table, key, hash))
		return -EEXIST;
	extra = table_extra(table, flow);
	if (!extra || record_add(table, key, hash, &alias) < 0)
		return -ENOSPC;
	table_flow(table, alias)->flags = (uint16_t)(FLOW_ALIAS | (from_hi ? FLOW_FROM_HI : 0));
	table_flow(table, alias)->extra = index;
	extra->alias = alias;
	return 0;
}

int
table_link_child(struct table *table, uint32_t parent, uint32_t child)
{
	struct flow *parent_flow = table_flow(table, parent);
	struct flow_extra *up = table_extra(table, parent_flow);
	struct flow_extra *down = table_extra(table, table_flow(table, child));

	if (!up || !down)
		return -ENOSPC;
	down->parent = parent;
	down->parent_id = table_flow_id(table, parent_flow);
	down->root_id = up->root_id;
	down->depth = (uint8_t)(up->depth + 1);
	down->next_sibling = up->first_child;
	down->prev_sibling = 0;
	if (up->first_child)
		extra_at(table, up->first_child)->prev_sibling = child;
	up->first_child = child;
	return 0;
}

struct timer *
table_timer(struct table *table)
{
	return &table->timer;
}

struct flow *
table_slab(struct table *table)
{
	return (struct flow *)(void *)table->flows.base;
}

struct order {
	uint64_t id;
	uint32_t index;
};

static gint
order_compare(gconstpointer a, gconstpointer b)
{
	uint64_t x = ((const struct order *)a)->id, y = ((const struct order *)b)->id;

	return (x > y) - (x < y);
}

static void
each(struct table *table, bool all, void (*visit)(void *context, uint32_t index), void *context)
{
	GArray *order = g_array_new(false, false, sizeof(struct order));

	for (uint32_t n = 1; n <= table->flows.high; n++) {
		const struct flow *flow = table_flow(table, n);
		struct order o = { .index = n };

		if (!key_family(&flow->key) || flow->flags & FLOW_ALIAS || !(all || flow->extra))
			continue;
		o.id = table_flow_id(table, flow);
		g_array_append_val(order, o);
	}
	g_array_sort(order, order_compare);
	for (guint n = 0; n < order->len; n++)
		visit(context, g_array_index(order, struct order, n).index);
	g_array_unref(order);
}

void
table_each(struct table *table, void (*visit)(void *context, uint32_t index), void *context)
{
	each(table, true, visit, context);
}

void
table_each_extra(
	struct table *table, void (*visit)(void *context, uint32_t index), void *context)
{
	if (table->extras.count)
		each(table, false, visit, context);
}

void
table_get_stats(const struct table *table, struct table_stats *ret_stats)
{
	*ret_stats = (struct table_stats){
		.flows = table->flows.count,
		.extras = table->extras.count,
		.peak = table->peak,
		.created = table->created,
		.grown = table->buckets.grown,
		.memory = (uint64_t)table->flows.high * table->flows.record +
			(uint64_t)table->extras.high * table->extras.record +
			buckets_memory(&table->buckets),
	};
}

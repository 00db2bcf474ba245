// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host: plugins at work in one engine.
 *
 * Life: host_new() makes an instance of every plugin (host-config.c) and starts those of which a
 * helper is enabled; host_free() stops them, when every session is closed. In between it is asked
 * for each new flow whether a helper is bound to its port: one bit says no for most.
 *
 * It relies on the engine to set the time, and to close the sessions of flows that end. What
 * plugins call is host-table.c, what is called on them for a packet is session.c.
 */
#include "helper/host.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

#include "helper/host-internal.h"
#include "helper/session.h"

static int
start_instances(struct host *host, char **ret_message)
{
	unsigned i;
	int32_t r;

	for (i = 0; i < host->n_instances; i++) {
		struct instance *in = host->instances[i];

		if (!in->n_helpers)
			continue;
		r = in->desc->start ? in->desc->start(&in->pn) : 0;
		if (r < 0) {
			*ret_message = g_strdup_printf("%s: the plugin does not start: %s",
				in->desc->name, g_strerror(-r));
			return -ECANCELED;
		}
		in->started = true;
	}
	return 0;
}

int
host_new(const struct host_options *options, struct host **ret_host, char **ret_message)
{
	struct host *host = g_new0(struct host, 1);
	int r;

	host->options = *options;
	host->started = policy_ref(options->policy);
	host->budget.limit = options->policy->stream_memory;
	r = host_configure(host, ret_message);
	if (r == 0)
		r = host_bind(host, ret_message);
	if (r == 0)
		r = start_instances(host, ret_message);
	if (r < 0) {
		host_free(host);
		return r;
	}
	*ret_host = host;
	return 0;
}

void
host_stop(struct host *host)
{
	for (unsigned i = 0; i < host->n_instances; i++) {
		struct instance *in = host->instances[i];

		if (in->started && in->desc->stop)
			in->desc->stop(&in->pn);
		in->started = false;
	}
}

void
host_free(struct host *host)
{
	if (!host)
		return;
	host_stop(host);
	for (unsigned i = 0; i < host->n_instances; i++)
		instance_free(host->instances[i]);
	g_free(host->instances);
	g_free(host->tcp.list);
	g_free(host->udp.list);
	policy_unref(host->started);
	g_free(host);
}

void
host_set_policy(struct host *host, const struct policy *policy)
{
	host->options.policy = policy;
}

void
host_set_time(struct host *host, uint64_t now)
{
	host->now = now;
}

static bool
is_allowed(const struct host *host, uint8_t connection, const struct helper *helper)
{
	const struct policy *policy = host->options.policy;

	return connection_allows_helper(&policy->connections[connection], helper->desc->name);
}

const struct helper *
host_bound(const struct host *host, uint8_t connection, uint8_t proto, uint16_t port)
{
	const struct helper *helper = NULL;
	const struct bindings *bindings = proto == PROTO_TCP ? &host->tcp : &host->udp;
	unsigned i;

	if (proto != PROTO_TCP && proto != PROTO_UDP)
		return NULL;
	if (!(bindings->bound[port / 64] >> port % 64 & 1))
		return NULL;
	for (i = 0; i < bindings->n && !helper; i++) {
		if (port >= bindings->list[i].first && port <= bindings->list[i].last)
			helper = bindings->list[i].helper;
	}
	return helper && is_allowed(host, connection, helper) ? helper : NULL;
}

const struct helper *
host_find(const struct host *host, const char *name)
{
	for (unsigned i = 0; i < host->n_instances; i++) {
		const struct instance *in = host->instances[i];

		for (unsigned j = 0; j < in->n_helpers; j++) {
			if (!strcmp(in->helpers[j].desc->name, name))
				return &in->helpers[j];
		}
	}
	return NULL;
}

void
host_each(const struct host *host, void (*visit)(void *context, const struct helper *helper),
	void *context)
{
	for (unsigned i = 0; i < host->n_instances; i++) {
		const struct instance *in = host->instances[i];

		for (unsigned j = 0; j < in->n_helpers; j++)
			visit(context, &in->helpers[j]);
	}
}

/* May a helper watch this flow from here on? Only if it is at its first packet. */
static bool
begins(const struct flow *flow)
{
	if (flow->flags & (FLOW_MIDSTREAM | FLOW_SEEN_REPLY))
		return false;
	return flow->state < FLOW_REPLIED_FIRST;
}

void
host_expected(struct host *host, uint32_t child, const struct expectation *e)
{
	const struct expectation door = *e; /* it may be gone when expected() returns */
	const struct helper *asked = door.owner;
	const struct helper *helper = door.child ? host_find(host, door.child) : NULL;
	const struct flow *flow = table_flow(host->options.table, child);
	struct watched watched = {
		.pn = {
			.size = sizeof(watched.pn),
			.host = &host_table,
			.instance = asked->instance,
		},
		.host = host,
		.helper = asked,
		.index = child,
		.dir = DIR_ORIGINAL,
		.asking = true,
	};

	if (asked->desc->expected)
		asked->desc->expected(&watched.pn, door.cookie);
	if (helper && helper->desc->transport == key_proto(&flow->key) && begins(flow) &&
		is_allowed(host, flow->connection, helper))
		session_open(host, child, helper);
}

void
host_get_stats(const struct host *host, struct stats *stats)
{
	const struct host_counters *counters = &host->counters;

	stats->refused_doors = counters->refused_doors;
	stats->helper.messages = counters->messages;
	stats->helper.detached = counters->detached;
	stats->helper.failed = counters->failed;
	stats->helper.conflicts = counters->conflicts;
	stats->helper.gaps = counters->gaps;
	stats->helper.out_of_memory = counters->out_of_memory;
	stats->helper.memory = host->budget.used;
	stats->helper.peak_memory = host->budget.peak;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host: plugins at work in one engine. It starts instances, knows which helper is bound to
 * which port, and is the other end of struct pn_host.
 */
#ifndef HELPER_HOST_H
#define HELPER_HOST_H

#include <glib.h>

#include "flow/expect.h"
#include "flow/table.h"
#include "helper/loader.h"
#include "policy/policy.h"
#include "record/record.h"
#include "record/stats.h"

struct host;

/* A helper of a plugin that is at work here. */
struct helper {
	const struct pn_helper *desc;
	struct pn_instance *instance;
	uint32_t door_timeout; /* seconds */
	uint32_t max_doors;
};

struct host_options {
	const struct policy *policy;
	const struct plugins *plugins;
	struct table *table;
	struct expects *expects;
	struct sides *sides;
	const struct recorders *recorders;
	GPtrArray *warnings; /* a line for each key that means nothing, g_free(); NULL: not wanted */
	void *context; /* for end_flow */
	void (*end_flow)(void *context, uint32_t index); /* ends a descendant */
};

/*
 * Checks the options of every plugin against the policy, and starts those of which a helper is
 * enabled. On failure *ret_message ("FILE:LINE: …") is the caller's to g_free().
 */
int host_new(const struct host_options *options, struct host **ret_host, char **ret_message);
void host_free(struct host *host);

/* The input is over: stops the plugins, whose sessions are closed. */
void host_stop(struct host *host);

/* Another policy for what is asked of it while packets come: the checks on doors, which connections
 * let which helpers watch. Helpers, their ports and their options stay as they were started. */
void host_set_policy(struct host *host, const struct policy *policy);

/* Packet time, before anything else happens at that time. */
void host_set_time(struct host *host, uint64_t now);

/* The helper bound to this port of the responder that may watch flows of the connection, or NULL. */
const struct helper *host_bound(
	const struct host *host, uint8_t connection, uint8_t proto, uint16_t port);

/* An enabled helper by name, or NULL. */
const struct helper *host_find(const struct host *host, const char *name);

/* Calls visit() for each helper at work, in order. */
void host_each(const struct host *host,
	void (*visit)(void *context, const struct helper *helper), void *context);

/*
 * A flow has come through a door: tells the helper that had asked for it, and lets the child helper
 * watch it if the door names one that is enabled and the packet begins the flow.
 */
void host_expected(struct host *host, uint32_t child, const struct expectation *e);

/* Counters of the helper room. */
void host_get_stats(const struct host *host, struct stats *stats);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this room share, and nobody else includes.
 */
#ifndef HELPER_HOST_INTERNAL_H
#define HELPER_HOST_INTERNAL_H

#include "helper/host.h"
#include "helper/option.h"
#include "helper/stream.h"

#define HOST_PORTS 65536

/* A plugin at work. */
struct instance {
	struct pn_instance pn; /* what the plugin is handed: first, so that it leads back here */
	struct host *host;
	const struct pn_plugin *desc;
	struct option *options; /* every declared one, with its value */
	unsigned n_options;
	struct prefix *sources; /* of all options of that type */
	unsigned n_sources;
	struct prefix *targets;
	unsigned n_targets;
	struct helper *helpers; /* the enabled ones */
	unsigned n_helpers;
	bool started;
	uint32_t log_lines;   /* written in the second `log_second` */
	uint32_t log_dropped; /* and not written */
	uint64_t log_second;
};

/* A flow while a plugin may look at it. */
struct watched {
	struct pn_flow pn; /* what the plugin is handed: first, so that it leads back here */
	struct host *host;
	const struct helper *helper;
	uint32_t index;
	unsigned dir;         /* DIR_*, of the message at hand */
	bool asking;          /* in message() or expected(): doors may be asked for */
	const uint8_t *bytes; /* of the message at hand; NULL if there is none */
	size_t len;
};

/* Ports of one transport that a helper is bound to, in order of `first`, disjoint. */
struct binding {
	uint16_t first;
	uint16_t last;
	const struct helper *helper;
};

struct bindings {
	uint64_t bound[HOST_PORTS / 64]; /* a bit per port: most flows are told by it */
	struct binding *list;
	unsigned n;
};

struct host_counters {
	uint64_t messages, detached, failed, conflicts, gaps, out_of_memory, refused_doors;
};

struct host {
	struct host_options options;
	struct policy *started; /* that plugins were started with: their options are of it */
	uint64_t now;
	struct stream_budget budget;
	struct host_counters counters;
	struct instance **instances; /* by name */
	unsigned n_instances;
	struct bindings tcp;
	struct bindings udp;
};

/* host-table.c: what plugins call. */
extern const struct pn_host host_table;

/* host-config.c */

/* Makes the instances of all plugins that policy enables, with their options. A negative errno
 * value and *ret_message when the policy asks for what is not there. */
int host_configure(struct host *host, char **ret_message);
void instance_free(struct instance *instance);

/* Fills the tables of ports. -EADDRINUSE and *ret_message when two helpers are bound to one. */
int host_bind(struct host *host, char **ret_message);

#endif

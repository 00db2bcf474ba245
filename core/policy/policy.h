/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is allowed: one immutable model in memory, made by config.c, read by everyone.
 *
 * A struct policy never changes once it is built; a new configuration is a new struct policy, which
 * takes the place of the old one as a whole (engine_set_policy()). Whoever looks at one holds a
 * reference to it.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/defrag.h"
#include "flow/expect.h"
#include "flow/flow.h"
#include "flow/table.h"
#include "policy/connection.h"
#include "policy/service.h"
#include "policy/side.h"

enum midstream {
	MIDSTREAM_NONE,
	MIDSTREAM_OUTBOUND,
	MIDSTREAM_ANY,
};

/* One key of a [Helper:NAME] section that belongs to the plugin; checked when it is loaded. */
struct policy_option {
	char *name;
	char *value;
	char *file; /* where it stands, for messages */
	unsigned line;
};

/* What policy says of one helper, or of all helpers of one plugin. */
struct policy_helper {
	char *name; /* of a plugin, or "PLUGIN.part" */
	bool enabled;
	bool enabled_set; /* false: the file does not say; `enabled` is what it takes over */
	bool ports_set;   /* false: the helper's own default ports */
	struct port_range *ports;
	unsigned n_ports;
	struct policy_option *options;
	unsigned n_options;
	char *file;
	unsigned line;
};

/* Limits on doors; policy/door.c applies them. */
struct policy_doors {
	struct expect_limits limits;
	unsigned max_depth;      /* of a chain of children */
	unsigned max_range;      /* ports in one door */
	unsigned max_flows;      /* through one door */
	uint32_t max_timeout;    /* seconds; registrations have DOOR_OUTLIVE_MAX instead */
	struct port_range *deny_tcp; /* towards the protected side */
	unsigned n_deny_tcp;
	struct port_range *deny_udp;
	unsigned n_deny_udp;
	struct prefix *sources;  /* prefixes that may come through a door without a known source */
	unsigned n_sources;
};

struct policy_log {
	bool dropped;
	bool connections;
	bool chosen; /* a file says which lines are wanted: `dropped` or `connections` */
	char *path;
	unsigned max_size_kib;
	bool max_size_set; /* a file says so */
	unsigned rotations; /* old logs that are kept: PATH.old, PATH.old.2, … */
	bool utc;
	enum { W3C_ICF_1_0, W3C_WF_1_5, W3C_EXTENDED } dialect;
};

/* How the live firewall sits in the kernel. */
struct policy_live {
	uint32_t queue;        /* number of the netfilter queue */
	uint32_t queue_length; /* packets that the kernel keeps for us */
	uint32_t mark_bit;     /* of the packet and conntrack mark: this bit and the next are ours */
	bool offload;          /* the kernel carries on what needs no helper */
	bool fail_open;        /* while nobody listens everything passes */
	bool cleanup_on_exit;  /* a clean end takes the rules away */
	struct prefix *inside; /* protected, beside this machine and its private sides */
	unsigned n_inside;
};

struct policy {
	int references; /* atomic */
	enum midstream midstream;
	bool verify_checksums;
	bool keep_established; /* a tighter policy does not end flows that are open */
	struct table_options table;   /* without a seed */
	struct defrag_options defrag;
	uint64_t stream_memory;       /* bytes, for reassembly of all flows */
	uint32_t stream_window;       /* bytes, of one direction of one flow */
	struct policy_doors doors;
	struct policy_log log;
	struct policy_live live;
	struct policy_helper *helpers;
	unsigned n_helpers;
	bool helpers_default; /* whether helpers that no section names are on */
	struct connection *connections; /* [0] is "default"; then in the order of their names */
	unsigned n_connections; /* at least 1 */
	struct service *services; /* all that are known, in the order of their names */
	unsigned n_services;
};

/* The built-in defaults, with one reference. Ends the program when memory is short, as GLib does. */
struct policy *policy_new(void);

/* References may be taken and dropped by any thread; the last one frees. NULL is legal. */
struct policy *policy_ref(const struct policy *policy);
void policy_unref(struct policy *policy);

/* What policy says of a helper: the section of its full name ("PLUGIN.part"), else that of its
 * plugin, else NULL. */
const struct policy_helper *policy_helper_find(const struct policy *policy, const char *name);

/* The connection of that name, or NULL. */
const struct connection *policy_connection_find(const struct policy *policy, const char *name);

/* The connection of an interface (NULL: it has no name), or NULL. Private sides are found too. */
const struct connection *policy_connection_of_interface(
	const struct policy *policy, const char *interface);

/* The connection of an outside peer, or NULL. */
const struct connection *policy_connection_of_peer(
	const struct policy *policy, const struct pn_addr *peer);

static inline uint8_t
policy_connection_index(const struct policy *policy, const struct connection *connection)
{
	return (uint8_t)(connection - policy->connections);
}

#endif

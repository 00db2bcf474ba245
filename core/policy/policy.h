/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is allowed: one immutable model in memory, made by config.c, read by everyone.
 *
 * A struct policy never changes once it is built; a new configuration is a new struct policy.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/defrag.h"
#include "flow/expect.h"
#include "flow/flow.h"
#include "flow/table.h"
#include "policy/side.h"

enum midstream {
	MIDSTREAM_NONE,
	MIDSTREAM_OUTBOUND,
	MIDSTREAM_ANY,
};

struct prefix {
	struct pn_addr addr;
	unsigned bits;
};

struct port_range {
	uint16_t first;
	uint16_t last;
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
	char *path;
	unsigned max_size_kib;
	bool utc;
	enum { W3C_ICF_1_0, W3C_WF_1_5, W3C_EXTENDED } dialect;
};

struct policy {
	enum midstream midstream;
	bool verify_checksums;
	struct table_options table;   /* without a seed */
	struct defrag_options defrag;
	uint64_t stream_memory;       /* bytes, for reassembly of all flows */
	uint32_t stream_window;       /* bytes, of one direction of one flow */
	struct policy_doors doors;
	struct policy_log log;
	struct policy_helper *helpers;
	unsigned n_helpers;
	bool helpers_default; /* whether helpers that no section names are on */
	char *connection;     /* name of the only connection so far */
};

/* The built-in defaults. Ends the program when memory is short, as GLib does. */
struct policy *policy_new(void);
void policy_free(struct policy *policy);

/* What policy says of a helper: the section of its full name ("PLUGIN.part"), else that of its
 * plugin, else NULL. */
const struct policy_helper *policy_helper_find(const struct policy *policy, const char *name);

/*
 * The three rules, for the first packet of a flow that no door awaits; `direction` is what
 * sides_direction() says of it. Returns the reason; its verdict is reason_verdict().
 *
 * TCP that does not begin with a SYN is judged by the mid-stream rule here too. What cannot be the
 * middle of a connection that both ends know of, a lone RST or SYN+ACK, never begins a flow:
 * NO_HANDSHAKE, or UNSOLICITED where it comes from outside. Errors of ICMP are the engine's to
 * judge before it asks here.
 */
enum reason policy_first_packet(
	const struct policy *policy, const struct packet *p, enum direction direction);

#endif

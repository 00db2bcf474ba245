// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The built-in defaults, and what is looked up in a policy.
 *
 * Life-cycle: policy_new() makes the defaults, config.c changes them before anybody else sees them,
 * the last policy_unref() ends them. In between nothing but the count of references is written, so
 * any number of threads may read.
 * Limits: of its own none; config.c bounds what a file may say.
 * Relies on: the lists in a policy being made with g_new() and its strings with g_strdup().
 */
#include "policy/policy.h"

#include <string.h>

#include <glib.h>

/*
 * Seconds of silence after which a flow is forgotten.
 *
 * RFC 5382 REQ-5 asks a translator to keep connections that are half open or half closed for four
 * minutes. A flow that one side alone has made is worth less here: it holds no mapping, the next
 * SYN makes it again, and it is what a flood leaves behind. So these go early; a connection that
 * both sides have used gets all of what the RFC asks.
 */
static const uint32_t default_timeouts[FLOW_STATE_COUNT] = {
	[FLOW_NONE] = 30,
	[FLOW_TCP_SYN_SENT] = 30,
	[FLOW_TCP_SYN_RECEIVED] = 60,
	/* RFC 5382 REQ-5: 2 h 4 min, longer than the two hours between keep-alives (RFC 9293
	 * §3.8.4). */
	[FLOW_TCP_ESTABLISHED] = 7440,
	/* RFC 5382 REQ-5: four minutes; a side that has closed may still be sent data. */
	[FLOW_TCP_FIN_WAIT] = 240,
	/* The last acknowledgement may be lost: time for the FIN to be sent again a few times. */
	[FLOW_TCP_CLOSING] = 120,
	/* RFC 9293 §3.4.2 says 2 MSL, four minutes; common hosts hold the port for one, and a new
	 * SYN opens the flow again anyway (RFC 6191). */
	[FLOW_TCP_TIME_WAIT] = 60,
	/* Segments that were on their way when the RST passed. */
	[FLOW_TCP_CLOSED] = 10,
	/* "Such as one minute". A translator has to wait twice that (RFC 4787 REQ-5), for a mapping
	 * once lost cannot be had again; a flow can. */
	[FLOW_UDP_NEW] = 60,
	[FLOW_UDP_REPLIED] = 60,
	/* An answer that takes longer is of no use to who asked. (RFC 5508 REQ-2 asks a translator
	 * for 60.) */
	[FLOW_ICMP_NEW] = 30,
	[FLOW_ICMP_REPLIED] = 30,
	/* Tunnels are silent for hours, and nothing in GRE says that one has ended. */
	[FLOW_GRE_NEW] = 30,
	[FLOW_GRE_REPLIED] = 18000,
	[FLOW_OTHER_NEW] = 60,
	[FLOW_OTHER_REPLIED] = 600,
};

/*
 * Ports of services that listen on well-known high ports, so that a peer which makes a helper ask
 * for one of them gets nothing: proxies, data bases and caches, file systems and disks over the
 * network, remote control of machines and containers, desktops, debuggers, printers, telephony.
 * Short on purpose: an innocent client draws its ports at random, and meets this list too.
 */
static const struct port_range default_deny_tcp[] = {
	{ 1080, 1080 },
	{ 1433, 1433 },
	{ 1521, 1521 },
	{ 2049, 2049 },
	{ 2375, 2376 },
	{ 3128, 3128 },
	{ 3260, 3260 },
	{ 3306, 3306 },
	{ 3389, 3389 },
	{ 5060, 5061 },
	{ 5432, 5432 },
	{ 5555, 5555 },
	{ 5900, 5903 },
	{ 5985, 5986 },
	{ 6000, 6063 },
	{ 6379, 6379 },
	{ 8080, 8080 },
	{ 9100, 9100 },
	{ 9200, 9200 },
	{ 11211, 11211 },
	{ 27017, 27017 },
};

/* The same for UDP, with discovery services. */
static const struct port_range default_deny_udp[] = {
	{ 1434, 1434 },
	{ 1900, 1900 },
	{ 2049, 2049 },
	{ 3702, 3702 },
	{ 5060, 5060 },
	{ 5353, 5353 },
	{ 11211, 11211 },
};

static const struct policy defaults = {
	.midstream = MIDSTREAM_OUTBOUND,
	.verify_checksums = true,
	.table = {
		.max_flows = 1048576,
		.max_extras = 262144,
	},
	.defrag = {
		.max_datagrams = 1024,
		/* The longest datagram has 45 of 1480 bytes. */
		.max_fragments = 64,
		.max_memory = 4 << 20,
		/* A receiver waits 60 (RFC 8200 §4.5); what is missing after half of it is lost. */
		.timeout = 30,
	},
	.stream_memory = 64 << 20,
	/*
	 * What one side may have on its way unacknowledged. Control connections that are bound to a
	 * helper seldom scale their windows beyond 64 KiB, directories do when they answer at
	 * length; a quarter of a megabyte is room for both, and nothing is held at rest.
	 */
	.stream_window = 256 << 10,
	.doors = {
		.limits = { .per_flow = 8, .per_root = 64, .per_host = 256, .total = 4096 },
		.max_depth = 4,
		.max_range = 64,
		.max_flows = 16,
		.max_timeout = 600,
	},
	.live = {
		.queue = 4720,
		.queue_length = 8192,
		.mark_bit = 28,
		.offload = true,
	},
	.log = {
		.max_size_kib = 4096,
		.rotations = 1,
		.dialect = W3C_ICF_1_0,
	},
};

static struct port_range *
copy_ports(const struct port_range *ports, unsigned n)
{
	struct port_range *copy = g_new(struct port_range, n);

	memcpy(copy, ports, n * sizeof(*ports));
	return copy;
}

struct policy *
policy_new(void)
{
	struct policy *policy = g_new(struct policy, 1);
	struct policy_doors *doors = &policy->doors;

	*policy = defaults;
	policy->references = 1;
	memcpy(policy->table.timeouts, default_timeouts, sizeof(default_timeouts));
	doors->n_deny_tcp = G_N_ELEMENTS(default_deny_tcp);
	doors->deny_tcp = copy_ports(default_deny_tcp, doors->n_deny_tcp);
	doors->n_deny_udp = G_N_ELEMENTS(default_deny_udp);
	doors->deny_udp = copy_ports(default_deny_udp, doors->n_deny_udp);
	policy->log.path = g_strdup("/var/log/postern/pfirewall.log");
	policy->connections = g_new0(struct connection, 1);
	policy->n_connections = 1;
	policy->connections[0].name = g_strdup("default");
	policy->connections[0].firewall = true;
	return policy;
}

static void
helper_clear(struct policy_helper *helper)
{
	for (unsigned i = 0; i < helper->n_options; i++) {
		g_free(helper->options[i].name);
		g_free(helper->options[i].value);
		g_free(helper->options[i].file);
	}
	g_free(helper->options);
	g_free(helper->ports);
	g_free(helper->name);
	g_free(helper->file);
}

struct policy *
policy_ref(const struct policy *policy)
{
	struct policy *shared = (struct policy *)policy;

	if (shared)
		g_atomic_int_inc(&shared->references);
	return shared;
}

void
policy_unref(struct policy *policy)
{
	if (!policy || !g_atomic_int_dec_and_test(&policy->references))
		return;
	for (unsigned i = 0; i < policy->n_helpers; i++)
		helper_clear(&policy->helpers[i]);
	for (unsigned i = 0; i < policy->n_connections; i++)
		connection_done(&policy->connections[i]);
	for (unsigned i = 0; i < policy->n_services; i++)
		service_done(&policy->services[i]);
	g_free(policy->helpers);
	g_free(policy->connections);
	g_free(policy->services);
	g_free(policy->doors.deny_tcp);
	g_free(policy->doors.deny_udp);
	g_free(policy->doors.sources);
	g_free(policy->live.inside);
	g_free(policy->log.path);
	g_free(policy);
}

static const struct policy_helper *
helper_named(const struct policy *policy, const char *name, size_t len)
{
	for (unsigned i = 0; i < policy->n_helpers; i++) {
		const struct policy_helper *helper = &policy->helpers[i];

		if (strlen(helper->name) == len && !memcmp(helper->name, name, len))
			return helper;
	}
	return NULL;
}

const struct policy_helper *
policy_helper_find(const struct policy *policy, const char *name)
{
	const struct policy_helper *helper = helper_named(policy, name, strlen(name));

	return helper ? helper : helper_named(policy, name, strcspn(name, "."));
}

const struct connection *
policy_connection_find(const struct policy *policy, const char *name)
{
	for (unsigned i = 0; i < policy->n_connections; i++) {
		if (!strcmp(policy->connections[i].name, name))
			return &policy->connections[i];
	}
	return NULL;
}

const struct connection *
policy_connection_of_interface(const struct policy *policy, const char *interface)
{
	for (unsigned i = 0; interface && i < policy->n_connections; i++) {
		if (connection_has_interface(&policy->connections[i], interface))
			return &policy->connections[i];
	}
	return NULL;
}

const struct connection *
policy_connection_of_peer(const struct policy *policy, const struct pn_addr *peer)
{
	for (unsigned i = 0; i < policy->n_connections; i++) {
		if (connection_has_peer(&policy->connections[i], peer))
			return &policy->connections[i];
	}
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of sections and keys, and how they are found.
 *
 * Life-cycle: constant tables; lists that are set belong to the model, which frees them.
 * Limits: the ranges in the table.
 * Relies on: models being made by the configuration and not yet shared with anybody.
 */
#include "policy/config-keys.h"

#include <stddef.h>
#include <string.h>

#include "policy/config-suggest.h"

/* Longest silence of a flow, seconds: a week. */
#define TIMEOUT_MAX (7 * 24 * 3600)

/* What a connection has settings of, in a file of its own or, for "default", in the main one. */
#define OF_CONNECTIONS (CONFIG_MAIN | CONFIG_CONNECTION)

static const struct config_section sections[] = {
	{ "Stateful", CONFIG_OF_POLICY, CONFIG_MAIN },
	{ "Limits", CONFIG_OF_POLICY, CONFIG_MAIN },
	{ "Doors", CONFIG_OF_POLICY, CONFIG_MAIN },
	{ "Log", CONFIG_OF_POLICY, CONFIG_MAIN },
	{ "Live", CONFIG_OF_POLICY, CONFIG_MAIN },
	{ "Helpers", CONFIG_OF_POLICY, CONFIG_MAIN },
	{ CONFIG_HELPER, CONFIG_OF_HELPER, CONFIG_MAIN },
	{ "Connection", CONFIG_OF_CONNECTION, CONFIG_CONNECTION },
	{ "Sharing", CONFIG_OF_CONNECTION, CONFIG_CONNECTION },
	{ "Firewall", CONFIG_OF_CONNECTION, OF_CONNECTIONS },
	{ CONFIG_MAPPING, CONFIG_OF_MAPPING, OF_CONNECTIONS },
	{ CONFIG_TRIGGER, CONFIG_OF_TRIGGER, OF_CONNECTIONS },
	{ "Service", CONFIG_OF_SERVICE, CONFIG_SERVICE },
};

/* set_choice() writes an enum as a number. */
_Static_assert(sizeof(enum midstream) == sizeof(unsigned), "Midstream");
_Static_assert(sizeof(((struct policy *)0)->log.dialect) == sizeof(unsigned), "Dialect");
_Static_assert(sizeof(enum connection_type) == sizeof(unsigned), "Type");
_Static_assert(sizeof(enum connection_role) == sizeof(unsigned), "Role");
_Static_assert(sizeof(enum anti_spoof) == sizeof(unsigned), "AntiSpoof");

static const char *const midstream_words[] = {
	[MIDSTREAM_NONE] = "none",
	[MIDSTREAM_OUTBOUND] = "outbound",
	[MIDSTREAM_ANY] = "any",
	NULL,
};
static const char *const dialect_words[] = {
	[W3C_ICF_1_0] = "icf-1.0",
	[W3C_WF_1_5] = "wf-1.5",
	[W3C_EXTENDED] = "extended",
	NULL,
};
static const char *const time_words[] = { "local", "utc", NULL };

/* The same as connection_type_name() and its like. */
static const char *const type_words[] = {
	[CONNECTION_ETHERNET] = "ethernet",
	[CONNECTION_WLAN] = "wlan",
	[CONNECTION_PPP] = "ppp",
	[CONNECTION_VPN] = "vpn",
	[CONNECTION_MOBILE] = "mobile",
	[CONNECTION_LOOPBACK] = "loopback",
	[CONNECTION_BRIDGE] = "bridge",
	[CONNECTION_BRIDGE_MEMBER] = "bridge-member",
	[CONNECTION_INCOMING] = "incoming",
	[CONNECTION_DIRECT] = "direct",
	NULL,
};
static const char *const role_words[] = {
	[ROLE_NONE] = "none",
	[ROLE_PUBLIC] = "public",
	[ROLE_PRIVATE] = "private",
	NULL,
};
static const char *const spoof_words[] = {
	[ANTI_SPOOF_DROP] = "drop",
	[ANTI_SPOOF_REWRITE] = "rewrite",
	[ANTI_SPOOF_OFF] = "off",
	NULL,
};

#define IN(model, m) offsetof(struct model, m)

#define KEY(s, n, t, model, m) .section = s, .name = n, .type = &config_type_##t, .at = IN(model, m)
#define NUMBER(s, n, m, least, most, what)                                                         \
	{                                                                                          \
		KEY(s, n, u32, policy, m), .min = least, .max = most, .measure = what              \
	}
#define KIB(s, n, t, m, least, most)                                                               \
	{                                                                                          \
		KEY(s, n, t, policy, m), .min = least, .max = most, .unit = 1024, .measure = "KiB" \
	}
#define TIMEOUT(n, state)                                                                          \
	NUMBER("Stateful", n, table.timeouts[FLOW_##state], 1, TIMEOUT_MAX, "seconds")
#define TIMEOUTS(n, one, other)                                                                    \
	{                                                                                          \
		KEY("Stateful", n, u32, policy, table.timeouts[FLOW_##one]),                       \
			.also = IN(policy, table.timeouts[FLOW_##other]), .min = 1,                \
			.max = TIMEOUT_MAX, .measure = "seconds"                                   \
	}

static const struct config_key keys[] = {
	{ KEY("Stateful", "Midstream", choice, policy, midstream), .words = midstream_words },
	{ KEY("Stateful", "KeepEstablished", bool, policy, keep_established) },
	{ KEY("Stateful", "VerifyChecksums", bool, policy, verify_checksums) },
	TIMEOUT("TcpSynSentTimeout", TCP_SYN_SENT),
	TIMEOUT("TcpSynReceivedTimeout", TCP_SYN_RECEIVED),
	TIMEOUT("TcpEstablishedTimeout", TCP_ESTABLISHED),
	TIMEOUT("TcpFinWaitTimeout", TCP_FIN_WAIT),
	TIMEOUT("TcpClosingTimeout", TCP_CLOSING),
	TIMEOUT("TcpTimeWaitTimeout", TCP_TIME_WAIT),
	TIMEOUT("TcpClosedTimeout", TCP_CLOSED),
	TIMEOUTS("UdpTimeout", UDP_NEW, UDP_REPLIED),
	TIMEOUTS("IcmpTimeout", ICMP_NEW, ICMP_REPLIED),
	TIMEOUT("GreTimeout", GRE_NEW),
	TIMEOUT("GreRepliedTimeout", GRE_REPLIED),
	TIMEOUT("OtherTimeout", OTHER_NEW),
	TIMEOUT("OtherRepliedTimeout", OTHER_REPLIED),

	NUMBER("Limits", "MaxFlows", table.max_flows, 1, 1 << 28, NULL),
	NUMBER("Limits", "MaxHelperFlows", table.max_extras, 1, 1 << 28, NULL),
	NUMBER("Limits", "MaxFragmented", defrag.max_datagrams, 1, 1 << 20, NULL),
	NUMBER("Limits", "MaxFragments", defrag.max_fragments, 2, 8192, NULL),
	KIB("Limits", "FragmentMemoryKiB", u64, defrag.max_memory, 64, 1 << 20),
	NUMBER("Limits", "FragmentTimeout", defrag.timeout, 1, 600, "seconds"),
	KIB("Limits", "StreamMemoryKiB", u64, stream_memory, 64, 1 << 24),
	KIB("Limits", "StreamWindowKiB", u32, stream_window, 4, 1 << 16),

	NUMBER("Doors", "PerFlow", doors.limits.per_flow, 1, 1024, NULL),
	NUMBER("Doors", "PerRoot", doors.limits.per_root, 1, 1 << 16, NULL),
	NUMBER("Doors", "PerHost", doors.limits.per_host, 1, 1 << 16, NULL),
	NUMBER("Doors", "Total", doors.limits.total, 1, 1 << 20, NULL),
	NUMBER("Doors", "MaxDepth", doors.max_depth, 1, 16, NULL),
	NUMBER("Doors", "MaxRange", doors.max_range, 1, 65535, "ports"),
	NUMBER("Doors", "MaxFlows", doors.max_flows, 1, 65535, NULL),
	NUMBER("Doors", "MaxTimeout", doors.max_timeout, 1, 86400, "seconds"),
	{ KEY("Doors", "DenyTcp", ports, policy, doors.deny_tcp),
		.also = IN(policy, doors.n_deny_tcp) },
	{ KEY("Doors", "DenyUdp", ports, policy, doors.deny_udp),
		.also = IN(policy, doors.n_deny_udp) },
	{ KEY("Doors", "Sources", prefixes, policy, doors.sources),
		.also = IN(policy, doors.n_sources) },

	{ KEY("Log", "LogDropped", bool, policy, log.dropped), .flag = IN(policy, log.chosen) },
	{ KEY("Log", "LogConnections", bool, policy, log.connections),
		.flag = IN(policy, log.chosen) },
	{ KEY("Log", "Path", path, policy, log.path) },
	{ KEY("Log", "MaxSizeKiB", u32, policy, log.max_size_kib), .min = 1, .max = 32767,
		.measure = "KiB", .flag = IN(policy, log.max_size_set) },
	NUMBER("Log", "Rotations", log.rotations, 1, 99, NULL),
	{ KEY("Log", "Dialect", choice, policy, log.dialect), .words = dialect_words },
	{ KEY("Log", "TimeFormat", either, policy, log.utc), .words = time_words },

	NUMBER("Live", "Queue", live.queue, 0, UINT16_MAX, NULL),
	NUMBER("Live", "QueueLength", live.queue_length, 64, 1 << 20, "packets"),
	NUMBER("Live", "MarkBit", live.mark_bit, 0, 30, NULL),
	{ KEY("Live", "Offload", bool, policy, live.offload) },
	{ KEY("Live", "FailOpen", bool, policy, live.fail_open) },
	{ KEY("Live", "CleanupOnExit", bool, policy, live.cleanup_on_exit) },
	{ KEY("Live", "Inside", prefixes, policy, live.inside), .also = IN(policy, live.n_inside) },

	{ KEY("Helpers", "Default", bool, policy, helpers_default) },

	{ KEY(CONFIG_HELPER, "Enabled", bool, policy_helper, enabled),
		.flag = IN(policy_helper, enabled_set), .otherwise = "as its plugin, or as all" },
	{ KEY(CONFIG_HELPER, "Ports", ports, policy_helper, ports),
		.also = IN(policy_helper, n_ports), .flag = IN(policy_helper, ports_set),
		.otherwise = "the helper's own" },

	{ KEY("Connection", "Match", match, connection, interfaces),
		.also = IN(connection, n_networks) },
	{ KEY("Connection", "Type", choice, connection, type), .words = type_words },

	{ KEY("Sharing", "Role", choice, connection, role), .words = role_words },

	{ KEY("Firewall", "Enabled", bool, connection, firewall) },
	{ KEY("Firewall", "AntiSpoof", choice, connection, anti_spoof), .words = spoof_words },
	{ KEY("Firewall", "Icmp", icmp, connection, icmp) },
	{ KEY("Firewall", "Helpers", helpers, connection, helpers),
		.flag = IN(connection, helpers_set), .otherwise = "all that are on" },
	{ KEY("Firewall", "Services", services, connection, services) },

	{ KEY(CONFIG_MAPPING, "Name", title, port_mapping, title) },
	{ KEY(CONFIG_MAPPING, "Protocol", proto, port_mapping, proto) },
	{ KEY(CONFIG_MAPPING, "External", range, port_mapping, external) },
	{ KEY(CONFIG_MAPPING, "Internal", u16, port_mapping, internal), .min = 1, .max = 65535 },
	{ KEY(CONFIG_MAPPING, "Target", target, port_mapping, target) },
	{ KEY(CONFIG_MAPPING, "TargetName", host, port_mapping, target_name) },
	{ KEY(CONFIG_MAPPING, "Sources", prefixes, port_mapping, sources),
		.also = IN(port_mapping, n_sources) },
	{ KEY(CONFIG_MAPPING, "Enabled", bool, port_mapping, enabled) },

	{ KEY(CONFIG_TRIGGER, "Protocol", proto, port_trigger, proto) },
	{ KEY(CONFIG_TRIGGER, "Ports", some_ports, port_trigger, ports),
		.also = IN(port_trigger, n_ports) },
	{ KEY(CONFIG_TRIGGER, "Opens", opens, port_trigger, open),
		.also = IN(port_trigger, open_proto) },
	{ KEY(CONFIG_TRIGGER, "Timeout", u32, port_trigger, timeout), .min = 1, .max = 3600,
		.measure = "seconds" },
	{ KEY(CONFIG_TRIGGER, "Enabled", bool, port_trigger, enabled) },

	{ KEY("Service", "Name", title, service, title) },
	{ KEY("Service", "Ports", service_ports, service, ports), .also = IN(service, n_ports) },
	{ KEY("Service", "Helper", helper, service, helper) },
};

const struct config_section *
config_sections_at(unsigned i)
{
	return i < G_N_ELEMENTS(sections) ? &sections[i] : NULL;
}

const struct config_key *
config_keys_at(unsigned i)
{
	return i < G_N_ELEMENTS(keys) ? &keys[i] : NULL;
}

static bool
has_own_name(const struct config_section *section)
{
	return g_str_has_suffix(section->name, ":");
}

const struct config_section *
config_sections_find(enum config_kind kind, const char *head, const char **ret_name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sections); i++) {
		const struct config_section *section = &sections[i];
		size_t len = strlen(section->name);

		if (!(section->kinds & kind) || strncmp(head, section->name, len) != 0)
			continue;
		if (!has_own_name(section) && head[len])
			continue;
		*ret_name = head + len;
		return section;
	}
	return NULL;
}

const struct config_key *
config_keys_find(const char *section, const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (!strcmp(keys[i].section, section) && !strcmp(keys[i].name, name))
			return &keys[i];
	}
	return NULL;
}

int
config_key_set(const struct config_key *key, void *model, const char *value)
{
	int r = key->type->set(key, model, value);

	if (r == 0 && key->flag)
		*(bool *)config_member(model, key->flag) = true;
	return r;
}

char *
config_key_allowed(const struct config_key *key)
{
	return key->type->allowed(key);
}

char *
config_key_show(const struct config_key *key, const void *model)
{
	return key->type->show(key, model);
}

bool
config_key_is_open(const struct config_key *key, const void *model)
{
	return key->flag && !*(bool *)config_member(model, key->flag);
}

/* Where the files of a kind are, for a message. */
static const char *
place_of(unsigned kinds)
{
	if (kinds & CONFIG_MAIN)
		return "postern.conf";
	return kinds & CONFIG_CONNECTION ? "connections/NAME.conf" : "services/NAME.conf";
}

/* A section that has a key of that name. Those of which there are many have keys whose names are
 * all too common. */
static const struct config_section *
section_with(unsigned kinds, const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sections); i++) {
		const struct config_section *section = &sections[i];

		if ((section->kinds & kinds & ~(unsigned)CONFIG_SERVICE) &&
			!has_own_name(section) && config_keys_find(section->name, name))
			return section;
	}
	return NULL;
}

char *
config_keys_suggest(enum config_kind kind, const char *section, const char *name)
{
	const struct config_section *other;
	struct suggest suggest;

	suggest_begin(&suggest, name);
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (!strcmp(keys[i].section, section))
			suggest_try(&suggest, keys[i].name);
	}
	if (suggest.meant)
		return suggest_end(&suggest);
	other = section_with(kind, name);
	if (other)
		return g_strdup_printf(" (it belongs to [%s])", other->name);
	other = section_with(~(unsigned)kind, name);
	if (other)
		return g_strdup_printf(
			" (it belongs to [%s] in %s)", other->name, place_of(other->kinds));
	return g_strdup("");
}

/* A section of that name which belongs to files of another kind, or NULL. */
static char *
elsewhere(const char *head)
{
	static const enum config_kind kinds[] = { CONFIG_MAIN, CONFIG_CONNECTION, CONFIG_SERVICE };
	const char *name;

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (config_sections_find(kinds[i], head, &name))
			return g_strdup_printf(" (it belongs in %s)", place_of(kinds[i]));
	}
	return NULL;
}

/* A section whose name begins in the same way, but is written otherwise, or NULL. */
static char *
with_colon(enum config_kind kind, const char *head)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sections); i++) {
		const struct config_section *section = &sections[i];

		if ((section->kinds & kind) && has_own_name(section) &&
			!g_ascii_strncasecmp(head, section->name, strlen(section->name) - 1))
			return g_strdup_printf(" (did you mean %sNAME?)", section->name);
	}
	return NULL;
}

char *
config_sections_suggest(enum config_kind kind, const char *head)
{
	struct suggest suggest;
	char *says = elsewhere(head);

	if (says)
		return says;
	suggest_begin(&suggest, head);
	for (size_t i = 0; i < G_N_ELEMENTS(sections); i++) {
		if ((sections[i].kinds & kind) && !has_own_name(&sections[i]))
			suggest_try(&suggest, sections[i].name);
	}
	says = suggest.meant ? NULL : with_colon(kind, head);
	return says ? says : suggest_end(&suggest);
}

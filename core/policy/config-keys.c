// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of keys, and how each type of value gets into the model.
 *
 * Life-cycle: constant tables; lists that are set belong to the model, which frees them.
 * Limits: the ranges in the table.
 * Relies on: struct policy being made by policy_new() and not yet shared with anybody.
 */
#include "policy/config-keys.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "policy/config.h"

/* Longest silence of a flow, seconds: a week. */
#define TIMEOUT_MAX (7 * 24 * 3600)

/* Longest name for which a likeness is looked for. */
#define NAME_MAX_LIKE 40

struct config_type {
	int (*set)(const struct config_key *key, void *model, const char *value);
	char *(*allowed)(const struct config_key *key);
};

static void *
member(void *model, size_t at)
{
	return (char *)model + at;
}

static void
set_flag(const struct config_key *key, void *model)
{
	if (key->flag)
		*(bool *)member(model, key->flag) = true;
}

static int
set_bool(const struct config_key *key, void *model, const char *value)
{
	int r = config_parse_bool(value, member(model, key->at));

	if (r == 0)
		set_flag(key, model);
	return r;
}

static char *
allowed_bool(const struct config_key *key)
{
	return g_strdup("true or false");
}

static int
read_number(const struct config_key *key, const char *value, uint64_t *ret_number)
{
	uint64_t number;
	int r = config_parse_uint(value, key->min, key->max, &number);

	if (r < 0)
		return r;
	*ret_number = number * (key->unit ? key->unit : 1);
	return 0;
}

static int
set_u32(const struct config_key *key, void *model, const char *value)
{
	uint64_t number = 0;
	int r = read_number(key, value, &number);

	if (r < 0)
		return r;
	*(uint32_t *)member(model, key->at) = (uint32_t)number;
	if (key->also)
		*(uint32_t *)member(model, key->also) = (uint32_t)number;
	return 0;
}

static int
set_u64(const struct config_key *key, void *model, const char *value)
{
	return read_number(key, value, member(model, key->at));
}

static char *
allowed_number(const struct config_key *key)
{
	return g_strdup_printf("%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT "%s%s", key->min,
		key->max, key->measure ? " " : "", key->measure ? key->measure : "");
}

static int
find_word(const struct config_key *key, const char *value)
{
	for (int i = 0; key->words[i]; i++) {
		if (!strcmp(key->words[i], value))
			return i;
	}
	return -EINVAL;
}

/* An enum whose values count from 0 in the order of the words. */
static int
set_choice(const struct config_key *key, void *model, const char *value)
{
	int i = find_word(key, value);

	if (i < 0)
		return i;
	*(unsigned *)member(model, key->at) = (unsigned)i;
	return 0;
}

/* A bool whose values have names. */
static int
set_either(const struct config_key *key, void *model, const char *value)
{
	int i = find_word(key, value);

	if (i < 0)
		return i;
	*(bool *)member(model, key->at) = i;
	return 0;
}

static char *
allowed_words(const struct config_key *key)
{
	char *list = g_strjoinv(", ", (char **)key->words);
	char *allowed = g_strconcat("one of ", list, NULL);

	g_free(list);
	return allowed;
}

static int
set_ports(const struct config_key *key, void *model, const char *value)
{
	struct port_range **list = member(model, key->at);
	struct port_range *ports;
	unsigned n;
	int r = config_parse_ports(value, &ports, &n);

	if (r < 0)
		return r;
	g_free(*list);
	*list = ports;
	*(unsigned *)member(model, key->also) = n;
	set_flag(key, model);
	return 0;
}

static char *
allowed_ports(const struct config_key *key)
{
	return g_strdup("ports and ranges from 1 to 65535, as in 21;2121-2130");
}

static int
set_prefixes(const struct config_key *key, void *model, const char *value)
{
	struct prefix **list = member(model, key->at);
	struct prefix *prefixes;
	unsigned n;
	int r = config_parse_prefixes(value, &prefixes, &n);

	if (r < 0)
		return r;
	g_free(*list);
	*list = prefixes;
	*(unsigned *)member(model, key->also) = n;
	return 0;
}

static char *
allowed_prefixes(const struct config_key *key)
{
	return g_strdup("addresses and prefixes with no bits set behind the prefix, "
			"as in 192.0.2.0/24;2001:db8::/32");
}

static bool
is_path(const char *value)
{
	if (value[0] != '/' || strstr(value, "/../") || g_str_has_suffix(value, "/"))
		return false;
	for (; *value; value++) {
		if (g_ascii_iscntrl(*value))
			return false;
	}
	return true;
}

static int
set_path(const struct config_key *key, void *model, const char *value)
{
	char **path = member(model, key->at);

	if (!is_path(value))
		return -EINVAL;
	g_free(*path);
	*path = g_strdup(value);
	return 0;
}

static char *
allowed_path(const struct config_key *key)
{
	return g_strdup("the path of a file, from / on and without /../");
}

static const struct config_type type_bool = { set_bool, allowed_bool };
static const struct config_type type_u32 = { set_u32, allowed_number };
static const struct config_type type_u64 = { set_u64, allowed_number };
static const struct config_type type_choice = { set_choice, allowed_words };
static const struct config_type type_either = { set_either, allowed_words };
static const struct config_type type_ports = { set_ports, allowed_ports };
static const struct config_type type_prefixes = { set_prefixes, allowed_prefixes };
static const struct config_type type_path = { set_path, allowed_path };

_Static_assert(sizeof(enum midstream) == sizeof(unsigned), "set_choice() writes it as a number");
_Static_assert(sizeof(((struct policy *)0)->log.dialect) == sizeof(unsigned), "and this one");

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

#define AT(m)  .at = offsetof(struct policy, m)
#define FOR(m) .at = offsetof(struct policy_helper, m)

#define NUMBER(s, n, m, least, most, what)                                                         \
	{                                                                                          \
		.section = s, .name = n, .type = &type_u32, AT(m), .min = least, .max = most,      \
		.measure = what                                                                    \
	}
#define KIB(s, n, t, m, least, most)                                                               \
	{                                                                                          \
		.section = s, .name = n, .type = &t, AT(m), .min = least, .max = most,             \
		.unit = 1024, .measure = "KiB"                                                     \
	}
#define TIMEOUT(n, state)                                                                          \
	NUMBER("Stateful", n, table.timeouts[FLOW_##state], 1, TIMEOUT_MAX, "seconds")
#define TIMEOUTS(n, one, other)                                                                    \
	{                                                                                          \
		.section = "Stateful", .name = n, .type = &type_u32,                               \
		AT(table.timeouts[FLOW_##one]),                                                    \
		.also = offsetof(struct policy, table.timeouts[FLOW_##other]), .min = 1,           \
		.max = TIMEOUT_MAX, .measure = "seconds"                                           \
	}
#define LIST(s, n, t, m)                                                                           \
	{                                                                                          \
		.section = s, .name = n, .type = &t, AT(doors.m),                                  \
		.also = offsetof(struct policy, doors.n_##m)                                       \
	}

static const struct config_key keys[] = {
	{ "Stateful", "Midstream", &type_choice, AT(midstream), .words = midstream_words },
	{ "Stateful", "VerifyChecksums", &type_bool, AT(verify_checksums) },
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
	KIB("Limits", "FragmentMemoryKiB", type_u64, defrag.max_memory, 64, 1 << 20),
	NUMBER("Limits", "FragmentTimeout", defrag.timeout, 1, 600, "seconds"),
	KIB("Limits", "StreamMemoryKiB", type_u64, stream_memory, 64, 1 << 24),
	KIB("Limits", "StreamWindowKiB", type_u32, stream_window, 4, 1 << 16),

	NUMBER("Doors", "PerFlow", doors.limits.per_flow, 1, 1024, NULL),
	NUMBER("Doors", "PerRoot", doors.limits.per_root, 1, 1 << 16, NULL),
	NUMBER("Doors", "PerHost", doors.limits.per_host, 1, 1 << 16, NULL),
	NUMBER("Doors", "Total", doors.limits.total, 1, 1 << 20, NULL),
	NUMBER("Doors", "MaxDepth", doors.max_depth, 1, 16, NULL),
	NUMBER("Doors", "MaxRange", doors.max_range, 1, 65535, "ports"),
	NUMBER("Doors", "MaxFlows", doors.max_flows, 1, 65535, NULL),
	NUMBER("Doors", "MaxTimeout", doors.max_timeout, 1, 86400, "seconds"),
	LIST("Doors", "DenyTcp", type_ports, deny_tcp),
	LIST("Doors", "DenyUdp", type_ports, deny_udp),
	LIST("Doors", "Sources", type_prefixes, sources),

	{ "Log", "LogDropped", &type_bool, AT(log.dropped) },
	{ "Log", "LogConnections", &type_bool, AT(log.connections) },
	{ "Log", "Path", &type_path, AT(log.path) },
	NUMBER("Log", "MaxSizeKiB", log.max_size_kib, 1, 32767, "KiB"),
	{ "Log", "Dialect", &type_choice, AT(log.dialect), .words = dialect_words },
	{ "Log", "TimeFormat", &type_either, AT(log.utc), .words = time_words },

	{ "Helpers", "Default", &type_bool, AT(helpers_default) },

	{ CONFIG_HELPER, "Enabled", &type_bool, FOR(enabled),
		.flag = offsetof(struct policy_helper, enabled_set) },
	{ CONFIG_HELPER, "Ports", &type_ports, FOR(ports),
		.also = offsetof(struct policy_helper, n_ports),
		.flag = offsetof(struct policy_helper, ports_set) },
};

const struct config_key *
config_keys_at(unsigned i)
{
	return i < G_N_ELEMENTS(keys) ? &keys[i] : NULL;
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

bool
config_keys_have_section(const char *section)
{
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (!strcmp(keys[i].section, section) && strcmp(section, CONFIG_HELPER))
			return true;
	}
	return false;
}

int
config_key_set(const struct config_key *key, void *model, const char *value)
{
	return key->type->set(key, model, value);
}

char *
config_key_allowed(const struct config_key *key)
{
	return key->type->allowed(key);
}

/* How many letters must be added, taken away or changed, whatever their case (Levenshtein). */
static unsigned
unlikeness(const char *a, const char *b)
{
	size_t len = strlen(b);
	unsigned row[NAME_MAX_LIKE + 1];

	if (len > NAME_MAX_LIKE || strlen(a) > NAME_MAX_LIKE)
		return UINT_MAX;
	for (unsigned j = 0; j <= len; j++)
		row[j] = j;
	for (unsigned i = 0; a[i]; i++) {
		unsigned diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			bool same = g_ascii_tolower(a[i]) == g_ascii_tolower(b[j]);
			unsigned changed = diagonal + !same;

			diagonal = row[j + 1];
			row[j + 1] = MIN(changed, MIN(diagonal, row[j]) + 1);
		}
	}
	return row[len];
}

/* Near enough to be a slip of the pen: a third of the letters, and at most three. */
static unsigned
likeness_limit(const char *name)
{
	return (unsigned)MIN(strlen(name) / 3, 3);
}

static char *
suggestion(const char *meant)
{
	return meant ? g_strdup_printf(" (did you mean %s?)", meant) : g_strdup("");
}

char *
config_keys_suggest(const char *section, const char *name)
{
	unsigned best = likeness_limit(name) + 1;
	const char *meant = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		unsigned d = unlikeness(name, keys[i].name);

		if (!strcmp(keys[i].section, section) && d < best) {
			best = d;
			meant = keys[i].name;
		}
	}
	if (meant)
		return suggestion(meant);
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (!strcmp(keys[i].name, name) && strcmp(keys[i].section, CONFIG_HELPER))
			return g_strdup_printf(" (it belongs to [%s])", keys[i].section);
	}
	return suggestion(NULL);
}

/* The section, of those that are written as they stand in the table, that is most like it. */
static const char *
likely_section(const char *section)
{
	unsigned best = likeness_limit(section) + 1;
	const char *meant = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		unsigned d = unlikeness(section, keys[i].section);

		if (strcmp(keys[i].section, CONFIG_HELPER) && d < best) {
			best = d;
			meant = keys[i].section;
		}
	}
	return meant;
}

char *
config_keys_suggest_section(const char *section)
{
	const char *meant = likely_section(section);

	if (!meant && !g_ascii_strncasecmp(section, CONFIG_HELPER, strlen("Helper")))
		meant = CONFIG_HELPER "NAME";
	return suggestion(meant);
}

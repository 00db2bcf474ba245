// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Types of values that are made of ports, addresses and interfaces.
 *
 * Life-cycle: constant tables; lists that are set belong to the model, which frees them.
 * Limits: CONFIG_LIST_MAX items; SERVICE_PORTS_MAX; PATTERN_MAX.
 * Relies on: the model not yet being shared with anybody.
 */
#include "policy/config-type.h"

#include <errno.h>
#include <string.h>

#include "policy/config-keys.h"
#include "policy/config.h"

/* Longest pattern of an interface: captures have longer names than Linux, which has 15 bytes. */
#define PATTERN_MAX 64

static const char *
write_proto(uint8_t proto)
{
	return proto == PROTO_TCP ? "tcp" : "udp";
}

static void
append_range(GString *text, struct port_range range)
{
	g_string_append_printf(text, "%u", range.first);
	if (range.last > range.first)
		g_string_append_printf(text, "-%u", range.last);
}

/* Before each item of a list but the first. */
static void
separate(GString *text)
{
	if (text->len)
		g_string_append_c(text, ';');
}

static int
set_proto(const struct config_key *key, void *model, const char *value)
{
	return config_parse_proto(value, config_member(model, key->at));
}

static char *
allowed_proto(const struct config_key *key)
{
	return g_strdup("one of tcp, udp");
}

static char *
show_proto(const struct config_key *key, const void *model)
{
	uint8_t proto = *(uint8_t *)config_member(model, key->at);

	return g_strdup(proto ? write_proto(proto) : "");
}

static int
set_range(const struct config_key *key, void *model, const char *value)
{
	return config_parse_range(value, config_member(model, key->at));
}

static char *
allowed_range(const struct config_key *key)
{
	return g_strdup("a port or a range of them from 1 to 65535, as in 6970-6999");
}

static char *
show_range(const struct config_key *key, const void *model)
{
	const struct port_range *range = config_member(model, key->at);
	GString *text = g_string_new(NULL);

	if (range->first)
		append_range(text, *range);
	return g_string_free(text, FALSE);
}

static int
set_ports(const struct config_key *key, void *model, const char *value)
{
	struct port_range **list = config_member(model, key->at);
	struct port_range *ports;
	unsigned n;
	int r = config_parse_ports(value, &ports, &n);

	if (r < 0)
		return r;
	g_free(*list);
	*list = ports;
	*(unsigned *)config_member(model, key->also) = n;
	return 0;
}

static char *
allowed_ports(const struct config_key *key)
{
	return g_strdup("ports and ranges from 1 to 65535, as in 21;2121-2130");
}

static char *
show_ports(const struct config_key *key, const void *model)
{
	const struct port_range *ports = *(struct port_range **)config_member(model, key->at);
	unsigned n = *(unsigned *)config_member(model, key->also);
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < n; i++) {
		separate(text);
		append_range(text, ports[i]);
	}
	return g_string_free(text, FALSE);
}

static int
set_some_ports(const struct config_key *key, void *model, const char *value)
{
	/* Blanks alone make an empty list, too. */
	return value[strspn(value, " \t")] ? set_ports(key, model, value) : -EINVAL;
}

static int
set_service_ports(const struct config_key *key, void *model, const char *value)
{
	struct service_ports **list = config_member(model, key->at);
	struct service_ports *ports;
	unsigned n;
	int r = config_parse_service_list(value, &ports, &n);

	if (r < 0)
		return r;
	if (!n || n > SERVICE_PORTS_MAX) {
		g_free(ports);
		return n ? -ERANGE : -EINVAL;
	}
	g_free(*list);
	*list = ports;
	*(unsigned *)config_member(model, key->also) = n;
	return 0;
}

static char *
allowed_service_ports(const struct config_key *key)
{
	return g_strdup_printf("up to %u ports and ranges from 1 to 65535 with their protocol, as "
			       "in 21/tcp;6970-6999/udp",
		SERVICE_PORTS_MAX);
}

static char *
show_service_ports(const struct config_key *key, const void *model)
{
	const struct service_ports *ports = *(struct service_ports **)config_member(model, key->at);
	unsigned n = *(unsigned *)config_member(model, key->also);
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < n; i++) {
		separate(text);
		append_range(text, ports[i].range);
		g_string_append_printf(text, "/%s", write_proto(ports[i].proto));
	}
	return g_string_free(text, FALSE);
}

static int
set_opens(const struct config_key *key, void *model, const char *value)
{
	struct service_ports opens;
	int r = config_parse_service_ports(value, &opens);

	if (r < 0)
		return r;
	*(struct port_range *)config_member(model, key->at) = opens.range;
	*(uint8_t *)config_member(model, key->also) = opens.proto;
	return 0;
}

static char *
allowed_opens(const struct config_key *key)
{
	return g_strdup("a port or a range of them from 1 to 65535 with its protocol, as in "
			"6970-6999/udp");
}

static char *
show_opens(const struct config_key *key, const void *model)
{
	const struct port_range *range = config_member(model, key->at);
	uint8_t proto = *(uint8_t *)config_member(model, key->also);
	GString *text = g_string_new(NULL);

	if (range->first) {
		append_range(text, *range);
		g_string_append_printf(text, "/%s", write_proto(proto));
	}
	return g_string_free(text, FALSE);
}

static void
append_addr(GString *text, const struct pn_addr *addr)
{
	char written[ADDR_TEXT_MAX];

	addr_format(addr, written);
	g_string_append(text, written);
}

/* One host: not a group of them, not whoever there is, and not the sender itself (RFC 1122
 * §3.2.1.3, RFC 4291 §2.4). */
static bool
is_host(const struct pn_addr *addr)
{
	static const uint8_t zeros[15];

	if (addr->family == PN_ADDR_IPV4)
		return addr->bytes[0] != 0 && addr->bytes[0] != 127 && addr->bytes[0] < 224;
	return addr->bytes[0] != 0xff && memcmp(addr->bytes, zeros, sizeof(zeros)) != 0;
}

static int
set_target(const struct config_key *key, void *model, const char *value)
{
	struct pn_addr addr = { .family = 0 };

	if (*value && (addr_parse(value, &addr, NULL) < 0 || !is_host(&addr)))
		return -EINVAL;
	*(struct pn_addr *)config_member(model, key->at) = addr;
	return 0;
}

static char *
allowed_target(const struct config_key *key)
{
	return g_strdup("the address of one host, as in 192.0.2.7 or 2001:db8::7");
}

static char *
show_target(const struct config_key *key, const void *model)
{
	const struct pn_addr *addr = config_member(model, key->at);
	GString *text = g_string_new(NULL);

	if (addr->family)
		append_addr(text, addr);
	return g_string_free(text, FALSE);
}

static int
set_prefixes(const struct config_key *key, void *model, const char *value)
{
	struct prefix **list = config_member(model, key->at);
	struct prefix *prefixes;
	unsigned n;
	int r = config_parse_prefixes(value, &prefixes, &n);

	if (r < 0)
		return r;
	g_free(*list);
	*list = prefixes;
	*(unsigned *)config_member(model, key->also) = n;
	return 0;
}

static char *
allowed_prefixes(const struct config_key *key)
{
	return g_strdup("addresses and prefixes with no bits set behind the prefix, "
			"as in 192.0.2.0/24;2001:db8::/32");
}

static void
append_prefix(GString *text, const struct prefix *prefix)
{
	append_addr(text, &prefix->addr);
	if (prefix->bits < (prefix->addr.family == PN_ADDR_IPV4 ? 32 : 128))
		g_string_append_printf(text, "/%u", prefix->bits);
}

static char *
show_prefixes(const struct config_key *key, const void *model)
{
	const struct prefix *prefixes = *(struct prefix **)config_member(model, key->at);
	unsigned n = *(unsigned *)config_member(model, key->also);
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < n; i++) {
		separate(text);
		append_prefix(text, &prefixes[i]);
	}
	return g_string_free(text, FALSE);
}

#define INTERFACE "interface:"
#define NETWORK   "network:"

static bool
is_pattern(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if (!g_ascii_isgraph(text[i]) || text[i] == '/')
			return false;
	}
	return len > 0 && len <= PATTERN_MAX;
}

/* One item of Match=, into one of the two lists. */
static int
read_match(const char *item, GPtrArray *interfaces, GArray *networks)
{
	struct prefix prefix;
	int r;

	if (g_str_has_prefix(item, INTERFACE)) {
		item += strlen(INTERFACE);
		if (!is_pattern(item))
			return -EINVAL;
		g_ptr_array_add(interfaces, g_strdup(item));
		return 0;
	}
	if (!g_str_has_prefix(item, NETWORK))
		return -EINVAL;
	r = addr_parse(item + strlen(NETWORK), &prefix.addr, &prefix.bits);
	if (r == 0)
		g_array_append_val(networks, prefix);
	return r;
}

/* Takes both lists over. */
static void
replace_match(struct connection *connection, GPtrArray *interfaces, GArray *networks)
{
	g_strfreev(connection->interfaces);
	g_free(connection->networks);
	g_ptr_array_add(interfaces, NULL);
	connection->interfaces = (char **)g_ptr_array_free(interfaces, FALSE);
	connection->n_networks = networks->len;
	connection->networks = (struct prefix *)g_array_free(networks, networks->len == 0);
}

static int
set_match(const struct config_key *key, void *model, const char *value)
{
	g_auto(GStrv) items = NULL;
	GPtrArray *interfaces;
	GArray *networks;
	int r = config_parse_words(value, &items);

	if (r < 0)
		return r;
	interfaces = g_ptr_array_new_with_free_func(g_free);
	networks = g_array_new(FALSE, FALSE, sizeof(struct prefix));
	for (char **item = items; r == 0 && *item; item++)
		r = read_match(*item, interfaces, networks);
	if (r == 0) {
		replace_match(model, interfaces, networks);
		return 0;
	}
	g_ptr_array_unref(interfaces);
	g_array_unref(networks);
	return r;
}

static char *
allowed_match(const struct config_key *key)
{
	return g_strdup("a list of interface:PATTERN (with * and ?) and network:PREFIX (of peers)");
}

static char *
show_match(const struct config_key *key, const void *model)
{
	const struct connection *connection = model;
	GString *text = g_string_new(NULL);

	for (char **pattern = connection->interfaces; pattern && *pattern; pattern++) {
		separate(text);
		g_string_append_printf(text, INTERFACE "%s", *pattern);
	}
	for (unsigned i = 0; i < connection->n_networks; i++) {
		separate(text);
		g_string_append(text, NETWORK);
		append_prefix(text, &connection->networks[i]);
	}
	return g_string_free(text, FALSE);
}

const struct config_type config_type_proto = { set_proto, allowed_proto, show_proto };
const struct config_type config_type_range = { set_range, allowed_range, show_range };
const struct config_type config_type_ports = { set_ports, allowed_ports, show_ports };
const struct config_type config_type_some_ports = { set_some_ports, allowed_ports, show_ports };
const struct config_type config_type_service_ports = { set_service_ports, allowed_service_ports,
	show_service_ports };
const struct config_type config_type_opens = { set_opens, allowed_opens, show_opens };
const struct config_type config_type_target = { set_target, allowed_target, show_target };
const struct config_type config_type_prefixes = { set_prefixes, allowed_prefixes, show_prefixes };
const struct config_type config_type_match = { set_match, allowed_match, show_match };

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options: read once, when an engine starts. The host has checked the syntax of lists; what it has
 * not, another host may not have, so nothing is taken for granted.
 *
 * Limits: LDAP_PREFIXES_MAX prefixes and LDAP_RANGES_MAX ranges in a list.
 */
#include "ldap-config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const struct pn_option callers_from = {
	.size = sizeof(callers_from),
	.type = PN_OPTION_SOURCES,
	.name = "CallersFrom",
	.fallback = "",
	.help = "who may call a host that has registered with a directory (ILS)",
};

static const struct pn_option call_ports = {
	.size = sizeof(call_ports),
	.type = PN_OPTION_PORTS,
	.name = "CallPorts",
	.fallback = "",
	.help = "where it may be called, besides 1720 and 1503",
};

static const struct pn_option calls_to = {
	.size = sizeof(calls_to),
	.type = PN_OPTION_TARGETS,
	.name = "CallsTo",
	.fallback = "",
	.help = "who may be called after a search has told the address",
};

static const struct pn_option referrals = {
	.size = sizeof(referrals),
	.type = PN_OPTION_TARGETS,
	.name = "Referrals",
	.fallback = "",
	.help = "servers that others may refer clients to, by address",
};

static const struct pn_option servers = {
	.size = sizeof(servers),
	.type = PN_OPTION_SOURCES,
	.name = "Servers",
	.fallback = "",
	.help = "who may answer a CLDAP query in the place of the one asked",
};

static const struct pn_option answers = {
	.size = sizeof(answers),
	.type = PN_OPTION_INT,
	.min = 1,
	.max = 64,
	.name = "Answers",
	.fallback = "8",
	.help = "how many of them may answer",
};

const struct pn_option *const ldap_options[] = { &callers_from, &call_ports, &calls_to, &referrals,
	&servers, &answers, NULL };

/* Takes the next item of a list, without blanks. -ENOENT: there is none. */
static int
next_item(const char **text, char *ret_item, size_t size)
{
	size_t len = 0;

	while (**text && (!len || !strchr(";,", **text))) {
		if (!strchr(" \t;,", **text)) {
			if (len == size - 1)
				return -EINVAL;
			ret_item[len++] = **text;
		}
		++*text;
	}
	ret_item[len] = '\0';
	return len ? 0 : -ENOENT;
}

static int
read_number(const char *text, unsigned long max, uint32_t *ret_number)
{
	char *end;
	unsigned long number;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	number = strtoul(text, &end, 10);
	if (*end || number > max)
		return -EINVAL;
	*ret_number = (uint32_t)number;
	return 0;
}

/* ADDRESS or ADDRESS/BITS */
static int
read_prefix(char *item, struct ldap_prefix *ret_prefix)
{
	struct ldap_prefix prefix = { 0 };
	int ipv6 = strchr(item, ':') != NULL;
	char *slash = strchr(item, '/');

	if (slash)
		*slash = '\0';
	prefix.addr.family = ipv6 ? PN_ADDR_IPV6 : PN_ADDR_IPV4;
	prefix.bits = ipv6 ? 128 : 32;
	if (inet_pton(ipv6 ? AF_INET6 : AF_INET, item, prefix.addr.bytes) != 1)
		return -EINVAL;
	if (slash && read_number(slash + 1, prefix.bits, &prefix.bits) < 0)
		return -EINVAL;
	*ret_prefix = prefix;
	return 0;
}

static int
read_prefixes(const char *text, struct ldap_prefixes *ret_prefixes)
{
	struct ldap_prefixes prefixes = { 0 };
	char item[INET6_ADDRSTRLEN + 8];
	int error;

	while ((error = next_item(&text, item, sizeof(item))) == 0) {
		if (prefixes.n == LDAP_PREFIXES_MAX)
			return -E2BIG;
		if (read_prefix(item, &prefixes.list[prefixes.n++]) < 0)
			return -EINVAL;
	}
	*ret_prefixes = prefixes;
	return error == -ENOENT ? 0 : error;
}

/* PORT or PORT-PORT */
static int
read_range(char *item, struct ldap_range *ret_range)
{
	char *dash = strchr(item, '-');
	uint32_t first, last;

	if (dash)
		*dash = '\0';
	if (read_number(item, UINT16_MAX, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && read_number(dash + 1, UINT16_MAX, &last) < 0)
		return -EINVAL;
	*ret_range = (struct ldap_range){ .first = (uint16_t)first, .last = (uint16_t)last };
	return 0;
}

static int
read_ranges(const char *text, struct ldap_config *config)
{
	char item[2 * sizeof("65535")];
	int error;

	while ((error = next_item(&text, item, sizeof(item))) == 0) {
		if (config->n_call_ports == LDAP_RANGES_MAX)
			return -E2BIG;
		if (read_range(item, &config->call_ports[config->n_call_ports++]) < 0)
			return -EINVAL;
	}
	return error == -ENOENT ? 0 : error;
}

/* The value of an option; `fallback` where the host does not know it. */
static struct pn_value
get(const struct pn_instance *instance, const struct pn_option *option)
{
	struct pn_value value = { .size = sizeof(value) };

	if (instance->host->option(instance, option->name, &value) < 0 || !value.string)
		value = (struct pn_value){ .string = option->fallback };
	return value;
}

static int32_t
complain(const struct pn_instance *instance, const struct pn_option *option, int error)
{
	char text[80];

	snprintf(text, sizeof(text), "%s: %s", option->name,
		error == -E2BIG ? "the list is too long" : "this cannot be read");
	instance->host->log(instance, PN_LOG_WARNING, text);
	return error;
}

int32_t
ldap_config_read(const struct pn_instance *instance, struct ldap_config *ret_config)
{
	struct ldap_config config = { 0 };
	const struct {
		const struct pn_option *option;
		struct ldap_prefixes *prefixes;
	} lists[] = {
		{ &callers_from, &config.callers_from },
		{ &calls_to, &config.calls_to },
		{ &referrals, &config.referrals },
		{ &servers, &config.servers },
	};
	size_t n;
	int error;

	for (n = 0; n < sizeof(lists) / sizeof(lists[0]); n++) {
		error = read_prefixes(get(instance, lists[n].option).string, lists[n].prefixes);
		if (error < 0)
			return complain(instance, lists[n].option, error);
	}
	error = read_ranges(get(instance, &call_ports).string, &config);
	if (error < 0)
		return complain(instance, &call_ports, error);
	if (read_number(get(instance, &answers).string, 64, &config.answers) < 0)
		return complain(instance, &answers, -EINVAL);
	*ret_config = config;
	return 0;
}

int
ldap_same_addr(const struct pn_addr *a, const struct pn_addr *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static int
prefix_has(const struct ldap_prefix *prefix, const struct pn_addr *addr)
{
	uint32_t whole = prefix->bits / 8, rest = prefix->bits % 8;
	uint8_t differ;

	if (prefix->addr.family != addr->family || memcmp(prefix->addr.bytes, addr->bytes, whole))
		return 0;
	if (!rest)
		return 1;
	differ = prefix->addr.bytes[whole] ^ addr->bytes[whole];
	return !(differ >> (8 - rest));
}

int
ldap_prefixes_have(const struct ldap_prefixes *prefixes, const struct pn_addr *addr)
{
	uint32_t n;

	for (n = 0; n < prefixes->n; n++)
		if (prefix_has(&prefixes->list[n], addr))
			return 1;
	return 0;
}

int
ldap_is_call_port(const struct ldap_config *config, uint16_t port)
{
	uint32_t n;

	if (port == ILS_PORT_H323 || port == ILS_PORT_T120)
		return 1;
	for (n = 0; n < config->n_call_ports; n++)
		if (port >= config->call_ports[n].first && port <= config->call_ports[n].last)
			return 1;
	return 0;
}

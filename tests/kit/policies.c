// SPDX-License-Identifier: MIT
/* Policies for tests, as a configuration would make them. */
#include "kit/policies.h"

#include <stdio.h>
#include <string.h>

#include <check.h>
#include <glib.h>

#include "policy/config.h"

struct policy *
kit_policy(void)
{
	struct policy *policy = policy_new();

	policy->helpers_default = true;
	return policy;
}

struct connection *
kit_connection(struct policy *policy, const char *name, const char *interface, const char *networks)
{
	const struct connection *base;
	struct connection *c;

	policy->connections =
		g_renew(struct connection, policy->connections, policy->n_connections + 1);
	base = &policy->connections[0];
	c = &policy->connections[policy->n_connections++];
	*c = (struct connection){
		.name = g_strdup(name),
		.firewall = base->firewall,
		.anti_spoof = base->anti_spoof,
		.icmp = base->icmp,
		.helpers_set = base->helpers_set,
		.helpers = g_strdupv(base->helpers),
	};
	if (interface)
		c->interfaces = g_strsplit(interface, ";", -1);
	if (networks)
		ck_assert_int_ge(config_parse_prefixes(networks, &c->networks, &c->n_networks), 0);
	return c;
}

/* "80/tcp" or "6970-6999/udp" */
static struct port_range
parse_ports(const char *ports, uint8_t *ret_proto)
{
	unsigned first, last;
	char proto[4] = "";

	if (sscanf(ports, "%u-%u/%3s", &first, &last, proto) != 3) {
		ck_assert_msg(sscanf(ports, "%u/%3s", &first, proto) == 2, "%s", ports);
		last = first;
	}
	ck_assert_msg(first <= last && last <= UINT16_MAX, "%s", ports);
	ck_assert_msg(!strcmp(proto, "tcp") || !strcmp(proto, "udp"), "%s", ports);
	*ret_proto = proto[0] == 't' ? PROTO_TCP : PROTO_UDP;
	return (struct port_range){ .first = (uint16_t)first, .last = (uint16_t)last };
}

struct port_mapping *
kit_open(struct connection *connection, const char *ports)
{
	struct port_mapping *mapping = mappings_add(&connection->mappings);

	mapping->name = g_strdup(ports);
	mapping->enabled = true;
	mapping->external = parse_ports(ports, &mapping->proto);
	mapping->internal = mapping->external.first;
	mappings_index(&connection->mappings);
	return mapping;
}

struct port_mapping *
kit_forward(struct connection *connection, const char *ports, const char *target, uint16_t internal)
{
	struct port_mapping *mapping = kit_open(connection, ports);

	ck_assert_int_ge(addr_parse(target, &mapping->target, NULL), 0);
	mapping->internal = internal;
	mappings_index(&connection->mappings);
	return mapping;
}

void
kit_sources(struct port_mapping *mapping, const char *prefixes)
{
	g_free(mapping->sources);
	ck_assert_int_ge(
		config_parse_prefixes(prefixes, &mapping->sources, &mapping->n_sources), 0);
}

struct port_trigger *
kit_trigger(struct connection *connection, const char *to, const char *opens, uint32_t timeout)
{
	struct port_trigger *trigger;

	connection->triggers =
		g_renew(struct port_trigger, connection->triggers, connection->n_triggers + 1);
	trigger = &connection->triggers[connection->n_triggers++];
	*trigger = (struct port_trigger){
		.name = g_strdup(to),
		.ports = g_new0(struct port_range, 1),
		.n_ports = 1,
		.timeout = timeout,
		.enabled = true,
	};
	trigger->ports[0] = parse_ports(to, &trigger->proto);
	trigger->open = parse_ports(opens, &trigger->open_proto);
	return trigger;
}

void
kit_icmp_on(struct connection *connection, enum icmp_option option)
{
	connection->icmp |= UINT32_C(1) << option;
}

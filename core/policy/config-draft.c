// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding and making the things of a policy.
 *
 * Life-cycle: they belong to the policy from the start, whatever becomes of the reading.
 * Limits: CONFIG_HELPERS_MAX, _OPTIONS_MAX, _MAPPINGS_MAX, _TRIGGERS_MAX, CONNECTIONS_MAX,
 * SERVICES_MAX.
 * Relies on: names having been checked.
 */
#include "policy/config-draft.h"

#include <string.h>

#include "policy/config.h"

struct policy_helper *
draft_helper(struct policy *policy, const char *name)
{
	struct policy_helper *helper;

	for (unsigned i = 0; i < policy->n_helpers; i++) {
		if (!strcmp(policy->helpers[i].name, name))
			return &policy->helpers[i];
	}
	if (policy->n_helpers == CONFIG_HELPERS_MAX)
		return NULL;
	policy->helpers = g_renew(struct policy_helper, policy->helpers, policy->n_helpers + 1);
	helper = &policy->helpers[policy->n_helpers++];
	*helper = (struct policy_helper){ .name = g_strdup(name) };
	return helper;
}

struct policy_option *
draft_option(struct policy_helper *helper, const char *name)
{
	struct policy_option *option;

	for (unsigned i = 0; i < helper->n_options; i++) {
		if (!strcmp(helper->options[i].name, name))
			return &helper->options[i];
	}
	if (helper->n_options == CONFIG_OPTIONS_MAX)
		return NULL;
	helper->options = g_renew(struct policy_option, helper->options, helper->n_options + 1);
	option = &helper->options[helper->n_options++];
	*option = (struct policy_option){ .name = g_strdup(name) };
	return option;
}

struct connection *
draft_connection(struct policy *policy, const char *name)
{
	struct connection *connection;

	for (unsigned i = 0; i < policy->n_connections; i++) {
		if (!strcmp(policy->connections[i].name, name))
			return &policy->connections[i];
	}
	if (policy->n_connections == CONNECTIONS_MAX)
		return NULL;
	policy->connections =
		g_renew(struct connection, policy->connections, policy->n_connections + 1);
	connection = &policy->connections[policy->n_connections++];
	*connection = (struct connection){ .name = g_strdup(name), .firewall = true };
	return connection;
}

struct port_mapping *
draft_mapping(struct connection *connection, const char *name)
{
	struct port_mappings *mappings = &connection->mappings;
	struct port_mapping *mapping;

	for (unsigned i = 0; i < mappings->n; i++) {
		if (!strcmp(mappings->list[i].name, name))
			return &mappings->list[i];
	}
	if (mappings->n == CONFIG_MAPPINGS_MAX)
		return NULL;
	mapping = mappings_add(mappings);
	mapping->name = g_strdup(name);
	mapping->enabled = true;
	return mapping;
}

struct port_trigger *
draft_trigger(struct connection *connection, const char *name)
{
	struct port_trigger *trigger;

	for (unsigned i = 0; i < connection->n_triggers; i++) {
		if (!strcmp(connection->triggers[i].name, name))
			return &connection->triggers[i];
	}
	if (connection->n_triggers == CONFIG_TRIGGERS_MAX)
		return NULL;
	connection->triggers =
		g_renew(struct port_trigger, connection->triggers, connection->n_triggers + 1);
	trigger = &connection->triggers[connection->n_triggers++];
	*trigger = (struct port_trigger){
		.name = g_strdup(name),
		.timeout = CONFIG_TRIGGER_TIMEOUT,
		.enabled = true,
	};
	return trigger;
}

struct service *
draft_service(struct policy *policy, const char *name)
{
	struct service *service;

	if (policy->n_services == SERVICES_MAX)
		return NULL;
	policy->services = g_renew(struct service, policy->services, policy->n_services + 1);
	service = &policy->services[policy->n_services++];
	*service = (struct service){ .name = g_strdup(name) };
	return service;
}

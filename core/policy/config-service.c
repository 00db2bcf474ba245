// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From definitions of services to mappings.
 *
 * Life-cycle: once per reading; the mappings belong to their connection like all others, and say
 * the line that switches them on.
 * Limits: SERVICES_MAX, SERVICE_PORTS_MAX, CONFIG_MAPPINGS_MAX.
 * Relies on: values having been checked one by one.
 */
#include "policy/config-service.h"

#include <stdlib.h>
#include <string.h>

#include "policy/config-keys.h"
#include "policy/config-suggest.h"

static int
compare_services(const void *a, const void *b)
{
	const struct service *one = a, *other = b;

	return strcmp(one->name, other->name);
}

/* A port that is there twice would be two mappings for one packet. */
static bool
has_port_twice(const struct service *service)
{
	for (unsigned i = 1; i < service->n_ports; i++) {
		for (unsigned j = 0; j < i; j++) {
			const struct service_ports *a = &service->ports[i], *b = &service->ports[j];

			if (a->proto == b->proto && a->range.first <= b->range.last &&
				b->range.first <= a->range.last)
				return true;
		}
	}
	return false;
}

static bool
settle_service(struct reading *reading, struct service *service, GError **error)
{
	struct config_origin file = { service->file, 1 };

	if (!service->n_ports)
		return config_refuse_missing(
			&file, "Service", config_keys_find("Service", "Ports"), error);
	if (has_port_twice(service))
		return config_refuse(
			config_origins_find(reading->origins, service->name, "Service", "Ports"),
			"Service", "Ports", error, "a port of one protocol is there twice");
	if (!service->title)
		service->title = g_strdup(service->name);
	return true;
}

bool
services_settle(struct reading *reading, GError **error)
{
	struct policy *policy = reading->policy;

	if (policy->n_services)
		qsort(policy->services, policy->n_services, sizeof(*policy->services),
			compare_services);
	for (unsigned i = 0; i < policy->n_services; i++) {
		if (!settle_service(reading, &policy->services[i], error))
			return false;
	}
	return true;
}

static bool
refuse_unknown(const struct policy *policy, const struct config_origin *at, const char *name,
	GError **error)
{
	g_autofree char *meant = NULL;
	struct suggest suggest;

	suggest_begin(&suggest, name);
	for (unsigned i = 0; i < policy->n_services; i++)
		suggest_try(&suggest, policy->services[i].name);
	meant = suggest_end(&suggest);
	return config_refuse(
		at, "Firewall", "Services", error, "there is no service %s%s", name, meant);
}

static void
add_mapping(struct connection *connection, const struct service *service,
	const struct service_ports *ports, const struct config_origin *at)
{
	struct port_mapping *mapping = mappings_add(&connection->mappings);

	mapping->name = g_strdup(service->name);
	mapping->title = g_strdup(service->title);
	mapping->proto = ports->proto;
	mapping->external = ports->range;
	mapping->internal = ports->range.first;
	mapping->enabled = true;
	mapping->builtin = service->builtin;
	mapping->file = g_strdup(at->file);
	mapping->line = at->line;
}

static bool
use_service(struct reading *reading, struct connection *connection, const char *name,
	const struct config_origin *at, GError **error)
{
	const struct policy *policy = reading->policy;
	const struct service *service = service_find(policy->services, policy->n_services, name);

	if (!service)
		return refuse_unknown(policy, at, name, error);
	if (connection->mappings.n + service->n_ports > CONFIG_MAPPINGS_MAX)
		return config_refuse(
			at, "Firewall", "Services", error, "%s is one mapping too many", name);
	for (unsigned i = 0; i < service->n_ports; i++)
		add_mapping(connection, service, &service->ports[i], at);
	return true;
}

/* A mapping by the name of a service that is on could not be told from the service's own. */
static bool
check_names(const struct connection *connection, const struct config_origin *at, GError **error)
{
	for (unsigned i = 0; i < connection->mappings.n; i++) {
		const struct port_mapping *mapping = &connection->mappings.list[i];
		struct config_origin here = { mapping->file, mapping->line };
		g_autofree char *section = NULL;

		if (!services_made(connection, mapping))
			continue;
		section = g_strconcat(CONFIG_MAPPING, mapping->name, NULL);
		return config_refuse(&here, section, NULL, error,
			"needs another name: %s:%u switches on the service %s here", at->file,
			at->line, mapping->name);
	}
	return true;
}

bool
services_use(struct reading *reading, struct connection *connection, GError **error)
{
	const struct config_origin *at;

	if (!connection->services || !connection->services[0])
		return true;
	at = config_origins_find(reading->origins, connection->name, "Firewall", "Services");
	if (!at)
		at = config_origins_find(
			reading->origins, CONFIG_OWNER_DEFAULT, "Firewall", "Services");
	if (!check_names(connection, at, error))
		return false;
	for (char **name = connection->services; *name; name++) {
		if (!use_service(reading, connection, *name, at, error))
			return false;
	}
	return true;
}

bool
services_made(const struct connection *connection, const struct port_mapping *mapping)
{
	return connection->services &&
	       g_strv_contains((const char *const *)connection->services, mapping->name);
}

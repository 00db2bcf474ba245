// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What makes a connection whole.
 *
 * Life-cycle: once per reading; "default" first, since the others begin with its settings.
 * Limits: CONNECTIONS_MAX.
 * Relies on: a key that can be shown being set to the same by what is shown.
 */
#include "policy/config-connection.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "policy/config-keys.h"
#include "policy/config-mapping.h"
#include "policy/config-overlap.h"
#include "policy/config-service.h"

static int
compare_connections(const void *a, const void *b)
{
	const struct connection *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static const struct config_origin *
given(const struct reading *reading, const struct connection *connection, const char *section,
	const char *key)
{
	return config_origins_find(reading->origins, connection->name, section, key);
}

/* What no file says of it and some file says of "default" is as there. */
static void
inherit(const struct reading *reading, struct connection *connection)
{
	const struct connection *from = &reading->policy->connections[0];
	const struct config_key *key;

	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		g_autofree char *value = NULL;
		int r;

		if (strcmp(key->section, "Firewall") != 0 ||
			!given(reading, from, key->section, key->name) ||
			given(reading, connection, key->section, key->name))
			continue;
		value = config_key_show(key, from);
		r = config_key_set(key, connection, value);
		assert(r == 0);
		(void)r;
	}
}

/* Only some connections may have a firewall: on those that may not, nobody can ask for one. */
static bool
settle_firewall(const struct reading *reading, struct connection *connection, GError **error)
{
	const char *why = connection_refuses_firewall(connection);
	const struct config_origin *at = given(reading, connection, "Firewall", "Enabled");

	if (why && at && connection->firewall)
		return config_refuse(at, "Firewall", "Enabled=true", error, "not allowed: %s", why);
	if (why)
		connection->firewall = false;
	else if (!at)
		at = given(reading, &reading->policy->connections[0], "Firewall", "Enabled");
	connection->firewall_set = at != NULL;
	return true;
}

static bool
settle_match(struct reading *reading, const struct connection *connection, GError **error)
{
	const struct config_origin *at = given(reading, connection, "Connection", "Match");
	bool is_default = connection == &reading->policy->connections[0];

	if (at && is_default)
		return config_refuse(at, "Connection", "Match", error,
			"not allowed: \"" CONFIG_OWNER_DEFAULT
			"\" is what no other connection matches");
	if (!at && !is_default)
		reading_warn(reading,
			g_strdup_printf("%s:%u: [Connection] Match: missing; the connection is "
					"used only where it is asked for by its name",
				connection->file, connection->line));
	return true;
}

static bool
settle_connection(struct reading *reading, struct connection *connection, GError **error)
{
	if (connection != &reading->policy->connections[0])
		inherit(reading, connection);
	if (!settle_match(reading, connection, error) ||
		!settle_firewall(reading, connection, error) ||
		!mappings_settle(reading, connection, error) ||
		!triggers_settle(reading, connection, error) ||
		!services_use(reading, connection, error) || !mappings_check(connection, error))
		return false;
	mappings_index(&connection->mappings);
	return true;
}

bool
connections_settle(struct reading *reading, GError **error)
{
	struct policy *policy = reading->policy;

	qsort(policy->connections + 1, policy->n_connections - 1, sizeof(*policy->connections),
		compare_connections);
	for (unsigned i = 0; i < policy->n_connections; i++) {
		if (!settle_connection(reading, &policy->connections[i], error))
			return false;
	}
	return true;
}

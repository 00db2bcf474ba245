// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a connection is called, what it takes, and whether it may have a firewall.
 *
 * Life-cycle: config.c fills a struct connection; connection_done() frees what it holds. Strings
 * are made with g_strdup(), lists with g_new(). Limits: CONNECTIONS_MAX of them, which config.c
 * keeps. Relies on: patterns having been checked by config.c.
 */
#include "policy/connection.h"

#include <string.h>

#include <glib.h>

/* The same order as the enums. */
static const char *const type_names[] = {
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
};

static const char *const role_names[] = {
	[ROLE_NONE] = "none",
	[ROLE_PUBLIC] = "public",
	[ROLE_PRIVATE] = "private",
};

static const char *const spoof_names[] = {
	[ANTI_SPOOF_DROP] = "drop",
	[ANTI_SPOOF_REWRITE] = "rewrite",
	[ANTI_SPOOF_OFF] = "off",
};

const char *
connection_type_name(enum connection_type type)
{
	return type_names[type];
}

const char *
connection_role_name(enum connection_role role)
{
	return role_names[role];
}

const char *
anti_spoof_name(enum anti_spoof mode)
{
	return spoof_names[mode];
}

const char *
connection_refuses_firewall(const struct connection *connection)
{
	if (connection->role == ROLE_PRIVATE)
		return "it is the private side of a shared connection; the wall belongs on the "
		       "public one";
	switch (connection->type) {
	case CONNECTION_ETHERNET:
	case CONNECTION_WLAN:
	case CONNECTION_PPP:
	case CONNECTION_VPN:
	case CONNECTION_MOBILE:
		return NULL;
	case CONNECTION_LOOPBACK:
		return "loopback carries nothing that comes from outside";
	case CONNECTION_BRIDGE:
		return "it is a bridge: what it forwards goes by below IP";
	case CONNECTION_BRIDGE_MEMBER:
		return "it is a member of a bridge: what it carries goes by below IP";
	case CONNECTION_INCOMING:
		return "it was opened by a peer that dialled in; the wall belongs on what it came "
		       "over";
	case CONNECTION_DIRECT:
		return "it is a line to one neighbour, who is not the Internet";
	}
	return "its type is not known";
}

bool
connection_has_interface(const struct connection *connection, const char *interface)
{
	for (char **pattern = connection->interfaces; pattern && *pattern; pattern++) {
		if (g_pattern_match_simple(*pattern, interface))
			return true;
	}
	return false;
}

bool
connection_has_peer(const struct connection *connection, const struct pn_addr *peer)
{
	for (unsigned i = 0; i < connection->n_networks; i++) {
		const struct prefix *prefix = &connection->networks[i];

		if (addr_in_prefix(peer, &prefix->addr, prefix->bits))
			return true;
	}
	return false;
}

bool
connection_allows_helper(const struct connection *connection, const char *helper)
{
	size_t plugin = strcspn(helper, ".");

	if (!connection->helpers_set)
		return true;
	for (char **name = connection->helpers; name && *name; name++) {
		if (!strcmp(*name, helper))
			return true;
		if (strlen(*name) == plugin && !memcmp(*name, helper, plugin))
			return true;
	}
	return false;
}

void
connection_done(struct connection *connection)
{
	for (unsigned i = 0; i < connection->n_triggers; i++)
		trigger_done(&connection->triggers[i]);
	mappings_done(&connection->mappings);
	g_free(connection->triggers);
	g_strfreev(connection->interfaces);
	g_strfreev(connection->helpers);
	g_strfreev(connection->services);
	g_free(connection->networks);
	g_free(connection->name);
	g_free(connection->file);
}

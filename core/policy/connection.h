/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection: what lies behind an interface, with settings of its own. Where a capture has no
 * names of interfaces, prefixes of the outside peers tell connections apart.
 *
 * The first connection of a policy is "default": it takes what matches no other, and the others
 * begin with its settings (not with its mappings and triggers).
 */
#ifndef POLICY_CONNECTION_H
#define POLICY_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/icmp-option.h"
#include "policy/mapping.h"

/* flow.connection has one byte for it. */
#define CONNECTIONS_MAX 255

/* What kind of link it is; only some may have a firewall. */
enum connection_type {
	CONNECTION_ETHERNET,
	CONNECTION_WLAN,
	CONNECTION_PPP,
	CONNECTION_VPN,
	CONNECTION_MOBILE,
	CONNECTION_LOOPBACK,
	CONNECTION_BRIDGE,
	CONNECTION_BRIDGE_MEMBER,
	CONNECTION_INCOMING, /* somebody dialled in to us */
	CONNECTION_DIRECT,   /* a serial or infrared line to one neighbour */
};

/* What it is for others, when a connection is shared. */
enum connection_role {
	ROLE_NONE,
	ROLE_PUBLIC,
	ROLE_PRIVATE,
};

enum anti_spoof {
	ANTI_SPOOF_DROP,
	ANTI_SPOOF_REWRITE, /* sharing gives the packet our address; until then as DROP */
	ANTI_SPOOF_OFF,
};

struct connection {
	char *name;
	enum connection_type type;
	enum connection_role role;
	char **interfaces; /* patterns with * and ?, NULL-terminated; or NULL */
	struct prefix *networks; /* of peers */
	unsigned n_networks;
	bool firewall;     /* is the wall up here? If not, everything passes */
	bool firewall_set; /* a file says so */
	enum anti_spoof anti_spoof;
	uint32_t icmp;     /* bits 1 << enum icmp_option */
	bool helpers_set;  /* false: whatever is enabled at all */
	char **helpers;    /* names that may watch flows here, NULL-terminated */
	char **services;   /* that are switched on here; mappings were made of them */
	struct port_mappings mappings;
	struct port_trigger *triggers;
	unsigned n_triggers;
	char *file; /* where it stands, or NULL */
	unsigned line;
};

const char *connection_type_name(enum connection_type type);
const char *connection_role_name(enum connection_role role);
const char *anti_spoof_name(enum anti_spoof mode);

/* NULL if a connection like that may have a firewall; else why not, for a person. */
const char *connection_refuses_firewall(const struct connection *connection);

bool connection_has_interface(const struct connection *connection, const char *interface);
bool connection_has_peer(const struct connection *connection, const struct pn_addr *peer);

/* May a helper (of that full name, "PLUGIN.part") watch flows of this connection? */
bool connection_allows_helper(const struct connection *connection, const char *helper);

void connection_done(struct connection *connection);

#endif

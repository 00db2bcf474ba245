/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port mappings (static filters: ports that strangers may come to) and port triggers (what goes out
 * to one port lets the same peer come to others for a while).
 */
#ifndef POLICY_MAPPING_H
#define POLICY_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"
#include "packet/tuple.h"

/*
 * One port or range that is open. Without a target it is open on whatever the protected side has
 * at the address that is asked for, the firewall itself first of all, in unicast, multicast and
 * broadcast alike. With one, only what is addressed to the target passes, at its internal ports.
 */
struct port_mapping {
	char *name;  /* of its section, or of the service */
	char *title; /* for people; or NULL */
	uint8_t proto; /* PROTO_TCP, PROTO_UDP */
	bool enabled;
	bool builtin;             /* a service that came with the program */
	struct port_range external;
	uint16_t internal;        /* the first port on the target; as many as external has */
	struct pn_addr target;    /* family 0: none */
	char *target_name;        /* or NULL: a name that sharing will look up; inactive until then */
	struct prefix *sources;   /* who may come; n_sources == 0: anybody */
	unsigned n_sources;
	char *file; /* where it stands */
	unsigned line;
};

/* Flows from the protected side to these ports open others to their peer. */
struct port_trigger {
	char *name;
	uint8_t proto;
	struct port_range *ports;
	unsigned n_ports;
	uint8_t open_proto;
	struct port_range open;
	uint32_t timeout; /* seconds */
	bool enabled;
	char *file;
	unsigned line;
};

/* The mappings of one connection; `open` has a bit for each port that some mapping may open, so a
 * packet to any other port costs one look. Built by mappings_index(). */
struct port_mappings {
	struct port_mapping *list;
	unsigned n;
	uint64_t *open[2]; /* of TCP and UDP; NULL: none */
};

/* To be called when the list is complete, and again when it has changed. */
void mappings_index(struct port_mappings *mappings);
void mappings_done(struct port_mappings *mappings);
struct port_mapping *mappings_add(struct port_mappings *mappings);

/* Is it at work? A disabled one is not, and neither is one whose target is a name. */
bool mapping_is_active(const struct port_mapping *mapping);

/* The mapping by which this packet from outside may come, or NULL. */
const struct port_mapping *mappings_match(
	const struct port_mappings *mappings, const struct packet *p);

void trigger_done(struct port_trigger *trigger);
bool trigger_matches(const struct port_trigger *trigger, uint8_t proto, uint16_t port);

#endif

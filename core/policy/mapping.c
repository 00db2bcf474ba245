// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Port mappings and triggers.
 *
 * Life-cycle: config.c adds mappings and then calls mappings_index(); from there on they are only
 * read. mappings_done() and trigger_done() free what they hold.
 * Limits: config.c bounds how many there are; a look costs one bit for a port that is shut, and a
 * walk over the list for one that is open.
 * Relies on: ranges being in order (first ≤ last).
 */
#include "policy/mapping.h"

#include <string.h>

#include <glib.h>

#define PORT_WORDS (65536 / 64)

/* Which of the two sets of bits; -1: mappings know nothing of the protocol. */
static int
open_set(uint8_t proto)
{
	switch (proto) {
	case PROTO_TCP:
		return 0;
	case PROTO_UDP:
		return 1;
	default:
		return -1;
	}
}

bool
mapping_is_active(const struct port_mapping *mapping)
{
	return mapping->enabled && !mapping->target_name;
}

/* The ports that a packet may be sent to: the target's own, where there is one. */
static struct port_range
asked_ports(const struct port_mapping *mapping)
{
	struct port_range range = mapping->external;

	if (mapping->target.family) {
		range.last = (uint16_t)(mapping->internal + (range.last - range.first));
		range.first = mapping->internal;
	}
	return range;
}

struct port_mapping *
mappings_add(struct port_mappings *mappings)
{
	struct port_mapping *mapping;

	mappings->list = g_renew(struct port_mapping, mappings->list, mappings->n + 1);
	mapping = &mappings->list[mappings->n++];
	memset(mapping, 0, sizeof(*mapping));
	return mapping;
}

void
mappings_index(struct port_mappings *mappings)
{
	for (unsigned set = 0; set < G_N_ELEMENTS(mappings->open); set++)
		g_clear_pointer(&mappings->open[set], g_free);
	for (unsigned i = 0; i < mappings->n; i++) {
		const struct port_mapping *mapping = &mappings->list[i];
		struct port_range range = asked_ports(mapping);
		int set = open_set(mapping->proto);

		if (set < 0 || !mapping_is_active(mapping))
			continue;
		if (!mappings->open[set])
			mappings->open[set] = g_new0(uint64_t, PORT_WORDS);
		for (unsigned port = range.first; port <= range.last; port++)
			mappings->open[set][port / 64] |= UINT64_C(1) << port % 64;
	}
}

void
mappings_done(struct port_mappings *mappings)
{
	for (unsigned i = 0; i < mappings->n; i++) {
		struct port_mapping *mapping = &mappings->list[i];

		g_free(mapping->name);
		g_free(mapping->title);
		g_free(mapping->target_name);
		g_free(mapping->sources);
		g_free(mapping->file);
	}
	g_free(mappings->list);
	g_free(mappings->open[0]);
	g_free(mappings->open[1]);
}

static bool
may_come_from(const struct port_mapping *mapping, const struct pn_addr *src)
{
	for (unsigned i = 0; i < mapping->n_sources; i++) {
		if (addr_in_prefix(src, &mapping->sources[i].addr, mapping->sources[i].bits))
			return true;
	}
	return !mapping->n_sources;
}

static bool
mapping_matches(const struct port_mapping *mapping, const struct tuple *tuple)
{
	struct port_range range = asked_ports(mapping);

	return mapping->proto == tuple->proto && mapping_is_active(mapping) &&
	       tuple->dst_port >= range.first && tuple->dst_port <= range.last &&
	       (!mapping->target.family || addr_equal(&mapping->target, &tuple->dst)) &&
	       may_come_from(mapping, &tuple->src);
}

const struct port_mapping *
mappings_match(const struct port_mappings *mappings, const struct packet *p)
{
	bool from_hi = p->flags & PACKET_FROM_HI;
	uint16_t port = key_dst_port(&p->key, from_hi);
	int set = open_set(p->proto);
	struct tuple tuple;

	if (set < 0 || !mappings->open[set] || !(mappings->open[set][port / 64] >> port % 64 & 1))
		return NULL;
	key_spell(&p->key, from_hi, &tuple);
	for (unsigned i = 0; i < mappings->n; i++) {
		if (mapping_matches(&mappings->list[i], &tuple))
			return &mappings->list[i];
	}
	return NULL;
}

void
trigger_done(struct port_trigger *trigger)
{
	g_free(trigger->name);
	g_free(trigger->ports);
	g_free(trigger->file);
}

bool
trigger_matches(const struct port_trigger *trigger, uint8_t proto, uint16_t port)
{
	if (!trigger->enabled || trigger->proto != proto)
		return false;
	for (unsigned i = 0; i < trigger->n_ports; i++) {
		if (port >= trigger->ports[i].first && port <= trigger->ports[i].last)
			return true;
	}
	return false;
}

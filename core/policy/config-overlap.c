// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mappings that claim the same packet.
 *
 * A mapping makes a claim on each prefix of its sources. Of two prefixes that have an address in
 * common one is within the other. So the claims are put in an order in which each prefix stands
 * before those within it, and walked through: those whose prefix the current one is within are
 * open, and only with these its ports are compared.
 *
 * Life-cycle: one walk.
 * Limits: a mapping has at most one open claim, since one within it says nothing new. The work is
 * the number of prefixes times that of mappings (CONFIG_MAPPINGS_MAX) at the worst.
 * Relies on: no bits being set behind a prefix.
 */
#include "policy/config-overlap.h"

#include <string.h>

#include "policy/config-service.h"

struct claim {
	struct prefix prefix;
	unsigned mapping; /* its index */
};

/* The walk on its way. */
struct walk {
	const struct connection *connection;
	GArray *open;   /* struct claim, each within the one before */
	bool *has_open; /* of each mapping */
};

static void
add_claim(GArray *claims, unsigned mapping, const struct prefix *prefix)
{
	struct claim claim = { .prefix = *prefix, .mapping = mapping };

	g_array_append_val(claims, claim);
}

static GArray *
collect_claims(const struct port_mappings *mappings)
{
	static const struct prefix anybody[] = {
		{ .addr = { .family = PN_ADDR_IPV4 } },
		{ .addr = { .family = PN_ADDR_IPV6 } },
	};
	GArray *claims = g_array_new(FALSE, FALSE, sizeof(struct claim));

	for (unsigned i = 0; i < mappings->n; i++) {
		const struct port_mapping *mapping = &mappings->list[i];
		const struct prefix *sources = mapping->n_sources ? mapping->sources : anybody;
		unsigned n = mapping->n_sources ? mapping->n_sources : G_N_ELEMENTS(anybody);

		for (unsigned j = 0; mapping->enabled && j < n; j++)
			add_claim(claims, i, &sources[j]);
	}
	return claims;
}

/* A prefix before those within it; for the rest, any order that is always the same. */
static int
compare_claims(const void *one, const void *other)
{
	const struct claim *a = one, *b = other;
	int order = a->prefix.addr.family - b->prefix.addr.family;

	if (!order)
		order = memcmp(
			a->prefix.addr.bytes, b->prefix.addr.bytes, sizeof(a->prefix.addr.bytes));
	if (!order)
		order = (int)a->prefix.bits - (int)b->prefix.bits;
	return order ? order : (int)a->mapping - (int)b->mapping;
}

static struct claim *
claim_at(GArray *claims, unsigned i)
{
	return &g_array_index(claims, struct claim, i);
}

static const struct port_mapping *
mapping_of(const struct walk *walk, const struct claim *claim)
{
	return &walk->connection->mappings.list[claim->mapping];
}

/* Closes what the claim is not within. */
static void
close_others(struct walk *walk, const struct claim *claim)
{
	while (walk->open->len) {
		const struct claim *last = claim_at(walk->open, walk->open->len - 1);

		if (addr_in_prefix(&claim->prefix.addr, &last->prefix.addr, last->prefix.bits))
			return;
		walk->has_open[last->mapping] = false;
		g_array_set_size(walk->open, walk->open->len - 1);
	}
}

static bool
have_port_in_common(const struct port_mapping *a, const struct port_mapping *b)
{
	return a->proto == b->proto && a->external.first <= b->external.last &&
	       b->external.first <= a->external.last;
}

/* "[Mapping:web]", or "[Firewall] Services: demo". The caller's. */
static char *
title_of(const struct connection *connection, const struct port_mapping *mapping)
{
	if (services_made(connection, mapping))
		return g_strconcat("[Firewall] Services: ", mapping->name, NULL);
	return g_strconcat("[Mapping:", mapping->name, "]", NULL);
}

static bool
refuse(const struct connection *connection, const struct port_mapping *one,
	const struct port_mapping *other, GError **error)
{
	const struct port_mapping *first = MIN(one, other), *second = MAX(one, other);
	g_autofree char *first_title = title_of(connection, first);
	g_autofree char *second_title = title_of(connection, second);

	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
		"%s:%u: %s: %s port %u is taken by %s (%s:%u); allowed: other ports, or Sources "
		"that have no address in common",
		second->file, second->line, second_title,
		second->proto == PROTO_TCP ? "TCP" : "UDP",
		MAX(first->external.first, second->external.first), first_title, first->file,
		first->line);
	return false;
}

/* The next one in the order. */
static bool
take_claim(struct walk *walk, const struct claim *claim, GError **error)
{
	const struct port_mapping *mapping = mapping_of(walk, claim);

	close_others(walk, claim);
	if (walk->has_open[claim->mapping])
		return true;
	for (unsigned i = 0; i < walk->open->len; i++) {
		const struct port_mapping *other = mapping_of(walk, claim_at(walk->open, i));

		if (have_port_in_common(mapping, other))
			return refuse(walk->connection, mapping, other, error);
	}
	walk->has_open[claim->mapping] = true;
	g_array_append_vals(walk->open, claim, 1);
	return true;
}

bool
mappings_check(const struct connection *connection, GError **error)
{
	GArray *claims = collect_claims(&connection->mappings);
	struct walk walk = {
		.connection = connection,
		.open = g_array_new(FALSE, FALSE, sizeof(struct claim)),
		.has_open = g_new0(bool, connection->mappings.n),
	};
	bool done = true;

	g_array_sort(claims, compare_claims);
	for (unsigned i = 0; done && i < claims->len; i++)
		done = take_claim(&walk, claim_at(claims, i), error);
	g_array_unref(walk.open);
	g_free(walk.has_open);
	g_array_unref(claims);
	return done;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What makes a mapping or a trigger whole.
 *
 * Life-cycle: once per reading.
 * Limits: CONFIG_MAPPINGS_MAX, CONFIG_TRIGGERS_MAX: mappings are compared each with each.
 * Relies on: values having been checked one by one.
 */
#include "policy/config-mapping.h"

#include "policy/config-keys.h"
#include "policy/config-service.h"

/* A mapping or trigger that is looked at. */
struct subject {
	struct reading *reading;
	const char *owner; /* the name of the connection */
	const char *kind;  /* CONFIG_MAPPING, CONFIG_TRIGGER */
	char *section;     /* with its name */
	struct config_origin here;
};

static bool
refuse_missing(const struct subject *subject, const char *key, GError **error)
{
	return config_refuse_missing(
		&subject->here, subject->section, config_keys_find(subject->kind, key), error);
}

/* An error of one key, at the line that gives it. */
static bool
refuse_key(const struct subject *subject, const char *key, GError **error, const char *what)
{
	const struct config_origin *at = config_origins_find(
		subject->reading->origins, subject->owner, subject->section, key);

	return config_refuse(at ? at : &subject->here, subject->section, key, error, "%s", what);
}

/* The ports on the target, which are as many as those outside. */
static bool
settle_internal(const struct subject *subject, struct port_mapping *mapping, GError **error)
{
	unsigned more = (unsigned)(mapping->external.last - mapping->external.first);

	if (!mapping->internal)
		mapping->internal = mapping->external.first;
	if (mapping->internal + more > UINT16_MAX)
		return refuse_key(subject, "Internal", error,
			"not allowed: the last port of the range would be beyond 65535");
	if (mapping->internal != mapping->external.first && !mapping->target.family &&
		!mapping->target_name)
		return refuse_key(subject, "Internal", error,
			"not allowed: without Target or TargetName it is the same as External; "
			"another port needs translation, and translation a target");
	return true;
}

static bool
settle_mapping(const struct subject *subject, struct port_mapping *mapping, GError **error)
{
	if (!mapping->proto)
		return refuse_missing(subject, "Protocol", error);
	if (!mapping->external.first)
		return refuse_missing(subject, "External", error);
	if (mapping->target.family && mapping->target_name)
		return refuse_key(subject, "TargetName", error,
			"not allowed: there is a Target, too, and only one of the two may be");
	return settle_internal(subject, mapping, error);
}

static bool
settle_trigger(const struct subject *subject, const struct port_trigger *trigger, GError **error)
{
	if (!trigger->proto)
		return refuse_missing(subject, "Protocol", error);
	if (!trigger->n_ports)
		return refuse_missing(subject, "Ports", error);
	if (!trigger->open.first)
		return refuse_missing(subject, "Opens", error);
	return true;
}

bool
mappings_settle(struct reading *reading, struct connection *connection, GError **error)
{
	bool done = true;

	for (unsigned i = 0; done && i < connection->mappings.n; i++) {
		struct port_mapping *mapping = &connection->mappings.list[i];
		struct subject subject = { reading, connection->name, CONFIG_MAPPING,
			g_strconcat(CONFIG_MAPPING, mapping->name, NULL),
			{ mapping->file, mapping->line } };

		done = settle_mapping(&subject, mapping, error);
		g_free(subject.section);
	}
	return done;
}

bool
triggers_settle(struct reading *reading, struct connection *connection, GError **error)
{
	bool done = true;

	for (unsigned i = 0; done && i < connection->n_triggers; i++) {
		const struct port_trigger *trigger = &connection->triggers[i];
		struct subject subject = { reading, connection->name, CONFIG_TRIGGER,
			g_strconcat(CONFIG_TRIGGER, trigger->name, NULL),
			{ trigger->file, trigger->line } };

		done = settle_trigger(&subject, trigger, error);
		g_free(subject.section);
	}
	return done;
}

static bool
prefixes_overlap(const struct prefix *a, const struct prefix *b)
{
	return addr_in_prefix(&a->addr, &b->addr, MIN(a->bits, b->bits));
}

/* May one peer come by both? */
static bool
sources_overlap(const struct port_mapping *a, const struct port_mapping *b)
{
	for (unsigned i = 0; i < a->n_sources; i++) {
		for (unsigned j = 0; j < b->n_sources; j++) {
			if (prefixes_overlap(&a->sources[i], &b->sources[j]))
				return true;
		}
	}
	return !a->n_sources || !b->n_sources;
}

static bool
overlap(const struct port_mapping *a, const struct port_mapping *b)
{
	return a->enabled && b->enabled && a->proto == b->proto &&
	       a->external.first <= b->external.last && b->external.first <= a->external.last &&
	       sources_overlap(a, b);
}

/* "[Mapping:web]", or "[Firewall] Services: demo". The caller's. */
static char *
title_of(const struct connection *connection, const struct port_mapping *mapping)
{
	if (services_made(connection, mapping))
		return g_strconcat("[Firewall] Services: ", mapping->name, NULL);
	return g_strconcat("[" CONFIG_MAPPING, mapping->name, "]", NULL);
}

static bool
refuse_overlap(const struct connection *connection, const struct port_mapping *a,
	const struct port_mapping *b, GError **error)
{
	g_autofree char *one = title_of(connection, a);
	g_autofree char *other = title_of(connection, b);

	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
		"%s:%u: %s: %s port %u is taken by %s (%s:%u); allowed: other ports, or Sources "
		"that have no address in common",
		b->file, b->line, other, b->proto == PROTO_TCP ? "TCP" : "UDP",
		MAX(a->external.first, b->external.first), one, a->file, a->line);
	return false;
}

bool
mappings_check(const struct connection *connection, GError **error)
{
	const struct port_mappings *mappings = &connection->mappings;

	for (unsigned i = 1; i < mappings->n; i++) {
		for (unsigned j = 0; j < i; j++) {
			const struct port_mapping *a = &mappings->list[j], *b = &mappings->list[i];

			if (overlap(a, b))
				return refuse_overlap(connection, a, b, error);
		}
	}
	return true;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What makes a mapping or a trigger whole.
 *
 * Life-cycle: once per reading.
 * Limits: none of its own.
 * Relies on: values having been checked one by one.
 */
#include "policy/config-mapping.h"

#include "policy/config-keys.h"

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

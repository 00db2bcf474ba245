// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the text of one file to the models.
 *
 * Life-cycle: files are taken one by one, the later ones over the earlier; the pointers in a struct
 * place hold for one section, since the lists they point into may move when the next begins.
 * Limits: CONFIG_FILE_MAX, CONFIG_WARNINGS_MAX, and those of config-draft.c.
 * Relies on: config-text.c for lines and values, config-keys.c for what they mean.
 */
#include "policy/config-reading.h"

#include <string.h>

#include "policy/config-draft.h"
#include "policy/config-keys.h"
#include "policy/config-text.h"

/* Where in a file we are. */
struct place {
	const struct config_file *file;
	const struct config_text *text;
	const struct config_entry *entry;
	struct connection *connection;        /* whose file it is, or "default" */
	struct service *service;              /* whose file it is, or NULL */
	const struct config_section *section; /* NULL: its keys mean nothing */
	const char *owner;                    /* of its keys */
	void *model;                          /* what they are members of */
};

bool
config_refuse(const struct config_origin *at, const char *section, const char *key, GError **error,
	const char *format, ...)
{
	g_autofree char *what = NULL;
	g_autofree char *place = at ? g_strdup_printf("%s:%u: ", at->file, at->line) : g_strdup("");
	va_list arguments;

	va_start(arguments, format);
	what = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s[%s]%s%s: %s", place, section,
		key ? " " : "", key ? key : "", what);
	return false;
}

bool
config_refuse_missing(const struct config_origin *at, const char *section,
	const struct config_key *key, GError **error)
{
	g_autofree char *allowed = config_key_allowed(key);

	return config_refuse(at, section, key->name, error, "missing; allowed: %s", allowed);
}

void
reading_warn(struct reading *reading, char *warning)
{
	if (reading->warnings->len < CONFIG_WARNINGS_MAX) {
		g_ptr_array_add(reading->warnings, warning);
		return;
	}
	reading->not_shown++;
	g_free(warning);
}

/* Adds "FILE:LINE: [Section] Key: WHAT". */
static void
warn(struct reading *reading, const struct place *place, const char *what)
{
	g_autofree char *where = config_text_place(place->text, place->entry);

	reading_warn(reading, g_strconcat(where, ": ", what, NULL));
}

static void
warn_not_known(struct reading *reading, const struct place *place, const char *meant)
{
	g_autofree char *what = g_strconcat("not known; ignored", meant, NULL);

	warn(reading, place, what);
}

static void
warn_again(struct reading *reading, const struct place *place, const char *so)
{
	g_autofree char *what =
		g_strdup_printf("stands again on line %u, %s", place->entry->again, so);

	warn(reading, place, what);
}

/* The same as an error. */
static bool
refuse(const struct place *place, const char *what, GError **error)
{
	g_autofree char *where = config_text_place(place->text, place->entry);

	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s: %s", where, what);
	return false;
}

static bool
refuse_value(
	const struct place *place, const struct config_key *key, const char *value, GError **error)
{
	g_autofree char *where = config_text_place(place->text, place->entry);
	g_autofree char *shown = config_text_shown(value, strlen(value));
	g_autofree char *allowed = config_key_allowed(key);
	bool comment = strstr(value, " #") || strstr(value, " ;");

	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s=%s: not allowed; allowed: %s%s",
		where, shown, allowed,
		comment ? " (and a comment needs a line of its own, beginning with #)" : "");
	return false;
}

/* The model stands here, too, and here is where it is looked for. */
static void
note_place(const struct place *place, char **file, unsigned *line)
{
	g_free(*file);
	*file = g_strdup(place->file->name);
	*line = place->entry->line;
}

static bool
enter_helper(struct reading *reading, struct place *place, const char *name, GError **error)
{
	struct policy_helper *helper;

	if (!config_is_helper_name(name))
		return refuse(place,
			"not the name of a helper; allowed: a-z and 0-9, or PLUGIN.part", error);
	helper = draft_helper(reading->policy, name);
	if (!helper)
		return refuse(place, "one helper too many", error);
	note_place(place, &helper->file, &helper->line);
	place->model = helper;
	return true;
}

static bool
refuse_name(const struct place *place, GError **error)
{
	return refuse(place,
		"not a name; allowed: a letter or digit, then letters, digits and - _ . up to 64",
		error);
}

static bool
enter_mapping(struct place *place, const char *name, GError **error)
{
	struct port_mapping *mapping;

	if (!config_is_name(name))
		return refuse_name(place, error);
	mapping = draft_mapping(place->connection, name);
	if (!mapping)
		return refuse(place, "one mapping too many", error);
	note_place(place, &mapping->file, &mapping->line);
	place->model = mapping;
	return true;
}

static bool
enter_trigger(struct place *place, const char *name, GError **error)
{
	struct port_trigger *trigger;

	if (!config_is_name(name))
		return refuse_name(place, error);
	trigger = draft_trigger(place->connection, name);
	if (!trigger)
		return refuse(place, "one trigger too many", error);
	note_place(place, &trigger->file, &trigger->line);
	place->model = trigger;
	return true;
}

/* A section that is known; `name` is its own, if it has one. */
static bool
enter_known(struct reading *reading, struct place *place, const char *name, GError **error)
{
	struct connection *connection = place->connection;

	place->owner = connection ? connection->name : CONFIG_OWNER_ALL;
	switch (place->section->model) {
	case CONFIG_OF_POLICY:
		place->owner = CONFIG_OWNER_ALL;
		place->model = reading->policy;
		return true;
	case CONFIG_OF_HELPER:
		place->owner = CONFIG_OWNER_ALL;
		return enter_helper(reading, place, name, error);
	case CONFIG_OF_CONNECTION:
		if (!connection->file)
			note_place(place, &connection->file, &connection->line);
		place->model = connection;
		return true;
	case CONFIG_OF_MAPPING:
		return enter_mapping(place, name, error);
	case CONFIG_OF_TRIGGER:
		return enter_trigger(place, name, error);
	case CONFIG_OF_SERVICE:
		place->owner = place->service->name;
		place->model = place->service;
		return true;
	}
	return false;
}

/* The head of a section. */
static bool
enter_section(struct reading *reading, struct place *place, GError **error)
{
	const char *head = place->entry->section;
	const char *name = NULL;
	g_autofree char *meant = NULL;

	place->section = config_sections_find(place->file->kind, head, &name);
	if (place->entry->again)
		warn_again(reading, place, "and the two are taken together");
	if (place->section)
		return enter_known(reading, place, name, error);
	meant = config_sections_suggest(place->file->kind, head);
	warn_not_known(reading, place, meant);
	return true;
}

/* A key of a plugin's own: kept as it is until the plugin is there to judge it. */
static bool
keep_option(const struct place *place, const char *value, GError **error)
{
	struct policy_option *option = draft_option(place->model, place->entry->key);

	if (!option)
		return refuse(place, "one option too many", error);
	g_free(option->value);
	option->value = g_strdup(value);
	note_place(place, &option->file, &option->line);
	return true;
}

static bool
take_value(struct reading *reading, const struct place *place, const struct config_key *key,
	GError **error)
{
	const struct config_entry *entry = place->entry;
	g_autofree char *value = config_text_value(place->text, entry, error);

	if (!value)
		return false;
	if (!key)
		return keep_option(place, value, error);
	if (config_key_set(key, place->model, value) < 0)
		return refuse_value(place, key, value, error);
	config_origins_set(reading->origins, place->owner, entry->section, entry->key,
		place->file->name, entry->line);
	return true;
}

static bool
take_key(struct reading *reading, const struct place *place, GError **error)
{
	const struct config_key *key;
	g_autofree char *meant = NULL;

	if (!place->section)
		return true;
	if (place->entry->again) {
		warn_again(reading, place, "and that one counts");
		return true;
	}
	key = config_keys_find(place->section->name, place->entry->key);
	if (key || place->section->model == CONFIG_OF_HELPER)
		return take_value(reading, place, key, error);
	meant = config_keys_suggest(place->file->kind, place->section->name, place->entry->key);
	warn_not_known(reading, place, meant);
	return true;
}

static bool
refuse_file(const char *name, const char *why, GError **error)
{
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_FILE, "%s: %s", name, why);
	return false;
}

static bool
begin_connection(struct reading *reading, struct place *place, GError **error)
{
	const struct config_file *file = place->file;
	struct connection *connection;

	if (!config_is_name(file->owner))
		return refuse_file(file->name,
			"not the name of a connection; allowed: a letter or digit, then letters, "
			"digits and - _ . up to 64, then .conf",
			error);
	connection = draft_connection(reading->policy, file->owner);
	if (!connection)
		return refuse_file(file->name, "one connection too many", error);
	if (!connection->file) {
		connection->file = g_strdup(file->name);
		connection->line = 1;
	}
	place->connection = connection;
	return true;
}

static bool
begin_service(struct reading *reading, struct place *place, GError **error)
{
	const struct config_file *file = place->file;
	struct service *service;

	if (!config_is_service_name(file->owner))
		return refuse_file(file->name,
			"not the name of a service; allowed: a letter or digit, then lower-case "
			"letters, digits and - _ . up to 64, then .service.conf or .conf",
			error);
	service = draft_service(reading->policy, file->owner);
	if (!service)
		return refuse_file(file->name, "one service too many", error);
	service->builtin = file->builtin;
	service->file = g_strdup(file->name);
	place->service = service;
	return true;
}

static bool
begin_file(struct reading *reading, struct place *place, GError **error)
{
	switch (place->file->kind) {
	case CONFIG_MAIN:
		place->connection = draft_connection(reading->policy, CONFIG_OWNER_DEFAULT);
		return true;
	case CONFIG_CONNECTION:
		return begin_connection(reading, place, error);
	case CONFIG_SERVICE:
		return begin_service(reading, place, error);
	}
	return false;
}

bool
reading_take(struct reading *reading, const struct config_file *file, const char *bytes, size_t len,
	GError **error)
{
	struct place place = { .file = file };
	struct config_text *text;
	bool done = true;

	if (len > CONFIG_FILE_MAX) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_FILE,
			"%s: larger than %u KiB; is it a configuration file?", file->name,
			CONFIG_FILE_MAX / 1024);
		return false;
	}
	if (!begin_file(reading, &place, error))
		return false;
	text = config_text_new(file->name, bytes, len, error);
	if (!text)
		return false;
	place.text = text;
	for (unsigned i = 0; done && (place.entry = config_text_entry(text, i)); i++)
		done = place.entry->key ? take_key(reading, &place, error)
					: enter_section(reading, &place, error);
	config_text_free(text);
	return done;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a policy back to configuration files, with the origin of each value.
 *
 * Each section is written by walking the table of keys, so a key that can be read can be shown.
 *
 * Life-cycle: none; texts belong to the caller.
 * Limits: a text is as long as the policy is large.
 * Relies on: origins that came with the policy, or none.
 */
#include "policy/config.h"

#include <string.h>

#include "policy/config-keys.h"
#include "policy/config-reading.h"
#include "policy/config-service.h"

/* A text on its way. */
struct show {
	GString *text;
	const struct policy *policy;
	const struct config_origins *origins;
	bool effective;
	struct policy *plain;                /* as built in */
	enum config_kind kind;               /* of the file */
	const struct connection *connection; /* whose file it is, or "default" */
	const struct service *service;       /* whose file it is */
};

/* A section on its way: a head is written when the first key is. */
struct section {
	const struct config_section *section;
	const char *name; /* behind its colon, or "" */
	const char *owner;
	const void *model;
	const void *plain; /* what it is measured by: as built in, or as in "default" */
	bool always;       /* has a head even if nothing else is said */
	bool begun;
};

static void
begin_section(struct show *show, struct section *section)
{
	if (section->begun)
		return;
	section->begun = true;
	g_string_append_printf(show->text, "%s[%s%s]\n", show->text->len ? "\n" : "",
		section->section->name, section->name);
}

/* A value as GKeyFile reads it: blanks at its ends, and what would end the line, are escaped. */
static void
append_value(GString *text, const char *value)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++) {
		bool at_end = i == 0 || i == len - 1;

		switch (value[i]) {
		case '\n':
			g_string_append(text, "\\n");
			break;
		case '\r':
			g_string_append(text, "\\r");
			break;
		case '\t':
			g_string_append(text, "\\t");
			break;
		case '\\':
			g_string_append(text, "\\\\");
			break;
		case ' ':
			g_string_append(text, at_end ? "\\s" : " ");
			break;
		default:
			g_string_append_c(text, value[i]);
			break;
		}
	}
}

/* Settings of "default" stand in postern.conf, and the other connections begin with them. */
static bool
is_inherited(const struct config_section *section)
{
	return section->model == CONFIG_OF_CONNECTION && section->kinds & CONFIG_MAIN;
}

static void
append_origin(GString *text, const char *file, unsigned line)
{
	g_autofree char *shown = g_strdup(file);

	for (char *c = shown; *c; c++) {
		if (g_ascii_iscntrl(*c))
			*c = '?';
	}
	g_string_append_printf(text, "# %s:%u\n", shown, line);
}

/* Why a connection cannot have what [Firewall] Enabled says of "default"; NULL for other keys. */
static const char *
why_off(const struct show *show, const struct section *section, const char *key)
{
	if (section->model != show->connection || strcmp(key, "Enabled") != 0)
		return NULL;
	return connection_refuses_firewall(show->connection);
}

/* Where a key comes from. Settings of a connection may come from those of "default". */
static const struct config_origin *
find_origin(const struct show *show, const struct section *section, const char *key)
{
	g_autofree char *head = g_strconcat(section->section->name, section->name, NULL);
	const struct config_origin *at =
		config_origins_find(show->origins, section->owner, head, key);

	if (!at && is_inherited(section->section) && !why_off(show, section, key))
		at = config_origins_find(show->origins, CONFIG_OWNER_DEFAULT, head, key);
	return at;
}

/* The comment above a key that no file gives. */
static void
append_default(const struct show *show, const struct section *section, const struct config_key *key)
{
	const char *why = why_off(show, section, key->name);

	if (!why && config_key_is_open(key, section->model))
		why = key->otherwise;
	g_string_append_printf(show->text, "# default%s%s\n", why ? ": " : "", why ? why : "");
}

/* "#" before a key that no file gives, and that would mean something else if one did. */
static void
show_key(struct show *show, struct section *section, const struct config_key *key)
{
	g_autofree char *value = config_key_show(key, section->model);
	g_autofree char *plain = config_key_show(key, section->plain);
	bool open = config_key_is_open(key, section->model);
	const struct config_origin *at = open ? NULL : find_origin(show, section, key->name);
	bool given = key->flag && at && config_key_is_open(key, section->plain);

	if (!show->effective && !given && !strcmp(value, plain))
		return;
	begin_section(show, section);
	if (at)
		append_origin(show->text, at->file, at->line);
	else
		append_default(show, section, key);
	g_string_append_printf(show->text, "%s%s=", open ? "#" : "", key->name);
	append_value(show->text, value);
	g_string_append_c(show->text, '\n');
}

/* "default" takes what nothing matches. */
static bool
is_left_out(const struct show *show, const struct config_key *key)
{
	return show->connection == &show->policy->connections[0] && !strcmp(key->name, "Match");
}

static void
show_section(struct show *show, struct section *section)
{
	const struct config_key *key;

	if (section->always)
		begin_section(show, section);
	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		if (!strcmp(key->section, section->section->name) && !is_left_out(show, key))
			show_key(show, section, key);
	}
}

/* Keys of the plugin's own. */
static void
show_options(struct show *show, const struct policy_helper *helper)
{
	for (unsigned i = 0; i < helper->n_options; i++) {
		const struct policy_option *option = &helper->options[i];

		append_origin(show->text, option->file, option->line);
		g_string_append_printf(show->text, "%s=", option->name);
		append_value(show->text, option->value);
		g_string_append_c(show->text, '\n');
	}
}

static void
show_helpers(struct show *show, const struct config_section *kind)
{
	static const struct policy_helper plain;

	for (unsigned i = 0; i < show->policy->n_helpers; i++) {
		const struct policy_helper *helper = &show->policy->helpers[i];
		struct section section = {
			.section = kind,
			.name = helper->name,
			.owner = CONFIG_OWNER_ALL,
			.model = helper,
			.plain = &plain,
			.always = true,
		};

		show_section(show, &section);
		show_options(show, helper);
	}
}

/* Those that services have made are said by Services=. */
static void
show_mappings(struct show *show, const struct config_section *kind)
{
	const struct port_mappings *mappings = &show->connection->mappings;

	for (unsigned i = 0; i < mappings->n; i++) {
		const struct port_mapping *mapping = &mappings->list[i];
		const struct port_mapping plain = {
			.enabled = true,
			.internal = mapping->external.first,
		};
		struct section section = {
			.section = kind,
			.name = mapping->name,
			.owner = show->connection->name,
			.model = mapping,
			.plain = &plain,
			.always = true,
		};

		if (!services_made(show->connection, mapping))
			show_section(show, &section);
	}
}

static void
show_triggers(struct show *show, const struct config_section *kind)
{
	static const struct port_trigger plain = {
		.enabled = true,
		.timeout = CONFIG_TRIGGER_TIMEOUT,
	};

	for (unsigned i = 0; i < show->connection->n_triggers; i++) {
		const struct port_trigger *trigger = &show->connection->triggers[i];
		struct section section = {
			.section = kind,
			.name = trigger->name,
			.owner = show->connection->name,
			.model = trigger,
			.plain = &plain,
			.always = true,
		};

		show_section(show, &section);
	}
}

static void
show_connection(struct show *show, struct section *section)
{
	bool is_default = show->connection == &show->policy->connections[0];
	const struct policy *plain = show->plain;

	if (is_inherited(section->section) && !is_default)
		plain = show->policy;
	section->owner = show->connection->name;
	section->model = show->connection;
	section->plain = &plain->connections[0];
	/* Of a file that says nothing, something must be left: it makes the connection. */
	section->always = show->kind == CONFIG_CONNECTION && !is_default && !show->text->len;
	show_section(show, section);
}

static void
show_service(struct show *show, struct section *section)
{
	static const struct service plain;

	section->owner = show->service->name;
	section->model = show->service;
	section->plain = &plain;
	show_section(show, section);
}

/* One section, or all of its name. */
static void
show_kind(struct show *show, const struct config_section *kind)
{
	struct section section = {
		.section = kind,
		.name = "",
		.owner = CONFIG_OWNER_ALL,
		.model = show->policy,
		.plain = show->plain,
	};

	switch (kind->model) {
	case CONFIG_OF_POLICY:
		show_section(show, &section);
		return;
	case CONFIG_OF_HELPER:
		show_helpers(show, kind);
		return;
	case CONFIG_OF_CONNECTION:
		show_connection(show, &section);
		return;
	case CONFIG_OF_MAPPING:
		show_mappings(show, kind);
		return;
	case CONFIG_OF_TRIGGER:
		show_triggers(show, kind);
		return;
	case CONFIG_OF_SERVICE:
		show_service(show, &section);
		return;
	}
}

/* One file. What stands in postern.conf of "default" does not stand in its own file again. */
static char *
show_file(struct show *show, enum config_kind kind)
{
	const struct config_section *section;
	unsigned left_out = 0;

	if (kind == CONFIG_CONNECTION && show->connection == &show->policy->connections[0])
		left_out = CONFIG_MAIN;
	show->kind = kind;
	show->text = g_string_new(NULL);
	show->plain = policy_new();
	for (unsigned i = 0; (section = config_sections_at(i)); i++) {
		if (section->kinds & kind && !(section->kinds & left_out))
			show_kind(show, section);
	}
	policy_unref(show->plain);
	return g_string_free(show->text, FALSE);
}

char *
config_show_main(const struct policy *policy, const struct config_origins *origins, bool effective)
{
	struct show show = {
		.policy = policy,
		.origins = origins,
		.effective = effective,
		.connection = &policy->connections[0],
	};

	return show_file(&show, CONFIG_MAIN);
}

char *
config_show_connection(const struct policy *policy, const struct config_origins *origins,
	const struct connection *connection, bool effective)
{
	struct show show = {
		.policy = policy,
		.origins = origins,
		.effective = effective,
		.connection = connection,
	};

	return show_file(&show, CONFIG_CONNECTION);
}

char *
config_show_service(const struct policy *policy, const struct config_origins *origins,
	const struct service *service, bool effective)
{
	struct show show = {
		.policy = policy,
		.origins = origins,
		.effective = effective,
		.service = service,
	};

	return show_file(&show, CONFIG_SERVICE);
}

/* Adds a part under the name of its file; takes it over. */
static void
append_part(GString *text, const char *folder, const char *name, const char *end, char *part)
{
	if (*part)
		g_string_append_printf(text, "%s# ---- %s/%s%s\n\n%s", text->len ? "\n" : "",
			folder, name, end, part);
	g_free(part);
}

static bool
is_in_use(const struct policy *policy, const struct service *service)
{
	for (unsigned i = 0; i < policy->n_connections; i++) {
		char **names = policy->connections[i].services;

		if (names && g_strv_contains((const char *const *)names, service->name))
			return true;
	}
	return false;
}

char *
config_show(const struct policy *policy, const struct config_origins *origins, bool effective)
{
	GString *text = g_string_new(NULL);
	char *main_part = config_show_main(policy, origins, effective);

	g_string_append(text, main_part);
	g_free(main_part);
	for (unsigned i = 0; i < policy->n_connections; i++) {
		const struct connection *connection = &policy->connections[i];

		/* That "default" is of no type and has no role is not worth a file. */
		append_part(text, "connections", connection->name, ".conf",
			config_show_connection(policy, origins, connection, effective && i > 0));
	}
	for (unsigned i = 0; i < policy->n_services; i++) {
		const struct service *service = &policy->services[i];

		if (is_in_use(policy, service))
			append_part(text, "services", service->name, ".service.conf",
				config_show_service(policy, origins, service, effective));
	}
	return g_string_free(text, FALSE);
}

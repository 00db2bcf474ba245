/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One of each thing that keys are members of, for tests of the table of keys. */
#ifndef TESTS_CORE_CONFIG_MODELS_H
#define TESTS_CORE_CONFIG_MODELS_H

#include <string.h>

#include "kit/kit.h"
#include "policy/config-keys.h"

struct models {
	struct policy *policy;
	struct policy_helper helper;
	struct connection connection;
	struct port_mappings mappings; /* one */
	struct port_trigger trigger;
	struct service service;
};

static inline void
models_init(struct models *m)
{
	*m = (struct models){ .policy = policy_new() };
	mappings_add(&m->mappings);
}

static inline void
models_done(struct models *m)
{
	policy_unref(m->policy);
	g_free(m->helper.ports);
	connection_done(&m->connection);
	mappings_done(&m->mappings);
	trigger_done(&m->trigger);
	service_done(&m->service);
}

static inline const struct config_section *
section_of(const struct config_key *key)
{
	const struct config_section *section;
	unsigned i = 0;

	while ((section = config_sections_at(i++)) && strcmp(section->name, key->section) != 0)
		;
	ck_assert_msg(section != NULL, "[%s] is no section", key->section);
	return section;
}

/* The one that the key is a member of, and its size. */
static inline void *
models_of(struct models *m, const struct config_key *key, size_t *ret_size)
{
	switch (section_of(key)->model) {
	case CONFIG_OF_POLICY:
		*ret_size = sizeof(*m->policy);
		return m->policy;
	case CONFIG_OF_HELPER:
		*ret_size = sizeof(m->helper);
		return &m->helper;
	case CONFIG_OF_CONNECTION:
		*ret_size = sizeof(m->connection);
		return &m->connection;
	case CONFIG_OF_MAPPING:
		*ret_size = sizeof(*m->mappings.list);
		return m->mappings.list;
	case CONFIG_OF_TRIGGER:
		*ret_size = sizeof(m->trigger);
		return &m->trigger;
	case CONFIG_OF_SERVICE:
		*ret_size = sizeof(m->service);
		return &m->service;
	}
	return NULL;
}

static inline bool
is_named(const struct config_section *section)
{
	return g_str_has_suffix(section->name, ":");
}

/* What stands in the brackets, with a name where there must be one. The caller's. */
static inline char *
head_of(const struct config_key *key)
{
	return g_strconcat(key->section, is_named(section_of(key)) ? "demo" : NULL, NULL);
}

/* Switches that are on as built in. */
static inline bool
is_on(const struct config_key *key)
{
	return !strcmp(key->name, "VerifyChecksums") || !strcmp(key->name, "Offload");
}

/* A value of each type that is allowed and is not the default; of a number the largest. */
static inline char *
good_value(const struct config_key *key)
{
	static const struct {
		const struct config_type *type;
		const char *value;
	} values[] = {
		{ &config_type_path, "/somewhere/else.log" },
		{ &config_type_title, "Two words, and \xc3\xbc" },
		{ &config_type_host, "nas-1.home" },
		{ &config_type_proto, "udp" },
		{ &config_type_range, "6970-6999" },
		{ &config_type_ports, "77;80-90;91" },
		{ &config_type_some_ports, "77;80-90;91" },
		{ &config_type_service_ports, "21/tcp;6970-6999/udp" },
		{ &config_type_opens, "6970-6999/udp" },
		{ &config_type_target, "192.0.2.7" },
		{ &config_type_prefixes, "192.0.2.0/24;2001:db8::/32;198.51.100.7" },
		{ &config_type_match, "interface:wan*;interface:ppp?;network:192.0.2.0/24" },
		{ &config_type_icmp, "echo-request-in;redirect" },
		{ &config_type_helpers, "demo;other.part" },
		{ &config_type_services, "demo" },
		{ &config_type_helper, "other.part" },
	};

	if (key->max > 0)
		return g_strdup_printf("%" G_GUINT64_FORMAT, key->max);
	if (key->words)
		return g_strdup(key->words[g_strv_length((char **)key->words) - 1]);
	for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
		if (key->type == values[i].type)
			return g_strdup(values[i].value);
	}
	ck_assert_msg(key->type == &config_type_bool, "%s: of no known type", key->name);
	return g_strdup(is_on(key) ? "false" : "true");
}

/* The value is taken by that key and shown so; or, where `shown` is NULL, refused with `r`. */
static inline void
check_value(const char *section, const char *name, const char *value, const char *shown, int r)
{
	const struct config_key *key = config_keys_find(section, name);
	struct models models;
	char *text;
	size_t size;
	void *model;

	models_init(&models);
	ck_assert_msg(key != NULL, "[%s] %s", section, name);
	model = models_of(&models, key, &size);
	ck_assert_msg(config_key_set(key, model, value) == (shown ? 0 : r), "%s=%s", name, value);
	text = config_key_show(key, model);
	ck_assert_msg(
		!shown || !strcmp(text, shown), "%s=%s: %s, not %s", name, value, text, shown);
	g_free(text);
	models_done(&models);
}

#endif

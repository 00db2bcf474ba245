/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One key in a file where it may stand, with what it needs beside it. */
#ifndef TESTS_CORE_CONFIG_FRAMES_H
#define TESTS_CORE_CONFIG_FRAMES_H

#include "config-models.h"
#include "config-result.h"

/* Lines that make the section of a key whole, but for the key itself. */
static const struct frame {
	const char *section;
	const char *lines[4];
} frames[] = {
	{ CONFIG_MAPPING, { "Protocol=tcp", "External=80", "Target=192.0.2.1" } },
	{ CONFIG_TRIGGER, { "Protocol=tcp", "Ports=1", "Opens=2/udp" } },
	{ "Service", { "Ports=1/tcp" } },
};

/* Some keys would be one too many beside others. */
static inline bool
is_beside(const char *line, const struct config_key *key)
{
	g_autofree char *own = g_strconcat(key->name, "=", NULL);

	if (!strcmp(key->name, "TargetName") && g_str_has_prefix(line, "Target="))
		return false;
	return !g_str_has_prefix(line, own);
}

/* The section, whole, with the key at its end. */
static inline GString *
section_with(const struct config_key *key, const char *value)
{
	g_autofree char *head = head_of(key);
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "# A comment\n\n[%s]\n", head);
	for (unsigned i = 0; i < G_N_ELEMENTS(frames); i++) {
		for (unsigned j = 0; !strcmp(frames[i].section, key->section) &&
				     j < G_N_ELEMENTS(frames[i].lines) && frames[i].lines[j];
			j++) {
			if (is_beside(frames[i].lines[j], key))
				g_string_append_printf(text, "%s\n", frames[i].lines[j]);
		}
	}
	g_string_append_printf(text, "%s=%s", key->name, value);
	return text;
}

/* Reads the key in a file of that kind, beside a service that it may speak of. */
static inline struct result
read_key(const struct config_key *key, enum config_kind kind, const GString *text)
{
	const struct config_file files[] = {
		file_of(CONFIG_MAIN, NULL, "[Stateful]\nUdpTimeout=7\n"),
		file_of(CONFIG_SERVICE, "demo", "[Service]\nPorts=1000/udp\n"),
		file_of(kind, kind == CONFIG_MAIN ? NULL : "wan", text->str),
	};

	return result_of(files, G_N_ELEMENTS(files));
}

#endif

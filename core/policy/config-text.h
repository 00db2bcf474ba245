/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of a configuration file, with the line of everything in it. GKeyFile reads the values
 * but tells no lines; this knows both. What the keys mean is config-keys.h.
 */
#ifndef POLICY_CONFIG_TEXT_H
#define POLICY_CONFIG_TEXT_H

#include <stddef.h>

#include <glib.h>

/* One line that says something. */
struct config_entry {
	const char *section;
	const char *key; /* NULL: the line is the head of the section */
	unsigned line;   /* from 1 */
	unsigned again;  /* the next line that gives the same head or key; 0: none does */
};

struct config_text {
	char *name; /* of the file, for messages */
	GKeyFile *values;
	GArray *entries; /* struct config_entry, in the order of the lines */
	GStringChunk *strings;
};

/* Reads a text of any bytes. On failure NULL and an error of CONFIG_ERROR: "NAME:LINE: …". */
struct config_text *config_text_new(const char *name, const char *text, size_t len, GError **error);
void config_text_free(struct config_text *text);

const struct config_entry *config_text_entry(const struct config_text *text, unsigned i);

/*
 * The value of a key, escapes resolved, no blanks around it; the caller's to g_free(). Of a key
 * that is there several times, the last. On failure NULL and `error`.
 */
char *config_text_value(
	const struct config_text *text, const struct config_entry *entry, GError **error);

/* "FILE:LINE: [Section] Key", the beginning of a message. The caller's to g_free(). */
char *config_text_place(const struct config_text *text, const struct config_entry *entry);

/* A copy fit for a message: no control characters, not too long. The caller's to g_free(). */
char *config_text_shown(const char *text, size_t len);

#endif

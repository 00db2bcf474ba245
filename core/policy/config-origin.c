// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A table of origins.
 *
 * Life-cycle: a reading fills it; it is then handed out beside the policy, or thrown away.
 * Limits: one entry for each key of the files, whose length is bounded.
 * Relies on: no section and no owner having a bracket in its name, which config-text.c refuses.
 */
#include "policy/config-origin.h"

#include <glib.h>

struct config_origins {
	GHashTable *table;   /* "OWNER]SECTION]KEY" -> struct config_origin */
	GStringChunk *files; /* their names, each once */
};

struct config_origins *
config_origins_new(void)
{
	struct config_origins *origins = g_new(struct config_origins, 1);

	origins->table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	origins->files = g_string_chunk_new(1024);
	return origins;
}

void
config_origins_free(struct config_origins *origins)
{
	if (!origins)
		return;
	g_hash_table_unref(origins->table);
	g_string_chunk_free(origins->files);
	g_free(origins);
}

void
config_origins_set(struct config_origins *origins, const char *owner, const char *section,
	const char *key, const char *file, unsigned line)
{
	struct config_origin *origin = g_new(struct config_origin, 1);

	origin->file = g_string_chunk_insert_const(origins->files, file);
	origin->line = line;
	g_hash_table_replace(
		origins->table, g_strconcat(owner, "]", section, "]", key, NULL), origin);
}

const struct config_origin *
config_origins_find(const struct config_origins *origins, const char *owner, const char *section,
	const char *key)
{
	g_autofree char *id = NULL;

	if (!origins)
		return NULL;
	id = g_strconcat(owner, "]", section, "]", key, NULL);
	return g_hash_table_lookup(origins->table, id);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reading of several files on its way: what they say goes into a policy that nobody else sees
 * yet. What can be judged only when all are read is settled afterwards: config-connection.h,
 * config-mapping.h, config-service.h.
 */
#ifndef POLICY_CONFIG_READING_H
#define POLICY_CONFIG_READING_H

#include "policy/config.h"

/* Whose keys those of the program as a whole are (config-origin.h). */
#define CONFIG_OWNER_ALL ""
/* The connection whose settings stand in postern.conf. */
#define CONFIG_OWNER_DEFAULT "default"

struct reading {
	struct policy *policy;
	struct config_origins *origins;
	GPtrArray *warnings;
	unsigned not_shown; /* warnings beyond CONFIG_WARNINGS_MAX */
};

/* Takes what a text says. False: something in it is not allowed, and the reading is over. */
bool reading_take(struct reading *reading, const struct config_file *file, const char *bytes,
	size_t len, GError **error);

/* Adds a warning; takes it over. */
void reading_warn(struct reading *reading, char *warning);

/* Sets "FILE:LINE: [SECTION] KEY: WHAT", and returns false. `key` may be NULL, and so may `at`, if
 * no file says it. */
G_GNUC_PRINTF(5, 6)
bool config_refuse(const struct config_origin *at, const char *section, const char *key,
	GError **error, const char *format, ...);

/* The same, where a key without which nothing goes is missing. */
struct config_key;
bool config_refuse_missing(const struct config_origin *at, const char *section,
	const struct config_key *key, GError **error);

#endif

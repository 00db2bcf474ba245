/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of the configuration file: one table, from a section and a name to a member of struct
 * policy. postern.conf(5) and data/postern.conf describe each; a test holds the three together.
 */
#ifndef POLICY_CONFIG_KEYS_H
#define POLICY_CONFIG_KEYS_H

#include "policy/policy.h"

/* The section of one helper is [Helper:NAME]; its keys in the table have this section. */
#define CONFIG_HELPER "Helper:"

struct config_type;

struct config_key {
	const char *section;
	const char *name;
	const struct config_type *type;
	size_t at;   /* offset in struct policy, or in struct policy_helper */
	size_t also; /* of another member: gets the same number; of a list, the number of items */
	size_t flag; /* of a bool that becomes true; 0: none */
	uint64_t min;
	uint64_t max;
	uint64_t unit;            /* of a number that is written in, say, KiB; 0: 1 */
	const char *measure;      /* "seconds", … or NULL */
	const char *const *words; /* of a choice, NULL-terminated */
};

/* All keys in the order of the documentation; NULL behind the last. */
const struct config_key *config_keys_at(unsigned i);

/* NULL: there is none. */
const struct config_key *config_keys_find(const char *section, const char *name);

/* False also for the sections of helpers. */
bool config_keys_have_section(const char *section);

/* Sets the member of *model (a struct policy or policy_helper). -EINVAL or -ERANGE: not allowed,
 * and nothing is changed. */
int config_key_set(const struct config_key *key, void *model, const char *value);

/* What is allowed, for a message: "1 to 604800 seconds". The caller's to g_free(). */
char *config_key_allowed(const struct config_key *key);

/*
 * What may have been meant, as the end of a message: " (did you mean Midstream?)", or "". The
 * caller's to g_free().
 */
char *config_keys_suggest(const char *section, const char *name);
char *config_keys_suggest_section(const char *section);

#endif

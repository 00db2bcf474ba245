/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of the configuration: one table, from a section and a name to a member of a model.
 * postern.conf(5) describes each; data/postern.conf and data/connections/example show those of
 * their files. A test holds them together.
 */
#ifndef POLICY_CONFIG_KEYS_H
#define POLICY_CONFIG_KEYS_H

#include "policy/config-type.h"
#include "policy/config.h"

/* Sections of which there may be several, each with a name of its own behind the colon. */
#define CONFIG_HELPER  "Helper:"
#define CONFIG_MAPPING "Mapping:"
#define CONFIG_TRIGGER "Trigger:"

/* What the keys of a section are members of. */
enum config_model {
	CONFIG_OF_POLICY,
	CONFIG_OF_HELPER,     /* struct policy_helper */
	CONFIG_OF_CONNECTION, /* struct connection */
	CONFIG_OF_MAPPING,    /* struct port_mapping */
	CONFIG_OF_TRIGGER,    /* struct port_trigger */
	CONFIG_OF_SERVICE,    /* struct service */
};

struct config_section {
	const char *name; /* with the colon, where there may be several */
	enum config_model model;
	unsigned kinds; /* of files it may stand in: enum config_kind, several bits */
};

struct config_key {
	const char *section; /* config_section.name */
	const char *name;
	const struct config_type *type;
	size_t at;   /* offset in the model */
	size_t also; /* of another member: gets the same number; of a list, the number of items */
	size_t flag; /* of a bool that becomes true; 0: none */
	uint64_t min;
	uint64_t max;
	uint64_t unit;            /* of a number that is written in, say, KiB; 0: 1 */
	const char *measure;      /* "seconds", … or NULL */
	const char *const *words; /* of a choice, NULL-terminated */
	const char *otherwise;    /* what it is, for people, while its flag is not set; or NULL */
};

/* All in the order of the documentation; NULL behind the last. */
const struct config_section *config_sections_at(unsigned i);
const struct config_key *config_keys_at(unsigned i);

/*
 * The section that begins with [HEAD] in a file of that kind; NULL: it has none. *ret_name is what
 * stands behind the colon, a part of `head`, or "".
 */
const struct config_section *config_sections_find(
	enum config_kind kind, const char *head, const char **ret_name);

/* NULL: there is none. */
const struct config_key *config_keys_find(const char *section, const char *name);

/* Sets a member of the model. -EINVAL or -ERANGE: not allowed, and nothing is changed. */
int config_key_set(const struct config_key *key, void *model, const char *value);

/* What is allowed, for a message: "1 to 604800 seconds". The caller's to g_free(). */
char *config_key_allowed(const struct config_key *key);

/* The value as text, such that config_key_set() would take it. The caller's to g_free(). */
char *config_key_show(const struct config_key *key, const void *model);

/* A key whose flag is not set was not given by a file, and means something else when it is. */
bool config_key_is_open(const struct config_key *key, const void *model);

/*
 * What may have been meant in a file of that kind, as the end of a message: " (did you mean
 * Midstream?)", " (it belongs to [Limits])", or "". The caller's to g_free().
 */
char *config_keys_suggest(enum config_kind kind, const char *section, const char *name);
char *config_sections_suggest(enum config_kind kind, const char *head);

#endif

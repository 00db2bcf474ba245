/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where each value of a configuration comes from: the file and the line that gave it. What no file
 * gives has no origin.
 *
 * Whose a key is: "" for the program as a whole; the name of a connection for [Connection],
 * [Sharing], [Firewall], [Mapping:NAME] and [Trigger:NAME] ("default" where they stand in
 * postern.conf); that of a service for [Service].
 */
#ifndef POLICY_CONFIG_ORIGIN_H
#define POLICY_CONFIG_ORIGIN_H

struct config_origins;

struct config_origin {
	const char *file;
	unsigned line;
};

struct config_origins *config_origins_new(void);
void config_origins_free(struct config_origins *origins);

/* Replaces an earlier origin of the same key. */
void config_origins_set(struct config_origins *origins, const char *owner, const char *section,
	const char *key, const char *file, unsigned line);

/* NULL: no file gives it. `section` as it stands in its file ("Mapping:web"). Of no origins at all
 * (NULL) everything is from nowhere. */
const struct config_origin *config_origins_find(const struct config_origins *origins,
	const char *owner, const char *section, const char *key);

#endif

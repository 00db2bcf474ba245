/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which configuration a command reads, and reading it.
 */
#ifndef CMD_LOAD_H
#define CMD_LOAD_H

#include "policy/config.h"

/* What the system has, if no path is named; the last folder has the last word. */
#define LOAD_FOLDERS 3
#define LOAD_SYSTEM  POSTERN_CONFIG_DIR

struct load {
	const char *paths[LOAD_FOLDERS + 1];
	char *services;
	struct config_options options; /* refers to the others */
};

/* `path` NULL: what the system has, which may be nothing. The path must live as long. */
void load_init(struct load *load, const char *path);
void load_done(struct load *load);

/*
 * The policy of a path; NULL: what is built in. Warnings are told, and so is an error: then NULL is
 * returned. *ret_origins belongs to the caller, and may be NULL.
 */
struct policy *load_policy(const char *path, struct config_origins **ret_origins);

/* The same; but NULL: what the system has. */
struct policy *load_system_policy(const char *path, struct config_origins **ret_origins);

/* The names of its connections, for a message: "default, uplink". The caller's. */
char *load_connections(const struct policy *policy);

#endif

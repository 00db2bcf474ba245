/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a configuration: which there are, in what order they are read, and their bytes.
 */
#ifndef POLICY_CONFIG_FILES_H
#define POLICY_CONFIG_FILES_H

#include "policy/config.h"

struct config_files {
	GArray *list; /* struct config_file, in the order in which they are read */
	GStringChunk *strings;
};

/* Finds all files of all layers. NULL and `error`: a folder cannot be read, or is none of ours. */
struct config_files *config_files_new(const struct config_options *options, GError **error);
void config_files_free(struct config_files *files);

/* Reads at most one byte more than CONFIG_FILE_MAX, so that the length tells if there is more. NULL
 * and `error`: it cannot be read. */
GString *config_files_read(const char *path, GError **error);

#endif

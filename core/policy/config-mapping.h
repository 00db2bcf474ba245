/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mappings and triggers of a connection, when all files are read: what is missing, what does
 * not fit together.
 */
#ifndef POLICY_CONFIG_MAPPING_H
#define POLICY_CONFIG_MAPPING_H

#include "policy/config-reading.h"

/* Each by itself; those of services are not there yet. */
bool mappings_settle(struct reading *reading, struct connection *connection, GError **error);
bool triggers_settle(struct reading *reading, struct connection *connection, GError **error);

/* All of them: no packet may come by two mappings. */
bool mappings_check(const struct connection *connection, GError **error);

#endif

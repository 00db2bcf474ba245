/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mappings and triggers of a connection, when all files are read: what is missing, what does
 * not fit together. Whether two of them claim the same packet is config-overlap.h.
 */
#ifndef POLICY_CONFIG_MAPPING_H
#define POLICY_CONFIG_MAPPING_H

#include "policy/config-reading.h"

/* Each by itself. */
bool mappings_settle(struct reading *reading, struct connection *connection, GError **error);
bool triggers_settle(struct reading *reading, struct connection *connection, GError **error);

#endif

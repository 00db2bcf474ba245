/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections, when all files are read: put in order, with what they have of "default", and judged.
 */
#ifndef POLICY_CONFIG_CONNECTION_H
#define POLICY_CONFIG_CONNECTION_H

#include "policy/config-reading.h"

/* Services must be settled. */
bool connections_settle(struct reading *reading, GError **error);

#endif

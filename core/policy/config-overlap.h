/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No packet may come by two mappings of one connection: which of them would it be?
 */
#ifndef POLICY_CONFIG_OVERLAP_H
#define POLICY_CONFIG_OVERLAP_H

#include <glib.h>

#include "policy/connection.h"

/* Looks at all that are enabled, those of services, too. False and `error`: two of them have a port
 * and a peer in common. */
bool mappings_check(const struct connection *connection, GError **error);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services, when all files are read: definitions are judged and put in order, and those that a
 * connection switches on become mappings of it.
 */
#ifndef POLICY_CONFIG_SERVICE_H
#define POLICY_CONFIG_SERVICE_H

#include "policy/config-reading.h"

bool services_settle(struct reading *reading, GError **error);

/* Adds the mappings of connection->services. */
bool services_use(struct reading *reading, struct connection *connection, GError **error);

/* Is that mapping one of those? */
bool services_made(const struct connection *connection, const struct port_mapping *mapping);

#endif

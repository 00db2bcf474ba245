/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a section speaks of: found in a policy that is being made, or made with its defaults. NULL:
 * there would be one too many. Pointers hold until the next of the same kind is made.
 */
#ifndef POLICY_CONFIG_DRAFT_H
#define POLICY_CONFIG_DRAFT_H

#include "policy/policy.h"

struct policy_helper *draft_helper(struct policy *policy, const char *name);
struct policy_option *draft_option(struct policy_helper *helper, const char *name);
struct connection *draft_connection(struct policy *policy, const char *name);
struct port_mapping *draft_mapping(struct connection *connection, const char *name);
struct port_trigger *draft_trigger(struct connection *connection, const char *name);

/* Always a new one. */
struct service *draft_service(struct policy *policy, const char *name);

#endif

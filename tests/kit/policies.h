/* SPDX-License-Identifier: MIT */
/*
 * Policies for tests, put together by hand. Strings are copied; what is wrong with an argument ends
 * the test. Give the finished policy to kit_rig_policy() or kit_reload(), which own it then.
 */
#ifndef KIT_POLICIES_H
#define KIT_POLICIES_H

#include "policy/policy.h"

/* The built-in defaults, with all helpers on. */
struct policy *kit_policy(void);

/*
 * Another connection, with the settings that "default" has now, for an interface (a pattern) or for
 * peers ("192.0.2.0/24;2001:db8::/32"); one of both is NULL. Make them in the order of their names.
 * A pointer to an earlier connection is not valid any more.
 */
struct connection *kit_connection(
	struct policy *policy, const char *name, const char *interface, const char *networks);

/* Opens "80/tcp" or "6970-6999/udp" for anybody. The mapping may be changed until the next is made,
 * but mappings_index() must be called when that is done. */
struct port_mapping *kit_open(struct connection *connection, const char *ports);

/* Forwards to a target: `internal` is its first port. */
struct port_mapping *kit_forward(
	struct connection *connection, const char *ports, const char *target, uint16_t internal);

/* Lets only these come: a list of prefixes. */
void kit_sources(struct port_mapping *mapping, const char *prefixes);

/* Outbound to the ports `to` opens the ports `opens`, both as above, for so many seconds. */
struct port_trigger *kit_trigger(
	struct connection *connection, const char *to, const char *opens, uint32_t timeout);

/* Switches an ICMP option on. */
void kit_icmp_on(struct connection *connection, enum icmp_option option);

#endif

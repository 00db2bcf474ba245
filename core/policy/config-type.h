/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The types of values: how one gets into a member of a model, and back into text.
 */
#ifndef POLICY_CONFIG_TYPE_H
#define POLICY_CONFIG_TYPE_H

#include <stddef.h>

struct config_key;

struct config_type {
	/* 0, or -EINVAL or -ERANGE and nothing is changed. */
	int (*set)(const struct config_key *key, void *model, const char *value);
	/* What is allowed, for a message. The caller's. */
	char *(*allowed)(const struct config_key *key);
	/* What set() would take for the value that is there. The caller's. */
	char *(*show)(const struct config_key *key, const void *model);
};

/* A member of a model. */
static inline void *
config_member(const void *model, size_t at)
{
	return (char *)model + at;
}

/* Single values: config-type.c. */
extern const struct config_type config_type_bool;
extern const struct config_type config_type_u16;
extern const struct config_type config_type_u32;
extern const struct config_type config_type_u64;
extern const struct config_type config_type_choice; /* an enum that counts from 0: its words */
extern const struct config_type config_type_either; /* a bool whose two values have words */
extern const struct config_type config_type_path;
extern const struct config_type config_type_title;
extern const struct config_type config_type_host; /* a name; empty: none */

/* What is made of ports and addresses: config-type-net.c. */
extern const struct config_type config_type_proto;
extern const struct config_type config_type_range;
extern const struct config_type config_type_ports;
extern const struct config_type config_type_some_ports; /* at least one */
extern const struct config_type config_type_service_ports;
extern const struct config_type config_type_opens;  /* a range, and at `also` its protocol */
extern const struct config_type config_type_target; /* an address; empty: none */
extern const struct config_type config_type_prefixes;
extern const struct config_type config_type_match; /* of a struct connection */

/* Lists of words: config-type-words.c. */
extern const struct config_type config_type_icmp;
extern const struct config_type config_type_helpers;
extern const struct config_type config_type_services;
extern const struct config_type config_type_helper; /* one; empty: none */

#endif

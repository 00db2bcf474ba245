/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the plugin remembers of an engine and of a flow, for its own files.
 */
#ifndef LDAP_STATE_H
#define LDAP_STATE_H

#include <stdint.h>
#include <string.h>

#include "ldap-entry.h"
#include "ldap-pairs.h"

enum { LDAP_CLIENT = PN_FROM_ORIGINATOR, LDAP_SERVER = PN_FROM_RESPONDER };

#define LDAP_PREFIXES_MAX 16
#define LDAP_RANGES_MAX   16
#define LDAP_DOORS_MAX    8    /* of one flow */
#define LDAP_RECORDS_MAX  1024 /* registrations of all hosts in one engine */
#define LDAP_LIST_MAX     240  /* bytes of a note that is a list */

struct ldap_prefix {
	struct pn_addr addr;
	uint32_t bits;
};

struct ldap_prefixes {
	uint32_t n;
	struct ldap_prefix list[LDAP_PREFIXES_MAX];
};

struct ldap_range {
	uint16_t first;
	uint16_t last;
};

/* The options. */
struct ldap_config {
	struct ldap_prefixes callers_from;
	struct ldap_prefixes calls_to;
	struct ldap_prefixes referrals;
	struct ldap_prefixes servers;
	uint32_t answers;
	uint32_t n_call_ports;
	struct ldap_range call_ports[LDAP_RANGES_MAX];
};

/* Who has registered with a directory: one entry for each host and directory, the last. */
struct ldap_record {
	struct pn_addr client;
	struct pn_addr server;
	uint64_t deadline; /* ns; what is over makes room for others */
	struct ils_entry entry;
};

/* Of an engine. */
struct ldap_engine {
	struct ldap_config config;
	struct ldap_record records[LDAP_RECORDS_MAX];
};

/* A note that grows word by word, until it is full. */
struct ldap_list {
	uint16_t len;
	uint8_t full;
	char text[LDAP_LIST_MAX + 1];
};

/* Of a flow of ldap.directory. Zero when the flow begins. */
struct ldap {
	uint8_t begun;      /* the client has asked for something */
	uint8_t may_wrap;   /* SASL has succeeded: the next bytes may be wrapped */
	char mechanism[22]; /* of the last SASL bind */
	struct ldap_pairs pairs;
	struct ldap_list found;
	struct ldap_list referrals;
};

_Static_assert(sizeof(struct ldap) < 3072, "state per flow stays small");

static inline struct ldap_engine *
ldap_engine(const struct pn_flow *flow)
{
	return flow->instance->data;
}

static inline const struct ldap_config *
ldap_config(const struct pn_flow *flow)
{
	return &ldap_engine(flow)->config;
}

static inline void
ldap_note(struct pn_flow *flow, const char *key, const char *value)
{
	(void)flow->host->note(flow, key, value, strlen(value));
}

#endif

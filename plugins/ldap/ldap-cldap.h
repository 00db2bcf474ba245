/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connectionless LDAP: the helper ldap.cldap.
 */
#ifndef LDAP_CLDAP_H
#define LDAP_CLDAP_H

#include "ldap-state.h"

#define CLDAP_MESSAGE_MAX   65535
#define CLDAP_TIMEOUT       5  /* seconds for answers from elsewhere */
#define CLDAP_IDS_MAX       7  /* queries at once; all that fits into a cookie */
#define CLDAP_DATAGRAMS_MAX 16 /* of one answer from elsewhere */

/* Queries without answers, as a cookie hands them to a child. */
struct cldap_ids {
	uint32_t n;
	uint32_t list[CLDAP_IDS_MAX];
};

/* Of a flow. Zero when it begins. */
struct cldap {
	uint8_t child;   /* it came through a door of another flow */
	uint8_t answers; /* … and carries the answers of a server that was not asked */
	uint8_t done;    /* … which are complete */
	uint8_t datagrams;
	uint32_t n_doors;
	struct cldap_ids ids;
	int64_t doors[LDAP_DOORS_MAX];
};

int32_t cldap_open(struct pn_flow *flow);
int32_t cldap_message(struct pn_flow *flow, const struct pn_message *msg);

#endif

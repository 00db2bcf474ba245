/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the host for doors: what those of a directory's flow have in common.
 */
#ifndef LDAP_DOOR_H
#define LDAP_DOOR_H

#include "ldap-state.h"

/* Is the client of this flow on the protected side? Nobody else gets doors. */
int ldap_client_is_protected(const struct pn_flow *flow, struct pn_flow_info *ret_info);

/* Asks for all that come from one of the prefixes, a door for each. Returns how many doors there are now; their ids go to *ret_ids,
 * which has room for LDAP_DOORS_MAX of them (NULL: not wanted). `room` is how many may be asked
 * for; *ret_refusal is the last refusal, or 0. */
unsigned ldap_doors_from(struct pn_flow *flow, struct pn_expect expect,
	const struct ldap_prefixes *sources, unsigned room, int64_t *ret_ids, int64_t *ret_refusal);

/* The helper for a call to this port, by what the entry speaks; NULL: none. */
const char *ldap_call_helper(uint16_t port, uint8_t speaks);

/* Adds a word to a note that is a list, unless it is in it. The last word of one that is full is
 * "…". */
void ldap_list_add(struct pn_flow *flow, struct ldap_list *list, const char *key, const char *word);

#endif

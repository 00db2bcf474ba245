/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registrations with an Internet Locator Server: what each answer of the directory means. All of
 * this is called while a message of the server's is at hand, the one that says that a request has
 * succeeded; so it is the server who counts as the registrant of a door, and the client can change
 * it from any connection to that server.
 */
#ifndef LDAP_ILS_H
#define LDAP_ILS_H

#include "ldap-state.h"

/* An entry was added. */
void ldap_ils_added(struct pn_flow *flow, const struct ils_entry *entry);

/* An entry was changed: `change->dn` is its name. */
void ldap_ils_modified(struct pn_flow *flow, const struct ils_entry *change);

/* An entry is not there any more. */
void ldap_ils_deleted(struct pn_flow *flow, uint64_t dn);

/* A search that keeps an entry has found one. */
void ldap_ils_refreshed(struct pn_flow *flow, const struct ils_entry *wanted);

/* A search has found this entry. */
void ldap_ils_found(struct pn_flow *flow, struct ldap_list *found, const struct ils_entry *entry);

#endif

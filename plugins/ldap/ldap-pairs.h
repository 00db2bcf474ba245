/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which answer belongs to which request (RFC 4511 §4.1.1.1): by its number, in any order.
 */
#ifndef LDAP_PAIRS_H
#define LDAP_PAIRS_H

#include <stdint.h>

#include "ldap-entry.h"

#define LDAP_PAIRS_MAX 32

/* What success of a request means. */
enum ldap_kind {
	LDAP_KIND_NONE, /* a free place */
	LDAP_KIND_OTHER,
	LDAP_KIND_SASL,
	LDAP_KIND_STARTTLS,
	LDAP_KIND_SEARCH,
	LDAP_KIND_REFRESH, /* a search that keeps an entry */
	LDAP_KIND_ADD,
	LDAP_KIND_MODIFY,
	LDAP_KIND_DELETE, /* also a rename: the entry is not there any more */
};

/* A request without its last answer. */
struct ldap_pending {
	uint32_t id;
	uint32_t kind; /* enum ldap_kind */
	uint32_t order;
	uint32_t entries; /* that a search has found */
	uint32_t answer;  /* LDAP_…_DONE, which is the last one */
	uint32_t reserved;
	struct ils_entry entry;
};

/* All zero at the start. */
struct ldap_pairs {
	uint32_t count; /* of all that were added */
	uint32_t reserved;
	struct ldap_pending list[LDAP_PAIRS_MAX];
};

/* Adds a request; one of the same number is forgotten, and when there is no place, the oldest. The
 * rest of what is returned is zero, and the caller's to fill. */
struct ldap_pending *ldap_pairs_add(struct ldap_pairs *pairs, uint32_t id, enum ldap_kind kind);

/* NULL: nobody waits for that. */
struct ldap_pending *ldap_pairs_find(struct ldap_pairs *pairs, uint32_t id);

void ldap_pairs_remove(struct ldap_pairs *pairs, uint32_t id);

#endif

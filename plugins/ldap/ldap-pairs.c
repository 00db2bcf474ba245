// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests that await their answers: pure bookkeeping, no host, no bytes.
 *
 * Limits: LDAP_PAIRS_MAX; of more, the oldest are forgotten, so that searches that never end do not
 * stand in the way. An answer to a request that is forgotten means nothing.
 */
#include "ldap-pairs.h"

struct ldap_pending *
ldap_pairs_find(struct ldap_pairs *pairs, uint32_t id)
{
	unsigned n;

	for (n = 0; n < LDAP_PAIRS_MAX; n++)
		if (pairs->list[n].kind != LDAP_KIND_NONE && pairs->list[n].id == id)
			return &pairs->list[n];
	return NULL;
}

/* A free place, or that of the oldest. */
static struct ldap_pending *
make_place(struct ldap_pairs *pairs)
{
	struct ldap_pending *oldest = &pairs->list[0];
	unsigned n;

	for (n = 0; n < LDAP_PAIRS_MAX; n++) {
		struct ldap_pending *p = &pairs->list[n];

		if (p->kind == LDAP_KIND_NONE)
			return p;
		if (pairs->count - p->order > pairs->count - oldest->order)
			oldest = p;
	}
	return oldest;
}

struct ldap_pending *
ldap_pairs_add(struct ldap_pairs *pairs, uint32_t id, enum ldap_kind kind)
{
	struct ldap_pending *p = ldap_pairs_find(pairs, id);

	if (!p)
		p = make_place(pairs);
	*p = (struct ldap_pending){ .id = id, .kind = kind, .order = pairs->count++ };
	return p;
}

void
ldap_pairs_remove(struct ldap_pairs *pairs, uint32_t id)
{
	struct ldap_pending *p = ldap_pairs_find(pairs, id);

	if (p)
		p->kind = LDAP_KIND_NONE;
}

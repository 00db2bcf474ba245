// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Doors, and notes that are lists. Nothing is kept here.
 */
#include "ldap-door.h"

#include <string.h>

#define MORE " …"

int
ldap_client_is_protected(const struct pn_flow *flow, struct pn_flow_info *ret_info)
{
	struct pn_flow_info info = { .size = sizeof(info) };

	if (flow->host->flow_info(flow, &info) < 0)
		return 0;
	*ret_info = info;
	return info.protected_side & 1;
}

unsigned
ldap_doors_from(struct pn_flow *flow, struct pn_expect expect, const struct ldap_prefixes *sources,
	unsigned room, int64_t *ret_ids, int64_t *ret_refusal)
{
	unsigned n, count = 0, asked = 0;

	*ret_refusal = 0;
	for (n = 0; n < sources->n && asked < room; n++) {
		int64_t id;

		/* No door can be for two families at once. */
		if (expect.dst.family >= PN_ADDR_IPV4 &&
			expect.dst.family != sources->list[n].addr.family)
			continue;
		expect.mask |= PN_EXPECT_SRC | PN_EXPECT_SRC_BITS;
		expect.src = sources->list[n].addr;
		expect.src_bits = (uint8_t)sources->list[n].bits;
		asked++;
		id = flow->host->expect(flow, &expect, NULL);
		if (id > 0 && ret_ids)
			ret_ids[count] = id;
		if (id > 0)
			count++;
		else
			*ret_refusal = id;
	}
	return count;
}

const char *
ldap_call_helper(uint16_t port, uint8_t speaks)
{
	if (port == ILS_PORT_H323)
		return "h323.q931";
	if (port == ILS_PORT_T120)
		return "t120";
	if (speaks == ILS_H323)
		return "h323.q931";
	return speaks == ILS_T120 ? "t120" : NULL;
}

static int
has_word(const struct ldap_list *list, const char *word)
{
	size_t len = strlen(word);
	const char *at = list->text;

	while ((at = strstr(at, word))) {
		if ((at == list->text || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return 1;
		at++;
	}
	return 0;
}

void
ldap_list_add(struct pn_flow *flow, struct ldap_list *list, const char *key, const char *word)
{
	size_t room = sizeof(list->text) - sizeof(MORE) - list->len;
	size_t len = strlen(word), gap = list->len ? 1 : 0;

	if (list->full || !len || has_word(list, word))
		return;
	list->full = len + gap > room;
	if (list->full) {
		memcpy(list->text + list->len, MORE, sizeof(MORE));
	} else {
		memcpy(list->text + list->len, " ", gap);
		memcpy(list->text + list->len + gap, word, len + 1);
		list->len = (uint16_t)(list->len + gap + len);
	}
	ldap_note(flow, key, list->text);
}

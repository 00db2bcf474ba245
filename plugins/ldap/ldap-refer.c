// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Referrals are noted; those to an address that Referrals= names get a door.
 *
 * What the client does next is a connection of its own, from the protected side, which needs no
 * door where policy lets it out. The door adds that the connection belongs to this one in what is
 * recorded, and that it is watched as LDAP on whatever port. Names are not looked up: who answers
 * for a name is not for the directory's client to say.
 *
 * Limits: URIS_MAX of a message are looked at, URI_MAX bytes of each are noted.
 */
#include "ldap-refer.h"

#include "ldap-config.h"
#include "ldap-door.h"

#define PROTO_TCP     6
#define URIS_MAX      16
#define URI_MAX       120
#define REFER_TIMEOUT 60 /* seconds; some clients ask a user first */
#define REFER_FLOWS   4

static void
open_referral(struct pn_flow *flow, const struct ldap_uri *uri)
{
	const struct pn_expect expect = {
		.size = sizeof(expect),
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_DST_PORT | PN_EXPECT_TIMEOUT |
			PN_EXPECT_MAX_FLOWS,
		.proto = PROTO_TCP,
		.src = { .family = PN_ADDR_RECEIVER },
		.dst = uri->addr,
		.dst_port = uri->port,
		.timeout = REFER_TIMEOUT,
		.max_flows = REFER_FLOWS,
		.child = uri->tls ? NULL : "ldap.directory",
	};
	struct pn_flow_info info;

	if (uri->addr.family == PN_ADDR_NONE || !ldap_client_is_protected(flow, &info))
		return;
	if (ldap_same_addr(&uri->addr, &info.originator))
		return;
	if (ldap_prefixes_have(&ldap_config(flow)->referrals, &uri->addr))
		(void)flow->host->expect(flow, &expect, NULL);
}

/* A URI is graphic characters of ASCII (RFC 3986 §2); what is not becomes a question mark. */
static void
follow(struct pn_flow *flow, struct ldap *ldap, struct ldap_text text)
{
	struct pn_reader r = pn_reader(text.at, text.len);
	char word[URI_MAX + 1];
	struct ldap_uri uri;
	size_t n;

	for (n = 0; n < URI_MAX && pn_left(&r); n++) {
		uint8_t c = pn_u8(&r);

		word[n] = (char)(c > ' ' && c < 127 ? c : '?');
	}
	word[n] = '\0';
	ldap_list_add(flow, &ldap->referrals, "referral", word);
	if (ldap_parse_uri(text, &uri) == 0)
		open_referral(flow, &uri);
}

void
ldap_refer_row(struct pn_flow *flow, struct ldap *ldap, struct ber row)
{
	struct ldap_text uri;
	unsigned n;

	for (n = 0; n < URIS_MAX && ldap_next_uri(&row, &uri); n++)
		follow(flow, ldap, uri);
}

void
ldap_refer_text(struct pn_flow *flow, struct ldap *ldap, struct ldap_text text)
{
	struct ldap_text uri;
	unsigned n;

	for (n = 0; n < URIS_MAX && ldap_next_uri_line(&text, &uri); n++)
		follow(flow, ldap, uri);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Referrals: a server tells a client to ask another one (RFC 4511 §4.1.10, §4.5.3).
 */
#ifndef LDAP_REFER_H
#define LDAP_REFER_H

#include "ldap-state.h"

/* The server, who sends the current message, names these URIs. */
void ldap_refer_row(struct pn_flow *flow, struct ldap *ldap, struct ber row);

/* The same in the text of an LDAPv2 result. */
void ldap_refer_text(struct pn_flow *flow, struct ldap *ldap, struct ldap_text text);

#endif

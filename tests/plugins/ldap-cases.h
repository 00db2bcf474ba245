/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversations of LDAP and what the helper must make of them.
 *
 * A script has a line per step: "C …" is sent by the client, "S …" by the server, written as
 * ber-text.h has it; "!" loses bytes of the server's. The client is 192.0.2.1 (16908480 as an ILS
 * writes it), the server 198.51.100.9 (157561798).
 */
#ifndef LDAP_CASES_H
#define LDAP_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "kit/fakehost.h"

#define LDAP_CASE_OPTIONS 3

struct ldap_case {
	const char *name;
	const char *script;
	const char *doors; /* as fakehost_doors() tells them; NULL: none */
	const char *notes; /* "key=value" lines that must be there; NULL: no matter */
	struct fakehost_option options[LDAP_CASE_OPTIONS + 1];
	const char *client; /* NULL: 192.0.2.1 */
	uint8_t protected_side;
	enum fakehost_left left;
};

extern const struct ldap_case ldap_cases[];
extern const size_t ldap_cases_count;

/* Pieces of scripts, which other tests use too. */
#define LDAP(id, op) "30{02=" #id " " op "}"

#define BIND_V3      LDAP(1, "60{02=3 '' 80''}")
#define BIND_V2      LDAP(1, "60{02=2 '' 80''}")
#define RESULT(code) "0a=" #code " '' ''"
#define BOUND        "C " BIND_V3 "\nS " LDAP(1, "61{" RESULT(0) "}") "\n"

#define ATTRIBUTE(name, value) "30{'" name "' 31{'" value "'}}"
#define DN                     "c=-,o=Microsoft,cn=anna@x.example,objectclass=RTPerson"
#define CLIENT_NUMBER          "16908480"

#define PERSON(number)                                                                             \
	ATTRIBUTE("objectClass", "RTPerson")                                                       \
	ATTRIBUTE("cn", "anna@x.example") ATTRIBUTE("sipaddress", number)

#define ADD(id, dn, attributes) "C " LDAP(id, "68{'" dn "' 30{" attributes "}}") "\n"
#define ADDED(id, code)         "S " LDAP(id, "69{" RESULT(code) "}") "\n"
#define MODIFY(id, dn, changes) "C " LDAP(id, "66{'" dn "' 30{" changes "}}") "\n"
#define MODIFIED(id, code)      "S " LDAP(id, "67{" RESULT(code) "}") "\n"
#define CHANGE(how, attribute)  "30{0a=" #how " " attribute "}"
#define DELETE(id, dn)          "C " LDAP(id, "4a'" dn "'") "\n"
#define DELETED(id, code)       "S " LDAP(id, "6b{" RESULT(code) "}") "\n"
#define SEARCH(id, filter)                                                                         \
	"C " LDAP(id, "63{'objectclass=RTPerson' 0a=2 0a=0 02=0 02=0 01=0 " filter " 30{}}") "\n"
#define ENTRY(id, attributes) "S " LDAP(id, "64{'cn=b' 30{" attributes "}}") "\n"
#define FOUND(id, code)       "S " LDAP(id, "65{" RESULT(code) "}") "\n"
#define ANYTHING              "87'objectclass'"

#define CALLERS .options = { { "CallersFrom", "203.0.113.7" } }

#endif

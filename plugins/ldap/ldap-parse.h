/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LDAP messages as small structs (RFC 4511; what LDAPv2 wrote otherwise, RFC 1777 and later habit).
 * Pure functions: no host, no state, no allocation. Every pointer given back points into the bytes
 * that were given.
 */
#ifndef LDAP_PARSE_H
#define LDAP_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include <postern/plugin.h>

#include "../codec/ber.h"

#define LDAP_MESSAGE_MAX 16384      /* longest message that is read whole */
#define LDAP_LENGTH_MAX  (16 << 20) /* what claims to be longer is no LDAP */
#define LDAP_PORT        389
#define LDAPS_PORT       636

/* protocolOp (RFC 4511 §4.2 to §4.14), by its tag. */
enum ldap_op {
	LDAP_UNBIND = 0x42,
	LDAP_DELETE = 0x4a,
	LDAP_ABANDON = 0x50,
	LDAP_BIND = 0x60,
	LDAP_BIND_DONE = 0x61,
	LDAP_SEARCH = 0x63,
	LDAP_SEARCH_ENTRY = 0x64,
	LDAP_SEARCH_DONE = 0x65,
	LDAP_MODIFY = 0x66,
	LDAP_MODIFY_DONE = 0x67,
	LDAP_ADD = 0x68,
	LDAP_ADD_DONE = 0x69,
	LDAP_DELETE_DONE = 0x6b,
	LDAP_RENAME = 0x6c,
	LDAP_RENAME_DONE = 0x6d,
	LDAP_COMPARE = 0x6e,
	LDAP_COMPARE_DONE = 0x6f,
	LDAP_SEARCH_REFERENCE = 0x73,
	LDAP_EXTENDED = 0x77,
	LDAP_EXTENDED_DONE = 0x78,
	LDAP_INTERMEDIATE = 0x79,
};

/* resultCode (RFC 4511 §4.1.9). */
enum {
	LDAP_SUCCESS = 0,
	LDAP_PARTIAL = 9, /* of LDAPv2: partialResults, with a referral in the text */
	LDAP_REFERRAL = 10,
	LDAP_SASL_GOES_ON = 14,
};

/* Bytes that are meant to be text. */
struct ldap_text {
	const uint8_t *at;
	size_t len;
};

struct ldap_message {
	uint32_t id;
	uint32_t op;     /* enum ldap_op */
	struct ber body; /* elements of the operation; empty where it is no structure */
	struct ldap_text bytes; /* contents of one that is no structure: the DN of a DELETE … */
};

/* BindRequest (§4.2). */
struct ldap_bind {
	uint32_t version;
	uint32_t reserved;
	struct ldap_text name;
	struct ldap_text mechanism; /* of SASL; empty otherwise */
};

/* LDAPResult (§4.1.9). */
struct ldap_result {
	uint32_t code;
	uint32_t reserved;
	struct ldap_text text;
	struct ber referral; /* URIs, for ldap_next_uri() */
	struct ber rest;     /* what an operation adds to it */
};

/* SearchRequest (§4.5.1). */
struct ldap_search {
	struct ldap_text base;
	struct ber filter; /* one element */
};

/* ExtendedRequest (§4.12). */
struct ldap_extended {
	struct ldap_text name; /* an OID */
	struct ldap_text value;
};

/* Where a URI leads (RFC 4516). */
struct ldap_uri {
	struct pn_addr addr; /* PN_ADDR_NONE: a name, or nobody at all */
	uint16_t port;
	uint8_t tls;
	uint8_t reserved[5];
};

/* True for text that is this word, whatever the case of its letters (ASCII). */
int ldap_is(struct ldap_text text, const char *word);

/* A number of decimal digits and nothing else, at most `max`. -EINVAL, -ERANGE */
int ldap_number(struct ldap_text text, uint32_t max, uint32_t *ret_number);

/* -EINVAL: no LDAP message. */
int ldap_parse(const uint8_t *bytes, size_t len, struct ldap_message *ret_message);

/* The same of one whose end is missing: `body` ends early, `bytes` is empty. */
int ldap_parse_cut(const uint8_t *bytes, size_t len, struct ldap_message *ret_message);

/* The first message of a row, which is taken from it: a datagram may hold several. As RFC 1798 §3
 * has it, the name of a user may stand between id and operation, and an answer may be one row of
 * entries with its result behind them; that counts as the result. -EINVAL */
int ldap_parse_datagram(struct ber *row, struct ldap_message *ret_message);

/* Is it a client who says this? If not, it is a server. */
int ldap_is_request(uint32_t op);

/* Is this the last answer to a request? */
int ldap_is_final(uint32_t op);

/* Bodies of messages. -EINVAL */
int ldap_parse_bind(struct ber body, struct ldap_bind *ret_bind);
int ldap_parse_result(struct ber body, struct ldap_result *ret_result);
int ldap_parse_search(struct ber body, struct ldap_search *ret_search);
int ldap_parse_extended(struct ber body, struct ldap_extended *ret_extended);

/* The value that a filter asks an attribute to be equal to, alone or together with other
 * conditions: `and` is looked into, `or` and `not` are not. -ENOENT */
int ldap_filter_value(struct ber filter, const char *attribute, struct ldap_text *ret_value);

/* The next of a row of URIs, taken from it. 0: there is none. */
int ldap_next_uri(struct ber *row, struct ldap_text *ret_uri);

/* The same of the text of an LDAPv2 result: "Referral:", and below it a line for each. */
int ldap_next_uri_line(struct ldap_text *text, struct ldap_text *ret_uri);

/* -EINVAL: neither ldap: nor ldaps:, or no well-formed host and port. */
int ldap_parse_uri(struct ldap_text text, struct ldap_uri *ret_uri);

#endif

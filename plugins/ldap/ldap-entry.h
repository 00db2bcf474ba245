/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of an Internet Locator Server: who can be called where, as NetMeeting and those that
 * came after it register themselves. Pure functions: bytes to a small struct.
 *
 * The server is an LDAP directory (v2 or v3) whose entries are of the class RTPerson. Of an entry
 * matter: sipaddress, an IPv4 address as the decimal number that inet_addr() gives on a
 * little-endian machine (10.0.0.5 is 83886090); sport, TCP ports; sprotid, what is spoken there;
 * sttl, minutes until the server forgets it.
 */
#ifndef LDAP_ENTRY_H
#define LDAP_ENTRY_H

#include <stdint.h>

#include "ldap-parse.h"

#define ILS_PORTS_MAX 4  /* of one entry; more are not looked at */
#define ILS_TTL_MAX   60 /* minutes: no registration counts for longer */
#define ILS_PORT_H323 1720
#define ILS_PORT_T120 1503

/* ils_entry.says: what the message speaks of. */
enum {
	ILS_PERSON = 1 << 0,      /* the class RTPerson, as an attribute or in the name */
	ILS_ADDRESS = 1 << 1,     /* an address */
	ILS_NO_ADDRESS = 1 << 2,  /* … or that it is taken away, or is none */
	ILS_PORTS = 1 << 3,       /* ports, in place of those before */
	ILS_MORE_PORTS = 1 << 4,  /* ports, beside those before */
	ILS_SPEAKS = 1 << 5,      /* protocols, in place of those before */
	ILS_SPEAKS_MORE = 1 << 6, /* protocols, beside those before */
	ILS_TTL = 1 << 7,
	ILS_NAME = 1 << 8, /* cn */
};

/* ils_entry.speaks */
enum {
	ILS_H323 = 1 << 0,
	ILS_T120 = 1 << 1,
};

/* An entry, or what a message wants to change of one. */
struct ils_entry {
	uint64_t dn;   /* its name, as a number: for comparison only */
	uint64_t cn;   /* likewise what the cn is */
	uint32_t says; /* ILS_PERSON … */
	uint32_t ttl;  /* minutes, 1 to ILS_TTL_MAX */
	uint8_t address[4];
	uint16_t ports[ILS_PORTS_MAX];
	uint8_t n_ports;
	uint8_t speaks; /* ILS_H323 … */
	uint8_t reserved[2];
};

/* AddRequest and SearchResultEntry (RFC 4511 §4.7, §4.5.2): the same but for what we do not
 * look at. -EINVAL */
int ils_parse_entry(struct ber body, struct ldap_text *ret_dn, struct ils_entry *ret_entry);

/* ModifyRequest (§4.6). -EINVAL */
int ils_parse_modify(struct ber body, struct ldap_text *ret_dn, struct ils_entry *ret_change);

/* SearchRequest by which a client keeps its own entry: it asks for a cn and names a sttl. -ENOENT:
 * it is another search. */
int ils_parse_refresh(const struct ldap_search *search, struct ils_entry *ret_wanted);

/* What an entry says when it is changed so. */
struct ils_entry ils_merge(const struct ils_entry *entry, const struct ils_entry *change);

/* The ports where it can be called: those it names, or else those of what it speaks. Returns how
 * many. */
unsigned ils_ports(const struct ils_entry *entry, uint16_t ret_ports[ILS_PORTS_MAX]);

/* A name as a number, whatever its case and blanks. */
uint64_t ils_dn(struct ldap_text dn);

#endif

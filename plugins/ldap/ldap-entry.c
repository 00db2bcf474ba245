// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The syntax of ILS entries.
 *
 * Names of attributes are compared whatever their case (RFC 4512 §2.5), values as the class needs
 * it. A number that is none, or out of range, counts as if the attribute had been taken away: it
 * must not leave an older value, or a default, in place of what somebody meant. Loops are bounded
 * by the bytes of a message; nothing is allocated.
 */
#include "ldap-entry.h"

#include <errno.h>
#include <string.h>

/* operation of a ModifyRequest (RFC 4511 §4.6). */
enum { MODIFY_ADD = 0, MODIFY_REPLACE = 2 }; /* 1: delete */

#define FNV_OFFSET UINT64_C(14695981039346656037)
#define FNV_PRIME  UINT64_C(1099511628211)

/* A number for text, without blanks and in lower case. Whoever finds two names with one number
 * gains nothing: names are compared only among those of one host. */
static uint64_t
number_of(struct ldap_text text)
{
	struct pn_reader r = pn_reader(text.at, text.len);
	uint64_t hash = FNV_OFFSET;

	while (pn_left(&r)) {
		uint8_t c = pn_u8(&r);

		if (c == ' ')
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		hash = (hash ^ c) * FNV_PRIME;
	}
	return hash;
}

uint64_t
ils_dn(struct ldap_text dn)
{
	return number_of(dn);
}

/* The next part of a name (RFC 4514 §2), "TYPE=VALUE"; 0: there is none. */
static int
next_part(struct pn_reader *r, struct ldap_text *ret_type, struct ldap_text *ret_value)
{
	struct pn_reader start;
	size_t len = 0, type = 0;
	uint8_t c;

	while (pn_peek(r) == ' ' || pn_peek(r) == ',' || pn_peek(r) == '+')
		pn_skip(r, 1);
	start = *r;
	while (pn_left(r) && (c = pn_peek(r)) != ',' && c != '+') {
		if (c == '=' && !type)
			type = len;
		pn_skip(r, c == '\\' && pn_left(r) > 1 ? 2 : 1);
		len = pn_offset(r) - pn_offset(&start);
	}
	if (!len)
		return 0;
	ret_type->len = type;
	ret_type->at = pn_take(&start, type);
	pn_skip(&start, type ? 1 : 0);
	ret_value->len = len - type - (type ? 1 : 0);
	ret_value->at = pn_take(&start, ret_value->len);
	return 1;
}

/* The class and the cn may stand in the name alone: c=-,o=X,cn=anna@x,objectclass=RTPerson */
static void
read_name(struct ldap_text dn, struct ils_entry *entry)
{
	struct pn_reader r = pn_reader(dn.at, dn.len);
	struct ldap_text type, value;

	entry->dn = ils_dn(dn);
	while (next_part(&r, &type, &value)) {
		if (ldap_is(type, "objectclass") && ldap_is(value, "rtperson"))
			entry->says |= ILS_PERSON;
		if (ldap_is(type, "cn") && !(entry->says & ILS_NAME)) {
			entry->cn = number_of(value);
			entry->says |= ILS_NAME;
		}
	}
}

static void
read_class(struct ldap_text value, struct ils_entry *entry)
{
	if (ldap_is(value, "rtperson"))
		entry->says |= ILS_PERSON;
}

static void
read_cn(struct ldap_text value, struct ils_entry *entry)
{
	entry->cn = number_of(value);
	entry->says |= ILS_NAME;
}

static void
read_address(struct ldap_text value, struct ils_entry *entry)
{
	uint32_t number;
	int n;

	entry->says &= ~(uint32_t)(ILS_ADDRESS | ILS_NO_ADDRESS);
	if (ldap_number(value, UINT32_MAX, &number) < 0) {
		entry->says |= ILS_NO_ADDRESS;
		return;
	}
	for (n = 0; n < 4; n++)
		entry->address[n] = (uint8_t)(number >> 8 * n);
	entry->says |= ILS_ADDRESS;
}

static void
add_port(struct ils_entry *entry, uint16_t port)
{
	unsigned n;

	for (n = 0; n < entry->n_ports; n++)
		if (entry->ports[n] == port)
			return;
	if (n < ILS_PORTS_MAX)
		entry->ports[entry->n_ports++] = port;
}

static void
read_port(struct ldap_text value, struct ils_entry *entry)
{
	uint32_t number;

	if (ldap_number(value, UINT16_MAX, &number) == 0 && number)
		add_port(entry, (uint16_t)number);
}

static void
read_protocol(struct ldap_text value, struct ils_entry *entry)
{
	if (ldap_is(value, "h323"))
		entry->speaks |= ILS_H323;
	if (ldap_is(value, "t120"))
		entry->speaks |= ILS_T120;
}

static void
read_ttl(struct ldap_text value, struct ils_entry *entry)
{
	uint32_t number;
	int error = ldap_number(value, ILS_TTL_MAX, &number);

	if (error == -ERANGE)
		number = ILS_TTL_MAX;
	if (error == -EINVAL || !number)
		return;
	entry->ttl = number;
	entry->says |= ILS_TTL;
}

/* Before the values of an attribute are read: those it had do not count, unless to `keep`. */
static void
begin_address(struct ils_entry *entry, int keep)
{
	if (keep)
		return;
	entry->says &= ~(uint32_t)ILS_ADDRESS;
	entry->says |= ILS_NO_ADDRESS;
}

static void
begin_port(struct ils_entry *entry, int keep)
{
	if (keep) {
		entry->says |= ILS_MORE_PORTS;
		return;
	}
	entry->says |= ILS_PORTS;
	entry->n_ports = 0;
}

static void
begin_protocol(struct ils_entry *entry, int keep)
{
	if (keep) {
		entry->says |= ILS_SPEAKS_MORE;
		return;
	}
	entry->says |= ILS_SPEAKS;
	entry->speaks = 0;
}

static void
begin_ttl(struct ils_entry *entry, int keep)
{
	if (!keep)
		entry->says &= ~(uint32_t)ILS_TTL;
}

static const struct attribute {
	const char *name;
	void (*begin)(struct ils_entry *entry, int keep);
	void (*read)(struct ldap_text value, struct ils_entry *entry);
} attributes[] = {
	{ "objectclass", NULL, read_class },
	{ "cn", NULL, read_cn },
	{ "sipaddress", begin_address, read_address },
	{ "sport", begin_port, read_port },
	{ "sprotid", begin_protocol, read_protocol },
	{ "sttl", begin_ttl, read_ttl },
};

static const struct attribute *
find_attribute(struct ldap_text name)
{
	size_t n;

	for (n = 0; n < sizeof(attributes) / sizeof(attributes[0]); n++)
		if (ldap_is(name, attributes[n].name))
			return &attributes[n];
	return NULL;
}

/* An attribute and its values (RFC 4511 §4.1.7): type, SET OF value. */
static int
read_attribute(struct ber *row, uint32_t operation, struct ils_entry *entry)
{
	struct ber inside = ber_enter(row, BER_SEQUENCE);
	struct ldap_text name, value;
	const struct attribute *attribute;
	struct ber values;

	name.at = ber_bytes(&inside, BER_OCTETS, &name.len);
	values = ber_enter(&inside, BER_SET);
	if (!ber_ok(&inside))
		return -EINVAL;
	attribute = find_attribute(name);
	if (!attribute)
		return 0;
	if (attribute->begin)
		attribute->begin(entry, operation == MODIFY_ADD);
	/* What an operation that came later does with them (RFC 4525) is not known here. */
	while (ber_left(&values) && (operation == MODIFY_ADD || operation == MODIFY_REPLACE)) {
		value.at = ber_bytes(&values, BER_OCTETS, &value.len);
		if (ber_ok(&values))
			attribute->read(value, entry);
	}
	return ber_ok(&values) ? 0 : -EINVAL;
}

/* Takes the name that a message begins with. */
static int
begin(struct ber *body, struct ldap_text *ret_dn, struct ils_entry *ret_entry)
{
	struct ils_entry entry = { 0 };

	ret_dn->at = ber_bytes(body, BER_OCTETS, &ret_dn->len);
	if (!ber_ok(body))
		return -EINVAL;
	read_name(*ret_dn, &entry);
	*ret_entry = entry;
	return 0;
}

int
ils_parse_entry(struct ber body, struct ldap_text *ret_dn, struct ils_entry *ret_entry)
{
	struct ils_entry entry;
	struct ldap_text dn;
	struct ber row;

	if (begin(&body, &dn, &entry) < 0)
		return -EINVAL;
	row = ber_enter(&body, BER_SEQUENCE);
	while (ber_left(&row))
		if (read_attribute(&row, MODIFY_REPLACE, &entry) < 0)
			return -EINVAL;
	if (!ber_ok(&row))
		return -EINVAL;
	*ret_dn = dn;
	*ret_entry = entry;
	return 0;
}

int
ils_parse_modify(struct ber body, struct ldap_text *ret_dn, struct ils_entry *ret_change)
{
	struct ils_entry change;
	struct ldap_text dn;
	struct ber row;

	if (begin(&body, &dn, &change) < 0)
		return -EINVAL;
	row = ber_enter(&body, BER_SEQUENCE);
	while (ber_left(&row)) {
		struct ber one = ber_enter(&row, BER_SEQUENCE);
		uint32_t operation = ber_uint(&one, BER_ENUMERATED);

		if (!ber_ok(&one) || read_attribute(&one, operation, &change) < 0)
			return -EINVAL;
	}
	if (!ber_ok(&row))
		return -EINVAL;
	*ret_dn = dn;
	*ret_change = change;
	return 0;
}

int
ils_parse_refresh(const struct ldap_search *search, struct ils_entry *ret_wanted)
{
	struct ils_entry wanted = { 0 };
	struct ldap_text value;

	if (ldap_filter_value(search->filter, "sttl", &value) < 0)
		return -ENOENT;
	read_ttl(value, &wanted);
	if (ldap_filter_value(search->filter, "cn", &value) == 0)
		read_cn(value, &wanted);
	if (!(wanted.says & ILS_TTL) || !(wanted.says & ILS_NAME))
		return -ENOENT;
	*ret_wanted = wanted;
	return 0;
}

struct ils_entry
ils_merge(const struct ils_entry *entry, const struct ils_entry *change)
{
	struct ils_entry merged = *entry;
	unsigned n;

	if (change->says & (ILS_ADDRESS | ILS_NO_ADDRESS)) {
		merged.says &= ~(uint32_t)(ILS_ADDRESS | ILS_NO_ADDRESS);
		memcpy(merged.address, change->address, sizeof(merged.address));
	}
	if (change->says & ILS_PORTS)
		merged.n_ports = 0;
	for (n = 0; n < change->n_ports; n++)
		add_port(&merged, change->ports[n]);
	if (change->says & ILS_SPEAKS)
		merged.speaks = 0;
	merged.speaks |= change->speaks;
	if (change->says & ILS_TTL)
		merged.ttl = change->ttl;
	merged.says |= change->says;
	return merged;
}

unsigned
ils_ports(const struct ils_entry *entry, uint16_t ret_ports[ILS_PORTS_MAX])
{
	unsigned n = 0;

	if (entry->says & (ILS_PORTS | ILS_MORE_PORTS)) {
		memcpy(ret_ports, entry->ports, sizeof(entry->ports));
		return entry->n_ports;
	}
	if (entry->speaks != ILS_T120)
		ret_ports[n++] = ILS_PORT_H323;
	if (entry->speaks & ILS_T120)
		ret_ports[n++] = ILS_PORT_T120;
	return n;
}

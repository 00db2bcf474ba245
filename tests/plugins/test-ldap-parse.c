// SPDX-License-Identifier: GPL-2.0-or-later
/* The syntax of LDAP and of ILS entries; and the pairing of requests and answers. */
#include "ldap-parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ber-text.h"
#include "kit/kit.h"
#include "ldap-entry.h"
#include "ldap-pairs.h"

/* The bytes of what is written, in a block of exactly their number. */
static uint8_t *
write_ber(const char *text, size_t *ret_len)
{
	static uint8_t buffer[BER_TEXT_MAX];
	uint8_t *bytes;

	*ret_len = ber_text(text, buffer);
	bytes = malloc(*ret_len ? *ret_len : 1);
	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, buffer, *ret_len);
	return bytes;
}

static struct ldap_text
text_of(const char *text)
{
	return (struct ldap_text){ .at = (const uint8_t *)text, .len = strlen(text) };
}

static const struct {
	const char *text;
	int error;
	uint32_t id;
	uint32_t op;
} messages[] = {
	{ "30{02=1 60{}}", 0, 1, LDAP_BIND },
	{ "30{02=1 42''}", 0, 1, LDAP_UNBIND },
	{ "30{02=2147483647 50=5}", 0, INT32_MAX, LDAP_ABANDON },
	{ "30{02=0 78{}}", 0, 0, LDAP_EXTENDED_DONE },
	/* controls; and what a later version may bring (RFC 4511 §4) */
	{ "30{02=1 63{} a0{ 30{'1.2'} } }", 0, 1, LDAP_SEARCH },
	{ "30{02=1 63{} 'more' }", 0, 1, LDAP_SEARCH },
	{ "30!{02!=1 64!{}}", 0, 1, LDAP_SEARCH_ENTRY },
	{ "", -EINVAL },
	{ "30{}", -EINVAL },
	{ "30{02=1}", -EINVAL },
	{ "30{60{}}", -EINVAL },
	{ "31{02=1 60{}}", -EINVAL },
	{ "30{0a=1 60{}}", -EINVAL },
	{ "30{02=-1 60{}}", -EINVAL },
	{ "30{02=2147483648 60{}}", -EINVAL },
	{ "30{02=1 40''}", -EINVAL },
	{ "30{02=1 62{}}", -EINVAL },
	{ "30{02=1 7a{}}", -EINVAL },
	{ "30{02=1 'user' 63{}}", -EINVAL },
	{ "30{02=1 <63 05 04>}", -EINVAL },
	{ "<30 10 02 01 01 42 00>", -EINVAL },
};

START_TEST(test_message)
{
	struct ldap_message m;
	size_t len;
	uint8_t *bytes = write_ber(messages[_i].text, &len);

	ck_assert_int_eq(ldap_parse(bytes, len, &m), messages[_i].error);
	if (!messages[_i].error) {
		ck_assert_uint_eq(m.id, messages[_i].id);
		ck_assert_uint_eq(m.op, messages[_i].op);
	}
	free(bytes);
}
END_TEST

/* Of one that is cut, number and operation are still known, wherever behind them it ends. */
START_TEST(test_cut_message)
{
	size_t len, n;
	uint8_t *bytes = write_ber("30{02=5 64{'cn=a' 30{30{'a' 31{'b'}}}}}", &len);
	struct ldap_message m;

	for (n = 0; n < len; n++) {
		uint8_t *copy = malloc(n + 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, bytes, n);
		ck_assert_int_eq(ldap_parse_cut(copy, n, &m), n < 6 ? -EINVAL : 0);
		if (n >= 6) {
			ck_assert_uint_eq(m.id, 5);
			ck_assert_uint_eq(m.op, LDAP_SEARCH_ENTRY);
		}
		ck_assert_int_eq(ldap_parse(copy, n, &m), -EINVAL);
		free(copy);
	}
	free(bytes);
}
END_TEST

START_TEST(test_datagram)
{
	size_t len;
	uint8_t *bytes = write_ber("30{02=1 'anna' 63{'' }} 30{02=2 65{0a=0 '' ''}}"
				   "30{02=3 30{64{'dn' 30{}} 64{'dn' 30{}} 65{0a=3 '' ''}}}",
		&len);
	struct ber row = ber(bytes, len);
	struct ldap_message m;
	struct ldap_result result;

	ck_assert_int_eq(ldap_parse_datagram(&row, &m), 0);
	ck_assert_uint_eq(m.op, LDAP_SEARCH);
	ck_assert_int_eq(ldap_parse_datagram(&row, &m), 0);
	ck_assert_uint_eq(m.id, 2);
	ck_assert_int_eq(ldap_parse_datagram(&row, &m), 0);
	ck_assert_uint_eq(m.op, LDAP_SEARCH_DONE);
	ck_assert_int_eq(ldap_parse_result(m.body, &result), 0);
	ck_assert_uint_eq(result.code, 3);
	ck_assert_uint_eq(ber_left(&row), 0);
	ck_assert_int_eq(ldap_parse_datagram(&row, &m), -EINVAL);
	free(bytes);
}
END_TEST

START_TEST(test_operations)
{
	static const uint32_t requests[] = { LDAP_UNBIND, LDAP_DELETE, LDAP_ABANDON, LDAP_BIND,
		LDAP_SEARCH, LDAP_MODIFY, LDAP_ADD, LDAP_RENAME, LDAP_COMPARE, LDAP_EXTENDED };
	static const uint32_t more[] = { LDAP_SEARCH_ENTRY, LDAP_SEARCH_REFERENCE,
		LDAP_INTERMEDIATE };
	static const uint32_t last[] = { LDAP_BIND_DONE, LDAP_SEARCH_DONE, LDAP_MODIFY_DONE,
		LDAP_ADD_DONE, LDAP_DELETE_DONE, LDAP_RENAME_DONE, LDAP_COMPARE_DONE,
		LDAP_EXTENDED_DONE };
	unsigned op, n, is_request, is_final;

	for (op = 0; op < 256; op++) {
		is_request = is_final = 0;
		for (n = 0; n < sizeof(requests) / sizeof(requests[0]); n++)
			is_request |= requests[n] == op;
		for (n = 0; n < sizeof(last) / sizeof(last[0]); n++)
			is_final |= last[n] == op;
		ck_assert_uint_eq(!!ldap_is_request(op), is_request);
		ck_assert_uint_eq(!!ldap_is_final(op), is_final);
	}
	for (n = 0; n < sizeof(more) / sizeof(more[0]); n++)
		ck_assert(!ldap_is_request(more[n]) && !ldap_is_final(more[n]));
}
END_TEST

START_TEST(test_bind)
{
	size_t len;
	uint8_t *bytes = write_ber("02=3 'cn=anna' a3{'GSSAPI' 'x'}", &len);
	struct ldap_bind bind;

	ck_assert_int_eq(ldap_parse_bind(ber(bytes, len), &bind), 0);
	ck_assert_uint_eq(bind.version, 3);
	ck_assert(ldap_is(bind.name, "cn=anna"));
	ck_assert(ldap_is(bind.mechanism, "gssapi"));
	free(bytes);
	bytes = write_ber("02=2 '' 80'secret'", &len);
	ck_assert_int_eq(ldap_parse_bind(ber(bytes, len), &bind), 0);
	ck_assert_uint_eq(bind.mechanism.len, 0);
	free(bytes);
	bytes = write_ber("02=3 '' a3{}", &len);
	ck_assert_int_eq(ldap_parse_bind(ber(bytes, len), &bind), -EINVAL);
	free(bytes);
}
END_TEST

static const struct {
	const char *filter;
	const char *value; /* of cn; NULL: it is not asked for */
} filters[] = {
	{ "a3{'cn' 'a'}", "a" },
	{ "a3{'CN' 'a'}", "a" },
	{ "a0{a3{'x' 'y'} a3{'cn' 'a'}}", "a" },
	{ "a0{a0{a0{a3{'cn' 'a'}}} a3{'cn' 'b'}}", "a" },
	{ "a0{a0{a3{'x' 'y'}} a3{'cn' 'b'}}", "b" },
	{ "a0{a2{a3{'cn' 'a'}} a3{'cn' 'b'}}", "b" },
	{ "a0{a1{a3{'cn' 'a'} a3{'cn' 'c'}} 87'cn' a4{'cn' 30{80'a'}} a3{'cn' 'b'}}", "b" },
	/* as deep as it is looked into, and once more */
	{ "a0{a0{a0{a0{a0{a3{'cn' 'a'}}}}}}", "a" },
	{ "a0{a0{a0{a0{a0{a0{a3{'cn' 'a'}}}}}}}", NULL },
	{ "a0{a0{a0{a0{a0{a0{a3{'cn' 'a'}}}}}} a3{'cn' 'b'}}", "b" },
	{ "a2{a3{'cn' 'a'}}", NULL },
	{ "a1{a3{'cn' 'a'}}", NULL },
	{ "a5{'cn' 'a'}", NULL },
	{ "a0{}", NULL },
	{ "", NULL },
	{ "a3{'cn'}", NULL },
	{ "<a0 08 a3 07 04 02 63 6e 04 01>", NULL },
	/* what stands behind the filter is none of it */
	{ "87'cn' a3{'cn' 'a'}", NULL },
	{ "a0{a3{'x' 'y'}} a3{'cn' 'a'}", NULL },
};

START_TEST(test_filter)
{
	size_t len;
	uint8_t *bytes = write_ber(filters[_i].filter, &len);
	struct ldap_text value;
	int error = ldap_filter_value(ber(bytes, len), "cn", &value);

	ck_assert_int_eq(error, filters[_i].value ? 0 : -ENOENT);
	if (!error)
		ck_assert(ldap_is(value, filters[_i].value));
	free(bytes);
}
END_TEST

static const struct {
	const char *uri;
	const char *addr; /* "": a name, or nobody; NULL: no URI */
	unsigned port;
	unsigned tls;
} uris[] = {
	{ "ldap://192.0.2.1", "192.0.2.1", 389, 0 },
	{ "ldap://192.0.2.1/", "192.0.2.1", 389, 0 },
	{ "LDAP://192.0.2.1/dc=x??sub", "192.0.2.1", 389, 0 },
	{ "ldap://192.0.2.1?x", "192.0.2.1", 389, 0 },
	{ "ldaps://192.0.2.1/", "192.0.2.1", 636, 1 },
	{ "ldap://192.0.2.1:1/", "192.0.2.1", 1, 0 },
	{ "ldap://192.0.2.1:65535", "192.0.2.1", 65535, 0 },
	{ "ldap://[2001:db8::1]:3268/x", "2001:db8::1", 3268, 0 },
	{ "ldap://[::1]", "::1", 389, 0 },
	{ "ldap://a.example:1389/", "", 1389, 0 },
	{ "ldap:///dc=x", "", 389, 0 },
	{ "ldap://", "", 389, 0 },
	{ "ldap://192.0.2.1.5", "", 389, 0 },
	{ "ldap://192.0.2", "", 389, 0 },
	{ "ldap://012345678901234567890123456789012345678901234567890123456789/", "", 389, 0 },
	{ "ldap:", NULL },
	{ "", NULL },
	{ "http://192.0.2.1/", NULL },
	{ "ldapi://192.0.2.1/", NULL },
	{ " ldap://192.0.2.1/", NULL },
	{ "ldap://192.0.2.1 /", NULL },
	{ "ldap://192.0.2.1:/", NULL },
	{ "ldap://192.0.2.1:0/", NULL },
	{ "ldap://192.0.2.1:65536/", NULL },
	{ "ldap://192.0.2.1:99999999999999999999/", NULL },
	{ "ldap://192.0.2.1:3x/", NULL },
	{ "ldap://[2001:db8::1/", NULL },
	{ "ldap://[192.0.2.1]/", NULL },
	{ "ldap://[fe80::1%eth0]/", NULL },
	{ "ldap://[2001:db8::1]x/", NULL },
};

START_TEST(test_uri)
{
	struct ldap_uri uri;
	int error = ldap_parse_uri(text_of(uris[_i].uri), &uri);
	char name[INET6_ADDRSTRLEN] = "";

	ck_assert_int_eq(error, uris[_i].addr ? 0 : -EINVAL);
	if (error)
		return;
	if (uri.addr.family != PN_ADDR_NONE)
		inet_ntop(uri.addr.family == PN_ADDR_IPV6 ? AF_INET6 : AF_INET, uri.addr.bytes,
			name, sizeof(name));
	ck_assert_str_eq(name, uris[_i].addr);
	ck_assert_uint_eq(uri.port, uris[_i].port);
	ck_assert_uint_eq(uri.tls, uris[_i].tls);
}
END_TEST

START_TEST(test_uri_lines)
{
	struct ldap_text text = text_of("Referral:\nldap://a/\r\nno ldap://x/\n\nLDAPS://b/x y"),
			 uri;

	ck_assert_int_eq(ldap_next_uri_line(&text, &uri), 1);
	ck_assert(ldap_is(uri, "ldap://a/\r"));
	ck_assert_int_eq(ldap_next_uri_line(&text, &uri), 1);
	ck_assert(ldap_is(uri, "ldaps://b/x y"));
	ck_assert_int_eq(ldap_next_uri_line(&text, &uri), 0);
}
END_TEST

static const struct {
	const char *text;
	int error;
	uint32_t number;
} numbers[] = {
	{ "0", 0, 0 },
	{ "1720", 0, 1720 },
	{ "0001720", 0, 1720 },
	{ "65535", 0, 65535 },
	{ "65536", -ERANGE },
	{ "99999999999999999999999999", -ERANGE },
	{ "", -EINVAL },
	{ "-1", -EINVAL },
	{ "+1", -EINVAL },
	{ " 1", -EINVAL },
	{ "1 ", -EINVAL },
	{ "0x10", -EINVAL },
};

START_TEST(test_number)
{
	uint32_t number = 12345;

	ck_assert_int_eq(
		ldap_number(text_of(numbers[_i].text), UINT16_MAX, &number), numbers[_i].error);
	ck_assert_uint_eq(number, numbers[_i].error ? 12345 : numbers[_i].number);
}
END_TEST

/* An entry as a text: what it says, and what. */
static const char *
tell(const struct ils_entry *e)
{
	static char text[256];
	unsigned n;
	int len = 0;

	text[0] = '\0';
	len += sprintf(text + len, "%s", e->says & ILS_PERSON ? "person " : "");
	if (e->says & ILS_ADDRESS)
		len += sprintf(text + len, "at %u.%u.%u.%u ", e->address[0], e->address[1],
			e->address[2], e->address[3]);
	len += sprintf(text + len, "%s", e->says & ILS_NO_ADDRESS ? "nowhere " : "");
	len += sprintf(text + len, "%s", e->says & ILS_PORTS ? "ports " : "");
	len += sprintf(text + len, "%s", e->says & ILS_MORE_PORTS ? "more " : "");
	for (n = 0; n < e->n_ports; n++)
		len += sprintf(text + len, "%u ", e->ports[n]);
	if (e->says & (ILS_SPEAKS | ILS_SPEAKS_MORE))
		len += sprintf(text + len, "speaks %u ", e->speaks);
	if (e->says & ILS_TTL)
		sprintf(text + len, "for %u ", e->ttl);
	return text;
}

#define ATTRIBUTE(name, values) "30{'" name "' 31{" values "}} "

static const struct {
	const char *attributes;
	const char *told; /* NULL: no entry */
} entries[] = {
	{ "", "" },
	{ ATTRIBUTE("objectclass", "'top' 'rtPerson'"), "person " },
	{ ATTRIBUTE("objectclass", "'rtpersonx'"), "" },
	{ ATTRIBUTE("sipaddress", "'83886090'"), "at 10.0.0.5 " },
	{ ATTRIBUTE("sipaddress", "'4294967295'"), "at 255.255.255.255 " },
	{ ATTRIBUTE("sipaddress", "'4294967296'"), "nowhere " },
	{ ATTRIBUTE("sipaddress", "''"), "nowhere " },
	{ ATTRIBUTE("sipaddress", ""), "nowhere " },
	{ ATTRIBUTE("sipaddress", "'83886090' 'x'"), "nowhere " },
	{ ATTRIBUTE("sipaddress", "'x' '83886090'"), "at 10.0.0.5 " },
	{ ATTRIBUTE("sipaddresses", "'83886090'"), "" },
	{ ATTRIBUTE("SPORT", "'1720' '1503' '1720'"), "ports 1720 1503 " },
	{ ATTRIBUTE("sport", "'0' '65536' 'x' ''"), "ports " },
	{ ATTRIBUTE("sport", "'1' '2' '3' '4' '5'"), "ports 1 2 3 4 " },
	{ ATTRIBUTE("sprotid", "'H323'"), "speaks 1 " },
	{ ATTRIBUTE("sprotid", "'t120' 'h323' 'x'"), "speaks 3 " },
	{ ATTRIBUTE("sttl", "'10'"), "for 10 " },
	{ ATTRIBUTE("sttl", "'60'"), "for 60 " },
	{ ATTRIBUTE("sttl", "'61'"), "for 60 " },
	{ ATTRIBUTE("sttl", "'1000000000'"), "for 60 " },
	{ ATTRIBUTE("sttl", "'99999999999999999999'"), "for 60 " },
	{ ATTRIBUTE("sttl", "'0'"), "" },
	{ ATTRIBUTE("sttl", "'-1'"), "" },
	{ "30{'sport'}", NULL },
	{ "30{'sport' 30{'1'}}", NULL },
	{ "30{'sport' 31{02=1}}", NULL },
	{ "31{'sport' 31{'1'}}", NULL },
	{ "<30 09 04 05 73 70 6f 72 74 31 05>", NULL },
};

START_TEST(test_entry)
{
	char text[512];
	struct ils_entry entry;
	struct ldap_text dn;
	uint8_t *bytes;
	size_t len;
	int error;

	snprintf(text, sizeof(text), "'cn=a' 30{%s}", entries[_i].attributes);
	bytes = write_ber(text, &len);
	error = ils_parse_entry(ber(bytes, len), &dn, &entry);
	ck_assert_int_eq(error, entries[_i].told ? 0 : -EINVAL);
	if (!error) {
		ck_assert(ldap_is(dn, "cn=a"));
		ck_assert_str_eq(tell(&entry), entries[_i].told);
	}
	free(bytes);
}
END_TEST

/* 0: add, 1: delete, 2: replace */
#define CHANGE(how, name, values) "30{0a=" #how " " ATTRIBUTE(name, values) "}"

static const struct {
	const char *changes;
	const char *told;   /* NULL: no change */
	const char *merged; /* with person at 10.0.0.5, port 1720, for 10 */
} changes[] = {
	{ "", "", "person at 10.0.0.5 ports 1720 for 10 " },
	{ CHANGE(0, "sport", "'1503'"), "more 1503 ",
		"person at 10.0.0.5 ports more 1720 1503 for 10 " },
	{ CHANGE(2, "sport", "'1503'"), "ports 1503 ", "person at 10.0.0.5 ports 1503 for 10 " },
	{ CHANGE(1, "sport", "'1720'") CHANGE(0, "sport", "'1503'"), "ports more 1503 ",
		"person at 10.0.0.5 ports more 1503 for 10 " },
	{ CHANGE(0, "sport", "'1503'") CHANGE(1, "sport", ""), "ports more ",
		"person at 10.0.0.5 ports more for 10 " },
	{ CHANGE(2, "sipaddress", "'100663306'"), "at 10.0.0.6 ",
		"person at 10.0.0.6 ports 1720 for 10 " },
	{ CHANGE(0, "sipaddress", "'100663306'"), "at 10.0.0.6 ",
		"person at 10.0.0.6 ports 1720 for 10 " },
	{ CHANGE(1, "sipaddress", "'83886090'"), "nowhere ", "person nowhere ports 1720 for 10 " },
	{ CHANGE(1, "sipaddress", "") CHANGE(0, "sipaddress", "'100663306'"), "at 10.0.0.6 ",
		"person at 10.0.0.6 ports 1720 for 10 " },
	{ CHANGE(2, "sttl", "'20'"), "for 20 ", "person at 10.0.0.5 ports 1720 for 20 " },
	{ CHANGE(0, "sprotid", "'h323'"), "speaks 1 ",
		"person at 10.0.0.5 ports 1720 speaks 1 for 10 " },
	{ CHANGE(2, "sflags", "'1'"), "", "person at 10.0.0.5 ports 1720 for 10 " },
	/* an operation that came later (RFC 4525): its value is not the new one */
	{ CHANGE(3, "sport", "'1'"), "ports ", "person at 10.0.0.5 ports for 10 " },
	{ "30{" ATTRIBUTE("sport", "'1503'") "}", NULL },
	{ "30{02=0 " ATTRIBUTE("sport", "'1503'") "}", NULL },
	{ "30{0a=0}", NULL },
};

START_TEST(test_modify)
{
	struct ils_entry entry = {
		.says = ILS_PERSON | ILS_ADDRESS | ILS_PORTS | ILS_TTL,
		.address = { 10, 0, 0, 5 },
		.ports = { 1720 },
		.n_ports = 1,
		.ttl = 10,
	};
	struct ils_entry change;
	struct ldap_text dn;
	char text[512];
	uint8_t *bytes;
	size_t len;
	int error;

	snprintf(text, sizeof(text), "'cn=a' 30{%s}", changes[_i].changes);
	bytes = write_ber(text, &len);
	error = ils_parse_modify(ber(bytes, len), &dn, &change);
	ck_assert_int_eq(error, changes[_i].told ? 0 : -EINVAL);
	if (!error) {
		ck_assert_str_eq(tell(&change), changes[_i].told);
		entry = ils_merge(&entry, &change);
		ck_assert_str_eq(tell(&entry), changes[_i].merged);
	}
	free(bytes);
}
END_TEST

static const struct {
	const char *dn;
	int person;
	const char *cn; /* NULL: it has none */
} names[] = {
	{ "c=-,o=Microsoft,cn=anna@x,objectclass=RTPerson", 1, "anna@x" },
	{ "cn=Anna B, objectClass = rtperson", 0, "annab" },
	{ "cn=a+objectclass=rtperson,o=x", 1, "a" },
	{ "cn=a\\,objectclass=rtperson", 0, "a\\,objectclass=rtperson" },
	{ "o=x,objectclass=rtpersonx", 0, NULL },
	{ "xobjectclass=rtperson", 0, NULL },
	{ "cn=a,cn=b", 0, "a" },
	{ "cn=a\\", 0, "a\\" },
	{ ",,,", 0, NULL },
	{ "=x,cn=", 0, "" },
	{ "", 0, NULL },
};

START_TEST(test_name)
{
	char text[256];
	struct ils_entry entry, same;
	struct ldap_text dn;
	uint8_t *bytes;
	size_t len;

	snprintf(text, sizeof(text), "'%s' 30{}", names[_i].dn);
	bytes = write_ber(text, &len);
	ck_assert_int_eq(ils_parse_entry(ber(bytes, len), &dn, &entry), 0);
	ck_assert_int_eq((entry.says & ILS_PERSON) != 0, names[_i].person);
	ck_assert_int_eq((entry.says & ILS_NAME) != 0, names[_i].cn != NULL);
	ck_assert_uint_eq(entry.dn, ils_dn(text_of(names[_i].dn)));
	free(bytes);
	if (!names[_i].cn)
		return;
	snprintf(text, sizeof(text), "'x' 30{30{'cn' 31{'%s'}}}", names[_i].cn);
	bytes = write_ber(text, &len);
	ck_assert_int_eq(ils_parse_entry(ber(bytes, len), &dn, &same), 0);
	ck_assert_uint_eq(entry.cn, same.cn);
	free(bytes);
}
END_TEST

START_TEST(test_names_are_compared)
{
	uint64_t dn = ils_dn(text_of("cn=Anna,o=X"));

	ck_assert_uint_eq(dn, ils_dn(text_of("CN=anna, O=x")));
	ck_assert_uint_ne(dn, ils_dn(text_of("cn=anna,o=y")));
	ck_assert_uint_ne(dn, ils_dn(text_of("cn=anna")));
	ck_assert_uint_ne(dn, ils_dn(text_of("")));
}
END_TEST

START_TEST(test_pairs)
{
	static struct ldap_pairs pairs;
	unsigned n;

	ck_assert_ptr_null(ldap_pairs_find(&pairs, 0));
	for (n = 0; n < LDAP_PAIRS_MAX; n++)
		ldap_pairs_add(&pairs, n, LDAP_KIND_SEARCH)->entries = n;
	for (n = 0; n < LDAP_PAIRS_MAX; n++)
		ck_assert_uint_eq(ldap_pairs_find(&pairs, n)->entries, n);
	/* Again with a number that waits: it begins anew, and is the youngest. */
	ck_assert_uint_eq(ldap_pairs_add(&pairs, 0, LDAP_KIND_ADD)->entries, 0);
	ck_assert_uint_eq(ldap_pairs_find(&pairs, 0)->kind, LDAP_KIND_ADD);
	/* One too many takes the place of the oldest. */
	ldap_pairs_add(&pairs, 1000, LDAP_KIND_OTHER);
	ck_assert_ptr_null(ldap_pairs_find(&pairs, 1));
	ck_assert_ptr_nonnull(ldap_pairs_find(&pairs, 0));
	ck_assert_ptr_nonnull(ldap_pairs_find(&pairs, 2));
	ldap_pairs_remove(&pairs, 1000);
	ldap_pairs_remove(&pairs, 1000);
	ck_assert_ptr_null(ldap_pairs_find(&pairs, 1000));
	/* The free place is taken first. */
	ldap_pairs_add(&pairs, 1001, LDAP_KIND_OTHER);
	ck_assert_ptr_nonnull(ldap_pairs_find(&pairs, 2));
}
END_TEST

/* The count of all requests may wrap: the oldest is still the oldest. */
START_TEST(test_pairs_wrap)
{
	static struct ldap_pairs pairs;
	unsigned n;

	pairs.count = UINT32_MAX - 5;
	for (n = 0; n <= LDAP_PAIRS_MAX; n++)
		ldap_pairs_add(&pairs, n, LDAP_KIND_OTHER);
	ck_assert_ptr_null(ldap_pairs_find(&pairs, 0));
	for (n = 1; n <= LDAP_PAIRS_MAX; n++)
		ck_assert_ptr_nonnull(ldap_pairs_find(&pairs, n));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static Suite *
suite(void)
{
	Suite *s = suite_create("ldap-parse");
	TCase *t = tcase_create("messages");

	tcase_add_loop_test(t, test_message, 0, COUNT(messages));
	tcase_add_test(t, test_cut_message);
	tcase_add_test(t, test_datagram);
	tcase_add_test(t, test_operations);
	tcase_add_test(t, test_bind);
	tcase_add_loop_test(t, test_filter, 0, COUNT(filters));
	tcase_add_loop_test(t, test_uri, 0, COUNT(uris));
	tcase_add_test(t, test_uri_lines);
	tcase_add_loop_test(t, test_number, 0, COUNT(numbers));
	suite_add_tcase(s, t);
	t = tcase_create("entries");
	tcase_add_loop_test(t, test_entry, 0, COUNT(entries));
	tcase_add_loop_test(t, test_modify, 0, COUNT(changes));
	tcase_add_loop_test(t, test_name, 0, COUNT(names));
	tcase_add_test(t, test_names_are_compared);
	suite_add_tcase(s, t);
	t = tcase_create("pairs");
	tcase_add_test(t, test_pairs);
	tcase_add_test(t, test_pairs_wrap);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

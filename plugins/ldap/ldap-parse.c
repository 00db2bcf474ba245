// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The syntax of LDAP: messages, results, filters and URIs.
 *
 * Everything here is a pure function of the bytes it is given, read through the cursor of ber.h.
 * Loops are bounded by the bytes of a message; nothing is allocated, and nothing recurses: filters
 * are looked into FILTER_DEPTH deep. What a message means is the business of others.
 */
#include "ldap-parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define FILTER_DEPTH 6

/* Tags within operations. */
#define TAG_SASL          (BER_CONTEXT | BER_CONSTRUCTED | 3) /* §4.2 */
#define TAG_REFERRAL      (BER_CONTEXT | BER_CONSTRUCTED | 3) /* §4.1.9 */
#define TAG_REQUEST_NAME  (BER_CONTEXT | 0)                   /* §4.12 */
#define TAG_REQUEST_VALUE (BER_CONTEXT | 1)
#define TAG_AND           (BER_CONTEXT | BER_CONSTRUCTED | 0) /* §4.5.1.7 */
#define TAG_EQUAL         (BER_CONTEXT | BER_CONSTRUCTED | 3)

#define ID_MAX INT32_MAX /* §4.1.1.1 */

static const struct {
	uint32_t op;
	uint8_t request;
	uint8_t final;
	uint8_t reserved[2];
} ops[] = {
	{ LDAP_UNBIND, 1, 0 },
	{ LDAP_DELETE, 1, 0 },
	{ LDAP_ABANDON, 1, 0 },
	{ LDAP_BIND, 1, 0 },
	{ LDAP_SEARCH, 1, 0 },
	{ LDAP_MODIFY, 1, 0 },
	{ LDAP_ADD, 1, 0 },
	{ LDAP_RENAME, 1, 0 },
	{ LDAP_COMPARE, 1, 0 },
	{ LDAP_EXTENDED, 1, 0 },
	{ LDAP_SEARCH_ENTRY, 0, 0 },
	{ LDAP_SEARCH_REFERENCE, 0, 0 },
	{ LDAP_INTERMEDIATE, 0, 0 },
	{ LDAP_BIND_DONE, 0, 1 },
	{ LDAP_SEARCH_DONE, 0, 1 },
	{ LDAP_MODIFY_DONE, 0, 1 },
	{ LDAP_ADD_DONE, 0, 1 },
	{ LDAP_DELETE_DONE, 0, 1 },
	{ LDAP_RENAME_DONE, 0, 1 },
	{ LDAP_COMPARE_DONE, 0, 1 },
	{ LDAP_EXTENDED_DONE, 0, 1 },
};

#define OPS (sizeof(ops) / sizeof(ops[0]))

static size_t
find_op(uint32_t op)
{
	size_t n;

	for (n = 0; n < OPS && ops[n].op != op; n++)
		;
	return n;
}

int
ldap_is_request(uint32_t op)
{
	size_t n = find_op(op);

	return n < OPS && ops[n].request;
}

int
ldap_is_final(uint32_t op)
{
	size_t n = find_op(op);

	return n < OPS && ops[n].final;
}

static uint8_t
lower(uint8_t c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Takes the word from the front if it stands there; it is written in lower case. */
static int
take_word(struct pn_reader *r, const char *word)
{
	struct pn_reader ahead = *r;

	for (; *word; word++)
		if (lower(pn_u8(&ahead)) != lower((uint8_t)*word))
			return 0;
	*r = ahead;
	return 1;
}

int
ldap_is(struct ldap_text text, const char *word)
{
	struct pn_reader r = pn_reader(text.at, text.len);

	return take_word(&r, word) && !pn_left(&r);
}

static int
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Takes digits from the front. */
static int
take_number(struct pn_reader *r, uint32_t max, uint32_t *ret_number)
{
	uint64_t number = 0;

	if (!is_digit(pn_peek(r)))
		return -EINVAL;
	while (is_digit(pn_peek(r))) {
		number = number * 10 + pn_u8(r) - '0';
		if (number > max)
			return -ERANGE;
	}
	*ret_number = (uint32_t)number;
	return 0;
}

int
ldap_number(struct ldap_text text, uint32_t max, uint32_t *ret_number)
{
	struct pn_reader r = pn_reader(text.at, text.len);
	uint32_t number;
	int error = take_number(&r, max, &number);

	if (error < 0)
		return error;
	if (pn_left(&r))
		return -EINVAL;
	*ret_number = number;
	return 0;
}

static struct ldap_text
take_text(struct ber *b, uint32_t tag)
{
	struct ldap_text text;

	text.at = ber_bytes(b, tag, &text.len);
	return text;
}

/* A cursor with nothing in it. */
static struct ber
empty(void)
{
	return ber(NULL, 0);
}

/* RFC 1798 §3; what it has before the operation, or around it. */
static struct ber *
skip_to_operation(struct ber *inside, struct ber *answers)
{
	if (ber_peek(inside) == BER_OCTETS)
		ber_skip(inside);
	if (ber_peek(inside) != BER_SEQUENCE)
		return inside;
	*answers = ber_enter(inside, BER_SEQUENCE);
	while (ber_peek(answers) == LDAP_SEARCH_ENTRY)
		ber_skip(answers);
	return answers;
}

/* What stands inside of the sequence of a message. */
static int
read_message(struct ber *inside, int cut, int datagram, struct ldap_message *ret_message)
{
	struct ldap_message message = { .body = empty() };
	struct ber answers;

	message.id = ber_uint(inside, BER_INTEGER);
	if (datagram)
		inside = skip_to_operation(inside, &answers);
	message.op = ber_peek(inside);
	if (!ber_ok(inside) || message.id > ID_MAX || find_op(message.op) == OPS)
		return -EINVAL;
	if (message.op & BER_CONSTRUCTED)
		message.body =
			cut ? ber_enter_cut(inside, message.op) : ber_enter(inside, message.op);
	else if (!cut)
		message.bytes = take_text(inside, message.op);
	if (!cut && !ber_ok(inside))
		return -EINVAL;
	*ret_message = message;
	return 0;
}

int
ldap_parse(const uint8_t *bytes, size_t len, struct ldap_message *ret_message)
{
	struct ber all = ber(bytes, len);
	struct ber inside = ber_enter(&all, BER_SEQUENCE);

	return read_message(&inside, 0, 0, ret_message);
}

int
ldap_parse_cut(const uint8_t *bytes, size_t len, struct ldap_message *ret_message)
{
	struct ber all = ber(bytes, len);
	struct ber inside = ber_enter_cut(&all, BER_SEQUENCE);

	return read_message(&inside, 1, 0, ret_message);
}

int
ldap_parse_datagram(struct ber *row, struct ldap_message *ret_message)
{
	struct ber inside = ber_enter(row, BER_SEQUENCE);

	return read_message(&inside, 0, 1, ret_message);
}

int
ldap_parse_bind(struct ber body, struct ldap_bind *ret_bind)
{
	struct ldap_bind bind = { 0 };
	struct ber sasl;

	bind.version = ber_uint(&body, BER_INTEGER);
	bind.name = take_text(&body, BER_OCTETS);
	if (ber_peek(&body) == TAG_SASL) {
		sasl = ber_enter(&body, TAG_SASL);
		bind.mechanism = take_text(&sasl, BER_OCTETS);
		if (!ber_ok(&sasl))
			return -EINVAL;
	}
	if (!ber_ok(&body))
		return -EINVAL;
	*ret_bind = bind;
	return 0;
}

int
ldap_parse_result(struct ber body, struct ldap_result *ret_result)
{
	struct ldap_result result = { .referral = empty() };

	result.code = ber_uint(&body, BER_ENUMERATED);
	(void)take_text(&body, BER_OCTETS); /* matchedDN */
	result.text = take_text(&body, BER_OCTETS);
	if (ber_peek(&body) == TAG_REFERRAL)
		result.referral = ber_enter(&body, TAG_REFERRAL);
	if (!ber_ok(&body))
		return -EINVAL;
	result.rest = body;
	*ret_result = result;
	return 0;
}

int
ldap_parse_search(struct ber body, struct ldap_search *ret_search)
{
	struct ldap_search search = { 0 };
	int n;

	search.base = take_text(&body, BER_OCTETS);
	for (n = 0; n < 5; n++) /* scope, derefAliases, sizeLimit, timeLimit, typesOnly */
		ber_skip(&body);
	if (!ber_ok(&body) || !ber_left(&body))
		return -EINVAL;
	search.filter = body;
	*ret_search = search;
	return 0;
}

int
ldap_parse_extended(struct ber body, struct ldap_extended *ret_extended)
{
	struct ldap_extended extended = { 0 };

	extended.name = take_text(&body, TAG_REQUEST_NAME);
	if (ber_peek(&body) == TAG_REQUEST_VALUE)
		extended.value = take_text(&body, TAG_REQUEST_VALUE);
	if (!ber_ok(&body))
		return -EINVAL;
	*ret_extended = extended;
	return 0;
}

/* AttributeValueAssertion (§4.1.6) */
static int
is_assertion_of(struct ber *row, const char *attribute, struct ldap_text *ret_value)
{
	struct ber inside = ber_enter(row, TAG_EQUAL);
	struct ldap_text name = take_text(&inside, BER_OCTETS);
	struct ldap_text value = take_text(&inside, BER_OCTETS);

	if (!ber_ok(&inside) || !ldap_is(name, attribute))
		return 0;
	*ret_value = value;
	return 1;
}

int
ldap_filter_value(struct ber filter, const char *attribute, struct ldap_text *ret_value)
{
	struct ber row[FILTER_DEPTH];
	unsigned depth = 0, first = 1;

	row[0] = filter; /* what stands behind the filter is not looked at */
	for (;;) {
		uint32_t tag = ber_peek(&row[depth]);

		if (!tag || (!depth && !first)) {
			if (!depth--)
				return -ENOENT;
		} else if (tag == TAG_EQUAL) {
			if (is_assertion_of(&row[depth], attribute, ret_value))
				return 0;
		} else if (tag == TAG_AND && depth < FILTER_DEPTH - 1) {
			row[depth + 1] = ber_enter(&row[depth], tag);
			depth++;
		} else {
			ber_skip(&row[depth]);
		}
		first = 0;
	}
}

int
ldap_next_uri(struct ber *row, struct ldap_text *ret_uri)
{
	struct ldap_text uri = { 0 };

	if (ber_left(row))
		uri = take_text(row, BER_OCTETS);
	if (!uri.len)
		return 0;
	*ret_uri = uri;
	return 1;
}

/* The next line without its end, taken from the text. */
static struct ldap_text
take_line(struct ldap_text *text)
{
	struct ldap_text line = *text;
	const uint8_t *lf = line.len ? memchr(line.at, '\n', line.len) : NULL;

	if (lf)
		line.len = (size_t)(lf - line.at);
	text->at += lf ? line.len + 1 : line.len;
	text->len -= lf ? line.len + 1 : line.len;
	return line;
}

int
ldap_next_uri_line(struct ldap_text *text, struct ldap_text *ret_uri)
{
	while (text->len) {
		struct ldap_text line = take_line(text);
		struct pn_reader r = pn_reader(line.at, line.len);

		if (take_word(&r, "ldap://") || take_word(&r, "ldaps://")) {
			*ret_uri = line;
			return 1;
		}
	}
	return 0;
}

/* Takes the host; in brackets it is an address of IPv6 (RFC 3986 §3.2.2). */
static int
take_host(struct pn_reader *r, struct pn_addr *ret_addr)
{
	struct pn_addr addr = { .family = PN_ADDR_IPV4 };
	char text[INET6_ADDRSTRLEN] = { 0 };
	int bracket = pn_peek(r) == '[';
	size_t n = 0;
	uint8_t c;

	pn_skip(r, (size_t)bracket);
	while ((c = pn_peek(r)) && !strchr(bracket ? "]" : ":/?", c)) {
		if (c <= ' ')
			return -EINVAL;
		if (n < sizeof(text))
			text[n] = (char)c;
		n++;
		pn_skip(r, 1);
	}
	if (bracket && pn_u8(r) != ']')
		return -EINVAL;
	if (bracket)
		addr.family = PN_ADDR_IPV6;
	if (n >= sizeof(text) || inet_pton(bracket ? AF_INET6 : AF_INET, text, addr.bytes) != 1)
		addr = (struct pn_addr){ .family = PN_ADDR_NONE };
	*ret_addr = addr;
	return bracket && addr.family == PN_ADDR_NONE ? -EINVAL : 0;
}

int
ldap_parse_uri(struct ldap_text text, struct ldap_uri *ret_uri)
{
	struct pn_reader r = pn_reader(text.at, text.len);
	struct ldap_uri uri = { .port = LDAP_PORT };
	uint32_t port = 0;

	if (take_word(&r, "ldaps://")) {
		uri.tls = 1;
		uri.port = LDAPS_PORT;
	} else if (!take_word(&r, "ldap://")) {
		return -EINVAL;
	}
	if (take_host(&r, &uri.addr) < 0)
		return -EINVAL;
	if (pn_peek(&r) == ':') {
		pn_skip(&r, 1);
		if (take_number(&r, UINT16_MAX, &port) < 0 || !port)
			return -EINVAL;
		uri.port = (uint16_t)port;
	}
	if (pn_left(&r) && pn_peek(&r) != '/' && pn_peek(&r) != '?')
		return -EINVAL;
	*ret_uri = uri;
	return 0;
}

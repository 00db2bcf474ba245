// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading a question about a packet, and making that packet.
 *
 * The packet is the smallest that is valid: headers, and in an ICMP error the head of a datagram
 * that its receiver may have sent. What has no other value in the question has that of an ordinary
 * first packet. Limits: QUESTION_PACKET_MAX. Relies on: nothing; it is a pure function.
 */
#include "question.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

#include "command.h"
#include "packet/checksum.h"
#include "packet/extension.h"
#include "policy/config.h"

/* RFC 6335 §6: the first port that nobody is assigned. */
#define SOURCE_PORT 49152

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	TCP_HEADER = 20,
	UDP_HEADER = 8,
	ICMP_HEADER = 8,
	GRE_HEADER = 4,
	OTHER_BYTES = 8, /* of a protocol that is known by its number only */
};

static const char flag_letters[] = "FSRPAU"; /* in the order of their bits */

/* Bytes that are being put together. */
struct making {
	uint8_t *at;
	size_t len;
};

/* "8080", from 1 on; or nothing at all. */
static bool
parse_port(const char *text, uint16_t *ret_port)
{
	uint64_t port;

	if (config_parse_uint(text, 1, UINT16_MAX, &port) < 0)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

/* An address in brackets, or one of IPv4, may have a port behind a colon. */
static bool
split_endpoint(const char *text, char **ret_addr, const char **ret_port)
{
	const char *end = strchr(text, ']');
	const char *colon = strchr(text, ':');

	*ret_port = NULL;
	if (*text == '[') {
		if (!end || (end[1] && end[1] != ':'))
			return false;
		*ret_addr = g_strndup(text + 1, (size_t)(end - text - 1));
		*ret_port = end[1] ? end + 2 : NULL;
		return true;
	}
	if (colon && !strchr(colon + 1, ':')) {
		*ret_addr = g_strndup(text, (size_t)(colon - text));
		*ret_port = colon + 1;
		return true;
	}
	*ret_addr = g_strdup(text);
	return true;
}

/* *ret_port stays as it is where none is given. */
static int
parse_endpoint(const char *option, const char *text, struct pn_addr *ret_addr, uint16_t *ret_port)
{
	g_autofree char *addr = NULL;
	const char *port;
	bool good;

	if (!text) {
		complain("%s: must be given; see 'postern explain --help'", option);
		return -EINVAL;
	}
	good = split_endpoint(text, &addr, &port) && addr_parse(addr, ret_addr, NULL) >= 0 &&
	       (*text != '[' || ret_addr->family == PN_ADDR_IPV6) &&
	       (!port || parse_port(port, ret_port));
	if (good)
		return 0;
	complain("%s %s: not an address like 192.0.2.1 or 2001:db8::1, nor one with a port from 1 "
		 "to 65535 like 192.0.2.1:80 or [2001:db8::1]:80",
		option, text);
	return -EINVAL;
}

/* The number of a protocol, or -EINVAL. */
static int
find_proto(const char *text, uint8_t family)
{
	uint64_t number;

	if (config_parse_uint(text, 0, UINT8_MAX, &number) >= 0)
		return (int)number;
	if (!g_ascii_strcasecmp(text, "icmp"))
		return family == PN_ADDR_IPV4 ? PROTO_ICMP : PROTO_ICMPV6;
	if (!g_ascii_strcasecmp(text, "icmpv6"))
		return PROTO_ICMPV6;
	for (unsigned n = 0; n <= UINT8_MAX; n++) {
		const char *name = proto_name((uint8_t)n);

		if (name && !g_ascii_strcasecmp(text, name))
			return (int)n;
	}
	return -EINVAL;
}

static int
parse_proto(const char *text, struct tuple *tuple)
{
	int proto = text ? find_proto(text, tuple->family) : -EINVAL;
	const char *complaint = NULL;

	if (!text)
		complaint = "must be given; see 'postern explain --help'";
	else if (proto < 0)
		complaint = "not a protocol: a name like tcp, udp, icmp, gre, esp, or a number "
			    "from 0 to 255";
	else if (proto == (tuple->family == PN_ADDR_IPV4 ? PROTO_ICMPV6 : PROTO_ICMP))
		complaint = "not a protocol of addresses of that family";
	else if (tuple->family == PN_ADDR_IPV6 && extension_is((uint8_t)proto))
		complaint = "an extension header of IPv6, and no protocol";
	if (complaint) {
		complain(text ? "--proto %s: %s" : "--proto%s: %s", text ? text : "", complaint);
		return -EINVAL;
	}
	tuple->proto = (uint8_t)proto;
	return 0;
}

static int
check_ports(const struct question_words *words, const struct question *q, bool given)
{
	if (!question_has_ports(q) && given) {
		complain("--proto %s: has no ports; leave them out of --from and --to",
			words->proto);
		return -EINVAL;
	}
	if (question_has_ports(q) && !q->tuple.dst_port) {
		complain("--to %s: needs a port, like --to %s%s%s:80", words->to,
			q->tuple.family == PN_ADDR_IPV6 ? "[" : "", words->to,
			q->tuple.family == PN_ADDR_IPV6 ? "]" : "");
		return -EINVAL;
	}
	return 0;
}

static int
parse_tuple(const struct question_words *words, struct question *q)
{
	struct tuple *tuple = &q->tuple;
	bool given;
	int r;

	r = parse_endpoint("--from", words->from, &tuple->src, &tuple->src_port);
	if (r >= 0)
		r = parse_endpoint("--to", words->to, &tuple->dst, &tuple->dst_port);
	if (r < 0)
		return r;
	if (tuple->src.family != tuple->dst.family) {
		complain("--from %s and --to %s: one is IPv4 and the other IPv6", words->from,
			words->to);
		return -EINVAL;
	}
	tuple->family = tuple->src.family;
	given = tuple->src_port || tuple->dst_port;
	r = parse_proto(words->proto, tuple);
	if (r >= 0)
		r = check_ports(words, q, given);
	if (r >= 0 && question_has_ports(q) && !tuple->src_port)
		tuple->src_port = SOURCE_PORT;
	return r;
}

static int
parse_flags(const struct question_words *words, struct question *q)
{
	const char *at = words->flags;

	q->tcp_flags = TCP_SYN;
	if (!at)
		return 0;
	if (q->tuple.proto != PROTO_TCP) {
		complain("--flags %s: only TCP has them", at);
		return -EINVAL;
	}
	q->tcp_flags = 0;
	if (!strcmp(at, "none"))
		return 0;
	for (; *at; at++) {
		const char *letter = strchr(flag_letters, g_ascii_toupper(*at));

		if (!letter)
			break;
		q->tcp_flags |= (uint8_t)(1u << (letter - flag_letters));
	}
	if (!*at && *words->flags)
		return 0;
	complain("--flags %s: not flags of TCP; allowed: letters of FSRPAU, like SA, or none",
		words->flags);
	return -EINVAL;
}

/* "TYPE" or "TYPE:CODE" */
static int
parse_icmp(const struct question_words *words, struct question *q)
{
	g_auto(GStrv) parts = NULL;
	uint64_t type, code = 0;

	if (!question_is_icmp(q) && words->icmp) {
		complain("--icmp-type %s: only ICMP has it", words->icmp);
		return -EINVAL;
	}
	q->icmp_type = q->tuple.proto == PROTO_ICMP ? ICMP_ECHO : ICMPV6_ECHO;
	if (!words->icmp)
		return 0;
	parts = g_strsplit(words->icmp, ":", 3);
	if (!parts[0] || config_parse_uint(parts[0], 0, UINT8_MAX, &type) < 0 ||
		(parts[1] && config_parse_uint(parts[1], 0, UINT8_MAX, &code) < 0) ||
		(parts[1] && parts[2])) {
		complain("--icmp-type %s: not a type and perhaps a code from 0 to 255, like 8 or "
			 "3:1",
			words->icmp);
		return -EINVAL;
	}
	q->icmp_type = (uint8_t)type;
	q->icmp_code = (uint8_t)code;
	return 0;
}

static int
parse_way(const struct question_words *words, struct question *q)
{
	q->way = WAY_UNKNOWN;
	if (!words->way)
		return 0;
	if (!strcmp(words->way, "sent"))
		q->way = WAY_SENT;
	else if (!strcmp(words->way, "received"))
		q->way = WAY_RECEIVED;
	if (q->way != WAY_UNKNOWN)
		return 0;
	complain("--way %s: allowed: sent, received", words->way);
	return -EINVAL;
}

int
question_parse(const struct question_words *words, struct question *ret_question)
{
	struct question q = { 0 };
	int r = parse_tuple(words, &q);

	if (r >= 0)
		r = parse_flags(words, &q);
	if (r >= 0)
		r = parse_icmp(words, &q);
	if (r >= 0)
		r = parse_way(words, &q);
	if (r >= 0)
		*ret_question = q;
	return r;
}

bool
question_is_icmp(const struct question *q)
{
	return q->tuple.proto == PROTO_ICMP || q->tuple.proto == PROTO_ICMPV6;
}

bool
question_has_ports(const struct question *q)
{
	return q->tuple.proto == PROTO_TCP || q->tuple.proto == PROTO_UDP;
}

static void
put(struct making *m, const uint8_t *bytes, size_t len)
{
	memcpy(m->at + m->len, bytes, len);
	m->len += len;
}

static void
put_zeros(struct making *m, size_t len)
{
	memset(m->at + m->len, 0, len);
	m->len += len;
}

static void
put_u8(struct making *m, unsigned value)
{
	m->at[m->len++] = (uint8_t)value;
}

static void
put_u16(struct making *m, unsigned value)
{
	put_u8(m, value >> 8);
	put_u8(m, value);
}

/* Stores the complement of a sum where it belongs; sums are of bytes as they stand in memory. */
static void
store_checksum(uint8_t *at, uint64_t sum, const uint8_t *bytes, size_t len)
{
	uint16_t value = (uint16_t)~checksum_fold(checksum_add(sum, bytes, len));

	memcpy(at, &value, sizeof(value));
}

/* Of the pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1), whose parts may come in any order. */
static uint64_t
pseudo_sum(const struct tuple *tuple, size_t len)
{
	size_t bytes = tuple->family == PN_ADDR_IPV4 ? 4 : 16;
	const uint8_t rest[] = { (uint8_t)(len >> 8), (uint8_t)len, 0, tuple->proto };
	uint64_t sum = checksum_add(0, tuple->src.bytes, bytes);

	return checksum_add(checksum_add(sum, tuple->dst.bytes, bytes), rest, sizeof(rest));
}

static void
put_ip(struct making *m, const struct tuple *tuple, size_t payload, unsigned ttl)
{
	uint8_t *header = m->at + m->len;

	if (tuple->family == PN_ADDR_IPV6) {
		put_u16(m, 6u << 12);
		put_zeros(m, 2);
		put_u16(m, (unsigned)payload);
		put_u8(m, tuple->proto);
		put_u8(m, ttl);
		put(m, tuple->src.bytes, 16);
		put(m, tuple->dst.bytes, 16);
		return;
	}
	put_u8(m, 0x45);
	put_u8(m, 0);
	put_u16(m, (unsigned)(IPV4_HEADER + payload));
	put_zeros(m, 4);
	put_u8(m, ttl);
	put_u8(m, tuple->proto);
	put_zeros(m, 2);
	put(m, tuple->src.bytes, 4);
	put(m, tuple->dst.bytes, 4);
	store_checksum(header + 10, 0, header, IPV4_HEADER);
}

static void
put_tcp(struct making *m, const struct question *q)
{
	uint8_t *header = m->at + m->len;

	put_u16(m, q->tuple.src_port);
	put_u16(m, q->tuple.dst_port);
	put_u16(m, 0);
	put_u16(m, 1);
	put_u16(m, 0);
	put_u16(m, q->tcp_flags & TCP_ACK ? 1 : 0);
	put_u8(m, TCP_HEADER / 4 << 4);
	put_u8(m, q->tcp_flags);
	put_u16(m, UINT16_MAX);
	put_zeros(m, 4);
	store_checksum(header + 16, pseudo_sum(&q->tuple, TCP_HEADER), header, TCP_HEADER);
}

static void
put_udp(struct making *m, const struct tuple *tuple)
{
	uint8_t *header = m->at + m->len;

	put_u16(m, tuple->src_port);
	put_u16(m, tuple->dst_port);
	put_u16(m, UDP_HEADER);
	put_zeros(m, 2);
	store_checksum(header + 6, pseudo_sum(tuple, UDP_HEADER), header, UDP_HEADER);
}

/* Errors carry what their receiver has sent (RFC 792, RFC 4443 §2.4 c). */
static void
put_icmp(struct making *m, const struct question *q)
{
	struct tuple inner = tuple_reverse(&q->tuple);
	uint8_t *header = m->at + m->len;
	bool v6 = q->tuple.family == PN_ADDR_IPV6;
	size_t len;

	put_u8(m, q->icmp_type);
	put_u8(m, q->icmp_code);
	put_zeros(m, 2);
	put_u16(m, 1);
	put_u16(m, 1);
	inner.proto = PROTO_UDP;
	inner.src_port = SOURCE_PORT;
	inner.dst_port = SOURCE_PORT;
	put_ip(m, &inner, UDP_HEADER, 64);
	put_udp(m, &inner);
	len = (size_t)(m->at + m->len - header);
	store_checksum(header + 2, v6 ? pseudo_sum(&q->tuple, len) : 0, header, len);
}

static size_t
payload_length(const struct question *q)
{
	size_t ip = q->tuple.family == PN_ADDR_IPV6 ? IPV6_HEADER : IPV4_HEADER;

	switch (q->tuple.proto) {
	case PROTO_TCP:
		return TCP_HEADER;
	case PROTO_UDP:
		return UDP_HEADER;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return ICMP_HEADER + ip + UDP_HEADER;
	case PROTO_GRE:
		return GRE_HEADER;
	default:
		return OTHER_BYTES;
	}
}

/* What is sent on the link only says so: RFC 4861 §7.1.1, RFC 3810 §5. */
static unsigned
hop_limit(const struct question *q)
{
	if (q->tuple.proto != PROTO_ICMPV6)
		return 64;
	if (q->icmp_type >= 133 && q->icmp_type <= 137)
		return 255;
	return (q->icmp_type >= 130 && q->icmp_type <= 132) || q->icmp_type == 143 ? 1 : 64;
}

size_t
question_packet(const struct question *q, uint8_t bytes[static QUESTION_PACKET_MAX])
{
	struct making m = { .at = bytes };
	size_t payload = payload_length(q);

	put_ip(&m, &q->tuple, payload, hop_limit(q));
	switch (q->tuple.proto) {
	case PROTO_TCP:
		put_tcp(&m, q);
		break;
	case PROTO_UDP:
		put_udp(&m, &q->tuple);
		break;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		put_icmp(&m, q);
		break;
	default:
		put_zeros(&m, payload);
	}
	return m.len;
}

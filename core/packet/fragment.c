// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One fragment: read from a packet, and its header made that of the whole.
 *
 * Nothing is kept and nothing allocated. Relies on decode() for where the headers end; everything
 * else is checked again here, so that a packet that decode() has not seen does no harm.
 */
#include "packet/fragment.h"

#include <errno.h>
#include <string.h>

#include <postern/reader.h>

#include "packet/checksum.h"
#include "packet/extension.h"

#define LENGTH_MAX       65535u
#define IPV4_HEADER      20u
#define IPV6_HEADER      40u
#define FRAGMENT_HEADER  8u
#define TCP_HEADER       20u
#define TRANSPORT_HEADER 8u /* the ports of UDP, the head of an ICMP message, … */
#define EXT_FRAGMENT     44
#define EXT_AH           51
#define NO_NEXT_HEADER   59

/* The two families, each with the fields that are its own. */
static int
read_ipv4(const struct packet *p, uint32_t headers, struct fragment *f)
{
	if (headers < IPV4_HEADER || headers != (f->header[0] & 15) * 4u)
		return -EINVAL;
	f->header_len = headers;
	f->whole_max = LENGTH_MAX;
	f->proto = p->proto;
	f->ident.w[0] = (uint64_t)p->proto << 32;
	memcpy(&f->ident.w[1], f->header + 12, 8);
	return 0;
}

static int
read_ipv6(uint32_t headers, struct fragment *f)
{
	if (headers < IPV6_HEADER + FRAGMENT_HEADER)
		return -EINVAL;
	f->header_len = headers - FRAGMENT_HEADER;
	f->whole_max = FRAGMENT_WHOLE_MAX;
	f->proto = f->header[f->header_len];
	memcpy(&f->ident.w[1], f->header + 8, 32);
	return 0;
}

/*
 * True if the first fragment holds all headers up to the transport's, so that nothing that decides
 * comes later (RFC 1858 §3, RFC 7112 §5).
 */
static bool
has_headers(const struct fragment *f, uint8_t family)
{
	struct walk walk = {
		.ip = f->bytes,
		.have = f->len,
		.length = f->len,
		.next = f->proto,
	};

	if (family == 6 && extension_walk(&walk) != REASON_NONE)
		return false;
	if (walk.next == NO_NEXT_HEADER)
		return true;
	return f->len - walk.offset >= (walk.next == PROTO_TCP ? TCP_HEADER : TRANSPORT_HEADER);
}

static bool
is_possible(const struct fragment *f, uint8_t family)
{
	if (!f->len || f->len > LENGTH_MAX || f->offset > LENGTH_MAX || (f->more && f->len % 8))
		return false;
	if (!f->offset)
		return f->more && has_headers(f, family);
	/* RFC 1858 §3.2.2: it would lie over the TCP header. */
	return f->proto != PROTO_TCP || f->offset >= TCP_HEADER;
}

int
fragment_read(const struct packet *p, struct fragment *ret_fragment)
{
	struct pn_reader r = pn_reader(p->data, p->caplen), ip;
	struct fragment f = { .offset = p->fragment.offset, .more = p->fragment.more };
	uint32_t headers = (uint32_t)p->l4 - p->l3;
	uint8_t family;
	size_t len;
	int ret;

	pn_skip(&r, p->l3);
	ip = pn_sub(&r, p->length);
	family = pn_peek(&ip) >> 4;
	f.header = pn_take(&ip, headers);
	f.bytes = pn_rest(&ip, &len);
	if (!pn_ok(&ip) || !headers || (family != 4 && family != 6))
		return -EINVAL;
	f.len = (uint32_t)len;
	ret = family == 4 ? read_ipv4(p, headers, &f) : read_ipv6(headers, &f);
	if (ret < 0 || !is_possible(&f, family))
		return -EINVAL;
	f.ident.w[0] |= p->fragment.id | (uint64_t)family << 40 | (uint64_t)p->zone << 48;
	*ret_fragment = f;
	return 0;
}

static void
put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The header of the whole: its length, not a fragment, and a checksum that goes with it. */
static void
mend_ipv4(uint8_t *header, uint32_t header_len, uint32_t len)
{
	uint16_t sum;

	put16(header + 2, header_len + len);
	put16(header + 6, 0);
	put16(header + 10, 0);
	sum = (uint16_t)~checksum_fold(checksum_add(0, header, header_len));
	memcpy(header + 10, &sum, sizeof(sum));
}

/* Length of an extension header that decode() has found good (RFC 8200 §4, RFC 4302 §2.2). */
static uint32_t
extension_len(uint8_t type, uint8_t units)
{
	if (type == EXT_FRAGMENT)
		return FRAGMENT_HEADER;
	return type == EXT_AH ? (units + 2u) * 4 : (units + 1u) * 8;
}

/* The same for IPv6, whose fragment header is left out: what led to it leads to what followed. */
static void
mend_ipv6(uint8_t *header, uint32_t header_len, uint32_t len, uint8_t next)
{
	uint32_t field = 6, at = IPV6_HEADER;
	uint8_t type;

	put16(header + 4, header_len - IPV6_HEADER + len);
	while (at + 1 < header_len) {
		type = header[field];
		field = at;
		at += extension_len(type, header[at + 1]);
	}
	header[field] = next;
}

void
fragment_mend_header(uint8_t *header, uint32_t header_len, uint32_t len, uint8_t proto)
{
	if (header[0] >> 4 == 4)
		mend_ipv4(header, header_len, len);
	else
		mend_ipv6(header, header_len, len, proto);
}

// SPDX-License-Identifier: MIT
/*
 * Packets from descriptions, for tests.
 *
 * Written plainly and on its own: its checksums are not those of core, so that each checks the
 * other. A description that makes no sense ends the test. Frames of kit_packet() are allocated to
 * their exact size, so that a sanitizer sees a read beyond the end.
 */
#include "kit/packets.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"

#define FRAMES_KEPT 64
#define NSEC        1000000000u

/* As ck_assert_msg(), but usable outside a test as long as it holds. */
#define NEED(condition, ...)                                                                       \
	do {                                                                                       \
		if (!(condition))                                                                  \
			ck_abort_msg(__VA_ARGS__);                                                 \
	} while (0)

/* An address and a port as a description gives them. */
struct end {
	struct pn_addr addr;
	uint16_t port;
};

struct kit_capture {
	FILE *file;
	uint16_t link;
};

static uint8_t *
put16(uint8_t *to, unsigned value)
{
	*to++ = (uint8_t)(value >> 8);
	*to++ = (uint8_t)value;
	return to;
}

static uint8_t *
put32(uint8_t *to, uint32_t value)
{
	return put16(put16(to, value >> 16), value & 0xffff);
}

static uint8_t *
put_bytes(uint8_t *to, const void *bytes, size_t len)
{
	if (len)
		memcpy(to, bytes, len);
	return to + len;
}

/* RFC 1071 as it is told there, one 16-bit word after another. */
static uint32_t
add(uint32_t sum, const uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	if (len % 2)
		sum += (uint32_t)bytes[len - 1] << 8;
	return (sum & 0xffff) + (sum >> 16);
}

static uint16_t
finish(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t
addr_size(const struct pn_addr *addr)
{
	return addr->family == PN_ADDR_IPV4 ? 4 : 16;
}

void
kit_endpoint(const char *text, struct pn_addr *ret_addr, uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':'), *bracket = strchr(text, ']');
	char addr[ADDR_TEXT_MAX] = "", *end;
	unsigned long port = 0;
	int len = (int)strlen(text);

	if (bracket) {
		NEED(text[0] == '[' && (!bracket[1] || bracket[1] == ':'), "%s", text);
		snprintf(addr, sizeof(addr), "%.*s", (int)(bracket - text) - 1, text + 1);
		colon = bracket[1] ? bracket + 1 : NULL;
	} else {
		if (colon && strchr(text, ':') != colon)
			colon = NULL;
		snprintf(addr, sizeof(addr), "%.*s", colon ? (int)(colon - text) : len, text);
	}
	if (colon) {
		port = strtoul(colon + 1, &end, 10);
		NEED(colon[1] && !*end && port <= 65535, "not a port: %s", text);
	}
	memset(ret_addr, 0, sizeof(*ret_addr));
	if (inet_pton(AF_INET, addr, ret_addr->bytes) == 1)
		ret_addr->family = PN_ADDR_IPV4;
	else if (inet_pton(AF_INET6, addr, ret_addr->bytes) == 1)
		ret_addr->family = PN_ADDR_IPV6;
	else
		ck_abort_msg("not an address: %s", text);
	*ret_port = (uint16_t)port;
}

static uint8_t
proto_of(const struct kit_packet *k)
{
	return k->proto ? k->proto : PROTO_TCP;
}

static bool
is_fragment(const struct kit_packet *k)
{
	return k->fragment_offset || k->more_fragments;
}

static uint8_t *
put_tcp_options(const struct kit_packet *k, uint8_t *to)
{
	const uint8_t *start = to;

	if (k->mss) {
		*to++ = 2;
		*to++ = 4;
		to = put16(to, k->mss);
	}
	if (k->sack_ok) {
		*to++ = 4;
		*to++ = 2;
	}
	if (k->wscale > 0) {
		*to++ = 3;
		*to++ = 3;
		*to++ = (uint8_t)(k->wscale - 1);
	}
	while ((to - start) % 4)
		*to++ = 1; /* no operation */
	return to;
}

static uint8_t *
put_tcp(const struct kit_packet *k, const struct end *from, const struct end *to_end, uint8_t *to)
{
	uint32_t window = k->window ? k->window : 65535;
	uint8_t *start = to;

	to = put16(put16(to, from->port), to_end->port);
	to = put32(put32(to, k->seq), k->ack);
	to += 1; /* data offset */
	*to++ = k->flags;
	to = put16(to, window & 0xffff);
	to = put16(put16(to, 0), 0);
	to = put_tcp_options(k, to);
	start[12] = (uint8_t)((to - start) / 4 << 4);
	return to;
}

static uint8_t *
put_udp(const struct kit_packet *k, const struct end *from, const struct end *to_end, uint8_t *to)
{
	to = put16(put16(to, from->port), to_end->port);
	return put16(put16(to, (unsigned)(8 + k->len)), 0);
}

static uint8_t *
put_icmp(const struct kit_packet *k, uint8_t *to)
{
	*to++ = k->icmp_type;
	*to++ = k->icmp_code;
	to = put16(to, 0);
	return put16(put16(to, k->icmp_id), k->seq & 0xffff);
}

/* Version 1, RFC 2637 §4.1: key always, sequence number with a payload, ack if there is one. */
static uint8_t *
put_gre(const struct kit_packet *k, uint8_t *to)
{
	to = put16(to, 0x2001u | (k->len ? 0x1000u : 0) | (k->ack ? 0x0080u : 0));
	to = put16(to, 0x880b);
	to = put16(put16(to, (unsigned)k->len), k->icmp_id);
	if (k->len)
		to = put32(to, k->seq);
	if (k->ack)
		to = put32(to, k->ack);
	return to;
}

/* Offset of the checksum in the transport header, or -1. */
static int
checksum_offset(uint8_t proto)
{
	switch (proto) {
	case PROTO_TCP:
		return 16;
	case PROTO_UDP:
		return 6;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return 2;
	}
	return -1;
}

static void
set_checksum(const struct kit_packet *k, const struct end *from, const struct end *to_end,
	uint8_t *segment, size_t len)
{
	uint8_t proto = proto_of(k);
	int offset = checksum_offset(proto);
	uint32_t sum = 0;
	uint16_t value;

	NEED(offset >= 0 || k->bad_checksum != 1, "protocol without a checksum");
	if (offset < 0)
		return;
	if (proto != PROTO_ICMP) {
		sum = add(proto, from->addr.bytes, addr_size(&from->addr));
		sum = add(sum, to_end->addr.bytes, addr_size(&to_end->addr));
		sum += (uint32_t)(len >> 16) + (len & 0xffff);
	}
	value = finish(add(sum, segment, len));
	if (k->bad_checksum == 1)
		value ^= 0x0100;
	if (proto == PROTO_UDP && !value)
		value = 0xffff;
	put16(segment + offset, value);
}

/* Everything behind the IP headers. */
static uint8_t *
put_transport(
	const struct kit_packet *k, const struct end *from, const struct end *to_end, uint8_t *to)
{
	uint8_t *start = to;

	NEED((!from->port && !to_end->port) || proto_of(k) == PROTO_TCP || proto_of(k) == PROTO_UDP,
		"a port for protocol %u", proto_of(k));
	if (is_fragment(k))
		return put_bytes(to, k->payload, k->len);
	if (proto_of(k) == PROTO_TCP)
		to = put_tcp(k, from, to_end, to);
	else if (proto_of(k) == PROTO_UDP)
		to = put_udp(k, from, to_end, to);
	else if (proto_of(k) == PROTO_ICMP || proto_of(k) == PROTO_ICMPV6)
		to = put_icmp(k, to);
	else if (proto_of(k) == PROTO_GRE)
		to = put_gre(k, to);
	to = put_bytes(to, k->payload, k->len);
	set_checksum(k, from, to_end, start, (size_t)(to - start));
	return to;
}

static uint8_t *
put_ipv4(const struct kit_packet *k, const struct end *from, const struct end *to_end, uint8_t *to)
{
	uint8_t *ip = to;
	size_t len;

	*to++ = 0x45;
	*to++ = 0;
	to = put16(put16(to, 0), k->ip_id);
	to = put16(to, (k->more_fragments ? 0x2000u : 0) | k->fragment_offset / 8);
	*to++ = k->ttl ? k->ttl : 64;
	*to++ = proto_of(k);
	to = put16(to, 0);
	to = put_bytes(to, from->addr.bytes, 4);
	to = put_bytes(to, to_end->addr.bytes, 4);
	to = put_transport(k, from, to_end, to);
	len = (size_t)(to - ip);
	NEED(len <= 65535, "too long for IPv4: %zu", len);
	put16(ip + 2, (unsigned)len);
	put16(ip + 10, finish(add(0, ip, 20)) ^ (k->bad_checksum == 2 ? 0x0100u : 0));
	return to;
}

static uint8_t *
put_ipv6(const struct kit_packet *k, const struct end *from, const struct end *to_end, uint8_t *to)
{
	uint8_t *ip = to;
	size_t len;

	NEED(k->bad_checksum != 2, "the IPv6 header has no checksum");
	to = put32(to, 0x60000000);
	to = put16(to, 0);
	*to++ = is_fragment(k) ? 44 : proto_of(k);
	*to++ = k->ttl ? k->ttl : 64;
	to = put_bytes(to, from->addr.bytes, 16);
	to = put_bytes(to, to_end->addr.bytes, 16);
	if (is_fragment(k)) {
		*to++ = proto_of(k);
		*to++ = 0;
		to = put16(to, k->fragment_offset | (k->more_fragments ? 1u : 0));
		to = put32(to, k->ip_id);
	}
	to = put_transport(k, from, to_end, to);
	len = (size_t)(to - ip) - 40;
	NEED(len <= 65535, "too long for IPv6: %zu", len);
	put16(ip + 4, (unsigned)len);
	return to;
}

static uint8_t *
put_link(const struct kit_packet *k, uint8_t family, uint8_t *to)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };

	if (k->raw)
		return to;
	to = put_bytes(to, macs, sizeof(macs));
	if (k->vlan)
		to = put16(put16(to, 0x8100), k->vlan);
	return put16(to, family == PN_ADDR_IPV4 ? 0x0800 : 0x86dd);
}

size_t
kit_build(const struct kit_packet *packet, uint8_t frame[static KIT_FRAME_MAX])
{
	struct end from, to;
	uint8_t *at;

	kit_endpoint(packet->from ? packet->from : "192.168.0.1", &from.addr, &from.port);
	kit_endpoint(packet->to ? packet->to : "198.51.100.1", &to.addr, &to.port);
	NEED(from.addr.family == to.addr.family, "two families: %s, %s", packet->from, packet->to);
	NEED(packet->len <= 65535, "too long: %zu", packet->len);
	NEED(packet->fragment_offset % 8 == 0, "offset %u", packet->fragment_offset);
	NEED(!packet->raw || !packet->vlan, "a VLAN without Ethernet");
	at = put_link(packet, from.addr.family, frame);
	if (from.addr.family == PN_ADDR_IPV4)
		at = put_ipv4(packet, &from, &to, at);
	else
		at = put_ipv6(packet, &from, &to, at);
	return (size_t)(at - frame);
}

size_t
kit_hex(const char *text, uint8_t *bytes, size_t size)
{
	size_t len = 0;
	int skipped = 0;

	for (; *text; text += skipped) {
		skipped = (int)strspn(text, " \n");
		if (skipped)
			continue;
		skipped = 2;
		if (*text == '(') {
			skipped = (int)strcspn(text, ")") + 1;
			continue;
		}
		NEED(len < size, "more than %zu bytes", size);
		NEED(isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1]),
			"not two digits: %s", text);
		sscanf(text, "%2hhx", &bytes[len++]);
	}
	return len;
}

void
kit_source_packet(struct packet *ret, const uint8_t *bytes, size_t len, uint16_t link,
	uint64_t time, uint64_t number)
{
	memset(ret, 0, sizeof(*ret));
	ret->time = time;
	ret->number = number;
	ret->data = bytes;
	ret->caplen = (uint32_t)len;
	ret->wirelen = (uint32_t)len;
	ret->link = link;
}

/* A copy of the frame that lives until FRAMES_KEPT others were made. */
static uint8_t *
keep_frame(const uint8_t *frame, size_t len)
{
	static uint8_t *frames[FRAMES_KEPT];
	static unsigned next;
	uint8_t **slot = &frames[next++ % FRAMES_KEPT];

	free(*slot);
	*slot = malloc(len ? len : 1);
	NEED(*slot != NULL, "out of memory");
	return len ? memcpy(*slot, frame, len) : *slot;
}

void
kit_decode(const uint8_t *bytes, size_t len, size_t wirelen, uint16_t link, bool verify,
	struct packet *ret)
{
	const struct decode_options options = { .verify_checksums = verify };

	memset(ret, 0xee, sizeof(*ret));
	ret->data = keep_frame(bytes, len);
	ret->caplen = (uint32_t)len;
	ret->wirelen = (uint32_t)wirelen;
	ret->link = link;
	decode(ret, &options);
}

void
kit_packet(const struct kit_packet *packet, uint64_t time, uint8_t *frame, struct packet *ret)
{
	static const struct decode_options options = { .verify_checksums = true };
	static uint8_t built[KIT_FRAME_MAX];
	static uint64_t number;
	size_t len = kit_build(packet, frame ? frame : built);

	if (!frame)
		frame = keep_frame(built, len);
	kit_source_packet(ret, frame, len, packet->raw ? LINK_RAW : LINK_ETHERNET, time, ++number);
	decode(ret, &options);
}

static void
put_file(FILE *file, const void *bytes, size_t len)
{
	NEED(fwrite(bytes, 1, len, file) == len, "cannot write the capture: %m");
}

static void
put_file32(FILE *file, uint32_t value)
{
	put_file(file, &value, sizeof(value));
}

struct kit_capture *
kit_capture_new(const char *path, uint16_t link)
{
	static const uint16_t version[2] = { 2, 4 };
	struct kit_capture *capture = malloc(sizeof(*capture));

	NEED(capture != NULL, "out of memory");
	NEED(link == LINK_ETHERNET || link == LINK_RAW, "link type %u", link);
	capture->link = link;
	capture->file = fopen(path, "wb");
	NEED(capture->file != NULL, "%s: %m", path);
	put_file32(capture->file, 0xa1b2c3d4);
	put_file(capture->file, version, sizeof(version));
	put_file32(capture->file, 0);
	put_file32(capture->file, 0);
	put_file32(capture->file, 262144);
	put_file32(capture->file, link);
	return capture;
}

void
kit_capture_add(struct kit_capture *capture, const struct kit_packet *packet, uint64_t time)
{
	static uint8_t frame[KIT_FRAME_MAX];
	struct kit_packet described = *packet;
	size_t len;

	described.raw = capture->link == LINK_RAW;
	len = kit_build(&described, frame);
	put_file32(capture->file, (uint32_t)(time / NSEC));
	put_file32(capture->file, (uint32_t)(time % NSEC / 1000));
	put_file32(capture->file, (uint32_t)len);
	put_file32(capture->file, (uint32_t)len);
	put_file(capture->file, frame, len);
}

void
kit_capture_close(struct kit_capture *capture)
{
	NEED(fclose(capture->file) == 0, "cannot write the capture: %m");
	free(capture);
}

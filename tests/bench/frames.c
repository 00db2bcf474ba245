// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames to measure with, written field by field.
 *
 * Life-cycle: none, nothing is kept. Limits: no options, no fragments, FRAME_MAX bytes. Relies on
 * core's checksum, whose sums are in the order of this machine and copied as they stand.
 */
#include "frames.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/packet.h"

#define ETHERNET 14
#define FILLER   0x55

static void
put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void
put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static void
put_checksum(uint8_t *at, uint64_t sum)
{
	uint16_t folded = (uint16_t)~checksum_fold(sum);

	memcpy(at, &folded, sizeof(folded));
}

static size_t
ip_header(const struct frame_flow *flow)
{
	return flow->ipv6 ? 40 : 20;
}

/* fd00::/8 begins flows, 2001:db8::/32 answers. */
static void
put_ipv6_addr(uint8_t *at, const struct frame_flow *flow, unsigned end)
{
	memset(at, 0, 16);
	put32(at, end ? 0x20010db8 : 0xfd000000);
	put32(at + 12, flow->host[end]);
}

static void
put_ip(struct frame *frame, const struct frame_flow *flow, unsigned from, uint8_t proto, size_t len)
{
	uint8_t *ip = frame->bytes + ETHERNET;

	memset(frame->bytes, 0, ETHERNET);
	put16(frame->bytes + 12, flow->ipv6 ? 0x86dd : 0x0800);
	if (flow->ipv6) {
		put32(ip, 0x60000000);
		put16(ip + 4, (unsigned)len);
		ip[6] = proto;
		ip[7] = 64;
		put_ipv6_addr(ip + 8, flow, from);
		put_ipv6_addr(ip + 24, flow, !from);
		return;
	}
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)(20 + len));
	ip[8] = 64;
	ip[9] = proto;
	put32(ip + 12, flow->host[from]);
	put32(ip + 16, flow->host[!from]);
	put_checksum(ip + 10, checksum_add(0, ip, 20));
}

/* The checksum, `at` bytes into a transport of `len` bytes, and what fills up a short frame. */
static void
finish(struct frame *frame, const struct frame_flow *flow, size_t at, size_t len, uint8_t proto)
{
	const uint8_t *addresses = frame->bytes + ETHERNET + (flow->ipv6 ? 8 : 12);
	uint8_t *transport = frame->bytes + ETHERNET + ip_header(flow);
	uint8_t pseudo[4] = { 0, proto };
	uint64_t sum;

	put16(pseudo + 2, (unsigned)len);
	put16(transport + at, 0);
	sum = checksum_add(0, addresses, flow->ipv6 ? 32 : 8);
	sum = checksum_add(sum, pseudo, sizeof(pseudo));
	sum = checksum_add(sum, transport, len);
	put_checksum(transport + at, sum);
	frame->len = ETHERNET + ip_header(flow) + len;
	if (frame->len < FRAME_MIN) {
		memset(frame->bytes + frame->len, 0, FRAME_MIN - frame->len);
		frame->len = FRAME_MIN;
	}
}

static size_t
put_payload(uint8_t *at, const struct frame *frame, const void *payload, size_t len)
{
	size_t room = (size_t)(frame->bytes + FRAME_MAX - at);

	len = len < room ? len : room;
	if (payload)
		memcpy(at, payload, len);
	else
		memset(at, FILLER, len);
	return len;
}

void
frame_tcp(struct frame *frame, struct frame_flow *flow, unsigned from, uint8_t flags,
	const void *payload, size_t len)
{
	uint8_t *tcp = frame->bytes + ETHERNET + ip_header(flow);

	len = put_payload(tcp + 20, frame, payload, len);
	put_ip(frame, flow, from, PROTO_TCP, 20 + len);
	put16(tcp, flow->port[from]);
	put16(tcp + 2, flow->port[!from]);
	put32(tcp + 4, flow->seq[from]);
	put32(tcp + 8, flags & TCP_ACK ? flow->seq[!from] : 0);
	tcp[12] = 0x50;
	tcp[13] = flags;
	put16(tcp + 14, 65535);
	put16(tcp + 18, 0);
	finish(frame, flow, 16, 20 + len, PROTO_TCP);
	flow->seq[from] += (uint32_t)len + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
}

void
frame_udp(struct frame *frame, const struct frame_flow *flow, unsigned from, const void *payload,
	size_t len)
{
	uint8_t *udp = frame->bytes + ETHERNET + ip_header(flow);

	len = put_payload(udp + 8, frame, payload, len);
	put_ip(frame, flow, from, PROTO_UDP, 8 + len);
	put16(udp, flow->port[from]);
	put16(udp + 2, flow->port[!from]);
	put16(udp + 4, (unsigned)(8 + len));
	finish(frame, flow, 6, 8 + len, PROTO_UDP);
}

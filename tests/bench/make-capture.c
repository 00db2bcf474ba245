// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes captures to measure with: many flows, interleaved at random but always the same way, with
 * valid checksums and real TCP sequence numbers.
 *
 *   make-capture KIND FLOWS PACKETS CONCURRENT FILE
 *
 *   small   PACKETS data packets per flow of 60 bytes, 70 % TCP with handshake and close, 30 % UDP
 *   mix     the same with frames of 60, 590 and 1514 bytes, 7:4:1
 *   single  UDP flows of one packet each, 200 µs apart, so that they also expire
 *   drops   packets from outside that nobody has asked for
 *   tcp6    like small, TCP over IPv6
 *
 * CONCURRENT flows are open at any time. Clients are 10.0.0.0/8 (fd00::/8), servers 198.18.0.0/15
 * (2001:db8::/32).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/checksum.h"

#define ETHERNET 14
#define FRAME_MAX 1514

enum kind { SMALL, MIX, SINGLE, DROPS, TCP6, KINDS };

static const char *const kind_names[KINDS] = { "small", "mix", "single", "drops", "tcp6" };

/* A flow on its way: which packet is next, and where each side's sequence numbers stand. */
struct talk {
	uint32_t number;
	uint32_t step;
	uint32_t seq[2];
};

struct maker {
	FILE *file;
	enum kind kind;
	uint32_t data; /* data packets per flow */
	uint64_t random;
	uint64_t time; /* µs */
	uint64_t step; /* µs between packets */
	uint64_t packets;
	uint8_t frame[FRAME_MAX];
};

static uint32_t
next_random(struct maker *m)
{
	m->random = m->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(m->random >> 33);
}

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

/* Sums of core are in the order of this machine: they are copied as they stand. */
static void
put_checksum(uint8_t *at, uint64_t sum)
{
	uint16_t folded = (uint16_t)~checksum_fold(sum);

	memcpy(at, &folded, sizeof(folded));
}

static bool
is_tcp(const struct maker *m, const struct talk *t)
{
	if (m->kind == SINGLE || m->kind == DROPS)
		return m->kind == DROPS && t->number % 2;
	return m->kind == TCP6 || t->number % 10 < 7;
}

static uint32_t
steps_of(const struct maker *m, const struct talk *t)
{
	if (m->kind == SINGLE || m->kind == DROPS)
		return 1;
	return is_tcp(m, t) ? m->data + 6 : m->data;
}

static void
write_record(struct maker *m, size_t len)
{
	uint32_t head[4] = {
		(uint32_t)(m->time / 1000000),
		(uint32_t)(m->time % 1000000),
		(uint32_t)len,
		(uint32_t)len,
	};

	if (fwrite(head, sizeof(head), 1, m->file) != 1 ||
		fwrite(m->frame, len, 1, m->file) != 1) {
		fprintf(stderr, "make-capture: cannot write: %s\n", strerror(errno));
		exit(1);
	}
	m->time += m->step;
	m->packets++;
}

/* The address of one side of a flow: bytes at `at`. Returns their number. */
static size_t
put_addr(const struct maker *m, uint8_t *at, const struct talk *t, bool client)
{
	if (m->kind != TCP6) {
		put32(at, client ? 0x0a000000u + t->number / 16 : 0xc6120000u + t->number % 60000);
		return 4;
	}
	memset(at, 0, 16);
	put32(at, client ? 0xfd000000u : 0x20010db8u);
	put32(at + 12, client ? t->number / 16 : t->number % 60000);
	return 16;
}

/* The IP header, without payload; returns its length. */
static size_t
put_ip(struct maker *m, const struct talk *t, bool from_client, uint8_t proto, size_t payload)
{
	uint8_t *ip = m->frame + ETHERNET;

	memset(m->frame, 0, ETHERNET);
	if (m->kind == TCP6) {
		put16(m->frame + 12, 0x86dd);
		put32(ip, 0x60000000);
		put16(ip + 4, (unsigned)payload);
		ip[6] = proto;
		ip[7] = 64;
		put_addr(m, ip + 8, t, from_client);
		put_addr(m, ip + 24, t, !from_client);
		return 40;
	}
	put16(m->frame + 12, 0x0800);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)(20 + payload));
	ip[8] = 64;
	ip[9] = proto;
	put_addr(m, ip + 12, t, from_client);
	put_addr(m, ip + 16, t, !from_client);
	put_checksum(ip + 10, checksum_add(0, ip, 20));
	return 20;
}

/* Fills in the transport checksum over `len` bytes and writes the frame. */
static void
finish(struct maker *m, size_t ip_len, size_t at, size_t len, uint8_t proto)
{
	const uint8_t *addrs = m->frame + ETHERNET + (ip_len == 40 ? 8 : 12);
	uint8_t *transport = m->frame + ETHERNET + ip_len;
	uint8_t pseudo[4] = { 0, proto };
	uint64_t sum;
	size_t total = ETHERNET + ip_len + len;

	put16(pseudo + 2, (unsigned)len);
	put16(transport + at, 0);
	sum = checksum_add(0, addrs, ip_len == 40 ? 32 : 8);
	sum = checksum_add(sum, pseudo, 4);
	sum = checksum_add(sum, transport, len);
	put_checksum(transport + at, sum);
	if (total < 60) {
		memset(m->frame + total, 0, 60 - total);
		total = 60;
	}
	write_record(m, total);
}

static size_t
payload_of(struct maker *m, size_t headers)
{
	static const size_t sizes[12] = { 60, 60, 60, 60, 60, 60, 60, 590, 590, 590, 590, 1514 };
	size_t frame = m->kind == MIX ? sizes[next_random(m) % 12] : 60;

	return frame > headers ? frame - headers : 0;
}

static void
put_ports(struct maker *m, uint8_t *at, const struct talk *t, bool from_client)
{
	unsigned client = 1024 + (t->number * 7919u) % 60000;
	unsigned server = m->kind == DROPS ? 445 : 8000;

	put16(at, from_client ? client : server);
	put16(at + 2, from_client ? server : client);
}

static void
emit_udp(struct maker *m, struct talk *t)
{
	bool from_client = m->kind != DROPS && t->step % 2 == 0;
	size_t payload = payload_of(m, ETHERNET + 28);
	size_t ip = put_ip(m, t, from_client, 17, 8 + payload);
	uint8_t *udp = m->frame + ETHERNET + ip;

	memset(udp, 0x55, 8 + payload);
	put_ports(m, udp, t, from_client);
	put16(udp + 4, (unsigned)(8 + payload));
	finish(m, ip, 6, 8 + payload, 17);
}

/* Step 0–2: handshake; then data, by turns; the last three: FIN, FIN, ACK. */
static void
emit_tcp(struct maker *m, struct talk *t)
{
	uint32_t last = m->data + 6 - 1, s = t->step;
	bool from_client = m->kind != DROPS &&
		(s == 0 || s == 2 || s == last || s == last - 2 || (s > 2 && s < last - 2 && s % 2));
	bool data = s > 2 && s < last - 2;
	uint8_t flags = s == 0 ? 0x02 : s == 1 ? 0x12 : s == last || s == 2 ? 0x10 : 0x18;
	size_t headers = ETHERNET + 20 + (m->kind == TCP6 ? 40 : 20);
	size_t payload = data ? payload_of(m, headers) : 0;
	size_t ip = put_ip(m, t, from_client, 6, 20 + payload);
	uint8_t *tcp = m->frame + ETHERNET + ip;

	if (s == last - 1 || s == last - 2)
		flags = 0x11;
	memset(tcp, 0x55, 20 + payload);
	put_ports(m, tcp, t, from_client);
	put32(tcp + 4, t->seq[!from_client]);
	put32(tcp + 8, flags & 0x10 ? t->seq[from_client] : 0);
	tcp[12] = 0x50;
	tcp[13] = flags;
	put16(tcp + 14, 65535);
	put16(tcp + 18, 0);
	finish(m, ip, 16, 20 + payload, 6);
	t->seq[!from_client] += (uint32_t)payload + (flags & 0x03 ? 1 : 0);
}

static void
run(struct maker *m, uint32_t flows, uint32_t concurrent)
{
	struct talk *open = calloc(concurrent, sizeof(*open));
	uint32_t begun = 0, count = 0, n;

	while (open && (count || begun < flows)) {
		/* New flows begin as long as there is room for them, mixed with the others. */
		if (begun < flows && count < concurrent) {
			n = count++;
			open[n] = (struct talk){ .number = begun++ };
			open[n].seq[0] = next_random(m);
			open[n].seq[1] = next_random(m);
		} else {
			n = next_random(m) % count;
		}
		if (is_tcp(m, &open[n]))
			emit_tcp(m, &open[n]);
		else
			emit_udp(m, &open[n]);
		if (++open[n].step == steps_of(m, &open[n]))
			open[n] = open[--count];
	}
	free(open);
}

int
main(int argc, char **argv)
{
	const uint32_t header[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1 };
	struct maker m = { .random = 1, .time = UINT64_C(1700000000000000), .step = 1 };
	uint32_t flows, concurrent;

	if (argc != 6) {
		fprintf(stderr, "usage: make-capture KIND FLOWS PACKETS CONCURRENT FILE\n");
		return 2;
	}
	while (m.kind < KINDS && strcmp(argv[1], kind_names[m.kind]))
		m.kind++;
	flows = (uint32_t)strtoul(argv[2], NULL, 10);
	m.data = (uint32_t)strtoul(argv[3], NULL, 10);
	concurrent = (uint32_t)strtoul(argv[4], NULL, 10);
	m.step = m.kind == SINGLE ? 200 : 1;
	m.file = fopen(argv[5], "wb");
	if (m.kind == KINDS || !flows || !concurrent || !m.file) {
		fprintf(stderr, "make-capture: bad arguments, or %s cannot be written\n", argv[5]);
		return 2;
	}
	setvbuf(m.file, NULL, _IOFBF, 1 << 20);
	fwrite(header, sizeof(header), 1, m.file);
	run(&m, flows, concurrent);
	if (fclose(m.file)) {
		fprintf(stderr, "make-capture: %s: %s\n", argv[5], strerror(errno));
		return 1;
	}
	printf("%llu packets\n", (unsigned long long)m.packets);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes captures to measure with: many flows, interleaved at random but always the same way, with
 * valid checksums and real TCP sequence numbers.
 *
 *   make-capture KIND FLOWS PACKETS CONCURRENT FILE
 *
 *   small   PACKETS data packets per flow of 60 bytes, 70 % TCP with handshake and close, 30 % UDP
 *   mix     the same with frames of 60, 590 and 1514 bytes, 7:4:1
 *   churn   like small, TCP only
 *   tcp6    the same over IPv6
 *   open6   of each TCP connection over IPv6 the SYN, and no more
 *   single  UDP flows of one packet each, 200 µs apart, so that they also expire
 *   drops   packets from outside that nobody has asked for
 *   ftp     FTP sessions with a file over a passive data connection
 *
 * CONCURRENT flows are open at any time; where PACKETS has no meaning it is not looked at. Clients
 * are 10.0.0.0/8 (fd00::/8), servers 198.18.0.0/15 (2001:db8::/32). Prints the number of packets.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/packet.h"

#include "frames.h"
#include "ftp-script.h"

enum kind { SMALL, MIX, CHURN, TCP6, OPEN6, SINGLE, DROPS, FTP, KINDS };

static const char *const kind_names[KINDS] = {
	[SMALL] = "small",
	[MIX] = "mix",
	[CHURN] = "churn",
	[TCP6] = "tcp6",
	[OPEN6] = "open6",
	[SINGLE] = "single",
	[DROPS] = "drops",
	[FTP] = "ftp",
};

/* A flow on its way: which packet is next, and where each side's sequence numbers stand. */
struct talk {
	uint32_t number;
	uint32_t step;
	uint32_t seq[2];
	uint32_t data_seq[2]; /* of the data connection of an FTP session */
};

struct maker {
	FILE *file;
	enum kind kind;
	uint32_t data; /* data packets per flow */
	uint64_t random;
	uint64_t time; /* µs */
	uint64_t step; /* µs between packets */
	uint64_t packets;
	struct frame frame;
};

static uint32_t
next_random(struct maker *m)
{
	m->random = m->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(m->random >> 33);
}

static bool
is_tcp(const struct maker *m, const struct talk *t)
{
	switch (m->kind) {
	case SMALL:
	case MIX:
		return t->number % 10 < 7;
	case DROPS:
		return t->number % 2;
	case SINGLE:
		return false;
	case CHURN:
	case TCP6:
	case OPEN6:
	case FTP:
	case KINDS:
		break;
	}
	return true;
}

static uint32_t
steps_of(const struct maker *m, const struct talk *t)
{
	if (m->kind == SINGLE || m->kind == DROPS || m->kind == OPEN6)
		return 1;
	if (m->kind == FTP)
		return ftp_script_steps();
	return is_tcp(m, t) ? m->data + 6 : m->data;
}

static void
write_record(struct maker *m)
{
	uint32_t len = (uint32_t)m->frame.len;
	uint32_t head[4] = {
		(uint32_t)(m->time / 1000000),
		(uint32_t)(m->time % 1000000),
		len,
		len,
	};

	if (fwrite(head, sizeof(head), 1, m->file) != 1 ||
		fwrite(m->frame.bytes, len, 1, m->file) != 1) {
		fprintf(stderr, "make-capture: cannot write: %s\n", strerror(errno));
		exit(1);
	}
	m->time += m->step;
	m->packets++;
}

static size_t
payload_of(struct maker *m, size_t headers)
{
	static const size_t sizes[12] = { 60, 60, 60, 60, 60, 60, 60, 590, 590, 590, 590, 1514 };
	size_t frame = m->kind == MIX ? sizes[next_random(m) % 12] : FRAME_MIN;

	return frame > headers ? frame - headers : 0;
}

static uint16_t
server_port(enum kind kind)
{
	if (kind == FTP)
		return FTP_SCRIPT_PORT;
	return kind == DROPS ? 445 : 8000;
}

static struct frame_flow
flow_of(const struct maker *m, const struct talk *t)
{
	bool ipv6 = m->kind == TCP6 || m->kind == OPEN6;

	return (struct frame_flow){
		.ipv6 = ipv6,
		.host = {
			(ipv6 ? 0 : 0x0a000000) + t->number / 16,
			(ipv6 ? 0 : 0xc6120000) + t->number % 60000,
		},
		.port = { (uint16_t)(1024 + t->number * 7919 % 60000), server_port(m->kind) },
		.seq = { t->seq[0], t->seq[1] },
	};
}

static void
emit_udp(struct maker *m, const struct talk *t)
{
	struct frame_flow flow = flow_of(m, t);
	unsigned from = m->kind == DROPS || t->step % 2;

	frame_udp(&m->frame, &flow, from, NULL, payload_of(m, FRAME_UDP_HEADERS));
}

/* Step 0–2: handshake; then data, by turns; the last three: FIN, FIN, ACK. */
static void
emit_tcp(struct maker *m, struct talk *t)
{
	uint32_t last = m->data + 6 - 1, s = t->step;
	bool data = s > 2 && s < last - 2;
	bool from_client = s == 0 || s == 2 || s == last || s == last - 2 || (data && s % 2);
	uint8_t flags = data ? TCP_PSH | TCP_ACK : TCP_ACK;
	struct frame_flow flow = flow_of(m, t);
	size_t headers = FRAME_TCP_HEADERS + (flow.ipv6 ? 20 : 0);

	if (s == 0)
		flags = TCP_SYN;
	else if (s == 1)
		flags = TCP_SYN | TCP_ACK;
	else if (s == last - 1 || s == last - 2)
		flags = TCP_FIN | TCP_ACK;
	frame_tcp(&m->frame, &flow, m->kind == DROPS || !from_client, flags, NULL,
		data ? payload_of(m, headers) : 0);
	memcpy(t->seq, flow.seq, sizeof(t->seq));
}

static void
emit(struct maker *m, struct talk *t)
{
	struct frame_flow flow = flow_of(m, t);

	if (m->kind == FTP) {
		ftp_script_frame(&m->frame, t->step, t->number, &flow, t->data_seq);
		memcpy(t->seq, flow.seq, sizeof(t->seq));
	} else if (is_tcp(m, t)) {
		emit_tcp(m, t);
	} else {
		emit_udp(m, t);
	}
	write_record(m);
}

static int
run(struct maker *m, uint32_t flows, uint32_t concurrent)
{
	struct talk *open = calloc(concurrent, sizeof(*open));
	uint32_t begun = 0, count = 0, n;

	if (!open)
		return -ENOMEM;
	while (count || begun < flows) {
		/* New flows begin as long as there is room for them, mixed with the others. */
		if (begun < flows && count < concurrent) {
			n = count++;
			open[n] = (struct talk){ .number = begun++ };
			open[n].seq[0] = next_random(m);
			open[n].seq[1] = next_random(m);
		} else {
			n = next_random(m) % count;
		}
		emit(m, &open[n]);
		if (++open[n].step == steps_of(m, &open[n]))
			open[n] = open[--count];
	}
	free(open);
	return 0;
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
	if (run(&m, flows, concurrent) < 0 || fclose(m.file)) {
		fprintf(stderr, "make-capture: %s: %s\n", argv[5], strerror(errno));
		return 1;
	}
	printf("%llu packets\n", (unsigned long long)m.packets);
	return 0;
}

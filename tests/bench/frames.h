/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames to measure with: Ethernet, IP, and TCP or UDP, with valid checksums and, of a connection,
 * real sequence numbers.
 */
#ifndef BENCH_FRAMES_H
#define BENCH_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 1514
#define FRAME_MIN 60 /* shorter ones are filled up, as Ethernet does */

/* Length of the headers up to the payload, of TCP over IPv4. */
#define FRAME_TCP_HEADERS 54
#define FRAME_UDP_HEADERS 42

struct frame {
	size_t len;
	uint8_t bytes[FRAME_MAX];
};

/* The two ends of a flow: [0] begins it. */
struct frame_flow {
	bool ipv6;
	uint32_t host[2]; /* IPv4 addresses; of IPv6 the last 32 bits */
	uint16_t port[2];
	uint32_t seq[2]; /* TCP: the next number of each */
};

/* A segment that end `from` sends; moves its sequence number on. `payload` may be NULL: any bytes.
 * A length that does not fit a frame is cut. */
void frame_tcp(struct frame *frame, struct frame_flow *flow, unsigned from, uint8_t flags,
	const void *payload, size_t len);

/* The same for a datagram. */
void frame_udp(struct frame *frame, const struct frame_flow *flow, unsigned from,
	const void *payload, size_t len);

#endif

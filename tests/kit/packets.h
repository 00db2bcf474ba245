/* SPDX-License-Identifier: MIT */
/*
 * Packets for tests: described by fields, built as bytes with right checksums, decoded.
 */
#ifndef KIT_PACKETS_H
#define KIT_PACKETS_H

#include <stddef.h>
#include <stdint.h>

#include "packet/decode.h"

/*
 * A packet to build. What is left zero has a sensible default.
 *
 * Of a fragment (an offset, or more to come) `payload` is all that stands behind the IP header: no
 * transport header is made. To fragment a datagram, build it whole with `raw`, and take the bytes
 * behind its IP header piece by piece. GRE is always version 1, with `icmp_id` as the call id, and
 * a sequence number where there is a payload.
 */
struct kit_packet {
	const char *from; /* "192.0.2.1:1024", "[2001:db8::1]:21"; ":PORT" only for TCP and UDP;
			   * default 192.168.0.1 */
	const char *to;   /* default 198.51.100.1 */
	uint8_t proto;    /* default: TCP */
	uint8_t ttl;      /* default 64 */
	uint8_t flags;    /* TCP_* */
	uint32_t seq;
	uint32_t ack;
	uint32_t window; /* default 65535; KIT_WINDOW_ZERO for 0 */
	int wscale;      /* TCP option, if > 0: the shift + 1 */
	uint16_t mss;    /* TCP option, if > 0 */
	uint8_t sack_ok;
	uint8_t icmp_type, icmp_code;
	uint16_t icmp_id; /* also GRE call id */
	uint16_t ip_id;
	uint16_t fragment_offset; /* bytes, a multiple of 8 */
	uint8_t more_fragments;
	uint8_t bad_checksum; /* 1: of the transport, 2: of the IPv4 header */
	uint16_t vlan;        /* 802.1Q tag, if > 0 */
	uint8_t raw;          /* 1: LINK_RAW, no Ethernet header */
	const void *payload;
	size_t len;
};

#define KIT_WINDOW_ZERO 0x10000

/* Largest frame that kit_build() makes. */
#define KIT_FRAME_MAX 70000

/* Builds a frame; returns its length. Ends the test (ck_abort) if the description is wrong. */
size_t kit_build(const struct kit_packet *packet, uint8_t frame[static KIT_FRAME_MAX]);

/*
 * The same, decoded: *ret points into `frame`, or into a buffer of the kit's if `frame` is NULL
 * (the last 64 of those stay valid). Checksums are verified.
 */
void kit_packet(const struct kit_packet *packet, uint64_t time, uint8_t *frame, struct packet *ret);

/* Bytes from hex digits; blanks and what stands between ( and ) are skipped. Returns how many. */
size_t kit_hex(const char *text, uint8_t *bytes, size_t size);

/* Decodes `len` captured bytes of a frame that had `wirelen`, from a copy of exactly that size
 * (kept as those of kit_packet() are), into a struct packet that held garbage. */
void kit_decode(const uint8_t *bytes, size_t len, size_t wirelen, uint16_t link, bool verify,
	struct packet *ret);

/* What a source fills in, for bytes given. */
void kit_source_packet(struct packet *ret, const uint8_t *bytes, size_t len, uint16_t link,
	uint64_t time, uint64_t number);

/* "192.0.2.1:80" or "[::1]:80" (port 0 if none) into an address and a port. */
void kit_endpoint(const char *text, struct pn_addr *ret_addr, uint16_t *ret_port);

/* Writes packets to a classic capture file (microseconds, this machine's byte order) of
 * LINK_ETHERNET or LINK_RAW, whatever `raw` says. */
struct kit_capture;
struct kit_capture *kit_capture_new(const char *path, uint16_t link);
void kit_capture_add(struct kit_capture *capture, const struct kit_packet *packet, uint64_t time);
void kit_capture_close(struct kit_capture *capture);

#endif

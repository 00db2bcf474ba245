/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers from bytes, for the packet path of core/packet: one load each, aligned or not, no check.
 * The caller has checked that the bytes are there. Everybody else uses postern/reader.h.
 */
#ifndef PACKET_LOAD_H
#define PACKET_LOAD_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* As they stand in memory. */
static inline uint16_t
load16(const uint8_t *at)
{
	uint16_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline uint32_t
load32(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline uint64_t
load64(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* From network order. */
static inline uint16_t
get16(const uint8_t *at)
{
	return be16toh(load16(at));
}

static inline uint32_t
get32(const uint8_t *at)
{
	return be32toh(load32(at));
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Internet checksum (RFC 1071).
 *
 * A running sum is taken over bytes as they stand in memory, eight at a time, and so is the result:
 * what checksum_fold() returns is complemented and copied into a header without swapping (RFC 1071
 * §2 B tells why that works on any machine).
 */
#ifndef PACKET_CHECKSUM_H
#define PACKET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Adds `len` bytes to a running sum; only the last piece may be of odd length. */
uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t len);

/* Adds eight bytes, loaded as they stand; or fewer, the rest zero. */
static inline uint64_t
checksum_add_word(uint64_t sum, uint64_t word)
{
	sum += word;
	return sum + (sum < word);
}

/* Folds a running sum to 16 bits, not complemented: 0xffff (or 0) over data that includes its
 * checksum means that it is right. */
static inline uint16_t
checksum_fold(uint64_t sum)
{
	uint32_t folded = (uint32_t)sum + (uint32_t)(sum >> 32);

	folded += folded < (uint32_t)sum;
	/* Both halves are added; the carry of the lower one goes into the upper. */
	folded += folded << 16 | folded >> 16;
	return (uint16_t)(folded >> 16);
}

#endif

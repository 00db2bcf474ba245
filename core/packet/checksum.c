// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The Internet checksum, eight bytes at a time.
 *
 * One's complement addition does not care about the width of its words (RFC 1071 §2), so words of
 * 64 bits are added with the carry put back, in two chains that do not wait for each other. It
 * relies on memcpy() of a fixed size being one load, aligned or not.
 */
#include "packet/checksum.h"

#include <endian.h>

#include "packet/load.h"

#define STEP 32u /* bytes in one turn of the unrolled loop */

/* A sum that counts its carries, to be added at the end. */
struct wide {
	uint64_t low;
	uint64_t carries;
};

static inline void
add(struct wide *sum, uint64_t word)
{
	sum->low += word;
	sum->carries += sum->low < word;
}

/* The last one to seven bytes, one after the other in a word. */
static inline uint64_t
add_tail(uint64_t sum, const uint8_t *at, size_t len)
{
	if (len & 4) {
		sum = checksum_add_word(sum, load32(at));
		at += 4;
	}
	if (len & 2) {
		sum = checksum_add_word(sum, load16(at));
		at += 2;
	}
	if (len & 1) /* as if a zero followed */
		sum = checksum_add_word(sum, htobe16((uint16_t)(*at << 8)));
	return sum;
}

/* Many bytes, as many steps as there are. */
static inline uint64_t
add_steps(uint64_t sum, const uint8_t *at, size_t steps)
{
	struct wide even = { .low = sum }, odd = { 0 };

	for (; steps; steps--, at += STEP) {
		add(&even, load64(at));
		add(&odd, load64(at + 8));
		add(&even, load64(at + 16));
		add(&odd, load64(at + 24));
	}
	sum = checksum_add_word(even.low, odd.low);
	return checksum_add_word(sum, even.carries + odd.carries);
}

uint64_t
checksum_add(uint64_t sum, const uint8_t *bytes, size_t len)
{
	const uint8_t *end = bytes + len;

	if (len >= 2 * STEP) {
		sum = add_steps(sum, bytes, len / STEP);
		bytes += len / STEP * STEP;
	}
	for (; end - bytes >= 8; bytes += 8)
		sum = checksum_add_word(sum, load64(bytes));
	return add_tail(sum, bytes, (size_t)(end - bytes));
}

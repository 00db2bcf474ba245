// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The Internet checksum, eight bytes at a time; of long payloads 64, in vectors.
 *
 * One's complement addition does not care about the width of its words (RFC 1071 §2), so words of
 * 64 bits are added with the carry put back, in two chains that do not wait for each other. It
 * relies on memcpy() of a fixed size being one load, aligned or not.
 */
#include "packet/checksum.h"

#include <endian.h>
#include <string.h>

#include "packet/load.h"

#define STEP 32u /* bytes in one turn of the unrolled loop */

typedef uint32_t lanes __attribute__((vector_size(32)));

#define BLOCK      64u    /* bytes in one turn of add_blocks() */
#define BLOCKS_MAX 32768u /* in one call: a lane has room for the sum of 65537 words of 16 bits */
#define LONG       256u   /* bytes from which on it is worth while */

/* Where the compiler can choose the instructions when the program starts. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) &&       \
	!defined(__SANITIZE_ADDRESS__)
#define BEST_OF_MACHINE __attribute__((target_clones("avx2", "default")))
#else
#define BEST_OF_MACHINE
#endif

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

/* Sums halves of 32-bit words, the lower and the upper ones apart. `all` wraps around, but the
 * lower halves are what is left of it when the upper ones have been taken out again. */
static BEST_OF_MACHINE uint64_t
add_blocks(const uint8_t *at, size_t blocks)
{
	lanes all = { 0 }, upper = { 0 }, lower, word;
	uint64_t sum = 0;

	for (; blocks; blocks--, at += BLOCK) {
		memcpy(&word, at, sizeof(word));
		all += word;
		upper += word >> 16;
		memcpy(&word, at + sizeof(word), sizeof(word));
		all += word;
		upper += word >> 16;
	}
	lower = all - (upper << 16);
	for (unsigned n = 0; n < sizeof(lanes) / sizeof(uint32_t); n++)
		sum += (uint64_t)lower[n] + upper[n];
	return sum;
}

/* Kept out of the way of short packets. */
static __attribute__((noinline)) uint64_t
add_long(uint64_t sum, const uint8_t *bytes, size_t len)
{
	size_t blocks;

	for (; len >= BLOCK; bytes += blocks * BLOCK, len -= blocks * BLOCK) {
		blocks = len / BLOCK < BLOCKS_MAX ? len / BLOCK : BLOCKS_MAX;
		sum = checksum_add_word(sum, add_blocks(bytes, blocks));
	}
	return checksum_add(sum, bytes, len);
}

uint64_t
checksum_add(uint64_t sum, const uint8_t *bytes, size_t len)
{
	const uint8_t *end = bytes + len;

	if (__builtin_expect(len >= LONG, 0))
		return add_long(sum, bytes, len);
	if (len >= 2 * STEP) {
		sum = add_steps(sum, bytes, len / STEP);
		bytes += len / STEP * STEP;
	}
	for (; end - bytes >= 8; bytes += 8)
		sum = checksum_add_word(sum, load64(bytes));
	return add_tail(sum, bytes, (size_t)(end - bytes));
}

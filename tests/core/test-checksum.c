// SPDX-License-Identifier: GPL-2.0-or-later
/* The fast checksum against the slow one. */
#include "packet/checksum.h"

#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"

/* Several blocks of whatever size the fast one works in. */
#define LEN_MAX 3000

/* RFC 1071 §4.1 word by word; as a number, and 0xffff for 0, which are the same sum. */
static uint16_t
slow(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)(sum ? sum : 0xffff);
}

static uint16_t
number(uint16_t folded)
{
	uint8_t bytes[2];
	uint16_t value;

	memcpy(bytes, &folded, 2);
	value = (uint16_t)(bytes[0] << 8 | bytes[1]);
	return value ? value : 0xffff;
}

static void
fill(uint8_t *bytes, size_t len)
{
	uint32_t state = 12345;
	size_t i;

	for (i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(state >> 24);
	}
}

START_TEST(test_rfc1071)
{
	static const uint8_t example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	/* §3: the sum is ddf2 */
	ck_assert_uint_eq(number(checksum_fold(checksum_add(0, example, 8))), 0xddf2);
	ck_assert_uint_eq(checksum_fold(checksum_add(0, example, 0)), 0);
}
END_TEST

START_TEST(test_lengths_and_alignments)
{
	uint8_t bytes[LEN_MAX + 8];
	size_t start, len;

	fill(bytes, sizeof(bytes));
	for (start = 0; start < 8; start++)
		for (len = 0; len <= LEN_MAX; len++)
			ck_assert_uint_eq(
				number(checksum_fold(checksum_add(0, bytes + start, len))),
				slow(bytes + start, len));
}
END_TEST

/* So much that a sum of 32 bits, kept beside others, would run over. */
START_TEST(test_more_than_2_mib)
{
	size_t len = (2u << 20) + 4099;
	uint8_t *bytes = malloc(len);

	ck_assert_ptr_nonnull(bytes);
	for (unsigned ones = 0; ones < 2; ones++) {
		if (ones)
			memset(bytes, 0xff, len);
		else
			fill(bytes, len);
		for (size_t start = 0; start < 2; start++)
			ck_assert_uint_eq(
				number(checksum_fold(checksum_add(0, bytes + start, len - start))),
				slow(bytes + start, len - start));
	}
	free(bytes);
}
END_TEST

/* All ones carry at every step. */
START_TEST(test_carries)
{
	uint8_t bytes[LEN_MAX];
	size_t len;

	memset(bytes, 0xff, sizeof(bytes));
	for (len = 2; len <= LEN_MAX; len += 2) {
		ck_assert_uint_eq(checksum_fold(checksum_add(0, bytes, len)), 0xffff);
		ck_assert_uint_eq(checksum_fold(checksum_add(UINT64_MAX, bytes, len)), 0xffff);
	}
	ck_assert_uint_eq(checksum_fold(UINT64_MAX), 0xffff);
	ck_assert_uint_eq(checksum_fold(0), 0);
	ck_assert_uint_eq(checksum_fold(0xffff0001), 1);
	ck_assert_uint_eq(checksum_fold(0xffffffff00000001), 1);
	ck_assert_uint_eq(checksum_fold(checksum_add_word(UINT64_MAX, 2)), 2);
}
END_TEST

/* In pieces, of which only the last is odd. */
START_TEST(test_pieces)
{
	uint8_t bytes[LEN_MAX];
	size_t cut;
	uint64_t sum;

	fill(bytes, sizeof(bytes));
	for (cut = 0; cut <= LEN_MAX - 1; cut += 2) {
		sum = checksum_add(0, bytes, cut);
		sum = checksum_add(sum, bytes + cut, LEN_MAX - 1 - cut);
		ck_assert_uint_eq(number(checksum_fold(sum)), slow(bytes, LEN_MAX - 1));
	}
}
END_TEST

/* What fold() returns goes into a packet complemented, as it stands. */
START_TEST(test_own_checksum)
{
	uint8_t bytes[40];
	uint16_t value;

	fill(bytes, sizeof(bytes));
	memset(bytes + 10, 0, 2);
	value = (uint16_t)~checksum_fold(checksum_add(0, bytes, sizeof(bytes)));
	memcpy(bytes + 10, &value, 2);
	ck_assert_uint_eq(checksum_fold(checksum_add(0, bytes, sizeof(bytes))), 0xffff);
	bytes[20] ^= 0x10;
	ck_assert_uint_ne(checksum_fold(checksum_add(0, bytes, sizeof(bytes))), 0xffff);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("checksum");
	TCase *tc = tcase_create("checksum");

	tcase_add_test(tc, test_rfc1071);
	tcase_add_test(tc, test_lengths_and_alignments);
	tcase_add_test(tc, test_more_than_2_mib);
	tcase_add_test(tc, test_carries);
	tcase_add_test(tc, test_pieces);
	tcase_add_test(tc, test_own_checksum);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The cursor over BER: forms of tags and lengths, and what must not be believed. */
#include "codec/ber.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ber-text.h"
#include "kit/kit.h"

/* A copy of exactly these bytes, so that a read beyond them is found. */
static uint8_t *
exactly(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	ck_assert_ptr_nonnull(copy);
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

/* Bytes from hex digits, of exactly their number. */
static uint8_t *
from_hex(const char *text, size_t *ret_len)
{
	static uint8_t bytes[BER_TEXT_MAX];
	char quoted[256];

	snprintf(quoted, sizeof(quoted), "<%s>", text);
	*ret_len = ber_text(quoted, bytes);
	return exactly(bytes, *ret_len);
}

static const struct {
	const char *hex;
	int64_t total;
} frames[] = {
	{ "", 0 },
	{ "30", 0 },
	{ "30 00", 2 },
	{ "30 05 02", 7 },
	{ "30 7f", 129 },
	{ "30 81", 0 },
	{ "30 81 00", 3 },
	{ "30 81 05", 8 },
	{ "30 81 ff", 258 },
	{ "30 82 01 00", 260 },
	{ "30 83 00 00 05", 10 },
	{ "30 84 00 00 00 05", 11 },
	{ "30 84 00 00 00", 0 },
	/* the longest that is allowed, and one more */
	{ "30 82 27 0c", 10000 },
	{ "30 82 27 0d", -EMSGSIZE },
	{ "30 84 ff ff ff ff", -EMSGSIZE },
	{ "30 84 7f ff ff ff", -EMSGSIZE },
	{ "30 84 80 00 00 00", -EMSGSIZE },
	/* five bytes of length, all bits, the indefinite form */
	{ "30 85", -EPROTO },
	{ "30 85 00 00 00 00 01", -EPROTO },
	{ "30 ff", -EPROTO },
	{ "30 80", -EPROTO },
	{ "30 80 02 01 01 00 00", -EPROTO },
	/* tags of two bytes, of more, and such as one byte would do for */
	{ "7f 65 02", 5 },
	{ "7f", 0 },
	{ "7f 65", 0 },
	{ "7f 81 01", -EPROTO },
	{ "7f 1e 00", -EPROTO },
	{ "7f 1f 00", 3 },
	{ "7f 7f 81 80", 132 },
	/* the end of what had no length */
	{ "00", -EPROTO },
	{ "00 00", -EPROTO },
};

START_TEST(test_frame)
{
	size_t len;
	uint8_t *bytes = from_hex(frames[_i].hex, &len);

	ck_assert_int_eq(ber_frame(bytes, len, 10000), frames[_i].total);
	free(bytes);
}
END_TEST

/* What is told of a beginning stays true when more comes. */
START_TEST(test_frame_cut)
{
	size_t len, n;
	uint8_t *bytes = from_hex(frames[_i].hex, &len);
	int64_t told = 0;

	for (n = 0; n <= len; n++) {
		uint8_t *copy = exactly(bytes, n);
		int64_t now = ber_frame(copy, n, 10000);

		if (told)
			ck_assert_int_eq(now, told);
		told = now;
		free(copy);
	}
	free(bytes);
}
END_TEST

static const struct {
	const char *hex;
	uint32_t value;
	int ok;
} integers[] = {
	{ "02 01 00", 0, 1 },
	{ "02 01 7f", 127, 1 },
	{ "02 02 00 80", 128, 1 },
	{ "02 04 7f ff ff ff", INT32_MAX, 1 },
	{ "02 05 00 ff ff ff ff", UINT32_MAX, 1 },
	{ "02 81 01 05", 5, 1 },
	{ "02 84 00 00 00 01 05", 5, 1 },
	{ "02 03 00 00 05", 5, 1 },
	/* negative, too large, empty, another tag, cut, missing */
	{ "02 01 80", 0, 0 },
	{ "02 01 ff", 0, 0 },
	{ "02 04 ff ff ff ff", 0, 0 },
	{ "02 05 01 00 00 00 00", 0, 0 },
	{ "02 06 00 00 00 00 00 01", 0, 0 },
	{ "02 00", 0, 0 },
	{ "0a 01 05", 0, 0 },
	{ "02 02 01", 0, 0 },
	{ "02 84 ff ff ff ff 01", 0, 0 },
	{ "02 80 01 00 00", 0, 0 },
	{ "", 0, 0 },
};

START_TEST(test_uint)
{
	size_t len;
	uint8_t *bytes = from_hex(integers[_i].hex, &len);
	struct ber b = ber(bytes, len);

	ck_assert_uint_eq(ber_uint(&b, BER_INTEGER), integers[_i].value);
	ck_assert_int_eq(ber_ok(&b), integers[_i].ok);
	ck_assert_uint_eq(ber_left(&b), 0);
	free(bytes);
}
END_TEST

START_TEST(test_structure)
{
	static uint8_t buffer[BER_TEXT_MAX];
	size_t len = ber_text("30{ 02=5 63!{ 'abc' 7f65{ 0a=1 } } a0{} } 02=6", buffer), n;
	uint8_t *bytes = exactly(buffer, len);
	struct ber b = ber(bytes, len), outer, inner, deep;
	const uint8_t *text;

	ck_assert_uint_eq(ber_peek(&b), BER_SEQUENCE);
	outer = ber_enter(&b, BER_SEQUENCE);
	ck_assert_uint_eq(ber_uint(&outer, BER_INTEGER), 5);
	ck_assert_uint_eq(ber_peek(&outer), 0x63);
	inner = ber_enter(&outer, 0x63);
	text = ber_bytes(&inner, BER_OCTETS, &n);
	ck_assert_uint_eq(n, 3);
	ck_assert_mem_eq(text, "abc", 3);
	ck_assert_uint_eq(ber_peek(&inner), 0x7f65);
	deep = ber_enter(&inner, 0x7f65);
	ck_assert_uint_eq(ber_uint(&deep, BER_ENUMERATED), 1);
	ck_assert_uint_eq(ber_left(&deep), 0);
	ck_assert_uint_eq(ber_peek(&deep), 0);
	ck_assert(ber_ok(&deep) && ber_ok(&inner));
	ber_skip(&outer);
	ck_assert(ber_ok(&outer));
	ck_assert_uint_eq(ber_left(&outer), 0);
	ck_assert_uint_eq(ber_uint(&b, BER_INTEGER), 6);
	ck_assert(ber_ok(&b));
	free(bytes);
}
END_TEST

/* An element that says that it is longer than what it is in. */
START_TEST(test_claims_too_much)
{
	size_t len, n;
	uint8_t *bytes = from_hex("30 06 04 7f 61 62 63 64 02 01 05", &len);
	struct ber b = ber(bytes, len), inside = ber_enter(&b, BER_SEQUENCE);

	ck_assert(ber_ok(&inside));
	ck_assert_ptr_null(ber_bytes(&inside, BER_OCTETS, &n));
	ck_assert_uint_eq(n, 0);
	ck_assert(!ber_ok(&inside));
	/* For good. */
	ck_assert_uint_eq(ber_peek(&inside), 0);
	ber_skip(&inside);
	ck_assert(!ber_ok(&inside));
	/* The outer one goes on behind it. */
	ck_assert_uint_eq(ber_uint(&b, BER_INTEGER), 5);
	ck_assert(ber_ok(&b));
	free(bytes);
}
END_TEST

START_TEST(test_cut)
{
	size_t len, n;
	uint8_t *bytes = from_hex("30 82 40 00 02 01 05 64 82 3f 00 04 02 61", &len);
	struct ber b = ber(bytes, len), inside = ber_enter_cut(&b, BER_SEQUENCE), more;

	ck_assert(ber_ok(&inside));
	ck_assert_uint_eq(ber_uint(&inside, BER_INTEGER), 5);
	more = ber_enter_cut(&inside, 0x64);
	ck_assert(ber_ok(&more));
	ck_assert_uint_eq(ber_left(&more), 3);
	ck_assert_ptr_null(ber_bytes(&more, BER_OCTETS, &n));
	ck_assert(!ber_ok(&more));
	/* The header itself must be there, and be the right one. */
	b = ber(bytes, 3);
	inside = ber_enter_cut(&b, BER_SEQUENCE);
	ck_assert(!ber_ok(&inside) && !ber_ok(&b));
	b = ber(bytes, len);
	inside = ber_enter_cut(&b, BER_SET);
	ck_assert(!ber_ok(&inside) && !ber_ok(&b));
	free(bytes);
}
END_TEST

/* Nested as deep as allowed, and once more. */
START_TEST(test_depth)
{
	uint8_t buffer[2 * (BER_DEPTH_MAX + 2)], *bytes;
	struct ber b;
	size_t n;

	for (n = 0; n < sizeof(buffer); n += 2) {
		buffer[n] = BER_SEQUENCE;
		buffer[n + 1] = (uint8_t)(sizeof(buffer) - n - 2);
	}
	bytes = exactly(buffer, sizeof(buffer));
	b = ber(bytes, sizeof(buffer));
	for (n = 0; n < BER_DEPTH_MAX; n++) {
		b = ber_enter(&b, BER_SEQUENCE);
		ck_assert(ber_ok(&b));
	}
	ck_assert_uint_eq(ber_left(&b), 4);
	b = _i ? ber_enter_cut(&b, BER_SEQUENCE) : ber_enter(&b, BER_SEQUENCE);
	ck_assert(!ber_ok(&b));
	ck_assert_uint_eq(ber_left(&b), 0);
	free(bytes);
}
END_TEST

/* Every beginning of a structure is refused, or gives what is there and no more. */
START_TEST(test_prefixes)
{
	static uint8_t buffer[BER_TEXT_MAX];
	size_t len = ber_text("30{ 02=5 64{ 'dn' 30{ 30{ 'a' 31{ 'b' 'c' } } } } }", buffer), n;

	for (n = 0; n < len; n++) {
		uint8_t *bytes = exactly(buffer, n);
		struct ber b = ber(bytes, n), inside = ber_enter(&b, BER_SEQUENCE);

		ck_assert(!ber_ok(&inside) && !ber_ok(&b));
		ck_assert_uint_eq(ber_uint(&inside, BER_INTEGER), 0);
		free(bytes);
	}
}
END_TEST

/* No bytes at all, not even a pointer. */
START_TEST(test_nothing)
{
	struct ber b = ber(NULL, 0);
	size_t n = 1;

	ck_assert(ber_ok(&b));
	ck_assert_uint_eq(ber_left(&b), 0);
	ck_assert_uint_eq(ber_peek(&b), 0);
	ck_assert_int_eq(ber_frame(NULL, 0, 100), 0);
	ck_assert_ptr_null(ber_bytes(&b, BER_OCTETS, &n));
	ck_assert_uint_eq(n, 0);
	ck_assert(!ber_ok(&b));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("ber");
	TCase *t = tcase_create("frame");

	tcase_add_loop_test(t, test_frame, 0, sizeof(frames) / sizeof(frames[0]));
	tcase_add_loop_test(t, test_frame_cut, 0, sizeof(frames) / sizeof(frames[0]));
	suite_add_tcase(s, t);
	t = tcase_create("cursor");
	tcase_add_loop_test(t, test_uint, 0, sizeof(integers) / sizeof(integers[0]));
	tcase_add_test(t, test_structure);
	tcase_add_test(t, test_claims_too_much);
	tcase_add_test(t, test_cut);
	tcase_add_loop_test(t, test_depth, 0, 2);
	tcase_add_test(t, test_prefixes);
	tcase_add_test(t, test_nothing);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

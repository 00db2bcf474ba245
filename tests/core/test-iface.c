// SPDX-License-Identifier: GPL-2.0-or-later
/* Interface descriptions: options in both byte orders, times to the nanosecond, and bad ones. */
#include "source/iface.h"

#include "captures.h"
#include "kit/kit.h"

#define NS UINT64_C(1000000000)

/* The fixed part of a body: link type 113, snap length 96. */
static GByteArray *
body_new(bool big)
{
	GByteArray *body = g_byte_array_new();

	put16(body, big, 113);
	put16(body, big, 0);
	put32(body, big, 96);
	return body;
}

static const char *
body_read(struct iface *ret_iface, const GByteArray *body, bool big)
{
	return iface_read(ret_iface, pn_reader(body->data, body->len), big);
}

START_TEST(fixed_part_alone)
{
	for (unsigned big = 0; big < 2; big++) {
		g_autoptr(GByteArray) body = body_new(big);
		struct iface iface;

		ck_assert_ptr_null(body_read(&iface, body, big));
		ck_assert_uint_eq(iface.link, 113);
		ck_assert_uint_eq(iface.snaplen, 96);
		ck_assert_ptr_null(iface.name);
		ck_assert_uint_eq(iface_time(&iface, 1500000, 0), 1500000000); /* µs */
		iface_done(&iface);
	}
}
END_TEST

START_TEST(name_and_unknown_options)
{
	for (unsigned big = 0; big < 2; big++) {
		g_autoptr(GByteArray) body = body_new(big);
		struct iface iface;

		put_option(body, big, 1, "a comment", 9);
		put_option(body, big, 2, "first", 5);
		put_option(body, big, 2, "eth0", 4);
		put_option(body, big, 0xfff0, "x", 1);
		put_option(body, big, 0, NULL, 0);
		put_option(body, big, 2, "behind the end", 14);
		ck_assert_ptr_null(body_read(&iface, body, big));
		ck_assert_str_eq(iface.name, "eth0");
		iface_done(&iface);
	}
}
END_TEST

START_TEST(names_are_bounded)
{
	char longest[1000];
	g_autoptr(GByteArray) body = body_new(false);
	g_autoptr(GByteArray) empty = body_new(false);
	struct iface iface;

	memset(longest, 'n', sizeof(longest));
	put_option(body, false, 2, longest, sizeof(longest));
	ck_assert_ptr_null(body_read(&iface, body, false));
	ck_assert_uint_eq(strlen(iface.name), IFACE_NAME_MAX);
	iface_done(&iface);

	put_option(empty, false, 2, "eth0", 4);
	put_option(empty, false, 2, "", 0);
	ck_assert_ptr_null(body_read(&iface, empty, false));
	ck_assert_ptr_null(iface.name);
	iface_done(&iface);
}
END_TEST

START_TEST(time_stamps)
{
	static const uint64_t otherwise = 77;
	static const struct {
		uint8_t resolution;
		int64_t offset;
		uint64_t stamp;
		uint64_t time;
	} cases[] = {
		{ 6, 0, 0, 0 },
		{ 6, 0, 1700000000123456, 1700000000123456000 },
		{ 0, 0, 1700000000, 1700000000 * NS },
		{ 3, 0, 1700000000123, 1700000000123000000 },
		{ 9, 0, 1700000000123456789, 1700000000123456789 },
		{ 12, 0, 1700000123456789, 1700000123456 }, /* ps */
		{ 19, 0, UINT64_MAX, 1844674407 },
		{ 0x80, 0, 5, 5 * NS },
		{ 0x80 | 1, 0, 3, 1500000000 },
		{ 0x80 | 20, 0, (UINT64_C(1700000000) << 20) + (1 << 19), 1700000000500000000 },
		{ 0x80 | 32, 0, UINT64_C(0x80000000), 500000000 },
		{ 0x80 | 63, 0, UINT64_MAX, 1999999999 },
		/* offsets, in seconds */
		{ 6, 1700000000, 5, 1700000000 * NS + 5000 },
		{ 6, -1, 1000001, 1000 },
		{ 9, 3, 1, 3 * NS + 1 },
		/* at the ends of what fits, and beyond */
		{ 6, 0, UINT64_MAX / 1000, UINT64_MAX / 1000 * 1000 },
		{ 6, 0, UINT64_MAX / 1000 + 1, otherwise },
		{ 9, 0, UINT64_MAX, UINT64_MAX },
		{ 0, 0, UINT64_MAX, otherwise },
		{ 0x80, 0, UINT64_MAX, otherwise },
		{ 6, -2, 1000001, otherwise },
		{ 6, INT64_MAX, UINT64_MAX, otherwise },
		{ 0, INT64_MIN, UINT64_MAX, otherwise },
		{ 9, INT64_MIN, 0, otherwise },
	};

	for (unsigned n = 0; n < 2 * G_N_ELEMENTS(cases); n++) {
		bool big = n & 1;
		g_autoptr(GByteArray) body = body_new(big);
		g_autoptr(GByteArray) offset = g_byte_array_new();
		struct iface iface;
		uint64_t time;

		put64(offset, big, (uint64_t)cases[n / 2].offset);
		put_option(body, big, 9, &cases[n / 2].resolution, 1);
		if (cases[n / 2].offset)
			put_option(body, big, 14, offset->data, 8);
		put_option(body, big, 0, NULL, 0);
		ck_assert_ptr_null(body_read(&iface, body, big));
		time = iface_time(&iface, cases[n / 2].stamp, otherwise);
		ck_assert_msg(
			time == cases[n / 2].time, "case %u: %" G_GUINT64_FORMAT, n / 2, time);
		iface_done(&iface);
	}
}
END_TEST

static void
assert_refused(const GByteArray *body, const char *what)
{
	struct iface iface = { .link = 4711 };
	const char *complaint = body_read(&iface, body, false);

	ck_assert_msg(complaint != NULL, "%s is taken", what);
	ck_assert_uint_eq(iface.link, 4711);
}

START_TEST(what_is_refused)
{
	static const struct {
		const char *what;
		uint16_t code;
		uint8_t len;
		char value[9];
	} cases[] = {
		{ "10^-20", 9, 1, "\x14" },
		{ "10^-127", 9, 1, "\x7f" },
		{ "2^-64", 9, 1, "\xc0" },
		{ "a resolution of two bytes", 9, 2, "\6\6" },
		{ "a resolution of none", 9, 0, "" },
		{ "an offset of four bytes", 14, 4, "\0\0\0\0" },
	};

	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autoptr(GByteArray) body = body_new(false);

		put_option(body, false, 2, "eth0", 4); /* must not leak */
		put_option(body, false, cases[n].code, cases[n].value, cases[n].len);
		assert_refused(body, cases[n].what);
	}
}
END_TEST

/* Cut anywhere: refused, unless an option ends just there. */
START_TEST(prefixes)
{
	g_autoptr(GByteArray) whole = body_new(false);

	put_option(whole, false, 2, "lo", 2);  /* 8 to 16 */
	put_option(whole, false, 9, "\x9", 1); /* 16 to 24 */
	for (unsigned len = 0; len <= whole->len; len++) {
		g_autoptr(GByteArray) cut = g_byte_array_new();
		struct iface iface = { 0 };

		put_bytes(cut, whole->data, len);
		if (len != 8 && len != 16 && len != 24) {
			assert_refused(cut, "a cut body");
			continue;
		}
		ck_assert_ptr_null(body_read(&iface, cut, false));
		iface_done(&iface);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("iface");
	TCase *c = tcase_create("iface");

	tcase_add_test(c, fixed_part_alone);
	tcase_add_test(c, name_and_unknown_options);
	tcase_add_test(c, names_are_bounded);
	tcase_add_test(c, time_stamps);
	tcase_add_test(c, what_is_refused);
	tcase_add_test(c, prefixes);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Unpacking: members, every way of ending early, damage, and much from little. */
#include "source/gunzip.h"

#include <errno.h>

#include "captures.h"
#include "kit/kit.h"

/* What comes out of a file, of which the first `begin` bytes are read beforehand, in pieces of at
 * most `step`; the end or error goes to *ret_end. */
static GByteArray *
unpacked(const GByteArray *packed, size_t begin, size_t step, ssize_t *ret_end, char **ret_message)
{
	struct memfile file = memfile_new(packed);
	g_autofree uint8_t *piece = g_malloc(MAX(begin, step));
	GByteArray *out = g_byte_array_new();
	struct gunzip *gunzip;
	struct bytes *bytes;
	ssize_t n;

	*ret_message = NULL;
	ck_assert_int_eq(bytes_open(file.path, &bytes, ret_message), 0);
	ck_assert_int_eq(bytes_read(bytes, piece, begin, ret_message), (ssize_t)begin);
	ck_assert_int_eq(gunzip_new(bytes, piece, begin, &gunzip), 0);
	while ((n = gunzip_read(gunzip, piece, step, ret_message)) > 0) {
		ck_assert_uint_le((size_t)n, step);
		put_bytes(out, piece, (size_t)n);
	}
	*ret_end = n;
	gunzip_free(gunzip);
	bytes_free(bytes);
	memfile_done(&file);
	return out;
}

static void
assert_same(const GByteArray *a, const GByteArray *b)
{
	ck_assert_uint_eq(a->len, b->len);
	ck_assert_mem_eq(a->data, b->data, a->len);
}

START_TEST(whatever_the_pieces_the_bytes_are_the_same)
{
	static const size_t begins[] = { 2, 17, 300 };
	static const size_t steps[] = { 1, 100, 70000 };
	g_autoptr(GByteArray) content = g_byte_array_new();
	g_autoptr(GByteArray) packed = g_byte_array_new();

	put_pattern(content, 20000, 1);
	put_gzip(packed, content->data, content->len);
	ck_assert_uint_gt(packed->len, 300);
	for (unsigned n = 0; n < 9; n++) {
		ssize_t end;
		char *message;
		g_autoptr(GByteArray) out =
			unpacked(packed, begins[n / 3], steps[n % 3], &end, &message);

		ck_assert_int_eq(end, 0);
		ck_assert_ptr_null(message);
		assert_same(out, content);
	}
}
END_TEST

START_TEST(members_follow_each_other)
{
	g_autoptr(GByteArray) content = g_byte_array_new();
	g_autoptr(GByteArray) packed = g_byte_array_new();
	g_autoptr(GByteArray) out = NULL;
	char *message;
	ssize_t end;

	put_pattern(content, 1000, 1);
	put_gzip(packed, content->data, 400);
	put_gzip(packed, content->data, 0); /* one without content */
	put_gzip(packed, content->data + 400, 600);
	out = unpacked(packed, 2, 4096, &end, &message);
	ck_assert_int_eq(end, 0);
	assert_same(out, content);
}
END_TEST

START_TEST(a_later_member_may_end_early)
{
	g_autoptr(GByteArray) content = g_byte_array_new();
	g_autoptr(GByteArray) packed = g_byte_array_new();
	g_autoptr(GByteArray) out = NULL;
	g_autofree char *message = NULL;
	ssize_t end;

	put_pattern(content, 400, 1);
	put_gzip(packed, content->data, content->len);
	put_bytes(packed, "\x1f\x8b\x08\0", 4);
	out = unpacked(packed, packed->len, 4096, &end, &message);
	ck_assert_int_eq(end, -ENODATA);
	assert_same(out, content);
}
END_TEST

/* Every prefix gives a prefix of the content, and then says that it ends early. */
START_TEST(any_prefix_ends_early)
{
	g_autoptr(GByteArray) content = g_byte_array_new();
	g_autoptr(GByteArray) packed = g_byte_array_new();

	put_pattern(content, 1000, 1);
	put_gzip(packed, content->data, content->len);
	for (unsigned len = 2; len < packed->len; len++) {
		g_autoptr(GByteArray) cut = g_byte_array_new();
		g_autoptr(GByteArray) out = NULL;
		g_autofree char *message = NULL;
		g_autofree char *says = g_strdup_printf("ends early at offset %u,", len);
		ssize_t end;

		put_bytes(cut, packed->data, len);
		out = unpacked(cut, 2, 64, &end, &message);
		ck_assert_int_eq(end, -ENODATA);
		ck_assert(g_str_has_prefix(message, says));
		ck_assert_uint_le(out->len, content->len);
		if (out->len)
			ck_assert_mem_eq(out->data, content->data, out->len);
		/* Only the trailer is missing: then all content is there. */
		if (len + 8 >= packed->len)
			ck_assert_uint_eq(out->len, content->len);
	}
}
END_TEST

START_TEST(damage_is_told_after_what_was_before)
{
	g_autoptr(GByteArray) content = g_byte_array_new();
	g_autoptr(GByteArray) packed = g_byte_array_new();
	g_autoptr(GByteArray) sum = g_byte_array_new();
	g_autoptr(GByteArray) behind = g_byte_array_new();
	const struct {
		const char *what;
		const GByteArray *bytes;
	} cases[] = { { "a wrong check sum", sum }, { "something else behind it", behind } };

	put_pattern(content, 3000, 1);
	put_gzip(packed, content->data, content->len);
	put_bytes(sum, packed->data, packed->len);
	sum->data[sum->len - 8] ^= 1;
	put_bytes(behind, packed->data, packed->len);
	put_bytes(behind, "rubbish", 7);
	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autoptr(GByteArray) out = NULL;
		g_autofree char *message = NULL;
		ssize_t end;

		out = unpacked(cases[n].bytes, 2, 4096, &end, &message);
		ck_assert_msg(end == -EBADMSG, "%s: %zd", cases[n].what, end);
		ck_assert(g_str_has_prefix(message, "is damaged at offset "));
		assert_same(out, content);
	}
}
END_TEST

/* A thousandfold: the buffer stays what it is. */
START_TEST(much_comes_out_in_pieces)
{
	g_autoptr(GByteArray) packed = g_byte_array_new();
	g_autofree uint8_t *zeros = g_malloc0(8 << 20);
	g_autoptr(GByteArray) out = NULL;
	char *message;
	ssize_t end;

	put_gzip(packed, zeros, 8 << 20);
	ck_assert_uint_lt(packed->len, 16384);
	out = unpacked(packed, packed->len, 65536, &end, &message);
	ck_assert_int_eq(end, 0);
	ck_assert_uint_eq(out->len, 8 << 20);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("gunzip");
	TCase *c = tcase_create("gunzip");

	tcase_add_test(c, whatever_the_pieces_the_bytes_are_the_same);
	tcase_add_test(c, members_follow_each_other);
	tcase_add_test(c, a_later_member_may_end_early);
	tcase_add_test(c, any_prefix_ends_early);
	tcase_add_test(c, damage_is_told_after_what_was_before);
	tcase_add_test(c, much_comes_out_in_pieces);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

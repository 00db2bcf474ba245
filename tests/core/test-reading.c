// SPDX-License-Identifier: GPL-2.0-or-later
/* What a person is told: offsets are right, packed or not, and each message says what to do. */
#include "source/reading.h"

#include <errno.h>

#include "captures.h"
#include "kit/kit.h"

/* A window on 100 bytes, of which 40 have been used. */
static struct reading
reading_of_100(bool packed)
{
	g_autoptr(GByteArray) content = g_byte_array_new();
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	struct reading reading;
	char *message = NULL;

	put_pattern(content, 100, 1);
	if (packed)
		put_gzip(bytes, content->data, content->len);
	else
		put_bytes(bytes, content->data, content->len);
	reading = reading_of(bytes);
	ck_assert_int_eq(input_more(&reading.input, 100, &message), 1);
	reading.input.at += 40;
	return reading;
}

START_TEST(refusal_names_the_offset)
{
	static const char *const says[] = {
		"cannot be understood at offset 40: odd 7; what was before has been read",
		"cannot be understood at unpacked offset 40: odd 7; what was before has been read",
	};

	for (unsigned packed = 0; packed < 2; packed++) {
		struct reading reading = reading_of_100(packed);

		ck_assert_int_eq(reading_refuse(&reading, "odd %d", 6), -EBADMSG);
		/* The last one counts. */
		ck_assert_int_eq(reading_refuse(&reading, "odd %d", 7), -EBADMSG);
		ck_assert_str_eq(reading.message, says[packed]);
		reading_done(&reading);
	}
}
END_TEST

START_TEST(refusal_of_the_beginning_claims_nothing)
{
	struct reading reading = reading_of_100(false);

	reading.input.at -= 40;
	ck_assert_int_eq(reading_refuse(&reading, "odd"), -EBADMSG);
	ck_assert_str_eq(reading.message, "cannot be understood at offset 0: odd");
	reading_done(&reading);
}
END_TEST

START_TEST(cut_short_says_where_and_in_what)
{
	struct reading reading = reading_of_100(false);

	ck_assert_int_eq(reading_want(&reading, 84, "a packet", 70), 0);
	ck_assert_uint_eq(reading.want, 84);
	ck_assert_int_eq(reading_cut_short(&reading), -ENODATA);
	ck_assert_str_eq(reading.message,
		"ends early at offset 100, in the middle of a packet of 70 bytes; what was before "
		"has been read");
	reading_want(&reading, 16, "the header of a packet", 0);
	ck_assert_int_eq(reading_cut_short(&reading), -ENODATA);
	ck_assert_str_eq(reading.message, "ends early at offset 100, in the middle of the header "
					  "of a packet; what was before "
					  "has been read");
	reading_done(&reading);
}
END_TEST

START_TEST(unknown_link_types_have_names_where_there_is_one)
{
	static const struct {
		uint32_t link;
		const char *says;
	} cases[] = {
		{ 105, "link type 105 (IEEE802_11) is not known; " },
		{ 147, "link type 147 is not known; " },
		{ 65535, "link type 65535 is not known; " },
		{ 65537, "link type 65537 is not known; " },
	};

	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		struct reading reading = reading_of_100(false);

		ck_assert_int_eq(reading_unknown_link(&reading, cases[n].link), -EPROTONOSUPPORT);
		ck_assert(g_str_has_prefix(reading.message, cases[n].says));
		ck_assert_ptr_nonnull(strstr(reading.message, "editcap -T"));
		reading_done(&reading);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("reading");
	TCase *c = tcase_create("reading");

	tcase_add_test(c, refusal_names_the_offset);
	tcase_add_test(c, refusal_of_the_beginning_claims_nothing);
	tcase_add_test(c, cut_short_says_where_and_in_what);
	tcase_add_test(c, unknown_link_types_have_names_where_there_is_one);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

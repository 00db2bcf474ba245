// SPDX-License-Identifier: GPL-2.0-or-later
/* Classic captures: every variant in both byte orders, odd but legal fields, and bad ones. */
#include "source/classic.h"

#include <errno.h>

#include "captures.h"
#include "kit/kit.h"

#define NS UINT64_C(1000000000)

static const struct {
	uint32_t magic;
	uint32_t unit; /* ns */
	unsigned more; /* bytes behind the lengths */
} variants[] = {
	{ 0xa1b2c3d4, 1000, 0 },
	{ 0xa1b23c4d, 1, 0 },
	{ 0xa1b2cd34, 1000, 8 },
};

/* A header with its version and link field as given. */
static GByteArray *
header(uint16_t major, uint16_t minor, uint32_t link)
{
	GByteArray *out = g_byte_array_new();
	g_autoptr(GByteArray) version = g_byte_array_new();

	put_classic(out, false, 0xa1b2c3d4, link);
	put16(version, false, major);
	put16(version, false, minor);
	memcpy(out->data + 4, version->data, 4);
	return out;
}

START_TEST(every_variant_in_both_orders)
{
	for (unsigned n = 0; n < 2 * G_N_ELEMENTS(variants); n++) {
		g_autoptr(GByteArray) file = g_byte_array_new();
		unsigned more = variants[n / 2].more;
		bool big = n & 1;
		struct classic classic;
		struct reading reading;
		struct batch batch;

		put_classic(file, big, variants[n / 2].magic, 1);
		put_record(file, big, 1700000000, 123456, 60, 1514);
		put_pattern(file, more + 60, 1);
		put_record(file, big, 1700000001, 0, 0, 0); /* an empty one */
		put_pattern(file, more, 2);
		ck_assert(classic_knows(file->data));
		reading = reading_of(file);
		ck_assert_int_eq(classic_begin(&classic, &reading), 0);
		ck_assert_int_eq(classic_next(&classic, &reading, &batch), 2);
		ck_assert_uint_eq(batch.packets[0].time,
			1700000000 * NS + 123456 * (uint64_t)variants[n / 2].unit);
		ck_assert_uint_eq(batch.packets[0].number, 1);
		ck_assert_uint_eq(batch.packets[0].caplen, 60);
		ck_assert_uint_eq(batch.packets[0].wirelen, 1514);
		ck_assert_uint_eq(batch.packets[0].link, 1);
		ck_assert_uint_eq(batch.packets[0].iface, 0);
		ck_assert_mem_eq(batch.packets[0].data, file->data + 24 + 16 + more, 60);
		ck_assert_uint_eq(batch.packets[1].time, 1700000001 * NS);
		ck_assert_uint_eq(batch.packets[1].number, 2);
		ck_assert_uint_eq(batch.packets[1].caplen, 0);
		ck_assert_int_eq(classic_next(&classic, &reading, &batch), 0);
		ck_assert_ptr_null(reading.within);
		ck_assert_uint_eq(reading.number, 3);
		reading_done(&reading);
	}
}
END_TEST

START_TEST(magics_of_others)
{
	static const uint32_t magics[] = { 0, 0xffffffff, 0xa1b2c3d5, 0xa1b234cd, 0xa12b3c4d,
		0x0a0d0d0a };

	for (unsigned n = 0; n < G_N_ELEMENTS(magics); n++) {
		g_autoptr(GByteArray) magic = g_byte_array_new();

		put32(magic, false, magics[n]);
		ck_assert(!classic_knows(magic->data));
	}
}
END_TEST

START_TEST(versions)
{
	static const struct {
		uint16_t major, minor;
		uint32_t first, second; /* lengths as they are in the file */
		uint32_t caplen;        /* 0: refused */
	} cases[] = {
		{ 2, 4, 40, 60, 40 },
		{ 2, 4, 60, 40, 60 }, /* nonsense: then it was 60 on the wire too */
		{ 2, 3, 40, 60, 40 },
		{ 2, 3, 60, 40, 40 },
		{ 2, 2, 60, 40, 40 },
		{ 2, 0, 60, 40, 40 },
		{ 543, 0, 60, 40, 40 },
		{ 2, 5, 40, 60, 0 },
		{ 1, 4, 40, 60, 0 },
		{ 3, 0, 40, 60, 0 },
		{ 543, 1, 40, 60, 0 },
	};

	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autoptr(GByteArray) file = header(cases[n].major, cases[n].minor, 1);
		struct reading reading;
		struct classic classic;
		struct batch batch;
		int ret;

		put_record(file, false, 1, 2, cases[n].first, cases[n].second);
		put_pattern(file, 60, 1);
		reading = reading_of(file);
		ret = classic_begin(&classic, &reading);
		ck_assert_msg(ret == (cases[n].caplen ? 0 : -EBADMSG), "case %u: %d", n, ret);
		if (ret == 0) {
			ck_assert_int_eq(classic_next(&classic, &reading, &batch), 1);
			ck_assert_uint_eq(batch.packets[0].caplen, cases[n].caplen);
			ck_assert_uint_eq(batch.packets[0].wirelen, 60);
		}
		reading_done(&reading);
	}
}
END_TEST

START_TEST(link_types)
{
	static const struct {
		uint32_t field;
		int link; /* or a failure */
	} cases[] = {
		{ 1, 1 },
		{ 101, 101 },
		{ 276, 276 },
		{ 0x24000001, 1 }, /* with a frame check sequence of 2 × 16 bits */
		{ 0xf4000071, 113 },
		{ 147, -EPROTONOSUPPORT },
		{ 65535, -EPROTONOSUPPORT },
		{ 0x00010001, -EPROTONOSUPPORT },
		{ 0x02240002, -EPROTONOSUPPORT },
	};

	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autoptr(GByteArray) file = header(2, 4, cases[n].field);
		struct reading reading = reading_of(file);
		struct classic classic;
		int ret = classic_begin(&classic, &reading);

		ck_assert_msg(
			(ret < 0 ? ret : classic.link) == cases[n].link, "case %u: %d", n, ret);
		ck_assert((ret < 0) == (reading.message != NULL));
		reading_done(&reading);
	}
}
END_TEST

START_TEST(times)
{
	static const struct {
		uint32_t magic, seconds, fraction;
		uint64_t time;
	} cases[] = {
		{ 0xa1b2c3d4, 0, 0, 0 },
		{ 0xa1b2c3d4, 10, 999999, 10999999000 },
		{ 0xa1b2c3d4, 10, 1000000, 11 * NS },
		{ 0xa1b2c3d4, 10, 2500000, 12500000000 },
		{ 0xa1b23c4d, 10, 1500000000, 11500000000 },
		{ 0xa1b2c3d4, UINT32_MAX, UINT32_MAX, UINT32_MAX * (NS + 1000) },
	};

	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autoptr(GByteArray) file = g_byte_array_new();
		struct reading reading;
		struct classic classic;
		struct batch batch;

		put_classic(file, false, cases[n].magic, 1);
		put_record(file, false, cases[n].seconds, cases[n].fraction, 0, 0);
		reading = reading_of(file);
		ck_assert_int_eq(classic_begin(&classic, &reading), 0);
		ck_assert_int_eq(classic_next(&classic, &reading, &batch), 1);
		ck_assert_uint_eq(batch.packets[0].time, cases[n].time);
		reading_done(&reading);
	}
}
END_TEST

START_TEST(absurd_lengths_are_refused_where_they_stand)
{
	static const uint32_t lengths[] = { READING_PACKET_MAX + 1, INT32_MAX, UINT32_MAX,
		UINT32_MAX - 15 };

	for (unsigned n = 0; n < G_N_ELEMENTS(lengths); n++) {
		g_autoptr(GByteArray) file = classic_of(3, 10);
		struct reading reading;
		struct classic classic;
		struct batch batch;

		put_record(file, false, 4, 0, lengths[n], lengths[n]);
		put_pattern(file, 100, 1);
		reading = reading_of(file);
		ck_assert_int_eq(classic_begin(&classic, &reading), 0);
		/* What is before comes first; the failure comes again. */
		ck_assert_int_eq(classic_next(&classic, &reading, &batch), 3);
		ck_assert_ptr_null(reading.message);
		for (unsigned k = 0; k < 2; k++) {
			ck_assert_int_eq(classic_next(&classic, &reading, &batch), -EBADMSG);
			/* 24 + 3 × 26 */
			ck_assert_ptr_nonnull(strstr(reading.message, " at offset 102: "));
		}
		ck_assert_uint_eq(reading.number, 4);
		reading_done(&reading);
	}
}
END_TEST

/* All its bytes are there: the limit alone decides. */
START_TEST(the_largest_packet_is_taken)
{
	for (unsigned more = 0; more < 2; more++) {
		const uint32_t len = READING_PACKET_MAX + more;
		g_autoptr(GByteArray) file = g_byte_array_new();
		struct reading reading;
		struct classic classic;
		struct batch batch;

		put_classic(file, true, 0xa1b2c3d4, 1);
		put_record(file, true, 1, 0, len, len);
		g_byte_array_set_size(file, file->len + len);
		memset(file->data + 40, 0x5a, len);
		reading = reading_of(file);
		ck_assert_int_eq(classic_begin(&classic, &reading), 0);
		ck_assert_int_eq(classic_next(&classic, &reading, &batch), more ? -EBADMSG : 1);
		if (!more) {
			ck_assert_uint_eq(batch.packets[0].caplen, len);
			ck_assert_uint_eq(batch.packets[0].data[len - 1], 0x5a);
		}
		reading_done(&reading);
	}
}
END_TEST

/* Of every prefix the whole packets are there, and what is missing is known. */
START_TEST(prefixes)
{
	g_autoptr(GByteArray) whole = classic_of(4, 30);

	for (unsigned len = CLASSIC_MAGIC; len < whole->len; len++) {
		g_autoptr(GByteArray) cut = g_byte_array_new();
		struct reading reading;
		struct classic classic;
		struct batch batch;
		unsigned packets = len < 24 ? 0 : (len - 24) / 46;
		unsigned left = len < 24 ? len : (len - 24) % 46;
		int ret;

		put_bytes(cut, whole->data, len);
		reading = reading_of(cut);
		ret = classic_begin(&classic, &reading);
		ck_assert_int_eq(ret, len < 24 ? -ENODATA : 0);
		if (ret == 0) {
			ck_assert_int_eq(classic_next(&classic, &reading, &batch), packets);
			ck_assert_int_eq(classic_next(&classic, &reading, &batch), 0);
			ck_assert_uint_eq(reading.want, left < 16 ? 16 : 46);
			ck_assert_uint_eq(reading.within_size, left < 16 ? 0 : 30);
			ck_assert((reading.within != NULL) == (left != 0));
		}
		reading_done(&reading);
	}
}
END_TEST

START_TEST(batches_are_filled)
{
	g_autoptr(GByteArray) file = classic_of(2 * BATCH_MAX + 1, 4);
	struct reading reading = reading_of(file);
	struct classic classic;
	struct batch batch;

	ck_assert_int_eq(classic_begin(&classic, &reading), 0);
	ck_assert_int_eq(classic_next(&classic, &reading, &batch), BATCH_MAX);
	ck_assert_int_eq(classic_next(&classic, &reading, &batch), BATCH_MAX);
	ck_assert_int_eq(classic_next(&classic, &reading, &batch), 1);
	ck_assert_uint_eq(batch.packets[0].number, 2 * BATCH_MAX + 1);
	ck_assert(is_pattern(batch.packets[0].data, 4, 2 * BATCH_MAX + 1));
	reading_done(&reading);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("classic");
	TCase *c = tcase_create("classic");

	tcase_add_test(c, every_variant_in_both_orders);
	tcase_add_test(c, magics_of_others);
	tcase_add_test(c, versions);
	tcase_add_test(c, link_types);
	tcase_add_test(c, times);
	tcase_add_test(c, absurd_lengths_are_refused_where_they_stand);
	tcase_add_test(c, the_largest_packet_is_taken);
	tcase_add_test(c, prefixes);
	tcase_add_test(c, batches_are_filled);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

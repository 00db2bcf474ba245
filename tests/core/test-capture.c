// SPDX-License-Identifier: GPL-2.0-or-later
/* Captures as a source: formats are found out, packets are the same however they are read, what is
 * wrong is told after what was right. */
#include "source/capture.h"

#include <errno.h>
#include <fcntl.h>

#include "captures.h"
#include "kit/kit.h"
#include "source/filter.h"

static struct source *
opened(const GByteArray *bytes, const struct capture_options *options)
{
	struct memfile file = memfile_new(bytes);
	struct source *source = NULL;
	char *message = NULL;

	ck_assert_msg(capture_open(file.path, options, &source, &message) == 0, "%s", message);
	memfile_done(&file);
	return source;
}

/* Reads all; returns how many packets there were, and what it ended with. */
static unsigned
drain(struct source *source, int *ret_end)
{
	struct batch batch;
	unsigned count = 0;
	int n;

	while ((n = source_next(source, &batch)) > 0) {
		ck_assert_uint_eq(batch.count, n);
		count += (unsigned)n;
	}
	ck_assert_uint_eq(batch.count, 0);
	/* What ended it ends it again. */
	ck_assert_int_eq(source_next(source, &batch), n);
	*ret_end = n;
	return count;
}

static const struct capture_options plain = { 0 };
static const struct capture_options ahead = { .read_ahead = true };

START_TEST(both_formats_also_packed)
{
	g_autoptr(GByteArray) classic = classic_of(5, 60);
	g_autoptr(GByteArray) pcapng = g_byte_array_new();

	put_section(pcapng, true);
	put_interface(pcapng, true, 1, 0, "eth7", 6);
	for (unsigned n = 1; n <= 5; n++)
		put_enhanced(pcapng, true, 0, n * 1000000, 60, n);
	for (unsigned n = 0; n < 8; n++) {
		const GByteArray *file = n & 1 ? pcapng : classic;
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		struct source *source;
		struct batch batch;

		if (n & 2)
			put_gzip(bytes, file->data, file->len);
		else
			put_bytes(bytes, file->data, file->len);
		source = opened(bytes, n & 4 ? &ahead : &plain);
		ck_assert_int_eq(source_next(source, &batch), 5);
		for (unsigned k = 0; k < 5; k++) {
			ck_assert_uint_eq(batch.packets[k].number, k + 1);
			ck_assert_uint_eq(batch.packets[k].time, (k + 1) * UINT64_C(1000000000));
			ck_assert(is_pattern(batch.packets[k].data, 60, k + 1));
		}
		if (n & 1)
			ck_assert_str_eq(source_interface_name(source, 0), "eth7");
		else
			ck_assert_ptr_null(source_interface_name(source, 0));
		ck_assert_int_eq(source_next(source, &batch), 0);
		source_free(source);
	}
}
END_TEST

/* Packets of all sizes around the buffer's: all the same, in batches that stay valid. */
START_TEST(packets_across_buffers)
{
	static const uint32_t sizes[] = { 60, 1514, 65535, 0, 262144, 9000, 1, 700000, 262128 };
	g_autoptr(GByteArray) file = g_byte_array_new();
	unsigned count = 0;

	put_classic(file, false, 0xa1b2c3d4, 1);
	for (unsigned n = 0; file->len < 6000000; n++, count++) {
		uint32_t len = sizes[n * 5 % G_N_ELEMENTS(sizes)] >> (n % 3);

		put_record(file, false, n, 0, len, len);
		g_byte_array_set_size(file, file->len + len);
		memset(file->data + file->len - len, (int)(n & 0xff), len);
	}
	for (unsigned k = 0; k < 2; k++) {
		struct source *source = opened(file, k ? &ahead : &plain);
		struct batch batch;
		unsigned seen = 0;
		bool right = true;
		int n;

		while ((n = source_next(source, &batch)) > 0)
			for (int i = 0; i < n; i++, seen++) {
				const struct packet *p = &batch.packets[i];
				uint32_t len = sizes[seen * 5 % G_N_ELEMENTS(sizes)] >> (seen % 3);
				uint8_t fill = (uint8_t)seen;

				right = right && p->number == seen + 1 && p->caplen == len &&
					(!len || (p->data[0] == fill && p->data[len - 1] == fill));
			}
		ck_assert_int_eq(n, 0);
		ck_assert(right);
		ck_assert_uint_eq(seen, count);
		source_free(source);
	}
}
END_TEST

/* Blocks of no interest may be larger than any buffer. */
START_TEST(large_blocks_are_skipped)
{
	g_autoptr(GByteArray) body = g_byte_array_new();
	g_autoptr(GByteArray) file = g_byte_array_new();
	struct source *source;
	int end;

	put_section(file, false);
	put_interface(file, false, 1, 0, NULL, 6);
	g_byte_array_set_size(body, 5000000);
	memset(body->data, 0, body->len);
	put_block(file, false, 10, body);
	put_enhanced(file, false, 0, 1, 60, 1);
	put_block(file, false, 10, body);
	source = opened(file, &plain);
	ck_assert_uint_eq(drain(source, &end), 1);
	ck_assert_int_eq(end, 0);
	source_free(source);

	g_byte_array_set_size(file, file->len - 1000);
	source = opened(file, &plain);
	ck_assert_uint_eq(drain(source, &end), 1);
	ck_assert_int_eq(end, -ENODATA);
	ck_assert_ptr_nonnull(
		strstr(source_error(source), "in the middle of a block of 5000012 bytes"));
	source_free(source);
}
END_TEST

START_TEST(captures_that_end_early)
{
	static const struct {
		unsigned cut; /* bytes from the end; the last packet is 16 + 60 */
		const char *says;
	} cases[] = {
		{ 1, "ends early at offset 251, in the middle of a packet of 60 bytes; "
		     "what was before has been read" },
		{ 60, "ends early at offset 192, in the middle of a packet of 60 bytes; "
		      "what was before has been read" },
		{ 61, "ends early at offset 191, in the middle of the header of a packet; "
		      "what was before has been read" },
		{ 75, "ends early at offset 177, in the middle of the header of a packet; "
		      "what was before has been read" },
	};

	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autoptr(GByteArray) file = classic_of(3, 60);
		struct source *source;
		int end;

		g_byte_array_set_size(file, file->len - cases[n].cut);
		source = opened(file, n & 1 ? &ahead : &plain);
		ck_assert_uint_eq(drain(source, &end), 2);
		ck_assert_int_eq(end, -ENODATA);
		ck_assert_str_eq(source_error(source), cases[n].says);
		ck_assert_uint_eq(capture_next_number(source), 3);
		source_free(source);
	}
}
END_TEST

START_TEST(damage_within_and_packed)
{
	g_autoptr(GByteArray) file = classic_of(3, 60);
	g_autoptr(GByteArray) packed = g_byte_array_new();
	g_autoptr(GByteArray) half = g_byte_array_new();
	struct source *source;
	int end;

	put_record(file, false, 0, 0, UINT32_MAX, 0);
	put_gzip(packed, file->data, file->len);
	source = opened(packed, &plain);
	ck_assert_uint_eq(drain(source, &end), 3);
	ck_assert_int_eq(end, -EBADMSG);
	ck_assert(g_str_has_prefix(
		source_error(source), "cannot be understood at unpacked offset 252: "));
	source_free(source);

	put_bytes(half, packed->data, packed->len - 4);
	source = opened(half, &ahead);
	drain(source, &end);
	ck_assert_int_eq(end, -EBADMSG); /* comes first */
	source_free(source);
}
END_TEST

START_TEST(what_is_no_capture)
{
	static const struct {
		const char *bytes;
		size_t len;
		int error;
		const char *says;
	} cases[] = {
		{ "", 0, -ENODATA, "is empty: not a capture" },
		{ "\xd4", 1, -EBADMSG, "is not a capture: it begins like no" },
		{ "a", 1, -EBADMSG, "is not a capture: it is text" },
		{ "#!/bin/sh\nexit 0\n", 17, -EBADMSG, "is not a capture: it is text" },
		{ "\x7f"
		  "ELF\2\1\1\0\0\0",
			10, -EBADMSG, "is not a capture: it is a program" },
		{ "BZh91AY&SY", 10, -EBADMSG, "is not a capture: it is packed with bzip2" },
		{ "\xfd"
		  "7zXZ\0\0\0",
			8, -EBADMSG, "is not a capture: it is packed with xz" },
		{ "\x28\xb5\x2f\xfd\0", 5, -EBADMSG, "is not a capture: it is packed with zstd" },
		{ "PK\3\4....", 8, -EBADMSG, "is not a capture: it is a zip archive" },
		{ "snoop\0\0\0\0\0\0\2", 12, -EBADMSG, "is not a capture: it is in snoop's" },
		{ "GMBU\2\0\0\0", 8, -EBADMSG, "is not a capture: it is in Network Monitor's" },
		{ "\0\0\0\0\0\0\0\0", 8, -EBADMSG, "is not a capture: it begins like no" },
		{ "\xd4\xc3\xb2\xa1\2\0\4\0", 8, -ENODATA,
			"ends early at offset 8, in the middle of the file header" },
		{ "\xd4\xc3\xb2\xa1\2\0\5\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", 24, -EBADMSG,
			"cannot be understood at offset 0: version 2.5 " },
		{ "\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\x93\0\0\0", 24,
			-EPROTONOSUPPORT, "link type 147 is not known; " },
		{ "\x1f\x8b\x08\0\0\0", 6, -ENODATA,
			"ends early at offset 6, in the middle of its" },
		{ "\x1f\x8b\xff\0\0\0\0\0\0\0\0\0", 12, -EBADMSG, "is damaged at offset " },
	};

	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		struct source *source = NULL;
		g_autofree char *message = NULL;
		struct memfile file;
		int ret;

		put_bytes(bytes, cases[n].bytes, cases[n].len);
		file = memfile_new(bytes);
		ret = capture_open(file.path, n & 1 ? &ahead : &plain, &source, &message);
		ck_assert_msg(ret == cases[n].error, "case %u: %d, %s", n, ret, message);
		ck_assert_msg(g_str_has_prefix(message, cases[n].says), "case %u: %s", n, message);
		ck_assert_ptr_null(source);
		memfile_done(&file);
	}
}
END_TEST

START_TEST(packed_twice)
{
	g_autoptr(GByteArray) once = g_byte_array_new();
	g_autoptr(GByteArray) twice = g_byte_array_new();
	struct source *source = NULL;
	g_autofree char *message = NULL;
	struct memfile file;

	put_gzip(once, "something", 9);
	put_gzip(twice, once->data, once->len);
	file = memfile_new(twice);
	ck_assert_int_eq(capture_open(file.path, &plain, &source, &message), -EBADMSG);
	ck_assert_str_eq(message, "is not a capture: it is packed twice: unpack it first");
	memfile_done(&file);
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
	static const struct {
		const char *path;
		int error;
	} cases[] = {
		{ "/proc/self/no-such-file", -ENOENT },
		{ "/", -EISDIR },
		{ "/proc/self/mem", -EIO },
		{ "/dev/null", -ENODATA },
	};

	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		struct source *source = NULL;
		g_autofree char *message = NULL;

		ck_assert_int_eq(
			capture_open(cases[n].path, &ahead, &source, &message), cases[n].error);
		ck_assert_ptr_nonnull(message);
		ck_assert_ptr_null(source);
	}
}
END_TEST

/* Packets that do not match keep their numbers. */
START_TEST(filtered_packets_keep_their_numbers)
{
	g_autoptr(GByteArray) classic = g_byte_array_new();
	g_autoptr(GByteArray) pcapng = g_byte_array_new();
	struct filter *filter;
	char *message = NULL;

	put_classic(classic, false, 0xa1b2c3d4, 1);
	put_section(pcapng, false);
	put_interface(pcapng, false, 1, 0, NULL, 6);
	for (unsigned n = 0; n < 100; n++) {
		put_record(classic, false, n, 0, n % 10 + 60, n % 10 + 60);
		put_pattern(classic, n % 10 + 60, n);
		put_enhanced(pcapng, false, 0, n, n % 10 + 60, n);
	}
	ck_assert_int_eq(filter_new("len == 69", &filter, &message), 0);
	for (unsigned k = 0; k < 2; k++) {
		const struct capture_options options = { .first_number = 1000, .filter = filter };
		struct source *source = opened(k ? pcapng : classic, &options);
		struct batch batch;

		ck_assert_int_eq(source_next(source, &batch), 10);
		for (unsigned n = 0; n < 10; n++) {
			ck_assert_uint_eq(batch.packets[n].number, 1009 + 10 * n);
			ck_assert_uint_eq(batch.packets[n].caplen, 69);
		}
		ck_assert_int_eq(source_next(source, &batch), 0);
		ck_assert_uint_eq(capture_next_number(source), 1100);
		source_free(source);
	}
	filter_free(filter);
}
END_TEST

START_TEST(progress)
{
	g_autoptr(GByteArray) file = classic_of(20000, 60);
	struct source *source = opened(file, &plain);
	uint64_t done, size, last = 0;
	struct batch batch;
	bool forward = true;

	while (source_next(source, &batch) > 0) {
		capture_progress(source, &done, &size);
		forward = forward && done >= last && size == file->len;
		last = done;
	}
	ck_assert(forward);
	ck_assert_uint_eq(last, file->len);
	ck_assert_uint_eq(capture_next_number(source), 20001);
	source_free(source);
}
END_TEST

START_TEST(standard_input)
{
	g_autoptr(GByteArray) file = classic_of(3, 60);
	int input = dup(STDIN_FILENO), end, fds[2];
	struct source *source = NULL;
	char *message = NULL;
	uint64_t done, size;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_ge(dup2(fds[0], STDIN_FILENO), 0);
	ck_assert_int_eq(write(fds[1], file->data, file->len), file->len);
	close(fds[1]);
	ck_assert_int_eq(capture_open("-", &plain, &source, &message), 0);
	ck_assert_uint_eq(drain(source, &end), 3);
	ck_assert_int_eq(end, 0);
	capture_progress(source, &done, &size);
	ck_assert_uint_eq(done, file->len);
	ck_assert_uint_eq(size, 0);
	source_free(source);
	if (input >= 0) {
		dup2(input, STDIN_FILENO);
		close(input);
	}
	close(fds[0]);
}
END_TEST

START_TEST(may_be_left_at_any_time)
{
	g_autoptr(GByteArray) file = classic_of(30000, 60);

	for (unsigned batches = 0; batches < 20; batches++) {
		struct source *source = opened(file, &ahead);
		struct batch batch;

		for (unsigned n = 0; n < batches * 40; n++)
			ck_assert_int_gt(source_next(source, &batch), 0);
		source_free(source);
	}
	source_free(NULL);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("capture");
	TCase *c = tcase_create("capture");

	tcase_add_test(c, both_formats_also_packed);
	tcase_add_test(c, packets_across_buffers);
	tcase_add_test(c, large_blocks_are_skipped);
	tcase_add_test(c, captures_that_end_early);
	tcase_add_test(c, damage_within_and_packed);
	tcase_add_test(c, what_is_no_capture);
	tcase_add_test(c, packed_twice);
	tcase_add_test(c, files_that_cannot_be_read);
	tcase_add_test(c, filtered_packets_keep_their_numbers);
	tcase_add_test(c, progress);
	tcase_add_test(c, standard_input);
	tcase_add_test(c, may_be_left_at_any_time);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

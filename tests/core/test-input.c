// SPDX-License-Identifier: GPL-2.0-or-later
/* The window: the same bytes in order however they come, with and without reading ahead. */
#include "source/input.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

#include "captures.h"
#include "kit/kit.h"

static struct input
opened(const char *path, bool read_ahead)
{
	struct input input;
	char *message = NULL;

	ck_assert_int_eq(input_open(path, read_ahead, &input, &message), 0);
	ck_assert_ptr_null(message);
	return input;
}

/* Takes all that is left in pieces of `step` and compares it with `content`. */
static void
take_all(struct input *input, const GByteArray *content, size_t step)
{
	bool same = true;
	char *message = NULL;
	size_t at = 0;

	while (input_more(input, step, &message) == 1 && same) {
		same = input_left(input) >= step && input_offset(input) == at &&
		       at + step <= content->len && !memcmp(input->at, content->data + at, step);
		input->at += step;
		at += step;
	}
	ck_assert(same);
	ck_assert_ptr_null(message);
	ck_assert_uint_lt(input_left(input), step);
	ck_assert_uint_eq(at + input_left(input), content->len);
	ck_assert_mem_eq(input->at, content->data + at, content->len - at);
	/* The end stays the end. */
	ck_assert_int_eq(input_more(input, step, &message), 0);
}

/* Six buffers and a bit: the ring of a thread goes round. */
static GByteArray *
large_content(void)
{
	GByteArray *content = g_byte_array_new();

	g_byte_array_set_size(content, 6 * INPUT_BUFFER + 12345);
	for (unsigned n = 0; n < content->len; n++)
		content->data[n] = (uint8_t)(n ^ n >> 8 ^ n >> 16);
	return content;
}

START_TEST(pieces_of_any_size_come_whole)
{
	static const size_t steps[] = { 76, 9000, 65551, INPUT_BUFFER, INPUT_BUFFER + 1, 1048576,
		INPUT_WANT_MAX };
	g_autoptr(GByteArray) content = large_content();
	struct memfile file = memfile_new(content);

	for (unsigned n = 0; n < 2 * G_N_ELEMENTS(steps); n++) {
		struct input input = opened(file.path, n & 1);

		take_all(&input, content, steps[n / 2]);
		ck_assert_uint_eq(input_done(&input), content->len);
		ck_assert_uint_eq(input_size(&input), content->len);
		ck_assert(!input_is_packed(&input));
		input_close(&input);
	}
	memfile_done(&file);
}
END_TEST

START_TEST(gzip_data_comes_unpacked)
{
	g_autoptr(GByteArray) content = large_content();
	g_autoptr(GByteArray) packed = g_byte_array_new();
	struct memfile file;

	put_gzip(packed, content->data, content->len);
	file = memfile_new(packed);
	for (unsigned ahead = 0; ahead < 2; ahead++) {
		struct input input = opened(file.path, ahead);

		ck_assert(input_is_packed(&input));
		take_all(&input, content, 1000);
		ck_assert_uint_eq(input_done(&input), packed->len);
		input_close(&input);
	}
	memfile_done(&file);
}
END_TEST

/* What is in the window when the input fails is still there. */
START_TEST(failure_comes_after_the_bytes)
{
	g_autoptr(GByteArray) content = large_content();
	g_autoptr(GByteArray) packed = g_byte_array_new();
	struct memfile file;

	put_gzip(packed, content->data, content->len);
	g_byte_array_set_size(packed, packed->len - 1);
	file = memfile_new(packed);
	for (unsigned ahead = 0; ahead < 2; ahead++) {
		struct input input = opened(file.path, ahead);
		size_t at = 0;
		int ret;

		for (;;) {
			g_autofree char *message = NULL;

			ret = input_more(&input, 100, &message);
			if (ret <= 0) {
				ck_assert(g_str_has_prefix(message, "ends early at offset "));
				break;
			}
			at += 100;
			input.at += 100;
		}
		ck_assert_int_eq(ret, -ENODATA);
		ck_assert_uint_eq(at + input_left(&input), content->len);
		for (unsigned n = 0; n < 2; n++) {
			g_autofree char *message = NULL;

			ck_assert_int_eq(input_more(&input, 100, &message), -ENODATA);
			ck_assert_ptr_nonnull(message);
		}
		input_close(&input);
	}
	memfile_done(&file);
}
END_TEST

struct feeder {
	int fd;
	const GByteArray *content;
};

/* Writes one byte, then the rest in odd pieces. */
static void *
feed(void *data)
{
	const struct feeder *feeder = data;
	size_t at = 0, step = 1;

	while (at < feeder->content->len) {
		ssize_t n = write(feeder->fd, feeder->content->data + at,
			MIN(step, feeder->content->len - at));

		if (n < 0)
			break;
		at += (size_t)n;
		step = 30011;
	}
	close(feeder->fd);
	return NULL;
}

START_TEST(pipe_gives_the_same_bytes)
{
	g_autoptr(GByteArray) content = large_content();
	g_autoptr(GByteArray) packed = g_byte_array_new();

	put_gzip(packed, content->data, content->len);
	for (unsigned n = 0; n < 4; n++) {
		struct feeder feeder = { .content = n & 2 ? packed : content };
		struct input input;
		pthread_t thread;
		char path[32];
		int fds[2];

		ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
		feeder.fd = fds[1];
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
		ck_assert_int_eq(pthread_create(&thread, NULL, feed, &feeder), 0);
		input = opened(path, n & 1);
		take_all(&input, content, 1500);
		ck_assert_uint_eq(input_size(&input), 0);
		input_close(&input);
		pthread_join(thread, NULL);
		close(fds[0]);
	}
}
END_TEST

/* Closing at any time: the thread may be reading, waiting for room, waiting for a silent pipe, or
 * over. */
START_TEST(thread_ends_at_any_time)
{
	g_autoptr(GByteArray) content = large_content();
	struct memfile file = memfile_new(content);
	char *message = NULL;
	char path[32];
	int fds[2];

	for (unsigned n = 0; n < 40; n++) {
		struct input input = opened(file.path, true);

		for (unsigned k = 0; k < n / 5; k++) {
			ck_assert_int_ge(input_more(&input, INPUT_BUFFER, &message), 0);
			input.at += MIN(INPUT_BUFFER, input_left(&input));
		}
		input_close(&input);
	}
	memfile_done(&file);

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	for (unsigned n = 0; n < 10; n++) {
		struct input input;

		ck_assert_int_eq(write(fds[1], "some", 4), 4);
		input = opened(path, true);
		input_close(&input);
	}
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(an_input_may_be_short)
{
	for (unsigned n = 0; n < 6; n++) {
		g_autoptr(GByteArray) content = g_byte_array_new();
		char *message = NULL;
		struct memfile file;
		struct input input;

		put_pattern(content, n / 2, 1);
		file = memfile_new(content);
		input = opened(file.path, n & 1);
		ck_assert_int_eq(input_more(&input, n / 2, &message), 1);
		ck_assert_int_eq(input_more(&input, n / 2 + 1, &message), 0);
		ck_assert_uint_eq(input_left(&input), n / 2);
		input_close(&input);
		memfile_done(&file);
	}
}
END_TEST

START_TEST(what_cannot_be_opened_leaves_nothing)
{
	struct input input = { 0 };
	g_autofree char *message = NULL;

	ck_assert_int_eq(input_open("/proc/self/no-such-file", true, &input, &message), -ENOENT);
	ck_assert_ptr_nonnull(message);
	ck_assert_ptr_null(input.ring);
	input_close(&input);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("input");
	TCase *c = tcase_create("input");

	tcase_add_test(c, pieces_of_any_size_come_whole);
	tcase_add_test(c, gzip_data_comes_unpacked);
	tcase_add_test(c, failure_comes_after_the_bytes);
	tcase_add_test(c, pipe_gives_the_same_bytes);
	tcase_add_test(c, thread_ends_at_any_time);
	tcase_add_test(c, an_input_may_be_short);
	tcase_add_test(c, what_cannot_be_opened_leaves_nothing);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

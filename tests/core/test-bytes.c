// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading from files and pipes: counts, failures, and being ended from another thread. */
#include "source/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

#include "captures.h"
#include "kit/kit.h"

static struct bytes *
opened(const char *path)
{
	struct bytes *bytes = NULL;
	char *message = NULL;

	ck_assert_int_eq(bytes_open(path, &bytes, &message), 0);
	ck_assert_ptr_null(message);
	return bytes;
}

START_TEST(file_is_read_to_its_end)
{
	g_autoptr(GByteArray) content = g_byte_array_new();
	uint8_t buffer[64];
	char *message = NULL;
	struct memfile file;
	struct bytes *bytes;

	put_pattern(content, 100, 5);
	file = memfile_new(content);
	bytes = opened(file.path);
	ck_assert_uint_eq(bytes_size(bytes), 100);
	ck_assert_uint_eq(bytes_done(bytes), 0);
	ck_assert_int_eq(bytes_read(bytes, buffer, 64, &message), 64);
	ck_assert(is_pattern(buffer, 64, 5));
	ck_assert_uint_eq(bytes_done(bytes), 64);
	ck_assert_int_eq(bytes_read(bytes, buffer, 64, &message), 36);
	ck_assert_mem_eq(buffer, content->data + 64, 36);
	ck_assert_int_eq(bytes_read(bytes, buffer, 64, &message), 0);
	ck_assert_uint_eq(bytes_done(bytes), 100);
	ck_assert_ptr_null(message);
	bytes_free(bytes);
	memfile_done(&file);
}
END_TEST

START_TEST(failures_to_open_say_why)
{
	static const struct {
		const char *path;
		int error;
		const char *says;
	} cases[] = {
		{ "/proc/self/no-such-file", -ENOENT, "cannot be opened: " },
		{ "/proc/self/exe/below", -ENOTDIR, "cannot be opened: " },
		{ "/", -EISDIR, "is a directory" },
	};

	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		struct bytes *bytes = NULL;
		g_autofree char *message = NULL;

		ck_assert_int_eq(bytes_open(cases[n].path, &bytes, &message), cases[n].error);
		ck_assert_ptr_null(bytes);
		ck_assert(g_str_has_prefix(message, cases[n].says));
	}
}
END_TEST

/* Nothing is mapped at address 0. */
START_TEST(failure_to_read_says_where)
{
	struct bytes *bytes = opened("/proc/self/mem");
	g_autofree char *message = NULL;
	uint8_t byte;

	ck_assert_int_eq(bytes_read(bytes, &byte, 1, &message), -EIO);
	ck_assert(g_str_has_prefix(message, "cannot be read at offset 0: "));
	bytes_free(bytes);
}
END_TEST

START_TEST(standard_input_stays_open)
{
	int fds[2], input = dup(STDIN_FILENO);
	char *message = NULL;
	struct bytes *bytes;
	uint8_t buffer[8];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_ge(dup2(fds[0], STDIN_FILENO), 0);
	ck_assert_int_eq(write(fds[1], "abc", 3), 3);
	bytes = opened("-");
	ck_assert_uint_eq(bytes_size(bytes), 0);
	ck_assert_int_eq(bytes_read(bytes, buffer, 8, &message), 3);
	bytes_free(bytes);
	ck_assert_int_ge(fcntl(STDIN_FILENO, F_GETFD), 0);
	if (input >= 0) {
		dup2(input, STDIN_FILENO);
		close(input);
	}
	close(fds[0]);
	close(fds[1]);
}
END_TEST

static void *
read_one(void *data)
{
	struct bytes *bytes = data;
	char *message = NULL;
	uint8_t byte;
	ssize_t n = bytes_read(bytes, &byte, 1, &message);

	ck_assert_ptr_null(message);
	return (void *)(intptr_t)n;
}

/* A pipe that nobody writes to: without the cancel the thread would wait for ever. */
START_TEST(cancel_ends_a_read_that_waits)
{
	struct bytes *bytes;
	char path[32];
	pthread_t thread;
	void *result;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	bytes = opened(path);
	ck_assert_int_eq(pthread_create(&thread, NULL, read_one, bytes), 0);
	bytes_cancel(bytes);
	ck_assert_int_eq(pthread_join(thread, &result), 0);
	ck_assert_int_eq((intptr_t)result, -ECANCELED);
	ck_assert_int_eq((intptr_t)read_one(bytes), -ECANCELED);
	bytes_free(bytes);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(cancel_ends_a_file_too)
{
	g_autoptr(GByteArray) content = g_byte_array_new();
	struct memfile file;
	struct bytes *bytes;

	put_pattern(content, 100, 5);
	file = memfile_new(content);
	bytes = opened(file.path);
	ck_assert_int_eq((intptr_t)read_one(bytes), 1);
	bytes_cancel(bytes);
	ck_assert_int_eq((intptr_t)read_one(bytes), -ECANCELED);
	bytes_free(bytes);
	memfile_done(&file);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("bytes");
	TCase *c = tcase_create("bytes");

	tcase_add_test(c, file_is_read_to_its_end);
	tcase_add_test(c, failures_to_open_say_why);
	tcase_add_test(c, failure_to_read_says_where);
	tcase_add_test(c, standard_input_stays_open);
	tcase_add_test(c, cancel_ends_a_read_that_waits);
	tcase_add_test(c, cancel_ends_a_file_too);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The queue of events: nothing is lost, nothing is out of order. */
#include "record/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "folder.h"
#include "kit/kit.h"
#include "numbers.h"
#include "output.h"
#include "record/text.h"
#include "record/write.h"

#define LINES     100000u
#define LONG_LINE 1000u

/* A few megabytes of numbered lines, among them one that is longer than all buffers together. */
static size_t
write_many(struct writer *writer)
{
	size_t len = 0;

	for (unsigned i = 0; i < LINES; i++) {
		writer_fill(writer, text_padded(writer_room(writer, 9), i, 9));
		len += 10;
		if (i == LONG_LINE) {
			for (unsigned k = 0; k < 200000; k++)
				write_bytes(writer, "abcdefg", 7);
			len += 200000 * 7;
		}
		writer_end_line(writer);
	}
	return len;
}

START_TEST(test_lossless)
{
	struct output output;
	size_t len, written;
	char *text, *at;
	unsigned i;

	output_open(&output, _i);
	written = write_many(output.writer);
	text = output_close(&output, &len);
	ck_assert_uint_eq(len, written);
	for (i = 0, at = text; i < LINES && strtoul(at, &at, 10) == i; i++) {
		if (i == LONG_LINE)
			at += strspn(at, "abcdefg");
		if (*at++ != '\n')
			break;
	}
	ck_assert_uint_eq(i, LINES);
	ck_assert_ptr_eq(at, text + len);
	free(text);
}
END_TEST

struct drain {
	int fd;
	size_t len;
};

static void *
drain_thread(void *data)
{
	struct drain *drain = data;
	char bytes[5000];
	ssize_t n;

	while ((n = read(drain->fd, bytes, sizeof(bytes))) > 0)
		drain->len += (size_t)n;
	return NULL;
}

/* A pipe that does not block and is slower than the writer. */
START_TEST(test_slow_reader)
{
	struct drain drain = { 0 };
	struct writer *writer;
	pthread_t thread;
	size_t written;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	drain.fd = fds[0];
	ck_assert_int_eq(pthread_create(&thread, NULL, drain_thread, &drain), 0);
	ck_assert_int_eq(writer_new(fds[1], _i, &writer), 0);
	written = write_many(writer);
	ck_assert_int_eq(writer_close(writer), 0);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(drain.len, written);
	close(fds[0]);
}
END_TEST

/* The first error stays, and nothing waits or fails because of it. */
START_TEST(test_full)
{
	const struct writer_options options = { .threaded = _i };
	struct writer *writer;

	ck_assert_int_eq(writer_open("/dev/full", &options, &writer), 0);
	ck_assert_int_eq(writer_error(writer), 0);
	write_many(writer);
	write_many(writer);
	writer_sync(writer);
	ck_assert_int_eq(writer_error(writer), -ENOSPC);
	ck_assert_int_eq(writer_close(writer), -ENOSPC);
}
END_TEST

START_TEST(test_reader_gone)
{
	struct writer *writer;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	close(fds[0]);
	ck_assert_int_eq(writer_new(fds[1], _i, &writer), 0);
	write_text(writer, "to nobody\n");
	ck_assert_int_eq(writer_close(writer), -EPIPE);
}
END_TEST

START_TEST(test_open)
{
	struct writer *writer = NULL;
	struct folder folder;
	const char *path;

	folder_open(&folder);
	path = folder_path(&folder, "file");
	folder_put(path, "longer than that");
	ck_assert_int_eq(writer_open(path, NULL, &writer), 0);
	write_text(writer, "new\n");
	ck_assert_int_eq(writer_close(writer), 0);
	folder_expect(path, "new\n");
	writer = NULL;
	ck_assert_int_eq(writer_open("/tmp", NULL, &writer), -EISDIR);
	ck_assert_int_eq(writer_open("/nowhere/at/all", NULL, &writer), -ENOENT);
	ck_assert_ptr_null(writer);
	ck_assert_int_eq(writer_close(NULL), 0);
	folder_close(&folder);
}
END_TEST

/* What was handed over can be read at once, half a line too. */
START_TEST(test_flush)
{
	char text[32] = "";
	struct output output;

	output_open(&output, _i);
	write_text(output.writer, "one\ntw");
	writer_flush(output.writer);
	writer_sync(output.writer);
	ck_assert_int_eq(pread(output.fd, text, sizeof(text), 0), 6);
	write_text(output.writer, "o\n");
	output_expect(&output, "one\ntwo\n");
}
END_TEST

/* Records and lines by turns, more than the queue holds, in an order that is not lost. */
START_TEST(test_order)
{
	struct numbers numbers = { 0 };
	struct output output;
	char *text, *at, line[64];
	unsigned n;

	output_open(&output, _i);
	writer_attach(output.writer, &ops, &numbers);
	for (n = 0; n < LINES; n++) {
		if (n % 7 < 5) {
			if (!record(output.writer, n, n))
				ck_abort_msg("no room");
			continue;
		}
		write_text(output.writer, "line ");
		write_uint(output.writer, n);
		writer_end_line(output.writer);
	}
	writer_detach(output.writer);
	ck_assert_uint_eq(numbers.made, LINES - LINES / 7 * 2 - (LINES % 7 > 5));
	at = text = output_close(&output, NULL);
	for (n = 0; n < LINES; n++) {
		int len = snprintf(line, sizeof(line), "%s %u\n",
			n % 7 >= 5 ? "line"
			: n % 3    ? "number"
				   : "tagged",
			n);

		if (strncmp(at, line, (size_t)len) != 0)
			break;
		at += len;
	}
	ck_assert_uint_eq(n, LINES);
	ck_assert_str_eq(at, "");
	free(text);
}
END_TEST

/* Lines at every place where a segment may end, each as a whole though it moves. */
START_TEST(test_moved)
{
	static char piece[4000];
	struct numbers numbers = { 0 };
	struct output output;
	size_t len, expected = 0;
	char *text;

	memset(piece, 'x', sizeof(piece));
	output_open(&output, _i);
	writer_attach(output.writer, &ops, &numbers);
	for (unsigned n = 0; n < 400; n++) {
		for (unsigned k = 0; k <= n % 9; k++)
			write_bytes(output.writer, piece, sizeof(piece) - n);
		writer_end_line(output.writer);
		expected += (n % 9 + 1) * (sizeof(piece) - n) + 1;
		record(output.writer, 1, 0);
		expected += strlen("number 1\n");
	}
	writer_detach(output.writer);
	text = output_close(&output, &len);
	ck_assert_uint_eq(len, expected);
	for (char *at = text; *at;) {
		size_t n = strspn(at, "x");

		ck_assert(n > 0 || !strncmp(at, "number 1\n", 9));
		at += n ? n + 1 : 9;
	}
	free(text);
}
END_TEST

/* Bytes that are no lines, and then records: both are there. */
START_TEST(test_mixed)
{
	struct numbers numbers = { 0 };
	struct output output;

	output_open(&output, _i);
	write_text(output.writer, "raw ");
	writer_attach(output.writer, &ops, &numbers);
	record(output.writer, 1, 0);
	write_text(output.writer, "raw ");
	record(output.writer, 2, 0);
	writer_detach(output.writer);
	write_text(output.writer, "raw ");
	writer_attach(output.writer, &ops, &numbers);
	record(output.writer, 4, 0);
	output_expect(&output, "raw number 1\nraw number 2\nraw number 4\n");
}
END_TEST

/* What is lost before it comes here is told in its place. */
START_TEST(test_lose)
{
	struct numbers numbers = { 0 };
	struct output output;

	output_open(&output, _i);
	writer_attach(output.writer, &ops, &numbers);
	record(output.writer, 1, 4);
	writer_lose(output.writer, 2, 5);
	writer_lose(output.writer, 10, 6);
	ck_assert_uint_eq(writer_lost(output.writer), 12);
	record(output.writer, 2, 7);
	writer_lose(output.writer, 1, 8);
	writer_detach(output.writer);
	ck_assert_uint_eq(writer_lost(output.writer), 13);
	output_expect(&output, "number 1\n6 lost 12\nnumber 2\n8 lost 1\n");
}
END_TEST

/* Moved away, as a program that rotates logs does. */
START_TEST(test_reopen)
{
	const struct writer_options options = { .threaded = _i, .append = true, .guarded = true };
	const struct writer_options limits = { .max_size = 12, .rotations = 1 };
	struct numbers numbers = { 0 };
	struct writer *writer;
	struct folder folder;
	const char *path, *moved, *other;

	folder_open(&folder);
	path = folder_path(&folder, "log");
	moved = folder_path(&folder, "moved");
	other = folder_path(&folder, "other");
	ck_assert_int_eq(writer_open(path, &options, &writer), 0);
	writer_attach(writer, &ops, &numbers);
	record(writer, 1, 0);
	writer_sync(writer);
	ck_assert_int_eq(rename(path, moved), 0);
	record(writer, 2, 0);
	writer_reopen(writer);
	record(writer, 4, 0);
	writer_change(writer, other, &limits, NULL);
	record(writer, 5, 0);
	record(writer, 7, 0);
	writer_sync(writer);
	ck_assert_int_eq(writer_trouble(writer), 0);
	ck_assert_int_eq(writer_close(writer), 0);
	folder_expect(moved, "number 1\nnumber 2\n");
	folder_expect(path, "number 4\n");
	folder_expect(folder_path(&folder, "other.old"), "number 5\n");
	folder_expect(other, "number 7\n");
	folder_close(&folder);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("writer");
	TCase *tc = tcase_create("writer");

	/* without and with a thread */
	tcase_add_loop_test(tc, test_lossless, 0, 2);
	tcase_add_loop_test(tc, test_slow_reader, 0, 2);
	tcase_add_loop_test(tc, test_full, 0, 2);
	tcase_add_loop_test(tc, test_reader_gone, 0, 2);
	tcase_add_test(tc, test_open);
	tcase_add_loop_test(tc, test_flush, 0, 2);
	tcase_add_loop_test(tc, test_order, 0, 2);
	tcase_add_loop_test(tc, test_moved, 0, 2);
	tcase_add_loop_test(tc, test_mixed, 0, 2);
	tcase_add_loop_test(tc, test_lose, 0, 2);
	tcase_add_loop_test(tc, test_reopen, 0, 2);
	tcase_set_timeout(tc, 20);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

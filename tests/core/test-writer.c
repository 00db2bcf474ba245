// SPDX-License-Identifier: GPL-2.0-or-later
/* The writer of lines and the pieces of text it is fed with. */
#include "record/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "kit/kit.h"
#include "output.h"
#include "record/text.h"

#define NS UINT64_C(1000000000)

/* Every number of digits, both ends of each. */
START_TEST(test_uint)
{
	uint64_t n = 1;
	char text[32], expected[32];

	for (unsigned digits = 1; digits <= 20; digits++, n *= 10) {
		const uint64_t numbers[] = { n - 1, n, n + 1,
			digits < 20 ? n * 10 - 1 : UINT64_MAX };

		for (size_t i = 0; i < 4; i++) {
			*text_uint(text, numbers[i]) = '\0';
			snprintf(expected, sizeof(expected), "%" PRIu64, numbers[i]);
			ck_assert_str_eq(text, expected);
		}
	}
}
END_TEST

static const struct {
	uint64_t number;
	unsigned digits;
	const char *text;
} paddeds[] = {
	{ 0, 1, "0" },
	{ 7, 1, "7" },
	{ 7, 2, "07" },
	{ 42, 3, "042" },
	{ 123456789, 9, "123456789" },
	{ 1, 9, "000000001" },
	{ 12345, 3, "345" },
	{ 5, 0, "" },
};

START_TEST(test_padded)
{
	char text[32];

	*text_padded(text, paddeds[_i].number, paddeds[_i].digits) = '\0';
	ck_assert_str_eq(text, paddeds[_i].text);
}
END_TEST

static const struct {
	uint64_t time;
	const char *text;
} times[] = {
	{ 0, "1970-01-01T00:00:00.000000000+0000" },
	{ 1, "1970-01-01T00:00:00.000000001+0000" },
	{ 951782399 * NS + 999999999, "2000-02-28T23:59:59.999999999+0000" },
	{ 951782400 * NS, "2000-02-29T00:00:00.000000000+0000" },
	{ 951868800 * NS, "2000-03-01T00:00:00.000000000+0000" },
	{ 1795292100 * NS + 123456789, "2026-11-21T20:15:00.123456789+0000" },
	{ 4107542400 * NS, "2100-03-01T00:00:00.000000000+0000" },
	{ UINT64_MAX, "2554-07-21T23:34:33.709551615+0000" },
};

/* All through one cache of the day, forwards and back again. */
START_TEST(test_time)
{
	const size_t n = sizeof(times) / sizeof(times[0]);
	struct text_day day = { 0 };
	char text[TEXT_TIME_MAX + 1];

	for (size_t i = 0; i < 2 * n; i++) {
		size_t k = i < n ? i : 2 * n - 1 - i;

		*text_time(text, &day, times[k].time) = '\0';
		ck_assert_str_eq(text, times[k].text);
		ck_assert_uint_le(strlen(text), TEXT_TIME_MAX);
	}
}
END_TEST

static const char *const addrs[] = {
	"0.0.0.0",
	"1.20.255.9",
	"255.255.255.255",
	"100.10.101.99",
	"::",
	"2001:db8::1",
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
};

START_TEST(test_addr)
{
	struct output output;
	struct pn_addr addr;

	ck_assert_int_eq(addr_parse(addrs[_i], &addr, NULL), 0);
	output_open(&output, false);
	write_addr(output.writer, &addr);
	output_expect(&output, addrs[_i]);
}
END_TEST

static const struct {
	const char *text;
	const char *json;
} strings[] = {
	{ NULL, "null" },
	{ "", "\"\"" },
	{ "plain", "\"plain\"" },
	{ "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
	{ "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"" },
	{ "\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"" },
	{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\xaa",
		"\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\xaa\"" },
	{ "\xff", "\"\xef\xbf\xbd\"" },
	{ "a\xc3", "\"a\xef\xbf\xbd\"" },                               /* cut off */
	{ "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },                 /* an overlong "/" */
	{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* half a surrogate pair */
	{ "\x80\"\xff", "\"\xef\xbf\xbd\\\"\xef\xbf\xbd\"" },
};

START_TEST(test_json)
{
	struct output output;

	output_open(&output, false);
	write_json(output.writer, strings[_i].text);
	output_expect(&output, strings[_i].json);
}
END_TEST

START_TEST(test_pieces)
{
	struct output output;
	char *at;

	output_open(&output, false);
	write_text(output.writer, "one ");
	write_bytes(output.writer, "two three", 4);
	write_char(output.writer, ' ');
	write_uint(output.writer, 4);
	write_char(output.writer, ' ');
	write_padded(output.writer, 5, 3);
	write_char(output.writer, ' ');
	write_time(output.writer, 5 * NS);
	at = writer_room(output.writer, 10);
	at = TEXT(at, " six");
	writer_fill(output.writer, at);
	write_end_line(output.writer);
	writer_flush(output.writer);
	ck_assert_int_gt(lseek(output.fd, 0, SEEK_END), 0);
	output_expect(&output, "one two  4 005 1970-01-01T00:00:05.000000000+0000 six\n");
}
END_TEST

#define LINES     100000u
#define LONG_LINE 1000u

/* A few megabytes of numbered lines, among them one that is longer than all buffers together. */
static size_t
write_many(struct writer *writer)
{
	size_t len = 0;

	for (unsigned i = 0; i < LINES; i++) {
		write_padded(writer, i, 9);
		len += 10;
		if (i == LONG_LINE) {
			for (unsigned k = 0; k < 200000; k++)
				write_bytes(writer, "abcdefg", 7);
			len += 200000 * 7;
		}
		write_end_line(writer);
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
	struct writer *writer;

	ck_assert_int_eq(writer_open("/dev/full", _i, &writer), 0);
	ck_assert_int_eq(writer_error(writer), 0);
	write_many(writer);
	write_many(writer);
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
	char path[] = "/tmp/test-writer-XXXXXX";
	struct writer *writer = NULL;
	char text[16] = "";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "longer than that", 16), 16);
	ck_assert_int_eq(writer_open(path, false, &writer), 0);
	write_text(writer, "new\n");
	ck_assert_int_eq(writer_close(writer), 0);
	ck_assert_int_eq(pread(fd, text, sizeof(text), 0), 4);
	ck_assert_str_eq(text, "new\n");
	close(fd);
	unlink(path);
	writer = NULL;
	ck_assert_int_eq(writer_open("/tmp", false, &writer), -EISDIR);
	ck_assert_int_eq(writer_open("/nowhere/at/all", false, &writer), -ENOENT);
	ck_assert_ptr_null(writer);
	ck_assert_int_eq(writer_close(NULL), 0);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("writer");
	TCase *text = tcase_create("text");
	TCase *files = tcase_create("files");

	tcase_add_test(text, test_uint);
	tcase_add_loop_test(text, test_padded, 0, sizeof(paddeds) / sizeof(paddeds[0]));
	tcase_add_test(text, test_time);
	tcase_add_loop_test(text, test_addr, 0, sizeof(addrs) / sizeof(addrs[0]));
	tcase_add_loop_test(text, test_json, 0, sizeof(strings) / sizeof(strings[0]));
	tcase_add_test(text, test_pieces);
	suite_add_tcase(s, text);
	/* without and with a thread */
	tcase_add_loop_test(files, test_lossless, 0, 2);
	tcase_add_loop_test(files, test_slow_reader, 0, 2);
	tcase_add_loop_test(files, test_full, 0, 2);
	tcase_add_loop_test(files, test_reader_gone, 0, 2);
	tcase_add_test(files, test_open);
	tcase_set_timeout(files, 20);
	suite_add_tcase(s, files);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

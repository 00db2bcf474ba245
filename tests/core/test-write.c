// SPDX-License-Identifier: GPL-2.0-or-later
/* Pieces of text, as text.h makes them, and as they go into a writer. */
#include "record/write.h"

#include <inttypes.h>
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
	char text[ADDR_TEXT_MAX + 1];
	struct pn_addr addr;

	ck_assert_int_eq(addr_parse(addrs[_i], &addr, NULL), 0);
	*text_addr(text, &addr) = '\0';
	ck_assert_str_eq(text, addrs[_i]);
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

/* Longer than what is taken at once: no character is cut in two, wherever it stands. */
START_TEST(test_long_json)
{
	const size_t front = 505 + (size_t)_i, len = front + 2000 * 3;
	char *text = malloc(len + 1), *expected = malloc(len + 3);
	struct output output;

	memset(text, 'x', front);
	for (size_t at = front; at < len; at += 3)
		memcpy(text + at, "\xe2\x82\xac", 3);
	text[len] = '\0';
	sprintf(expected, "\"%s\"", text);
	output_open(&output, false);
	write_json(output.writer, text);
	output_expect(&output, expected);
	free(text);
	free(expected);
}
END_TEST

/* As much as a piece can grow. */
START_TEST(test_escaped_json)
{
	const size_t len = 5000;
	char *text = malloc(len + 1), *at, *expected = malloc(6 * len + 3);
	struct output output;

	memset(text, '\x01', len);
	text[len] = '\0';
	at = expected;
	*at++ = '"';
	for (size_t n = 0; n < len; n++)
		at += sprintf(at, "\\u0001");
	strcpy(at, "\"");
	output_open(&output, false);
	write_json(output.writer, text);
	output_expect(&output, expected);
	free(text);
	free(expected);
}
END_TEST

START_TEST(test_json_put)
{
	char text[JSON_MAX(4) + 1];

	*json_put(text,
		"a\"\xff\x01"
		"behind",
		4) = '\0';
	ck_assert_str_eq(text, "a\\\"\xef\xbf\xbd\\u0001");
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
	at = writer_room(output.writer, 10);
	at = TEXT(at, " six");
	writer_fill(output.writer, at);
	writer_end_line(output.writer);
	output_expect(&output, "one two  4 six\n");
}
END_TEST

#define LOOP(tc, test, rows) tcase_add_loop_test(tc, test, 0, sizeof(rows) / sizeof((rows)[0]))

static Suite *
suite(void)
{
	Suite *s = suite_create("write");
	TCase *tc = tcase_create("write");

	tcase_add_test(tc, test_uint);
	LOOP(tc, test_padded, paddeds);
	tcase_add_test(tc, test_time);
	LOOP(tc, test_addr, addrs);
	LOOP(tc, test_json, strings);
	tcase_add_loop_test(tc, test_long_json, 0, 12);
	tcase_add_test(tc, test_escaped_json);
	tcase_add_test(tc, test_json_put);
	tcase_add_test(tc, test_pieces);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

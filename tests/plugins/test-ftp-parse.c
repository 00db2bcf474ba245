// SPDX-License-Identifier: GPL-2.0-or-later
/* The syntax of FTP: lines, commands, replies and endpoints; and the pairing of the two. */
#include "ftp-parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ftp-pairs.h"
#include "kit/kit.h"

/* A copy of exactly these bytes, so that a read beyond them is found. */
static uint8_t *
exactly(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, len);
	return copy;
}

/* String literals with NULs in them. */
#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *line;
	size_t len;
	const char *name;
	const char *arg;
	uint32_t verb;
	uint32_t eol;
} commands[] = {
	{ BYTES("USER anna\r\n"), "USER", "anna", FTP_USER, FTP_EOL_CRLF },
	{ BYTES("user anna\n"), "USER", "anna", FTP_USER, FTP_EOL_LF },
	{ BYTES("uSeR anna"), "USER", "anna", FTP_USER, FTP_EOL_NONE },
	{ BYTES("PASV\r\n"), "PASV", "", FTP_PASV, FTP_EOL_CRLF },
	{ BYTES("PASV  \r\n"), "PASV", "", FTP_PASV, FTP_EOL_CRLF },
	{ BYTES("RETR  a b \r\n"), "RETR", "a b", FTP_TRANSFER, FTP_EOL_CRLF },
	{ BYTES("RETR a\rb\r\n"), "RETR", "a\rb", FTP_TRANSFER, FTP_EOL_CRLF },
	{ BYTES("MKD x\r\n"), "MKD", "x", FTP_OTHER, FTP_EOL_CRLF },
	{ BYTES("XSHA256 x\r\n"), "XSHA256", "x", FTP_OTHER, FTP_EOL_CRLF },
	{ BYTES("PASVX\r\n"), "", "", FTP_UNKNOWN, FTP_EOL_CRLF },
	{ BYTES("PAS V\r\n"), "", "V", FTP_UNKNOWN, FTP_EOL_CRLF },
	{ BYTES("PASV\t\r\n"), "", "\t", FTP_UNKNOWN, FTP_EOL_CRLF },
	{ BYTES(" PASV\r\n"), "", "PASV", FTP_UNKNOWN, FTP_EOL_CRLF },
	{ BYTES("XSHA256X y\r\n"), "", "y", FTP_UNKNOWN, FTP_EOL_CRLF },
	{ BYTES("GET / HTTP/1.1\r\n"), "", "/ HTTP/1.1", FTP_UNKNOWN, FTP_EOL_CRLF },
	{ BYTES("\r\n"), "", "", FTP_BLANK, FTP_EOL_CRLF },
	{ BYTES("\n"), "", "", FTP_BLANK, FTP_EOL_LF },
	{ BYTES(""), "", "", FTP_BLANK, FTP_EOL_NONE },
	{ BYTES("PASV\0\r\n"), "", "PASV", FTP_UNKNOWN, FTP_EOL_CRLF },
	{ BYTES("PASV \0\r\n"), "", "PASV", FTP_UNKNOWN, FTP_EOL_CRLF },
	/* Telnet: IP, DM; WILL 1; a data byte 255; a lone IAC; an option that is missing */
	{ BYTES("\xff\xf4\xff\xf2"
		"ABOR\r\n"),
		"ABOR", "", FTP_ABOR, FTP_EOL_CRLF },
	{ BYTES("\xff\xfb\x01"
		"QUIT\r\n"),
		"QUIT", "", FTP_OTHER, FTP_EOL_CRLF },
	{ BYTES("\xff\xff"
		"QUIT\r\n"),
		"", "", FTP_UNKNOWN, FTP_EOL_CRLF },
	{ BYTES("\xff\r\n"), "", "", FTP_UNKNOWN, FTP_EOL_CRLF },
	{ BYTES("\xff\xfd\n"), "", "", FTP_UNKNOWN, FTP_EOL_LF },
};

START_TEST(test_command)
{
	uint8_t *line = exactly(commands[_i].line, commands[_i].len);
	struct ftp_command command;

	ftp_parse_command(line, commands[_i].len, &command);
	ck_assert_uint_eq(command.verb, commands[_i].verb);
	ck_assert_uint_eq(command.eol, commands[_i].eol);
	ck_assert_str_eq(command.name, commands[_i].name);
	if (command.verb != FTP_UNKNOWN) {
		ck_assert_uint_eq(command.arg_len, strlen(commands[_i].arg));
		ck_assert_mem_eq(command.arg, commands[_i].arg, command.arg_len);
	}
	free(line);
}
END_TEST

static const struct {
	const char *line;
	size_t len;
	int result;
	uint32_t code;
	int more;
	const char *text;
} replies[] = {
	{ BYTES("220 ready\r\n"), 0, 220, 0, "ready" },
	{ BYTES("220-ready\r\n"), 0, 220, 1, "ready" },
	{ BYTES("200\r\n"), 0, 200, 0, "" },
	{ BYTES("200 \n"), 0, 200, 0, "" },
	{ BYTES("227 (1,2)\0(3)\r\n"), 0, 227, 0, "" },
	{ BYTES("699 x\r\n"), 0, 699, 0, "x" },
	{ BYTES("700 x\r\n"), -EINVAL, 0, 0, NULL },
	{ BYTES("099 x\r\n"), -EINVAL, 0, 0, NULL },
	{ BYTES("230no\r\n"), -EINVAL, 0, 0, NULL },
	{ BYTES(" 230 x\r\n"), -EINVAL, 0, 0, NULL },
	{ BYTES("99 x\r\n"), -EINVAL, 0, 0, NULL },
	{ BYTES("2270 x\r\n"), -EINVAL, 0, 0, NULL },
	{ BYTES("22\r\n"), -EINVAL, 0, 0, NULL },
	{ BYTES("\r\n"), -EINVAL, 0, 0, NULL },
	{ BYTES(""), -EINVAL, 0, 0, NULL },
	{ BYTES("HTTP/1.1 200 OK\r\n"), -EINVAL, 0, 0, NULL },
};

START_TEST(test_reply)
{
	uint8_t *line = exactly(replies[_i].line, replies[_i].len);
	struct ftp_reply reply = { .code = 7 };

	ck_assert_int_eq(ftp_parse_reply(line, replies[_i].len, &reply), replies[_i].result);
	if (replies[_i].result < 0) {
		ck_assert_uint_eq(reply.code, 7);
	} else {
		ck_assert_uint_eq(reply.code, replies[_i].code);
		ck_assert_int_eq(reply.more, replies[_i].more);
		ck_assert_uint_eq(reply.text_len, strlen(replies[_i].text));
		ck_assert_mem_eq(reply.text, replies[_i].text, reply.text_len);
	}
	free(line);
}
END_TEST

typedef int parser(const uint8_t *text, size_t len, struct ftp_endpoint *ret_endpoint);

/* What a parser finds, as "ADDRESS PORT OFFSET+LENGTH"; NULL: nothing. */
static const struct {
	parser *parse;
	const char *text;
	const char *found;
} endpoints[] = {
	{ ftp_parse_port, "192,0,2,1,19,137", "192.0.2.1 5001 0+16" },
	{ ftp_parse_port, "0,0,0,0,0,0", "0.0.0.0 0 0+11" },
	{ ftp_parse_port, "255,255,255,255,255,255", "255.255.255.255 65535 0+23" },
	{ ftp_parse_port, "256,0,2,1,19,137", NULL },
	{ ftp_parse_port, "192,0,2,1,19,256", NULL },
	{ ftp_parse_port, "192,0,2,1,19", NULL },
	{ ftp_parse_port, "192,0,2,1,19,", NULL },
	{ ftp_parse_port, "192,0,2,1,19,137,1", NULL },
	{ ftp_parse_port, "192,0,2,1,19,137 ", NULL },
	{ ftp_parse_port, "192,0,2,1,19,137x", NULL },
	{ ftp_parse_port, "192, 0,2,1,19,137", NULL },
	{ ftp_parse_port, "192,0,2,1,,137", NULL },
	{ ftp_parse_port, "-192,0,2,1,19,137", NULL },
	{ ftp_parse_port, "000192,0,2,1,19,137", NULL },
	{ ftp_parse_port, "4294967488,0,2,1,19,137", NULL },
	{ ftp_parse_port, "", NULL },

	{ ftp_parse_eprt, "|1|192.0.2.1|5001|", "192.0.2.1 5001 1+16" },
	{ ftp_parse_eprt, "|2|2001:db8::1|5001|", "2001:db8::1 5001 1+18" },
	{ ftp_parse_eprt, "|2|::ffff:192.0.2.1|5001|", "::ffff:192.0.2.1 5001 1+23" },
	{ ftp_parse_eprt, "!1!192.0.2.1!5001!", "192.0.2.1 5001 1+16" },
	{ ftp_parse_eprt, "~1~192.0.2.1~65535~", "192.0.2.1 65535 1+17" },
	{ ftp_parse_eprt, "|1|192.0.2.1|65536|", NULL },
	{ ftp_parse_eprt, "|1|192.0.2.1|5001", NULL },
	{ ftp_parse_eprt, "|1|192.0.2.1|5001|x", NULL },
	{ ftp_parse_eprt, "|1|192.0.2.1||", NULL },
	{ ftp_parse_eprt, "|1||5001|", NULL },
	{ ftp_parse_eprt, "|||5001|", NULL }, /* of 229 only */
	{ ftp_parse_eprt, "|0|192.0.2.1|5001|", NULL },
	{ ftp_parse_eprt, "|3|192.0.2.1|5001|", NULL },
	{ ftp_parse_eprt, "|1|2001:db8::1|5001|", NULL },
	{ ftp_parse_eprt, "|2|192.0.2.1|5001|", NULL },
	{ ftp_parse_eprt, "|1|192.0.2|5001|", NULL },
	{ ftp_parse_eprt, "|2|fe80::1%eth0|5001|", NULL },
	{ ftp_parse_eprt, "|2|1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa|5001|", NULL },
	{ ftp_parse_eprt, "|1!192.0.2.1|5001|", NULL },
	{ ftp_parse_eprt, "11.192.0.2.1.5001.", NULL },
	{ ftp_parse_eprt, ".1.192.0.2.1.5001.", NULL },
	{ ftp_parse_eprt, "a2a2001:db8::1a5001a", NULL },
	{ ftp_parse_eprt, " 1 192.0.2.1 5001 ", NULL },
	{ ftp_parse_eprt,
		"\x7f"
		"1\x7f"
		"192.0.2.1\x7f"
		"5001\x7f",
		NULL },
	{ ftp_parse_eprt, "|", NULL },
	{ ftp_parse_eprt, "", NULL },

	{ ftp_parse_lprt, "4,4,192,0,2,1,2,19,137", "192.0.2.1 5001 0+22" },
	{ ftp_parse_lprt, "6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1,2,19,137",
		"2001:db8::1 5001 0+49" },
	{ ftp_parse_lprt, "4,16,192,0,2,1,2,19,137", NULL },
	{ ftp_parse_lprt, "6,4,192,0,2,1,2,19,137", NULL },
	{ ftp_parse_lprt, "4,4,192,0,2,1,1,19,137", NULL },
	{ ftp_parse_lprt, "4,4,192,0,2,1,3,19,137", NULL },
	{ ftp_parse_lprt, "4,4,192,0,2,1,2,19", NULL },
	{ ftp_parse_lprt, "4,4,192,0,2,1,2,19,137,1", NULL },
	{ ftp_parse_lprt, "5,4,192,0,2,1,2,19,137", NULL },
	{ ftp_parse_lprt, "4", NULL },

	{ ftp_parse_227, "Entering Passive Mode (198,51,100,9,19,137).",
		"198.51.100.9 5001 23+19" },
	{ ftp_parse_227, "198,51,100,9,19,137", "198.51.100.9 5001 0+19" },
	{ ftp_parse_227, "=198,51,100,9,19,137", "198.51.100.9 5001 1+19" },
	{ ftp_parse_227, "Entering Passive Mode 198,51,100,9,19,137", "198.51.100.9 5001 22+19" },
	{ ftp_parse_227, "Mode 2 (198,51,100,9,19,137)", "198.51.100.9 5001 8+19" },
	{ ftp_parse_227, "(Mode) (198,51,100,9,19,137)", "198.51.100.9 5001 8+19" },
	{ ftp_parse_227, "(198,51,100,9,19,137", "198.51.100.9 5001 1+19" },
	{ ftp_parse_227, "Mode 2 198,51,100,9,19,137", NULL },
	{ ftp_parse_227, "(198,51,100,9,19,137,1)", NULL },
	{ ftp_parse_227, "(198,51,100,9,19)", NULL },
	{ ftp_parse_227, "(198,51,100,9,19,1370)", NULL },
	{ ftp_parse_227, "Logout.", NULL },
	{ ftp_parse_227, "(", NULL },
	{ ftp_parse_227, "", NULL },

	{ ftp_parse_228, "Long (4,4,198,51,100,9,2,19,137)", "198.51.100.9 5001 6+25" },
	{ ftp_parse_228, "Long (198,51,100,9,19,137)", NULL },

	{ ftp_parse_229, "Extended (|||5001|)", "- 5001 11+6" },
	{ ftp_parse_229, "(a) (|||5001|)", "- 5001 6+6" },
	{ ftp_parse_229, "((((|||5001|", "- 5001 5+6" },
	{ ftp_parse_229, "($$$5001$)", "- 5001 2+6" },
	{ ftp_parse_229, "(|1|198.51.100.9|5001|)", "198.51.100.9 5001 2+19" },
	{ ftp_parse_229, "(|2|2001:db8::9|5001|)", "2001:db8::9 5001 2+18" },
	{ ftp_parse_229, "|||5001|", NULL },
	{ ftp_parse_229, "(||5001|)", NULL },
	{ ftp_parse_229, "(|||5001)", NULL },
	{ ftp_parse_229, "(|||65536|)", NULL },
	{ ftp_parse_229, "(||||)", NULL },
	{ ftp_parse_229, "(|x|198.51.100.9|5001|)", NULL },
	{ ftp_parse_229, "(|1||5001|)", NULL },
	{ ftp_parse_229, "(198,51,100,9,19,137)", NULL },
	{ ftp_parse_229, "(", NULL },
	{ ftp_parse_229, "", NULL },
};

START_TEST(test_endpoint)
{
	size_t len = strlen(endpoints[_i].text);
	uint8_t *text = exactly(endpoints[_i].text, len);
	struct ftp_endpoint e = { .port = 7 };
	char name[INET6_ADDRSTRLEN] = "-", found[128];
	int r = endpoints[_i].parse(text, len, &e);

	free(text);
	if (!endpoints[_i].found) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_uint_eq(e.port, 7);
		return;
	}
	ck_assert_int_eq(r, 0);
	if (e.addr.family != PN_ADDR_NONE)
		inet_ntop(e.addr.family == PN_ADDR_IPV6 ? AF_INET6 : AF_INET, e.addr.bytes, name,
			sizeof(name));
	snprintf(found, sizeof(found), "%s %u %zu+%zu", name, e.port, e.offset, e.len);
	ck_assert_str_eq(found, endpoints[_i].found);
}
END_TEST

/* What a reply tells, written again, stands where it stood; and the same for the longest. */
START_TEST(test_format)
{
	static const struct {
		uint32_t code;
		parser *parse;
		const char *text;
	} texts[] = {
		{ 227, ftp_parse_227, "(198,51,100,9,19,137)" },
		{ 227, ftp_parse_227, "(255,255,255,255,255,255)" },
		{ 228, ftp_parse_228, "(4,4,198,51,100,9,2,19,137)" },
		{ 228, ftp_parse_228,
			"(6,16,255,255,255,255,255,255,255,255,255,255,255,255,255,255,255,255,2,"
			"255,255)" },
		{ 229, ftp_parse_229, "(|||5001|)" },
		{ 229, ftp_parse_229, "(!!!65535!)" },
		{ 229, ftp_parse_229, "(|1|198.51.100.9|5001|)" },
		{ 229, ftp_parse_229, "(|2|ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff|65535|)" },
	};
	const char *text = texts[_i].text;
	struct ftp_endpoint e;
	char again[FTP_TEXT_MAX];

	ck_assert_int_eq(texts[_i].parse((const uint8_t *)text, strlen(text), &e), 0);
	ck_assert_uint_eq(ftp_format(texts[_i].code, &e, again), e.len);
	ck_assert_mem_eq(again, text + e.offset, e.len);
}
END_TEST

START_TEST(test_format_impossible)
{
	struct ftp_endpoint e = { .port = 5001, .addr = { .family = PN_ADDR_IPV6 } };
	char text[FTP_TEXT_MAX];

	ck_assert_uint_eq(ftp_format(227, &e, text), 0);
	e.addr.family = PN_ADDR_NONE;
	ck_assert_uint_eq(ftp_format(227, &e, text), 0);
	ck_assert_uint_eq(ftp_format(228, &e, text), 0);
	e.addr.family = PN_ADDR_SENDER;
	ck_assert_uint_eq(ftp_format(228, &e, text), 0);
	ck_assert_uint_eq(ftp_format(229, &e, text), 0);
}
END_TEST

START_TEST(test_frame_line)
{
	uint8_t *line = exactly("", 0), *longest = malloc(FTP_LINE_MAX);

	ck_assert_int_eq(ftp_frame_line(line, 0), 0);
	free(line);
	line = exactly("ab\r\ncd\r\n", 8);
	ck_assert_int_eq(ftp_frame_line(line, 8), 4);
	ck_assert_int_eq(ftp_frame_line(line, 3), 0);
	free(line);
	memset(longest, 'x', FTP_LINE_MAX);
	ck_assert_int_eq(ftp_frame_line(longest, FTP_LINE_MAX - 1), 0);
	ck_assert_int_eq(ftp_frame_line(longest, FTP_LINE_MAX), FTP_LINE_MAX);
	longest[FTP_LINE_MAX - 1] = '\n';
	ck_assert_int_eq(ftp_frame_line(longest, FTP_LINE_MAX), FTP_LINE_MAX);
	ck_assert_int_eq(ftp_ends_line(longest, FTP_LINE_MAX), 1);
	ck_assert_int_eq(ftp_ends_line(longest, FTP_LINE_MAX - 1), 0);
	ck_assert_int_eq(ftp_ends_line(longest, 0), 0);
	free(longest);
}
END_TEST

/* type, version, length */
static const struct {
	const char *bytes;
	size_t len;
	int64_t result;
} records[] = {
	{ BYTES(""), 0 },
	{ BYTES("\x16"), 0 },
	{ BYTES("\x16\x03\x01\x00"), 0 },
	{ BYTES("\x16\x03\x01\x00\x02"), 7 },
	{ BYTES("\x14\x03\x00\x00\x00"), 5 },
	{ BYTES("\x18\x03\x04\x48\x00"), 5 + 18432 },
	{ BYTES("\x17\x03\x03\x48\x01"), -EPROTO },
	{ BYTES("\x17\x02\x03\x00\x02"), -EPROTO },
	{ BYTES("\x13"), -EPROTO },
	{ BYTES("\x19\x03\x03\x00\x02"), -EPROTO },
	{ BYTES("PASV\r\n"), -EPROTO },
};

START_TEST(test_frame_record)
{
	uint8_t *bytes = exactly(records[_i].bytes, records[_i].len);

	ck_assert_int_eq(ftp_frame_record(bytes, records[_i].len), records[_i].result);
	free(bytes);
}
END_TEST

static enum ftp_kind
popped(struct ftp_pairs *pairs, uint32_t code)
{
	struct ftp_pending command;

	ck_assert_int_eq(ftp_pairs_pop(pairs, code, &command), 0);
	return (enum ftp_kind)command.kind;
}

START_TEST(test_pairs_in_order)
{
	const struct ftp_endpoint e = { .port = 5001, .addr = { .family = PN_ADDR_IPV4 } };
	struct ftp_pairs pairs = { 0 };
	struct ftp_pending command;
	int n;

	ck_assert_int_eq(ftp_pairs_pop(&pairs, 200, &command), -ENOENT);
	/* several times around the ring */
	for (n = 0; n < 3 * FTP_PAIRS_MAX; n++) {
		ck_assert_int_eq(ftp_pairs_push(&pairs, FTP_KIND_PORT, &e), 0);
		ck_assert_int_eq(ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL), 0);
		ck_assert_int_eq(ftp_pairs_pop(&pairs, 200, &command), 0);
		ck_assert_int_eq(command.kind, FTP_KIND_PORT);
		ck_assert_int_eq(command.port, 5001);
		ck_assert_int_eq(popped(&pairs, 227), FTP_KIND_PASV);
	}
	ck_assert_int_eq(ftp_pairs_pop(&pairs, 200, &command), -ENOENT);
}
END_TEST

START_TEST(test_pairs_overflow)
{
	struct ftp_pairs pairs = { 0 };
	int n;

	for (n = 0; n < FTP_PAIRS_MAX; n++)
		ck_assert_int_eq(ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL), 0);
	ck_assert_int_eq(ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL), -ENOSPC);
	ftp_pairs_see_verb(&pairs);
	ck_assert_int_eq(ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL), 0);
	for (n = 0; n < FTP_PAIRS_MAX + 2; n++)
		ck_assert_int_eq(popped(&pairs, 227), FTP_KIND_OTHER);
	/* all are answered: certain again */
	ck_assert_int_eq(ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL), 0);
	ck_assert_int_eq(popped(&pairs, 227), FTP_KIND_PASV);
}
END_TEST

START_TEST(test_pairs_doubt_needs_verb)
{
	struct ftp_pairs pairs = { 0 };

	ftp_pairs_doubt(&pairs);
	ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL);
	ck_assert_int_eq(popped(&pairs, 227), FTP_KIND_OTHER);
	ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL);
	ck_assert_int_eq(popped(&pairs, 227), FTP_KIND_OTHER);
	ftp_pairs_see_verb(&pairs);
	ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL);
	ck_assert_int_eq(popped(&pairs, 227), FTP_KIND_OTHER);
	ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL);
	ck_assert_int_eq(popped(&pairs, 227), FTP_KIND_PASV);
}
END_TEST

START_TEST(test_pairs_abor)
{
	struct ftp_pairs pairs = { 0 };

	/* two replies: 426 and 226 */
	ftp_pairs_push(&pairs, FTP_KIND_OTHER, NULL);
	ftp_pairs_push(&pairs, FTP_KIND_ABOR, NULL);
	ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL);
	ck_assert_int_eq(popped(&pairs, 426), FTP_KIND_OTHER);
	ck_assert_int_eq(popped(&pairs, 226), FTP_KIND_ABOR);
	ck_assert_int_eq(popped(&pairs, 227), FTP_KIND_PASV);
	ftp_pairs_push(&pairs, FTP_KIND_ABOR, NULL);
	ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL);
	ck_assert_int_eq(popped(&pairs, 225), FTP_KIND_ABOR);
	ck_assert_int_eq(popped(&pairs, 227), FTP_KIND_PASV);
	/* one for both */
	ftp_pairs_push(&pairs, FTP_KIND_ABOR, NULL);
	ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL);
	ck_assert_int_eq(popped(&pairs, 227), FTP_KIND_PASV);
	/* an error is its own */
	ftp_pairs_push(&pairs, FTP_KIND_ABOR, NULL);
	ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL);
	ck_assert_int_eq(popped(&pairs, 500), FTP_KIND_ABOR);
	ck_assert_int_eq(popped(&pairs, 227), FTP_KIND_PASV);
}
END_TEST

START_TEST(test_pairs_disarm)
{
	struct ftp_pairs pairs = { 0 };

	ftp_pairs_push(&pairs, FTP_KIND_PASV, NULL);
	ftp_pairs_disarm(&pairs);
	ftp_pairs_push(&pairs, FTP_KIND_EPSV, NULL);
	ck_assert_int_eq(popped(&pairs, 227), FTP_KIND_OTHER);
	ck_assert_int_eq(popped(&pairs, 229), FTP_KIND_EPSV);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("ftp-parse");
	TCase *t = tcase_create("syntax");

	tcase_add_loop_test(t, test_command, 0, sizeof(commands) / sizeof(commands[0]));
	tcase_add_loop_test(t, test_reply, 0, sizeof(replies) / sizeof(replies[0]));
	tcase_add_loop_test(t, test_endpoint, 0, sizeof(endpoints) / sizeof(endpoints[0]));
	tcase_add_loop_test(t, test_format, 0, 8);
	tcase_add_test(t, test_format_impossible);
	tcase_add_test(t, test_frame_line);
	tcase_add_loop_test(t, test_frame_record, 0, sizeof(records) / sizeof(records[0]));
	suite_add_tcase(s, t);
	t = tcase_create("pairs");
	tcase_add_test(t, test_pairs_in_order);
	tcase_add_test(t, test_pairs_overflow);
	tcase_add_test(t, test_pairs_doubt_needs_verb);
	tcase_add_test(t, test_pairs_abor);
	tcase_add_test(t, test_pairs_disarm);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

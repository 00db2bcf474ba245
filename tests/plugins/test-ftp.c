// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The FTP helper: the sessions of ftp-cases.c, whole and cut in every way; what the host answers;
 * long lines.
 */
#include <postern/plugin.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ftp-cases.h"
#include "ftp-parse.h"
#include "kit/fakehost.h"
#include "kit/kit.h"

/* One step of a script, as bytes. */
struct step {
	uint8_t *bytes;
	size_t len;
	uint32_t dir;
	bool gap;
};

#define STEPS_MAX 96

struct session {
	struct step steps[STEPS_MAX];
	unsigned count;
	size_t total;
};

/* Reads "\xHH", "\r" or "\n" behind the backslash; returns what comes after it. */
static const char *
unescape(const char *text, uint8_t *ret_byte)
{
	char digits[3] = "";

	if (*text == 'r' || *text == 'n') {
		*ret_byte = *text == 'r' ? '\r' : '\n';
		return text + 1;
	}
	ck_assert_int_eq(*text, 'x');
	memcpy(digits, text + 1, 2);
	*ret_byte = (uint8_t)strtoul(digits, NULL, 16);
	return text + 3;
}

/* Reads one line of a script; returns the next. */
static const char *
read_step(const char *line, struct step *ret_step)
{
	const char *end = strchr(line, '\n'), *at = line + 2;
	struct step step = { .dir = strchr("Cc", *line) ? PN_FROM_ORIGINATOR : PN_FROM_RESPONDER };

	ck_assert_ptr_nonnull(end);
	ck_assert_ptr_nonnull(strchr("CcSs", *line));
	step.gap = line[1] == '!';
	step.bytes = malloc((size_t)(end - line) + 2);
	ck_assert_ptr_nonnull(step.bytes);
	while (!step.gap && at < end) {
		uint8_t c = (uint8_t)*at++;

		if (c == '\\')
			at = unescape(at, &c);
		step.bytes[step.len++] = c;
	}
	if (!step.gap && strchr("CS", *line)) {
		step.bytes[step.len++] = '\r';
		step.bytes[step.len++] = '\n';
	}
	*ret_step = step;
	return end + 1;
}

static void
session_read(struct session *session, const char *script)
{
	memset(session, 0, sizeof(*session));
	while (*script) {
		ck_assert_uint_lt(session->count, STEPS_MAX);
		script = read_step(script, &session->steps[session->count]);
		session->total += session->steps[session->count++].len;
	}
}

static void
session_done(struct session *session)
{
	while (session->count)
		free(session->steps[--session->count].bytes);
}

static struct fakehost *
host_for(const struct ftp_case *c)
{
	const struct fakehost_option set[] = {
		{ "CCC", c->ccc ? "yes" : "no" },
		{ "ServerAddress", c->server_address ? "yes" : "no" },
		{ "EarlyData", c->early ? "yes" : "no" },
		{ NULL, NULL },
	};
	const struct fakehost_options options = {
		.originator = c->ipv6 ? "[2001:db8::1]:40000" : "192.0.2.1:40000",
		.options = set,
	};

	return fakehost_new(&postern_plugin_0, &options);
}

/* Sends the session step by step, and cuts it each `every` bytes and behind the first `at`. */
static void
play(struct fakehost *host, const struct session *session, size_t every, size_t at)
{
	size_t offset = 0;
	unsigned n;

	for (n = 0; n < session->count; n++) {
		const struct step *step = &session->steps[n];
		size_t from = 0, i;

		if (step->gap)
			fakehost_gap(host, step->dir);
		for (i = 1; i <= step->len; i++) {
			offset++;
			if (i < step->len && offset % every && offset != at)
				continue;
			fakehost_send(host, step->dir, step->bytes + from, i - from);
			from = i;
		}
	}
}

/* Sends what one side says without a word of the other as one piece. */
static void
play_merged(struct fakehost *host, const struct session *session)
{
	uint8_t *bytes = malloc(session->total + 1);
	unsigned n = 0;

	ck_assert_ptr_nonnull(bytes);
	while (n < session->count) {
		uint32_t dir = session->steps[n].dir;
		size_t len = 0;

		if (session->steps[n].gap)
			fakehost_gap(host, session->steps[n++].dir);
		for (; n < session->count && session->steps[n].dir == dir && !session->steps[n].gap;
			n++) {
			memcpy(bytes + len, session->steps[n].bytes, session->steps[n].len);
			len += session->steps[n].len;
		}
		fakehost_send(host, dir, bytes, len);
	}
	free(bytes);
}

#define WHOLE ((size_t)-1)

START_TEST(test_case)
{
	const struct ftp_case *c = &ftp_cases[_i];
	struct fakehost *host = host_for(c);
	struct session session;
	const char *line, *end;
	char note[128];

	session_read(&session, c->script);
	play(host, &session, WHOLE, 0);
	ck_assert_msg(!strcmp(fakehost_doors(host), c->doors ? c->doors : ""), "%s: doors are\n%s",
		c->name, fakehost_doors(host));
	for (line = c->notes; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		snprintf(note, sizeof(note), "\n%.*s\n", (int)(end - line), line);
		ck_assert_msg(strstr(fakehost_story(host), note) ||
				      !strncmp(fakehost_story(host), note + 1, strlen(note + 1)),
			"%s: no%sin\n%s", c->name, note, fakehost_story(host));
	}
	ck_assert_msg((host->left != FAKEHOST_WATCHING) == c->left, "%s: left is %d", c->name,
		(int)host->left);
	ck_assert_int_ne(host->left, FAKEHOST_FAILED);
	ck_assert_uint_eq(host->drops, 0);
	ck_assert_msg(!host->misuse, "%s: %s", c->name, host->misuse_why);
	session_done(&session);
	fakehost_free(host);
}
END_TEST

static void
check_cuts(const struct ftp_case *c)
{
	struct fakehost *host = host_for(c);
	struct session session;
	size_t at;
	char *story;

	session_read(&session, c->script);
	play(host, &session, WHOLE, 0);
	story = strdup(fakehost_story(host));
	fakehost_free(host);
	for (at = 0; at <= session.total + 2; at++) {
		host = host_for(c);
		if (at == session.total + 2)
			play_merged(host, &session);
		else if (at == session.total + 1)
			play(host, &session, 1, 0);
		else
			play(host, &session, WHOLE, at);
		ck_assert_msg(!strcmp(fakehost_story(host), story),
			"%s, cut at %zu:\n%sinstead of\n%s", c->name, at, fakehost_story(host),
			story);
		ck_assert_uint_eq(host->misuse, 0);
		fakehost_free(host);
	}
	free(story);
	session_done(&session);
}

#define CUT_GROUPS 8

/* However the stream is cut, the helper does the same. */
START_TEST(test_case_cut)
{
	size_t n;

	for (n = (size_t)_i; n < ftp_cases_count; n += CUT_GROUPS)
		check_cuts(&ftp_cases[n]);
}
END_TEST

static void
say(struct fakehost *host, uint32_t dir, const char *text)
{
	fakehost_send(host, dir, text, strlen(text));
}

#define C(text) say(host, PN_FROM_ORIGINATOR, text "\r\n")
#define S(text) say(host, PN_FROM_RESPONDER, text "\r\n")

static struct fakehost *
logged_in(const struct fakehost_options *options)
{
	struct fakehost *host = fakehost_new(&postern_plugin_0, options);

	S("220 hi");
	C("USER anna");
	S("331 password");
	C("PASS secret");
	S("230 in");
	return host;
}

/* A password must never be told. */
START_TEST(test_no_password)
{
	struct fakehost *host = logged_in(NULL);

	ck_assert_ptr_null(strstr(fakehost_story(host), "secret"));
	fakehost_free(host);
}
END_TEST

START_TEST(test_request)
{
	struct fakehost *host = logged_in(NULL);
	const struct pn_expect *e = &host->doors[0].request;

	C("PORT 192,0,2,1,19,137");
	S("200 ok");
	ck_assert_uint_eq(host->n_doors, 1);
	ck_assert_uint_eq(e->proto, 6);
	ck_assert_uint_eq(
		e->mask, PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_DST_PORT | PN_EXPECT_MAX_FLOWS);
	ck_assert_uint_eq(e->src.family, PN_ADDR_SENDER);
	ck_assert_uint_eq(e->dst.family, PN_ADDR_IPV4);
	ck_assert_uint_eq(e->max_flows, 1);
	ck_assert_uint_eq(host->doors[0].dir, PN_FROM_RESPONDER);
	C("EPSV");
	S("229 (|||5001|)");
	e = &host->doors[1].request;
	ck_assert_uint_eq(e->src.family, PN_ADDR_RECEIVER);
	ck_assert_uint_eq(e->dst.family, PN_ADDR_SENDER);
	fakehost_free(host);
}
END_TEST

START_TEST(test_refused_by_host)
{
	const struct fakehost_options options = { .refuse = PN_REFUSED_LIMIT_HOST };
	struct fakehost *host = logged_in(&options);

	C("PASV");
	S("227 (198,51,100,9,19,137)");
	S("227 (198,51,100,9,19,137)");
	C("PORT 192,0,2,1,19,137");
	S("200 ok");
	ck_assert_uint_eq(host->n_doors, 2);
	ck_assert_int_eq(host->doors[0].id, -PN_REFUSED_LIMIT_HOST);
	ck_assert_int_eq(host->doors[1].id, -PN_REFUSED_LIMIT_HOST);
	ck_assert_int_eq(host->left, FAKEHOST_WATCHING);
	ck_assert_uint_eq(host->misuse, 0);
	fakehost_free(host);
}
END_TEST

/* Under translation the reply tells another endpoint. */
static const struct {
	const char *command;
	const char *reply;
	const char *mapped;
	const char *rewritten; /* NULL: it cannot be told, and the door is closed again */
} mappings[] = {
	{ "PASV\r\n", "227 Passive (198,51,100,9,19,137).\r\n", "203.0.113.5:40000",
		"227 Passive (203,0,113,5,156,64).\r\n" },
	{ "PASV\r\n", "227 198,51,100,9,19,137\r\n", "198.51.100.9:5002",
		"227 198,51,100,9,19,138\r\n" },
	{ "EPSV\r\n", "229 Extended (!!!5001!)\r\n", "203.0.113.5:40000",
		"229 Extended (!!!40000!)\r\n" },
	{ "EPSV\r\n", "229 (|1|198.51.100.9|5001|)\r\n", "203.0.113.5:40000",
		"229 (|1|203.0.113.5|40000|)\r\n" },
	{ "LPSV\r\n", "228 (4,4,198,51,100,9,2,19,137)\r\n", "203.0.113.5:40000",
		"228 (4,4,203,0,113,5,2,156,64)\r\n" },
	{ "LPSV\r\n", "228 (4,4,198,51,100,9,2,19,137)\r\n", "[2001:db8::5]:40000",
		"228 (6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,5,2,156,64)\r\n" },
	{ "PASV\r\n", "227 (198,51,100,9,19,137)\r\n", "[2001:db8::5]:40000", NULL },
};

START_TEST(test_mapped)
{
	const struct fakehost_options options = { .mapped = mappings[_i].mapped };
	struct fakehost *host = logged_in(&options);

	say(host, PN_FROM_ORIGINATOR, mappings[_i].command);
	say(host, PN_FROM_RESPONDER, mappings[_i].reply);
	ck_assert_uint_eq(host->n_doors, 1);
	ck_assert_uint_eq(host->misuse, 0);
	if (mappings[_i].rewritten) {
		ck_assert(host->doors[0].open);
		ck_assert_uint_eq(host->rewritten_len, strlen(mappings[_i].rewritten));
		ck_assert_mem_eq(host->rewritten, mappings[_i].rewritten, host->rewritten_len);
	} else {
		ck_assert(!host->doors[0].open);
		ck_assert_ptr_null(host->rewritten);
	}
	fakehost_free(host);
}
END_TEST

/* The same endpoint: nothing is rewritten. */
START_TEST(test_mapped_to_itself)
{
	const struct fakehost_options options = { .mapped = "198.51.100.9:5001" };
	struct fakehost *host = logged_in(&options);

	C("PASV");
	S("227 (198,51,100,9,19,137)");
	C("EPSV");
	S("229 (|||5001|)");
	ck_assert_ptr_null(host->rewritten);
	ck_assert_uint_eq(host->n_doors, 2);
	fakehost_free(host);
}
END_TEST

START_TEST(test_rewrite_fails)
{
	const struct fakehost_options options = { .mapped = "203.0.113.5:40000",
		.rewrite_error = -ENOSPC };
	struct fakehost *host = logged_in(&options);

	C("PASV");
	S("227 (198,51,100,9,19,137)");
	ck_assert_str_eq(fakehost_doors(host), "192.0.2.1 > 198.51.100.9:5001 closed\n");
	ck_assert_str_eq(fakehost_note(host, "refused"), "the reply cannot be translated");
	fakehost_free(host);
}
END_TEST

/* Sends "VERB xxx…" of `len` bytes with its CR LF. */
static void
send_long(struct fakehost *host, uint32_t dir, const char *begin, size_t len)
{
	char *line = malloc(len);

	ck_assert_ptr_nonnull(line);
	memset(line, 'x', len);
	memcpy(line, begin, strlen(begin));
	memcpy(line + len - 2, "\r\n", 2);
	fakehost_send(host, dir, line, len);
	free(line);
}

/* Too long by one byte, by a lot, and by pieces that end just where a line could begin. */
static const size_t long_lines[] = { FTP_LINE_MAX + 1, FTP_LINE_MAX + 2, 2 * FTP_LINE_MAX,
	2 * FTP_LINE_MAX + 1, 20000 };

START_TEST(test_long_command)
{
	struct fakehost *host = logged_in(NULL);

	send_long(host, PN_FROM_ORIGINATOR, "CWD ", long_lines[_i]);
	S("550 no");
	C("PASV");
	S("227 (198,51,100,9,19,137)");
	C("PASV");
	S("227 (198,51,100,9,19,137)");
	/* The first PASV came when all was in doubt. */
	ck_assert_uint_eq(host->n_doors, 1);
	ck_assert_int_eq(host->left, FAKEHOST_WATCHING);
	fakehost_free(host);
}
END_TEST

START_TEST(test_long_reply)
{
	struct fakehost *host = logged_in(NULL);

	C("PASV");
	send_long(host, PN_FROM_RESPONDER, "227 (198,51,100,9,19,137) ", long_lines[_i]);
	C("PORT 192,0,2,1,19,137");
	send_long(host, PN_FROM_RESPONDER, "200 ", long_lines[_i]);
	ck_assert_uint_eq(host->n_doors, 0);
	C("NOOP");
	S("200 ok");
	C("PASV");
	S("227 (198,51,100,9,19,137)");
	ck_assert_uint_eq(host->n_doors, 1);
	ck_assert_int_eq(host->left, FAKEHOST_WATCHING);
	fakehost_free(host);
}
END_TEST

/* A command at the very place where a long line is cut is no command. */
START_TEST(test_command_behind_cut)
{
	struct fakehost *host = logged_in(NULL);
	char line[FTP_LINE_MAX + 6];

	memset(line, 'x', sizeof(line));
	memcpy(line, "CWD ", 4);
	memcpy(line + FTP_LINE_MAX, "PASV\r\n", 6);
	fakehost_send(host, PN_FROM_ORIGINATOR, line, sizeof(line));
	S("550 no");
	S("227 (198,51,100,9,19,137)");
	ck_assert_uint_eq(host->n_doors, 0);
	fakehost_free(host);
}
END_TEST

/* The longest line that is taken whole. */
START_TEST(test_longest_line)
{
	struct fakehost *host = logged_in(NULL);

	send_long(host, PN_FROM_ORIGINATOR, "CWD ", FTP_LINE_MAX);
	S("250 ok");
	C("PASV");
	send_long(host, PN_FROM_RESPONDER, "227 (198,51,100,9,19,137) ", FTP_LINE_MAX);
	ck_assert_uint_eq(host->n_doors, 1);
	fakehost_free(host);
}
END_TEST

START_TEST(test_long_first_line)
{
	struct fakehost *host = fakehost_new(&postern_plugin_0, NULL);

	S("220 hi");
	send_long(host, PN_FROM_ORIGINATOR, "USER ", FTP_LINE_MAX + 1);
	ck_assert_int_eq(host->left, FAKEHOST_DETACHED);
	fakehost_free(host);
}
END_TEST

/* A record that is longer than a line comes cut, and framing goes on behind it. */
START_TEST(test_long_record)
{
	static const uint8_t alert[] = { 0x15, 3, 3, 0, 2, 1, 0 };
	const struct fakehost_option set[] = { { "CCC", "yes" }, { NULL, NULL } };
	const struct fakehost_options options = { .options = set };
	struct fakehost *host = logged_in(&options);
	uint8_t record[5 + 16384] = { 0x17, 3, 3, 0x40, 0 };

	C("AUTH TLS");
	S("234 ok");
	fakehost_send(host, PN_FROM_ORIGINATOR, record, sizeof(record));
	fakehost_send(host, PN_FROM_ORIGINATOR, alert, sizeof(alert));
	fakehost_send(host, PN_FROM_RESPONDER, alert, sizeof(alert));
	ck_assert_uint_eq(host->cuts, 1);
	C("PASV");
	S("227 (198,51,100,9,19,137)");
	ck_assert_uint_eq(host->n_doors, 1);
	fakehost_free(host);
}
END_TEST

/* The argument is cut to 200 bytes, and not within a character. */
START_TEST(test_long_name)
{
	struct fakehost *host = logged_in(NULL);
	char line[512] = "RETR ";
	const char *value;
	int n;

	for (n = 0; n < 120; n++)
		strcat(line, "\xe2\x82\xac");
	strcat(line, "\r\n");
	say(host, PN_FROM_ORIGINATOR, line);
	value = fakehost_note(host, "command");
	ck_assert_ptr_nonnull(value);
	ck_assert_uint_eq(strlen(value), strlen("RETR ") + 198);
	ck_assert(!strncmp(value, line, strlen(value)));
	fakehost_free(host);
}
END_TEST

START_TEST(test_descriptor)
{
	const struct pn_helper *h = postern_plugin_0.helpers[0];

	ck_assert_str_eq(postern_plugin_0.name, "ftp");
	ck_assert_ptr_null(postern_plugin_0.helpers[1]);
	ck_assert_uint_eq(h->binds[0].first, 21);
	ck_assert_uint_eq(h->binds[0].last, 21);
	ck_assert_uint_eq(h->binds[1].first, 0);
	ck_assert_uint_lt(h->flow_size, 1024);
	ck_assert_uint_eq(h->door_timeout, 60);
	ck_assert_uint_eq(h->max_message, 4096);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("ftp");
	TCase *t = tcase_create("sessions");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_case, 0, (int)ftp_cases_count);
	tcase_add_loop_test(t, test_case_cut, 0, CUT_GROUPS);
	suite_add_tcase(s, t);
	t = tcase_create("host");
	tcase_add_test(t, test_no_password);
	tcase_add_test(t, test_request);
	tcase_add_test(t, test_refused_by_host);
	tcase_add_loop_test(t, test_mapped, 0, sizeof(mappings) / sizeof(mappings[0]));
	tcase_add_test(t, test_mapped_to_itself);
	tcase_add_test(t, test_rewrite_fails);
	tcase_add_test(t, test_descriptor);
	suite_add_tcase(s, t);
	t = tcase_create("long");
	tcase_add_loop_test(t, test_long_command, 0, 5);
	tcase_add_loop_test(t, test_long_reply, 0, 5);
	tcase_add_test(t, test_command_behind_cut);
	tcase_add_test(t, test_longest_line);
	tcase_add_test(t, test_long_first_line);
	tcase_add_test(t, test_long_record);
	tcase_add_test(t, test_long_name);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

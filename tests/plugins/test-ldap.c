// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The helper ldap.directory: the conversations of ldap-cases.c, whole and cut in every way; what a
 * door is asked for; limits.
 */
#include <postern/plugin.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ber-text.h"
#include "kit/fakehost.h"
#include "kit/kit.h"
#include "ldap-cases.h"
#include "ldap-state.h"

#define SECOND UINT64_C(1000000000)

/* One step of a script, as bytes. */
struct step {
	uint8_t *bytes;
	size_t len;
	uint32_t dir;
	bool gap;
};

#define STEPS_MAX 32

struct session {
	struct step steps[STEPS_MAX];
	unsigned count;
	size_t total;
};

/* The bytes of what is written, in a block of their own. */
static uint8_t *
write_ber(const char *text, size_t *ret_len)
{
	static uint8_t buffer[BER_TEXT_MAX];
	uint8_t *bytes;

	*ret_len = ber_text(text, buffer);
	bytes = malloc(*ret_len + 1);
	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, buffer, *ret_len);
	return bytes;
}

static void
session_read(struct session *session, const char *script)
{
	memset(session, 0, sizeof(*session));
	while (*script) {
		struct step *step = &session->steps[session->count++];
		const char *end = strchr(script, '\n');
		char *line;

		ck_assert_uint_le(session->count, STEPS_MAX);
		ck_assert_ptr_nonnull(end);
		ck_assert_ptr_nonnull(strchr("CS!", *script));
		step->gap = *script == '!';
		step->dir = *script == 'C' ? PN_FROM_ORIGINATOR : PN_FROM_RESPONDER;
		line = strndup(script + 1, (size_t)(end - script - 1));
		step->bytes = write_ber(line, &step->len);
		session->total += step->len;
		free(line);
		script = end + 1;
	}
}

static void
session_done(struct session *session)
{
	while (session->count)
		free(session->steps[--session->count].bytes);
}

static struct fakehost *
host_for(const struct ldap_case *c)
{
	const struct fakehost_options options = {
		.originator = c->client,
		.helper = "ldap.directory",
		.options = c->options,
		.protected_side = c->protected_side,
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

static void
check_notes(struct fakehost *host, const struct ldap_case *c)
{
	char text[512], note[512];
	const char *line, *end;

	snprintf(text, sizeof(text), "\n%s", fakehost_story(host));
	for (line = c->notes; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		snprintf(note, sizeof(note), "\n%.*s\n", (int)(end - line), line);
		ck_assert_msg(strstr(text, note), "%s: no%sin%s", c->name, note, text);
	}
}

START_TEST(test_case)
{
	const struct ldap_case *c = &ldap_cases[_i];
	struct fakehost *host = host_for(c);
	struct session session;

	session_read(&session, c->script);
	play(host, &session, WHOLE, 0);
	ck_assert_msg(!strcmp(fakehost_doors(host), c->doors ? c->doors : ""), "%s: doors are\n%s",
		c->name, fakehost_doors(host));
	check_notes(host, c);
	ck_assert_msg(host->left == c->left, "%s: left is %d", c->name, (int)host->left);
	ck_assert_uint_eq(host->drops, 0);
	ck_assert_msg(!host->misuse, "%s: %s", c->name, host->misuse_why);
	session_done(&session);
	fakehost_free(host);
}
END_TEST

static void
check_cuts(const struct ldap_case *c)
{
	struct fakehost *host = host_for(c);
	struct session session;
	size_t at, step;
	char *story;

	session_read(&session, c->script);
	play(host, &session, WHOLE, 0);
	story = strdup(fakehost_story(host));
	fakehost_free(host);
	step = 1 + session.total / 2000;
	for (at = 0; at < session.total + 2 * step; at += step) {
		host = host_for(c);
		if (at < session.total)
			play(host, &session, WHOLE, at);
		else if (at < session.total + step)
			play(host, &session, step, 0);
		else
			play_merged(host, &session);
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

	for (n = (size_t)_i; n < ldap_cases_count; n += CUT_GROUPS)
		check_cuts(&ldap_cases[n]);
}
END_TEST

/* A host that is asked for registrations. */
static struct fakehost *
registrar(const char *callers)
{
	const struct fakehost_option set[] = { { "CallersFrom", callers }, { NULL, NULL } };
	const struct fakehost_options options = { .helper = "ldap.directory", .options = set };

	return fakehost_new(&postern_plugin_0, &options);
}

static void
run(struct fakehost *host, const char *script)
{
	struct session session;

	session_read(&session, script);
	play(host, &session, WHOLE, 0);
	session_done(&session);
}

#define REGISTER(attributes) ADD(2, DN, PERSON(CLIENT_NUMBER) attributes) ADDED(2, 0)

START_TEST(test_request)
{
	struct fakehost *host = registrar("203.0.113.7");
	const struct pn_expect *e = &host->doors[0].request;

	run(host, BOUND REGISTER(ATTRIBUTE("sttl", "7") "30{'sport' 31{'1720' '1503'}}"));
	ck_assert_uint_eq(host->n_doors, 4);
	ck_assert_uint_eq(e->proto, 6);
	ck_assert_uint_eq(e->mask, PN_EXPECT_SRC | PN_EXPECT_SRC_BITS | PN_EXPECT_DST |
					   PN_EXPECT_DST_PORT | PN_EXPECT_TIMEOUT |
					   PN_EXPECT_MAX_FLOWS);
	ck_assert_uint_eq(e->src_bits, 32);
	ck_assert_uint_eq(e->flags, PN_EXPECT_OUTLIVE);
	ck_assert_uint_eq(e->dst.family, PN_ADDR_IPV4);
	ck_assert_uint_eq(e->timeout, 420);
	ck_assert_uint_eq(e->max_flows, 16);
	ck_assert_str_eq(host->doors[0].child, "h323.q931");
	ck_assert_uint_eq(host->doors[1].request.src.family, PN_ADDR_SENDER);
	ck_assert_uint_eq(host->doors[1].dir, PN_FROM_RESPONDER);
	ck_assert_str_eq(host->doors[2].child, "t120");
	fakehost_free(host);
}
END_TEST

/* A door for each, also for those that are prefixes; the directory is in the last. */
START_TEST(test_prefixes)
{
	struct fakehost *host = registrar("203.0.113.0/24; 192.0.2.128/25;10.0.0.1, 0.0.0.0/0");

	run(host, BOUND REGISTER(""));
	ck_assert_str_eq(fakehost_doors(host), "203.0.113.0 > 192.0.2.1:1720\n"
					       "192.0.2.128 > 192.0.2.1:1720\n"
					       "10.0.0.1 > 192.0.2.1:1720\n"
					       "0.0.0.0 > 192.0.2.1:1720\n");
	ck_assert_uint_eq(host->doors[0].request.src_bits, 24);
	ck_assert_uint_eq(host->doors[1].request.src_bits, 25);
	ck_assert_uint_eq(host->doors[3].request.src_bits, 0);
	ck_assert_uint_eq(host->misuse, 0);
	fakehost_free(host);
}
END_TEST

/* Two ports and five sources would be ten doors. */
START_TEST(test_most_doors)
{
	struct fakehost *host = registrar("10.0.0.1;10.0.0.2;10.0.0.3;10.0.0.4");
	unsigned n, open = 0;

	run(host, BOUND REGISTER("30{'sport' 31{'1720' '1503'}}"));
	ck_assert_uint_eq(host->n_doors, LDAP_DOORS_MAX);
	for (n = 0; n < host->n_doors; n++)
		open += host->doors[n].open;
	ck_assert_uint_eq(open, LDAP_DOORS_MAX);
	fakehost_free(host);
}
END_TEST

START_TEST(test_refused_by_host)
{
	const struct fakehost_option set[] = { { "CallersFrom", "203.0.113.7" }, { NULL, NULL } };
	const struct fakehost_options options = {
		.helper = "ldap.directory",
		.options = set,
		.refuse = PN_REFUSED_SOURCE_FOREIGN,
	};
	struct fakehost *host = fakehost_new(&postern_plugin_0, &options);

	run(host, BOUND REGISTER("") DELETE(3, DN) DELETED(3, 0));
	ck_assert_str_eq(fakehost_doors(host),
		"refused 203.0.113.7 > 192.0.2.1:1720\nrefused 198.51.100.9 > 192.0.2.1:1720\n");
	ck_assert_int_eq(host->left, FAKEHOST_WATCHING);
	ck_assert_uint_eq(host->misuse, 0);
	fakehost_free(host);
}
END_TEST

/* A registration whose time is up can be neither kept nor changed. */
START_TEST(test_time_is_up)
{
	struct fakehost *host = registrar("203.0.113.7");

	run(host, BOUND REGISTER(ATTRIBUTE("sttl", "5")));
	ck_assert_uint_eq(host->n_doors, 2);
	host->now += 299 * SECOND;
	run(host, SEARCH(3, "a0{ a3{'cn' 'anna@x.example'} a3{'sttl' '5'} }")
			  ENTRY(3, ATTRIBUTE("cn", "a")) FOUND(3, 0));
	ck_assert_uint_eq(host->n_doors, 4);
	/* Now there is nothing that could be kept, or changed. */
	host->now += 300 * SECOND;
	run(host, SEARCH(4, "a0{ a3{'cn' 'anna@x.example'} a3{'sttl' '5'} }")
			  ENTRY(4, ATTRIBUTE("cn", "a")) FOUND(4, 0) MODIFY(
				  5, DN, CHANGE(2, ATTRIBUTE("sport", "1720"))) MODIFIED(5, 0));
	ck_assert_uint_eq(host->n_doors, 4);
	fakehost_free(host);
}
END_TEST

/* Ten thousand in one connection, answered or not: as many doors as one has, no more memory. */
START_TEST(test_many_registrations)
{
	struct fakehost *host = registrar("203.0.113.7");
	unsigned n, m, open = 0;
	char script[1024];

	run(host, BOUND);
	for (n = 0; n < 10000; n++) {
		snprintf(script, sizeof(script),
			"C 30{02=%u 68{'cn=user%u,objectclass=rtperson' 30{" PERSON(
				CLIENT_NUMBER) "}}}\n%sS 30{02=%u 69{0a=0 '' ''}}\n",
			n + 10, n, n % 2 ? "C 30{02=5 68{'cn=x' 30{}}}\n" : "", n + 10);
		run(host, script);
		/* The host of the kit remembers requests, not this plugin. */
		for (m = open = 0; m < host->n_doors; m++)
			open += host->doors[m].open;
		ck_assert_uint_eq(open, 2);
		if (host->n_doors > 100) {
			memmove(host->doors, &host->doors[host->n_doors - 2],
				2 * sizeof(host->doors[0]));
			host->n_doors = 2;
		}
	}
	ck_assert_int_eq(host->left, FAKEHOST_WATCHING);
	ck_assert_uint_eq(host->misuse, 0);
	fakehost_free(host);
}
END_TEST

/* Of so many requests without an answer, the oldest are forgotten. */
START_TEST(test_many_pending)
{
	struct fakehost *host = registrar("203.0.113.7");
	char script[256];
	unsigned n;

	run(host, BOUND ADD(2, DN, PERSON(CLIENT_NUMBER)));
	for (n = 0; n < LDAP_PAIRS_MAX - (unsigned)_i; n++) {
		snprintf(script, sizeof(script), "C 30{02=%u 6e{'cn=a' 30{'a' 'b'}}}\n", 100 + n);
		run(host, script);
	}
	run(host, ADDED(2, 0));
	ck_assert_uint_eq(host->n_doors, _i ? 2 : 0);
	fakehost_free(host);
}
END_TEST

/* A note that is a list ends when it is full. */
START_TEST(test_long_list)
{
	struct fakehost *host = registrar("");
	const char *found;
	char script[256];
	unsigned n;

	run(host, BOUND SEARCH(2, ANYTHING));
	for (n = 0; n < 100; n++) {
		snprintf(script, sizeof(script),
			"S 30{02=2 64{'cn=b' 30{"
			"30{'sipaddress' 31{'%u'}}}}}\n",
			n + 1000);
		run(host, script);
	}
	found = fakehost_note(host, "found");
	ck_assert_ptr_nonnull(found);
	ck_assert_uint_lt(strlen(found), 256);
	ck_assert(!strncmp(found, "232.3.0.0:1720 233.3.0.0:1720 ", 30));
	ck_assert_str_eq(found + strlen(found) - strlen(" …"), " …");
	ck_assert_uint_eq(host->misuse, 0);
	fakehost_free(host);
}
END_TEST

/* A password must never be told. */
START_TEST(test_no_password)
{
	struct fakehost *host = registrar("");

	run(host, "C 30{02=1 60{02=3 'cn=anna' 80'secret'}}\nS " LDAP(1, "61{" RESULT(0) "}") "\n");
	ck_assert_str_eq(fakehost_note(host, "user"), "cn=anna");
	ck_assert_ptr_null(strstr(fakehost_story(host), "secret"));
	fakehost_free(host);
}
END_TEST

/* What a configuration file may have, and what the host would never let through. */
static const struct {
	const char *name;
	const char *value;
	int started;
} settings[] = {
	{ "CallersFrom", "", 1 },
	{ "CallersFrom", " ; ,10.0.0.0/8,, 2001:db8::/32 ;", 1 },
	{ "CallersFrom", "10.0.0.0/33", 0 },
	{ "CallersFrom", "10.0.0.0/x", 0 },
	{ "CallersFrom", "10.0.0.0/8x", 0 },
	{ "CallersFrom", "somebody", 0 },
	{ "CallersFrom", "2001:db8::1:2:3:4:5:6:7:8:9:10:11:12:13:14:15", 0 },
	{ "CallersFrom",
		"1.1.1.1;2.2.2.2;3.3.3.3;4.4.4.4;5.5.5.5;6.6.6.6;7.7.7.7;8.8.8.8;"
		"9.9.9.9;10.1.1.1;11.1.1.1;12.1.1.1;13.1.1.1;14.1.1.1;15.1.1.1;16.1.1.1",
		1 },
	{ "CallersFrom",
		"1.1.1.1;2.2.2.2;3.3.3.3;4.4.4.4;5.5.5.5;6.6.6.6;7.7.7.7;8.8.8.8;"
		"9.9.9.9;10.1.1.1;11.1.1.1;12.1.1.1;13.1.1.1;14.1.1.1;15.1.1.1;16.1.1.1;1::",
		0 },
	{ "CallPorts", "1 - 5;65535", 1 },
	{ "CallPorts", "65536", 0 },
	{ "CallPorts", "1-2-3", 0 },
	{ "CallPorts", "1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16", 1 },
	{ "CallPorts", "1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17", 0 },
	{ "Answers", "65", 0 },
	{ "Servers", "10.0.0.0/8", 1 },
	{ "Referrals", "10.0.0.0/8", 1 },
	{ "CallsTo", "10.0.0.0/8", 1 },
};

/* A host for start() alone: it knows the options. */
static int32_t
setting_option(const struct pn_instance *instance, const char *name, struct pn_value *value)
{
	size_t n = (size_t)(uintptr_t)instance->data;

	if (strcmp(settings[n].name, name))
		return -ENOENT;
	value->string = settings[n].value;
	return 0;
}

static void
setting_log(const struct pn_instance *instance, uint32_t level, const char *text)
{
	size_t n = (size_t)(uintptr_t)instance->data;

	ck_assert(!settings[n].started);
	ck_assert(!strncmp(text, settings[n].name, strlen(settings[n].name)));
}

START_TEST(test_settings)
{
	const struct pn_host calls = {
		.size = sizeof(calls),
		.log = setting_log,
		.option = setting_option,
	};
	struct pn_instance instance = {
		.size = sizeof(instance),
		.host = &calls,
		.data = (void *)(uintptr_t)_i,
	};

	if (settings[_i].started) {
		ck_assert_int_eq(postern_plugin_0.start(&instance), 0);
		postern_plugin_0.stop(&instance);
	} else {
		ck_assert_int_lt(postern_plugin_0.start(&instance), 0);
	}
}
END_TEST

START_TEST(test_descriptor)
{
	const struct pn_helper *h = postern_plugin_0.helpers[0];

	ck_assert_str_eq(postern_plugin_0.name, "ldap");
	ck_assert_str_eq(h->name, "ldap.directory");
	ck_assert_str_eq(postern_plugin_0.helpers[1]->name, "ldap.cldap");
	ck_assert_ptr_null(postern_plugin_0.helpers[2]);
	ck_assert_uint_eq(h->binds[0].first, 389);
	ck_assert_uint_eq(h->binds[1].first, 1002);
	ck_assert_uint_eq(h->binds[2].first, 3268);
	ck_assert_uint_eq(h->binds[3].first, 0);
	ck_assert_uint_lt(h->flow_size, 3072);
	ck_assert_uint_eq(h->max_message, 16384);
	ck_assert_uint_eq(h->max_doors, LDAP_DOORS_MAX);
	ck_assert_int_eq(h->gap, PN_GAP_DETACH);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("ldap");
	TCase *t = tcase_create("conversations");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_case, 0, (int)ldap_cases_count);
	tcase_add_loop_test(t, test_case_cut, 0, CUT_GROUPS);
	suite_add_tcase(s, t);
	t = tcase_create("doors");
	tcase_add_test(t, test_request);
	tcase_add_test(t, test_prefixes);
	tcase_add_test(t, test_most_doors);
	tcase_add_test(t, test_refused_by_host);
	tcase_add_test(t, test_time_is_up);
	suite_add_tcase(s, t);
	t = tcase_create("limits");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_many_registrations);
	tcase_add_loop_test(t, test_many_pending, 0, 2);
	tcase_add_test(t, test_long_list);
	tcase_add_test(t, test_no_password);
	tcase_add_loop_test(t, test_settings, 0, sizeof(settings) / sizeof(settings[0]));
	tcase_add_test(t, test_descriptor);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

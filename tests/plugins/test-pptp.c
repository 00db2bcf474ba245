// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The PPTP helper under the fake host: control connections as scripts (pptp-script.h), whole and
 * cut in every way; what the host answers; floods. The client is 192.0.2.1, the server
 * 198.51.100.9.
 */
#include <postern/plugin.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/fakehost-inside.h"
#include "kit/fakehost.h"
#include "kit/kit.h"
#include "pptp-calls.h"
#include "pptp-cases.h"
#include "pptp-script.h"

#define START  PPTP_START
#define CLIENT PPTP_CLIENT
#define SERVER PPTP_SERVER

static const char *
tell_address(const struct pn_addr *addr)
{
	return addr->bytes[0] == 192 ? CLIENT : SERVER;
}

/* Doors in order: group, from where, to where, the ids to there and back. */
static const char *
tell_doors(const struct fakehost *host)
{
	static char text[FAKEHOST_DOORS_MAX * 80];
	size_t len = 0;
	unsigned n;

	*text = '\0';
	for (n = 0; n < host->n_doors; n++) {
		const struct fakehost_door *d = &host->doors[n];

		len += (size_t)sprintf(text + len, "%s%u %s > %s %u/%u%s\n",
			d->id > 0 ? "" : "refused ", d->request.group, tell_address(&d->src),
			tell_address(&d->dst), d->request.call_id, d->request.call_id_reply,
			d->id > 0 && !d->open ? " closed" : "");
	}
	return text;
}

/* What every door must be. */
static void
check_doors(const struct fakehost *host)
{
	const uint32_t mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_CALL_ID |
			      PN_EXPECT_MAX_FLOWS | PN_EXPECT_GROUP;
	unsigned n;

	for (n = 0; n < host->n_doors; n++) {
		const struct pn_expect *e = &host->doors[n].request;

		ck_assert_uint_eq(e->mask, mask);
		ck_assert_uint_eq(e->flags, PN_EXPECT_DIE_WITH_PARENT);
		ck_assert_uint_eq(e->proto, 47);
		ck_assert_uint_eq(e->max_flows, 1);
		ck_assert_str_eq(host->doors[n].child, "");
	}
}

static void
check_notes(const struct fakehost *host, const char *name, const char *notes)
{
	char line[256], key[64];
	size_t len, at;

	for (; notes && *notes; notes += len + 1) {
		len = strcspn(notes, "\n");
		memcpy(line, notes, len);
		line[len] = '\0';
		if (*line == '-') {
			ck_assert_msg(!fakehost_note(host, line + 1), "%s: there is a note %s",
				name, line + 1);
			continue;
		}
		at = strcspn(line, "=");
		memcpy(key, line, at);
		key[at] = '\0';
		ck_assert_msg(fakehost_note(host, key) != NULL, "%s: no note %s", name, key);
		ck_assert_msg(!strcmp(fakehost_note(host, key), line + at + 1), "%s: %s=%s", name,
			key, fakehost_note(host, key));
	}
}

static struct fakehost *
host_for(uint8_t protected_side)
{
	const struct fakehost_options options = {
		.responder = SERVER ":1723",
		.protected_side = protected_side,
	};

	return fakehost_new(&postern_plugin_0, &options);
}

/* Plays a script, each message cut behind each `every` bytes of all, and behind the first `at`. */
static void
play(struct fakehost *host, const char *script, size_t every, size_t at)
{
	uint8_t bytes[PPTP_SCRIPT_MAX];
	size_t len, offset = 0;
	uint32_t dir;

	while ((script = pptp_script_next(script, &dir, bytes, &len))) {
		size_t from = 0, i;

		for (i = 1; i <= len; i++) {
			offset++;
			if (i < len && offset % every && offset != at)
				continue;
			fakehost_send(host, dir, bytes + from, i - from);
			from = i;
		}
	}
}

/* Sends what one side says without a word of the other as one piece. */
static void
play_merged(struct fakehost *host, const char *script)
{
	uint8_t bytes[PPTP_SCRIPT_MAX], piece[64 * PPTP_SCRIPT_MAX];
	uint32_t dir, last = 0;
	size_t len, have = 0;

	while ((script = pptp_script_next(script, &dir, bytes, &len))) {
		if (dir != last) {
			fakehost_send(host, last, piece, have);
			have = 0;
		}
		last = dir;
		memcpy(piece + have, bytes, len);
		have += len;
	}
	fakehost_send(host, last, piece, have);
}

static void
check(const struct fakehost *host, const struct pptp_case *c, const char *how)
{
	ck_assert_msg(!host->misuse, "%s, %s: %s", c->name, how, host->misuse_why);
	ck_assert_uint_eq(host->drops, 0);
	ck_assert_msg((host->left != FAKEHOST_WATCHING) == c->left, "%s, %s: left %d", c->name, how,
		host->left);
	ck_assert_int_ne(host->left, FAKEHOST_FAILED);
	ck_assert_msg(
		!strcmp(tell_doors(host), c->doors), "%s, %s:\n%s", c->name, how, tell_doors(host));
	check_doors(host);
	check_notes(host, c->name, c->notes);
}

START_TEST(scripts)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 11, 12, 13, 16, 31, 100 };
	const struct pptp_case *c = &pptp_cases[_i];
	struct fakehost *host = host_for(c->protected_side);
	size_t n;

	play(host, c->script, SIZE_MAX, 0);
	check(host, c, "as it stands");
	fakehost_free(host);
	host = host_for(c->protected_side);
	play_merged(host, c->script);
	check(host, c, "merged");
	fakehost_free(host);
	for (n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
		host = host_for(c->protected_side);
		play(host, c->script, sizes[n], 0);
		check(host, c, "in pieces");
		fakehost_free(host);
	}
}
END_TEST

START_TEST(split_points)
{
	const struct pptp_case *c = &pptp_cases[_i];
	uint8_t bytes[PPTP_SCRIPT_MAX];
	const char *script = c->script;
	size_t len, total = 0, at;
	struct fakehost *host;
	uint32_t dir;

	while ((script = pptp_script_next(script, &dir, bytes, &len)))
		total += len;
	for (at = 1; at < total; at += c->split ? 1 : 97) {
		host = host_for(c->protected_side);
		play(host, c->script, SIZE_MAX, at);
		check(host, c, "cut once");
		fakehost_free(host);
	}
}
END_TEST

START_TEST(lost_bytes)
{
	struct fakehost *host = host_for(0);

	play(host, START "C OCRQ 1\n", SIZE_MAX, 0);
	fakehost_gap(host, PN_FROM_RESPONDER);
	play(host, "S OCRP 10 1\n", SIZE_MAX, 0);
	ck_assert_int_eq(host->left, FAKEHOST_GAP);
	ck_assert_uint_eq(host->n_doors, 0);
	fakehost_free(host);
}
END_TEST

START_TEST(names_are_made_harmless)
{
	struct fakehost *host = host_for(0);
	uint8_t bytes[PPTP_SCRIPT_MAX];
	size_t len = pptp_script_message("SCCRQ", bytes);

	memcpy(bytes + 28, "\x1b]0;x\x07\nhost\xff", 13);
	memset(bytes + 92, 'v', 64);
	fakehost_send(host, PN_FROM_ORIGINATOR, bytes, len);
	ck_assert_str_eq(fakehost_note(host, "client-host"), "?]0;x??host?");
	ck_assert_uint_eq(strlen(fakehost_note(host, "client-vendor")), 64);
	len = pptp_script_message("SCCRP", bytes);
	bytes[28] = '\0';
	fakehost_send(host, PN_FROM_RESPONDER, bytes, len);
	ck_assert_ptr_null(fakehost_note(host, "server-host"));
	ck_assert_uint_eq(host->misuse, 0);
	fakehost_free(host);
}
END_TEST

START_TEST(another_version)
{
	static const struct {
		const char *line;
		uint32_t dir;
	} starts[] = { { "SCCRQ", PN_FROM_ORIGINATOR }, { "SCCRP", PN_FROM_RESPONDER } };
	struct fakehost *host = host_for(0);
	uint8_t bytes[PPTP_SCRIPT_MAX];
	size_t len = pptp_script_message(starts[_i].line, bytes);

	if (_i)
		play(host, "C SCCRQ\n", SIZE_MAX, 0);
	bytes[12] = 2;
	fakehost_send(host, starts[_i].dir, bytes, len);
	ck_assert_int_eq(host->left, FAKEHOST_DETACHED);
	fakehost_free(host);
}
END_TEST

static void
say(struct fakehost *host, uint32_t dir, const char *line)
{
	uint8_t bytes[PPTP_SCRIPT_MAX];
	size_t len = pptp_script_message(line, bytes);

	fakehost_send(host, dir, bytes, len);
}

/* Thousands of calls one after another, each with its own group; the array is never full. */
START_TEST(calls_without_end)
{
	struct fakehost *host = host_for(0);
	char line[64];
	unsigned n;

	play(host, START, SIZE_MAX, 0);
	for (n = 1; n <= 1000; n++) {
		sprintf(line, "OCRQ %u", n % 7);
		say(host, PN_FROM_ORIGINATOR, line);
		sprintf(line, "OCRP %u %u", n, n % 7);
		say(host, PN_FROM_RESPONDER, line);
		ck_assert_uint_eq(host->n_doors, 1);
		ck_assert_uint_eq(host->doors[0].request.group, n);
		ck_assert(host->doors[0].open);
		/* Half of them are never confirmed. */
		sprintf(line, "CCRQ %u", n % 7);
		say(host, PN_FROM_ORIGINATOR, line);
		sprintf(line, "CDN %u", n);
		if (n % 2)
			say(host, PN_FROM_RESPONDER, line);
		ck_assert(!host->doors[0].open);
		host->n_doors = 0;
	}
	ck_assert_uint_eq(host->closes, 1000);
	ck_assert_ptr_null(fakehost_note(host, "out-of-state"));
	ck_assert_ptr_null(fakehost_note(host, "refused"));
	fakehost_free(host);
}
END_TEST

/* All at once: as many as there is room for are connected, and stay so. */
START_TEST(calls_all_at_once)
{
	struct fakehost *host = host_for(0);
	unsigned n, open = 0;
	char line[64];

	play(host, START, SIZE_MAX, 0);
	for (n = 0; n < 2000; n++) {
		sprintf(line, "OCRQ %u", n);
		say(host, PN_FROM_ORIGINATOR, line);
		sprintf(line, "OCRP %u %u", 50000 + n, n);
		say(host, PN_FROM_RESPONDER, line);
	}
	for (n = 0; n < host->n_doors; n++)
		open += host->doors[n].open;
	ck_assert_uint_eq(host->n_doors, PPTP_CALLS_MAX);
	ck_assert_uint_eq(open, PPTP_CALLS_MAX);
	ck_assert_str_eq(fakehost_note(host, "refused"), "too many calls at once");
	/* One ends: there is room again. */
	say(host, PN_FROM_ORIGINATOR, "CCRQ 3");
	say(host, PN_FROM_ORIGINATOR, "OCRQ 20000");
	say(host, PN_FROM_RESPONDER, "OCRP 20000 20000");
	ck_assert_uint_eq(host->n_doors, PPTP_CALLS_MAX + 1);
	ck_assert(host->doors[PPTP_CALLS_MAX].open);
	fakehost_free(host);
}
END_TEST

/* Requests that nobody answers do not keep out the one that is answered. */
START_TEST(requests_without_answers)
{
	struct fakehost *host = host_for(0);
	char line[64];
	unsigned n;

	play(host, START "C OCRQ 40000\nS OCRP 1 40000\n", SIZE_MAX, 0);
	for (n = 0; n < 3000; n++) {
		sprintf(line, "OCRQ %u", n);
		say(host, PN_FROM_ORIGINATOR, line);
	}
	say(host, PN_FROM_RESPONDER, "OCRP 2 5"); /* forgotten long ago */
	ck_assert_uint_eq(host->n_doors, 1);
	say(host, PN_FROM_RESPONDER, "OCRP 2 2999");
	ck_assert_uint_eq(host->n_doors, 2);
	ck_assert(host->doors[0].open && host->doors[1].open);
	fakehost_free(host);
}
END_TEST

START_TEST(a_flood_of_link_info)
{
	struct fakehost *host = host_for(0);
	unsigned n;

	play(host, START "C OCRQ 1\nS OCRP 10 1\n", SIZE_MAX, 0);
	for (n = 0; n < 5000; n++)
		say(host, n % 2, n % 4 < 2 ? "SLI 1" : "SLI 77");
	ck_assert_int_eq(host->left, FAKEHOST_WATCHING);
	ck_assert_uint_eq(host->n_doors, 1);
	ck_assert(host->doors[0].open);
	/* Told at 16, 32, 64 …, so the last time at 2048. */
	ck_assert_str_eq(fakehost_note(host, "out-of-state"),
		"2048 messages; the first: Set-Link-Info, of no call");
	fakehost_free(host);
}
END_TEST

START_TEST(a_host_that_refuses)
{
	const struct fakehost_options options = {
		.responder = SERVER ":1723",
		.refuse = PN_REFUSED_LIMIT_HOST,
	};
	struct fakehost *host = fakehost_new(&postern_plugin_0, &options);

	play(host, START "C OCRQ 1\nS OCRP 10 1\nC CCRQ 1\nS CDN 10\n", SIZE_MAX, 0);
	ck_assert_str_eq(tell_doors(host), "refused 1 " SERVER " > " CLIENT " 1/10\n");
	ck_assert_ptr_null(fakehost_note(host, "out-of-state"));
	ck_assert_uint_eq(host->misuse, 0);
	fakehost_free(host);
}
END_TEST

/* The cookie of a door says on the child which call it is. */
START_TEST(a_child_knows_its_call)
{
	struct fakehost *host = host_for(0);

	play(host, START "C OCRQ 7 600\nS OCRP 65535 7\n", SIZE_MAX, 0);
	/* The fake host has one flow; it stands for the child. */
	postern_plugin_0.helpers[0]->expected(&host->inside->flow, host->doors[0].request.cookie);
	ck_assert_str_eq(fakehost_note(host, "call"), "call 1, serial 600, PNS id 7, PAC id 65535");
	fakehost_free(host);
}
END_TEST

/* A host that translates: the ids of its protected side are told as others. */
static struct pn_host translating;

static int64_t
expect_mapped(struct pn_flow *flow, const struct pn_expect *expect, struct pn_mapped *mapped)
{
	int64_t id = fakehost_calls.expect(flow, expect, mapped);

	if (id >= 0)
		mapped->call_id = (uint16_t)(expect->call_id + 1000);
	return id;
}

static struct fakehost *
translating_host(uint8_t protected_side, int rewrite_error)
{
	const struct fakehost_options options = {
		.responder = SERVER ":1723",
		.protected_side = protected_side,
		.mapped = "203.0.113.5:0",
		.rewrite_error = rewrite_error,
	};
	struct fakehost *host = fakehost_new(&postern_plugin_0, &options);

	translating = fakehost_calls;
	translating.expect = expect_mapped;
	host->inside->flow.host = &translating;
	return host;
}

/* What the receiver is told by the last message: the id at this place, or -1 if it is unchanged. */
static int
told(struct fakehost *host, uint32_t dir, const char *line, size_t at)
{
	int id = -1;

	free(host->rewritten);
	host->rewritten = NULL;
	say(host, dir, line);
	if (host->rewritten)
		id = host->rewritten[at] << 8 | host->rewritten[at + 1];
	return id;
}

START_TEST(a_translated_pac)
{
	enum { C, S };
	struct fakehost *host = translating_host(2, 0);

	play(host, START, SIZE_MAX, 0);
	ck_assert_int_eq(told(host, C, "OCRQ 1", 12), -1);
	/* The server's id is told in this message, so it can be another. */
	ck_assert_int_eq(told(host, S, "OCRP 10 1", 12), 1010);
	ck_assert_str_eq(tell_doors(host), "1 " CLIENT " > " SERVER " 10/1\n");
	/* And from then on it is that for the client, and its own for the server. */
	ck_assert_int_eq(told(host, C, "SLI 1010", 12), 10);
	ck_assert_int_eq(told(host, C, "SLI 10", 12), -1);
	ck_assert_int_eq(told(host, S, "SLI 1", 12), -1);
	ck_assert_int_eq(told(host, S, "WEN 1", 12), -1);
	ck_assert_int_eq(told(host, C, "CCRQ 1", 12), -1);
	ck_assert_int_eq(told(host, S, "CDN 10", 12), 1010);
	ck_assert_uint_eq(host->misuse, 0);
	fakehost_free(host);
}
END_TEST

START_TEST(a_translated_pns)
{
	enum { C, S };
	struct fakehost *host = translating_host(1, 0);

	play(host, START, SIZE_MAX, 0);
	/* Told in the request, before there is a door, and kept until it opens. */
	ck_assert_int_eq(told(host, C, "OCRQ 1", 12), 1001);
	ck_assert_uint_eq(host->n_doors, 0);
	ck_assert_int_eq(told(host, S, "OCRP 10 1001", 14), 1);
	ck_assert_str_eq(tell_doors(host), "1 " SERVER " > " CLIENT " 1/10\n");
	ck_assert_int_eq(told(host, S, "WEN 1001", 12), 1);
	ck_assert_int_eq(told(host, S, "SLI 1001", 12), 1);
	ck_assert_int_eq(told(host, C, "SLI 10", 12), -1);
	ck_assert_int_eq(told(host, C, "CCRQ 1", 12), 1001);
	/* A notice with the id of the PNS, as the server knows it. */
	ck_assert_int_eq(told(host, S, "CDN 1001", 12), 1);
	/* A refused call. */
	ck_assert_int_eq(told(host, C, "OCRQ 2", 12), 1002);
	ck_assert_int_eq(told(host, S, "OCRP 0 1002 2", 14), 2);
	/* A call that comes in. */
	ck_assert_int_eq(told(host, S, "ICRQ 20", 12), -1);
	ck_assert_int_eq(told(host, C, "ICRP 3 20", 12), 1003);
	ck_assert_int_eq(told(host, S, "ICCN 1003", 12), 3);
	ck_assert_int_eq(told(host, S, "CDN 20", 12), -1);
	ck_assert_uint_eq(host->misuse, 0);
	ck_assert_ptr_null(fakehost_note(host, "refused"));
	ck_assert_ptr_null(fakehost_note(host, "out-of-state"));
	fakehost_free(host);
}
END_TEST

/* The PAC of an incoming call tells its id first, too. */
START_TEST(a_translated_pac_that_is_called)
{
	enum { C, S };
	struct fakehost *host = translating_host(2, 0);

	play(host, START, SIZE_MAX, 0);
	ck_assert_int_eq(told(host, S, "ICRQ 9", 12), 1009);
	ck_assert_int_eq(told(host, C, "ICRP 3 1009", 14), 9);
	ck_assert_int_eq(told(host, S, "ICCN 3", 12), -1);
	ck_assert_str_eq(tell_doors(host), "1 " CLIENT " > " SERVER " 9/3\n");
	ck_assert_int_eq(told(host, S, "CDN 9", 12), 1009);
	ck_assert_uint_eq(host->misuse, 0);
	fakehost_free(host);
}
END_TEST

/* A host that thinks of another id when the door opens. */
START_TEST(a_host_that_changes_its_mind)
{
	struct fakehost *host = translating_host(1, 0);

	play(host, START "C OCRQ 1\n", SIZE_MAX, 0);
	host->inside->flow.host = &fakehost_calls;
	play(host, "S OCRP 10 1001\n", SIZE_MAX, 0);
	ck_assert_str_eq(tell_doors(host), "1 " SERVER " > " CLIENT " 1/10 closed\n");
	ck_assert_str_eq(
		fakehost_note(host, "refused"), "the other side has been told another call id");
	fakehost_free(host);
}
END_TEST

START_TEST(what_cannot_be_rewritten_opens_nothing)
{
	struct fakehost *host = translating_host(2, -ENOBUFS);

	play(host, START "C OCRQ 1\nS OCRP 10 1\n", SIZE_MAX, 0);
	ck_assert_str_eq(tell_doors(host), "1 " CLIENT " > " SERVER " 10/1 closed\n");
	ck_assert_str_eq(fakehost_note(host, "refused"), "a message cannot be translated");
	fakehost_free(host);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("pptp");
	TCase *c = tcase_create("scripts");
	const int count = (int)pptp_cases_count;

	tcase_add_loop_test(c, scripts, 0, count);
	tcase_add_loop_test(c, split_points, 0, count);
	suite_add_tcase(s, c);
	c = tcase_create("helper");
	tcase_add_test(c, lost_bytes);
	tcase_add_test(c, names_are_made_harmless);
	tcase_add_loop_test(c, another_version, 0, 2);
	tcase_add_test(c, calls_without_end);
	tcase_add_test(c, calls_all_at_once);
	tcase_add_test(c, requests_without_answers);
	tcase_add_test(c, a_flood_of_link_info);
	tcase_add_test(c, a_host_that_refuses);
	tcase_add_test(c, a_child_knows_its_call);
	tcase_add_test(c, a_translated_pac);
	tcase_add_test(c, a_translated_pns);
	tcase_add_test(c, a_translated_pac_that_is_called);
	tcase_add_test(c, a_host_that_changes_its_mind);
	tcase_add_test(c, what_cannot_be_rewritten_opens_nothing);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

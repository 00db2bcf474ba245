// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The helper ldap.cldap: which queries open doors, what closes them, and what may come through.
 *
 * The client is 192.0.2.1:40000, the server that it asks 198.51.100.9:389 unless told otherwise.
 */
#include <postern/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ber-text.h"
#include "kit/fakehost.h"
#include "kit/kit.h"
#include "ldap-cldap.h"

enum { C = PN_FROM_ORIGINATOR, S = PN_FROM_RESPONDER };

#define EQUAL(name, value) "a3{'" name "' '" value "'}"
#define SEARCH(filter)     "63{'' 0a=0 0a=0 02=0 02=0 01=0 " filter " 30{'Netlogon'}}"
#define PING(id)           "30{02=" #id " " SEARCH("a0{" EQUAL("DnsDomain", "x.example") "}") "}"
#define ENTRY(id)          "30{02=" #id " 64{'' 30{30{'Netlogon' 31{'data'}}}}}"
#define DONE(id)           "30{02=" #id " 65{0a=0 '' ''}}"
#define REFERENCE(id)      "30{02=" #id " 73{'ldap://x/'}}"
#define OLD_DONE(id)       "30{02=" #id " 30{64{'' 30{}} 65{0a=0 '' ''}}}"

static void
say(struct fakehost *host, uint32_t dir, const char *text)
{
	static uint8_t bytes[BER_TEXT_MAX];
	size_t len = ber_text(text, bytes);

	fakehost_send(host, dir, bytes, len);
}

static struct fakehost *
resolver(const char *servers, const char *responder)
{
	const struct fakehost_option set[] = { { "Servers", servers }, { NULL, NULL } };
	const struct fakehost_options options = {
		.originator = responder && *responder == '[' ? "[2001:db8::1]:40000" : NULL,
		.responder = responder ? responder : "198.51.100.9:389",
		.helper = "ldap.cldap",
		.options = set,
	};

	return fakehost_new(&postern_plugin_0, &options);
}

#define TO_CLIENT " > 192.0.2.1:40000"

static const struct {
	const char *name;
	const char *servers;
	const char *responder;
	const char *query;
	const char *doors;
} queries[] = {
	{ "nobody is named", "", NULL, PING(1), "" },
	{ "another server", "198.51.100.10", NULL, PING(1), "198.51.100.10" TO_CLIENT "\n" },
	{ "the same from another port", "198.51.100.9", NULL, PING(1),
		"198.51.100.9" TO_CLIENT "\n" },
	{ "several servers", "198.51.100.10;2001:db8::9;198.51.100.11", NULL, PING(1),
		"198.51.100.10" TO_CLIENT "\n198.51.100.11" TO_CLIENT "\n" },
	{ "all servers of a network", "198.51.100.0/24;203.0.113.0/24", NULL, PING(1),
		"198.51.100.0" TO_CLIENT "\n203.0.113.0" TO_CLIENT "\n" },
	{ "for a group", "", "224.0.1.50:389", PING(1), "any" TO_CLIENT "\n" },
	{ "for the last group", "", "239.255.255.255:389", PING(1), "any" TO_CLIENT "\n" },
	{ "for all on the link", "", "255.255.255.255:389", PING(1), "any" TO_CLIENT "\n" },
	{ "for a group of IPv6", "", "[ff02::1]:389", PING(1), "any > [2001:db8::1]:40000\n" },
	{ "for a group, with servers", "198.51.100.10", "224.0.1.50:389", PING(1),
		"198.51.100.10" TO_CLIENT "\n" },
	{ "just below the groups", "", "223.255.255.255:389", PING(1), "" },
	{ "just above the groups", "", "240.0.0.1:389", PING(1), "" },
	{ "with a user, RFC 1798", "198.51.100.10", NULL,
		"30{02=1 'anna' " SEARCH(EQUAL("cn", "b")) "}", "198.51.100.10" TO_CLIENT "\n" },
	{ "a search that asks for nothing", "198.51.100.10", NULL, "30{02=1 63{}}", "" },
	{ "an abandon opens nothing", "198.51.100.10", NULL, "30{02=1 50=5}", "" },
};

START_TEST(test_query)
{
	struct fakehost *host = resolver(queries[_i].servers, queries[_i].responder);

	say(host, C, queries[_i].query);
	ck_assert_msg(!strcmp(fakehost_doors(host), queries[_i].doors), "%s: doors are\n%s",
		queries[_i].name, fakehost_doors(host));
	ck_assert_int_eq(host->left, FAKEHOST_WATCHING);
	ck_assert_msg(!host->misuse, "%s: %s", queries[_i].name, host->misuse_why);
	fakehost_free(host);
}
END_TEST

START_TEST(test_request)
{
	struct fakehost *host = resolver("198.51.100.10", NULL);
	const struct pn_expect *e = &host->doors[0].request;
	struct cldap_ids ids;

	say(host, C, PING(7));
	ck_assert_uint_eq(host->n_doors, 1);
	ck_assert_uint_eq(e->proto, 17);
	ck_assert_uint_eq(e->mask, PN_EXPECT_SRC | PN_EXPECT_SRC_BITS | PN_EXPECT_DST |
					   PN_EXPECT_DST_PORT | PN_EXPECT_TIMEOUT |
					   PN_EXPECT_MAX_FLOWS);
	ck_assert_uint_eq(e->src_bits, 32);
	ck_assert_uint_eq(e->flags, 0);
	ck_assert_uint_eq(e->timeout, 5);
	ck_assert_uint_eq(e->max_flows, 8);
	ck_assert_str_eq(host->doors[0].child, "ldap.cldap");
	memcpy(&ids, e->cookie, sizeof(ids));
	ck_assert_uint_eq(ids.n, 1);
	ck_assert_uint_eq(ids.list[0], 7);
	ck_assert_str_eq(fakehost_note(host, "domain"), "x.example");
	fakehost_free(host);
}
END_TEST

START_TEST(test_number_of_answers)
{
	const struct fakehost_option set[] = { { "Servers", "198.51.100.10" }, { "Answers", "3" },
		{ NULL, NULL } };
	const struct fakehost_options options = { .helper = "ldap.cldap", .options = set };
	struct fakehost *host = fakehost_new(&postern_plugin_0, &options);

	say(host, C, PING(7));
	ck_assert_uint_eq(host->doors[0].request.max_flows, 3);
	fakehost_free(host);
}
END_TEST

/* A client outside asks a server of ours: nobody is let in to it. */
START_TEST(test_client_outside)
{
	const struct fakehost_option set[] = { { "Servers", "0.0.0.0/0" }, { NULL, NULL } };
	const struct fakehost_options options = {
		.helper = "ldap.cldap",
		.options = set,
		.protected_side = 2,
	};
	struct fakehost *host = fakehost_new(&postern_plugin_0, &options);

	say(host, C, PING(1));
	ck_assert_uint_eq(host->n_doors, 0);
	fakehost_free(host);
}
END_TEST

/* However often it asks, it is the same door. */
START_TEST(test_many_queries)
{
	struct fakehost *host = resolver("198.51.100.10", NULL);
	struct cldap_ids ids;
	char text[256];
	unsigned n;

	for (n = 1; n <= 100; n++) {
		snprintf(text, sizeof(text), "30{02=%u 63{'' 0a=0 0a=0 02=0 02=0 01=0 87'x' 30{}}}",
			n);
		say(host, C, text);
		ck_assert_int_eq(host->doors[host->n_doors - 1].id, host->doors[0].id);
	}
	/* The last seven are known. */
	memcpy(&ids, host->doors[99].request.cookie, sizeof(ids));
	ck_assert_uint_eq(ids.n, CLDAP_IDS_MAX);
	ck_assert_uint_eq(ids.list[0], 94);
	ck_assert_uint_eq(ids.list[6], 100);
	fakehost_free(host);
}
END_TEST

static const struct {
	const char *answer;
	int closed;
} answers[] = {
	{ ENTRY(1) DONE(1), 1 },
	{ DONE(1), 1 },
	{ OLD_DONE(1), 1 },
	{ ENTRY(1), 0 },
	{ DONE(2), 0 },
	{ "", 0 },
	{ "<30 80 00 00>", 0 },
	{ "'no answer'", 0 },
	{ DONE(2) DONE(1), 1 },
};

/* The answer of the server that was asked closes the door. */
START_TEST(test_answer)
{
	struct fakehost *host = resolver("198.51.100.10;198.51.100.11", NULL);

	say(host, C, PING(1));
	say(host, S, answers[_i].answer);
	ck_assert_uint_eq(host->n_doors, 2);
	ck_assert_int_eq(!host->doors[0].open, answers[_i].closed);
	ck_assert_int_eq(!host->doors[1].open, answers[_i].closed);
	ck_assert_int_eq(host->left, FAKEHOST_WATCHING);
	ck_assert_uint_eq(host->misuse, 0);
	fakehost_free(host);
}
END_TEST

START_TEST(test_answer_to_one_of_two)
{
	struct fakehost *host = resolver("198.51.100.10", NULL);

	say(host, C, PING(1));
	say(host, C, PING(2));
	say(host, S, DONE(1));
	ck_assert(host->doors[1].open);
	say(host, S, DONE(2));
	ck_assert(!host->doors[1].open);
	fakehost_free(host);
}
END_TEST

static const char *const no_queries[] = { "", "<47 45 54 20 2f>", "<00>", "30{}", "30{02=1}",
	DONE(1), ENTRY(1), "<30 84 ff ff ff ff 02 01 01 63>" };

START_TEST(test_no_query)
{
	struct fakehost *host = resolver("0.0.0.0/0", NULL);

	say(host, C, no_queries[_i]);
	ck_assert_int_eq(host->left, FAKEHOST_DETACHED);
	ck_assert_uint_eq(host->n_doors, 0);
	fakehost_free(host);
}
END_TEST

/* For flows that come through a door. */
static struct pn_host child_calls;
static uint8_t child_side;

static int32_t
child_info(const struct pn_flow *flow, struct pn_flow_info *info)
{
	const struct cldap_ids ids = { .n = 2, .list = { 1, 5 } };

	*info = (struct pn_flow_info){
		.size = sizeof(*info),
		.proto = 17,
		.admitted = 1,
		.protected_side = child_side,
		.originator = { .family = PN_ADDR_IPV4, .bytes = { 198, 51, 100, 10 } },
		.responder = { .family = PN_ADDR_IPV4, .bytes = { 192, 0, 2, 1 } },
		.originator_port = 389,
		.responder_port = 40000,
	};
	memcpy(info->cookie, &ids, sizeof(ids));
	return 0;
}

/* The helper as it is, told that the flow is a child. */
static int32_t
child_open(struct pn_flow *flow)
{
	child_calls = *flow->host;
	child_calls.flow_info = child_info;
	flow->host = &child_calls;
	return cldap_open(flow);
}

static struct fakehost *
child_of(uint8_t protected_side)
{
	static struct pn_helper helper;
	static const struct pn_helper *const helpers[] = { &helper, NULL };
	static struct pn_plugin plugin;
	const struct fakehost_option set[] = { { "Servers", "0.0.0.0/0" }, { NULL, NULL } };
	const struct fakehost_options options = { .helper = "ldap.cldap", .options = set };

	plugin = postern_plugin_0;
	helper = *postern_plugin_0.helpers[1];
	helper.flow_open = child_open;
	plugin.helpers = helpers;
	child_side = protected_side;
	return fakehost_new(&plugin, &options);
}

static const struct {
	const char *answer;
	int passes;
} child_answers[] = {
	{ ENTRY(1) DONE(1), 1 },
	{ DONE(5), 1 },
	{ ENTRY(5) REFERENCE(5) DONE(5), 1 },
	{ OLD_DONE(1), 1 },
	{ "", 0 },
	{ "<47 45 54>", 0 },
	{ ENTRY(2), 0 },
	{ DONE(0), 0 },
	{ ENTRY(1) DONE(1) "<00>", 0 },
	{ ENTRY(1) DONE(2), 0 },
	{ PING(1), 0 },
	{ "30{02=1 61{0a=0 '' ''}}", 0 },
	{ "30{02=1 78{0a=0 '' ''}}", 0 },
	{ "30{02=1 <64 7f 04>}", 0 },
};

/* What is no answer ends the flow. */
START_TEST(test_child)
{
	struct fakehost *host = child_of(2);

	say(host, C, child_answers[_i].answer);
	ck_assert_int_eq(host->left, child_answers[_i].passes ? FAKEHOST_WATCHING : FAKEHOST_RESET);
	ck_assert_uint_eq(host->n_doors, 0);
	fakehost_free(host);
}
END_TEST

/* One answer and no more; of several datagrams, not too many. */
START_TEST(test_child_ends)
{
	struct fakehost *host = child_of(2);
	unsigned n;

	say(host, C, DONE(1));
	ck_assert_int_eq(host->left, FAKEHOST_WATCHING);
	say(host, C, DONE(5));
	ck_assert_int_eq(host->left, FAKEHOST_RESET);
	ck_assert_str_eq(fakehost_note(host, "refused"), "more than one answer");
	fakehost_free(host);

	host = child_of(2);
	for (n = 0; n < CLDAP_DATAGRAMS_MAX; n++)
		say(host, C, ENTRY(1));
	ck_assert_int_eq(host->left, FAKEHOST_WATCHING);
	say(host, C, ENTRY(1));
	ck_assert_int_eq(host->left, FAKEHOST_RESET);
	fakehost_free(host);
}
END_TEST

/* What the client says to it is its own matter. */
START_TEST(test_child_is_answered)
{
	struct fakehost *host = child_of(2);

	say(host, S, "<01 02 03>");
	ck_assert_int_eq(host->left, FAKEHOST_WATCHING);
	fakehost_free(host);
}
END_TEST

/* One that the client has begun, from the port of the door: another query, under the same door. */
START_TEST(test_child_of_the_client)
{
	struct fakehost *host = child_of(1);

	say(host, C, PING(9));
	say(host, S, DONE(9));
	ck_assert_int_eq(host->left, FAKEHOST_WATCHING);
	ck_assert_uint_eq(host->n_doors, 0);
	fakehost_free(host);
}
END_TEST

START_TEST(test_descriptor)
{
	const struct pn_helper *h = postern_plugin_0.helpers[1];

	ck_assert_uint_eq(h->transport, 17);
	ck_assert_uint_eq(h->binds[0].first, 389);
	ck_assert_uint_eq(h->binds[1].first, 0);
	ck_assert_uint_lt(h->flow_size, 256);
	ck_assert_uint_eq(h->door_timeout, 5);
	ck_assert_ptr_null((void *)(uintptr_t)h->frame);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static Suite *
suite(void)
{
	Suite *s = suite_create("ldap-cldap");
	TCase *t = tcase_create("queries");

	tcase_add_loop_test(t, test_query, 0, COUNT(queries));
	tcase_add_test(t, test_request);
	tcase_add_test(t, test_number_of_answers);
	tcase_add_test(t, test_client_outside);
	tcase_add_test(t, test_many_queries);
	tcase_add_loop_test(t, test_no_query, 0, COUNT(no_queries));
	suite_add_tcase(s, t);
	t = tcase_create("answers");
	tcase_add_loop_test(t, test_answer, 0, COUNT(answers));
	tcase_add_test(t, test_answer_to_one_of_two);
	tcase_add_loop_test(t, test_child, 0, COUNT(child_answers));
	tcase_add_test(t, test_child_ends);
	tcase_add_test(t, test_child_is_answered);
	tcase_add_test(t, test_child_of_the_client);
	tcase_add_test(t, test_descriptor);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registrations, queries and attacks on both, replayed as packets through the whole engine with
 * the real plugin. The first tests show what honest clients get, so that silence below means
 * something.
 *
 * The client is 10.0.0.1 (16777226 as an ILS writes it), behind the wall; the directory is
 * 192.0.2.1; the caller who is allowed is 203.0.113.7.
 */
#include <stdio.h>
#include <string.h>

#include "ber-text.h"
#include "kit/kit.h"
#include "kit/talk.h"
#include "ldap-cases.h"

#define INSIDE    "10.0.0.0/8"
#define CLIENT    "10.0.0.1:3000"
#define DIRECTORY "192.0.2.1:389"
#define NUMBER    "16777226"
#define SECOND    UINT64_C(1000000000)

enum { C, S };

static struct kit_rig *
rig(void)
{
	return kit_rig_new("[Helper:ldap]\nEnabled=yes\nCallersFrom=203.0.113.7\n", "ldap", INSIDE);
}

static enum reason
say(struct kit_talk *t, unsigned dir, const char *text)
{
	static uint8_t bytes[BER_TEXT_MAX];
	size_t len = ber_text(text, bytes);
	enum reason reason = kit_segment(t, dir, 0, bytes, len);

	t->seq[dir] += (uint32_t)len;
	return reason;
}

/* Says what a script says (ldap-cases.h). */
static void
run(struct kit_talk *t, const char *script)
{
	char line[4096];

	while (*script) {
		const char *end = strchr(script, '\n');

		snprintf(line, sizeof(line), "%.*s", (int)(end - script - 1), script + 1);
		say(t, *script == 'C' ? C : S, line);
		script = end + 1;
	}
}

#define REGISTER(attributes) BOUND ADD(2, DN, PERSON(NUMBER) attributes) ADDED(2, 0)

static struct kit_talk
registered(struct kit_rig *r, const char *client, const char *script)
{
	struct kit_talk t = kit_connect(r, client, DIRECTORY);

	run(&t, script);
	return t;
}

/* Ends a connection. */
static void
hang_up(struct kit_talk *t)
{
	const struct kit_packet reset = {
		.from = t->ends[C],
		.to = t->ends[S],
		.flags = TCP_RST | TCP_ACK,
		.seq = t->seq[C],
		.ack = t->seq[S],
	};

	ck_assert_int_eq(reason_verdict(kit_send(t->rig, &reset)), VERDICT_ACCEPT);
}

static enum reason
call(struct kit_rig *r, const char *caller, unsigned port)
{
	char to[32];

	snprintf(to, sizeof(to), "10.0.0.1:%u", port);
	return kit_syn(r, caller, to);
}

START_TEST(honest_registration)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT, DIRECTORY);
	const struct expectation *door;

	run(&t, BOUND ADD(2, DN, PERSON(NUMBER) ATTRIBUTE("sttl", "30")));
	ck_assert_int_eq(call(r, "203.0.113.7:5000", 1720), REASON_UNSOLICITED);
	run(&t, ADDED(2, 0));
	/* The directory may call, too. */
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 2);
	door = &kit_door(r, EXPECT_OPENED, 0)->door;
	ck_assert_uint_eq(door->timeout, 1800);
	ck_assert_uint_eq(door->src_bits, 32);
	ck_assert_int_eq(call(r, "203.0.113.8:5000", 1720), REASON_UNSOLICITED);
	ck_assert_int_eq(call(r, "203.0.113.7:5000", 1721), REASON_UNSOLICITED);
	ck_assert_int_eq(call(r, "203.0.113.7:5000", 1503), REASON_UNSOLICITED);
	ck_assert_int_eq(kit_syn(r, "203.0.113.7:5000", "10.0.0.2:1720"), REASON_UNSOLICITED);
	ck_assert_int_eq(call(r, "203.0.113.7:5000", 1720), REASON_EXPECTED);
	ck_assert_int_eq(call(r, "203.0.113.7:5001", 1720), REASON_EXPECTED);
	ck_assert_int_eq(call(r, "192.0.2.1:5000", 1720), REASON_EXPECTED);
	ck_assert_uint_eq(kit_door(r, EXPECT_MATCHED, 0)->door.parent_id, 1);
	kit_rig_free(r);
}
END_TEST

/* It outlives its connection, by its time and no longer. */
START_TEST(honest_registration_outlives)
{
	struct kit_rig *r = rig();
	struct kit_talk t = registered(r, CLIENT, REGISTER(ATTRIBUTE("sttl", "5")));

	hang_up(&t);
	r->now += 60 * SECOND; /* the connection is gone from the table, too */
	ck_assert_int_eq(call(r, "203.0.113.7:5000", 1720), REASON_EXPECTED);
	ck_assert_uint_eq(kit_doors(r, EXPECT_CLOSED), 0);
	r->now += 239 * SECOND;
	ck_assert_int_eq(call(r, "203.0.113.7:5001", 1720), REASON_EXPECTED);
	r->now += 2 * SECOND;
	ck_assert_int_eq(call(r, "203.0.113.7:5002", 1720), REASON_UNSOLICITED);
	ck_assert_uint_eq(kit_doors(r, EXPECT_EXPIRED), 2);
	kit_rig_free(r);
}
END_TEST

/* Kept from a connection of its own, however that is done. */
static const char *const refreshes[] = {
	BOUND SEARCH(2, "a0{ a3{'cn' 'anna@x.example'} a3{'sttl' '5'} }")
		ENTRY(2, ATTRIBUTE("cn", "a")) FOUND(2, 0),
	BOUND MODIFY(2, DN, CHANGE(2, ATTRIBUTE("sflags", "1"))) MODIFIED(2, 0),
	REGISTER(ATTRIBUTE("sttl", "5")),
};

START_TEST(honest_refresh)
{
	struct kit_rig *r = rig();
	struct kit_talk t = registered(r, CLIENT, REGISTER(ATTRIBUTE("sttl", "5")));

	hang_up(&t);
	r->now += 200 * SECOND;
	t = registered(r, "10.0.0.1:3001", refreshes[_i]);
	hang_up(&t);
	r->now += 200 * SECOND;
	ck_assert_int_eq(call(r, "203.0.113.7:5000", 1720), REASON_EXPECTED);
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 2);
	ck_assert_uint_eq(kit_doors(r, EXPECT_REFUSED), 0);
	r->now += 101 * SECOND;
	ck_assert_int_eq(call(r, "203.0.113.7:5001", 1720), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

START_TEST(honest_delete)
{
	struct kit_rig *r = rig();
	struct kit_talk t = registered(r, CLIENT, REGISTER(""));

	hang_up(&t);
	r->now += 60 * SECOND;
	t = registered(r, "10.0.0.1:3001", BOUND DELETE(2, DN) DELETED(2, 0));
	ck_assert_uint_eq(kit_doors(r, EXPECT_CLOSED), 2);
	ck_assert_int_eq(call(r, "203.0.113.7:5000", 1720), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* Callers that are a network; what policy allows to others makes no difference. */
START_TEST(honest_callers_of_a_network)
{
	struct kit_rig *r = kit_rig_new("[Helper:ldap]\nEnabled=yes\nCallersFrom=203.0.113.0/24\n"
					"[Doors]\nSources=0.0.0.0/0\n",
		"ldap", INSIDE);

	registered(r, CLIENT, REGISTER(""));
	ck_assert_int_eq(call(r, "203.0.114.7:5000", 1720), REASON_UNSOLICITED);
	ck_assert_int_eq(call(r, "203.0.113.200:5000", 1720), REASON_EXPECTED);
	kit_rig_free(r);
}
END_TEST

/* To another port of the same server, and to another server; but to nobody behind the wall, and to
 * nobody who is not named. */
START_TEST(honest_referral)
{
	struct kit_rig *r = kit_rig_new(
		"[Helper:ldap]\nEnabled=yes\nReferrals=192.0.2.0/24;10.0.0.0/8\n", "ldap", INSIDE);

	registered(r, CLIENT,
		BOUND SEARCH(2, ANYTHING) "S " LDAP(2,
			"65{0a=10 '' '' a3{'ldap://192.0.2.1:1389/' 'ldap://192.0.2.2:1389/'"
			" 'ldap://10.0.0.2/' 'ldap://198.51.100.1:1389/'}}") "\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 2);
	ck_assert_uint_eq(kit_doors(r, EXPECT_REFUSED), 1);
	ck_assert_str_eq(kit_door(r, EXPECT_REFUSED, 0)->refusal, "address-foreign");
	ck_assert_int_eq(kit_syn(r, "10.0.0.1:3001", "192.0.2.1:1389"), REASON_EXPECTED);
	ck_assert_str_eq(r->begun_flow.helper, "ldap.directory");
	ck_assert_int_eq(kit_syn(r, "10.0.0.1:3001", "192.0.2.2:1389"), REASON_EXPECTED);
	ck_assert_str_eq(r->begun_flow.helper, "ldap.directory");
	ck_assert_int_eq(kit_syn(r, "10.0.0.1:3001", "198.51.100.1:1389"), REASON_OUTBOUND);
	ck_assert_int_eq(kit_syn(r, "192.0.2.2:1389", "10.0.0.1:3002"), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* Whom a search has found may be called on any port that is for calls. */
START_TEST(honest_call)
{
	struct kit_rig *r = kit_rig_new("[Helper:ldap]\nEnabled=yes\nCallsTo=192.0.2.0/24\n"
					"CallPorts=5000\n",
		"ldap", INSIDE);

	/* 192.0.2.7 */
	registered(r, CLIENT,
		BOUND SEARCH(2, ANYTHING) ENTRY(2, ATTRIBUTE("sipaddress", "117571776")
							   ATTRIBUTE("sport", "5000")) FOUND(2, 0));
	ck_assert_int_eq(kit_syn(r, "10.0.0.2:3001", "192.0.2.7:5000"), REASON_OUTBOUND);
	ck_assert_int_eq(kit_syn(r, "10.0.0.1:3001", "192.0.2.7:5000"), REASON_EXPECTED);
	ck_assert_int_eq(kit_syn(r, "192.0.2.7:3001", "10.0.0.1:5000"), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

static void
assert_nobody_comes_in(struct kit_rig *r)
{
	static const char *const callers[] = { "203.0.113.7:5000", "192.0.2.1:389",
		"192.0.2.1:5000" };
	static const char *const called[] = { "10.0.0.1:1720", "10.0.0.1:1503", "10.0.0.1:22",
		"10.0.0.1:3000", "10.0.0.2:1720", "10.0.0.2:1503" };

	for (unsigned i = 0; i < G_N_ELEMENTS(callers); i++) {
		for (unsigned j = 0; j < G_N_ELEMENTS(called); j++) {
			enum reason reason = kit_syn(r, callers[i], called[j]);

			ck_assert_msg(reason_verdict(reason) == VERDICT_DROP, "%s to %s: %s",
				callers[i], called[j], reason_name(reason));
		}
	}
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 0);
	kit_rig_free(r);
}

static const struct {
	const char *script;
	const char *refusal; /* of the host; NULL: it is not asked */
} attacks[] = {
	/* another host behind the wall, its loopback, a group, everybody, nobody */
	{ BOUND ADD(2, DN, PERSON("33554442")) ADDED(2, 0), "address-foreign" },
	{ BOUND ADD(2, DN, PERSON("16777343")) ADDED(2, 0), "address-bogus" },
	{ BOUND ADD(2, DN, PERSON("16777440")) ADDED(2, 0), "address-bogus" },
	{ BOUND ADD(2, DN, PERSON("4294967295")) ADDED(2, 0), "address-bogus" },
	{ BOUND ADD(2, DN, PERSON("0")) ADDED(2, 0), "address-bogus" },
	{ BOUND MODIFY(2, DN, CHANGE(2, ATTRIBUTE("sipaddress", "33554442"))) MODIFIED(2, 0),
		"address-foreign" },
	/* services */
	{ BOUND ADD(2, DN, PERSON(NUMBER) ATTRIBUTE("sport", "22")) ADDED(2, 0), NULL },
	{ BOUND ADD(2, DN, PERSON(NUMBER) ATTRIBUTE("sport", "3389")) ADDED(2, 0), NULL },
	{ BOUND ADD(2, DN, PERSON(NUMBER) ATTRIBUTE("sport", "3000")) ADDED(2, 0), NULL },
	/* without the server's word */
	{ BOUND ADD(2, DN, PERSON(NUMBER)), NULL },
	{ BOUND ADD(2, DN, PERSON(NUMBER)) ADDED(2, 50), NULL },
	{ ADD(2, DN, PERSON(NUMBER)) "S " LDAP(2, "61{" RESULT(0) "}") "\n", NULL },
	/* what a server says by itself */
	{ BOUND ENTRY(2, PERSON(NUMBER)) FOUND(2, 0) ADDED(3, 0), NULL },
	{ BOUND "S " LDAP(2, "68{'" DN "' 30{" PERSON(NUMBER) "}}") "\n" ADDED(2, 0), NULL },
	/* a browser's form, TURN, and TLS that carries LDAP */
	{ "C <50 4f 53 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a 0d 0a>\n" REGISTER(""), NULL },
	{ "C <00 03 00 40 21 12 a4 42 01 02 03 04>\n" REGISTER(""), NULL },
	{ "C <16 03 01 00 80>\n" REGISTER(""), NULL },
	/* lengths */
	{ "C <30 84 ff ff ff ff>" LDAP(1, "42''") "\n" REGISTER(""), NULL },
	{ "C <30 83 0f ff ff 02 01 01 68 83 0f ff f0>\n" REGISTER(""), NULL },
	{ "C <30 80 02 01 01>\n" REGISTER(""), NULL },
	{ BOUND "C " LDAP(2, "68{'" DN "' <30 84 7f ff ff ff 30 20>" PERSON(NUMBER) "}") "\n" ADDED(
		  2, 0),
		NULL },
	{ BOUND ADD(2, DN, "<30 80>" PERSON(NUMBER)) ADDED(2, 0), NULL },
	/* depth: twenty sequences around what would be an attribute */
	{ BOUND ADD(2, DN,
		  "30{30{30{30{30{30{30{30{30{30{30{30{30{30{30{30{30{30{30{30{" PERSON(
			  NUMBER) "}}}}}}}}}}}}}}}}}}}}") ADDED(2, 0),
		NULL },
	/* a filter as deep as that */
	{ BOUND SEARCH(2, "a0{a0{a0{a0{a0{a0{a0{a0{a0{a0{a0{a0{a0{a0{a0{a0{a0{a0{a0{a0{a3{'sttl' "
			  "'5'}}}}}}}}}}}}}}}}}}}}}") ENTRY(2, PERSON(NUMBER)) FOUND(2, 0),
		NULL },
};

START_TEST(attack)
{
	struct kit_rig *r = rig();

	registered(r, CLIENT, attacks[_i].script);
	if (attacks[_i].refusal)
		ck_assert_str_eq(kit_door(r, EXPECT_REFUSED, 0)->refusal, attacks[_i].refusal);
	else
		ck_assert_uint_eq(kit_doors(r, EXPECT_REFUSED), 0);
	assert_nobody_comes_in(r);
}
END_TEST

/* What the options do not name, whatever policy allows to others. */
START_TEST(attack_without_callers)
{
	struct kit_rig *r = kit_rig_new("[Doors]\nSources=0.0.0.0/0\n", "ldap", INSIDE);

	registered(r, CLIENT, REGISTER(""));
	assert_nobody_comes_in(r);
}
END_TEST

/* A time beyond all measure is an hour. */
START_TEST(attack_forever)
{
	struct kit_rig *r = rig();

	registered(r, CLIENT, REGISTER(ATTRIBUTE("sttl", "1000000000")));
	ck_assert_uint_eq(kit_door(r, EXPECT_OPENED, 0)->door.timeout, 3600);
	r->now += 3601 * SECOND;
	ck_assert_int_eq(call(r, "203.0.113.7:5000", 1720), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* Another host cannot keep, change or delete it, nor can the same with another directory. */
START_TEST(attack_on_a_registration)
{
	static const char *const others[] = { "10.0.0.2:3000", "10.0.0.1:3001" };
	struct kit_rig *r = rig();
	struct kit_talk t = registered(r, CLIENT, REGISTER(ATTRIBUTE("sttl", "5")));

	hang_up(&t);
	r->now += 200 * SECOND;
	t = kit_connect(r, others[_i], _i ? "192.0.2.2:389" : DIRECTORY);
	run(&t, BOUND DELETE(2, DN) DELETED(2, 0));
	ck_assert_uint_eq(kit_doors(r, EXPECT_CLOSED), 0);
	run(&t, MODIFY(3, DN, CHANGE(2, ATTRIBUTE("sttl", "60"))) MODIFIED(3, 0));
	ck_assert_int_eq(call(r, "203.0.113.7:5000", 1720), REASON_EXPECTED);
	r->now += 101 * SECOND;
	ck_assert_int_eq(call(r, "203.0.113.7:5001", 1720), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* A connection that was not seen from its beginning. */
START_TEST(attack_mid_stream)
{
	struct kit_rig *r = kit_rig_new("[Stateful]\nMidstream=any\n[Helper:ldap]\nEnabled=yes\n"
					"CallersFrom=203.0.113.7\n[Doors]\nSources=0.0.0.0/0\n",
		"ldap", INSIDE);
	struct kit_talk t = { .rig = r, .ends = { CLIENT, DIRECTORY }, .seq = { 1, 1 } };

	run(&t, REGISTER(""));
	assert_nobody_comes_in(r);
}
END_TEST

/* Ten thousand registrations in one connection: the doors of one, and no more memory. */
START_TEST(attack_many)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT, DIRECTORY);
	struct stats stats;
	char text[1024];

	run(&t, BOUND);
	for (unsigned n = 0; n < 10000; n++) {
		snprintf(text, sizeof(text),
			"30{02=%u 68{'cn=user%u,objectclass=rtperson' 30{" PERSON(NUMBER) "}}}",
			n + 10, n);
		say(&t, C, text);
		snprintf(text, sizeof(text), "30{02=%u 69{0a=0 '' ''}}", n + 10);
		say(&t, S, text);
	}
	engine_get_stats(r->engine, &stats);
	ck_assert_uint_eq(stats.helper.messages, 20002);
	ck_assert_uint_eq(stats.expect.peak, 2);
	ck_assert_uint_le(stats.helper.peak_memory, 4096);
	kit_rig_free(r);
}
END_TEST

#define PING(id) "30{02=" #id " 63{'' 0a=0 0a=0 02=0 02=0 01=0 87'x' 30{}}}"
#define DONE(id) "30{02=" #id " 65{0a=0 '' ''}}"

static enum reason
datagram(struct kit_rig *r, const char *from, const char *to, const char *text)
{
	static uint8_t bytes[BER_TEXT_MAX];
	const struct kit_packet packet = {
		.from = from,
		.to = to,
		.proto = PROTO_UDP,
		.payload = bytes,
		.len = ber_text(text, bytes),
	};

	return kit_send(r, &packet);
}

static struct kit_rig *
cldap_rig(const char *servers)
{
	char config[256];

	snprintf(config, sizeof(config),
		"[Helper:ldap]\nEnabled=yes\nServers=%s\nAnswers=3\n[Doors]\nSources=192.0.2.0/"
		"24\n",
		servers);
	return kit_rig_new(config, "ldap", INSIDE);
}

START_TEST(honest_query)
{
	struct kit_rig *r = cldap_rig(_i ? "192.0.2.0/24" : "192.0.2.2;192.0.2.1");

	ck_assert_int_eq(datagram(r, CLIENT, DIRECTORY, PING(1)), REASON_OUTBOUND);
	ck_assert_int_eq(
		datagram(r, "192.0.2.2:389", "10.0.0.1:3001", DONE(1)), REASON_UNSOLICITED);
	ck_assert_int_eq(datagram(r, "198.51.100.1:389", CLIENT, DONE(1)), REASON_UNSOLICITED);
	/* another server, another port of the same */
	ck_assert_int_eq(datagram(r, "192.0.2.2:389", CLIENT, DONE(1)), REASON_EXPECTED);
	ck_assert_str_eq(r->begun_flow.helper, "ldap.cldap");
	ck_assert_int_eq(datagram(r, "192.0.2.1:3890", CLIENT, DONE(1)), REASON_EXPECTED);
	/* the one that was asked: with that, the door is closed */
	ck_assert_int_eq(datagram(r, DIRECTORY, CLIENT, DONE(1)), REASON_OUTBOUND);
	ck_assert_int_eq(datagram(r, "192.0.2.2:390", CLIENT, DONE(1)), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

START_TEST(honest_query_to_a_group)
{
	struct kit_rig *r = cldap_rig("");

	ck_assert_int_eq(datagram(r, CLIENT, "224.0.1.50:389", PING(1)), REASON_OUTBOUND);
	ck_assert_int_eq(datagram(r, "192.0.2.2:389", CLIENT, DONE(1)), REASON_EXPECTED);
	ck_assert_int_eq(datagram(r, "192.0.2.3:389", CLIENT, DONE(1)), REASON_EXPECTED);
	ck_assert_int_eq(datagram(r, "192.0.2.4:389", CLIENT, DONE(1)), REASON_EXPECTED);
	/* as many as Answers= says */
	ck_assert_int_eq(datagram(r, "192.0.2.5:389", CLIENT, DONE(1)), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* Other servers that the client asks from the same port. */
START_TEST(honest_queries_from_one_port)
{
	struct kit_rig *r = cldap_rig("192.0.2.0/24");

	ck_assert_int_eq(datagram(r, CLIENT, DIRECTORY, PING(1)), REASON_OUTBOUND);
	ck_assert_int_eq(
		reason_verdict(datagram(r, CLIENT, "192.0.2.2:389", PING(2))), VERDICT_ACCEPT);
	ck_assert_int_eq(
		reason_verdict(datagram(r, "192.0.2.2:389", CLIENT, DONE(2))), VERDICT_ACCEPT);
	ck_assert_int_eq(
		reason_verdict(datagram(r, CLIENT, "192.0.2.2:389", PING(3))), VERDICT_ACCEPT);
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 1);
	ck_assert_uint_eq(kit_doors(r, EXPECT_REFUSED), 0);
	kit_rig_free(r);
}
END_TEST

/* No amplifier: what is no answer is dropped, and all that follows it; so is what follows one. */
START_TEST(attack_by_answers)
{
	static const char *const floods[] = { "<00 01 02 03>", DONE(9), PING(1), "" };
	struct kit_rig *r = cldap_rig("192.0.2.2");
	unsigned n;

	ck_assert_int_eq(datagram(r, CLIENT, DIRECTORY, PING(1)), REASON_OUTBOUND);
	ck_assert_int_eq(datagram(r, "192.0.2.2:389", CLIENT, floods[_i]), REASON_HELPER);
	for (n = 0; n < 5; n++)
		ck_assert_int_eq(datagram(r, "192.0.2.2:389", CLIENT, DONE(1)), REASON_HELPER);
	ck_assert_int_eq(datagram(r, "192.0.2.2:390", CLIENT, DONE(1)), REASON_EXPECTED);
	for (n = 0; n < 5; n++)
		ck_assert_int_eq(datagram(r, "192.0.2.2:390", CLIENT, DONE(1)), REASON_HELPER);
	kit_rig_free(r);
}
END_TEST

/* A few seconds, counted, however often it is asked. */
START_TEST(attack_by_queries)
{
	struct kit_rig *r = cldap_rig("192.0.2.2");
	unsigned n, passed = 0;
	char from[32];

	for (n = 0; n < 3; n++)
		datagram(r, CLIENT, DIRECTORY, PING(1));
	for (n = 0; n < 20; n++) {
		snprintf(from, sizeof(from), "192.0.2.2:%u", 1000 + n);
		passed += datagram(r, from, CLIENT, DONE(1)) == REASON_EXPECTED;
	}
	ck_assert_uint_eq(passed, 3);
	datagram(r, CLIENT, DIRECTORY, PING(1));
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 2);
	r->now += 6 * SECOND;
	ck_assert_int_eq(datagram(r, "192.0.2.2:2000", CLIENT, DONE(1)), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* Policy names nobody. */
START_TEST(attack_query_without_sources)
{
	struct kit_rig *r = kit_rig_new(NULL, "ldap", INSIDE);

	datagram(r, CLIENT, DIRECTORY, PING(1));
	ck_assert_uint_eq(kit_doors(r, EXPECT_REFUSED), 0);
	datagram(r, CLIENT, "224.0.1.50:389", PING(1));
	ck_assert_str_eq(kit_door(r, EXPECT_REFUSED, 0)->refusal, "source-wild");
	ck_assert_int_eq(datagram(r, "192.0.2.2:389", CLIENT, DONE(1)), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* A query from a port of a service. */
START_TEST(attack_query_from_a_low_port)
{
	struct kit_rig *r = cldap_rig("192.0.2.2");

	datagram(r, "10.0.0.1:123", DIRECTORY, PING(1));
	ck_assert_str_eq(kit_door(r, EXPECT_REFUSED, 0)->refusal, "port-low");
	ck_assert_int_eq(datagram(r, "192.0.2.2:389", "10.0.0.1:123", DONE(1)), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static Suite *
suite(void)
{
	Suite *s = suite_create("ldap-attacks");
	TCase *t = tcase_create("honest");

	tcase_add_test(t, honest_registration);
	tcase_add_test(t, honest_registration_outlives);
	tcase_add_loop_test(t, honest_refresh, 0, COUNT(refreshes));
	tcase_add_test(t, honest_delete);
	tcase_add_test(t, honest_callers_of_a_network);
	tcase_add_test(t, honest_referral);
	tcase_add_test(t, honest_call);
	tcase_add_loop_test(t, honest_query, 0, 2);
	tcase_add_test(t, honest_query_to_a_group);
	tcase_add_test(t, honest_queries_from_one_port);
	suite_add_tcase(s, t);
	t = tcase_create("attacks");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, attack, 0, COUNT(attacks));
	tcase_add_test(t, attack_without_callers);
	tcase_add_test(t, attack_forever);
	tcase_add_loop_test(t, attack_on_a_registration, 0, 2);
	tcase_add_test(t, attack_mid_stream);
	tcase_add_test(t, attack_many);
	tcase_add_loop_test(t, attack_by_answers, 0, 4);
	tcase_add_test(t, attack_by_queries);
	tcase_add_test(t, attack_query_without_sources);
	tcase_add_test(t, attack_query_from_a_low_port);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls of PPTP as packets through the whole engine, with the real plugin: what comes through their
 * doors and what does not, how they end, and attacks, none of which opens one. The first tests show
 * that the same rig does open doors for honest hosts, so that silence below means something.
 */
#include <stdio.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/talk.h"
#include "pptp-script.h"

#define CLIENT  "10.0.0.1"
#define CLIENT2 "10.0.0.2"
#define SERVER  "192.0.2.1"
#define START   "C SCCRQ\nS SCCRP\n"
#define SEC     UINT64_C(1000000000)

static struct kit_rig *
rig(void)
{
	return kit_rig_new(NULL, "pptp", "10.0.0.0/8");
}

/* Says a script (pptp-script.h), a segment per message. */
static void
say(struct kit_talk *t, const char *script)
{
	uint8_t bytes[PPTP_SCRIPT_MAX];
	enum reason reason;
	uint32_t dir;
	size_t len;

	while ((script = pptp_script_next(script, &dir, bytes, &len))) {
		reason = kit_segment(t, dir, 0, bytes, len);
		ck_assert_msg(reason_verdict(reason) == VERDICT_ACCEPT, "%s", reason_name(reason));
		t->seq[dir] += (uint32_t)len;
	}
}

static enum reason
gre(struct kit_rig *r, const char *from, const char *to, uint16_t call_id)
{
	struct kit_packet p = { .from = from, .to = to, .proto = PROTO_GRE, .icmp_id = call_id };

	p.payload = "\xff\x03\xc0\x21";
	p.len = 4;
	return kit_send(r, &p);
}

/* A packet of GRE by its bytes, from the server to the client. */
static enum reason
gre_bytes(struct kit_rig *r, const char *hex)
{
	/* IPv4, no options, TTL 64, GRE, 192.0.2.1 to 10.0.0.1 */
	uint8_t bytes[64] = { 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 47, 0, 0, 192, 0, 2, 1, 10, 0, 0, 1 };
	struct batch batch = { .count = 1 };
	size_t len = 20 + kit_hex(hex, bytes + 20, sizeof(bytes) - 20);
	uint32_t sum = 0;
	size_t n;

	bytes[3] = (uint8_t)len;
	for (n = 0; n < 20; n += 2)
		sum += (uint32_t)(bytes[n] << 8 | bytes[n + 1]);
	sum = ~((sum & 0xffff) + (sum >> 16));
	bytes[10] = (uint8_t)(sum >> 8);
	bytes[11] = (uint8_t)sum;
	r->now += 1000000;
	kit_source_packet(&batch.packets[0], bytes, len, LINK_RAW, r->now, ++r->number);
	engine_process(r->engine, &batch);
	return batch.packets[0].reason;
}

static void
assert_no_door(struct kit_rig *r)
{
	static const uint16_t ids[] = { 0, 1, 2, 10, 20, 65535 };
	size_t n;

	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 0);
	/* Nor does anything come in. */
	for (n = 0; n < sizeof(ids) / sizeof(ids[0]); n++)
		ck_assert_int_eq(gre(r, SERVER, CLIENT, ids[n]), REASON_UNSOLICITED);
	kit_rig_free(r);
}

START_TEST(honest_call)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");
	unsigned flows = r->flows_begun;

	say(&t, START "C OCRQ 36600 7\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 36600), REASON_UNSOLICITED);
	say(&t, "S OCRP 128 36600\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 1);
	/* Another id, another host, another version, the wrong way round. */
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 36601), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 0), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 128), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT2, 36600), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, "192.0.2.2", CLIENT, 36600), REASON_UNSOLICITED);
	ck_assert_int_eq(gre_bytes(r, "2000 0800 8ef80000 45"), REASON_UNSOLICITED);
	ck_assert_uint_eq(r->flows_begun, flows);
	/* One flow in both directions, with acknowledgements alone too. */
	ck_assert_int_eq(gre_bytes(r, "2081 880b 0000 8ef8 00000000"), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 36600), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, CLIENT, SERVER, 128), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 36600), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 36601), REASON_UNSOLICITED);
	ck_assert_uint_eq(r->flows_begun, flows + 1);
	ck_assert_uint_eq(kit_door(r, EXPECT_MATCHED, 0)->door.parent_id, 1);
	ck_assert_uint_eq(kit_door(r, EXPECT_MATCHED, 0)->door.group, 1);
	kit_rig_free(r);
}
END_TEST

/* The protected side may send first; it needs no second door. */
START_TEST(honest_call_the_client_first)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");
	unsigned flows = r->flows_begun;

	say(&t, START "C OCRQ 0\nS OCRP 30720 0\n");
	ck_assert_int_eq(gre(r, CLIENT, SERVER, 30720), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 0), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 30720), REASON_UNSOLICITED);
	ck_assert_uint_eq(r->flows_begun, flows + 1);
	ck_assert_uint_eq(kit_doors(r, EXPECT_MATCHED), 1);
	kit_rig_free(r);
}
END_TEST

/* A server that is PNS calls out through the client; and one that is PAC has a call for it. */
START_TEST(honest_call_of_the_server)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");

	say(&t, START "S OCRQ 5\nC OCRP 6 5\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 5), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 6), REASON_EXPECTED);
	say(&t, "S CCRQ 5\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 6), REASON_UNSOLICITED);
	kit_rig_free(r);

	r = rig();
	t = kit_connect(r, CLIENT ":3000", SERVER ":1723");
	say(&t, START "S ICRQ 9\nC ICRP 10 9\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 10), REASON_UNSOLICITED);
	say(&t, "S ICCN 10\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 9), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 10), REASON_EXPECTED);
	kit_rig_free(r);
}
END_TEST

/* With the other address family. */
START_TEST(honest_call_over_ipv6)
{
	struct kit_rig *r = kit_rig_new(NULL, "pptp", "fd00::/8");
	struct kit_talk t = kit_connect(r, "[fd00::1]:3000", "[2001:db8::1]:1723");

	say(&t, START "C OCRQ 1\nS OCRP 2 1\n");
	ck_assert_int_eq(gre(r, "2001:db8::1", "fd00::1", 2), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, "2001:db8::1", "fd00::1", 1), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, "fd00::1", "2001:db8::1", 2), REASON_EXPECTED);
	kit_rig_free(r);
}
END_TEST

START_TEST(without_the_helper)
{
	struct kit_rig *r = kit_rig_new(NULL, NULL, "10.0.0.0/8");
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");

	say(&t, START "C OCRQ 1\nS OCRP 2 1\n");
	ck_assert_int_eq(gre(r, CLIENT, SERVER, 2), REASON_OUTBOUND);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* How a call ends, and that the flow says so. */
static const struct {
	const char *name;
	const char *script;
} ends[] = {
	{ "Call-Clear-Request", "C CCRQ 1\n" },
	{ "Call-Disconnect-Notify", "S CDN 10\n" },
	{ "with the other id", "S CDN 1\n" },
	{ "Stop-Control-Connection-Request", "C STOPRQ\n" },
	{ "from the server", "S STOPRQ\n" },
};

START_TEST(a_call_ends)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");

	say(&t, START "C OCRQ 1\nS OCRP 10 1\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, CLIENT, SERVER, 10), REASON_EXPECTED);
	ck_assert_uint_eq(r->flows_ended, 0);
	say(&t, ends[_i].script);
	ck_assert_msg(r->flows_ended == 1, "%s", ends[_i].name);
	ck_assert_int_eq(r->last_end, FLOW_END_CLOSED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_UNSOLICITED);
	/* What the client still sends goes where policy lets it, and brings nothing back. */
	ck_assert_int_eq(gre(r, CLIENT, SERVER, 10), REASON_OUTBOUND);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* The same for a door that nothing has come through yet. */
START_TEST(a_door_ends)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");

	say(&t, START "C OCRQ 1\nS OCRP 10 1\n");
	say(&t, ends[_i].script);
	ck_assert_msg(kit_doors(r, EXPECT_CLOSED) == 1, "%s", ends[_i].name);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* Two ids that are equal, even 0, are two directions: neither answers for the other. */
START_TEST(equal_ids)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");

	say(&t, START "C OCRQ 0\nS OCRP 0 0\n");
	/* GRE of version 0 has no id, and is not that of call 0. */
	ck_assert_int_eq(gre_bytes(r, "0000 0800 45"), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, CLIENT, SERVER, 0), REASON_EXPECTED);
	ck_assert_int_eq(gre_bytes(r, "0000 0800 45"), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 0), REASON_EXPECTED);
	ck_assert_uint_eq(kit_doors(r, EXPECT_MATCHED), 1);
	say(&t, "C CCRQ 0\n");
	ck_assert_int_eq(gre(r, CLIENT, SERVER, 0), REASON_OUTBOUND);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 0), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

START_TEST(the_others_go_on)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");

	say(&t, START "C OCRQ 1\nS OCRP 10 1\nC OCRQ 2\nS OCRP 20 2\nC OCRQ 3\nS OCRP 30 3\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 2), REASON_EXPECTED);
	say(&t, "C CCRQ 2\nS CDN 20\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 2), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 3), REASON_EXPECTED);
	say(&t, "S STOPRQ\nC STOPRP\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 3), REASON_UNSOLICITED);
	ck_assert_uint_eq(r->flows_ended, 3);
	kit_rig_free(r);
}
END_TEST

/* The control connection is reset, or falls silent: what it has agreed on ends with it. */
START_TEST(the_control_connection_is_lost)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");
	struct kit_packet reset = {
		.from = SERVER ":1723", .to = CLIENT ":3000", .flags = TCP_RST
	};

	say(&t, START "C OCRQ 1\nS OCRP 10 1\nC OCRQ 2\nS OCRP 20 2\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_EXPECTED);
	if (_i) {
		reset.seq = t.seq[1];
		ck_assert_int_eq(kit_send(r, &reset), REASON_OUTBOUND);
		ck_assert_uint_eq(r->flows_ended, 1);
		ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_UNSOLICITED);
		r->now += 300 * SEC;
	} else {
		r->now += 30 * 24 * 3600 * SEC;
	}
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 2), REASON_UNSOLICITED);
	ck_assert_uint_eq(r->flows_ended, 2);
	kit_rig_free(r);
}
END_TEST

/* Many clients choose 0 every time. Their addresses keep them apart. */
START_TEST(two_clients_with_the_same_id)
{
	struct kit_rig *r = rig();
	struct kit_talk a = kit_connect(r, CLIENT ":3000", SERVER ":1723");
	struct kit_talk b = kit_connect(r, CLIENT2 ":3000", SERVER ":1723");

	say(&a, START "C OCRQ 0\nS OCRP 10 0\n");
	say(&b, START "C OCRQ 0\nS OCRP 10 0\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 2);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 0), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, CLIENT2, SERVER, 10), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT2, 0), REASON_EXPECTED);
	say(&a, "C CCRQ 0\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 0), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT2, 0), REASON_EXPECTED);
	kit_rig_free(r);
}
END_TEST

/* On one connection the second call of that id is refused. */
START_TEST(one_client_with_the_same_id_twice)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");

	say(&t, START "C OCRQ 0\nS OCRP 10 0\nC OCRQ 0\nS OCRP 11 0\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 1);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 0), REASON_EXPECTED);
	say(&t, "C CCRQ 0\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 0), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* Two connections between the same two hosts, as of clients behind a translator further in. */
START_TEST(two_connections_of_two_hosts)
{
	struct kit_rig *r = rig();
	struct kit_talk a = kit_connect(r, CLIENT ":3000", SERVER ":1723");
	struct kit_talk b = kit_connect(r, CLIENT ":3001", SERVER ":1723");

	say(&a, START "C OCRQ 1\nS OCRP 10 1\n");
	say(&b, START "C OCRQ 2\nS OCRP 11 2\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 2), REASON_EXPECTED);
	/* The notice on one connection ends nothing of the other. */
	say(&b, "S CDN 10\nS CDN 1\nC CCRQ 1\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_EXPECTED);
	say(&b, "S STOPRQ\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 2), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_EXPECTED);
	kit_rig_free(r);
	/* Of two that share an id, and nobody has come yet, the newer is waited for. */
	r = rig();
	a = kit_connect(r, CLIENT ":3000", SERVER ":1723");
	b = kit_connect(r, CLIENT ":3001", SERVER ":1723");
	say(&a, START "C OCRQ 1\nS OCRP 10 1\n");
	say(&b, START "C OCRQ 1\nS OCRP 10 1\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 2);
	ck_assert_uint_eq(kit_doors(r, EXPECT_CLOSED), 1);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_EXPECTED);
	ck_assert_uint_eq(kit_door(r, EXPECT_MATCHED, 0)->door.parent_id, 2);
	kit_rig_free(r);
}
END_TEST

/* A client that has lost its connection comes back with its id: the newer call has it. */
START_TEST(a_client_comes_back)
{
	struct kit_rig *r = rig();
	struct kit_talk a = kit_connect(r, CLIENT ":3000", SERVER ":1723"), b;
	struct kit_packet reset = {
		.from = SERVER ":1723", .to = CLIENT ":3000", .flags = TCP_RST
	};
	uint16_t id = _i ? 10 : 11; /* the server's; it may be another or the same */
	char script[64];

	say(&a, START "C OCRQ 0\nS OCRP 10 0\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 0), REASON_EXPECTED);
	b = kit_connect(r, CLIENT ":3001", SERVER ":1723");
	sprintf(script, START "C OCRQ 0\nS OCRP %u 0\n", id);
	say(&b, script);
	ck_assert_uint_eq(r->flows_ended, 1);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 0), REASON_EXPECTED);
	ck_assert_int_eq(gre(r, CLIENT, SERVER, id), REASON_EXPECTED);
	ck_assert_uint_eq(kit_doors(r, EXPECT_MATCHED), 2);
	/* The end of the old connection is not that of the new call. */
	reset.seq = a.seq[1];
	kit_send(r, &reset);
	r->now += 300 * SEC;
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 0), REASON_EXPECTED);
	say(&b, "C CCRQ 0\n");
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 0), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* Scripts that open nothing, whoever sends them. */
static const struct {
	const char *name;
	const char *script;
} attacks[] = {
	{ "a reply without a request", START "S OCRP 10 1\nS OCRP 0 0\n" },
	{ "a reply to another", START "C OCRQ 1\nS OCRP 10 2\n" },
	{ "a reply before the connection stands", "C SCCRQ\nC OCRQ 1\nS OCRP 10 1\nS SCCRP\n" },
	{ "a refused connection", "C SCCRQ\nS SCCRP 4\nC OCRQ 1\nS OCRP 10 1\n" },
	{ "a refused call", START "C OCRQ 1\nS OCRP 10 1 5\nS OCRP 10 1\n" },
	{ "a server that does it all",
		START "S ICRQ 1\nS ICRP 2 1\nS ICCN 2\nS OCRQ 1\nS OCRP 2 1\n" },
	{ "a server that is PAC and PNS", START "S OCRQ 1\nS ICRQ 2\nS OCRP 1 1\nS ICCN 1\n" },
	{ "a client that does it all",
		START "C OCRQ 1\nC OCRP 2 1\nC ICRQ 1\nC ICRP 2 1\nC ICCN 2\n" },
	{ "only offered", START "S ICRQ 1\nS ICCN 1\nS ICCN 0\n" },
	{ "wrong magic", START "C OCRQ 1\nS hex 0020 0001 1a2b 3c4e 0008\nS OCRP 10 1\n" },
	{ "another kind", START "C OCRQ 1\nS hex 0020 0002 1a2b 3c4d 0008\nS OCRP 10 1\n" },
	{ "no such type", START "C OCRQ 1\nS hex 0020 0001 1a2b 3c4d 0010\nS OCRP 10 1\n" },
	{ "a length that is too long",
		START "C OCRQ 1\nS hex ffff 0001 1a2b 3c4d 0008\nS OCRP 10 1\n" },
	{ "a length that is too short",
		START "C OCRQ 1\nS hex 0000 0001 1a2b 3c4d 0008\nS OCRP 10 1\n" },
	{ "one byte too many", START "C OCRQ 1\nS hex 00\nS OCRP 10 1\n" },
	{ "slipped into a web page",
		"C hex 50 4f 53 54 20 2f 20 48 54 54 50 0d 0a 0d 0a\nC SCCRQ\nS SCCRP\nC OCRQ 1\n"
		"S OCRP 10 1\n" },
	{ "slipped into TURN",
		"C hex 00 03 00 40 21 12 a4 42\nC SCCRQ\nS SCCRP\nC OCRQ 1\nS OCRP 10 1\n" },
	{ "the server begins", "S SCCRQ\nC SCCRP\nS ICRQ 1\nC ICRP 2 1\nS ICCN 2\n" },
	{ "after it was stopped",
		START "C STOPRQ\nC OCRQ 1\nS OCRP 10 1\nS STOPRP\nS OCRP 10 1\n" },
};

START_TEST(attack)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");

	say(&t, attacks[_i].script);
	ck_assert_msg(!kit_doors(r, EXPECT_OPENED), "%s", attacks[_i].name);
	assert_no_door(r);
}
END_TEST

/* A connection that was picked up in the middle opens nothing. */
START_TEST(mid_stream)
{
	struct kit_rig *r = rig();
	struct kit_talk t = {
		.rig = r, .ends = { CLIENT ":3000", SERVER ":1723" }, .seq = { 77, 88 }
	};

	say(&t, START "C OCRQ 1\nS OCRP 10 1\n");
	assert_no_door(r);
}
END_TEST

/* A reply whose middle is lost: the helper has left, and the calls before it go on. */
START_TEST(lost_bytes)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");

	say(&t, START "C OCRQ 1\nS OCRP 10 1\nC OCRQ 2\n");
	t.seq[1] += 16;
	/* The client has it all, so nobody will send it again. */
	say(&t, "C ECHORQ\nS OCRP 20 2\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 1);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 2), REASON_UNSOLICITED);
	ck_assert_int_eq(gre(r, SERVER, CLIENT, 1), REASON_EXPECTED);
	kit_rig_free(r);
}
END_TEST

/* The server sends two replies at the same place of the stream. */
START_TEST(two_replies_in_one_place)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");
	uint8_t yes[PPTP_SCRIPT_MAX], no[PPTP_SCRIPT_MAX];
	size_t len = pptp_script_message("OCRP 10 1", yes);

	say(&t, START "C OCRQ 1\n");
	pptp_script_message("OCRP 10 1 2", no);
	/* The refusal has arrived up to its end; then it is to have been a success. */
	kit_segment(&t, 1, 1, no + 1, len - 1);
	kit_segment(&t, 1, 0, yes, len);
	t.seq[1] += (uint32_t)len;
	assert_no_door(r);
}
END_TEST

/* Thousands of calls: no more doors than may wait, and memory comes back. */
START_TEST(thousands_of_calls)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT ":3000", SERVER ":1723");
	char script[96];
	unsigned n;

	say(&t, START);
	for (n = 1; n <= 2000; n++) {
		sprintf(script, "C OCRQ %u\nS OCRP %u %u\n", n, n + 5000, n);
		say(&t, script);
		ck_assert_int_eq(gre(r, SERVER, CLIENT, (uint16_t)n), REASON_EXPECTED);
		sprintf(script, "C CCRQ %u\nS CDN %u\n", n, n + 5000);
		say(&t, script);
		ck_assert_int_eq(gre(r, SERVER, CLIENT, (uint16_t)n), REASON_UNSOLICITED);
		ck_assert_uint_eq(r->flows_ended, n);
		r->n_doors = 0;
	}
	kit_rig_free(r);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("pptp-attacks");
	TCase *c = tcase_create("calls");

	tcase_add_test(c, honest_call);
	tcase_add_test(c, honest_call_the_client_first);
	tcase_add_test(c, honest_call_of_the_server);
	tcase_add_test(c, honest_call_over_ipv6);
	tcase_add_test(c, without_the_helper);
	tcase_add_loop_test(c, a_call_ends, 0, sizeof(ends) / sizeof(ends[0]));
	tcase_add_loop_test(c, a_door_ends, 0, sizeof(ends) / sizeof(ends[0]));
	tcase_add_test(c, equal_ids);
	tcase_add_test(c, the_others_go_on);
	tcase_add_loop_test(c, the_control_connection_is_lost, 0, 2);
	tcase_add_test(c, two_clients_with_the_same_id);
	tcase_add_test(c, one_client_with_the_same_id_twice);
	tcase_add_test(c, two_connections_of_two_hosts);
	tcase_add_loop_test(c, a_client_comes_back, 0, 2);
	suite_add_tcase(s, c);
	c = tcase_create("attacks");
	tcase_add_loop_test(c, attack, 0, sizeof(attacks) / sizeof(attacks[0]));
	tcase_add_test(c, mid_stream);
	tcase_add_test(c, lost_bytes);
	tcase_add_test(c, two_replies_in_one_place);
	tcase_add_test(c, thousands_of_calls);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

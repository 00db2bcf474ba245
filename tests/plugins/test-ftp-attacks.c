// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attacks on FTP helpers, replayed as packets through the whole engine with the real plugin: none
 * of them opens a door. The first tests show that the same rig does open doors for honest clients,
 * so that silence below means something.
 *
 * Names of attacks as in the literature: NAT slipstreaming (a browser's POST that carries a line of
 * another protocol), VU#328867 (a server that echoes what a client made it say), FTP bounce (RFC
 * 2577), port injection.
 */
#include <stdio.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/talk.h"

#define CLIENT "10.0.0.1:3000"
#define SERVER "192.0.2.1:21"

enum { C, S };

static struct kit_rig *
rig(void)
{
	return kit_rig_new(NULL, "ftp", NULL);
}

/* Logs in. */
static struct kit_talk
login(struct kit_rig *r)
{
	struct kit_talk t = kit_connect(r, CLIENT, SERVER);

	kit_say(&t, S, "220 ready\r\n");
	kit_say(&t, C, "USER anonymous\r\n");
	kit_say(&t, S, "331 password\r\n");
	kit_say(&t, C, "PASS x\r\n");
	kit_say(&t, S, "230 in\r\n");
	return t;
}

static void
assert_no_door(struct kit_rig *r)
{
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 0);
	/* Nor does anything come in. */
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:20", "10.0.0.1:4000"), REASON_UNSOLICITED);
	kit_rig_free(r);
}

START_TEST(honest_active_transfer)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	ck_assert_int_eq(kit_syn(r, "192.0.2.1:20", "10.0.0.1:4000"), REASON_UNSOLICITED);
	kit_say(&t, C, "PORT 10,0,0,1,15,160\r\n");
	/* Until the server has answered, its port 20 alone may come. */
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:2020", "10.0.0.1:4000"), REASON_UNSOLICITED);
	kit_say(&t, S, "200 fine\r\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 1);
	ck_assert_int_eq(kit_syn(r, "192.0.2.2:20", "10.0.0.1:4000"), REASON_UNSOLICITED);
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:20", "10.0.0.1:4001"), REASON_UNSOLICITED);
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:2020", "10.0.0.1:4000"), REASON_EXPECTED);
	ck_assert_uint_eq(kit_door(r, EXPECT_MATCHED, 0)->door.parent_id, 1);
	/* One flow, once. */
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:2021", "10.0.0.1:4000"), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* Some servers connect first and answer PORT when the connection stands. */
START_TEST(honest_server_that_connects_first)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	kit_say(&t, C, "PORT 10,0,0,1,15,160\r\n");
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:20", "10.0.0.1:4000"), REASON_EXPECTED);
	kit_say(&t, S, "200 connected\r\n");
	/* That was the connection: the answer opens no second door. */
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 1);
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:2021", "10.0.0.1:4000"), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

START_TEST(honest_passive_transfer)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	kit_say(&t, C, "PASV\r\n");
	kit_say(&t, S, "227 Entering Passive Mode (192,0,2,1,15,160)\r\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 1);
	ck_assert_int_eq(kit_syn(r, "10.0.0.1:3001", "192.0.2.1:4000"), REASON_EXPECTED);
	kit_rig_free(r);
}
END_TEST

/* A web page posts a form to port 21; its body has a line that looks like a command. */
START_TEST(slipstreaming_by_a_form)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT, SERVER);
	char filler[1400];

	kit_say(&t, S, "220 ready\r\n");
	kit_say(&t, C, "POST / HTTP/1.1\r\nHost: a.example:21\r\nContent-Length: 9000\r\n\r\n");
	/* Padding so that the command begins a segment. */
	memset(filler, 'A', sizeof(filler) - 1);
	filler[sizeof(filler) - 1] = '\0';
	kit_say(&t, C, filler);
	kit_say(&t, C, "\r\nUSER x\r\nPORT 10,0,0,1,15,160\r\n");
	kit_say(&t, S, "331 password\r\n200 fine\r\n");
	assert_no_door(r);
}
END_TEST

/* The same when the server keeps silent until the form has come. */
START_TEST(slipstreaming_before_the_greeting)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT, SERVER);

	kit_say(&t, C, "PORT 10,0,0,1,15,160\r\n");
	kit_say(&t, S, "200 fine\r\n");
	kit_say(&t, S, "220 ready\r\n200 fine\r\n");
	assert_no_door(r);
}
END_TEST

/* TURN over TCP to port 21: a STUN header, then a command (RFC 8489 §5). */
START_TEST(slipstreaming_by_stun)
{
	static const uint8_t stun[] = { 0x00, 0x03, 0x00, 0x40, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4,
		5, 6, 7, 8, 9, 10, 11, 12 };
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT, SERVER);

	kit_say(&t, S, "220 ready\r\n");
	kit_segment(&t, C, 0, stun, sizeof(stun));
	t.seq[C] += sizeof(stun);
	kit_say(&t, C, "\r\nUSER x\r\nPORT 10,0,0,1,15,160\r\n");
	kit_say(&t, S, "331 ok\r\n200 fine\r\n");
	assert_no_door(r);
}
END_TEST

static const char *const other_protocols[] = {
	"GET / HTTP/1.0\r\n\r\nUSER x\r\n",
	"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03USER x\r\n",
	"SSH-2.0-OpenSSH_9.2\r\nUSER x\r\n",
	"OPTIONS sip:a SIP/2.0\r\nUSER x\r\n",
};

START_TEST(first_bytes_of_another_protocol)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT, SERVER);

	kit_say(&t, S, "220 ready\r\n");
	kit_say(&t, C, other_protocols[_i]);
	kit_say(&t, C, "USER x\r\nPORT 10,0,0,1,15,160\r\n");
	kit_say(&t, S, "331 ok\r\n331 ok\r\n200 fine\r\n200 fine\r\n");
	assert_no_door(r);
}
END_TEST

/* VU#328867: the server's text holds what the client made it say, at the start of a segment. */
START_TEST(echo_of_a_reply)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	kit_say(&t, C, "227 (10,0,0,1,15,160)\r\n");
	kit_say(&t, S, "500 not understood: ");
	kit_say(&t, S, "227 (192,0,2,1,15,160)\r\n");
	kit_say(&t, C, "MKD 227 (192,0,2,1,15,160)\r\n");
	kit_say(&t, S, "257 \"");
	kit_say(&t, S, "227 (192,0,2,1,15,160)\" created\r\n");
	assert_no_door(r);
}
END_TEST

START_TEST(echo_inside_a_long_reply)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	kit_say(&t, C, "STAT 227 (192,0,2,1,15,160)\r\n");
	kit_say(&t, S, "211-status of\r\n");
	kit_say(&t, S, "227 Entering Passive Mode (192,0,2,1,15,160)\r\n");
	kit_say(&t, S, "200 fine\r\n");
	kit_say(&t, S, "211 end\r\n");
	assert_no_door(r);
}
END_TEST

/* The client asks for a door to somebody else: FTP bounce. */
START_TEST(third_party_port)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	kit_say(&t, C, "PORT 10,0,0,99,15,160\r\n");
	kit_say(&t, S, "200 fine\r\n");
	ck_assert_str_eq(kit_door(r, EXPECT_REFUSED, 0)->refusal, "address-foreign");
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:20", "10.0.0.99:4000"), REASON_UNSOLICITED);
	assert_no_door(r);
}
END_TEST

START_TEST(third_party_in_a_passive_reply)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	kit_say(&t, C, "PASV\r\n");
	kit_say(&t, S, "227 Entering Passive Mode (10,0,0,99,15,160)\r\n");
	ck_assert_str_eq(kit_door(r, EXPECT_REFUSED, 0)->refusal, "address-foreign");
	assert_no_door(r);
}
END_TEST

static const char *const low_ports[] = {
	"PORT 10,0,0,1,0,22\r\n",
	"PORT 10,0,0,1,3,255\r\n",
	"EPRT |1|10.0.0.1|22|\r\n",
	"EPRT |1|10.0.0.1|0|\r\n",
	"LPRT 4,4,10,0,0,1,2,0,22\r\n",
};

START_TEST(privileged_ports)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	kit_say(&t, C, low_ports[_i]);
	kit_say(&t, S, "200 fine\r\n");
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:20", "10.0.0.1:22"), REASON_UNSOLICITED);
	assert_no_door(r);
}
END_TEST

/* A service of the client's host that listens on a high port. */
START_TEST(ports_on_the_deny_list)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	kit_say(&t, C, "PORT 10,0,0,1,23,12\r\n"); /* 5900 */
	kit_say(&t, S, "200 fine\r\n");
	ck_assert_str_eq(kit_door(r, EXPECT_REFUSED, 0)->refusal, "port-denied");
	assert_no_door(r);
}
END_TEST

static const char *const unasked[] = {
	"227 Entering Passive Mode (192,0,2,1,15,160)\r\n",
	"229 Entering Extended Passive Mode (|||4000|)\r\n",
	"228 Entering Long Passive Mode (4,4,192,0,2,1,2,15,160)\r\n",
};

START_TEST(passive_reply_that_nobody_asked_for)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	kit_say(&t, S, unasked[_i]);
	kit_say(&t, C, "NOOP\r\n");
	kit_say(&t, S, unasked[_i]);
	assert_no_door(r);
}
END_TEST

START_TEST(port_that_the_server_refuses)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	kit_say(&t, C, "PORT 10,0,0,1,15,160\r\n");
	kit_say(&t, S, "500 Illegal PORT command.\r\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_CLOSED), 1);
	kit_say(&t, C, "NOOP\r\n");
	kit_say(&t, S, "200 fine\r\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 1);
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:20", "10.0.0.1:4000"), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* The same for those who would rather have the server's word first. */
START_TEST(port_without_an_answer)
{
	struct kit_rig *r = kit_rig_new("[Helper:ftp]\nEnabled=true\nEarlyData=no\n", "ftp", NULL);
	struct kit_talk t = login(r);

	kit_say(&t, C, "PORT 10,0,0,1,15,160\r\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 0);
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:20", "10.0.0.1:4000"), REASON_UNSOLICITED);
	kit_say(&t, S, "200 fine\r\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 1);
	kit_rig_free(r);
}
END_TEST

/* A command that only one side of the connection can have seen, by overlapping segments. */
START_TEST(conflicting_overlap)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	kit_segment(&t, C, 0, "NOOP xxxxxxxxxxxxxxx\r\n", 22);
	kit_segment(&t, C, 0, "PORT 10,0,0,1,15,160\r\n", 22);
	t.seq[C] += 22;
	kit_say(&t, S, "200 fine\r\n");
	/* And it stays off, for life. */
	kit_say(&t, C, "PORT 10,0,0,1,15,160\r\n");
	kit_say(&t, S, "200 fine\r\n");
	assert_no_door(r);
}
END_TEST

/* The same where the first version waits behind a hole. */
START_TEST(conflicting_overlap_ahead_of_a_hole)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	kit_segment(&t, C, 6, "PORT 10,0,0,1,15,160\r\n", 22);
	kit_segment(&t, C, 6, "NOOP xxxxxxxxxxxxxxx\r\n", 22);
	kit_segment(&t, C, 0, "NOOP\r\n", 6);
	t.seq[C] += 28;
	kit_say(&t, S, "200 fine\r\n200 fine\r\n");
	assert_no_door(r);
}
END_TEST

/* The server acknowledges what the client has not sent, to choose where its next line begins. */
START_TEST(acknowledging_ahead)
{
	struct kit_rig *r = kit_rig_new("[Helper:ftp]\nEnabled=true\nEarlyData=no\n", "ftp", NULL);
	struct kit_talk t = login(r);

	t.seq[C] += 10;
	kit_segment(&t, S, 0, NULL, 0);
	t.seq[C] -= 10;
	kit_segment(&t, C, 10, "\r\nNOOP\r\nPORT 10,0,0,1,15,160\r\n", 30);
	kit_say(&t, S, "200 fine\r\n200 fine\r\n");
	assert_no_door(r);
}
END_TEST

/* A control connection whose beginning nobody saw. */
START_TEST(mid_stream_control)
{
	struct kit_rig *r = rig();
	struct kit_talk t = { .rig = r, .ends = { CLIENT, SERVER }, .seq = { 100, 200 } };

	ck_assert_int_eq(kit_say(&t, C, "NOOP\r\n"), REASON_MID_STREAM);
	kit_say(&t, S, "220 ready\r\n");
	kit_say(&t, C, "USER x\r\n");
	kit_say(&t, S, "331 ok\r\n");
	kit_say(&t, C, "PORT 10,0,0,1,15,160\r\n");
	kit_say(&t, S, "200 fine\r\n");
	assert_no_door(r);
}
END_TEST

/* A command injected by somebody who cannot see the connection: outside the window. */
START_TEST(blind_injection)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	ck_assert_int_eq(kit_segment(&t, C, 0x20000000, "PORT 10,0,0,1,15,160\r\n", 22),
		REASON_TCP_WINDOW);
	ck_assert_int_eq(kit_segment(&t, S, 0x20000000, "200 fine\r\n", 10), REASON_TCP_WINDOW);
	kit_say(&t, S, "200 fine\r\n");
	assert_no_door(r);
}
END_TEST

/* Doors of one connection do not pile up. */
START_TEST(door_flood)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);
	unsigned open;
	char line[64];

	for (unsigned n = 0; n < 20; n++) {
		snprintf(line, sizeof(line), "PORT 10,0,0,1,16,%u\r\n", n);
		kit_say(&t, C, line);
		kit_say(&t, S, "200 fine\r\n");
	}
	open = kit_doors(r, EXPECT_OPENED) - kit_doors(r, EXPECT_CLOSED);
	ck_assert_uint_ge(open, 1);
	ck_assert_uint_le(open, 8);
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:20", "10.0.0.1:4096"), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* The door closes with the control connection. */
START_TEST(door_after_the_end)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);
	struct kit_packet rst = { .from = CLIENT, .to = SERVER, .flags = TCP_RST };

	kit_say(&t, C, "PORT 10,0,0,1,15,160\r\n");
	kit_say(&t, S, "200 fine\r\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 1);
	rst.seq = t.seq[C];
	kit_send(r, &rst);
	ck_assert_uint_eq(kit_doors(r, EXPECT_CLOSED), 1);
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:20", "10.0.0.1:4000"), REASON_UNSOLICITED);
	kit_rig_free(r);
}
END_TEST

/* A connection that stands is not opened anew by a SYN from outside. */
START_TEST(syn_into_a_connection)
{
	struct kit_rig *r = rig();
	struct kit_talk t = kit_connect(r, CLIENT, "192.0.2.1:80");
	struct kit_packet syn = { .from = "192.0.2.1:80", .to = CLIENT, .flags = TCP_SYN };

	kit_say(&t, C, "hello");
	syn.seq = t.seq[S];
	ck_assert_int_eq(kit_send(r, &syn), REASON_TCP_STATE);
	syn.seq += 100000;
	ck_assert_int_eq(kit_send(r, &syn), REASON_TCP_STATE);
	kit_rig_free(r);
}
END_TEST

/* Conversations that only pass by get no helper, and so cannot use up what helpers need. */
START_TEST(forged_strangers)
{
	struct kit_rig *r = kit_rig_new(NULL, "ftp", "10.0.0.0/8");
	struct kit_talk t = kit_connect(r, "198.51.100.7:3000", SERVER);

	kit_say(&t, S, "220 ready\r\n");
	kit_say(&t, C, "USER x\r\n");
	kit_say(&t, S, "331 ok\r\n");
	kit_say(&t, C, "PASV\r\n");
	kit_say(&t, S, "227 (192,0,2,1,15,160)\r\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 0);
	kit_rig_free(r);
}
END_TEST

/* The door closes with its time. */
START_TEST(late_comer)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);

	kit_say(&t, C, "PORT 10,0,0,1,15,160\r\n");
	kit_say(&t, S, "200 fine\r\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 1);
	r->now += UINT64_C(61000000000);
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:20", "10.0.0.1:4000"), REASON_UNSOLICITED);
	ck_assert_uint_eq(kit_doors(r, EXPECT_EXPIRED), 1);
	kit_rig_free(r);
}
END_TEST

/* Only a SYN comes through a door. */
START_TEST(door_is_for_beginnings)
{
	struct kit_rig *r = rig();
	struct kit_talk t = login(r);
	struct kit_packet ack = {
		.from = "192.0.2.1:20",
		.to = "10.0.0.1:4000",
		.flags = TCP_ACK,
		.ack = 1,
	};

	kit_say(&t, C, "PORT 10,0,0,1,15,160\r\n");
	kit_say(&t, S, "200 fine\r\n");
	ck_assert_int_eq(kit_send(r, &ack), REASON_UNSOLICITED);
	ack.flags = TCP_SYN | TCP_ACK;
	ck_assert_int_eq(kit_send(r, &ack), REASON_UNSOLICITED);
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:20", "10.0.0.1:4000"), REASON_EXPECTED);
	kit_rig_free(r);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static Suite *
suite(void)
{
	Suite *s = suite_create("ftp-attacks");
	TCase *c = tcase_create("ftp-attacks");

	tcase_add_test(c, honest_active_transfer);
	tcase_add_test(c, honest_server_that_connects_first);
	tcase_add_test(c, honest_passive_transfer);
	tcase_add_test(c, slipstreaming_by_a_form);
	tcase_add_test(c, slipstreaming_before_the_greeting);
	tcase_add_test(c, slipstreaming_by_stun);
	tcase_add_loop_test(c, first_bytes_of_another_protocol, 0, N(other_protocols));
	tcase_add_test(c, echo_of_a_reply);
	tcase_add_test(c, echo_inside_a_long_reply);
	tcase_add_test(c, third_party_port);
	tcase_add_test(c, third_party_in_a_passive_reply);
	tcase_add_loop_test(c, privileged_ports, 0, N(low_ports));
	tcase_add_test(c, ports_on_the_deny_list);
	tcase_add_loop_test(c, passive_reply_that_nobody_asked_for, 0, N(unasked));
	tcase_add_test(c, port_that_the_server_refuses);
	tcase_add_test(c, port_without_an_answer);
	tcase_add_test(c, conflicting_overlap);
	tcase_add_test(c, conflicting_overlap_ahead_of_a_hole);
	tcase_add_test(c, acknowledging_ahead);
	tcase_add_test(c, mid_stream_control);
	tcase_add_test(c, blind_injection);
	tcase_add_test(c, door_flood);
	tcase_add_test(c, late_comer);
	tcase_add_test(c, door_after_the_end);
	tcase_add_test(c, syn_into_a_connection);
	tcase_add_test(c, forged_strangers);
	tcase_add_test(c, door_is_for_beginnings);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

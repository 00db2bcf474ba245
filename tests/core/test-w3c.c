// SPDX-License-Identifier: GPL-2.0-or-later
/* The log of the Internet Connection Firewall, dialect by dialect. */
#include "record/w3c.h"

#include <stdlib.h>
#include <stdio.h>
#include <time.h>

#include "events.h"
#include "kit/kit.h"
#include "output.h"

#define FIELDS                                                                                     \
	"#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn " \
	"tcpack tcpwin icmptype icmpcode info"
#define HEAD_1_0 "#Version: 1.0\n#Software: Postern\n#Time Format: Local\n" FIELDS "\n"
#define HEAD_UTC "#Version: 1.0\n#Software: Postern\n" FIELDS "\n"
#define HEAD_1_5 "#Version: 1.5\n#Software: Postern\n#Time Format: Local\n" FIELDS " path\n\n"
#define HEAD_LARGE                                                                                 \
	"#Version: 1.5\n#Software: Postern\n#Time Format: Local\n" FIELDS                          \
	" path x-reason x-packets x-bytes x-duration\n"

/* Half an hour off, so that minutes differ too; a rule for summer on the northern side. */
#define ZONE "TST-1:30TSS,M3.5.0,M10.5.0"

static struct output output;
static struct w3c *w3c;

static void
open_log(const struct policy_log *log)
{
	setenv("TZ", ZONE, 1);
	tzset();
	output_open(&output, false);
	w3c = w3c_new(output.writer, log);
}

static void
expect_log(const char *expected)
{
	w3c_free(w3c);
	output_expect(&output, expected);
}

static const struct policy_log both = { .dropped = true, .connections = true };

static void
tell_begin(const struct tuple *tuple, enum direction direction)
{
	struct flow flow;
	struct flow_event event = { .flow = &flow, .id = 1, .time = EVENTS_TIME };

	events_flow(tuple, &flow);
	flow.flags = (uint16_t)((flow.flags & FLOW_FROM_HI) | direction << FLOW_DIRECTION_SHIFT);
	w3c_ops()->flow_begin(w3c, &event);
}

static void
tell_end(const struct tuple *tuple)
{
	struct flow flow;
	struct flow_event event = {
		.flow = &flow,
		.id = 1,
		.time = EVENTS_TIME + 60000 * EVENTS_MS,
	};

	events_flow(tuple, &flow);
	w3c_ops()->flow_end(w3c, &event);
}

static void
tell_drop(const struct tuple *tuple, uint8_t flags, int direction)
{
	struct packet p;
	struct drop_event event = {
		.packet = &p,
		.reason = REASON_UNSOLICITED,
		.direction = direction < 0 ? DIRECTION_OUT : (enum direction)direction,
		.has_direction = direction >= 0,
	};

	events_packet(tuple, &p);
	p.flags = (uint8_t)((p.flags & PACKET_FROM_HI) | flags);
	if (p.proto == PROTO_TCP) {
		p.tcp.flags = TCP_ACK;
		p.tcp.seq = 1328582612;
		p.tcp.ack = 3027261772;
		p.tcp.window = 17397;
	} else {
		p.icmp.type = 5;
		p.icmp.code = 1;
	}
	w3c_ops()->drop(w3c, &event);
}

static const struct {
	struct policy_log log;
	const char *head;
} heads[] = {
	{ { .dialect = W3C_ICF_1_0 }, HEAD_1_0 },
	{ { .dialect = W3C_ICF_1_0, .utc = true }, HEAD_UTC },
	{ { .dialect = W3C_WF_1_5 }, HEAD_1_5 },
	{ { .dialect = W3C_EXTENDED }, HEAD_LARGE },
};

START_TEST(test_head)
{
	open_log(&heads[_i].log);
	expect_log(heads[_i].head);
}
END_TEST

static const struct {
	uint8_t proto, flags;
	const char *rest;
} drops[] = {
	{ PROTO_TCP, PACKET_IP,
		"TCP 10.0.0.9 10.0.0.1 389 4391 60 A 1328582612 3027261772 17397 - - -" },
	{ PROTO_UDP, PACKET_IP, "UDP 10.0.0.9 10.0.0.1 389 4391 60 - - - - - - -" },
	{ PROTO_ICMP, PACKET_IP, "ICMP 10.0.0.9 10.0.0.1 - - 60 - - - - 5 1 -" },
	{ PROTO_ICMPV6, PACKET_IP, "58 10.0.0.9 10.0.0.1 - - 60 - - - - 5 1 -" },
	{ PROTO_GRE, PACKET_IP, "47 10.0.0.9 10.0.0.1 - - 60 - - - - - - -" },
	{ PROTO_UDP, PACKET_IP | PACKET_FRAGMENT, "UDP 10.0.0.9 10.0.0.1 - - 60 - - - - - - -" },
	{ PROTO_UDP, 0, "- - - - - 74 - - - - - - -" },
};

START_TEST(test_drop)
{
	struct tuple tuple = events_tuple(drops[_i].proto, "10.0.0.9", 389, "10.0.0.1", 4391);
	char line[512];

	open_log(&both);
	tell_drop(&tuple, drops[_i].flags, DIRECTION_IN);
	snprintf(line, sizeof(line), HEAD_1_0 "2026-11-21 21:45:00 DROP %s\n", drops[_i].rest);
	expect_log(line);
}
END_TEST

START_TEST(test_flags)
{
	struct tuple tuple = events_tuple(PROTO_TCP, "10.0.0.9", 389, "10.0.0.1", 4391);
	struct packet p;
	struct drop_event event = { .packet = &p, .reason = REASON_TCP_FLAGS };

	open_log(&both);
	events_packet(&tuple, &p);
	w3c_ops()->drop(w3c, &event);
	p.tcp.flags = 0x3f;
	w3c_ops()->drop(w3c, &event);
	expect_log(HEAD_1_0
		"2026-11-21 21:45:00 DROP TCP 10.0.0.9 10.0.0.1 389 4391 60 - 0 0 0 - - -\n"
		"2026-11-21 21:45:00 DROP TCP 10.0.0.9 10.0.0.1 389 4391 60 AFPRSU 0 0 0 - - -\n");
}
END_TEST

static const struct {
	uint8_t proto;
	enum direction direction;
	const char *open, *close; /* NULL: not a connection */
} connections[] = {
	{ PROTO_TCP, DIRECTION_OUT, "OPEN TCP 10.0.0.1 192.0.2.5 1042 80 - - - - - - - -",
		"CLOSE TCP 10.0.0.1 192.0.2.5 1042 80 - - - - - - - -" },
	{ PROTO_UDP, DIRECTION_IN, "OPEN-INBOUND UDP 10.0.0.1 192.0.2.5 1042 80 - - - - - - - -",
		"CLOSE UDP 10.0.0.1 192.0.2.5 1042 80 - - - - - - - -" },
	{ PROTO_ICMP, DIRECTION_TRANSIT, "OPEN ICMP 10.0.0.1 192.0.2.5 - - - - - - - - - -",
		"CLOSE ICMP 10.0.0.1 192.0.2.5 - - - - - - - - - -" },
	{ PROTO_ICMPV6, DIRECTION_INTERNAL, "OPEN 58 10.0.0.1 192.0.2.5 - - - - - - - - - -",
		"CLOSE 58 10.0.0.1 192.0.2.5 - - - - - - - - - -" },
	{ PROTO_GRE, DIRECTION_OUT, NULL, NULL },
};

START_TEST(test_connection)
{
	struct tuple tuple = events_tuple(connections[_i].proto, "10.0.0.1", 1042, "192.0.2.5", 80);
	char lines[512] = HEAD_1_0;

	open_log(&both);
	tell_begin(&tuple, connections[_i].direction);
	tell_end(&tuple);
	if (connections[_i].open)
		snprintf(lines, sizeof(lines),
			HEAD_1_0 "2026-11-21 21:45:00 %s\n2026-11-21 21:46:00 %s\n",
			connections[_i].open, connections[_i].close);
	expect_log(lines);
}
END_TEST

#define OPEN_TCP    "OPEN TCP 10.0.0.1 192.0.2.5 1042 80 - - - - - - - -"
#define DROP_TCP    "DROP TCP 10.0.0.1 192.0.2.5 1042 80 60 A 1328582612 3027261772 17397 - - -"
#define CLOSE_TCP   "CLOSE TCP 10.0.0.1 192.0.2.5 1042 80 - - - - - - - -"
#define AT(text)    "2026-11-21 21:45:00 " text "\n"
#define LATER(text) "2026-11-21 21:46:00 " text "\n"

/* The same three events in every dialect, and with only half of them wanted. */
static const struct {
	struct policy_log log;
	const char *text;
} dialects[] = {
	{ { .dialect = W3C_WF_1_5, .dropped = true, .connections = true },
		HEAD_1_5 AT(OPEN_TCP " -") AT(DROP_TCP " SEND") LATER(CLOSE_TCP " -") },
	{ { .dialect = W3C_EXTENDED, .dropped = true, .connections = true },
		HEAD_LARGE AT(OPEN_TCP " - outbound - - -") AT(DROP_TCP " SEND unsolicited - - -")
			LATER(CLOSE_TCP " - outbound 5 2300 1.500") },
	{ { .dropped = true, .connections = true, .utc = true }, HEAD_UTC
		"#Date: 2026-11-21 20:15:00\n2026-11-21 20:15:00 " OPEN_TCP
		"\n2026-11-21 20:15:00 " DROP_TCP "\n2026-11-21 20:16:00 " CLOSE_TCP "\n" },
	{ { .dropped = true }, HEAD_1_0 AT(DROP_TCP) },
	{ { .connections = true }, HEAD_1_0 AT(OPEN_TCP) LATER(CLOSE_TCP) },
	{ { .dropped = false }, HEAD_1_0 },
};

START_TEST(test_dialect)
{
	struct tuple tuple = events_tuple(PROTO_TCP, "10.0.0.1", 1042, "192.0.2.5", 80);

	open_log(&dialects[_i].log);
	tell_begin(&tuple, DIRECTION_OUT);
	tell_drop(&tuple, PACKET_IP, DIRECTION_OUT);
	tell_end(&tuple);
	expect_log(dialects[_i].text);
}
END_TEST

static const struct {
	int direction;
	const char *path;
} paths[] = {
	{ DIRECTION_OUT, "SEND" },
	{ DIRECTION_IN, "RECEIVE" },
	{ DIRECTION_INTERNAL, "FORWARD" },
	{ DIRECTION_TRANSIT, "FORWARD" },
	{ -1, "UNKNOWN" },
};

START_TEST(test_path)
{
	const struct policy_log log = { .dropped = true, .dialect = W3C_WF_1_5 };
	struct tuple tuple = events_tuple(PROTO_UDP, "2001:db8::1", 1, "2001:db8::2", 2);
	char text[512];

	open_log(&log);
	tell_drop(&tuple, PACKET_IP, paths[_i].direction);
	snprintf(text, sizeof(text),
		HEAD_1_5 AT("DROP UDP 2001:db8::1 2001:db8::2 1 2 60 - - - - - - - %s"),
		paths[_i].path);
	expect_log(text);
}
END_TEST

static const struct {
	uint64_t second;
	const char *stamp;
} clocks[] = {
	{ 0, "1970-01-01 01:30:00" },
	{ 1774742399, "2026-03-29 01:29:59" }, /* one second before summer time */
	{ 1774744199, "2026-03-29 01:59:59" },
	{ 1774744200, "2026-03-29 03:00:00" },
	{ 951782399, "2000-02-29 01:29:59" },
};

START_TEST(test_local_time)
{
	struct tuple tuple = events_tuple(PROTO_UDP, "10.0.0.9", 389, "10.0.0.1", 4391);
	struct packet p;
	struct drop_event event = { .packet = &p, .reason = REASON_UNSOLICITED };
	char text[512];

	open_log(&both);
	events_packet(&tuple, &p);
	p.time = clocks[_i].second * UINT64_C(1000000000) + 999999999;
	w3c_ops()->drop(w3c, &event);
	snprintf(text, sizeof(text),
		HEAD_1_0 "%s DROP UDP 10.0.0.9 10.0.0.1 389 4391 60 - - - - - - -\n",
		clocks[_i].stamp);
	expect_log(text);
}
END_TEST

#define LOOP(tc, test, rows) tcase_add_loop_test(tc, test, 0, sizeof(rows) / sizeof((rows)[0]))

static Suite *
suite(void)
{
	Suite *s = suite_create("w3c");
	TCase *tc = tcase_create("w3c");

	LOOP(tc, test_head, heads);
	LOOP(tc, test_drop, drops);
	tcase_add_test(tc, test_flags);
	LOOP(tc, test_connection, connections);
	LOOP(tc, test_dialect, dialects);
	LOOP(tc, test_path, paths);
	LOOP(tc, test_local_time, clocks);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

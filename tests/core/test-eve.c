// SPDX-License-Identifier: GPL-2.0-or-later
/* Events as lines: every member of every type, byte for byte. */
#include "record/eve.h"

#include <stdio.h>

#include "events.h"
#include "kit/kit.h"
#include "output.h"

#define T0 "2026-11-21T20:15:00.000000000+0000"
#define T1 "2026-11-21T20:15:01.500000000+0000"
#define T2 "2026-11-21T20:16:00.000000000+0000"

static struct output output;
static struct eve *eve;

static void
setup(void)
{
	output_open(&output, false);
	eve = eve_new(output.writer);
}

/* Ends the log; it must be just that. */
static void
expect_lines(const char *expected)
{
	eve_free(eve);
	output_expect(&output, expected);
}

static void
tell_end(const struct flow *flow, const struct flow_extra *extra, uint64_t id, enum flow_end cause)
{
	struct flow_event event = {
		.flow = flow,
		.extra = extra,
		.id = id,
		.time = EVENTS_TIME + 60000 * EVENTS_MS,
		.cause = cause,
	};

	eve_ops()->flow_end(eve, &event);
}

/* A line about a TCP flow of events.h without a helper. */
#define FLOW_LINE(state, cause, direction, verdict, reason)                                        \
	"{\"timestamp\":\"" T2 "\",\"flow_id\":9,\"event_type\":\"flow\","                         \
	"\"src_ip\":\"10.0.0.1\",\"src_port\":1024,\"dest_ip\":\"192.0.2.1\",\"dest_port\":21,"    \
	"\"proto\":\"TCP\",\"flow\":{\"pkts_toserver\":3,\"pkts_toclient\":2,"                     \
	"\"bytes_toserver\":300,\"bytes_toclient\":2000,\"start\":\"" T0 "\",\"end\":\"" T1        \
	"\",\"state\":\"" state "\",\"reason\":\"" cause "\"},"                                    \
	"\"postern\":{\"direction\":\"" direction "\",\"verdict\":\"" verdict                      \
	"\",\"reason\":\"" reason "\",\"helper\":null,\"parent_flow_id\":null,"                    \
	"\"expectation_id\":null,\"notes\":{}}}\n"

static const struct {
	uint8_t state, reason;
	uint16_t flags;
	enum direction direction;
	enum flow_end cause;
	const char *line;
} flows[] = {
	{ FLOW_TCP_ESTABLISHED, REASON_OUTBOUND, 0, DIRECTION_OUT, FLOW_END_TIMEOUT,
		FLOW_LINE("established", "timeout", "out", "accept", "outbound") },
	{ FLOW_TCP_SYN_SENT, REASON_PORT_MAPPING, 0, DIRECTION_IN, FLOW_END_EVICTED,
		FLOW_LINE("new", "forced", "in", "accept", "port-mapping") },
	{ FLOW_TCP_SYN_RECEIVED, REASON_INTERNAL, 0, DIRECTION_INTERNAL, FLOW_END_CLOSED,
		FLOW_LINE("new", "forced", "internal", "accept", "internal") },
	{ FLOW_TCP_FIN_WAIT, REASON_TRANSIT, 0, DIRECTION_TRANSIT, FLOW_END_SHUTDOWN,
		FLOW_LINE("closed", "shutdown", "transit", "accept", "transit") },
	{ FLOW_TCP_CLOSED, REASON_MID_STREAM, FLOW_MIDSTREAM, DIRECTION_OUT, FLOW_END_TIMEOUT,
		FLOW_LINE("closed", "timeout", "out", "accept", "mid-stream") },
	{ FLOW_UDP_REPLIED, REASON_OUTBOUND, 0, DIRECTION_OUT, FLOW_END_TIMEOUT,
		FLOW_LINE("established", "timeout", "out", "accept", "outbound") },
	/* Given up by a helper. */
	{ FLOW_TCP_ESTABLISHED, REASON_OUTBOUND, FLOW_RESET, DIRECTION_OUT, FLOW_END_TIMEOUT,
		FLOW_LINE("established", "timeout", "out", "drop", "helper") },
};

START_TEST(test_flow)
{
	struct tuple tuple = events_tuple(PROTO_TCP, "10.0.0.1", 1024, "192.0.2.1", 21);
	struct flow flow;

	setup();
	events_flow(&tuple, &flow);
	flow.state = flows[_i].state;
	flow.reason = flows[_i].reason;
	flow.flags &= (uint16_t)~FLOW_DIRECTION;
	flow.flags |= flows[_i].flags | (uint16_t)(flows[_i].direction << FLOW_DIRECTION_SHIFT);
	tell_end(&flow, NULL, 9, flows[_i].cause);
	expect_lines(flows[_i].line);
}
END_TEST

/* A helper, with notes as they may come from the wire. */
START_TEST(test_helper)
{
	struct tuple tuple = events_tuple(PROTO_TCP, "10.0.0.1", 1024, "192.0.2.1", 21);
	struct flow_note second = { .key = (char *)"file", .value = (char *)"a\"b\n\xc3\xa9" };
	struct flow_note first = { &second, (char *)"user", (char *)"anna" };
	struct flow_extra extra = { .root_id = 9, .helper = "talk", .notes = &first };
	struct flow flow;

	setup();
	events_flow(&tuple, &flow);
	tell_end(&flow, &extra, 9, FLOW_END_TIMEOUT);
	expect_lines("{\"timestamp\":\"" T2 "\",\"flow_id\":9,\"event_type\":\"flow\","
		     "\"src_ip\":\"10.0.0.1\",\"src_port\":1024,\"dest_ip\":\"192.0.2.1\","
		     "\"dest_port\":21,\"proto\":\"TCP\",\"app_proto\":\"talk\",\"flow\":{"
		     "\"pkts_toserver\":3,\"pkts_toclient\":2,\"bytes_toserver\":300,"
		     "\"bytes_toclient\":2000,\"start\":\"" T0 "\",\"end\":\"" T1 "\","
		     "\"state\":\"established\",\"reason\":\"timeout\"},\"postern\":{"
		     "\"direction\":\"out\",\"verdict\":\"accept\",\"reason\":\"outbound\","
		     "\"helper\":\"talk\",\"parent_flow_id\":null,\"expectation_id\":null,"
		     "\"notes\":{\"user\":\"anna\",\"file\":\"a\\\"b\\n\xc3\xa9\"}}}\n");
}
END_TEST

static const struct {
	uint8_t proto;
	uint16_t src_port, dst_port;
	const char *expected; /* stands in the line */
} portless[] = {
	{ PROTO_ICMP, 0x1234, 0x0800,
		"\"dest_ip\":\"192.0.2.1\",\"proto\":\"ICMP\",\"icmp_type\":8,\"icmp_code\":0,"
		"\"flow\"" },
	{ PROTO_ICMP, 0x0800, 0x1234,
		"\"proto\":\"ICMP\",\"icmp_type\":0,\"icmp_code\":0,\"flow\"" },
	{ PROTO_GRE, PORT_GRE_CALL, 0x1234,
		"\"expectation_id\":null,\"call_id\":[4660,null],\"notes\":{}}}" },
	{ PROTO_GRE, 0, 0, "\"dest_ip\":\"192.0.2.1\",\"proto\":\"GRE\",\"flow\"" },
	{ PROTO_GRE, PORT_GRE_CALL, 0, "\"call_id\":[0,null],\"notes\"" },
	{ PROTO_GRE, 0, 0, "\"call_id\":[null,null],\"notes\"" },
	{ 253, 0, 0, "\"dest_ip\":\"192.0.2.1\",\"proto\":\"253\",\"flow\"" },
	{ 253, 0, 0, "\"expectation_id\":null,\"notes\":{}}}" },
};

START_TEST(test_portless)
{
	struct tuple tuple = events_tuple(portless[_i].proto, "10.0.0.1", portless[_i].src_port,
		"192.0.2.1", portless[_i].dst_port);
	struct flow flow;
	char *text;

	setup();
	events_flow(&tuple, &flow);
	tell_end(&flow, NULL, 9, FLOW_END_TIMEOUT);
	eve_free(eve);
	text = output_close(&output, NULL);
	ck_assert_msg(strstr(text, portless[_i].expected), "%s", text);
	free(text);
}
END_TEST

static void
tell_door(const struct expectation *door, enum expect_action action, uint64_t child)
{
	struct expectation_event event = {
		.action = action,
		.expectation = door,
		.child_flow_id = child,
		.time = EVENTS_TIME,
	};

	eve_ops()->expectation(eve, &event);
}

#define DOOR_HEAD                                                                                  \
	"{\"timestamp\":\"" T0 "\",\"flow_id\":9,\"event_type\":\"expectation\","                  \
	"\"src_ip\":\"10.0.0.1\",\"src_port\":1024,\"dest_ip\":\"192.0.2.1\",\"dest_port\":21,"    \
	"\"proto\":\"TCP\",\"app_proto\":\"talk\","

#define DOOR_TAIL                                                                                  \
	",\"expectation\":{\"proto\":\"TCP\",\"src_ip\":\"192.0.2.1\",\"src_port\":null,"          \
	"\"dest_ip\":\"10.0.0.1\",\"dest_port\":5001,\"dest_port_last\":5001,\"call_id\":null,"    \
	"\"call_id_reply\":null,\"timeout\":60,\"max_flows\":1,\"group\":null,"                    \
	"\"child_helper\":null}}\n"

START_TEST(test_door)
{
	struct expectation door;
	struct expectation_event opened = {
		.action = EXPECT_OPENED,
		.expectation = &door,
		.message = "PORT 10,0,0,1,\"19\",137\r\n",
		.time = EVENTS_TIME,
	};

	setup();
	events_door(&door);
	eve_ops()->expectation(eve, &opened);
	tell_door(&door, EXPECT_MATCHED, 12);
	tell_door(&door, EXPECT_EXPIRED, 0);
	tell_door(&door, EXPECT_CLOSED, 0);
	expect_lines(DOOR_HEAD
		"\"postern\":{\"action\":\"opened\",\"helper\":\"talk\","
		"\"message\":\"PORT 10,0,0,1,\\\"19\\\",137\\r\\n\",\"expectation_id\":4,"
		"\"child_flow_id\":null,\"reason\":null}" DOOR_TAIL DOOR_HEAD
		"\"postern\":{\"action\":\"matched\",\"helper\":\"talk\",\"message\":null,"
		"\"expectation_id\":4,\"child_flow_id\":12,\"reason\":null}" DOOR_TAIL DOOR_HEAD
		"\"postern\":{\"action\":\"expired\",\"helper\":\"talk\",\"message\":null,"
		"\"expectation_id\":4,\"child_flow_id\":null,\"reason\":null}" DOOR_TAIL DOOR_HEAD
		"\"postern\":{\"action\":\"closed\",\"helper\":\"talk\",\"message\":null,"
		"\"expectation_id\":4,\"child_flow_id\":null,\"reason\":null}" DOOR_TAIL);
}
END_TEST

/* All that a door can have, and a request of which hardly anything could be understood. */
START_TEST(test_door_fields)
{
	struct expectation door, refused;
	struct expectation_event event = {
		.action = EXPECT_REFUSED,
		.expectation = &refused,
		.refusal = "address-foreign",
		.time = EVENTS_TIME,
	};

	setup();
	events_door(&door);
	door.proto = PROTO_GRE;
	door.mask = PN_EXPECT_SRC | PN_EXPECT_SRC_PORT | PN_EXPECT_DST_PORT | PN_EXPECT_CALL_ID |
		    PN_EXPECT_GROUP;
	door.src_bits = 24;
	door.src_port = 20;
	door.dst_port_last = 5003;
	door.call_id_reply = 65535;
	door.group = UINT32_MAX;
	door.max_flows = 3;
	door.child = "talk.more";
	tell_door(&door, EXPECT_OPENED, 0);
	events_door(&refused);
	refused.id = 0;
	refused.mask = 0;
	refused.proto = 0;
	refused.dst.family = PN_ADDR_NONE;
	eve_ops()->expectation(eve, &event);
	expect_lines(DOOR_HEAD
		"\"postern\":{\"action\":\"opened\",\"helper\":\"talk\",\"message\":null,"
		"\"expectation_id\":4,\"child_flow_id\":null,\"reason\":null},"
		"\"expectation\":{\"proto\":\"GRE\",\"src_ip\":\"192.0.2.1/24\",\"src_port\":20,"
		"\"dest_ip\":\"10.0.0.1\",\"dest_port\":5001,\"dest_port_last\":5003,\"call_id\":0,"
		"\"call_id_reply\":65535,\"timeout\":60,\"max_flows\":3,\"group\":4294967295,"
		"\"child_helper\":\"talk.more\"}}\n" DOOR_HEAD
		"\"postern\":{\"action\":\"refused\",\"helper\":\"talk\",\"message\":null,"
		"\"expectation_id\":null,\"child_flow_id\":null,\"reason\":\"address-foreign\"},"
		"\"expectation\":{\"proto\":\"0\",\"src_ip\":null,\"src_port\":null,\"dest_ip\":"
		"null,"
		"\"dest_port\":null,\"dest_port_last\":null,\"call_id\":null,\"call_id_reply\":"
		"null,"
		"\"timeout\":60,\"max_flows\":1,\"group\":null,\"child_helper\":null}}\n");
}
END_TEST

/* What a child flow is called: by its own helper, else by whoever had the door opened. */
static const struct {
	bool is_matched;
	const char *helper;
	const char *expected;
} children[] = {
	{ true, NULL, "\"proto\":\"GRE\",\"app_proto\":\"talk-data\",\"flow\":" },
	{ true, "talk.more", "\"proto\":\"GRE\",\"app_proto\":\"talk.more\",\"flow\":" },
	{ false, NULL, "\"proto\":\"GRE\",\"flow\":" },
	{ true, NULL,
		"\"helper\":null,\"parent_flow_id\":9,\"expectation_id\":4,\"call_id\":[0,77],"
		"\"notes\"" },
};

START_TEST(test_child)
{
	struct tuple tuple = events_tuple(PROTO_GRE, "192.0.2.1", PORT_GRE_CALL, "10.0.0.1", 0);
	struct flow_extra extra = {
		.parent_id = 9,
		.root_id = 9,
		.expectation_id = 4,
		.alias = 3,
		.reply_call_id = 77,
		.helper = children[_i].helper,
	};
	struct expectation door;
	struct flow flow;
	char *text, *last;

	setup();
	events_door(&door);
	tell_door(&door, EXPECT_OPENED, 0);
	if (children[_i].is_matched)
		tell_door(&door, EXPECT_MATCHED, 12);
	events_flow(&tuple, &flow);
	tell_end(&flow, &extra, 12, FLOW_END_TIMEOUT);
	eve_free(eve);
	text = output_close(&output, NULL);
	last = strstr(text, "\"event_type\":\"flow\"");
	ck_assert_ptr_nonnull(last);
	ck_assert_msg(strstr(last, children[_i].expected), "%s", last);
	free(text);
}
END_TEST

#define DROP_LINE(before_type, behind_type)                                                        \
	"{\"timestamp\":\"" T0 "\"," before_type "\"event_type\":\"drop\"," behind_type "}}\n"

static const struct {
	uint8_t proto, flags;
	uint64_t flow_id;
	enum reason reason;
	const char *line;
} drops[] = {
	{ PROTO_TCP, PACKET_IP, 0, REASON_UNSOLICITED,
		DROP_LINE("",
			"\"src_ip\":\"192.0.2.1\",\"src_port\":53,\"dest_ip\":\"10.0.0.1\","
			"\"dest_port\":2048,\"proto\":\"TCP\",\"drop\":{\"reason\":"
			"\"unsolicited\",\"len\":60,\"tcpflags\":\"AS\",\"tcpseq\":4294967295,"
			"\"tcpack\":1,\"tcpwin\":65535") },
	{ PROTO_UDP, PACKET_IP, 6, REASON_CHECKSUM,
		DROP_LINE("\"flow_id\":6,",
			"\"src_ip\":\"192.0.2.1\",\"src_port\":53,\"dest_ip\":\"10.0.0.1\","
			"\"dest_port\":2048,\"proto\":\"UDP\",\"drop\":{\"reason\":"
			"\"checksum\",\"len\":60") },
	{ PROTO_ICMP, PACKET_IP, 0, REASON_SPOOFED,
		DROP_LINE("",
			"\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"10.0.0.1\",\"proto\":\"ICMP\","
			"\"icmp_type\":5,\"icmp_code\":1,\"drop\":{\"reason\":\"spoofed\","
			"\"len\":60,\"icmp_type\":5,\"icmp_code\":1") },
	{ PROTO_TCP, PACKET_IP | PACKET_FRAGMENT, 0, REASON_FRAGMENT,
		DROP_LINE("", "\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"10.0.0.1\",\"proto\":\"TCP\","
			      "\"drop\":{\"reason\":\"fragment\",\"len\":60") },
	/* No IP header: the length is that of the frame. */
	{ PROTO_TCP, 0, 0, REASON_TRUNCATED,
		DROP_LINE("", "\"drop\":{\"reason\":\"truncated\",\"len\":74") },
};

START_TEST(test_drop)
{
	struct tuple tuple = events_tuple(drops[_i].proto, "192.0.2.1", 53, "10.0.0.1", 2048);
	struct packet p;
	struct drop_event event = {
		.packet = &p,
		.reason = drops[_i].reason,
		.flow_id = drops[_i].flow_id,
	};

	setup();
	events_packet(&tuple, &p);
	p.flags = (uint8_t)((p.flags & PACKET_FROM_HI) | drops[_i].flags);
	if (p.proto == PROTO_TCP) {
		p.tcp.flags = TCP_SYN | TCP_ACK;
		p.tcp.seq = UINT32_MAX;
		p.tcp.ack = 1;
		p.tcp.window = UINT16_MAX;
	} else {
		p.icmp.type = 5;
		p.icmp.code = 1;
	}
	eve_ops()->drop(eve, &event);
	expect_lines(drops[_i].line);
}
END_TEST

static const char *
interface_name(void *context, const struct packet *p)
{
	const char *const *names = context;

	return p->iface < 5 ? names[p->iface] : NULL;
}

#define REST "\"drop\":{\"reason\":\"malformed\",\"len\":9"

/* A name is what it was when the packet came, whatever it is when the line is made. */
START_TEST(test_interface)
{
	char first[] = "wan0", again[] = "wan0";
	const char *names[] = { first, "l\"an\n\xff", again, first, "" };
	struct packet p = { .time = EVENTS_TIME, .wirelen = 9 };
	struct drop_event event = { .packet = &p, .reason = REASON_MALFORMED };

	setup();
	eve_set_interfaces(eve, interface_name, names);
	for (p.iface = 0; p.iface < 3; p.iface++)
		eve_ops()->drop(eve, &event);
	memcpy(first, "lan1", 4);
	memcpy(again, "lan2", 4);
	for (p.iface = 3; p.iface < 6; p.iface++)
		eve_ops()->drop(eve, &event);
	expect_lines(DROP_LINE("\"in_iface\":\"wan0\",", REST)
			DROP_LINE("\"in_iface\":\"l\\\"an\\n\xef\xbf\xbd\",", REST) DROP_LINE(
				"\"in_iface\":\"wan0\",", REST) DROP_LINE("\"in_iface\":\"lan1\",",
				REST) DROP_LINE("\"in_iface\":\"\",", REST) DROP_LINE("", REST));
}
END_TEST

static const char *const levels[] = { "debug", "info", "warning", "warning" };

START_TEST(test_log)
{
	struct log_event event = {
		.helper = "talk",
		.text = "says \"\x1b[2J\"",
		.level = (uint32_t)_i,
		.time = EVENTS_TIME,
	};
	char *expected;

	setup();
	eve_ops()->log(eve, &event);
	ck_assert_int_ge(asprintf(&expected,
				 "{\"timestamp\":\"" T0 "\",\"event_type\":\"log\",\"postern\":{"
				 "\"helper\":\"talk\",\"level\":\"%s\","
				 "\"message\":\"says \\\"\\u001b[2J\\\"\"}}\n",
				 levels[_i]),
		0);
	expect_lines(expected);
	free(expected);
}
END_TEST

/* One object per group, whatever groups there are. */
START_TEST(test_stats)
{
	struct stats stats = { .packets = 5, .helper.peak_memory = UINT64_MAX };
	const char *start = "{\"timestamp\":\"" T0 "\",\"event_type\":\"stats\",\"stats\":{"
			    "\"packets\":5,\"bytes\":0,\"accepted\":3,\"dropped\":0,"
			    "\"time_backwards\":0,\"verdicts\":{\"outbound\":3,\"expected\":0,";
	const char *end = "\"peak_memory\":18446744073709551615},\"events_lost\":0}}\n";
	char *text;
	size_t len;

	setup();
	stats.verdicts[REASON_OUTBOUND] = 3;
	eve_stats(eve, &stats, EVENTS_TIME);
	eve_free(eve);
	text = output_close(&output, &len);
	ck_assert_int_eq(strncmp(text, start, strlen(start)), 0);
	ck_assert_str_eq(text + len - strlen(end), end);
	ck_assert_ptr_eq(strchr(text, '\n'), text + len - 1);
	free(text);
}
END_TEST

#define LOOP(tc, test, rows) tcase_add_loop_test(tc, test, 0, sizeof(rows) / sizeof((rows)[0]))

static Suite *
suite(void)
{
	Suite *s = suite_create("eve");
	TCase *tc = tcase_create("eve");

	LOOP(tc, test_flow, flows);
	tcase_add_test(tc, test_helper);
	LOOP(tc, test_portless, portless);
	tcase_add_test(tc, test_door);
	tcase_add_test(tc, test_door_fields);
	LOOP(tc, test_child, children);
	LOOP(tc, test_drop, drops);
	tcase_add_test(tc, test_interface);
	LOOP(tc, test_log, levels);
	tcase_add_test(tc, test_stats);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

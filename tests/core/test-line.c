// SPDX-License-Identifier: GPL-2.0-or-later
/* The beginning that all lines of the event log share. */
#include "record/line.h"

#include <stdio.h>

#include "kit/kit.h"
#include "output.h"

#define STAMP "{\"timestamp\":\"1970-01-01T00:00:01.000000002+0000\""
#define TIME  UINT64_C(1000000002)

static const struct {
	const char *src, *dst; /* NULL: no endpoints */
	uint16_t src_port, dst_port;
	uint8_t proto;
	struct line_subject subject;
	const char *line;
} lines[] = {
	{ .subject = { .type = "stats" }, .line = STAMP ",\"event_type\":\"stats\"}\n" },
	{ "192.0.2.1", "198.51.100.255", 1024, 80, PROTO_TCP,
		{ .type = "flow", .flow_id = 7, .has_transport = true },
		STAMP
		",\"flow_id\":7,\"event_type\":\"flow\",\"src_ip\":\"192.0.2.1\",\"src_port\":1024,"
		"\"dest_ip\":\"198.51.100.255\",\"dest_port\":80,\"proto\":\"TCP\"}\n" },
	{ "192.0.2.1", "198.51.100.255", 0, 65535, PROTO_UDP,
		{ .type = "flow", .has_transport = true },
		STAMP ",\"event_type\":\"flow\",\"src_ip\":\"192.0.2.1\",\"src_port\":0,"
		      "\"dest_ip\":\"198.51.100.255\",\"dest_port\":65535,\"proto\":\"UDP\"}\n" },
	{ "192.0.2.1", "198.51.100.255", 1024, 80, PROTO_TCP, { .type = "drop" },
		STAMP ",\"event_type\":\"drop\",\"src_ip\":\"192.0.2.1\","
		      "\"dest_ip\":\"198.51.100.255\",\"proto\":\"TCP\"}\n" },
	{ "192.0.2.1", "192.0.2.2", 5, 0x0800, PROTO_ICMP,
		{ .type = "flow", .has_transport = true, .icmp_type = 8, .icmp_code = 0 },
		STAMP ",\"event_type\":\"flow\",\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"192.0.2.2\","
		      "\"proto\":\"ICMP\",\"icmp_type\":8,\"icmp_code\":0}\n" },
	{ "2001:db8::1", "ff02::1", 0, 0, PROTO_ICMPV6,
		{ .type = "flow", .has_transport = true, .icmp_type = 135, .icmp_code = 1 },
		STAMP ",\"event_type\":\"flow\",\"src_ip\":\"2001:db8::1\",\"dest_ip\":\"ff02::1\","
		      "\"proto\":\"IPv6-ICMP\",\"icmp_type\":135,\"icmp_code\":1}\n" },
	{ "192.0.2.1", "192.0.2.2", 5, 6, PROTO_GRE,
		{ .type = "flow", .has_transport = true, .app_proto = "tunnel", .is_data = true },
		STAMP ",\"event_type\":\"flow\",\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"192.0.2.2\","
		      "\"proto\":\"GRE\",\"app_proto\":\"tunnel-data\"}\n" },
	{ "192.0.2.1", "192.0.2.2", 0, 0, 253,
		{ .type = "flow", .has_transport = true, .app_proto = "some.part" },
		STAMP ",\"event_type\":\"flow\",\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"192.0.2.2\","
		      "\"proto\":\"253\",\"app_proto\":\"some.part\"}\n" },
	{ .subject = { .type = "drop", .iface = "\"e\\n\"" },
		.line = STAMP ",\"in_iface\":\"e\\n\",\"event_type\":\"drop\"}\n" },
};

START_TEST(test_begin)
{
	struct line_subject subject = lines[_i].subject;
	struct tuple tuple = {
		.src_port = lines[_i].src_port,
		.dst_port = lines[_i].dst_port,
		.proto = lines[_i].proto,
	};
	struct output output;
	struct line line = { 0 };

	subject.time = TIME;
	if (lines[_i].src) {
		ck_assert_int_eq(addr_parse(lines[_i].src, &tuple.src, NULL), 0);
		ck_assert_int_eq(addr_parse(lines[_i].dst, &tuple.dst, NULL), 0);
		subject.tuple = &tuple;
	}
	output_open(&output, false);
	line.writer = output.writer;
	line_end(&line, line_begin(&line, &subject));
	output_expect(&output, lines[_i].line);
}
END_TEST

/* The same into memory of one's own. */
START_TEST(test_put)
{
	const struct line_subject subject = { .type = "stats", .time = TIME };
	struct text_day day = { 0 };
	char text[LINE_ROOM];

	*line_put(text, &day, &subject) = '\0';
	ck_assert_str_eq(text, STAMP ",\"event_type\":\"stats\"");
}
END_TEST

/* Members behind the beginning, strings among them that are longer than the writer's room. */
START_TEST(test_members)
{
	const size_t len = 3 * WRITER_ROOM_MAX;
	struct line_subject subject = { .type = "log", .time = TIME };
	char *long_text = malloc(len + 1), *text, *expected;
	struct output output;
	struct line line = { 0 };
	char *at;

	memset(long_text, 'x', len);
	long_text[len] = '\0';
	output_open(&output, false);
	line.writer = output.writer;
	at = line_begin(&line, &subject);
	at = TEXT(at, ",\"a\":");
	at = line_string(&line, at, long_text);
	at = TEXT(at, ",\"b\":");
	at = line_string(&line, at, NULL);
	at = TEXT(at, ",\"c\":");
	at = line_id(at, 0);
	at = TEXT(at, ",\"d\":");
	at = line_id(at, 5);
	at = TEXT(at, ",\"e\":");
	at = line_optional(at, true, 0);
	at = TEXT(at, ",\"f\":");
	at = line_word(at, "word");
	line_end(&line, at);
	text = output_close(&output, NULL);
	ck_assert_int_ge(asprintf(&expected,
				 STAMP ",\"event_type\":\"log\",\"a\":\"%s\",\"b\":null,\"c\":null,"
				       "\"d\":5,\"e\":0,\"f\":\"word\"}\n",
				 long_text),
		0);
	ck_assert_str_eq(text, expected);
	free(expected);
	free(text);
	free(long_text);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("line");
	TCase *tc = tcase_create("line");

	tcase_add_loop_test(tc, test_begin, 0, sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(tc, test_put);
	tcase_add_test(tc, test_members);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

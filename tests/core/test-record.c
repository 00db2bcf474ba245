// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of recorders, and the words they share. */
#include "record/record.h"

#include <errno.h>
#include <string.h>

#include "kit/kit.h"

/* Recorders that write down who was called with what. */
struct call {
	char who;
	char what;
	const void *event;
};

static struct call calls[64];
static unsigned n_calls;

static void
note_call(void *context, char what, const void *event)
{
	calls[n_calls++] = (struct call){ *(const char *)context, what, event };
}

static void
on_begin(void *context, const struct flow_event *event)
{
	note_call(context, 'b', event);
}

static void
on_end(void *context, const struct flow_event *event)
{
	note_call(context, 'e', event);
}

static void
on_expectation(void *context, const struct expectation_event *event)
{
	note_call(context, 'x', event);
}

static void
on_drop(void *context, const struct drop_event *event)
{
	note_call(context, 'd', event);
}

static void
on_log(void *context, const struct log_event *event)
{
	note_call(context, 'l', event);
}

static const struct recorder_ops all_ops = { on_begin, on_end, on_expectation, on_drop, on_log };
static const struct recorder_ops begin_ops = { .flow_begin = on_begin };
static const struct recorder_ops end_ops = { .flow_end = on_end };
static const struct recorder_ops drop_ops = { .drop = on_drop };
static const struct recorder_ops log_ops = { .log = on_log };

START_TEST(test_order)
{
	struct recorders recorders = { 0 };
	struct flow_event flow = { .id = 1 };
	struct expectation_event expectation = { .time = 1 };
	struct drop_event drop = { .flow_id = 1 };
	struct log_event log = { .level = 1 };
	const struct call expected[] = {
		{ 'A', 'b', &flow },
		{ 'A', 'e', &flow },
		{ 'B', 'e', &flow },
		{ 'C', 'e', &flow },
		{ 'A', 'x', &expectation },
		{ 'A', 'd', &drop },
		{ 'A', 'l', &log },
	};

	ck_assert_int_eq(recorders_add(&recorders, &all_ops, (void *)"A"), 0);
	ck_assert_int_eq(recorders_add(&recorders, &end_ops, (void *)"B"), 0);
	ck_assert_int_eq(recorders_add(&recorders, &end_ops, (void *)"C"), 0);
	n_calls = 0;
	record_flow_begin(&recorders, &flow);
	record_flow_end(&recorders, &flow);
	record_expectation(&recorders, &expectation);
	record_drop(&recorders, &drop);
	record_log(&recorders, &log);
	ck_assert_uint_eq(n_calls, sizeof(expected) / sizeof(expected[0]));
	for (unsigned i = 0; i < n_calls; i++) {
		ck_assert_int_eq(calls[i].who, expected[i].who);
		ck_assert_int_eq(calls[i].what, expected[i].what);
		ck_assert_ptr_eq(calls[i].event, expected[i].event);
	}
}
END_TEST

static const struct {
	const struct recorder_ops *ops;
	bool wants_flows, wants_drops;
} wants[] = {
	{ &all_ops, true, true },
	{ &begin_ops, true, false },
	{ &end_ops, true, false },
	{ &drop_ops, false, true },
	{ &log_ops, false, false },
};

START_TEST(test_wants)
{
	struct recorders recorders = { 0 };

	ck_assert_int_eq(recorders_add(&recorders, wants[_i].ops, NULL), 0);
	ck_assert_int_eq(recorders.wants_flows, wants[_i].wants_flows);
	ck_assert_int_eq(recorders.wants_drops, wants[_i].wants_drops);
	/* One that wants less takes nothing back. */
	ck_assert_int_eq(recorders_add(&recorders, &log_ops, NULL), 0);
	ck_assert_int_eq(recorders.wants_flows, wants[_i].wants_flows);
	ck_assert_int_eq(recorders.wants_drops, wants[_i].wants_drops);
}
END_TEST

START_TEST(test_full)
{
	struct recorders recorders = { 0 };

	for (unsigned i = 0; i < RECORDERS_MAX; i++)
		ck_assert_int_eq(recorders_add(&recorders, &log_ops, NULL), 0);
	ck_assert_int_eq(recorders_add(&recorders, &all_ops, NULL), -ENOSPC);
	ck_assert_uint_eq(recorders.count, RECORDERS_MAX);
	ck_assert(!recorders.wants_drops);
}
END_TEST

static const struct {
	uint8_t flags;
	uint16_t l4, payload;
	bool has_transport;
} packets[] = {
	{ 0, 0, 0, false },
	{ PACKET_IP, 34, 54, true },
	{ PACKET_IP, 34, 0, false },                    /* too short for its header */
	{ PACKET_IP, 34, 34, false },                   /* nothing but IP is known of it */
	{ PACKET_IP | PACKET_FRAGMENT, 34, 54, false }, /* what stands there is no header */
	{ PACKET_IP | PACKET_REASSEMBLED | PACKET_FROM_HI, 20, 28, true },
};

START_TEST(test_packet)
{
	const struct packet p = {
		.flags = packets[_i].flags,
		.l4 = packets[_i].l4,
		.payload = packets[_i].payload,
	};

	ck_assert_int_eq(record_has_transport(&p), packets[_i].has_transport);
}
END_TEST

static const struct {
	uint8_t family;
	uint16_t src_port, dst_port;
	uint8_t type, code;
} icmps[] = {
	{ 4, 0x1234, 0x0800, 8, 0 },   /* echo */
	{ 4, 0x0000, 0x0800, 8, 0 },   /* … with identifier 0 */
	{ 4, 0x0800, 0x1234, 0, 0 },   /* echo reply: the sender is the one that was asked */
	{ 4, 0x0d00, 0x0001, 14, 0 },  /* timestamp reply */
	{ 4, 0x0800, 0x0800, 8, 0 },   /* an echo, whatever its identifier looks like */
	{ 4, 0x0000, 0x0501, 5, 1 },   /* redirect */
	{ 4, 0x0000, 0x0303, 3, 3 },   /* unreachable */
	{ 4, 0x0000, 0x0a00, 10, 0 },  /* router solicitation */
	{ 6, 0x1234, 0x8000, 128, 0 }, /* echo */
	{ 6, 0x8000, 0x1234, 129, 0 }, /* echo reply */
	{ 6, 0x0800, 0x8700, 135, 0 }, /* neighbour solicitation; 8 asks nothing here */
	{ 6, 0x0000, 0x0200, 2, 0 },   /* packet too big */
};

START_TEST(test_icmp)
{
	struct tuple tuple = {
		.family = icmps[_i].family,
		.src_port = icmps[_i].src_port,
		.dst_port = icmps[_i].dst_port,
	};
	uint8_t type = 255, code = 255;

	record_icmp(&tuple, &type, &code);
	ck_assert_uint_eq(type, icmps[_i].type);
	ck_assert_uint_eq(code, icmps[_i].code);
}
END_TEST

static const struct {
	uint8_t flags;
	const char *text;
} tcp_flags[] = {
	{ 0, "" },
	{ TCP_SYN, "S" },
	{ TCP_SYN | TCP_ACK, "AS" },
	{ TCP_FIN | TCP_PSH | TCP_URG, "FPU" },
	{ 0x3f, "AFPRSU" },
	{ 0xff, "AFPRSU" },
	{ 0xc0, "" },
};

START_TEST(test_tcp_flags)
{
	char text[TCP_FLAGS_TEXT_MAX];
	size_t n = record_tcp_flags(tcp_flags[_i].flags, text);

	ck_assert_uint_eq(n, strlen(tcp_flags[_i].text));
	ck_assert_int_eq(memcmp(text, tcp_flags[_i].text, n), 0);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("record");
	TCase *tc = tcase_create("record");

	tcase_add_test(tc, test_order);
	tcase_add_loop_test(tc, test_wants, 0, sizeof(wants) / sizeof(wants[0]));
	tcase_add_test(tc, test_full);
	tcase_add_loop_test(tc, test_packet, 0, sizeof(packets) / sizeof(packets[0]));
	tcase_add_loop_test(tc, test_icmp, 0, sizeof(icmps) / sizeof(icmps[0]));
	tcase_add_loop_test(tc, test_tcp_flags, 0, sizeof(tcp_flags) / sizeof(tcp_flags[0]));
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

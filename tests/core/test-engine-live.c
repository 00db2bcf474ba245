// SPDX-License-Identifier: GPL-2.0-or-later
/* What only a live firewall asks of an engine: offloading, adopting, time, and ways at the hooks.
 */
#include <errno.h>
#include <string.h>

#include <glib.h>

#include "kit/kit.h"
#include "kit/policies.h"
#include "kit/talk.h"
#include "policy/config.h"

#define INSIDE "10.0.0.0/8;2001:db8:1::/48"
#define US     "10.0.0.1"
#define THEM   "192.0.2.1"

#define SECONDS(n) ((n)*UINT64_C(1000000000))

/* A helper on UDP port 7777, which gives a flow up that says "R". */
static int32_t
mock_message(struct pn_flow *flow, const struct pn_message *message)
{
	return message->len && message->bytes[0] == 'R' ? PN_RESET : PN_PASS;
}

static const struct pn_bind mock_binds[] = { { 7777, 7777 }, { 0, 0 } };

static const struct pn_helper mock_helper = {
	.size = sizeof(mock_helper),
	.transport = PROTO_UDP,
	.max_message = 1500,
	.max_doors = 8,
	.door_timeout = 30,
	.name = "mock",
	.summary = "watches",
	.binds = mock_binds,
	.message = mock_message,
};

static const struct pn_helper *const mock_helpers[] = { &mock_helper, NULL };

static const struct pn_plugin mock = {
	.size = sizeof(mock),
	.name = "mock",
	.version = "1",
	.summary = "a mock",
	.licence = "MIT",
	.helpers = mock_helpers,
};

static struct kit_rig *rig;

/* UDP to 3333 may come; what is answered lasts for ten seconds. */
static struct policy *
make_policy(void)
{
	struct policy *policy = kit_policy();

	kit_open(&policy->connections[0], "3333/udp");
	kit_trigger(&policy->connections[0], "1000/udp", "5000/udp", 60);
	policy->table.timeouts[FLOW_UDP_REPLIED] = 10;
	return policy;
}

static void
set_up(void)
{
	rig = kit_rig_hooked(make_policy(), &mock, INSIDE);
	engine_tick(rig->engine, rig->now); /* what is adopted before any packet begins now */
}

static void
tear_down(void)
{
	kit_rig_free(rig);
}

static enum reason
say(const char *from, const char *to, const char *text)
{
	const struct kit_packet p = {
		.from = from,
		.to = to,
		.proto = PROTO_UDP,
		.payload = text,
		.len = strlen(text),
	};

	return kit_send(rig, &p);
}

static enum reason
tcp(const char *from, const char *to, uint8_t flags, uint32_t seq, uint32_t ack)
{
	const struct kit_packet p = {
		.from = from,
		.to = to,
		.flags = flags,
		.seq = seq,
		.ack = ack,
	};

	return kit_send(rig, &p);
}

static bool
offload(void)
{
	return engine_offload(rig->engine, &rig->last);
}

static struct stats
stats(void)
{
	struct stats s;

	engine_get_stats(rig->engine, &s);
	return s;
}

static struct tuple
tuple_of(const char *from, const char *to, uint8_t proto)
{
	struct tuple t = { .proto = proto };

	kit_endpoint(from, &t.src, &t.src_port);
	kit_endpoint(to, &t.dst, &t.dst_port);
	t.family = t.src.family;
	return t;
}

/* A UDP flow that has been answered and is offloaded. */
static void
offloaded(const char *from, const char *to)
{
	kit_assert_reason(say(from, to, "x"), OUTBOUND);
	kit_assert_reason(say(to, from, "x"), OUTBOUND);
	ck_assert(offload());
}

START_TEST(tcp_when_its_handshake_is_complete)
{
	kit_assert_reason(tcp(US ":9", THEM ":80", TCP_SYN, 100, 0), OUTBOUND);
	ck_assert(!offload());
	kit_assert_reason(tcp(THEM ":80", US ":9", TCP_SYN | TCP_ACK, 500, 101), OUTBOUND);
	ck_assert(!offload());
	kit_assert_reason(tcp(US ":9", THEM ":80", TCP_ACK, 101, 501), OUTBOUND);
	ck_assert(offload());
	ck_assert(offload());
	ck_assert_uint_eq(stats().offloaded, 1);
	kit_assert_reason(tcp(US ":9", THEM ":80", TCP_ACK | TCP_FIN, 101, 501), OUTBOUND);
	ck_assert(!offload());
}
END_TEST

/* A connection that was picked up, once both sides have spoken. */
START_TEST(tcp_that_was_picked_up)
{
	kit_assert_reason(tcp(US ":9", THEM ":80", TCP_ACK, 101, 501), MID_STREAM);
	ck_assert(!offload());
	kit_assert_reason(tcp(THEM ":80", US ":9", TCP_ACK, 501, 101), MID_STREAM);
	ck_assert(offload());
}
END_TEST

START_TEST(udp_when_it_is_answered)
{
	kit_assert_reason(say(US ":9", THEM ":53", "x"), OUTBOUND);
	ck_assert(!offload());
	kit_assert_reason(say(US ":9", THEM ":53", "x"), OUTBOUND);
	ck_assert(!offload());
	kit_assert_reason(say(THEM ":53", US ":9", "x"), OUTBOUND);
	ck_assert(offload());
	/* What was refused belongs to nothing. */
	kit_assert_reason(say(THEM ":53", US ":10", "x"), UNSOLICITED);
	ck_assert(!offload());
}
END_TEST

START_TEST(icmp_never)
{
	struct kit_packet ask = {
		.from = US, .to = THEM, .proto = PROTO_ICMP, .icmp_type = ICMP_ECHO, .icmp_id = 7
	};
	struct kit_packet answer = { .from = THEM, .to = US, .proto = PROTO_ICMP, .icmp_id = 7 };
	const struct kit_packet about = { .from = US ":9", .to = THEM ":53", .proto = PROTO_UDP };
	uint8_t quote[KIT_QUOTE_MAX];
	struct kit_packet error;

	kit_assert_reason(kit_send(rig, &ask), OUTBOUND);
	ck_assert(!offload());
	kit_assert_reason(kit_send(rig, &answer), OUTBOUND);
	ck_assert(!offload());
	/* An error is counted to the flow that it speaks of, and says nothing of it. */
	offloaded(US ":9", THEM ":53");
	error = kit_icmp_error("198.51.100.1", US, 3, 1, &about, quote);
	kit_assert_reason(kit_send(rig, &error), ICMP_ERROR);
	ck_assert_uint_ne(rig->last.flow, 0);
	ck_assert(!offload());
}
END_TEST

START_TEST(what_a_helper_watches_never)
{
	kit_assert_reason(say(US ":9", THEM ":7777", "x"), OUTBOUND);
	kit_assert_reason(say(THEM ":7777", US ":9", "x"), OUTBOUND);
	ck_assert_str_eq(rig->begun_flow.helper, "mock");
	ck_assert(!offload());
	/* Nor when the helper has gone, if it has given the flow up. */
	kit_assert_reason(say(US ":9", THEM ":7777", "R"), HELPER);
	ck_assert(!offload());
	kit_assert_reason(say(THEM ":7777", US ":9", "x"), HELPER);
	ck_assert(!offload());
}
END_TEST

/* A packet from a door's own side leaves the door pending until it is answered. */
START_TEST(a_pending_door_first)
{
	kit_assert_reason(say(US ":9", THEM ":1000", "x"), OUTBOUND);
	kit_assert_reason(say(US ":5000", THEM ":2000", "x"), EXPECTED);
	ck_assert(!offload());
	kit_assert_reason(say(THEM ":2000", US ":5000", "x"), EXPECTED);
	ck_assert(offload());
}
END_TEST

/* The flow has ended since, and another may be where it was. */
START_TEST(a_packet_of_yesterday)
{
	struct packet old;

	kit_assert_reason(say(US ":9", THEM ":53", "x"), OUTBOUND);
	kit_assert_reason(say(THEM ":53", US ":9", "x"), OUTBOUND);
	old = rig->last;
	engine_tick(rig->engine, rig->now + SECONDS(1000));
	ck_assert_uint_eq(rig->flows_ended, 1);
	ck_assert(!engine_offload(rig->engine, &old));
	rig->now += SECONDS(1000);
	kit_assert_reason(say(US ":10", THEM ":53", "x"), OUTBOUND);
	kit_assert_reason(say(THEM ":53", US ":10", "x"), OUTBOUND);
	ck_assert_uint_eq(rig->last.flow, old.flow);
	ck_assert(!engine_offload(rig->engine, &old));
	ck_assert(offload());
}
END_TEST

/* Packets counted, as whoever carries the flow on names it and its ends; what is known then. */
static const struct {
	bool turned;
	uint64_t counted[2];
	uint32_t known[2];
} counts[] = {
	{ false, { 10, 20 }, { 10, 20 } },
	{ true, { 10, 20 }, { 20, 10 } },
	{ false, { 0, 20 }, { 1, 20 } }, /* it has not seen what passed before */
	{ false, { UINT64_C(1) << 40, 20 }, { UINT32_MAX, 20 } },
};

START_TEST(ended_elsewhere)
{
	const struct engine_counters counters = {
		.packets = { counts[_i].counted[0], counts[_i].counted[1] },
		.bytes = { 1000, 2000 },
	};
	struct tuple t = tuple_of(US ":9", THEM ":53", PROTO_UDP);

	if (counts[_i].turned)
		t = tuple_reverse(&t);
	ck_assert(!engine_end_offloaded(rig->engine, &t, &counters));
	kit_assert_reason(say(US ":9", THEM ":53", "x"), OUTBOUND);
	kit_assert_reason(say(THEM ":53", US ":9", "x"), OUTBOUND);
	/* It is known, but nobody else's. */
	ck_assert(!engine_end_offloaded(rig->engine, &t, &counters));
	ck_assert(!engine_count_offloaded(rig->engine, &t, &counters));
	ck_assert(offload());
	ck_assert(engine_end_offloaded(rig->engine, &t, &counters));
	ck_assert_int_eq(rig->last_end, FLOW_END_CLOSED);
	ck_assert_uint_eq(rig->ended_flow.pkts[0], counts[_i].known[0]);
	ck_assert_uint_eq(rig->ended_flow.pkts[1], counts[_i].known[1]);
	/* Whoever told of it need not be told. */
	ck_assert_uint_eq(rig->taken_back, 0);
	ck_assert(!engine_end_offloaded(rig->engine, &t, &counters));
}
END_TEST

START_TEST(counted_elsewhere)
{
	const struct engine_counters counters = {
		.packets = { counts[_i].counted[0], counts[_i].counted[1] },
	};
	struct tuple t = tuple_of(US ":9", THEM ":53", PROTO_UDP);

	if (counts[_i].turned)
		t = tuple_reverse(&t);
	ck_assert(!engine_count_offloaded(rig->engine, &t, &counters));
	offloaded(US ":9", THEM ":53");
	ck_assert(engine_count_offloaded(rig->engine, &t, &counters));
	ck_assert_uint_eq(rig->flows_ended, 0);
	engine_finish(rig->engine);
	ck_assert_uint_eq(rig->ended_flow.pkts[0], counts[_i].known[0]);
	ck_assert_uint_eq(rig->ended_flow.pkts[1], counts[_i].known[1]);
}
END_TEST

START_TEST(silence_means_nothing_at_first)
{
	const struct engine_counters counters = { .packets = { 9, 9 } };
	struct tuple t = tuple_of(US ":9", THEM ":53", PROTO_UDP);
	uint64_t start;

	offloaded(US ":9", THEM ":53");
	start = rig->now;
	engine_tick(rig->engine, start + SECONDS(100));
	ck_assert_uint_eq(rig->flows_ended, 0);
	ck_assert(engine_count_offloaded(rig->engine, &t, &counters));
	engine_tick(rig->engine, start + SECONDS(200));
	ck_assert_uint_eq(rig->flows_ended, 0);
	/* Somebody may still be told by a packet. */
	rig->now = start + SECONDS(219);
	kit_assert_reason(say("10.0.0.7:9", THEM ":53", "x"), OUTBOUND);
	ck_assert_uint_eq(rig->flows_ended, 0);
	/* 120 s after it was last heard of, and the time that such flows have beside. */
	engine_tick(rig->engine, start + SECONDS(235));
	ck_assert_uint_eq(rig->ended[FLOW_END_TIMEOUT], 1);
	ck_assert_uint_eq(rig->taken_back, 1);
	ck_assert_uint_eq(rig->taken.src_port, 9);
}
END_TEST

START_TEST(time_passes_without_packets)
{
	kit_assert_reason(say(US ":9", THEM ":53", "x"), OUTBOUND);
	kit_assert_reason(say(THEM ":53", US ":9", "x"), OUTBOUND);
	engine_tick(rig->engine, rig->now + SECONDS(9));
	ck_assert_uint_eq(rig->flows_ended, 0);
	/* It never goes back. */
	engine_tick(rig->engine, rig->now - SECONDS(1000));
	engine_tick(rig->engine, rig->now + SECONDS(12));
	ck_assert_uint_eq(rig->ended[FLOW_END_TIMEOUT], 1);
	ck_assert_uint_eq(rig->taken_back, 0);
}
END_TEST

START_TEST(taken_back_by_a_policy)
{
	struct policy *tighter = make_policy();

	tighter->connections[0].mappings.list[0].enabled = false;
	mappings_index(&tighter->connections[0].mappings);
	kit_assert_reason(say(THEM ":9", US ":3333", "x"), PORT_MAPPING);
	kit_assert_reason(say(US ":3333", THEM ":9", "x"), PORT_MAPPING);
	ck_assert(offload());
	offloaded(US ":9", THEM ":53");
	kit_reload(rig, tighter);
	ck_assert_uint_eq(rig->ended[FLOW_END_POLICY], 1);
	ck_assert_uint_eq(rig->taken_back, 1);
	ck_assert_uint_eq(rig->taken.dst_port, 3333);
}
END_TEST

START_TEST(adopted_tcp)
{
	const struct engine_counters counters = { .packets = { 3, 4 } };
	struct tuple t = tuple_of(US ":9", THEM ":80", PROTO_TCP);

	ck_assert(engine_adopt(rig->engine, &t, false, &counters));
	ck_assert_uint_eq(stats().adopted, 1);
	ck_assert_uint_eq(rig->flows_begun, 1);
	ck_assert_int_eq(rig->begun_flow.reason, REASON_OUTBOUND);
	ck_assert_int_eq(rig->begun_flow.direction, DIRECTION_OUT);
	ck_assert(!engine_adopt(rig->engine, &t, false, &counters));
	t = tuple_reverse(&t);
	ck_assert(!engine_adopt(rig->engine, &t, false, &counters));
	/* Its numbers begin with its first packet, and then they count. */
	kit_assert_reason(tcp(THEM ":80", US ":9", TCP_ACK, 0x90000000, 0x10000000), OUTBOUND);
	kit_assert_reason(tcp(US ":9", THEM ":80", TCP_ACK, 0x10000000, 0x90000000), OUTBOUND);
	kit_assert_reason(tcp(THEM ":80", US ":9", TCP_ACK, 0x20000000, 0x10000000), TCP_WINDOW);
	ck_assert_uint_eq(rig->flows_begun, 1);
}
END_TEST

/* What may not come by itself has come through a door that nobody remembers. */
START_TEST(adopted_by_reason)
{
	const struct engine_counters counters = { .packets = { 1, 1 } };
	struct tuple t = tuple_of(THEM ":9", US ":3333", PROTO_UDP);

	ck_assert(engine_adopt(rig->engine, &t, true, &counters));
	ck_assert_int_eq(rig->begun_flow.reason, REASON_PORT_MAPPING);
	ck_assert(engine_end_offloaded(rig->engine, &t, &counters));
	t.dst_port = 4444;
	ck_assert(engine_adopt(rig->engine, &t, false, &counters));
	ck_assert_int_eq(rig->begun_flow.reason, REASON_MID_STREAM);
	/* It has been answered: it may be offloaded as it stands. */
	kit_assert_reason(say(THEM ":9", US ":4444", "x"), MID_STREAM);
	ck_assert(offload());
	engine_tick(rig->engine, rig->now + SECONDS(20));
	ck_assert_uint_eq(rig->flows_ended, 1);
}
END_TEST

START_TEST(no_room)
{
	struct kit_rig *full = rig;
	const struct engine_counters counters = { .packets = { 1, 1 } };
	struct policy *policy = make_policy();
	struct tuple t = tuple_of(US ":9", THEM ":53", PROTO_UDP);

	policy->table.max_flows = 4;
	rig = kit_rig_hooked(policy, NULL, INSIDE);
	offloaded(US ":1", THEM ":53");
	offloaded(US ":2", THEM ":53");
	offloaded(US ":3", THEM ":53");
	/* What nobody has answered makes room; what is carried on elsewhere does not. */
	kit_assert_reason(say(US ":4", THEM ":53", "x"), OUTBOUND);
	ck_assert(engine_adopt(rig->engine, &t, false, &counters));
	ck_assert_uint_eq(rig->ended[FLOW_END_EVICTED], 1);
	t.src_port++;
	ck_assert(!engine_adopt(rig->engine, &t, false, &counters));
	kit_assert_reason(say(US ":5", THEM ":53", "x"), TABLE_FULL);
	ck_assert_uint_eq(rig->flows_ended, 1);
	ck_assert_uint_eq(rig->taken_back, 0);
	kit_rig_free(rig);
	rig = full;
}
END_TEST

START_TEST(other_addresses_are_ours)
{
	g_autofree struct prefix *inside = NULL;
	unsigned n;

	ck_assert_int_ge(config_parse_prefixes("172.16.0.0/12", &inside, &n), 0);
	kit_assert_reason(
		kit_send_on(rig, "wan1", WAY_SENT,
			&(struct kit_packet){
				.from = "172.16.0.1:1", .to = THEM ":1", .proto = PROTO_UDP }),
		SPOOFED);
	ck_assert_int_eq(engine_set_inside(rig->engine, inside, 0), -EINVAL);
	ck_assert_int_eq(engine_set_inside(rig->engine, inside, n), 0);
	kit_assert_reason(
		kit_send_on(rig, "wan1", WAY_SENT,
			&(struct kit_packet){
				.from = "172.16.0.1:1", .to = THEM ":1", .proto = PROTO_UDP }),
		OUTBOUND);
}
END_TEST

static void
add_flow_id(void *context, const struct flow_event *event)
{
	uint64_t *sum = context;

	ck_assert_ptr_nonnull(event->flow);
	*sum += event->id;
}

static void
add_door_id(void *context, const struct expectation *door)
{
	uint64_t *sum = context;

	*sum += door->id;
}

START_TEST(each_flow_and_door)
{
	uint64_t flows = 0, doors = 0;

	engine_each_flow(rig->engine, add_flow_id, &flows);
	engine_each_door(rig->engine, add_door_id, &doors);
	ck_assert_uint_eq(flows + doors, 0);
	kit_assert_reason(say(US ":1", THEM ":1000", "x"), OUTBOUND);
	kit_assert_reason(say(US ":2", "192.0.2.2:1000", "x"), OUTBOUND);
	kit_assert_reason(say(US ":3", THEM ":53", "x"), OUTBOUND);
	engine_each_flow(rig->engine, add_flow_id, &flows);
	engine_each_door(rig->engine, add_door_id, &doors);
	ck_assert_uint_eq(flows, 1 + 2 + 3);
	ck_assert_uint_eq(doors, 1 + 2);
}
END_TEST

/* At the hooks the way of a packet is its direction, but on the private side. */
static const struct {
	const char *interface; /* wan1 is public, lan0 private, eth9 has no connection */
	enum way way;
	const char *from, *to;
	enum direction direction;
} ways[] = {
	{ "wan1", WAY_SENT, US ":9", THEM ":3333", DIRECTION_OUT },
	{ "wan1", WAY_SENT, US ":9", "255.255.255.255:3333", DIRECTION_OUT },
	{ "wan1", WAY_SENT, "169.254.1.1:9", "224.0.0.251:3333", DIRECTION_OUT },
	{ "wan1", WAY_SENT, "[fe80::1]:9", "[fe80::2]:3333", DIRECTION_OUT },
	{ "wan1", WAY_RECEIVED, THEM ":9", US ":3333", DIRECTION_IN },
	{ "wan1", WAY_RECEIVED, THEM ":9", "255.255.255.255:3333", DIRECTION_IN },
	{ "wan1", WAY_RECEIVED, "169.254.1.1:9", "224.0.0.251:3333", DIRECTION_IN },
	{ "wan1", WAY_RECEIVED, "[fe80::2]:9", "[fe80::1]:3333", DIRECTION_IN },
	/* Neither is ours, as far as is known: it was received all the same. */
	{ "wan1", WAY_RECEIVED, THEM ":9", "198.51.100.1:3333", DIRECTION_IN },
	{ "eth9", WAY_SENT, US ":9", THEM ":3333", DIRECTION_OUT },
	{ "eth9", WAY_SENT, US ":9", "10.0.0.2:3333", DIRECTION_INTERNAL },
	{ "eth9", WAY_RECEIVED, THEM ":9", US ":3333", DIRECTION_IN },
	{ "eth9", WAY_RECEIVED, "[fe80::2]:9", "[ff02::1]:3333", DIRECTION_IN },
	{ "lan0", WAY_RECEIVED, "10.0.0.2:9", THEM ":3333", DIRECTION_OUT },
	{ "lan0", WAY_RECEIVED, "10.0.0.2:9", US ":3333", DIRECTION_INTERNAL },
	{ "lan0", WAY_RECEIVED, "0.0.0.0:68", "255.255.255.255:67", DIRECTION_INTERNAL },
	{ "lan0", WAY_RECEIVED, "10.0.0.2:9", "255.255.255.255:3333", DIRECTION_OUT },
	{ "lan0", WAY_RECEIVED, "[fe80::2]:9", "[fe80::1]:3333", DIRECTION_OUT },
	{ "lan0", WAY_SENT, US ":9", "10.0.0.2:3333", DIRECTION_INTERNAL },
	{ "lan0", WAY_SENT, US ":9", "255.255.255.255:3333", DIRECTION_OUT },
};

START_TEST(ways_at_the_hooks)
{
	struct kit_rig *other = rig;
	struct policy *policy = make_policy();
	const struct kit_packet p = {
		.from = ways[_i].from, .to = ways[_i].to, .proto = PROTO_UDP
	};
	enum reason reason;

	kit_connection(policy, "lan", "lan*", NULL)->role = ROLE_PRIVATE;
	kit_open(kit_connection(policy, "wan", "wan*", NULL), "3333/udp");
	rig = kit_rig_hooked(policy, NULL, INSIDE);
	reason = kit_send_on(rig, ways[_i].interface, ways[_i].way, &p);
	ck_assert_msg(
		reason_verdict(reason) == VERDICT_ACCEPT, "row %d: %s", _i, reason_name(reason));
	ck_assert_int_eq(rig->begun_flow.direction, ways[_i].direction);
	kit_rig_free(rig);
	rig = other;
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("engine-live");
	TCase *t = tcase_create("live");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, tcp_when_its_handshake_is_complete);
	tcase_add_test(t, tcp_that_was_picked_up);
	tcase_add_test(t, udp_when_it_is_answered);
	tcase_add_test(t, icmp_never);
	tcase_add_test(t, what_a_helper_watches_never);
	tcase_add_test(t, a_pending_door_first);
	tcase_add_test(t, a_packet_of_yesterday);
	tcase_add_loop_test(t, ended_elsewhere, 0, G_N_ELEMENTS(counts));
	tcase_add_loop_test(t, counted_elsewhere, 0, G_N_ELEMENTS(counts));
	tcase_add_test(t, silence_means_nothing_at_first);
	tcase_add_test(t, time_passes_without_packets);
	tcase_add_test(t, taken_back_by_a_policy);
	tcase_add_test(t, adopted_tcp);
	tcase_add_test(t, adopted_by_reason);
	tcase_add_test(t, no_room);
	tcase_add_test(t, other_addresses_are_ours);
	tcase_add_test(t, each_flow_and_door);
	tcase_add_loop_test(t, ways_at_the_hooks, 0, G_N_ELEMENTS(ways));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The path of a packet: which verdict, and what is left behind. */
#include <string.h>

#include <glib.h>

#include "kit/kit.h"
#include "kit/talk.h"

#define SEC UINT64_C(1000000000)

static struct stats
stats(const struct kit_rig *rig)
{
	struct stats s;

	engine_get_stats(rig->engine, &s);
	return s;
}

static enum reason
udp(struct kit_rig *rig, const char *from, const char *to)
{
	struct kit_packet p = { .from = from, .to = to, .proto = PROTO_UDP, .payload = "x", .len = 1 };

	return kit_send(rig, &p);
}

START_TEST(three_rules)
{
	struct kit_rig *rig = kit_rig_new(NULL, NULL, "10.0.0.0/8");

	ck_assert_int_eq(udp(rig, "192.0.2.1:53", "10.0.0.1:1000"), REASON_UNSOLICITED);
	ck_assert_uint_eq(stats(rig).table.flows, 0);
	ck_assert_int_eq(udp(rig, "10.0.0.1:1000", "192.0.2.1:53"), REASON_OUTBOUND);
	ck_assert_int_eq(udp(rig, "192.0.2.1:53", "10.0.0.1:1000"), REASON_OUTBOUND);
	ck_assert_int_eq(udp(rig, "192.0.2.1:53", "10.0.0.1:1001"), REASON_UNSOLICITED);
	ck_assert_int_eq(udp(rig, "10.0.0.1:9", "10.0.0.2:9"), REASON_INTERNAL);
	ck_assert_int_eq(udp(rig, "192.0.2.1:9", "192.0.2.2:9"), REASON_TRANSIT);
	ck_assert_uint_eq(stats(rig).table.flows, 3);
	ck_assert_uint_eq(stats(rig).verdicts[REASON_UNSOLICITED], 2);
	ck_assert_uint_eq(rig->drops, 2);
	ck_assert_uint_eq(rig->flows_begun, 3);
	kit_rig_free(rig);
}
END_TEST

START_TEST(silence_ends_a_flow)
{
	struct kit_rig *rig = kit_rig_new("[Stateful]\nUdpTimeout=60\n", NULL, NULL);

	udp(rig, "10.0.0.1:1000", "192.0.2.1:53");
	rig->now += 59 * SEC;
	ck_assert_int_eq(udp(rig, "192.0.2.1:53", "10.0.0.1:1000"), REASON_OUTBOUND);
	rig->now += 60 * SEC;
	ck_assert_int_eq(udp(rig, "192.0.2.1:53", "10.0.0.1:1000"), REASON_UNSOLICITED);
	ck_assert_uint_eq(rig->flows_ended, 1);
	ck_assert_int_eq(rig->last_end, FLOW_END_TIMEOUT);
	ck_assert_uint_eq(stats(rig).expired, 1);
	kit_rig_free(rig);
}
END_TEST

START_TEST(time_does_not_go_back)
{
	struct kit_rig *rig = kit_rig_new(NULL, NULL, NULL);

	udp(rig, "10.0.0.1:1000", "192.0.2.1:53");
	rig->now -= 100 * SEC;
	ck_assert_int_eq(udp(rig, "192.0.2.1:53", "10.0.0.1:1000"), REASON_OUTBOUND);
	ck_assert_uint_eq(stats(rig).time_backwards, 1);
	kit_rig_free(rig);
}
END_TEST

START_TEST(a_full_table_keeps_what_was_answered)
{
	struct kit_rig *rig = kit_rig_new("[Limits]\nMaxFlows=16\n", NULL, "10.0.0.0/8");
	char from[32];

	/* Eight conversations, and then a flood that nobody answers. */
	for (unsigned n = 0; n < 8; n++) {
		g_snprintf(from, sizeof(from), "10.0.0.1:%u", 1000 + n);
		udp(rig, from, "192.0.2.1:53");
		udp(rig, "192.0.2.1:53", from);
	}
	for (unsigned n = 0; n < 1000; n++) {
		g_snprintf(from, sizeof(from), "10.0.0.2:%u", 1000 + n);
		ck_assert_int_eq(udp(rig, from, "192.0.2.1:53"), REASON_OUTBOUND);
	}
	ck_assert_uint_eq(stats(rig).table.flows, 16);
	ck_assert_uint_eq(stats(rig).evicted, 992);
	for (unsigned n = 0; n < 8; n++) {
		g_snprintf(from, sizeof(from), "10.0.0.1:%u", 1000 + n);
		ck_assert_int_eq(udp(rig, "192.0.2.1:53", from), REASON_OUTBOUND);
	}
	ck_assert_int_eq(rig->last_end, FLOW_END_EVICTED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(a_full_table_of_answered_flows_refuses)
{
	struct kit_rig *rig = kit_rig_new("[Limits]\nMaxFlows=16\n", NULL, "10.0.0.0/8");
	char from[32];

	for (unsigned n = 0; n < 16; n++) {
		g_snprintf(from, sizeof(from), "10.0.0.1:%u", 1000 + n);
		udp(rig, from, "192.0.2.1:53");
		udp(rig, "192.0.2.1:53", from);
	}
	ck_assert_int_eq(udp(rig, "10.0.0.1:9", "192.0.2.1:53"), REASON_TABLE_FULL);
	ck_assert_uint_eq(stats(rig).table.flows, 16);
	kit_rig_free(rig);
}
END_TEST

START_TEST(impossible_flags_make_no_state)
{
	static const uint8_t flags[] = { 0, TCP_SYN | TCP_FIN, TCP_SYN | TCP_RST,
		TCP_FIN | TCP_PSH | TCP_URG };
	struct kit_rig *rig = kit_rig_new(NULL, NULL, NULL);
	struct kit_packet p = { .from = "10.0.0.1:1000", .to = "192.0.2.1:80" };

	for (unsigned n = 0; n < sizeof(flags); n++) {
		p.flags = flags[n];
		ck_assert_int_eq(kit_send(rig, &p), REASON_TCP_FLAGS);
	}
	ck_assert_uint_eq(stats(rig).table.flows, 0);
	kit_rig_free(rig);
}
END_TEST

START_TEST(mid_stream_rule)
{
	static const struct {
		const char *config;
		enum reason out, in;
	} cases[] = {
		{ "[Stateful]\nMidstream=none\n", REASON_NO_HANDSHAKE, REASON_UNSOLICITED },
		{ "[Stateful]\nMidstream=outbound\n", REASON_MID_STREAM, REASON_UNSOLICITED },
		{ "[Stateful]\nMidstream=any\n", REASON_MID_STREAM, REASON_MID_STREAM },
	};
	struct kit_packet out = { .from = "10.0.0.1:1000", .to = "192.0.2.1:80", .flags = TCP_ACK };
	struct kit_packet in = { .from = "192.0.2.1:80", .to = "10.0.0.1:2000", .flags = TCP_ACK };

	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		struct kit_rig *rig = kit_rig_new(cases[n].config, NULL, "10.0.0.0/8");

		ck_assert_int_eq(kit_send(rig, &in), cases[n].in);
		ck_assert_int_eq(kit_send(rig, &out), cases[n].out);
		kit_rig_free(rig);
	}
}
END_TEST

/* The capture has the answers too: they do not make a flow of what was refused. */
START_TEST(a_refused_connection_stays_refused)
{
	struct kit_rig *rig = kit_rig_new(NULL, NULL, "10.0.0.0/8");
	struct kit_packet answer = {
		.from = "10.0.0.1:80",
		.to = "192.0.2.1:1000",
		.flags = TCP_SYN | TCP_ACK,
		.ack = 5001,
	};

	ck_assert_int_eq(kit_syn(rig, "192.0.2.1:1000", "10.0.0.1:80"), REASON_UNSOLICITED);
	ck_assert_int_eq(kit_send(rig, &answer), REASON_NO_HANDSHAKE);
	answer.flags = TCP_ACK;
	ck_assert_int_eq(kit_send(rig, &answer), REASON_NO_HANDSHAKE);
	rig->now += 61 * SEC;
	ck_assert_int_eq(kit_send(rig, &answer), REASON_MID_STREAM);
	kit_rig_free(rig);
}
END_TEST

/* A capture that begins between SYN and SYN+ACK: nothing was refused, its rest is picked up. */
START_TEST(a_lost_syn_is_no_refusal)
{
	struct kit_rig *rig = kit_rig_new(NULL, NULL, "10.0.0.0/8");
	struct kit_packet answer = {
		.from = "192.0.2.1:80",
		.to = "10.0.0.1:1000",
		.flags = TCP_SYN | TCP_ACK,
		.ack = 5001,
	};
	struct kit_packet ack = { .from = "10.0.0.1:1000", .to = "192.0.2.1:80", .flags = TCP_ACK };

	ck_assert_int_eq(kit_send(rig, &answer), REASON_UNSOLICITED);
	ck_assert_int_eq(kit_send(rig, &ack), REASON_MID_STREAM);
	kit_rig_free(rig);
}
END_TEST

START_TEST(a_connection_from_beginning_to_end)
{
	struct kit_rig *rig = kit_rig_new(NULL, NULL, NULL);
	struct kit_talk t = kit_connect(rig, "10.0.0.1:1000", "192.0.2.1:80");
	struct kit_packet fin = { .flags = TCP_FIN | TCP_ACK };
	struct kit_packet syn = { .from = t.ends[0], .to = t.ends[1], .flags = TCP_SYN, .seq = 77 };

	ck_assert_int_eq(kit_say(&t, 0, "hello"), REASON_OUTBOUND);
	ck_assert_int_eq(kit_say(&t, 1, "hello to you"), REASON_OUTBOUND);
	ck_assert_int_eq(kit_segment(&t, 1, 0x10000000, "x", 1), REASON_TCP_WINDOW);
	for (unsigned dir = 0; dir < 2; dir++) {
		fin.from = t.ends[dir];
		fin.to = t.ends[!dir];
		fin.seq = t.seq[dir]++;
		fin.ack = t.seq[!dir];
		ck_assert_int_eq(kit_send(rig, &fin), REASON_OUTBOUND);
	}
	kit_segment(&t, 0, 0, NULL, 0);
	/* The same ports again: another flow. */
	syn.seq = t.seq[0] + 100000;
	ck_assert_int_eq(kit_send(rig, &syn), REASON_OUTBOUND);
	ck_assert_uint_eq(rig->flows_begun, 2);
	ck_assert_uint_eq(rig->flows_ended, 1);
	ck_assert_int_eq(rig->last_end, FLOW_END_CLOSED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(bad_checksums_go_nowhere)
{
	struct kit_rig *rig = kit_rig_new(NULL, NULL, NULL);
	struct kit_packet p = {
		.from = "10.0.0.1:1000",
		.to = "192.0.2.1:80",
		.flags = TCP_SYN,
		.bad_checksum = 1,
	};

	ck_assert_int_eq(kit_send(rig, &p), REASON_CHECKSUM);
	p.bad_checksum = 2;
	ck_assert_int_eq(kit_send(rig, &p), REASON_CHECKSUM);
	ck_assert_uint_eq(stats(rig).table.flows, 0);
	kit_rig_free(rig);
}
END_TEST

/* A datagram in two fragments, the second one first. */
START_TEST(fragments_share_a_verdict)
{
	struct kit_rig *rig = kit_rig_new(NULL, NULL, "10.0.0.0/8");
	uint8_t datagram[2000], frame[KIT_FRAME_MAX];
	struct kit_packet whole = {
		.from = "10.0.0.1:1000",
		.to = "192.0.2.1:53",
		.proto = PROTO_UDP,
		.payload = datagram,
		.len = sizeof(datagram) - 8,
		.raw = 1,
	};
	struct kit_packet part = {
		.from = "10.0.0.1",
		.to = "192.0.2.1",
		.proto = PROTO_UDP,
		.ip_id = 7,
	};

	memset(datagram, 'x', sizeof(datagram));
	kit_build(&whole, frame);
	part.payload = frame + 20 + 1200;
	part.len = 800;
	part.fragment_offset = 1200;
	ck_assert_int_eq(kit_send(rig, &part), REASON_NONE);
	ck_assert_uint_eq(stats(rig).packets, 0);
	part.payload = frame + 20;
	part.len = 1200;
	part.fragment_offset = 0;
	part.more_fragments = 1;
	ck_assert_int_eq(kit_send(rig, &part), REASON_OUTBOUND);
	ck_assert_uint_eq(rig->n_late, 1);
	ck_assert_int_eq(rig->late[0], REASON_OUTBOUND);
	ck_assert_uint_eq(stats(rig).packets, 2);
	ck_assert_uint_eq(stats(rig).table.flows, 1);
	kit_rig_free(rig);
}
END_TEST

START_TEST(fragments_that_never_meet)
{
	struct kit_rig *rig = kit_rig_new(NULL, NULL, NULL);
	struct kit_packet part = {
		.from = "10.0.0.1",
		.to = "192.0.2.1",
		.proto = PROTO_UDP,
		.payload = "01234567890123456789012345678901",
		.len = 32,
		.more_fragments = 1,
	};

	ck_assert_int_eq(kit_send(rig, &part), REASON_NONE);
	engine_finish(rig->engine);
	ck_assert_uint_eq(rig->n_late, 1);
	ck_assert_int_eq(rig->late[0], REASON_FRAGMENT);
	ck_assert_uint_eq(stats(rig).verdicts[REASON_FRAGMENT], 1);
	kit_rig_free(rig);
}
END_TEST

/* The body of an ICMP error about a packet from `from` to `to`. */
static size_t
quote(uint8_t *body, const char *from, const char *to)
{
	uint8_t frame[KIT_FRAME_MAX];
	struct kit_packet p = {
		.from = from,
		.to = to,
		.proto = PROTO_UDP,
		.payload = "x",
		.len = 1,
		.raw = 1,
	};

	kit_build(&p, frame);
	memcpy(body, frame, 28);
	return 28;
}

START_TEST(icmp_errors_belong_to_a_flow)
{
	struct kit_rig *rig = kit_rig_new(NULL, NULL, "10.0.0.0/8");
	uint8_t body[32];
	struct kit_packet error = {
		.from = "192.0.2.254",
		.to = "10.0.0.1",
		.proto = PROTO_ICMP,
		.icmp_type = 3,
		.icmp_code = 3,
		.payload = body,
	};

	udp(rig, "10.0.0.1:1000", "192.0.2.1:53");
	error.len = quote(body, "10.0.0.1:1000", "192.0.2.1:53");
	ck_assert_int_eq(kit_send(rig, &error), REASON_ICMP_ERROR);
	error.len = quote(body, "10.0.0.1:1001", "192.0.2.1:53");
	ck_assert_int_eq(kit_send(rig, &error), REASON_UNSOLICITED);
	error.len = quote(body, "10.0.0.1:1000", "192.0.2.1:53");
	error.icmp_type = 5; /* a redirect is no error */
	ck_assert_int_eq(kit_send(rig, &error), REASON_UNSOLICITED);
	ck_assert_uint_eq(stats(rig).table.flows, 1);
	kit_rig_free(rig);
}
END_TEST

START_TEST(echo_and_its_answer)
{
	struct kit_rig *rig = kit_rig_new(NULL, NULL, "10.0.0.0/8");
	struct kit_packet echo = {
		.from = "10.0.0.1",
		.to = "192.0.2.1",
		.proto = PROTO_ICMP,
		.icmp_type = 8,
		.icmp_id = 5,
	};
	struct kit_packet reply = {
		.from = "192.0.2.1",
		.to = "10.0.0.1",
		.proto = PROTO_ICMP,
		.icmp_type = 0,
		.icmp_id = 5,
	};

	ck_assert_int_eq(kit_send(rig, &reply), REASON_UNSOLICITED);
	ck_assert_int_eq(kit_send(rig, &echo), REASON_OUTBOUND);
	ck_assert_int_eq(kit_send(rig, &reply), REASON_OUTBOUND);
	reply.icmp_id = 6;
	ck_assert_int_eq(kit_send(rig, &reply), REASON_UNSOLICITED);
	/* A request from outside with the same id is another conversation. */
	reply.icmp_id = 5;
	reply.icmp_type = 8;
	ck_assert_int_eq(kit_send(rig, &reply), REASON_UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(what_is_no_ip_passes)
{
	struct kit_rig *rig = kit_rig_new(NULL, NULL, NULL);
	static const uint8_t arp[42] = { [12] = 0x08, [13] = 0x06 };
	struct batch *batch = g_new0(struct batch, 1);

	kit_source_packet(&batch->packets[0], arp, sizeof(arp), LINK_ETHERNET, rig->now, 1);
	batch->count = 1;
	engine_process(rig->engine, batch);
	ck_assert_int_eq(batch->packets[0].reason, REASON_NOT_IP);
	ck_assert_int_eq(batch->packets[0].verdict, VERDICT_ACCEPT);
	g_free(batch);
	kit_rig_free(rig);
}
END_TEST

START_TEST(open_flows_are_told_at_the_end)
{
	struct kit_rig *rig = kit_rig_new(NULL, NULL, NULL);

	udp(rig, "10.0.0.1:1000", "192.0.2.1:53");
	udp(rig, "10.0.0.1:1001", "192.0.2.1:53");
	engine_finish(rig->engine);
	ck_assert_uint_eq(rig->flows_ended, 2);
	ck_assert_int_eq(rig->last_end, FLOW_END_SHUTDOWN);
	kit_rig_free(rig);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("engine");
	TCase *c = tcase_create("engine");

	tcase_add_test(c, three_rules);
	tcase_add_test(c, silence_ends_a_flow);
	tcase_add_test(c, time_does_not_go_back);
	tcase_add_test(c, a_full_table_keeps_what_was_answered);
	tcase_add_test(c, a_full_table_of_answered_flows_refuses);
	tcase_add_test(c, impossible_flags_make_no_state);
	tcase_add_test(c, mid_stream_rule);
	tcase_add_test(c, a_refused_connection_stays_refused);
	tcase_add_test(c, a_lost_syn_is_no_refusal);
	tcase_add_test(c, a_connection_from_beginning_to_end);
	tcase_add_test(c, bad_checksums_go_nowhere);
	tcase_add_test(c, fragments_share_a_verdict);
	tcase_add_test(c, fragments_that_never_meet);
	tcase_add_test(c, icmp_errors_belong_to_a_flow);
	tcase_add_test(c, echo_and_its_answer);
	tcase_add_test(c, what_is_no_ip_passes);
	tcase_add_test(c, open_flows_are_told_at_the_end);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The wall itself: what comes unasked, what scans learn, and flows from their beginning to end. */
#include <string.h>

#include <glib.h>

#include "icf.h"
#include "kit/kit.h"

#define AT(host, port) icf_at(_i, host, port)

START_TEST(F1_unsolicited_inbound)
{
	struct kit_rig *rig = icf_rig(kit_policy(), _i);
	uint8_t echo = _i & ICF_IPV6 ? 128 : 8;

	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 80), TCP_SYN), UNSOLICITED);
	kit_assert_reason(icf_udp(rig, AT(PEER, 9), AT(US, 53)), UNSOLICITED);
	kit_assert_reason(icf_icmp(rig, AT(PEER, 0), AT(US, 0), echo, 1), UNSOLICITED);
	/* GRE, ESP, AH, SCTP, and one that does not exist. */
	kit_assert_reason(icf_raw(rig, AT(PEER, 0), AT(US, 0), PROTO_GRE), UNSOLICITED);
	kit_assert_reason(icf_raw(rig, AT(PEER, 0), AT(US, 0), 50), UNSOLICITED);
	kit_assert_reason(icf_raw(rig, AT(PEER, 0), AT(US, 0), 132), UNSOLICITED);
	kit_assert_reason(icf_raw(rig, AT(PEER, 0), AT(US, 0), 254), UNSOLICITED);
	/* Nothing is left behind, and nothing but a drop is told. */
	ck_assert_uint_eq(icf_flows(rig), 0);
	ck_assert_uint_eq(rig->drops, 7);
	ck_assert_uint_eq(rig->n_late, 0);
	kit_rig_free(rig);
}
END_TEST

static const struct {
	const char *name;
	uint8_t flags;
	bool possible;
} scans[] = {
	{ "SYN", TCP_SYN, true },
	{ "SYN+FIN", TCP_SYN | TCP_FIN, false },
	{ "NULL", 0, false },
	{ "XMAS", TCP_FIN | TCP_PSH | TCP_URG, false },
	{ "FIN", TCP_FIN, false },
	{ "Maimon", TCP_FIN | TCP_ACK, true },
	{ "ACK", TCP_ACK, true },
	{ "SYN+ACK", TCP_SYN | TCP_ACK, true },
	{ "RST", TCP_RST, true },
};

/*
 * No scan can tell a port that somebody listens on from one where nobody does, or from a host that
 * is not there: whatever it asks is dropped, for a reason that does not depend on it. Only a port
 * that is meant to be found can be found, and by a SYN alone.
 */
START_TEST(F2_scans_learn_nothing)
{
	const unsigned ports[] = { 22, 80, 135, 443, 1024, 3389, 8080, 65535 };
	struct policy *policy = kit_policy();
	struct kit_rig *rig;

	kit_open(icf_uplink(policy, _i), "7777/tcp");
	rig = icf_rig(policy, _i);
	/* A conversation that is going on gives no port away either. */
	icf_assert_passes(icf_udp(rig, AT(US, 80), AT(STRANGER, 53)));
	kit_connect(rig, AT(US, 8080), AT(STRANGER, 80));
	for (unsigned s = 0; s < G_N_ELEMENTS(scans); s++) {
		enum reason wanted = scans[s].possible ? REASON_UNSOLICITED : REASON_TCP_FLAGS;

		for (unsigned n = 0; n < G_N_ELEMENTS(ports); n++) {
			ck_assert_msg(icf_tcp(rig, AT(PEER, 40000 + s), AT(US, ports[n]),
					      scans[s].flags) == wanted,
				"%s, port %u", scans[s].name, ports[n]);
			ck_assert_int_eq(icf_tcp(rig, AT(PEER, 40000 + s), AT(FRIEND, ports[n]),
						 scans[s].flags),
				wanted);
			ck_assert_int_eq(icf_udp(rig, AT(PEER, 40000 + s), AT(US, ports[n])),
				REASON_UNSOLICITED);
		}
		if (scans[s].flags != TCP_SYN)
			icf_assert_dropped(
				icf_tcp(rig, AT(PEER, 41000 + s), AT(US, 7777), scans[s].flags));
	}
	ck_assert_uint_eq(icf_flows(rig), 2);
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 7777), TCP_SYN), PORT_MAPPING);
	kit_rig_free(rig);
}
END_TEST

/* What the table has of one flow. */
struct listed {
	unsigned n;
	struct tuple tuple;
	enum flow_state state;
	uint64_t id, last;
};

static void
list_flow(void *context, const struct flow_event *event)
{
	struct listed *listed = context;

	listed->n++;
	listed->id = event->id;
	listed->state = (enum flow_state)event->flow->state;
	listed->last = event->flow->last;
	flow_tuple(event->flow, &listed->tuple);
}

START_TEST(F25_the_table_of_flows)
{
	struct kit_rig *rig = icf_rig(kit_policy(), _i);
	struct listed listed = { 0 };
	struct pn_addr us, peer;
	uint16_t port;

	engine_each_flow(rig->engine, list_flow, &listed);
	ck_assert_uint_eq(listed.n, 0);
	icf_udp(rig, AT(US, 1000), AT(PEER, 53));
	engine_each_flow(rig->engine, list_flow, &listed);
	ck_assert_uint_eq(listed.n, 1);
	kit_endpoint(AT(US, 1000), &us, &port);
	kit_endpoint(AT(PEER, 53), &peer, &port);
	ck_assert(addr_equal(&listed.tuple.src, &us) && addr_equal(&listed.tuple.dst, &peer));
	ck_assert_uint_eq(listed.tuple.src_port, 1000);
	ck_assert_uint_eq(listed.tuple.dst_port, 53);
	ck_assert_uint_eq(listed.tuple.proto, PROTO_UDP);
	ck_assert_int_eq(listed.state, FLOW_UDP_NEW);
	ck_assert_uint_eq(listed.last, rig->now);
	/* The answer belongs to it. */
	icf_udp(rig, AT(PEER, 53), AT(US, 1000));
	listed.n = 0;
	engine_each_flow(rig->engine, list_flow, &listed);
	ck_assert_uint_eq(listed.n, 1);
	ck_assert_int_eq(listed.state, FLOW_UDP_REPLIED);
	ck_assert_uint_eq(listed.id, rig->begun_flow.id);
	kit_rig_free(rig);
}
END_TEST

static enum flow_state
only_state(struct kit_rig *rig)
{
	struct listed listed = { 0 };

	engine_each_flow(rig->engine, list_flow, &listed);
	ck_assert_uint_eq(listed.n, 1);
	return listed.state;
}

START_TEST(F26_tcp_flows)
{
	struct kit_rig *rig = icf_rig(kit_policy(), _i);
	struct kit_packet p = {
		.from = AT(US, 1000), .to = AT(PEER, 80), .flags = TCP_SYN, .seq = 100
	};

	kit_assert_reason(kit_send(rig, &p), OUTBOUND);
	ck_assert_int_eq(only_state(rig), FLOW_TCP_SYN_SENT);
	p = (struct kit_packet){ .from = AT(PEER, 80),
		.to = AT(US, 1000),
		.flags = TCP_SYN | TCP_ACK,
		.seq = 500,
		.ack = 101 };
	kit_assert_reason(kit_send(rig, &p), OUTBOUND);
	ck_assert_int_eq(only_state(rig), FLOW_TCP_SYN_RECEIVED);
	p = (struct kit_packet){
		.from = AT(US, 1000), .to = AT(PEER, 80), .flags = TCP_ACK, .seq = 101, .ack = 501
	};
	kit_assert_reason(kit_send(rig, &p), OUTBOUND);
	ck_assert_int_eq(only_state(rig), FLOW_TCP_ESTABLISHED);
	/* Each of the five tells flows apart. */
	p = (struct kit_packet){
		.from = AT(PEER, 80), .to = AT(US, 1000), .flags = TCP_ACK, .seq = 501, .ack = 101
	};
	kit_assert_reason(kit_send(rig, &p), OUTBOUND);
	p.from = AT(PEER, 81);
	kit_assert_reason(kit_send(rig, &p), UNSOLICITED);
	p.from = AT(STRANGER, 80);
	kit_assert_reason(kit_send(rig, &p), UNSOLICITED);
	p.from = AT(PEER, 80);
	p.to = AT(US, 1001);
	kit_assert_reason(kit_send(rig, &p), UNSOLICITED);
	p.to = AT(FRIEND, 1000);
	kit_assert_reason(kit_send(rig, &p), UNSOLICITED);
	kit_assert_reason(icf_udp(rig, AT(PEER, 80), AT(US, 1000)), UNSOLICITED);
	/* And what the protocol itself does not allow is no part of it. */
	p.to = AT(US, 1000);
	p.seq = 501 + (1 << 30);
	kit_assert_reason(kit_send(rig, &p), TCP_WINDOW);
	kit_rig_free(rig);
}
END_TEST

START_TEST(F27_udp_flows)
{
	struct policy *patient = kit_policy();
	struct kit_rig *rig = icf_rig(kit_policy(), _i);

	/* Answered or not, a minute of silence ends it, and less does not. */
	icf_udp(rig, AT(US, 1), AT(PEER, 53));
	icf_wait(rig, 59);
	kit_assert_reason(icf_udp(rig, AT(PEER, 53), AT(US, 1)), OUTBOUND);
	icf_wait(rig, 59);
	kit_assert_reason(icf_udp(rig, AT(PEER, 53), AT(US, 1)), OUTBOUND);
	icf_wait(rig, 60);
	kit_assert_reason(icf_udp(rig, AT(PEER, 53), AT(US, 1)), UNSOLICITED);
	icf_udp(rig, AT(US, 2), AT(PEER, 53));
	icf_wait(rig, 60);
	kit_assert_reason(icf_udp(rig, AT(PEER, 53), AT(US, 2)), UNSOLICITED);
	/* The time is a setting. */
	patient->table.timeouts[FLOW_UDP_NEW] = 120;
	icf_uplink(patient, _i);
	kit_reload(rig, patient);
	icf_udp(rig, AT(US, 3), AT(PEER, 53));
	icf_wait(rig, 119);
	kit_assert_reason(icf_udp(rig, AT(PEER, 53), AT(US, 3)), OUTBOUND);
	kit_rig_free(rig);
}
END_TEST

/* Both sides close; who closes first makes no difference. */
static void
close_talk(struct kit_talk *talk)
{
	struct kit_packet p = { .flags = TCP_FIN | TCP_ACK };

	for (unsigned dir = 0; dir < 2; dir++) {
		p.from = talk->ends[dir];
		p.to = talk->ends[!dir];
		p.seq = talk->seq[dir]++;
		p.ack = talk->seq[!dir];
		icf_assert_passes(kit_send(talk->rig, &p));
	}
	p = (struct kit_packet){ .from = talk->ends[0],
		.to = talk->ends[1],
		.flags = TCP_ACK,
		.seq = talk->seq[0],
		.ack = talk->seq[1] };
	icf_assert_passes(kit_send(talk->rig, &p));
}

START_TEST(F28_the_end_of_a_flow)
{
	struct kit_rig *rig = icf_rig(kit_policy(), _i);
	struct kit_talk talk = kit_connect(rig, AT(US, 1000), AT(PEER, 80));
	struct kit_packet reset = { .flags = TCP_RST, .from = AT(PEER, 80), .to = AT(US, 1001) };

	close_talk(&talk);
	/* A minute for what is under way, then it is as if it had never been. */
	icf_wait(rig, 61);
	ck_assert_uint_eq(icf_flows(rig), 0);
	kit_assert_reason(kit_segment(&talk, 1, 0, "late", 4), UNSOLICITED);
	talk = kit_connect(rig, AT(US, 1001), AT(PEER, 80));
	reset.seq = talk.seq[1];
	kit_assert_reason(kit_send(rig, &reset), OUTBOUND);
	icf_wait(rig, 11);
	ck_assert_uint_eq(icf_flows(rig), 0);
	kit_assert_reason(kit_segment(&talk, 1, 0, "late", 4), UNSOLICITED);
	/* What is open and silent ends, too. */
	kit_connect(rig, AT(US, 1002), AT(PEER, 80));
	icf_wait(rig, 7439);
	ck_assert_uint_eq(icf_flows(rig), 1);
	icf_wait(rig, 2);
	ck_assert_uint_eq(icf_flows(rig), 0);
	ck_assert_uint_eq(rig->ended[FLOW_END_TIMEOUT], 3);
	kit_rig_free(rig);
}
END_TEST

START_TEST(F29_packets_of_a_flow_pass)
{
	struct kit_rig *rig = icf_rig(kit_policy(), _i);
	uint8_t asks = _i & ICF_IPV6 ? 128 : 8, answers = _i & ICF_IPV6 ? 129 : 0;
	struct kit_talk talk = kit_connect(rig, AT(US, 1000), AT(PEER, 80));

	kit_assert_reason(kit_say(&talk, 0, "GET /"), OUTBOUND);
	kit_assert_reason(kit_say(&talk, 1, "200 fine"), OUTBOUND);
	kit_assert_reason(icf_udp(rig, AT(US, 1000), AT(PEER, 53)), OUTBOUND);
	kit_assert_reason(icf_udp(rig, AT(PEER, 53), AT(US, 1000)), OUTBOUND);
	kit_assert_reason(icf_icmp(rig, AT(US, 0), AT(PEER, 0), asks, 7), OUTBOUND);
	kit_assert_reason(icf_icmp(rig, AT(PEER, 0), AT(US, 0), answers, 7), OUTBOUND);
	kit_assert_reason(icf_raw(rig, AT(US, 0), AT(PEER, 0), 50), OUTBOUND);
	kit_assert_reason(icf_raw(rig, AT(PEER, 0), AT(US, 0), 50), OUTBOUND);
	/* An answer to a question that was not asked. */
	kit_assert_reason(icf_icmp(rig, AT(PEER, 0), AT(US, 0), answers, 8), UNSOLICITED);
	kit_assert_reason(icf_raw(rig, AT(STRANGER, 0), AT(US, 0), 50), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

START_TEST(F30_what_is_sent_makes_a_flow)
{
	struct kit_rig *rig = icf_rig(kit_policy(), _i);
	static const uint8_t protos[] = { PROTO_GRE, 50, 51, 132, 254 };
	uint8_t asks = _i & ICF_IPV6 ? 128 : 8;
	unsigned begun = 3;

	kit_assert_reason(icf_tcp(rig, AT(US, 1), AT(PEER, 1), TCP_SYN), OUTBOUND);
	kit_assert_reason(icf_udp(rig, AT(US, 1), AT(PEER, 1)), OUTBOUND);
	kit_assert_reason(icf_icmp(rig, AT(US, 0), AT(PEER, 0), asks, 1), OUTBOUND);
	for (unsigned n = 0; n < G_N_ELEMENTS(protos); n++, begun++) {
		/* An AH header needs more bytes than the kit makes. */
		if (protos[n] == 51 && _i & ICF_IPV6)
			begun--;
		else
			kit_assert_reason(
				icf_raw(rig, AT(US, 0), AT(PEER, 0), protos[n]), OUTBOUND);
	}
	ck_assert_uint_eq(icf_flows(rig), begun);
	ck_assert_uint_eq(rig->flows_begun, begun);
	ck_assert_int_eq(rig->begun_flow.direction, DIRECTION_OUT);
	/* What is sent to everybody goes out, too. */
	kit_assert_reason(icf_udp(rig, AT(US, 1), AT(GROUP, 1900)), OUTBOUND);
	kit_assert_reason(icf_udp(rig, AT(US, 1), AT(ALL, 9)), OUTBOUND);
	ck_assert_uint_eq(rig->drops, 0);
	kit_rig_free(rig);
}
END_TEST

START_TEST(F31_what_is_received_without_a_flow_is_dropped)
{
	struct kit_rig *rig = icf_rig(kit_policy(), _i);

	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 2222), TCP_SYN), UNSOLICITED);
	/* Again and again: a refusal opens nothing. */
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 2222), TCP_SYN), UNSOLICITED);
	kit_assert_reason(icf_tcp(rig, AT(US, 2222), AT(PEER, 9), TCP_SYN | TCP_ACK), NO_HANDSHAKE);
	kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 2222), TCP_ACK), UNSOLICITED);
	ck_assert_uint_eq(icf_flows(rig), 0);
	/* We may still ask him ourselves. */
	kit_assert_reason(icf_tcp(rig, AT(US, 2222), AT(PEER, 9), TCP_SYN), OUTBOUND);
	kit_rig_free(rig);
}
END_TEST

static bool
is_impossible(unsigned flags)
{
	bool syn = flags & TCP_SYN, fin = flags & TCP_FIN, rst = flags & TCP_RST;

	if (syn || rst)
		return syn + fin + rst > 1;
	return !(flags & TCP_ACK);
}

/* What no host sends goes no further, whatever is open; what hosts do send is judged by the rules.
 */
START_TEST(F33_impossible_flags)
{
	static const uint8_t honest[] = { TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH,
		TCP_ACK | TCP_URG, TCP_FIN | TCP_ACK, TCP_FIN | TCP_PSH | TCP_ACK, TCP_RST,
		TCP_RST | TCP_ACK };
	struct policy *policy = kit_policy();
	struct kit_rig *rig;

	kit_open(icf_uplink(policy, _i), "80/tcp");
	rig = icf_rig(policy, _i);
	kit_connect(rig, AT(US, 1), AT(PEER, 80));
	for (unsigned flags = 0; flags < 64; flags++) {
		if (!is_impossible(flags))
			continue;
		/* In and out, at an open port and where there is a flow. */
		kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 80), (uint8_t)flags), TCP_FLAGS);
		kit_assert_reason(icf_tcp(rig, AT(US, 2), AT(PEER, 80), (uint8_t)flags), TCP_FLAGS);
		kit_assert_reason(icf_tcp(rig, AT(PEER, 80), AT(US, 1), (uint8_t)flags), TCP_FLAGS);
	}
	ck_assert_uint_eq(icf_flows(rig), 1);
	for (unsigned n = 0; n < G_N_ELEMENTS(honest); n++)
		ck_assert_int_ne(
			icf_tcp(rig, AT(PEER, 10), AT(US, 80), honest[n]), REASON_TCP_FLAGS);
	kit_rig_free(rig);
}
END_TEST

START_TEST(F34_handshake_on_open_ports)
{
	static const uint8_t others[] = { TCP_ACK, TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST,
		TCP_RST | TCP_ACK, TCP_PSH | TCP_ACK };
	struct policy *policy = kit_policy();
	struct kit_packet p = { .from = AT(PEER, 9), .to = AT(US, 80), .seq = 1 };
	struct kit_rig *rig;

	kit_open(icf_uplink(policy, _i), "80/tcp");
	rig = icf_rig(policy, _i);
	for (unsigned n = 0; n < G_N_ELEMENTS(others); n++)
		kit_assert_reason(icf_tcp(rig, AT(PEER, 9), AT(US, 80), others[n]), NO_HANDSHAKE);
	ck_assert_uint_eq(icf_flows(rig), 0);
	p.flags = TCP_SYN;
	kit_assert_reason(kit_send(rig, &p), PORT_MAPPING);
	/* Data, or an end, before the other side has answered. */
	p.flags = TCP_ACK | TCP_PSH;
	p.seq = 2;
	p.ack = 1;
	p.payload = "x";
	p.len = 1;
	icf_assert_dropped(kit_send(rig, &p));
	/* An acknowledgement of what was never sent. */
	p = (struct kit_packet){ .from = AT(US, 80),
		.to = AT(PEER, 9),
		.seq = 900,
		.ack = 2,
		.flags = TCP_SYN | TCP_ACK };
	kit_assert_reason(kit_send(rig, &p), PORT_MAPPING);
	p = (struct kit_packet){
		.from = AT(PEER, 9), .to = AT(US, 80), .seq = 2, .ack = 5555, .flags = TCP_ACK
	};
	icf_assert_dropped(kit_send(rig, &p));
	p.ack = 901;
	kit_assert_reason(kit_send(rig, &p), PORT_MAPPING);
	ck_assert_int_eq(only_state(rig), FLOW_TCP_ESTABLISHED);
	kit_rig_free(rig);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("icf-flows");
	TCase *t = tcase_create("flows");

	tcase_add_loop_test(t, F1_unsolicited_inbound, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F2_scans_learn_nothing, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F25_the_table_of_flows, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F26_tcp_flows, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F27_udp_flows, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F28_the_end_of_a_flow, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F29_packets_of_a_flow_pass, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F30_what_is_sent_makes_a_flow, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F31_what_is_received_without_a_flow_is_dropped, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F33_impossible_flags, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F34_handshake_on_open_ports, 0, ICF_VARIANTS);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

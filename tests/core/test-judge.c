// SPDX-License-Identifier: GPL-2.0-or-later
/* What policy says of first packets, of ICMP errors and of sources. */
#include <glib.h>
#include <string.h>

#include "kit/kit.h"
#include "policy/judge.h"

static const struct connection wall = { .firewall = true };
static const struct tuple anybody = { .family = PN_ADDR_IPV4 };

/* What a first packet gets: by direction, and by Midstream= in the order of the enum. */
struct judgement {
	const char *what;
	uint8_t proto;
	uint8_t flags;
	enum reason out[3];
	enum reason in[3];
	enum reason internal[3];
	enum reason transit[3];
};

#define ALWAYS(r)                                                                                  \
	{                                                                                          \
		REASON_##r, REASON_##r, REASON_##r                                                 \
	}
#define BY_MIDSTREAM(a, b, c)                                                                      \
	{                                                                                          \
		REASON_##a, REASON_##b, REASON_##c                                                 \
	}
#define PLAIN ALWAYS(OUTBOUND), ALWAYS(UNSOLICITED), ALWAYS(INTERNAL), ALWAYS(TRANSIT)
#define NEVER ALWAYS(NO_HANDSHAKE), ALWAYS(UNSOLICITED), ALWAYS(NO_HANDSHAKE), ALWAYS(NO_HANDSHAKE)
#define MIDDLE                                                                                     \
	BY_MIDSTREAM(NO_HANDSHAKE, MID_STREAM, MID_STREAM),                                        \
		BY_MIDSTREAM(UNSOLICITED, UNSOLICITED, MID_STREAM),                                \
		BY_MIDSTREAM(NO_HANDSHAKE, INTERNAL, INTERNAL),                                    \
		BY_MIDSTREAM(NO_HANDSHAKE, TRANSIT, TRANSIT)

static const struct judgement judgements[] = {
	{ "SYN", PROTO_TCP, TCP_SYN, PLAIN },
	{ "SYN with data", PROTO_TCP, TCP_SYN | TCP_PSH, PLAIN },
	{ "SYN with ECN", PROTO_TCP, TCP_SYN | 0xc0, PLAIN },
	{ "ACK", PROTO_TCP, TCP_ACK, MIDDLE },
	{ "PSH+ACK", PROTO_TCP, TCP_PSH | TCP_ACK, MIDDLE },
	{ "FIN+ACK", PROTO_TCP, TCP_FIN | TCP_ACK, MIDDLE },
	{ "URG+ACK", PROTO_TCP, TCP_URG | TCP_ACK, MIDDLE },
	{ "SYN+ACK", PROTO_TCP, TCP_SYN | TCP_ACK, NEVER },
	{ "RST", PROTO_TCP, TCP_RST, NEVER },
	{ "RST+ACK", PROTO_TCP, TCP_RST | TCP_ACK, NEVER },
	{ "SYN+RST", PROTO_TCP, TCP_SYN | TCP_RST, NEVER },
	{ "UDP", PROTO_UDP, TCP_RST, PLAIN },
	{ "ICMP", PROTO_ICMP, TCP_RST, PLAIN },
	{ "ICMPv6", PROTO_ICMPV6, TCP_ACK, PLAIN },
	{ "GRE", PROTO_GRE, 0, PLAIN },
	{ "ESP", 50, 0, PLAIN },
	{ "any protocol", 255, TCP_ACK, PLAIN },
};

START_TEST(first_packets)
{
	const struct judgement *j = &judgements[_i];
	struct packet p = { .proto = j->proto, .flags = PACKET_IP };

	key_make(&p.key, &anybody);
	if (j->proto == PROTO_TCP)
		p.tcp.flags = j->flags;
	for (int m = MIDSTREAM_NONE; m <= MIDSTREAM_ANY; m++) {
		const struct policy policy = { .midstream = (enum midstream)m };

		ck_assert_msg(judge_first(&policy, &wall, &p, DIRECTION_OUT, NULL) == j->out[m],
			"%s, out, %d", j->what, m);
		ck_assert_msg(judge_first(&policy, &wall, &p, DIRECTION_IN, NULL) == j->in[m],
			"%s, in, %d", j->what, m);
		ck_assert_msg(
			judge_first(&policy, &wall, &p, DIRECTION_INTERNAL, NULL) == j->internal[m],
			"%s, internal, %d", j->what, m);
		ck_assert_msg(
			judge_first(&policy, &wall, &p, DIRECTION_TRANSIT, NULL) == j->transit[m],
			"%s, transit, %d", j->what, m);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("judge");
	TCase *t = tcase_create("judge");

	tcase_add_loop_test(t, first_packets, 0, G_N_ELEMENTS(judgements));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

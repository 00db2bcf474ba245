// SPDX-License-Identifier: GPL-2.0-or-later
/* ICMP errors: which flow they speak of, and whether they may. */
#include <glib.h>

#include "kit/kit.h"
#include "kit/policies.h"
#include "kit/talk.h"

#define US     "10.0.0.1"
#define THEM   "192.0.2.1"
#define ROUTER "198.51.100.1"

#define SECONDS(n) ((n)*UINT64_C(1000000000))

static struct kit_rig *rig;

static void
set_up(void)
{
	struct policy *policy = kit_policy();

	policy->table.timeouts[FLOW_UDP_NEW] = 30;
	rig = kit_rig_policy(policy, NULL, "10.0.0.0/8");
}

static void
tear_down(void)
{
	kit_rig_free(rig);
}

static struct kit_packet
udp(const char *from, const char *to)
{
	return (struct kit_packet){ .from = from, .to = to, .proto = PROTO_UDP };
}

/* What becomes of an error of that type and code about a packet. */
static enum reason
error_about(const char *from, const char *to, uint8_t type, uint8_t code,
	const struct kit_packet *about)
{
	uint8_t quote[KIT_QUOTE_MAX];
	struct kit_packet error = kit_icmp_error(from, to, type, code, about, quote);

	return kit_send(rig, &error);
}

START_TEST(of_what_a_flow_has_sent)
{
	struct kit_packet out = udp(US ":9", THEM ":53"), back = udp(THEM ":53", US ":9");
	struct kit_packet other = udp(US ":8", THEM ":53");

	kit_assert_reason(error_about(ROUTER, US, 3, 1, &out), UNSOLICITED);
	kit_assert_reason(kit_send(rig, &out), OUTBOUND);
	kit_assert_reason(error_about(ROUTER, US, 3, 1, &out), ICMP_ERROR);
	kit_assert_reason(error_about(THEM, US, 11, 0, &out), ICMP_ERROR);
	kit_assert_reason(error_about(ROUTER, US, 3, 1, &other), UNSOLICITED);
	/* Nobody has answered yet. */
	kit_assert_reason(error_about(ROUTER, US, 3, 1, &back), UNSOLICITED);
	ck_assert_uint_eq(rig->flows_begun, 1);
	engine_finish(rig->engine);
	ck_assert_uint_eq(rig->ended_flow.pkts[DIR_ORIGINAL], 1);
	ck_assert_uint_eq(rig->ended_flow.pkts[DIR_REPLY], 0);
}
END_TEST

/* Its number must have been sent, and lately (RFC 5927 §4.1). */
static const struct {
	uint32_t seq; /* from the first one on */
	enum reason reason;
} numbers[] = {
	{ 0, REASON_ICMP_ERROR },
	{ 1, REASON_ICMP_ERROR },
	{ 2, REASON_UNSOLICITED },
	{ 100000, REASON_UNSOLICITED },
	{ 0x80000000, REASON_UNSOLICITED },
	{ 0xfff00000, REASON_UNSOLICITED },
};

START_TEST(of_a_number_that_was_sent)
{
	struct kit_talk talk = kit_connect(rig, US ":9", THEM ":80");
	struct kit_packet about = { .from = US ":9", .to = THEM ":80", .flags = TCP_ACK };

	about.seq = talk.seq[0] - 1 + numbers[_i].seq;
	ck_assert_int_eq(error_about(ROUTER, US, 3, 1, &about), numbers[_i].reason);
	/* The connection does not mind. */
	kit_assert_reason(kit_say(&talk, 0, "x"), OUTBOUND);
}
END_TEST

START_TEST(it_keeps_nothing_alive)
{
	struct kit_packet out = udp(US ":9", THEM ":53");

	kit_assert_reason(kit_send(rig, &out), OUTBOUND);
	rig->now += SECONDS(25);
	kit_assert_reason(error_about(ROUTER, US, 3, 1, &out), ICMP_ERROR);
	rig->now += SECONDS(10);
	kit_assert_reason(error_about(ROUTER, US, 3, 1, &out), UNSOLICITED);
	ck_assert_uint_eq(rig->ended[FLOW_END_TIMEOUT], 1);
}
END_TEST

START_TEST(of_a_source_that_is_a_lie)
{
	struct kit_packet out = udp(US ":9", THEM ":53");

	kit_assert_reason(kit_send(rig, &out), OUTBOUND);
	kit_assert_reason(error_about("127.0.0.1", US, 3, 1, &out), SPOOFED);
	kit_assert_reason(error_about("224.0.0.1", US, 3, 1, &out), SPOOFED);
	kit_assert_reason(error_about("240.0.0.1", US, 3, 1, &out), SPOOFED);
	rig->policy->connections[0].anti_spoof = ANTI_SPOOF_OFF;
	kit_assert_reason(error_about("127.0.0.1", US, 3, 1, &out), ICMP_ERROR);
}
END_TEST

/* What leaves needs an option of the flow's connection; so does a redirect that comes. */
START_TEST(of_what_options_govern)
{
	struct connection *c = &rig->policy->connections[0];
	struct kit_packet in = udp(THEM ":9", US ":3333"), out = udp(US ":9", THEM ":53");

	kit_open(c, "3333/udp");
	kit_assert_reason(kit_send(rig, &in), PORT_MAPPING);
	c->icmp = 0;
	kit_assert_reason(error_about(US, THEM, 3, 3, &in), ICMP_REFUSED);
	kit_icmp_on(c, ICMP_OPTION_UNREACHABLE_OUT);
	kit_assert_reason(error_about(US, THEM, 3, 3, &in), ICMP_ERROR);
	kit_assert_reason(kit_send(rig, &out), OUTBOUND);
	kit_assert_reason(error_about(ROUTER, US, 5, 1, &out), UNSOLICITED);
	kit_icmp_on(c, ICMP_OPTION_REDIRECT);
	kit_assert_reason(error_about(ROUTER, US, 5, 1, &out), ICMP_OPTION);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("engine-icmp");
	TCase *t = tcase_create("errors");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, of_what_a_flow_has_sent);
	tcase_add_loop_test(t, of_a_number_that_was_sent, 0, G_N_ELEMENTS(numbers));
	tcase_add_test(t, it_keeps_nothing_alive);
	tcase_add_test(t, of_a_source_that_is_a_lie);
	tcase_add_test(t, of_what_options_govern);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

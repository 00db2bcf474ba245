// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The nine ICMP options: off, the message goes neither in nor out, not even where it speaks of a
 * flow that is known; on, it does, at this connection alone. What IP needs passes with all of them
 * off, and so do answers to our own questions and errors about what we have sent.
 */
#include <string.h>

#include <glib.h>

#include "icf.h"
#include "kit/kit.h"

#define AT(host, port) icf_at(_i, host, port)

/* A policy with one option on; -1: with none, and -2: with all. */
static struct policy *
with_option(int variant, int option)
{
	struct policy *policy = kit_policy();
	struct connection *c = icf_uplink(policy, variant);

	if (option >= 0)
		kit_icmp_on(c, (enum icmp_option)option);
	else if (option == -2)
		c->icmp = (UINT32_C(1) << ICMP_OPTION_COUNT) - 1;
	return policy;
}

/* All but this one. */
static struct policy *
without_option(int variant, enum icmp_option option)
{
	struct policy *policy = with_option(variant, -2);

	icf_uplink(policy, variant)->icmp &= ~(UINT32_C(1) << option);
	return policy;
}

static enum reason
ask(struct kit_rig *rig, int variant, enum icf_host from, enum icf_host to, uint8_t type)
{
	return icf_icmp(rig, icf_at(variant, from, 0), icf_at(variant, to, 0), type, 77);
}

/* A question of a stranger; `answer` is what we reply to it. */
static void
check_question(int variant, enum icmp_option option, uint8_t type, uint8_t answer)
{
	struct kit_rig *rig = icf_rig(kit_policy(), variant);

	kit_assert_reason(ask(rig, variant, PEER, US, type), UNSOLICITED);
	kit_assert_reason(ask(rig, variant, PEER, ALL, type), UNSOLICITED);
	/* The others do not let it in. */
	kit_reload(rig, without_option(variant, option));
	kit_assert_reason(ask(rig, variant, PEER, US, type), UNSOLICITED);
	ck_assert_uint_eq(icf_flows(rig), 0);
	kit_reload(rig, with_option(variant, (int)option));
	kit_assert_reason(ask(rig, variant, PEER, US, type), ICMP_OPTION);
	kit_assert_reason(ask(rig, variant, US, PEER, answer), ICMP_OPTION);
	kit_assert_reason(ask(rig, variant, PEER, ALL, type), ICMP_OPTION);
	/* Nothing else comes in by it. */
	kit_assert_reason(
		icf_udp(rig, icf_at(variant, PEER, 77), icf_at(variant, US, 77)), UNSOLICITED);
	kit_rig_free(rig);
}

/* We may ask whatever the options say, and are answered. */
static void
check_our_question(int variant, uint8_t type, uint8_t answer)
{
	struct kit_rig *rig = icf_rig(kit_policy(), variant);

	kit_assert_reason(ask(rig, variant, PEER, US, answer), UNSOLICITED);
	kit_assert_reason(ask(rig, variant, US, PEER, type), OUTBOUND);
	kit_assert_reason(ask(rig, variant, PEER, US, answer), OUTBOUND);
	kit_assert_reason(ask(rig, variant, STRANGER, US, answer), UNSOLICITED);
	kit_rig_free(rig);
}

START_TEST(F71_echo_request_in)
{
	bool is_ipv6 = _i & ICF_IPV6;

	check_question(_i, ICMP_OPTION_ECHO_REQUEST_IN, is_ipv6 ? 128 : 8, is_ipv6 ? 129 : 0);
	check_our_question(_i, is_ipv6 ? 128 : 8, is_ipv6 ? 129 : 0);
}
END_TEST

/* IPv6 has no such questions: those of that number mean nothing, and no option speaks of them. */
static void
check_unknown_question(int variant, uint8_t type)
{
	struct kit_rig *rig = icf_rig(with_option(variant, -2), variant);

	kit_assert_reason(ask(rig, variant, PEER, US, type), UNSOLICITED);
	kit_rig_free(rig);
}

START_TEST(F72_timestamp_request_in)
{
	if (_i & ICF_IPV6) {
		check_unknown_question(_i, 13);
		return;
	}
	check_question(_i, ICMP_OPTION_TIMESTAMP_REQUEST_IN, 13, 14);
	check_our_question(_i, 13, 14);
}
END_TEST

START_TEST(F73_mask_request_in)
{
	if (_i & ICF_IPV6) {
		check_unknown_question(_i, 17);
		return;
	}
	check_question(_i, ICMP_OPTION_MASK_REQUEST_IN, 17, 18);
	check_our_question(_i, 17, 18);
}
END_TEST

/* RFC 1256: the answer is an advertisement of its own. In IPv6 no link works without it. */
START_TEST(F74_router_request_in)
{
	const struct kit_packet solicitation = { .from = "fe80::9",
		.to = "ff02::2",
		.ttl = 255,
		.proto = PROTO_ICMPV6,
		.icmp_type = 133 };
	struct kit_rig *rig = icf_rig(kit_policy(), _i);

	if (_i & ICF_IPV6) {
		kit_assert_reason(kit_send(rig, &solicitation), ICMP_NEEDED);
		kit_rig_free(rig);
		return;
	}
	kit_assert_reason(ask(rig, _i, PEER, GROUP, 10), UNSOLICITED);
	kit_reload(rig, without_option(_i, ICMP_OPTION_ROUTER_REQUEST_IN));
	kit_assert_reason(ask(rig, _i, PEER, GROUP, 10), UNSOLICITED);
	kit_reload(rig, with_option(_i, ICMP_OPTION_ROUTER_REQUEST_IN));
	kit_assert_reason(ask(rig, _i, PEER, GROUP, 10), ICMP_OPTION);
	kit_assert_reason(ask(rig, _i, US, PEER, 9), OUTBOUND);
	kit_rig_free(rig);
}
END_TEST

/* An error of ours about a packet that we have let in, and about one that we have not. */
static enum reason
complain(struct kit_rig *rig, int variant, uint8_t type, uint8_t code, unsigned port)
{
	const struct kit_packet about = { .from = icf_at(variant, PEER, 9),
		.to = icf_at(variant, US, port),
		.proto = PROTO_UDP,
		.payload = "x",
		.len = 1 };
	uint8_t quote[KIT_QUOTE_MAX];
	struct kit_packet error = kit_icmp_error(
		icf_at(variant, US, 0), icf_at(variant, PEER, 0), type, code, &about, quote);

	return kit_send(rig, &error);
}

static struct policy *
with_port(struct policy *policy, int variant)
{
	kit_open(icf_uplink(policy, variant), "53/udp");
	return policy;
}

static void
check_error_out(int variant, enum icmp_option option, uint8_t type)
{
	struct kit_rig *rig = icf_rig(with_port(kit_policy(), variant), variant);

	icf_assert_passes(icf_udp(rig, icf_at(variant, PEER, 9), icf_at(variant, US, 53)));
	icf_assert_dropped(icf_udp(rig, icf_at(variant, PEER, 9), icf_at(variant, US, 54)));
	for (uint8_t code = 0; code < 3; code++) {
		kit_assert_reason(complain(rig, variant, type, code, 53), ICMP_REFUSED);
		kit_assert_reason(complain(rig, variant, type, code, 54), ICMP_REFUSED);
	}
	kit_reload(rig, with_port(without_option(variant, option), variant));
	kit_assert_reason(complain(rig, variant, type, 0, 53), ICMP_REFUSED);
	kit_assert_reason(complain(rig, variant, type, 0, 54), ICMP_REFUSED);
	ck_assert_uint_eq(icf_flows(rig), 1);
	kit_reload(rig, with_port(with_option(variant, (int)option), variant));
	kit_assert_reason(complain(rig, variant, type, 0, 53), ICMP_ERROR);
	kit_assert_reason(complain(rig, variant, type, 0, 54), OUTBOUND);
	/* Off again: what was sent before does not keep the way open. */
	kit_reload(rig, with_port(kit_policy(), variant));
	kit_assert_reason(complain(rig, variant, type, 0, 53), ICMP_REFUSED);
	kit_assert_reason(complain(rig, variant, type, 0, 54), ICMP_REFUSED);
	kit_rig_free(rig);
}

/* The same of others about what we have sent comes in, but never about what we have not. */
static void
check_error_in(int variant, uint8_t type, uint8_t code)
{
	struct kit_rig *rig = icf_rig(kit_policy(), variant);
	struct kit_packet about = { .from = icf_at(variant, US, 9),
		.to = icf_at(variant, PEER, 53),
		.proto = PROTO_UDP,
		.payload = "x",
		.len = 1 };
	uint8_t quote[KIT_QUOTE_MAX];
	struct kit_packet error = kit_icmp_error(
		icf_at(variant, STRANGER, 0), icf_at(variant, US, 0), type, code, &about, quote);

	kit_assert_reason(kit_send(rig, &error), UNSOLICITED);
	kit_assert_reason(kit_send(rig, &about), OUTBOUND);
	kit_assert_reason(kit_send(rig, &error), ICMP_ERROR);
	about.to = icf_at(variant, PEER, 54);
	error = kit_icmp_error(
		icf_at(variant, STRANGER, 0), icf_at(variant, US, 0), type, code, &about, quote);
	kit_assert_reason(kit_send(rig, &error), UNSOLICITED);
	/* Nor with every option on. */
	kit_reload(rig, with_option(variant, -2));
	kit_assert_reason(kit_send(rig, &error), UNSOLICITED);
	kit_rig_free(rig);
}

START_TEST(F75_destination_unreachable_out)
{
	uint8_t type = _i & ICF_IPV6 ? 1 : 3;

	check_error_out(_i, ICMP_OPTION_UNREACHABLE_OUT, type);
	check_error_in(_i, type, 3);
}
END_TEST

START_TEST(F76_source_quench_out)
{
	if (_i & ICF_IPV6) /* there is none */
		return;
	check_error_out(_i, ICMP_OPTION_SOURCE_QUENCH_OUT, 4);
	check_error_in(_i, 4, 0);
}
END_TEST

START_TEST(F77_parameter_problem_out)
{
	uint8_t type = _i & ICF_IPV6 ? 4 : 12;

	check_error_out(_i, ICMP_OPTION_PARAMETER_PROBLEM_OUT, type);
	check_error_in(_i, type, 0);
}
END_TEST

START_TEST(F78_time_exceeded_out)
{
	uint8_t type = _i & ICF_IPV6 ? 3 : 11;

	check_error_out(_i, ICMP_OPTION_TIME_EXCEEDED_OUT, type);
	check_error_in(_i, type, 0);
}
END_TEST

/* In and out. In IPv4 what comes in must speak of a flow; in IPv6 it must come from the link. */
START_TEST(F79_redirect)
{
	struct kit_rig *rig = icf_rig(kit_policy(), _i);
	const struct kit_packet about = {
		.from = AT(US, 9), .to = AT(PEER, 53), .proto = PROTO_UDP, .payload = "x", .len = 1
	};
	const struct kit_packet other = {
		.from = AT(US, 9), .to = AT(PEER, 54), .proto = PROTO_UDP, .payload = "x", .len = 1
	};
	uint8_t type = _i & ICF_IPV6 ? 137 : 5, quote[KIT_QUOTE_MAX], quote_other[KIT_QUOTE_MAX];
	struct kit_packet known = kit_icmp_error(AT(PEER, 0), AT(US, 0), type, 1, &about, quote);
	struct kit_packet unknown =
		kit_icmp_error(AT(PEER, 0), AT(US, 0), type, 1, &other, quote_other);
	struct kit_packet ours = kit_icmp_error(AT(US, 0), AT(PEER, 0), type, 1, &about, quote);

	kit_assert_reason(kit_send(rig, &about), OUTBOUND);
	kit_assert_reason(kit_send(rig, &known), UNSOLICITED);
	kit_assert_reason(kit_send(rig, &unknown), UNSOLICITED);
	kit_assert_reason(kit_send(rig, &ours), ICMP_REFUSED);
	kit_reload(rig, without_option(_i, ICMP_OPTION_REDIRECT));
	kit_assert_reason(kit_send(rig, &known), UNSOLICITED);
	kit_assert_reason(kit_send(rig, &ours), ICMP_REFUSED);
	kit_reload(rig, with_option(_i, ICMP_OPTION_REDIRECT));
	unknown.ttl = 64;
	kit_assert_reason(kit_send(rig, &unknown), UNSOLICITED);
	kit_assert_reason(kit_send(rig, &known), ICMP_OPTION);
	icf_assert_passes(kit_send(rig, &ours));
	kit_rig_free(rig);
}
END_TEST

/* RFC 1191, RFC 8201: without it a path that is narrow is a black hole. */
START_TEST(packets_that_are_too_big)
{
	struct kit_rig *rig = icf_rig(with_port(kit_policy(), _i), _i);
	uint8_t type = _i & ICF_IPV6 ? 2 : 3, code = _i & ICF_IPV6 ? 0 : 4;

	icf_assert_passes(icf_udp(rig, AT(PEER, 9), AT(US, 53)));
	kit_assert_reason(complain(rig, _i, type, code, 53), ICMP_ERROR);
	kit_assert_reason(complain(rig, _i, type, code, 54), OUTBOUND);
	kit_rig_free(rig);
	check_error_in(_i, type, code);
}
END_TEST

static const struct {
	const char *from, *to;
	uint8_t type, ttl;
	bool in, out;
} of_the_link[] = {
	{ "fe80::9", "ff02::2", 133, 255, true, true },
	{ "fe80::9", "ff02::1", 134, 255, true, true },
	{ "fe80::9", "ff02::1:ff00:1", 135, 255, true, true },
	{ "fe80::9", "2001:db8:1::1", 135, 255, true, false },
	{ "fe80::9", "fe80::1", 136, 255, true, true },
	{ "::", "ff02::1:ff00:1", 135, 255, true, true },
	{ "fe80::9", "ff02::1", 130, 1, true, true },
	{ "fe80::9", "ff02::9", 131, 1, true, true },
	{ "fe80::9", "ff02::2", 132, 1, true, true },
	{ "fe80::9", "ff02::16", 143, 1, true, true },
	{ "::", "ff02::16", 143, 1, true, true },
	/* From afar. */
	{ "fe80::9", "ff02::1", 134, 64, false, false },
	{ "2001:db8:9::1", "2001:db8:1::1", 135, 64, false, false },
	{ "2001:db8:9::1", "2001:db8:1::1", 136, 254, false, false },
	{ "fe80::9", "ff02::1", 130, 64, false, false },
	{ "2001:db8:9::1", "ff02::1", 130, 1, false, false },
};

/* RFC 4890: neighbours and listeners find each other with all options off, if it is them. */
START_TEST(what_the_link_needs)
{
	struct policy *policy = kit_policy();
	struct kit_rig *rig;
	struct kit_packet p = {
		.from = of_the_link[_i].from,
		.to = of_the_link[_i].to,
		.proto = PROTO_ICMPV6,
		.icmp_type = of_the_link[_i].type,
		.ttl = of_the_link[_i].ttl,
	};

	icf_uplink(policy, ICF_UPLINK);
	rig = icf_rig(policy, ICF_UPLINK);
	if (of_the_link[_i].in)
		kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &p), ICMP_NEEDED);
	else
		kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &p), UNSOLICITED);
	if (of_the_link[_i].out)
		icf_assert_passes(kit_send_on(rig, "wan0", WAY_SENT, &p));
	kit_rig_free(rig);
	/* Where nothing is known but addresses. */
	rig = icf_rig(kit_policy(), 0);
	if (of_the_link[_i].in)
		icf_assert_passes(kit_send(rig, &p));
	kit_rig_free(rig);
}
END_TEST

/* A neighbour that is asked again is asked from an address of the link (RFC 4861 §7.2.2). */
START_TEST(neighbours_are_asked_again)
{
	const struct kit_packet probe = { .from = "fe80::1",
		.to = "2001:db8:9::1",
		.ttl = 255,
		.proto = PROTO_ICMPV6,
		.icmp_type = 135 };
	const struct kit_packet answer = { .from = "2001:db8:9::1",
		.to = "fe80::1",
		.ttl = 255,
		.proto = PROTO_ICMPV6,
		.icmp_type = 136 };
	struct kit_rig *rig = icf_rig(kit_policy(), ICF_UPLINK);

	icf_assert_passes(kit_send_on(rig, "wan0", WAY_SENT, &probe));
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &answer), ICMP_NEEDED);
	kit_rig_free(rig);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("icf-icmp");
	TCase *t = tcase_create("icmp");

	tcase_add_loop_test(t, F71_echo_request_in, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F72_timestamp_request_in, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F73_mask_request_in, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F74_router_request_in, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F75_destination_unreachable_out, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F76_source_quench_out, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F77_parameter_problem_out, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F78_time_exceeded_out, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F79_redirect, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, packets_that_are_too_big, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, what_the_link_needs, 0, G_N_ELEMENTS(of_the_link));
	tcase_add_test(t, neighbours_are_asked_again);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

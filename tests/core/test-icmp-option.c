// SPDX-License-Identifier: GPL-2.0-or-later
/* Which option speaks of which ICMP message, by version, type, code, direction and way to here. */
#include <string.h>

#include <glib.h>

#include "kit/kit.h"
#include "kit/packets.h"
#include "policy/icmp-option.h"

/* What is said of a message, in short. */
enum {
	NO = -1,     /* no option speaks of it */
	NEEDED = -2, /* passes always */
};

static int
rule_of(const struct kit_packet *packet, enum direction direction)
{
	enum icmp_option option = ICMP_OPTION_COUNT;
	struct packet p;

	kit_packet(packet, 0, NULL, &p);
	switch (icmp_rule(&p, direction, &option)) {
	case ICMP_UNGOVERNED:
		ck_assert_int_eq(option, ICMP_OPTION_COUNT);
		return NO;
	case ICMP_GOVERNED:
		return (int)option;
	case ICMP_NEEDED:
		return NEEDED;
	}
	return 99;
}

/* The options, as types of both versions (-1: none), and in which directions they speak. */
static const struct {
	const char *name;
	int v4, v6;
	bool in, out;
} options[ICMP_OPTION_COUNT] = {
	[ICMP_OPTION_ECHO_REQUEST_IN] = { "echo-request-in", 8, 128, true, false },
	[ICMP_OPTION_TIMESTAMP_REQUEST_IN] = { "timestamp-request-in", 13, -1, true, false },
	[ICMP_OPTION_MASK_REQUEST_IN] = { "mask-request-in", 17, -1, true, false },
	[ICMP_OPTION_ROUTER_REQUEST_IN] = { "router-request-in", 10, -1, true, false },
	[ICMP_OPTION_UNREACHABLE_OUT] = { "destination-unreachable-out", 3, 1, false, true },
	[ICMP_OPTION_SOURCE_QUENCH_OUT] = { "source-quench-out", 4, -1, false, true },
	[ICMP_OPTION_PARAMETER_PROBLEM_OUT] = { "parameter-problem-out", 12, 4, false, true },
	[ICMP_OPTION_TIME_EXCEEDED_OUT] = { "time-exceeded-out", 11, 3, false, true },
	[ICMP_OPTION_REDIRECT] = { "redirect", 5, 137, true, true },
};

static void
check_option(int option, const struct kit_packet *packet)
{
	bool in = options[option].in, out = options[option].out;

	ck_assert_int_eq(rule_of(packet, DIRECTION_IN), in ? option : NO);
	ck_assert_int_eq(rule_of(packet, DIRECTION_OUT), out ? option : NO);
	ck_assert_int_eq(rule_of(packet, DIRECTION_INTERNAL), NO);
	ck_assert_int_eq(rule_of(packet, DIRECTION_TRANSIT), NO);
}

START_TEST(each_option)
{
	struct kit_packet v4 = { .proto = PROTO_ICMP };
	struct kit_packet v6 = {
		.from = "2001:db8::1", .to = "2001:db8::2", .proto = PROTO_ICMPV6, .ttl = 255
	};

	v4.icmp_type = (uint8_t)options[_i].v4;
	v6.icmp_type = (uint8_t)options[_i].v6;
	ck_assert_str_eq(icmp_option_name((enum icmp_option)_i), options[_i].name);
	check_option(_i, &v4);
	v4.icmp_code = 1;
	check_option(_i, &v4);
	if (options[_i].v6 >= 0)
		check_option(_i, &v6);
}
END_TEST

/* Every type that is not in the list above, nor below. */
START_TEST(all_others)
{
	static const uint8_t needed[] = { 130, 131, 132, 133, 134, 135, 136, 143 };
	struct kit_packet p = { .icmp_type = (uint8_t)_i };
	bool known[2] = { false, _i == 2 || memchr(needed, _i, sizeof(needed)) };

	for (unsigned i = 0; i < ICMP_OPTION_COUNT; i++) {
		known[0] |= options[i].v4 == _i;
		known[1] |= options[i].v6 == _i;
	}
	p.proto = PROTO_ICMP;
	for (int d = DIRECTION_OUT; !known[0] && d <= DIRECTION_TRANSIT; d++)
		ck_assert_int_eq(rule_of(&p, (enum direction)d), NO);
	p.proto = PROTO_ICMPV6;
	p.from = p.to = "fe80::1";
	p.ttl = 1;
	for (int d = DIRECTION_OUT; !known[1] && d <= DIRECTION_TRANSIT; d++)
		ck_assert_int_eq(rule_of(&p, (enum direction)d), NO);
}
END_TEST

START_TEST(too_big_is_never_governed)
{
	struct kit_packet v4 = { .proto = PROTO_ICMP, .icmp_type = 3, .icmp_code = 4 };
	struct kit_packet v6 = {
		.from = "2001:db8::1", .to = "2001:db8::2", .proto = PROTO_ICMPV6, .icmp_type = 2
	};

	for (int d = DIRECTION_OUT; d <= DIRECTION_TRANSIT; d++) {
		ck_assert_int_eq(rule_of(&v4, (enum direction)d), NO);
		ck_assert_int_eq(rule_of(&v6, (enum direction)d), NO);
	}
	/* Type 3 code 4 is that in IPv4 only; types 1 and 2 are nothing there. */
	v6.icmp_type = 3;
	v6.icmp_code = 4;
	ck_assert_int_eq(rule_of(&v6, DIRECTION_OUT), ICMP_OPTION_TIME_EXCEEDED_OUT);
	v4.icmp_code = 3;
	ck_assert_int_eq(rule_of(&v4, DIRECTION_OUT), ICMP_OPTION_UNREACHABLE_OUT);
}
END_TEST

static const struct {
	const char *what, *from;
	uint8_t type, ttl;
	int rule;
} of_the_link[] = {
	{ "router solicitation", "fe80::1", 133, 255, NEEDED },
	{ "router advertisement", "fe80::1", 134, 255, NEEDED },
	{ "neighbour solicitation", "fe80::1", 135, 255, NEEDED },
	{ "… of a global address", "2001:db8::1", 135, 255, NEEDED },
	{ "duplicate address detection", "::", 135, 255, NEEDED },
	{ "neighbour advertisement", "fe80::1", 136, 255, NEEDED },
	{ "router advertisement from afar", "fe80::1", 134, 254, NO },
	{ "neighbour advertisement from afar", "2001:db8::1", 136, 64, NO },
	{ "solicitation with the limit of the other kind", "fe80::1", 135, 1, NO },
	{ "listener query", "fe80::1", 130, 1, NEEDED },
	{ "listener report", "fe80::1", 131, 1, NEEDED },
	{ "listener done", "fe80::1", 132, 1, NEEDED },
	{ "version 2 report", "fe80::1", 143, 1, NEEDED },
	{ "version 2 report without an address", "::", 143, 1, NEEDED },
	{ "listener query from afar", "fe80::1", 130, 64, NO },
	{ "listener query with the limit of the other kind", "fe80::1", 130, 255, NO },
	{ "listener query of somebody whose limit has just run out", "2001:db8::1", 130, 1, NO },
	{ "version 2 report of the same", "2001:db8::1", 143, 1, NO },
};

START_TEST(what_the_link_needs)
{
	const struct kit_packet p = {
		.from = of_the_link[_i].from,
		.to = "ff02::1",
		.proto = PROTO_ICMPV6,
		.icmp_type = of_the_link[_i].type,
		.ttl = of_the_link[_i].ttl,
	};

	ck_assert_int_eq(rule_of(&p, DIRECTION_IN), of_the_link[_i].rule);
	ck_assert_int_eq(rule_of(&p, DIRECTION_OUT), of_the_link[_i].rule);
	ck_assert_int_eq(rule_of(&p, DIRECTION_INTERNAL), NO);
}
END_TEST

/* RFC 4861 §8.1: nobody may believe it. So no option lets it in; but it is held back like any. */
START_TEST(redirects_from_afar)
{
	const struct kit_packet p = { .from = "fe80::1",
		.to = "fe80::2",
		.proto = PROTO_ICMPV6,
		.icmp_type = 137,
		.ttl = 64 };

	ck_assert_int_eq(rule_of(&p, DIRECTION_IN), NO);
	ck_assert_int_eq(rule_of(&p, DIRECTION_OUT), ICMP_OPTION_REDIRECT);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("icmp-option");
	TCase *t = tcase_create("icmp-option");

	tcase_add_loop_test(t, each_option, 0, ICMP_OPTION_COUNT);
	tcase_add_loop_test(t, all_others, 0, 256);
	tcase_add_test(t, too_big_is_never_governed);
	tcase_add_loop_test(t, what_the_link_needs, 0, G_N_ELEMENTS(of_the_link));
	tcase_add_test(t, redirects_from_afar);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

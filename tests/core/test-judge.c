// SPDX-License-Identifier: GPL-2.0-or-later
/* What policy says of first packets, of ICMP errors and of sources. */
#include <glib.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/packets.h"
#include "kit/policies.h"
#include "policy/config.h"
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

/* Fills a packet from a description. */
static const struct packet *
made(struct packet *p, uint8_t proto, const char *from, const char *to, uint8_t flags)
{
	const struct kit_packet packet = { .from = from, .to = to, .proto = proto, .flags = flags };

	kit_packet(&packet, 0, NULL, p);
	return p;
}

START_TEST(open_ports)
{
	struct policy *policy = kit_policy();
	struct connection *c = &policy->connections[0];
	const struct port_mapping *web = kit_open(c, "80/tcp");
	struct judge_rule rule;
	struct packet p;

	made(&p, PROTO_TCP, "192.0.2.1:9", "10.0.0.1:80", TCP_SYN);
	ck_assert_int_eq(judge_first(policy, c, &p, DIRECTION_IN, &rule), REASON_PORT_MAPPING);
	ck_assert_ptr_eq(rule.mapping, web);
	ck_assert(!rule.has_icmp_option);
	/* A mapping is for what comes in, and says nothing of the rest. */
	ck_assert_int_eq(judge_first(policy, c, &p, DIRECTION_OUT, &rule), REASON_OUTBOUND);
	ck_assert_ptr_null(rule.mapping);
	ck_assert_int_eq(judge_first(policy, c, &p, DIRECTION_INTERNAL, &rule), REASON_INTERNAL);
	ck_assert_int_eq(judge_first(policy, c, &p, DIRECTION_TRANSIT, &rule), REASON_TRANSIT);
	made(&p, PROTO_TCP, "192.0.2.1:9", "10.0.0.1:81", TCP_SYN);
	ck_assert_int_eq(judge_first(policy, c, &p, DIRECTION_IN, &rule), REASON_UNSOLICITED);
	ck_assert_ptr_null(rule.mapping);
	made(&p, PROTO_UDP, "192.0.2.1:9", "10.0.0.1:80", 0);
	ck_assert_int_eq(judge_first(policy, c, &p, DIRECTION_IN, NULL), REASON_UNSOLICITED);
	policy_unref(policy);
}
END_TEST

/* At an open port what does not begin with a SYN has a reason of its own; at others it has none. */
START_TEST(handshake_at_open_ports)
{
	static const uint8_t flags[] = { TCP_ACK, TCP_SYN | TCP_ACK, TCP_RST, TCP_RST | TCP_ACK,
		TCP_FIN | TCP_ACK, TCP_PSH | TCP_ACK };
	struct policy *policy = kit_policy();
	struct connection *c = &policy->connections[0];
	const struct port_mapping *web = kit_open(c, "80/tcp");
	struct judge_rule rule;
	struct packet p;

	for (unsigned i = 0; i < G_N_ELEMENTS(flags); i++) {
		made(&p, PROTO_TCP, "192.0.2.1:9", "10.0.0.1:80", flags[i]);
		ck_assert_int_eq(
			judge_first(policy, c, &p, DIRECTION_IN, &rule), REASON_NO_HANDSHAKE);
		ck_assert_ptr_eq(rule.mapping, web);
		made(&p, PROTO_TCP, "192.0.2.1:9", "10.0.0.1:81", flags[i]);
		ck_assert_int_eq(
			judge_first(policy, c, &p, DIRECTION_IN, &rule), REASON_UNSOLICITED);
		ck_assert_ptr_null(rule.mapping);
	}
	policy_unref(policy);
}
END_TEST

static void
make_icmp(struct packet *p, uint8_t proto, uint8_t type, uint8_t code)
{
	const bool is_ipv6 = proto == PROTO_ICMPV6;
	const struct kit_packet packet = {
		.from = is_ipv6 ? "fe80::1" : "192.0.2.1",
		.to = is_ipv6 ? "fe80::2" : "10.0.0.1",
		.proto = proto,
		.ttl = 255,
		.icmp_type = type,
		.icmp_code = code,
	};

	kit_packet(&packet, 0, NULL, p);
}

/* The first packet of nobody's flow: what it gets with no option on, and with just this one. */
static const struct {
	uint8_t proto, type, code;
	int option; /* -1: none speaks of it */
	enum direction direction;
	enum reason off, on;
} messages[] = {
	{ 1, 8, 0, ICMP_OPTION_ECHO_REQUEST_IN, DIRECTION_IN, REASON_UNSOLICITED,
		REASON_ICMP_OPTION },
	{ 58, 128, 0, ICMP_OPTION_ECHO_REQUEST_IN, DIRECTION_IN, REASON_UNSOLICITED,
		REASON_ICMP_OPTION },
	{ 1, 8, 0, ICMP_OPTION_ECHO_REQUEST_IN, DIRECTION_OUT, REASON_OUTBOUND, REASON_OUTBOUND },
	{ 1, 3, 1, ICMP_OPTION_UNREACHABLE_OUT, DIRECTION_OUT, REASON_ICMP_REFUSED,
		REASON_OUTBOUND },
	{ 58, 1, 4, ICMP_OPTION_UNREACHABLE_OUT, DIRECTION_OUT, REASON_ICMP_REFUSED,
		REASON_OUTBOUND },
	{ 1, 3, 1, ICMP_OPTION_UNREACHABLE_OUT, DIRECTION_IN, REASON_UNSOLICITED,
		REASON_UNSOLICITED },
	{ 1, 3, 4, -1, DIRECTION_OUT, REASON_OUTBOUND, REASON_OUTBOUND },
	{ 1, 3, 4, -1, DIRECTION_IN, REASON_UNSOLICITED, REASON_UNSOLICITED },
	{ 58, 2, 0, -1, DIRECTION_OUT, REASON_OUTBOUND, REASON_OUTBOUND },
	{ 58, 2, 0, -1, DIRECTION_IN, REASON_UNSOLICITED, REASON_UNSOLICITED },
	{ 1, 5, 1, ICMP_OPTION_REDIRECT, DIRECTION_OUT, REASON_ICMP_REFUSED, REASON_OUTBOUND },
	/* It must speak of a flow; what an IPv6 redirect speaks of stands where nobody looks. */
	{ 1, 5, 1, ICMP_OPTION_REDIRECT, DIRECTION_IN, REASON_UNSOLICITED, REASON_UNSOLICITED },
	{ 58, 137, 0, ICMP_OPTION_REDIRECT, DIRECTION_IN, REASON_UNSOLICITED, REASON_ICMP_OPTION },
	{ 58, 135, 0, -1, DIRECTION_IN, REASON_ICMP_NEEDED, REASON_ICMP_NEEDED },
	{ 58, 135, 0, -1, DIRECTION_OUT, REASON_OUTBOUND, REASON_OUTBOUND },
	{ 58, 135, 0, -1, DIRECTION_TRANSIT, REASON_TRANSIT, REASON_TRANSIT },
	{ 1, 0, 0, -1, DIRECTION_IN, REASON_UNSOLICITED, REASON_UNSOLICITED },
};

START_TEST(icmp_options)
{
	struct policy *policy = kit_policy();
	struct connection *c = &policy->connections[0];
	int option = messages[_i].option;
	enum direction direction = messages[_i].direction;
	struct judge_rule rule;
	struct packet p;

	make_icmp(&p, messages[_i].proto, messages[_i].type, messages[_i].code);
	ck_assert_int_eq(judge_first(policy, c, &p, direction, &rule), messages[_i].off);
	ck_assert_ptr_null(rule.mapping);
	if (messages[_i].off != messages[_i].on) {
		ck_assert(rule.has_icmp_option);
		ck_assert_int_eq(rule.icmp_option, option);
	}
	c->icmp = ~(option < 0 ? 0 : UINT32_C(1) << option);
	ck_assert_int_eq(judge_first(policy, c, &p, direction, NULL), messages[_i].off);
	c->icmp = ~c->icmp;
	ck_assert_int_eq(judge_first(policy, c, &p, direction, &rule), messages[_i].on);
	policy_unref(policy);
}
END_TEST

static const struct {
	uint8_t proto, type, code;
	int option; /* -1: passes always */
	enum direction direction;
	enum reason off, on;
} errors[] = {
	{ 1, 3, 1, -1, DIRECTION_IN, REASON_ICMP_ERROR, REASON_ICMP_ERROR },
	{ 1, 4, 0, -1, DIRECTION_IN, REASON_ICMP_ERROR, REASON_ICMP_ERROR },
	{ 1, 11, 0, -1, DIRECTION_IN, REASON_ICMP_ERROR, REASON_ICMP_ERROR },
	{ 1, 12, 0, -1, DIRECTION_IN, REASON_ICMP_ERROR, REASON_ICMP_ERROR },
	{ 1, 5, 0, ICMP_OPTION_REDIRECT, DIRECTION_IN, REASON_UNSOLICITED, REASON_ICMP_OPTION },
	{ 58, 1, 0, -1, DIRECTION_IN, REASON_ICMP_ERROR, REASON_ICMP_ERROR },
	{ 58, 3, 0, -1, DIRECTION_IN, REASON_ICMP_ERROR, REASON_ICMP_ERROR },
	{ 58, 4, 0, -1, DIRECTION_IN, REASON_ICMP_ERROR, REASON_ICMP_ERROR },
	{ 58, 2, 0, -1, DIRECTION_IN, REASON_ICMP_ERROR, REASON_ICMP_ERROR },
	{ 1, 3, 4, -1, DIRECTION_OUT, REASON_ICMP_ERROR, REASON_ICMP_ERROR },
	{ 58, 2, 0, -1, DIRECTION_OUT, REASON_ICMP_ERROR, REASON_ICMP_ERROR },
	{ 1, 3, 3, ICMP_OPTION_UNREACHABLE_OUT, DIRECTION_OUT, REASON_ICMP_REFUSED,
		REASON_ICMP_ERROR },
	{ 1, 4, 0, ICMP_OPTION_SOURCE_QUENCH_OUT, DIRECTION_OUT, REASON_ICMP_REFUSED,
		REASON_ICMP_ERROR },
	{ 1, 5, 0, ICMP_OPTION_REDIRECT, DIRECTION_OUT, REASON_ICMP_REFUSED, REASON_ICMP_ERROR },
	{ 1, 11, 0, ICMP_OPTION_TIME_EXCEEDED_OUT, DIRECTION_OUT, REASON_ICMP_REFUSED,
		REASON_ICMP_ERROR },
	{ 1, 12, 0, ICMP_OPTION_PARAMETER_PROBLEM_OUT, DIRECTION_OUT, REASON_ICMP_REFUSED,
		REASON_ICMP_ERROR },
	{ 58, 1, 0, ICMP_OPTION_UNREACHABLE_OUT, DIRECTION_OUT, REASON_ICMP_REFUSED,
		REASON_ICMP_ERROR },
	{ 58, 3, 0, ICMP_OPTION_TIME_EXCEEDED_OUT, DIRECTION_OUT, REASON_ICMP_REFUSED,
		REASON_ICMP_ERROR },
	{ 58, 4, 0, ICMP_OPTION_PARAMETER_PROBLEM_OUT, DIRECTION_OUT, REASON_ICMP_REFUSED,
		REASON_ICMP_ERROR },
	{ 1, 3, 3, -1, DIRECTION_INTERNAL, REASON_ICMP_ERROR, REASON_ICMP_ERROR },
	{ 1, 5, 0, -1, DIRECTION_TRANSIT, REASON_ICMP_ERROR, REASON_ICMP_ERROR },
};

START_TEST(errors_of_known_flows)
{
	struct connection c = wall;
	int option = errors[_i].option;
	struct judge_rule rule;
	struct packet p;

	make_icmp(&p, errors[_i].proto, errors[_i].type, errors[_i].code);
	ck_assert_int_eq(judge_error(&c, &p, errors[_i].direction, &rule), errors[_i].off);
	ck_assert_int_eq(rule.has_icmp_option, option >= 0);
	if (option >= 0)
		ck_assert_int_eq(rule.icmp_option, option);
	c.icmp = option < 0 ? 0 : UINT32_C(1) << option;
	ck_assert_int_eq(judge_error(&c, &p, errors[_i].direction, NULL), errors[_i].on);
	c = (struct connection){ .firewall = false };
	ck_assert_int_eq(
		reason_verdict(judge_error(&c, &p, errors[_i].direction, NULL)), VERDICT_ACCEPT);
}
END_TEST

/* Where there is no wall, whatever would be dropped passes; what passes anyway says why. */
START_TEST(no_firewall)
{
	const struct connection open = { .firewall = false };

	for (unsigned i = 0; i < G_N_ELEMENTS(judgements); i++) {
		const struct judgement *j = &judgements[i];
		const struct policy policy = { .midstream = MIDSTREAM_NONE };
		struct packet p = { .proto = j->proto, .flags = PACKET_IP };
		enum reason walled, reason;

		key_make(&p.key, &anybody);
		if (j->proto == PROTO_TCP)
			p.tcp.flags = j->flags;
		for (int d = DIRECTION_OUT; d <= DIRECTION_TRANSIT; d++) {
			walled = judge_first(&policy, &wall, &p, (enum direction)d, NULL);
			reason = judge_first(&policy, &open, &p, (enum direction)d, NULL);
			if (reason_verdict(walled) == VERDICT_DROP)
				ck_assert_int_eq(reason, REASON_NO_FIREWALL);
			else
				ck_assert_int_eq(reason, walled);
		}
	}
}
END_TEST

/* Sources; `sent` and `received` where sides are configured, and else. */
static const struct {
	const char *from, *to;
	bool unknown, sent, received;
	bool auto_sent, auto_received;
} sources[] = {
	/* Ours and theirs; inside are 10.0.0.0/8 and 2001:db8:1::/48. */
	{ "10.0.0.1", "192.0.2.1", 0, 0, 1, 0, 0 },
	{ "192.0.2.1", "10.0.0.1", 0, 1, 0, 0, 0 },
	{ "10.0.0.2", "10.0.0.1", 0, 0, 1, 0, 0 },
	{ "192.0.2.1", "198.51.100.1", 0, 1, 0, 0, 0 },
	{ "192.0.2.1", "224.0.0.251", 0, 1, 0, 0, 0 },
	{ "2001:db8:1::1", "2001:db8:9::1", 0, 0, 1, 0, 0 },
	{ "2001:db8:9::1", "2001:db8:1::1", 0, 1, 0, 0, 0 },
	{ "2001:db8:9::1", "2001:db8:8::1", 0, 1, 0, 0, 0 },
	{ "2001:db8:1::1", "ff0e::1", 0, 0, 1, 0, 0 },
	/* What nobody can have. */
	{ "224.0.0.1", "10.0.0.1", 1, 1, 1, 1, 1 },
	{ "239.255.255.250", "192.0.2.1", 1, 1, 1, 1, 1 },
	{ "255.255.255.255", "10.0.0.1", 1, 1, 1, 1, 1 },
	{ "127.0.0.1", "192.0.2.1", 1, 1, 1, 1, 1 },
	{ "127.255.0.1", "224.0.0.1", 1, 1, 1, 1, 1 },
	{ "0.0.0.0", "192.0.2.1", 1, 1, 1, 1, 1 },
	{ "0.1.2.3", "10.0.0.1", 1, 1, 1, 1, 1 },
	{ "ff02::1", "2001:db8:1::1", 1, 1, 1, 1, 1 },
	{ "::1", "2001:db8:1::1", 1, 1, 1, 1, 1 },
	{ "::", "2001:db8:1::1", 1, 1, 1, 1, 1 },
	{ "240.0.0.1", "10.0.0.1", 1, 1, 1, 1, 1 },
	{ "240.0.0.1", "255.255.255.255", 1, 1, 1, 1, 1 },
	{ "255.255.255.254", "192.0.2.1", 1, 1, 1, 1, 1 },
	{ "::ffff:10.0.0.1", "2001:db8:1::1", 1, 1, 1, 1, 1 },
	{ "::10.0.0.1", "ff02::1", 1, 1, 1, 1, 1 },
	/* Loopback is at home on loopback, and there no way is known. */
	{ "127.0.0.1", "127.0.0.1", 0, 1, 1, 1, 1 },
	{ "::1", "::1", 0, 1, 1, 1, 1 },
	/* Whoever asks for an address, or whether it may have one. */
	{ "0.0.0.0", "255.255.255.255", 0, 0, 0, 0, 0 },
	{ "::", "ff02::1:ff00:1", 0, 0, 0, 0, 0 },
	{ "::", "ff02::16", 0, 0, 0, 0, 0 },
	/* The link. */
	{ "169.254.1.1", "169.254.1.2", 0, 0, 0, 0, 0 },
	{ "169.254.1.1", "224.0.0.251", 0, 0, 0, 0, 0 },
	{ "169.254.1.1", "192.0.2.1", 0, 1, 0, 0, 0 },
	{ "169.253.255.255", "224.0.0.251", 0, 1, 0, 0, 0 },
	{ "fe80::1", "fe80::2", 0, 0, 0, 0, 0 },
	{ "fe80::1", "ff02::fb", 0, 0, 0, 0, 0 },
	{ "fe80::1", "2001:db8:9::1", 0, 0, 0, 0, 0 },
	{ "febf::1", "fe80::1", 0, 0, 0, 0, 0 },
	{ "fec0::1", "fe80::1", 0, 1, 0, 0, 0 },
};

static const uint64_t seed[2] = { 1, 2 };

/* Sides with the above inside, or that are found out. */
static struct sides *
make_sides(bool is_auto)
{
	g_autofree struct prefix *inside = NULL;
	unsigned n = 0;

	if (!is_auto)
		ck_assert_int_ge(
			config_parse_prefixes("10.0.0.0/8;2001:db8:1::/48", &inside, &n), 0);
	return sides_new(inside, n, seed);
}

static void
check_source(const struct connection *c, const struct sides *sides, unsigned row, enum way way,
	bool spoofed)
{
	/* No protocol is exempt. */
	static const uint8_t protos[] = { PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_GRE, 50 };
	struct packet p;

	for (unsigned i = 0; i < G_N_ELEMENTS(protos); i++) {
		bool is_icmpv6 = protos[i] == PROTO_ICMP && strchr(sources[row].from, ':');

		made(&p, is_icmpv6 ? PROTO_ICMPV6 : protos[i], sources[row].from, sources[row].to,
			TCP_SYN);
		ck_assert_msg(judge_spoofed(c, sides, &p, DIRECTION_OUT, way) == spoofed,
			"%s > %s, protocol %u, way %d", sources[row].from, sources[row].to,
			protos[i], way);
	}
}

START_TEST(spoofed_sources)
{
	struct sides *sides = make_sides(false), *found = make_sides(true);

	check_source(&wall, sides, (unsigned)_i, WAY_UNKNOWN, sources[_i].unknown);
	check_source(&wall, sides, (unsigned)_i, WAY_SENT, sources[_i].sent);
	check_source(&wall, sides, (unsigned)_i, WAY_RECEIVED, sources[_i].received);
	check_source(&wall, found, (unsigned)_i, WAY_UNKNOWN, sources[_i].unknown);
	check_source(&wall, found, (unsigned)_i, WAY_SENT, sources[_i].auto_sent);
	check_source(&wall, found, (unsigned)_i, WAY_RECEIVED, sources[_i].auto_received);
	sides_free(sides);
	sides_free(found);
}
END_TEST

START_TEST(anti_spoof_modes)
{
	static const struct connection off = { .firewall = true, .anti_spoof = ANTI_SPOOF_OFF };
	static const struct connection no_wall = { .anti_spoof = ANTI_SPOOF_DROP };
	static const struct connection rewrite = { .firewall = true,
		.anti_spoof = ANTI_SPOOF_REWRITE };
	struct sides *sides = make_sides(false);

	check_source(&off, sides, (unsigned)_i, WAY_SENT, false);
	check_source(&off, sides, (unsigned)_i, WAY_RECEIVED, false);
	check_source(&no_wall, sides, (unsigned)_i, WAY_SENT, false);
	check_source(&no_wall, sides, (unsigned)_i, WAY_RECEIVED, false);
	check_source(&rewrite, sides, (unsigned)_i, WAY_SENT, sources[_i].sent);
	check_source(&rewrite, sides, (unsigned)_i, WAY_RECEIVED, sources[_i].received);
	sides_free(sides);
}
END_TEST

/* What stays inside is seen on loopback, and says what it likes. */
START_TEST(internal_packets_are_not_spoofed)
{
	struct sides *sides = make_sides(false);
	struct packet p;

	made(&p, PROTO_TCP, "127.0.0.1:9", "10.0.0.1:80", TCP_SYN);
	ck_assert(!judge_spoofed(&wall, sides, &p, DIRECTION_INTERNAL, WAY_UNKNOWN));
	ck_assert(judge_spoofed(&wall, sides, &p, DIRECTION_INTERNAL, WAY_RECEIVED));
	sides_free(sides);
}
END_TEST

/* Directions by sides, and what they are of a packet that was sent or received. */
static const struct {
	const char *from, *to;
	enum direction by_sides, sent, received;
} ways[] = {
	{ "10.0.0.1", "192.0.2.1", DIRECTION_OUT, DIRECTION_OUT, DIRECTION_IN },
	{ "192.0.2.1", "10.0.0.1", DIRECTION_IN, DIRECTION_OUT, DIRECTION_IN },
	{ "10.0.0.1", "10.0.0.2", DIRECTION_INTERNAL, DIRECTION_INTERNAL, DIRECTION_IN },
	{ "192.0.2.1", "198.51.100.1", DIRECTION_TRANSIT, DIRECTION_OUT, DIRECTION_TRANSIT },
	{ "0.0.0.0", "255.255.255.255", DIRECTION_IN, DIRECTION_OUT, DIRECTION_IN },
	{ "169.254.1.1", "169.254.1.2", DIRECTION_TRANSIT, DIRECTION_OUT, DIRECTION_IN },
	{ "192.0.2.1", "127.0.0.1", DIRECTION_TRANSIT, DIRECTION_OUT, DIRECTION_IN },
	{ "192.0.2.1", "240.0.0.1", DIRECTION_IN, DIRECTION_OUT, DIRECTION_IN },
	{ "fe80::1", "fe80::2", DIRECTION_TRANSIT, DIRECTION_OUT, DIRECTION_IN },
	{ "fe80::1", "ff02::1:2", DIRECTION_IN, DIRECTION_OUT, DIRECTION_IN },
	{ "fe80::1", "2001:db8:9::1", DIRECTION_TRANSIT, DIRECTION_OUT, DIRECTION_TRANSIT },
};

START_TEST(directions_by_way)
{
	static const struct connection no_wall = { .firewall = false };
	struct sides *sides = make_sides(false);
	enum direction d;
	struct packet p;

	made(&p, PROTO_UDP, ways[_i].from, ways[_i].to, 0);
	d = sides_direction(sides, &p.key, p.flags & PACKET_FROM_HI);
	ck_assert_int_eq(d, ways[_i].by_sides);
	ck_assert_int_eq(judge_direction(&wall, &p, d, WAY_UNKNOWN), d);
	ck_assert_int_eq(judge_direction(&wall, &p, d, WAY_SENT), ways[_i].sent);
	ck_assert_int_eq(judge_direction(&wall, &p, d, WAY_RECEIVED), ways[_i].received);
	/* Where there is no wall it may be the side of those that are protected. */
	ck_assert_int_eq(judge_direction(&no_wall, &p, d, WAY_SENT), d);
	ck_assert_int_eq(judge_direction(&no_wall, &p, d, WAY_RECEIVED), d);
	sides_free(sides);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("judge");
	TCase *t = tcase_create("judge");

	tcase_add_loop_test(t, first_packets, 0, G_N_ELEMENTS(judgements));
	tcase_add_test(t, open_ports);
	tcase_add_test(t, handshake_at_open_ports);
	tcase_add_loop_test(t, icmp_options, 0, G_N_ELEMENTS(messages));
	tcase_add_loop_test(t, errors_of_known_flows, 0, G_N_ELEMENTS(errors));
	tcase_add_test(t, no_firewall);
	tcase_add_loop_test(t, spoofed_sources, 0, G_N_ELEMENTS(sources));
	tcase_add_loop_test(t, anti_spoof_modes, 0, G_N_ELEMENTS(sources));
	tcase_add_test(t, internal_packets_are_not_spoofed);
	tcase_add_loop_test(t, directions_by_way, 0, G_N_ELEMENTS(ways));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

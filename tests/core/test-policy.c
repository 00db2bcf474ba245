// SPDX-License-Identifier: GPL-2.0-or-later
/* The defaults, which section speaks for a helper, and the judgement of first packets. */
#include <glib.h>
#include <string.h>

#include "kit/kit.h"
#include "policy/policy.h"

START_TEST(defaults)
{
	struct policy *policy = policy_new(), *other = policy_new();
	const struct policy_doors *doors = &policy->doors;

	ck_assert_int_eq(policy->midstream, MIDSTREAM_OUTBOUND);
	ck_assert(policy->verify_checksums);
	ck_assert_uint_eq(policy->table.max_flows, 1048576);
	ck_assert_uint_eq(policy->table.max_extras, 262144);
	ck_assert_uint_eq(policy->defrag.max_datagrams, 1024);
	ck_assert_uint_ge(policy->defrag.max_fragments * 1480, 65535);
	ck_assert_uint_eq(policy->defrag.max_memory, 4194304);
	ck_assert_uint_eq(policy->defrag.timeout, 30);
	ck_assert_uint_eq(policy->stream_memory, 67108864);
	ck_assert_uint_eq(policy->stream_window, 262144);
	ck_assert_uint_eq(doors->limits.per_flow, 8);
	ck_assert_uint_eq(doors->limits.per_root, 64);
	ck_assert_uint_eq(doors->limits.per_host, 256);
	ck_assert_uint_eq(doors->limits.total, 4096);
	ck_assert_uint_eq(doors->max_depth, 4);
	ck_assert_uint_eq(doors->max_range, 64);
	ck_assert_uint_eq(doors->max_flows, 16);
	ck_assert_uint_eq(doors->max_timeout, 600);
	ck_assert_uint_eq(doors->n_sources, 0);
	ck_assert(!policy->log.dropped && !policy->log.connections && !policy->log.utc);
	ck_assert_str_eq(policy->log.path, "/var/log/postern/pfirewall.log");
	ck_assert_uint_eq(policy->log.max_size_kib, 4096);
	ck_assert_int_eq(policy->log.dialect, W3C_ICF_1_0);
	ck_assert(!policy->helpers_default);
	ck_assert_uint_eq(policy->n_helpers, 0);
	ck_assert_str_eq(policy->connection, "default");

	/* Nothing is shared between two of them. */
	ck_assert_ptr_ne(doors->deny_tcp, other->doors.deny_tcp);
	ck_assert_ptr_ne(policy->log.path, other->log.path);
	policy_free(policy);
	policy_free(other);
	policy_free(NULL);
}
END_TEST

START_TEST(default_timeouts)
{
	struct policy *policy = policy_new();
	const uint32_t *t = policy->table.timeouts;

	for (unsigned i = 0; i < FLOW_STATE_COUNT; i++)
		ck_assert_msg(t[i] > 0, "state %u", i);
	ck_assert_uint_eq(t[FLOW_TCP_SYN_SENT], 30);
	ck_assert_uint_eq(t[FLOW_TCP_SYN_RECEIVED], 60);
	ck_assert_uint_ge(t[FLOW_TCP_ESTABLISHED], 2 * 3600 + 4 * 60); /* RFC 5382 REQ-5 */
	ck_assert_uint_ge(t[FLOW_TCP_FIN_WAIT], 4 * 60);
	ck_assert_uint_eq(t[FLOW_TCP_CLOSING], 120);
	ck_assert_uint_eq(t[FLOW_TCP_TIME_WAIT], 60);
	ck_assert_uint_eq(t[FLOW_TCP_CLOSED], 10);
	ck_assert_uint_eq(t[FLOW_UDP_NEW], 60);
	ck_assert_uint_eq(t[FLOW_UDP_REPLIED], 60);
	ck_assert_uint_eq(t[FLOW_ICMP_NEW], 30);
	ck_assert_uint_eq(t[FLOW_ICMP_REPLIED], 30);
	ck_assert_uint_eq(t[FLOW_GRE_NEW], 30);
	ck_assert_uint_eq(t[FLOW_GRE_REPLIED], 18000);
	ck_assert_uint_eq(t[FLOW_OTHER_NEW], 60);
	ck_assert_uint_eq(t[FLOW_OTHER_REPLIED], 600);
	policy_free(policy);
}
END_TEST

static bool
denies(const struct port_range *ranges, unsigned n, uint16_t port)
{
	for (unsigned i = 0; i < n; i++) {
		if (port >= ranges[i].first && port <= ranges[i].last)
			return true;
	}
	return false;
}

START_TEST(default_deny_lists)
{
	static const uint16_t tcp[] = { 1433, 1521, 2049, 3128, 3306, 3389, 5060, 5432, 5900, 6000,
		6063, 8080, 9100 };
	static const uint16_t not_tcp[] = { 1024, 1503, 1720, 1731, 4000, 6064, 20000, 49152,
		65535 };
	static const uint16_t udp[] = { 1900, 2049, 5060, 5353 };
	static const uint16_t not_udp[] = { 1719, 5004, 6000, 16384, 49152 };
	struct policy *policy = policy_new();
	const struct policy_doors *d = &policy->doors;

	for (unsigned i = 0; i < G_N_ELEMENTS(tcp); i++)
		ck_assert_msg(denies(d->deny_tcp, d->n_deny_tcp, tcp[i]), "tcp %u", tcp[i]);
	for (unsigned i = 0; i < G_N_ELEMENTS(not_tcp); i++)
		ck_assert_msg(
			!denies(d->deny_tcp, d->n_deny_tcp, not_tcp[i]), "tcp %u", not_tcp[i]);
	for (unsigned i = 0; i < G_N_ELEMENTS(udp); i++)
		ck_assert_msg(denies(d->deny_udp, d->n_deny_udp, udp[i]), "udp %u", udp[i]);
	for (unsigned i = 0; i < G_N_ELEMENTS(not_udp); i++)
		ck_assert_msg(
			!denies(d->deny_udp, d->n_deny_udp, not_udp[i]), "udp %u", not_udp[i]);
	for (unsigned i = 0; i < d->n_deny_tcp; i++)
		ck_assert_uint_le(d->deny_tcp[i].first, d->deny_tcp[i].last);
	policy_free(policy);
}
END_TEST

START_TEST(helper_sections)
{
	struct policy_helper helpers[] = {
		{ .name = (char *)"demo" },
		{ .name = (char *)"big.part" },
		{ .name = (char *)"big" },
		{ .name = (char *)"bigger.part" },
	};
	const struct policy policy = { .helpers = helpers, .n_helpers = G_N_ELEMENTS(helpers) };
	static const struct {
		const char *name;
		int index;
	} table[] = {
		{ "demo", 0 },
		{ "demo.any", 0 },
		{ "big.part", 1 },
		{ "big.other", 2 },
		{ "big", 2 },
		{ "bigger.part", 3 },
		{ "bigger", -1 },
		{ "bigger.other", -1 },
		{ "bi", -1 },
		{ "bigg", -1 },
		{ "dem.o", -1 },
		{ "", -1 },
		{ ".part", -1 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
		ck_assert_msg(policy_helper_find(&policy, table[i].name) ==
				      (table[i].index < 0 ? NULL : &helpers[table[i].index]),
			"%s", table[i].name);
}
END_TEST

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
	/* The flags of TCP mean nothing elsewhere, whatever else lies in their place. */
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

	p.tcp.flags = j->flags;
	for (int m = MIDSTREAM_NONE; m <= MIDSTREAM_ANY; m++) {
		const struct policy policy = { .midstream = (enum midstream)m };

		ck_assert_msg(policy_first_packet(&policy, &p, DIRECTION_OUT) == j->out[m],
			"%s, out, %d", j->what, m);
		ck_assert_msg(policy_first_packet(&policy, &p, DIRECTION_IN) == j->in[m],
			"%s, in, %d", j->what, m);
		ck_assert_msg(
			policy_first_packet(&policy, &p, DIRECTION_INTERNAL) == j->internal[m],
			"%s, internal, %d", j->what, m);
		ck_assert_msg(policy_first_packet(&policy, &p, DIRECTION_TRANSIT) == j->transit[m],
			"%s, transit, %d", j->what, m);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_add_test(t, defaults);
	tcase_add_test(t, default_timeouts);
	tcase_add_test(t, default_deny_lists);
	tcase_add_test(t, helper_sections);
	tcase_add_loop_test(t, first_packets, 0, G_N_ELEMENTS(judgements));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

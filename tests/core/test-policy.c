// SPDX-License-Identifier: GPL-2.0-or-later
/* The defaults, and which section speaks for a helper. */
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
	ck_assert_uint_eq(policy->n_connections, 1);
	ck_assert_str_eq(policy->connections[0].name, "default");
	ck_assert(policy->connections[0].firewall && !policy->connections[0].icmp);
	ck_assert_int_eq(policy->connections[0].anti_spoof, ANTI_SPOOF_DROP);
	ck_assert_uint_eq(policy->connections[0].mappings.n, 0);

	/* Nothing is shared between two of them. */
	ck_assert_ptr_ne(doors->deny_tcp, other->doors.deny_tcp);
	ck_assert_ptr_ne(policy->log.path, other->log.path);
	policy_unref(policy);
	policy_unref(other);
	policy_unref(NULL);
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
	policy_unref(policy);
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
	policy_unref(policy);
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

static Suite *
suite(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_add_test(t, defaults);
	tcase_add_test(t, default_timeouts);
	tcase_add_test(t, default_deny_lists);
	tcase_add_test(t, helper_sections);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

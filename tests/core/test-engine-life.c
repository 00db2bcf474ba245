// SPDX-License-Identifier: GPL-2.0-or-later
/* How an engine begins and ends: sessions are closed, and what is open is told, once. */
#include <errno.h>
#include <string.h>

#include <glib.h>

#include "kit/kit.h"
#include "kit/policies.h"
#include "kit/talk.h"

#define US   "10.0.0.1"
#define THEM "192.0.2.1"

/* What the helper below has seen since the test began. */
static struct {
	unsigned opened, closed, stopped;
	uint64_t last_time;
} seen;

static int32_t
mock_open(struct pn_flow *flow)
{
	seen.opened++;
	return 0;
}

static int32_t
mock_message(struct pn_flow *flow, const struct pn_message *message)
{
	return PN_PASS;
}

static void
mock_close(struct pn_flow *flow)
{
	ck_assert_uint_eq(seen.stopped, 0);
	seen.closed++;
	seen.last_time = flow->host->now(flow->instance);
}

static int32_t
mock_start(struct pn_instance *instance)
{
	return 0;
}

static void
mock_stop(struct pn_instance *instance)
{
	seen.stopped++;
}

static const struct pn_bind mock_binds[] = { { 7777, 7777 }, { 0, 0 } };

static const struct pn_helper mock_helper = {
	.size = sizeof(mock_helper),
	.transport = PROTO_UDP,
	.max_message = 1500,
	.name = "mock",
	.summary = "counts",
	.binds = mock_binds,
	.flow_open = mock_open,
	.message = mock_message,
	.flow_close = mock_close,
};

static const struct pn_helper *const mock_helpers[] = { &mock_helper, NULL };

static const struct pn_plugin mock = {
	.size = sizeof(mock),
	.name = "mock",
	.version = "1",
	.summary = "a mock",
	.licence = "MIT",
	.helpers = mock_helpers,
	.start = mock_start,
	.stop = mock_stop,
};

static enum reason
udp(struct kit_rig *rig, const char *from, const char *to)
{
	const struct kit_packet p = {
		.from = from, .to = to, .proto = PROTO_UDP, .payload = "x", .len = 1
	};

	return kit_send(rig, &p);
}

START_TEST(finished_once)
{
	struct kit_rig *rig = kit_rig_mock(NULL, &mock, "10.0.0.0/8");

	memset(&seen, 0, sizeof(seen));
	kit_assert_reason(udp(rig, US ":1", THEM ":7777"), OUTBOUND);
	kit_assert_reason(udp(rig, US ":2", THEM ":7777"), OUTBOUND);
	kit_assert_reason(udp(rig, US ":3", THEM ":53"), OUTBOUND);
	ck_assert_uint_eq(seen.opened, 2);
	engine_finish(rig->engine);
	engine_finish(rig->engine);
	ck_assert_uint_eq(seen.closed, 2);
	ck_assert_uint_eq(seen.last_time, rig->now);
	ck_assert_uint_eq(seen.stopped, 1);
	ck_assert_uint_eq(rig->ended[FLOW_END_SHUTDOWN], 3);
	ck_assert_uint_eq(rig->ended_flow.id, 3);
	kit_rig_free(rig);
	ck_assert_uint_eq(seen.closed, 2);
	ck_assert_uint_eq(seen.stopped, 1);
}
END_TEST

/* Freed without a word before: the helpers' sessions end all the same. */
START_TEST(freed_at_once)
{
	struct kit_rig *rig = kit_rig_mock(NULL, &mock, "10.0.0.0/8");

	memset(&seen, 0, sizeof(seen));
	kit_assert_reason(udp(rig, US ":1", THEM ":7777"), OUTBOUND);
	kit_rig_free(rig);
	ck_assert_uint_eq(seen.closed, 1);
	ck_assert_uint_eq(seen.stopped, 1);
	engine_free(NULL);
}
END_TEST

START_TEST(no_room_for_it)
{
	static const struct recorders nobody = { .count = 0 };
	struct policy *policy = kit_policy();
	const struct engine_options options = { .policy = policy, .recorders = &nobody };
	struct engine *engine = NULL;
	char *message = NULL;

	policy->table.max_flows = TABLE_FLOWS_MAX + 1;
	ck_assert_int_eq(engine_new(&options, &engine, &message), -EINVAL);
	ck_assert_ptr_null(engine);
	ck_assert_ptr_nonnull(strstr(message, "lower the limits"));
	g_free(message);
	policy_unref(policy);
}
END_TEST

/* Each room below adds what it counts. */
START_TEST(counters_of_all_rooms)
{
	struct policy *policy = kit_policy();
	struct kit_packet piece = {
		.from = US ":1", .to = THEM ":53", .proto = PROTO_UDP, .payload = "x", .len = 1
	};
	struct kit_rig *rig;
	struct stats stats;

	kit_trigger(&policy->connections[0], "1000/udp", "5000/udp", 60);
	rig = kit_rig_policy(policy, NULL, "10.0.0.0/8");
	kit_assert_reason(kit_send(rig, &piece), OUTBOUND);
	kit_assert_reason(udp(rig, US ":2", THEM ":1000"), OUTBOUND);
	engine_get_stats(rig->engine, &stats);
	ck_assert_uint_eq(stats.packets, 2);
	ck_assert_uint_eq(stats.flows[REASON_OUTBOUND], 2);
	ck_assert_uint_eq(stats.table.flows, 2);
	ck_assert_uint_eq(stats.expect.open, 1);
	ck_assert_uint_eq(stats.defrag.fragments, 0);
	kit_rig_free(rig);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("engine-life");
	TCase *t = tcase_create("life");

	tcase_add_test(t, finished_once);
	tcase_add_test(t, freed_at_once);
	tcase_add_test(t, no_room_for_it);
	tcase_add_test(t, counters_of_all_rooms);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* One packet through an engine of its own: the engine's verdict, and the rule behind it. */
#include <glib.h>

#include "engine-explain.h"
#include "kit/kit.h"
#include "kit/packets.h"
#include "kit/policies.h"
#include "policy/config.h"

#define STRANGER "203.0.113.9:4000"
#define HOST     "10.0.0.5"

static const struct recorders nobody = { .count = 0 };

/* Connections: "default" opens 80/tcp; "peers" answers echo requests of 198.51.100.0/24; "wan" has
 * the interface wan* and opens 22/tcp; "wide" has no firewall. */
static struct policy *
make_policy(void)
{
	struct policy *policy = kit_policy();
	struct connection *connection = kit_connection(policy, "peers", NULL, "198.51.100.0/24");

	kit_icmp_on(connection, ICMP_OPTION_ECHO_REQUEST_IN);
	connection = kit_connection(policy, "wan", "wan*", NULL);
	kit_open(connection, "22/tcp");
	connection = kit_connection(policy, "wide", "wide", NULL);
	connection->firewall = false;
	kit_open(&policy->connections[0], "80/tcp");
	return policy;
}

static const char *
interface_name(void *context, const struct packet *p)
{
	return context;
}

static struct engine *
make_engine(const struct policy *policy, const struct prefix *inside, const char *interface)
{
	const struct engine_options options = {
		.policy = policy,
		.inside = inside,
		.n_inside = inside != NULL,
		.recorders = &nobody,
		.interface_name = interface_name,
		.context = (void *)interface,
	};
	struct engine *engine;
	char *message;

	ck_assert_int_eq(engine_new(&options, &engine, &message), 0);
	return engine;
}

/* A question and its answer. */
struct row {
	struct kit_packet packet;
	const char *on;        /* connection, or NULL: found by interface or peer */
	const char *interface; /* or NULL */
	enum way way;
	enum reason reason;
	const char *connection; /* NULL: none was asked */
	const char *mapping;    /* or NULL */
	int option;             /* -1: none */
};

static const struct row rows[] = {
	{ { .from = STRANGER, .to = HOST ":80", .flags = TCP_SYN }, NULL, NULL, WAY_UNKNOWN,
		REASON_PORT_MAPPING, "default", "80/tcp", -1 },
	{ { .from = STRANGER, .to = HOST ":80", .flags = TCP_SYN }, "wan", NULL, WAY_UNKNOWN,
		REASON_UNSOLICITED, "wan", NULL, -1 },
	{ { .from = STRANGER, .to = HOST ":22", .flags = TCP_SYN }, NULL, "wan7", WAY_UNKNOWN,
		REASON_PORT_MAPPING, "wan", "22/tcp", -1 },
	{ { .from = STRANGER, .to = HOST ":22", .flags = TCP_ACK }, "wan", NULL, WAY_UNKNOWN,
		REASON_NO_HANDSHAKE, "wan", "22/tcp", -1 },
	{ { .from = STRANGER, .to = HOST ":22", .flags = TCP_SYN }, "wide", NULL, WAY_UNKNOWN,
		REASON_NO_FIREWALL, "wide", NULL, -1 },
	{ { .from = STRANGER, .to = HOST ":22", .flags = TCP_ACK }, "wide", NULL, WAY_UNKNOWN,
		REASON_NO_FIREWALL, "wide", NULL, -1 },
	{ { .from = HOST ":4000", .to = "203.0.113.9:22", .flags = TCP_SYN }, NULL, NULL,
		WAY_UNKNOWN, REASON_OUTBOUND, "default", NULL, -1 },
	{ { .from = HOST ":4000", .to = "203.0.113.9:22", .flags = TCP_SYN | TCP_FIN }, NULL, NULL,
		WAY_UNKNOWN, REASON_TCP_FLAGS, NULL, NULL, -1 },
	{ { .from = STRANGER, .to = HOST ":22", .flags = TCP_SYN, .bad_checksum = 1 }, "wan", NULL,
		WAY_UNKNOWN, REASON_CHECKSUM, NULL, NULL, -1 },
	{ { .from = "198.51.100.1", .to = HOST, .proto = PROTO_ICMP, .icmp_type = ICMP_ECHO }, NULL,
		NULL, WAY_UNKNOWN, REASON_ICMP_OPTION, "peers", NULL, ICMP_OPTION_ECHO_REQUEST_IN },
	{ { .from = "203.0.113.9", .to = HOST, .proto = PROTO_ICMP, .icmp_type = ICMP_ECHO }, NULL,
		NULL, WAY_UNKNOWN, REASON_UNSOLICITED, "default", NULL,
		ICMP_OPTION_ECHO_REQUEST_IN },
	{ { .from = HOST, .to = "203.0.113.9", .proto = PROTO_ICMP, .icmp_type = 3 }, "peers", NULL,
		WAY_UNKNOWN, REASON_ICMP_REFUSED, "peers", NULL, ICMP_OPTION_UNREACHABLE_OUT },
	{ { .from = HOST ":53", .to = "10.0.0.6:53", .proto = PROTO_UDP }, NULL, "wan0",
		WAY_UNKNOWN, REASON_INTERNAL, "wan", NULL, -1 },
	{ { .from = HOST ":53", .to = "10.0.0.6:53", .proto = PROTO_UDP }, NULL, "wan0",
		WAY_RECEIVED, REASON_SPOOFED, "wan", NULL, -1 },
	{ { .from = HOST ":53", .to = "10.0.0.6:53", .proto = PROTO_UDP }, "wan", NULL,
		WAY_RECEIVED, REASON_SPOOFED, "wan", NULL, -1 },
	/* The way says nothing on a connection that is not known by its interface. */
	{ { .from = HOST ":53", .to = "10.0.0.6:53", .proto = PROTO_UDP }, "peers", NULL,
		WAY_RECEIVED, REASON_INTERNAL, "peers", NULL, -1 },
};

static void
check_rule(const struct row *row, const struct judge_rule *rule)
{
	ck_assert_str_eq(
		row->mapping ? row->mapping : "", rule->mapping ? rule->mapping->name : "");
	ck_assert_int_eq(rule->has_icmp_option, row->option >= 0);
	if (row->option >= 0)
		ck_assert_int_eq(rule->icmp_option, row->option);
}

START_TEST(answers)
{
	const struct row *row = &rows[_i];
	const struct prefix inside = { .addr = addr_ipv4((const uint8_t[]){ 10, 0, 0, 0 }),
		.bits = 8 };
	struct policy *policy = make_policy();
	struct engine *engine = make_engine(policy, &inside, row->interface);
	uint8_t frame[KIT_FRAME_MAX];
	struct explanation ex;
	struct packet p;

	kit_source_packet(&p, frame, kit_build(&row->packet, frame), LINK_ETHERNET, 1, 1);
	p.way = (uint8_t)row->way;
	engine_explain(engine, &p, row->on ? policy_connection_find(policy, row->on) : NULL, &ex);
	ck_assert_str_eq(reason_name(ex.reason), reason_name(row->reason));
	ck_assert_int_eq(p.verdict, reason_verdict(row->reason));
	ck_assert_int_eq(ex.has_direction, row->connection != NULL);
	ck_assert_str_eq(
		row->connection ? row->connection : "", ex.connection ? ex.connection->name : "");
	ck_assert_ptr_null(ex.helper);
	check_rule(row, &ex.rule);
	engine_free(engine);
	policy_unref(policy);
}
END_TEST

/* What is told of a packet that a known flow decides is no rule of a first packet. */
START_TEST(known_flow)
{
	const struct kit_packet first = {
		.from = HOST ":53", .to = "203.0.113.9:53", .proto = PROTO_UDP
	};
	const struct kit_packet reply = {
		.from = "203.0.113.9:53", .to = HOST ":53", .proto = PROTO_UDP
	};
	const struct kit_packet *const packets[] = { &first, &reply };
	struct policy *policy = make_policy();
	struct engine *engine = make_engine(policy, NULL, NULL);
	uint8_t frame[KIT_FRAME_MAX];
	struct explanation ex;
	struct packet p;

	for (unsigned i = 0; i < G_N_ELEMENTS(packets); i++) {
		kit_source_packet(
			&p, frame, kit_build(packets[i], frame), LINK_ETHERNET, 1 + i, 1 + i);
		engine_explain(engine, &p, NULL, &ex);
		ck_assert_int_eq(ex.reason, REASON_OUTBOUND);
		ck_assert_int_eq(ex.direction, i ? DIRECTION_IN : DIRECTION_OUT);
		ck_assert_ptr_null(ex.rule.mapping);
		ck_assert(!ex.rule.has_icmp_option);
	}
	engine_free(engine);
	policy_unref(policy);
}
END_TEST

static Suite *
suite(void)
{
	Suite *suite = suite_create("engine-explain");
	TCase *tcase = tcase_create("engine-explain");

	tcase_add_loop_test(tcase, answers, 0, G_N_ELEMENTS(rows));
	tcase_add_test(tcase, known_flow);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return kit_run(suite());
}

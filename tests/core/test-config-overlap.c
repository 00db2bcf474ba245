// SPDX-License-Identifier: GPL-2.0-or-later
/* Mappings that claim the same packet, against a comparison of each with each. What is said then is
 * in test-config-mapping.c. */
#include "kit/kit.h"
#include "policy/config-overlap.h"
#include "policy/config.h"

#define MAPPINGS 8

/* The same numbers in every run. */
struct dice {
	uint64_t state;
};

static unsigned
roll(struct dice *dice, unsigned sides)
{
	dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(dice->state >> 33) % sides;
}

/* A prefix among few, so that many have something in common. */
static struct prefix
any_prefix(struct dice *dice)
{
	bool v6 = roll(dice, 4) == 0;
	unsigned bits = roll(dice, 5);
	struct prefix prefix = {
		.addr = { .family = v6 ? PN_ADDR_IPV6 : PN_ADDR_IPV4 },
		.bits = bits,
	};

	prefix.addr.bytes[0] = (uint8_t)(roll(dice, 16) << 4 & (0xf00 >> bits));
	return prefix;
}

static void
add_mapping(struct connection *connection, struct dice *dice)
{
	struct port_mapping *m = mappings_add(&connection->mappings);

	m->name = g_strdup("demo");
	m->file = g_strdup("x.conf");
	m->proto = roll(dice, 3) ? PROTO_TCP : PROTO_UDP;
	m->enabled = roll(dice, 6) > 0;
	m->external.first = (uint16_t)(1 + roll(dice, 40));
	m->external.last = (uint16_t)(m->external.first + roll(dice, 4));
	m->n_sources = roll(dice, 12) ? 1 + roll(dice, 3) : 0;
	m->sources = g_new0(struct prefix, m->n_sources);
	for (unsigned i = 0; i < m->n_sources; i++)
		m->sources[i] = any_prefix(dice);
}

static bool
have_peer_in_common(const struct port_mapping *a, const struct port_mapping *b)
{
	for (unsigned i = 0; i < a->n_sources; i++) {
		for (unsigned j = 0; j < b->n_sources; j++) {
			const struct prefix *p = &a->sources[i], *q = &b->sources[j];

			if (addr_in_prefix(&p->addr, &q->addr, MIN(p->bits, q->bits)))
				return true;
		}
	}
	return !a->n_sources || !b->n_sources;
}

static bool
have_any_in_common(const struct port_mappings *mappings)
{
	for (unsigned i = 0; i < mappings->n; i++) {
		for (unsigned j = 0; j < i; j++) {
			const struct port_mapping *a = &mappings->list[i], *b = &mappings->list[j];

			if (a->enabled && b->enabled && a->proto == b->proto &&
				a->external.first <= b->external.last &&
				b->external.first <= a->external.last && have_peer_in_common(a, b))
				return true;
		}
	}
	return false;
}

START_TEST(each_with_each)
{
	struct dice dice = { 1 };
	unsigned agreed[2] = { 0 };

	for (unsigned round = 0; round < 20000; round++) {
		struct connection connection = { .name = NULL };
		GError *error = NULL;
		bool refused;

		for (unsigned n = roll(&dice, MAPPINGS + 1); n > 0; n--)
			add_mapping(&connection, &dice);
		refused = !mappings_check(&connection, &error);
		ck_assert_msg(
			refused == have_any_in_common(&connection.mappings), "round %u", round);
		ck_assert(refused == (error != NULL));
		agreed[refused]++;
		g_clear_error(&error);
		connection_done(&connection);
	}
	ck_assert_uint_gt(agreed[0], 3000);
	ck_assert_uint_gt(agreed[1], 3000);
}
END_TEST

/* As much as a file can hold, all of it open at once, and no two that have a port in common. */
START_TEST(worst_case)
{
	struct connection connection = { .name = NULL };

	for (unsigned i = 0; i < CONFIG_MAPPINGS_MAX; i++) {
		struct port_mapping *m = mappings_add(&connection.mappings);

		m->name = g_strdup("demo");
		m->proto = PROTO_TCP;
		m->enabled = true;
		m->external.first = m->external.last = (uint16_t)(i + 1);
		m->n_sources = 32;
		m->sources = g_new0(struct prefix, m->n_sources);
		for (unsigned j = 0; j < m->n_sources; j++)
			m->sources[j] = (struct prefix){
				.addr = { .family = PN_ADDR_IPV4 },
				.bits = j,
			};
	}
	ck_assert(mappings_check(&connection, NULL));
	connection.mappings.list[0].external.last = 2;
	ck_assert(!mappings_check(&connection, NULL));
	connection_done(&connection);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-overlap");
	TCase *t = tcase_create("config-overlap");

	tcase_add_test(t, each_with_each);
	tcase_add_test(t, worst_case);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

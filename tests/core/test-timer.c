// SPDX-License-Identifier: GPL-2.0-or-later
/* The timer against plain arithmetic: whatever is touched when, a flow is due when it is due. */
#include <string.h>

#include <glib.h>

#include "flow/timer.h"
#include "kit/kit.h"

#define SEC  NSEC_PER_SEC
#define EPOCH (UINT64_C(1700000000) * SEC)

static uint32_t timeouts[FLOW_STATE_COUNT] = {
	[FLOW_TCP_SYN_SENT] = 30,
	[FLOW_UDP_NEW] = 60,
	[FLOW_TCP_ESTABLISHED] = 7200,
	[FLOW_TCP_CLOSED] = 10,
	[FLOW_UDP_REPLIED] = 60,
};

static void
add(struct timer *timer, struct flow *flows, uint32_t n, enum flow_state state, uint64_t last)
{
	flows[n] = (struct flow){ .state = (uint8_t)state, .last = last };
	timer_add(timer, flows, n);
}

/* Removes all that is due at `now`; returns them as bits. */
static unsigned
due(struct timer *timer, struct flow *flows, uint64_t now)
{
	unsigned bits = 0;
	uint32_t n;

	if (!timer_due(timer, now))
		return 0;
	while ((n = timer_next_expired(timer, flows, now))) {
		ck_assert(flow_expired(timer, &flows[n], now));
		timer_remove(timer, flows, n);
		bits |= 1u << n;
	}
	ck_assert(!timer_due(timer, now));
	return bits;
}

START_TEST(each_state_has_its_time)
{
	struct flow *flows = g_new0(struct flow, 16);
	struct timer timer;

	timer_init(&timer, timeouts);
	ck_assert_uint_eq(due(&timer, flows, EPOCH), 0);
	add(&timer, flows, 1, FLOW_TCP_SYN_SENT, EPOCH);
	add(&timer, flows, 2, FLOW_UDP_NEW, EPOCH);
	add(&timer, flows, 3, FLOW_TCP_ESTABLISHED, EPOCH);
	add(&timer, flows, 4, FLOW_TCP_CLOSED, EPOCH);
	add(&timer, flows, 5, FLOW_UDP_REPLIED, EPOCH + SEC / 2);
	ck_assert_uint_eq(due(&timer, flows, EPOCH + 9 * SEC), 0);
	ck_assert_uint_eq(due(&timer, flows, EPOCH + 11 * SEC), 1u << 4);
	ck_assert_uint_eq(due(&timer, flows, EPOCH + 31 * SEC), 1u << 1);
	ck_assert_uint_eq(due(&timer, flows, EPOCH + 60 * SEC), 1u << 2);
	ck_assert_uint_eq(due(&timer, flows, EPOCH + 62 * SEC), 1u << 5);
	ck_assert_uint_eq(due(&timer, flows, EPOCH + 7199 * SEC), 0);
	ck_assert_uint_eq(due(&timer, flows, EPOCH + 7201 * SEC), 1u << 3);
	g_free(flows);
}
END_TEST

START_TEST(use_keeps_a_flow)
{
	struct flow *flows = g_new0(struct flow, 4);
	struct timer timer;

	timer_init(&timer, timeouts);
	due(&timer, flows, EPOCH);
	add(&timer, flows, 1, FLOW_UDP_REPLIED, EPOCH);
	add(&timer, flows, 2, FLOW_UDP_NEW, EPOCH);
	for (int t = 1; t < 500; t++) {
		ck_assert_uint_eq(due(&timer, flows, EPOCH + t * SEC), 0);
		for (uint32_t n = 1; n <= 2; n++) {
			timer_touch(&timer, flows, n, EPOCH + t * SEC);
			flows[n].last = EPOCH + t * SEC;
		}
	}
	ck_assert_uint_eq(due(&timer, flows, EPOCH + 561 * SEC), 6);
	g_free(flows);
}
END_TEST

START_TEST(a_nearer_deadline_is_kept)
{
	struct flow *flows = g_new0(struct flow, 4);
	struct timer timer;

	timer_init(&timer, timeouts);
	due(&timer, flows, EPOCH);
	add(&timer, flows, 1, FLOW_TCP_ESTABLISHED, EPOCH);
	flows[1].state = FLOW_TCP_CLOSED;
	timer_update(&timer, flows, 1);
	ck_assert_uint_eq(due(&timer, flows, EPOCH + 9 * SEC), 0);
	ck_assert_uint_eq(due(&timer, flows, EPOCH + 11 * SEC), 2);
	g_free(flows);
}
END_TEST

START_TEST(an_answered_flow_leaves_the_queue_of_the_unanswered)
{
	struct flow *flows = g_new0(struct flow, 4);
	struct timer timer;

	timer_init(&timer, timeouts);
	due(&timer, flows, EPOCH);
	add(&timer, flows, 1, FLOW_UDP_NEW, EPOCH);
	add(&timer, flows, 2, FLOW_UDP_NEW, EPOCH + 1);
	add(&timer, flows, 3, FLOW_TCP_SYN_SENT, EPOCH + 2);
	ck_assert_uint_eq(timer_oldest_unreplied(&timer, flows), 1);
	flows[1].state = FLOW_UDP_REPLIED;
	timer_update(&timer, flows, 1);
	ck_assert_uint_eq(timer_oldest_unreplied(&timer, flows), 2);
	timer_remove(&timer, flows, 2);
	ck_assert_uint_eq(timer_oldest_unreplied(&timer, flows), 3);
	timer_remove(&timer, flows, 3);
	ck_assert_uint_eq(timer_oldest_unreplied(&timer, flows), 0);
	g_free(flows);
}
END_TEST

START_TEST(a_gap_of_years_costs_nothing)
{
	struct flow *flows = g_new0(struct flow, 4);
	struct timer timer;

	timer_init(&timer, timeouts);
	due(&timer, flows, EPOCH);
	add(&timer, flows, 1, FLOW_TCP_ESTABLISHED, EPOCH);
	ck_assert_uint_eq(due(&timer, flows, INT64_MAX - SEC), 2);
	add(&timer, flows, 2, FLOW_UDP_REPLIED, INT64_MAX - SEC);
	ck_assert_uint_eq(due(&timer, flows, INT64_MAX), 0);
	g_free(flows);
}
END_TEST

#define MANY 400

/* Random use of many flows: none ends early, none later than a second (unreplied: an eighth). */
START_TEST(random_use)
{
	struct flow *flows = g_new0(struct flow, MANY + 1);
	uint64_t random = 99, now = EPOCH, late;
	uint32_t alive = MANY, n;
	struct timer timer;

	timer_init(&timer, timeouts);
	due(&timer, flows, now);
	for (n = 1; n <= MANY; n++)
		add(&timer, flows, n, n % 2 ? FLOW_UDP_REPLIED : FLOW_UDP_NEW, now);
	for (int step = 0; step < 40000 && alive; step++) {
		random = random * UINT64_C(6364136223846793005) + 1;
		now += (random >> 33) % (SEC / 8);
		while (timer_due(&timer, now) && (n = timer_next_expired(&timer, flows, now))) {
			late = now - flows[n].last - timer.timeout[flows[n].state];
			ck_assert_uint_le(late, flows[n].state == FLOW_UDP_NEW ? 10 * SEC : 2 * SEC);
			timer_remove(&timer, flows, n);
			flows[n].state = FLOW_NONE;
			alive--;
		}
		n = 1 + (uint32_t)(random >> 33) % MANY;
		if (flows[n].state == FLOW_NONE || flow_expired(&timer, &flows[n], now))
			continue;
		timer_touch(&timer, flows, n, now);
		flows[n].last = now;
	}
	ck_assert_uint_lt(alive, MANY);
	g_free(flows);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("timer");
	TCase *c = tcase_create("timer");

	tcase_add_test(c, each_state_has_its_time);
	tcase_add_test(c, use_keeps_a_flow);
	tcase_add_test(c, a_nearer_deadline_is_kept);
	tcase_add_test(c, an_answered_flow_leaves_the_queue_of_the_unanswered);
	tcase_add_test(c, a_gap_of_years_costs_nothing);
	tcase_add_test(c, random_use);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

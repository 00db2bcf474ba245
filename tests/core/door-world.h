/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The world that the tests of doors live in: who is inside, who talks to whom, what is asked. */
#ifndef TESTS_CORE_DOOR_WORLD_H
#define TESTS_CORE_DOOR_WORLD_H

#include <glib.h>
#include <string.h>

#include "kit/kit.h"
#include "policy/config.h"
#include "policy/door.h"

/* Who is who unless a test says otherwise. */
#define INSIDE  "10.0.0.5"
#define OUTSIDE "203.0.113.9"
#define THIRD   "198.51.100.77"
#define WALL    "10.0.0.1" /* the firewall's own */

/* One world: a policy, a control flow, and a request that is granted as it stands. */
struct world {
	struct policy *policy;
	struct sides *sides;
	struct pn_addr firewall[2];
	struct door_asker asker;
	struct pn_expect request;
	struct expectation wanted;
};

static inline struct pn_addr
addr(const char *text)
{
	struct pn_addr addr;

	ck_assert_int_eq(addr_parse(text, &addr, NULL), 0);
	return addr;
}

static const struct pn_addr sender = { .family = PN_ADDR_SENDER };
static const struct pn_addr receiver = { .family = PN_ADDR_RECEIVER };

/* The control flow runs from `client` to `server`, and `client` has sent the message. */
static inline void
set_control(struct world *w, const char *client, const char *server)
{
	w->asker.sender = addr(client);
	w->asker.receiver = addr(server);
	w->asker.control = (struct tuple){
		.src = w->asker.sender,
		.dst = w->asker.receiver,
		.src_port = 40000,
		.dst_port = 21,
		.proto = PROTO_TCP,
		.family = w->asker.sender.family,
	};
}

static inline void
set_sources(struct world *w, const char *list)
{
	g_free(w->policy->doors.sources);
	ck_assert_int_eq(
		config_parse_prefixes(list, &w->policy->doors.sources, &w->policy->doors.n_sources),
		0);
}

static inline void
set_inside(struct world *w, const char *list)
{
	static const uint64_t seed[2] = { 1, 2 };
	struct prefix *prefixes;
	unsigned n;

	ck_assert_int_eq(config_parse_prefixes(list, &prefixes, &n), 0);
	sides_free(w->sides);
	w->sides = sides_new(prefixes, n, seed);
	w->asker.sides = w->sides;
	g_free(prefixes);
}

static inline struct world *
world_new(void)
{
	struct world *w = g_new0(struct world, 1);

	w->policy = policy_new();
	w->firewall[0] = addr(WALL);
	w->firewall[1] = addr("2001:db8:1::1");
	w->asker = (struct door_asker){
		.established = true,
		.default_timeout = 45,
		.firewall = w->firewall,
		.n_firewall = 2,
	};
	set_inside(w, "10.0.0.0/8;2001:db8:1::/48");
	set_control(w, INSIDE, OUTSIDE);
	w->request = (struct pn_expect){
		.size = sizeof(struct pn_expect),
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_DST_PORT,
		.proto = PROTO_TCP,
		.src = receiver,
		.dst = sender,
		.dst_port = 50000,
	};
	return w;
}

static inline void
world_free(struct world *w)
{
	policy_unref(w->policy);
	sides_free(w->sides);
	g_free(w);
}

static inline int
ask(struct world *w)
{
	memset(&w->wanted, 0xa5, sizeof(w->wanted));
	return door_check(w->policy, &w->asker, &w->request, &w->wanted);
}

static inline bool
is_addr(const struct pn_addr *a, const char *text)
{
	struct pn_addr b = addr(text);

	return addr_equal(a, &b);
}

#define assert_granted(w) ck_assert_int_eq(ask(w), 0)
#define assert_refused(w, why)                                                                     \
	ck_assert_str_eq(door_refusal_name(ask(w)), door_refusal_name(-PN_REFUSED_##why))

/* The world, and in it one thing after another. */
static struct world *w;

static inline void
set_up(void)
{
	w = world_new();
}

static inline void
tear_down(void)
{
	world_free(w);
}

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/* Things of a policy that is being made: found by name, made with their defaults, and not too many.
 */
#include <stdio.h>

#include "kit/kit.h"
#include "policy/config-draft.h"
#include "policy/config.h"

START_TEST(made_once)
{
	struct policy *policy = policy_new();
	struct connection *c = draft_connection(policy, "wan");
	struct policy_helper *h = draft_helper(policy, "demo");
	struct port_mapping *m;
	struct port_trigger *t;

	ck_assert_ptr_eq(draft_connection(policy, "default"), &policy->connections[0]);
	c = draft_connection(policy, "wan");
	ck_assert_ptr_eq(c, &policy->connections[1]);
	ck_assert_uint_eq(policy->n_connections, 2);
	ck_assert(c->firewall && !c->firewall_set && !c->icmp && !c->helpers_set && !c->file);

	ck_assert_ptr_eq(draft_helper(policy, "demo"), h);
	ck_assert(!h->enabled && !h->enabled_set && !h->ports_set);
	ck_assert_ptr_eq(draft_option(h, "one"), draft_option(h, "one"));
	ck_assert_uint_eq(h->n_options, 1);

	m = draft_mapping(c, "web");
	ck_assert_ptr_eq(draft_mapping(c, "web"), m);
	ck_assert(m->enabled && !m->proto && !m->external.first && !m->internal);
	t = draft_trigger(c, "game");
	ck_assert_ptr_eq(draft_trigger(c, "game"), t);
	ck_assert(t->enabled && t->timeout == CONFIG_TRIGGER_TIMEOUT);
	/* Of another connection it is another one. */
	draft_mapping(&policy->connections[0], "web");
	ck_assert_uint_eq(c->mappings.n, 1);
	ck_assert_uint_eq(policy->connections[0].mappings.n, 1);
	policy_unref(policy);
}
END_TEST

START_TEST(limits)
{
	struct policy *policy = policy_new();
	struct connection *c = &policy->connections[0];
	struct policy_helper *h;
	char name[16];

	for (unsigned i = 0; i <= SERVICES_MAX; i++) {
		snprintf(name, sizeof(name), "x%u", i);
		ck_assert((draft_mapping(c, name) != NULL) == (i < CONFIG_MAPPINGS_MAX));
		ck_assert((draft_trigger(c, name) != NULL) == (i < CONFIG_TRIGGERS_MAX));
		ck_assert((draft_helper(policy, name) != NULL) == (i < CONFIG_HELPERS_MAX));
		h = &policy->helpers[0];
		ck_assert((draft_option(h, name) != NULL) == (i < CONFIG_OPTIONS_MAX));
		ck_assert((draft_service(policy, name) != NULL) == (i < SERVICES_MAX));
	}
	for (unsigned i = 1; i <= CONNECTIONS_MAX; i++) {
		snprintf(name, sizeof(name), "x%u", i);
		ck_assert((draft_connection(policy, name) != NULL) == (i < CONNECTIONS_MAX));
	}
	ck_assert_uint_eq(policy->n_connections, CONNECTIONS_MAX);
	policy_unref(policy);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-draft");
	TCase *t = tcase_create("config-draft");

	tcase_add_test(t, made_once);
	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

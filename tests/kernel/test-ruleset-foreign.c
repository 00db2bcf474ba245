// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules of others that stand in our way, and some that only look so. */
#include "kernel/ruleset.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kit/kit.h"
#include "ruleset-world.h"

#define LOOP (int)G_N_ELEMENTS(foreigners)

static enum world_make makes[2];

static const struct {
	const char *command;
	const char *input;
	const char *says; /* NULL: no harm */
} foreigners[] = {
	{ "iptables -P FORWARD DROP", NULL, "ip filter, chain FORWARD: drops by policy" },
	{ "ip6tables -A INPUT -j REJECT", NULL, "ip6 filter, chain INPUT: drops by a rule" },
	{ "iptables -A INPUT -m comment --comment why -j DROP", NULL, "drops by a rule" },
	{ "iptables-restore -n", "*filter\n-A INPUT -m comment --comment \"a b\" -j DROP\nCOMMIT\n",
		"drops by a rule" },
	{ "iptables -A INPUT -p tcp --dport 25 -j DROP", NULL, NULL },
	{ "iptables -t mangle -A POSTROUTING -j CONNMARK --save-mark", NULL, "copies whole marks" },
	{ "iptables -t mangle -A POSTROUTING -j CONNMARK --save-mark --mask 0xff", NULL, NULL },
	{ "nft -f -",
		"table inet t { chain c { type filter hook input priority 5; policy drop; }; }",
		"nftables table inet t, chain c: drops by policy" },
	{ "nft -f -",
		"table ip t { chain c { type filter hook output priority 5;"
		" tcp dport 80 accept; counter log prefix \"no \" drop; }; }",
		"ip t, chain c: drops by a rule" },
	{ "nft -f -",
		"table inet t { chain c { type filter hook forward priority 5;"
		" counter reject with icmpx admin-prohibited; }; }",
		"drops by a rule" },
	{ "nft -f -", "table inet t { chain c { drop; }; }", NULL },
	{ "nft -f -",
		"table bridge t { chain c { type filter hook input priority 5; policy drop; }; }",
		NULL },
	{ "nft -f -",
		"table inet t { chain c { type filter hook input priority 5;"
		" ct mark set meta mark; ct state invalid drop; }; }",
		"copies whole marks" },
};

START_TEST(foreign)
{
	int n = _i % LOOP;
	const struct ruleset_options options = {
		.backend = RULESET_IPTABLES, .queues = 1, .admitted = 1, .offloaded = 2
	};
	struct ruleset *ruleset;
	GPtrArray *lines;

	world_alone(makes[_i / LOOP]);
	ck_assert_int_eq(ruleset_new(&options, &ruleset, NULL), 0);
	ck_assert_int_eq(ruleset_apply(ruleset, NULL), 0);
	lines = ruleset_foreign();
	ck_assert_uint_eq(lines->len, 0);
	g_ptr_array_unref(lines);
	g_free(world_run(foreigners[n].command, foreigners[n].input));
	lines = ruleset_foreign();
	ck_assert_uint_eq(lines->len, foreigners[n].says ? 1 : 0);
	if (foreigners[n].says) {
		const char *line = g_ptr_array_index(lines, 0);
		/* Both makes have the same tables, under other names. */
		bool legacy = g_str_has_prefix(line, "ip6tables-legacy") ||
			      g_str_has_prefix(line, "iptables-legacy");
		const char *says = strchr(foreigners[n].says, ':');

		says = legacy && says ? says : foreigners[n].says;
		ck_assert_msg(strstr(line, says) != NULL, "%s", line);
	}
	g_ptr_array_unref(lines);
	ruleset_free(ruleset);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("ruleset-foreign");
	TCase *c = tcase_create("in a kernel");
	int n = 0;

	for (unsigned make = WORLD_IPTABLES_NFT; make <= WORLD_IPTABLES_LEGACY; make++)
		if (world_has(make))
			makes[n++] = make;
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, foreign, 0, n * LOOP);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	if (geteuid() || !world_is_possible() || !world_has(WORLD_IPTABLES_NFT)) {
		puts("skipped: needs root, namespaces and iptables");
		return 77;
	}
	return kit_run(suite());
}

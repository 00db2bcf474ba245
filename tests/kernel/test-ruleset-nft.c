// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of nft, also on kernels that cannot queue from it: as the kernel takes it, and at work
 * with something else where it queues.
 */
#include "kernel/ruleset.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/process.h"
#include "kernel/ruleset-private.h"
#include "kit/kit.h"
#include "ruleset-stage.h"

static const struct ruleset_options usual = {
	.queue_first = QUEUE,
	.queues = 1,
	.admitted = ADMITTED,
	.offloaded = OFFLOADED,
	.offload = true,
};

/* How often does a text have a word? */
static unsigned
count(const char *text, const char *word)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
		n++;
	return n;
}

/* The table of nft as the kernel takes it. Where it has no `queue`, it complains of that alone, at
 * each of its places; with something else in these places it takes the table. */
START_TEST(nft_table)
{
	g_autofree char *program = process_find("nft");
	const char *const argv[] = { program, "-c", "-f", "-", NULL };
	g_autofree char *text = ruleset_text(&usual, RULESET_NFT, 0);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *errors = NULL;
	g_autofree char *without = NULL;
	g_autofree char *listed = NULL;
	g_autofree char *read = NULL;
	unsigned queues = 0;

	world_alone(WORLD_IPTABLES_NFT);
	if (process_run(argv, text, PROCESS_SECONDS, NULL, &errors)) {
		g_auto(GStrv) said = g_strsplit(errors, "\n", -1);

		for (unsigned i = 0; said[i]; i++) {
			unsigned line, column;

			if (sscanf(said[i], "/dev/stdin:%u:%u", &line, &column) != 2)
				continue;
			ck_assert_msg(g_str_has_prefix(lines[line - 1] + column - 1, "queue num") &&
					      strstr(said[i], "No such file or directory"),
				"%s", errors);
			queues++;
		}
		ck_assert_uint_eq(queues, count(text, "queue num"));
	}
	for (unsigned i = 0; lines[i]; i++) {
		char *queue = strstr(lines[i], "queue num");

		if (queue)
			memcpy(queue, "accept", strlen("accept") + 1);
	}
	without = g_strjoinv("\n", lines);
	g_free(world_run("nft -f -", without));
	listed = world_run("nft list table inet postern", NULL);
	ck_assert_uint_eq(count(listed, "type filter hook"), 6);
	/* Nothing is missing, and it would be seen if it were. */
	ck_assert_int_eq(ruleset_nft.read(&read, NULL), 0);
	ck_assert_uint_eq(ruleset_count_lines(read, "inet postern "), ruleset_nft.count(&usual));
	ck_assert_int_eq(ruleset_flush(&usual, NULL), 0);
	g_free(listed);
	listed = world_run("nft list ruleset", NULL);
	ck_assert_str_eq(listed, "");
}
END_TEST

/* The table of nft with something else where it queues, for kernels that have no such expression:
 * what passes while nobody listens is accepted, and for the rest there is `instead`. */
static void
load_table(const struct stage *s, const char *instead)
{
	g_autofree char *text = ruleset_text(&s->options, RULESET_NFT, 0);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GString *table = g_string_new("add table inet postern\ndelete table inet postern\n");

	for (unsigned i = 0; lines[i]; i++) {
		char *queue = strstr(lines[i], "queue num 7");
		const char *end = !queue                              ? ""
				  : g_str_has_suffix(queue, "bypass") ? "accept"
								      : instead;

		if (queue)
			*queue = '\0';
		g_string_append_printf(table, "%s%s\n", lines[i], end);
	}
	g_free(world_run("nft -f -", table->str));
	g_string_free(table, TRUE);
}

START_TEST(table_of_nft)
{
	struct stage s;
	int other;

	stage_begin(&s, _i);
	other = world_socket(&s.w, WORLD_SERVER, s.family, OTHER);
	/* As if a verdict had come with these bits. */
	load_table(&s, "meta mark set meta mark | 0x30000000 accept");
	stage_add_rule(&s, "-t mangle -A FORWARD -j CONNMARK --set-xmark 5/0xff");
	stage_add_rule(&s, "-A FORWARD -m mark ! --mark 0 -m comment --comment marked");
	expect_passes(&s, s.client, WORLD_SERVER, s.server);
	stage_expect_mark("mark=805306373 ");
	ck_assert_uint_eq(stage_count(&s, "filter", "marked"), 0);
	expect_passes(&s, s.client, WORLD_FIREWALL, s.host);
	stage_expect_mark("mark=805306368 ");

	/* As if nobody listened. */
	load_table(&s, "drop");
	expect_passes(&s, s.server, WORLD_CLIENT, s.client);
	expect_passes(&s, s.client, WORLD_SERVER, s.server);
	expect_passes(&s, s.host, WORLD_CLIENT, s.client);
	expect_passes(&s, s.host, WORLD_FIREWALL, s.host);
	expect_lost(&s, other, WORLD_CLIENT, s.client);
	expect_lost(&s, other, WORLD_FIREWALL, s.host);

	/* As if what the host sends were accepted without a mark. */
	load_table(&s, "accept");
	expect_passes(&s, s.host, WORLD_SERVER, s.server);
	stage_expect_mark("mark=268435456 ");
	close(other);
	stage_end(&s);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("ruleset-nft");
	TCase *c = tcase_create("in namespaces");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, nft_table);
	tcase_add_loop_test(c, table_of_nft, 0, stage_ways() ? STAGE_FAMILIES : 0);
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

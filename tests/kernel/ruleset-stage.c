// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules in a world of three machines. */
#include "ruleset-stage.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Through what the rules get to the kernel. The last is tried only where the kernel can. */
static struct {
	enum world_make make; /* of iptables, for the rules of others at least */
	enum ruleset_backend backend;
} ways[3];

void
stage_apply(struct stage *s)
{
	char *message = NULL;

	if (!s->rules)
		ck_assert_msg(ruleset_new(&s->options, &s->rules, &message) == 0, "%s", message);
	ck_assert_msg(ruleset_apply(s->rules, &message) == 0, "%s", message);
}

void
stage_begin(struct stage *s, int i)
{
	memset(s, 0, sizeof(*s));
	s->family = i % STAGE_FAMILIES ? 6 : 4;
	s->options = (struct ruleset_options){
		.backend = ways[i / STAGE_FAMILIES].backend,
		.queue_first = QUEUE,
		.queues = 1,
		.admitted = ADMITTED,
		.offloaded = OFFLOADED,
		.offload = true,
	};
	world_new(&s->w, ways[i / STAGE_FAMILIES].make);
	s->client = world_socket(&s->w, WORLD_CLIENT, s->family, PORT);
	s->server = world_socket(&s->w, WORLD_SERVER, s->family, PORT);
	s->host = world_socket(&s->w, WORLD_FIREWALL, s->family, PORT);
}

void
stage_end(struct stage *s)
{
	ruleset_free(s->rules);
	close(s->client);
	close(s->server);
	close(s->host);
	world_free(&s->w);
}

void
stage_mail(const struct stage *s, int from, enum world_ns to)
{
	/* A packet that is dropped on its way out is an error for some families. */
	(void)world_send(from, s->family, to, PORT);
}

static const char *
program(const struct stage *s)
{
	return s->family == 4 ? "iptables" : "ip6tables";
}

void
stage_add_rule(const struct stage *s, const char *rule)
{
	g_autofree char *command = g_strdup_printf("%s %s", program(s), rule);

	g_free(world_run(command, NULL));
}

unsigned
stage_count(const struct stage *s, const char *table, const char *comment)
{
	g_autofree char *command = g_strdup_printf("%s-save -c -t %s", program(s), table);
	g_autofree char *saved = world_run(command, NULL);
	g_auto(GStrv) lines = g_strsplit(saved, "\n", -1);
	unsigned n;

	for (unsigned i = 0; lines[i]; i++)
		if (strstr(lines[i], comment) && sscanf(lines[i], "[%u:", &n) == 1)
			return n;
	ck_abort_msg("no rule %s in %s", comment, saved);
}

void
stage_expect_mark(const char *mark)
{
	g_autofree char *entries = NULL;

	if (g_file_get_contents("/proc/net/nf_conntrack", &entries, NULL, NULL))
		ck_assert_msg(strstr(entries, mark) != NULL, "%s", entries);
}

/* Has the kernel what the back end nft needs? Asked in a network of its own. */
static bool
has_nft(void)
{
	const struct ruleset_options options = {
		.backend = RULESET_NFT, .queues = 1, .admitted = ADMITTED, .offloaded = OFFLOADED
	};
	struct ruleset *rules;
	pid_t child = fork();
	int status = 1;

	if (!child)
		_exit(unshare(CLONE_NEWNET) || ruleset_new(&options, &rules, NULL) < 0);
	return child > 0 && waitpid(child, &status, 0) == child && !status;
}

int
stage_ways(void)
{
	int n = 0;

	for (unsigned make = WORLD_IPTABLES_NFT; make <= WORLD_IPTABLES_LEGACY; make++)
		if (world_has(make)) {
			ways[n].backend = RULESET_IPTABLES;
			ways[n++].make = make;
		}
	if (has_nft()) {
		ways[n].backend = RULESET_NFT;
		ways[n++].make = WORLD_IPTABLES_NFT;
	}
	return n;
}

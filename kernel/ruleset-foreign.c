// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules of others that break what we promise, whichever back end they came by.
 *
 * A packet passes only if nobody drops it. Told are chains at a hook that drop whatever they do not
 * accept, by policy or by a last rule without conditions; rules that copy whole marks of packets to
 * connections, over our bits; and rules that let established connections bypass the hooks. What a
 * rule with conditions does to our packets cannot be known, and is not told.
 *
 * Limits: FOREIGN_MAX lines. Any thread.
 * Relies on: the words of `nft list ruleset` and of iptables-legacy-save.
 */
#include "ruleset-private.h"

#include <string.h>
#include <unistd.h>

#include <nftables/libnftables.h>

#include "kernel/process.h"

#define FOREIGN_MAX 64

#define DROPS_BY_POLICY "drops by policy what its rules do not accept, though we let it pass"
#define DROPS_BY_RULE                                                                              \
	"drops by a rule without conditions what is not accepted before, though we"                \
	" let it pass"
#define COPIES_MARKS                                                                               \
	"copies whole marks of packets to connections, over ours: such connections"                \
	" are asked about packet by packet"
#define BYPASSES "lets established connections bypass all rules, and so us"

/* A chain of somebody. */
struct place {
	const char *maker; /* "nftables", "iptables-legacy", … */
	char *table;       /* "inet filter"; NULL: none yet */
	char *chain;
	bool is_base; /* at a hook */
};

static void
tell(GPtrArray *lines, const struct place *place, const char *what)
{
	char *line = g_strdup_printf(
		"%s table %s, chain %s: %s", place->maker, place->table, place->chain, what);

	if (lines->len < FOREIGN_MAX &&
		!g_ptr_array_find_with_equal_func(lines, line, g_str_equal, NULL))
		g_ptr_array_add(lines, line);
	else
		g_free(line);
}

static void
set(char **word, const char *text, size_t len)
{
	g_free(*word);
	*word = g_strndup(text, len);
}

/* Does a rule drop or reject whatever reaches it? Counting and logging are no conditions. */
static bool
is_nft_drop(const char *rule)
{
	if (g_str_has_prefix(rule, "counter "))
		rule += strlen("counter ");
	if (g_str_has_prefix(rule, "log ")) {
		const char *last = strrchr(rule, ' ');

		return !strcmp(last, " drop") || !strcmp(last, " reject");
	}
	return g_str_has_prefix(rule, "drop") || g_str_has_prefix(rule, "reject");
}

/* "ct mark set mark", but not "… and 0xff". */
static bool
copies_whole_mark(const char *rule)
{
	static const char *const words[] = { "ct mark set mark", "ct mark set meta mark" };

	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
		const char *at = strstr(rule, words[i]);

		if (at)
			return !g_str_has_prefix(at + strlen(words[i]), " and") &&
			       !g_str_has_prefix(at + strlen(words[i]), " &");
	}
	return false;
}

static void
look_at_nft_rule(GPtrArray *lines, const struct place *place, const char *rule)
{
	if (place->is_base && is_nft_drop(rule))
		tell(lines, place, DROPS_BY_RULE);
	if (copies_whole_mark(rule))
		tell(lines, place, COPIES_MARKS);
	if (g_str_has_prefix(rule, "flow add @") || strstr(rule, " flow add @"))
		tell(lines, place, BYPASSES);
}

static bool
is_ours(const struct place *place)
{
	return !strcmp(place->table, "inet postern") || g_str_has_prefix(place->chain, "POSTERN-");
}

/* One line of `nft list ruleset`. */
static void
look_at_nft_line(GPtrArray *lines, struct place *place, char *line)
{
	g_strstrip(line);
	if (g_str_has_prefix(line, "table ")) {
		set(&place->table, line + 6, strcspn(line + 6, "{"));
		g_strchomp(place->table);
		g_clear_pointer(&place->chain, g_free);
	} else if (g_str_has_prefix(line, "chain ")) {
		set(&place->chain, line + 6, strcspn(line + 6, " "));
		place->is_base = false;
	} else if (*line == '}') {
		g_clear_pointer(&place->chain, g_free);
	} else if (place->table && place->chain && !is_ours(place) &&
		   (g_str_has_prefix(place->table, "ip") ||
			   g_str_has_prefix(place->table, "inet "))) {
		if (!g_str_has_prefix(line, "type ")) {
			look_at_nft_rule(lines, place, line);
			return;
		}
		place->is_base = strstr(line, " hook ");
		if (strstr(line, "policy drop"))
			tell(lines, place, DROPS_BY_POLICY);
	}
}

static void
look_at_nft(GPtrArray *lines)
{
	struct nft_ctx *nft = ruleset_nft_open(NFT_CTX_OUTPUT_STATELESS);
	struct place place = { .maker = "nftables" };

	if (nft && !nft_run_cmd_from_buffer(nft, "list ruleset")) {
		g_auto(GStrv) split = g_strsplit(nft_ctx_get_output_buffer(nft), "\n", -1);

		for (unsigned i = 0; split[i]; i++)
			look_at_nft_line(lines, &place, split[i]);
	}
	g_free(place.table);
	g_free(place.chain);
	if (nft)
		nft_ctx_free(nft);
}

/* Nothing but a target that drops, and perhaps a comment. */
static bool
is_legacy_drop(const char *rule)
{
	static const char comment[] = "-m comment --comment ";

	if (g_str_has_prefix(rule, comment)) {
		rule += strlen(comment);
		rule += *rule == '"' ? 1 + strcspn(rule + 1, "\"") : 0;
		rule += strcspn(rule, " ");
		rule += *rule == ' ';
	}
	return g_str_has_prefix(rule, "-j DROP") || g_str_has_prefix(rule, "-j REJECT");
}

/* One line of iptables-legacy-save. */
static void
look_at_legacy_line(GPtrArray *lines, struct place *place, const char *line)
{
	bool is_rule = g_str_has_prefix(line, "-A ");
	const char *rest;

	if (*line == '*')
		set(&place->table, line + 1, strlen(line + 1));
	if (!place->table || (!is_rule && *line != ':'))
		return;
	line += is_rule ? 3 : 1;
	rest = line + strcspn(line, " ");
	set(&place->chain, line, (size_t)(rest - line));
	rest += *rest == ' ';
	if (is_ours(place))
		return;
	/* Built-in chains are those with a policy, and in capitals. */
	if (!is_rule && g_str_has_prefix(rest, "DROP "))
		tell(lines, place, DROPS_BY_POLICY);
	place->is_base = g_strv_contains((const char *const[]){ "PREROUTING", "INPUT", "FORWARD",
						 "OUTPUT", "POSTROUTING", NULL },
		place->chain);
	if (is_rule && place->is_base && is_legacy_drop(rest))
		tell(lines, place, DROPS_BY_RULE);
	if (is_rule &&
		strstr(rest, "-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff"))
		tell(lines, place, COPIES_MARKS);
}

/* Only where there are such rules: to ask would make tables. */
static void
look_at_legacy(GPtrArray *lines, const char *program, const char *names)
{
	g_autofree char *path = process_find(program);
	const char *const argv[] = { path, NULL };
	g_autofree char *tables = NULL;
	g_autofree char *saved = NULL;
	g_auto(GStrv) split = NULL;
	struct place place = { .maker = program };

	if (!path || !g_file_get_contents(names, &tables, NULL, NULL) || !*tables)
		return;
	if (process_run(argv, NULL, PROCESS_SECONDS, &saved, NULL))
		return;
	split = g_strsplit(saved, "\n", -1);
	for (unsigned i = 0; split[i]; i++)
		look_at_legacy_line(lines, &place, split[i]);
	g_free(place.table);
	g_free(place.chain);
}

GPtrArray *
ruleset_foreign(void)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	look_at_nft(lines);
	look_at_legacy(lines, "iptables-legacy-save", "/proc/net/ip_tables_names");
	look_at_legacy(lines, "ip6tables-legacy-save", "/proc/net/ip6_tables_names");
	return lines;
}

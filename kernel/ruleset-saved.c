// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What iptables-save says of us.
 *
 * A walk along its lines, which are "*TABLE", ":CHAIN POLICY COUNTERS", "-A CHAIN RULE", "COMMIT"
 * and comments. Nothing is copied: a line points into the text.
 *
 * Limits: none of its own. Any thread.
 * Relies on: the rules of a chain standing together, in their order.
 */
#include "ruleset-private.h"

#include <string.h>

/* Does a rule lead to a chain of ours? Words in quotes (comments) have no say. */
static bool
leads_to_us(const char *rule, size_t len)
{
	const char *end = rule + len;
	bool quoted = false;

	for (const char *at = rule; at < end; at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (*at == '\\')
			at++;
		if (quoted || *at != '-' || (at > rule && at[-1] != ' ') || end - at < 4)
			continue;
		if ((at[1] == 'j' || at[1] == 'g') && at[2] == ' ')
			return ruleset_iptables_is_ours(at + 3, strcspn(at + 3, " \n"));
	}
	return false;
}

/* The next line, from line->next on, that is about us. */
bool
ruleset_saved_next(struct saved_line *line)
{
	while (line->next && *line->next) {
		const char *at = line->next;
		size_t len = strcspn(at, "\n");
		bool is_rule = len > 3 && !memcmp(at, "-A ", 3);
		const char *chain = at + (is_rule ? 3 : 1);
		size_t chain_len = strcspn(chain, " \n");

		line->next = at + len + (at[len] == '\n');
		if (*at == '*') {
			line->table = at + 1;
			line->table_len = len - 1;
			line->chain_len = 0;
		}
		if (!is_rule && *at != ':')
			continue;
		/* Rules of one chain stand together. */
		if (!is_rule || !line->chain || chain_len != line->chain_len ||
			memcmp(chain, line->chain, chain_len))
			line->place = 0;
		line->place += is_rule;
		line->chain = chain;
		line->chain_len = chain_len;
		line->rule = is_rule ? chain + chain_len : NULL;
		line->rule_len = is_rule ? len - 3 - chain_len : 0;
		line->is_jump = false;
		if (ruleset_iptables_is_ours(chain, chain_len))
			return true;
		line->is_jump = is_rule && leads_to_us(line->rule, line->rule_len);
		if (line->is_jump)
			return true;
	}
	return false;
}

bool
ruleset_saved_is_in(const struct saved_line *line, const char *table)
{
	return line->table && strlen(table) == line->table_len &&
	       !memcmp(table, line->table, line->table_len);
}

bool
ruleset_saved_restores(const char *saved)
{
	const char *mangle = saved ? strstr(saved, "*mangle\n") : NULL;
	const char *end = mangle ? strstr(mangle, "\nCOMMIT") : NULL;
	const char *restores = mangle ? strstr(mangle, "CONNMARK --restore-mark") : NULL;

	return restores && (!end || restores < end);
}

unsigned
ruleset_count_lines(const char *text, const char *start)
{
	unsigned n = 0;

	for (const char *line = text; *line; line += *line == '\n') {
		n += g_str_has_prefix(line, start);
		line += strcspn(line, "\n");
	}
	return n;
}

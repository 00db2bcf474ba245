// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our rules as iptables-restore reads them.
 *
 * Each table is replaced as a whole in one transaction: naming a chain empties it, its rules
 * follow, and the jumps come last, in place of those that were there.
 *
 * Packets are queued in `mangle`, so that the rules of others in `filter` still see what we let
 * pass, and may drop it. The mark of the verdict is saved where `filter` begins, and taken off the
 * packet there, so that nobody else ever meets our bits. What this machine sends gets no mark with
 * its verdict: a mark that changes in OUTPUT has the packet routed anew, which is wrong for anybody
 * who routes by marks (a tunnel's own packets). It is marked as admitted before it is asked about
 * instead: that is forgotten with the packet if it is refused.
 *
 * Limits: none of its own. Any thread.
 * Relies on: the words of iptables-save being what iptables-restore reads.
 */
#include "ruleset-private.h"

#include <string.h>

/* In a table its chains stand together; those that others jump to first. */
static const struct chain {
	const char *name;
	const char *table;
	unsigned family; /* 0: both */
} chains[] = {
	{ "POSTERN-SAVE", "filter" },
	{ "POSTERN-PRE", "mangle" },
	{ "POSTERN-ND", "mangle", 6 },
	{ "POSTERN-IN", "mangle" },
	{ "POSTERN-FWD", "mangle" },
	{ "POSTERN-OUT", "mangle" },
};

/* One jump per hook and table. */
static const struct jump {
	const char *table;
	const char *hook;
	const char *chain;
	bool if_marked; /* only packets that have a bit of ours */
	bool is_last;   /* behind everybody else's rules, and only where they restore marks; else
			 * before them */
} jumps[] = {
	{ "filter", "INPUT", "POSTERN-SAVE", .if_marked = true },
	{ "filter", "FORWARD", "POSTERN-SAVE", .if_marked = true },
	{ "mangle", "PREROUTING", "POSTERN-PRE", .if_marked = true, .is_last = true },
	{ "mangle", "INPUT", "POSTERN-IN" },
	{ "mangle", "FORWARD", "POSTERN-FWD" },
	{ "mangle", "OUTPUT", "POSTERN-OUT" },
};

bool
ruleset_iptables_is_ours(const char *name, size_t len)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(chains); i++)
		if (strlen(chains[i].name) == len && !memcmp(chains[i].name, name, len))
			return true;
	return false;
}

/* The rest of a rule that queues. */
static void
add_queue(GString *text, const struct ruleset_options *options, bool bypass)
{
	unsigned first = options->queue_first;

	g_string_append(text, " -j NFQUEUE");
	if (options->queues > 1)
		g_string_append_printf(
			text, " --queue-balance %u:%u", first, first + options->queues - 1);
	else
		g_string_append_printf(text, " --queue-num %u", first);
	g_string_append(text, bypass ? " --queue-bypass\n" : "\n");
}

/*
 * What IPv6 needs to keep its neighbours and routers, or established connections would end while
 * nobody listens: neighbour discovery, which nobody can send from afar (hop limit 255, RFC 4861
 * §7.1), and the reports that have switches pass it on (RFC 3810 §5; from a link-local address, or
 * none, which no router forwards). RFC 4890 §4.4.1. Redirects are not among it.
 */
static void
add_neighbours(GString *text, const struct ruleset_options *options)
{
	static const unsigned discovery[] = { 133, 134, 135, 136 };
	static const unsigned listeners[] = { 130, 131, 132, 143 };
	static const char *const sources[] = { "fe80::/10", "::/128" };

	for (unsigned i = 0; i < G_N_ELEMENTS(discovery); i++) {
		g_string_append_printf(text,
			"-A POSTERN-ND -p ipv6-icmp -m icmp6 --icmpv6-type %u"
			" -m hl --hl-eq 255",
			discovery[i]);
		add_queue(text, options, true);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(listeners) * G_N_ELEMENTS(sources); i++) {
		g_string_append_printf(text,
			"-A POSTERN-ND -s %s -p ipv6-icmp -m icmp6 --icmpv6-type %u"
			" -m hl --hl-eq 1",
			sources[i % 2], listeners[i / 2]);
		add_queue(text, options, true);
	}
}

/* ESTABLISHED, which is never an ICMP error (RELATED), and with this bit. */
static void
add_established(GString *text, const char *chain, uint32_t bit)
{
	g_string_append_printf(text,
		"-A %s -m connmark --mark 0x%x/0x%x -m conntrack --ctstate ESTABLISHED", chain, bit,
		bit);
}

/* What the three chains that queue have in common. `loopback` is an option with an interface. */
static void
add_queueing(GString *text, const struct ruleset_options *options, unsigned family,
	const char *chain, const char *loopback)
{
	if (loopback)
		g_string_append_printf(text, "-A %s %s lo -j RETURN\n", chain, loopback);
	if (options->offload) {
		add_established(text, chain, options->offloaded);
		g_string_append(text, " -j RETURN\n");
	}
	add_established(text, chain, options->admitted);
	add_queue(text, options, true);
	if (family == 6 && loopback)
		g_string_append_printf(text, "-A %s -p ipv6-icmp -j POSTERN-ND\n", chain);
	if (!strcmp(chain, "POSTERN-OUT"))
		g_string_append_printf(text,
			"-A %s -m conntrack --ctstate NEW ! --ctstatus CONFIRMED"
			" -j CONNMARK --set-xmark 0x%x/0x%x\n",
			chain, options->admitted, options->admitted);
	g_string_append_printf(text, "-A %s", chain);
	add_queue(text, options, options->fail_open);
	/* Not reached, as long as the rule above is what it is. */
	if (!options->fail_open)
		g_string_append_printf(text, "-A %s -j DROP\n", chain);
}

static void
add_rules(GString *text, const struct ruleset_options *options, unsigned family, const char *table)
{
	uint32_t bits = ruleset_bits(options);

	if (!strcmp(table, "filter")) {
		g_string_append_printf(text,
			"-A POSTERN-SAVE -j CONNMARK --save-mark --nfmask 0x%x --ctmask 0x%x\n"
			"-A POSTERN-SAVE -j MARK --set-xmark 0x0/0x%x\n",
			bits, bits, bits);
		return;
	}
	/* Where others restore marks of connections to packets, ours would stand in the way of
	 * routing by marks. */
	g_string_append_printf(text, "-A POSTERN-PRE -j MARK --set-xmark 0x0/0x%x\n", bits);
	if (family == 6)
		add_neighbours(text, options);
	add_queueing(text, options, family, "POSTERN-IN", "-i");
	add_queueing(text, options, family, "POSTERN-FWD", NULL);
	add_queueing(text, options, family, "POSTERN-OUT", "-o");
}

static void
add_jumps(GString *text, const struct ruleset_options *options, const char *table,
	bool others_restore)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(jumps); i++) {
		const struct jump *jump = &jumps[i];

		if (strcmp(jump->table, table) || (jump->is_last && !others_restore))
			continue;
		g_string_append_printf(text, "-%c %s ", jump->is_last ? 'A' : 'I', jump->hook);
		if (jump->if_marked)
			g_string_append_printf(
				text, "-m mark ! --mark 0x0/0x%x ", ruleset_bits(options));
		g_string_append_printf(text, "-j %s\n", jump->chain);
	}
}

/* Takes away the jumps that are there. */
static void
undo_jumps(GString *text, const char *table, const char *saved)
{
	struct saved_line line = { .next = saved };

	while (ruleset_saved_next(&line))
		if (line.is_jump && ruleset_saved_is_in(&line, table))
			g_string_append_printf(text, "-D %.*s%.*s\n", (int)line.chain_len,
				line.chain, (int)line.rule_len, line.rule);
}

void
ruleset_iptables_table(GString *text, const struct ruleset_options *options, unsigned family,
	const char *table, const char *saved)
{
	g_string_append_printf(text, "*%s\n", table);
	for (unsigned i = 0; i < G_N_ELEMENTS(chains); i++)
		if (!strcmp(chains[i].table, table) && (chains[i].family | family) == family)
			g_string_append_printf(text, ":%s - [0:0]\n", chains[i].name);
	add_rules(text, options, family, table);
	undo_jumps(text, table, saved);
	add_jumps(text, options, table, ruleset_saved_restores(saved));
	g_string_append(text, "COMMIT\n");
}

bool
ruleset_iptables_undo(GString *text, const char *table, const char *saved)
{
	static const char flags[] = { 'F', 'X' };
	size_t start = text->len, empty;

	g_string_append_printf(text, "*%s\n", table);
	empty = text->len;
	undo_jumps(text, table, saved);
	/* All are emptied before any goes, for they may lead to one another. */
	for (unsigned i = 0; i < G_N_ELEMENTS(flags); i++) {
		struct saved_line line = { .next = saved };

		while (ruleset_saved_next(&line))
			if (!line.rule && ruleset_saved_is_in(&line, table))
				g_string_append_printf(text, "-%c %.*s\n", flags[i],
					(int)line.chain_len, line.chain);
	}
	if (text->len == empty) {
		g_string_truncate(text, start);
		return false;
	}
	g_string_append(text, "COMMIT\n");
	return true;
}

/* Whether a jump has to be first in its chain. */
static bool
place_matters(const struct saved_line *line)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(jumps); i++)
		if (ruleset_saved_is_in(line, jumps[i].table) &&
			strlen(jumps[i].hook) == line->chain_len &&
			!memcmp(jumps[i].hook, line->chain, line->chain_len))
			return !jumps[i].is_last;
	return false;
}

void
ruleset_iptables_ours(GString *lines, unsigned family, const char *saved)
{
	struct saved_line line = { .next = saved };

	while (ruleset_saved_next(&line)) {
		if (!line.rule || !line.table)
			continue;
		g_string_append_printf(lines, "IPv%u %.*s %.*s", family, (int)line.table_len,
			line.table, (int)line.chain_len, line.chain);
		if (line.is_jump && place_matters(&line))
			g_string_append_printf(lines, " rule %u:", line.place);
		g_string_append_printf(lines, "%.*s\n", (int)line.rule_len, line.rule);
	}
	if (ruleset_saved_restores(saved))
		g_string_append_printf(
			lines, "IPv%u mangle: others restore marks to packets\n", family);
}

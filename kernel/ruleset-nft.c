// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our rules through libnftables: one table, `inet postern`, replaced in one transaction.
 *
 * What is said in ruleset-iptables-text.c of where packets are queued and marks saved holds here,
 * too; with chains of our own the mark is saved, and taken off, right behind the queue.
 *
 * Life-cycle: nothing is kept here. Limits: none of its own. One thread at a time.
 * Relies on: a kernel with nf_tables and its `queue` expression; CAP_NET_ADMIN.
 */
#include "ruleset-private.h"

#include <errno.h>
#include <string.h>

#include <nftables/libnftables.h>

#define TABLE "inet postern"

/* Priorities of base chains: where iptables has its table `mangle`, and behind that. */
#define PRIORITY_CLEAR -149
#define PRIORITY_QUEUE -150
#define PRIORITY_SAVE  -140

struct nft_ctx *
ruleset_nft_open(unsigned flags)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

	if (!nft)
		return NULL;
	nft_ctx_output_set_flags(nft, flags);
	if (nft_ctx_buffer_output(nft) || nft_ctx_buffer_error(nft)) {
		nft_ctx_free(nft);
		return NULL;
	}
	return nft;
}

/* Runs commands; 0, or a negative errno value, and the first line of what is wrong. */
static int
run(const char *commands, bool dry, char **ret_output, char **ret_message)
{
	struct nft_ctx *nft = ruleset_nft_open(NFT_CTX_OUTPUT_STATELESS);
	int r = 0;

	if (!nft)
		return -ENOMEM;
	nft_ctx_set_dry_run(nft, dry);
	errno = 0;
	if (nft_run_cmd_from_buffer(nft, commands)) {
		const char *why = nft_ctx_get_error_buffer(nft);

		r = errno ? -errno : -EIO;
		if (ret_message)
			*ret_message =
				g_strdup_printf("nftables: %.*s", (int)strcspn(why, "\n"), why);
	} else if (ret_output) {
		*ret_output = g_strdup(nft_ctx_get_output_buffer(nft));
	}
	nft_ctx_free(nft);
	return r;
}

/* nf_tables alone, so as to tell that from a lack of the one expression. */
static int
nft_probe(char **ret_message)
{
	static const char table[] = "table inet postern-probe {\n\tchain probe {\n\t\t%s\n\t}\n}\n";
	g_autofree char *without = g_strdup_printf(table, "counter");
	g_autofree char *with = g_strdup_printf(table, "queue num 0 bypass");
	int r = run(without, true, NULL, ret_message);

	if (r < 0)
		return r;
	r = run(with, true, NULL, NULL);
	if (r < 0 && ret_message)
		*ret_message = g_strdup("the kernel has no nftables expression `queue`"
					" (CONFIG_NFT_QUEUE)");
	return r;
}

static bool
nft_is_told(void)
{
	return true;
}

static void
add_queue(GString *text, const struct ruleset_options *options, bool bypass)
{
	g_string_append_printf(text, "queue num %u", options->queue_first);
	if (options->queues > 1)
		g_string_append_printf(text, "-%u", options->queue_first + options->queues - 1);
	g_string_append(text, bypass ? " bypass\n" : "\n");
}

static void
begin_base(GString *text, const char *name, const char *hook, int priority)
{
	g_string_append_printf(text,
		"\tchain %s {\n\t\ttype filter hook %s priority %d; policy accept;\n", name, hook,
		priority);
}

/* The same as add_neighbours() of the other back end. */
static void
add_neighbours(GString *text, const struct ruleset_options *options)
{
	g_string_append(text, "\tchain neighbours {\n"
			      "\t\tip6 hoplimit 255 icmpv6 type { 133, 134, 135, 136 } ");
	add_queue(text, options, true);
	g_string_append(text, "\t\tip6 saddr { fe80::/10, :: } ip6 hoplimit 1"
			      " icmpv6 type { 130, 131, 132, 143 } ");
	add_queue(text, options, true);
	g_string_append(text, "\t}\n");
}

static void
add_established(GString *text, uint32_t bit)
{
	g_string_append_printf(text, "\t\tct state established ct mark & 0x%x == 0x%x ", bit, bit);
}

static void
add_queueing(GString *text, const struct ruleset_options *options, const char *hook,
	const char *loopback)
{
	begin_base(text, hook, hook, PRIORITY_QUEUE);
	if (loopback)
		g_string_append_printf(text, "\t\t%s \"lo\" accept\n", loopback);
	if (options->offload) {
		add_established(text, options->offloaded);
		g_string_append(text, "accept\n");
	}
	add_established(text, options->admitted);
	add_queue(text, options, true);
	if (loopback)
		g_string_append(text, "\t\tmeta l4proto ipv6-icmp jump neighbours\n");
	if (!strcmp(hook, "output"))
		g_string_append_printf(text,
			"\t\tct state new ct status ! confirmed ct mark set ct mark | 0x%x\n",
			options->admitted);
	g_string_append(text, "\t\t");
	add_queue(text, options, options->fail_open);
	/* Not reached, as long as the rule above is what it is. */
	if (!options->fail_open)
		g_string_append(text, "\t\tdrop\n");
	g_string_append(text, "\t}\n");
}

/* A mark cannot be made of two marks here, so there is a rule for each that we may give. */
static void
add_saving(GString *text, const struct ruleset_options *options, const char *hook)
{
	const uint32_t bits = ruleset_bits(options);
	const uint32_t marks[] = { options->admitted, options->offloaded, bits };
	g_autofree char *name = g_strdup_printf("save-%s", hook);

	begin_base(text, name, hook, PRIORITY_SAVE);
	for (unsigned i = 0; i < G_N_ELEMENTS(marks); i++)
		g_string_append_printf(text,
			"\t\tmeta mark & 0x%x == 0x%x ct mark set ct mark & 0x%x | 0x%x\n", bits,
			marks[i], ~bits, marks[i]);
	g_string_append_printf(text,
		"\t\tmeta mark & 0x%x != 0 meta mark set meta mark & 0x%x\n\t}\n", bits, ~bits);
}

static char *
nft_text(const struct ruleset_options *options, unsigned family)
{
	const uint32_t bits = ruleset_bits(options);
	GString *text = g_string_new("table " TABLE " {\n");

	/* Others may restore whole marks of connections to packets; ours would stand in the way of
	 * routing by marks. */
	begin_base(text, "clear", "prerouting", PRIORITY_CLEAR);
	g_string_append_printf(text,
		"\t\tmeta mark & 0x%x != 0 meta mark set meta mark & 0x%x\n\t}\n", bits, ~bits);
	add_neighbours(text, options);
	add_queueing(text, options, "input", "iif");
	add_queueing(text, options, "forward", NULL);
	add_queueing(text, options, "output", "oif");
	add_saving(text, options, "input");
	add_saving(text, options, "forward");
	g_string_append(text, "}\n");
	return g_string_free(text, FALSE);
}

/* The first line is there so that the second always has something to delete. */
static int
nft_apply(const struct ruleset_options *options, char **ret_message)
{
	g_autofree char *rules = nft_text(options, 0);
	g_autofree char *text =
		g_strconcat("add table " TABLE "\ndelete table " TABLE "\n", rules, NULL);

	return run(text, false, NULL, ret_message);
}

/* The lines of the table, but for those that only give it a shape. */
static int
nft_read(char **ret_lines, char **ret_message)
{
	g_autofree char *output = NULL;
	g_auto(GStrv) split = NULL;
	GString *lines;
	g_autofree char *chain = NULL;
	int r = run("list table " TABLE, false, &output, ret_message);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT && ret_message)
		g_clear_pointer(ret_message, g_free);
	lines = g_string_new(NULL);
	split = g_strsplit(output ? output : "", "\n", -1);
	for (unsigned i = 0; split[i]; i++) {
		char *line = g_strstrip(split[i]);

		if (g_str_has_prefix(line, "chain ")) {
			g_free(chain);
			chain = g_strndup(line + 6, strcspn(line + 6, " "));
		} else if (chain && *line && *line != '}') {
			g_string_append_printf(lines, TABLE " %s: %s\n", chain, line);
		}
	}
	*ret_lines = g_string_free(lines, FALSE);
	return 0;
}

static int
nft_flush(char **ret_message)
{
	g_autofree char *message = NULL;
	int r;

	if (run("list table " TABLE, false, NULL, NULL) < 0)
		return 0; /* it is not there, or there is no nf_tables to have it */
	r = run("delete table " TABLE, false, NULL, &message);
	if (r < 0 && r != -ENOENT && ret_message)
		*ret_message = g_steal_pointer(&message);
	return r == -ENOENT ? 0 : r;
}

static unsigned
nft_count(const struct ruleset_options *options)
{
	g_autofree char *text = nft_text(options, 0);

	return ruleset_count_lines(text, "\t\t");
}

const struct ruleset_ops ruleset_nft = {
	.name = "nft",
	.probe = nft_probe,
	.is_told = nft_is_told,
	.apply = nft_apply,
	.read = nft_read,
	.count = nft_count,
	.flush = nft_flush,
	.text = nft_text,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ruleset*.c share: the two back ends as they look to ruleset.c.
 */
#ifndef KERNEL_RULESET_PRIVATE_H
#define KERNEL_RULESET_PRIVATE_H

#include "kernel/ruleset.h"

struct ruleset_ops {
	const char *name;

	/* Is there all that it needs, in the kernel and elsewhere? Changes nothing. */
	int (*probe)(char **ret_message);

	/* Are its changes told to whoever listens to nf_tables? */
	bool (*is_told)(void);

	/* In place of whatever of ours is there. */
	int (*apply)(const struct ruleset_options *options, char **ret_message);

	/* What is there of ours, one line each, in the kernel's own words: equal as long as nobody
	 * touches it. The caller's to g_free(). */
	int (*read)(char **ret_lines, char **ret_message);

	/* How many lines read() gives at least, if nothing is missing. */
	unsigned (*count)(const struct ruleset_options *options);

	/* Every trace. */
	int (*flush)(char **ret_message);

	/* The text that apply() would load where nothing of ours is. */
	char *(*text)(const struct ruleset_options *options, unsigned family);
};

struct nft_ctx;

/* libnftables with its output and errors in buffers; NULL: no memory. */
struct nft_ctx *ruleset_nft_open(unsigned flags);

extern const struct ruleset_ops ruleset_nft;
extern const struct ruleset_ops ruleset_iptables;

static inline uint32_t
ruleset_bits(const struct ruleset_options *options)
{
	return options->admitted | options->offloaded;
}

/* A line of iptables-save that is about us. */
struct saved_line {
	const char *table;
	size_t table_len;
	const char *chain; /* the line is "-A CHAIN rule", or ":CHAIN policy counters" */
	size_t chain_len;
	const char *rule; /* NULL: it declares the chain */
	size_t rule_len;
	unsigned place; /* of a rule in its chain, from 1 */
	bool is_jump;   /* in somebody else's chain */
	const char *next;
};

/* The next line, from line->next on, that is about us. */
bool ruleset_saved_next(struct saved_line *line);
bool ruleset_saved_is_in(const struct saved_line *line, const char *table);

/* Do others restore marks of connections to packets? */
bool ruleset_saved_restores(const char *saved);

/* The name of a chain of ours? */
bool ruleset_iptables_is_ours(const char *name, size_t len);

/* How many lines of a text begin with this? */
unsigned ruleset_count_lines(const char *text, const char *start);

/* The text of rules for iptables-restore --noflush: a whole table, in place of what iptables-save
 * has told of it (`saved`; NULL: nothing). */
void ruleset_iptables_table(GString *text, const struct ruleset_options *options, unsigned family,
	const char *table, const char *saved);

/* The text that takes away what `saved` has of ours in a table; false: nothing. */
bool ruleset_iptables_undo(GString *text, const char *table, const char *saved);

/* Adds what `saved` has of ours, each line with the table and, of a jump, its place; and what of
 * others makes a difference to our rules. */
void ruleset_iptables_ours(GString *lines, unsigned family, const char *saved);

/* Takes away a table of nf_tables that has no rules and accepts; `family` is 4 or 6. */
void ruleset_tidy(unsigned family, const char *table);

#endif

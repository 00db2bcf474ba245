// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our rules through the iptables programs.
 *
 * There may be two makes of them, one that speaks to nf_tables and one to x_tables ("legacy"),
 * whose rules the kernel keeps apart. Rules are put where the plain names lead, as the system has
 * chosen, and taken away wherever they are.
 *
 * Life-cycle: nothing is kept here. Limits: those of process.h; APPLY_TRIES, when others change
 * the same tables in the same moment. One thread at a time.
 * Relies on: iptables 1.8 or later; CAP_NET_ADMIN and CAP_NET_RAW, and for the legacy make that its
 * lock file can be written.
 */
#include "ruleset-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel/process.h"

#define APPLY_TRIES 3

/* The make that the system has chosen has names without "-nft" or "-legacy". */
#define CHOSEN ""

static const char *const tables[] = { "filter", "mangle" };
static const unsigned families[] = { 4, 6 };

/* A kernel without IPv6 has no IPv6 packets. It may get it later, so its rules are tried all the
 * same, but it is no failure if they cannot be had. */
static bool
has_family(unsigned family)
{
	return family == 4 || !access("/proc/net/if_inet6", F_OK);
}

/* "iptables", "ip6tables-legacy", … with what it does; NULL: it is not installed. */
static char *
find_program(unsigned family, const char *make, const char *action)
{
	g_autofree char *name =
		g_strdup_printf("ip%stables%s%s", family == 6 ? "6" : "", make, action);

	return process_find(name);
}

static void
set_message(char **ret_message, const char *what, char *errors, int r)
{
	if (!ret_message)
		return;
	if (r < 0)
		*ret_message = g_strdup_printf("%s: %s", what, g_strerror(-r));
	else
		*ret_message = g_strdup_printf("%s: %s", what,
			errors && *g_strstrip(errors) ? errors : "it failed, and does not say why");
}

/* Runs a program; 0, or a negative errno value and a message. */
static int
run(const char *const *argv, const char *input, char **ret_output, char **ret_message)
{
	g_autofree char *output = NULL;
	g_autofree char *errors = NULL;
	int r = process_run(argv, input, PROCESS_SECONDS, &output, &errors);

	if (r) {
		set_message(ret_message, argv[0], errors, r);
		return r < 0 ? r : -EIO;
	}
	if (ret_output)
		*ret_output = g_steal_pointer(&output);
	return 0;
}

static int
missing(unsigned family, char **ret_message)
{
	if (ret_message)
		*ret_message =
			g_strdup_printf("ip%stables-restore is neither in /usr/sbin nor in /sbin:"
					" install iptables",
				family == 6 ? "6" : "");
	return -ENOENT;
}

/* What is in a table, in the words of iptables-save. A table that is not there is empty. */
static int
save(unsigned family, const char *make, const char *table, char **ret_saved, char **ret_message)
{
	g_autofree char *program = find_program(family, make, "-save");
	const char *const argv[] = { program, "-t", table, NULL };

	return program ? run(argv, NULL, ret_saved, ret_message) : missing(family, ret_message);
}

/* Loads a text, in one transaction for each of its tables. */
static int
restore(unsigned family, const char *make, const char *text, char **ret_message)
{
	g_autofree char *program = find_program(family, make, "-restore");
	const char *const argv[] = { program, "--noflush", "--wait", "5", NULL };

	return program ? run(argv, text, NULL, ret_message) : missing(family, ret_message);
}

static int
iptables_probe(char **ret_message)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(families); i++) {
		g_autofree char *restores = NULL;
		g_autofree char *saves = NULL;

		if (!has_family(families[i]))
			continue;
		restores = find_program(families[i], CHOSEN, "-restore");
		saves = find_program(families[i], CHOSEN, "-save");
		if (!restores || !saves)
			return missing(families[i], ret_message);
	}
	return 0;
}

/* By its version: "iptables-save v1.8.9 (nf_tables)". */
static bool
iptables_is_told(void)
{
	g_autofree char *program = find_program(4, CHOSEN, "-save");
	g_autofree char *version = NULL;
	const char *const argv[] = { program, "--version", NULL };

	return program && run(argv, NULL, &version, NULL) >= 0 && strstr(version, "(nf_tables)");
}

/* All tables of a family, once. */
static int
apply_once(const struct ruleset_options *options, unsigned family, char **ret_message)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
		g_autofree char *saved = NULL;
		int r = save(family, CHOSEN, tables[i], &saved, ret_message);

		if (r < 0)
			return r;
		ruleset_iptables_table(text, options, family, tables[i], saved);
	}
	return restore(family, CHOSEN, text->str, ret_message);
}

static int
iptables_apply(const struct ruleset_options *options, char **ret_message)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(families); i++) {
		g_autofree char *message = NULL;
		int r = 0;

		for (unsigned tries = 0; tries < APPLY_TRIES; tries++) {
			g_clear_pointer(&message, g_free);
			r = apply_once(options, families[i], &message);
			if (r >= 0)
				break;
		}
		if (r < 0 && has_family(families[i])) {
			if (ret_message)
				*ret_message = g_steal_pointer(&message);
			return r;
		}
	}
	return 0;
}

static int
iptables_read(char **ret_lines, char **ret_message)
{
	g_autoptr(GString) lines = g_string_new(NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(families) * G_N_ELEMENTS(tables); i++) {
		unsigned family = families[i / G_N_ELEMENTS(tables)];
		const char *table = tables[i % G_N_ELEMENTS(tables)];
		g_autofree char *saved = NULL;
		g_autofree char *message = NULL;
		int r = save(family, CHOSEN, table, &saved, &message);

		if (r >= 0) {
			ruleset_iptables_ours(lines, family, saved);
		} else if (has_family(family)) {
			if (ret_message)
				*ret_message = g_steal_pointer(&message);
			return r;
		}
	}
	*ret_lines = g_string_free(g_steal_pointer(&lines), FALSE);
	return 0;
}

/* Is the table there? Asking the legacy programs for it would make it. */
static bool
may_have_table(unsigned family, const char *make, const char *table)
{
	g_autofree char *names = NULL;
	g_auto(GStrv) lines = NULL;

	if (strcmp(make, "-legacy"))
		return true;
	if (!g_file_get_contents(
		    family == 6 ? "/proc/net/ip6_tables_names" : "/proc/net/ip_tables_names",
		    &names, NULL, NULL))
		return false;
	lines = g_strsplit(names, "\n", -1);
	return g_strv_contains((const char *const *)lines, table);
}

static int
flush_table(unsigned family, const char *make, const char *table, char **ret_message)
{
	g_autofree char *program = find_program(family, make, "-save");
	g_autofree char *saved = NULL;
	g_autoptr(GString) text = g_string_new(NULL);
	int r;

	if (!program || !may_have_table(family, make, table))
		return 0;
	r = save(family, make, table, &saved, ret_message);
	if (r < 0)
		return r;
	if (!ruleset_iptables_undo(text, table, saved))
		return 0;
	r = restore(family, make, text->str, ret_message);
	if (r >= 0)
		ruleset_tidy(family, table);
	return r;
}

/* Does this make have a name of its own? */
static bool
has_make(unsigned family, const char *make)
{
	g_autofree char *program = find_program(family, make, "-save");

	return program;
}

/* `mangle` first: what is still queued until then finds its mark saved. */
static int
flush_family(unsigned family, const char *make, char **ret_message)
{
	int result = 0;

	for (unsigned i = G_N_ELEMENTS(tables); i--;) {
		int r = flush_table(family, make, tables[i], result < 0 ? NULL : ret_message);

		result = result < 0 ? result : r;
	}
	return result;
}

static int
iptables_flush(char **ret_message)
{
	int result = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(families); i++) {
		unsigned family = families[i];
		bool is_nft = has_make(family, "-nft");
		bool is_legacy = has_make(family, "-legacy");
		char **ret = result < 0 ? NULL : ret_message;
		int r = 0;

		if (!has_family(family))
			continue;
		if (is_nft)
			r = flush_family(family, "-nft", ret);
		if (is_legacy && r >= 0)
			r = flush_family(family, "-legacy", ret);
		if (!is_nft && !is_legacy)
			r = flush_family(family, CHOSEN, ret);
		result = result < 0 ? result : r;
	}
	return result;
}

static char *
iptables_text(const struct ruleset_options *options, unsigned family)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++)
		ruleset_iptables_table(text, options, family, tables[i], NULL);
	return g_string_free(text, FALSE);
}

static unsigned
iptables_count(const struct ruleset_options *options)
{
	unsigned n = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(families); i++) {
		g_autofree char *text = iptables_text(options, families[i]);

		if (has_family(families[i]))
			n += ruleset_count_lines(text, "-A ") + ruleset_count_lines(text, "-I ");
	}
	return n;
}

const struct ruleset_ops ruleset_iptables = {
	.name = "iptables",
	.probe = iptables_probe,
	.is_told = iptables_is_told,
	.apply = iptables_apply,
	.read = iptables_read,
	.count = iptables_count,
	.flush = iptables_flush,
	.text = iptables_text,
};

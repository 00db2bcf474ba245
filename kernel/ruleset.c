// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our rules in the kernel, whichever back end puts them there.
 *
 * What the kernel says of our rules right after they were loaded is kept; as long as it says the
 * same, they are whole. nf_tables tells of every change of any table, so nothing is asked while it
 * is silent; the legacy x_tables tell nothing, and are asked every time.
 *
 * Life-cycle: ruleset_new() chooses the back end; apply, repair as often as wanted; free leaves the
 * rules. flush stands alone. Limits: LOAD_TRIES. One thread.
 * Relies on: CAP_NET_ADMIN, and what the back ends rely on.
 */
#include "ruleset-private.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>

#include "kernel/sysctl.h"

#define LOAD_TRIES 3

struct ruleset {
	struct ruleset_options options;
	char *state;
	const struct ruleset_ops *ops;
	char *why;
	struct mnl_socket *watch; /* NULL: this kernel tells nothing */
	char *lines;              /* ours as they were loaded; NULL: they were not */
	bool is_told;             /* `watch` hears when they change */
	bool is_doubtful;         /* something has changed, and has not been looked at */
};

static const struct ruleset_ops *const backends[] = { &ruleset_nft, &ruleset_iptables };

static int
check_options(const struct ruleset_options *options, char **ret_message)
{
	uint32_t a = options->admitted, o = options->offloaded;
	const char *wrong = NULL;

	if (!options->queues || options->queue_first + options->queues - 1 > UINT16_MAX)
		wrong = "there is at least one queue, and its number is at most 65535";
	else if (!a || !o || a == o || a & (a - 1) || o & (o - 1))
		wrong = "the marks are two different bits";
	if (!wrong)
		return 0;
	if (ret_message)
		*ret_message = g_strdup(wrong);
	return -EINVAL;
}

/* Chooses the back end. */
static int
choose(struct ruleset *ruleset, char **ret_message)
{
	g_autofree char *message = NULL;
	int r;

	if (ruleset->options.backend != RULESET_AUTO) {
		ruleset->ops =
			ruleset->options.backend == RULESET_NFT ? &ruleset_nft : &ruleset_iptables;
		ruleset->why = g_strdup("as configured");
		return ruleset->ops->probe(ret_message);
	}
	ruleset->ops = &ruleset_nft;
	if (ruleset_nft.probe(&message) >= 0) {
		ruleset->why = g_strdup("the kernel can queue from it");
		return 0;
	}
	ruleset->ops = &ruleset_iptables;
	ruleset->why = g_steal_pointer(&message);
	r = ruleset_iptables.probe(&message);
	if (r < 0 && ret_message)
		*ret_message = g_strdup_printf("%s; %s", ruleset->why, message);
	return r;
}

/* Without it nothing is lost but time. */
static struct mnl_socket *
open_watch(void)
{
	struct mnl_socket *watch =
		mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int group = NFNLGRP_NFTABLES;

	if (!watch)
		return NULL;
	if (mnl_socket_bind(watch, 0, MNL_SOCKET_AUTOPID) ||
		mnl_socket_setsockopt(watch, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group))) {
		mnl_socket_close(watch);
		return NULL;
	}
	return watch;
}

int
ruleset_new(const struct ruleset_options *options, struct ruleset **ret_ruleset, char **ret_message)
{
	struct ruleset *ruleset;
	int r = check_options(options, ret_message);

	if (r < 0)
		return r;
	ruleset = g_new0(struct ruleset, 1);
	ruleset->options = *options;
	ruleset->options.state = ruleset->state = g_strdup(options->state);
	r = choose(ruleset, ret_message);
	if (r < 0) {
		ruleset_free(ruleset);
		return r;
	}
	ruleset->watch = open_watch();
	ruleset->is_told = ruleset->watch && ruleset->ops->is_told();
	*ret_ruleset = ruleset;
	return 0;
}

void
ruleset_free(struct ruleset *ruleset)
{
	if (!ruleset)
		return;
	if (ruleset->watch)
		mnl_socket_close(ruleset->watch);
	g_free(ruleset->lines);
	g_free(ruleset->why);
	g_free(ruleset->state);
	g_free(ruleset);
}

const char *
ruleset_backend_name(const struct ruleset *ruleset)
{
	return ruleset->ops->name;
}

const char *
ruleset_backend_why(const struct ruleset *ruleset)
{
	return ruleset->why;
}

int
ruleset_fd(const struct ruleset *ruleset)
{
	return ruleset->is_told ? mnl_socket_get_fd(ruleset->watch) : -1;
}

/* Takes in what the kernel has told since. Has something been changed, by whomever? */
static bool
hear_changes(struct ruleset *ruleset)
{
	char buffer[8192];
	bool changed = false;

	if (!ruleset->is_told)
		return true;
	for (;;) {
		if (mnl_socket_recvfrom(ruleset->watch, buffer, sizeof(buffer)) >= 0 ||
			errno == ENOBUFS || errno == ENOSPC)
			changed = true;
		else if (errno != EINTR)
			return changed;
	}
}

/* Counters of connections and their ends are told only if the kernel is asked to. 0; 1: there is no
 * such setting (yet); or a negative errno value. */
static int
set_accounting(const struct ruleset *ruleset, char **ret_message)
{
	static const char *const names[] = { SYSCTL_ACCOUNTING, SYSCTL_EVENTS };

	if (!ruleset->options.accounting)
		return 0;
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		int r = sysctl_get(names[i]);

		/* Events: 2 is "if anybody listens". */
		if (r <= 0 && r != -ENOENT)
			r = sysctl_set(ruleset->state, names[i], 1);
		if (r >= 0)
			continue;
		if (ret_message)
			*ret_message = g_strdup_printf(
				"/proc/sys/%s cannot be set: %s", names[i], g_strerror(-r));
		return r == -ENOENT ? 1 : r;
	}
	return 0;
}

/* Keeps how our rules look. -EAGAIN: somebody has taken some away already. What is changed after
 * this will be told. */
static int
remember(struct ruleset *ruleset, char **ret_message)
{
	g_autofree char *lines = NULL;
	int r;

	hear_changes(ruleset);
	r = ruleset->ops->read(&lines, ret_message);
	if (r < 0)
		return r;
	if (ruleset_count_lines(lines, "") < ruleset->ops->count(&ruleset->options))
		return -EAGAIN;
	g_free(ruleset->lines);
	ruleset->lines = g_steal_pointer(&lines);
	ruleset->is_doubtful = false;
	return 0;
}

/* Loads the rules, and again if they do not stay. */
static int
load(struct ruleset *ruleset, char **ret_message)
{
	int r = -EAGAIN;

	for (unsigned tries = 0; tries < LOAD_TRIES && r == -EAGAIN; tries++) {
		r = ruleset->ops->apply(&ruleset->options, ret_message);
		if (r >= 0)
			r = remember(ruleset, ret_message);
	}
	if (r == -EAGAIN && ret_message)
		*ret_message = g_strdup("our rules do not stay where they are put: is there another"
					" program that takes them away?");
	return r;
}

int
ruleset_apply(struct ruleset *ruleset, char **ret_message)
{
	bool is_first = !ruleset->lines;
	int accounting = set_accounting(ruleset, NULL);
	int r = load(ruleset, ret_message);

	if (r < 0)
		return r;
	/* What the other back end has left from an earlier run would queue everything twice. */
	for (unsigned i = 0; i < G_N_ELEMENTS(backends) && is_first; i++)
		if (backends[i] != ruleset->ops)
			backends[i]->flush(NULL);
	/* The rules may have brought connection tracking, and so the settings. */
	if (accounting)
		accounting = set_accounting(ruleset, ret_message);
	return accounting ? 1 : 0;
}

/* The first line of `lines` that `others` lacks; NULL: it has them all. */
static char *
find_lacking(const char *lines, const char *others)
{
	g_auto(GStrv) has = g_strsplit(others, "\n", -1);
	g_auto(GStrv) wants = g_strsplit(lines, "\n", -1);

	for (unsigned i = 0; wants[i]; i++)
		if (*wants[i] && !g_strv_contains((const char *const *)has, wants[i]))
			return g_strdup(wants[i]);
	return NULL;
}

/* Says what has been done to our rules. */
static char *
describe_change(const char *before, const char *after)
{
	g_autofree char *gone = find_lacking(before, after);
	g_autofree char *come = find_lacking(after, before);

	if (gone && come)
		return g_strdup_printf("our rules were changed; missing: %s; new: %s", gone, come);
	if (gone)
		return g_strdup_printf("our rules were changed; missing: %s", gone);
	if (come)
		return g_strdup_printf("our rules were changed; new: %s", come);
	return g_strdup("our rules were changed; their order");
}

int
ruleset_repair(struct ruleset *ruleset, char **ret_message)
{
	g_autofree char *lines = NULL;
	g_autofree char *message = NULL;
	int r;

	/* Until all is well, it is doubted. */
	ruleset->is_doubtful |= hear_changes(ruleset);
	if (ruleset->lines && !ruleset->is_doubtful)
		return 0;
	r = ruleset->ops->read(&lines, ret_message);
	if (r < 0)
		return r;
	if (!g_strcmp0(lines, ruleset->lines)) {
		ruleset->is_doubtful = false;
		return 0;
	}
	message = describe_change(ruleset->lines ? ruleset->lines : "", lines);
	r = ruleset_apply(ruleset, ret_message);
	if (r < 0)
		return r;
	if (ret_message) {
		g_free(*ret_message);
		*ret_message = g_steal_pointer(&message);
	}
	return 1;
}

int
ruleset_flush(const struct ruleset_options *options, char **ret_message)
{
	int result = 0;
	int r;

	for (unsigned i = 0; i < G_N_ELEMENTS(backends); i++) {
		r = backends[i]->flush(result < 0 ? NULL : ret_message);
		result = result < 0 ? result : r;
	}
	r = options->state ? sysctl_restore(options->state) : 0;
	if (r < 0 && result >= 0) {
		result = r;
		if (ret_message)
			*ret_message = g_strdup_printf("what %s remembers cannot be restored: %s",
				options->state, g_strerror(-r));
	}
	return result;
}

char *
ruleset_text(const struct ruleset_options *options, enum ruleset_backend backend, unsigned family)
{
	return backend == RULESET_NFT ? ruleset_nft.text(options, 0)
				      : ruleset_iptables.text(options, family);
}

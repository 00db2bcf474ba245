/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our rules in the kernel: what is queued to us, what the kernel may pass by itself, and what
 * happens to packets while nobody listens. docs/live.md draws them.
 *
 * Two bits of the conntrack mark say what we have decided: ADMITTED, the engine has let this
 * connection in; OFFLOADED, the kernel need not ask any more. Only these two bits are ever read or
 * written. In each of INPUT, FORWARD and OUTPUT, in both families:
 *
 *   1. loopback passes (not FORWARD);
 *   2. ESTABLISHED (never RELATED) and OFFLOADED passes: returns to whoever else has rules;
 *   3. ESTABLISHED and ADMITTED is queued; while nobody listens it passes;
 *   4. what IPv6 needs to find its neighbours is queued; while nobody listens it passes (neighbour
 *      and router discovery but no redirects, listener reports; not FORWARD);
 *   5. everything else is queued; while nobody listens it is dropped (fail closed) or passes
 * (open).
 *
 * Nothing of IPv4 is like 4: ARP is not asked about, and DHCP clients use packet sockets until they
 * have an address. DHCPv6 waits until somebody listens.
 *
 * Behind the queue the mark of the verdict is saved to the conntrack mark, and our bits are taken
 * off the packet: of what is received and forwarded. A packet that this machine sends (OUTPUT) must
 * get its verdict with the mark that it came with, for the kernel routes it anew if that changes,
 * and then whoever routes by marks is in trouble (WireGuard sends its own packets into itself). The
 * rules mark what it sends as ADMITTED on the way to the queue, which is forgotten if the packet is
 * dropped; and OFFLOADED can be told with the answer.
 *
 * Nothing of other tables or chains is touched, but for one jump per hook and table, ours, which
 * comes first. Only where others restore marks of connections to packets is there one more, at the
 * end of PREROUTING, that takes our bits off the packet before it is routed.
 */
#ifndef KERNEL_RULESET_H
#define KERNEL_RULESET_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* How the packets get to us. */
enum ruleset_backend {
	RULESET_AUTO, /* nft where its queue expression works, else iptables */
	RULESET_NFT,
	RULESET_IPTABLES,
};

struct ruleset_options {
	enum ruleset_backend backend;
	uint16_t queue_first;
	uint16_t queues;    /* balanced by host pair when more than one */
	uint32_t admitted;  /* one bit of the mark */
	uint32_t offloaded; /* another */
	bool offload;       /* false: rule 2 is left out */
	bool fail_open;
	bool accounting;   /* switch on what counts and tells of connections (nf_conntrack_acct) */
	const char *state; /* file that remembers what flush must undo: changed sysctls */
};

struct ruleset;

/*
 * Probes the kernel, and finds the programs or libraries that are needed. *ret_message: why not,
 * and the way out; the caller's to g_free().
 */
int ruleset_new(
	const struct ruleset_options *options, struct ruleset **ret_ruleset, char **ret_message);
void ruleset_free(struct ruleset *ruleset); /* leaves the rules as they are */

/* "nft" or "iptables", and why: for the log. */
const char *ruleset_backend_name(const struct ruleset *ruleset);
const char *ruleset_backend_why(const struct ruleset *ruleset);

/*
 * Puts the rules in place, or replaces those that are there by these without a moment in between in
 * which something passes that neither would pass. Returns 0; 1: the rules are in place, but the
 * kernel does not count or tell of connections, as *ret_message says; or a negative errno value and
 * *ret_message.
 */
int ruleset_apply(struct ruleset *ruleset, char **ret_message);

/* Readable when somebody changed rules, perhaps ours, so that ruleset_repair() pays. -1: the kernel
 * does not tell; look every few seconds. */
int ruleset_fd(const struct ruleset *ruleset);

/*
 * Are they whole? Returns 0: yes; 1: something was missing, was added, or came before our jump, and
 * is right again; *ret_message says what; or a negative errno value and *ret_message. Costs one
 * system call as long as the kernel tells that nobody changed any rules, else some milliseconds.
 */
int ruleset_repair(struct ruleset *ruleset, char **ret_message);

/* Takes every trace of ours away, of both back ends, and restores sysctls; of the options only
 * `state` is needed. Needs no ruleset_new(): what is not there is no error. */
int ruleset_flush(const struct ruleset_options *options, char **ret_message);

/* What other tables do that breaks what we promise: a drop elsewhere wins. One line each, for
 * `postern doctor`; the caller's (g_ptr_array_unref). */
GPtrArray *ruleset_foreign(void);

/* The text that apply() would load where nothing of ours is, for people and tests; the caller's to
 * g_free(). `family` is 4 or 6 (iptables) or 0 (nft). */
char *ruleset_text(
	const struct ruleset_options *options, enum ruleset_backend backend, unsigned family);

#endif

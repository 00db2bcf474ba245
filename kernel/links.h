/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interfaces, addresses and routes of this machine, from rtnetlink, and followed as they
 * change.
 *
 * From them comes what the engine must know: the name and kind of the interface that a packet was
 * seen on, and which addresses are ours: those of the machine, and what routes say lies behind the
 * private sides. One thread.
 */
#ifndef KERNEL_LINKS_H
#define KERNEL_LINKS_H

#include <glib.h>

#include "policy/policy.h"

struct links;

/* One interface. */
struct link_info {
	unsigned index; /* ifindex */
	char name[16];
	enum connection_type type; /* as far as the kernel tells */
	bool up;
	unsigned master; /* ifindex of the bridge it is a member of; 0: none */
};

/* Opens the sockets and reads everything once. -errno; *ret_message for a person, g_free(). */
int links_new(struct links **ret_links, char **ret_message);
void links_free(struct links *links);

/* The descriptor to poll for reading. */
int links_fd(const struct links *links);

/*
 * Reads what has changed. Returns 1 if something has that can be seen here, 0, or a negative errno
 * value; then everything is as it was, and is read anew by the next call. Changes that come in a
 * rush are read together: call it every second or so too.
 */
int links_read(struct links *links);

/* NULL: there is none. Valid until links_read(). */
const struct link_info *links_find(const struct links *links, unsigned index);
const struct link_info *links_find_name(const struct links *links, const char *name);
void links_each(const struct links *links,
	void (*visit)(void *context, const struct link_info *link), void *context);

/*
 * What is protected: addresses of this machine (each a prefix of all its bits), and for each
 * interface whose connection in `policy` has the role private, the prefixes that routes of the main
 * table lead to through it, but for default routes. What is link-local is left out. The array is
 * the caller's (g_free).
 */
void links_inside(const struct links *links, const struct policy *policy,
	struct prefix **ret_prefixes, unsigned *ret_n);

/*
 * Interfaces that stand against the policy: a connection with its firewall on that matches an
 * interface which may not have one (a bridge, a member of a bridge, …). One line each, for a
 * person; the caller's (g_ptr_array_unref).
 */
GPtrArray *links_objections(const struct links *links, const struct policy *policy);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interfaces, addresses and routes from rtnetlink.
 *
 * What the kernel says of a change is not taken over piece by piece: after a change of any kind
 * everything is asked for anew. That is a few kilobytes on most machines, cannot drift from the
 * truth, and needs no care when messages are lost. What is read takes the place of what is known as
 * a whole, or not at all. A machine whose routes change all the time is asked only now and then, so
 * that asking takes a tenth of the time at most.
 *
 * Life-cycle: links_new() opens two sockets, one that hears changes, one that asks.
 * Limits: LINKS_MAX interfaces, addresses and routes each; what is beyond is left out. Routes of
 * other tables than the main one are not seen. One thread.
 */
#include "links-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h>

/* Times that reading is tried while things change under our hands. */
#define READ_TRIES 5

/* The least time between two readings, µs, and how much longer than a reading takes. */
#define PAUSE_MIN    (200 * 1000)
#define PAUSE_FACTOR 10

/* As large as the kernel makes its answers. */
#define ANSWER_SIZE 32768

struct links {
	struct mnl_socket *hears;
	struct mnl_socket *asks;
	uint32_t sequence; /* of the last question */
	struct links_state state;
	bool is_stale;     /* something has changed since */
	int64_t read_next; /* not before, µs */
};

/* -ESTALE: things changed while they were told. The answer is read to its end all the same. */
static int
ask(struct links *links, const struct links_question *q, struct links_state *state)
{
	char buffer[ANSWER_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	uint32_t sequence = ++links->sequence;
	bool is_stale = false;
	uint8_t *body;
	ssize_t n;
	int r = 1;

	nlh->nlmsg_type = q->type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = sequence;
	body = mnl_nlmsg_put_extra_header(nlh, q->header);
	body[0] = q->family;
	if (mnl_socket_sendto(links->asks, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (r == 1 || r == -EINTR) {
		n = mnl_socket_recvfrom(links->asks, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		r = links_read_answer(q, sequence, buffer, (size_t)n, state);
		is_stale |= r == -EINTR;
	}
	return r == 0 && is_stale ? -ESTALE : r;
}

static struct links_state
state_new(void)
{
	return (struct links_state){
		.links = g_array_new(FALSE, FALSE, sizeof(struct link_info)),
		.addresses = g_array_new(FALSE, FALSE, sizeof(struct links_reach)),
		.routes = g_array_new(FALSE, FALSE, sizeof(struct links_reach)),
	};
}

static void
state_done(struct links_state *state)
{
	g_array_unref(state->links);
	g_array_unref(state->addresses);
	g_array_unref(state->routes);
}

static bool
is_same(const GArray *a, const GArray *b, size_t size)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len * size));
}

static bool
state_is_same(const struct links_state *a, const struct links_state *b)
{
	return is_same(a->links, b->links, sizeof(struct link_info)) &&
	       is_same(a->addresses, b->addresses, sizeof(struct links_reach)) &&
	       is_same(a->routes, b->routes, sizeof(struct links_reach));
}

static int
by_index(const void *a, const void *b)
{
	const struct link_info *left = a, *right = b;

	return (left->index > right->index) - (left->index < right->index);
}

static struct link_info *
find_link(const struct links_state *state, unsigned index)
{
	const struct link_info wanted = { .index = index };

	if (!state->links->len)
		return NULL;
	return bsearch(&wanted, state->links->data, state->links->len, sizeof(wanted), by_index);
}

/* Members of a bridge are told by their master, which may come later than they do. */
static void
mark_members(struct links_state *state)
{
	for (guint i = 0; i < state->links->len; i++) {
		struct link_info *link = &g_array_index(state->links, struct link_info, i);
		const struct link_info *master =
			link->master ? find_link(state, link->master) : NULL;

		if (master && master->type == CONNECTION_BRIDGE)
			link->type = CONNECTION_BRIDGE_MEMBER;
		else
			link->master = 0;
	}
}

static int
ask_all(struct links *links, struct links_state *state)
{
	int r = 0;

	for (size_t i = 0; i < LINKS_QUESTIONS && r == 0; i++)
		r = ask(links, &links_questions[i], state);
	g_array_sort(state->links, by_index);
	mark_members(state);
	return r;
}

/* Returns 1 if anything is different. */
static int
read_all(struct links *links)
{
	int64_t start = g_get_monotonic_time(), took;
	int r = -ESTALE, changed = 0;

	for (unsigned tries = 0; tries < READ_TRIES && r == -ESTALE; tries++) {
		struct links_state state = state_new(), old = state;

		r = ask_all(links, &state);
		if (r == 0 && !state_is_same(&state, &links->state)) {
			old = links->state;
			links->state = state;
			changed = 1;
		}
		state_done(&old);
	}
	took = g_get_monotonic_time() - start;
	links->read_next = start + took + MAX(PAUSE_MIN, PAUSE_FACTOR * took);
	links->is_stale = r < 0;
	return r < 0 ? r : changed;
}

static int
open_sockets(struct links *links)
{
	unsigned groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
			  RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;

	links->hears = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!links->hears)
		return -errno;
	links->asks = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!links->asks)
		return -errno;
	if (mnl_socket_bind(links->hears, groups, MNL_SOCKET_AUTOPID) < 0 ||
		mnl_socket_bind(links->asks, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	return read_all(links);
}

int
links_new(struct links **ret_links, char **ret_message)
{
	struct links *links = g_new0(struct links, 1);
	int r;

	links->state = state_new();
	r = open_sockets(links);
	if (r < 0) {
		*ret_message = g_strdup_printf(
			"the interfaces of this machine cannot be read: %s", g_strerror(-r));
		links_free(links);
		return r;
	}
	*ret_links = links;
	return 0;
}

void
links_free(struct links *links)
{
	if (!links)
		return;
	if (links->hears)
		mnl_socket_close(links->hears);
	if (links->asks)
		mnl_socket_close(links->asks);
	state_done(&links->state);
	g_free(links);
}

int
links_fd(const struct links *links)
{
	return mnl_socket_get_fd(links->hears);
}

/* Takes in what has been told. Whatever it was, and however much was lost: it is all read anew. */
static int
hear_changes(struct links *links)
{
	char buffer[8192];

	for (;;) {
		if (mnl_socket_recvfrom(links->hears, buffer, sizeof(buffer)) >= 0 ||
			errno == ENOBUFS || errno == ENOSPC)
			links->is_stale = true;
		else if (errno != EINTR)
			return errno == EAGAIN ? 0 : -errno;
	}
}

int
links_read(struct links *links)
{
	int r = hear_changes(links);

	if (r < 0)
		return r;
	if (!links->is_stale || g_get_monotonic_time() < links->read_next)
		return 0;
	return read_all(links);
}

const struct link_info *
links_find(const struct links *links, unsigned index)
{
	return find_link(&links->state, index);
}

const struct link_info *
links_find_name(const struct links *links, const char *name)
{
	for (guint i = 0; i < links->state.links->len; i++) {
		const struct link_info *link =
			&g_array_index(links->state.links, struct link_info, i);

		if (!strcmp(link->name, name))
			return link;
	}
	return NULL;
}

void
links_each(const struct links *links, void (*visit)(void *context, const struct link_info *link),
	void *context)
{
	for (guint i = 0; i < links->state.links->len; i++)
		visit(context, &g_array_index(links->state.links, struct link_info, i));
}

static bool
is_private(const struct links *links, const struct policy *policy, unsigned index)
{
	const struct link_info *link = links_find(links, index);
	const struct connection *c =
		link ? policy_connection_of_interface(policy, link->name) : NULL;

	return c && c->role == ROLE_PRIVATE;
}

void
links_inside(const struct links *links, const struct policy *policy, struct prefix **ret_prefixes,
	unsigned *ret_n)
{
	const struct links_state *state = &links->state;
	GArray *inside = g_array_new(FALSE, FALSE, sizeof(struct prefix));
	unsigned index = 0;
	bool private = false;

	for (guint i = 0; i < state->addresses->len; i++)
		g_array_append_val(
			inside, g_array_index(state->addresses, struct links_reach, i).prefix);
	for (guint i = 0; i < state->routes->len; i++) {
		const struct links_reach *route =
			&g_array_index(state->routes, struct links_reach, i);

		/* Routes of one interface mostly stand together. */
		if (route->index != index)
		private = is_private(links, policy, route->index);
		index = route->index;
		if (private)
			g_array_append_val(inside, route->prefix);
	}
	*ret_n = inside->len;
	*ret_prefixes = (struct prefix *)(void *)g_array_free(inside, FALSE);
}

GPtrArray *
links_objections(const struct links *links, const struct policy *policy)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < links->state.links->len; i++) {
		const struct link_info *link =
			&g_array_index(links->state.links, struct link_info, i);
		const struct connection *c = policy_connection_of_interface(policy, link->name);
		struct connection seen;
		const char *why;

		if (!c || !c->firewall)
			continue;
		seen = *c;
		seen.type = link->type;
		why = connection_refuses_firewall(&seen);
		if (why)
			g_ptr_array_add(lines,
				g_strdup_printf("connection %s: %s cannot have a firewall: %s",
					c->name, link->name, why));
	}
	return lines;
}

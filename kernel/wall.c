// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An engine between the kernel's queue and its connection tracking.
 *
 * A packet that the kernel cannot pass by itself comes through the queue; its verdict carries our
 * two bits, which the rules save to the mark of its connection (ruleset.h). What the kernel passes
 * by itself then is wall-offload.c's.
 *
 * Connections that were let in by an earlier run bear our bits: at the start, before the first
 * packet is taken, they are adopted.
 *
 * Life-cycle: wall_new(), wall_close_gate(), then wall_work() in a loop, wall_free().
 * Limits: those of the policy. One thread. Relies on: CAP_NET_ADMIN.
 */
#include "wall-private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/random.h>

#include <linux/netfilter.h>

/* Batches that are taken before anything else is looked at. */
#define BATCHES_PER_TURN 64

/* Times between two looks at what nobody tells of. */
#define LOOK_PERIOD  (1 * WALL_NS)
#define RULES_PERIOD (5 * WALL_NS)

enum { FD_QUEUE, FD_CONNTRACK, FD_DUMP, FD_LINKS, FD_RULES };

void
wall_tell(const struct wall *w, const char *format, ...)
{
	g_autofree char *line = NULL;
	va_list arguments;

	va_start(arguments, format);
	line = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	w->options.tell(w->options.context, line);
}

static uint64_t
now(void *context)
{
	struct wall *w = context;

	return steady_now(&w->clock);
}

static bool
look_up_private(const struct wall *w, unsigned ifindex)
{
	const struct link_info *link = links_find(w->links, ifindex);
	const struct connection *c =
		link ? policy_connection_of_interface(w->policy, link->name) : NULL;

	return c && c->role == ROLE_PRIVATE;
}

static bool
is_private(struct wall *w, unsigned ifindex)
{
	void *known;
	bool private;

	if (g_hash_table_lookup_extended(w->privates, GUINT_TO_POINTER(ifindex), NULL, &known))
		return GPOINTER_TO_UINT(known);
	private = look_up_private(w, ifindex);
	g_hash_table_insert(w->privates, GUINT_TO_POINTER(ifindex), GUINT_TO_POINTER(private));
	return private;
}

/* What is forwarded is seen from the side that is not protected. */
static unsigned
place(void *context, const struct queue_place *place, struct packet *p)
{
	struct wall *w = context;

	switch (place->hook) {
	case NF_INET_LOCAL_IN:
		p->way = WAY_RECEIVED;
		return place->in;
	case NF_INET_LOCAL_OUT:
		p->way = WAY_SENT;
		return place->out;
	default:
		p->way = is_private(w, place->in) ? WAY_SENT : WAY_RECEIVED;
		return p->way == WAY_SENT ? place->out : place->in;
	}
}

static const char *
link_name(void *context, unsigned ifindex)
{
	const struct wall *w = context;
	const struct link_info *link = links_find(w->links, ifindex);

	return link ? link->name : NULL;
}

static void
renumbered(void *context)
{
	struct wall *w = context;

	engine_forget_interfaces(w->engine);
}

const char *
wall_interface_name(void *context, const struct packet *p)
{
	const struct wall *w = context;

	return source_interface_name(w->queue, p->iface);
}

static void
late_verdict(void *context, const struct packet *p)
{
	struct wall *w = context;

	queue_late_verdict(w->queue, p);
}

struct ruleset_options
wall_ruleset_options(const struct policy *policy, const char *state)
{
	const struct policy_live *live = &policy->live;

	return (struct ruleset_options){
		.backend = RULESET_AUTO,
		.queue_first = (uint16_t)live->queue,
		.queues = 1,
		.admitted = UINT32_C(1) << live->mark_bit,
		.offloaded = UINT32_C(2) << live->mark_bit,
		.offload = live->offload,
		.fail_open = live->fail_open,
		.accounting = true,
		.state = state,
	};
}

/* Tells what stands against the policy, unless that has been told. */
static void
tell_objections(struct wall *w)
{
	g_autoptr(GPtrArray) lines = links_objections(w->links, w->policy);
	g_autofree char *old = w->objections;

	for (guint i = 0; i < lines->len; i++) {
		if (!old || !strstr(old, lines->pdata[i]))
			wall_tell(w, "%s", (const char *)lines->pdata[i]);
	}
	g_ptr_array_add(lines, NULL);
	w->objections = g_strjoinv("\n", (char **)lines->pdata);
}

/* The addresses of this machine, what lies behind private sides, and what the policy adds. */
static void
update_inside(struct wall *w)
{
	const struct policy_live *live = &w->policy->live;
	struct prefix *inside;
	unsigned n;

	links_inside(w->links, w->policy, &inside, &n);
	inside = g_renew(struct prefix, inside, n + live->n_inside);
	if (live->n_inside)
		memcpy(inside + n, live->inside, live->n_inside * sizeof(*inside));
	n += live->n_inside;
	if (engine_set_inside(w->engine, inside, n) < 0)
		wall_tell(w, "this machine has no address yet: everything counts as outside");
	g_free(inside);
	g_hash_table_remove_all(w->privates);
	engine_forget_interfaces(w->engine);
	tell_objections(w);
}

static int
open_kernel(struct wall *w, char **ret_message)
{
	const struct queue_options queue = {
		.number = w->rules.queue_first,
		.length = w->policy->live.queue_length,
		.copy_range = QUEUE_WHOLE,
		.mask = wall_bits(w),
		.fail_open = w->rules.fail_open,
		.place = place,
		.mark = wall_mark,
		.interface_name = link_name,
		.renumbered = renumbered,
		.now = now,
		.context = w,
	};
	int r = links_new(&w->links, ret_message);

	if (r == 0)
		r = ruleset_new(&w->rules, &w->ruleset, ret_message);
	if (r == 0)
		r = wall_open_conntrack(w, ret_message);
	if (r == 0)
		r = queue_new(&queue, &w->queue, ret_message);
	return r;
}

static int
open_engine(struct wall *w, char **ret_message)
{
	static const struct prefix nowhere = { .addr.family = PN_ADDR_IPV6, .bits = 128 };
	struct engine_options options = {
		.policy = w->policy,
		.plugins = w->options.plugins,
		.inside = &nowhere, /* until update_inside() */
		.n_inside = 1,
		.recorders = w->options.recorders,
		.warnings = w->options.warnings,
		.hooked = true,
		.interface_name = wall_interface_name,
		.late_verdict = late_verdict,
		.taken_back = wall_take_back,
		.context = w,
	};

	if (getrandom(options.seed, sizeof(options.seed), 0) != sizeof(options.seed)) {
		*ret_message = g_strdup("the system gives no random numbers");
		return -EIO;
	}
	return engine_new(&options, &w->engine, ret_message);
}

int
wall_new(const struct wall_options *options, struct wall **ret_wall, char **ret_message)
{
	struct wall *w = g_new0(struct wall, 1);
	int r;

	w->options = *options;
	w->policy = policy_ref(options->policy);
	w->privates = g_hash_table_new(NULL, NULL);
	w->rules = wall_ruleset_options(w->policy, options->state);
	r = open_engine(w, ret_message);
	if (r == 0)
		r = open_kernel(w, ret_message);
	if (r < 0) {
		wall_free(w);
		return r;
	}
	w->time = now(w);
	engine_tick(w->engine, w->time);
	update_inside(w);
	wall_adopt(w);
	*ret_wall = w;
	return 0;
}

void
wall_free(struct wall *w)
{
	if (!w)
		return;
	/* Flows that end now are not to end in the kernel. */
	w->is_leaping = true;
	if (w->engine)
		engine_finish(w->engine);
	if (w->queue)
		(void)queue_send(w->queue);
	engine_free(w->engine);
	source_free(w->queue);
	conntrack_free(w->conntrack);
	ruleset_free(w->ruleset);
	links_free(w->links);
	g_hash_table_unref(w->privates);
	policy_unref(w->policy);
	g_free(w->objections);
	g_free(w);
}

int
wall_close_gate(struct wall *w, char **ret_message)
{
	g_autofree char *message = NULL;
	int r = ruleset_apply(w->ruleset, &message);

	if (r < 0) {
		*ret_message = g_steal_pointer(&message);
		return r;
	}
	if (message)
		wall_tell(w, "%s", message);
	wall_tell(w, "rules are in place through %s: %s", ruleset_backend_name(w->ruleset),
		ruleset_backend_why(w->ruleset));
	return 0;
}

void
wall_fds(const struct wall *w, struct pollfd fds[static WALL_FDS])
{
	fds[FD_QUEUE].fd = queue_fd(w->queue);
	fds[FD_CONNTRACK].fd = conntrack_fd(w->conntrack);
	fds[FD_DUMP].fd = conntrack_dump_fd(w->conntrack);
	fds[FD_LINKS].fd = links_fd(w->links);
	fds[FD_RULES].fd = ruleset_fd(w->ruleset);
	for (unsigned i = 0; i < WALL_FDS; i++) {
		fds[i].events = POLLIN;
		fds[i].revents = 0;
	}
}

/* The machine has learnt the date: everything is overdue, and nothing is. */
static void
leap(struct wall *w)
{
	w->clock.leapt = false;
	wall_tell(w, "the clock of this machine has leapt: connections are taken up anew");
	w->is_leaping = true;
	engine_tick(w->engine, w->time);
	w->is_leaping = false;
	wall_adopt(w);
	w->next_look = w->next_rules = w->next_count = w->time;
}

/* A segment of TCP that begins nothing. */
static bool
is_plain_segment(const struct packet *p)
{
	const uint8_t *at = p->data;
	uint32_t header;

	if (p->caplen < 60)
		return false;
	header = at[0] >> 4 == 4 ? (at[0] & 15u) * 4 : 40;
	if (at[at[0] >> 4 == 4 ? 9 : 6] != PROTO_TCP || header + 20 > p->caplen)
		return false;
	return (at[header + 13] & (TCP_SYN | TCP_ACK)) != TCP_SYN;
}

/*
 * By the time that the first packet of a connection is looked at, the kernel may have told the end
 * of an older one with the same name. That comes first.
 */
static void
read_ends_before(struct wall *w, const struct batch *batch)
{
	for (unsigned i = 0; i < batch->count; i++) {
		if (is_plain_segment(&batch->packets[i]))
			continue;
		engine_tick(w->engine, batch->packets[0].time);
		wall_read_ends(w);
		return;
	}
}

/* Returns how many were taken, or a negative errno value. */
static int
take_packets(struct wall *w)
{
	int n = 0, taken = 0;

	for (unsigned turn = 0; turn < BATCHES_PER_TURN; turn++) {
		n = source_next(w->queue, &w->batch);
		if (n <= 0)
			break;
		taken += n;
		w->time = w->batch.packets[0].time;
		if (w->clock.leapt)
			leap(w);
		if (w->options.seen)
			w->options.seen(w->options.context, &w->batch, w->queue);
		read_ends_before(w, &w->batch);
		engine_process(w->engine, &w->batch);
		source_verdicts(w->queue, &w->batch);
		if (n < BATCH_MAX)
			break;
	}
	return n < 0 ? n : taken;
}

/* What has been lost since it was told. The kernel's counters are 32 bits wide. */
static void
tell_losses(struct wall *w)
{
	struct wall_losses *told = &w->told, *lost = &w->losses;
	struct queue_stats stats;

	queue_get_stats(w->queue, &stats);
	lost->full = stats.kernel_dropped;
	lost->socket = stats.user_dropped;
	if (lost->full != told->full)
		wall_tell(w,
			"the queue was full: %u packets were dropped; [Live] QueueLength= may help",
			(unsigned)(lost->full - told->full));
	if (lost->socket != told->socket)
		wall_tell(w, "the queue's socket was full: %u packets were dropped",
			(unsigned)(lost->socket - told->socket));
	if (lost->ends != told->ends)
		wall_tell(w,
			"the kernel has told more ends of connections than could be read; they "
			"are counted anew");
	*told = *lost;
}

static void
repair(struct wall *w)
{
	g_autofree char *message = NULL;

	if (ruleset_repair(w->ruleset, &message) != 0 && message)
		wall_tell(w, "%s", message);
}

static void
tell_clock(struct wall *w)
{
	bool is_off = ABS(w->clock.ahead) > (int64_t)(60 * WALL_NS);

	if (is_off && !w->is_clock_told)
		wall_tell(w,
			"the clock of this machine was set by %" PRId64 " s: times that are told "
			"follow it slowly",
			w->clock.ahead / (int64_t)WALL_NS);
	w->is_clock_told = is_off;
}

/* What nobody tells of. */
static void
look_around(struct wall *w)
{
	int r = links_read(w->links);

	if (r > 0)
		update_inside(w);
	if (r < 0)
		wall_tell(w, "interfaces could not be read: %s", g_strerror(-r));
	tell_clock(w);
	if (w->time >= w->next_rules) {
		w->next_rules = w->time + RULES_PERIOD;
		repair(w);
		tell_losses(w);
	}
	if (w->time >= w->next_count)
		wall_count(w);
}

int
wall_work(struct wall *w, const struct pollfd fds[static WALL_FDS], char **ret_message)
{
	int r = 0;

	if (fds[FD_LINKS].revents)
		w->next_look = 0;
	if (fds[FD_QUEUE].revents)
		r = take_packets(w);
	if (r <= 0)
		w->time = now(w);
	if (w->clock.leapt)
		leap(w);
	engine_tick(w->engine, w->time);
	if (fds[FD_CONNTRACK].revents)
		wall_read_ends(w);
	if (fds[FD_DUMP].revents)
		wall_count_on(w);
	if (fds[FD_RULES].revents)
		repair(w);
	if (w->time >= w->next_look) {
		w->next_look = w->time + LOOK_PERIOD;
		look_around(w);
	}
	r = MIN(r, queue_send(w->queue));
	if (r < 0)
		*ret_message = g_strdup(source_error(w->queue));
	return MIN(r, 0);
}

/* Does what cannot change stay? */
static bool
is_same_live(const struct policy_live *a, const struct policy_live *b)
{
	return a->queue == b->queue && a->queue_length == b->queue_length &&
	       a->mark_bit == b->mark_bit && a->offload == b->offload &&
	       a->fail_open == b->fail_open;
}

void
wall_set_policy(struct wall *w, const struct policy *policy)
{
	struct policy *old = w->policy;

	if (!is_same_live(&old->live, &policy->live))
		wall_tell(w,
			"[Live] is another now: queue, mark, offload and fail change at the next "
			"start only");
	w->policy = policy_ref(policy);
	engine_set_policy(w->engine, policy);
	update_inside(w);
	policy_unref(old);
}

struct engine *
wall_engine(struct wall *w)
{
	return w->engine;
}

void
wall_get_queue_stats(const struct wall *w, struct queue_stats *ret_stats)
{
	queue_get_stats(w->queue, ret_stats);
}

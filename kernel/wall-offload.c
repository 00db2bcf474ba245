// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel carries on alone, and how it comes back.
 *
 * A connection that needs nobody bears both our bits. The kernel tells its end; the engine's flow
 * ends with it. When a flow ends in the engine first, the bits are taken off its connection, so
 * that its next packet is asked about again. The entry itself stays, for others may need it:
 * address translation is in it.
 *
 * Now and then the kernel is asked what it carries on for us. That brings counters, and mends what
 * went wrong: a connection with our bits that the engine knows nothing of loses them, and a flow
 * that the kernel does not name any more ends by its silence.
 *
 * Limits: connections that cannot be found by either of their directions as we see them (source and
 * destination both translated, or in a zone of their own) are taken back by the next count only.
 */
#include "wall-private.h"

#include <errno.h>

#include <linux/netfilter/nf_conntrack_tcp.h>

/* Times between two counts, and until the next when there is reason to. */
#define COUNT_PERIOD (30 * WALL_NS)
#define COUNT_SOON   (2 * WALL_NS)

/* Does the kernel know as one connection what the engine knows as one flow? Calls of GRE are two
 * there, and what has ports that the engine does not look at is many. */
static bool
is_one_connection(uint8_t proto)
{
	enum { DCCP = 33, SCTP = 132, UDPLITE = 136 };

	return proto != PROTO_GRE && proto != DCCP && proto != SCTP && proto != UDPLITE;
}

/* Times that are left out between two that say again what has been said. */
#define SAY_AGAIN 32

/*
 * What has been said of a connection need not be said with every packet: rules and time are spent
 * on that. Once both sides have been heard the kernel has its mark. It may lose it when somebody
 * empties its table; so it is said again now and then.
 */
uint32_t
wall_mark(void *context, const struct packet *p)
{
	struct wall *w = context;

	/* Connection tracking takes an error for a packet of the connection that it speaks of. */
	if (!p->flow || p->flags & PACKET_ICMP_ERROR)
		return 0;
	if (w->rules.offload && is_one_connection(p->proto) && engine_offload(w->engine, p))
		return w->rules.admitted | w->rules.offloaded;
	if (p->number % SAY_AGAIN && engine_is_answered(w->engine, p))
		return 0;
	return w->rules.admitted;
}

static void
count_soon(struct wall *w)
{
	w->next_count = MIN(w->next_count, w->time + COUNT_SOON);
}

/* The kernel must not carry on what has ended here. */
void
wall_take_back(void *context, const struct flow *flow)
{
	struct wall *w = context;
	struct tuple tuple;
	int r;

	if (w->is_leaping)
		return;
	flow_tuple(flow, &tuple);
	r = conntrack_set_mark(w->conntrack, &tuple, 0, wall_bits(w));
	if (r == -ENOENT) {
		/* Where its destination is translated, we and the kernel agree on replies. */
		tuple = tuple_reverse(&tuple);
		r = conntrack_set_mark(w->conntrack, &tuple, 0, wall_bits(w));
	}
	/* It may be gone, or have a name that cannot be known from here: a count finds it. */
	if (r < 0)
		count_soon(w);
}

static struct engine_counters
counters_of(const struct conntrack_entry *entry)
{
	return (struct engine_counters){
		.packets = { entry->packets[0], entry->packets[1] },
		.bytes = { entry->bytes[0], entry->bytes[1] },
	};
}

/* What is sent from here is seen before its destination is translated. */
static void
connection_ended(void *context, const struct conntrack_entry *entry)
{
	struct wall *w = context;
	struct engine_counters counters = counters_of(entry);

	if (!engine_end_offloaded(w->engine, &entry->seen, &counters))
		(void)engine_end_offloaded(w->engine, &entry->original, &counters);
}

/* A handshake that is not complete begins anew, and what is over needs nobody. */
static bool
is_under_way(const struct conntrack_entry *entry)
{
	return entry->original.proto != PROTO_TCP ||
	       (entry->tcp_state >= TCP_CONNTRACK_ESTABLISHED &&
		       entry->tcp_state <= TCP_CONNTRACK_LAST_ACK);
}

static void
adopt(void *context, const struct conntrack_entry *entry)
{
	struct wall *w = context;
	struct engine_counters counters = counters_of(entry);

	if (is_under_way(entry))
		(void)engine_adopt(
			w->engine, &entry->seen, entry->mark & w->rules.offloaded, &counters);
}

void
wall_adopt(struct wall *w)
{
	int r = conntrack_dump(w->conntrack, w->rules.admitted, adopt, w);

	if (r < 0)
		wall_tell(w, "connections that are open could not be read: %s", g_strerror(-r));
}

/* A connection that the kernel carries on, with what it has counted. */
static void
count(void *context, const struct conntrack_entry *entry)
{
	struct wall *w = context;
	struct engine_counters counters = counters_of(entry);

	if (engine_count_offloaded(w->engine, &entry->seen, &counters) ||
		engine_count_offloaded(w->engine, &entry->original, &counters))
		return;
	/* Nobody watches over it: its next packet is asked about. */
	(void)conntrack_mark_entry(w->conntrack, entry, 0, wall_bits(w));
}

int
wall_open_conntrack(struct wall *w, char **ret_message)
{
	const struct conntrack_options options = {
		.mask = w->rules.offloaded,
		.ended = connection_ended,
		.context = w,
	};

	return conntrack_new(&options, &w->conntrack, ret_message);
}

void
wall_read_ends(struct wall *w)
{
	if (conntrack_read(w->conntrack) != -ENOBUFS)
		return;
	w->losses.ends++;
	count_soon(w);
}

void
wall_count(struct wall *w)
{
	w->next_count = w->time + COUNT_PERIOD;
	(void)conntrack_dump_begin(w->conntrack, w->rules.offloaded);
}

void
wall_count_on(struct wall *w)
{
	int r = conntrack_dump_next(w->conntrack, count, w);

	if (r < 0)
		wall_tell(w, "connections that the kernel carries on could not be counted: %s",
			g_strerror(-r));
}

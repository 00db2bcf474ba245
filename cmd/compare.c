// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Holding the verdicts of two engines against each other, packet by packet.
 *
 * A packet whose verdict differs is accepted by exactly one of the two, and there it mostly has a
 * flow, which is what is told. Where it has none, its endpoints stand for one.
 *
 * A packet knows the index of its flow, and an index has a new owner as soon as the flow is over,
 * perhaps within one batch. So who owns an index is noted when a flow begins, and before that is
 * overwritten, all packets that have their verdict so far are told their flow: an engine gives
 * verdicts in order, and the packet that makes a flow begin has none yet.
 *
 * Fragments are held. They are compared when both engines have made up their minds.
 *
 * Limits: COMPARE_MAX flows; 56 bytes per index of a flow; held packets as the engines limit them.
 * Relies on: both engines seeing the same packets in the same order.
 */
#include "compare.h"

#include <inttypes.h>
#include <string.h>

#include <glib.h>

#include "page.h"

/* Whose an index of a flow is. */
struct owner {
	uint64_t id; /* 0: nobody's */
	struct key key;
	bool from_hi; /* its first packet was sent by the higher endpoint of the key */
};

/* What one engine says of a packet. */
struct opinion {
	bool known;
	enum reason reason;
	struct owner flow;
};

/* One of the two engines, as its recorder sees it. */
struct side {
	struct compare *compare;
	GArray *owners;            /* struct owner, by index */
	const struct batch *batch; /* that is being judged, or NULL */
	uint32_t open;             /* a bit for each of its packets without an opinion */
	struct opinion opinions[BATCH_MAX];
};

/* A packet on which an engine's opinion is awaited. */
struct pending {
	uint64_t number; /* the key */
	struct opinion opinions[COMPARE_SIDES];
};

/* A flow whose verdict differs. */
struct change {
	uint64_t flow; /* with `accepted_by`, or where 0 `key`, the key */
	enum compare_side accepted_by;
	struct key key;
	struct tuple tuple;
	enum reason reasons[COMPARE_SIDES]; /* of the first packet */
	uint64_t first;                     /* its number */
	uint64_t packets;
};

struct compare {
	char *name;
	struct engine *other;
	struct side sides[COMPARE_SIDES];
	struct recorders recorders; /* of the other engine */
	struct batch copy;          /* for it */
	GHashTable *pendings;       /* struct pending */
	GHashTable *changes;        /* struct change */
	uint64_t untold;            /* packets of flows beyond COMPARE_MAX */
};

static guint
change_hash(const void *data)
{
	const struct change *change = data;
	uint64_t sum = change->flow;

	for (unsigned i = 0; !change->flow && i < G_N_ELEMENTS(change->key.w); i++)
		sum = sum * UINT64_C(0x9e3779b97f4a7c15) + change->key.w[i];
	sum += change->accepted_by;
	sum *= UINT64_C(0x9e3779b97f4a7c15);
	return (guint)(sum >> 32);
}

static gboolean
change_equal(const void *a, const void *b)
{
	const struct change *one = a, *other = b;

	if (one->flow != other->flow || one->accepted_by != other->accepted_by)
		return FALSE;
	return one->flow || key_equal(&one->key, &other->key);
}

struct compare *
compare_new(const char *name)
{
	struct compare *compare = g_new0(struct compare, 1);

	compare->name = g_strdup(name);
	compare->pendings = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	compare->changes = g_hash_table_new_full(change_hash, change_equal, g_free, NULL);
	for (unsigned i = 0; i < COMPARE_SIDES; i++) {
		compare->sides[i].compare = compare;
		compare->sides[i].owners = g_array_new(FALSE, TRUE, sizeof(struct owner));
	}
	(void)recorders_add(&compare->recorders, compare_ops(), &compare->sides[COMPARE_OTHER]);
	return compare;
}

void
compare_free(struct compare *compare)
{
	if (!compare)
		return;
	engine_free(compare->other);
	for (unsigned i = 0; i < COMPARE_SIDES; i++)
		g_array_unref(compare->sides[i].owners);
	g_hash_table_unref(compare->pendings);
	g_hash_table_unref(compare->changes);
	g_free(compare->name);
	g_free(compare);
}

void
compare_set_engine(struct compare *compare, struct engine *other)
{
	compare->other = other;
}

static struct opinion
opinion_of(const struct side *side, const struct packet *p)
{
	struct opinion opinion = { .known = true, .reason = (enum reason)p->reason };

	if (p->flow && p->flow < side->owners->len)
		opinion.flow = g_array_index(side->owners, struct owner, p->flow);
	return opinion;
}

/* Takes the opinions on the packets that have a verdict by now. */
static void
catch_up(struct side *side)
{
	for (uint32_t rest = side->open; rest; rest &= rest - 1) {
		unsigned n = (unsigned)__builtin_ctz(rest);
		const struct packet *p = &side->batch->packets[n];

		if (p->verdict == VERDICT_HELD)
			continue;
		side->open &= ~(UINT32_C(1) << n);
		side->opinions[n] = opinion_of(side, p);
	}
}

static void
side_flow_begin(void *context, const struct flow_event *event)
{
	struct side *side = context;
	const struct owner owner = {
		.id = event->id,
		.key = event->flow->key,
		.from_hi = event->flow->flags & FLOW_FROM_HI,
	};

	catch_up(side);
	if (event->index >= side->owners->len)
		g_array_set_size(side->owners, event->index + 1);
	g_array_index(side->owners, struct owner, event->index) = owner;
}

const struct recorder_ops *
compare_ops(void)
{
	static const struct recorder_ops ops = { .flow_begin = side_flow_begin };

	return &ops;
}

void *
compare_recorder(struct compare *compare)
{
	return &compare->sides[COMPARE_THIS];
}

const struct recorders *
compare_recorders(const struct compare *compare)
{
	return &compare->recorders;
}

static void
side_begin(struct side *side, struct batch *batch)
{
	side->batch = batch;
	side->open = 0;
	for (unsigned n = 0; n < batch->count; n++) {
		batch->packets[n].verdict = VERDICT_HELD;
		side->open |= UINT32_C(1) << n;
		side->opinions[n] = (struct opinion){ 0 };
	}
}

static void
side_end(struct side *side)
{
	catch_up(side);
	side->batch = NULL;
	side->open = 0;
}

void
compare_begin(struct compare *compare, struct batch *batch)
{
	compare->copy = *batch;
	side_begin(&compare->sides[COMPARE_THIS], batch);
}

/* The flow, as it is counted so far; NULL: there are too many. */
static struct change *
find_change(struct compare *compare, const struct packet *p, const struct opinion *opinions)
{
	bool here = reason_verdict(opinions[COMPARE_THIS].reason) == VERDICT_ACCEPT;
	enum compare_side side = here ? COMPARE_THIS : COMPARE_OTHER;
	const struct owner *flow = &opinions[side].flow;
	struct change wanted = {
		.flow = flow->id,
		.accepted_by = side,
		.key = flow->id ? flow->key : p->key,
	};
	struct change *change;

	change = g_hash_table_lookup(compare->changes, &wanted);
	if (change || g_hash_table_size(compare->changes) == COMPARE_MAX)
		return change;
	change = g_memdup2(&wanted, sizeof(wanted));
	change->first = p->number;
	key_spell(
		&change->key, flow->id ? flow->from_hi : p->flags & PACKET_FROM_HI, &change->tuple);
	for (unsigned i = 0; i < COMPARE_SIDES; i++)
		change->reasons[i] = opinions[i].reason;
	g_hash_table_add(compare->changes, change);
	return change;
}

static void
hold_against(struct compare *compare, const struct packet *p, const struct opinion *opinions)
{
	struct change *change;

	if (reason_verdict(opinions[COMPARE_THIS].reason) ==
		reason_verdict(opinions[COMPARE_OTHER].reason))
		return;
	change = find_change(compare, p, opinions);
	if (!change) {
		compare->untold++;
		return;
	}
	change->packets++;
	change->first = MIN(change->first, p->number);
}

/* Keeps an opinion until the other one is there. */
static void
await_other(struct compare *compare, enum compare_side side, const struct packet *p,
	const struct opinion *opinion)
{
	struct pending *pending = g_hash_table_lookup(compare->pendings, &p->number);

	if (!pending) {
		pending = g_new0(struct pending, 1);
		pending->number = p->number;
		g_hash_table_add(compare->pendings, pending);
	}
	pending->opinions[side] = *opinion;
	if (!pending->opinions[!side].known)
		return;
	hold_against(compare, p, pending->opinions);
	g_hash_table_remove(compare->pendings, &p->number);
}

static void
hold_packet(struct compare *compare, unsigned n, const struct packet *p)
{
	const struct opinion opinions[COMPARE_SIDES] = {
		compare->sides[COMPARE_THIS].opinions[n],
		compare->sides[COMPARE_OTHER].opinions[n],
	};

	if (opinions[COMPARE_THIS].known && opinions[COMPARE_OTHER].known)
		hold_against(compare, p, opinions);
	else if (opinions[COMPARE_THIS].known)
		await_other(compare, COMPARE_THIS, p, &opinions[COMPARE_THIS]);
	else if (opinions[COMPARE_OTHER].known)
		await_other(compare, COMPARE_OTHER, p, &opinions[COMPARE_OTHER]);
}

void
compare_end(struct compare *compare, const struct batch *batch)
{
	side_end(&compare->sides[COMPARE_THIS]);
	side_begin(&compare->sides[COMPARE_OTHER], &compare->copy);
	engine_process(compare->other, &compare->copy);
	side_end(&compare->sides[COMPARE_OTHER]);
	for (unsigned n = 0; n < batch->count; n++)
		hold_packet(compare, n, &batch->packets[n]);
}

void
compare_late(struct compare *compare, enum compare_side side, const struct packet *p)
{
	struct opinion opinion = opinion_of(&compare->sides[side], p);

	await_other(compare, side, p, &opinion);
}

void
compare_finish(struct compare *compare)
{
	engine_finish(compare->other);
}

/* Those that the other policy lets in first, then in the order of their first packets. */
static int
order(const void *a, const void *b)
{
	const struct change *one = *(const struct change *const *)a;
	const struct change *other = *(const struct change *const *)b;

	if (one->accepted_by != other->accepted_by)
		return one->accepted_by == COMPARE_OTHER ? -1 : 1;
	return one->first < other->first ? -1 : one->first > other->first;
}

static void
add_counts(struct page *page, const struct compare *compare, const GPtrArray *changes)
{
	char text[FIGURE_MAX];
	unsigned let_in = 0;

	for (guint i = 0; i < changes->len; i++)
		let_in += ((const struct change *)changes->pdata[i])->accepted_by == COMPARE_OTHER;
	if (!changes->len) {
		page_add(page, "  no flow gets another verdict\n");
		return;
	}
	page_add(page, "  %s flow%s", figure_count(changes->len, text),
		changes->len == 1 ? " gets another verdict: " : "s get another verdict: ");
	page_add(page, "%s accepted there, ", figure_count(let_in, text));
	page_add(page, "%s dropped\n", figure_count(changes->len - let_in, text));
	if (compare->untold)
		page_add(page, "  and %s packets of more flows\n",
			figure_count(compare->untold, text));
}

static void
add_change(struct page *page, const struct change *change)
{
	bool accepted = change->accepted_by == COMPARE_OTHER;
	char text[FIGURE_MAX];

	page_style(page, accepted ? STYLE_GOOD : STYLE_BAD);
	page_add(page, "  %-8s", accepted ? "accepted" : "dropped");
	page_style(page, STYLE_PLAIN);
	page_add(page, "  ");
	page_tuple(page, &change->tuple);
	page_add(page, ", %s packet%s: ", figure_count(change->packets, text),
		change->packets == 1 ? "" : "s");
	page_add(page, "%s %s %s\n", reason_name(change->reasons[COMPARE_THIS]), page_arrow(page),
		reason_name(change->reasons[COMPARE_OTHER]));
}

int
compare_print(const struct compare *compare, FILE *out)
{
	g_autoptr(GPtrArray) changes = g_ptr_array_new();
	GHashTableIter each;
	struct page page;
	void *change;

	g_hash_table_iter_init(&each, compare->changes);
	while (g_hash_table_iter_next(&each, &change, NULL))
		g_ptr_array_add(changes, change);
	g_ptr_array_sort(changes, order);

	page_init(&page, out);
	page_style(&page, STYLE_HEAD);
	page_add(&page, "With the policy of ");
	page_foreign(&page, compare->name, 4096);
	page_style(&page, STYLE_PLAIN);
	page_add(&page, "\n");
	add_counts(&page, compare, changes);
	for (guint i = 0; i < changes->len; i++)
		add_change(&page, changes->pdata[i]);
	return page_print(&page);
}

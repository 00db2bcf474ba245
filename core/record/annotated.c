// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets with their verdicts, sorted into two files.
 *
 * A packet only knows the index of its flow, and an index has a new owner as soon as the flow is
 * over, perhaps within one batch. So what a comment tells of a flow is noted per index when the
 * flow begins, and before it is overwritten all packets that have a verdict so far are written: the
 * engine gives verdicts in order, and the packet that makes a flow begin has none yet. For that,
 * annotated_begin() marks the whole batch as being without a verdict.
 *
 * Life: writers are opened before and closed after. Packets that are still held when it is freed
 * are forgotten; engine_finish() sees to it that there are none.
 *
 * Limits: 32 bytes per index of a flow. Packets are copied only while they are held, and then no
 * more bytes than `held_max`; what is kept of each beyond that is bounded by the number of packets
 * that the engine can hold. Interfaces are described once they are used; beyond INTERFACES_MAX all
 * of one link type are taken for one, so that the files stay readable.
 */
#include "record/annotated.h"

#include <string.h>

#include <glib.h>

#include "record/block.h"
#include "record/text.h"

#define INTERFACES_MAX 4000u
#define HELPER_MAX     72 /* characters of a helper's name that are shown */

/* What a comment tells of a flow; ids are 0 if there is none. */
struct annotation {
	uint64_t flow;
	uint64_t door;
	uint64_t parent;
	const char *helper;
};

/* An interface of the input. */
struct interface {
	char *name; /* or NULL */
	uint16_t link;
	uint16_t iface;     /* its number in its source */
	uint32_t number[2]; /* in each file, from 1; 0: not there yet */
};

/* A packet without a verdict, and its bytes, or data NULL if there was no room for them. */
struct held {
	int64_t number; /* the key */
	uint32_t interface;
	struct packet packet;
	uint8_t bytes[];
};

struct output {
	struct writer *writer;
	uint32_t n_interfaces;
};

struct annotated {
	struct output outputs[2]; /* by enum verdict */
	struct batch *batch;
	uint32_t unwritten; /* a bit for each of its packets */

	GArray *flows; /* of struct annotation, by index */
	uint64_t matched_flow;
	const char *matched_helper; /* that had asked for the door of that flow */

	GArray *interfaces; /* of struct interface */
	GArray *current;    /* of uint32_t: by number in the source, an index of these + 1 */
	const char *(*interface_name)(void *context, const struct packet *p);
	void *context;

	GHashTable *held; /* of struct held, by number */
	uint64_t held_bytes;
	uint64_t held_max;
};

static void
interface_clear(void *data)
{
	struct interface *interface = data;

	g_free(interface->name);
}

struct annotated *
annotated_new(const struct annotated_options *options)
{
	struct annotated *a = g_new0(struct annotated, 1);

	a->outputs[VERDICT_ACCEPT].writer = options->accepted;
	a->outputs[VERDICT_DROP].writer = options->dropped;
	a->interface_name = options->interface_name;
	a->context = options->context;
	a->held_max = options->held_max;
	a->flows = g_array_new(FALSE, TRUE, sizeof(struct annotation));
	a->interfaces = g_array_new(FALSE, TRUE, sizeof(struct interface));
	g_array_set_clear_func(a->interfaces, interface_clear);
	a->current = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	a->held = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	for (unsigned n = 0; n < G_N_ELEMENTS(a->outputs); n++)
		if (a->outputs[n].writer)
			block_section(a->outputs[n].writer, options->program);
	return a;
}

void
annotated_free(struct annotated *a)
{
	if (!a)
		return;
	g_array_free(a->flows, TRUE);
	g_array_free(a->interfaces, TRUE);
	g_array_free(a->current, TRUE);
	g_hash_table_destroy(a->held);
	g_free(a);
}

void
annotated_next_source(struct annotated *a)
{
	g_array_set_size(a->current, 0);
}

/* The index of an interface like that, which may come from an earlier source. */
static uint32_t
share_interface(struct annotated *a, const char *name, uint16_t link, uint16_t iface)
{
	struct interface new = { .link = link, .iface = iface };

	for (uint32_t n = 0; n < a->interfaces->len; n++) {
		const struct interface *known = &g_array_index(a->interfaces, struct interface, n);

		if (known->link == link && known->iface == iface && !g_strcmp0(known->name, name))
			return n;
	}
	new.name = g_strdup(name);
	g_array_append_val(a->interfaces, new);
	return a->interfaces->len - 1;
}

/* The index of the interface that a packet of the current source was seen on. */
static uint32_t
find_interface(struct annotated *a, const struct packet *p)
{
	const char *name = NULL;
	uint32_t *current;

	if (p->iface >= a->current->len)
		g_array_set_size(a->current, p->iface + 1u);
	current = &g_array_index(a->current, uint32_t, p->iface);
	if (*current)
		return *current - 1;
	if (a->interface_name)
		name = a->interface_name(a->context, p);
	if (a->interfaces->len < INTERFACES_MAX)
		*current = share_interface(a, name, p->link, p->iface) + 1;
	else
		*current = share_interface(a, NULL, p->link, UINT16_MAX) + 1;
	return *current - 1;
}

static char *
put_id(char *at, const char *key, size_t len, uint64_t id)
{
	return id ? text_uint(text_bytes(at, key, len), id) : at;
}

#define PUT_ID(at, key, id) put_id((at), "" key, sizeof(key) - 1, (id))

/* Writes the comment and returns its length. */
static size_t
annotate(const struct annotated *a, const struct packet *p, char comment[static BLOCK_COMMENT_MAX])
{
	const char *reason = reason_name((enum reason)p->reason);
	struct annotation annotation = { 0 };
	char *at = comment;

	if (p->flow && p->flow < a->flows->len)
		annotation = g_array_index(a->flows, struct annotation, p->flow);
	at = p->verdict == VERDICT_ACCEPT ? TEXT(at, "accept ") : TEXT(at, "drop ");
	at = text_bytes(at, reason, strlen(reason));
	at = PUT_ID(at, " flow=", annotation.flow);
	at = PUT_ID(at, " door=", annotation.door);
	at = PUT_ID(at, " parent=", annotation.parent);
	if (annotation.helper) {
		at = TEXT(at, " helper=");
		at = text_bytes(at, annotation.helper, strnlen(annotation.helper, HELPER_MAX));
	}
	at = PUT_ID(at, " packet=", p->number);
	if (!p->data)
		at = TEXT(at, " bytes=none");
	return (size_t)(at - comment);
}

static void
write_packet(struct annotated *a, const struct packet *p, uint32_t interface)
{
	struct interface *from = &g_array_index(a->interfaces, struct interface, interface);
	struct output *output = &a->outputs[p->verdict];
	uint32_t *number = &from->number[p->verdict];
	char comment[BLOCK_COMMENT_MAX];
	size_t len;

	if (!*number) {
		block_interface(output->writer, from->link, from->name);
		*number = ++output->n_interfaces;
	}
	len = annotate(a, p, comment);
	block_packet(output->writer, *number - 1, p, comment, len);
}

/* Writes the packets of the batch that have their verdict by now. */
static void
catch_up(struct annotated *a)
{
	for (uint32_t rest = a->unwritten; rest; rest &= rest - 1) {
		unsigned n = (unsigned)__builtin_ctz(rest);
		const struct packet *p = &a->batch->packets[n];

		if (p->verdict == VERDICT_HELD)
			continue;
		a->unwritten &= ~(UINT32_C(1) << n);
		if (a->outputs[p->verdict].writer)
			write_packet(a, p, find_interface(a, p));
	}
}

static void
hold(struct annotated *a, const struct packet *p)
{
	bool is_kept = p->caplen <= a->held_max - a->held_bytes;
	struct held *held = g_malloc(sizeof(*held) + (is_kept ? p->caplen : 0));

	held->number = (int64_t)p->number;
	held->interface = find_interface(a, p);
	held->packet = *p;
	held->packet.data = NULL;
	if (is_kept) {
		memcpy(held->bytes, p->data, p->caplen);
		held->packet.data = held->bytes;
		a->held_bytes += p->caplen;
	}
	g_hash_table_insert(a->held, &held->number, held);
}

void
annotated_begin(struct annotated *a, struct batch *batch)
{
	a->batch = batch;
	a->unwritten = 0;
	for (unsigned n = 0; n < batch->count; n++) {
		batch->packets[n].verdict = VERDICT_HELD;
		a->unwritten |= UINT32_C(1) << n;
	}
}

void
annotated_end(struct annotated *a)
{
	catch_up(a);
	for (; a->unwritten; a->unwritten &= a->unwritten - 1)
		hold(a, &a->batch->packets[__builtin_ctz(a->unwritten)]);
	a->batch = NULL;
}

/* Writes a packet that was held with the verdict that has come. */
static void
write_late(struct annotated *a, const struct packet *held, uint32_t interface,
	const struct packet *verdict)
{
	struct packet p = *held;

	p.verdict = verdict->verdict;
	p.reason = verdict->reason;
	p.flow = verdict->flow;
	if (a->outputs[p.verdict].writer)
		write_packet(a, &p, interface);
}

/* Takes a packet out of the batch that is being judged; NULL if it is not there. */
static const struct packet *
take_from_batch(struct annotated *a, uint64_t number)
{
	for (uint32_t rest = a->unwritten; rest; rest &= rest - 1) {
		unsigned n = (unsigned)__builtin_ctz(rest);

		if (a->batch->packets[n].number == number) {
			a->unwritten &= ~(UINT32_C(1) << n);
			return &a->batch->packets[n];
		}
	}
	return NULL;
}

void
annotated_late(struct annotated *a, const struct packet *p)
{
	const int64_t number = (int64_t)p->number;
	const struct packet *recent;
	const struct held *held;

	catch_up(a);
	recent = take_from_batch(a, p->number);
	held = recent ? NULL : g_hash_table_lookup(a->held, &number);
	if (recent)
		write_late(a, recent, find_interface(a, recent), p);
	if (!held)
		return;
	write_late(a, &held->packet, held->interface, p);
	if (held->packet.data)
		a->held_bytes -= held->packet.caplen;
	g_hash_table_remove(a->held, &number);
}

/* Told right before the flow that came through the door begins. */
static void
annotated_expectation(void *context, const struct expectation_event *event)
{
	struct annotated *a = context;

	if (event->action != EXPECT_MATCHED)
		return;
	a->matched_flow = event->child_flow_id;
	a->matched_helper = event->expectation->helper;
}

static void
annotated_flow_begin(void *context, const struct flow_event *event)
{
	const struct flow_extra *extra = event->extra;
	struct annotated *a = context;
	struct annotation *annotation;

	catch_up(a);
	if (event->index >= a->flows->len)
		g_array_set_size(a->flows, event->index + 1);
	annotation = &g_array_index(a->flows, struct annotation, event->index);
	*annotation = (struct annotation){ .flow = event->id };
	if (extra) {
		annotation->door = extra->expectation_id;
		annotation->parent = extra->parent_id;
		annotation->helper = extra->helper;
	}
	if (!annotation->helper && event->id == a->matched_flow)
		annotation->helper = a->matched_helper;
}

const struct recorder_ops *
annotated_ops(void)
{
	static const struct recorder_ops ops = {
		.flow_begin = annotated_flow_begin,
		.expectation = annotated_expectation,
	};

	return &ops;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Drawing control flows.
 *
 * A line of a tree is a stem, which shows where it hangs, and what is said of a flow or a door. A
 * flow that came through a door and is itself a control flow has its own doors below it; the
 * engine bounds that depth, and so does this.
 */
#include "tree.h"

#include <inttypes.h>
#include <string.h>

/* A generation has two lines below each other, its door and its flow; policy allows 16. */
#define DEPTH_MAX (2 * 16 + 2)

/* Characters of text from the wire on one line. */
#define FOREIGN_MAX 72

struct tree {
	struct page *page;
	const struct controls *controls;
	uint64_t start;
	GString *stem;
	unsigned depth;
};

static void add_control(struct tree *tree, const struct control *control);

/* Begins a line: the last of its siblings, or one with others below it. */
static void
begin_line(struct tree *tree, bool is_last)
{
	struct page *page = tree->page;
	const char *fork = page->utf8 ? "├─ " : "|- ";
	const char *end = page->utf8 ? "└─ " : "`- ";

	page_style(page, STYLE_DIM);
	page_add(page, "  %s%s", tree->stem->str, is_last ? end : fork);
	page_style(page, STYLE_PLAIN);
}

/* Goes one level down below the line that was begun last; returns where to come back to. */
static size_t
descend(struct tree *tree, bool is_last)
{
	size_t len = tree->stem->len;
	const char *bar = tree->page->utf8 ? "│  " : "|  ";

	g_string_append(tree->stem, is_last ? "   " : bar);
	tree->depth++;
	return len;
}

static void
ascend(struct tree *tree, size_t len)
{
	g_string_truncate(tree->stem, len);
	tree->depth--;
}

static bool
has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP;
}

static void
add_flow(struct page *page, uint64_t id, const char *helper, const struct tuple *tuple,
	uint64_t packets, uint64_t bytes)
{
	const char *name = helper ? helper : proto_name(tuple->proto);
	char text[FIGURE_MAX];

	page_add(page, "flow %" PRIu64 " ", id);
	page_style(page, helper ? STYLE_HEAD : STYLE_PLAIN);
	if (name)
		page_add(page, "%s ", name);
	else
		page_add(page, "protocol %u ", tuple->proto);
	page_style(page, STYLE_PLAIN);
	page_endpoint(page, &tuple->src, tuple->proto, tuple->src_port);
	page_add(page, " %s ", page_arrow(page));
	page_endpoint(page, &tuple->dst, tuple->proto, tuple->dst_port);
	page_add(page, ", %s packet%s", figure_count(packets, text), packets == 1 ? "" : "s");
	page_add(page, ", %s", figure_bytes(bytes, text));
}

/* "5001", "5000-5010", or "any port" */
static void
add_ports(struct page *page, const struct expectation *e)
{
	if (!(e->mask & PN_EXPECT_DST_PORT))
		page_add(page, ", any port");
	else if (e->dst_port_last > e->dst_port)
		page_add(page, " ports %u-%u", e->dst_port, e->dst_port_last);
	else
		page_add(page, " port %u", e->dst_port);
}

/* Who may send, as far as the door knows. */
static void
add_source(struct page *page, const struct expectation *e)
{
	char text[ADDR_TEXT_MAX];

	if (!(e->mask & PN_EXPECT_SRC) || e->src.family < PN_ADDR_IPV4) {
		page_add(page, "anyone");
	} else {
		addr_format(&e->src, text);
		page_add(page, "%s", text);
		if (e->src_bits < (e->src.family == PN_ADDR_IPV4 ? 32 : 128))
			page_add(page, "/%u", e->src_bits);
	}
	if (e->mask & PN_EXPECT_SRC_PORT)
		page_add(page, " port %u", e->src_port);
}

/* "TCP from A to B port 5001" */
static void
add_way(struct page *page, const struct expectation *e)
{
	const char *name = proto_name(e->proto);
	char text[ADDR_TEXT_MAX];

	if (name)
		page_add(page, "%s from ", name);
	else
		page_add(page, "protocol %u from ", e->proto);
	add_source(page, e);
	if (e->dst.family < PN_ADDR_IPV4) {
		page_add(page, " to nobody that could be made out");
		return;
	}
	addr_format(&e->dst, text);
	page_add(page, " to %s", text);
	if (e->mask & PN_EXPECT_CALL_ID)
		page_add(page, " call %u (back: %u)", e->call_id, e->call_id_reply);
	else if (has_ports(e->proto))
		add_ports(page, e);
}

static void
add_fate(struct page *page, const struct door *door)
{
	static const char *const unused[] = {
		[EXPECT_OPENED] = "open to the end, nobody came",
		[EXPECT_MATCHED] = "used",
		[EXPECT_EXPIRED] = "expired, nobody came",
		[EXPECT_CLOSED] = "closed, nobody came",
		[EXPECT_REFUSED] = "refused",
	};

	if (door->n_children)
		return;
	page_add(page, "; ");
	page_style(page, door->fate == EXPECT_REFUSED ? STYLE_BAD : STYLE_DIM);
	page_add(page, "%s", unused[door->fate]);
	if (door->refusal)
		page_add(page, ": %s", door->refusal);
	page_style(page, STYLE_PLAIN);
}

static void
add_child(struct tree *tree, const struct child *child, bool is_last)
{
	const struct control *control = controls_find(tree->controls, child->id);
	struct page *page = tree->page;
	size_t back;

	begin_line(tree, is_last);
	add_flow(page, child->id, control ? control->helper : NULL, &child->tuple, child->packets,
		child->bytes);
	if (reason_verdict(child->alone) == VERDICT_DROP) {
		page_style(page, STYLE_DIM);
		page_add(page, " (else %s)", reason_name(child->alone));
		page_style(page, STYLE_PLAIN);
	}
	page_add(page, "\n");
	if (!control || tree->depth >= DEPTH_MAX)
		return;
	back = descend(tree, is_last);
	add_control(tree, control);
	ascend(tree, back);
}

static void
add_children(struct tree *tree, const struct door *door)
{
	unsigned shown = MIN(door->n_children, CHILDREN_MAX);

	for (unsigned i = 0; i < shown; i++)
		add_child(tree, &door->children[i], i + 1 == door->n_children);
	if (door->n_children > shown) {
		begin_line(tree, true);
		page_add(tree->page, "and %u more flows\n", door->n_children - shown);
	}
}

static void
add_door(struct tree *tree, const struct door *door, bool is_last)
{
	struct page *page = tree->page;
	char text[FIGURE_MAX];
	size_t back;

	begin_line(tree, is_last);
	if (door->asked.id)
		page_add(page, "door %" PRIu64 " ", door->asked.id);
	else
		page_add(page, "no door ");
	page_add(page, "at +%s: ", figure_time(door->time - tree->start, text));
	add_way(page, &door->asked);
	if (door->message) {
		page_add(page, ", by \"");
		page_foreign(page, door->message, FOREIGN_MAX);
		page_add(page, "\"");
	}
	add_fate(page, door);
	page_add(page, "\n");
	back = descend(tree, is_last);
	add_children(tree, door);
	ascend(tree, back);
}

/* What hangs below a control flow: notes, then doors. */
static void
add_control(struct tree *tree, const struct control *control)
{
	unsigned notes = control->notes->len, doors = control->doors->len;
	bool more = control->n_doors > doors;

	for (unsigned i = 0; i < notes; i++) {
		begin_line(tree, i + 1 == notes && !control->n_doors);
		page_foreign(tree->page, control->notes->pdata[i], FOREIGN_MAX);
		page_add(tree->page, "\n");
	}
	for (unsigned i = 0; i < doors; i++)
		add_door(tree, control->doors->pdata[i], i + 1 == doors && !more);
	if (more) {
		begin_line(tree, true);
		page_add(tree->page, "and %u more doors\n", control->n_doors - doors);
	}
}

/* Does it hang below another one, in the place of a flow that came through a door? */
static bool
is_below(const struct controls *controls, const struct control *control)
{
	const struct control *parent = controls_find(controls, control->parent_id);

	for (unsigned i = 0; parent && i < parent->doors->len; i++) {
		const struct door *door = parent->doors->pdata[i];

		for (unsigned k = 0; k < MIN(door->n_children, CHILDREN_MAX); k++) {
			if (door->children[k].id == control->id)
				return true;
		}
	}
	return false;
}

void
tree_add(struct page *page, const struct controls *controls, uint64_t start)
{
	struct tree tree = { .page = page, .controls = controls, .start = start };

	tree.stem = g_string_new(NULL);
	for (unsigned i = 0; i < controls->list->len; i++) {
		const struct control *control = controls->list->pdata[i];

		if (is_below(controls, control))
			continue;
		page_add(page, "  ");
		add_flow(page, control->id, control->helper, &control->tuple, control->packets,
			control->bytes);
		if (control->parent_id)
			page_add(page, " (came through a door of flow %" PRIu64 ")",
				control->parent_id);
		page_add(page, "\n");
		add_control(&tree, control);
	}
	g_string_free(tree.stem, TRUE);
}

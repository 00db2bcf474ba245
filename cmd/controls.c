// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Remembering control flows for the summary.
 *
 * Flows begin in the order of their ids, so the first that are seen are those that are kept; memory
 * is bounded by the limits in the header, whatever the capture holds. Everything that belongs to
 * the engine or to a plugin is copied: the summary is printed when both may be gone.
 */
#include "controls.h"

/* Longest message that is kept. */
#define MESSAGE_MAX 80

static void
door_free(void *data)
{
	struct door *door = data;

	g_free(door->message);
	g_free(door->refusal);
	g_free(door);
}

static void
control_free(void *data)
{
	struct control *control = data;

	g_free(control->helper);
	g_ptr_array_unref(control->notes);
	g_ptr_array_unref(control->doors);
	g_free(control);
}

struct controls *
controls_new(void)
{
	struct controls *controls = g_new0(struct controls, 1);

	controls->list = g_ptr_array_new_with_free_func(control_free);
	return controls;
}

void
controls_free(struct controls *controls)
{
	if (!controls)
		return;
	g_ptr_array_unref(controls->list);
	g_free(controls);
}

static struct control *
find(const struct controls *controls, uint64_t id)
{
	for (unsigned i = 0; i < controls->list->len; i++) {
		struct control *control = controls->list->pdata[i];

		if (control->id == id)
			return control;
	}
	return NULL;
}

const struct control *
controls_find(const struct controls *controls, uint64_t id)
{
	return find(controls, id);
}

void
controls_flow_begin(struct controls *controls, const struct flow_event *event)
{
	const struct flow_extra *extra = event->extra;
	struct control *control;

	if (!extra || !extra->helper || controls->count++ >= CONTROLS_MAX)
		return;
	control = g_new0(struct control, 1);
	control->id = event->id;
	control->parent_id = extra->parent_id;
	control->helper = g_strdup(extra->helper);
	control->notes = g_ptr_array_new_with_free_func(g_free);
	control->doors = g_ptr_array_new_with_free_func(door_free);
	flow_tuple(event->flow, &control->tuple);
	g_ptr_array_add(controls->list, control);
}

static uint64_t
packets_of(const struct flow *flow)
{
	return (uint64_t)flow->pkts[DIR_ORIGINAL] + flow->pkts[DIR_REPLY];
}

static uint64_t
bytes_of(const struct flow *flow)
{
	return flow->bytes[DIR_ORIGINAL] + flow->bytes[DIR_REPLY];
}

static void
end_control(struct control *control, const struct flow_event *event)
{
	const struct flow_note *note = event->extra->notes;

	control->packets = packets_of(event->flow);
	control->bytes = bytes_of(event->flow);
	for (; note; note = note->next)
		g_ptr_array_add(control->notes, g_strconcat(note->key, ": ", note->value, NULL));
}

static struct door *
find_door(const struct control *control, uint64_t id)
{
	for (unsigned i = 0; i < control->doors->len; i++) {
		struct door *door = control->doors->pdata[i];

		if (door->asked.id == id)
			return door;
	}
	return NULL;
}

static struct child *
find_child(struct door *door, uint64_t id)
{
	for (unsigned i = 0; i < MIN(door->n_children, CHILDREN_MAX); i++) {
		if (door->children[i].id == id)
			return &door->children[i];
	}
	return NULL;
}

/* A flow that came through a door is over. */
static void
end_child(struct controls *controls, const struct flow_event *event)
{
	const struct flow_extra *extra = event->extra;
	const struct control *control = find(controls, extra->parent_id);
	struct door *door = control ? find_door(control, extra->expectation_id) : NULL;
	struct child *child = door ? find_child(door, event->id) : NULL;
	unsigned verdict = reason_verdict(extra->alone) == VERDICT_DROP;

	controls->flows[verdict]++;
	controls->packets[verdict] += packets_of(event->flow);
	if (!child)
		return;
	flow_tuple(event->flow, &child->tuple);
	child->packets = packets_of(event->flow);
	child->bytes = bytes_of(event->flow);
	child->alone = extra->alone;
}

void
controls_flow_end(struct controls *controls, const struct flow_event *event)
{
	const struct flow_extra *extra = event->extra;
	struct control *control;

	if (!extra)
		return;
	control = find(controls, event->id);
	if (control)
		end_control(control, event);
	if (extra->expectation_id)
		end_child(controls, event);
}

static void
add_door(struct control *control, const struct expectation_event *event)
{
	struct door *door;

	if (control->n_doors++ >= DOORS_MAX)
		return;
	door = g_new0(struct door, 1);
	door->asked = *event->expectation;
	door->time = event->time;
	door->message = g_strndup(event->message, MESSAGE_MAX);
	door->refusal = g_strdup(event->refusal);
	door->fate = event->action;
	g_ptr_array_add(control->doors, door);
}

void
controls_expectation(struct controls *controls, const struct expectation_event *event)
{
	struct control *control = find(controls, event->expectation->parent_id);
	struct door *door;

	if (!control)
		return;
	if (event->action == EXPECT_OPENED || event->action == EXPECT_REFUSED) {
		add_door(control, event);
		return;
	}
	door = find_door(control, event->expectation->id);
	if (!door)
		return;
	/* Its helper may have changed it since it was opened. */
	door->asked = *event->expectation;
	if (event->action != EXPECT_MATCHED)
		door->fate = event->action;
	else if (door->n_children++ < CHILDREN_MAX)
		door->children[door->n_children - 1].id = event->child_flow_id;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flows and their extras, as far as they need no table: names, endpoints, notes.
 *
 * Notes are few and short (FLOW_NOTES_MAX, 256 bytes each: the host checks), and are allocated one
 * by one, since hardly any flow has them.
 */
#include "flow/flow.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

static const char *const state_names[FLOW_STATE_COUNT] = {
#define X(id, name) [FLOW_##id] = name,
	FLOW_STATES(X)
#undef X
};

const char *
flow_state_name(enum flow_state state)
{
	return state_names[state];
}

void
flow_tuple(const struct flow *flow, struct tuple *ret_tuple)
{
	key_spell(&flow->key, flow->flags & FLOW_FROM_HI, ret_tuple);
}

int
flow_extra_note(struct flow_extra *extra, const char *key, const char *value, size_t len)
{
	struct flow_note **at = &extra->notes;
	struct flow_note *note;

	while (*at && strcmp((*at)->key, key))
		at = &(*at)->next;
	note = *at;
	if (note) {
		g_free(note->value);
		note->value = g_strndup(value, len);
		return 0;
	}
	if (extra->notes_count == FLOW_NOTES_MAX)
		return -ENOSPC;
	note = g_new(struct flow_note, 1);
	*note = (struct flow_note){ .key = g_strdup(key), .value = g_strndup(value, len) };
	*at = note;
	extra->notes_count++;
	return 0;
}

void
flow_extra_clear(struct flow_extra *extra)
{
	struct flow_note *note = extra->notes;

	while (note) {
		struct flow_note *next = note->next;

		g_free(note->key);
		g_free(note->value);
		g_free(note);
		note = next;
	}
	extra->notes = NULL;
	extra->notes_count = 0;
}

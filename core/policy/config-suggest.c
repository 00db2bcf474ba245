// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Likeness of names.
 *
 * Life-cycle: none; a search is on the stack of who makes it.
 * Limits: names longer than NAME_MAX_LIKE are like nothing.
 * Relies on: nothing.
 */
#include "policy/config-suggest.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <glib.h>

/* Longest name for which a likeness is looked for. */
#define NAME_MAX_LIKE 40

static bool
same_letter(char a, char b)
{
	return g_ascii_tolower(a) == g_ascii_tolower(b);
}

/* How many letters must be added, taken away or changed, or change places with their neighbour,
 * whatever their case (Damerau and Levenshtein). */
static unsigned
unlikeness(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	uint8_t d[NAME_MAX_LIKE + 1][NAME_MAX_LIKE + 1];

	if (a_len > NAME_MAX_LIKE || b_len > NAME_MAX_LIKE)
		return UINT_MAX;
	for (size_t i = 0; i <= a_len; i++)
		d[i][0] = (uint8_t)i;
	for (size_t j = 0; j <= b_len; j++)
		d[0][j] = (uint8_t)j;
	for (size_t i = 1; i <= a_len; i++) {
		for (size_t j = 1; j <= b_len; j++) {
			unsigned least = d[i - 1][j - 1] + !same_letter(a[i - 1], b[j - 1]);

			least = MIN(least, MIN(d[i - 1][j], d[i][j - 1]) + 1u);
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
				same_letter(a[i - 2], b[j - 1]))
				least = MIN(least, d[i - 2][j - 2] + 1u);
			d[i][j] = (uint8_t)least;
		}
	}
	return d[a_len][b_len];
}

/* Near enough to be a slip of the pen: a third of the letters, and at most three. Of two that are
 * alike, the one with the same first letter is meant: hardly anybody gets that wrong. */
void
suggest_begin(struct suggest *suggest, const char *name)
{
	suggest->name = name;
	suggest->meant = NULL;
	suggest->best = 2 * ((unsigned)MIN(strlen(name) / 3, 3) + 1);
}

void
suggest_try(struct suggest *suggest, const char *candidate)
{
	unsigned d = unlikeness(suggest->name, candidate);

	if (d == UINT_MAX)
		return;
	d = 2 * d + !same_letter(*suggest->name, *candidate);
	if (d >= suggest->best)
		return;
	suggest->best = d;
	suggest->meant = candidate;
}

char *
suggest_end(const struct suggest *suggest)
{
	return suggest->meant ? g_strdup_printf(" (did you mean %s?)", suggest->meant)
			      : g_strdup("");
}

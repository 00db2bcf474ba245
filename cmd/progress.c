// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The progress line, drawn at most ten times a second.
 *
 * The clock is asked once in a while only: a replay of small packets makes a batch in a
 * microsecond.
 */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include <glib.h>

#include "page.h"

#define INTERVAL_US     100000
#define CALLS_PER_CLOCK 64u

void
progress_init(struct progress *progress, bool wanted)
{
	*progress = (struct progress){
		.is_on = wanted && isatty(STDERR_FILENO),
		.next = g_get_monotonic_time() + INTERVAL_US,
	};
}

bool
progress_due(struct progress *progress)
{
	int64_t now;

	if (!progress->is_on || ++progress->calls % CALLS_PER_CLOCK)
		return false;
	now = g_get_monotonic_time();
	if (now < progress->next)
		return false;
	progress->next = now + INTERVAL_US;
	return true;
}

void
progress_draw(
	struct progress *progress, const char *name, uint64_t done, uint64_t size, uint64_t packets)
{
	char text[FIGURE_MAX];
	struct page page;

	page_init(&page, stderr);
	page_add(&page, "\r\033[K");
	page_foreign(&page, name, 40);
	if (size)
		page_add(&page, ": %3u %%",
			(unsigned)((double)MIN(done, size) * 100 / (double)size));
	page_add(&page, ", %s packets", figure_count(packets, text));
	(void)page_print(&page);
	progress->is_shown = true;
}

void
progress_clear(struct progress *progress)
{
	if (progress->is_shown)
		fputs("\r\033[K", stderr);
	progress->is_shown = false;
}

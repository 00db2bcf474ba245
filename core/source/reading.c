// SPDX-License-Identifier: GPL-2.0-or-later
/* What the readers of the file formats say when they cannot go on. */
#include "source/reading.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include <glib.h>

static const char already_read[] = "; what was before has been read";

/* What offsets in the window are, for messages. */
static const char *
offset_kind(const struct reading *reading)
{
	return input_is_packed(&reading->input) ? "unpacked offset" : "offset";
}

int
reading_refuse(struct reading *reading, const char *format, ...)
{
	uint64_t offset = input_offset(&reading->input);
	va_list args;
	char *what;

	va_start(args, format);
	what = g_strdup_vprintf(format, args);
	va_end(args);
	g_free(reading->message);
	reading->message = g_strdup_printf("cannot be understood at %s %" PRIu64 ": %s%s",
		offset_kind(reading), offset, what, offset ? already_read : "");
	g_free(what);
	return -EBADMSG;
}

int
reading_unknown_link(struct reading *reading, uint32_t link)
{
	const char *name = link <= UINT16_MAX ? filter_link_name((uint16_t)link) : NULL;

	g_free(reading->message);
	reading->message =
		g_strdup_printf("link type %" PRIu32 "%s%s%s is not known; if its packets are"
				" really of another type, relabel them with editcap -T",
			link, name ? " (" : "", name ? name : "", name ? ")" : "");
	return -EPROTONOSUPPORT;
}

int
reading_cut_short(struct reading *reading)
{
	GString *text = g_string_new(NULL);

	g_string_printf(text, "ends early at %s %" PRIu64 ", in the middle of %s",
		offset_kind(reading), input_offset(&reading->input) + input_left(&reading->input),
		reading->within);
	if (reading->within_size)
		g_string_append_printf(text, " of %" PRIu64 " bytes", reading->within_size);
	g_string_append(text, already_read);
	g_free(reading->message);
	reading->message = g_string_free(text, FALSE);
	return -ENODATA;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Twenty small captures of all formats, link types and kinds of traffic, to be cut in pieces. */
#ifndef TESTS_SYSTEM_PREFIXES_H
#define TESTS_SYSTEM_PREFIXES_H

#include <stdbool.h>

#include <glib.h>

struct prefix_capture {
	char *name;
	GByteArray *bytes;
	bool is_known;    /* the rest is known */
	unsigned packets; /* in all of it */
	unsigned whole;   /* prefixes that end where a capture may end, itself among them */
};

/* Takes over `bytes`. */
struct prefix_capture *prefix_capture_new(const char *name, GByteArray *bytes);
void prefix_capture_free(void *capture);

/* Of struct prefix_capture, which it frees. */
GPtrArray *prefix_captures(void);

#endif

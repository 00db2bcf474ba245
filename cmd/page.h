/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for a person: what the terminal can show is used, and what it could be made to do is not.
 *
 * A page is put together in memory and printed at once. Box characters and arrows are there if the
 * locale is UTF-8, colour if the output is a terminal and NO_COLOR is not set. Text from elsewhere
 * (file names, notes, messages) goes through page_foreign(), which lets nothing through that could
 * move a cursor.
 */
#ifndef CMD_PAGE_H
#define CMD_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <glib.h>

#include "packet/tuple.h"

enum page_style { STYLE_PLAIN, STYLE_HEAD, STYLE_GOOD, STYLE_BAD, STYLE_DIM };

struct page {
	GString *text;
	FILE *out;
	bool utf8;
	bool colour;
};

void page_init(struct page *page, FILE *out);

/* Prints it and forgets it. 0 or a negative errno value. */
int page_print(struct page *page);

/* Appends text of our own; whatever strings it is given must be harmless. */
void page_add(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends text that somebody else has written, cut to `max` characters. */
void page_foreign(struct page *page, const char *text, unsigned max);

/* From here on in that style. */
void page_style(struct page *page, enum page_style style);

/* "->" or an arrow. */
const char *page_arrow(const struct page *page);

/* "192.0.2.1:80" or "[2001:db8::1]:80"; without the port where the protocol has none. */
void page_endpoint(
	struct page *page, const struct pn_addr *addr, uint8_t proto, uint16_t port);

/* "TCP 192.0.2.1:49152 -> 192.0.2.2:80", "protocol 253 192.0.2.1 -> 192.0.2.2" */
void page_tuple(struct page *page, const struct tuple *tuple);

/* Longest that the functions below write, with the zero behind it. */
#define FIGURE_MAX 32

/* "1,234,567" */
const char *figure_count(uint64_t number, char text[static FIGURE_MAX]);
/* "1.2 MB" */
const char *figure_bytes(uint64_t bytes, char text[static FIGURE_MAX]);
/* "1.234 s", "2 min 03 s", "1 h 02 min"; of nanoseconds */
const char *figure_time(uint64_t ns, char text[static FIGURE_MAX]);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Putting text for a person together.
 *
 * The escape sequences used are the basic ones of ECMA-48 (bold, faint, red, green), which every
 * terminal has. Numbers are written by hand: the locale is not asked, so that a page is the same
 * everywhere but for its glyphs.
 */
#include "page.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "packet/packet.h"

void
page_init(struct page *page, FILE *out)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	*page = (struct page){
		.text = g_string_new(NULL),
		.out = out,
		.utf8 = g_get_charset(NULL),
		.colour = isatty(fileno(out)) && (!no_colour || !*no_colour) && terminal &&
			  strcmp(terminal, "dumb") != 0,
	};
}

int
page_print(struct page *page)
{
	int r = 0;

	errno = EIO;
	if (fputs(page->text->str, page->out) == EOF || fflush(page->out) == EOF)
		r = -errno;
	g_string_free(page->text, TRUE);
	page->text = NULL;
	return r;
}

void
page_add(struct page *page, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_string_append_vprintf(page->text, format, arguments);
	va_end(arguments);
}

void
page_style(struct page *page, enum page_style style)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "\033[0m",
		[STYLE_HEAD] = "\033[1m",
		[STYLE_GOOD] = "\033[32m",
		[STYLE_BAD] = "\033[31m",
		[STYLE_DIM] = "\033[2m",
	};

	if (page->colour)
		g_string_append(page->text, codes[style]);
}

/* Can it be shown as it is? Not if it moves the cursor, cannot be seen, or changes how its
 * neighbours look: controls, marks of direction, accents that pile up. */
static bool
is_harmless(const struct page *page, gunichar c)
{
	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	return page->utf8 && g_unichar_isprint(c) && !g_unichar_ismark(c);
}

void
page_foreign(struct page *page, const char *text, unsigned max)
{
	for (unsigned n = 0; *text; n++) {
		gunichar c = g_utf8_get_char_validated(text, -1);
		bool is_valid = c != (gunichar)-1 && c != (gunichar)-2;

		if (n == max) {
			g_string_append(page->text, page->utf8 ? "…" : "...");
			return;
		}
		if (is_valid && is_harmless(page, c))
			g_string_append_unichar(page->text, c);
		else
			g_string_append_c(page->text, '?');
		text = is_valid ? g_utf8_next_char(text) : text + 1;
	}
}

const char *
page_arrow(const struct page *page)
{
	return page->utf8 ? "→" : "->";
}

void
page_endpoint(struct page *page, const struct pn_addr *addr, uint8_t proto, uint16_t port)
{
	bool has_port = proto == PROTO_TCP || proto == PROTO_UDP;
	bool brackets = addr->family == PN_ADDR_IPV6 && has_port;
	char text[ADDR_TEXT_MAX];

	addr_format(addr, text);
	page_add(page, brackets ? "[%s]" : "%s", text);
	if (has_port)
		page_add(page, ":%u", port);
}

void
page_tuple(struct page *page, const struct tuple *tuple)
{
	const char *name = proto_name(tuple->proto);

	if (name)
		page_add(page, "%s ", name);
	else
		page_add(page, "protocol %u ", tuple->proto);
	page_endpoint(page, &tuple->src, tuple->proto, tuple->src_port);
	page_add(page, " %s ", page_arrow(page));
	page_endpoint(page, &tuple->dst, tuple->proto, tuple->dst_port);
}

const char *
figure_count(uint64_t number, char text[static FIGURE_MAX])
{
	char *at = text + FIGURE_MAX - 1;

	*at = '\0';
	for (unsigned digits = 0; !digits || number; digits++, number /= 10) {
		if (digits && digits % 3 == 0)
			*--at = ',';
		*--at = (char)('0' + number % 10);
	}
	return at;
}

const char *
figure_bytes(uint64_t bytes, char text[static FIGURE_MAX])
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	uint64_t unit = 1000;
	unsigned i = 0;

	if (bytes < unit) {
		snprintf(text, FIGURE_MAX, "%u bytes", (unsigned)bytes);
		return text;
	}
	for (; i + 1 < G_N_ELEMENTS(units) && bytes / 1000 >= unit; i++)
		unit *= 1000;
	snprintf(text, FIGURE_MAX, "%u.%u %s", (unsigned)(bytes / unit),
		(unsigned)(bytes % unit / (unit / 10)), units[i]);
	return text;
}

const char *
figure_time(uint64_t ns, char text[static FIGURE_MAX])
{
	uint64_t seconds = ns / UINT64_C(1000000000);
	unsigned hours = (unsigned)(seconds / 3600), minutes = (unsigned)(seconds / 60 % 60);

	if (seconds < 60)
		snprintf(text, FIGURE_MAX, "%u.%03u s", (unsigned)seconds,
			(unsigned)(ns / 1000000 % 1000));
	else if (!hours)
		snprintf(text, FIGURE_MAX, "%u min %02u s", minutes, (unsigned)(seconds % 60));
	else
		snprintf(text, FIGURE_MAX, "%u h %02u min", hours, minutes);
	return text;
}

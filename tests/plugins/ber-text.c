// SPDX-License-Identifier: GPL-2.0-or-later
/* A writer of BER: from its end to its beginning, so that each length is known when it is due. */
#include "ber-text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

/* One element of the text, where it begins and what it is. */
struct mark {
	uint32_t tag;
	unsigned tag_len;
	bool long_form;
};

struct writer {
	uint8_t *bytes;
	size_t len;
};

static void
put(struct writer *w, const void *bytes, size_t len)
{
	if (len > BER_TEXT_MAX - w->len)
		abort();
	memcpy(w->bytes + w->len, bytes, len);
	w->len += len;
}

static void
put_u8(struct writer *w, unsigned byte)
{
	const uint8_t b = (uint8_t)byte;

	put(w, &b, 1);
}

/* The header for what has been written from `start` on, put before it. */
static void
put_header(struct writer *w, const struct mark *mark, size_t start)
{
	size_t len = w->len - start;
	uint8_t *content = malloc(len + 1);
	unsigned n, size = 0;

	if (!content)
		abort();
	memcpy(content, w->bytes + start, len);
	w->len = start;
	for (n = mark->tag_len; n; n--)
		put_u8(w, mark->tag >> 8 * (n - 1));
	if (mark->long_form)
		size = 4;
	else if (len > 127)
		size = len > 0xffff ? 3 : len > 0xff ? 2 : 1;
	if (size)
		put_u8(w, 0x80 | size);
	else
		put_u8(w, (unsigned)len);
	for (n = size; n; n--)
		put_u8(w, (unsigned)(len >> 8 * (n - 1)));
	put(w, content, len);
	free(content);
}

static int
hex(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Reads a tag; returns what stands behind it. */
static const char *
read_tag(const char *text, struct mark *ret_mark)
{
	struct mark mark = { 0 };
	unsigned digits = 0;

	if (*text == '\'') {
		*ret_mark = (struct mark){ .tag = 0x04, .tag_len = 1 };
		return text;
	}
	for (; hex(*text) >= 0; text++, digits++)
		mark.tag = mark.tag << 4 | (uint32_t)hex(*text);
	if (digits != 2 && digits != 4)
		abort();
	mark.tag_len = digits / 2;
	mark.long_form = *text == '!';
	*ret_mark = mark;
	return text + mark.long_form;
}

/* Two's complement, as short as it can be (X.690 §8.3). */
static const char *
put_number(struct writer *w, const char *text)
{
	char *end;
	long long number = strtoll(text, &end, 10);
	int n = 7;

	while (n && (number >> 8 * n == 0 || number >> 8 * n == -1) &&
		((number >> (8 * n - 1)) & 1) == ((number >> 8 * n) & 1))
		n--;
	for (; n >= 0; n--)
		put_u8(w, (unsigned)(number >> 8 * n) & 0xff);
	return end;
}

static const char *
put_bytes(struct writer *w, const char *text)
{
	for (; *text != '>'; text++) {
		if (*text == ' ')
			continue;
		if (hex(text[0]) < 0 || hex(text[1]) < 0)
			abort();
		put_u8(w, (unsigned)(hex(text[0]) << 4 | hex(text[1])));
		text++;
	}
	return text + 1;
}

/* What stands behind a tag. */
static const char *
put_primitive(struct writer *w, const char *text, const struct mark *mark)
{
	size_t start = w->len;
	const char *end;

	if (*text == '=') {
		end = put_number(w, text + 1);
	} else {
		end = *text == '\'' ? strchr(text + 1, '\'') : NULL;
		if (!end)
			abort();
		put(w, text + 1, (size_t)(end - text - 1));
		end++;
	}
	put_header(w, mark, start);
	return end;
}

size_t
ber_text(const char *text, uint8_t bytes[static BER_TEXT_MAX])
{
	struct writer w = { .bytes = bytes };
	struct mark marks[DEPTH_MAX];
	size_t starts[DEPTH_MAX];
	unsigned depth = 0;

	while (*text) {
		if (*text == ' ') {
			text++;
		} else if (*text == '<') {
			text = put_bytes(&w, text + 1);
		} else if (*text == '}') {
			if (!depth--)
				abort();
			put_header(&w, &marks[depth], starts[depth]);
			text++;
		} else {
			if (depth == DEPTH_MAX)
				abort();
			text = read_tag(text, &marks[depth]);
			if (*text != '{') {
				text = put_primitive(&w, text, &marks[depth]);
				continue;
			}
			starts[depth++] = w.len;
			text++;
		}
	}
	if (depth)
		abort();
	return w.len;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pieces of text of any length, put into the room that a writer gives.
 */
#include "record/write.h"

#include <string.h>

#include <glib.h>

#include "record/text.h"

#define JSON_PIECE 512u
_Static_assert(JSON_MAX(JSON_PIECE) <= WRITER_ROOM_MAX, "a piece fits the room for it");

void
write_bytes(struct writer *writer, const char *bytes, size_t len)
{
	while (len) {
		size_t part = len < WRITER_ROOM_MAX ? len : WRITER_ROOM_MAX;
		char *at = writer_room(writer, part);

		writer_fill(writer, text_bytes(at, bytes, part));
		bytes += part;
		len -= part;
	}
}

void
write_text(struct writer *writer, const char *text)
{
	write_bytes(writer, text, strlen(text));
}

void
write_char(struct writer *writer, char c)
{
	char *at = writer_room(writer, 1);

	*at = c;
	writer_fill(writer, at + 1);
}

void
write_uint(struct writer *writer, uint64_t number)
{
	writer_fill(writer, text_uint(writer_room(writer, TEXT_UINT_MAX), number));
}

/* The character behind the backslash of a short escape (RFC 8259 §7), 'u' for a long one, or 0. */
static char
json_escape(unsigned char c)
{
	static const char shorts[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
	};

	if (c == '"' || c == '\\')
		return (char)c;
	if (c >= 0x20)
		return 0;
	return c < sizeof(shorts) && shorts[c] ? shorts[c] : 'u';
}

/* Valid UTF-8, as the inside of a JSON string. */
static char *
put_valid(char *at, const char *text, const char *end)
{
	static const char hex[] = "0123456789abcdef";

	for (; text < end; text++) {
		unsigned char c = (unsigned char)*text;
		char escape = json_escape(c);

		if (!escape) {
			*at++ = (char)c;
			continue;
		}
		*at++ = '\\';
		*at++ = escape;
		if (escape == 'u') {
			at = TEXT(at, "00");
			*at++ = hex[c >> 4];
			*at++ = hex[c & 15];
		}
	}
	return at;
}

char *
json_put(char *at, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *valid;

		g_utf8_validate(text, end - text, &valid);
		at = put_valid(at, text, valid);
		text = valid;
		if (text < end) {
			at = TEXT(at, "\xef\xbf\xbd"); /* U+FFFD for a byte that is none */
			text++;
		}
	}
	return at;
}

/* How many bytes to take at once: no character is cut in two. */
static size_t
piece_of(const char *text)
{
	size_t len = strnlen(text, JSON_PIECE), cut = len;

	if (len < JSON_PIECE)
		return len;
	while (cut > len - 4 && (text[cut] & 0xc0) == 0x80)
		cut--;
	return cut;
}

void
write_json(struct writer *writer, const char *text)
{
	size_t len;

	if (!text) {
		write_bytes(writer, "null", 4);
		return;
	}
	write_char(writer, '"');
	while ((len = piece_of(text)) != 0) {
		char *at = writer_room(writer, JSON_MAX(JSON_PIECE));

		writer_fill(writer, json_put(at, text, len));
		text += len;
	}
	write_char(writer, '"');
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scanning a configuration file line by line beside GKeyFile.
 *
 * The scan is stricter than GKeyFile where that is lenient (no brackets in keys), so whatever
 * passes here has a line for each thing that GKeyFile finds; should GKeyFile still refuse a text,
 * its own words are the message.
 *
 * Life-cycle: config_text_new() to config_text_free(); entries and their strings live as long.
 * Limits: memory is a small multiple of the text's length, which the caller bounds.
 * Relies on: nothing of the text; it may be any bytes.
 */
#include "policy/config-text.h"

#include <string.h>

#include "policy/config.h"

/* Longest piece of a file that a message shows, bytes. */
#define SHOWN_MAX 80

/* A scan on its way. */
struct scan {
	struct config_text *text;
	GHashTable *seen; /* "SECTION]KEY" or "SECTION" -> index of its last entry, + 1 */
	const char *section;
	unsigned line;
};

char *
config_text_shown(const char *text, size_t len)
{
	GString *shown = g_string_new(NULL);
	const char *end = text + len;

	for (const char *at = text; at < end; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char_validated(at, end - at);

		if (shown->len >= SHOWN_MAX) {
			g_string_append(shown, "…");
			break;
		}
		if (c >= 0xfffffffe)
			break;
		if (g_unichar_isprint(c))
			g_string_append_unichar(shown, c);
		else
			g_string_append_c(shown, '?');
	}
	return g_string_free(shown, FALSE);
}

static bool
refuse_line(const struct scan *scan, const char *line, size_t len, const char *why, GError **error)
{
	g_autofree char *shown = config_text_shown(line, len);

	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_SYNTAX, "%s:%u: \"%s\": %s", scan->text->name,
		scan->line, shown, why);
	return false;
}

/* Adds an entry, and ties it to an earlier one of the same section and key. */
static void
add_entry(struct scan *scan, const char *key)
{
	GArray *entries = scan->text->entries;
	struct config_entry entry = {
		.section = scan->section,
		.key = key,
		.line = scan->line,
	};
	/* No section has a bracket in its name, so this cannot be mistaken for another. */
	char *id = g_strconcat(scan->section, key ? "]" : NULL, key, NULL);
	unsigned earlier = GPOINTER_TO_UINT(g_hash_table_lookup(scan->seen, id));

	if (earlier)
		g_array_index(entries, struct config_entry, earlier - 1).again = scan->line;
	g_array_append_val(entries, entry);
	g_hash_table_replace(scan->seen, id, GUINT_TO_POINTER(entries->len));
}

static bool
scan_section(struct scan *scan, const char *line, size_t len, GError **error)
{
	const char *close = memchr(line, ']', len);
	const char *end = line + len;
	const char *rest = close ? close + 1 : end;

	while (rest < end && (*rest == ' ' || *rest == '\t'))
		rest++;
	if (!close || close == line + 1 || rest < end || memchr(line + 1, '[', len - 1))
		return refuse_line(scan, line, len,
			"not a section; one is written [Name], alone on its line", error);

	for (const char *at = line + 1; at < close; at++) {
		if (g_ascii_iscntrl(*at))
			return refuse_line(scan, line, len,
				"a control character in the name of a section", error);
	}
	scan->section = g_string_chunk_insert_len(scan->text->strings, line + 1, close - line - 1);
	add_entry(scan, NULL);
	return true;
}

static bool
scan_key(struct scan *scan, const char *line, size_t len, GError **error)
{
	const char *equals = memchr(line, '=', len);
	const char *end = equals;

	if (!equals)
		return refuse_line(scan, line, len,
			"neither [Section] nor Key=value; a comment begins with #", error);
	while (end > line && g_ascii_isspace(end[-1]))
		end--;
	if (end == line || memchr(line, '[', end - line) || memchr(line, ']', end - line))
		return refuse_line(scan, line, len, "not the name of a key before the =", error);
	if (!scan->section)
		return refuse_line(scan, line, len, "a key before the first [Section]", error);

	add_entry(scan, g_string_chunk_insert_len(scan->text->strings, line, end - line));
	return true;
}

/* One line without its end. */
static bool
scan_line(struct scan *scan, const char *line, size_t len, GError **error)
{
	while (len && g_ascii_isspace(*line)) {
		line++;
		len--;
	}
	if (!len || *line == '#')
		return true;
	if (memchr(line, '\0', len))
		return refuse_line(scan, line, len, "a NUL byte; is this a text file?", error);
	if (!g_utf8_validate(line, len, NULL))
		return refuse_line(scan, line, len, "not UTF-8", error);
	if (*line == '[')
		return scan_section(scan, line, len, error);
	return scan_key(scan, line, len, error);
}

static bool
scan_lines(struct scan *scan, const char *text, size_t len, GError **error)
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', end - text);
		size_t line_len = newline ? (size_t)(newline - text) : (size_t)(end - text);

		scan->line++;
		if (newline && line_len && text[line_len - 1] == '\r')
			line_len--;
		if (!scan_line(scan, text, line_len, error))
			return false;
		text = newline ? newline + 1 : end;
	}
	return true;
}

static bool
load_values(struct config_text *text, const char *bytes, size_t len, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (g_key_file_load_from_data(text->values, bytes, len, G_KEY_FILE_NONE, &cause))
		return true;
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_SYNTAX, "%s: %s", text->name, cause->message);
	return false;
}

struct config_text *
config_text_new(const char *name, const char *text, size_t len, GError **error)
{
	struct config_text *read = g_new0(struct config_text, 1);
	struct scan scan = { .text = read };
	bool done;

	read->name = g_strdup(name);
	read->values = g_key_file_new();
	read->entries = g_array_new(FALSE, FALSE, sizeof(struct config_entry));
	read->strings = g_string_chunk_new(4096);
	scan.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	if (!len)
		text = "";
	/* Some editors put a byte order mark (U+FEFF) before the first line. */
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	done = scan_lines(&scan, text, len, error) && load_values(read, text, len, error);
	g_hash_table_unref(scan.seen);
	if (done)
		return read;
	config_text_free(read);
	return NULL;
}

void
config_text_free(struct config_text *text)
{
	if (!text)
		return;
	g_free(text->name);
	g_key_file_unref(text->values);
	g_array_unref(text->entries);
	g_string_chunk_free(text->strings);
	g_free(text);
}

const struct config_entry *
config_text_entry(const struct config_text *text, unsigned i)
{
	return i < text->entries->len ? &g_array_index(text->entries, struct config_entry, i)
				      : NULL;
}

char *
config_text_place(const struct config_text *text, const struct config_entry *entry)
{
	g_autofree char *section = config_text_shown(entry->section, strlen(entry->section));
	g_autofree char *key = NULL;

	if (entry->key)
		key = config_text_shown(entry->key, strlen(entry->key));
	return g_strdup_printf("%s:%u: [%s]%s%s", text->name, entry->line, section, key ? " " : "",
		key ? key : "");
}

/* Blanks at the end of a line, which GKeyFile leaves in the value. */
static size_t
trailing_blanks(const struct config_text *text, const struct config_entry *entry)
{
	g_autofree char *raw = g_key_file_get_value(text->values, entry->section, entry->key, NULL);
	size_t len = strlen(raw), kept = len;

	while (kept && g_ascii_isspace(raw[kept - 1]))
		kept--;
	return len - kept;
}

char *
config_text_value(const struct config_text *text, const struct config_entry *entry, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autofree char *value =
		g_key_file_get_string(text->values, entry->section, entry->key, &cause);
	g_autofree char *place = NULL;

	if (value && !cause) {
		value[strlen(value) - trailing_blanks(text, entry)] = '\0';
		return g_steal_pointer(&value);
	}
	place = config_text_place(text, entry);
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
		"%s: a \\ that begins no escape; allowed: \\s \\n \\t \\r \\\\", place);
	return NULL;
}

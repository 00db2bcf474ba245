// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading on behind a mistake.
 *
 * A configuration is read up to its first error, and then nothing of it is taken. To find the next
 * one, the line that the message names is taken out of the text and everything is read again: a key
 * by itself, a section with its keys, a file where no line can be named. What a missing piece makes
 * wrong elsewhere in its section is no mistake of its own and is not told.
 *
 * Limits: MISTAKES_MAX rounds. Relies on: messages beginning with "FILE:LINE: " or "FILE: ".
 */
#include "mistakes.h"

#include <string.h>

#include "policy/config-files.h"

/* A line that is the head of a section in which something was taken out. */
struct wound {
	guint file;
	unsigned line;
};

struct search {
	struct mistakes *found;
	GArray *files;    /* struct config_file, with their texts */
	GPtrArray *texts; /* GString, of the files */
	GArray *wounds;   /* struct wound */
	GPtrArray *gone;  /* char *: services whose file was taken out */
};

/* A piece of a text, from the first byte of a line. */
struct piece {
	char *at;
	size_t len;
};

static struct config_file *
file_at(const struct search *search, guint i)
{
	return &g_array_index(search->files, struct config_file, i);
}

static void
text_free(void *text)
{
	g_string_free(text, TRUE);
}

/* Reads all files; one that cannot be read is a mistake, and left out. */
static void
read_files(struct search *search, const struct config_files *files)
{
	for (guint i = 0; i < files->list->len; i++) {
		struct config_file file = g_array_index(files->list, struct config_file, i);
		g_autoptr(GError) error = NULL;
		GString *bytes = config_files_read(file.name, &error);

		if (!bytes) {
			g_ptr_array_add(search->found->errors, g_strdup(error->message));
			continue;
		}
		file.text = bytes->str;
		file.len = bytes->len;
		g_array_append_val(search->files, file);
		g_ptr_array_add(search->texts, bytes);
	}
}

/* The file and the line that a message is about; line 0: it names none. False: not even a file. */
static bool
find_place(const struct search *search, const char *message, struct wound *ret_place)
{
	size_t best = 0;

	for (guint i = 0; i < search->files->len; i++) {
		const char *name = file_at(search, i)->name;
		size_t len = strlen(name);

		if (len <= best || strncmp(message, name, len) != 0 || message[len] != ':')
			continue;
		best = len;
		ret_place->file = i;
		ret_place->line = (unsigned)g_ascii_strtoull(message + len + 1, NULL, 10);
	}
	return best > 0;
}

/* A line, and what follows it up to the next line; len 0: there is none. */
static struct piece
find_line(const struct search *search, const struct wound *place)
{
	GString *text = search->texts->pdata[place->file];
	char *at = text->str, *end = text->str + text->len, *next;

	for (unsigned line = 1; line < place->line && at < end; line++) {
		next = memchr(at, '\n', (size_t)(end - at));
		at = next ? next + 1 : end;
	}
	next = memchr(at, '\n', (size_t)(end - at));
	return (struct piece){ at, (size_t)((next ? next : end) - at) };
}

/* What is first on the line that is no blank; '\0': nothing. */
static char
first_of(const struct piece *line)
{
	for (size_t i = 0; i < line->len; i++) {
		if (!g_ascii_isspace(line->at[i]))
			return line->at[i];
	}
	return '\0';
}

static bool
is_wound(const struct search *search, const struct wound *place)
{
	for (guint i = 0; i < search->wounds->len; i++) {
		const struct wound *wound = &g_array_index(search->wounds, struct wound, i);

		if (wound->file == place->file && wound->line == place->line)
			return true;
	}
	return false;
}

/* Remembers the head of the section that the line belongs to. A first line that is none stands for
 * the file as a whole. */
static void
add_wound(struct search *search, const struct wound *place)
{
	struct wound head = *place, whole = { place->file, 1 };
	struct piece line = find_line(search, &head);

	while (head.line > 1 && first_of(&line) != '[') {
		head.line--;
		line = find_line(search, &head);
	}
	g_array_append_val(search->wounds, head);
	line = find_line(search, &whole);
	if (first_of(&line) != '[')
		g_array_append_val(search->wounds, whole);
}

static void
take_file(struct search *search, guint i)
{
	const struct config_file *file = file_at(search, i);

	if (file->kind == CONFIG_SERVICE)
		g_ptr_array_add(search->gone, g_strdup(file->owner));
	g_array_remove_index(search->files, i);
	g_ptr_array_remove_index(search->texts, i);
	/* Numbers of files behind it are others now. */
	for (guint n = search->wounds->len; n-- > 0;) {
		struct wound *wound = &g_array_index(search->wounds, struct wound, n);

		if (wound->file == i)
			g_array_remove_index(search->wounds, n);
		else
			wound->file -= wound->file > i;
	}
}

static void
blank(const struct piece *piece)
{
	memset(piece->at, ' ', piece->len);
}

/* Takes out the head of a section and its keys. */
static void
take_section(struct search *search, const struct wound *head)
{
	GString *text = search->texts->pdata[head->file];
	struct wound place = *head;
	struct piece line = find_line(search, &place);

	do {
		blank(&line);
		place.line++;
		line = find_line(search, &place);
	} while (line.at < text->str + text->len && first_of(&line) != '[');
}

/* Takes out what a message is about. */
static void
take_out(struct search *search, const struct wound *place)
{
	struct piece line;
	char first;

	if (!place->line) {
		take_file(search, place->file);
		return;
	}
	line = find_line(search, place);
	first = first_of(&line);
	if (first == '[') {
		add_wound(search, place);
		take_section(search, place);
	} else if (first && first != '#') {
		add_wound(search, place);
		blank(&line);
	} else {
		take_file(search, place->file);
	}
}

/* Does the message only follow from what was taken out? */
static bool
is_consequence(const struct search *search, const char *message)
{
	struct wound place;

	for (guint i = 0; i < search->gone->len; i++) {
		g_autofree char *what =
			g_strconcat("there is no service ", (char *)search->gone->pdata[i], NULL);

		if (strstr(message, what))
			return true;
	}
	return find_place(search, message, &place) && is_wound(search, &place);
}

/* Keeps those warnings that are no consequences; takes them over. */
static void
keep_warnings(struct search *search, GPtrArray *warnings)
{
	for (guint i = 0; i < warnings->len; i++) {
		if (!is_consequence(search, warnings->pdata[i]))
			g_ptr_array_add(search->found->warnings, g_strdup(warnings->pdata[i]));
	}
	g_ptr_array_unref(warnings);
}

/* One reading. Returns the first error, or NULL: there is none, and it is over. */
static char *
read_once(struct search *search, mistakes_judge *judge, void *context)
{
	g_autoptr(GError) error = NULL;
	GPtrArray *warnings;
	struct policy *policy = config_parse_files((const struct config_file *)search->files->data,
		search->files->len, NULL, &warnings, &error);
	char *message;

	if (!policy)
		return g_strdup(error->message);
	message = judge ? judge(context, policy, warnings) : NULL;
	if (message) {
		g_ptr_array_unref(warnings);
		policy_unref(policy);
		return message;
	}
	keep_warnings(search, warnings);
	search->found->policy = policy;
	return NULL;
}

static void
read_all(struct search *search, mistakes_judge *judge, void *context)
{
	GPtrArray *errors = search->found->errors;
	struct wound place;
	char *message;

	while (errors->len < MISTAKES_MAX && (message = read_once(search, judge, context))) {
		bool has_place = find_place(search, message, &place);

		if (is_consequence(search, message))
			g_free(message);
		else
			g_ptr_array_add(errors, message);
		if (!has_place)
			return;
		take_out(search, &place);
	}
}

void
mistakes_find(const struct config_options *options, mistakes_judge *judge, void *context,
	struct mistakes *ret_mistakes)
{
	struct search search = { .found = ret_mistakes };
	g_autoptr(GError) error = NULL;
	struct config_files *files;

	*ret_mistakes = (struct mistakes){
		.errors = g_ptr_array_new_with_free_func(g_free),
		.warnings = g_ptr_array_new_with_free_func(g_free),
	};
	files = config_files_new(options, &error);
	if (!files) {
		g_ptr_array_add(ret_mistakes->errors, g_strdup(error->message));
		return;
	}
	search.files = g_array_new(FALSE, FALSE, sizeof(struct config_file));
	search.texts = g_ptr_array_new_with_free_func(text_free);
	search.wounds = g_array_new(FALSE, FALSE, sizeof(struct wound));
	search.gone = g_ptr_array_new_with_free_func(g_free);
	read_files(&search, files);
	read_all(&search, judge, context);
	g_ptr_array_unref(search.gone);
	g_array_unref(search.wounds);
	g_ptr_array_unref(search.texts);
	g_array_unref(search.files);
	config_files_free(files);
}

void
mistakes_done(struct mistakes *mistakes)
{
	g_ptr_array_unref(mistakes->errors);
	g_ptr_array_unref(mistakes->warnings);
	policy_unref(mistakes->policy);
}

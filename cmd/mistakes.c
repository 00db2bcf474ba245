// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading on behind a mistake.
 *
 * A configuration is read up to its first error, and then nothing of it is taken. To find the next
 * one, the line that the message names is taken out of the text and everything is read again: a key
 * by itself, a section with its keys, a file where no line can be named. What is missing only since
 * it was taken out is no mistake of its own and is not told; what its section lacks besides is.
 *
 * Limits: MISTAKES_MAX rounds. Relies on: messages beginning with "FILE:LINE: " or "FILE: ".
 */
#include "mistakes.h"

#include <string.h>

#include "policy/config-files.h"

/* What a message is about. */
struct place {
	guint file;
	unsigned line; /* 0: the whole file */
};

/* What was taken out. */
struct wound {
	char *owner;   /* of the file */
	char *section; /* as in its head */
	char *key;     /* NULL: all of it */
};

/* Values that are allowed for the keys that some section cannot do without. */
static const struct {
	const char *key;
	const char *value;
} fillers[] = {
	{ "Protocol", "tcp" },
	{ "External", "1" },
	{ "Ports", "1" },
	{ "Opens", "1/tcp" },
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

static void
wound_clear(void *data)
{
	struct wound *wound = data;

	g_free(wound->owner);
	g_free(wound->section);
	g_free(wound->key);
}

/* Whose settings stand in a file: those of postern.conf are the default connection's, too. */
static const char *
owner_of(const struct search *search, guint i)
{
	const char *owner = file_at(search, i)->owner;

	return owner ? owner : "default";
}

/* Is there anything but what comes with the program? */
static bool
has_files(const struct search *search)
{
	for (guint i = 0; i < search->files->len; i++) {
		if (!file_at(search, i)->builtin)
			return true;
	}
	return false;
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
find_place(const struct search *search, const char *message, struct place *ret_place)
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
find_line(const struct search *search, const struct place *place)
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

/* The head of the section that a line belongs to; line 1 where it belongs to none. */
static struct place
find_head(const struct search *search, const struct place *place)
{
	struct place head = *place;
	struct piece line = find_line(search, &head);

	while (head.line > 1 && first_of(&line) != '[') {
		head.line--;
		line = find_line(search, &head);
	}
	return head;
}

/* The word at the beginning of a line, behind `skip` of blanks and brackets. */
static char *
word_of(const struct piece *line, const char *skip, const char *end)
{
	g_autofree char *text = g_strndup(line->at, line->len);
	const char *at = text + strspn(text, skip);

	return g_strndup(at, strcspn(at, end));
}

/* Remembers that a line is taken out: that of a key, or the head of a section. */
static void
add_wound(struct search *search, const struct place *place)
{
	struct place head = find_head(search, place);
	struct piece line = find_line(search, &head);
	struct wound wound = {
		.owner = g_strdup(owner_of(search, place->file)),
		.section = word_of(&line, " \t[", "]\r"),
	};

	if (head.line != place->line) {
		line = find_line(search, place);
		wound.key = word_of(&line, " \t", "= \t\r");
	}
	g_array_append_val(search->wounds, wound);
}

static void
take_file(struct search *search, guint i)
{
	const struct config_file *file = file_at(search, i);

	if (file->kind == CONFIG_SERVICE)
		g_ptr_array_add(search->gone, g_strdup(file->owner));
	g_array_remove_index(search->files, i);
	g_ptr_array_remove_index(search->texts, i);
}

static void
blank(const struct piece *piece)
{
	memset(piece->at, ' ', piece->len);
}

/* Takes out the head of a section and its keys. */
static void
take_section(struct search *search, const struct place *head)
{
	GString *text = search->texts->pdata[head->file];
	struct place place = *head;
	struct piece line = find_line(search, &place);

	do {
		blank(&line);
		place.line++;
		line = find_line(search, &place);
	} while (line.at < text->str + text->len && first_of(&line) != '[');
}

/* Takes out what a message is about. */
static void
take_out(struct search *search, const struct place *place)
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

/* The parts of "FILE:LINE: [SECTION] KEY: missing…". False: it is another message. */
static bool
parse_missing(
	const struct search *search, const char *message, struct place *ret_place, char **ret_words)
{
	g_autofree char *begin = NULL;
	const char *words, *end;

	if (!find_place(search, message, ret_place))
		return false;
	begin = g_strdup_printf(
		"%s:%u: [", file_at(search, ret_place->file)->name, ret_place->line);
	if (!g_str_has_prefix(message, begin))
		return false;
	words = message + strlen(begin);
	end = strstr(words, ": missing");
	if (!end)
		return false;
	*ret_words = g_strndup(words, (size_t)(end - words));
	return true;
}

/* Is "SECTION] KEY" missing since it was taken out? */
static bool
is_wound(const struct search *search, const char *owner, const char *words)
{
	for (guint i = 0; i < search->wounds->len; i++) {
		const struct wound *wound = &g_array_index(search->wounds, struct wound, i);
		g_autofree char *what =
			g_strconcat(wound->section, "] ", wound->key ? wound->key : "", NULL);

		if (strcmp(wound->owner, owner) != 0)
			continue;
		if (wound->key ? !strcmp(words, what) : g_str_has_prefix(words, what))
			return true;
	}
	return false;
}

/* The service that is not there since its file was taken out, or NULL: it is another message. */
static const char *
find_gone(const struct search *search, const char *message)
{
	static const char lacking[] = ": there is no service ";
	const char *name = strstr(message, lacking);

	if (!name)
		return NULL;
	name += strlen(lacking);
	for (guint i = 0; i < search->gone->len; i++) {
		const char *gone = search->gone->pdata[i];

		if (strlen(gone) == strcspn(name, " ") && g_str_has_prefix(name, gone))
			return gone;
	}
	return NULL;
}

/* Takes an item out of a list, with the separator behind it, so that the others are looked at. */
static bool
take_item(const struct search *search, const struct place *place, const char *item)
{
	static const char between[] = "=;, \t\r\n";
	struct piece line = find_line(search, place);
	size_t len = strlen(item);

	for (size_t at = 1; len < line.len && at <= line.len - len; at++) {
		size_t end = at + len;

		if (memcmp(line.at + at, item, len) != 0 || !strchr(between, line.at[at - 1]))
			continue;
		if (end < line.len && !strchr(between + 1, line.at[end]))
			continue;
		blank(&(struct piece){ line.at + at, len });
		while (end < line.len && line.at[end] == ' ')
			end++;
		if (end < line.len && strchr(";,", line.at[end]))
			line.at[end] = ' ';
		return true;
	}
	return false;
}

/* Does the message only follow from what was taken out? */
static bool
is_consequence(const struct search *search, const char *message)
{
	g_autofree char *words = NULL;
	struct place place;

	if (find_gone(search, message))
		return true;
	return parse_missing(search, message, &place, &words) &&
	       is_wound(search, owner_of(search, place.file), words);
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
	struct config_origins *origins;
	GPtrArray *warnings;
	struct policy *policy = config_parse_files((const struct config_file *)search->files->data,
		search->files->len, &origins, &warnings, &error);
	char *message;

	if (!policy)
		return g_strdup(error->message);
	message = judge ? judge(context, policy, origins, warnings) : NULL;
	config_origins_free(origins);
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
set_text(struct search *search, guint i)
{
	struct config_file *file = file_at(search, i);
	GString *text = search->texts->pdata[i];

	file->text = text->str;
	file->len = text->len;
}

/* What is wrong if the key that a message calls missing is put in, below the head of its section;
 * or NULL. */
static char *
try_without(struct search *search, const struct place *head, const char *words)
{
	GString *text = search->texts->pdata[head->file];
	struct piece line = find_line(search, head);
	const char *key = strrchr(words, ' ');
	g_autofree char *added = NULL;
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; key && i < G_N_ELEMENTS(fillers); i++) {
		if (!strcmp(key + 1, fillers[i].key))
			added = g_strdup_printf("\n%s=%s", key + 1, fillers[i].value);
	}
	if (!added)
		return NULL;
	g_string_insert(text, line.at + line.len - text->str, added);
	set_text(search, head->file);
	policy_unref(config_parse_files((const struct config_file *)search->files->data,
		search->files->len, NULL, NULL, &error));
	return error ? g_strdup(error->message) : NULL;
}

/*
 * A key is missing, so its section will be taken out: tells first what else is missing there. The
 * text is then as it was.
 */
static void
find_missing(struct search *search, const struct place *head, const char *message)
{
	GPtrArray *errors = search->found->errors;
	GString *text = search->texts->pdata[head->file];
	GString *saved = g_string_new_len(text->str, (gssize)text->len);
	char *next = g_strdup(message);

	for (size_t n = 0; n < G_N_ELEMENTS(fillers) && next; n++) {
		g_autofree char *words = NULL;
		g_autofree char *last = next;
		struct place place;

		next = NULL;
		if (!parse_missing(search, last, &place, &words) || place.file != head->file ||
			place.line != head->line)
			break;
		if (n && !is_consequence(search, last) && errors->len < MISTAKES_MAX)
			g_ptr_array_add(errors, g_strdup(last));
		next = try_without(search, &place, words);
	}
	g_free(next);
	g_string_truncate(text, 0);
	g_string_append_len(text, saved->str, (gssize)saved->len);
	g_string_free(saved, TRUE);
	set_text(search, head->file);
}

static void
read_all(struct search *search, mistakes_judge *judge, void *context)
{
	GPtrArray *errors = search->found->errors;
	struct place place;
	const char *gone;
	char *message;

	while (errors->len < MISTAKES_MAX && (message = read_once(search, judge, context))) {
		bool has_place = find_place(search, message, &place);

		if (!is_consequence(search, message))
			g_ptr_array_add(errors, g_strdup(message));
		if (has_place && place.line)
			find_missing(search, &place, message);
		gone = find_gone(search, message);
		g_free(message);
		if (!has_place)
			return;
		if (!gone || !take_item(search, &place, gone))
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
	g_array_set_clear_func(search.wounds, wound_clear);
	search.gone = g_ptr_array_new_with_free_func(g_free);
	read_files(&search, files);
	if (!ret_mistakes->errors->len || has_files(&search))
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

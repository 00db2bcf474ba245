// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From configuration files to a policy.
 *
 * Life-cycle: a reading begins with the built-in defaults, takes each file in turn, and ends with
 * a policy or, at the first error, with nothing: the half-made policy is thrown away.
 * Limits: CONFIG_FILE_MAX, _WARNINGS_MAX, _HELPERS_MAX, _OPTIONS_MAX.
 * Relies on: config-text.c for lines and values, config-keys.c for what they mean.
 */
#include "policy/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "policy/config-keys.h"
#include "policy/config-text.h"

/* A reading of one or several files on its way. */
struct reading {
	struct policy *policy;
	GPtrArray *warnings;
	unsigned not_shown; /* warnings beyond CONFIG_WARNINGS_MAX */
};

/* Where in a file we are. */
struct place {
	const struct config_text *text;
	const struct config_entry *entry;
	bool known;                   /* whether the keys of this section mean something */
	struct policy_helper *helper; /* whose section it is, or NULL */
};

GQuark
config_error_quark(void)
{
	return g_quark_from_static_string("postern-config-error");
}

static void
reading_begin(struct reading *reading)
{
	*reading = (struct reading){
		.policy = policy_new(),
		.warnings = g_ptr_array_new_with_free_func(g_free),
	};
}

/* Helpers of which no section says whether they are on: as their plugin, else the default. */
static void
settle_helpers(struct policy *policy)
{
	for (unsigned i = 0; i < policy->n_helpers; i++) {
		struct policy_helper *helper = &policy->helpers[i];
		g_autofree char *plugin = g_strndup(helper->name, strcspn(helper->name, "."));
		const struct policy_helper *whole = policy_helper_find(policy, plugin);

		if (!helper->enabled_set)
			helper->enabled = whole && whole->enabled_set ? whole->enabled
								      : policy->helpers_default;
	}
}

/* Hands out what was made, or, where `done` is false, nothing. */
static struct policy *
reading_end(struct reading *reading, bool done, GPtrArray **ret_warnings)
{
	if (!done) {
		policy_unref(reading->policy);
		g_ptr_array_unref(reading->warnings);
		return NULL;
	}
	settle_helpers(reading->policy);
	if (reading->not_shown)
		g_ptr_array_add(reading->warnings,
			g_strdup_printf("%u more warnings are not shown", reading->not_shown));
	if (ret_warnings)
		*ret_warnings = reading->warnings;
	else
		g_ptr_array_unref(reading->warnings);
	return reading->policy;
}

/* Adds "FILE:LINE: [Section] Key: WHAT". */
static void
warn(struct reading *reading, const struct place *place, const char *what)
{
	g_autofree char *where = config_text_place(place->text, place->entry);

	if (reading->warnings->len < CONFIG_WARNINGS_MAX)
		g_ptr_array_add(reading->warnings, g_strconcat(where, ": ", what, NULL));
	else
		reading->not_shown++;
}

static void
warn_not_known(struct reading *reading, const struct place *place, const char *meant)
{
	g_autofree char *what = g_strconcat("not known; ignored", meant, NULL);

	warn(reading, place, what);
}

static void
warn_again(struct reading *reading, const struct place *place, const char *so)
{
	g_autofree char *what =
		g_strdup_printf("stands again on line %u, %s", place->entry->again, so);

	warn(reading, place, what);
}

/* The same as an error. */
static bool
refuse(const struct place *place, const char *what, GError **error)
{
	g_autofree char *where = config_text_place(place->text, place->entry);

	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s: %s", where, what);
	return false;
}

static bool
refuse_value(
	const struct place *place, const struct config_key *key, const char *value, GError **error)
{
	g_autofree char *where = config_text_place(place->text, place->entry);
	g_autofree char *shown = config_text_shown(value, strlen(value));
	g_autofree char *allowed = config_key_allowed(key);
	bool comment = strstr(value, " #") || strstr(value, " ;");

	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s=%s: not allowed; allowed: %s%s",
		where, shown, allowed,
		comment ? " (and a comment needs a line of its own, beginning with #)" : "");
	return false;
}

/* Lower-case letters and digits, and perhaps a part of the same, with - and _, behind a dot. */
static bool
is_helper_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t plugin = strspn(name, letters);
	size_t part = name[plugin] == '.' ? strspn(name + plugin + 1, letters) : 0;

	if (!plugin || strlen(name) > 64 || strcspn(name, "-_") < plugin)
		return false;
	return !name[plugin] || (part && !name[plugin + 1 + part]);
}

/* What policy says of the helper, made if it says nothing yet. */
static struct policy_helper *
take_helper(struct policy *policy, const char *name)
{
	struct policy_helper *helper;

	for (unsigned i = 0; i < policy->n_helpers; i++) {
		if (!strcmp(policy->helpers[i].name, name))
			return &policy->helpers[i];
	}
	policy->helpers = g_renew(struct policy_helper, policy->helpers, policy->n_helpers + 1);
	helper = &policy->helpers[policy->n_helpers++];
	*helper = (struct policy_helper){ .name = g_strdup(name) };
	return helper;
}

static bool
enter_helper(struct reading *reading, struct place *place, const char *name, GError **error)
{
	struct policy *policy = reading->policy;

	if (!is_helper_name(name))
		return refuse(place,
			"not the name of a helper; allowed: a-z and 0-9, or PLUGIN.part", error);
	place->helper = take_helper(policy, name);
	if (policy->n_helpers > CONFIG_HELPERS_MAX)
		return refuse(place, "one helper too many", error);
	g_free(place->helper->file);
	place->helper->file = g_strdup(place->text->name);
	place->helper->line = place->entry->line;
	place->known = true;
	return true;
}

/* The head of a section. */
static bool
enter_section(struct reading *reading, struct place *place, GError **error)
{
	const char *section = place->entry->section;
	g_autofree char *meant = NULL;

	place->helper = NULL;
	place->known = config_keys_have_section(section);
	if (place->entry->again)
		warn_again(reading, place, "and the two are taken together");
	if (place->known)
		return true;
	if (g_str_has_prefix(section, CONFIG_HELPER))
		return enter_helper(reading, place, section + strlen(CONFIG_HELPER), error);
	meant = config_keys_suggest_section(section);
	warn_not_known(reading, place, meant);
	return true;
}

/* The option of that name, made if there is none yet; NULL if there are too many. */
static struct policy_option *
take_option(struct policy_helper *helper, const char *name)
{
	struct policy_option *option;

	for (unsigned i = 0; i < helper->n_options; i++) {
		if (!strcmp(helper->options[i].name, name))
			return &helper->options[i];
	}
	if (helper->n_options == CONFIG_OPTIONS_MAX)
		return NULL;
	helper->options = g_renew(struct policy_option, helper->options, helper->n_options + 1);
	option = &helper->options[helper->n_options++];
	*option = (struct policy_option){ .name = g_strdup(name) };
	return option;
}

/* A key of a plugin's own: kept as it is until the plugin is there to judge it. */
static bool
keep_option(const struct place *place, const char *value, GError **error)
{
	struct policy_option *option = take_option(place->helper, place->entry->key);

	if (!option)
		return refuse(place, "one option too many", error);
	g_free(option->value);
	g_free(option->file);
	option->value = g_strdup(value);
	option->file = g_strdup(place->text->name);
	option->line = place->entry->line;
	return true;
}

static bool
take_value(struct reading *reading, const struct place *place, const struct config_key *key,
	GError **error)
{
	g_autofree char *value = config_text_value(place->text, place->entry, error);
	void *model = place->helper ? (void *)place->helper : (void *)reading->policy;

	if (!value)
		return false;
	if (!key)
		return keep_option(place, value, error);
	return config_key_set(key, model, value) == 0 || refuse_value(place, key, value, error);
}

static bool
take_key(struct reading *reading, const struct place *place, GError **error)
{
	const char *section = place->helper ? CONFIG_HELPER : place->entry->section;
	const struct config_key *key = config_keys_find(section, place->entry->key);
	g_autofree char *meant = NULL;

	if (!place->known)
		return true;
	if (place->entry->again) {
		warn_again(reading, place, "and that one counts");
		return true;
	}
	if (key || place->helper)
		return take_value(reading, place, key, error);
	meant = config_keys_suggest(section, place->entry->key);
	warn_not_known(reading, place, meant);
	return true;
}

static bool
read_text(struct reading *reading, const char *name, const char *bytes, size_t len, GError **error)
{
	struct place place = { 0 };
	struct config_text *text;
	bool done = true;

	if (len > CONFIG_FILE_MAX) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_FILE,
			"%s: larger than %u KiB; is it a configuration file?", name,
			CONFIG_FILE_MAX / 1024);
		return false;
	}
	text = config_text_new(name, bytes, len, error);
	if (!text)
		return false;
	place.text = text;
	for (unsigned i = 0; done && (place.entry = config_text_entry(text, i)); i++)
		done = place.entry->key ? take_key(reading, &place, error)
					: enter_section(reading, &place, error);
	config_text_free(text);
	return done;
}

static bool
refuse_file(const char *path, const char *why, GError **error)
{
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_FILE, "%s: cannot be read: %s", path, why);
	return false;
}

/* Reads at most one byte more than is allowed, so that the text tells if it is too long. */
static GString *
read_bytes(int fd)
{
	GString *bytes = g_string_sized_new(4096);
	char piece[4096];
	ssize_t n;

	do {
		n = TEMP_FAILURE_RETRY(read(fd, piece, sizeof(piece)));
		if (n > 0)
			g_string_append_len(bytes, piece, n);
	} while (n > 0 && bytes->len <= CONFIG_FILE_MAX);
	if (n >= 0)
		return bytes;
	n = errno;
	g_string_free(bytes, TRUE);
	errno = (int)n;
	return NULL;
}

static bool
read_file(struct reading *reading, const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	GString *bytes = fd < 0 ? NULL : read_bytes(fd);
	int cause = errno;
	bool done;

	if (fd >= 0)
		close(fd);
	if (!bytes)
		return refuse_file(path, g_strerror(cause), error);
	done = read_text(reading, path, bytes->str, bytes->len, error);
	g_string_free(bytes, TRUE);
	return done;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the *.conf in a folder, sorted by byte, or NULL if it cannot be read. */
static GPtrArray *
list_folder(const char *folder, GError **error)
{
	GDir *dir = g_dir_open(folder, 0, error);
	GPtrArray *names;
	const char *name;

	if (!dir)
		return NULL;
	names = g_ptr_array_new_with_free_func(g_free);
	while ((name = g_dir_read_name(dir))) {
		if (name[0] != '.' && g_str_has_suffix(name, ".conf"))
			g_ptr_array_add(names, g_strdup(name));
	}
	g_dir_close(dir);
	g_ptr_array_sort(names, compare_names);
	return names;
}

static bool
read_additions(struct reading *reading, const char *folder, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(GPtrArray) names = list_folder(folder, &cause);
	bool done = true;

	if (!names && g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		return true;
	if (!names)
		return refuse_file(folder, cause->message, error);
	for (unsigned i = 0; done && i < names->len; i++) {
		g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);

		done = read_file(reading, path, error);
	}
	return done;
}

static bool
read_folder(struct reading *reading, const char *folder, GError **error)
{
	g_autofree char *file = g_build_filename(folder, "postern.conf", NULL);
	g_autofree char *additions = g_build_filename(folder, "postern.conf.d", NULL);

	if (!g_file_test(file, G_FILE_TEST_EXISTS))
		return refuse_file(folder, "there is no postern.conf in this folder", error);
	return read_file(reading, file, error) && read_additions(reading, additions, error);
}

struct policy *
config_load(const char *path, GPtrArray **ret_warnings, GError **error)
{
	struct reading reading;
	bool done = true;

	reading_begin(&reading);
	if (path && g_file_test(path, G_FILE_TEST_IS_DIR))
		done = read_folder(&reading, path, error);
	else if (path)
		done = read_file(&reading, path, error);
	return reading_end(&reading, done, ret_warnings);
}

struct policy *
config_parse(
	const char *name, const char *text, size_t len, GPtrArray **ret_warnings, GError **error)
{
	struct reading reading;

	reading_begin(&reading);
	return reading_end(&reading, read_text(&reading, name, text, len, error), ret_warnings);
}

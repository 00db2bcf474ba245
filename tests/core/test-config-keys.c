// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of keys: each sets its own member and no other, within its range, and is documented. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config-models.h"

static bool
is_number(const struct config_key *key)
{
	return key->max > 0;
}

/* Is the byte at this offset one that the key may change? */
static bool
belongs(const struct config_key *key, size_t offset)
{
	size_t size = key->type == &config_type_target ? sizeof(struct pn_addr) : 8;

	/* The one key that is two lists. */
	if (key->type == &config_type_match)
		return offset >= key->at && offset < key->also + 4;
	if (offset >= key->at && offset < key->at + size)
		return true;
	if (key->also && offset >= key->also && offset < key->also + 4)
		return true;
	return key->flag && offset == key->flag;
}

static unsigned
count_changes(
	const struct config_key *key, const uint8_t *before, const uint8_t *after, size_t size)
{
	unsigned changed = 0;

	for (size_t i = 0; i < size; i++) {
		if (before[i] == after[i])
			continue;
		ck_assert_msg(
			belongs(key, i), "[%s] %s changes byte %zu", key->section, key->name, i);
		changed++;
	}
	return changed;
}

START_TEST(each_sets_its_own)
{
	const struct config_key *key;

	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		struct models models;
		size_t size = 0;
		void *model, *before;
		char *value = good_value(key);

		models_init(&models);
		model = models_of(&models, key, &size);
		before = g_memdup2(model, size);
		ck_assert_msg(config_key_set(key, model, value) == 0, "%s=%s", key->name, value);
		ck_assert_msg(count_changes(key, before, model, size) > 0, "%s", key->name);
		ck_assert(!config_key_is_open(key, model));
		g_free(value);
		g_free(before);
		models_done(&models);
	}
}
END_TEST

/* What is shown is what was set, and setting that changes nothing. */
START_TEST(each_is_shown)
{
	const struct config_key *key;

	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		struct models models;
		size_t size;
		void *model;
		char *value = good_value(key), *shown;

		models_init(&models);
		model = models_of(&models, key, &size);
		shown = config_key_show(key, model);
		ck_assert_msg(g_strcmp0(shown, value) != 0, "%s is %s already", key->name, value);
		g_free(shown);
		for (unsigned j = 0; j < 2; j++) {
			ck_assert_int_eq(config_key_set(key, model, value), 0);
			shown = config_key_show(key, model);
			ck_assert_str_eq(shown, value);
			g_free(value);
			value = shown;
		}
		g_free(value);
		models_done(&models);
	}
}
END_TEST

START_TEST(refused_changes_nothing)
{
	static const char *const never[] = { "\x1b", "one # one", "one ; a one", "a\nb", "\xff" };
	const struct config_key *key;

	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		struct models models;
		size_t size = 0;
		void *model, *before;
		char *value = good_value(key);

		models_init(&models);
		model = models_of(&models, key, &size);
		ck_assert_int_eq(config_key_set(key, model, value), 0);
		before = g_memdup2(model, size);
		for (unsigned j = 0; j < G_N_ELEMENTS(never); j++) {
			ck_assert_msg(config_key_set(key, model, never[j]) < 0, "[%s] %s=%s",
				key->section, key->name, never[j]);
			ck_assert_mem_eq(before, model, size);
		}
		g_free(before);
		g_free(value);
		models_done(&models);
	}
}
END_TEST

/* Both ends of each range, and one beyond. */
START_TEST(ranges)
{
	struct models models;
	const struct config_key *key;

	models_init(&models);
	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		/* The number of something may be 0; how many there are of it may not. */
		bool from_0 = !strcmp(key->name, "Queue") || !strcmp(key->name, "MarkBit");
		const struct {
			uint64_t number;
			int r;
		} edges[] = { { key->min, 0 }, { key->max, 0 }, { key->min - 1, -ERANGE },
			{ key->max + 1, -ERANGE } };

		for (unsigned j = 0; is_number(key) && j < G_N_ELEMENTS(edges); j++) {
			char *value = g_strdup_printf("%" G_GUINT64_FORMAT, edges[j].number);

			size_t size;

			ck_assert_msg(config_key_set(key, models_of(&models, key, &size), value) ==
					      edges[j].r,
				"%s=%s", key->name, value);
			g_free(value);
		}
		ck_assert_msg(!is_number(key) || key->min >= 1 || from_0, "%s may be 0", key->name);
	}
	models_done(&models);
}
END_TEST

START_TEST(units_and_pairs)
{
	struct policy *policy = policy_new();
	static const struct {
		const char *section, *name, *value;
	} table[] = {
		{ "Limits", "StreamMemoryKiB", "16777216" },
		{ "Limits", "StreamWindowKiB", "65536" },
		{ "Limits", "FragmentMemoryKiB", "64" },
		{ "Stateful", "UdpTimeout", "77" },
		{ "Stateful", "IcmpTimeout", "78" },
		{ "Stateful", "GreTimeout", "79" },
		{ "Log", "TimeFormat", "utc" },
		{ "Log", "Dialect", "wf-1.5" },
		{ "Log", "MaxSizeKiB", "9" },
		{ "Stateful", "Midstream", "none" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
		ck_assert_int_eq(config_key_set(config_keys_find(table[i].section, table[i].name),
					 policy, table[i].value),
			0);
	ck_assert_uint_eq(policy->stream_memory, 16ull << 30);
	ck_assert_uint_eq(policy->stream_window, 64u << 20);
	ck_assert_uint_eq(policy->defrag.max_memory, 65536);
	ck_assert_uint_eq(policy->table.timeouts[FLOW_UDP_NEW], 77);
	ck_assert_uint_eq(policy->table.timeouts[FLOW_UDP_REPLIED], 77);
	ck_assert_uint_eq(policy->table.timeouts[FLOW_ICMP_NEW], 78);
	ck_assert_uint_eq(policy->table.timeouts[FLOW_ICMP_REPLIED], 78);
	ck_assert_uint_eq(policy->table.timeouts[FLOW_GRE_NEW], 79);
	ck_assert_uint_eq(policy->table.timeouts[FLOW_GRE_REPLIED], 18000);
	ck_assert(policy->log.utc);
	ck_assert_int_eq(policy->log.dialect, W3C_WF_1_5);
	ck_assert_uint_eq(policy->log.max_size_kib, 9);
	ck_assert_int_eq(policy->midstream, MIDSTREAM_NONE);
	policy_unref(policy);
}
END_TEST

/* Every timeout of every state that a flow can be in has a key. */
START_TEST(all_timeouts_have_keys)
{
	for (unsigned state = FLOW_NONE + 1; state < FLOW_STATE_COUNT; state++) {
		size_t at = offsetof(struct policy, table.timeouts) + state * sizeof(uint32_t);
		const struct config_key *key;
		bool found = false;

		for (unsigned i = 0; (key = config_keys_at(i)); i++)
			found |= section_of(key)->model == CONFIG_OF_POLICY &&
				 (key->at == at || key->also == at);
		ck_assert_msg(found, "state %u", state);
	}
}
END_TEST

START_TEST(names_and_words)
{
	const struct config_key *key;

	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		char *allowed = config_key_allowed(key);

		ck_assert_ptr_eq(config_keys_find(key->section, key->name), key); /* and no other */
		ck_assert(g_ascii_isupper(key->name[0]));
		ck_assert_ptr_nonnull(section_of(key));
		ck_assert(!key->otherwise || key->flag);
		ck_assert_uint_gt(strlen(allowed), 5);
		for (unsigned w = 0; key->words && key->words[w]; w++)
			ck_assert(strstr(allowed, key->words[w]) != NULL);
		g_free(allowed);
	}
	ck_assert_ptr_null(config_keys_find("Stateful", "midstream"));
	ck_assert_ptr_null(config_keys_find("Log", "Midstream"));
}
END_TEST

/* A choice is written as core calls it everywhere. */
START_TEST(words_of_enums)
{
	const struct config_key *type = config_keys_find("Connection", "Type");
	const struct config_key *role = config_keys_find("Sharing", "Role");
	const struct config_key *spoof = config_keys_find("Firewall", "AntiSpoof");

	for (unsigned i = 0; type->words[i]; i++)
		ck_assert_str_eq(type->words[i], connection_type_name((enum connection_type)i));
	for (unsigned i = 0; role->words[i]; i++)
		ck_assert_str_eq(role->words[i], connection_role_name((enum connection_role)i));
	for (unsigned i = 0; spoof->words[i]; i++)
		ck_assert_str_eq(spoof->words[i], anti_spoof_name((enum anti_spoof)i));
	ck_assert_uint_eq(g_strv_length((char **)type->words), CONNECTION_DIRECT + 1);
	ck_assert_uint_eq(g_strv_length((char **)role->words), ROLE_PRIVATE + 1);
	ck_assert_uint_eq(g_strv_length((char **)spoof->words), ANTI_SPOOF_OFF + 1);
}
END_TEST

START_TEST(sections)
{
	static const struct {
		const char *head;
		unsigned kinds;
		const char *section, *name;
	} table[] = {
		{ "Stateful", CONFIG_MAIN, "Stateful", "" },
		{ "Log", CONFIG_MAIN, "Log", "" },
		{ "Helper:demo", CONFIG_MAIN, "Helper:", "demo" },
		{ "Helper:", CONFIG_MAIN, "Helper:", "" },
		{ "Firewall", CONFIG_MAIN | CONFIG_CONNECTION, "Firewall", "" },
		{ "Mapping:a:b", CONFIG_MAIN | CONFIG_CONNECTION, "Mapping:", "a:b" },
		{ "Trigger:x", CONFIG_MAIN | CONFIG_CONNECTION, "Trigger:", "x" },
		{ "Connection", CONFIG_CONNECTION, "Connection", "" },
		{ "Sharing", CONFIG_CONNECTION, "Sharing", "" },
		{ "Service", CONFIG_SERVICE, "Service", "" },
		{ "Service:x", 0, NULL, NULL },
		{ "Firewall:x", 0, NULL, NULL },
		{ "Helper", 0, NULL, NULL },
		{ "Helpers:x", 0, NULL, NULL },
		{ "mapping:x", 0, NULL, NULL },
		{ "", 0, NULL, NULL },
	};
	static const enum config_kind kinds[] = { CONFIG_MAIN, CONFIG_CONNECTION, CONFIG_SERVICE };

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		for (unsigned k = 0; k < G_N_ELEMENTS(kinds); k++) {
			const char *name = NULL;
			const struct config_section *section =
				config_sections_find(kinds[k], table[i].head, &name);

			ck_assert_msg((section != NULL) == ((table[i].kinds & kinds[k]) != 0),
				"[%s] %u", table[i].head, k);
			ck_assert_pstr_eq(
				section ? section->name : NULL, section ? table[i].section : NULL);
			ck_assert_pstr_eq(name, section ? table[i].name : NULL);
		}
	}
}
END_TEST

static const struct {
	enum config_kind kind;
	const char *section, *name; /* no name: of the section */
	const char *says;
} slips[] = {
	{ CONFIG_MAIN, "Stateful", "midstream", " (did you mean Midstream?)" },
	{ CONFIG_MAIN, "Stateful", "MidStreem", " (did you mean Midstream?)" },
	{ CONFIG_MAIN, "Stateful", "UDPTimeout", " (did you mean UdpTimeout?)" },
	{ CONFIG_MAIN, "Stateful", "UdpTimeuot", " (did you mean UdpTimeout?)" },
	{ CONFIG_MAIN, "Stateful", "MaxFlows", " (it belongs to [Limits])" },
	{ CONFIG_MAIN, "Stateful", "LogDropped", " (it belongs to [Log])" },
	{ CONFIG_MAIN, "Stateful", "AntiSpoof", " (it belongs to [Firewall])" },
	{ CONFIG_MAIN, "Firewall", "Match",
		" (it belongs to [Connection] in connections/NAME.conf)" },
	{ CONFIG_MAIN, "Stateful", "Ports", "" },
	{ CONFIG_MAIN, "Stateful", "External", "" },
	{ CONFIG_MAIN, "Stateful", "x", "" },
	{ CONFIG_MAIN, "Stateful", "", "" },
	{ CONFIG_MAIN, "Stateful", "MidstreamMidstreamMidstreamMidstreamMidstream", "" },
	{ CONFIG_MAIN, "Log", "Paths", " (did you mean Path?)" },
	{ CONFIG_CONNECTION, "Firewall", "Role", " (it belongs to [Sharing])" },
	{ CONFIG_CONNECTION, "Firewall", "Dialect", " (it belongs to [Log] in postern.conf)" },
	{ CONFIG_CONNECTION, "Mapping:", "Externl", " (did you mean External?)" },
	{ CONFIG_CONNECTION, "Mapping:", "Port", "" },
	{ CONFIG_CONNECTION, "Trigger:", "Port", " (did you mean Ports?)" },
	{ CONFIG_SERVICE, "Service", "Port", " (did you mean Ports?)" },
	{ CONFIG_MAIN, "stateful", NULL, " (did you mean Stateful?)" },
	{ CONFIG_MAIN, "Limit", NULL, " (did you mean Limits?)" },
	{ CONFIG_MAIN, "Helper", NULL, " (did you mean Helpers?)" },
	{ CONFIG_MAIN, "Helper ftp", NULL, " (did you mean Helper:NAME?)" },
	{ CONFIG_MAIN, "helper:ftp", NULL, " (did you mean Helper:NAME?)" },
	{ CONFIG_MAIN, "Mapping", NULL, " (did you mean Mapping:NAME?)" },
	{ CONFIG_MAIN, "Sharing", NULL, " (it belongs in connections/NAME.conf)" },
	{ CONFIG_MAIN, "Service", NULL, " (it belongs in services/NAME.conf)" },
	{ CONFIG_CONNECTION, "Log", NULL, " (it belongs in postern.conf)" },
	{ CONFIG_CONNECTION, "Helper:demo", NULL, " (it belongs in postern.conf)" },
	{ CONFIG_CONNECTION, "connection", NULL, " (did you mean Connection?)" },
	{ CONFIG_CONNECTION, "trigger x", NULL, " (did you mean Trigger:NAME?)" },
	{ CONFIG_SERVICE, "Services", NULL, " (did you mean Service?)" },
	{ CONFIG_SERVICE, "Stateful", NULL, " (it belongs in postern.conf)" },
	{ CONFIG_MAIN, "Daemon", NULL, "" },
	{ CONFIG_MAIN, "", NULL, "" },
};

START_TEST(suggestions)
{
	char *says = slips[_i].name ? config_keys_suggest(
					      slips[_i].kind, slips[_i].section, slips[_i].name)
				    : config_sections_suggest(slips[_i].kind, slips[_i].section);

	ck_assert_str_eq(says, slips[_i].says);
	g_free(says);
}
END_TEST

static char *
read_source(const char *path)
{
	const char *root = getenv("POSTERN_SOURCE");
	char *file = g_build_filename(root ? root : ".", path, NULL), *text = NULL;

	ck_assert_msg(g_file_get_contents(file, &text, NULL, NULL), "%s", file);
	g_free(file);
	return text;
}

/* A file that shows all keys, with every comment sign before a section or a key taken away. */
static GKeyFile *
shown_defaults(const char *path)
{
	char *text = read_source(path);
	char **lines = g_strsplit(text, "\n", -1);
	GString *bare = g_string_new(NULL);
	GKeyFile *file = g_key_file_new();

	for (unsigned i = 0; lines[i]; i++) {
		const char *line = lines[i];

		if (line[0] == '#' && (line[1] == '[' || g_ascii_isupper(line[1])))
			line++;
		g_string_append_printf(bare, "%s\n", line);
	}
	ck_assert(g_key_file_load_from_data(file, bare->str, bare->len, G_KEY_FILE_NONE, NULL));
	g_string_free(bare, TRUE);
	g_strfreev(lines);
	g_free(text);
	return file;
}

/* What a file shows for a key: of sections of which there may be several, in the first. */
static char *
shown_value(GKeyFile *file, const struct config_key *key)
{
	char **groups = g_key_file_get_groups(file, NULL);
	char *value = NULL;

	for (unsigned i = 0; groups[i] && !value; i++) {
		if (is_named(section_of(key)) ? g_str_has_prefix(groups[i], key->section)
					      : !strcmp(groups[i], key->section))
			value = g_key_file_get_value(file, groups[i], key->name, NULL);
	}
	g_strfreev(groups);
	return value;
}

/* What the manual gives as the default of a key, or NULL if it has no such key. */
static char *
manual_default(const char *manual, const struct config_key *key)
{
	g_autofree char *section = g_strdup_printf(
		"\n.SH SECTION [%s%s]\n", key->section, is_named(section_of(key)) ? "NAME" : "");
	g_autofree char *head = g_strdup_printf("\n.BI %s= ", key->name);
	g_autofree char *head_of_words = g_strdup_printf("\n.BR %s = ", key->name);
	const char *start = strstr(manual, section);
	const char *end = start ? strstr(start + 1, "\n.SH ") : NULL;
	const char *at = start ? strstr(start, head) : NULL;
	char *value = NULL;

	at = at && at < end ? at : start ? strstr(start, head_of_words) : NULL;
	if (!at || at > end)
		return NULL;
	end = strstr(at, "\n.TP") < end ? strstr(at, "\n.TP") : end;
	at = strstr(at, "\nDefault:\n.");
	if (!at || at > end)
		return g_strdup("");
	at += strlen("\nDefault:\n.BR ");
	value = g_strndup(at, strcspn(at, " \n"));
	for (char *mark = value; mark && (mark = strchr(mark, '\\'));) {
		const char *rest = mark + (mark[1] == ':' ? 2 : 1); /* \: or \- */

		memmove(mark, rest, strlen(rest) + 1);
	}
	return value;
}

/* The defaults of what every configuration has; a mapping is shown with an example. */
START_TEST(pages_tell_the_same)
{
	char *manual = read_source("docs/postern.conf.5");
	GKeyFile *file = shown_defaults("data/postern.conf");
	GKeyFile *example = shown_defaults("data/connections/example");
	const struct config_key *key;

	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		const struct config_section *section = section_of(key);
		char *told = manual_default(manual, key);
		char *shown[] = { shown_value(file, key), shown_value(example, key) };
		bool is_example = is_named(section) || !strcmp(key->name, "Match");

		ck_assert_msg(told != NULL, "%s is not in the manual", key->name);
		ck_assert_msg((shown[0] != NULL) == ((section->kinds & CONFIG_MAIN) != 0),
			"[%s] %s in data/postern.conf", key->section, key->name);
		ck_assert_msg((shown[1] != NULL) == ((section->kinds & CONFIG_CONNECTION) != 0),
			"[%s] %s in data/connections/example", key->section, key->name);
		for (unsigned j = 0; j < G_N_ELEMENTS(shown); j++) {
			ck_assert_msg(!shown[j] || is_example || !strcmp(told, shown[j]),
				"%s: %s, but %s", key->name, told, shown[j]);
			g_free(shown[j]);
		}
		g_free(told);
	}
	g_key_file_unref(example);
	g_key_file_unref(file);
	g_free(manual);
}
END_TEST

/* The manual's default is the one that is built in. */
START_TEST(manual_tells_what_is_built_in)
{
	char *manual = read_source("docs/postern.conf.5");
	const struct config_key *key;
	struct models models;

	models_init(&models);
	models.connection.firewall = true;
	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		size_t size;
		char *told = manual_default(manual, key);
		char *built_in = config_key_show(key, models_of(&models, key, &size));

		ck_assert_msg(is_named(section_of(key)) || !strcmp(told, built_in),
			"%s: %s, but %s", key->name, told, built_in);
		g_free(built_in);
		g_free(told);
	}
	models_done(&models);
	g_free(manual);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-keys");
	TCase *t = tcase_create("config-keys");

	tcase_add_test(t, each_sets_its_own);
	tcase_add_test(t, each_is_shown);
	tcase_add_test(t, refused_changes_nothing);
	tcase_add_test(t, ranges);
	tcase_add_test(t, units_and_pairs);
	tcase_add_test(t, all_timeouts_have_keys);
	tcase_add_test(t, names_and_words);
	tcase_add_test(t, words_of_enums);
	tcase_add_test(t, sections);
	tcase_add_loop_test(t, suggestions, 0, G_N_ELEMENTS(slips));
	tcase_add_test(t, pages_tell_the_same);
	tcase_add_test(t, manual_tells_what_is_built_in);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

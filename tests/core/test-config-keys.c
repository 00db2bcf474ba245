// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of keys: each sets its own member and no other, within its range, and is documented. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "policy/config-keys.h"
#include "policy/config.h"

static bool
is_of_helper(const struct config_key *key)
{
	return !strcmp(key->section, CONFIG_HELPER);
}

static bool
is_number(const struct config_key *key)
{
	return key->max > 0;
}

/* A value that is allowed and is not the default. */
static char *
other_value(const struct config_key *key)
{
	if (is_number(key))
		return g_strdup_printf("%" G_GUINT64_FORMAT, key->max);
	if (key->words)
		return g_strdup(key->words[g_strv_length((char **)key->words) - 1]);
	if (!strcmp(key->name, "VerifyChecksums"))
		return g_strdup("false");
	if (!strcmp(key->name, "Path"))
		return g_strdup("/somewhere/else.log");
	if (!strcmp(key->name, "Sources"))
		return g_strdup("192.0.2.0/24;2001:db8::/32;192.0.2.7");
	if (g_str_has_prefix(key->name, "Deny") || !strcmp(key->name, "Ports"))
		return g_strdup("77;80-90;91");
	return g_strdup("true");
}

/* Is the byte at this offset one that the key may change? */
static bool
belongs(const struct config_key *key, size_t offset)
{
	if (offset >= key->at && offset < key->at + 8)
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
		struct policy *policy = policy_new();
		struct policy_helper helper = { 0 };
		size_t size = is_of_helper(key) ? sizeof(helper) : sizeof(*policy);
		void *model = is_of_helper(key) ? (void *)&helper : (void *)policy;
		void *before = g_memdup2(model, size);
		char *value = other_value(key);

		ck_assert_msg(config_key_set(key, model, value) == 0, "%s=%s", key->name, value);
		ck_assert_msg(count_changes(key, before, model, size) > 0, "%s", key->name);
		g_free(value);
		g_free(before);
		g_free(helper.ports);
		policy_unref(policy);
	}
}
END_TEST

START_TEST(refused_changes_nothing)
{
	static const char *const never[] = { "x", "-1", "1 # one", "1 ; one", "tru", "/a/../b",
		"a/b", "/a/", "70000", "9-8", "1.2.3.4/8", "\x1b" };
	const struct config_key *key;

	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		struct policy *policy = policy_new();
		struct policy_helper helper = { .name = (char *)"x" };
		size_t size = is_of_helper(key) ? sizeof(helper) : sizeof(*policy);
		void *model = is_of_helper(key) ? (void *)&helper : (void *)policy;
		void *before = g_memdup2(model, size);

		for (unsigned j = 0; j < G_N_ELEMENTS(never); j++) {
			if (is_number(key) && !strcmp(never[j], "70000"))
				continue;
			ck_assert_msg(config_key_set(key, model, never[j]) < 0, "[%s] %s=%s",
				key->section, key->name, never[j]);
			ck_assert_mem_eq(before, model, size);
		}
		g_free(before);
		policy_unref(policy);
	}
}
END_TEST

/* Both ends of each range, and one beyond. */
START_TEST(ranges)
{
	struct policy *policy = policy_new();
	const struct config_key *key;

	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		const struct {
			uint64_t number;
			int r;
		} edges[] = { { key->min, 0 }, { key->max, 0 }, { key->min - 1, -ERANGE },
			{ key->max + 1, -ERANGE } };

		for (unsigned j = 0; is_number(key) && j < G_N_ELEMENTS(edges); j++) {
			char *value = g_strdup_printf("%" G_GUINT64_FORMAT, edges[j].number);

			ck_assert_msg(config_key_set(key, policy, value) == edges[j].r, "%s=%s",
				key->name, value);
			g_free(value);
		}
		ck_assert_msg(!is_number(key) || key->min >= 1, "%s may be 0", key->name);
	}
	policy_unref(policy);
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
			found |= !is_of_helper(key) && (key->at == at || key->also == at);
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
		ck_assert_int_eq(config_keys_have_section(key->section), !is_of_helper(key));
		ck_assert_uint_gt(strlen(allowed), 5);
		for (unsigned w = 0; key->words && key->words[w]; w++)
			ck_assert(strstr(allowed, key->words[w]) != NULL);
		g_free(allowed);
	}
	ck_assert_ptr_null(config_keys_find("Stateful", "midstream"));
	ck_assert_ptr_null(config_keys_find("Log", "Midstream"));
	ck_assert(!config_keys_have_section("stateful"));
	ck_assert(!config_keys_have_section(""));
}
END_TEST

START_TEST(suggestions)
{
	static const struct {
		const char *section, *name; /* no name: of the section */
		const char *says;
	} table[] = {
		{ "Stateful", "midstream", " (did you mean Midstream?)" },
		{ "Stateful", "MidStreem", " (did you mean Midstream?)" },
		{ "Stateful", "UDPTimeout", " (did you mean UdpTimeout?)" },
		{ "Stateful", "UdpTimeuot", " (did you mean UdpTimeout?)" },
		{ "Stateful", "MaxFlows", " (it belongs to [Limits])" },
		{ "Stateful", "LogDropped", " (it belongs to [Log])" },
		{ "Stateful", "Ports", "" },
		{ "Stateful", "AntiSpoof", "" },
		{ "Stateful", "x", "" },
		{ "Stateful", "", "" },
		{ "Stateful", "MidstreamMidstreamMidstreamMidstreamMidstream", "" },
		{ "Log", "Paths", " (did you mean Path?)" },
		{ "stateful", NULL, " (did you mean Stateful?)" },
		{ "Limit", NULL, " (did you mean Limits?)" },
		{ "Helper", NULL, " (did you mean Helpers?)" },
		{ "Helper ftp", NULL, " (did you mean Helper:NAME?)" },
		{ "helper:ftp", NULL, " (did you mean Helper:NAME?)" },
		{ "Daemon", NULL, "" },
		{ "", NULL, "" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		char *says = table[i].name ? config_keys_suggest(table[i].section, table[i].name)
					   : config_keys_suggest_section(table[i].section);

		ck_assert_str_eq(says, table[i].says);
		g_free(says);
	}
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

/* The file that shows all keys, with every comment sign before a section or a key taken away. */
static GString *
shown_defaults(void)
{
	char *text = read_source("data/postern.conf");
	char **lines = g_strsplit(text, "\n", -1);
	GString *bare = g_string_new(NULL);

	for (unsigned i = 0; lines[i]; i++) {
		const char *line = lines[i];

		if (line[0] == '#' && (line[1] == '[' || g_ascii_isupper(line[1])))
			line++;
		g_string_append_printf(bare, "%s\n", line);
	}
	g_strfreev(lines);
	g_free(text);
	return bare;
}

START_TEST(shown_file_shows_defaults)
{
	GString *text = shown_defaults();
	GKeyFile *file = g_key_file_new();
	const struct config_key *key;

	ck_assert(g_key_file_load_from_data(file, text->str, text->len, G_KEY_FILE_NONE, NULL));
	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		char *value = g_key_file_get_value(
			file, is_of_helper(key) ? "Helper:ftp" : key->section, key->name, NULL);

		ck_assert_msg(value != NULL, "[%s] %s is not shown", key->section, key->name);
		g_free(value);
	}
	g_key_file_unref(file);
	g_string_free(text, TRUE);
}
END_TEST

/* What the manual gives as the default of a key, or NULL if it has no such key. */
static char *
manual_default(const char *manual, const struct config_key *key)
{
	g_autofree char *section = g_strdup_printf(
		"\n.SH SECTION [%s%s]\n", key->section, is_of_helper(key) ? "NAME" : "");
	g_autofree char *head = g_strdup_printf("\n.BI %s= ", key->name);
	g_autofree char *head_of_words = g_strdup_printf("\n.BR %s = ", key->name);
	const char *start = strstr(manual, section);
	const char *at = start ? strstr(start, head) : NULL;
	char *value = NULL;

	at = at || !start ? at : strstr(start, head_of_words);
	at = at ? strstr(at, "\nDefault:") : NULL;
	if (at && g_str_has_prefix(at, "\nDefault:\n.")) {
		at += strlen("\nDefault:\n.BR ");
		value = g_strndup(at, strcspn(at, " \n"));
	} else if (at) {
		value = g_strdup("");
	}
	for (char *mark = value; mark && (mark = strchr(mark, '\\'));) {
		const char *rest = mark + (mark[1] == ':' ? 2 : 1); /* \: or \- */

		memmove(mark, rest, strlen(rest) + 1);
	}
	return value;
}

START_TEST(manual_tells_the_same)
{
	char *manual = read_source("docs/postern.conf.5");
	GString *text = shown_defaults();
	GKeyFile *file = g_key_file_new();
	const struct config_key *key;

	ck_assert(g_key_file_load_from_data(file, text->str, text->len, G_KEY_FILE_NONE, NULL));
	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		char *told = manual_default(manual, key);
		char *shown = g_key_file_get_value(file, key->section, key->name, NULL);

		ck_assert_msg(told != NULL, "%s is not in the manual", key->name);
		ck_assert_msg(is_of_helper(key) || !strcmp(told, shown), "%s: %s, but %s",
			key->name, told, shown);
		g_free(told);
		g_free(shown);
	}
	g_key_file_unref(file);
	g_string_free(text, TRUE);
	g_free(manual);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-keys");
	TCase *t = tcase_create("config-keys");

	tcase_add_test(t, each_sets_its_own);
	tcase_add_test(t, refused_changes_nothing);
	tcase_add_test(t, ranges);
	tcase_add_test(t, units_and_pairs);
	tcase_add_test(t, all_timeouts_have_keys);
	tcase_add_test(t, names_and_words);
	tcase_add_test(t, suggestions);
	tcase_add_test(t, shown_file_shows_defaults);
	tcase_add_test(t, manual_tells_the_same);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

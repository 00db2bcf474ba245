// SPDX-License-Identifier: GPL-2.0-or-later
/* A configuration text into a policy: values, warnings, errors, and the sections of helpers. */
#include <stdlib.h>
#include <string.h>

#include "config-equal.h"
#include "config-result.h"

static struct result
parse_bytes(const char *text, size_t len)
{
	struct result r = { NULL };
	char *copy = g_memdup2(text, len);

	r.policy = config_parse("x.conf", copy, len, &r.warnings, &r.error);
	g_free(copy);
	result_check(&r);
	return r;
}

static struct result
parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

START_TEST(nothing_said)
{
	static const char *const texts[] = { "", "\n", "# nothing\n", "[Stateful]\n[Log]\n" };
	struct policy *defaults = policy_new(), *policy;
	GPtrArray *warnings;

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct result r = parse(texts[i]);

		ck_assert_ptr_nonnull(r.policy);
		ck_assert_uint_eq(r.warnings->len, 0);
		ck_assert(same_policy(r.policy, defaults));
		result_done(&r);
	}
	policy = config_load(NULL, &warnings, NULL);
	ck_assert(same_policy(policy, defaults));
	ck_assert_uint_eq(warnings->len, 0);
	g_ptr_array_unref(warnings);
	policy_unref(policy);
	policy_unref(defaults);
}
END_TEST

static void
check_default_firewall(const struct connection *connection)
{
	ck_assert(connection->firewall);
	ck_assert_int_eq(connection->anti_spoof, ANTI_SPOOF_DROP);
	ck_assert_uint_eq(connection->icmp, 0);
	ck_assert(!connection->services || !connection->services[0]);
}

/* The file that is installed, with nothing of it a comment any more, says what is built in. */
START_TEST(shown_defaults)
{
	const char *root = getenv("POSTERN_SOURCE");
	char *path = g_build_filename(root ? root : ".", "data", "postern.conf", NULL);
	struct policy *defaults = policy_new();
	struct result r = { NULL };
	char *text, *at;

	r.policy = config_load(path, &r.warnings, &r.error);
	ck_assert_msg(r.policy != NULL, "%s", r.error ? r.error->message : "");
	ck_assert_uint_eq(r.warnings->len, 0);
	ck_assert(same_policy(r.policy, defaults));
	result_done(&r);

	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	for (at = text; (at = strstr(at, "\n#"));) {
		at++;
		if (at[1] == '[' ||
			(g_ascii_isupper(at[1]) && strcspn(at, "=") < strcspn(at, " \n")))
			*at = ' ';
	}
	r = parse(text);
	ck_assert_msg(r.policy != NULL, "%s", r.error ? r.error->message : "");
	ck_assert_msg(r.warnings->len == 0, "%s", result_warning(&r, 0));
	ck_assert(same_globals(r.policy, defaults));
	/* Those that mean something else where they are given. */
	ck_assert(r.policy->log.chosen && r.policy->log.max_size_set);
	r.policy->log.chosen = r.policy->log.max_size_set = false;
	ck_assert(same_log(&r.policy->log, &defaults->log));
	ck_assert_uint_eq(r.policy->n_helpers, 1);
	ck_assert_uint_eq(r.policy->n_connections, 1);
	ck_assert_uint_eq(r.policy->connections[0].mappings.n, 1);
	ck_assert_uint_eq(r.policy->connections[0].n_triggers, 1);
	check_default_firewall(&r.policy->connections[0]);
	result_done(&r);
	policy_unref(defaults);
	g_free(text);
	g_free(path);
}
END_TEST

START_TEST(values)
{
	struct result r =
		parse("[Stateful]\nMidstream=any\nVerifyChecksums=no\nUdpTimeout = 5\n"
		      "[Limits]\nMaxFlows=10\nStreamWindowKiB=64\n"
		      "[Doors]\nDenyTcp=\nDenyUdp=1;3-4\nSources=192.0.2.0/24\nPerHost=7\n"
		      "[Log]\nLogDropped=yes\nPath=/x/y z.log\nDialect=extended\n"
		      "[Helpers]\nDefault=on\n");

	ck_assert_ptr_nonnull(r.policy);
	ck_assert_uint_eq(r.warnings->len, 0);
	ck_assert_int_eq(r.policy->midstream, MIDSTREAM_ANY);
	ck_assert(!r.policy->verify_checksums);
	ck_assert_uint_eq(r.policy->table.timeouts[FLOW_UDP_REPLIED], 5);
	ck_assert_uint_eq(r.policy->table.max_flows, 10);
	ck_assert_uint_eq(r.policy->stream_window, 65536);
	ck_assert_uint_eq(r.policy->doors.n_deny_tcp, 0);
	ck_assert_ptr_null(r.policy->doors.deny_tcp);
	ck_assert_uint_eq(r.policy->doors.n_deny_udp, 2);
	ck_assert_uint_eq(r.policy->doors.deny_udp[1].last, 4);
	ck_assert_uint_eq(r.policy->doors.n_sources, 1);
	ck_assert_uint_eq(r.policy->doors.sources[0].bits, 24);
	ck_assert_uint_eq(r.policy->doors.limits.per_host, 7);
	ck_assert(r.policy->log.dropped && !r.policy->log.connections);
	ck_assert_str_eq(r.policy->log.path, "/x/y z.log");
	ck_assert_int_eq(r.policy->log.dialect, W3C_EXTENDED);
	ck_assert(r.policy->helpers_default);
	result_done(&r);
}
END_TEST

/* Each text, and the warnings it gives, in order. */
static const struct {
	const char *text;
	const char *warnings[4];
} suspicious[] = {
	{ "[Stateful]\nMidStream=any\n", { "x.conf:2: [Stateful] MidStream: not known; ignored "
					   "(did you mean Midstream?)" } },
	{ "[Log]\n\n# c\nUdpTimeout=9\n",
		{ "x.conf:4: [Log] UdpTimeout: not known; ignored (it belongs to [Stateful])" } },
	{ "[Daemon]\nConfigVersion=1\nEnableFor=all\n",
		{ "x.conf:1: [Daemon]: not known; ignored" } },
	{ "[state]\nx=y\n[Log]\ny=z\n", { "x.conf:1: [state]: not known; ignored",
						"x.conf:4: [Log] y: not known; ignored" } },
	{ "[Helper ftp]\nEnabled=true\n",
		{ "x.conf:1: [Helper ftp]: not known; ignored (did you mean Helper:NAME?)" } },
	{ "[Stateful]\nUdpTimeout=7\nUdpTimeout=9\n", { "x.conf:2: [Stateful] UdpTimeout: stands "
							"again on line 3, and that one counts" } },
	/* What is replaced is not looked at. */
	{ "[Stateful]\nUdpTimeout=nonsense\n[Log]\n[Stateful]\nUdpTimeout=9\n",
		{ "x.conf:1: [Stateful]: stands again on line 4, and the two are taken together",
			"x.conf:2: [Stateful] UdpTimeout: stands again on line 5, and that one "
			"counts" } },
	{ "[Stateful]\nA\x1b\x07=y\n", { "x.conf:2: [Stateful] A??: not known; ignored" } },
};

START_TEST(warnings)
{
	struct result r = parse(suspicious[_i].text);
	unsigned n = 0;

	ck_assert_msg(r.policy != NULL, "%s", r.error ? r.error->message : "");
	for (; suspicious[_i].warnings[n]; n++)
		ck_assert_pstr_eq(result_warning(&r, n), suspicious[_i].warnings[n]);
	ck_assert_uint_eq(r.warnings->len, n);
	ck_assert_int_eq(r.policy->midstream, MIDSTREAM_OUTBOUND);
	result_done(&r);
}
END_TEST

START_TEST(the_later_counts)
{
	struct result r =
		parse("[Stateful]\nUdpTimeout=7\n[Stateful]\nUdpTimeout=9\nIcmpTimeout=3\n");

	ck_assert_uint_eq(r.policy->table.timeouts[FLOW_UDP_NEW], 9);
	ck_assert_uint_eq(r.policy->table.timeouts[FLOW_ICMP_NEW], 3);
	result_done(&r);
}
END_TEST

START_TEST(warnings_have_a_limit)
{
	GString *text = g_string_new("[Stateful]\n");
	struct result r;

	for (unsigned i = 0; i < CONFIG_WARNINGS_MAX + 23; i++)
		g_string_append_printf(text, "no%u=x\n", i);
	r = parse_bytes(text->str, text->len);
	ck_assert_ptr_nonnull(r.policy);
	ck_assert_uint_eq(r.warnings->len, CONFIG_WARNINGS_MAX + 1);
	ck_assert_str_eq(result_warning(&r, CONFIG_WARNINGS_MAX), "23 more warnings are not shown");
	result_done(&r);
	g_string_free(text, TRUE);
}
END_TEST

static const struct {
	const char *text;
	const char *message;
	enum config_error code;
} wrong[] = {
	{ "[Stateful]\nMidstream=some\n",
		"x.conf:2: [Stateful] Midstream=some: not allowed; allowed: "
		"one of none, outbound, any",
		CONFIG_ERROR_VALUE },
	{ "[Stateful]\n\nUdpTimeout=0\n",
		"x.conf:3: [Stateful] UdpTimeout=0: not allowed; allowed: 1 to 604800 seconds",
		CONFIG_ERROR_VALUE },
	{ "[Stateful]\nUdpTimeout=60 # seconds\n",
		"x.conf:2: [Stateful] UdpTimeout=60 # seconds: not allowed; allowed: "
		"1 to 604800 seconds (and a comment needs a line of its own, beginning with #)",
		CONFIG_ERROR_VALUE },
	{ "[Stateful]\nUdpTimeout=60 ; seconds\n",
		"x.conf:2: [Stateful] UdpTimeout=60 ; seconds: not allowed; allowed: "
		"1 to 604800 seconds (and a comment needs a line of its own, beginning with #)",
		CONFIG_ERROR_VALUE },
	{ "[Stateful]\nVerifyChecksums=\n",
		"x.conf:2: [Stateful] VerifyChecksums=: not allowed; allowed: true or false",
		CONFIG_ERROR_VALUE },
	{ "[Limits]\nStreamWindowKiB=3\n",
		"x.conf:2: [Limits] StreamWindowKiB=3: not allowed; allowed: 4 to 65536 KiB",
		CONFIG_ERROR_VALUE },
	{ "[Doors]\nDenyTcp=80;\n#\nDenyUdp=80-70\n",
		"x.conf:4: [Doors] DenyUdp=80-70: not allowed; allowed: ports and ranges from 1 to "
		"65535, as in 21;2121-2130",
		CONFIG_ERROR_VALUE },
	{ "[Doors]\nSources=192.0.2.1/24\n",
		"x.conf:2: [Doors] Sources=192.0.2.1/24: not allowed; allowed: addresses and "
		"prefixes "
		"with no bits set behind the prefix, as in 192.0.2.0/24;2001:db8::/32",
		CONFIG_ERROR_VALUE },
	{ "[Log]\nPath=pfirewall.log\n",
		"x.conf:2: [Log] Path=pfirewall.log: not allowed; allowed: the path of a file, "
		"from / "
		"on and without /../",
		CONFIG_ERROR_VALUE },
	{ "[Log]\nPath=/a\\tb\n",
		"x.conf:2: [Log] Path=/a?b: not allowed; allowed: the path of a file, from / on "
		"and "
		"without /../",
		CONFIG_ERROR_VALUE },
	{ "[Log]\nPath=/a\\b\n",
		"x.conf:2: [Log] Path: a \\ that begins no escape; allowed: \\s \\n \\t \\r \\\\",
		CONFIG_ERROR_VALUE },
	{ "[Helper:demo]\nPorts=0\n",
		"x.conf:2: [Helper:demo] Ports=0: not allowed; allowed: ports and ranges from 1 to "
		"65535, as in 21;2121-2130",
		CONFIG_ERROR_VALUE },
	{ "[Helper:Demo]\nEnabled=true\n",
		"x.conf:1: [Helper:Demo]: not the name of a helper; allowed: a-z and 0-9, or "
		"PLUGIN.part",
		CONFIG_ERROR_VALUE },
	{ "# c\nUdpTimeout=60\n", "x.conf:2: \"UdpTimeout=60\": a key before the first [Section]",
		CONFIG_ERROR_SYNTAX },
	{ "[Stateful]\nAn\x1b[2J=y\n",
		"x.conf:2: \"An?[2J=y\": not the name of a key before the =", CONFIG_ERROR_SYNTAX },
	{ "[Stateful]\nUdpTimeout 60\n",
		"x.conf:2: \"UdpTimeout 60\": neither [Section] nor Key=value; a comment begins "
		"with #",
		CONFIG_ERROR_SYNTAX },
};

START_TEST(errors)
{
	struct result r = parse(wrong[_i].text);

	ck_assert_ptr_null(r.policy);
	ck_assert_str_eq(r.error->message, wrong[_i].message);
	ck_assert(g_error_matches(r.error, CONFIG_ERROR, wrong[_i].code));
	result_done(&r);
}
END_TEST

/* The values of a key, a very long one too, are fit to be shown. */
START_TEST(errors_are_short)
{
	char *lengthy = g_strnfill(50000, 'y');
	char *text = g_strdup_printf("[Stateful]\nMidstream=%s\n", lengthy);
	struct result r = parse(text);

	ck_assert_uint_lt(strlen(r.error->message), 300);
	result_done(&r);
	g_free(text);
	g_free(lengthy);
}
END_TEST

START_TEST(too_large)
{
	GString *text = g_string_new("[Log]\n");
	struct result r;

	while (text->len < CONFIG_FILE_MAX)
		g_string_append_c(text, '#');
	r = parse_bytes(text->str, CONFIG_FILE_MAX);
	ck_assert_ptr_nonnull(r.policy);
	result_done(&r);
	g_string_append_c(text, '#');
	r = parse_bytes(text->str, text->len);
	ck_assert_ptr_null(r.policy);
	ck_assert(g_error_matches(r.error, CONFIG_ERROR, CONFIG_ERROR_FILE));
	ck_assert_str_eq(
		r.error->message, "x.conf: larger than 1024 KiB; is it a configuration file?");
	result_done(&r);
	g_string_free(text, TRUE);
}
END_TEST

START_TEST(helper_sections)
{
	struct result r = parse("[Helper:demo]\nEnabled=true\nPorts=21;2121-2130\nMode=fast # x\n"
				"Mode2=\\sa\n"
				"[Helper:big]\n"
				"Enabled=no\n"
				"[Helper:big.part-1_x]\n"
				"Ports=\n"
				"[Helper:quiet]\nOption=1\n");
	const struct policy_helper *h;

	ck_assert_msg(r.policy != NULL, "%s", r.error ? r.error->message : "");
	ck_assert_uint_eq(r.warnings->len, 0);
	ck_assert_uint_eq(r.policy->n_helpers, 4);

	h = policy_helper_find(r.policy, "demo");
	ck_assert(h->enabled && h->enabled_set && h->ports_set);
	ck_assert_uint_eq(h->n_ports, 2);
	ck_assert_uint_eq(h->ports[1].first, 2121);
	ck_assert_str_eq(h->file, "x.conf");
	ck_assert_uint_eq(h->line, 1);
	ck_assert_uint_eq(h->n_options, 2);
	ck_assert_str_eq(h->options[0].name, "Mode");
	ck_assert_str_eq(h->options[0].value, "fast # x");
	ck_assert_str_eq(h->options[0].file, "x.conf");
	ck_assert_uint_eq(h->options[0].line, 4);
	ck_assert_str_eq(h->options[1].value, " a");

	h = policy_helper_find(r.policy, "big.part-1_x");
	ck_assert_str_eq(h->name, "big.part-1_x");
	ck_assert(!h->enabled && !h->enabled_set && h->ports_set);
	ck_assert_uint_eq(h->n_ports, 0);
	ck_assert_uint_eq(h->line, 8);
	h = policy_helper_find(r.policy, "quiet");
	ck_assert(!h->enabled && !h->enabled_set && !h->ports_set);
	result_done(&r);
}
END_TEST

/* Enabled= of the section itself, else of its plugin's, else the default. */
START_TEST(who_is_enabled)
{
	static const struct {
		const char *text;
		bool demo, part;
	} table[] = {
		{ "[Helper:demo]\n[Helper:demo.part]\n", false, false },
		{ "[Helpers]\nDefault=true\n[Helper:demo]\n[Helper:demo.part]\n", true, true },
		{ "[Helper:demo.part]\n[Helper:demo]\n[Helpers]\nDefault=true\n", true, true },
		{ "[Helper:demo.part]\n[Helper:demo]\nEnabled=1\n", true, true },
		{ "[Helpers]\nDefault=true\n[Helper:demo]\nEnabled=0\n[Helper:demo.part]\n", false,
			false },
		{ "[Helpers]\nDefault=true\n[Helper:demo]\nEnabled=0\n[Helper:demo.part]\nEnabled="
		  "1\n",
			false, true },
		{ "[Helper:demo]\nEnabled=1\n[Helper:demo.part]\nEnabled=0\n", true, false },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		struct result r = parse(table[i].text);

		ck_assert_msg(
			policy_helper_find(r.policy, "demo")->enabled == table[i].demo, "%u", i);
		ck_assert_msg(policy_helper_find(r.policy, "demo.part")->enabled == table[i].part,
			"%u", i);
		result_done(&r);
	}
}
END_TEST

START_TEST(helper_names)
{
	static const char *const good[] = { "a", "t120", "h323.q931", "0", "a.b-c_d" };
	static const char *const bad[] = { "", "A", "a b", ".a", "a.", "a.b.c", "a-b", "a_b.c", "ä",
		"../a", "a/b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

	for (unsigned i = 0; i < G_N_ELEMENTS(good) + G_N_ELEMENTS(bad); i++) {
		bool is_good = i < G_N_ELEMENTS(good);
		const char *name = is_good ? good[i] : bad[i - G_N_ELEMENTS(good)];
		char *text = g_strdup_printf("[Helper:%s]\n", name);
		struct result r = parse(text);

		ck_assert_msg((r.policy != NULL) == is_good, "%s", name);
		result_done(&r);
		g_free(text);
	}
}
END_TEST

START_TEST(helper_limits)
{
	for (unsigned more = 0; more < 2; more++) {
		GString *text = g_string_new(NULL);
		struct result r;

		for (unsigned i = 0; i < CONFIG_HELPERS_MAX + more; i++)
			g_string_append_printf(text, "[Helper:h%u]\n", i);
		r = parse_bytes(text->str, text->len);
		ck_assert((r.policy == NULL) == more);
		ck_assert(!more || strstr(r.error->message, "x.conf:257: [Helper:h256]: "));
		result_done(&r);

		g_string_assign(text, "[Helper:demo]\n");
		for (unsigned i = 0; i < CONFIG_OPTIONS_MAX + more; i++)
			g_string_append_printf(text, "Option%u=x\n", i);
		r = parse_bytes(text->str, text->len);
		ck_assert((r.policy == NULL) == more);
		ck_assert(
			!more || strstr(r.error->message, "x.conf:258: [Helper:demo] Option256: "));
		result_done(&r);
		g_string_free(text, TRUE);
	}
}
END_TEST

START_TEST(callers_who_do_not_care)
{
	struct policy *policy = config_parse("x", "[No]\n", 5, NULL, NULL);

	ck_assert_ptr_nonnull(policy);
	policy_unref(policy);
	ck_assert_ptr_null(config_parse("x", "no", 2, NULL, NULL));
	ck_assert_ptr_null(config_load("/nowhere/at/all", NULL, NULL));
	policy = config_parse("x", NULL, 0, NULL, NULL);
	ck_assert_ptr_nonnull(policy);
	policy_unref(policy);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("config");

	tcase_add_test(t, nothing_said);
	tcase_add_test(t, shown_defaults);
	tcase_add_test(t, values);
	tcase_add_loop_test(t, warnings, 0, G_N_ELEMENTS(suspicious));
	tcase_add_test(t, the_later_counts);
	tcase_add_test(t, warnings_have_a_limit);
	tcase_add_loop_test(t, errors, 0, G_N_ELEMENTS(wrong));
	tcase_add_test(t, errors_are_short);
	tcase_add_test(t, too_large);
	tcase_add_test(t, helper_sections);
	tcase_add_test(t, who_is_enabled);
	tcase_add_test(t, helper_names);
	tcase_add_test(t, helper_limits);
	tcase_add_test(t, callers_who_do_not_care);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* A policy as text: each value with its origin, and read again it is the same policy. */
#include "config-equal.h"
#include "config-frames.h"

/* How often a text has another in it. */
static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* All parts of a policy in the place of the files that they stand for, read again. */
static struct result
read_parts(const struct policy *policy, const struct config_origins *origins, bool effective)
{
	GArray *files = g_array_new(FALSE, FALSE, sizeof(struct config_file));
	GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
	struct config_file file;
	struct result r;

	g_ptr_array_add(texts, config_show_main(policy, origins, effective));
	file = file_of(CONFIG_MAIN, NULL, texts->pdata[0]);
	g_array_append_val(files, file);
	for (unsigned i = 0; i < policy->n_connections; i++) {
		const struct connection *c = &policy->connections[i];

		g_ptr_array_add(texts, config_show_connection(policy, origins, c, effective));
		file = file_of(CONFIG_CONNECTION, c->name, texts->pdata[texts->len - 1]);
		g_array_append_val(files, file);
	}
	for (unsigned i = 0; i < policy->n_services; i++) {
		const struct service *s = &policy->services[i];

		g_ptr_array_add(texts, config_show_service(policy, origins, s, effective));
		file = file_of(CONFIG_SERVICE, s->name, texts->pdata[texts->len - 1]);
		file.builtin = s->builtin;
		g_array_append_val(files, file);
	}
	r = result_of((const struct config_file *)files->data, files->len);
	g_array_unref(files);
	g_ptr_array_unref(texts);
	return r;
}

static void
check_round_trip(const struct result *r)
{
	for (unsigned effective = 0; effective < 2; effective++) {
		struct result again = read_parts(r->policy, r->origins, effective);

		ck_assert_msg(again.policy != NULL, "%s", again.error ? again.error->message : "");
		ck_assert(same_policy(again.policy, r->policy));
		ck_assert_uint_eq(again.policy->n_services, r->policy->n_services);
		for (unsigned i = 0; i < r->policy->n_services; i++)
			ck_assert(
				same_service(&again.policy->services[i], &r->policy->services[i]));
		result_done(&again);
	}
}

START_TEST(defaults)
{
	struct policy *policy = policy_new();
	char *text = config_show(policy, NULL, true), *empty = config_show(policy, NULL, false);
	struct result r = result_of_main(text);
	const struct config_key *key;
	unsigned keys = 0;

	ck_assert_str_eq(empty, "");
	ck_assert_taken(&r);
	ck_assert(same_policy(r.policy, policy));
	for (unsigned i = 0; (key = config_keys_at(i)); i++) {
		const struct config_section *section = section_of(key);
		g_autofree char *line = g_strdup_printf("%s=", key->name);

		if (!(section->kinds & CONFIG_MAIN) || is_named(section))
			continue;
		keys++;
		ck_assert_msg(strstr(text, line) != NULL, "[%s] %s", key->section, key->name);
	}
	ck_assert_uint_eq(count(text, "# default"), keys);
	ck_assert_uint_eq(count(text, "="), keys);
	result_done(&r);
	g_free(empty);
	g_free(text);
	policy_unref(policy);
}
END_TEST

/* The text of all, so far as one file can hold it. */
START_TEST(one_text)
{
	struct result r =
		result_of_main("[Stateful]\nUdpTimeout=7\nKeepEstablished=yes\n"
			       "[Doors]\nDenyTcp=\nSources=192.0.2.7;2001:db8::/32\n"
			       "[Log]\nPath=/a\\sb\\\\c\nLogDropped=true\n"
			       "[Helper:demo]\nEnabled=1\nOwn=\\s x\\ty \\s\nOther=a # b\n"
			       "[Helper:other.part]\nPorts=\n"
			       "[Firewall]\nIcmp=redirect\nHelpers=demo\n"
			       "[Mapping:web]\nName=Web\nProtocol=tcp\nExternal=80-81\n"
			       "Target=2001:db8::1\nInternal=8080\nSources=192.0.2.0/24\n"
			       "[Mapping:nas]\nProtocol=udp\nExternal=80\nTargetName=nas\n"
			       "Enabled=false\n"
			       "[Trigger:game]\nProtocol=tcp\nPorts=1;2-3\nOpens=4/udp\n"
			       "Timeout=9\n");

	ck_assert_taken(&r);
	for (unsigned effective = 0; effective < 2; effective++) {
		char *text = config_show(r.policy, r.origins, effective);
		struct result again = result_of_main(text);

		ck_assert_taken(&again);
		ck_assert(same_policy(again.policy, r.policy));
		ck_assert_uint_eq(policy_helper_find(again.policy, "demo")->n_options, 2);
		ck_assert_str_eq(
			policy_helper_find(again.policy, "demo")->options[0].value, "  x\ty  ");
		result_done(&again);
		g_free(text);
	}
	check_round_trip(&r);
	result_done(&r);
}
END_TEST

/* What is shown for each key when it is given, made from the table. */
START_TEST(every_key)
{
	static const enum config_kind kinds[] = { CONFIG_MAIN, CONFIG_CONNECTION, CONFIG_SERVICE };
	const struct config_key *key = config_keys_at((unsigned)_i);
	g_autofree char *value = good_value(key);
	g_autofree char *line = g_strdup_printf("\n%s=%s\n", key->name, value);

	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		GString *text = section_with(key, value);
		struct result r;
		char *shown;

		if (section_of(key)->kinds & kinds[i]) {
			r = read_key(key, kinds[i], text);
			ck_assert_msg(r.policy != NULL, "%s", r.error ? r.error->message : "");
			shown = config_show(r.policy, r.origins, true);
			/* Of services, those that are in use. */
			ck_assert_msg(kinds[i] == CONFIG_SERVICE || strstr(shown, line) != NULL,
				"%s", shown);
			g_free(shown);
			check_round_trip(&r);
			result_done(&r);
		}
		g_string_free(text, TRUE);
	}
}
END_TEST

/* To the letter. */
START_TEST(origins)
{
	const struct config_file files[] = {
		file_of(CONFIG_MAIN, NULL,
			"[Stateful]\nUdpTimeout=7\n[Helper:demo]\nOwn=x\n"
			"[Log]\nLogConnections=no\n"
			"[Firewall]\nIcmp=redirect\nServices=demo\nHelpers=demo\n"),
		file_of(CONFIG_CONNECTION, "br",
			"[Connection]\nType=bridge\nMatch=interface:br*\n"),
		file_of(CONFIG_CONNECTION, "default", "[Sharing]\nRole=public\n"),
		file_of(CONFIG_CONNECTION, "wan",
			"[Connection]\nMatch=network:192.0.2.0/"
			"24\n[Firewall]\nEnabled=true\nIcmp=\n"
			"[Mapping:web]\nProtocol=tcp\nExternal=80\n"),
		file_of(CONFIG_SERVICE, "demo", "[Service]\nPorts=7/tcp\n"),
		file_of(CONFIG_SERVICE, "other", "[Service]\nPorts=8/tcp\n"),
	};
	static const char expected[] =
		"[Stateful]\n# postern.conf:2\nUdpTimeout=7\n"
		"\n[Log]\n# postern.conf:6\nLogConnections=false\n"
		"\n[Helper:demo]\n# postern.conf:4\nOwn=x\n"
		"\n[Firewall]\n# postern.conf:8\nIcmp=redirect\n"
		"# postern.conf:10\nHelpers=demo\n# postern.conf:9\nServices=demo\n"
		"\n# ---- connections/default.conf\n"
		"\n[Sharing]\n# default.conf:2\nRole=public\n"
		"\n# ---- connections/br.conf\n"
		"\n[Connection]\n# br.conf:3\nMatch=interface:br*\n# br.conf:2\nType=bridge\n"
		"\n[Firewall]\n# default: it is a bridge: what it forwards goes by below IP\n"
		"Enabled=false\n"
		"\n# ---- connections/wan.conf\n"
		"\n[Connection]\n# wan.conf:2\nMatch=network:192.0.2.0/24\n"
		"\n[Firewall]\n# wan.conf:5\nIcmp=\n"
		"\n[Mapping:web]\n# wan.conf:7\nProtocol=tcp\n# wan.conf:8\nExternal=80\n"
		"\n# ---- services/demo.service.conf\n"
		"\n[Service]\n# default\nName=demo\n# demo.service.conf:2\nPorts=7/tcp\n";
	struct result r = result_of(files, G_N_ELEMENTS(files));
	char *text;

	ck_assert_taken(&r);
	text = config_show(r.policy, r.origins, false);
	ck_assert_str_eq(text, expected);
	g_free(text);
	text = config_show_connection(
		r.policy, r.origins, policy_connection_find(r.policy, "wan"), true);
	ck_assert_ptr_nonnull(strstr(text, "# default\nAntiSpoof=drop\n"));
	ck_assert_ptr_nonnull(strstr(text, "# postern.conf:10\nHelpers=demo\n"));
	ck_assert_ptr_nonnull(strstr(text, "# wan.conf:4\nEnabled=true\n"));
	ck_assert_ptr_nonnull(strstr(text, "# default\nInternal=80\n"));
	ck_assert_ptr_nonnull(strstr(text, "# default\nTarget=\n"));
	ck_assert_ptr_null(strstr(text, "[Mapping:demo]"));
	g_free(text);
	check_round_trip(&r);
	result_done(&r);
}
END_TEST

/* A key that means something else when it is given stands as a comment where it is not. */
START_TEST(not_given)
{
	struct result r = result_of_main("[Helper:demo]\n");
	char *text = config_show(r.policy, r.origins, true);

	ck_assert_ptr_nonnull(
		strstr(text, "# default: as its plugin, or as all\n#Enabled=false\n"));
	ck_assert_ptr_nonnull(strstr(text, "# default: the helper's own\n#Ports=\n"));
	ck_assert_ptr_nonnull(strstr(text, "# default: all that are on\n#Helpers=\n"));
	ck_assert_ptr_nonnull(strstr(text, "# default\n#LogDropped=false\n"));
	ck_assert_ptr_nonnull(strstr(text, "# default\n#MaxSizeKiB=4096\n"));
	ck_assert_ptr_nonnull(strstr(text, "# default\nEnabled=true\n"));
	g_free(text);
	check_round_trip(&r);
	result_done(&r);

	/* What "default" says of its firewall does not hold where there can be none. */
	r = result_of_connection("[Firewall]\nEnabled=true\n", "lan",
		"[Connection]\nMatch=\n[Sharing]\nRole=private\n");
	text = config_show_connection(r.policy, r.origins, &r.policy->connections[1], true);
	ck_assert_ptr_nonnull(strstr(text, "# default: it is the private side of a shared "
					   "connection; the wall belongs on the public one\n"
					   "Enabled=false\n"));
	g_free(text);
	check_round_trip(&r);
	result_done(&r);

	/* "default" names helpers, and this connection names none. */
	r = result_of_connection(
		"[Log]\nLogDropped=no\n", "wan", "[Connection]\nMatch=\n[Firewall]\nHelpers=\n");
	text = config_show(r.policy, r.origins, false);
	ck_assert_str_eq(text, "[Log]\n# postern.conf:2\nLogDropped=false\n"
			       "\n# ---- connections/wan.conf\n\n[Connection]\n"
			       "\n[Firewall]\n# wan.conf:4\nHelpers=\n");
	g_free(text);
	result_done(&r);
}
END_TEST

/* A file may have any name, and a comment is one line. */
START_TEST(names_of_files)
{
	const struct config_file file = {
		.kind = CONFIG_MAIN,
		.name = "a\nUdpTimeout=1\x1b.conf",
		.text = "[Stateful]\nUdpTimeout=7\n[Helper:demo]\nOwn=x\n",
		.len = strlen("[Stateful]\nUdpTimeout=7\n[Helper:demo]\nOwn=x\n"),
	};
	struct result r = result_of(&file, 1);
	char *text = config_show(r.policy, r.origins, false);

	ck_assert_str_eq(text, "[Stateful]\n# a?UdpTimeout=1?.conf:2\nUdpTimeout=7\n"
			       "\n[Helper:demo]\n# a?UdpTimeout=1?.conf:4\nOwn=x\n");
	g_free(text);
	result_done(&r);
}
END_TEST

static int
count_keys(void)
{
	int n = 0;

	while (config_keys_at((unsigned)n))
		n++;
	return n;
}

static Suite *
suite(void)
{
	Suite *s = suite_create("config-show");
	TCase *t = tcase_create("config-show");

	tcase_add_test(t, defaults);
	tcase_add_test(t, one_text);
	tcase_add_loop_test(t, every_key, 0, count_keys());
	tcase_add_test(t, origins);
	tcase_add_test(t, not_given);
	tcase_add_test(t, names_of_files);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

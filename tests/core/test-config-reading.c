// SPDX-License-Identifier: GPL-2.0-or-later
/* A file into the models: what its kind lets stand in it, and how things are told. */
#include "config-result.h"
#include "policy/config-reading.h"

/* Each kind of file with a section of each kind, and the warning. */
static const struct {
	enum config_kind kind;
	const char *text;
	const char *warning;
} strange[] = {
	{ CONFIG_MAIN, "[Connection]\nMatch=interface:a\n",
		"postern.conf:1: [Connection]: not known; ignored (it belongs in "
		"connections/NAME.conf)" },
	{ CONFIG_MAIN, "[Service]\nPorts=nonsense\n",
		"postern.conf:1: [Service]: not known; ignored (it belongs in "
		"services/NAME.conf)" },
	{ CONFIG_CONNECTION, "[Connection]\nMatch=\n[Log]\nPath=nonsense\n",
		"x.conf:3: [Log]: not known; ignored (it belongs in postern.conf)" },
	{ CONFIG_CONNECTION, "[Connection]\nMatch=\n[Firewall]\nRole=public\n",
		"x.conf:4: [Firewall] Role: not known; ignored (it belongs to [Sharing])" },
	{ CONFIG_CONNECTION, "[Connection]\nMatch=\nMatches=wan\n",
		"x.conf:3: [Connection] Matches: not known; ignored (did you mean Match?)" },
	{ CONFIG_CONNECTION,
		"[Connection]\nMatch=\n[Mapping:a]\nProtocol=tcp\nExternal=1\nHairpin=true\n",
		"x.conf:6: [Mapping:a] Hairpin: not known; ignored" },
	{ CONFIG_CONNECTION,
		"[Connection]\nMatch=\n[Trigger:a]\nProtocol=tcp\nPorts=1\nOpens=2/"
		"udp\nTimeOut=1\n",
		"x.conf:7: [Trigger:a] TimeOut: not known; ignored (did you mean Timeout?)" },
	{ CONFIG_SERVICE, "[Service]\nPorts=1/tcp\nBuiltin=true\n",
		"x.service.conf:3: [Service] Builtin: not known; ignored" },
	{ CONFIG_SERVICE, "[Service]\nPorts=1/tcp\n[Firewall]\nEnabled=1\n",
		"x.service.conf:3: [Firewall]: not known; ignored (it belongs in postern.conf)" },
};

START_TEST(strangers)
{
	const struct config_file file = file_of(strange[_i].kind, "x", strange[_i].text);
	struct result r = result_of(&file, 1);

	ck_assert_msg(r.policy != NULL, "%s", r.error ? r.error->message : "");
	ck_assert_uint_eq(r.warnings->len, 1);
	ck_assert_str_eq(result_warning(&r, 0), strange[_i].warning);
	result_done(&r);
}
END_TEST

/* Of keys behind a section that is not known nothing is looked at, also not in the section before.
 */
START_TEST(unknown_section)
{
	struct result r =
		result_of_main("[Firewall]\nAntiSpoof=off\n[Firewal]\nAntiSpoof=nonsense\n"
			       "Icmp=redirect\n[Firewall]\nIcmp=echo-request-in\n");

	ck_assert_ptr_nonnull(r.policy);
	ck_assert_uint_eq(r.warnings->len, 2);
	ck_assert_str_eq(result_warning(&r, 1),
		"postern.conf:3: [Firewal]: not known; ignored (did you mean Firewall?)");
	ck_assert_int_eq(r.policy->connections[0].anti_spoof, ANTI_SPOOF_OFF);
	ck_assert_uint_eq(r.policy->connections[0].icmp, 1u << ICMP_OPTION_ECHO_REQUEST_IN);
	result_done(&r);
}
END_TEST

START_TEST(refusals)
{
	const struct config_origin at = { "x.conf", 7 };
	const struct {
		const struct config_origin *at;
		const char *key, *message;
	} table[] = {
		{ &at, "Key", "x.conf:7: [Section] Key: 3 of 4" },
		{ &at, NULL, "x.conf:7: [Section]: 3 of 4" },
		{ NULL, "Key", "[Section] Key: 3 of 4" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		GError *error = NULL;

		ck_assert(!config_refuse(
			table[i].at, "Section", table[i].key, &error, "%u of %u", 3, 4));
		ck_assert_str_eq(error->message, table[i].message);
		ck_assert(g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_VALUE));
		g_error_free(error);
		ck_assert(!config_refuse(table[i].at, "Section", NULL, NULL, "nobody asks"));
	}
}
END_TEST

START_TEST(warnings_have_a_limit)
{
	struct reading reading = { .warnings = g_ptr_array_new_with_free_func(g_free) };

	for (unsigned i = 0; i < CONFIG_WARNINGS_MAX + 7; i++)
		reading_warn(&reading, g_strdup_printf("%u", i));
	ck_assert_uint_eq(reading.warnings->len, CONFIG_WARNINGS_MAX);
	ck_assert_uint_eq(reading.not_shown, 7);
	g_ptr_array_unref(reading.warnings);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-reading");
	TCase *t = tcase_create("config-reading");

	tcase_add_loop_test(t, strangers, 0, G_N_ELEMENTS(strange));
	tcase_add_test(t, unknown_section);
	tcase_add_test(t, refusals);
	tcase_add_test(t, warnings_have_a_limit);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

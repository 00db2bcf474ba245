// SPDX-License-Identifier: GPL-2.0-or-later
/* What may have been meant. */
#include <string.h>

#include <glib.h>

#include "kit/kit.h"
#include "policy/config-suggest.h"

#define FORTY "abcdefghijabcdefghijabcdefghijabcdefghij"

static const struct {
	const char *name;
	const char *candidates[4];
	const char *says;
} table[] = {
	{ "demo", { "demo" }, " (did you mean demo?)" },
	{ "DEMO", { "demo" }, " (did you mean demo?)" },
	/* One letter more, one less, another one, and two in the wrong order. */
	{ "demmo", { "demo" }, " (did you mean demo?)" },
	{ "deo", { "demo" }, " (did you mean demo?)" },
	{ "dema", { "demo" }, " (did you mean demo?)" },
	{ "edmo", { "demo" }, " (did you mean demo?)" },
	{ "odemd", { "demo" }, "" },
	{ "dme", { "dex", "dem" }, " (did you mean dem?)" },
	/* The likest, and of two the first. */
	{ "server", { "servers", "serve", "server" }, " (did you mean server?)" },
	{ "servec", { "server", "servet" }, " (did you mean server?)" },
	/* A third of its letters may be wrong, and at most three. */
	{ "ab", { "a", "b", "abc" }, "" },
	{ "abcdef", { "xxcdef" }, " (did you mean xxcdef?)" },
	{ "abcdef", { "xxxdef" }, "" },
	{ "abcdefghijkl", { "xxxdefghijkl" }, " (did you mean xxxdefghijkl?)" },
	{ "abcdefghijkl", { "xxxxefghijkl" }, "" },
	{ "", { "a", "" }, " (did you mean ?)" },
	{ "x", { NULL }, "" },
	/* Too long to be looked at. */
	{ FORTY, { FORTY }, " (did you mean " FORTY "?)" },
	{ FORTY "x", { FORTY "x" }, "" },
	{ FORTY, { FORTY "x" }, "" },
};

START_TEST(suggestions)
{
	struct suggest suggest;
	char *says;

	suggest_begin(&suggest, table[_i].name);
	for (unsigned i = 0; i < 4 && table[_i].candidates[i]; i++)
		suggest_try(&suggest, table[_i].candidates[i]);
	says = suggest_end(&suggest);
	ck_assert_str_eq(says, table[_i].says);
	g_free(says);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-suggest");
	TCase *t = tcase_create("config-suggest");

	tcase_add_loop_test(t, suggestions, 0, G_N_ELEMENTS(table));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The text of a configuration file: where things stand in it, and what is no such text. */
#include <string.h>

#include "kit/kit.h"
#include "policy/config-text.h"
#include "policy/config.h"

/* A text with a known length, so that it may hold NUL and need not end with one. */
#define TEXT(literal) literal, sizeof(literal) - 1

/* All entries: "LINE[Section] ", "LINE[Section]Key=Value ", with ">LINE" where it stands again. */
static char *
outline(const char *bytes, size_t len)
{
	GError *error = NULL;
	char *copy = g_memdup2(bytes, len); /* of just that length */
	struct config_text *text = config_text_new("x.conf", copy, len, &error);
	GString *lines = g_string_new(NULL);
	const struct config_entry *entry;

	g_free(copy); /* nothing of it is needed any more */
	ck_assert_msg(text != NULL, "%s", error ? error->message : "");
	for (unsigned i = 0; (entry = config_text_entry(text, i)); i++) {
		g_string_append_printf(lines, "%u[%s]", entry->line, entry->section);
		if (entry->key) {
			char *value = config_text_value(text, entry, &error);

			ck_assert_msg(value != NULL, "%s", error ? error->message : "");
			g_string_append_printf(lines, "%s=%s", entry->key, value);
			g_free(value);
		}
		if (entry->again)
			g_string_append_printf(lines, ">%u", entry->again);
		g_string_append_c(lines, ' ');
	}
	config_text_free(text);
	return g_string_free(lines, FALSE);
}

static const struct {
	const char *text;
	size_t len;
	const char *outline;
} good[] = {
	{ TEXT(""), "" },
	{ TEXT("\n"), "" },
	{ TEXT("# nothing\n\n   \n\t# but comments"), "" },
	{ TEXT("[A]"), "1[A] " },
	{ TEXT("[A]\nb=c\n"), "1[A] 2[A]b=c " },
	{ TEXT("[A]\nb=c"), "1[A] 2[A]b=c " },
	{ TEXT("\xef\xbb\xbf[A]\nb=c"), "1[A] 2[A]b=c " },
	{ TEXT("[A]\r\nb=c\r\n"), "1[A] 2[A]b=c " },
	{ TEXT("# c\n\n[A]\n# c\nb=c\n\n\nd=e\n"), "3[A] 5[A]b=c 8[A]d=e " },
	{ TEXT("[A]  \n  b  =  c d  \n"), "1[A] 2[A]b=c d " },
	{ TEXT("  [A]\n"), "1[A] " },
	{ TEXT("[A]\nb=\n"), "1[A] 2[A]b= " },
	{ TEXT("[A]\nb=c=d\n"), "1[A] 2[A]b=c=d " },
	{ TEXT("[A]\nb=x # no comment\n"), "1[A] 2[A]b=x # no comment " },
	{ TEXT("[A]\nb=\\s x \\s \n"), "1[A] 2[A]b=  x   " },
	{ TEXT("[A]\nb=\\sx\\ty\\\\\n"), "1[A] 2[A]b= x\ty\\ " },
	{ TEXT("[A]\nb=[c]\n"), "1[A] 2[A]b=[c] " },
	{ TEXT("[A b:c.d]\nb c=d\n"), "1[A b:c.d] 2[A b:c.d]b c=d " },
	{ TEXT("[\xc3\x84]\n\xc3\xb6=\xc3\xbc\n"), "1[\xc3\x84] 2[\xc3\x84]\xc3\xb6=\xc3\xbc " },
	/* Twice, and thrice. */
	{ TEXT("[A]\nb=1\nb=2\nb=3\n"), "1[A] 2[A]b=3>3 3[A]b=3>4 4[A]b=3 " },
	{ TEXT("[A]\nb=1\n[B]\nb=2\n[A]\nb=3\n"), "1[A]>5 2[A]b=3>6 3[B] 4[B]b=2 5[A] 6[A]b=3 " },
	{ TEXT("[A]\nB=1\nb=2\n"), "1[A] 2[A]B=1 3[A]b=2 " },
};

START_TEST(texts)
{
	char *lines = outline(good[_i].text, good[_i].len);

	ck_assert_str_eq(lines, good[_i].outline);
	g_free(lines);
}
END_TEST

static const struct {
	const char *text;
	size_t len;
	const char *says; /* the beginning of the message … */
	const char *why;  /* … and something in it */
} bad[] = {
	{ TEXT("b=c\n"), "x.conf:1: \"b=c\": ", "before the first [Section]" },
	{ TEXT("\n\nword\n"), "x.conf:3: \"word\": ", "neither" },
	{ TEXT("[A]\nb\n"), "x.conf:2: \"b\": ", "neither" },
	{ TEXT("[A]\n; c\n"), "x.conf:2: \"; c\": ", "a comment begins with #" },
	{ TEXT("[A]\n=c\n"), "x.conf:2: \"=c\": ", "name of a key" },
	{ TEXT("[A]\n  = c\n"), "x.conf:2: \"= c\": ", "name of a key" },
	{ TEXT("[A]\nb[de]=c\n"), "x.conf:2: \"b[de]=c\": ", "name of a key" },
	{ TEXT("[A]\nb]=c\n"), "x.conf:2: \"b]=c\": ", "name of a key" },
	{ TEXT("[\n"), "x.conf:1: \"[\": ", "not a section" },
	{ TEXT("[]\n"), "x.conf:1: \"[]\": ", "not a section" },
	{ TEXT("[A\n"), "x.conf:1: \"[A\": ", "not a section" },
	{ TEXT("[A]]\n"), "x.conf:1: \"[A]]\": ", "not a section" },
	{ TEXT("[[A]\n"), "x.conf:1: \"[[A]\": ", "not a section" },
	{ TEXT("[A] # c\n"), "x.conf:1: \"[A] # c\": ", "alone on its line" },
	{ TEXT("[A]b=c\n"), "x.conf:1: \"[A]b=c\": ", "alone on its line" },
	{ TEXT("[A\tb]\n"), "x.conf:1: \"[A?b]\": ", "control character" },
	{ TEXT("[A]\nb=\0c\n"), "x.conf:2: \"b=\": ", "NUL" },
	{ TEXT("\0"), "x.conf:1: \"\": ", "NUL" },
	{ TEXT("[A]\nb=\xff\n"), "x.conf:2: \"b=\": ", "not UTF-8" },
	{ TEXT("[A]\nb=\xc3"), "x.conf:2: \"b=\": ", "not UTF-8" },
	{ TEXT("[A]\nb=\xed\xa0\x80\n"), "x.conf:2: ", "not UTF-8" },
	{ TEXT("[A]\nb=c\rword\n[B]\nx\n"), "x.conf:4: \"x\": ", "neither" },
	{ TEXT("\x1b[2Jword\n"), "x.conf:1: \"?[2Jword\": ", "neither" },
	/* What only GKeyFile knows of is told in its words. */
	{ TEXT("[A]\nEncoding=KOI8\n"), "x.conf: ", "KOI8" },
};

START_TEST(no_texts)
{
	GError *error = NULL;
	char *copy = g_memdup2(bad[_i].text, bad[_i].len);

	ck_assert_ptr_null(config_text_new("x.conf", copy, bad[_i].len, &error));
	g_free(copy);
	ck_assert(g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_SYNTAX));
	ck_assert_msg(g_str_has_prefix(error->message, bad[_i].says), "%s", error->message);
	ck_assert_msg(strstr(error->message, bad[_i].why) != NULL, "%s", error->message);
	ck_assert(g_utf8_validate(error->message, -1, NULL));
	g_error_free(error);
}
END_TEST

START_TEST(bad_escape)
{
	GError *error = NULL;
	struct config_text *text = config_text_new("x.conf", TEXT("[A]\n\nb=a\\qc\n"), &error);
	const struct config_entry *entry = config_text_entry(text, 1);

	ck_assert_ptr_null(config_text_value(text, entry, &error));
	ck_assert(g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_VALUE));
	ck_assert_str_eq(error->message,
		"x.conf:3: [A] b: a \\ that begins no escape; allowed: \\s \\n \\t \\r \\\\");
	ck_assert_ptr_null(config_text_entry(text, 2));
	g_error_free(error);
	config_text_free(text);
	config_text_free(NULL);
}
END_TEST

START_TEST(fit_to_show)
{
	static const struct {
		const char *text;
		size_t len;
		const char *shown;
	} table[] = {
		{ TEXT("plain"), "plain" },
		{ TEXT(""), "" },
		{ TEXT("a\tb\x1b[1m\x7f"), "a?b?[1m?" },
		{ TEXT("\xc2\x85\xe2\x80\xae!"), "?"
						 "?!" }, /* C1, right-to-left override */
		{ TEXT("\xc3\xa9t\xc3\xa9"), "\xc3\xa9t\xc3\xa9" },
		{ TEXT("ab\xff"
		       "cd"),
			"ab" },
		{ TEXT("ab\0cd"), "ab" },
		{ TEXT("\xc3"), "" },
	};
	char lengthy[1000], *shown;

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		shown = config_text_shown(table[i].text, table[i].len);
		ck_assert_str_eq(shown, table[i].shown);
		g_free(shown);
	}
	memset(lengthy, 'x', sizeof(lengthy));
	shown = config_text_shown(lengthy, sizeof(lengthy));
	ck_assert_uint_lt(strlen(shown), 100);
	ck_assert(g_str_has_suffix(shown, "…"));
	g_free(shown);
}
END_TEST

/* A megabyte of the same key again and again takes no time that grows faster than it. */
START_TEST(many_lines)
{
	GString *bytes = g_string_new("[A]\n");
	struct config_text *text;
	GError *error = NULL;
	char *value;

	while (bytes->len < CONFIG_FILE_MAX - 10)
		g_string_append(bytes, bytes->len % 3 ? "k=1\n" : "key=2\n[A]\n");
	text = config_text_new("x.conf", bytes->str, bytes->len, &error);
	ck_assert_ptr_nonnull(text);
	value = config_text_value(text, config_text_entry(text, 1), &error);
	ck_assert_ptr_nonnull(value);
	g_free(value);
	config_text_free(text);
	g_string_free(bytes, TRUE);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-text");
	TCase *t = tcase_create("config-text");

	tcase_add_loop_test(t, texts, 0, G_N_ELEMENTS(good));
	tcase_add_loop_test(t, no_texts, 0, G_N_ELEMENTS(bad));
	tcase_add_test(t, bad_escape);
	tcase_add_test(t, fit_to_show);
	tcase_add_test(t, many_lines);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Other programs: what goes in and comes out, how they end, and when they do not. */
#include "kernel/process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "kit/kit.h"

#define SHELL "/bin/sh"

/* Runs a line of the shell, which only tests may do. */
static int
sh(const char *line, const char *input, char **ret_output, char **ret_errors)
{
	const char *const argv[] = { SHELL, "-c", line, NULL };

	return process_run(argv, input, 20, ret_output, ret_errors);
}

START_TEST(in_and_out)
{
	g_autofree char *output = NULL;
	g_autofree char *errors = NULL;

	ck_assert_int_eq(sh("cat; echo trouble >&2", "some\ntext\n", &output, &errors), 0);
	ck_assert_str_eq(output, "some\ntext\n");
	ck_assert_str_eq(errors, "trouble\n");
}
END_TEST

START_TEST(nothing_in)
{
	g_autofree char *output = NULL;

	ck_assert_int_eq(sh("wc -c", NULL, &output, NULL), 0);
	ck_assert_str_eq(g_strstrip(output), "0");
}
END_TEST

/* More than any pipe would take, in both directions at once. */
START_TEST(much)
{
	size_t len = 4 << 20;
	g_autofree char *input = g_strnfill(len, 'x');
	g_autofree char *output = NULL;

	ck_assert_int_eq(sh("cat", input, &output, NULL), 0);
	ck_assert_uint_eq(strlen(output), len);
	ck_assert_str_eq(output, input);
}
END_TEST

START_TEST(input_is_not_read)
{
	g_autofree char *input = g_strnfill(1 << 20, 'x');

	ck_assert_int_eq(sh("exit 0", input, NULL, NULL), 0);
}
END_TEST

static const struct {
	const char *line;
	int result;
} ends[] = {
	{ "exit 0", 0 },
	{ "exit 3", 3 },
	{ "kill -TERM $$", 128 + SIGTERM },
	{ "kill -KILL $$", 128 + SIGKILL },
};

/* Whatever this process has done to its signals. */
START_TEST(how_it_ends)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGTERM, SIG_IGN);
	ck_assert_int_eq(sh(ends[_i].line, NULL, NULL, NULL), ends[_i].result);
}
END_TEST

START_TEST(what_is_not_there)
{
	const char *const argv[] = { "/nonexistent/program", NULL };
	char *output = NULL;

	ck_assert_int_eq(process_run(argv, NULL, 20, &output, NULL), -ENOENT);
	ck_assert_ptr_null(output);
}
END_TEST

START_TEST(takes_too_long)
{
	const char *const argv[] = { SHELL, "-c", "echo begun; exec sleep 60", NULL };
	gint64 start = g_get_monotonic_time();
	char *output = NULL;

	ck_assert_int_eq(process_run(argv, NULL, 1, &output, NULL), -ETIMEDOUT);
	ck_assert_ptr_null(output);
	ck_assert_int_lt(g_get_monotonic_time() - start, 20 * G_USEC_PER_SEC);
}
END_TEST

/* Nothing that somebody has put into ours. */
START_TEST(environment)
{
	g_autofree char *output = NULL;

	g_setenv("LD_LIBRARY_PATH", "/somewhere", TRUE);
	g_setenv("XTABLES_LIBDIR", "/somewhere", TRUE);
	g_setenv("PATH", "/somewhere", TRUE);
	ck_assert_int_eq(
		sh("echo \"$PATH $LC_ALL $LD_LIBRARY_PATH$XTABLES_LIBDIR\"", NULL, &output, NULL),
		0);
	ck_assert_str_eq(output, "/usr/sbin:/usr/bin:/sbin:/bin C \n");
}
END_TEST

START_TEST(where_it_is)
{
	g_autofree char *path = process_find("ldconfig");

	ck_assert_ptr_null(process_find("no-program-has-this-name"));
	ck_assert(path && *path == '/' && g_str_has_suffix(path, "sbin/ldconfig"));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("process");
	TCase *c = tcase_create("process");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, in_and_out);
	tcase_add_test(c, nothing_in);
	tcase_add_test(c, much);
	tcase_add_test(c, input_is_not_read);
	tcase_add_loop_test(c, how_it_ends, 0, G_N_ELEMENTS(ends));
	tcase_add_test(c, what_is_not_there);
	tcase_add_test(c, takes_too_long);
	tcase_add_test(c, environment);
	tcase_add_test(c, where_it_is);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings that are changed, remembered and restored; in a network namespace of the test's own. */
#include "kernel/sysctl.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "kit/kit.h"

static char folder[] = "/tmp/postern-sysctl-XXXXXX";
static char *state;

static void
setup(void)
{
	ck_assert_ptr_nonnull(g_mkdtemp(folder));
	state = g_build_filename(folder, "state", NULL);
}

static void
teardown(void)
{
	g_remove(state);
	ck_assert_int_eq(g_rmdir(folder), 0); /* nothing else is there */
	g_free(state);
}

static void
write_state(const char *text)
{
	ck_assert(g_file_set_contents(state, text, -1, NULL));
}

static char *
read_state(void)
{
	char *text = NULL;

	(void)g_file_get_contents(state, &text, NULL, NULL);
	return text;
}

START_TEST(nothing_to_restore)
{
	ck_assert_int_eq(sysctl_restore(state), 0);
	ck_assert_ptr_null(read_state());
}
END_TEST

START_TEST(names_that_are_not_ours)
{
	ck_assert_int_eq(sysctl_set(state, "net/ipv4/ip_forward", 1), -EINVAL);
	ck_assert_int_eq(sysctl_set(state, "../../etc/passwd", 1), -EINVAL);
	ck_assert_ptr_null(read_state());
}
END_TEST

/* A file that says more than we have written. */
START_TEST(foreign_state)
{
	int max = sysctl_get("kernel/pid_max");
	g_autofree char *text =
		g_strdup_printf("kernel/pid_max 301 %d\n../proc/sys/kernel/pid_max 301 %d\n"
				"\n" SYSCTL_ACCOUNTING "\n" SYSCTL_EVENTS " x y\n" SYSCTL_EVENTS
				"x 1 1\n" SYSCTL_ACCOUNTING " -1 1\nrubbish",
			max, max);

	write_state(text);
	ck_assert_int_eq(sysctl_restore(state), 0);
	ck_assert_int_eq(sysctl_get("kernel/pid_max"), max);
	ck_assert_ptr_null(read_state());
}
END_TEST

START_TEST(state_that_is_a_link)
{
	g_autofree char *target = g_build_filename(folder, "target", NULL);

	ck_assert(g_file_set_contents(target, SYSCTL_ACCOUNTING " 0 1\n", -1, NULL));
	ck_assert_int_eq(symlink(target, state), 0);
	ck_assert_int_lt(sysctl_restore(state), 0);
	g_remove(target);
}
END_TEST

START_TEST(change_and_restore)
{
	struct stat st;
	g_autofree char *text = NULL;

	ck_assert_int_eq(sysctl_get(SYSCTL_ACCOUNTING), 0);
	ck_assert_int_eq(sysctl_set(state, SYSCTL_ACCOUNTING, 1), 1);
	ck_assert_int_eq(sysctl_get(SYSCTL_ACCOUNTING), 1);
	ck_assert_int_eq(stat(state, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	/* A second time, and another daemon: what was first is what is restored. */
	ck_assert_int_eq(sysctl_set(state, SYSCTL_ACCOUNTING, 1), 0);
	ck_assert_int_eq(sysctl_set(state, SYSCTL_EVENTS, 1), 1);
	text = read_state();
	ck_assert_str_eq(text, SYSCTL_ACCOUNTING " 0 1\n" SYSCTL_EVENTS " 2 1\n");
	ck_assert_int_eq(sysctl_restore(state), 0);
	ck_assert_int_eq(sysctl_get(SYSCTL_ACCOUNTING), 0);
	ck_assert_int_eq(sysctl_get(SYSCTL_EVENTS), 2);
	ck_assert_ptr_null(read_state());
}
END_TEST

/* What somebody else has set since is theirs. */
START_TEST(changed_by_others)
{
	ck_assert_int_eq(sysctl_set(state, SYSCTL_EVENTS, 1), 1);
	ck_assert_int_eq(sysctl_set(NULL, SYSCTL_EVENTS, 0), 1);
	ck_assert_int_eq(sysctl_restore(state), 0);
	ck_assert_int_eq(sysctl_get(SYSCTL_EVENTS), 0);
	ck_assert_ptr_null(read_state());
}
END_TEST

START_TEST(nothing_to_change)
{
	ck_assert_int_eq(sysctl_set(state, SYSCTL_ACCOUNTING, 0), 0);
	ck_assert_ptr_null(read_state());
}
END_TEST

/* What cannot be remembered is not changed. */
START_TEST(no_room_for_state)
{
	ck_assert_int_lt(sysctl_set("/nonexistent/state", SYSCTL_ACCOUNTING, 1), 0);
	ck_assert_int_eq(sysctl_get(SYSCTL_ACCOUNTING), 0);
}
END_TEST

static void
enter(void)
{
	setup();
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
}

/* Is there a namespace with connection tracking in it? */
static bool
is_possible(void)
{
	pid_t child = fork();
	int status = 1;

	if (!child)
		_exit(unshare(CLONE_NEWNET) || sysctl_get(SYSCTL_ACCOUNTING) != 0 ||
			sysctl_get(SYSCTL_EVENTS) != 2);
	return child > 0 && waitpid(child, &status, 0) == child && !status;
}

static Suite *
suite(void)
{
	Suite *s = suite_create("sysctl");
	TCase *c = tcase_create("anywhere");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, nothing_to_restore);
	tcase_add_test(c, names_that_are_not_ours);
	tcase_add_test(c, foreign_state);
	tcase_add_test(c, state_that_is_a_link);
	suite_add_tcase(s, c);
	if (!is_possible())
		return s;
	c = tcase_create("in a namespace");
	tcase_add_checked_fixture(c, enter, teardown);
	tcase_add_test(c, change_and_restore);
	tcase_add_test(c, changed_by_others);
	tcase_add_test(c, nothing_to_change);
	tcase_add_test(c, no_room_for_state);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

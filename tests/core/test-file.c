// SPDX-License-Identifier: GPL-2.0-or-later
/* A file of lines: opened with care, cut back, rotated. */
#include "record/file.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "folder.h"
#include "kit/kit.h"

static struct folder folder;

static void
setup(void)
{
	folder_open(&folder);
	umask(022);
}

static void
teardown(void)
{
	folder_close(&folder);
}

/* Writes and must succeed. */
static void
put(struct file *file, const char *text)
{
	size_t written = 0;

	ck_assert_int_eq(file_write(file, text, strlen(text), &written), 0);
	ck_assert_uint_eq(written, strlen(text));
}

/* What opening does to a path. */
static const struct {
	const char *before; /* the file, or NULL */
	bool guarded, append;
	unsigned mode;
	const char *after; /* with a line written */
} opens[] = {
	{ NULL, false, false, 0644, "line\n" },
	{ NULL, true, false, 0640, "line\n" },
	{ NULL, true, true, 0640, "line\n" },
	{ "much more than a line\n", false, false, 0600, "line\n" },
	{ "much more than a line\n", true, false, 0600, "line\n" },
	{ "before\n", true, true, 0600, "before\nline\n" },
};

START_TEST(test_open)
{
	const char *path = folder_path(&folder, "log");
	struct file file;
	struct stat st;

	if (opens[_i].before) {
		folder_put(path, opens[_i].before);
		ck_assert_int_eq(chmod(path, 0600), 0);
	}
	ck_assert_int_eq(file_open(&file, path, opens[_i].guarded, opens[_i].append), 0);
	ck_assert(file.tidy);
	put(&file, "line\n");
	ck_assert_uint_eq(file.size, strlen(opens[_i].after));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, opens[_i].mode);
	ck_assert_int_ne(fcntl(file.fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(file_close(&file), 0);
	folder_expect(path, opens[_i].after);
}
END_TEST

enum thing { NOTHING, REGULAR, FOLDER, PIPE, DEVICE };

/* Through a link, or without: what is refused, and as what. */
static const struct {
	enum thing thing;
	bool is_linked, guarded, append;
	int r;
} things[] = {
	{ REGULAR, true, false, false, 0 }, { REGULAR, true, true, false, -ELOOP },
	{ REGULAR, true, true, true, -ELOOP }, { NOTHING, true, true, false, -ELOOP },
	{ NOTHING, true, true, true, -ELOOP }, { FOLDER, false, true, false, -EISDIR },
	{ FOLDER, false, true, true, -EISDIR }, { DEVICE, false, false, false, 0 },
	{ DEVICE, true, false, false, 0 },
	{ DEVICE, true, true, false, 0 }, /* /dev/stdout is a link */
	{ DEVICE, false, true, true, -EINVAL }, { DEVICE, true, true, true, -ELOOP },
	{ PIPE, false, true, true, -EINVAL }, /* nobody reads it: that is not waited for */
};

START_TEST(test_things)
{
	const char *path = folder_path(&folder, "thing"), *link = folder_path(&folder, "link");
	struct file file = { .fd = 77 };
	int r;

	if (things[_i].thing == REGULAR)
		folder_put(path, "mine\n");
	else if (things[_i].thing == FOLDER)
		path = folder.path;
	else if (things[_i].thing == PIPE)
		ck_assert_int_eq(mkfifo(path, 0600), 0);
	else if (things[_i].thing == DEVICE)
		path = "/dev/null";
	if (things[_i].is_linked)
		ck_assert_int_eq(symlink(path, link), 0);
	r = file_open(
		&file, things[_i].is_linked ? link : path, things[_i].guarded, things[_i].append);
	ck_assert_int_eq(r, things[_i].r);
	if (r < 0) {
		ck_assert(things[_i].thing != NOTHING || access(path, F_OK) < 0);
		if (things[_i].thing == REGULAR)
			folder_expect(path, "mine\n");
		return;
	}
	ck_assert_int_eq(file.tidy, things[_i].thing == REGULAR);
	put(&file, "line\n");
	ck_assert_int_eq(file_close(&file), 0);
}
END_TEST

START_TEST(test_missing_folder)
{
	struct file file;

	ck_assert_int_eq(file_open(&file, "/nowhere/at/all", true, true), -ENOENT);
	ck_assert_int_eq(file_open(&file, "-", true, true), 0);
	ck_assert_int_eq(file.fd, 1);
	ck_assert(!file.tidy);
	ck_assert_int_eq(file_rotate(&file, "", 0), -EINVAL);
	ck_assert_int_eq(file_reopen(&file, NULL), -EINVAL);
	ck_assert_int_eq(file_close(&file), 0);
	ck_assert_int_ge(fcntl(1, F_GETFD), 0);
}
END_TEST

START_TEST(test_cut)
{
	const char *path = folder_path(&folder, "log");
	struct file file;
	char tail[8] = "";

	ck_assert_int_eq(file_open(&file, path, true, false), 0);
	ck_assert_int_eq(file_tail(&file, tail, sizeof(tail)), 0);
	put(&file, "one\ntwo\nthree\n");
	ck_assert_int_eq(file_tail(&file, tail, 6), 6);
	ck_assert_str_eq(tail, "three\n");
	ck_assert(file_starts_with(&file, "one\n", 4));
	ck_assert(!file_starts_with(&file, "two\n", 4));
	ck_assert(!file_starts_with(&file, "one\ntwo\nthree\nfour\n", 19));
	ck_assert_int_eq(file_cut(&file, 4), 0);
	ck_assert_uint_eq(file.size, 4);
	ck_assert_int_eq(file_tail(&file, tail, sizeof(tail)), 4);
	put(&file, "2\n");
	ck_assert_int_eq(file_close(&file), 0);
	folder_expect(path, "one\n2\n");
}
END_TEST

START_TEST(test_rotate)
{
	static const char *const names[] = { "log", "log.old", "log.old.2", "log.old.3",
		"log.old.4" };
	/* With so many old files, what is in each, the newest first. */
	static const char *const expected[4][5] = {
		{ "#5", "#4four\n", NULL, NULL, NULL },
		{ "#5", "#4four\n", NULL, NULL, NULL },
		{ "#5", "#4four\n", "#3three\n", NULL, NULL },
		{ "#5", "#4four\n", "#3three\n", "#2two\n", NULL },
	};
	const char *path = folder_path(&folder, "log");
	struct file file;
	struct stat st;

	ck_assert_int_eq(file_open(&file, path, true, true), 0);
	file.rotations = (unsigned)_i;
	put(&file, "one\n");
	ck_assert_int_eq(file_rotate(&file, "#2", 2), 0);
	put(&file, "two\n");
	ck_assert_int_eq(file_rotate(&file, "#3", 2), 0);
	put(&file, "three\n");
	ck_assert_int_eq(file_rotate(&file, "#4", 2), 0);
	put(&file, "four\n");
	ck_assert_int_eq(file_rotate(&file, "#5", 2), 0);
	ck_assert_uint_eq(file.size, 2);
	for (size_t n = 0; n < G_N_ELEMENTS(names); n++)
		folder_expect(folder_path(&folder, names[n]), expected[_i][n]);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(file_close(&file), 0);
}
END_TEST

/* Names that somebody else has put there are not followed. */
START_TEST(test_rotate_links)
{
	const char *path = folder_path(&folder, "log"), *victim = folder_path(&folder, "victim");
	const char *old = folder_path(&folder, "log.old"), *new = folder_path(&folder, "log.new");
	struct file file;

	folder_put(victim, "precious\n");
	ck_assert_int_eq(symlink(victim, old), 0);
	ck_assert_int_eq(symlink(victim, new), 0);
	ck_assert_int_eq(file_open(&file, path, true, true), 0);
	put(&file, "one\n");
	ck_assert_int_eq(file_rotate(&file, "", 0), 0);
	put(&file, "two\n");
	ck_assert_int_eq(file_close(&file), 0);
	folder_expect(victim, "precious\n");
	folder_expect(old, "one\n");
	folder_expect(path, "two\n");
	folder_expect(new, NULL);
}
END_TEST

/* The folder does not let anything be renamed: the file goes on as it was. */
START_TEST(test_rotate_fails)
{
	const char *path = folder_path(&folder, "log"), *new = folder_path(&folder, "log.new");
	struct file file;

	ck_assert_int_eq(file_open(&file, path, true, true), 0);
	put(&file, "one\n");
	ck_assert_int_eq(mkdir(new, 0700), 0);
	ck_assert_int_eq(file_rotate(&file, "#", 1), -EISDIR);
	put(&file, "two\n");
	ck_assert_int_eq(file_close(&file), 0);
	folder_expect(path, "one\ntwo\n");
	folder_expect(folder_path(&folder, "log.old"), NULL);
	ck_assert_int_eq(rmdir(new), 0);
}
END_TEST

/* A disk that is full as long as the file log.old is there. */
static ssize_t
write_full(int fd, const void *bytes, size_t len)
{
	if (access(folder_path(&folder, "log.old"), F_OK) < 0)
		return write(fd, bytes, len);
	errno = ENOSPC;
	return -1;
}

START_TEST(test_rotate_full)
{
	const char *path = folder_path(&folder, "log"), *old = folder_path(&folder, "log.old");
	struct file file;

	folder_put(old, "long ago\n");
	ck_assert_int_eq(file_open(&file, path, true, true), 0);
	put(&file, "one\n");
	file.write = write_full;
	ck_assert_int_eq(file_rotate(&file, "#", 1), 0);
	folder_expect(path, "#");
	folder_expect(old, "one\n");
	file.rotations = 2; /* nothing can be spared now */
	ck_assert_int_eq(file_rotate(&file, "#", 1), -ENOSPC);
	folder_expect(path, "#");
	folder_expect(old, "one\n");
	folder_expect(folder_path(&folder, "log.new"), NULL);
	ck_assert_int_eq(file_close(&file), 0);
}
END_TEST

START_TEST(test_reopen)
{
	const char *path = folder_path(&folder, "log"), *moved = folder_path(&folder, "moved");
	const char *other = folder_path(&folder, "other");
	struct file file;

	ck_assert_int_eq(file_open(&file, path, true, true), 0);
	put(&file, "one\n");
	ck_assert_int_eq(rename(path, moved), 0);
	put(&file, "two\n");
	ck_assert_int_eq(file_reopen(&file, NULL), 0);
	ck_assert_uint_eq(file.size, 0);
	put(&file, "three\n");
	folder_put(other, "there\n");
	ck_assert_int_eq(file_reopen(&file, other), 0);
	ck_assert_uint_eq(file.size, 6);
	ck_assert_int_eq(file_reopen(&file, "/nowhere/at/all"), -ENOENT);
	ck_assert_int_eq(file_reopen(&file, "/dev/null"), -EINVAL);
	put(&file, "four\n");
	ck_assert_str_eq(file.path, other);
	ck_assert_int_eq(file_close(&file), 0);
	folder_expect(moved, "one\ntwo\n");
	folder_expect(path, "three\n");
	folder_expect(other, "there\nfour\n");
}
END_TEST

/* The kernel's own limit, and how much of it was still written. */
START_TEST(test_limit)
{
	struct rlimit before, small;
	const char *path = folder_path(&folder, "log");
	struct file file;
	size_t written = 0;
	int r;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(file_open(&file, path, true, false), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 10;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	r = file_write(&file, "0123456789abc", 13, &written);
	ck_assert(file_is_full(r));
	ck_assert_uint_eq(written, 10);
	ck_assert_uint_eq(file.size, 10);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(file_cut(&file, 4), 0);
	put(&file, "AB");
	ck_assert_int_eq(file_close(&file), 0);
	folder_expect(path, "0123AB");
}
END_TEST

START_TEST(test_full_errors)
{
	ck_assert(file_is_full(-ENOSPC));
	ck_assert(file_is_full(-EDQUOT));
	ck_assert(file_is_full(-EFBIG));
	ck_assert(!file_is_full(0));
	ck_assert(!file_is_full(-EIO));
	ck_assert(!file_is_full(-EPIPE));
}
END_TEST

/* Nobody reads: in a hurry that is given up after a while, but not at once. */
START_TEST(test_hurry)
{
	atomic_bool hurry = true;
	char *text = g_malloc0(1 << 20);
	struct file file;
	size_t written = 0;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	file_init(&file, fds[1]);
	file.hurry = &hurry;
	ck_assert_int_eq(file_write(&file, text, 1 << 20, &written), -ETIMEDOUT);
	ck_assert_uint_ge(written, 4096);
	ck_assert_uint_lt(written, 1 << 20);
	ck_assert_int_eq(file_close(&file), 0);
	close(fds[0]);
	g_free(text);
}
END_TEST

#define LOOP(tc, test, rows) tcase_add_loop_test(tc, test, 0, sizeof(rows) / sizeof((rows)[0]))

static Suite *
suite(void)
{
	Suite *s = suite_create("file");
	TCase *tc = tcase_create("file");

	tcase_add_checked_fixture(tc, setup, teardown);
	LOOP(tc, test_open, opens);
	LOOP(tc, test_things, things);
	tcase_add_test(tc, test_missing_folder);
	tcase_add_test(tc, test_cut);
	tcase_add_loop_test(tc, test_rotate, 0, 4);
	tcase_add_test(tc, test_rotate_links);
	tcase_add_test(tc, test_rotate_fails);
	tcase_add_test(tc, test_rotate_full);
	tcase_add_test(tc, test_reopen);
	tcase_add_test(tc, test_limit);
	tcase_add_test(tc, test_full_errors);
	tcase_add_test(tc, test_hurry);
	tcase_set_timeout(tc, 20);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

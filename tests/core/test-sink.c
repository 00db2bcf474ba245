// SPDX-License-Identifier: GPL-2.0-or-later
/* From events to bytes in a file: heads, rotation, changes. */
#include "record/sink.h"

#include "kit/kit.h"
#include "sink-disk.h"

START_TEST(test_plain)
{
	struct sink sink;

	open_sink(&sink, &ops, 0);
	put(&sink, 5);
	sink_text(&sink, "event ", 6, 6, false);
	sink_text(&sink, "6\n", 2, 6, true);
	sink_miss(&sink, 3, 9);
	put(&sink, 10);
	sink_finish(&sink);
	ck_assert_uint_eq(sink_lost(&sink), 0); /* the queue has counted them */
	ck_assert_int_eq(sink_done(&sink), 0);
	folder_expect(path, HEAD "#first 5\nevent 5\nevent 6\nlost 3\nevent 10\n");
}
END_TEST

/* No event: the head all the same, and it says nothing of the first. */
START_TEST(test_nothing)
{
	struct sink sink;

	open_sink(&sink, &ops, 0);
	if (_i)
		sink_begin(&sink);
	sink_finish(&sink);
	ck_assert_int_eq(sink_done(&sink), 0);
	folder_expect(path, HEAD);
}
END_TEST

/* A file that is there: what is behind it afterwards, and what it has become. */
static const struct {
	const char *before, *after, *old;
} there[] = {
	{ "", HEAD "#first 2\nevent 2\n", NULL },
	{ HEAD, HEAD "event 2\n", NULL },
	{ HEAD "#first 1\nevent 1\n", HEAD "#first 1\nevent 1\nevent 2\n", NULL },
	/* It was killed while it wrote. */
	{ HEAD "event 1\neve", HEAD "event 1\nevent 2\n", NULL },
	{ HEAD "eve", HEAD "event 2\n", NULL },
	{ "#hea", HEAD "#first 2\nevent 2\n", "#hea" },
	{ "#other\nevent 1\n", HEAD "#first 2\nevent 2\n", "#other\nevent 1\n" },
};

START_TEST(test_there)
{
	struct sink sink;

	folder_put(path, there[_i].before);
	open_sink(&sink, &ops, 0);
	put(&sink, 2);
	sink_finish(&sink);
	ck_assert_int_eq(sink_done(&sink), 0);
	folder_expect(path, there[_i].after);
	folder_expect(old_path(1), there[_i].old);
}
END_TEST

/* Every line is in one of the files, and no file is larger than it may be. */
START_TEST(test_rotation)
{
	const uint64_t max_size = 60 + (uint64_t)_i;
	struct sink sink;
	struct told told;

	open_sink(&sink, &ops, max_size);
	for (uint64_t n = 1; n <= 12; n++) {
		put(&sink, n);
		if (n % 5 == 0)
			sink_flush(&sink);
	}
	sink_finish(&sink);
	ck_assert_int_eq(sink_trouble(&sink), 0);
	ck_assert_int_eq(sink_done(&sink), 0);
	for (unsigned n = 0; n <= OLD; n++)
		ck_assert_int_le(size_of(old_path(n)), (int64_t)max_size);
	told = read_files(HEAD "#first ", 1);
	ck_assert_uint_eq(told.lines, 12);
	ck_assert_uint_eq(told.lost, 0);
	ck_assert_uint_ge(told.files, 2);
}
END_TEST

/* A limit below a line: a file takes one all the same. */
START_TEST(test_tiny_limit)
{
	struct sink sink;

	open_sink(&sink, &headless, 1);
	for (uint64_t n = 1; n <= 3; n++)
		put(&sink, n);
	sink_finish(&sink);
	ck_assert_int_eq(sink_done(&sink), 0);
	folder_expect(path, "event 3\n");
	folder_expect(old_path(1), "event 2\n");
	folder_expect(old_path(2), "event 1\n");
}
END_TEST

/* It cannot be rotated: lines are lost at the limit, told at the end, and the limit holds. */
START_TEST(test_stuck)
{
	const char *new = folder_path(&folder, "log.new");
	struct sink sink;
	struct told told;

	ck_assert_int_eq(mkdir(new, 0700), 0);
	open_sink(&sink, &ops, 60);
	for (uint64_t n = 1; n <= 50; n++) {
		put(&sink, n);
		if (n % 7 == 0)
			sink_flush(&sink);
	}
	ck_assert_int_eq(sink_trouble(&sink), -EISDIR);
	sink_finish(&sink);
	ck_assert_int_eq(rmdir(new), 0);
	ck_assert_uint_gt(sink_lost(&sink), 0);
	told = read_files(HEAD, 1);
	ck_assert_uint_eq(told.lost, sink_lost(&sink));
	ck_assert_uint_eq(told.next, 51);
	ck_assert_int_le(size_of(path), 60);
	ck_assert_int_eq(sink_done(&sink), 0);
}
END_TEST

/* A line that is longer than all buffers, on a disk that takes but a part of it. */
START_TEST(test_long_line)
{
	const size_t len = 1 << 20;
	char *line = g_malloc(len);
	struct sink sink;

	memset(line, 'x', len);
	line[len - 1] = '\n';
	disk = _i ? 700000 : -1;
	open_sink(&sink, &headless, 0);
	put(&sink, 1);
	for (size_t at = 0; at < len; at += 65536) {
		sink_text(&sink, line + at, 65536, 2, at + 65536 == len);
		sink_flush(&sink);
	}
	put(&sink, 3);
	sink_finish(&sink);
	ck_assert_uint_eq(sink_lost(&sink), _i ? 1 : 0);
	ck_assert_int_eq(sink_done(&sink), 0);
	if (_i)
		folder_expect(path, "event 1\nlost 1\nevent 3\n");
	else
		ck_assert_int_eq(size_of(path), (int64_t)len + 16);
	g_free(line);
}
END_TEST

/* Without ops there is no line that could be taken back. */
START_TEST(test_bytes)
{
	struct file file;
	struct sink sink;
	char *bytes = g_malloc0(200000);

	disk = _i ? 100000 : -1;
	ck_assert_int_eq(file_open(&file, path, false, false), 0);
	file.write = write_disk;
	ck_assert_int_eq(sink_init(&sink, &file), 0);
	sink_text(&sink, "no line", 7, 0, false);
	sink_text(&sink, bytes, 200000, 0, false);
	sink_text(&sink, "end", 3, 0, false);
	sink_flush(&sink);
	ck_assert_int_eq(sink_error(&sink), _i ? -ENOSPC : 0);
	ck_assert_uint_eq(sink_lost(&sink), 0);
	ck_assert_int_eq(sink_done(&sink), _i ? -ENOSPC : 0);
	ck_assert_int_eq(size_of(path), _i ? 100000 : 200010);
	g_free(bytes);
}
END_TEST

/* Another error is the last: nothing is lost behind it, since nothing comes any more. */
START_TEST(test_error)
{
	struct file file;
	struct sink sink;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	close(fds[1]);
	file_init(&file, fds[0]); /* not for writing */
	ck_assert_int_eq(sink_init(&sink, &file), 0);
	sink_attach(&sink, &ops, NULL);
	put(&sink, 1);
	sink_flush(&sink);
	ck_assert_int_eq(sink_error(&sink), -EBADF);
	put(&sink, 2);
	sink_finish(&sink);
	ck_assert_uint_eq(sink_lost(&sink), 0);
	ck_assert_int_eq(sink_done(&sink), -EBADF);
}
END_TEST

static struct writer_change *
new_change(void)
{
	return g_new0(struct writer_change, 1);
}

START_TEST(test_change)
{
	struct writer_change *change = new_change();
	const char *moved = folder_path(&folder, "moved");
	struct sink sink;

	open_sink(&sink, &ops, 0);
	put(&sink, 1);
	change->message = g_strdup(HEAD); /* the same */
	sink_change(&sink, change);
	put(&sink, 2);
	change = new_change();
	change->limits = true;
	change->max_size = 1;
	change->rotations = 1;
	sink_change(&sink, change);
	put(&sink, 3);
	folder_expect(old_path(1), HEAD "#first 1\nevent 1\nevent 2\n");
	change = new_change();
	change->reopen = true;
	ck_assert_int_eq(rename(path, moved), 0);
	sink_change(&sink, change);
	put(&sink, 4);
	sink_finish(&sink);
	ck_assert_int_eq(sink_trouble(&sink), 0);
	ck_assert_int_eq(sink_done(&sink), 0);
	folder_expect(moved, HEAD "#first 3\nevent 3\n");
	folder_expect(path, HEAD "#first 4\nevent 4\n");
	folder_expect(old_path(1), HEAD "#first 1\nevent 1\nevent 2\n");
}
END_TEST

/* Another head, so another file; where there is no such thing, it stands in the middle. */
START_TEST(test_change_head)
{
	struct writer_change *change = new_change();
	struct sink sink;
	struct file file;

	if (_i) {
		file_init(&file, open(path, O_WRONLY | O_CREAT, 0600));
		ck_assert_int_eq(sink_init(&sink, &file), 0);
		sink_attach(&sink, &ops, NULL);
	} else {
		open_sink(&sink, &ops, 0);
	}
	put(&sink, 1);
	change->message = g_strdup("#other\n");
	sink_change(&sink, change);
	put(&sink, 2);
	sink_finish(&sink);
	ck_assert_int_eq(sink_done(&sink), 0);
	folder_expect(path, _i ? HEAD "#first 1\nevent 1\n#other\n#first 2\nevent 2\n"
			       : "#other\n#first 2\nevent 2\n");
	folder_expect(old_path(1), _i ? NULL : HEAD "#first 1\nevent 1\n");
}
END_TEST

/* It cannot be opened: lines go on where they went. */
START_TEST(test_change_fails)
{
	struct writer_change *change = new_change();
	struct sink sink;

	open_sink(&sink, &ops, 0);
	put(&sink, 1);
	change->reopen = true;
	change->path = g_strdup("/nowhere/at/all");
	sink_change(&sink, change);
	ck_assert_int_eq(sink_trouble(&sink), -ENOENT);
	put(&sink, 2);
	sink_finish(&sink);
	ck_assert_int_eq(sink_done(&sink), 0);
	folder_expect(path, HEAD "#first 1\nevent 1\nevent 2\n");
}
END_TEST

#define LOOP(tc, test, rows) tcase_add_loop_test(tc, test, 0, sizeof(rows) / sizeof((rows)[0]))

static Suite *
suite(void)
{
	Suite *s = suite_create("sink");
	TCase *tc = tcase_create("sink");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_plain);
	tcase_add_loop_test(tc, test_nothing, 0, 2);
	LOOP(tc, test_there, there);
	tcase_add_loop_test(tc, test_rotation, 0, 20);
	tcase_add_test(tc, test_tiny_limit);
	tcase_add_test(tc, test_stuck);
	tcase_add_loop_test(tc, test_long_line, 0, 2);
	tcase_add_loop_test(tc, test_bytes, 0, 2);
	tcase_add_test(tc, test_error);
	tcase_add_test(tc, test_change);
	tcase_add_loop_test(tc, test_change_head, 0, 2);
	tcase_add_test(tc, test_change_fails);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* A queue whose file is too slow: nobody waits, and what is lost is told where it would have stood.
 */
#include "record/writer.h"

#include <errno.h>
#include <stdio.h>

#include "folder.h"
#include "kit/kit.h"
#include "numbers.h"
#include "record/write.h"

/* A pipe that nobody reads. Packets go on, and what is lost is as much as was refused. */
struct stuck {
	struct writer *writer;
	int fds[2];
	unsigned refused;
	unsigned taken;
};

static void
stuck_open(struct stuck *stuck, struct folder *folder, struct numbers *numbers)
{
	const struct writer_options options = { .lossy = true };
	const char *path = folder_path(folder, "pipe");

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	stuck->refused = stuck->taken = 0;
	stuck->fds[0] = open(path, O_RDONLY | O_NONBLOCK);
	ck_assert_int_ge(stuck->fds[0], 0);
	ck_assert_int_eq(writer_open(path, &options, &stuck->writer), 0);
	writer_attach(stuck->writer, &ops, numbers);
}

/* Until one is refused, and some more. */
static void
stuck_fill(struct stuck *stuck)
{
	unsigned more = 1000;

	while (more) {
		unsigned n = stuck->taken + stuck->refused;

		if (record(stuck->writer, 7, n))
			stuck->taken++;
		else
			stuck->refused++;
		more -= stuck->refused > 0;
		if (n == 10000000)
			ck_abort_msg("it takes all");
	}
}

/* Reads until it has seen a line; returns how many before it are numbers. */
static unsigned
read_until(FILE *file, const char *wanted, char *line, size_t size)
{
	unsigned n = 0;

	while (fgets(line, (int)size, file)) {
		if (strstr(line, wanted))
			return n;
		if (strcmp(line, "number 7\n") != 0)
			ck_abort_msg("what is this? %s", line);
		n++;
	}
	ck_abort_msg("no line with %s", wanted);
	return 0;
}

/* Reads so many lines, which are numbers; returns how many were. */
static unsigned
read_numbers(FILE *file, unsigned wanted)
{
	char line[64];
	unsigned n = 0;

	while (n < wanted && fgets(line, sizeof(line), file) && !strcmp(line, "number 7\n"))
		n++;
	return n;
}

START_TEST(test_lossy)
{
	struct numbers numbers = { 0 };
	struct folder folder;
	struct stuck stuck;
	char line[64], expected[64];
	unsigned all;
	FILE *file;

	folder_open(&folder);
	stuck_open(&stuck, &folder, &numbers);
	stuck_fill(&stuck);
	ck_assert_uint_ge(writer_lost(stuck.writer), stuck.refused);
	/* A line too is lost as a whole, and nobody is told to wait. */
	writer_time(stuck.writer, stuck.taken + stuck.refused);
	write_text(stuck.writer, "a line");
	writer_end_line(stuck.writer);
	stuck.refused++;
	ck_assert_uint_eq(writer_lost(stuck.writer), stuck.refused);
	all = stuck.taken + stuck.refused;
	writer_flush(stuck.writer);
	fcntl(stuck.fds[0], F_SETFL, 0);
	file = fdopen(stuck.fds[0], "r");
	ck_assert_uint_eq(read_numbers(file, stuck.taken), stuck.taken);
	/* There is room again. */
	while (!record(stuck.writer, 8, 5))
		stuck.refused++;
	writer_flush(stuck.writer);
	ck_assert_uint_eq(read_until(file, "lost", line, sizeof(line)), 0);
	snprintf(expected, sizeof(expected), " lost %u\n", stuck.refused);
	ck_assert_str_eq(strchr(line, ' '), expected);
	ck_assert_uint_ge(strtoul(line, NULL, 10), all - 1);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	ck_assert_str_eq(line, "number 8\n");
	ck_assert_uint_eq(writer_lost(stuck.writer), stuck.refused);
	ck_assert_int_eq(writer_close(stuck.writer), 0);
	ck_assert_ptr_null(fgets(line, sizeof(line), file));
	fclose(file);
	folder_close(&folder);
}
END_TEST

/* Something small still has room where something large had none: it does not come before the line
 * that tells. */
START_TEST(test_lossy_order)
{
	struct numbers numbers = { 0 };
	struct folder folder;
	struct stuck stuck;
	char line[64];
	unsigned n = 0;
	FILE *file;

	folder_open(&folder);
	stuck_open(&stuck, &folder, &numbers);
	while (!writer_lost(stuck.writer)) {
		stuck.taken += record(stuck.writer, 7, 1);
		writer_time(stuck.writer, ++n);
		write_text(stuck.writer, "number 7");
		writer_end_line(stuck.writer);
		stuck.taken++;
	}
	stuck.taken--;
	ck_assert(record(stuck.writer, 8, 5));
	ck_assert_uint_eq(writer_lost(stuck.writer), 1);
	writer_flush(stuck.writer);
	fcntl(stuck.fds[0], F_SETFL, 0);
	file = fdopen(stuck.fds[0], "r");
	ck_assert_uint_eq(read_numbers(file, stuck.taken), stuck.taken);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	ck_assert_uint_eq(strtoul(line, NULL, 10), n);
	ck_assert_str_eq(strchr(line, ' '), " lost 1\n");
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	ck_assert_str_eq(line, "number 8\n");
	ck_assert_int_eq(writer_close(stuck.writer), 0);
	fclose(file);
	folder_close(&folder);
}
END_TEST

/* Nobody ever reads, and it ends all the same, soon. */
START_TEST(test_lossy_close)
{
	struct numbers numbers = { 0 };
	struct folder folder;
	struct stuck stuck;

	folder_open(&folder);
	stuck_open(&stuck, &folder, &numbers);
	stuck_fill(&stuck);
	writer_detach(stuck.writer);
	ck_assert_int_eq(writer_close(stuck.writer), -ETIMEDOUT);
	close(stuck.fds[0]);
	folder_close(&folder);
}
END_TEST

/* A change that is asked for while there is no room comes before what finds room next. */
START_TEST(test_lossy_change)
{
	struct numbers numbers = { 0 };
	struct folder folder;
	struct stuck stuck;
	FILE *file;
	char line[64];

	folder_open(&folder);
	stuck_open(&stuck, &folder, &numbers);
	stuck_fill(&stuck);
	writer_reopen(stuck.writer); /* which flushes */
	writer_reopen(stuck.writer);
	ck_assert_int_eq(writer_trouble(stuck.writer), 0);
	fcntl(stuck.fds[0], F_SETFL, 0);
	file = fdopen(stuck.fds[0], "r");
	ck_assert_uint_eq(read_numbers(file, stuck.taken), stuck.taken);
	while (!record(stuck.writer, 8, 5))
		;
	writer_sync(stuck.writer);
	ck_assert_int_eq(writer_trouble(stuck.writer), -EINVAL); /* a pipe */
	read_until(file, "lost", line, sizeof(line));
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	ck_assert_str_eq(line, "number 8\n");
	ck_assert_int_eq(writer_close(stuck.writer), 0);
	fclose(file);
	folder_close(&folder);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("writer-lossy");
	TCase *tc = tcase_create("lossy");

	tcase_add_test(tc, test_lossy);
	tcase_add_test(tc, test_lossy_order);
	tcase_add_test(tc, test_lossy_close);
	tcase_add_test(tc, test_lossy_change);
	tcase_set_timeout(tc, 20);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

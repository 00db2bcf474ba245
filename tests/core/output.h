/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a writer has written, for tests. */
#ifndef TESTS_OUTPUT_H
#define TESTS_OUTPUT_H

#include <check.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record/writer.h"

struct output {
	struct writer *writer;
	int fd; /* a file in memory */
};

static inline void
output_open(struct output *output, bool threaded)
{
	output->fd = memfd_create("output", MFD_CLOEXEC);
	ck_assert_int_ge(output->fd, 0);
	ck_assert_int_eq(writer_new(dup(output->fd), threaded, &output->writer), 0);
}

/* Closes the writer and returns what was written, with a zero behind it; the caller frees it. */
static inline char *
output_close(struct output *output, size_t *ret_len)
{
	off_t len;
	char *text;

	ck_assert_int_eq(writer_close(output->writer), 0);
	len = lseek(output->fd, 0, SEEK_END);
	ck_assert_int_ge(len, 0);
	text = malloc((size_t)len + 1);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(pread(output->fd, text, (size_t)len, 0), len);
	text[len] = '\0';
	close(output->fd);
	if (ret_len)
		*ret_len = (size_t)len;
	return text;
}

/* Closes the writer and compares what was written. */
static inline void
output_expect(struct output *output, const char *expected)
{
	char *text = output_close(output, NULL);

	ck_assert_str_eq(text, expected);
	free(text);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of a test's own, and what is in its files. */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <check.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

struct folder {
	char path[32];
	char *names[8]; /* that folder_path() has given */
	unsigned n;
};

static inline void
folder_open(struct folder *folder)
{
	*folder = (struct folder){ .path = "/tmp/postern-test-XXXXXX" };
	ck_assert_ptr_nonnull(mkdtemp(folder->path));
}

/* Files that are not named here keep it from being removed, which is a failure. */
static inline void
folder_close(struct folder *folder)
{
	for (unsigned n = 0; n < folder->n; n++) {
		unlink(folder->names[n]);
		g_free(folder->names[n]);
	}
	ck_assert_int_eq(rmdir(folder->path), 0);
}

/* Valid until the folder is closed. */
static inline const char *
folder_path(struct folder *folder, const char *name)
{
	char *path = g_build_filename(folder->path, name, NULL);

	for (unsigned n = 0; n < folder->n; n++) {
		if (strcmp(folder->names[n], path) != 0)
			continue;
		g_free(path);
		return folder->names[n];
	}
	ck_assert_uint_lt(folder->n, G_N_ELEMENTS(folder->names));
	folder->names[folder->n] = path;
	return folder->names[folder->n++];
}

static inline void
folder_put(const char *path, const char *text)
{
	ck_assert(g_file_set_contents(path, text, -1, NULL));
}

/* NULL if there is no such file; the caller frees it by g_free(). */
static inline char *
folder_get(const char *path)
{
	char *text;

	return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

static inline void
folder_expect(const char *path, const char *expected)
{
	char *text = folder_get(path);

	if (!expected)
		ck_assert_msg(!text, "%s: is there: %s", path, text);
	else
		ck_assert_str_eq(text ? text : "(not there)", expected);
	g_free(text);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file that lines end in: opened with care, cut back to whole lines, rotated.
 *
 * All functions are called by one thread at a time, which writes; none of them keeps lines. A file
 * that was opened here and is a regular one is `tidy`: what was written of it last can be taken
 * back. A pipe, a device or a descriptor that was handed in is written to and no more.
 */
#ifndef RECORD_FILE_H
#define RECORD_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct file {
	int fd;
	char *path; /* NULL: a descriptor that was handed in */
	bool tidy;
	bool guarded;       /* as in struct writer_options */
	unsigned rotations; /* likewise; 0 is 1 */
	uint64_t size;      /* of a tidy file */
	/* Once true, nobody waits long for a reader; NULL: for good. */
	const atomic_bool *hurry;
	ssize_t (*write)(int fd, const void *bytes, size_t len); /* write(2), but for tests */
};

/* Takes over `fd` unless it is 1 or 2. */
void file_init(struct file *file, int fd);

/*
 * Opens a file that is made if there is none; "-" is standard output. A regular file is emptied
 * unless `append`, which takes no other (-EINVAL). With `guarded` a new file has mode 0640 and no
 * symbolic link to a regular file is followed (-ELOOP).
 */
int file_open(struct file *file, const char *path, bool guarded, bool append);

/* 0, or why it could not be closed. */
int file_close(struct file *file);

/* Opens `path` (NULL: the same again), to append. The file stays as it is if that fails. -EINVAL:
 * there is no path, or no regular file is there. */
int file_reopen(struct file *file, const char *path);

/*
 * Writes all of it, or fails; *ret_written tells how much was written in either case. Waits for a
 * slow reader.
 */
int file_write(struct file *file, const char *bytes, size_t len, size_t *ret_written);

/* Has a write failed for lack of room? Then there may be room again later. */
bool file_is_full(int error);

/* Takes back what a tidy file has behind `size`. */
int file_cut(struct file *file, uint64_t size);

/* Reads the last bytes of a tidy file, at most `len`; returns how many, or a negative errno. */
ssize_t file_tail(const struct file *file, char *bytes, size_t len);

/* Does a tidy file begin with these bytes? */
bool file_starts_with(const struct file *file, const char *bytes, size_t len);

/*
 * Puts a new file that begins with `head` in its place: PATH.old.2 becomes PATH.old.3, and so on up
 * to `rotations`, PATH.old PATH.old.2, and PATH PATH.old. The new file is made first, as PATH.new,
 * so where there is no room nothing is lost but the oldest file. On failure the file stays.
 */
int file_rotate(struct file *file, const char *head, size_t len);

#endif

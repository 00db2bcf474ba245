// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file of lines on its way through full disks and rotations.
 *
 * Names are what can be attacked here: a log stands in a folder that others may be able to write
 * to, and is written by someone who may do everything. So a new file is made by O_EXCL, one that is
 * there is opened by O_NOFOLLOW, and rotation only renames, which follows nothing. O_APPEND keeps
 * two writers of one file from writing over each other, and a file that was cut back has no hole.
 *
 * A file that a person names, to be filled anew, may be a pipe or a device, and that may be reached
 * through a link, since nothing is made or emptied then: /dev/stdout is a link, and so is what a
 * shell gives for >(…). A file that is appended to is a regular one.
 */
#include "record/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

#define FLAGS        (O_APPEND | O_CLOEXEC | O_NOCTTY)
#define LINGER_MS    1000 /* for a reader who does not read, when all is to end */
#define POLL_MS      100
#define MODE         0666
#define MODE_GUARDED 0640
#define SUFFIX_OLD   ".old"
#define SUFFIX_NEW   ".new"

/* What a pipe that poll() calls writable takes without making anyone wait. */
#define PIECE PIPE_BUF

void
file_init(struct file *file, int fd)
{
	*file = (struct file){ .fd = fd, .write = write };
}

static mode_t
mode_of(bool guarded)
{
	return guarded ? MODE_GUARDED : MODE;
}

/* Returns the descriptor. A regular file must be readable too, for file_tail(). */
static int
open_path(const char *path, bool guarded, bool append)
{
	int follow = guarded ? O_NOFOLLOW : 0, fd;
	struct stat st;

	if (!append && !stat(path, &st) && !S_ISREG(st.st_mode))
		fd = open(path, O_WRONLY | FLAGS);
	else
		fd = open(path, O_RDWR | O_CREAT | FLAGS | follow, mode_of(guarded));
	return fd < 0 ? -errno : fd;
}

/*
 * Fills in what the descriptor is. `special`: it may be no regular file. Where a link was followed
 * because it did not lead to one, it must not lead to one now.
 */
static int
take(struct file *file, int fd, bool guarded, bool special)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	if (fstat(fd, &st) < 0 || flags < 0)
		return -errno;
	if (S_ISREG(st.st_mode) && (flags & O_ACCMODE) == O_WRONLY && guarded)
		return -ELOOP;
	if (!S_ISREG(st.st_mode) && !special)
		return -EINVAL;
	file->fd = fd;
	file->tidy = S_ISREG(st.st_mode);
	file->size = file->tidy ? (uint64_t)st.st_size : 0;
	return 0;
}

int
file_open(struct file *file, const char *path, bool guarded, bool append)
{
	int fd, r;

	file_init(file, STDOUT_FILENO);
	if (!strcmp(path, "-"))
		return 0;
	fd = open_path(path, guarded, append);
	if (fd < 0)
		return fd;
	r = take(file, fd, guarded, !append);
	if (r >= 0 && file->tidy && !append)
		r = file_cut(file, 0);
	if (r < 0) {
		close(fd);
		return r;
	}
	file->path = g_strdup(path);
	file->guarded = guarded;
	return 0;
}

int
file_close(struct file *file)
{
	int r = 0;

	if (file->fd > STDERR_FILENO && close(file->fd) < 0)
		r = -errno;
	g_free(file->path);
	file_init(file, -1);
	return r;
}

int
file_reopen(struct file *file, const char *path)
{
	struct file old = *file;
	int fd, r;

	path = path ? path : file->path;
	if (!path)
		return -EINVAL;
	fd = open_path(path, file->guarded, true);
	if (fd < 0)
		return fd;
	r = take(file, fd, file->guarded, false);
	if (r < 0) {
		close(fd);
		return r;
	}
	if (old.fd > STDERR_FILENO)
		close(old.fd);
	file->path = g_strdup(path);
	g_free(old.path);
	return 0;
}

/* Waits until the descriptor can take more. */
static int
wait_writable(const struct file *file)
{
	struct pollfd p = { .fd = file->fd, .events = POLLOUT };
	int waited = 0, n;

	for (;;) {
		n = poll(&p, 1, file->hurry ? POLL_MS : -1);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (file->hurry && *file->hurry && (waited += POLL_MS) >= LINGER_MS)
			return -ETIMEDOUT;
	}
}

/* Who must not wait for ever asks first, and writes no more than fits. */
static ssize_t
write_some(const struct file *file, const char *bytes, size_t len)
{
	if (file->hurry && !file->tidy) {
		int r = wait_writable(file);

		if (r < 0) {
			errno = -r;
			return -1;
		}
		len = MIN(len, PIECE);
	}
	return file->write(file->fd, bytes, len);
}

int
file_write(struct file *file, const char *bytes, size_t len, size_t *ret_written)
{
	size_t done = 0;
	int r = 0;

	while (done < len && !r) {
		ssize_t n = write_some(file, bytes + done, len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			r = -EIO;
		else if (errno == EAGAIN)
			r = wait_writable(file);
		else if (errno != EINTR)
			r = -errno;
	}
	file->size += done;
	*ret_written = done;
	return r;
}

bool
file_is_full(int error)
{
	return error == -ENOSPC || error == -EDQUOT || error == -EFBIG;
}

int
file_cut(struct file *file, uint64_t size)
{
	if (ftruncate(file->fd, (off_t)size) < 0)
		return -errno;
	file->size = size;
	return 0;
}

static ssize_t
read_at(const struct file *file, char *bytes, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(file->fd, bytes + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

ssize_t
file_tail(const struct file *file, char *bytes, size_t len)
{
	len = file->size < len ? (size_t)file->size : len;
	return read_at(file, bytes, len, file->size - len);
}

bool
file_starts_with(const struct file *file, const char *bytes, size_t len)
{
	g_autofree char *start = g_malloc(len + 1);

	return read_at(file, start, len, 0) == (ssize_t)len && !memcmp(start, bytes, len);
}

/* The name of the nth old file, from 1. */
static char *
old_path(const struct file *file, unsigned n)
{
	if (n == 1)
		return g_strconcat(file->path, SUFFIX_OLD, NULL);
	return g_strdup_printf("%s" SUFFIX_OLD ".%u", file->path, n);
}

/* Gives the file, and all old ones, the next name each. What is missing is not missed. */
static int
rename_all(const struct file *file)
{
	for (unsigned n = MAX(file->rotations, 1u); n; n--) {
		g_autofree char *from = n > 1 ? old_path(file, n - 1) : g_strdup(file->path);
		g_autofree char *to = old_path(file, n);

		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* Makes a file that begins with `head`; returns its descriptor. */
static int
make_new(const struct file *file, const char *path, const char *head, size_t len)
{
	struct file new;
	size_t written;
	int fd, r;

	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | FLAGS, mode_of(file->guarded));
	if (fd < 0)
		return -errno;
	file_init(&new, fd);
	new.write = file->write;
	r = file_write(&new, head, len, &written);
	if (!r)
		return fd;
	close(fd);
	unlink(path);
	return r;
}

int
file_rotate(struct file *file, const char *head, size_t len)
{
	g_autofree char *path = NULL, *oldest = NULL;
	int fd, r;

	if (!file->path || !file->tidy)
		return -EINVAL;
	path = g_strconcat(file->path, SUFFIX_NEW, NULL);
	oldest = old_path(file, MAX(file->rotations, 1u));
	fd = make_new(file, path, head, len);
	if (file_is_full(fd) && !unlink(oldest))
		fd = make_new(file, path, head, len);
	if (fd < 0)
		return fd;
	r = rename_all(file);
	if (!r && rename(path, file->path) < 0)
		r = -errno;
	if (r) {
		unlink(path);
		close(fd);
		return r;
	}
	close(file->fd);
	file->fd = fd;
	file->size = len;
	return 0;
}

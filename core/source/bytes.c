// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading bytes from a file descriptor, in a way that another thread can end.
 *
 * A regular file never makes a reader wait for long, so there a flag is enough. Anything else may
 * be silent for ever: there poll() watches an eventfd beside it. Plain read() and never mmap: on
 * large packets page faults cost more than the copy, and a file that shrinks would kill us.
 */
#include "source/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

struct bytes {
	int fd;
	int wake;  /* eventfd, or -1 for a regular file */
	bool ours; /* to close */
	atomic_bool cancelled;
	atomic_uint_fast64_t done;
	uint64_t size;
};

/* Says what failed, and passes its errno value on. */
static int
bytes_failed(const char *what, int err, char **ret_message)
{
	*ret_message = g_strdup_printf("%s: %s", what, g_strerror(err));
	return -err;
}

/* Looks at what kind of file it is. */
static int
bytes_prepare(struct bytes *bytes, char **ret_message)
{
	struct stat st;

	if (fstat(bytes->fd, &st) < 0)
		return bytes_failed("cannot be read", errno, ret_message);
	if (S_ISDIR(st.st_mode)) {
		*ret_message = g_strdup("is a directory: name the captures in it");
		return -EISDIR;
	}
	if (S_ISREG(st.st_mode)) {
		bytes->size = (uint64_t)st.st_size;
		posix_fadvise(bytes->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
		return 0;
	}
	bytes->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (bytes->wake < 0)
		return bytes_failed("cannot be watched", errno, ret_message);
	return 0;
}

int
bytes_open(const char *path, struct bytes **ret_bytes, char **ret_message)
{
	struct bytes *bytes = g_new0(struct bytes, 1);
	int ret;

	bytes->wake = -1;
	bytes->ours = strcmp(path, "-") != 0;
	bytes->fd = bytes->ours ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;
	if (bytes->fd < 0)
		ret = bytes_failed("cannot be opened", errno, ret_message);
	else
		ret = bytes_prepare(bytes, ret_message);
	if (ret < 0) {
		bytes_free(bytes);
		return ret;
	}
	*ret_bytes = bytes;
	return 0;
}

void
bytes_free(struct bytes *bytes)
{
	if (!bytes)
		return;
	if (bytes->ours && bytes->fd >= 0)
		close(bytes->fd);
	if (bytes->wake >= 0)
		close(bytes->wake);
	g_free(bytes);
}

/* Waits until there is something to read, or bytes_cancel(). */
static int
bytes_wait(const struct bytes *bytes)
{
	struct pollfd fds[] = {
		{ .fd = bytes->fd, .events = POLLIN },
		{ .fd = bytes->wake, .events = POLLIN },
	};

	return poll(fds, G_N_ELEMENTS(fds), -1) < 0 ? -errno : 0;
}

/* One read; what may be tried again is -EINTR, or -EAGAIN if another reader was faster. */
static ssize_t
bytes_try(struct bytes *bytes, uint8_t *to, size_t len)
{
	ssize_t n = bytes->wake >= 0 ? bytes_wait(bytes) : 0;

	if (atomic_load(&bytes->cancelled))
		return -ECANCELED;
	if (n < 0)
		return n;
	n = read(bytes->fd, to, len);
	if (n < 0)
		return -errno;
	atomic_fetch_add(&bytes->done, (uint64_t)n);
	return n;
}

ssize_t
bytes_read(struct bytes *bytes, uint8_t *to, size_t len, char **ret_message)
{
	ssize_t n;

	do
		n = bytes_try(bytes, to, len);
	while (n == -EINTR || n == -EAGAIN);
	if (n < 0 && n != -ECANCELED)
		*ret_message = g_strdup_printf("cannot be read at offset %" PRIu64 ": %s",
			bytes_done(bytes), g_strerror((int)-n));
	return n;
}

void
bytes_cancel(struct bytes *bytes)
{
	uint64_t one = 1;
	ssize_t n;

	atomic_store(&bytes->cancelled, true);
	if (bytes->wake < 0)
		return;
	/* It fails only when it is set already. */
	n = write(bytes->wake, &one, sizeof(one));
	(void)n;
}

uint64_t
bytes_done(const struct bytes *bytes)
{
	return atomic_load(&bytes->done);
}

uint64_t
bytes_size(const struct bytes *bytes)
{
	return bytes->size;
}

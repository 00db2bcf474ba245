// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Other programs.
 *
 * Input and output are files in memory, so nothing has to be pumped and nobody can block: the input
 * is there before the program starts, and its output is read when it has ended. Signals are as at
 * the start of a program, whatever this process has made of them.
 *
 * Limits: the caller's patience, then it is killed; PROCESS_OUTPUT_MAX. May be called by any
 * thread. Relies on: a SIGCHLD that is not ignored, and on descriptors that close on exec.
 */
#include "kernel/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

/* Nothing of ours: no path to other libraries or extensions, and messages in English. */
static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };

enum { INPUT, OUTPUT, ERRORS, FILES };

char *
process_find(const char *name)
{
	static const char *const folders[] = { "/usr/sbin", "/sbin" };

	for (unsigned i = 0; i < G_N_ELEMENTS(folders); i++) {
		char *path = g_build_filename(folders[i], name, NULL);

		if (!access(path, X_OK))
			return path;
		g_free(path);
	}
	return NULL;
}

static int
write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

/* What a file in memory holds. */
static int
read_all(int fd, char **ret_text)
{
	struct stat st;
	g_autofree char *text = NULL;
	size_t len = 0;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_size > PROCESS_OUTPUT_MAX)
		return -EFBIG;
	text = g_malloc((size_t)st.st_size + 1);
	while (len < (size_t)st.st_size) {
		ssize_t n = pread(fd, text + len, (size_t)st.st_size - len, (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	*ret_text = g_steal_pointer(&text);
	return 0;
}

static int
open_files(const char *input, int fds[FILES])
{
	for (unsigned i = 0; i < FILES; i++) {
		fds[i] = memfd_create("postern-process", MFD_CLOEXEC);
		if (fds[i] < 0)
			return -errno;
	}
	return input ? write_all(fds[INPUT], input, strlen(input)) : 0;
}

static void
close_files(const int fds[FILES])
{
	for (unsigned i = 0; i < FILES; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int
spawn(const char *const *argv, const int fds[FILES], pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	for (int i = 0; i < FILES; i++)
		posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	/* Neither array is written to: POSIX only has no const there. */
	r = posix_spawn(ret_pid, argv[0], &actions, &attributes, (char *const *)argv,
		(char *const *)environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Waits until it ends, or kills it. */
static int
wait_end(pid_t pid, unsigned seconds, int *ret_status)
{
	struct pollfd ended = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	gint64 until = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
	int r = 0;

	while (ended.fd >= 0 && !r) {
		gint64 left = (until - g_get_monotonic_time()) / 1000;

		r = poll(&ended, 1, left > 0 ? (int)left : 0);
		if (r < 0 && errno == EINTR)
			r = 0;
		else if (!r)
			r = -ETIMEDOUT;
	}
	if (ended.fd >= 0)
		close(ended.fd);
	if (r <= 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return r > 0 ? 0 : r == -ETIMEDOUT ? r : -EIO;
}

int
process_run(const char *const *argv, const char *input, unsigned seconds, char **ret_output,
	char **ret_errors)
{
	int fds[FILES] = { -1, -1, -1 };
	char *output = NULL, *errors = NULL;
	int status = 0;
	pid_t pid;
	int r;

	r = open_files(input, fds);
	if (r < 0)
		goto out;
	r = spawn(argv, fds, &pid);
	if (r < 0)
		goto out;
	r = wait_end(pid, seconds, &status);
	if (r < 0)
		goto out;
	r = read_all(fds[OUTPUT], &output);
	if (r < 0)
		goto out;
	r = read_all(fds[ERRORS], &errors);
	if (r < 0)
		goto out;
	if (ret_output)
		*ret_output = g_steal_pointer(&output);
	if (ret_errors)
		*ret_errors = g_steal_pointer(&errors);
	r = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
out:
	g_free(output);
	g_free(errors);
	close_files(fds);
	return r;
}

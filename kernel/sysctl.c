// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Settings of the kernel, below /proc/sys.
 *
 * The file has a line for each, "NAME WAS NOW", and is written before the setting is changed, so a
 * crash in between leaves nothing that nobody knows of. It is replaced as a whole.
 *
 * Limits: the names in `known`, values that are int. No two threads with the same file.
 */
#include "kernel/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

/* Everything that may be changed, and so restored. */
static const char *const known[] = { SYSCTL_ACCOUNTING, SYSCTL_EVENTS };

#define KNOWN G_N_ELEMENTS(known)

/* Longest file that is read, bytes. */
#define STATE_MAX 4096

struct memory {
	bool is_set;
	int was;
	int now;
};

static int
find_known(const char *name, size_t len)
{
	for (unsigned i = 0; i < KNOWN; i++)
		if (strlen(known[i]) == len && !memcmp(known[i], name, len))
			return (int)i;
	return -ENOENT;
}

/* A small file as a string. */
static int
read_small(const char *path, int flags, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	ssize_t n;
	int r = 0;

	if (fd < 0)
		return -errno;
	n = read(fd, buffer, size - 1);
	if (n < 0)
		r = -errno;
	else
		buffer[n] = '\0';
	close(fd);
	return r;
}

int
sysctl_get(const char *name)
{
	g_autofree char *path = g_build_filename("/proc/sys", name, NULL);
	char text[32];
	int value;
	int r = read_small(path, 0, text, sizeof(text));

	if (r < 0)
		return r;
	return sscanf(text, "%d", &value) == 1 && value >= 0 ? value : -ERANGE;
}

static int
put(const char *name, int value)
{
	g_autofree char *path = g_build_filename("/proc/sys", name, NULL);
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", value);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)len) != len)
		r = errno ? -errno : -EIO;
	close(fd);
	return r;
}

/* Lines of other names, or that are no such lines, say nothing. */
static int
load(const char *state, struct memory memory[KNOWN])
{
	char text[STATE_MAX];
	int r = read_small(state, O_NOFOLLOW, text, sizeof(text));

	memset(memory, 0, KNOWN * sizeof(*memory));
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (char *line = text; line; line = strchr(line, '\n')) {
		struct memory one = { .is_set = true };
		int i;

		line += *line == '\n';
		i = find_known(line, strcspn(line, " \n"));
		if (i < 0 || sscanf(line + strlen(known[i]), "%d %d", &one.was, &one.now) != 2)
			continue;
		if (one.was >= 0 && one.now >= 0)
			memory[i] = one;
	}
	return 0;
}

static int
save(const char *state, const struct memory memory[KNOWN])
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned i = 0; i < KNOWN; i++)
		if (memory[i].is_set)
			g_string_append_printf(
				text, "%s %d %d\n", known[i], memory[i].was, memory[i].now);
	if (!text->len)
		return unlink(state) && errno != ENOENT ? -errno : 0;
	errno = 0;
	if (!g_file_set_contents_full(state, text->str, (gssize)text->len,
		    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, NULL))
		return errno ? -errno : -EIO;
	return 0;
}

int
sysctl_set(const char *state, const char *name, int value)
{
	struct memory memory[KNOWN];
	int i = find_known(name, strlen(name));
	int was;
	int r;

	if (i < 0)
		return -EINVAL;
	was = sysctl_get(name);
	if (was < 0)
		return was;
	if (was == value)
		return 0;
	if (state) {
		r = load(state, memory);
		if (r < 0)
			return r;
		memory[i].was = memory[i].is_set ? memory[i].was : was;
		memory[i].now = value;
		memory[i].is_set = true;
		r = save(state, memory);
		if (r < 0)
			return r;
	}
	r = put(name, value);
	return r < 0 ? r : 1;
}

int
sysctl_restore(const char *state)
{
	struct memory memory[KNOWN];
	int r = load(state, memory);
	int result = 0;

	if (r < 0)
		return r;
	for (unsigned i = 0; i < KNOWN; i++) {
		if (!memory[i].is_set)
			continue;
		if (sysctl_get(known[i]) == memory[i].now) {
			r = put(known[i], memory[i].was);
			if (r < 0) {
				result = r;
				continue;
			}
		}
		memory[i].is_set = false;
	}
	r = save(state, memory);
	return result < 0 ? result : r;
}

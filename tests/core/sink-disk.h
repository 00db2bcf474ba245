/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sink over a disk that can be full at any byte, for tests.
 *
 * The events here are numbered from 1, and a line is its number. Whatever happens, reading the
 * files gives numbers in order, and each that is not there is in a line that tells of losses.
 */
#ifndef TESTS_SINK_DISK_H
#define TESTS_SINK_DISK_H

#include <errno.h>
#include <inttypes.h>

#include "folder.h"
#include "record/sink.h"

#define HEAD "#head\n"
#define OLD  3u

static struct folder folder;
static const char *path;
static char head[32]; /* what ops->head() says */

/* The disk: bytes that all files of the log may have together; negative: no limit. */
static int64_t disk;

static inline const char *
old_path(unsigned n)
{
	char name[32];

	if (!n)
		return path;
	snprintf(name, sizeof(name), n == 1 ? "log.old" : "log.old.%u", n);
	return folder_path(&folder, name);
}

static inline void
setup(void)
{
	folder_open(&folder);
	path = folder_path(&folder, "log");
	g_strlcpy(head, HEAD, sizeof(head));
	disk = -1;
}

static inline void
teardown(void)
{
	folder_close(&folder);
}

static inline int64_t
size_of(const char *file)
{
	struct stat st;

	return stat(file, &st) < 0 ? 0 : st.st_size;
}

/* write(2) on that disk. */
static inline ssize_t
write_disk(int fd, const void *bytes, size_t len)
{
	int64_t used = size_of(folder_path(&folder, "log.new"));

	for (unsigned n = 0; n <= OLD; n++)
		used += size_of(old_path(n));
	if (disk >= 0 && used + (int64_t)len > disk) {
		len = used < disk ? (size_t)(disk - used) : 0;
		if (!len) {
			errno = ENOSPC;
			return -1;
		}
	}
	return write(fd, bytes, len);
}

static inline char *
put_text(char *at, const char *format, uint64_t number)
{
	return at + sprintf(at, format, number);
}

static inline char *
format_line(void *context, const struct writer_item *item, char *at)
{
	return put_text(at, "event %" PRIu64 "\n", item->time);
}

static inline char *
format_lost(void *context, uint64_t count, uint64_t time, char *at)
{
	return put_text(at, "lost %" PRIu64 "\n", count);
}

static inline uint64_t
weigh(const char *line, size_t len, bool *ret_is_lost)
{
	*ret_is_lost = len > 5 && !memcmp(line, "lost ", 5);
	if (*ret_is_lost)
		return strtoull(line + 5, NULL, 10);
	return line[0] != '#';
}

static inline char *
put_head(void *context, uint64_t time, char *at)
{
	at += sprintf(at, "%s", head);
	return time ? put_text(at, "#first %" PRIu64 "\n", time) : at;
}

static inline void
change_head(void *context, const void *message)
{
	g_strlcpy(head, message, sizeof(head));
}

static const struct writer_ops ops = {
	.format = format_line,
	.lost = format_lost,
	.weigh = weigh,
	.head = put_head,
	.change = change_head,
};
static const struct writer_ops headless = {
	.format = format_line,
	.lost = format_lost,
	.weigh = weigh,
};

static inline void
open_sink(struct sink *sink, const struct writer_ops *with, uint64_t max_size)
{
	struct file file;

	ck_assert_int_eq(file_open(&file, path, true, true), 0);
	file.rotations = OLD;
	file.write = write_disk;
	ck_assert_int_eq(sink_init(sink, &file), 0);
	sink->max_size = max_size;
	sink_attach(sink, with, NULL);
}

static inline void
put(struct sink *sink, uint64_t number)
{
	const struct writer_item item = { .len = sizeof(item), .time = number };

	sink_record(sink, &item);
}

/* What the files tell. */
struct told {
	uint64_t next;  /* the number that comes next; 0: any */
	uint64_t lines; /* of events */
	uint64_t lost;  /* that a line tells of */
	unsigned bursts;
	unsigned files;
};

static inline void
read_line(struct told *told, const char *line, bool *at_loss)
{
	uint64_t number;

	if (sscanf(line, "event %" SCNu64, &number) == 1) {
		ck_assert(!told->next || number == told->next);
		told->next = number + 1;
		told->lines++;
		*at_loss = false;
	} else if (sscanf(line, "lost %" SCNu64, &number) == 1) {
		ck_assert_uint_gt(number, 0);
		ck_assert_msg(!*at_loss, "two lines about one loss");
		told->next += told->next ? number : 0;
		told->lost += number;
		told->bursts++;
		*at_loss = true;
	} else {
		ck_assert_msg(line[0] == '#', "what is this? %s", line);
	}
}

/* Reads all files, the oldest first; each must begin with a head, unless there is none. */
static inline struct told
read_files(const char *begin, uint64_t first)
{
	struct told told = { .next = first };
	bool at_loss = false;

	for (unsigned n = OLD + 1; n-- > 0;) {
		char *text = folder_get(old_path(n)), *at = text, *end;

		if (!text)
			continue;
		told.files++;
		ck_assert_msg(!*text || g_str_has_prefix(text, begin), "%s", text);
		while ((end = strchr(at, '\n')) != NULL) {
			*end = '\0';
			read_line(&told, at, &at_loss);
			at = end + 1;
		}
		ck_assert_msg(!*at, "half a line: %s", at);
		g_free(text);
	}
	return told;
}

#endif

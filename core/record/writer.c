// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines into a file, cheaply.
 *
 * A writer fills one buffer of 256 KiB and writes it when a line ends near its end; a line longer
 * than a buffer goes out in pieces. With a thread there are four buffers in a ring: the caller
 * fills one while the thread writes those before it, and waits only when all are full, so the two
 * meet once per buffer and memory stays bounded. The thread takes no signals. Nothing here looks at
 * a clock, so what is written depends only on what was appended.
 */
#include "record/writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <glib.h>

#include "record/text.h"

#define BUFFER_SIZE (256u * 1024)
#define BUFFERS     4u

struct writer {
	char *at; /* in buffer `current` */
	char *end;
	char *memory;
	struct text_day day;
	int fd;
	atomic_int error;
	bool threaded;
	unsigned current; /* buffer that is being filled */

	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t filled;
	pthread_cond_t freed;
	unsigned queued; /* full buffers, just before `current` in the ring */
	size_t lengths[BUFFERS];
	bool closing;
};

/* Waits until a descriptor that does not block can take more. */
static int
wait_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

static int
write_all(int fd, const char *bytes, size_t len)
{
	int r = 0;

	while (len && !r) {
		ssize_t n = write(fd, bytes, len);

		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		} else if (n == 0) {
			r = -EIO;
		} else if (errno == EAGAIN) {
			r = wait_writable(fd);
		} else if (errno != EINTR) {
			r = -errno;
		}
	}
	return r;
}

/* Writes a buffer, unless an earlier one could not be written. */
static void
write_buffer(struct writer *writer, const char *bytes, size_t len)
{
	if (!writer->error)
		writer->error = write_all(writer->fd, bytes, len);
}

static void *
writer_thread(void *data)
{
	struct writer *writer = data;

	pthread_mutex_lock(&writer->lock);
	for (;;) {
		while (!writer->queued && !writer->closing)
			pthread_cond_wait(&writer->filled, &writer->lock);
		if (!writer->queued)
			break;
		unsigned i = (writer->current + BUFFERS - writer->queued) % BUFFERS;

		pthread_mutex_unlock(&writer->lock);
		write_buffer(writer, writer->memory + i * BUFFER_SIZE, writer->lengths[i]);
		pthread_mutex_lock(&writer->lock);
		writer->queued--;
		pthread_cond_signal(&writer->freed);
	}
	pthread_mutex_unlock(&writer->lock);
	return NULL;
}

/* Queues the current buffer and makes the next one current, once it is free. */
static void
enqueue(struct writer *writer, size_t len)
{
	pthread_mutex_lock(&writer->lock);
	writer->lengths[writer->current] = len;
	writer->current = (writer->current + 1) % BUFFERS;
	writer->queued++;
	pthread_cond_signal(&writer->filled);
	while (writer->queued == BUFFERS)
		pthread_cond_wait(&writer->freed, &writer->lock);
	pthread_mutex_unlock(&writer->lock);
}

static void
hand_over(struct writer *writer)
{
	char *start = writer->memory + writer->current * BUFFER_SIZE;
	size_t len = (size_t)(writer->at - start);

	if (!len)
		return;
	if (writer->threaded)
		enqueue(writer, len);
	else
		write_buffer(writer, start, len);
	writer->at = writer->memory + writer->current * BUFFER_SIZE;
	writer->end = writer->at + BUFFER_SIZE;
}

/* Starts the thread with all signals blocked: they belong to the rest of the program. */
static int
start_thread(struct writer *writer)
{
	sigset_t all, before;
	int r;

	pthread_mutex_init(&writer->lock, NULL);
	pthread_cond_init(&writer->filled, NULL);
	pthread_cond_init(&writer->freed, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&writer->thread, NULL, writer_thread, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r ? -EAGAIN : 0;
}

static void
stop_thread(struct writer *writer)
{
	pthread_mutex_lock(&writer->lock);
	writer->closing = true;
	pthread_cond_signal(&writer->filled);
	pthread_mutex_unlock(&writer->lock);
	pthread_join(writer->thread, NULL);
	pthread_cond_destroy(&writer->freed);
	pthread_cond_destroy(&writer->filled);
	pthread_mutex_destroy(&writer->lock);
}

int
writer_new(int fd, bool threaded, struct writer **ret_writer)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	int r = -ENOMEM;

	if (!writer)
		return r;
	writer->fd = fd;
	writer->threaded = threaded;
	writer->memory = malloc((size_t)(threaded ? BUFFERS : 1) * BUFFER_SIZE);
	if (!writer->memory)
		goto out;
	writer->at = writer->memory;
	writer->end = writer->memory + BUFFER_SIZE;
	r = threaded ? start_thread(writer) : 0;
	if (r)
		goto out;
	*ret_writer = writer;
	return 0;
out:
	free(writer->memory);
	free(writer);
	return r;
}

int
writer_open(const char *path, bool threaded, struct writer **ret_writer)
{
	int fd, r;

	if (!strcmp(path, "-"))
		return writer_new(STDOUT_FILENO, threaded, ret_writer);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (fd < 0)
		return -errno;
	r = writer_new(fd, threaded, ret_writer);
	if (r)
		close(fd);
	return r;
}

int
writer_close(struct writer *writer)
{
	int r;

	if (!writer)
		return 0;
	hand_over(writer);
	if (writer->threaded)
		stop_thread(writer);
	r = writer->error;
	if (writer->fd != STDOUT_FILENO && writer->fd != STDERR_FILENO && close(writer->fd) && !r)
		r = -errno;
	free(writer->memory);
	free(writer);
	return r;
}

void
writer_flush(struct writer *writer)
{
	hand_over(writer);
}

int
writer_error(const struct writer *writer)
{
	return writer->error;
}

char *
writer_room(struct writer *writer, size_t len)
{
	assert(len <= WRITER_ROOM_MAX);
	if ((size_t)(writer->end - writer->at) < len)
		hand_over(writer);
	return writer->at;
}

void
writer_fill(struct writer *writer, const char *end)
{
	assert(end >= writer->at && end <= writer->end);
	writer->at += end - writer->at;
}

void
write_bytes(struct writer *writer, const char *bytes, size_t len)
{
	while (len) {
		size_t room = (size_t)(writer->end - writer->at);
		size_t part = len < room ? len : room;

		writer->at = text_bytes(writer->at, bytes, part);
		bytes += part;
		len -= part;
		if (len)
			hand_over(writer);
	}
}

void
write_text(struct writer *writer, const char *text)
{
	write_bytes(writer, text, strlen(text));
}

void
write_char(struct writer *writer, char c)
{
	char *at = writer_room(writer, 1);

	*at = c;
	writer_fill(writer, at + 1);
}

void
write_uint(struct writer *writer, uint64_t number)
{
	writer_fill(writer, text_uint(writer_room(writer, TEXT_UINT_MAX), number));
}

void
write_padded(struct writer *writer, uint64_t number, unsigned digits)
{
	writer_fill(writer, text_padded(writer_room(writer, digits), number, digits));
}

void
write_addr(struct writer *writer, const struct pn_addr *addr)
{
	writer_fill(writer, text_addr(writer_room(writer, ADDR_TEXT_MAX), addr));
}

void
write_time(struct writer *writer, uint64_t time)
{
	writer_fill(writer, text_time(writer_room(writer, TEXT_TIME_MAX), &writer->day, time));
}

void
write_end_line(struct writer *writer)
{
	write_char(writer, '\n');
	if (writer->end - writer->at < WRITER_ROOM_MAX)
		hand_over(writer);
}

/* The character behind the backslash of a short escape (RFC 8259 §7), 'u' for a long one, or 0. */
static char
json_escape(unsigned char c)
{
	static const char shorts[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
	};

	if (c == '"' || c == '\\')
		return (char)c;
	if (c >= 0x20)
		return 0;
	return c < sizeof(shorts) && shorts[c] ? shorts[c] : 'u';
}

/* Valid UTF-8 from `text` to `end`, as the inside of a JSON string. */
static void
write_json_part(struct writer *writer, const char *text, const char *end)
{
	static const char hex[] = "0123456789abcdef";
	const char *plain = text;

	for (; text < end; text++) {
		unsigned char c = (unsigned char)*text;
		char escape = json_escape(c);

		if (!escape)
			continue;
		write_bytes(writer, plain, (size_t)(text - plain));
		plain = text + 1;
		write_char(writer, '\\');
		write_char(writer, escape);
		if (escape == 'u') {
			write_bytes(writer, "00", 2);
			write_char(writer, hex[c >> 4]);
			write_char(writer, hex[c & 15]);
		}
	}
	write_bytes(writer, plain, (size_t)(end - plain));
}

void
write_json(struct writer *writer, const char *text)
{
	if (!text) {
		write_bytes(writer, "null", 4);
		return;
	}
	write_char(writer, '"');
	while (*text) {
		const char *end;

		g_utf8_validate(text, -1, &end);
		write_json_part(writer, text, end);
		text = end;
		if (*text) {
			write_text(writer, "\xef\xbf\xbd"); /* U+FFFD for a byte that is none */
			text++;
		}
	}
	write_char(writer, '"');
}

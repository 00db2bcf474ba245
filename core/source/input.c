// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Buffers in a ring, each filled by one read. In front of every buffer is headroom: what is left of
 * one buffer is copied there when the window moves to the next, so a packet that lies across the
 * border is in one piece and no other byte is copied. The ring has one buffer, or with a thread
 * that reads ahead RING_AHEAD: one is the window's, the thread fills the others in turn.
 *
 * The headroom is as large as the largest piece that can be asked for; its pages cost nothing until
 * a large piece needs them.
 *
 * Locking: `free`, `ready` and `stop` under the lock; a buffer belongs to whoever it was counted
 * for. An end or error is the length of the last buffer that the thread hands over.
 */
#include "source/input.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "source/gunzip.h"

#define RING_AHEAD 4u
#define PAGE       4096u

struct input_buffer {
	uint8_t *base; /* headroom, then the bytes */
	ssize_t len;   /* 0: the end; negative: an error */
};

struct input_ring {
	struct bytes *bytes;
	struct gunzip *gunzip; /* or NULL */
	char *message;         /* of the error that `len` of the last buffer tells */
	unsigned count;
	unsigned current; /* the window's */
	bool over;
	struct input_buffer buffers[RING_AHEAD];

	bool threaded;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned free;  /* buffers to fill */
	unsigned ready; /* filled buffers */
	bool stop;
};

static uint8_t *
buffer_data(const struct input_buffer *buffer)
{
	return buffer->base + INPUT_WANT_MAX;
}

static void
ring_fill(struct input_ring *ring, struct input_buffer *buffer)
{
	uint8_t *data = buffer_data(buffer);

	if (ring->gunzip)
		buffer->len = gunzip_read(ring->gunzip, data, INPUT_BUFFER, &ring->message);
	else
		buffer->len = bytes_read(ring->bytes, data, INPUT_BUFFER, &ring->message);
}

/* Waits until a buffer is free to fill; false: it is time to go. */
static bool
ring_claim(struct input_ring *ring)
{
	bool go;

	pthread_mutex_lock(&ring->lock);
	while (!ring->free && !ring->stop)
		pthread_cond_wait(&ring->changed, &ring->lock);
	go = !ring->stop;
	ring->free -= go;
	pthread_mutex_unlock(&ring->lock);
	return go;
}

static void
ring_hand_over(struct input_ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->ready++;
	pthread_cond_signal(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}

/* The thread that reads ahead: begins behind the buffer that the window has at the start. */
static void *
ring_run(void *data)
{
	struct input_ring *ring = data;
	bool more = true;

	for (unsigned n = 1; more && ring_claim(ring); n = (n + 1) % ring->count) {
		ring_fill(ring, &ring->buffers[n]);
		more = ring->buffers[n].len > 0;
		ring_hand_over(ring);
	}
	return NULL;
}

static int
ring_add(struct input_ring *ring)
{
	uint8_t *base = aligned_alloc(PAGE, INPUT_WANT_MAX + INPUT_BUFFER);

	if (!base)
		return -ENOMEM;
	ring->buffers[ring->count++].base = base;
	return 0;
}

/* Starts the thread, with signals left to the others. Without one all goes on as it was. */
static void
ring_start(struct input_ring *ring)
{
	sigset_t all, old;

	while (ring->count < RING_AHEAD && ring_add(ring) == 0)
		;
	ring->free = ring->count - 1;
	if (!ring->free)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ring->threaded = !pthread_create(&ring->thread, NULL, ring_run, ring);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void
ring_stop(struct input_ring *ring)
{
	if (!ring->threaded)
		return;
	pthread_mutex_lock(&ring->lock);
	ring->stop = true;
	pthread_cond_signal(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
	bytes_cancel(ring->bytes);
	pthread_join(ring->thread, NULL);
}

static void
ring_free(struct input_ring *ring)
{
	if (!ring)
		return;
	ring_stop(ring);
	for (unsigned n = 0; n < ring->count; n++)
		free(ring->buffers[n].base);
	gunzip_free(ring->gunzip);
	bytes_free(ring->bytes);
	pthread_mutex_destroy(&ring->lock);
	pthread_cond_destroy(&ring->changed);
	g_free(ring->message);
	g_free(ring);
}

/* Gives the window's buffer back and waits for the next. */
static void
ring_take(struct input_ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->free++;
	pthread_cond_signal(&ring->changed);
	while (!ring->ready)
		pthread_cond_wait(&ring->changed, &ring->lock);
	ring->ready--;
	pthread_mutex_unlock(&ring->lock);
}

/* Moves the window on by one buffer, in front of which goes what is left of this one. */
static ssize_t
input_advance(struct input *input)
{
	struct input_ring *ring = input->ring;
	unsigned next = (ring->current + 1) % ring->count;
	struct input_buffer *buffer = &ring->buffers[next];
	size_t left = input_left(input);
	uint8_t *data = buffer_data(buffer);

	if (ring->over)
		return ring->buffers[ring->current].len;
	/* Before this buffer is given away or filled. The thread does not touch the headroom. */
	if (left)
		memmove(data - left, input->at, left);
	if (ring->threaded)
		ring_take(ring);
	else
		ring_fill(ring, buffer);
	ring->current = next;
	ring->over = buffer->len <= 0;
	input->at = data - left;
	input->end = data;
	if (buffer->len > 0) {
		input->end += buffer->len;
		input->end_offset += (uint64_t)buffer->len;
	}
	return buffer->len;
}

int
input_more(struct input *input, size_t want, char **ret_message)
{
	assert(want <= INPUT_WANT_MAX);
	while (input_left(input) < want) {
		ssize_t n = input_advance(input);

		if (n < 0)
			*ret_message = g_strdup(input->ring->message);
		if (n <= 0)
			return (int)n;
	}
	return 1;
}

/* If the first bytes say so, begins again with what they unpack to. */
static int
input_unpack(struct input *input, char **ret_message)
{
	struct input_ring *ring = input->ring;
	int ret = input_more(input, GUNZIP_MAGIC, ret_message);

	if (ret <= 0)
		return ret;
	if (!gunzip_knows(input->at))
		return 0;
	ret = gunzip_new(ring->bytes, input->at, input_left(input), &ring->gunzip);
	if (ret < 0) {
		*ret_message = g_strdup_printf("cannot be unpacked: %s", g_strerror(-ret));
		return ret;
	}
	input->end = input->at;
	input->end_offset = 0;
	return 0;
}

int
input_open(const char *path, bool read_ahead, struct input *ret_input, char **ret_message)
{
	struct input_ring *ring = g_new0(struct input_ring, 1);
	struct input input = { .ring = ring };
	int ret;

	pthread_mutex_init(&ring->lock, NULL);
	pthread_cond_init(&ring->changed, NULL);
	ret = bytes_open(path, &ring->bytes, ret_message);
	if (ret < 0)
		goto failed;
	ret = ring_add(ring);
	if (ret < 0) {
		*ret_message = g_strdup("cannot be read: out of memory");
		goto failed;
	}
	input.at = input.end = buffer_data(&ring->buffers[0]);
	ret = input_unpack(&input, ret_message);
	if (ret < 0)
		goto failed;
	if (read_ahead && !ring->over)
		ring_start(ring);
	*ret_input = input;
	return 0;

failed:
	ring_free(ring);
	return ret;
}

void
input_close(struct input *input)
{
	ring_free(input->ring);
	*input = (struct input){ 0 };
}

bool
input_is_packed(const struct input *input)
{
	return input->ring->gunzip != NULL;
}

uint64_t
input_done(const struct input *input)
{
	return bytes_done(input->ring->bytes);
}

uint64_t
input_size(const struct input *input)
{
	return bytes_size(input->ring->bytes);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events through memory, from one thread to another.
 *
 * The two meet when a segment is full or when somebody flushes, not for each event. Nobody takes a
 * lock: one number says how far the one that fills is, another how many segments are free again,
 * and two semaphores wake whoever sleeps. Without a thread there is one small segment; what was put
 * there last is still in the cache when it is taken.
 *
 * Memory is a few segments, whatever comes. The thread takes no signals: they belong to the rest of
 * the program.
 */
#include "record/queue.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define SIZE       (256u * 1024)
#define SIZE_ALONE (32u * 1024) /* without a thread */

static char *
segment_of(const struct queue *queue, uint32_t n)
{
	return queue->memory + (n % QUEUE_SEGMENTS) * queue->size;
}

static void *
queue_thread(void *data)
{
	struct queue *queue = data;
	const struct queue_owner *owner = &queue->owner;
	size_t done = 0; /* bytes of the segment n */
	uint32_t n = 0;

	for (;;) {
		bool closing = queue->closing;
		uint64_t published = queue->published;
		bool is_full = published >> 32 != n;
		size_t len = is_full ? queue->lengths[n % QUEUE_SEGMENTS] : (uint32_t)published;
		char *segment = segment_of(queue, n);

		if (!is_full && len == done) {
			owner->idle(owner->context);
			if (closing)
				return NULL;
			sem_wait(&queue->work);
			continue;
		}
		owner->take(owner->context, segment + done, segment + len);
		done = len;
		if (!is_full)
			continue;
		done = 0;
		queue->freed = ++n;
		sem_post(&queue->space);
	}
}

static int
start_thread(struct queue *queue)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&queue->thread, NULL, queue_thread, queue);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r ? -EAGAIN : 0;
}

static void
release(struct queue *queue)
{
	sem_destroy(&queue->work);
	sem_destroy(&queue->space);
	free(queue->memory);
}

int
queue_init(struct queue *queue, bool threaded, const struct queue_owner *owner)
{
	size_t size = threaded ? SIZE : SIZE_ALONE;
	int r = 0;

	*queue = (struct queue){ .size = size, .owner = *owner, .threaded = threaded };
	queue->memory = aligned_alloc(64, (threaded ? QUEUE_SEGMENTS : 1) * size);
	if (!queue->memory)
		return -ENOMEM;
	queue->segment = queue->memory;
	sem_init(&queue->work, 0, 0);
	sem_init(&queue->space, 0, 0);
	if (threaded)
		r = start_thread(queue);
	if (r < 0)
		release(queue);
	return r;
}

void
queue_done(struct queue *queue)
{
	if (queue->threaded) {
		queue->closing = true;
		sem_post(&queue->work);
		pthread_join(queue->thread, NULL);
	}
	release(queue);
}

void
queue_publish(struct queue *queue, size_t len)
{
	queue->published = (uint64_t)queue->n << 32 | len;
	sem_post(&queue->work);
}

bool
queue_next(struct queue *queue, size_t len, bool patient)
{
	if (!queue->threaded) {
		queue->owner.take(queue->owner.context, queue->segment, queue->segment + len);
		return true;
	}
	while (queue->n + 1 - queue->freed == QUEUE_SEGMENTS) {
		if (!patient)
			return false;
		sem_wait(&queue->space);
	}
	queue->lengths[queue->n % QUEUE_SEGMENTS] = len;
	queue->n++;
	queue_publish(queue, 0);
	queue->segment = segment_of(queue, queue->n);
	return true;
}

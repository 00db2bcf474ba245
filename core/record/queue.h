/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring of segments between one thread that fills them and another that takes what is in them; or
 * a single segment that is emptied on the spot.
 *
 * Whoever fills keeps its own place in the current segment, and says how much of it may be taken.
 */
#ifndef RECORD_QUEUE_H
#define RECORD_QUEUE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUEUE_SEGMENTS 4u

struct queue_owner {
	/* Called by the thread that takes; what it is given lies in one segment. */
	void (*take)(void *context, const char *at, const char *end);
	void (*idle)(void *context); /* there is nothing more to take */
	void *context;
};

struct queue {
	/* For whoever fills. */
	char *segment; /* the current one */
	size_t size;   /* of a segment */

	/* Private. */
	struct queue_owner owner;
	char *memory;
	uint32_t n; /* segments that were begun before the current one */
	bool threaded;
	_Atomic uint64_t published;     /* n << 32 | bytes of that segment that may be taken */
	_Atomic uint32_t freed;         /* segments that may be filled again */
	size_t lengths[QUEUE_SEGMENTS]; /* of those that are full */
	atomic_bool closing;
	sem_t work;
	sem_t space;
	pthread_t thread;
};

/* -ENOMEM, -EAGAIN (no thread). */
int queue_init(struct queue *queue, bool threaded, const struct queue_owner *owner);

/* Waits until all that was published is taken. */
void queue_done(struct queue *queue);

/* The first `len` bytes of the current segment may be taken. */
void queue_publish(struct queue *queue, size_t len);

/*
 * The same, and there will be no more in it: another is the current one. With `patient` this waits
 * for one to be free; without, it is false if none is, and nothing has happened.
 */
bool queue_next(struct queue *queue, size_t len, bool patient);

#endif

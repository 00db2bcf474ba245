// SPDX-License-Identifier: GPL-2.0-or-later
/* A ring of segments: what is put into it comes out of it, in order, and never more than it holds.
 */
#include "record/queue.h"

#include <check.h>

#include <semaphore.h>
#include <string.h>

#include "kit/kit.h"

/* The one that takes: it counts bytes, each of which must be the next. It may be held up. */
struct taker {
	struct queue queue;
	uint64_t taken;
	unsigned idle;
	bool is_wrong;
	sem_t *gate; /* waited for at each piece; or NULL */
};

static void
take(void *context, const char *at, const char *end)
{
	struct taker *taker = context;

	if (taker->gate)
		sem_wait(taker->gate);
	for (; at < end; at++, taker->taken++)
		taker->is_wrong |= *at != (char)taker->taken;
}

static void
idle(void *context)
{
	struct taker *taker = context;

	taker->idle++;
}

static void
taker_open(struct taker *taker, bool threaded, sem_t *gate)
{
	const struct queue_owner owner = { .take = take, .idle = idle, .context = taker };

	*taker = (struct taker){ .gate = gate };
	ck_assert_int_eq(queue_init(&taker->queue, threaded, &owner), 0);
	ck_assert_uint_ge(taker->queue.size, 16384);
}

static void
fill(struct queue *queue, size_t from, size_t to, uint64_t *count)
{
	for (size_t n = from; n < to; n++)
		queue->segment[n] = (char)(*count)++;
}

/* Segments of every length, some of them handed over in two parts. */
START_TEST(test_order)
{
	struct taker taker;
	uint64_t count = 0;

	taker_open(&taker, _i, NULL);
	for (size_t len = 0; len < 3000; len += 7) {
		fill(&taker.queue, 0, len / 2, &count);
		if (_i && len % 3 == 0)
			queue_publish(&taker.queue, len / 2);
		fill(&taker.queue, len / 2, len, &count);
		ck_assert(queue_next(&taker.queue, len, true));
	}
	fill(&taker.queue, 0, 100, &count);
	if (_i)
		queue_publish(&taker.queue, 100);
	else
		ck_assert(queue_next(&taker.queue, 100, false));
	queue_done(&taker.queue);
	ck_assert(!taker.is_wrong);
	ck_assert_uint_eq(taker.taken, count);
	ck_assert_int_eq(taker.idle > 0, _i);
}
END_TEST

/* Who does not wait is told that there is no room, and has what it had. */
START_TEST(test_no_room)
{
	struct taker taker;
	uint64_t count = 0;
	char *segment;
	sem_t gate;

	sem_init(&gate, 0, 0);
	taker_open(&taker, true, &gate);
	for (unsigned n = 0; n < QUEUE_SEGMENTS - 1; n++) {
		fill(&taker.queue, 0, 10, &count);
		ck_assert(queue_next(&taker.queue, 10, false));
	}
	segment = taker.queue.segment;
	fill(&taker.queue, 0, 10, &count);
	for (unsigned n = 0; n < 1000; n++)
		ck_assert(!queue_next(&taker.queue, 10, false));
	ck_assert_ptr_eq(taker.queue.segment, segment);
	for (unsigned n = 0; n < 100; n++)
		sem_post(&gate);
	ck_assert(queue_next(&taker.queue, 10, true)); /* waits until one is taken */
	queue_done(&taker.queue);
	ck_assert(!taker.is_wrong);
	ck_assert_uint_eq(taker.taken, count);
	sem_destroy(&gate);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("queue");
	TCase *tc = tcase_create("queue");

	/* without and with a thread */
	tcase_add_loop_test(tc, test_order, 0, 2);
	tcase_add_test(tc, test_no_room);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recorder of numbers, for the tests of the queue that its records go through. */
#ifndef TESTS_NUMBERS_H
#define TESTS_NUMBERS_H

#include <stdlib.h>
#include <string.h>

#include "record/text.h"
#include "record/writer.h"

/* Records are numbers here, of which lines are made; `made` counts them. */
struct numbers {
	unsigned made;
};

struct number_record {
	struct writer_item item;
	uint64_t number;
};

static inline char *
put_number(char *at, const char *word, uint64_t number)
{
	at = text_bytes(at, word, strlen(word));
	*at++ = ' ';
	at = text_uint(at, number);
	*at++ = '\n';
	return at;
}

static inline char *
format_number(void *context, const struct writer_item *item, char *at)
{
	struct numbers *numbers = context;

	numbers->made++;
	return put_number(at, item->tag[2] ? "tagged" : "number",
		((const struct number_record *)item)->number);
}

static inline char *
format_lost(void *context, uint64_t count, uint64_t time, char *at)
{
	at = text_uint(at, time);
	*at++ = ' ';
	return put_number(at, "lost", count);
}

static inline uint64_t
weigh(const char *line, size_t len, bool *ret_is_lost)
{
	const char *word = memchr(line, ' ', len);

	*ret_is_lost = word && !strncmp(word, " lost ", 6);
	return *ret_is_lost ? strtoull(word + 6, NULL, 10) : 1;
}

static const struct writer_ops ops = {
	.format = format_number,
	.lost = format_lost,
	.weigh = weigh,
};

static inline bool
record(struct writer *writer, uint64_t number, uint64_t time)
{
	struct number_record *r = (void *)writer_record(writer, sizeof(*r), time);

	if (!r)
		return false;
	r->item.tag[2] = number % 3 == 0;
	r->number = number;
	return true;
}

#endif

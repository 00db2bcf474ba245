/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A window that moves over the bytes of a capture, unpacked if they are gzip data.
 *
 * The bytes from `at` to `end` are there; who has used some moves `at` on. What was in the window
 * stays where it is until input_more() has to read.
 */
#ifndef SOURCE_INPUT_H
#define SOURCE_INPUT_H

#include "source/bytes.h"

#include <stdbool.h>

#define INPUT_BUFFER   262144u  /* bytes read at once */
#define INPUT_WANT_MAX 2097152u /* bytes that input_more() can bring together */

struct input_ring;

struct input {
	const uint8_t *at;
	const uint8_t *end;
	/* Private from here on. */
	uint64_t end_offset; /* of `end` */
	struct input_ring *ring;
};

/*
 * Opens what bytes_open() opens. `read_ahead`: a thread reads and unpacks in advance; where none
 * can be had it is done without. On failure a negative errno value, and *ret_message is the
 * caller's to g_free().
 */
int input_open(const char *path, bool read_ahead, struct input *ret_input, char **ret_message);

/* Ends the thread, also while it waits for input. Of an input that is all zeros: nothing. */
void input_close(struct input *input);

/*
 * Makes at least `want` bytes (at most INPUT_WANT_MAX) stand in the window. 1: they do; 0: the
 * input ends before; else what bytes_read() or gunzip_read() failed with, and *ret_message is the
 * caller's. Pointers into the window hold no longer unless that many were there already.
 */
int input_more(struct input *input, size_t want, char **ret_message);

static inline size_t
input_left(const struct input *input)
{
	return (size_t)(input->end - input->at);
}

/* Where `at` is, counted from the first byte (unpacked). */
static inline uint64_t
input_offset(const struct input *input)
{
	return input->end_offset - input_left(input);
}

/* True if offsets are not those of the file, since it is packed. */
bool input_is_packed(const struct input *input);

/* As bytes_done() and bytes_size(). */
uint64_t input_done(const struct input *input);
uint64_t input_size(const struct input *input);

#endif

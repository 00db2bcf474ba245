/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes one after another, as they lie in a file or come out of a pipe.
 */
#ifndef SOURCE_BYTES_H
#define SOURCE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bytes;

/*
 * Opens a file, pipe or device for reading; "-" is standard input, which stays open afterwards. On
 * failure a negative errno value, and *ret_message ("cannot be opened: …") is the caller's to
 * g_free().
 */
int bytes_open(const char *path, struct bytes **ret_bytes, char **ret_message);
void bytes_free(struct bytes *bytes);

/*
 * Reads at most `len` bytes (at least 1) and waits until there are some. Returns how many, 0 at the
 * end, or a negative errno value with a message as above; -ECANCELED after bytes_cancel(), with
 * none.
 */
ssize_t bytes_read(struct bytes *bytes, uint8_t *to, size_t len, char **ret_message);

/* Ends a bytes_read() that waits, and all later ones. May be called from any thread. */
void bytes_cancel(struct bytes *bytes);

/* Bytes read so far, and the size of the file (0 if it has none). From any thread. */
uint64_t bytes_done(const struct bytes *bytes);
uint64_t bytes_size(const struct bytes *bytes);

#endif

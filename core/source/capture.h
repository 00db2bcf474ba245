/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Capture files as a source of packets: classic and pcapng, also packed with gzip.
 *
 * Read by plain read() into a large buffer; packets point into it. With `read_ahead` a thread of
 * its own fills buffers in advance. The packets are the same either way.
 *
 * next() and capture_open() fail with: -ENODATA, the capture ends in the middle of something;
 * -EPROTONOSUPPORT, packets of a link type that decode() does not know; -EBADMSG, it is damaged or
 * no capture at all; or what opening or reading the file failed with. All packets before the
 * failure have been delivered then, and source_error() or *ret_message completes "postern: FILE: ".
 */
#ifndef SOURCE_CAPTURE_H
#define SOURCE_CAPTURE_H

#include "source/source.h"

struct filter;

struct capture_options {
	bool read_ahead;
	uint64_t first_number;       /* number of the first packet, from 1; 0 is taken for 1 */
	const struct filter *filter; /* or NULL; packets that it does not match are passed over, but
				      * counted: numbers are those of the file */
};

/*
 * Opens a capture; "-" is standard input. On failure returns a negative errno value and, through
 * ret_message, a line for a person, the caller's to g_free().
 */
int capture_open(const char *path, const struct capture_options *options,
	struct source **ret_source, char **ret_message);

/* Bytes read so far, and the size of the file (0 if it has none), for a progress bar. */
void capture_progress(const struct source *source, uint64_t *ret_done, uint64_t *ret_size);

/* Number that the next packet would have had. */
uint64_t capture_next_number(const struct source *source);

#endif

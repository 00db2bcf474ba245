/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Capture files in the classic format of libpcap (draft-ietf-opsawg-pcap): a header of 24 bytes,
 * then packets, each behind a header of 16 or 24.
 */
#ifndef SOURCE_CLASSIC_H
#define SOURCE_CLASSIC_H

#include "source/reading.h"

struct classic {
	bool big;        /* byte order of the file */
	uint8_t header;  /* length of a packet's header */
	uint8_t lengths; /* in which order the two lengths of a packet are */
	uint16_t link;
	uint32_t unit; /* ns of one step of the smaller part of time stamps */
};

#define CLASSIC_MAGIC 4u /* bytes that classic_knows() looks at */

/* Does a file that begins like this have this format? */
bool classic_knows(const uint8_t magic[static CLASSIC_MAGIC]);

/* Reads the file header, whose magic classic_knows(). 0, or a negative errno value and
 * reading->message. */
int classic_begin(struct classic *ret_classic, struct reading *reading);

/*
 * Fills a batch from what is in the window and returns the number of packets. 0: see reading->want.
 * Negative errno: reading->message; it comes again if it is called again.
 */
int classic_next(const struct classic *classic, struct reading *reading, struct batch *batch);

#endif

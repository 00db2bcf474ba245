/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Capture files in the pcapng format (draft-ietf-opsawg-pcapng): sections in either byte order,
 * each with interfaces of its own, and packets in three kinds of block. Other blocks are passed
 * over.
 */
#ifndef SOURCE_PCAPNG_H
#define SOURCE_PCAPNG_H

#include "source/reading.h"

#define PCAPNG_IFACES_MAX 4096u          /* in all sections of a file */
#define PCAPNG_BLOCK_MAX  16777216u      /* bytes of any block */
#define PCAPNG_WHOLE_MAX  INPUT_WANT_MAX /* of one that must be looked at as a whole */

struct pcapng;

#define PCAPNG_MAGIC 4u /* bytes that pcapng_knows() looks at */

/* Does a file that begins like this have this format? */
bool pcapng_knows(const uint8_t magic[static PCAPNG_MAGIC]);

struct pcapng *pcapng_new(void);
void pcapng_free(struct pcapng *pcapng);

/*
 * Fills a batch from what is in the window and returns the number of packets. 0: see reading->want.
 * Negative errno: reading->message; it comes again if it is called again. packet.iface counts the
 * interfaces of all sections from 0. Packets without a time, or with one that does not fit, get
 * that of the packet before.
 */
int pcapng_next(struct pcapng *pcapng, struct reading *reading, struct batch *batch);

/* The name of an interface, or NULL. */
const char *pcapng_interface_name(const struct pcapng *pcapng, unsigned iface);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng), written in little-endian order whatever the
 * machine, with time stamps in nanoseconds. A file is one section, then interfaces, each before the
 * first of its packets; they are counted from 0.
 */
#ifndef RECORD_BLOCK_H
#define RECORD_BLOCK_H

#include "packet/packet.h"
#include "record/writer.h"

#define BLOCK_COMMENT_MAX 256 /* bytes of a packet's comment */

/* `program` is who writes. */
void block_section(struct writer *writer, const char *program);

/* `name` may be NULL; of a long one the first 255 bytes are taken. */
void block_interface(struct writer *writer, uint16_t link, const char *name);

/* The packet's time, lengths and bytes (none if data is NULL), with a comment of `len` bytes. */
void block_packet(struct writer *writer, uint32_t iface, const struct packet *p,
	const char *comment, size_t len);

#endif

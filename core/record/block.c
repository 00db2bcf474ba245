// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Three kinds of block, put together by hand: nothing is allocated and nothing is formatted. What
 * stands around a packet's bytes is one copy before and one behind them.
 *
 * Relies on writer.h for room: everything but a packet's bytes fits into one WRITER_ROOM_MAX.
 */
#include "record/block.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "record/text.h"
#include "record/write.h"

/* draft-ietf-opsawg-pcapng §4.1, §4.2, §4.3 */
enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_ENHANCED_PACKET = 6,
};

/* §3.5, §4.1, §4.2 */
enum {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_PROGRAM = 4,    /* of a section */
	OPTION_NAME = 2,       /* of an interface */
	OPTION_RESOLUTION = 9, /* of its time stamps */
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define RESOLUTION_NS    9 /* 10^-9 s */

#define NAME_MAX_LEN 255u

#define BLOCK_FRAME  12u /* type, and the length at both ends */
#define PACKET_HEAD  20u /* interface, time stamp, two lengths */
#define OPTION_HEAD  4u
#define SECTION_HEAD 16u /* byte order, version, length of the section */

/* Blocks and options are padded to words (§3.1). */
static inline uint32_t
padded(size_t len)
{
	return (uint32_t)(len + 3) & ~3u;
}

static inline char *
put16(char *at, uint16_t value)
{
	value = htole16(value);
	return text_bytes(at, (const char *)&value, sizeof(value));
}

static inline char *
put32(char *at, uint32_t value)
{
	value = htole32(value);
	return text_bytes(at, (const char *)&value, sizeof(value));
}

static inline char *
put_padded(char *at, const char *bytes, size_t len)
{
	memcpy(at, bytes, len);
	memset(at + len, 0, padded(len) - len);
	return at + padded(len);
}

static inline char *
put_option(char *at, uint16_t code, const char *value, size_t len)
{
	at = put16(at, code);
	at = put16(at, (uint16_t)len);
	return put_padded(at, value, len);
}

/* Ends a block that began at `start`: fills both lengths in. */
static char *
end_block(char *start, char *at)
{
	uint32_t total = (uint32_t)(at - start) + 4;

	put32(start + 4, total);
	return put32(at, total);
}

void
block_section(struct writer *writer, const char *program)
{
	char *start = writer_room(writer, WRITER_ROOM_MAX);
	char *at = put32(start, BLOCK_SECTION);

	at = put32(at, 0);
	at = put32(at, BYTE_ORDER_MAGIC);
	at = put16(at, 1); /* version 1.0 */
	at = put16(at, 0);
	at = put32(at, UINT32_MAX); /* its length is not said: 64 bits of -1 */
	at = put32(at, UINT32_MAX);
	at = put_option(at, OPTION_PROGRAM, program, strnlen(program, NAME_MAX_LEN));
	at = put_option(at, OPTION_END, "", 0);
	writer_fill(writer, end_block(start, at));
}

void
block_interface(struct writer *writer, uint16_t link, const char *name)
{
	const char resolution = RESOLUTION_NS;
	char *start = writer_room(writer, WRITER_ROOM_MAX);
	char *at = put32(start, BLOCK_INTERFACE);

	at = put32(at, 0);
	at = put16(at, link);
	at = put16(at, 0);
	at = put32(at, 0); /* no limit on what was captured of each packet is known */
	if (name)
		at = put_option(at, OPTION_NAME, name, strnlen(name, NAME_MAX_LEN));
	at = put_option(at, OPTION_RESOLUTION, &resolution, sizeof(resolution));
	at = put_option(at, OPTION_END, "", 0);
	writer_fill(writer, end_block(start, at));
}

void
block_packet(struct writer *writer, uint32_t iface, const struct packet *p, const char *comment,
	size_t len)
{
	uint32_t caplen = p->data ? p->caplen : 0;
	uint32_t total = BLOCK_FRAME + PACKET_HEAD + padded(caplen) + OPTION_HEAD + padded(len) +
			 OPTION_HEAD;
	char *at = writer_room(writer, BLOCK_FRAME + PACKET_HEAD);

	assert(len <= BLOCK_COMMENT_MAX);
	at = put32(at, BLOCK_ENHANCED_PACKET);
	at = put32(at, total);
	at = put32(at, iface);
	at = put32(at, (uint32_t)(p->time >> 32));
	at = put32(at, (uint32_t)p->time);
	at = put32(at, caplen);
	at = put32(at, p->wirelen);
	writer_fill(writer, at);
	write_bytes(writer, (const char *)p->data, caplen);
	at = writer_room(writer, WRITER_ROOM_MAX);
	memset(at, 0, padded(caplen) - caplen);
	at += padded(caplen) - caplen;
	at = put_option(at, OPTION_COMMENT, comment, len);
	at = put_option(at, OPTION_END, "", 0);
	writer_fill(writer, put32(at, total));
}

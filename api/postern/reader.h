/* SPDX-License-Identifier: MIT */
/*
 * A bounded reader: the only thing that touches bytes from the network.
 *
 * A struct pn_reader is a window on bytes that belong to somebody else. Each read takes from its
 * front; a read beyond the end gives zeros, takes nothing, and sets `bad` for good, so a parser may
 * read a whole header and ask once whether it was there. Nothing is allocated or copied.
 */
#ifndef POSTERN_READER_H
#define POSTERN_READER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pn_reader {
	const uint8_t *at;
	const uint8_t *end;
	const uint8_t *start;
	uintptr_t bad; /* not 0: a read went beyond the end */
};

/* Reads `len` bytes at `bytes`, which must outlive the reader. */
static inline struct pn_reader
pn_reader(const void *bytes, size_t len)
{
	struct pn_reader r;

	r.start = (const uint8_t *)bytes;
	r.at = r.start;
	r.end = len ? r.start + len : r.start;
	r.bad = 0;
	return r;
}

/* Bytes not read yet; 0 after a bad read. */
static inline size_t
pn_left(const struct pn_reader *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->at);
}

/* Bytes read so far. */
static inline size_t
pn_offset(const struct pn_reader *r)
{
	return (size_t)(r->at - r->start);
}

/* 1 as long as no read went beyond the end. */
static inline int
pn_ok(const struct pn_reader *r)
{
	return !r->bad;
}

/* The next `len` bytes, or NULL (and bad) if there are fewer. */
static inline const uint8_t *
pn_take(struct pn_reader *r, size_t len)
{
	const uint8_t *bytes = r->at;

	if (r->bad || len > (size_t)(r->end - r->at)) {
		r->bad = 1;
		return NULL;
	}
	if (len)
		r->at += len;
	return bytes;
}

static inline void
pn_skip(struct pn_reader *r, size_t len)
{
	(void)pn_take(r, len);
}

/* All that is left; its length goes to *len. */
static inline const uint8_t *
pn_rest(struct pn_reader *r, size_t *len)
{
	*len = pn_left(r);
	return pn_take(r, *len);
}

/* A reader of the next `len` bytes, which are taken from this one. */
static inline struct pn_reader
pn_sub(struct pn_reader *r, size_t len)
{
	const uint8_t *bytes = pn_take(r, len);
	struct pn_reader sub = pn_reader(bytes, bytes ? len : 0);

	sub.bad = r->bad;
	return sub;
}

/* The next byte, not taken; 0 if there is none. */
static inline uint8_t
pn_peek(const struct pn_reader *r)
{
	return pn_left(r) ? *r->at : 0;
}

static inline uint8_t
pn_u8(struct pn_reader *r)
{
	const uint8_t *p = pn_take(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t
pn_u16be(struct pn_reader *r)
{
	const uint8_t *p = pn_take(r, 2);

	return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

static inline uint32_t
pn_u24be(struct pn_reader *r)
{
	const uint8_t *p = pn_take(r, 3);

	return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t
pn_u32be(struct pn_reader *r)
{
	const uint8_t *p = pn_take(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint16_t
pn_u16le(struct pn_reader *r)
{
	const uint8_t *p = pn_take(r, 2);

	return (uint16_t)(p ? p[1] << 8 | p[0] : 0);
}

static inline uint32_t
pn_u24le(struct pn_reader *r)
{
	const uint8_t *p = pn_take(r, 3);

	return p ? (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

static inline uint32_t
pn_u32le(struct pn_reader *r)
{
	const uint8_t *p = pn_take(r, 4);

	return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

#ifdef __cplusplus
}
#endif

#endif

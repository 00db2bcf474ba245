/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Capture files for the tests of core/source: put together as bytes, field by field, and shown to
 * the code under test as a file in memory.
 */
#ifndef TESTS_CORE_CAPTURES_H
#define TESTS_CORE_CAPTURES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <check.h>
#include <glib.h>
#include <zlib.h>

#include "source/reading.h"

/* A file without a name, and a path that opens it. */
struct memfile {
	int fd;
	char path[32];
};

static inline struct memfile
memfile_new(const GByteArray *bytes)
{
	struct memfile file = { .fd = memfd_create("capture", MFD_CLOEXEC) };

	ck_assert_int_ge(file.fd, 0);
	if (bytes->len)
		ck_assert_int_eq(write(file.fd, bytes->data, bytes->len), bytes->len);
	snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
	return file;
}

static inline void
memfile_done(struct memfile *file)
{
	close(file->fd);
}

/* What a format's reader works with, on a capture in memory that has been read into the window. */
static inline struct reading
reading_of(const GByteArray *bytes)
{
	struct memfile file = memfile_new(bytes);
	struct reading reading = { .number = 1 };
	char *message = NULL;

	ck_assert_int_eq(input_open(file.path, false, &reading.input, &message), 0);
	ck_assert_int_ge(input_more(&reading.input, bytes->len, &message), 0);
	ck_assert_ptr_null(message);
	memfile_done(&file);
	return reading;
}

static inline void
reading_done(struct reading *reading)
{
	input_close(&reading->input);
	g_free(reading->message);
}

static inline void
put_bytes(GByteArray *out, const void *bytes, size_t len)
{
	if (len)
		g_byte_array_append(out, bytes, (guint)len);
}

static inline void
put16(GByteArray *out, bool big, uint16_t value)
{
	uint16_t ordered = big ? GUINT16_TO_BE(value) : GUINT16_TO_LE(value);

	put_bytes(out, &ordered, sizeof(ordered));
}

static inline void
put32(GByteArray *out, bool big, uint32_t value)
{
	uint32_t ordered = big ? GUINT32_TO_BE(value) : GUINT32_TO_LE(value);

	put_bytes(out, &ordered, sizeof(ordered));
}

static inline void
put64(GByteArray *out, bool big, uint64_t value)
{
	uint64_t ordered = big ? GUINT64_TO_BE(value) : GUINT64_TO_LE(value);

	put_bytes(out, &ordered, sizeof(ordered));
}

/* `len` bytes that depend on `seed`. */
static inline void
put_pattern(GByteArray *out, size_t len, uint32_t seed)
{
	for (size_t n = 0; n < len; n++) {
		uint8_t byte = (uint8_t)(seed * 31 + n * 7 + (n >> 8));

		put_bytes(out, &byte, 1);
	}
}

static inline bool
is_pattern(const uint8_t *bytes, size_t len, uint32_t seed)
{
	for (size_t n = 0; n < len; n++)
		if (bytes[n] != (uint8_t)(seed * 31 + n * 7 + (n >> 8)))
			return false;
	return true;
}

/* The header of a classic capture: version 2.4. */
static inline void
put_classic(GByteArray *out, bool big, uint32_t magic, uint32_t link)
{
	put32(out, big, magic);
	put16(out, big, 2);
	put16(out, big, 4);
	put32(out, big, 0); /* time zone */
	put32(out, big, 0); /* accuracy */
	put32(out, big, 65535);
	put32(out, big, link);
}

/* The header of a packet: time and lengths. */
static inline void
put_record(GByteArray *out, bool big, uint32_t seconds, uint32_t fraction, uint32_t caplen,
	uint32_t wirelen)
{
	put32(out, big, seconds);
	put32(out, big, fraction);
	put32(out, big, caplen);
	put32(out, big, wirelen);
}

/* A classic capture of `count` Ethernet packets of `len` bytes; packet n, from 1, has pattern n. */
static inline GByteArray *
classic_of(unsigned count, uint32_t len)
{
	GByteArray *out = g_byte_array_new();

	put_classic(out, false, 0xa1b2c3d4, 1);
	for (unsigned n = 1; n <= count; n++) {
		put_record(out, false, n, 0, len, len);
		put_pattern(out, len, n);
	}
	return out;
}

/* A block of pcapng around a body, padded. */
static inline void
put_block(GByteArray *out, bool big, uint32_t type, const GByteArray *body)
{
	uint32_t total = (uint32_t)(12 + ((body->len + 3) & ~3u));

	put32(out, big, type);
	put32(out, big, total);
	put_bytes(out, body->data, body->len);
	put_bytes(out, "\0\0\0", -body->len & 3);
	put32(out, big, total);
}

static inline void
put_section(GByteArray *out, bool big)
{
	g_autoptr(GByteArray) body = g_byte_array_new();

	put32(body, big, 0x1a2b3c4d);
	put16(body, big, 1); /* version 1.0 */
	put16(body, big, 0);
	put64(body, big, UINT64_MAX); /* length not said */
	put_block(out, big, 0x0a0d0d0a, body);
}

/* An option of a block: code, length, value, padding. */
static inline void
put_option(GByteArray *out, bool big, uint16_t code, const void *value, size_t len)
{
	put16(out, big, code);
	put16(out, big, (uint16_t)len);
	put_bytes(out, value, len);
	put_bytes(out, "\0\0\0", -len & 3);
}

/* An interface; `name` may be NULL, `resolution` is written if it is not 6. */
static inline void
put_interface(GByteArray *out, bool big, uint16_t link, uint32_t snaplen, const char *name,
	uint8_t resolution)
{
	g_autoptr(GByteArray) body = g_byte_array_new();

	put16(body, big, link);
	put16(body, big, 0);
	put32(body, big, snaplen);
	if (name)
		put_option(body, big, 2, name, strlen(name));
	if (resolution != 6)
		put_option(body, big, 9, &resolution, 1);
	if (name || resolution != 6)
		put_option(body, big, 0, NULL, 0);
	put_block(out, big, 1, body);
}

/* An enhanced packet block with `len` bytes of pattern `seed`. */
static inline void
put_enhanced(GByteArray *out, bool big, uint32_t iface, uint64_t stamp, uint32_t len, uint32_t seed)
{
	g_autoptr(GByteArray) body = g_byte_array_new();

	put32(body, big, iface);
	put32(body, big, (uint32_t)(stamp >> 32));
	put32(body, big, (uint32_t)stamp);
	put32(body, big, len);
	put32(body, big, len);
	put_pattern(body, len, seed);
	put_block(out, big, 6, body);
}

/* The bytes as one gzip member. */
static inline void
put_gzip(GByteArray *out, const void *bytes, size_t len)
{
	size_t room = len + len / 1000 + 64;
	g_autofree uint8_t *packed = g_malloc(room);
	z_stream z = {
		.next_in = (Bytef *)(uintptr_t)bytes,
		.avail_in = (uInt)len,
		.next_out = packed,
		.avail_out = (uInt)room,
	};

	ck_assert_int_eq(
		deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	put_bytes(out, packed, room - z.avail_out);
	deflateEnd(&z);
}

#endif

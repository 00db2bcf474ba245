/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of text, put together by hand.
 *
 * Each function writes at `at`, without a zero behind it, and returns where the next piece goes;
 * the caller knows that there is room, and the longest that each can write stands beside it. This
 * is the inside of every line of the event log, where printf() would cost more than all the rest.
 */
#ifndef RECORD_TEXT_H
#define RECORD_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "packet/tuple.h"

/* Longest that each function writes. */
#define TEXT_UINT_MAX 20
#define TEXT_TIME_MAX 34

/* A string literal: its length is known to the compiler. */
#define TEXT(at, literal) text_bytes((at), "" literal, sizeof(literal) - 1)

static inline char *
text_bytes(char *at, const char *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

/* Two digits, 0 ≤ n < 100. */
static inline char *
text_pair(char *at, unsigned n)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";

	return text_bytes(at, pairs + 2 * (size_t)n, 2);
}

/* A number with zeros in front, to `digits` digits; what does not fit is cut off on the left. */
static inline char *
text_padded(char *at, uint64_t n, unsigned digits)
{
	unsigned left = digits;

	for (; left >= 2; left -= 2, n /= 100)
		text_pair(at + left - 2, (unsigned)(n % 100));
	if (left)
		at[0] = (char)('0' + n % 10);
	return at + digits;
}

static inline char *
text_uint(char *at, uint64_t n)
{
	unsigned digits = 1;

	for (uint64_t rest = n; rest >= 10; rest /= 10) {
		if (rest < 100)
			return text_padded(at, n, digits + 1);
		rest /= 10;
		digits += 2;
	}
	return text_padded(at, n, digits);
}

static inline char *
text_ipv4(char *at, const uint8_t bytes[static 4])
{
	for (unsigned i = 0; i < 4; i++) {
		if (i)
			*at++ = '.';
		if (bytes[i] >= 100)
			*at++ = (char)('0' + bytes[i] / 100);
		if (bytes[i] >= 10)
			*at++ = (char)('0' + bytes[i] / 10 % 10);
		*at++ = (char)('0' + bytes[i] % 10);
	}
	return at;
}

/* An address, at most ADDR_TEXT_MAX. */
static inline char *
text_addr(char *at, const struct pn_addr *addr)
{
	if (addr->family == PN_ADDR_IPV4)
		return text_ipv4(at, addr->bytes);
	return at + addr_format(addr, at);
}

/* The day that text_time() wrote last. Zero it before the first use. */
struct text_day {
	uint64_t day;  /* since 1970-01-01, + 1 */
	char text[16]; /* "2026-11-21T" */
};

/* Fills the day in; off the fast path. A uint64_t of nanoseconds ends in the year 2554. */
static inline void
text_day_fill(struct text_day *cache, uint64_t day)
{
	time_t seconds = (time_t)(day * 86400);
	struct tm tm;
	char *at = cache->text;

	gmtime_r(&seconds, &tm);
	at = text_padded(at, (uint64_t)tm.tm_year + 1900, 4);
	*at++ = '-';
	at = text_padded(at, (uint64_t)tm.tm_mon + 1, 2);
	*at++ = '-';
	at = text_padded(at, (uint64_t)tm.tm_mday, 2);
	*at = 'T';
	cache->day = day + 1;
}

/* ISO 8601, UTC: 2026-11-21T20:15:00.123456789+0000 */
static inline char *
text_time(char *at, struct text_day *cache, uint64_t time)
{
	uint64_t seconds = time / UINT64_C(1000000000);
	uint64_t day = seconds / 86400;
	unsigned of_day = (unsigned)(seconds % 86400);

	if (cache->day != day + 1)
		text_day_fill(cache, day);
	at = text_bytes(at, cache->text, sizeof("2026-11-21T") - 1);
	at = text_pair(at, of_day / 3600);
	*at++ = ':';
	at = text_pair(at, of_day / 60 % 60);
	*at++ = ':';
	at = text_pair(at, of_day % 60);
	*at++ = '.';
	at = text_padded(at, time % UINT64_C(1000000000), 9);
	return TEXT(at, "+0000");
}

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses and their text. Nothing is kept here.
 *
 * Text is written by hand and not by inet_ntop(): every line of an event log holds two addresses.
 * It is read by inet_pton(), for only people and files hand text in.
 */
#include "packet/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS 8 /* of 16 bits, in an IPv6 address */

struct pn_addr
addr_ipv4(const uint8_t bytes[4])
{
	struct pn_addr addr = { .family = PN_ADDR_IPV4 };

	memcpy(addr.bytes, bytes, 4);
	return addr;
}

struct pn_addr
addr_ipv6(const uint8_t bytes[16])
{
	struct pn_addr addr = { .family = PN_ADDR_IPV6 };

	memcpy(addr.bytes, bytes, 16);
	return addr;
}

bool
addr_equal(const struct pn_addr *a, const struct pn_addr *b)
{
	return a->family == b->family && a->zone == b->zone &&
	       !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool
addr_in_prefix(const struct pn_addr *addr, const struct pn_addr *prefix, unsigned bits)
{
	unsigned whole, rest;

	if (addr->family != prefix->family)
		return false;
	if (bits > addr_bits(prefix))
		bits = addr_bits(prefix);
	whole = bits / 8;
	rest = bits % 8;
	if (memcmp(addr->bytes, prefix->bytes, whole))
		return false;
	return !rest || !((addr->bytes[whole] ^ prefix->bytes[whole]) >> (8 - rest));
}

enum addr_scope
addr_scope(const struct pn_addr *addr)
{
	uint64_t wire[2];
	uint32_t wire4;

	if (addr->family == PN_ADDR_IPV4) {
		memcpy(&wire4, addr->bytes, sizeof(wire4));
		return addr_scope_ipv4(wire4);
	}
	memcpy(wire, addr->bytes, sizeof(wire));
	return addr_scope_ipv6(wire);
}

static char *
put_decimal(char *to, unsigned value)
{
	if (value >= 100)
		*to++ = (char)('0' + value / 100);
	if (value >= 10)
		*to++ = (char)('0' + value / 10 % 10);
	*to++ = (char)('0' + value % 10);
	return to;
}

static char *
put_hex(char *to, unsigned value)
{
	static const char digits[] = "0123456789abcdef";

	if (value >= 0x1000)
		*to++ = digits[value >> 12];
	if (value >= 0x100)
		*to++ = digits[value >> 8 & 15];
	if (value >= 0x10)
		*to++ = digits[value >> 4 & 15];
	*to++ = digits[value & 15];
	return to;
}

static char *
put_ipv4(char *to, const uint8_t *bytes)
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		to = put_decimal(to, bytes[i]);
		*to++ = '.';
	}
	return to - 1;
}

/* RFC 5952 §4.2: the first of the longest runs of zero groups is left out; one alone is not. */
static unsigned
longest_run(const uint16_t groups[GROUPS], unsigned *ret_start)
{
	unsigned i, run = 0, best = 1;

	for (i = 0; i < GROUPS; i++) {
		run = groups[i] ? 0 : run + 1;
		if (run > best) {
			best = run;
			*ret_start = i + 1 - run;
		}
	}
	return best > 1 ? best : 0;
}

static char *
put_ipv6(char *to, const uint8_t *bytes)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint16_t groups[GROUPS];
	unsigned i, start = GROUPS, run;

	if (!memcmp(bytes, mapped, sizeof(mapped))) { /* RFC 5952 §5 */
		memcpy(to, "::ffff:", 7);
		return put_ipv4(to + 7, bytes + sizeof(mapped));
	}
	for (i = 0; i < GROUPS; i++)
		groups[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
	run = longest_run(groups, &start);
	for (i = 0; i < GROUPS; i++) {
		if (i == start) {
			*to++ = ':';
			i += run - 1;
			if (i == GROUPS - 1)
				*to++ = ':';
			continue;
		}
		if (i)
			*to++ = ':';
		to = put_hex(to, groups[i]);
	}
	return to;
}

size_t
addr_format(const struct pn_addr *addr, char text[static ADDR_TEXT_MAX])
{
	char *end = text;

	if (addr->family == PN_ADDR_IPV4)
		end = put_ipv4(text, addr->bytes);
	else if (addr->family == PN_ADDR_IPV6)
		end = put_ipv6(text, addr->bytes);
	*end = '\0';
	return (size_t)(end - text);
}

/* -EINVAL if it is no decimal number up to `max`. */
static int
parse_bits(const char *text, unsigned max, unsigned *ret_bits)
{
	size_t len = strspn(text, "0123456789");
	unsigned long bits;

	if (!len || len > 3 || text[len])
		return -EINVAL;
	bits = strtoul(text, NULL, 10);
	if (bits > max)
		return -EINVAL;
	*ret_bits = (unsigned)bits;
	return 0;
}

static bool
bits_behind(const struct pn_addr *addr, unsigned bits)
{
	unsigned i = bits / 8;

	if (bits % 8 && addr->bytes[i++] & 0xff >> bits % 8)
		return true;
	for (; i < sizeof(addr->bytes); i++)
		if (addr->bytes[i])
			return true;
	return false;
}

int
addr_parse(const char *text, struct pn_addr *ret_addr, unsigned *ret_bits)
{
	const char *slash = ret_bits ? strchr(text, '/') : NULL;
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct pn_addr addr = { 0 };
	char bare[ADDR_TEXT_MAX];
	unsigned bits;

	if (len >= sizeof(bare))
		return -EINVAL;
	memcpy(bare, text, len);
	bare[len] = '\0';
	if (inet_pton(AF_INET, bare, addr.bytes) == 1)
		addr.family = PN_ADDR_IPV4;
	else if (inet_pton(AF_INET6, bare, addr.bytes) == 1)
		addr.family = PN_ADDR_IPV6;
	else
		return -EINVAL;
	bits = addr_bits(&addr);
	if (slash && parse_bits(slash + 1, bits, &bits) < 0)
		return -EINVAL;
	if (bits_behind(&addr, bits))
		return -EINVAL;
	*ret_addr = addr;
	if (ret_bits)
		*ret_bits = bits;
	return 0;
}

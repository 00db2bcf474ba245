// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interface Description Blocks. The options that matter are the name, and the resolution and offset
 * of time stamps; a resolution that no 64-bit time stamp can use is refused, since all times would
 * be wrong.
 */
#include "source/iface.h"

#include <string.h>

#include <glib.h>

#include "source/order.h"

#define NS UINT64_C(1000000000)

/* Options (draft-ietf-opsawg-pcapng §3.5, §4.2) */
enum {
	OPTION_END = 0,
	OPTION_NAME = 2,
	OPTION_TSRESOL = 9,
	OPTION_TSOFFSET = 14,
};

/* 10^exponent, which must be below 20 */
static uint64_t
power_of_ten(unsigned exponent)
{
	uint64_t power = 1;

	while (exponent--)
		power *= 10;
	return power;
}

/* The resolution: 10^-n seconds, or 2^-n with the top bit. False: not possible. */
static bool
iface_set_resolution(struct iface *iface, uint8_t resolution)
{
	unsigned n = resolution & 0x7f;
	bool binary = resolution & 0x80;

	if (n > (binary ? 63 : 19))
		return false;
	iface->multiply = binary ? NS : power_of_ten(n < 9 ? 9 - n : 0);
	iface->divide = binary ? 1 : power_of_ten(n > 9 ? n - 9 : 0);
	iface->shift = binary ? n : 0;
	return true;
}

static void
iface_set_name(struct iface *iface, struct pn_reader *value)
{
	size_t len = MIN(pn_left(value), IFACE_NAME_MAX);

	g_free(iface->name);
	iface->name = pn_peek(value) ? g_strndup((const char *)pn_take(value, len), len) : NULL;
}

/* One option; NULL, or what is wrong with it. */
static const char *
iface_option(struct iface *iface, unsigned code, struct pn_reader value, bool big)
{
	size_t len = pn_left(&value);

	switch (code) {
	case OPTION_NAME:
		iface_set_name(iface, &value);
		return NULL;
	case OPTION_TSRESOL:
		if (len != 1 || !iface_set_resolution(iface, pn_u8(&value)))
			return "a resolution of time stamps that is not possible";
		return NULL;
	case OPTION_TSOFFSET:
		if (len != 8)
			return "an offset of time stamps that is not 8 bytes long";
		iface->offset = (int64_t)order_u64(&value, big);
		return NULL;
	default:
		return NULL;
	}
}

static const char *
iface_options(struct iface *iface, struct pn_reader *r, bool big)
{
	while (pn_left(r)) {
		unsigned code = order_u16(r, big);
		size_t len = order_u16(r, big);
		struct pn_reader value = pn_sub(r, len);
		const char *complaint;

		if (code == OPTION_END && pn_ok(r))
			return NULL;
		pn_skip(r, -len & 3);
		if (!pn_ok(r))
			return "an option of an interface that is longer than its block";
		complaint = iface_option(iface, code, value, big);
		if (complaint)
			return complaint;
	}
	return NULL;
}

const char *
iface_read(struct iface *ret_iface, struct pn_reader body, bool big)
{
	struct iface iface = { 0 };
	const char *complaint;

	iface.link = order_u16(&body, big);
	pn_skip(&body, 2);
	iface.snaplen = order_u32(&body, big);
	if (!pn_ok(&body))
		return "an interface whose description is too short";
	iface_set_resolution(&iface, 6);
	complaint = iface_options(&iface, &body, big);
	if (complaint) {
		iface_done(&iface);
		return complaint;
	}
	if (!iface.offset && !iface.shift && iface.divide == 1)
		iface.simple = UINT64_MAX / iface.multiply;
	*ret_iface = iface;
	return NULL;
}

void
iface_done(struct iface *iface)
{
	g_free(iface->name);
	iface->name = NULL;
}

uint64_t
iface_time_any(const struct iface *iface, uint64_t stamp, uint64_t otherwise)
{
	/* Below 2^64 × 2^30, so nothing is lost until the end; an offset is below 2^63 × 2^30. */
	__int128 time = (__int128)((unsigned __int128)stamp * iface->multiply >> iface->shift);

	time /= iface->divide;
	time += (__int128)iface->offset * (__int128)NS;
	return time < 0 || time > UINT64_MAX ? otherwise : (uint64_t)time;
}

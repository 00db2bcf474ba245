// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reader of classic capture files. It is on the packet path: packets are taken from the window
 * where they lie, by one loop for each byte order.
 *
 * Trusted is nothing but the lengths that fit: a snap length says nothing (many files have packets
 * longer than theirs), and a packet longer on file than on the wire has been as long on the wire.
 */
#include "source/classic.h"

#include <errno.h>
#include <inttypes.h>

#include <glib.h>

#include "packet/decode.h"
#include "source/order.h"

#define FILE_HEADER 24u

/* Bits 0–25 of the link type field; above are the length of the frame check sequence and a flag
 * (draft-ietf-opsawg-pcap §4). */
#define LINK_MASK 0x03ffffffu

static const struct {
	uint32_t magic;
	uint32_t unit;
	uint8_t header;
} variants[] = {
	{ 0xa1b2c3d4, 1000, 16 }, { 0xa1b23c4d, 1, 16 },
	{ 0xa1b2cd34, 1000, 24 }, /* interface, protocol and type of packet behind the lengths */
};

/* Captured length first, or (files of old) second, or whatever makes it the smaller one. */
enum { LENGTHS_STRAIGHT, LENGTHS_SWAPPED, LENGTHS_EITHER };

/* Finds the variant and byte order of a magic. */
static int
classic_recognise(const uint8_t *magic, struct classic *ret_classic)
{
	for (unsigned n = 0; n < 2 * G_N_ELEMENTS(variants); n++) {
		struct pn_reader r = pn_reader(magic, CLASSIC_MAGIC);
		bool big = n & 1;

		if (order_u32(&r, big) != variants[n / 2].magic)
			continue;
		*ret_classic = (struct classic){
			.big = big,
			.header = variants[n / 2].header,
			.unit = variants[n / 2].unit,
		};
		return 0;
	}
	return -ENOENT;
}

bool
classic_knows(const uint8_t magic[static CLASSIC_MAGIC])
{
	struct classic classic;

	return classic_recognise(magic, &classic) == 0;
}

/* Versions are 2.0 to 2.4; 543.0 is one that a vendor's tcpdump wrote. */
static int
classic_version(struct classic *classic, struct reading *reading, unsigned major, unsigned minor)
{
	if ((major != 2 || minor > 4) && (major != 543 || minor != 0))
		return reading_refuse(
			reading, "version %u.%u of the format is not known", major, minor);
	if (major == 543 || minor < 3)
		classic->lengths = LENGTHS_SWAPPED;
	else if (minor == 3)
		classic->lengths = LENGTHS_EITHER;
	return 0;
}

int
classic_begin(struct classic *ret_classic, struct reading *reading)
{
	struct classic classic;
	struct pn_reader r;
	unsigned major, minor;
	uint32_t link;
	int ret;

	ret = input_more(&reading->input, FILE_HEADER, &reading->message);
	if (ret < 0)
		return ret;
	if (!ret) {
		reading_want(reading, FILE_HEADER, "the file header", 0);
		return reading_cut_short(reading);
	}
	r = pn_reader(reading->input.at, FILE_HEADER);
	ret = classic_recognise(pn_take(&r, CLASSIC_MAGIC), &classic);
	if (ret < 0)
		return ret;
	major = order_u16(&r, classic.big);
	minor = order_u16(&r, classic.big);
	ret = classic_version(&classic, reading, major, minor);
	if (ret < 0)
		return ret;
	pn_skip(&r, 12); /* time zone, accuracy, snap length */
	link = order_u32(&r, classic.big) & LINK_MASK;
	if (link > UINT16_MAX || !decode_knows_link((uint16_t)link))
		return reading_unknown_link(reading, link);
	classic.link = (uint16_t)link;
	reading->input.at += FILE_HEADER;
	*ret_classic = classic;
	return 0;
}

/* The header of a packet. */
struct record {
	uint64_t time;
	uint32_t caplen;
	uint32_t wirelen;
};

static void
record_order_lengths(struct record *record, unsigned lengths)
{
	uint32_t first = record->caplen;

	if (lengths == LENGTHS_EITHER && first <= record->wirelen)
		return;
	record->caplen = record->wirelen;
	record->wirelen = first;
}

/* Seconds and their parts are counted from 1970 without a sign, so all fits: parts of a second that
 * are more than one just count on. */
static inline __attribute__((always_inline)) struct record
record_read(const struct classic *classic, const uint8_t *at, bool big)
{
	struct record record;

	record.time = order_load(at, big) * UINT64_C(1000000000);
	record.time += order_load(at + 4, big) * (uint64_t)classic->unit;
	record.caplen = order_load(at + 8, big);
	record.wirelen = order_load(at + 12, big);
	if (classic->lengths != LENGTHS_STRAIGHT)
		record_order_lengths(&record, classic->lengths);
	return record;
}

/* No packet can be taken from the window: is it incomplete, or damaged? */
static int
classic_stuck(const struct classic *classic, struct reading *reading)
{
	size_t left = input_left(&reading->input);
	struct record record;

	if (left < classic->header)
		return reading_want(
			reading, classic->header, left ? "the header of a packet" : NULL, 0);
	record = record_read(classic, reading->input.at, classic->big);
	if (record.caplen > READING_PACKET_MAX)
		return reading_refuse(
			reading, "a packet of %" PRIu32 " bytes, more than any has", record.caplen);
	return reading_want(
		reading, (size_t)classic->header + record.caplen, "a packet", record.caplen);
}

/*
 * The loop. `big` is a constant where it is called, and what it reads again and again is in locals:
 * it writes to packets, which could lie anywhere for all that the compiler knows.
 */
static inline __attribute__((always_inline)) int
classic_take(const struct classic *classic, struct reading *reading, struct batch *batch, bool big)
{
	const struct classic format = *classic;
	const struct filter *const filter = reading->filter;
	const uint8_t *const end = reading->input.end;
	const uint8_t *at = reading->input.at;
	uint64_t number = reading->number;
	unsigned n = 0;

	while (n < BATCH_MAX && (size_t)(end - at) >= format.header) {
		struct record record = record_read(&format, at, big);
		struct packet *p = &batch->packets[n];

		if ((size_t)(end - at) - format.header < record.caplen ||
			record.caplen > READING_PACKET_MAX)
			break;
		p->time = record.time;
		p->number = number++;
		p->data = at + format.header;
		p->caplen = record.caplen;
		p->wirelen = MAX(record.caplen, record.wirelen);
		p->link = format.link;
		p->iface = 0;
		p->way = WAY_UNKNOWN;
		at = p->data + record.caplen;
		n += !filter || filter_match(filter, p);
	}
	reading->number = number;
	reading->input.at = at;
	return n ? (int)n : classic_stuck(classic, reading);
}

int
classic_next(const struct classic *classic, struct reading *reading, struct batch *batch)
{
	if (classic->big)
		return classic_take(classic, reading, batch, true);
	return classic_take(classic, reading, batch, false);
}

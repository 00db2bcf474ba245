// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reader of pcapng files: one block after another from the window.
 *
 * Blocks of packets and interfaces are taken whole, so their size is limited by the window; all
 * others are skipped as they come by, whatever fits. Both lengths of a block must agree. A block
 * that is refused is left at the window's front, so what is found wrong is found again.
 */
#include "source/pcapng.h"

#include <errno.h>
#include <inttypes.h>

#include <glib.h>

#include "packet/decode.h"
#include "source/iface.h"
#include "source/order.h"

/* Types of block (draft-ietf-opsawg-pcapng §4, §11.1) */
enum {
	BLOCK_SECTION = 0x0a0d0d0a, /* the same in both byte orders */
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_ENHANCED_PACKET = 6,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du

#define BLOCK_HEAD    8u /* type and length */
#define BLOCK_TAIL    4u /* the length again */
#define BLOCK_MIN     (BLOCK_HEAD + BLOCK_TAIL)
#define ENHANCED_HEAD 20u /* interface, time stamp, two lengths */
#define SECTION_MIN   28u /* byte order, version, length of the section */

/* Options of a packet (§3.5, §4.3), and how many of them are looked at. */
#define OPTION_END	    0u
#define OPTION_PACKET_FLAGS 2u
#define PACKET_OPTIONS_MAX  16u

struct pcapng {
	bool big;       /* byte order of this section */
	GArray *ifaces; /* of struct iface; of all sections */
	unsigned first; /* of this section */
	uint64_t time;  /* of the last packet */

	/* A block that is being skipped: its length, and bytes to go before its tail. */
	uint32_t skipping;
	uint32_t skip;
};

/* What a function below answers if not a negative errno value. */
enum { TOOK_OTHER, TOOK_PACKET, TOOK_NOTHING };

bool
pcapng_knows(const uint8_t magic[static PCAPNG_MAGIC])
{
	struct pn_reader r = pn_reader(magic, PCAPNG_MAGIC);

	return pn_u32be(&r) == BLOCK_SECTION;
}

static void
iface_clear(void *iface)
{
	iface_done(iface);
}

struct pcapng *
pcapng_new(void)
{
	struct pcapng *pcapng = g_new0(struct pcapng, 1);

	pcapng->ifaces = g_array_new(FALSE, FALSE, sizeof(struct iface));
	g_array_set_clear_func(pcapng->ifaces, iface_clear);
	return pcapng;
}

void
pcapng_free(struct pcapng *pcapng)
{
	if (!pcapng)
		return;
	g_array_free(pcapng->ifaces, TRUE);
	g_free(pcapng);
}

const char *
pcapng_interface_name(const struct pcapng *pcapng, unsigned iface)
{
	if (iface >= pcapng->ifaces->len)
		return NULL;
	return g_array_index(pcapng->ifaces, struct iface, iface).name;
}

/* An interface of this section, or NULL. */
static const struct iface *
section_iface(const struct pcapng *pcapng, uint32_t n)
{
	if (n >= pcapng->ifaces->len - pcapng->first)
		return NULL;
	return &g_array_index(pcapng->ifaces, struct iface, pcapng->first + n);
}

static int
pcapng_want(struct reading *reading, size_t bytes, const char *within, uint64_t size)
{
	reading_want(reading, bytes, within, size);
	return TOOK_NOTHING;
}

/* A section begins: its byte order holds from here on, and interfaces are counted anew. */
static int
pcapng_section(struct pcapng *pcapng, struct reading *reading)
{
	struct pn_reader r, total_field;
	uint32_t magic, total;
	unsigned major;
	bool big;

	if (input_left(&reading->input) < SECTION_MIN)
		return pcapng_want(reading, SECTION_MIN, "the header of a section", 0);
	r = pn_reader(reading->input.at, SECTION_MIN);
	pn_skip(&r, 4);
	total_field = pn_sub(&r, 4);
	magic = pn_u32be(&r);
	big = magic == BYTE_ORDER_MAGIC;
	if (!big && magic != GUINT32_SWAP_LE_BE(BYTE_ORDER_MAGIC))
		return reading_refuse(reading, "a section without its byte order");
	total = order_u32(&total_field, big);
	major = order_u16(&r, big);
	if (major != 1)
		return reading_refuse(reading, "version %u of the format is not known", major);
	if (total < SECTION_MIN || total & 3 || total > PCAPNG_BLOCK_MAX)
		return reading_refuse(
			reading, "a section whose header's length is %" PRIu32, total);
	pcapng->big = big;
	pcapng->first = pcapng->ifaces->len;
	pcapng->skipping = total;
	pcapng->skip = total - BLOCK_TAIL;
	return TOOK_OTHER;
}

static int
pcapng_interface(struct pcapng *pcapng, struct reading *reading, struct pn_reader body)
{
	struct iface iface;
	const char *complaint;

	if (pcapng->ifaces->len == PCAPNG_IFACES_MAX)
		return reading_refuse(reading, "more than %u interfaces", PCAPNG_IFACES_MAX);
	complaint = iface_read(&iface, body, pcapng->big);
	if (complaint)
		return reading_refuse(reading, "%s", complaint);
	iface.known = decode_knows_link(iface.link);
	g_array_append_val(pcapng->ifaces, iface);
	return TOOK_OTHER;
}

/* What all kinds of packet have in common: `n` is their interface within this section, and there
 * are `room` bytes at p->data. The caller has filled in both lengths. */
static inline int
pcapng_packet(
	struct pcapng *pcapng, struct reading *reading, uint32_t n, size_t room, struct packet *p)
{
	const struct iface *iface = section_iface(pcapng, n);

	if (p->caplen > room)
		return reading_refuse(reading, "a packet that is longer than its block");
	if (p->caplen > READING_PACKET_MAX)
		return reading_refuse(
			reading, "a packet of %" PRIu32 " bytes, more than any has", p->caplen);
	if (!iface->known)
		return reading_unknown_link(reading, iface->link);
	p->number = reading->number++;
	p->wirelen = MAX(p->caplen, p->wirelen);
	p->link = iface->link;
	p->iface = (uint16_t)(pcapng->first + n);
	p->way = WAY_UNKNOWN;
	pcapng->time = p->time;
	return TOOK_PACKET;
}

/* Whether the packet was received or sent, as the option of its flags says (§4.3.1). */
static enum way
pcapng_way(struct pn_reader options, bool big)
{
	static const enum way ways[4] = { WAY_UNKNOWN, WAY_RECEIVED, WAY_SENT, WAY_UNKNOWN };

	for (unsigned n = 0; n < PACKET_OPTIONS_MAX && pn_left(&options); n++) {
		unsigned code = order_u16(&options, big);
		unsigned len = order_u16(&options, big);
		struct pn_reader value = pn_sub(&options, len);

		pn_skip(&options, -len & 3);
		if (!pn_ok(&options) || code == OPTION_END)
			break;
		if (code == OPTION_PACKET_FLAGS && len == 4)
			return ways[order_u32(&value, big) & 3];
	}
	return WAY_UNKNOWN;
}

/* §4.3; and the obsolete block (appendix A), whose interface is half as wide and followed by a
 * number of drops. */
static int
pcapng_enhanced(struct pcapng *pcapng, struct reading *reading, struct pn_reader body,
	bool obsolete, struct packet *p)
{
	const uint8_t *head = pn_take(&body, ENHANCED_HEAD);
	const bool big = pcapng->big;
	const struct iface *iface;
	uint64_t stamp;
	uint32_t n;
	int r;

	if (!head)
		return reading_refuse(reading, "a packet block that is too short");
	n = order_load(head, big);
	if (obsolete)
		n = big ? n >> 16 : n & UINT16_MAX;
	iface = section_iface(pcapng, n);
	if (!iface)
		return reading_refuse(
			reading, "a packet of interface %" PRIu32 ", which is not described", n);
	stamp = (uint64_t)order_load(head + 4, big) << 32 | order_load(head + 8, big);
	p->time = iface_time(iface, stamp, pcapng->time);
	p->caplen = order_load(head + 12, big);
	p->wirelen = order_load(head + 16, big);
	p->data = body.at;
	r = pcapng_packet(pcapng, reading, n, pn_left(&body), p);
	pn_skip(&body, ((size_t)p->caplen + 3) & ~(size_t)3);
	if (r == TOOK_PACKET && pn_left(&body))
		p->way = (uint8_t)pcapng_way(body, big);
	return r;
}

/* §4.4: of the section's first interface; how much was captured follows from its snap length. */
static int
pcapng_simple(
	struct pcapng *pcapng, struct reading *reading, struct pn_reader body, struct packet *p)
{
	const struct iface *iface = section_iface(pcapng, 0);

	p->wirelen = order_u32(&body, pcapng->big);
	if (!pn_ok(&body))
		return reading_refuse(reading, "a packet block that is too short");
	if (!iface)
		return reading_refuse(reading, "a packet without any interface");
	p->caplen = iface->snaplen ? MIN(p->wirelen, iface->snaplen) : p->wirelen;
	p->time = pcapng->time;
	p->data = body.at;
	return pcapng_packet(pcapng, reading, 0, pn_left(&body), p);
}

/* A block that has to be looked at is whole in the window. */
static int
pcapng_whole(struct pcapng *pcapng, struct reading *reading, uint32_t type, uint32_t total,
	struct packet *p)
{
	const uint8_t *block = reading->input.at;
	struct pn_reader body = pn_reader(block + BLOCK_HEAD, total - BLOCK_MIN);
	int ret;

	if (order_load(block + total - BLOCK_TAIL, pcapng->big) != total)
		return reading_refuse(reading, "a block whose two lengths differ");
	if (type == BLOCK_ENHANCED_PACKET || type == BLOCK_PACKET)
		ret = pcapng_enhanced(pcapng, reading, body, type == BLOCK_PACKET, p);
	else if (type == BLOCK_SIMPLE_PACKET)
		ret = pcapng_simple(pcapng, reading, body, p);
	else
		ret = pcapng_interface(pcapng, reading, body);
	if (ret >= 0)
		reading->input.at = block + total;
	return ret;
}

/* The rest of a block of no interest, as far as it has come. */
static int
pcapng_skip(struct pcapng *pcapng, struct reading *reading)
{
	size_t step = MIN(input_left(&reading->input), pcapng->skip);

	reading->input.at += step;
	pcapng->skip -= (uint32_t)step;
	if (pcapng->skip)
		return pcapng_want(reading, 1, "a block", pcapng->skipping);
	if (input_left(&reading->input) < BLOCK_TAIL)
		return pcapng_want(reading, BLOCK_TAIL, "a block", pcapng->skipping);
	if (order_load(reading->input.at, pcapng->big) != pcapng->skipping)
		return reading_refuse(reading, "the end of a block whose two lengths differ");
	reading->input.at += BLOCK_TAIL;
	pcapng->skipping = 0;
	return TOOK_OTHER;
}

static int
pcapng_block(struct pcapng *pcapng, struct reading *reading, struct packet *p)
{
	size_t left = input_left(&reading->input);
	uint32_t type, total;

	if (pcapng->skipping)
		return pcapng_skip(pcapng, reading);
	if (left < BLOCK_MIN)
		return pcapng_want(reading, BLOCK_MIN, left ? "the header of a block" : NULL, 0);
	type = order_load(reading->input.at, pcapng->big);
	total = order_load(reading->input.at + 4, pcapng->big);
	if (type == BLOCK_SECTION)
		return pcapng_section(pcapng, reading);
	if (total < BLOCK_MIN || total & 3 || total > PCAPNG_BLOCK_MAX)
		return reading_refuse(reading, "a block whose length is %" PRIu32, total);
	if (type != BLOCK_INTERFACE && type != BLOCK_PACKET && type != BLOCK_SIMPLE_PACKET &&
		type != BLOCK_ENHANCED_PACKET) {
		pcapng->skipping = total;
		pcapng->skip = total - BLOCK_TAIL;
		return TOOK_OTHER;
	}
	if (total > PCAPNG_WHOLE_MAX)
		return reading_refuse(reading, "a packet whose block's length is %" PRIu32, total);
	if (left < total)
		return pcapng_want(reading, total, "a block", total);
	return pcapng_whole(pcapng, reading, type, total, p);
}

int
pcapng_next(struct pcapng *pcapng, struct reading *reading, struct batch *batch)
{
	unsigned n = 0;

	while (n < BATCH_MAX) {
		struct packet *p = &batch->packets[n];
		int ret = pcapng_block(pcapng, reading, p);

		if (ret == TOOK_PACKET)
			n += reading_matches(reading, p);
		else if (ret == TOOK_NOTHING)
			break;
		else if (ret < 0) /* with packets in hand, it is found again at the next call */
			return n ? (int)n : ret;
	}
	return (int)n;
}

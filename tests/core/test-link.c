// SPDX-License-Identifier: GPL-2.0-or-later
/* Every link type, by frames written out, up to the first byte of the IP header. */
#include "packet/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packet/decode.h"

#include "kit/kit.h"
#include "kit/packets.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define MACS   "020000000002 020000000001 "
#define TAG    "8100 0064 "
#define TAG4   TAG TAG TAG TAG
#define LABEL  "00064040 " /* label 100, not the bottom, TTL 64 */
#define LABEL4 LABEL LABEL LABEL LABEL
#define BOTTOM "00065140 "
#define SNAP   "aaaa03 000000 "

struct frame {
	const char *name;
	uint16_t link;
	const char *bytes;
	int result;      /* 4, 6, 0, or -EBADMSG */
	unsigned offset; /* of the network header */
};

static const struct frame frames[] = {
	{ "ipv4", LINK_ETHERNET, MACS "0800 45", 4, 14 },
	{ "ipv6", LINK_ETHERNET, MACS "86dd 60", 6, 14 },
	{ "type rules, not version", LINK_ETHERNET, MACS "0800 60", 4, 14 },
	{ "arp", LINK_ETHERNET, MACS "0806 0001", 0, 14 },
	{ "neither type nor length", LINK_ETHERNET, MACS "05ff 45", 0, 14 },
	{ "vlan", LINK_ETHERNET, MACS "8100 0064 0800 45", 4, 18 },
	{ "qinq", LINK_ETHERNET, MACS "88a8 0064 8100 0065 86dd 60", 6, 22 },
	{ "old qinq", LINK_ETHERNET, MACS "9100 0064 8100 0065 0800 45", 4, 22 },
	{ "vlan arp", LINK_ETHERNET, MACS "8100 0064 0806 0001", 0, 18 },
	{ "eight tags", LINK_ETHERNET, MACS TAG4 TAG4 "0800 45", 4, 46 },
	{ "nine tags", LINK_ETHERNET, MACS TAG4 TAG4 TAG "0800 45", -EBADMSG, 50 },
	{ "snap ipv4", LINK_ETHERNET, MACS "0032 " SNAP "0800 45", 4, 22 },
	{ "snap ipv6", LINK_ETHERNET, MACS "05dc " SNAP "86dd 60", 6, 22 },
	{ "bridged snap", LINK_ETHERNET, MACS "0032 aaaa03 0000f8 0800 45", 4, 22 },
	{ "snap of a vendor", LINK_ETHERNET, MACS "0032 aaaa03 00000c 2000 45", 0, 22 },
	{ "snap arp", LINK_ETHERNET, MACS "0032 " SNAP "0806 0001", 0, 22 },
	{ "snap with a length", LINK_ETHERNET, MACS "0032 " SNAP "0032 aaaa", 0, 22 },
	{ "snap vlan", LINK_ETHERNET, MACS "0032 " SNAP "8100 0064 0800 45", 4, 26 },
	{ "vlan snap", LINK_ETHERNET, MACS "8100 0064 0032 " SNAP "0800 45", 4, 26 },
	{ "llc ip", LINK_ETHERNET, MACS "0032 060603 45", 4, 17 },
	{ "spanning tree", LINK_ETHERNET, MACS "0026 424203 0000", 0, 17 },
	{ "raw 802.3", LINK_ETHERNET, MACS "0026 ffff 0022", 0, 17 },
	{ "mpls", LINK_ETHERNET, MACS "8847 " BOTTOM "45", 4, 18 },
	{ "mpls multicast", LINK_ETHERNET, MACS "8848 " LABEL BOTTOM "60", 6, 22 },
	{ "mpls, not ip", LINK_ETHERNET, MACS "8847 " BOTTOM "00", 0, 18 },
	{ "vlan mpls", LINK_ETHERNET, MACS TAG "8847 " BOTTOM "45", 4, 22 },
	{ "eight labels", LINK_ETHERNET, MACS "8847 " LABEL4 LABEL LABEL LABEL BOTTOM "45", 4, 46 },
	{ "nine labels", LINK_ETHERNET, MACS "8847 " LABEL4 LABEL4 BOTTOM "45", -EBADMSG, 46 },
	{ "pppoe", LINK_ETHERNET, MACS "8864 1100 0001 0016 0021 45", 4, 22 },
	{ "pppoe ipv6", LINK_ETHERNET, MACS "8864 1100 0001 002a 0057 60", 6, 22 },
	{ "pppoe lcp", LINK_ETHERNET, MACS "8864 1100 0001 000a c021 01", 0, 22 },
	{ "pppoe in qinq", LINK_ETHERNET, MACS TAG TAG "8864 1100 0001 0016 0021 45", 4, 30 },
	{ "pppoe discovery", LINK_ETHERNET, MACS "8863 1109 0000 0004 01010000", 0, 14 },
	{ "pppoe version 2", LINK_ETHERNET, MACS "8864 2100 0001 0016 0021 45", -EBADMSG, 20 },

	{ "ppp", LINK_PPP, "ff03 0021 45", 4, 4 },
	{ "ppp ipv6", LINK_PPP, "ff03 0057 60", 6, 4 },
	{ "ppp, no address", LINK_PPP, "0021 45", 4, 2 },
	{ "ppp, short protocol", LINK_PPP, "ff03 21 45", 4, 3 },
	{ "ppp, shortest", LINK_PPP, "21 45", 4, 1 },
	{ "ppp ipv6, shortest", LINK_PPP, "57 60", 6, 1 },
	{ "ppp mpls", LINK_PPP, "ff03 0281 " BOTTOM "45", 4, 8 },
	{ "ppp mpls multicast", LINK_PPP, "ff03 0283 " BOTTOM "60", 6, 8 },
	{ "ppp lcp", LINK_PPP, "ff03 c021 01", 0, 4 },
	{ "ppp compressed tcp", LINK_PPP, "ff03 002d 45", 0, 4 },
	{ "ppp, other control", LINK_PPP, "ff13 0021 45", 0, 2 },

	{ "ppp hdlc", LINK_PPP_HDLC, "ff03 0021 45", 4, 4 },
	{ "ppp hdlc, no address", LINK_PPP_HDLC, "0057 60", 6, 2 },
	{ "ppp hdlc, cisco", LINK_PPP_HDLC, "0f00 0800 45", 4, 4 },
	{ "ppp hdlc, cisco multicast", LINK_PPP_HDLC, "8f00 2000 02", 0, 4 },

	{ "pppoe link", LINK_PPPOE, "1100 0001 0016 0021 45", 4, 8 },
	{ "pppoe link discovery", LINK_PPPOE, "1109 0000 0004 01010000", 0, 6 },
	{ "pppoe link type 0", LINK_PPPOE, "1000 0001 0016 0021 45", -EBADMSG, 6 },

	{ "cisco", LINK_CISCO_HDLC, "0f00 0800 45", 4, 4 },
	{ "cisco ipv6", LINK_CISCO_HDLC, "0f00 86dd 60", 6, 4 },
	{ "cisco mpls", LINK_CISCO_HDLC, "0f00 8847 " BOTTOM "45", 4, 8 },
	{ "cisco keepalive", LINK_CISCO_HDLC, "8f00 8035 00000002", 0, 4 },
	{ "cisco, small type", LINK_CISCO_HDLC, "0f00 0004 aaaa", 0, 4 },

	{ "sll", LINK_SLL, "0000 0001 0006 0200000000010000 0800 45", 4, 16 },
	{ "sll ipv6", LINK_SLL, "0004 0001 0006 0200000000010000 86dd 60", 6, 16 },
	{ "sll arp", LINK_SLL, "0001 0001 0006 0200000000010000 0806 00", 0, 16 },
	{ "sll vlan", LINK_SLL, "0000 0001 0006 0200000000010000 8100 0064 0800 45", 4, 20 },
	{ "sll 802.2", LINK_SLL, "0000 0001 0006 0200000000010000 0004 " SNAP "0800 45", 4, 24 },
	{ "sll raw 802.3", LINK_SLL, "0000 0001 0006 0200000000010000 0001 ffff", 0, 16 },

	{ "sll2", LINK_SLL2, "0800 0000 00000002 0001 00 06 0200000000010000 45", 4, 20 },
	{ "sll2 ipv6", LINK_SLL2, "86dd 0000 00000002 0001 04 06 0200000000010000 60", 6, 20 },
	{ "sll2 can", LINK_SLL2, "000c 0000 00000002 0118 00 00 0000000000000000 00", 0, 20 },

	{ "null, little", LINK_NULL, "02000000 45", 4, 4 },
	{ "null, big", LINK_NULL, "00000002 45", 4, 4 },
	{ "null, ipv6 of darwin", LINK_NULL, "1e000000 60", 6, 4 },
	{ "null, ipv6 of freebsd", LINK_NULL, "0000001c 60", 6, 4 },
	{ "null, ipv6 of netbsd", LINK_NULL, "18000000 60", 6, 4 },
	{ "null, ipv6 of windows", LINK_NULL, "17000000 60", 6, 4 },
	{ "null, appletalk", LINK_NULL, "10000000 00", 0, 4 },
	{ "loop", LINK_LOOP, "00000002 45", 4, 4 },
	{ "loop ipv6", LINK_LOOP, "00000018 60", 6, 4 },
	{ "loop in the wrong order", LINK_LOOP, "02000000 45", 0, 4 },

	{ "raw", LINK_RAW, "45", 4, 0 },
	{ "raw ipv6", LINK_RAW, "60", 6, 0 },
	{ "raw, neither", LINK_RAW, "50", 0, 0 },
	{ "raw bsd", LINK_RAW_BSD, "4f", 4, 0 },
	{ "raw bsd ipv6", LINK_RAW_BSD, "6f", 6, 0 },
};

/* Bytes of their own, so that a sanitizer sees a read beyond their end. */
static uint8_t *
exactly(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, len);
	return copy;
}

START_TEST(test_frames)
{
	uint8_t bytes[128], *copy;
	struct pn_reader r;
	unsigned i;
	size_t len;
	int result;

	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		len = kit_hex(frames[i].bytes, bytes, sizeof(bytes));
		copy = exactly(bytes, len);
		r = pn_reader(copy, len);
		result = link_skip(frames[i].link, &r);
		ck_assert_msg(pn_ok(&r), "%s", frames[i].name);
		ck_assert_msg(result == frames[i].result, "%s: %d", frames[i].name, result);
		ck_assert_msg(pn_offset(&r) == frames[i].offset, "%s: %zu", frames[i].name,
			pn_offset(&r));
		free(copy);
	}
}
END_TEST

/* A frame that ends before its network header begins is not taken for anything. */
START_TEST(test_cut)
{
	uint8_t bytes[128], *copy;
	struct pn_reader r;
	unsigned i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		if (frames[i].result <= 0)
			continue;
		kit_hex(frames[i].bytes, bytes, sizeof(bytes));
		for (len = 0; len < frames[i].offset; len++) {
			copy = exactly(bytes, len);
			r = pn_reader(copy, len);
			(void)link_skip(frames[i].link, &r);
			ck_assert_msg(!pn_ok(&r), "%s cut to %zu", frames[i].name, len);
			free(copy);
		}
	}
}
END_TEST

START_TEST(test_no_header)
{
	struct pn_reader r = pn_reader(NULL, 0);

	ck_assert_int_eq(link_skip(LINK_IPV4, &r), 4);
	ck_assert(pn_ok(&r));
	ck_assert_int_eq(link_skip(LINK_IPV6, &r), 6);
	ck_assert(pn_ok(&r));
	(void)link_skip(LINK_RAW, &r); /* has to look at the version */
	ck_assert(!pn_ok(&r));
}
END_TEST

START_TEST(test_known)
{
	static const uint16_t known[] = { 0, 1, 9, 12, 50, 51, 101, 104, 108, 113, 228, 229, 276 };
	struct pn_reader r = pn_reader("E", 1);
	unsigned i, link, count = 0;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		ck_assert_msg(link_is_known(known[i]), "%u", known[i]);
	for (link = 0; link < 65536; link++)
		count += link_is_known((uint16_t)link);
	ck_assert_uint_eq(count, ARRAY_SIZE(known));
	ck_assert_int_eq(link_skip(127, &r), -EPROTONOSUPPORT);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("link");
	TCase *tc = tcase_create("link");

	tcase_add_test(tc, test_frames);
	tcase_add_test(tc, test_cut);
	tcase_add_test(tc, test_no_header);
	tcase_add_test(tc, test_known);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

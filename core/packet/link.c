// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Link layers, one small function each, in a table by the type that a capture file gives.
 *
 * A function takes its headers from the reader and says what follows, as link_skip() does; whether
 * the reader ran dry is asked once, at the end. Tags, labels and SNAP headers may be stacked up to
 * LINK_DEPTH_MAX of a kind: more is refused, for what hides behind them would not be looked at.
 */
#include "packet/link.h"

#include <errno.h>

#include "packet/decode.h"

#define LINK_DEPTH_MAX 8

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum {
	NOT_IP = 0,
	IPV4 = 4,
	IPV6 = 6,
};

/* IEEE 802 type numbers. */
enum {
	TYPE_LENGTH_MAX = 1500, /* up to here it is a length: IEEE 802.3 §3.2.6 */
	TYPE_IPV4 = 0x0800,
	TYPE_VLAN = 0x8100, /* IEEE 802.1Q customer tag */
	TYPE_IPV6 = 0x86dd,
	TYPE_MPLS = 0x8847, /* RFC 3032 §5 */
	TYPE_MPLS_MULTICAST = 0x8848,
	TYPE_PPPOE = 0x8864, /* RFC 2516 §4: session stage */
	TYPE_QINQ = 0x88a8,  /* IEEE 802.1Q service tag */
	TYPE_QINQ_OLD = 0x9100,
	TYPE_NONE = 0xffff, /* reserved */
};

/* PPP protocol numbers. */
enum {
	PPP_IPV4 = 0x0021, /* RFC 1332 */
	PPP_IPV6 = 0x0057, /* RFC 5072 */
	PPP_MPLS = 0x0281, /* RFC 3032 §4.3 */
	PPP_MPLS_MULTICAST = 0x0283,
};

/* Where no header says what follows, the version does. */
static int
by_version(struct pn_reader *r)
{
	struct pn_reader ahead = *r;
	uint8_t version = pn_u8(&ahead) >> 4;

	r->bad = ahead.bad;
	return version == IPV4 || version == IPV6 ? version : NOT_IP;
}

/* RFC 3032 §2.1: labels up to the one marked as the bottom of the stack. */
static int
mpls(struct pn_reader *r)
{
	unsigned depth;

	for (depth = 0; depth < LINK_DEPTH_MAX; depth++)
		if (pn_u32be(r) & 0x100)
			return by_version(r);
	return -EBADMSG;
}

/* RFC 1661 §2; §6.5: a compressed protocol field is one byte, and odd. */
static int
ppp_protocol(struct pn_reader *r)
{
	uint16_t protocol = pn_u8(r);

	if (!(protocol & 1))
		protocol = (uint16_t)(protocol << 8 | pn_u8(r));
	switch (protocol) {
	case PPP_IPV4:
		return IPV4;
	case PPP_IPV6:
		return IPV6;
	case PPP_MPLS:
	case PPP_MPLS_MULTICAST:
		return mpls(r);
	}
	return NOT_IP;
}

/* RFC 2516 §4. A code other than 0 is discovery. */
static int
pppoe(struct pn_reader *r)
{
	uint8_t version_type = pn_u8(r), code = pn_u8(r);

	pn_skip(r, 4); /* session, length */
	if (version_type != 0x11)
		return -EBADMSG;
	return code ? NOT_IP : ppp_protocol(r);
}

/* IEEE 802.2 LLC: the type that a SNAP header (RFC 1042) gives, or TYPE_NONE. */
static uint16_t
llc(struct pn_reader *r)
{
	uint16_t saps = pn_u16be(r), type;
	uint8_t control = pn_u8(r);
	uint32_t oui;

	if (saps == 0x0606 && control == 3) /* RFC 948: IP without SNAP */
		return TYPE_IPV4;
	if (saps != 0xaaaa || control != 3)
		return TYPE_NONE;
	oui = pn_u24be(r);
	type = pn_u16be(r);
	if (oui != 0 && oui != 0x0000f8) /* 0000f8: IEEE 802.1H, bridged Ethernet */
		return TYPE_NONE;
	return type > TYPE_LENGTH_MAX ? type : TYPE_NONE;
}

/* What an Ethernet type or length says, through tags as far as they go. */
static int
by_type(struct pn_reader *r, uint16_t type)
{
	unsigned depth;

	for (depth = 0; depth <= LINK_DEPTH_MAX; depth++) {
		switch (type) {
		case TYPE_IPV4:
			return IPV4;
		case TYPE_IPV6:
			return IPV6;
		case TYPE_MPLS:
		case TYPE_MPLS_MULTICAST:
			return mpls(r);
		case TYPE_PPPOE:
			return pppoe(r);
		case TYPE_VLAN:
		case TYPE_QINQ:
		case TYPE_QINQ_OLD:
			pn_skip(r, 2);
			type = pn_u16be(r);
			break;
		default:
			if (type > TYPE_LENGTH_MAX)
				return NOT_IP;
			type = llc(r);
		}
	}
	return -EBADMSG;
}

static int
ethernet(struct pn_reader *r)
{
	pn_skip(r, 12); /* addresses */
	return by_type(r, pn_u16be(r));
}

/* RFC 1662 §3.1; address and control may be left out (RFC 1661 §6.6), and no protocol is 0xff. */
static int
ppp(struct pn_reader *r)
{
	if (pn_peek(r) == 0xff && pn_u16be(r) != 0xff03)
		return NOT_IP;
	return ppp_protocol(r);
}

/* Address, control, type. */
static int
cisco_hdlc(struct pn_reader *r)
{
	uint16_t type;

	pn_skip(r, 2);
	type = pn_u16be(r);
	return type > TYPE_LENGTH_MAX ? by_type(r, type) : NOT_IP;
}

/* PPP in HDLC-like framing, or Cisco HDLC by its address: 0x0f unicast, 0x8f multicast. */
static int
ppp_hdlc(struct pn_reader *r)
{
	if ((pn_peek(r) & 0x7f) == 0x0f)
		return cisco_hdlc(r);
	return ppp(r);
}

/* Linux cooked captures: numbers up to TYPE_LENGTH_MAX are Linux's own, of which 4 is 802.2. */
static int
by_cooked_type(struct pn_reader *r, uint16_t type)
{
	if (type <= TYPE_LENGTH_MAX && type != 4)
		return NOT_IP;
	return by_type(r, type);
}

static int
sll(struct pn_reader *r)
{
	pn_skip(r, 14); /* packet type, ARPHRD type, address length, address */
	return by_cooked_type(r, pn_u16be(r));
}

static int
sll2(struct pn_reader *r)
{
	uint16_t type = pn_u16be(r);

	pn_skip(r, 18); /* reserved, interface, ARPHRD type, packet type, address */
	return by_cooked_type(r, type);
}

/* Address families of the systems that write such captures: they agree on IPv4 only. */
static int
by_family(uint32_t family)
{
	switch (family) {
	case 2:
		return IPV4;
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		return IPV6;
	}
	return NOT_IP;
}

/* The family in the byte order of the machine that captured; a family is a small number. */
static int
null(struct pn_reader *r)
{
	uint32_t family = pn_u32le(r);

	return by_family(family > 0xffff ? __builtin_bswap32(family) : family);
}

static int
loop(struct pn_reader *r)
{
	return by_family(pn_u32be(r));
}

static int
ipv4(struct pn_reader *r)
{
	return IPV4;
}

static int
ipv6(struct pn_reader *r)
{
	return IPV6;
}

static const struct {
	uint16_t link;
	int (*skip)(struct pn_reader *r);
} links[] = {
	{ LINK_ETHERNET, ethernet },
	{ LINK_RAW, by_version },
	{ LINK_SLL, sll },
	{ LINK_SLL2, sll2 },
	{ LINK_NULL, null },
	{ LINK_PPP, ppp },
	{ LINK_RAW_BSD, by_version },
	{ LINK_PPP_HDLC, ppp_hdlc },
	{ LINK_PPPOE, pppoe },
	{ LINK_CISCO_HDLC, cisco_hdlc },
	{ LINK_LOOP, loop },
	{ LINK_IPV4, ipv4 },
	{ LINK_IPV6, ipv6 },
};

int
link_skip(uint16_t link, struct pn_reader *frame)
{
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(links); i++)
		if (links[i].link == link)
			return links[i].skip(frame);
	return -EPROTONOSUPPORT;
}

bool
link_is_known(uint16_t link)
{
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(links); i++)
		if (links[i].link == link)
			return true;
	return false;
}

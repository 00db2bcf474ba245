// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys and tuples, and the names of protocols. Nothing is kept here.
 */
#include "packet/tuple.h"

#include <string.h>

bool
key_make(struct key *ret_key, const struct tuple *tuple)
{
	uint64_t what = key_what(tuple->proto, tuple->family, tuple->zone);
	uint32_t ports = (uint32_t)tuple->src_port << 16 | tuple->dst_port, src4, dst4;
	uint64_t src[2], dst[2];

	if (tuple->family == 4) {
		memcpy(&src4, tuple->src.bytes, sizeof(src4));
		memcpy(&dst4, tuple->dst.bytes, sizeof(dst4));
		return key_make_ipv4(ret_key, what, src4, dst4, ports);
	}
	memcpy(src, tuple->src.bytes, sizeof(src));
	memcpy(dst, tuple->dst.bytes, sizeof(dst));
	return key_make_ipv6(ret_key, what, src, dst, ports);
}

void
key_spell(const struct key *key, bool from_hi, struct tuple *ret_tuple)
{
	struct tuple t = {
		.src_port = (uint16_t)key->w[0],
		.dst_port = (uint16_t)(key->w[0] >> 16),
		.proto = key_proto(key),
		.family = key_family(key),
		.zone = (uint16_t)(key->w[0] >> 48),
	};
	uint32_t lo4 = (uint32_t)key->w[1], hi4 = (uint32_t)(key->w[1] >> 32);

	t.src.family = t.dst.family = t.family;
	if (t.family == 4) {
		memcpy(t.src.bytes, &lo4, sizeof(lo4));
		memcpy(t.dst.bytes, &hi4, sizeof(hi4));
	} else {
		memcpy(t.src.bytes, &key->w[1], 16);
		memcpy(t.dst.bytes, &key->w[3], 16);
	}
	*ret_tuple = from_hi ? tuple_reverse(&t) : t;
}

struct tuple
tuple_reverse(const struct tuple *tuple)
{
	struct tuple reverse = *tuple;

	reverse.src = tuple->dst;
	reverse.dst = tuple->src;
	reverse.src_port = tuple->dst_port;
	reverse.dst_port = tuple->src_port;
	return reverse;
}

const char *
proto_name(uint8_t proto)
{
	/* As the registry of protocol numbers spells them. */
	static const char *const names[256] = {
		[1] = "ICMP",
		[2] = "IGMP",
		[4] = "IPv4",
		[6] = "TCP",
		[17] = "UDP",
		[33] = "DCCP",
		[41] = "IPv6",
		[46] = "RSVP",
		[47] = "GRE",
		[50] = "ESP",
		[51] = "AH",
		[58] = "IPv6-ICMP",
		[88] = "EIGRP",
		[89] = "OSPFIGP",
		[103] = "PIM",
		[108] = "IPComp",
		[112] = "VRRP",
		[115] = "L2TP",
		[132] = "SCTP",
		[136] = "UDPLite",
		[137] = "MPLS-in-IP",
	};

	return names[proto];
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What rtnetlink says of interfaces, addresses and routes.
 *
 * Each message adds at most a few elements to a struct links_state; nothing is remembered here.
 * Limits: LINKS_MAX elements of a kind. Any thread. Relies on: messages being the kernel's.
 */
#include "links-private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

/* Kinds of interface by their name for the kernel (IFLA_INFO_KIND). */
static const struct {
	const char *kind;
	enum connection_type type;
} kinds[] = {
	{ "bridge", CONNECTION_BRIDGE },
	{ "openvswitch", CONNECTION_BRIDGE },
	{ "tun", CONNECTION_VPN },
	{ "wireguard", CONNECTION_VPN },
	{ "ovpn", CONNECTION_VPN },
	{ "ppp", CONNECTION_PPP },
	{ "wwan", CONNECTION_MOBILE },
	{ "rmnet", CONNECTION_MOBILE },
	{ "gre", CONNECTION_VPN },
	{ "gretap", CONNECTION_VPN },
	{ "ip6gre", CONNECTION_VPN },
	{ "ip6gretap", CONNECTION_VPN },
	{ "ip6tnl", CONNECTION_VPN },
	{ "sit", CONNECTION_VPN },
	{ "ipip", CONNECTION_VPN },
	{ "vti", CONNECTION_VPN },
	{ "vti6", CONNECTION_VPN },
	{ "xfrm", CONNECTION_VPN },
};

static enum connection_type
type_of_hardware(unsigned hardware)
{
	switch (hardware) {
	case ARPHRD_LOOPBACK:
		return CONNECTION_LOOPBACK;
	case ARPHRD_PPP:
		return CONNECTION_PPP;
	case ARPHRD_RAWIP:
		return CONNECTION_MOBILE;
	case ARPHRD_NONE:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		return CONNECTION_VPN;
	case ARPHRD_SLIP:
	case ARPHRD_CSLIP:
	case ARPHRD_SLIP6:
	case ARPHRD_CSLIP6:
	case ARPHRD_IRDA:
		return CONNECTION_DIRECT;
	default:
		return CONNECTION_ETHERNET;
	}
}

/* What sysfs says of a wireless interface, the link message does not. */
static bool
is_wireless(const char *name)
{
	g_autofree char *path = g_strdup_printf("/sys/class/net/%s/phy80211", name);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* `info` may be NULL. */
static enum connection_type
type_of_link(const struct nlattr *info, unsigned hardware, const char *name)
{
	const struct nlattr *attr;

	if (!info)
		return hardware == ARPHRD_ETHER && is_wireless(name) ? CONNECTION_WLAN
								     : type_of_hardware(hardware);
	mnl_attr_for_each_nested(attr, info)
	{
		if (mnl_attr_get_type(attr) != IFLA_INFO_KIND)
			continue;
		for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
			if (!strcmp(mnl_attr_get_str(attr), kinds[i].kind))
				return kinds[i].type;
		}
	}
	return type_of_hardware(hardware);
}

/* Adds to an array that has a limit. Padding is zero, for arrays are compared as bytes. */
static void
add(GArray *array, const void *element)
{
	if (array->len < LINKS_MAX)
		g_array_append_vals(array, element, 1);
}

static void
read_link(struct links_state *state, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *info = NULL;
	struct link_info link;

	memset(&link, 0, sizeof(link));
	mnl_attr_for_each(attr, nlh, sizeof(*ifi))
	{
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			g_strlcpy(link.name, mnl_attr_get_str(attr), sizeof(link.name));
			break;
		case IFLA_MASTER:
			link.master = mnl_attr_get_u32(attr);
			break;
		case IFLA_LINKINFO:
			info = attr;
			break;
		default:
			break;
		}
	}
	link.index = (unsigned)ifi->ifi_index;
	link.up = ifi->ifi_flags & IFF_UP;
	link.type = type_of_link(info, ifi->ifi_type, link.name);
	if (link.name[0])
		add(state->links, &link);
}

/* RFC 3927 §2.1, RFC 4291 §2.4: every link has these. */
static bool
is_link_local(const struct pn_addr *addr)
{
	if (addr->family == PN_ADDR_IPV4)
		return addr->bytes[0] == 169 && addr->bytes[1] == 254;
	return addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80;
}

/* Adds a prefix of that family, unless it is nobody's. */
static void
add_reach(GArray *array, unsigned index, unsigned family, const struct nlattr *attr, unsigned bits)
{
	bool v4 = family == AF_INET;
	struct links_reach reach;

	if (mnl_attr_get_payload_len(attr) < (v4 ? 4 : 16))
		return;
	memset(&reach, 0, sizeof(reach));
	reach.index = index;
	reach.prefix.bits = bits;
	reach.prefix.addr =
		v4 ? addr_ipv4(mnl_attr_get_payload(attr)) : addr_ipv6(mnl_attr_get_payload(attr));
	if (!is_link_local(&reach.prefix.addr))
		add(array, &reach);
}

static void
read_address(struct links_state *state, const struct nlmsghdr *nlh)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *local = NULL;

	if (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6)
		return;
	mnl_attr_for_each(attr, nlh, sizeof(*ifa))
	{
		/* Of a line to one neighbour IFA_ADDRESS is the neighbour's. */
		if (mnl_attr_get_type(attr) == IFA_LOCAL ||
			(mnl_attr_get_type(attr) == IFA_ADDRESS && !local))
			local = attr;
	}
	if (local)
		add_reach(state->addresses, ifa->ifa_index, ifa->ifa_family, local,
			ifa->ifa_family == AF_INET ? 32 : 128);
}

/* The interfaces of a route that has several ways. */
static void
read_ways(struct links_state *state, const struct rtmsg *rtm, const struct nlattr *dst,
	const struct nlattr *ways)
{
	const struct rtnexthop *way = mnl_attr_get_payload(ways);
	size_t left = mnl_attr_get_payload_len(ways), len;

	while (left >= sizeof(*way) && way->rtnh_len >= sizeof(*way)) {
		add_reach(state->routes, (unsigned)way->rtnh_ifindex, rtm->rtm_family, dst,
			rtm->rtm_dst_len);
		len = MNL_ALIGN(way->rtnh_len);
		if (len >= left)
			break;
		left -= len;
		way = (const void *)((const char *)way + len);
	}
}

/* Routes of the main table to more than nothing and less than everything. */
static void
read_route(struct links_state *state, const struct nlmsghdr *nlh)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *dst = NULL, *oif = NULL, *ways = NULL;

	if ((rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6) || !rtm->rtm_dst_len ||
		rtm->rtm_table != RT_TABLE_MAIN || rtm->rtm_type != RTN_UNICAST ||
		rtm->rtm_flags & RTM_F_CLONED)
		return;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm))
	{
		switch (mnl_attr_get_type(attr)) {
		case RTA_DST:
			dst = attr;
			break;
		case RTA_OIF:
			oif = attr;
			break;
		case RTA_MULTIPATH:
			ways = attr;
			break;
		default:
			break;
		}
	}
	if (dst && oif)
		add_reach(state->routes, mnl_attr_get_u32(oif), rtm->rtm_family, dst,
			rtm->rtm_dst_len);
	else if (dst && ways)
		read_ways(state, rtm, dst, ways);
}

const struct links_question links_questions[LINKS_QUESTIONS] = {
	{ RTM_GETLINK, RTM_NEWLINK, AF_UNSPEC, sizeof(struct ifinfomsg), read_link },
	{ RTM_GETADDR, RTM_NEWADDR, AF_INET, sizeof(struct ifaddrmsg), read_address },
	{ RTM_GETADDR, RTM_NEWADDR, AF_INET6, sizeof(struct ifaddrmsg), read_address },
	{ RTM_GETROUTE, RTM_NEWROUTE, AF_INET, sizeof(struct rtmsg), read_route },
	{ RTM_GETROUTE, RTM_NEWROUTE, AF_INET6, sizeof(struct rtmsg), read_route },
};

int
links_read_answer(const struct links_question *question, uint32_t sequence, const void *bytes,
	size_t len, struct links_state *state)
{
	const struct nlmsghdr *nlh = bytes;
	int left = (int)len, r = 1;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_seq != sequence)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			r = -EINTR;
		if (nlh->nlmsg_type == NLMSG_DONE)
			return r < 0 ? -ESTALE : 0;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return *(const int *)mnl_nlmsg_get_payload(nlh);
		if (nlh->nlmsg_type == question->answer &&
			mnl_nlmsg_get_payload_len(nlh) >= question->header)
			question->read(state, nlh);
	}
	return r;
}

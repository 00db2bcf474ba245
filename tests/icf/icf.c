// SPDX-License-Identifier: GPL-2.0-or-later
/* Hosts, a firewall with one uplink, and packets between them. */
#include "icf.h"

#include <stdio.h>
#include <string.h>

#include <glib.h>

static const char *const hosts[][2] = {
	[US] = { "10.0.0.1", "2001:db8:1::1" },
	[FRIEND] = { "10.0.0.2", "2001:db8:1::2" },
	[PEER] = { "192.0.2.1", "2001:db8:9::1" },
	[STRANGER] = { "198.51.100.7", "2001:db8:8::7" },
	[GROUP] = { "239.255.255.250", "ff0e::c" },
	[ALL] = { "255.255.255.255", "ff02::1" },
};

const char *
icf_at(int variant, enum icf_host host, unsigned port)
{
	bool is_ipv6 = variant & ICF_IPV6;
	char text[64];
	int n;

	n = snprintf(text, sizeof(text), is_ipv6 ? "[%s]" : "%s", hosts[host][is_ipv6]);
	if (port)
		snprintf(text + n, sizeof(text) - (size_t)n, ":%u", port);
	return g_intern_string(text);
}

struct connection *
icf_uplink(struct policy *policy, int variant)
{
	if (!(variant & ICF_UPLINK))
		return &policy->connections[0];
	if (policy->n_connections == 1)
		kit_connection(policy, "uplink", "wan0", NULL);
	return &policy->connections[1];
}

struct kit_rig *
icf_rig(struct policy *policy, int variant)
{
	struct kit_rig *rig;

	icf_uplink(policy, variant);
	rig = kit_rig_policy(policy, NULL, ICF_INSIDE);
	if (variant & ICF_UPLINK)
		rig->interface = "wan0";
	return rig;
}

enum reason
icf_tcp(struct kit_rig *rig, const char *from, const char *to, uint8_t flags)
{
	const struct kit_packet p = { .from = from, .to = to, .seq = 7000, .flags = flags };

	return kit_send(rig, &p);
}

enum reason
icf_udp(struct kit_rig *rig, const char *from, const char *to)
{
	const struct kit_packet p = {
		.from = from, .to = to, .proto = PROTO_UDP, .payload = "x", .len = 1
	};

	return kit_send(rig, &p);
}

enum reason
icf_raw(struct kit_rig *rig, const char *from, const char *to, uint8_t proto)
{
	const struct kit_packet p = {
		.from = from, .to = to, .proto = proto, .payload = "12345678", .len = 8
	};

	return kit_send(rig, &p);
}

enum reason
icf_icmp(struct kit_rig *rig, const char *from, const char *to, uint8_t type, uint16_t id)
{
	const struct kit_packet p = {
		.from = from,
		.to = to,
		.proto = strchr(from, '[') ? PROTO_ICMPV6 : PROTO_ICMP,
		.icmp_type = type,
		.icmp_id = id,
		.payload = "12345678",
		.len = 8,
	};

	return kit_send(rig, &p);
}

unsigned
icf_flows(const struct kit_rig *rig)
{
	struct stats stats;

	engine_get_stats(rig->engine, &stats);
	return (unsigned)stats.table.flows;
}

void
icf_wait(struct kit_rig *rig, unsigned seconds)
{
	const struct kit_packet p = {
		.from = "198.51.100.200", .to = "10.0.0.200", .proto = 255, .len = 0
	};

	rig->now += seconds * UINT64_C(1000000000);
	kit_send(rig, &p);
}

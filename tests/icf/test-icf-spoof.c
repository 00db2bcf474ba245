// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sources that lie. F40 is no test but a limit: a host may still take part in an attack under its
 * own address.
 */
#include <string.h>

#include <glib.h>

#include "icf.h"
#include "kit/kit.h"

#define AT(host, port) icf_at(_i, host, port)

static const uint8_t protos[] = { PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_GRE, 50, 51, 132, 255 };

/* A packet of any protocol, which is long enough to be one. */
static struct kit_packet
packet_of(int variant, uint8_t proto, enum icf_host from, enum icf_host to)
{
	/* What an AH header is told to hold: 24 bytes, and behind it nothing more (59). */
	static const uint8_t payload[24] = { 59, 4 };
	bool has_ports = proto == PROTO_TCP || proto == PROTO_UDP, is_ipv6 = variant & ICF_IPV6;

	return (struct kit_packet){
		.from = icf_at(variant, from, has_ports ? 1000 : 0),
		.to = icf_at(variant, to, has_ports ? 80 : 0),
		.proto = proto == PROTO_ICMP && is_ipv6 ? PROTO_ICMPV6 : proto,
		.flags = TCP_SYN,
		.icmp_type = is_ipv6 ? 128 : 8,
		.payload = payload,
		.len = proto == PROTO_TCP ? 0 : sizeof(payload),
	};
}

/* With a source that is not ours nothing leaves, not even to one of ours or to many. */
static void
check_sent(int variant, uint8_t proto)
{
	struct kit_rig *rig = icf_rig(kit_policy(), variant | ICF_UPLINK);
	struct kit_packet honest = packet_of(variant, proto, US, PEER);
	struct kit_packet spoofed = packet_of(variant, proto, STRANGER, PEER);

	kit_assert_reason(kit_send_on(rig, "wan0", WAY_SENT, &spoofed), SPOOFED);
	spoofed = packet_of(variant, proto, STRANGER, US);
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_SENT, &spoofed), SPOOFED);
	spoofed = packet_of(variant, proto, STRANGER, GROUP);
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_SENT, &spoofed), SPOOFED);
	ck_assert_uint_eq(icf_flows(rig), 0);
	ck_assert_uint_eq(rig->drops, 3);
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_SENT, &honest), OUTBOUND);
	/* In the name of the other side of a flow. */
	spoofed = packet_of(variant, proto, PEER, US);
	if (proto == PROTO_UDP) {
		spoofed.from = icf_at(variant, PEER, 80);
		spoofed.to = icf_at(variant, US, 1000);
	}
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_SENT, &spoofed), SPOOFED);
	kit_rig_free(rig);
}

START_TEST(F37_a_foreign_source_does_not_leave)
{
	check_sent(_i, PROTO_TCP);
}
END_TEST

START_TEST(F38_for_every_protocol)
{
	for (unsigned n = 0; n < G_N_ELEMENTS(protos); n++)
		check_sent(_i, protos[n]);
}
END_TEST

static struct policy *
with_mode(int variant, enum anti_spoof mode)
{
	struct policy *policy = kit_policy();

	icf_uplink(policy, variant)->anti_spoof = mode;
	return policy;
}

START_TEST(F37_modes)
{
	int variant = _i | ICF_UPLINK;
	struct kit_rig *rig = icf_rig(with_mode(variant, ANTI_SPOOF_REWRITE), variant);
	const struct kit_packet spoofed = packet_of(variant, PROTO_UDP, STRANGER, PEER);
	const struct kit_packet received = packet_of(variant, PROTO_UDP, FRIEND, US);

	/* As long as nobody gives it our address it stays here. */
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_SENT, &spoofed), SPOOFED);
	kit_reload(rig, with_mode(variant, ANTI_SPOOF_OFF));
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_SENT, &spoofed), OUTBOUND);
	/* Whoever lies about being one of ours is no friend all the same. */
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &received), UNSOLICITED);
	kit_rig_free(rig);
}
END_TEST

/* An error that speaks of a flow of ours has a source like any other packet. */
START_TEST(F38_errors)
{
	int variant = _i | ICF_UPLINK;
	struct kit_rig *rig = icf_rig(kit_policy(), variant);
	const struct kit_packet about = packet_of(variant, PROTO_UDP, US, PEER);
	uint8_t type = _i & ICF_IPV6 ? 2 : 3, code = _i & ICF_IPV6 ? 0 : 4;
	uint8_t quote[KIT_QUOTE_MAX];
	struct kit_packet error = kit_icmp_error(
		icf_at(variant, STRANGER, 0), icf_at(variant, US, 0), type, code, &about, quote);

	icf_assert_passes(kit_send(rig, &about));
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &error), ICMP_ERROR);
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_SENT, &error), SPOOFED);
	error.from = icf_at(variant, FRIEND, 0);
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &error), SPOOFED);
	error.from = _i & ICF_IPV6 ? "::1" : "127.0.0.1";
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &error), SPOOFED);
	kit_rig_free(rig);
}
END_TEST

/* Both halves of a datagram, all of it in `payload`. */
static enum reason
send_in_fragments(
	struct kit_rig *rig, enum way way, const char *from, const char *to, uint8_t proto)
{
	static const uint8_t udp[24] = { 3, 232, 0, 80, 0, 24, 0, 0 };
	struct kit_packet p = {
		.from = from,
		.to = to,
		.proto = proto,
		.ip_id = 7,
		.more_fragments = 1,
		.payload = udp,
		.len = 16,
	};

	kit_assert_reason(kit_send_on(rig, "wan0", way, &p), NONE);
	p.more_fragments = 0;
	p.fragment_offset = 16;
	p.payload = udp + 16;
	p.len = 8;
	return kit_send_on(rig, "wan0", way, &p);
}

/* A source is none the truer for being told in pieces. (Of IPv6 only what has no checksum.) */
START_TEST(F38_fragments)
{
	int variant = _i | ICF_UPLINK;
	uint8_t proto = _i & ICF_IPV6 ? 50 : PROTO_UDP;
	struct kit_rig *rig = icf_rig(kit_policy(), variant);

	kit_assert_reason(send_in_fragments(rig, WAY_SENT, icf_at(variant, STRANGER, 0),
				  icf_at(variant, PEER, 0), proto),
		SPOOFED);
	kit_assert_reason(send_in_fragments(rig, WAY_RECEIVED, icf_at(variant, FRIEND, 0),
				  icf_at(variant, US, 0), proto),
		SPOOFED);
	kit_assert_reason(send_in_fragments(rig, WAY_SENT, icf_at(variant, US, 0),
				  icf_at(variant, PEER, 0), proto),
		OUTBOUND);
	kit_rig_free(rig);
}
END_TEST

/* From outside in the name of one of ours; or of nobody, and that is seen wherever it is. */
START_TEST(F41_received_sources)
{
	static const char *const nobody[][2] = {
		{ "224.0.0.1", "ff02::1" },
		{ "255.255.255.255", "ff0e::1" },
		{ "127.0.0.1", "::1" },
		{ "0.0.0.0", "::" },
	};
	bool is_ipv6 = _i & ICF_IPV6;
	struct policy *policy = kit_policy();
	struct kit_rig *rig;
	struct kit_packet p;

	kit_open(icf_uplink(policy, _i), "80/udp");
	rig = icf_rig(policy, _i);
	for (unsigned n = 0; n < G_N_ELEMENTS(nobody); n++) {
		p = packet_of(_i, PROTO_GRE, PEER, US);
		p.from = nobody[n][is_ipv6];
		kit_assert_reason(kit_send_on(rig, rig->interface,
					  rig->interface ? WAY_RECEIVED : WAY_UNKNOWN, &p),
			SPOOFED);
	}
	if (_i & ICF_UPLINK) {
		/* Even to a port that is open. */
		p = packet_of(_i, PROTO_UDP, FRIEND, US);
		kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &p), SPOOFED);
		p = packet_of(_i, PROTO_UDP, US, US);
		kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &p), SPOOFED);
		p = packet_of(_i, PROTO_UDP, FRIEND, PEER);
		kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &p), SPOOFED);
	}
	p = packet_of(_i, PROTO_UDP, PEER, US);
	kit_assert_reason(kit_send(rig, &p), PORT_MAPPING);
	kit_rig_free(rig);
}
END_TEST

/* The side of a flow that is ours cannot be played by somebody outside. */
START_TEST(F41_flows_are_not_taken_over)
{
	int variant = _i | ICF_UPLINK;
	struct kit_rig *rig = icf_rig(kit_policy(), variant);
	const struct kit_packet p = packet_of(variant, PROTO_UDP, US, PEER);

	kit_assert_reason(kit_send_on(rig, "wan0", WAY_SENT, &p), OUTBOUND);
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &p), SPOOFED);
	kit_rig_free(rig);
}
END_TEST

/* Who has no address yet, and whoever talks to neighbours, lies to nobody: it goes out. */
static const struct {
	const char *what;
	struct kit_packet packet;
} beginners[] = {
	{ "DHCP discover",
		{ .from = "0.0.0.0:68", .to = "255.255.255.255:67", .proto = PROTO_UDP } },
	{ "address of the link", { .from = "169.254.3.4:9", .to = "169.254.5.6:9", .proto = 17 } },
	{ "mDNS of the link",
		{ .from = "169.254.3.4:5353", .to = "224.0.0.251:5353", .proto = 17 } },
	{ "mDNS of the link, IPv6",
		{ .from = "[fe80::1]:5353", .to = "[ff02::fb]:5353", .proto = PROTO_UDP } },
	{ "DHCPv6 solicit",
		{ .from = "[fe80::1]:546", .to = "[ff02::1:2]:547", .proto = PROTO_UDP } },
	{ "a neighbour", { .from = "[fe80::1]:9", .to = "[fe80::2]:80", .flags = TCP_SYN } },
	{ "duplicate address detection", { .from = "::",
						 .to = "ff02::1:ff00:1",
						 .proto = PROTO_ICMPV6,
						 .ttl = 255,
						 .icmp_type = 135 } },
	{ "listener report", { .from = "::",
				     .to = "ff02::16",
				     .proto = PROTO_ICMPV6,
				     .ttl = 1,
				     .icmp_type = 143 } },
	{ "router solicitation", { .from = "::",
					 .to = "ff02::2",
					 .proto = PROTO_ICMPV6,
					 .ttl = 255,
					 .icmp_type = 133 } },
};

START_TEST(exceptions_for_what_is_sent)
{
	struct kit_rig *rig = icf_rig(kit_policy(), ICF_UPLINK);
	const struct kit_packet *p = &beginners[_i].packet;
	struct kit_packet global = *p;

	kit_assert_reason(kit_send_on(rig, "wan0", WAY_SENT, p), OUTBOUND);
	ck_assert_int_eq(rig->begun_flow.direction, DIRECTION_OUT);
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_SENT, p), OUTBOUND);
	ck_assert_uint_eq(icf_flows(rig), 1);
	/* None of it is a pretext for an address that is somebody's. */
	global.from = strchr(p->from, '.') ? "203.0.113.1:9" : "[2001:db8:77::1]:9";
	if (p->proto == PROTO_ICMPV6)
		global.from = "2001:db8:77::1";
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_SENT, &global), SPOOFED);
	kit_rig_free(rig);
}
END_TEST

/* And none is a way in: what is received for the link is received for us. */
START_TEST(neighbours_are_strangers)
{
	const struct kit_packet syn = {
		.from = "[fe80::2]:9", .to = "[fe80::1]:22", .flags = TCP_SYN
	};
	const struct kit_packet multicast = {
		.from = "[fe80::2]:5353", .to = "[ff02::fb]:5353", .proto = PROTO_UDP
	};
	const struct kit_packet ipv4 = {
		.from = "169.254.5.6:9", .to = "169.254.3.4:22", .flags = TCP_SYN
	};
	const struct kit_packet loopback = {
		.from = "192.0.2.1:9", .to = "127.0.0.1:22", .flags = TCP_SYN
	};
	const struct kit_packet dhcp = {
		.from = "0.0.0.0:68", .to = "255.255.255.255:67", .proto = PROTO_UDP
	};
	struct policy *policy = kit_policy();
	struct kit_rig *rig = icf_rig(kit_policy(), ICF_UPLINK);

	kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &syn), UNSOLICITED);
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &multicast), UNSOLICITED);
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &ipv4), UNSOLICITED);
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &loopback), UNSOLICITED);
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &dhcp), UNSOLICITED);
	kit_open(icf_uplink(policy, ICF_UPLINK), "22/tcp");
	kit_reload(rig, policy);
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &syn), PORT_MAPPING);
	kit_assert_reason(kit_send_on(rig, "wan0", WAY_RECEIVED, &ipv4), PORT_MAPPING);
	kit_rig_free(rig);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("icf-spoof");
	TCase *t = tcase_create("spoof");

	tcase_add_loop_test(t, F37_a_foreign_source_does_not_leave, 0, 2);
	tcase_add_loop_test(t, F37_modes, 0, 2);
	tcase_add_loop_test(t, F38_for_every_protocol, 0, 2);
	tcase_add_loop_test(t, F38_errors, 0, 2);
	tcase_add_loop_test(t, F38_fragments, 0, 2);
	tcase_add_loop_test(t, F41_received_sources, 0, ICF_VARIANTS);
	tcase_add_loop_test(t, F41_flows_are_not_taken_over, 0, 2);
	tcase_add_loop_test(t, exceptions_for_what_is_sent, 0, G_N_ELEMENTS(beginners));
	tcase_add_test(t, neighbours_are_strangers);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Which packets a mapping lets come, and which a trigger notices. */
#include <string.h>

#include <glib.h>

#include "kit/kit.h"
#include "kit/packets.h"
#include "kit/policies.h"

/* What mappings say of a packet. */
static const struct port_mapping *
match(const struct connection *c, uint8_t proto, const char *from, const char *to)
{
	const struct kit_packet packet = {
		.from = from, .to = to, .proto = proto, .flags = TCP_SYN
	};
	struct packet p;

	kit_packet(&packet, 0, NULL, &p);
	ck_assert_int_eq(p.error, REASON_NONE);
	return mappings_match(&c->mappings, &p);
}

static const struct port_mapping *
match_tcp(const struct connection *c, const char *from, const char *to)
{
	return match(c, PROTO_TCP, from, to);
}

START_TEST(nothing_is_open)
{
	struct policy *policy = kit_policy();
	struct connection *c = &policy->connections[0];

	ck_assert_ptr_null(match_tcp(c, "192.0.2.1:9", "10.0.0.1:80"));
	/* No index, no list: nothing to trip over. */
	mappings_index(&c->mappings);
	ck_assert_ptr_null(match_tcp(c, "192.0.2.1:9", "10.0.0.1:80"));
	policy_unref(policy);
}
END_TEST

START_TEST(one_port)
{
	struct policy *policy = kit_policy();
	struct connection *c = &policy->connections[0];
	const struct port_mapping *web = kit_open(c, "80/tcp");

	ck_assert_ptr_eq(match_tcp(c, "192.0.2.1:9", "10.0.0.1:80"), web);
	/* Whichever of the two addresses is the lower one. */
	ck_assert_ptr_eq(match_tcp(c, "9.0.0.1:9", "10.0.0.1:80"), web);
	ck_assert_ptr_eq(match_tcp(c, "[2001:db8::9]:9", "[2001:db8::1]:80"), web);
	ck_assert_ptr_eq(match_tcp(c, "[2001:db8::1]:9", "[2001:db8::9]:80"), web);
	ck_assert_ptr_null(match_tcp(c, "192.0.2.1:80", "10.0.0.1:9"));
	ck_assert_ptr_null(match_tcp(c, "9.0.0.1:80", "10.0.0.1:9"));
	ck_assert_ptr_null(match_tcp(c, "192.0.2.1:9", "10.0.0.1:79"));
	ck_assert_ptr_null(match_tcp(c, "192.0.2.1:9", "10.0.0.1:81"));
	ck_assert_ptr_null(match(c, PROTO_UDP, "192.0.2.1:9", "10.0.0.1:80"));
	policy_unref(policy);
}
END_TEST

/* 80 × 256 is no port, and neither is what else stands in their place. */
START_TEST(only_what_has_ports)
{
	static const uint8_t protos[] = { PROTO_ICMP, PROTO_GRE, 50, 132, 255, 0 };
	struct policy *policy = kit_policy();
	struct connection *c = &policy->connections[0];

	kit_open(c, "1-65535/tcp");
	kit_open(c, "1-65535/udp");
	for (unsigned i = 0; i < G_N_ELEMENTS(protos); i++) {
		struct packet p = { .proto = protos[i] };
		const struct tuple tuple = {
			.family = PN_ADDR_IPV4,
			.proto = protos[i],
			.src_port = 1,
			.dst_port = 2048,
		};

		if (key_make(&p.key, &tuple))
			p.flags |= PACKET_FROM_HI;
		ck_assert_ptr_null(mappings_match(&c->mappings, &p));
	}
	policy_unref(policy);
}
END_TEST

START_TEST(ranges)
{
	struct policy *policy = kit_policy();
	struct connection *c = &policy->connections[0];
	const struct port_mapping *range;

	kit_open(c, "1-2/udp");
	kit_open(c, "65534-65535/udp");
	range = kit_open(c, "6970-6999/udp");
	ck_assert_ptr_null(match(c, PROTO_UDP, "192.0.2.1:9", "10.0.0.1:6969"));
	ck_assert_ptr_eq(match(c, PROTO_UDP, "192.0.2.1:9", "10.0.0.1:6970"), range);
	ck_assert_ptr_eq(match(c, PROTO_UDP, "192.0.2.1:9", "10.0.0.1:6999"), range);
	ck_assert_ptr_null(match(c, PROTO_UDP, "192.0.2.1:9", "10.0.0.1:7000"));
	ck_assert_ptr_nonnull(match(c, PROTO_UDP, "192.0.2.1:9", "10.0.0.1:1"));
	ck_assert_ptr_null(match(c, PROTO_UDP, "192.0.2.1:9", "10.0.0.1:3"));
	ck_assert_ptr_null(match(c, PROTO_UDP, "192.0.2.1:9", "10.0.0.1:65533"));
	ck_assert_ptr_nonnull(match(c, PROTO_UDP, "192.0.2.1:9", "10.0.0.1:65535"));
	policy_unref(policy);
}
END_TEST

START_TEST(sources)
{
	struct policy *policy = kit_policy();
	struct connection *c = &policy->connections[0];
	struct port_mapping *ssh = kit_open(c, "22/tcp");

	kit_sources(ssh, "192.0.2.0/24;2001:db8:1::/48");
	ck_assert_ptr_eq(match_tcp(c, "192.0.2.77:9", "10.0.0.1:22"), ssh);
	ck_assert_ptr_null(match_tcp(c, "192.0.3.77:9", "10.0.0.1:22"));
	/* The destination is no source. */
	ck_assert_ptr_null(match_tcp(c, "198.51.100.1:9", "192.0.2.1:22"));
	ck_assert_ptr_eq(match_tcp(c, "[2001:db8:1::9]:9", "[fd00::1]:22"), ssh);
	ck_assert_ptr_null(match_tcp(c, "[2001:db8:2::9]:9", "[fd00::1]:22"));
	policy_unref(policy);
}
END_TEST

/* What the first does not let in, a later one may. */
START_TEST(several_for_one_port)
{
	struct policy *policy = kit_policy();
	struct connection *c = &policy->connections[0];

	kit_sources(kit_open(c, "22/tcp"), "192.0.2.0/24");
	kit_forward(c, "22/tcp", "10.0.0.2", 22);
	ck_assert_ptr_eq(match_tcp(c, "192.0.2.1:9", "10.0.0.1:22"), &c->mappings.list[0]);
	ck_assert_ptr_eq(match_tcp(c, "192.0.2.1:9", "10.0.0.2:22"), &c->mappings.list[0]);
	ck_assert_ptr_eq(match_tcp(c, "198.51.100.1:9", "10.0.0.2:22"), &c->mappings.list[1]);
	ck_assert_ptr_null(match_tcp(c, "198.51.100.1:9", "10.0.0.1:22"));
	policy_unref(policy);
}
END_TEST

START_TEST(targets)
{
	struct policy *policy = kit_policy();
	struct connection *c = &policy->connections[0];

	kit_forward(c, "8080-8089/tcp", "10.0.0.2", 80);
	kit_forward(c, "8080/tcp", "fd00::2", 80);
	/* What comes is what the target is asked: its own address and ports. */
	ck_assert_ptr_eq(match_tcp(c, "192.0.2.1:9", "10.0.0.2:80"), &c->mappings.list[0]);
	ck_assert_ptr_eq(match_tcp(c, "192.0.2.1:9", "10.0.0.2:89"), &c->mappings.list[0]);
	ck_assert_ptr_null(match_tcp(c, "192.0.2.1:9", "10.0.0.2:90"));
	ck_assert_ptr_null(match_tcp(c, "192.0.2.1:9", "10.0.0.2:79"));
	ck_assert_ptr_null(match_tcp(c, "192.0.2.1:9", "10.0.0.2:8080"));
	ck_assert_ptr_null(match_tcp(c, "192.0.2.1:9", "10.0.0.1:80"));
	ck_assert_ptr_null(match_tcp(c, "192.0.2.1:9", "255.255.255.255:80"));
	ck_assert_ptr_eq(match_tcp(c, "[2001:db8::9]:9", "[fd00::2]:80"), &c->mappings.list[1]);
	ck_assert_ptr_null(match_tcp(c, "[2001:db8::9]:9", "[fd00::2]:81"));
	policy_unref(policy);
}
END_TEST

START_TEST(switched_off)
{
	struct policy *policy = kit_policy();
	struct connection *c = &policy->connections[0];
	struct port_mapping *mapping = kit_open(c, "80/tcp");

	ck_assert(mapping_is_active(mapping));
	mapping->enabled = false;
	ck_assert(!mapping_is_active(mapping));
	/* Whether or not the index knows. */
	ck_assert_ptr_null(match_tcp(c, "192.0.2.1:9", "10.0.0.1:80"));
	mappings_index(&c->mappings);
	ck_assert_ptr_null(match_tcp(c, "192.0.2.1:9", "10.0.0.1:80"));
	ck_assert_ptr_null(c->mappings.open[0]);
	mapping->enabled = true;
	mappings_index(&c->mappings);
	ck_assert_ptr_eq(match_tcp(c, "192.0.2.1:9", "10.0.0.1:80"), mapping);
	/* A name that nobody has looked up leads nowhere, and not to the firewall itself. */
	mapping->target_name = g_strdup("nas");
	ck_assert(!mapping_is_active(mapping));
	ck_assert_ptr_null(match_tcp(c, "192.0.2.1:9", "10.0.0.1:80"));
	policy_unref(policy);
}
END_TEST

START_TEST(triggers)
{
	struct port_range ports[] = { { 554, 554 }, { 7070, 7071 } };
	struct port_trigger trigger = {
		.proto = PROTO_TCP, .ports = ports, .n_ports = 2, .enabled = true
	};

	ck_assert(trigger_matches(&trigger, PROTO_TCP, 554));
	ck_assert(trigger_matches(&trigger, PROTO_TCP, 7070));
	ck_assert(trigger_matches(&trigger, PROTO_TCP, 7071));
	ck_assert(!trigger_matches(&trigger, PROTO_TCP, 553));
	ck_assert(!trigger_matches(&trigger, PROTO_TCP, 555));
	ck_assert(!trigger_matches(&trigger, PROTO_TCP, 7072));
	ck_assert(!trigger_matches(&trigger, PROTO_UDP, 554));
	trigger.enabled = false;
	ck_assert(!trigger_matches(&trigger, PROTO_TCP, 554));
	trigger = (struct port_trigger){ .proto = PROTO_TCP, .enabled = true };
	ck_assert(!trigger_matches(&trigger, PROTO_TCP, 0));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("mapping");
	TCase *t = tcase_create("mapping");

	tcase_add_test(t, nothing_is_open);
	tcase_add_test(t, one_port);
	tcase_add_test(t, only_what_has_ports);
	tcase_add_test(t, ranges);
	tcase_add_test(t, sources);
	tcase_add_test(t, several_for_one_port);
	tcase_add_test(t, targets);
	tcase_add_test(t, switched_off);
	tcase_add_test(t, triggers);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

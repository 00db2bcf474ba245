// SPDX-License-Identifier: GPL-2.0-or-later
/* Sides of hosts: prefixes, the rule of auto, what is remembered, and what happens when full. */
#include <glib.h>
#include <string.h>

#include "kit/kit.h"
#include "policy/config.h"
#include "policy/side.h"

static const uint64_t seed[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };

static struct pn_addr
addr(const char *text)
{
	struct pn_addr addr;

	ck_assert_int_eq(addr_parse(text, &addr, NULL), 0);
	return addr;
}

static struct sides *
sides_of(const char *list)
{
	struct prefix *prefixes;
	struct sides *sides;
	unsigned n;

	ck_assert_int_eq(config_parse_prefixes(list, &prefixes, &n), 0);
	sides = sides_new(prefixes, n, seed);
	g_free(prefixes); /* sides has its own copy */
	return sides;
}

static enum direction
direction_of(struct sides *sides, const char *src, const char *dst, uint16_t zone)
{
	struct tuple tuple = {
		.src = addr(src), .dst = addr(dst), .proto = PROTO_UDP, .zone = zone
	};
	struct key key;

	tuple.src_port = 1024;
	tuple.dst_port = 53;
	tuple.family = tuple.src.family;
	return sides_direction(sides, &key, key_make(&key, &tuple));
}

/* A story: packets one after another, each with the direction it must have. */
struct step {
	const char *src;
	const char *dst;
	enum direction direction;
};

static void
tell(struct sides *sides, const struct step *steps)
{
	for (unsigned i = 0; steps[i].src; i++)
		ck_assert_msg(
			direction_of(sides, steps[i].src, steps[i].dst, 0) == steps[i].direction,
			"step %u, %s to %s: %d", i, steps[i].src, steps[i].dst,
			direction_of(sides, steps[i].src, steps[i].dst, 0));
}

START_TEST(private_addresses)
{
	static const struct {
		const char *addr;
		bool private;
	} table[] = {
		{ "9.255.255.255", false },
		{ "10.0.0.0", true },
		{ "10.255.255.255", true },
		{ "11.0.0.0", false },
		{ "172.15.255.255", false },
		{ "172.16.0.0", true },
		{ "172.31.255.255", true },
		{ "172.32.0.0", false },
		{ "192.167.255.255", false },
		{ "192.168.0.0", true },
		{ "192.168.255.255", true },
		{ "192.169.0.0", false },
		{ "100.63.255.255", false },
		{ "100.64.0.0", true },
		{ "100.127.255.255", true },
		{ "100.128.0.0", false },
		{ "127.0.0.1", false },
		{ "169.254.1.1", false },
		{ "224.0.0.1", false },
		{ "255.255.255.255", false },
		{ "0.0.0.0", false },
		{ "fbff::1", false },
		{ "fc00::", true },
		{ "fdff:ffff::1", true },
		{ "fe00::1", false },
		{ "fe80::1", false },
		{ "2001:db8::1", false },
		{ "::1", false },
		{ "::", false },
		{ "::ffff:10.0.0.1", false },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		struct pn_addr a = addr(table[i].addr);

		ck_assert_msg(addr_is_private(&a) == table[i].private, "%s", table[i].addr);
	}
}
END_TEST

START_TEST(prefixes_decide)
{
	struct sides *sides = sides_of("192.0.2.0/24;2001:db8:1::/48;198.51.100.7;10.0.0.0/9");
	static const struct step steps[] = {
		{ "192.0.2.1", "203.0.113.1", DIRECTION_OUT },
		{ "203.0.113.1", "192.0.2.1", DIRECTION_IN },
		{ "192.0.2.1", "192.0.2.255", DIRECTION_INTERNAL },
		{ "192.0.3.1", "192.0.1.255", DIRECTION_TRANSIT },
		{ "198.51.100.7", "198.51.100.6", DIRECTION_OUT },
		{ "198.51.100.8", "198.51.100.7", DIRECTION_IN },
		{ "10.127.255.255", "10.128.0.0", DIRECTION_OUT },
		{ "10.128.0.0", "10.127.255.255", DIRECTION_IN },
		{ "2001:db8:1:ffff::1", "2001:db8:2::1", DIRECTION_OUT },
		{ "2001:db8:0:ffff::1", "2001:db8:1::", DIRECTION_IN },
		{ "fd00::1", "fd00::2", DIRECTION_TRANSIT }, /* private means nothing here */
		{ "192.0.2.1", "224.0.0.251", DIRECTION_OUT },
		{ "192.0.2.1", "255.255.255.255", DIRECTION_OUT },
		{ "203.0.113.1", "255.255.255.255", DIRECTION_IN },
		{ "0.0.0.0", "255.255.255.255", DIRECTION_IN },
		{ "2001:db8:1::5", "ff02::1", DIRECTION_OUT },
		{ "2001:db8:9::5", "ff02::1", DIRECTION_IN },
		{ NULL },
	};

	tell(sides, steps);
	tell(sides, steps); /* nothing is remembered */
	ck_assert(sides_inside(sides, &(struct pn_addr){ .family = 4, .bytes = { 192, 0, 2, 9 } }));
	ck_assert(
		!sides_inside(sides, &(struct pn_addr){ .family = 4, .bytes = { 192, 0, 3, 9 } }));
	ck_assert(!sides_inside(sides, &(struct pn_addr){ .family = PN_ADDR_NONE }));
	ck_assert(!sides_inside(sides, &(struct pn_addr){ .family = PN_ADDR_SENDER }));
	sides_free(sides);
}
END_TEST

/* Every length of a prefix, on both sides of its edge. */
START_TEST(every_length)
{
	static const uint8_t bytes[16] = { 0xa5, 0x5a, 0xc3, 0x3c, 0x0f, 0xf0, 0x99, 0x66, 0xa5,
		0x5a, 0xc3, 0x3c, 0x0f, 0xf0, 0x99, 0x66 };

	for (unsigned bits = 0; bits <= 160; bits++) {
		bool v4 = bits > 128;
		unsigned len = v4 ? bits - 128 : bits;
		struct prefix prefix = {
			.addr = v4 ? addr_ipv4(bytes) : addr_ipv6(bytes),
			.bits = len,
		};
		struct sides *sides = sides_new(&prefix, 1, seed);

		ck_assert(sides_inside(sides, &prefix.addr));
		for (unsigned bit = 0; bit < (v4 ? 32 : 128); bit++) {
			struct pn_addr other = prefix.addr;

			other.bytes[bit / 8] ^= 0x80 >> bit % 8;
			ck_assert_msg(sides_inside(sides, &other) == (bit >= len), "/%u bit %u",
				len, bit);
		}
		sides_free(sides);
	}
}
END_TEST

START_TEST(everything_and_nothing)
{
	struct sides *all4 = sides_of("0.0.0.0/0");
	static const struct step steps[] = {
		{ "192.0.2.1", "203.0.113.1", DIRECTION_INTERNAL },
		{ "2001:db8::1", "2001:db8::2", DIRECTION_TRANSIT }, /* the other family */
		{ "192.0.2.1", "239.1.1.1", DIRECTION_OUT },
		{ "192.0.2.1", "240.1.1.1", DIRECTION_OUT },
		{ "192.0.2.1", "127.0.0.1", DIRECTION_INTERNAL },
		{ NULL },
	};

	tell(all4, steps);
	sides_free(all4);
	sides_free(NULL);
}
END_TEST

START_TEST(auto_rule)
{
	struct sides *sides = sides_new(NULL, 0, seed);
	static const struct step steps[] = {
		/* Exactly one is private: that one is inside, whoever speaks first. */
		{ "10.0.0.1", "203.0.113.1", DIRECTION_OUT },
		{ "203.0.113.2", "10.0.0.2", DIRECTION_IN },
		{ "100.64.0.9", "203.0.113.1", DIRECTION_OUT },
		{ "fd00::1", "2001:db8::1", DIRECTION_OUT },
		{ "2001:db8::2", "fd00::2", DIRECTION_IN },
		/* For good. */
		{ "203.0.113.1", "10.0.0.1", DIRECTION_IN },
		{ "10.0.0.1", "10.0.0.2", DIRECTION_INTERNAL },
		{ "203.0.113.1", "203.0.113.2", DIRECTION_TRANSIT },
		/* Neither or both: the sender is inside, the receiver outside. */
		{ "198.51.100.1", "198.51.100.2", DIRECTION_OUT },
		{ "198.51.100.2", "198.51.100.1", DIRECTION_IN },
		{ "192.168.0.1", "192.168.0.2", DIRECTION_OUT },
		{ "192.168.0.2", "192.168.0.1", DIRECTION_IN },
		{ "2001:db8::a", "2001:db8::b", DIRECTION_OUT },
		{ "2001:db8::b", "2001:db8::a", DIRECTION_IN },
		{ "fd00::a", "fd00::b", DIRECTION_OUT },
		/* An unknown one beside a known one. */
		{ "198.51.100.1", "198.51.100.3", DIRECTION_OUT },
		{ "198.51.100.4", "198.51.100.2", DIRECTION_OUT },
		{ "198.51.100.5", "198.51.100.1", DIRECTION_INTERNAL },
		{ "198.51.100.2", "198.51.100.6", DIRECTION_TRANSIT },
		/* A private one that is outside stays there. */
		{ "192.168.0.2", "203.0.113.1", DIRECTION_TRANSIT },
		/* Link-local addresses are like any other. */
		{ "fe80::1", "fe80::2", DIRECTION_OUT },
		{ "169.254.0.1", "10.0.0.1", DIRECTION_IN },
		/* A host that talks to itself. */
		{ "127.0.0.1", "127.0.0.1", DIRECTION_INTERNAL },
		{ "::1", "::1", DIRECTION_INTERNAL },
		{ NULL },
	};

	tell(sides, steps);
	sides_free(sides);
}
END_TEST

/* Packets to nobody's address go away from their sender, and give nobody a side. */
START_TEST(auto_nobody)
{
	static const char *const nobodies[][2] = {
		{ "192.0.2.9", "224.0.0.1" },
		{ "192.0.2.9", "239.255.255.250" },
		{ "192.0.2.9", "255.255.255.255" },
		{ "192.0.2.9", "0.0.0.0" },
		{ "192.0.2.9", "0.1.2.3" },
		{ "192.0.2.9", "240.0.0.1" },
		{ "2001:db8::9", "ff02::1" },
		{ "2001:db8::9", "ff0e::1" },
		{ "2001:db8::9", "::" },
		{ "2001:db8::9", "::192.0.2.9" },
		{ "2001:db8::9", "::ffff:192.0.2.9" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(nobodies); i++) {
		struct sides *sides = sides_new(NULL, 0, seed);
		const char *host = nobodies[i][0], *nobody = nobodies[i][1];
		bool v4 = !strchr(host, ':');
		const char *peer = v4 ? "198.51.100.1" : "2001:db8:1::1";
		struct pn_addr host_addr = addr(host), nobody_addr = addr(nobody);

		ck_assert_int_eq(direction_of(sides, host, nobody, 0), DIRECTION_OUT);
		ck_assert(!sides_inside(sides, &host_addr));
		/* So the host may yet turn out to be outside. */
		ck_assert_int_eq(direction_of(sides, peer, host, 0), DIRECTION_OUT);
		ck_assert_int_eq(direction_of(sides, host, nobody, 0), DIRECTION_IN);
		ck_assert(!sides_inside(sides, &nobody_addr));
		/* As a sender it is not remembered either. */
		ck_assert_int_eq(direction_of(sides, nobody, host, 0), DIRECTION_OUT);
		ck_assert(!sides_inside(sides, &nobody_addr));
		ck_assert_int_eq(direction_of(sides, nobody, nobody, 0), DIRECTION_OUT);
		sides_free(sides);
	}
}
END_TEST

START_TEST(a_question_gives_no_side)
{
	struct sides *sides = sides_new(NULL, 0, seed);
	struct pn_addr private = addr("10.0.0.1"), public = addr("192.0.2.1");

	ck_assert(!sides_inside(sides, &private));
	ck_assert(!sides_inside(sides, &public));
	ck_assert_int_eq(direction_of(sides, "10.0.0.2", "10.0.0.1", 0), DIRECTION_OUT);
	ck_assert(!sides_inside(sides, &private));
	ck_assert_int_eq(direction_of(sides, "192.0.2.1", "192.0.2.2", 0), DIRECTION_OUT);
	ck_assert(sides_inside(sides, &public));
	public.zone = 7; /* a host is known by its address alone */
	ck_assert(sides_inside(sides, &public));
	ck_assert_int_eq(direction_of(sides, "192.0.2.2", "192.0.2.1", 12), DIRECTION_IN);
	sides_free(sides);
}
END_TEST

/* Hosts by number: those of block 0 speak to those of block 1. None is private or nobody's. */
static struct pn_addr
nth(uint8_t family, unsigned block, uint32_t n)
{
	struct pn_addr a = { .family = family };

	if (family == PN_ADDR_IPV4)
		memcpy(a.bytes, (uint8_t[]){ 20 + block, n >> 16, n >> 8, n }, 4);
	else
		memcpy(a.bytes, (uint8_t[]){ 0x20, block, [13] = n >> 16, n >> 8, n }, 16);
	return a;
}

static enum direction
between(struct sides *sides, uint8_t family, unsigned from_block, uint32_t n)
{
	struct tuple tuple = {
		.src = nth(family, from_block, n),
		.dst = nth(family, !from_block, n),
		.src_port = 9,
		.dst_port = 9,
		.proto = PROTO_UDP,
		.family = family,
	};
	struct key key;

	return sides_direction(sides, &key, key_make(&key, &tuple));
}

/* Many hosts of a family, through all growths, each on the side it was given. */
START_TEST(remembers_many)
{
	uint8_t family = _i ? PN_ADDR_IPV6 : PN_ADDR_IPV4;
	struct sides *sides = sides_new(NULL, 0, seed);
	const uint32_t pairs = 40000;
	unsigned wrong = 0;

	for (uint32_t n = 0; n < pairs; n++)
		wrong += between(sides, family, 0, n) != DIRECTION_OUT;
	for (uint32_t n = 0; n < pairs; n++) {
		struct pn_addr in = nth(family, 0, n), out = nth(family, 1, n);

		wrong += between(sides, family, 1, n) != DIRECTION_IN;
		wrong += !sides_inside(sides, &in) || sides_inside(sides, &out);
	}
	ck_assert_uint_eq(wrong, 0);
	sides_free(sides);
}
END_TEST

START_TEST(full)
{
	struct sides *sides = sides_new(NULL, 0, seed);
	const uint32_t pairs = SIDES_MAX_HOSTS / 2;
	struct pn_addr first = nth(PN_ADDR_IPV4, 0, 0), private = addr("10.0.0.1");
	struct pn_addr late = nth(PN_ADDR_IPV4, 0, pairs);

	for (uint32_t n = 0; n < pairs - 1; n++)
		between(sides, PN_ADDR_IPV4, 0, n);
	ck_assert(!sides_inside(sides, &private));
	between(sides, PN_ADDR_IPV4, 0, pairs - 1);

	/* The last two have found room, the next two have not: they are judged anew each time. */
	ck_assert_int_eq(between(sides, PN_ADDR_IPV4, 1, pairs - 1), DIRECTION_IN);
	ck_assert_int_eq(between(sides, PN_ADDR_IPV4, 0, pairs), DIRECTION_OUT);
	ck_assert_int_eq(between(sides, PN_ADDR_IPV4, 1, pairs), DIRECTION_OUT);
	ck_assert_int_eq(between(sides, PN_ADDR_IPV6, 0, 1), DIRECTION_OUT);
	ck_assert_int_eq(between(sides, PN_ADDR_IPV6, 1, 1), DIRECTION_OUT);
	ck_assert(!sides_inside(sides, &late));
	ck_assert(sides_inside(sides, &first));
	ck_assert_int_eq(direction_of(sides, "203.0.113.1", "10.0.0.1", 0), DIRECTION_IN);
	ck_assert(sides_inside(sides, &private));
	sides_free(sides);
}
END_TEST

/* The seed changes where hosts are kept, and nothing else. */
START_TEST(seed_changes_nothing)
{
	static const uint64_t seeds[][2] = { { 0, 0 }, { ~0ull, ~0ull }, { 1, 0 }, { 0, 1 },
		{ 0x9e3779b97f4a7c15, 0x9e3779b97f4a7c15 }, { 0, 0x9e3779b97f4a7c15 } };

	for (unsigned i = 0; i < G_N_ELEMENTS(seeds); i++) {
		struct sides *sides = sides_new(NULL, 0, seeds[i]);

		for (uint32_t n = 0; n < 2000; n++) {
			ck_assert_int_eq(between(sides, PN_ADDR_IPV4, 0, n), DIRECTION_OUT);
			ck_assert_int_eq(between(sides, PN_ADDR_IPV6, 0, n), DIRECTION_OUT);
		}
		for (uint32_t n = 0; n < 2000; n++) {
			ck_assert_int_eq(between(sides, PN_ADDR_IPV4, 1, n), DIRECTION_IN);
			ck_assert_int_eq(between(sides, PN_ADDR_IPV6, 1, n), DIRECTION_IN);
		}
		sides_free(sides);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("side");
	TCase *t = tcase_create("side");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, private_addresses);
	tcase_add_test(t, prefixes_decide);
	tcase_add_test(t, every_length);
	tcase_add_test(t, everything_and_nothing);
	tcase_add_test(t, auto_rule);
	tcase_add_test(t, auto_nobody);
	tcase_add_test(t, a_question_gives_no_side);
	tcase_add_loop_test(t, remembers_many, 0, 2);
	tcase_add_test(t, full);
	tcase_add_test(t, seed_changes_nothing);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

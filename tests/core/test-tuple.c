// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys are the same from both ends and can be spelled out again. */
#include "packet/tuple.h"

#include <string.h>

#include "kit/kit.h"
#include "kit/packets.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static struct tuple
tuple_of(const char *src, const char *dst, uint8_t proto, uint16_t zone)
{
	struct tuple t = { .proto = proto, .zone = zone };

	kit_endpoint(src, &t.src, &t.src_port);
	kit_endpoint(dst, &t.dst, &t.dst_port);
	t.family = t.src.family;
	return t;
}

static const struct {
	const char *src;
	const char *dst;
} ends[] = {
	{ "192.0.2.1:1024", "198.51.100.7:80" },
	{ "198.51.100.7:80", "192.0.2.1:1024" },
	{ "1.0.0.2:1", "2.0.0.1:1" },
	{ "0.0.0.0:0", "255.255.255.255:65535" },
	{ "255.255.255.255:0", "0.0.0.0:65535" },
	{ "10.0.0.1:5", "10.0.0.1:6" },
	{ "10.0.0.1:6", "10.0.0.1:5" },
	{ "10.0.0.1:7", "10.0.0.1:7" },
	{ "[2001:db8::1]:1024", "[2001:db8::2]:80" },
	{ "[2001:db8:1::1]:1", "[2001:db8::1]:2" },
	{ "[fe80::1]:9", "[ff02::1]:9" },
	{ "[::1]:5", "[::1]:6" },
	{ "[::1]:6", "[::1]:5" },
	{ "[::1]:6", "[::1]:6" },
};

static void
assert_tuple_eq(const struct tuple *a, const struct tuple *b)
{
	ck_assert(addr_equal(&a->src, &b->src));
	ck_assert(addr_equal(&a->dst, &b->dst));
	ck_assert_uint_eq(a->src_port, b->src_port);
	ck_assert_uint_eq(a->dst_port, b->dst_port);
	ck_assert_uint_eq(a->proto, b->proto);
	ck_assert_uint_eq(a->family, b->family);
	ck_assert_uint_eq(a->zone, b->zone);
}

START_TEST(test_both_directions)
{
	struct key there, back;
	struct tuple t, reverse, spelled;
	bool from_hi, back_from_hi;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		t = tuple_of(ends[i].src, ends[i].dst, 6, 77);
		reverse = tuple_reverse(&t);
		from_hi = key_make(&there, &t);
		back_from_hi = key_make(&back, &reverse);
		ck_assert_mem_eq(&there, &back, sizeof(there));
		ck_assert(key_equal(&there, &back));
		if (strcmp(ends[i].src, ends[i].dst) != 0)
			ck_assert_int_ne(from_hi, back_from_hi);
		key_spell(&there, from_hi, &spelled);
		assert_tuple_eq(&spelled, &t);
		key_spell(&there, back_from_hi, &spelled);
		assert_tuple_eq(&spelled, &reverse);
		ck_assert_uint_eq(key_family(&there), t.family);
		ck_assert_uint_eq(key_proto(&there), 6);
	}
}
END_TEST

/* The layout that tuple.h tells. */
START_TEST(test_layout)
{
	struct tuple t = tuple_of("1.1.1.1:1", "2.2.2.2:2", 17, 5);
	struct key key;

	memset(&key, 0xff, sizeof(key));
	ck_assert(!key_make(&key, &t));
	ck_assert_uint_eq(key.w[0],
		(uint64_t)5 << 48 | (uint64_t)4 << 40 | (uint64_t)17 << 32 | (uint64_t)2 << 16 | 1);
	ck_assert_uint_eq(key.w[1], (uint64_t)0x02020202 << 32 | 0x01010101);
	ck_assert_uint_eq(key.w[2] | key.w[3] | key.w[4], 0);
}
END_TEST

START_TEST(test_keys_differ)
{
	struct tuple t = tuple_of("192.0.2.1:1024", "198.51.100.7:80", 6, 0);
	struct tuple other[] = {
		tuple_of("192.0.2.1:1025", "198.51.100.7:80", 6, 0),
		tuple_of("192.0.2.1:1024", "198.51.100.7:81", 6, 0),
		tuple_of("192.0.2.1:80", "198.51.100.7:1024", 6, 0),
		tuple_of("192.0.2.2:1024", "198.51.100.7:80", 6, 0),
		tuple_of("192.0.2.1:1024", "198.51.100.8:80", 6, 0),
		tuple_of("192.0.2.1:1024", "198.51.100.7:80", 17, 0),
		tuple_of("192.0.2.1:1024", "198.51.100.7:80", 6, 1),
		tuple_of("[::1]:1024", "[::2]:80", 6, 0),
	};
	struct key key, changed;
	unsigned i;

	key_make(&key, &t);
	for (i = 0; i < ARRAY_SIZE(other); i++) {
		key_make(&changed, &other[i]);
		ck_assert_msg(!key_equal(&key, &changed), "%u", i);
	}
}
END_TEST

START_TEST(test_ipv6_keys_differ)
{
	struct tuple t = tuple_of("[2001:db8::1]:1", "[2001:db8::2]:2", 6, 0), other;
	struct key key, changed;
	unsigned i;

	key_make(&key, &t);
	for (i = 0; i < 16; i++) {
		other = t;
		other.src.bytes[i] ^= 0x40;
		key_make(&changed, &other);
		ck_assert_msg(!key_equal(&key, &changed), "%u", i);
		other = t;
		other.dst.bytes[i] ^= 0x40;
		key_make(&changed, &other);
		ck_assert_msg(!key_equal(&key, &changed), "%u", i);
	}
}
END_TEST

START_TEST(test_proto_name)
{
	unsigned i;

	ck_assert_str_eq(proto_name(6), "TCP");
	ck_assert_str_eq(proto_name(17), "UDP");
	ck_assert_str_eq(proto_name(1), "ICMP");
	ck_assert_str_eq(proto_name(58), "IPv6-ICMP");
	ck_assert_str_eq(proto_name(47), "GRE");
	ck_assert_str_eq(proto_name(132), "SCTP");
	for (i = 138; i < 256; i++)
		ck_assert_ptr_null(proto_name((uint8_t)i));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("tuple");
	TCase *tc = tcase_create("tuple");

	tcase_add_test(tc, test_both_directions);
	tcase_add_test(tc, test_layout);
	tcase_add_test(tc, test_keys_differ);
	tcase_add_test(tc, test_ipv6_keys_differ);
	tcase_add_test(tc, test_proto_name);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys are the same from both ends and can be spelled out again; addresses and their text. */
#include "packet/tuple.h"

#include <arpa/inet.h>
#include <errno.h>
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

static const struct {
	const char *text;
	const char *canonical;
} spellings[] = {
	{ "0.0.0.0", "0.0.0.0" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "192.0.2.10", "192.0.2.10" },
	{ "9.99.100.200", "9.99.100.200" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "1::", "1::" },
	{ "2001:DB8::1", "2001:db8::1" },
	{ "2001:0db8:0:0:0:0:0:0001", "2001:db8::1" },
	{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* RFC 5952 §4.2.2 */
	{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },          /* §4.2.3 */
	{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
	{ "0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7" },
	{ "0:0:2:3:4:5:6:7", "::2:3:4:5:6:7" },
	{ "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
	{ "abcd:ef01:2345:6789:abcd:ef01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789" },
	{ "10:200:3000:f:f0:f00:f000:ffff", "10:200:3000:f:f0:f00:f000:ffff" },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" }, /* §5 */
	{ "::192.0.2.1", "::c000:201" },
	{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
};

START_TEST(test_text)
{
	char text[ADDR_TEXT_MAX];
	struct pn_addr addr, again;
	unsigned i, bits;

	for (i = 0; i < ARRAY_SIZE(spellings); i++) {
		memset(&addr, 0xff, sizeof(addr));
		ck_assert_int_eq(addr_parse(spellings[i].text, &addr, NULL), 0);
		ck_assert_uint_eq(addr_format(&addr, text), strlen(spellings[i].canonical));
		ck_assert_str_eq(text, spellings[i].canonical);
		ck_assert_int_eq(addr_parse(text, &again, &bits), 0);
		ck_assert(addr_equal(&addr, &again));
		ck_assert_uint_eq(bits, addr.family == PN_ADDR_IPV4 ? 32 : 128);
	}
	addr = (struct pn_addr){ .family = PN_ADDR_SENDER };
	ck_assert_uint_eq(addr_format(&addr, text), 0);
	ck_assert_str_eq(text, "");
}
END_TEST

/* Against the C library, which agrees but for the few with an embedded IPv4 address. */
START_TEST(test_text_many)
{
	char text[ADDR_TEXT_MAX], expected[INET6_ADDRSTRLEN];
	uint32_t state = 1;
	struct pn_addr addr = { .family = PN_ADDR_IPV6 };
	unsigned i, group;

	for (i = 0; i < 5000; i++) {
		for (group = 0; group < 8; group++) {
			state = state * 1664525 + 1013904223;
			addr.bytes[2 * group] = state & 0x3000000 ? 0 : (uint8_t)(state >> 16);
			addr.bytes[2 * group + 1] = state & 0x4000000 ? 0 : (uint8_t)(state >> 8);
		}
		addr.bytes[0] |= 0x20;
		addr_format(&addr, text);
		ck_assert_ptr_nonnull(inet_ntop(AF_INET6, addr.bytes, expected, sizeof(expected)));
		ck_assert_str_eq(text, expected);
	}
}
END_TEST

START_TEST(test_parse_prefix)
{
	static const struct {
		const char *text;
		int r;
		unsigned bits;
	} cases[] = {
		{ "10.0.0.0/8", 0, 8 },
		{ "0.0.0.0/0", 0, 0 },
		{ "192.0.2.1/32", 0, 32 },
		{ "192.0.2.128/25", 0, 25 },
		{ "192.0.2.1", 0, 32 },
		{ "2001:db8::/32", 0, 32 },
		{ "::/0", 0, 0 },
		{ "2001:db8::1", 0, 128 },
		{ "2001:db8::1/128", 0, 128 },
		{ "2001:db8:8000::/33", 0, 33 },
		{ "10.0.0.1/8", -EINVAL, 0 },
		{ "192.0.2.129/25", -EINVAL, 0 },
		{ "192.0.2.64/25", -EINVAL, 0 },
		{ "2001:db8::1/127", -EINVAL, 0 },
		{ "2001:db8:4000::/33", -EINVAL, 0 },
		{ "10.0.0.0/33", -EINVAL, 0 },
		{ "2001:db8::/129", -EINVAL, 0 },
		{ "10.0.0.0/", -EINVAL, 0 },
		{ "10.0.0.0/-1", -EINVAL, 0 },
		{ "10.0.0.0/+8", -EINVAL, 0 },
		{ "10.0.0.0/8 ", -EINVAL, 0 },
		{ "10.0.0.0/ 8", -EINVAL, 0 },
		{ "10.0.0.0/8/8", -EINVAL, 0 },
		{ "10.0.0.0/4294967304", -EINVAL, 0 },
		{ "/8", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "10.0.0", -EINVAL, 0 },
		{ "10.0.0.256", -EINVAL, 0 },
		{ "localhost", -EINVAL, 0 },
		{ "2001:db8:::1", -EINVAL, 0 },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee", -EINVAL,
			0 },
	};
	struct pn_addr addr;
	unsigned i, bits;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		addr.family = 99;
		bits = 999;
		ck_assert_msg(
			addr_parse(cases[i].text, &addr, &bits) == cases[i].r, "%s", cases[i].text);
		ck_assert_msg(bits == (cases[i].r ? 999 : cases[i].bits), "%s", cases[i].text);
		ck_assert_msg((addr.family == 99) == (cases[i].r != 0), "%s", cases[i].text);
	}
	ck_assert_int_eq(addr_parse("10.0.0.0/8", &addr, NULL), -EINVAL);
}
END_TEST

START_TEST(test_in_prefix)
{
	static const struct {
		const char *addr;
		const char *prefix;
		unsigned bits;
		bool in;
	} cases[] = {
		{ "10.1.2.3", "10.0.0.0", 8, true },
		{ "11.1.2.3", "10.0.0.0", 8, false },
		{ "172.31.255.255", "172.16.0.0", 12, true },
		{ "172.32.0.0", "172.16.0.0", 12, false },
		{ "192.0.2.1", "192.0.2.1", 32, true },
		{ "192.0.2.2", "192.0.2.1", 32, false },
		{ "192.0.2.2", "192.0.2.3", 31, true },
		{ "1.2.3.4", "9.9.9.9", 0, true },
		{ "::1", "9.9.9.9", 0, false },
		{ "9.9.9.9", "::", 0, false },
		{ "fdff::1", "fc00::", 7, true },
		{ "fe00::1", "fc00::", 7, false },
		{ "2001:db8::1", "2001:db8::", 128, false },
		{ "2001:db8::", "2001:db8::", 128, true },
		{ "10.0.0.1", "10.0.0.2", 100, false }, /* more bits than there are */
		{ "10.0.0.1", "10.0.0.1", 100, true },
	};
	struct pn_addr addr, prefix;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_int_eq(addr_parse(cases[i].addr, &addr, NULL), 0);
		ck_assert_int_eq(addr_parse(cases[i].prefix, &prefix, NULL), 0);
		ck_assert_msg(addr_in_prefix(&addr, &prefix, cases[i].bits) == cases[i].in, "%s",
			cases[i].addr);
	}
}
END_TEST

START_TEST(test_addr)
{
	static const uint8_t bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	struct pn_addr v4 = addr_ipv4(bytes), v6 = addr_ipv6(bytes), other;
	char text[ADDR_TEXT_MAX];

	addr_format(&v4, text);
	ck_assert_str_eq(text, "1.2.3.4");
	addr_format(&v6, text);
	ck_assert_str_eq(text, "102:304:506:708:90a:b0c:d0e:f10");
	ck_assert(!addr_equal(&v4, &v6));
	other = v6;
	ck_assert(addr_equal(&other, &v6));
	other.zone = 2;
	ck_assert(!addr_equal(&other, &v6));
	other = v6;
	other.bytes[15]++;
	ck_assert(!addr_equal(&other, &v6));
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
	tcase_add_test(tc, test_text);
	tcase_add_test(tc, test_text_many);
	tcase_add_test(tc, test_parse_prefix);
	tcase_add_test(tc, test_in_prefix);
	tcase_add_test(tc, test_addr);
	tcase_add_test(tc, test_proto_name);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

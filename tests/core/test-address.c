// SPDX-License-Identifier: GPL-2.0-or-later
/* Who can have an address, what prefix it is in, and its text. */
#include "packet/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "kit/kit.h"
#include "packet/tuple.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

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

static const struct {
	const char *text;
	enum addr_scope scope;
} scopes[] = {
	{ "0.0.0.0", ADDR_UNSPECIFIED },
	{ "0.255.255.255", ADDR_UNSPECIFIED },
	{ "1.0.0.0", ADDR_HOST },
	{ "10.0.0.1", ADDR_HOST },
	{ "126.255.255.255", ADDR_HOST },
	{ "127.0.0.0", ADDR_LOOPBACK },
	{ "127.255.255.255", ADDR_LOOPBACK },
	{ "128.0.0.0", ADDR_HOST },
	{ "169.253.255.255", ADDR_HOST },
	{ "169.254.0.0", ADDR_LINK },
	{ "169.254.255.255", ADDR_LINK },
	{ "169.255.0.0", ADDR_HOST },
	{ "223.255.255.255", ADDR_HOST },
	{ "224.0.0.0", ADDR_GROUP },
	{ "239.255.255.255", ADDR_GROUP },
	{ "240.0.0.0", ADDR_RESERVED },
	{ "247.1.2.3", ADDR_RESERVED },
	{ "255.255.255.254", ADDR_RESERVED },
	{ "255.255.255.255", ADDR_GROUP },
	{ "::", ADDR_UNSPECIFIED },
	{ "::1", ADDR_LOOPBACK },
	{ "::2", ADDR_RESERVED },
	{ "::10.0.0.5", ADDR_RESERVED },
	{ "::255.255.255.255", ADDR_RESERVED },
	{ "::1:0:0", ADDR_HOST },
	{ "::fffe:ffff:ffff", ADDR_HOST },
	{ "::ffff:0.0.0.0", ADDR_RESERVED },
	{ "::ffff:10.0.0.5", ADDR_RESERVED },
	{ "::ffff:255.255.255.255", ADDR_RESERVED },
	{ "::1:0:0:0", ADDR_HOST },
	{ "0:0:0:1::1", ADDR_HOST },
	{ "64:ff9b::10.0.0.5", ADDR_HOST },
	{ "2001:db8::1", ADDR_HOST },
	{ "fd00::1", ADDR_HOST },
	{ "fe7f:ffff::1", ADDR_HOST },
	{ "fe80::", ADDR_LINK },
	{ "febf:ffff::1", ADDR_LINK },
	{ "fec0::1", ADDR_HOST },
	{ "feff::1", ADDR_HOST },
	{ "ff00::", ADDR_GROUP },
	{ "ff02::1", ADDR_GROUP },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ADDR_GROUP },
};

/* Spelled out, and as either end of a key. */
START_TEST(test_scope)
{
	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		struct tuple t = { .proto = 17 };
		struct key key;
		bool from_hi;

		ck_assert_int_eq(addr_parse(scopes[i].text, &t.src, NULL), 0);
		ck_assert_int_eq(
			addr_parse(t.src.family == PN_ADDR_IPV4 ? "100.1.1.1" : "2001:db8::99",
				&t.dst, NULL),
			0);
		t.family = t.src.family;
		ck_assert_msg(addr_scope(&t.src) == scopes[i].scope, "%s", scopes[i].text);
		ck_assert_int_eq(addr_scope(&t.dst), ADDR_HOST);
		from_hi = key_make(&key, &t);
		ck_assert_msg(key_scope(&key, from_hi) == scopes[i].scope, "%s", scopes[i].text);
		ck_assert_int_eq(key_scope(&key, !from_hi), ADDR_HOST);
	}
}
END_TEST

START_TEST(test_nobody)
{
	ck_assert(!addr_scope_is_nobody(ADDR_HOST));
	ck_assert(!addr_scope_is_nobody(ADDR_LINK));
	ck_assert(!addr_scope_is_nobody(ADDR_LOOPBACK));
	ck_assert(addr_scope_is_nobody(ADDR_UNSPECIFIED));
	ck_assert(addr_scope_is_nobody(ADDR_GROUP));
	ck_assert(addr_scope_is_nobody(ADDR_RESERVED));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("address");
	TCase *tc = tcase_create("address");

	tcase_add_test(tc, test_text);
	tcase_add_test(tc, test_text_many);
	tcase_add_test(tc, test_parse_prefix);
	tcase_add_test(tc, test_in_prefix);
	tcase_add_test(tc, test_addr);
	tcase_add_test(tc, test_scope);
	tcase_add_test(tc, test_nobody);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

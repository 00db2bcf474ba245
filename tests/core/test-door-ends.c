// SPDX-License-Identifier: GPL-2.0-or-later
/* Who may be at the ends of a door, and on which ports. */
#include "door-world.h"

START_TEST(destination)
{
	static const struct {
		const char *dst;
		int refusal;
	} table[] = {
		{ INSIDE, 0 },
		{ "10.0.0.6", PN_REFUSED_ADDRESS_FOREIGN }, /* a neighbour */
		{ THIRD, PN_REFUSED_ADDRESS_FOREIGN },
		{ "2001:db8:1::5", PN_REFUSED_ADDRESS_FOREIGN }, /* the other family */
		{ WALL, PN_REFUSED_ADDRESS_FIREWALL },
		{ "2001:db8:1::1", PN_REFUSED_ADDRESS_FIREWALL },
		{ "0.0.0.0", PN_REFUSED_ADDRESS_BOGUS },
		{ "0.255.255.255", PN_REFUSED_ADDRESS_BOGUS },
		{ "1.0.0.0", PN_REFUSED_ADDRESS_FOREIGN },
		{ "126.255.255.255", PN_REFUSED_ADDRESS_FOREIGN },
		{ "127.0.0.0", PN_REFUSED_ADDRESS_BOGUS },
		{ "127.255.255.255", PN_REFUSED_ADDRESS_BOGUS },
		{ "128.0.0.0", PN_REFUSED_ADDRESS_FOREIGN },
		{ "223.255.255.255", PN_REFUSED_ADDRESS_FOREIGN },
		{ "224.0.0.0", PN_REFUSED_ADDRESS_BOGUS },
		{ "239.255.255.255", PN_REFUSED_ADDRESS_BOGUS },
		{ "240.0.0.0", PN_REFUSED_ADDRESS_BOGUS },
		{ "255.255.255.255", PN_REFUSED_ADDRESS_BOGUS },
		{ "192.0.2.1", PN_REFUSED_ADDRESS_FOREIGN }, /* documentation is an address */
		{ "::", PN_REFUSED_ADDRESS_BOGUS },
		{ "::1", PN_REFUSED_ADDRESS_BOGUS },
		{ "::10.0.0.5", PN_REFUSED_ADDRESS_BOGUS },
		{ "::ffff:10.0.0.5", PN_REFUSED_ADDRESS_BOGUS },
		{ "::fffe:10.0.0.5", PN_REFUSED_ADDRESS_FOREIGN },
		{ "ff02::1", PN_REFUSED_ADDRESS_BOGUS },
		{ "feff::1", PN_REFUSED_ADDRESS_FOREIGN },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		w->request.dst = addr(table[i].dst);
		ck_assert_msg(ask(w) == -table[i].refusal, "%s: %s", table[i].dst,
			door_refusal_name(ask(w)));
		ck_assert(is_addr(&w->wanted.dst, table[i].dst)); /* for the record */
	}
}
END_TEST

/* A literal may carry what a helper left lying in it. */
START_TEST(literals_are_cleaned)
{
	w->request.dst = addr(INSIDE);
	memset(w->request.dst.bytes + 4, 0xee, 12);
	memset(w->request.dst.reserved, 0xee, 3);
	w->request.dst.zone = 9;
	w->request.src = addr(OUTSIDE);
	w->request.src.bytes[15] = 1;
	assert_granted(w);
	ck_assert(is_addr(&w->wanted.dst, INSIDE));
	ck_assert(is_addr(&w->wanted.src, OUTSIDE));

	/* The zone is that of the flow, whether the helper knows it or not. */
	set_control(w, "fe80::5", "2001:db8:2::9");
	w->asker.sender.zone = 3;
	w->request.dst = addr("fe80::5");
	w->request.src = receiver;
	assert_granted(w);
	ck_assert_uint_eq(w->wanted.dst.zone, 3);
	ck_assert_uint_eq(w->wanted.src_bits, 128);
}
END_TEST

/* The message may come from either end; both may be the destination, named either way. */
START_TEST(either_end)
{
	static const struct {
		const char *src, *dst;
	} table[] = {
		{ NULL, INSIDE },
		{ OUTSIDE, INSIDE },
		{ NULL, OUTSIDE },
		{ INSIDE, OUTSIDE },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		bool to_inside = !strcmp(table[i].dst, INSIDE);

		for (int from_inside = 0; from_inside < 2; from_inside++) {
			set_control(
				w, from_inside ? INSIDE : OUTSIDE, from_inside ? OUTSIDE : INSIDE);
			w->request.dst = addr(table[i].dst);
			w->request.src = to_inside == from_inside ? receiver : sender;
			if (table[i].src)
				w->request.src = addr(table[i].src);
			assert_granted(w);
			ck_assert(is_addr(&w->wanted.dst, table[i].dst));
			ck_assert(is_addr(&w->wanted.src, to_inside ? OUTSIDE : INSIDE));
			ck_assert(addr_equal(&w->wanted.registrant, &w->asker.sender));
		}
	}
	w->request.dst = receiver;
	w->request.src = addr(INSIDE);
	set_control(w, OUTSIDE, INSIDE);
	assert_refused(w, INVALID); /* to itself */
	w->request.src = sender;
	assert_granted(w);
	w->request.src = receiver;
	assert_refused(w, INVALID);
}
END_TEST

START_TEST(source)
{
	w->request.src = addr(THIRD);
	assert_refused(w, SOURCE_FOREIGN);
	set_sources(w, "192.0.2.0/24;198.51.100.0/24");
	assert_granted(w);
	ck_assert(is_addr(&w->wanted.src, THIRD));
	ck_assert_uint_eq(w->wanted.src_bits, 32);
	w->request.src = addr("198.51.101.1");
	assert_refused(w, SOURCE_FOREIGN);
	w->request.src = receiver; /* the peer needs no prefix */
	assert_granted(w);
	w->request.src = addr("2001:db8::7");
	set_sources(w, "::/0");
	assert_refused(w, SOURCE_FOREIGN); /* IPv6 cannot send to IPv4 */
}
END_TEST

START_TEST(source_not_known)
{
	static const struct {
		const char *sources;
		const char *src; /* NULL: refused */
		unsigned bits;
	} table[] = {
		{ "", NULL, 0 },
		{ "192.0.2.0/24", "192.0.2.0", 24 },
		{ "192.0.2.7", "192.0.2.7", 32 },
		{ "::/0", NULL, 0 },
		{ "2001:db8::/32;192.0.2.0/24", "192.0.2.0", 24 },
		{ "192.0.2.0/24;198.51.100.0/24", NULL, 0 },
		{ "192.0.2.0/25;192.0.2.0/24;192.0.2.128/25", "192.0.2.0", 24 },
		{ "192.0.2.0/24;192.0.2.0/24", "192.0.2.0", 24 },
		{ "192.0.2.0/24;192.0.3.0/25", NULL, 0 },
		{ "192.0.2.0/24;0.0.0.0/0;198.51.100.0/24", "0.0.0.0", 0 },
	};

	w->request.mask &= ~PN_EXPECT_SRC;
	w->request.src = addr(THIRD); /* not set, so it means nothing */
	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		set_sources(w, table[i].sources);
		if (!table[i].src) {
			assert_refused(w, SOURCE_WILD);
			continue;
		}
		ck_assert_msg(ask(w) == 0, "%s", table[i].sources);
		ck_assert(is_addr(&w->wanted.src, table[i].src));
		ck_assert_uint_eq(w->wanted.src_bits, table[i].bits);
		ck_assert_int_eq(!!(w->wanted.mask & PN_EXPECT_SRC), table[i].bits > 0);
	}
}
END_TEST

/* Towards the protected side: by protocol, port by port. */
START_TEST(ports_inward)
{
	static const struct {
		uint8_t proto;
		uint16_t first, last;
		int refusal;
	} table[] = {
		{ 6, 1, 0, PN_REFUSED_PORT_LOW },
		{ 6, 1023, 0, PN_REFUSED_PORT_LOW },
		{ 17, 1023, 0, PN_REFUSED_PORT_LOW },
		{ 6, 1023, 1024, PN_REFUSED_PORT_LOW },
		{ 6, 1024, 0, 0 },
		{ 17, 1024, 0, 0 },
		{ 6, 3388, 0, 0 },
		{ 6, 3389, 0, PN_REFUSED_PORT_DENIED },
		{ 6, 3390, 0, 0 },
		{ 17, 3389, 0, 0 },
		{ 6, 3380, 3389, PN_REFUSED_PORT_DENIED },
		{ 6, 3389, 3395, PN_REFUSED_PORT_DENIED },
		{ 6, 3380, 3395, PN_REFUSED_PORT_DENIED },
		{ 6, 5999, 0, 0 },
		{ 6, 6000, 0, PN_REFUSED_PORT_DENIED },
		{ 6, 6030, 0, PN_REFUSED_PORT_DENIED },
		{ 6, 6063, 0, PN_REFUSED_PORT_DENIED },
		{ 6, 6064, 0, 0 },
		{ 6, 6010, 6011, PN_REFUSED_PORT_DENIED },
		{ 17, 6000, 6001, 0 },
		{ 6, 5060, 0, PN_REFUSED_PORT_DENIED },
		{ 17, 5060, 0, PN_REFUSED_PORT_DENIED },
		{ 17, 5350, 5352, 0 },
		{ 17, 5350, 5353, PN_REFUSED_PORT_DENIED },
		/* Denied before it is too wide. */
		{ 17, 5000, 6000, PN_REFUSED_PORT_DENIED },
		{ 17, 20000, 21000, PN_REFUSED_PORT_RANGE },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		w->request.proto = table[i].proto;
		w->request.dst_port = table[i].first;
		w->request.dst_port_last = table[i].last;
		ck_assert_msg(ask(w) == -table[i].refusal, "%u %u-%u: %s", table[i].proto,
			table[i].first, table[i].last, door_refusal_name(ask(w)));
	}
}
END_TEST

/* Away from it: the protected side connects, and only the width of the range counts. */
START_TEST(ports_outward)
{
	static const uint16_t ports[] = { 1, 21, 80, 1023, 2049, 3389, 6000, 8080 };

	w->request.dst = receiver;
	w->request.src = sender;
	for (unsigned i = 0; i < G_N_ELEMENTS(ports); i++) {
		w->request.dst_port = ports[i];
		assert_granted(w);
	}
	w->request.dst_port = 0;
	assert_refused(w, INVALID);
	w->request.dst_port = 100;
	w->request.dst_port_last = 99;
	assert_refused(w, PORT_RANGE);
	w->request.dst_port_last = 164;
	assert_refused(w, PORT_RANGE);
	w->request.dst = addr("10.0.0.77");
	w->request.dst_port_last = 0;
	assert_refused(w, ADDRESS_FOREIGN);
}
END_TEST

/* Flows that do not cross the firewall: what counts is where the destination is. */
START_TEST(internal_and_transit)
{
	set_control(w, INSIDE, "10.0.0.9");
	w->request.dst_port = 22;
	assert_refused(w, PORT_LOW);
	w->request.dst_port = 6000;
	assert_refused(w, PORT_DENIED);
	w->request.dst_port = 50000;
	assert_granted(w);

	set_control(w, THIRD, OUTSIDE);
	w->request.dst_port = 22;
	assert_granted(w);
	w->request.dst = addr("127.0.0.1");
	assert_refused(w, ADDRESS_BOGUS);
}
END_TEST

/* A capture of loopback, and a firewall that is itself a client: an endpoint is believed. */
START_TEST(own_endpoint)
{
	static const char *const loopbacks[][2] = { { "127.0.0.1", "127.0.0.0/8" },
		{ "::1", "::1" } };

	for (unsigned i = 0; i < G_N_ELEMENTS(loopbacks); i++) {
		set_inside(w, loopbacks[i][1]);
		set_control(w, loopbacks[i][0], loopbacks[i][0]);
		w->request.src = receiver;
		w->request.dst = sender;
		w->request.dst_port = 50000;
		assert_granted(w);
		w->request.dst = addr(loopbacks[i][0]);
		assert_granted(w);
		w->request.dst_port = 80;
		assert_refused(w, PORT_LOW);
	}
	set_control(w, "127.0.0.2", "127.0.0.3");
	set_inside(w, "127.0.0.0/8");
	w->request.dst_port = 50000;
	w->request.dst = sender;
	assert_granted(w);
	w->request.dst = addr("127.0.0.4");
	assert_refused(w, ADDRESS_BOGUS);

	set_inside(w, "10.0.0.0/8");
	set_control(w, WALL, OUTSIDE);
	w->request.dst = sender;
	assert_granted(w);
	w->request.dst = addr(WALL);
	assert_granted(w);
}
END_TEST

START_TEST(no_firewall_addresses)
{
	w->asker.firewall = NULL;
	w->asker.n_firewall = 0;
	w->request.dst = addr(WALL);
	assert_refused(w, ADDRESS_FOREIGN);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("door-ends");
	TCase *t = tcase_create("door-ends");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, destination);
	tcase_add_test(t, literals_are_cleaned);
	tcase_add_test(t, either_end);
	tcase_add_test(t, source);
	tcase_add_test(t, source_not_known);
	tcase_add_test(t, ports_inward);
	tcase_add_test(t, ports_outward);
	tcase_add_test(t, internal_and_transit);
	tcase_add_test(t, own_endpoint);
	tcase_add_test(t, no_firewall_addresses);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

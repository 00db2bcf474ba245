// SPDX-License-Identifier: GPL-2.0-or-later
/* What a request for a door must be like, what its flow must be like, and what comes of it. */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#include "door-world.h"

/* Member by member, for there are holes between them. */
static void
assert_wanted(const struct expectation *e)
{
	const struct expectation *a = &w->wanted;

	ck_assert(a->id == 0 && a->parent_id == 0 && a->root_id == 0 && a->parent == 0);
	ck_assert(a->deadline == 0 && a->flows == 0);
	ck_assert(!a->helper && !a->child && !a->owner);
	ck_assert_uint_eq(a->timeout, e->timeout);
	ck_assert_uint_eq(a->mask, e->mask);
	ck_assert_uint_eq(a->flags, e->flags);
	ck_assert_uint_eq(a->group, e->group);
	ck_assert_uint_eq(a->src_port, e->src_port);
	ck_assert_uint_eq(a->dst_port, e->dst_port);
	ck_assert_uint_eq(a->dst_port_last, e->dst_port_last);
	ck_assert_uint_eq(a->call_id, e->call_id);
	ck_assert_uint_eq(a->call_id_reply, e->call_id_reply);
	ck_assert_uint_eq(a->max_flows, e->max_flows);
	ck_assert_uint_eq(a->proto, e->proto);
	ck_assert_uint_eq(a->depth, e->depth);
	ck_assert_uint_eq(a->src_bits, e->src_bits);
	ck_assert(addr_equal(&a->src, &e->src));
	ck_assert(addr_equal(&a->dst, &e->dst));
	ck_assert(addr_equal(&a->registrant, &e->registrant));
	ck_assert(!memcmp(a->cookie, e->cookie, sizeof(a->cookie)));
	ck_assert(!memcmp(&a->control, &e->control, sizeof(a->control)));
}

START_TEST(granted_whole)
{
	struct expectation expected = {
		.timeout = 45,
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST_PORT,
		.dst_port = 50000,
		.dst_port_last = 50000,
		.max_flows = 1,
		.proto = PROTO_TCP,
		.depth = 1,
		.src_bits = 32,
		.src = addr(OUTSIDE),
		.dst = addr(INSIDE),
		.registrant = addr(INSIDE),
		.control = w->asker.control,
	};

	assert_granted(w);
	assert_wanted(&expected);
}
END_TEST

static const struct {
	const char *src;
	uint8_t bits;
	const char *policy; /* what policy allows, and … */
	const char *plugin; /* … what the options of the plugin do */
	int answer;
} prefixes[] = {
	{ "203.0.113.0", 24, "", "203.0.113.0/24", 0 },
	{ "203.0.113.0", 24, "203.0.113.0/24", "", 0 },
	{ "203.0.113.0", 24, "198.51.100.0/24", "203.0.112.0/20;198.51.100.0/24", 0 },
	{ "0.0.0.0", 0, "0.0.0.0/0", "", 0 },
	{ "203.0.113.7", 32, "", "203.0.113.0/24", 0 },
	{ "203.0.113.0", 24, "", "", -PN_REFUSED_SOURCE_FOREIGN },
	{ "203.0.113.0", 24, "203.0.113.0/25", "203.0.113.128/25", -PN_REFUSED_SOURCE_FOREIGN },
	{ "0.0.0.0", 0, "", "203.0.113.0/24", -PN_REFUSED_SOURCE_FOREIGN },
	{ "2001:db8::", 32, "", "2001:db8::/32", -PN_REFUSED_SOURCE_FOREIGN },
	{ "203.0.113.1", 24, "", "203.0.113.0/24", -PN_REFUSED_INVALID },
	{ "203.0.113.0", 33, "", "203.0.113.0/24", -PN_REFUSED_INVALID },
};

START_TEST(granted_to_a_prefix)
{
	struct prefix *policy = NULL, *plugin = NULL;

	ck_assert_int_ge(config_parse_prefixes(
		prefixes[_i].policy, &policy, &w->policy->doors.n_sources), 0);
	ck_assert_int_ge(
		config_parse_prefixes(prefixes[_i].plugin, &plugin, &w->asker.n_sources), 0);
	g_free(w->policy->doors.sources);
	w->policy->doors.sources = policy;
	w->asker.sources = plugin;
	w->request.mask |= PN_EXPECT_SRC_BITS;
	w->request.src = addr(prefixes[_i].src);
	w->request.src_bits = prefixes[_i].bits;
	ck_assert_int_eq(ask(w), prefixes[_i].answer);
	if (!prefixes[_i].answer)
		ck_assert_uint_eq(w->wanted.src_bits, prefixes[_i].bits);
	g_free(plugin);
}
END_TEST

/* From whom, to whom; 198.51.100.0/24, some of 10/8 and a loopback are named. */
static const struct {
	const char *src;
	const char *dst;
	int answer;
} targets[] = {
	{ INSIDE, "198.51.100.9", 0 },
	{ INSIDE, "198.51.101.9", -PN_REFUSED_ADDRESS_FOREIGN },
	{ INSIDE, "10.9.9.9", -PN_REFUSED_ADDRESS_FOREIGN },
	{ INSIDE, "127.0.0.1", -PN_REFUSED_ADDRESS_BOGUS },
	{ INSIDE, WALL, -PN_REFUSED_ADDRESS_FIREWALL },
	{ OUTSIDE, "198.51.100.9", -PN_REFUSED_ADDRESS_FOREIGN },
	{ "10.9.9.9", "198.51.100.9", -PN_REFUSED_ADDRESS_FOREIGN },
	{ NULL, "198.51.100.9", -PN_REFUSED_ADDRESS_FOREIGN },
};

START_TEST(led_to_a_target)
{
	struct prefix *named = NULL;

	ck_assert_int_ge(config_parse_prefixes(
		"198.51.100.0/24;10.0.0.0/8;127.0.0.0/8;" WALL, &named, &w->asker.n_targets), 0);
	w->asker.targets = named;
	w->request.dst = addr(targets[_i].dst);
	w->request.mask &= ~(uint32_t)PN_EXPECT_SRC;
	if (targets[_i].src) {
		w->request.mask |= PN_EXPECT_SRC;
		w->request.src = addr(targets[_i].src);
	}
	ck_assert_int_eq(ask(w), targets[_i].answer);
	g_free(named);
}
END_TEST

START_TEST(granted_with_everything)
{
	struct expectation expected = {
		.timeout = 99,
		.mask = PN_EXPECT_SRC | PN_EXPECT_SRC_PORT | PN_EXPECT_DST_PORT | PN_EXPECT_GROUP,
		.flags = PN_EXPECT_DIE_WITH_PARENT,
		.group = 0xdeadbeef,
		.src_port = 20,
		.dst_port = 50000,
		.dst_port_last = 50001,
		.max_flows = 2,
		.proto = PROTO_UDP,
		.depth = 3,
		.src_bits = 32,
		.src = addr(OUTSIDE),
		.dst = addr(INSIDE),
		.registrant = addr(INSIDE),
		.cookie = { 1, [31] = 2 },
		.control = w->asker.control,
	};
	struct pn_expect *r = &w->request;

	w->asker.depth = 2;
	r->mask |= PN_EXPECT_SRC_PORT | PN_EXPECT_TIMEOUT | PN_EXPECT_MAX_FLOWS | PN_EXPECT_GROUP;
	r->flags = PN_EXPECT_DIE_WITH_PARENT;
	r->proto = PROTO_UDP;
	r->src_port = 20;
	r->dst_port_last = 50001;
	r->timeout = 99;
	r->max_flows = 2;
	r->group = 0xdeadbeef;
	r->cookie[0] = 1;
	r->cookie[31] = 2;
	r->child = "demo";
	assert_granted(w);
	assert_wanted(&expected);
}
END_TEST

START_TEST(gre)
{
	struct pn_expect *r = &w->request;

	r->proto = PROTO_GRE;
	r->mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_CALL_ID;
	r->call_id = 0; /* a call id like any other */
	r->call_id_reply = 77;
	assert_granted(w);
	ck_assert_uint_eq(w->wanted.mask, PN_EXPECT_SRC | PN_EXPECT_CALL_ID);
	ck_assert_uint_eq(w->wanted.call_id, 0);
	ck_assert_uint_eq(w->wanted.call_id_reply, 77);
	r->mask &= ~PN_EXPECT_CALL_ID;
	assert_granted(w);
	ck_assert_uint_eq(w->wanted.call_id_reply, 0);
	r->mask |= PN_EXPECT_DST_PORT; /* GRE has no ports */
	assert_refused(w, INVALID);
}
END_TEST

START_TEST(form)
{
	static const struct {
		const char *what;
		uint32_t set, clear, flags;
		uint8_t proto;
		uint16_t src_port, dst_port, dst_port_last;
		int refusal;
	} table[] = {
		{ "as it stands", 0, 0, 0, 6, 0, 50000, 0, 0 },
		{ "no destination", 0, PN_EXPECT_DST, 0, 6, 0, 50000, 0, PN_REFUSED_INVALID },
		{ "no protocol", 0, 0, 0, 0, 0, 50000, 0, PN_REFUSED_INVALID },
		{ "TCP without port", 0, PN_EXPECT_DST_PORT, 0, 6, 0, 50000, 0,
			PN_REFUSED_INVALID },
		{ "UDP without port", 0, PN_EXPECT_DST_PORT, 0, 17, 0, 50000, 0,
			PN_REFUSED_INVALID },
		{ "port 0", 0, 0, 0, 6, 0, 0, 0, PN_REFUSED_INVALID },
		{ "from port 0 on", 0, 0, 0, 6, 0, 0, 50000, PN_REFUSED_INVALID },
		{ "source port 0", PN_EXPECT_SRC_PORT, 0, 0, 6, 0, 50000, 0, PN_REFUSED_INVALID },
		{ "source port", PN_EXPECT_SRC_PORT, 0, 0, 6, 20, 50000, 0, 0 },
		{ "a call of TCP", PN_EXPECT_CALL_ID, 0, 0, 6, 0, 50000, 0, PN_REFUSED_INVALID },
		{ "a port of ESP", 0, 0, 0, 50, 0, 50000, 0, PN_REFUSED_INVALID },
		{ "ESP", 0, PN_EXPECT_DST_PORT, 0, 50, 0, 0, 0, 0 },
		{ "a source port of ESP", PN_EXPECT_SRC_PORT, PN_EXPECT_DST_PORT, 0, 50, 20, 0, 0,
			PN_REFUSED_INVALID },
		{ "unknown bit of the mask", 1u << 8, 0, 0, 6, 0, 50000, 0, PN_REFUSED_INVALID },
		{ "unknown flag", 0, 0, 1u << 4, 6, 0, 50000, 0, PN_REFUSED_INVALID },
		{ "high unknown flag", 0, 0, 1u << 31, 6, 0, 50000, 0, PN_REFUSED_INVALID },
		{ "known flags", 0, 0, 3, 6, 0, 50000, 0, 0 },
		{ "a range of one", 0, 0, 0, 6, 0, 50000, 50000, 0 },
		{ "reversed", 0, 0, 0, 6, 0, 50000, 49999, PN_REFUSED_PORT_RANGE },
		{ "64 ports", 0, 0, 0, 17, 0, 50000, 50063, 0 },
		{ "65 ports", 0, 0, 0, 17, 0, 50000, 50064, PN_REFUSED_PORT_RANGE },
		{ "all ports", 0, 0, 0, 17, 0, 1, 65535, PN_REFUSED_PORT_LOW },
		{ "the last port", 0, 0, 0, 17, 0, 65535, 0, 0 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		struct pn_expect saved = w->request;

		w->request.mask = (saved.mask | table[i].set) & ~table[i].clear;
		w->request.flags = table[i].flags;
		w->request.proto = table[i].proto;
		w->request.src_port = table[i].src_port;
		w->request.dst_port = table[i].dst_port;
		w->request.dst_port_last = table[i].dst_port_last;
		ck_assert_msg(ask(w) == -table[i].refusal, "%s: %s", table[i].what,
			door_refusal_name(ask(w)));
		w->request = saved;
	}
}
END_TEST

/* Families that are no family, in either place. */
START_TEST(families)
{
	for (unsigned family = 0; family < 256; family++) {
		bool known = family == 1 || family == 2 || family == 4 || family == 6;

		w->request.dst = (struct pn_addr){ .family = (uint8_t)family };
		ck_assert_msg((ask(w) == -PN_REFUSED_INVALID) == (!known || family == 2), "dst %u",
			family); /* RECEIVER is the source already */
		w->request.dst = sender;
		w->request.src = (struct pn_addr){ .family = (uint8_t)family };
		ck_assert_msg((ask(w) == -PN_REFUSED_INVALID) == (!known || family == 1), "src %u",
			family);
		w->request.src = receiver;
	}
}
END_TEST

/* A struct that ends early: what is not whole in it is not set, and nothing behind it is read. */
START_TEST(older_struct)
{
	struct pn_expect full = w->request;

	full.mask = 0xff & ~PN_EXPECT_CALL_ID;
	full.src_port = 20;
	full.dst_port_last = 50001;
	full.max_flows = 3;
	full.timeout = 7;
	full.group = 9;
	memset(full.cookie, 0xcc, sizeof(full.cookie));
	for (uint32_t size = 0; size <= sizeof(full); size++) {
		/* Bytes of just that length, so that a read behind them is found. */
		struct pn_expect *cut = malloc(MAX(size, sizeof(full.size)));
		int r;

		memcpy(cut, &full, size);
		cut->size = size;
		memset(&w->wanted, 0xa5, sizeof(w->wanted));
		r = door_check(w->policy, &w->asker, cut, &w->wanted);
		free(cut);
		if (size < offsetof(struct pn_expect, dst_port) + 2) {
			ck_assert_msg(r == -PN_REFUSED_INVALID, "size %u", size);
			continue;
		}
		ck_assert_msg(r == 0, "size %u: %s", size, door_refusal_name(r));
		ck_assert_uint_eq(w->wanted.dst_port_last,
			size >= offsetof(struct pn_expect, dst_port_last) + 2 ? 50001 : 50000);
		ck_assert_uint_eq(w->wanted.max_flows,
			size >= offsetof(struct pn_expect, max_flows) + 2 ? 3 : 1);
		ck_assert_uint_eq(w->wanted.timeout,
			size >= offsetof(struct pn_expect, timeout) + 4 ? 7 : 45);
		ck_assert_uint_eq(
			w->wanted.group, size >= offsetof(struct pn_expect, group) + 4 ? 9 : 0);
		ck_assert(!(w->wanted.mask & PN_EXPECT_GROUP) == !w->wanted.group);
		ck_assert_uint_eq(w->wanted.cookie[0],
			size >= offsetof(struct pn_expect, cookie) + 32 ? 0xcc : 0);
	}
}
END_TEST

/* A struct that is longer than ours is fine as long as it asks for nothing we do not know. */
START_TEST(newer_struct)
{
	uint8_t longer[sizeof(struct pn_expect) + 64];

	memset(longer, 0xff, sizeof(longer));
	w->request.size = sizeof(longer);
	memcpy(longer, &w->request, sizeof(w->request));
	ck_assert_int_eq(
		door_check(w->policy, &w->asker, (struct pn_expect *)longer, &w->wanted), 0);
}
END_TEST

START_TEST(flow_itself)
{
	w->asker.midstream = true;
	assert_refused(w, MIDSTREAM);
	w->asker.established = false;
	assert_refused(w, MIDSTREAM);
	w->asker.midstream = false;
	assert_refused(w, NOT_ESTABLISHED);
	w->asker.established = true;
	for (unsigned depth = 0; depth < 256; depth++) {
		w->asker.depth = (uint8_t)depth;
		ck_assert_int_eq(ask(w), depth < 4 ? 0 : -PN_REFUSED_DEPTH);
		ck_assert_uint_eq(w->wanted.depth, MIN(depth + 1, 255));
	}
}
END_TEST

START_TEST(timeouts)
{
	static const struct {
		uint32_t mask, flags, asked, fallback, granted;
	} table[] = {
		{ PN_EXPECT_TIMEOUT, 0, 1, 45, 1 },
		{ PN_EXPECT_TIMEOUT, 0, 600, 45, 600 },
		{ PN_EXPECT_TIMEOUT, 0, 601, 45, 600 },
		{ PN_EXPECT_TIMEOUT, 0, UINT32_MAX, 45, 600 },
		{ PN_EXPECT_TIMEOUT, 0, 0, 45, 45 },
		{ 0, 0, 99, 45, 45 }, /* not set */
		{ 0, 0, 0, 9999, 600 },
		{ 0, 0, 0, 0, 30 },
		{ PN_EXPECT_TIMEOUT, PN_EXPECT_OUTLIVE, 3600, 45, 3600 },
		{ PN_EXPECT_TIMEOUT, PN_EXPECT_OUTLIVE, 3601, 45, 3600 },
		{ PN_EXPECT_TIMEOUT, PN_EXPECT_OUTLIVE, 20, 45, 20 },
		{ 0, PN_EXPECT_OUTLIVE, 0, 45, 45 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		w->request.mask &= ~PN_EXPECT_TIMEOUT;
		w->request.mask |= table[i].mask;
		w->request.flags = table[i].flags;
		w->request.timeout = table[i].asked;
		w->asker.default_timeout = table[i].fallback;
		assert_granted(w);
		ck_assert_msg(
			w->wanted.timeout == table[i].granted, "%u: %u", i, w->wanted.timeout);
		ck_assert_uint_eq(w->wanted.flags, table[i].flags);
	}
}
END_TEST

START_TEST(flows_through)
{
	static const struct {
		bool set;
		uint16_t asked, granted;
	} table[] = {
		{ false, 9, 1 },
		{ true, 0, 1 },
		{ true, 1, 1 },
		{ true, 16, 16 },
		{ true, 17, 16 },
		{ true, UINT16_MAX, 16 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		w->request.mask &= ~PN_EXPECT_MAX_FLOWS;
		w->request.mask |= table[i].set ? PN_EXPECT_MAX_FLOWS : 0;
		w->request.max_flows = table[i].asked;
		assert_granted(w);
		ck_assert_uint_eq(w->wanted.max_flows, table[i].granted);
	}
}
END_TEST

/* With everything wrong at once, mended one by one: the order is form, flow, destination, … */
START_TEST(order)
{
	w->asker.midstream = true;
	w->asker.established = false;
	w->asker.depth = 9;
	w->request.flags = 1u << 30;
	w->request.dst = addr("127.0.0.1");
	w->request.src = addr(THIRD);
	w->request.dst_port = 80;
	w->request.dst_port_last = 6000;
	assert_refused(w, INVALID);
	w->request.flags = 0;
	assert_refused(w, MIDSTREAM);
	w->asker.midstream = false;
	assert_refused(w, NOT_ESTABLISHED);
	w->asker.established = true;
	assert_refused(w, DEPTH);
	w->asker.depth = 0;
	assert_refused(w, ADDRESS_BOGUS);
	w->request.dst = sender;
	assert_refused(w, SOURCE_FOREIGN);
	w->request.src = receiver;
	assert_refused(w, PORT_LOW);
	w->request.dst_port = 5990;
	assert_refused(w, PORT_DENIED);
	w->request.dst_port = 1100;
	w->request.dst_port_last = 1300;
	assert_refused(w, PORT_RANGE);
	w->request.dst_port_last = 1163;
	assert_granted(w);
}
END_TEST

/* What is refused is still told, as far as it was understood. */
START_TEST(refused_is_told)
{
	w->asker.midstream = true;
	w->request.dst_port_last = 50002;
	assert_refused(w, MIDSTREAM);
	ck_assert(is_addr(&w->wanted.src, OUTSIDE));
	ck_assert(is_addr(&w->wanted.dst, INSIDE));
	ck_assert_uint_eq(w->wanted.dst_port, 50000);
	ck_assert_uint_eq(w->wanted.dst_port_last, 50002);
	ck_assert_uint_eq(w->wanted.proto, PROTO_TCP);
	ck_assert_uint_eq(w->wanted.timeout, 45);
	ck_assert_uint_eq(w->wanted.control.dst_port, 21);

	w->request = (struct pn_expect){ .size = sizeof(w->request) };
	assert_refused(w, INVALID);
	ck_assert_uint_eq(w->wanted.dst.family, PN_ADDR_NONE);
	ck_assert_uint_eq(w->wanted.mask, 0);
	ck_assert_uint_eq(w->wanted.control.dst_port, 21);
}
END_TEST

START_TEST(names)
{
	GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (int r = PN_REFUSED_INVALID; r < PN_REFUSED_END; r++) {
		const char *name = door_refusal_name(-r);

		ck_assert_ptr_nonnull(name);
		ck_assert(name[strspn(name, "abcdefghijklmnopqrstuvwxyz-")] == '\0');
		ck_assert_msg(g_hash_table_add(seen, (char *)name), "%s stands for two", name);
	}
	g_hash_table_unref(seen);
	ck_assert_str_eq(door_refusal_name(-PN_REFUSED_ADDRESS_FOREIGN), "address-foreign");
	ck_assert_str_eq(door_refusal_name(-PN_REFUSED_CONFLICT), "conflict");
	ck_assert_str_eq(door_refusal_name(0), "invalid");
	ck_assert_str_eq(door_refusal_name(1), "invalid");
	ck_assert_str_eq(door_refusal_name(PN_REFUSED_CONFLICT), "invalid");
	ck_assert_str_eq(door_refusal_name(-PN_REFUSED_END), "invalid");
	ck_assert_str_eq(door_refusal_name(-1000), "invalid");
	ck_assert_str_eq(door_refusal_name(INT_MIN), "invalid");
	ck_assert_str_eq(door_refusal_name(INT_MAX), "invalid");
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("door");
	TCase *t = tcase_create("door");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, granted_whole);
	tcase_add_loop_test(t, granted_to_a_prefix, 0, G_N_ELEMENTS(prefixes));
	tcase_add_loop_test(t, led_to_a_target, 0, G_N_ELEMENTS(targets));
	tcase_add_test(t, granted_with_everything);
	tcase_add_test(t, gre);
	tcase_add_test(t, form);
	tcase_add_test(t, families);
	tcase_add_test(t, older_struct);
	tcase_add_test(t, newer_struct);
	tcase_add_test(t, flow_itself);
	tcase_add_test(t, timeouts);
	tcase_add_test(t, flows_through);
	tcase_add_test(t, order);
	tcase_add_test(t, refused_is_told);
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

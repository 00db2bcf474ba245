// SPDX-License-Identifier: GPL-2.0-or-later
/* Filters: the same expression on several link types, and expressions that make no sense. */
#include "source/filter.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

#include "kit/kit.h"
#include "kit/packets.h"

static struct filter *
filter_of(const char *expression)
{
	struct filter *filter = NULL;
	char *message = NULL;

	ck_assert_msg(
		filter_new(expression, &filter, &message) == 0, "%s: %s", expression, message);
	return filter;
}

/* A TCP segment to port 21, as Ethernet or as raw IP. */
static struct packet
segment(bool raw)
{
	struct packet p;
	const struct kit_packet description = {
		.from = "192.0.2.1:1024",
		.to = "198.51.100.2:21",
		.flags = TCP_SYN,
		.raw = raw,
	};

	kit_packet(&description, 1, NULL, &p);
	return p;
}

START_TEST(expressions_match_or_not)
{
	static const struct {
		const char *expression;
		bool ethernet, raw;
	} cases[] = {
		{ "", true, true },
		{ "tcp", true, true },
		{ "port 21", true, true },
		{ "tcp dst port 21 and host 192.0.2.1", true, true },
		{ "tcp[tcpflags] & tcp-syn != 0", true, true },
		{ "udp", false, false },
		{ "port 22", false, false },
		{ "ip6", false, false },
		{ "less 20", false, false },
		{ "not ether host 2:3:4:5:6:7", true, false }, /* no sense on raw IP */
		{ "ether broadcast", false, false },
	};

	for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
		struct filter *filter = filter_of(cases[n].expression);
		struct packet ethernet = segment(false), raw = segment(true);

		ck_assert_int_eq(ethernet.link, LINK_ETHERNET);
		ck_assert_int_eq(raw.link, LINK_RAW);
		/* Twice, in turn: each link type has its own program, and keeps it. */
		for (unsigned k = 0; k < 2; k++) {
			ck_assert_msg(filter_match(filter, &raw) == cases[n].raw, "%s on raw IP",
				cases[n].expression);
			ck_assert_msg(filter_match(filter, &ethernet) == cases[n].ethernet,
				"%s on Ethernet", cases[n].expression);
		}
		filter_free(filter);
	}
}
END_TEST

/* Only what was captured can be looked at; the length on the wire is known all the same. */
START_TEST(packets_cut_short)
{
	struct filter *port = filter_of("port 21");
	struct filter *length = filter_of("greater 1000");
	struct packet p = segment(false);

	ck_assert(filter_match(port, &p));
	ck_assert(!filter_match(length, &p));
	p.wirelen = 1000;
	ck_assert(filter_match(length, &p));
	p.caplen = 14 + 20; /* without ports */
	ck_assert(!filter_match(port, &p));
	p.caplen = 0;
	ck_assert(!filter_match(port, &p));
	filter_free(port);
	filter_free(length);
}
END_TEST

START_TEST(bad_expressions_are_told)
{
	static const char *const expressions[] = { "no such word", "port", "port 99999", "(tcp",
		"tcp and and udp", "host 1.2.3.4.5", "ip[", "port 21 )" };

	for (unsigned n = 0; n < G_N_ELEMENTS(expressions); n++) {
		struct filter *filter = NULL;
		g_autofree char *message = NULL;

		ck_assert_msg(filter_new(expressions[n], &filter, &message) == -EINVAL, "%s",
			expressions[n]);
		ck_assert_ptr_null(filter);
		ck_assert_ptr_nonnull(message);
		ck_assert_str_ne(message, "");
	}
}
END_TEST

/* Words for one link type only are no mistake. */
START_TEST(words_of_other_link_types)
{
	struct filter *filter = filter_of("ifindex 7");
	/* SLL2: protocol, nothing, interface, ARPHRD, packet type, length of address, address */
	static const uint8_t sll2[] = { 8, 0, 0, 0, 0, 0, 0, 7, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0,
		0 };
	uint8_t seventh[sizeof(sll2)], eighth[sizeof(sll2)];
	struct packet p = segment(false);

	ck_assert(!filter_match(filter, &p));
	memcpy(seventh, sll2, sizeof(sll2));
	memcpy(eighth, sll2, sizeof(sll2));
	eighth[7] = 8;
	kit_source_packet(&p, seventh, sizeof(seventh), LINK_SLL2, 1, 1);
	ck_assert(filter_match(filter, &p));
	kit_source_packet(&p, eighth, sizeof(eighth), LINK_SLL2, 1, 1);
	ck_assert(!filter_match(filter, &p));
	filter_free(filter);
}
END_TEST

START_TEST(nothing_to_free)
{
	filter_free(NULL);
	ck_assert_str_eq(filter_link_name(LINK_ETHERNET), "EN10MB");
	ck_assert_str_eq(filter_link_name(LINK_RAW), "RAW");
	ck_assert_ptr_null(filter_link_name(65535));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("filter");
	TCase *c = tcase_create("filter");

	tcase_add_test(c, expressions_match_or_not);
	tcase_add_test(c, packets_cut_short);
	tcase_add_test(c, bad_expressions_are_told);
	tcase_add_test(c, words_of_other_link_types);
	tcase_add_test(c, nothing_to_free);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The wall over time: it goes and comes again, gets another policy, and mends what others break.
 */
#include "wall-stage.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/policies.h"

#define PORT 4000

/* Nobody is asked, nothing new passes; what was let in goes on. */
START_TEST(nobody_listens)
{
	struct policy *policy = stage_policy();
	struct stage s;
	struct stage_pair pair;
	int server, client, letter, listener;

	policy->live.offload = _i;
	stage_begin(&s, 4, policy, NULL);
	listener = stage_listen(&s, WORLD_SERVER, 80);
	client = stage_listen(&s, WORLD_CLIENT, 80);
	server = world_socket(&s.w, WORLD_SERVER, 4, PORT);
	letter = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	pair = stage_dial(&s, WORLD_CLIENT, 6000, WORLD_SERVER, 80, listener, STAGE_LONG);
	ck_assert_int_ge(pair.server, 0);
	stage_work(&s, 20);
	ck_assert_uint_eq(stage_stats(&s).offloaded, _i);
	stage_stop(&s);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(stage_says_alone(pair.client, pair.server, STAGE_LONG));
		ck_assert(stage_says_alone(pair.server, pair.client, STAGE_LONG));
	}
	world_send(letter, 4, WORLD_SERVER, PORT);
	ck_assert(!world_hears(server, STAGE_SHORT));
	world_send(server, 4, WORLD_CLIENT, PORT);
	ck_assert(!world_hears(letter, STAGE_SHORT));

	/* Those that were there are taken up, and others are asked about again. */
	stage_start(&s);
	ck_assert_uint_eq(stage_stats(&s).adopted, 1);
	ck_assert(stage_says(&s, pair.client, pair.server, STAGE_LONG));
	ck_assert(stage_says(&s, pair.server, pair.client, STAGE_LONG));
	if (_i)
		stage_expect_carried_on(&s, &pair);
	world_send(letter, 4, WORLD_SERVER, PORT);
	ck_assert(stage_hears(&s, server, STAGE_LONG));
	ck_assert_uint_eq(s.drops, 0);
	stage_hang_up(&pair);
	close(listener);
	close(client);
	close(server);
	close(letter);
	stage_end(&s);
}
END_TEST

/* A connection that was adopted ends as others do, with all that the kernel has counted. */
START_TEST(adopted_ends)
{
	struct stage s;
	struct stage_pair pair;
	struct tuple tuple;
	int listener;

	stage_begin(&s, _i ? 6 : 4, stage_policy(), NULL);
	stage_sysctl("nf_conntrack_tcp_timeout_time_wait=1");
	tuple = stage_tuple(&s, PROTO_TCP, WORLD_CLIENT, 6000, WORLD_SERVER, 80);
	listener = stage_listen(&s, WORLD_SERVER, 80);
	pair = stage_dial(&s, WORLD_CLIENT, 6000, WORLD_SERVER, 80, listener, STAGE_LONG);
	stage_work(&s, 20);
	stage_stop(&s);
	s.n_flows = 0;
	stage_start(&s);
	ck_assert_uint_eq(stage_stats(&s).adopted, 1);
	stage_expect_carried_on(&s, &pair);
	stage_hang_up(&pair);
	stage_expect_end(&s, &tuple);
	close(listener);
	stage_end(&s);
}
END_TEST

/* A policy that does not let it in any more takes an offloaded flow back. */
START_TEST(a_tighter_policy)
{
	struct policy *policy = stage_policy();
	struct stage s;
	struct stage_pair in, out;
	struct tuple in_tuple, out_tuple;
	int client, server;

	kit_open(stage_wan(policy), "80/tcp");
	stage_begin(&s, _i ? 6 : 4, policy, NULL);
	client = stage_listen(&s, WORLD_CLIENT, 80);
	server = stage_listen(&s, WORLD_SERVER, 80);
	in = stage_dial(&s, WORLD_SERVER, 6000, WORLD_CLIENT, 80, client, STAGE_LONG);
	out = stage_dial(&s, WORLD_CLIENT, 6000, WORLD_SERVER, 80, server, STAGE_LONG);
	ck_assert(in.server >= 0 && out.server >= 0);
	stage_work(&s, 20);
	in_tuple = stage_tuple(&s, PROTO_TCP, WORLD_SERVER, 6000, WORLD_CLIENT, 80);
	out_tuple = stage_tuple(&s, PROTO_TCP, WORLD_CLIENT, 6000, WORLD_SERVER, 80);
	ck_assert_uint_eq(stage_bits(&s, &in_tuple), STAGE_BITS);
	ck_assert_uint_eq(stage_bits(&s, &out_tuple), STAGE_BITS);
	stage_expect_carried_on(&s, &in);

	stage_reload(&s, stage_policy());
	ck_assert_uint_eq(stage_bits(&s, &in_tuple), 0);
	ck_assert_uint_eq(stage_bits(&s, &out_tuple), STAGE_BITS);
	ck_assert_uint_eq(s.n_flows, 1);
	ck_assert_int_eq(s.flows[0].cause, FLOW_END_POLICY);
	ck_assert(!stage_says(&s, in.client, in.server, STAGE_SHORT));
	ck_assert_int_eq(s.drop, REASON_UNSOLICITED);
	stage_expect_carried_on(&s, &out);
	stage_hang_up(&in);
	stage_hang_up(&out);
	close(client);
	close(server);
	stage_end(&s);
}
END_TEST

/* Ends are lost, and somebody gives our bits away: a count finds out. */
START_TEST(what_went_wrong_is_mended)
{
	struct stage s;
	struct tuple tuple;
	struct pollfd fds[WALL_FDS];
	int client, server, size = 1;

	stage_begin(&s, 4, stage_policy(), NULL);
	client = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	server = world_socket(&s.w, WORLD_SERVER, 4, PORT);
	tuple = stage_tuple(&s, PROTO_UDP, WORLD_CLIENT, PORT, WORLD_SERVER, PORT);
	world_send(client, 4, WORLD_SERVER, PORT);
	ck_assert(stage_hears(&s, server, STAGE_LONG) && world_hears(server, 0));
	ck_assert_int_eq(conntrack_set_mark(s.eye, &tuple, STAGE_BITS, STAGE_BITS), 0);

	wall_fds(s.wall, fds);
	ck_assert_int_eq(setsockopt(fds[1].fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	for (uint16_t i = 0; i < 100; i++) {
		int from = world_socket(&s.w, WORLD_CLIENT, 4, 10000 + i);

		world_send(from, 4, WORLD_SERVER, PORT);
		close(from);
	}
	stage_work(&s, 50);
	for (uint16_t i = 0; i < 100; i++) {
		struct tuple other = tuple;

		other.src_port = 10000 + i;
		ck_assert_int_eq(conntrack_set_mark(s.eye, &other, STAGE_BITS, STAGE_BITS), 0);
		ck_assert_int_eq(conntrack_delete(s.eye, &other), 0);
	}
	stage_expect_told(&s, "more ends of connections than could be read");
	for (unsigned i = 0; i < 100 && stage_bits(&s, &tuple); i++)
		stage_work(&s, 100);
	ck_assert_uint_eq(stage_bits(&s, &tuple), 0);
	close(client);
	close(server);
	stage_end(&s);
}
END_TEST

/* Somebody takes our rules away, and the queue overflows: that is mended, or told. */
START_TEST(what_is_told)
{
	struct policy *policy = stage_policy();
	struct stage s;
	int client, server;

	policy->live.queue_length = 8;
	stage_begin(&s, 4, policy, NULL);
	client = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	server = world_socket(&s.w, WORLD_SERVER, 4, PORT);
	stage_expect_told(&s, "rules are in place through ");
	/* Where the kernel can queue from nftables, that is tried by the tests of the rules alone.
	 */
	if (stage_was_told(&s, "through iptables")) {
		g_free(world_run("iptables -t mangle -D FORWARD -j POSTERN-FWD", NULL));
		stage_expect_told(&s, "POSTERN-FWD");
	}
	world_send(server, 4, WORLD_CLIENT, PORT);
	ck_assert(!world_hears(client, STAGE_SHORT));
	for (unsigned i = 0; i < 20; i++)
		world_send(server, 4, WORLD_CLIENT, PORT);
	stage_expect_told(&s, "the queue was full: ");
	close(client);
	close(server);
	stage_end(&s);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("wall-life");
	TCase *c = tcase_create("in namespaces");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, nobody_listens, 0, 2);
	tcase_add_loop_test(c, adopted_ends, 0, 2);
	tcase_add_loop_test(c, a_tighter_policy, 0, 2);
	tcase_add_test(c, what_went_wrong_is_mended);
	tcase_add_test(c, what_is_told);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	if (geteuid() || !world_is_possible() || !world_has(WORLD_IPTABLES_NFT)) {
		puts("skipped: needs root, namespaces and iptables");
		return 77;
	}
	return kit_run(suite());
}

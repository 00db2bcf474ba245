// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The wall in the path of real packets: through it, and to and from the machine that it stands on.
 * What the kernel is said to carry on alone has to get through while the wall does nothing.
 */
#include "wall-stage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/policies.h"

#define PORT 4000

START_TEST(outbound_tcp)
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
	ck_assert_int_ge(pair.server, 0);
	stage_work(&s, 20);
	ck_assert_uint_eq(stage_bits(&s, &tuple), STAGE_BITS);
	ck_assert_uint_eq(stage_stats(&s).offloaded, 1);
	stage_expect_carried_on(&s, &pair);
	stage_hang_up(&pair);
	stage_expect_end(&s, &tuple);
	ck_assert_uint_eq(s.drops, 0);
	close(listener);
	stage_end(&s);
}
END_TEST

START_TEST(inbound_tcp)
{
	struct stage s;
	struct stage_pair pair;
	struct policy *policy = stage_policy();
	struct tuple tuple;
	int closed, open;

	kit_open(stage_wan(policy), "80/tcp");
	stage_begin(&s, _i ? 6 : 4, policy, NULL);
	closed = stage_listen(&s, WORLD_CLIENT, 79);
	open = stage_listen(&s, WORLD_CLIENT, 80);
	pair = stage_dial(&s, WORLD_SERVER, 6000, WORLD_CLIENT, 79, closed, STAGE_SHORT);
	ck_assert_int_lt(pair.server, 0);
	ck_assert_uint_eq(s.drops, 1);
	ck_assert_int_eq(s.drop, REASON_UNSOLICITED);
	pair = stage_dial(&s, WORLD_SERVER, 6001, WORLD_CLIENT, 80, open, STAGE_LONG);
	ck_assert_int_ge(pair.server, 0);
	stage_work(&s, 20);
	tuple = stage_tuple(&s, PROTO_TCP, WORLD_SERVER, 6001, WORLD_CLIENT, 80);
	ck_assert_uint_eq(stage_bits(&s, &tuple), STAGE_BITS);
	stage_expect_carried_on(&s, &pair);
	stage_hang_up(&pair);
	close(closed);
	close(open);
	stage_end(&s);
}
END_TEST

/* To and from the machine itself: it marks nothing that it sends, so the answers are what counts.
 */
START_TEST(the_machine_itself)
{
	struct stage s;
	struct stage_pair pair;
	struct policy *policy = stage_policy();
	struct tuple tuple;
	int server, closed, open;

	kit_open(stage_wan(policy), "80/tcp");
	stage_begin(&s, _i ? 6 : 4, policy, NULL);
	server = stage_listen(&s, WORLD_SERVER, 80);
	closed = stage_listen(&s, WORLD_FIREWALL, 79);
	open = stage_listen(&s, WORLD_FIREWALL, 80);
	pair = stage_dial(&s, WORLD_SERVER, 6000, WORLD_FIREWALL, 79, closed, STAGE_SHORT);
	ck_assert_int_lt(pair.server, 0);
	ck_assert_int_eq(s.drop, REASON_UNSOLICITED);

	pair = stage_dial(&s, WORLD_SERVER, 6001, WORLD_FIREWALL, 80, open, STAGE_LONG);
	ck_assert_int_ge(pair.server, 0);
	stage_work(&s, 20);
	tuple = stage_tuple(&s, PROTO_TCP, WORLD_SERVER, 6001, WORLD_FIREWALL, 80);
	ck_assert_uint_eq(stage_bits(&s, &tuple), STAGE_BITS);
	stage_expect_carried_on(&s, &pair);
	stage_hang_up(&pair);

	pair = stage_dial(&s, WORLD_FIREWALL, 6002, WORLD_SERVER, 80, server, STAGE_LONG);
	ck_assert_int_ge(pair.server, 0);
	tuple = stage_tuple(&s, PROTO_TCP, WORLD_FIREWALL, 6002, WORLD_SERVER, 80);
	ck_assert_uint_eq(stage_bits(&s, &tuple), STAGE_ADMITTED);
	ck_assert(stage_says(&s, pair.server, pair.client, STAGE_LONG));
	stage_work(&s, 20);
	ck_assert_uint_eq(stage_bits(&s, &tuple), STAGE_BITS);
	stage_expect_carried_on(&s, &pair);
	stage_hang_up(&pair);
	close(server);
	close(closed);
	close(open);
	stage_end(&s);
}
END_TEST

START_TEST(udp)
{
	struct stage s;
	struct tuple tuple;
	int client, server, stranger;
	uint64_t queued;

	stage_begin(&s, _i ? 6 : 4, stage_policy(), NULL);
	client = world_socket(&s.w, WORLD_CLIENT, s.family, PORT);
	server = world_socket(&s.w, WORLD_SERVER, s.family, PORT);
	stranger = world_socket(&s.w, WORLD_SERVER, s.family, PORT + 1);
	tuple = stage_tuple(&s, PROTO_UDP, WORLD_CLIENT, PORT, WORLD_SERVER, PORT);
	world_send(server, s.family, WORLD_CLIENT, PORT);
	ck_assert(!stage_hears(&s, client, STAGE_SHORT));
	ck_assert_int_eq(s.drop, REASON_UNSOLICITED);
	world_send(client, s.family, WORLD_SERVER, PORT);
	ck_assert(stage_hears(&s, server, STAGE_LONG) && world_hears(server, 0));
	ck_assert_uint_eq(stage_bits(&s, &tuple), STAGE_ADMITTED);
	world_send(stranger, s.family, WORLD_CLIENT, PORT);
	ck_assert(!stage_hears(&s, client, STAGE_SHORT));
	world_send(server, s.family, WORLD_CLIENT, PORT);
	ck_assert(stage_hears(&s, client, STAGE_LONG) && world_hears(client, 0));
	ck_assert_uint_eq(stage_bits(&s, &tuple), STAGE_BITS);

	queued = s.queued;
	for (unsigned i = 0; i < 50; i++) {
		world_send(client, s.family, WORLD_SERVER, PORT);
		ck_assert(world_hears(server, STAGE_LONG));
		world_send(server, s.family, WORLD_CLIENT, PORT);
		ck_assert(world_hears(client, STAGE_LONG));
	}
	ck_assert_uint_eq(s.queued, queued);
	world_send(stranger, s.family, WORLD_CLIENT, PORT);
	ck_assert(!stage_hears(&s, client, STAGE_SHORT));
	ck_assert_int_eq(conntrack_delete(s.eye, &tuple), 0);
	stage_expect_end(&s, &tuple);
	close(client);
	close(server);
	close(stranger);
	stage_end(&s);
}
END_TEST

/* The kernel need not be told of a flow again and again: it goes on without us as long as it likes,
 * though it is overdue here. */
START_TEST(silence_of_the_offloaded)
{
	struct policy *policy = stage_policy();
	struct stage s;
	int client, server;

	policy->table.timeouts[FLOW_UDP_REPLIED] = 1;
	stage_begin(&s, 4, policy, NULL);
	client = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	server = world_socket(&s.w, WORLD_SERVER, 4, PORT);
	world_send(client, 4, WORLD_SERVER, PORT);
	ck_assert(stage_hears(&s, server, STAGE_LONG) && world_hears(server, 0));
	world_send(server, 4, WORLD_CLIENT, PORT);
	ck_assert(stage_hears(&s, client, STAGE_LONG) && world_hears(client, 0));
	stage_work(&s, 3500);
	ck_assert_uint_eq(s.n_flows, 0);
	world_send(server, 4, WORLD_CLIENT, PORT);
	ck_assert(world_hears(client, STAGE_LONG));
	close(client);
	close(server);
	stage_end(&s);
}
END_TEST

static int
ping_socket(struct stage *s, enum world_ns ns)
{
	int fd;

	world_enter(&s->w, ns);
	fd = socket(s->family == 4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_NONBLOCK,
		s->family == 4 ? PROTO_ICMP : PROTO_ICMPV6);
	ck_assert_int_ge(fd, 0);
	world_enter(&s->w, WORLD_FIREWALL);
	return fd;
}

/* An echo request; is it answered? */
static bool
is_answered(struct stage *s, enum world_ns from, enum world_ns to)
{
	static const uint8_t questions[2][8] = {
		/* type, code, checksum 2, identifier 2, sequence 2 */
		{ 8, 0, 0xe5, 0xca, 0x12, 0x34, 0, 1 },
		{ 128, 0, 0, 0, 0x12, 0x34, 0, 1 }, /* the kernel makes the checksum */
	};
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	const char *text = world_address(to, s->family);
	int fd = ping_socket(s, from);
	bool is_v4 = s->family == 4, answered = false;
	uint8_t answer[128];

	ck_assert_int_eq(is_v4 ? inet_pton(AF_INET, text, &v4.sin_addr)
			       : inet_pton(AF_INET6, text, &v6.sin6_addr),
		1);
	ck_assert_int_eq(sendto(fd, questions[!is_v4], 8, 0,
				 is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
				 is_v4 ? sizeof(v4) : sizeof(v6)),
		8);
	for (unsigned i = 0; i < 5 && !answered; i++) {
		stage_hears(s, fd, STAGE_SHORT / 5);
		while (recv(fd, answer, sizeof(answer), 0) > 0)
			answered |= is_v4 ? answer[20] == 0 : answer[0] == 129;
	}
	close(fd);
	return answered;
}

START_TEST(echo)
{
	struct policy *policy = stage_policy();
	struct stage s;

	stage_begin(&s, _i ? 6 : 4, policy, NULL);
	ck_assert(is_answered(&s, WORLD_CLIENT, WORLD_SERVER));
	ck_assert(is_answered(&s, WORLD_FIREWALL, WORLD_SERVER));
	ck_assert(!is_answered(&s, WORLD_SERVER, WORLD_CLIENT));
	ck_assert(!is_answered(&s, WORLD_SERVER, WORLD_FIREWALL));
	ck_assert_uint_eq(stage_stats(&s).offloaded, 0);
	stage_end(&s);
}
END_TEST

/* An error about an offloaded flow comes through, is asked about, and changes nothing of its mark;
 * one about nothing does not come through. */
START_TEST(icmp_errors)
{
	struct stage s;
	struct tuple tuple;
	int client, server, error = 0;
	socklen_t len = sizeof(error);
	uint64_t queued;

	stage_begin(&s, _i ? 6 : 4, stage_policy(), NULL);
	client = world_socket(&s.w, WORLD_CLIENT, s.family, PORT);
	server = world_socket(&s.w, WORLD_SERVER, s.family, PORT);
	tuple = stage_tuple(&s, PROTO_UDP, WORLD_CLIENT, PORT, WORLD_SERVER, PORT);
	world_send(client, s.family, WORLD_SERVER, PORT);
	ck_assert(stage_hears(&s, server, STAGE_LONG) && world_hears(server, 0));
	world_send(server, s.family, WORLD_CLIENT, PORT);
	ck_assert(stage_hears(&s, client, STAGE_LONG) && world_hears(client, 0));
	ck_assert_uint_eq(stage_bits(&s, &tuple), STAGE_BITS);
	/* The server goes: "port unreachable". Only a connected socket is told. */
	close(server);
	server = -1;
	{
		struct sockaddr_storage at;
		socklen_t at_len = sizeof(at);
		int other = world_socket(&s.w, WORLD_SERVER, s.family, PORT);

		ck_assert_int_eq(getsockname(other, (struct sockaddr *)&at, &at_len), 0);
		close(other);
		ck_assert_int_eq(connect(client, (struct sockaddr *)&at, at_len), 0);
	}
	queued = s.queued;
	ck_assert_int_eq(send(client, "letter", 6, 0), 6);
	ck_assert(stage_hears(&s, client, STAGE_LONG));
	ck_assert_int_eq(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	ck_assert_int_eq(error, ECONNREFUSED);
	ck_assert_uint_ge(s.queued, queued + 1);
	ck_assert_uint_eq(stage_bits(&s, &tuple), STAGE_BITS);
	close(client);
	stage_end(&s);
}
END_TEST

/* The machine's own loopback is nobody's business. */
START_TEST(loopback)
{
	struct stage s;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd;
	uint64_t queued;

	stage_begin(&s, 4, stage_policy(), NULL);
	queued = s.queued;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(sendto(fd, "letter", 6, 0, (struct sockaddr *)&at, sizeof(at)), 6);
	ck_assert(world_hears(fd, STAGE_LONG));
	ck_assert_uint_eq(s.queued, queued);
	close(fd);
	stage_end(&s);
}
END_TEST

/* The same name again, as soon as it is free: the end of the old comes before the new. */
START_TEST(the_same_ports_again)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	struct stage s;
	struct stage_pair pair;
	int listener;

	/* A SYN that is lost comes again after a second. */
	stage_begin(&s, _i ? 6 : 4, stage_policy(), NULL);
	listener = stage_listen(&s, WORLD_SERVER, 80);
	for (unsigned i = 0; i < 20; i++) {
		pair = stage_dial(&s, WORLD_CLIENT, 6000, WORLD_SERVER, 80, listener, 900);
		ck_assert_int_ge(pair.server, 0);
		ck_assert(stage_says(&s, pair.client, pair.server, STAGE_LONG));
		ck_assert_uint_eq(stage_stats(&s).offloaded, i + 1);
		/* By RST or by FIN, of either side. */
		if (i % 2)
			setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		if (i % 4 == 0) {
			close(pair.server);
			pair.server = -1;
			stage_work(&s, 5);
		}
		stage_hang_up(&pair);
		stage_work(&s, 5);
	}
	ck_assert_uint_eq(s.drops, 0);
	close(listener);
	stage_end(&s);
}
END_TEST

/* What has a helper is seen to the end. */
START_TEST(watched_flows_are_not_offloaded)
{
	static const char *const lines[] = { "220 hi.\r\n", "USER me\r\n" };
	char line[16];
	struct stage s;
	struct stage_pair pair;
	struct tuple tuple;
	uint64_t queued;
	int listener;

	stage_begin(&s, _i ? 6 : 4, stage_policy(), "ftp");
	listener = stage_listen(&s, WORLD_SERVER, 21);
	pair = stage_dial(&s, WORLD_CLIENT, 6000, WORLD_SERVER, 21, listener, STAGE_LONG);
	ck_assert_int_ge(pair.server, 0);
	tuple = stage_tuple(&s, PROTO_TCP, WORLD_CLIENT, 6000, WORLD_SERVER, 21);
	queued = s.queued;
	for (unsigned i = 0; i < 2; i++) {
		int to = i ? pair.server : pair.client;

		ck_assert_int_eq(send(i ? pair.client : pair.server, lines[i], 9, 0), 9);
		ck_assert(stage_hears(&s, to, STAGE_LONG));
		ck_assert_int_eq(recv(to, line, sizeof(line), 0), 9);
	}
	stage_work(&s, 20);
	ck_assert_uint_eq(s.queued, queued + 4);
	ck_assert_uint_eq(stage_bits(&s, &tuple), STAGE_ADMITTED);
	ck_assert_uint_eq(stage_stats(&s).offloaded, 0);
	stage_hang_up(&pair);
	close(listener);
	stage_end(&s);
}
END_TEST

/*
 * Its addresses are translated by somebody else: it is offloaded and taken back all the same. Where
 * both are, its name for the kernel cannot be known from here, and that takes a count.
 */
START_TEST(translated)
{
	struct policy *policy = stage_policy();
	struct stage s;
	struct stage_pair pair;
	struct tuple tuple;
	int listener;

	kit_open(stage_wan(policy), "8080/tcp");
	stage_begin(&s, 4, policy, NULL);
	g_free(world_run("iptables -t nat -A PREROUTING -i outside -p tcp --dport 80 -j DNAT "
			 "--to-destination 10.81.1.2:8080",
		NULL));
	if (_i)
		g_free(world_run("iptables -t nat -A POSTROUTING -o inside -p tcp -j SNAT "
				 "--to-source 10.81.1.1",
			NULL));
	listener = stage_listen(&s, WORLD_CLIENT, 8080);
	pair = stage_dial(&s, WORLD_SERVER, 6000, WORLD_FIREWALL, 80, listener, STAGE_LONG);
	ck_assert_int_ge(pair.server, 0);
	stage_work(&s, 20);
	tuple = stage_tuple(&s, PROTO_TCP, WORLD_SERVER, 6000, WORLD_FIREWALL, 80);
	ck_assert_uint_eq(stage_bits(&s, &tuple), STAGE_BITS);
	stage_expect_carried_on(&s, &pair);

	stage_reload(&s, stage_policy());
	ck_assert_uint_eq(stage_bits(&s, &tuple), _i ? STAGE_BITS : 0);
	for (unsigned i = 0; i < 50 && stage_bits(&s, &tuple); i++)
		stage_work(&s, 100);
	ck_assert_uint_eq(stage_bits(&s, &tuple), 0);
	ck_assert(!stage_says(&s, pair.client, pair.server, STAGE_SHORT));
	stage_hang_up(&pair);
	close(listener);
	stage_end(&s);
}
END_TEST

/* … and its end is told, with what was counted. */
START_TEST(translated_ends)
{
	struct policy *policy = stage_policy();
	struct stage s;
	struct stage_pair pair;
	struct tuple tuple;
	int listener;

	kit_open(stage_wan(policy), "8080/tcp");
	stage_begin(&s, 4, policy, NULL);
	stage_sysctl("nf_conntrack_tcp_timeout_time_wait=1");
	g_free(world_run("iptables -t nat -A PREROUTING -i outside -p tcp --dport 80 -j DNAT "
			 "--to-destination 10.81.1.2:8080",
		NULL));
	g_free(world_run("iptables -t nat -A POSTROUTING -o inside -p tcp -j SNAT "
			 "--to-source 10.81.1.1",
		NULL));
	listener = stage_listen(&s, WORLD_CLIENT, 8080);
	pair = stage_dial(&s, WORLD_SERVER, 6000, WORLD_FIREWALL, 80, listener, STAGE_LONG);
	ck_assert_int_ge(pair.server, 0);
	stage_work(&s, 20);
	stage_expect_carried_on(&s, &pair);
	stage_hang_up(&pair);
	tuple = stage_tuple(&s, PROTO_TCP, WORLD_SERVER, 6000, WORLD_CLIENT, 8080);
	stage_expect_end(&s, &tuple);
	close(listener);
	stage_end(&s);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("wall");
	TCase *c = tcase_create("in namespaces");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, outbound_tcp, 0, 2);
	tcase_add_loop_test(c, inbound_tcp, 0, 2);
	tcase_add_loop_test(c, the_machine_itself, 0, 2);
	tcase_add_loop_test(c, udp, 0, 2);
	tcase_add_test(c, silence_of_the_offloaded);
	tcase_add_loop_test(c, echo, 0, 2);
	tcase_add_loop_test(c, icmp_errors, 0, 2);
	tcase_add_test(c, loopback);
	tcase_add_loop_test(c, the_same_ports_again, 0, 2);
	tcase_add_loop_test(c, watched_flows_are_not_offloaded, 0, 2);
	tcase_add_loop_test(c, translated, 0, 2);
	tcase_add_test(c, translated_ends);
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

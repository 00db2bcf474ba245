// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the rules do to packets: between a client and a server, and to and from the firewall itself,
 * with an engine that the test plays. In both families and with both makes of iptables.
 */
#include "kernel/ruleset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/kit.h"
#include "ruleset-stage.h"

#define APPLIES 50

/* Nothing passes while nobody listens, but for loopback and what finds neighbours. */
START_TEST(nobody_listens)
{
	struct stage s;
	g_autofree char *neighbours = NULL;

	stage_begin(&s, _i);
	expect_passes(&s, s.client, WORLD_SERVER, s.server);
	stage_apply(&s);
	expect_lost(&s, s.client, WORLD_SERVER, s.server);
	expect_lost(&s, s.server, WORLD_CLIENT, s.client);
	expect_lost(&s, s.client, WORLD_FIREWALL, s.host);
	expect_lost(&s, s.host, WORLD_CLIENT, s.client);
	expect_passes(&s, s.host, WORLD_FIREWALL, s.host);

	world_enter(&s.w, WORLD_CLIENT);
	g_free(world_run("ip neigh flush dev eth0", NULL));
	stage_mail(&s, s.client, WORLD_SERVER);
	for (unsigned tries = 0; tries < 100; tries++) {
		g_free(neighbours);
		neighbours = world_run("ip neigh show nud reachable", NULL);
		if (strstr(neighbours, world_address(WORLD_FIREWALL, s.family)))
			break;
		g_usleep(10000);
	}
	ck_assert_msg(strstr(neighbours, world_address(WORLD_FIREWALL, s.family)) != NULL,
		"the neighbour is not found: %s", neighbours);
	stage_end(&s);
}
END_TEST

START_TEST(nobody_listens_open)
{
	struct stage s;

	stage_begin(&s, _i);
	s.options.fail_open = true;
	stage_apply(&s);
	expect_passes(&s, s.server, WORLD_CLIENT, s.client);
	expect_passes(&s, s.client, WORLD_FIREWALL, s.host);
	expect_passes(&s, s.host, WORLD_CLIENT, s.client);
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.client, WORLD_FIREWALL, s.host, NF_INET_LOCAL_IN, NF_ACCEPT, 0);
	stage_end(&s);
}
END_TEST

/* What was let in goes on when nobody listens any more; nothing else does. */
START_TEST(admitted_goes_on)
{
	struct stage s;
	int other;

	stage_begin(&s, _i);
	stage_apply(&s);
	other = world_socket(&s.w, WORLD_SERVER, s.family, OTHER);
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.server, WORLD_CLIENT, s.client, NF_INET_FORWARD, NF_DROP, ADMITTED);
	expect_asked(&s, s.client, WORLD_SERVER, s.server, NF_INET_FORWARD, NF_ACCEPT, ADMITTED);
	expect_asked(&s, s.client, WORLD_SERVER, s.server, NF_INET_FORWARD, NF_ACCEPT, ADMITTED);
	world_unlisten(&s.w);
	/* Not answered yet: it is no connection. */
	expect_lost(&s, s.client, WORLD_SERVER, s.server);
	expect_passes(&s, s.server, WORLD_CLIENT, s.client);
	expect_passes(&s, s.client, WORLD_SERVER, s.server);
	expect_lost(&s, other, WORLD_CLIENT, s.client);
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.server, WORLD_CLIENT, s.client, NF_INET_FORWARD, NF_ACCEPT, ADMITTED);
	close(other);
	stage_end(&s);
}
END_TEST

/* A port where nobody is gets an error, which is asked about though its connection is not. */
static void
expect_error_asked(struct stage *s)
{
	struct world_packet asked;
	unsigned proto;

	close(s->server);
	stage_mail(s, s->client, WORLD_SERVER);
	ck_assert(world_next(&s->w, LONG, &asked));
	proto = asked.bytes[s->family == 4 ? 9 : 6];
	ck_assert_uint_eq(proto, s->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	world_verdict(&s->w, &asked, NF_DROP, NULL);
	s->server = world_socket(&s->w, WORLD_SERVER, s->family, PORT);
}

START_TEST(offloaded_is_not_asked_about)
{
	struct stage s;

	stage_begin(&s, _i);
	stage_apply(&s);
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.client, WORLD_SERVER, s.server, NF_INET_FORWARD, NF_ACCEPT, ADMITTED);
	expect_asked(&s, s.server, WORLD_CLIENT, s.client, NF_INET_FORWARD, NF_ACCEPT, BITS);
	expect_passes(&s, s.client, WORLD_SERVER, s.server);
	expect_passes(&s, s.server, WORLD_CLIENT, s.client);
	expect_error_asked(&s);
	world_unlisten(&s.w);
	expect_passes(&s, s.server, WORLD_CLIENT, s.client);

	/* Rules that let nothing by. */
	ruleset_free(s.rules);
	s.rules = NULL;
	s.options.offload = false;
	stage_apply(&s);
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.client, WORLD_SERVER, s.server, NF_INET_FORWARD, NF_ACCEPT, 0);
	stage_end(&s);
}
END_TEST

START_TEST(the_host_itself)
{
	struct stage s;

	stage_begin(&s, _i);
	stage_apply(&s);
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.client, WORLD_FIREWALL, s.host, NF_INET_LOCAL_IN, NF_DROP, ADMITTED);
	expect_asked(&s, s.client, WORLD_FIREWALL, s.host, NF_INET_LOCAL_IN, NF_ACCEPT, ADMITTED);
	expect_asked(&s, s.host, WORLD_CLIENT, s.client, NF_INET_LOCAL_OUT, NF_ACCEPT, 0);
	world_unlisten(&s.w);
	expect_passes(&s, s.client, WORLD_FIREWALL, s.host);
	expect_passes(&s, s.host, WORLD_CLIENT, s.client);
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.client, WORLD_FIREWALL, s.host, NF_INET_LOCAL_IN, NF_ACCEPT, BITS);
	expect_passes(&s, s.host, WORLD_CLIENT, s.client);
	expect_passes(&s, s.client, WORLD_FIREWALL, s.host);
	stage_end(&s);
}
END_TEST

/* What the host sends is marked by the rules, and forgotten if it is refused. */
START_TEST(the_host_sends)
{
	struct stage s;

	stage_begin(&s, _i);
	stage_apply(&s);
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.host, WORLD_CLIENT, s.client, NF_INET_LOCAL_OUT, NF_DROP, 0);
	world_unlisten(&s.w);
	expect_lost(&s, s.client, WORLD_FIREWALL, s.host);
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.host, WORLD_CLIENT, s.client, NF_INET_LOCAL_OUT, NF_ACCEPT, 0);
	world_unlisten(&s.w);
	expect_passes(&s, s.client, WORLD_FIREWALL, s.host);
	expect_passes(&s, s.host, WORLD_CLIENT, s.client);
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.client, WORLD_FIREWALL, s.host, NF_INET_LOCAL_IN, NF_ACCEPT, BITS);
	expect_passes(&s, s.host, WORLD_CLIENT, s.client);
	stage_end(&s);
}
END_TEST

/* A drop of others wins, over a verdict as over an offloaded connection. */
START_TEST(others_drop)
{
	struct stage s;
	struct world_packet packet;

	stage_begin(&s, _i);
	stage_apply(&s);
	stage_add_rule(&s, "-A FORWARD -p udp --sport 4001 -j DROP");
	world_listen(&s.w, QUEUE);
	close(s.client);
	s.client = world_socket(&s.w, WORLD_CLIENT, s.family, OTHER);
	stage_mail(&s, s.client, WORLD_SERVER);
	ck_assert(world_next(&s.w, LONG, &packet));
	world_verdict(&s.w, &packet, NF_ACCEPT, NULL);
	ck_assert(!world_hears(s.server, SHORT));

	close(s.client);
	s.client = world_socket(&s.w, WORLD_CLIENT, s.family, PORT);
	expect_asked(&s, s.client, WORLD_SERVER, s.server, NF_INET_FORWARD, NF_ACCEPT, ADMITTED);
	expect_asked(&s, s.server, WORLD_CLIENT, s.client, NF_INET_FORWARD, NF_ACCEPT, BITS);
	expect_passes(&s, s.client, WORLD_SERVER, s.server);
	stage_add_rule(&s, "-A FORWARD -p udp --sport 4000 -j DROP");
	expect_lost(&s, s.client, WORLD_SERVER, s.server);
	stage_end(&s);
}
END_TEST

/* Marks of others are left alone, and nobody but us ever meets our bits on a packet. */
START_TEST(marks_of_others)
{
	struct stage s;

	stage_begin(&s, _i);
	stage_apply(&s);
	stage_add_rule(&s, "-t mangle -I PREROUTING -j CONNMARK --restore-mark");
	ck_assert_int_eq(
		ruleset_repair(s.rules, NULL), s.options.backend == RULESET_IPTABLES ? 1 : 0);
	stage_add_rule(&s, "-t mangle -A PREROUTING -m mark --mark 0 -j MARK --set-mark 5");
	stage_add_rule(&s, "-t mangle -A POSTROUTING -m mark ! --mark 0/0x30000000"
			   " -m comment --comment ours-left");
	stage_add_rule(&s, "-A FORWARD -m mark --mark 5 -j CONNMARK --set-xmark 5/0xff");
	stage_add_rule(&s, "-A FORWARD -m mark --mark 5 -m comment --comment theirs-there");
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.client, WORLD_SERVER, s.server, NF_INET_FORWARD, NF_ACCEPT, ADMITTED);
	expect_asked(&s, s.server, WORLD_CLIENT, s.client, NF_INET_FORWARD, NF_ACCEPT, BITS);
	expect_passes(&s, s.client, WORLD_SERVER, s.server);
	ck_assert_uint_eq(stage_count(&s, "filter", "theirs-there"), 3);
	ck_assert_uint_eq(stage_count(&s, "mangle", "ours-left"), 0);
	stage_expect_mark("mark=805306373 ");
	stage_end(&s);
}
END_TEST

/* Who routes by the whole mark (as tunnels do, for their own packets) is not in our way: what the
 * host sends goes where it went without us. */
START_TEST(routed_by_mark)
{
	struct stage s;
	const int whole = 51820;
	const char *ip;

	stage_begin(&s, _i);
	ip = s.family == 4 ? "ip -4" : "ip -6";
	stage_apply(&s);
	ck_assert_int_eq(setsockopt(s.host, SOL_SOCKET, SO_MARK, &whole, sizeof(whole)), 0);
	for (unsigned i = 0; i < 2; i++) {
		g_autofree char *command = g_strdup_printf(i ? "%s rule add not fwmark %d table 81"
							     : "%s route add unreachable default"
							       " table %d",
			ip, i ? whole : 81);

		g_free(world_run(command, NULL));
	}
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.host, WORLD_CLIENT, s.client, NF_INET_LOCAL_OUT, NF_ACCEPT, 0);
	stage_end(&s);
}
END_TEST

/* Without connection tracking everything is asked about. */
START_TEST(untracked)
{
	struct stage s;

	stage_begin(&s, _i);
	stage_apply(&s);
	stage_add_rule(&s, "-t raw -A PREROUTING -j CT --notrack");
	expect_lost(&s, s.client, WORLD_SERVER, s.server);
	world_listen(&s.w, QUEUE);
	for (unsigned i = 0; i < 2; i++) {
		expect_asked(
			&s, s.client, WORLD_SERVER, s.server, NF_INET_FORWARD, NF_ACCEPT, BITS);
		expect_asked(
			&s, s.server, WORLD_CLIENT, s.client, NF_INET_FORWARD, NF_ACCEPT, BITS);
	}
	stage_end(&s);
}
END_TEST

/* What the stream has sent of either kind. */
struct stream {
	volatile unsigned ready;
	volatile unsigned stop;
	volatile unsigned sent;
};

/* The server sends to the client, by turns, on a connection and to a port that never asked. */
static pid_t
start_stream(struct stage *s, struct stream *stream)
{
	int other = world_socket(&s->w, WORLD_SERVER, s->family, OTHER);
	pid_t child = fork();

	if (child) {
		close(other);
		return child;
	}
	stream->ready = 1;
	while (!stream->stop) {
		(void)world_send(other, s->family, WORLD_CLIENT, OTHER);
		if (!world_send(s->server, s->family, WORLD_CLIENT, PORT))
			stream->sent++;
		usleep(50);
	}
	_exit(0);
}

/* Rules are replaced while packets come: nothing passes that must not, and nothing is lost. */
START_TEST(replaced_under_fire)
{
	struct stage s;
	struct stream *stream = mmap(
		NULL, sizeof(*stream), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct ruleset_options other_options;
	struct ruleset *others;
	char *message = NULL;
	unsigned heard = 0;
	int other;
	pid_t child;

	stage_begin(&s, _i);
	stage_apply(&s);
	other = world_socket(&s.w, WORLD_CLIENT, s.family, OTHER);
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.client, WORLD_SERVER, s.server, NF_INET_FORWARD, NF_ACCEPT, ADMITTED);
	expect_asked(&s, s.server, WORLD_CLIENT, s.client, NF_INET_FORWARD, NF_ACCEPT, BITS);
	world_unlisten(&s.w);
	other_options = s.options;
	other_options.queue_first = QUEUE + 1;
	other_options.queues = 2;
	ck_assert_msg(ruleset_new(&other_options, &others, &message) == 0, "%s", message);

	child = start_stream(&s, stream);
	ck_assert_int_gt(child, 0);
	while (!stream->ready)
		usleep(1000);
	for (unsigned i = 0; i < APPLIES; i++) {
		ck_assert_msg(
			ruleset_apply(i % 2 ? s.rules : others, &message) == 0, "%s", message);
		while (world_hears(s.client, 0))
			heard++;
	}
	stream->stop = 1;
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	while (world_hears(s.client, SHORT))
		heard++;
	ck_assert(!world_hears(other, SHORT));
	ck_assert_uint_gt(stream->sent, 1000);
	ck_assert_uint_eq(heard, stream->sent);
	munmap(stream, sizeof(*stream));
	ruleset_free(others);
	close(other);
	stage_end(&s);
}
END_TEST

static Suite *
suite(void)
{
	const TTest *const tests[] = { nobody_listens, nobody_listens_open, admitted_goes_on,
		offloaded_is_not_asked_about, the_host_itself, the_host_sends, others_drop,
		marks_of_others, routed_by_mark, untracked, replaced_under_fire };
	Suite *s = suite_create("ruleset-packets");
	TCase *c = tcase_create("in namespaces");
	int n = stage_ways();

	tcase_set_timeout(c, 60);
	for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++)
		tcase_add_loop_test(c, tests[i], 0, n * STAGE_FAMILIES);
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

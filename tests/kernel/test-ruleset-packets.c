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
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/kit.h"
#include "ruleset-world.h"

#define ADMITTED  0x10000000u
#define OFFLOADED 0x20000000u
#define BITS      (ADMITTED | OFFLOADED)
#define QUEUE     7

#define PORT  4000 /* whose letters are asked about */
#define OTHER 4001

/* ms for what has to come, and for what must not. */
#define LONG  5000
#define SHORT 40

#define FAMILIES 2 /* 4 and 6 */
#define APPLIES  50

struct stage {
	struct world w;
	unsigned family;
	struct ruleset_options options;
	struct ruleset *rules;
	int client;
	int server;
	int host; /* the firewall's own */
};

static enum world_make makes[2];

static void
apply(struct stage *s)
{
	char *message = NULL;

	if (!s->rules)
		ck_assert_msg(ruleset_new(&s->options, &s->rules, &message) == 0, "%s", message);
	ck_assert_msg(ruleset_apply(s->rules, &message) == 0, "%s", message);
}

/* The world number `i` of the loop, without rules. */
static void
begin(struct stage *s, int i)
{
	memset(s, 0, sizeof(*s));
	s->family = i % FAMILIES ? 6 : 4;
	s->options = (struct ruleset_options){
		.backend = RULESET_IPTABLES,
		.queue_first = QUEUE,
		.queues = 1,
		.admitted = ADMITTED,
		.offloaded = OFFLOADED,
		.offload = true,
	};
	world_new(&s->w, makes[i / FAMILIES]);
	s->client = world_socket(&s->w, WORLD_CLIENT, s->family, PORT);
	s->server = world_socket(&s->w, WORLD_SERVER, s->family, PORT);
	s->host = world_socket(&s->w, WORLD_FIREWALL, s->family, PORT);
}

static void
end(struct stage *s)
{
	ruleset_free(s->rules);
	close(s->client);
	close(s->server);
	close(s->host);
	world_free(&s->w);
}

static void
mail(struct stage *s, int from, enum world_ns to)
{
	/* A packet that is dropped on its way out is an error for some families. */
	(void)world_send(from, s->family, to, PORT);
}

/* A letter passes without anybody being asked. */
#define expect_passes(s, from, to, to_socket)                                                      \
	do {                                                                                       \
		struct world_packet asked;                                                         \
                                                                                                   \
		mail(s, from, to);                                                                 \
		ck_assert(world_hears(to_socket, LONG));                                           \
		ck_assert(!(s)->w.queue || !world_next(&(s)->w, SHORT, &asked));                   \
	} while (0)

/* A letter does not arrive, and nobody is asked. */
#define expect_lost(s, from, to, to_socket)                                                        \
	do {                                                                                       \
		mail(s, from, to);                                                                 \
		ck_assert(!world_hears(to_socket, SHORT));                                         \
	} while (0)

/* A letter is asked about at a hook, with a mark that has no bit of ours, and arrives if it is
 * accepted, with these bits (0: the mark is left alone). */
#define expect_asked(s, from, to, to_socket, at, verdict, bits)                                    \
	do {                                                                                       \
		struct world_packet asked;                                                         \
		uint32_t mark;                                                                     \
                                                                                                   \
		mail(s, from, to);                                                                 \
		ck_assert(world_next(&(s)->w, LONG, &asked));                                      \
		ck_assert_uint_eq(asked.hook, at);                                                 \
		ck_assert_uint_eq(asked.mark &BITS, 0);                                            \
		mark = asked.mark | (bits);                                                        \
		world_verdict(&(s)->w, &asked, verdict, (bits) ? &mark : NULL);                    \
		ck_assert(world_hears(to_socket, (verdict) == NF_ACCEPT ? LONG : SHORT) ==         \
			  ((verdict) == NF_ACCEPT));                                               \
	} while (0)

/* Nothing passes while nobody listens, but for loopback and what finds neighbours. */
START_TEST(nobody_listens)
{
	struct stage s;
	g_autofree char *neighbours = NULL;

	begin(&s, _i);
	expect_passes(&s, s.client, WORLD_SERVER, s.server);
	apply(&s);
	expect_lost(&s, s.client, WORLD_SERVER, s.server);
	expect_lost(&s, s.server, WORLD_CLIENT, s.client);
	expect_lost(&s, s.client, WORLD_FIREWALL, s.host);
	expect_lost(&s, s.host, WORLD_CLIENT, s.client);
	expect_passes(&s, s.host, WORLD_FIREWALL, s.host);

	world_enter(&s.w, WORLD_CLIENT);
	g_free(world_run("ip neigh flush dev eth0", NULL));
	mail(&s, s.client, WORLD_SERVER);
	for (unsigned tries = 0; tries < 100; tries++) {
		g_free(neighbours);
		neighbours = world_run("ip neigh show nud reachable", NULL);
		if (strstr(neighbours, world_address(WORLD_FIREWALL, s.family)))
			break;
		g_usleep(10000);
	}
	ck_assert_msg(strstr(neighbours, world_address(WORLD_FIREWALL, s.family)) != NULL,
		"the neighbour is not found: %s", neighbours);
	end(&s);
}
END_TEST

START_TEST(nobody_listens_open)
{
	struct stage s;

	begin(&s, _i);
	s.options.fail_open = true;
	apply(&s);
	expect_passes(&s, s.server, WORLD_CLIENT, s.client);
	expect_passes(&s, s.client, WORLD_FIREWALL, s.host);
	expect_passes(&s, s.host, WORLD_CLIENT, s.client);
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.client, WORLD_FIREWALL, s.host, NF_INET_LOCAL_IN, NF_ACCEPT, 0);
	end(&s);
}
END_TEST

/* What was let in goes on when nobody listens any more; nothing else does. */
START_TEST(admitted_goes_on)
{
	struct stage s;
	int other;

	begin(&s, _i);
	apply(&s);
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
	end(&s);
}
END_TEST

/* A port where nobody is gets an error, which is asked about though its connection is not. */
static void
expect_error_asked(struct stage *s)
{
	struct world_packet asked;
	unsigned proto;

	close(s->server);
	mail(s, s->client, WORLD_SERVER);
	ck_assert(world_next(&s->w, LONG, &asked));
	proto = asked.bytes[s->family == 4 ? 9 : 6];
	ck_assert_uint_eq(proto, s->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	world_verdict(&s->w, &asked, NF_DROP, NULL);
	s->server = world_socket(&s->w, WORLD_SERVER, s->family, PORT);
}

START_TEST(offloaded_is_not_asked_about)
{
	struct stage s;

	begin(&s, _i);
	apply(&s);
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
	apply(&s);
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.client, WORLD_SERVER, s.server, NF_INET_FORWARD, NF_ACCEPT, 0);
	end(&s);
}
END_TEST

START_TEST(the_host_itself)
{
	struct stage s;

	begin(&s, _i);
	apply(&s);
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
	end(&s);
}
END_TEST

/* What the host sends is marked by the rules, and forgotten if it is refused. */
START_TEST(the_host_sends)
{
	struct stage s;

	begin(&s, _i);
	apply(&s);
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
	end(&s);
}
END_TEST

static const char *
program(const struct stage *s)
{
	return s->family == 4 ? "iptables" : "ip6tables";
}

/* Adds a rule of somebody else. */
static void
add_rule(const struct stage *s, const char *rule)
{
	g_autofree char *command = g_strdup_printf("%s %s", program(s), rule);

	g_free(world_run(command, NULL));
}

/* How many packets has the rule with this comment seen? */
static unsigned
count(const struct stage *s, const char *table, const char *comment)
{
	g_autofree char *command = g_strdup_printf("%s-save -c -t %s", program(s), table);
	g_autofree char *saved = world_run(command, NULL);
	g_auto(GStrv) lines = g_strsplit(saved, "\n", -1);
	unsigned n;

	for (unsigned i = 0; lines[i]; i++)
		if (strstr(lines[i], comment) && sscanf(lines[i], "[%u:", &n) == 1)
			return n;
	ck_abort_msg("no rule %s in %s", comment, saved);
}

/* A drop of others wins, over a verdict as over an offloaded connection. */
START_TEST(others_drop)
{
	struct stage s;
	struct world_packet packet;

	begin(&s, _i);
	apply(&s);
	add_rule(&s, "-A FORWARD -p udp --sport 4001 -j DROP");
	world_listen(&s.w, QUEUE);
	close(s.client);
	s.client = world_socket(&s.w, WORLD_CLIENT, s.family, OTHER);
	mail(&s, s.client, WORLD_SERVER);
	ck_assert(world_next(&s.w, LONG, &packet));
	world_verdict(&s.w, &packet, NF_ACCEPT, NULL);
	ck_assert(!world_hears(s.server, SHORT));

	close(s.client);
	s.client = world_socket(&s.w, WORLD_CLIENT, s.family, PORT);
	expect_asked(&s, s.client, WORLD_SERVER, s.server, NF_INET_FORWARD, NF_ACCEPT, ADMITTED);
	expect_asked(&s, s.server, WORLD_CLIENT, s.client, NF_INET_FORWARD, NF_ACCEPT, BITS);
	expect_passes(&s, s.client, WORLD_SERVER, s.server);
	add_rule(&s, "-A FORWARD -p udp --sport 4000 -j DROP");
	expect_lost(&s, s.client, WORLD_SERVER, s.server);
	end(&s);
}
END_TEST

/* Marks of others are left alone, and nobody but us ever meets our bits on a packet. */
START_TEST(marks_of_others)
{
	struct stage s;
	g_autofree char *entries = NULL;

	begin(&s, _i);
	apply(&s);
	add_rule(&s, "-t mangle -I PREROUTING -j CONNMARK --restore-mark");
	ck_assert_int_eq(ruleset_repair(s.rules, NULL), 1);
	add_rule(&s, "-t mangle -A PREROUTING -m mark --mark 0 -j MARK --set-mark 5");
	add_rule(&s, "-t mangle -A POSTROUTING -m mark ! --mark 0/0x30000000"
		     " -m comment --comment ours-left");
	add_rule(&s, "-A FORWARD -m mark --mark 5 -j CONNMARK --set-xmark 5/0xff");
	add_rule(&s, "-A FORWARD -m mark --mark 5 -m comment --comment theirs-there");
	world_listen(&s.w, QUEUE);
	expect_asked(&s, s.client, WORLD_SERVER, s.server, NF_INET_FORWARD, NF_ACCEPT, ADMITTED);
	expect_asked(&s, s.server, WORLD_CLIENT, s.client, NF_INET_FORWARD, NF_ACCEPT, BITS);
	expect_passes(&s, s.client, WORLD_SERVER, s.server);
	ck_assert_uint_eq(count(&s, "filter", "theirs-there"), 3);
	ck_assert_uint_eq(count(&s, "mangle", "ours-left"), 0);
	if (g_file_get_contents("/proc/net/nf_conntrack", &entries, NULL, NULL))
		ck_assert_msg(strstr(entries, "mark=805306373 ") != NULL, "%s", entries);
	end(&s);
}
END_TEST

/* Who routes by the whole mark (as tunnels do, for their own packets) is not in our way: what the
 * host sends goes where it went without us. */
START_TEST(routed_by_mark)
{
	struct stage s;
	const int whole = 51820;
	const char *ip;

	begin(&s, _i);
	ip = s.family == 4 ? "ip -4" : "ip -6";
	apply(&s);
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
	end(&s);
}
END_TEST

/* Without connection tracking everything is asked about. */
START_TEST(untracked)
{
	struct stage s;

	begin(&s, _i);
	apply(&s);
	add_rule(&s, "-t raw -A PREROUTING -j CT --notrack");
	expect_lost(&s, s.client, WORLD_SERVER, s.server);
	world_listen(&s.w, QUEUE);
	for (unsigned i = 0; i < 2; i++) {
		expect_asked(
			&s, s.client, WORLD_SERVER, s.server, NF_INET_FORWARD, NF_ACCEPT, BITS);
		expect_asked(
			&s, s.server, WORLD_CLIENT, s.client, NF_INET_FORWARD, NF_ACCEPT, BITS);
	}
	end(&s);
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

	begin(&s, _i);
	apply(&s);
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
	end(&s);
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
	int n = 0;

	for (unsigned make = WORLD_IPTABLES_NFT; make <= WORLD_IPTABLES_LEGACY; make++)
		if (world_has(make))
			makes[n++] = make;
	tcase_set_timeout(c, 60);
	for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++)
		tcase_add_loop_test(c, tests[i], 0, n * FAMILIES);
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

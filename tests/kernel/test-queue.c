// SPDX-License-Identifier: GPL-2.0-or-later
/* A queue between a client and a server, with an engine that the test plays. */
#include "kernel/queue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/netfilter.h>

#include "kernel/conntrack.h"
#include "kit/kit.h"
#include "ruleset-world.h"

#define OURS   0x10000000u
#define OURS2  0x20000000u
#define THEIRS 0x00000042u
#define NUMBER 7
#define PORT   4000
#define LONG   5000 /* ms for what has to come */
#define SHORT  40   /* … for what must not */

struct stage {
	struct world w;
	unsigned family;
	struct source *queue;
	struct queue_place place; /* of the last packet */
	unsigned fake_ifindex;    /* of the next packet, if not 0 */
	unsigned renumbered;
	uint32_t mark;
	unsigned asked; /* times that a mark was asked for */
	struct batch batch;
};

static unsigned
place(void *context, const struct queue_place *place, struct packet *p)
{
	struct stage *s = context;

	s->place = *place;
	p->way = WAY_RECEIVED;
	return s->fake_ifindex ? s->fake_ifindex++ : place->in ? place->in : place->out;
}

static uint32_t
mark(void *context, const struct packet *p)
{
	struct stage *s = context;

	s->asked++;
	return s->mark;
}

static const char *
interface_name(void *context, unsigned ifindex)
{
	struct stage *s = context;
	static char name[IF_NAMESIZE];

	if (!s->fake_ifindex)
		return if_indextoname(ifindex, name);
	g_snprintf(name, sizeof(name), "if%u", ifindex);
	return name;
}

static void
renumbered(void *context)
{
	struct stage *s = context;

	s->renumbered++;
}

static uint64_t
now(void *context)
{
	return 1234567890;
}

static struct queue_options
options_for(struct stage *s)
{
	return (struct queue_options){
		.number = NUMBER,
		.length = 4096,
		.copy_range = QUEUE_WHOLE,
		.mask = OURS | OURS2,
		.place = place,
		.mark = mark,
		.interface_name = interface_name,
		.renumbered = renumbered,
		.now = now,
		.context = s,
	};
}

static void
open_queue(struct stage *s, const struct queue_options *options)
{
	char *message = NULL;

	ck_assert_msg(queue_new(options, &s->queue, &message) == 0, "%s", message);
}

static void
iptables(const struct stage *s, const char *rule)
{
	g_autofree char *command = g_strdup_printf(
		"%s %s", s->family == 4 ? "iptables" : "ip6tables", rule);

	g_free(world_run(command, NULL));
}

/* A world in which UDP between client and server is queued; no queue yet. */
static void
begin_without(struct stage *s, unsigned family)
{
	memset(s, 0, sizeof(*s));
	s->family = family;
	world_new(&s->w, WORLD_IPTABLES_NFT);
	iptables(s, "-t mangle -A FORWARD -p udp -j NFQUEUE --queue-num 7");
}

static void
begin(struct stage *s, unsigned family)
{
	struct queue_options options;

	begin_without(s, family);
	options = options_for(s);
	open_queue(s, &options);
}

static void
end(struct stage *s)
{
	source_free(s->queue);
	world_free(&s->w);
}

static bool
wait_for(const struct stage *s, int patience)
{
	struct pollfd ready = { .fd = queue_fd(s->queue), .events = POLLIN };

	return poll(&ready, 1, patience) == 1;
}

/* The next batch that has to come; its first packet. */
static struct packet *
next_batch(struct stage *s, unsigned count)
{
	ck_assert(wait_for(s, LONG));
	ck_assert_int_eq(source_next(s->queue, &s->batch), (int)count);
	return s->batch.packets;
}

static void
answer_all(struct stage *s, enum verdict verdict)
{
	for (unsigned i = 0; i < s->batch.count; i++)
		s->batch.packets[i].verdict = (uint8_t)verdict;
	source_verdicts(s->queue, &s->batch);
}

static struct queue_stats
stats_of(const struct stage *s)
{
	struct queue_stats stats;

	queue_get_stats(s->queue, &stats);
	return stats;
}

START_TEST(accept_and_drop)
{
	struct stage s;
	int client, server;
	struct packet *p;

	begin(&s, _i ? 6 : 4);
	client = world_socket(&s.w, WORLD_CLIENT, s.family, PORT);
	server = world_socket(&s.w, WORLD_SERVER, s.family, PORT);
	ck_assert_int_eq(source_next(s.queue, &s.batch), 0);
	ck_assert_uint_eq(s.batch.count, 0);

	world_send(client, s.family, WORLD_SERVER, PORT);
	p = next_batch(&s, 1);
	ck_assert_uint_eq(p->number, 1);
	ck_assert_uint_eq(p->time, 1234567890);
	ck_assert_uint_eq(p->link, 101); /* LINKTYPE_RAW */
	ck_assert_uint_eq(p->way, WAY_RECEIVED);
	ck_assert_uint_eq(p->caplen, s.family == 4 ? 34 : 54);
	ck_assert_uint_eq(p->wirelen, p->caplen);
	ck_assert_uint_eq(p->data[0] >> 4, s.family);
	ck_assert(!memcmp(p->data + p->caplen - 6, "letter", 6));
	ck_assert_uint_eq(s.place.hook, NF_INET_FORWARD);
	ck_assert_uint_eq(s.place.in, if_nametoindex("inside"));
	ck_assert_uint_eq(s.place.out, if_nametoindex("outside"));
	ck_assert_str_eq(source_interface_name(s.queue, p->iface), "inside");
	ck_assert_ptr_null(source_interface_name(s.queue, p->iface + 1u));
	ck_assert(!world_hears(server, SHORT));
	answer_all(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(server, LONG));

	world_send(client, s.family, WORLD_SERVER, PORT);
	p = next_batch(&s, 1);
	ck_assert_uint_eq(p->number, 2);
	answer_all(&s, VERDICT_DROP);
	ck_assert(!world_hears(server, SHORT));
	ck_assert_uint_eq(stats_of(&s).packets, 2);
	ck_assert_uint_eq(stats_of(&s).messages, 2);
	ck_assert_uint_eq(stats_of(&s).kernel_queued, 0);

	world_send(server, s.family, WORLD_CLIENT, PORT);
	p = next_batch(&s, 1);
	ck_assert_str_eq(source_interface_name(s.queue, p->iface), "outside");
	answer_all(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(client, LONG));
	close(client);
	close(server);
	end(&s);
}
END_TEST

/* Many at once, with verdicts in runs of every length: just those arrive that may. */
START_TEST(runs)
{
	struct stage s;
	int client, server, n;
	unsigned seen = 0, accepted = 0, heard = 0, turns = 0;

	begin(&s, 4);
	client = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	server = world_socket(&s.w, WORLD_SERVER, 4, PORT);
	for (unsigned i = 0; i < 500; i++)
		world_send(client, 4, WORLD_SERVER, PORT);
	while (seen < 500 && wait_for(&s, LONG)) {
		n = source_next(s.queue, &s.batch);
		ck_assert_int_gt(n, 0);
		for (int i = 0; i < n; i++) {
			struct packet *p = &s.batch.packets[i];
			bool accept = p->number * p->number / 50 % 2;

			ck_assert_uint_eq(p->number, ++seen);
			p->verdict = accept ? VERDICT_ACCEPT : VERDICT_DROP;
			accepted += accept;
			turns += seen % BATCH_MAX == 1 ||
				 accept != ((seen - 1) * (seen - 1) / 50 % 2);
		}
		source_verdicts(s.queue, &s.batch);
	}
	while (world_hears(server, SHORT))
		heard++;
	ck_assert_uint_eq(seen, 500);
	ck_assert_uint_eq(heard, accepted);
	ck_assert_uint_eq(stats_of(&s).receptions, (500 + BATCH_MAX - 1) / BATCH_MAX);
	ck_assert_uint_eq(stats_of(&s).messages, turns);
	ck_assert_uint_eq(stats_of(&s).kernel_queued, 0);
	ck_assert_uint_eq(stats_of(&s).gone, 0);
	close(client);
	close(server);
	end(&s);
}
END_TEST

static uint32_t
mark_of_connection(struct stage *s, enum world_ns from, enum world_ns to)
{
	const struct conntrack_options options = { .mask = OURS };
	struct tuple tuple = { .proto = PROTO_UDP, .src_port = PORT, .dst_port = PORT };
	struct conntrack_entry entry;
	struct conntrack *conntrack;
	char *message = NULL;

	ck_assert_int_eq(addr_parse(world_address(from, s->family), &tuple.src, NULL), 0);
	ck_assert_int_eq(addr_parse(world_address(to, s->family), &tuple.dst, NULL), 0);
	tuple.family = tuple.src.family;
	ck_assert_msg(conntrack_new(&options, &conntrack, &message) == 0, "%s", message);
	ck_assert_int_eq(conntrack_get(conntrack, &tuple, &entry), 0);
	conntrack_free(conntrack);
	return entry.mark;
}

/* Our bits come with the verdict, those of others stay, and an old bit of ours goes. */
START_TEST(marks)
{
	struct stage s;
	int client, server;

	begin(&s, _i ? 6 : 4);
	iptables(&s, "-t mangle -A PREROUTING -p udp -j MARK --set-mark 0x20000042");
	iptables(&s, "-A FORWARD -p udp -j CONNMARK --save-mark");
	client = world_socket(&s.w, WORLD_CLIENT, s.family, PORT);
	server = world_socket(&s.w, WORLD_SERVER, s.family, PORT);
	s.mark = OURS | 0xff;
	world_send(client, s.family, WORLD_SERVER, PORT);
	next_batch(&s, 1);
	answer_all(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(server, LONG));
	ck_assert_uint_eq(s.asked, 1);
	ck_assert_uint_eq(mark_of_connection(&s, WORLD_CLIENT, WORLD_SERVER), OURS | THEIRS);
	/* In a run whose packets are told different marks. */
	for (unsigned i = 0; i < 3; i++)
		world_send(client, s.family, WORLD_SERVER, PORT);
	usleep(SHORT * 1000);
	next_batch(&s, 3);
	answer_all(&s, VERDICT_DROP);
	ck_assert_uint_eq(s.asked, 1);
	s.mark = OURS2;
	world_send(client, s.family, WORLD_SERVER, PORT);
	next_batch(&s, 1);
	answer_all(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(server, LONG));
	ck_assert_uint_eq(mark_of_connection(&s, WORLD_CLIENT, WORLD_SERVER), OURS2 | THEIRS);
	close(client);
	close(server);
	end(&s);
}
END_TEST

/* What this machine sends keeps its mark: another would have it routed anew. */
START_TEST(sent_from_here)
{
	struct stage s;
	int host, server;

	begin(&s, _i ? 6 : 4);
	iptables(&s, "-t mangle -A OUTPUT -p udp -j MARK --set-mark 0x20000042");
	iptables(&s, "-t mangle -A OUTPUT -p udp -j NFQUEUE --queue-num 7");
	iptables(&s, "-t mangle -A POSTROUTING -p udp -j CONNMARK --save-mark");
	host = world_socket(&s.w, WORLD_FIREWALL, s.family, PORT);
	server = world_socket(&s.w, WORLD_SERVER, s.family, PORT);
	s.mark = OURS;
	world_send(host, s.family, WORLD_SERVER, PORT);
	next_batch(&s, 1);
	ck_assert_uint_eq(s.place.hook, NF_INET_LOCAL_OUT);
	ck_assert_uint_eq(s.place.in, 0);
	ck_assert_uint_eq(s.place.out, if_nametoindex("outside"));
	answer_all(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(server, LONG));
	ck_assert_uint_eq(s.asked, 0);
	ck_assert_uint_eq(
		mark_of_connection(&s, WORLD_FIREWALL, WORLD_SERVER), OURS2 | THEIRS);
	close(host);
	close(server);
	end(&s);
}
END_TEST

/* Sends letters and takes them in as one batch. */
static void
take_letters(struct stage *s, int client, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		world_send(client, s->family, WORLD_SERVER, PORT);
	for (unsigned i = 0; i < 100 && stats_of(s).kernel_queued < count; i++)
		usleep(1000);
	ck_assert_int_eq(source_next(s->queue, &s->batch), (int)count);
}

static unsigned
count_heard(int socket)
{
	unsigned heard = 0;

	while (world_hears(socket, SHORT))
		heard++;
	return heard;
}

static void
answer_late(struct stage *s, uint64_t number, enum verdict verdict)
{
	const struct packet p = { .number = number, .verdict = (uint8_t)verdict };

	queue_late_verdict(s->queue, &p);
}

/* Verdicts for what comes behind a held packet say nothing of it. */
START_TEST(held)
{
	struct stage s;
	int client, server;

	begin(&s, 4);
	client = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	server = world_socket(&s.w, WORLD_SERVER, 4, PORT);
	take_letters(&s, client, 5);
	for (unsigned i = 0; i < 5; i++)
		s.batch.packets[i].verdict =
			i == 1 || i == 2 || i == 4 ? VERDICT_HELD : VERDICT_ACCEPT;
	source_verdicts(s.queue, &s.batch);
	ck_assert_uint_eq(count_heard(server), 2);
	ck_assert_uint_eq(stats_of(&s).held, 3);
	ck_assert_uint_eq(stats_of(&s).kernel_queued, 3);

	take_letters(&s, client, 20 - 3 + 3);
	answer_all(&s, VERDICT_ACCEPT);
	ck_assert_uint_eq(count_heard(server), 20);
	ck_assert_uint_eq(stats_of(&s).held, 3);

	answer_late(&s, 2, VERDICT_DROP);
	answer_late(&s, 77, VERDICT_ACCEPT); /* nobody */
	answer_late(&s, 5, VERDICT_ACCEPT);
	ck_assert_uint_eq(count_heard(server), 0);
	queue_send(s.queue);
	ck_assert_uint_eq(count_heard(server), 1);
	answer_late(&s, 5, VERDICT_ACCEPT); /* not twice */
	ck_assert_uint_eq(stats_of(&s).held, 1);

	/* With the verdicts of a batch; from then on there are runs again. */
	take_letters(&s, client, 4);
	answer_late(&s, 3, VERDICT_ACCEPT);
	answer_all(&s, VERDICT_DROP);
	ck_assert_uint_eq(count_heard(server), 1);
	ck_assert_uint_eq(stats_of(&s).held, 0);
	ck_assert_uint_eq(stats_of(&s).kernel_queued, 0);
	ck_assert_uint_eq(stats_of(&s).gone, 0);
	close(client);
	close(server);
	end(&s);
}
END_TEST

/* A packet that is held, and answered before its batch is through. */
START_TEST(held_for_a_moment)
{
	static const enum verdict verdicts[] = { VERDICT_ACCEPT, VERDICT_DROP };
	struct stage s;
	int client, server;

	begin(&s, 4);
	client = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	server = world_socket(&s.w, WORLD_SERVER, 4, PORT);
	for (unsigned i = 0; i < 2; i++) {
		take_letters(&s, client, 6);
		answer_late(&s, s.batch.packets[2].number, verdicts[i]);
		for (unsigned k = 0; k < 6; k++)
			s.batch.packets[k].verdict = VERDICT_ACCEPT;
		s.batch.packets[2].verdict = VERDICT_HELD;
		source_verdicts(s.queue, &s.batch);
		ck_assert_uint_eq(count_heard(server), i ? 5 : 6);
		ck_assert_uint_eq(stats_of(&s).held, 0);
		ck_assert_uint_eq(stats_of(&s).kernel_queued, 0);
	}
	close(client);
	close(server);
	end(&s);
}
END_TEST

START_TEST(too_many_held)
{
	struct stage s;
	int client, server;

	begin(&s, 4);
	client = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	server = world_socket(&s.w, WORLD_SERVER, 4, PORT);
	for (unsigned n = 0; n < QUEUE_HELD_MAX + 32; n += 32) {
		for (unsigned i = 0; i < 32; i++)
			world_send(client, 4, WORLD_SERVER, PORT);
		usleep(2000);
		ck_assert(wait_for(&s, LONG));
		ck_assert_int_eq(source_next(s.queue, &s.batch), 32);
		answer_all(&s, VERDICT_HELD);
	}
	ck_assert_uint_eq(stats_of(&s).held, QUEUE_HELD_MAX);
	ck_assert_uint_eq(stats_of(&s).not_held, 32);
	ck_assert_uint_eq(stats_of(&s).kernel_queued, QUEUE_HELD_MAX);
	ck_assert_uint_eq(count_heard(server), 0);
	for (unsigned n = 1; n <= QUEUE_HELD_MAX; n++)
		answer_late(&s, n, VERDICT_ACCEPT);
	queue_send(s.queue);
	ck_assert_uint_eq(count_heard(server), QUEUE_HELD_MAX);
	ck_assert_uint_eq(stats_of(&s).kernel_queued, 0);
	close(client);
	close(server);
	end(&s);
}
END_TEST

static int
tcp_socket(struct stage *s, enum world_ns ns, uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd;

	inet_pton(AF_INET, world_address(ns, 4), &at.sin_addr);
	world_enter(&s->w, ns);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	world_enter(&s->w, WORLD_FIREWALL);
	return fd;
}

#define STREAM (4u << 20)

/* Sends a stream of known bytes, and reads it at the other end. */
static void
pass_stream(int client, int listener)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(80) };
	uint8_t *bytes = g_malloc(STREAM), *got = g_malloc(STREAM);
	size_t len = 0;
	ssize_t n = 1;
	int server;

	for (unsigned i = 0; i < STREAM; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 24);
	inet_pton(AF_INET, world_address(WORLD_SERVER, 4), &to.sin_addr);
	if (connect(client, (struct sockaddr *)&to, sizeof(to)) < 0)
		_exit(1);
	server = accept(listener, NULL, NULL);
	if (!fork()) {
		for (size_t sent = 0; sent < STREAM && n > 0; sent += (size_t)n)
			n = send(client, bytes + sent, STREAM - sent, 0);
		_exit(0);
	}
	while (len < STREAM && n > 0) {
		n = recv(server, got + len, STREAM - len, 0);
		len += n > 0 ? (size_t)n : 0;
	}
	_exit(len == STREAM && !memcmp(bytes, got, STREAM) ? 0 : 2);
}

/* Packets larger than any segment come whole and go on as they are. */
START_TEST(large_packets)
{
	struct stage s;
	int client, server, status = -1, n;
	unsigned large = 0;
	pid_t child;

	begin(&s, 4);
	iptables(&s, "-t mangle -A FORWARD -p tcp -j NFQUEUE --queue-num 7");
	client = tcp_socket(&s, WORLD_CLIENT, 6000);
	server = tcp_socket(&s, WORLD_SERVER, 80);
	ck_assert_int_eq(listen(server, 1), 0);
	child = fork();
	if (!child)
		pass_stream(client, server);
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (!wait_for(&s, 100))
			continue;
		n = source_next(s.queue, &s.batch);
		for (int i = 0; i < n; i++) {
			const struct packet *p = &s.batch.packets[i];

			ck_assert_uint_eq(p->caplen, p->wirelen);
			ck_assert_uint_eq(p->caplen, p->data[2] << 8 | p->data[3]);
			large += p->caplen > 1500;
		}
		answer_all(&s, VERDICT_ACCEPT);
	}
	ck_assert_int_eq(status, 0);
	ck_assert_uint_gt(large, 10);
	end(&s);
}
END_TEST

/* Just the front of what is long is copied, and its length is told. */
START_TEST(copy_range)
{
	struct stage s;
	struct queue_options options;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	uint8_t bytes[1000] = { 0 };
	struct packet *p;
	int client;

	begin_without(&s, 4);
	options = options_for(&s);
	options.copy_range = 64;
	open_queue(&s, &options);
	client = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	inet_pton(AF_INET, world_address(WORLD_SERVER, 4), &to.sin_addr);
	ck_assert_int_eq(
		sendto(client, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, sizeof(to)), 1000);
	p = next_batch(&s, 1);
	ck_assert_uint_eq(p->caplen, 64);
	ck_assert_uint_eq(p->wirelen, 1028);
	answer_all(&s, VERDICT_DROP);
	close(client);
	end(&s);
}
END_TEST

/* A full queue drops, or passes, and the kernel counts what it drops. */
START_TEST(full_queue)
{
	struct stage s;
	struct queue_options options;
	int client, server;

	begin_without(&s, 4);
	options = options_for(&s);
	options.length = 10;
	options.fail_open = _i;
	open_queue(&s, &options);
	client = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	server = world_socket(&s.w, WORLD_SERVER, 4, PORT);
	for (unsigned i = 0; i < 25; i++)
		world_send(client, 4, WORLD_SERVER, PORT);
	ck_assert_uint_eq(count_heard(server), _i ? 15 : 0);
	ck_assert_uint_eq(stats_of(&s).kernel_queued, 10);
	ck_assert_uint_eq(stats_of(&s).kernel_dropped, _i ? 0 : 15);
	next_batch(&s, 10);
	answer_all(&s, VERDICT_ACCEPT);
	ck_assert_uint_eq(count_heard(server), 10);
	close(client);
	close(server);
	end(&s);
}
END_TEST

/* The socket has no room: that is counted here and there, and it goes on. */
START_TEST(full_socket)
{
	struct stage s;
	int client, server, size = 1, n;
	unsigned accepted = 0;

	begin(&s, 4);
	ck_assert_int_eq(
		setsockopt(queue_fd(s.queue), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	client = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	server = world_socket(&s.w, WORLD_SERVER, 4, PORT);
	for (unsigned i = 0; i < 100; i++)
		world_send(client, 4, WORLD_SERVER, PORT);
	while (wait_for(&s, SHORT)) {
		n = source_next(s.queue, &s.batch);
		ck_assert_int_ge(n, 0);
		accepted += (unsigned)n;
		answer_all(&s, VERDICT_ACCEPT);
	}
	ck_assert_uint_gt(accepted, 0);
	ck_assert_uint_lt(accepted, 100);
	ck_assert_uint_eq(count_heard(server), accepted);
	ck_assert_uint_eq(stats_of(&s).user_dropped, 100 - accepted);
	ck_assert_uint_ge(stats_of(&s).overruns, 1);
	ck_assert_uint_eq(stats_of(&s).packets, accepted);
	world_send(client, 4, WORLD_SERVER, PORT);
	next_batch(&s, 1);
	answer_all(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(server, LONG));
	close(client);
	close(server);
	end(&s);
}
END_TEST

/* Interfaces without end: their numbers begin anew some time, never within a batch. */
START_TEST(many_interfaces)
{
	struct stage s;
	int client;
	unsigned total = 0;

	begin(&s, 4);
	client = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	s.fake_ifindex = 3000000000u;
	while (total < 3000) {
		take_letters(&s, client, 30);
		for (unsigned i = 0; i < 30; i++) {
			g_autofree char *name =
				g_strdup_printf("if%u", s.fake_ifindex - 30 + i);

			ck_assert_str_eq(source_interface_name(s.queue,
						 s.batch.packets[i].iface),
				name);
		}
		total += 30;
		answer_all(&s, VERDICT_DROP);
	}
	ck_assert_uint_ge(s.renumbered, 2);
	ck_assert_uint_le(s.renumbered, 3);
	/* Of the same interface it is the same number. */
	s.fake_ifindex = 0;
	take_letters(&s, client, 2);
	ck_assert_uint_eq(s.batch.packets[0].iface, s.batch.packets[1].iface);
	answer_all(&s, VERDICT_DROP);
	close(client);
	end(&s);
}
END_TEST

START_TEST(taken)
{
	struct stage s;
	struct queue_options options;
	struct source *other = NULL;
	g_autofree char *message = NULL;

	begin(&s, 4);
	options = options_for(&s);
	ck_assert_int_lt(queue_new(&options, &other, &message), 0);
	ck_assert_ptr_null(other);
	ck_assert_ptr_nonnull(strstr(message, "queue 7 cannot be bound"));
	ck_assert_ptr_nonnull(strstr(message, "another program may have it"));
	source_free(s.queue);
	open_queue(&s, &options);
	end(&s);
}
END_TEST

/* Its way out goes down while a packet waits: the kernel drops it, and nobody minds. */
START_TEST(gone_with_its_interface)
{
	struct stage s;
	int client, server;

	begin(&s, 4);
	client = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	server = world_socket(&s.w, WORLD_SERVER, 4, PORT);
	take_letters(&s, client, 3);
	g_free(world_run("ip link set outside down", NULL));
	ck_assert_uint_eq(stats_of(&s).kernel_queued, 0);
	answer_all(&s, VERDICT_ACCEPT);
	ck_assert_int_eq(source_next(s.queue, &s.batch), 0);
	ck_assert_uint_eq(stats_of(&s).gone, 1);
	g_free(world_run("ip link set outside up", NULL));
	take_letters(&s, client, 1);
	answer_all(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(server, LONG));
	close(client);
	close(server);
	end(&s);
}
END_TEST

/* Two that are not on one processor run at the same time; where there is but one, that is that. */
static void
run_on(unsigned processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

/* Opened and closed again and again under fire, it lets through what it has been asked about. */
START_TEST(opened_under_fire)
{
	struct stage s;
	struct queue_options options;
	unsigned accepted = 0, rounds = 0;
	int client, server, n;
	pid_t child;

	begin_without(&s, 4);
	options = options_for(&s);
	client = world_socket(&s.w, WORLD_CLIENT, 4, PORT);
	server = world_socket(&s.w, WORLD_SERVER, 4, PORT);
	child = fork();
	run_on(child != 0);
	if (!child)
		for (;;)
			world_send(client, 4, WORLD_SERVER, PORT);
	for (; rounds < 200; rounds++) {
		open_queue(&s, &options);
		for (unsigned i = 0; i < 3 && wait_for(&s, LONG); i++) {
			n = source_next(s.queue, &s.batch);
			ck_assert_int_ge(n, 0);
			accepted += (unsigned)n;
			answer_all(&s, VERDICT_ACCEPT);
		}
		source_free(s.queue);
	}
	s.queue = NULL;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ck_assert_uint_gt(accepted, 200);
	ck_assert_uint_eq(count_heard(server), accepted);
	close(client);
	close(server);
	end(&s);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("queue");
	TCase *c = tcase_create("in namespaces");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, accept_and_drop, 0, 2);
	tcase_add_test(c, runs);
	tcase_add_loop_test(c, marks, 0, 2);
	tcase_add_loop_test(c, sent_from_here, 0, 2);
	tcase_add_test(c, held);
	tcase_add_test(c, held_for_a_moment);
	tcase_add_test(c, too_many_held);
	tcase_add_test(c, large_packets);
	tcase_add_test(c, copy_range);
	tcase_add_loop_test(c, full_queue, 0, 2);
	tcase_add_test(c, full_socket);
	tcase_add_test(c, many_interfaces);
	tcase_add_test(c, taken);
	tcase_add_test(c, gone_with_its_interface);
	tcase_add_test(c, opened_under_fire);
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

// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's connections between a client and a server, as the firewall in between is told. */
#include "kernel/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>
#include <linux/netfilter/nf_conntrack_tcp.h>

#include "kernel/sysctl.h"
#include "kit/kit.h"
#include "packet/packet.h"
#include "ruleset-world.h"

#define OURS   0x10000000u
#define OURS2  0x20000000u
#define THEIRS 0x00000042u
#define PORT   4000
#define MANY   1000
#define LONG   5000 /* ms for what has to come */
#define SHORT  40   /* … for what must not */

/* What has been told. */
struct told {
	unsigned n;
	struct conntrack_entry last;
	uint32_t sum; /* of source ports */
};

struct stage {
	struct world w;
	unsigned family;
	struct conntrack *conntrack;
	struct told ended;
	struct told visited;
};

static void
keep(void *context, const struct conntrack_entry *entry)
{
	struct told *told = context;

	told->n++;
	told->last = *entry;
	told->sum += entry->original.src_port;
}

/* A world in which connections are tracked, and UDP is marked as ours. */
static void
begin(struct stage *s, unsigned family)
{
	const struct conntrack_options options = {
		.mask = OURS | OURS2,
		.ended = keep,
		.context = &s->ended,
	};
	g_autofree char *rule =
		g_strdup_printf("%s -t mangle -A FORWARD -p udp -j CONNMARK --set-xmark 0x%x/0x%x",
			family == 4 ? "iptables" : "ip6tables", OURS | THEIRS, OURS | THEIRS);
	char *message = NULL;

	memset(s, 0, sizeof(*s));
	s->family = family;
	world_new(&s->w, WORLD_IPTABLES_NFT);
	g_free(world_run(rule, NULL));
	ck_assert_int_ge(sysctl_set(NULL, SYSCTL_ACCOUNTING, 1), 0);
	ck_assert_msg(conntrack_new(&options, &s->conntrack, &message) == 0, "%s", message);
}

static void
end(struct stage *s)
{
	conntrack_free(s->conntrack);
	world_free(&s->w);
}

static struct tuple
name_tuple(const struct stage *s, uint8_t proto, uint16_t src_port, uint16_t dst_port)
{
	struct tuple tuple = { .proto = proto, .src_port = src_port, .dst_port = dst_port };

	ck_assert_int_eq(addr_parse(world_address(WORLD_CLIENT, s->family), &tuple.src, NULL), 0);
	ck_assert_int_eq(addr_parse(world_address(WORLD_SERVER, s->family), &tuple.dst, NULL), 0);
	tuple.family = tuple.src.family;
	return tuple;
}

static void
assert_tuple(const struct tuple *is, const struct tuple *wanted)
{
	ck_assert_uint_eq(is->family, wanted->family);
	ck_assert_uint_eq(is->proto, wanted->proto);
	ck_assert_uint_eq(is->zone, 0);
	ck_assert(addr_equal(&is->src, &wanted->src));
	ck_assert(addr_equal(&is->dst, &wanted->dst));
	ck_assert_uint_eq(is->src_port, wanted->src_port);
	ck_assert_uint_eq(is->dst_port, wanted->dst_port);
}

/* A letter there and, if wanted, one back. */
static void
write_letters(struct stage *s, uint16_t from, bool answer)
{
	int client = world_socket(&s->w, WORLD_CLIENT, s->family, from);
	int server = world_socket(&s->w, WORLD_SERVER, s->family, PORT);

	ck_assert_int_eq(world_send(client, s->family, WORLD_SERVER, PORT), 0);
	ck_assert(world_hears(server, LONG));
	if (answer) {
		ck_assert_int_eq(world_send(server, s->family, WORLD_CLIENT, from), 0);
		ck_assert(world_hears(client, LONG));
	}
	close(client);
	close(server);
}

static bool
is_readable(int fd, int patience)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, patience) == 1;
}

START_TEST(one_connection)
{
	struct stage s;
	struct conntrack_entry entry;
	struct tuple tuple, reverse;

	begin(&s, _i ? 6 : 4);
	tuple = name_tuple(&s, PROTO_UDP, 5000, PORT);
	reverse = tuple_reverse(&tuple);
	ck_assert_int_eq(conntrack_get(s.conntrack, &tuple, &entry), -ENOENT);
	write_letters(&s, 5000, false);
	ck_assert_int_eq(conntrack_get(s.conntrack, &tuple, &entry), 0);
	ck_assert(!entry.is_replied);
	ck_assert_uint_eq(entry.packets[0], 1);
	ck_assert_uint_eq(entry.packets[1], 0);
	write_letters(&s, 5000, true);
	ck_assert_int_eq(conntrack_get(s.conntrack, &tuple, &entry), 0);
	assert_tuple(&entry.original, &tuple);
	assert_tuple(&entry.seen, &tuple);
	ck_assert(entry.is_replied);
	ck_assert_uint_eq(entry.mark, OURS | THEIRS);
	ck_assert_uint_eq(entry.packets[0], 2);
	ck_assert_uint_eq(entry.packets[1], 1);
	ck_assert_uint_eq(entry.bytes[0], 2 * (s.family == 4 ? 34 : 54));
	ck_assert_uint_eq(entry.bytes[1], s.family == 4 ? 34 : 54);
	ck_assert_uint_gt(entry.timeout, 0);
	ck_assert_uint_eq(entry.zone, 0);
	/* By its other direction it is the same, told as the kernel saw it. */
	ck_assert_int_eq(conntrack_get(s.conntrack, &reverse, &entry), 0);
	assert_tuple(&entry.original, &tuple);
	end(&s);
}
END_TEST

START_TEST(marks)
{
	struct stage s;
	struct conntrack_entry entry;
	struct tuple tuple, other;

	begin(&s, _i ? 6 : 4);
	tuple = name_tuple(&s, PROTO_UDP, 5000, PORT);
	other = name_tuple(&s, PROTO_UDP, 5001, PORT);
	write_letters(&s, 5000, true);
	/* Nobody else's bits are touched, whatever else is set. */
	ck_assert_int_eq(conntrack_set_mark(s.conntrack, &tuple, UINT32_MAX, OURS2), 0);
	ck_assert_int_eq(conntrack_get(s.conntrack, &tuple, &entry), 0);
	ck_assert_uint_eq(entry.mark, OURS | OURS2 | THEIRS);
	ck_assert_int_eq(conntrack_set_mark(s.conntrack, &tuple, 0, OURS | OURS2), 0);
	ck_assert_int_eq(conntrack_get(s.conntrack, &tuple, &entry), 0);
	ck_assert_uint_eq(entry.mark, THEIRS);
	tuple = tuple_reverse(&tuple);
	ck_assert_int_eq(conntrack_set_mark(s.conntrack, &tuple, OURS, OURS | OURS2), 0);
	ck_assert_int_eq(conntrack_get(s.conntrack, &tuple, &entry), 0);
	ck_assert_uint_eq(entry.mark, OURS | THEIRS);
	ck_assert_int_eq(conntrack_mark_entry(s.conntrack, &entry, OURS2, OURS | OURS2), 0);
	ck_assert_int_eq(conntrack_get(s.conntrack, &tuple, &entry), 0);
	ck_assert_uint_eq(entry.mark, OURS2 | THEIRS);
	ck_assert_int_eq(conntrack_set_mark(s.conntrack, &other, OURS, OURS), -ENOENT);
	end(&s);
}
END_TEST

/* The end of what bears a bit of ours is told, with its counters; nobody waits for what is not. */
START_TEST(ends)
{
	struct stage s;
	struct tuple tuple, unmarked;

	begin(&s, _i ? 6 : 4);
	tuple = name_tuple(&s, PROTO_UDP, 5000, PORT);
	unmarked = name_tuple(&s, PROTO_UDP, 5001, PORT);
	ck_assert_int_eq(conntrack_read(s.conntrack), 0);
	write_letters(&s, 5000, true);
	write_letters(&s, 5001, true);
	ck_assert_int_eq(conntrack_set_mark(s.conntrack, &unmarked, 0, OURS | OURS2), 0);
	ck_assert(!is_readable(conntrack_fd(s.conntrack), 0));
	ck_assert_int_eq(conntrack_delete(s.conntrack, &unmarked), 0);
	ck_assert_int_eq(conntrack_delete(s.conntrack, &unmarked), -ENOENT);
	ck_assert(!is_readable(conntrack_fd(s.conntrack), SHORT));
	ck_assert_int_eq(conntrack_delete(s.conntrack, &tuple), 0);
	ck_assert(is_readable(conntrack_fd(s.conntrack), LONG));
	ck_assert_int_eq(conntrack_read(s.conntrack), 1);
	ck_assert_int_eq(conntrack_read(s.conntrack), 0);
	ck_assert_uint_eq(s.ended.n, 1);
	assert_tuple(&s.ended.last.original, &tuple);
	ck_assert_uint_eq(s.ended.last.packets[0], 1);
	ck_assert_uint_eq(s.ended.last.packets[1], 1);
	ck_assert_uint_eq(s.ended.last.mark, OURS | THEIRS);
	end(&s);
}
END_TEST

/* What the kernel takes away by itself, by its own timeout. */
START_TEST(timeouts_are_ends)
{
	struct stage s;

	begin(&s, 4);
	g_free(world_run("sysctl -q -w net.netfilter.nf_conntrack_udp_timeout=1", NULL));
	write_letters(&s, 5000, false);
	ck_assert(!is_readable(conntrack_fd(s.conntrack), 500));
	/* Somebody has to look for it, or the kernel takes its time. */
	for (unsigned i = 0; i < 100 && !s.ended.n; i++) {
		ck_assert_int_eq(conntrack_dump(s.conntrack, OURS, keep, &s.visited), 0);
		if (is_readable(conntrack_fd(s.conntrack), 100))
			ck_assert_int_ge(conntrack_read(s.conntrack), 0);
	}
	ck_assert_uint_eq(s.ended.n, 1);
	ck_assert_uint_eq(s.ended.last.packets[0], 1);
	end(&s);
}
END_TEST

static void
make_many(struct stage *s)
{
	int server = world_socket(&s->w, WORLD_SERVER, s->family, PORT);

	for (uint16_t i = 0; i < MANY; i++) {
		int client = world_socket(&s->w, WORLD_CLIENT, s->family, 10000 + i);

		ck_assert_int_eq(world_send(client, s->family, WORLD_SERVER, PORT), 0);
		close(client);
	}
	for (unsigned i = 0; i < MANY; i++)
		ck_assert(world_hears(server, LONG));
	close(server);
}

static void
delete_many(struct stage *s)
{
	for (uint16_t i = 0; i < MANY; i++) {
		struct tuple tuple = name_tuple(s, PROTO_UDP, 10000 + i, PORT);

		ck_assert_int_eq(conntrack_delete(s->conntrack, &tuple), 0);
	}
}

static void
mark_and_count(void *context, const struct conntrack_entry *entry)
{
	struct stage *s = context;

	keep(&s->visited, entry);
	ck_assert_int_eq(conntrack_mark_entry(s->conntrack, entry, OURS2, OURS | OURS2), 0);
}

/* Whoever is told of an entry may do something to it. */
START_TEST(marked_while_told)
{
	struct stage s;

	begin(&s, 4);
	make_many(&s);
	ck_assert_int_eq(conntrack_dump(s.conntrack, OURS, mark_and_count, &s), 0);
	ck_assert_uint_eq(s.visited.n, MANY);
	ck_assert_uint_eq(s.visited.sum, MANY * 10000 + MANY * (MANY - 1) / 2);
	ck_assert_int_eq(conntrack_dump(s.conntrack, OURS, keep, &s.visited), 0);
	ck_assert_uint_eq(s.visited.n, MANY);
	ck_assert_int_eq(conntrack_dump(s.conntrack, OURS2, keep, &s.visited), 0);
	ck_assert_uint_eq(s.visited.n, 2 * MANY);
	end(&s);
}
END_TEST

START_TEST(many_connections)
{
	const uint32_t sum = MANY * 10000 + MANY * (MANY - 1) / 2;
	struct stage s;
	struct tuple tuple;
	unsigned steps = 0;
	int r;

	begin(&s, _i ? 6 : 4);
	make_many(&s);
	ck_assert_int_eq(conntrack_dump(s.conntrack, OURS, keep, &s.visited), 0);
	ck_assert_uint_eq(s.visited.n, MANY);
	ck_assert_uint_eq(s.visited.sum, sum);

	/* Only what has all of the bits. */
	tuple = name_tuple(&s, PROTO_UDP, 10007, PORT);
	ck_assert_int_eq(conntrack_dump(s.conntrack, OURS2, keep, &s.visited), 0);
	ck_assert_uint_eq(s.visited.n, MANY);
	ck_assert_int_eq(conntrack_set_mark(s.conntrack, &tuple, OURS2, OURS2), 0);
	ck_assert_int_eq(conntrack_dump(s.conntrack, OURS | OURS2, keep, &s.visited), 0);
	ck_assert_uint_eq(s.visited.n, MANY + 1);
	assert_tuple(&s.visited.last.original, &tuple);

	/* Little by little, with other questions in between. */
	memset(&s.visited, 0, sizeof(s.visited));
	ck_assert_int_eq(conntrack_dump_fd(s.conntrack), -1);
	ck_assert_int_eq(conntrack_dump_begin(s.conntrack, OURS), 0);
	ck_assert_int_eq(conntrack_dump_begin(s.conntrack, OURS), -EBUSY);
	do {
		ck_assert(is_readable(conntrack_dump_fd(s.conntrack), LONG));
		r = conntrack_dump_next(s.conntrack, keep, &s.visited);
		ck_assert_int_eq(conntrack_set_mark(s.conntrack, &tuple, OURS, OURS), 0);
		steps++;
	} while (r == 1);
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(conntrack_dump_fd(s.conntrack), -1);
	ck_assert_uint_gt(steps, 3);
	ck_assert_uint_eq(s.visited.n, MANY);
	ck_assert_uint_eq(s.visited.sum, sum);

	delete_many(&s);
	while (conntrack_read(s.conntrack) > 0)
		;
	ck_assert_uint_eq(s.ended.n, MANY);
	ck_assert_uint_eq(s.ended.sum, sum);
	ck_assert_int_eq(conntrack_dump(s.conntrack, OURS, keep, &s.ended), 0);
	ck_assert_uint_eq(s.ended.n, MANY);
	end(&s);
}
END_TEST

/* Nobody reads: what is lost is said once, and what comes later is heard again. */
START_TEST(ends_are_lost)
{
	struct stage s;
	struct tuple tuple;
	int size = 1, r;

	begin(&s, 4);
	make_many(&s);
	ck_assert_int_eq(
		setsockopt(conntrack_fd(s.conntrack), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)),
		0);
	delete_many(&s);
	do
		r = conntrack_read(s.conntrack);
	while (r > 0);
	ck_assert_int_eq(r, -ENOBUFS);
	ck_assert_uint_lt(s.ended.n, MANY);
	ck_assert_int_eq(conntrack_read(s.conntrack), 0);
	ck_assert_int_eq(conntrack_dump(s.conntrack, OURS, keep, &s.visited), 0);
	ck_assert_uint_eq(s.visited.n, 0);
	memset(&s.ended, 0, sizeof(s.ended));
	write_letters(&s, 5000, true);
	tuple = name_tuple(&s, PROTO_UDP, 5000, PORT);
	ck_assert_int_eq(conntrack_delete(s.conntrack, &tuple), 0);
	ck_assert(is_readable(conntrack_fd(s.conntrack), LONG));
	ck_assert_int_eq(conntrack_read(s.conntrack), 1);
	ck_assert_uint_eq(s.ended.n, 1);
	end(&s);
}
END_TEST

/* Sends bytes of another protocol from the client to the server. */
static void
send_raw(struct stage *s, int proto, const void *bytes, size_t len)
{
	int domain = s->family == 4 ? AF_INET : AF_INET6;
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	const char *to = world_address(WORLD_SERVER, s->family);
	int fd;

	ck_assert_int_eq(inet_pton(domain, to,
				 s->family == 4 ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr),
		1);
	world_enter(&s->w, WORLD_CLIENT);
	fd = socket(domain, SOCK_RAW, proto);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(sendto(fd, bytes, len, 0,
				 s->family == 4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
				 s->family == 4 ? sizeof(v4) : sizeof(v6)),
		(ssize_t)len);
	close(fd);
	world_enter(&s->w, WORLD_FIREWALL);
}

/* The entry is found by the name that the engine has for it, and told by that name. */
static void
expect_named(struct stage *s, const struct tuple *tuple)
{
	struct conntrack_entry entry;
	int r = -ENOENT;

	for (unsigned i = 0; i < 100 && r == -ENOENT; i++) {
		r = conntrack_get(s->conntrack, tuple, &entry);
		usleep(10000);
	}
	ck_assert_int_eq(r, 0);
	assert_tuple(&entry.original, tuple);
	assert_tuple(&entry.seen, tuple);
	ck_assert_int_eq(conntrack_set_mark(s->conntrack, tuple, OURS, OURS), 0);
	ck_assert_int_eq(conntrack_delete(s->conntrack, tuple), 0);
	ck_assert(is_readable(conntrack_fd(s->conntrack), LONG));
	memset(&s->ended, 0, sizeof(s->ended));
	ck_assert_int_eq(conntrack_read(s->conntrack), 1);
	assert_tuple(&s->ended.last.original, tuple);
}

/* packet/tuple.h: the identifier on the asking side, the type × 256 on the other. */
START_TEST(echo)
{
	static const uint8_t questions[2][8] = {
		/* type, code, checksum 2, identifier 2, sequence 2 */
		{ 8, 0, 0xe5, 0xca, 0x12, 0x34, 0, 1 },
		{ 128, 0, 0, 0, 0x12, 0x34, 0, 1 }, /* the kernel makes the checksum */
	};
	struct stage s;
	struct tuple tuple;

	begin(&s, _i ? 6 : 4);
	tuple = _i ? name_tuple(&s, PROTO_ICMPV6, 0x1234, 128 << 8)
		   : name_tuple(&s, PROTO_ICMP, 0x1234, 8 << 8);
	send_raw(&s, tuple.proto, questions[_i], sizeof(questions[_i]));
	expect_named(&s, &tuple);
	end(&s);
}
END_TEST

/* The call id of GRE version 1 is on the receiving side; version 0 has none. */
START_TEST(calls)
{
	static const uint8_t packets[2][12] = {
		/* flags and version, protocol, length 2, call id 2, sequence 4 */
		{ 0x30, 0x01, 0x88, 0x0b, 0, 0, 0xab, 0xcd, 0, 0, 0, 1 },
		{ 0x00, 0x00, 0x08, 0x00, 0x45, 0, 0, 0, 0, 0, 0, 0 },
	};
	struct stage s;
	struct tuple tuple;

	begin(&s, 4);
	tuple = name_tuple(&s, PROTO_GRE, 0, _i ? 0 : 0xabcd);
	send_raw(&s, PROTO_GRE, packets[_i], sizeof(packets[_i]));
	expect_named(&s, &tuple);
	end(&s);
}
END_TEST

/* A protocol without ports. */
START_TEST(esp)
{
	static const uint8_t bytes[16] = { 1, 2, 3 };
	struct stage s;
	struct tuple tuple;

	begin(&s, _i ? 6 : 4);
	tuple = name_tuple(&s, 50, 0, 0);
	send_raw(&s, 50, bytes, sizeof(bytes));
	expect_named(&s, &tuple);
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

START_TEST(tcp_states)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(80) };
	struct conntrack_entry entry;
	struct tuple tuple;
	struct stage s;
	int client, server;

	begin(&s, 4);
	inet_pton(AF_INET, world_address(WORLD_SERVER, 4), &to.sin_addr);
	client = tcp_socket(&s, WORLD_CLIENT, 6000);
	server = tcp_socket(&s, WORLD_SERVER, 80);
	ck_assert_int_eq(listen(server, 1), 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
	tuple = name_tuple(&s, PROTO_TCP, 6000, 80);
	ck_assert_int_eq(conntrack_get(s.conntrack, &tuple, &entry), 0);
	ck_assert_uint_eq(entry.tcp_state, TCP_CONNTRACK_ESTABLISHED);
	ck_assert(entry.is_assured);
	close(client);
	close(server);
	ck_assert_int_eq(conntrack_get(s.conntrack, &tuple, &entry), 0);
	ck_assert_uint_gt(entry.tcp_state, TCP_CONNTRACK_ESTABLISHED);
	end(&s);
}
END_TEST

/* Its destination is translated: behind that it is called by another name. */
START_TEST(translated)
{
	struct conntrack_entry entry;
	struct tuple original, seen;
	struct stage s;
	int client, server;

	begin(&s, 4);
	g_free(world_run("iptables -t nat -A PREROUTING -p udp --dport 53 -j DNAT "
			 "--to-destination 10.81.2.2:4000",
		NULL));
	client = world_socket(&s.w, WORLD_CLIENT, 4, 5000);
	server = world_socket(&s.w, WORLD_SERVER, 4, PORT);
	ck_assert_int_eq(world_send(client, 4, WORLD_FIREWALL, 53), 0);
	ck_assert(world_hears(server, LONG));
	original = name_tuple(&s, PROTO_UDP, 5000, 53);
	ck_assert_int_eq(addr_parse(world_address(WORLD_FIREWALL, 4), &original.dst, NULL), 0);
	seen = name_tuple(&s, PROTO_UDP, 5000, PORT);
	ck_assert_int_eq(conntrack_get(s.conntrack, &original, &entry), 0);
	assert_tuple(&entry.original, &original);
	assert_tuple(&entry.seen, &seen);
	/* By what is seen it is found from the other side only. */
	ck_assert_int_eq(conntrack_get(s.conntrack, &seen, &entry), -ENOENT);
	seen = tuple_reverse(&seen);
	ck_assert_int_eq(conntrack_get(s.conntrack, &seen, &entry), 0);
	assert_tuple(&entry.original, &original);
	close(client);
	close(server);
	end(&s);
}
END_TEST

/* In a zone of its own an entry cannot be named by its tuple, but once it is told it can. */
START_TEST(zones)
{
	struct tuple tuple;
	struct stage s;

	begin(&s, 4);
	g_free(world_run("iptables -t raw -A PREROUTING -p udp -j CT --zone 5", NULL));
	write_letters(&s, 5000, false);
	tuple = name_tuple(&s, PROTO_UDP, 5000, PORT);
	ck_assert_int_eq(conntrack_set_mark(s.conntrack, &tuple, OURS2, OURS2), -ENOENT);
	ck_assert_int_eq(conntrack_dump(s.conntrack, OURS, keep, &s.visited), 0);
	ck_assert_uint_eq(s.visited.n, 1);
	ck_assert_uint_eq(s.visited.last.zone, 5);
	assert_tuple(&s.visited.last.original, &tuple);
	ck_assert_int_eq(
		conntrack_mark_entry(s.conntrack, &s.visited.last, OURS2, OURS | OURS2), 0);
	ck_assert_int_eq(conntrack_dump(s.conntrack, OURS2, keep, &s.visited), 0);
	ck_assert_uint_eq(s.visited.n, 2);
	ck_assert_uint_eq(s.visited.last.mark, OURS2 | THEIRS);
	end(&s);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("conntrack");
	TCase *c = tcase_create("in namespaces");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, one_connection, 0, 2);
	tcase_add_loop_test(c, marks, 0, 2);
	tcase_add_loop_test(c, ends, 0, 2);
	tcase_add_test(c, timeouts_are_ends);
	tcase_add_loop_test(c, many_connections, 0, 2);
	tcase_add_test(c, marked_while_told);
	tcase_add_test(c, ends_are_lost);
	tcase_add_loop_test(c, echo, 0, 2);
	tcase_add_loop_test(c, calls, 0, 2);
	tcase_add_loop_test(c, esp, 0, 2);
	tcase_add_test(c, tcp_states);
	tcase_add_test(c, translated);
	tcase_add_test(c, zones);
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

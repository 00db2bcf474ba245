// SPDX-License-Identifier: GPL-2.0-or-later
/* A wall between a client and a server. Lives in a process that ends with the test. */
#include "wall-stage.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit/policies.h"

static void
on_flow_end(void *context, const struct flow_event *event)
{
	struct stage *s = context;
	struct stage_flow *flow = &s->flows[s->n_flows++ % STAGE_FLOWS_MAX];

	flow_tuple(event->flow, &flow->tuple);
	flow->cause = event->cause;
	memcpy(flow->packets, event->flow->pkts, sizeof(flow->packets));
	memcpy(flow->bytes, event->flow->bytes, sizeof(flow->bytes));
}

/* What IPv6 says to its neighbours (ICMPv6, or listener reports behind a hop-by-hop header). */
static bool
is_about_neighbours(const struct packet *p)
{
	return p->caplen >= 40 && p->data[0] >> 4 == 6 &&
	       (p->data[6] == 0 || (p->data[6] == PROTO_ICMPV6 && p->caplen > 40 &&
					   p->data[40] >= 130 && p->data[40] <= 143));
}

static void
on_batch(void *context, const struct batch *batch, const struct source *source)
{
	struct stage *s = context;

	for (unsigned i = 0; i < batch->count; i++)
		s->queued += !is_about_neighbours(&batch->packets[i]);
}

static void
on_drop(void *context, const struct drop_event *event)
{
	struct stage *s = context;

	if (is_about_neighbours(event->packet))
		return;
	s->drops++;
	s->drop = event->reason;
}

static const struct recorder_ops recorder = { .flow_end = on_flow_end, .drop = on_drop };

static void
tell(void *context, const char *line)
{
	struct stage *s = context;

	g_ptr_array_add(s->told, g_strdup(line));
}

static void
on_end(void *context, const struct conntrack_entry *entry)
{
	struct stage *s = context;

	s->ended = *entry;
	s->n_ended++;
}

struct policy *
stage_policy(void)
{
	struct policy *policy = kit_policy();
	struct connection *lan = kit_connection(policy, "lan", "inside", NULL);

	lan->role = ROLE_PRIVATE;
	lan->firewall = false;
	kit_connection(policy, "wan", "outside", NULL)->role = ROLE_PUBLIC;
	return policy;
}

struct connection *
stage_wan(struct policy *policy)
{
	return &policy->connections[2];
}

static void
load_plugin(struct stage *s, const char *name)
{
	g_autofree char *folder = g_build_filename(g_getenv("POSTERN_BUILD"), "plugins", NULL);
	const char *const folders[] = { folder, NULL };
	g_autofree char *message = NULL;

	s->plugins = plugins_new();
	ck_assert_msg(plugins_load_name(s->plugins, folders, name, &message) >= 0, "%s", message);
}

void
stage_start(struct stage *s)
{
	const struct wall_options options = {
		.policy = s->policy,
		.plugins = s->plugins,
		.recorders = &s->recorders,
		.seen = on_batch,
		.tell = tell,
		.context = s,
	};
	char *message = NULL;

	ck_assert_msg(wall_new(&options, &s->wall, &message) == 0, "%s", message);
	ck_assert_msg(wall_close_gate(s->wall, &message) == 0, "%s", message);
}

void
stage_stop(struct stage *s)
{
	wall_free(s->wall);
	s->wall = NULL;
}

void
stage_begin(struct stage *s, unsigned family, struct policy *policy, const char *plugin)
{
	const struct conntrack_options eye = {
		.mask = STAGE_BITS,
		.ended = on_end,
		.context = s,
	};
	char *message = NULL;

	memset(s, 0, sizeof(*s));
	s->family = family;
	s->policy = policy;
	s->told = g_ptr_array_new_with_free_func(g_free);
	recorders_add(&s->recorders, &recorder, s);
	world_new(&s->w, WORLD_IPTABLES_NFT);
	if (plugin)
		load_plugin(s, plugin);
	ck_assert_msg(conntrack_new(&eye, &s->eye, &message) == 0, "%s", message);
	stage_start(s);
}

void
stage_end(struct stage *s)
{
	wall_free(s->wall);
	conntrack_free(s->eye);
	plugins_free(s->plugins);
	policy_unref(s->policy);
	g_ptr_array_unref(s->told);
	world_free(&s->w);
}

void
stage_reload(struct stage *s, struct policy *policy)
{
	wall_set_policy(s->wall, policy);
	policy_unref(s->policy);
	s->policy = policy;
}

/* One turn of the wall, for which it waits at most `ms`; or until a socket is readable (-1: none).
 */
static bool
turn(struct stage *s, int fd, int ms)
{
	struct pollfd fds[WALL_FDS + 1];
	char *message = NULL;

	wall_fds(s->wall, fds);
	fds[WALL_FDS] = (struct pollfd){ .fd = fd, .events = POLLIN };
	ck_assert_int_ge(poll(fds, WALL_FDS + 1, ms), 0);
	ck_assert_msg(wall_work(s->wall, fds, &message) == 0, "%s", message);
	return fds[WALL_FDS].revents;
}

bool
stage_hears(struct stage *s, int fd, int patience)
{
	int64_t end = g_get_monotonic_time() + patience * 1000;
	int64_t left = patience * 1000;
	bool is_heard = false;

	while (left >= 0 && !is_heard) {
		is_heard = turn(s, fd, (int)(left / 1000));
		left = end - g_get_monotonic_time();
	}
	return is_heard;
}

void
stage_work(struct stage *s, int ms)
{
	(void)stage_hears(s, -1, ms);
}

bool
stage_was_told(const struct stage *s, const char *words)
{
	for (guint i = 0; i < s->told->len; i++)
		if (strstr(s->told->pdata[i], words))
			return true;
	return false;
}

void
stage_expect_told(struct stage *s, const char *words)
{
	for (unsigned i = 0; i < 100 && !stage_was_told(s, words); i++)
		stage_work(s, 100);
	ck_assert_msg(stage_was_told(s, words), "nobody was told of %s", words);
}

static socklen_t
make_address(const struct stage *s, enum world_ns ns, uint16_t port,
	struct sockaddr_storage *ret_address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret_address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_address;
	const char *text = world_address(ns, s->family);

	memset(ret_address, 0, sizeof(*ret_address));
	if (s->family == 4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		ck_assert_int_eq(inet_pton(AF_INET, text, &v4->sin_addr), 1);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	ck_assert_int_eq(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	return sizeof(*v6);
}

static int
tcp_socket(struct stage *s, enum world_ns ns, uint16_t port)
{
	struct sockaddr_storage at;
	socklen_t len = make_address(s, ns, port, &at);
	const int on = 1;
	int fd;

	world_enter(&s->w, ns);
	fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, len), 0);
	world_enter(&s->w, WORLD_FIREWALL);
	return fd;
}

int
stage_listen(struct stage *s, enum world_ns ns, uint16_t port)
{
	int fd = tcp_socket(s, ns, port);

	ck_assert_int_eq(listen(fd, 10), 0);
	return fd;
}

struct stage_pair
stage_dial(struct stage *s, enum world_ns from, uint16_t from_port, enum world_ns to,
	uint16_t to_port, int listener, int patience)
{
	struct stage_pair pair = { tcp_socket(s, from, from_port), -1 };
	struct sockaddr_storage address;
	socklen_t len = make_address(s, to, to_port, &address);
	int r = connect(pair.client, (struct sockaddr *)&address, len);

	ck_assert(r == 0 || errno == EINPROGRESS);
	if (stage_hears(s, listener, patience))
		pair.server = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (pair.server < 0)
		stage_hang_up(&pair);
	return pair;
}

void
stage_hang_up(struct stage_pair *pair)
{
	if (pair->client >= 0)
		close(pair->client);
	if (pair->server >= 0)
		close(pair->server);
	pair->client = pair->server = -1;
}

static bool
gets_word(int fd)
{
	char word[16];

	return recv(fd, word, sizeof(word), 0) > 0;
}

bool
stage_says(struct stage *s, int from, int to, int patience)
{
	return send(from, "word", 4, MSG_NOSIGNAL) == 4 && stage_hears(s, to, patience) &&
	       gets_word(to);
}

bool
stage_says_alone(int from, int to, int patience)
{
	struct pollfd ready = { .fd = to, .events = POLLIN };

	return send(from, "word", 4, MSG_NOSIGNAL) == 4 && poll(&ready, 1, patience) == 1 &&
	       gets_word(to);
}

struct tuple
stage_tuple(const struct stage *s, uint8_t proto, enum world_ns from, uint16_t from_port,
	enum world_ns to, uint16_t to_port)
{
	struct tuple tuple = { .proto = proto, .src_port = from_port, .dst_port = to_port };

	ck_assert_int_eq(addr_parse(world_address(from, s->family), &tuple.src, NULL), 0);
	ck_assert_int_eq(addr_parse(world_address(to, s->family), &tuple.dst, NULL), 0);
	tuple.family = tuple.src.family;
	return tuple;
}

uint32_t
stage_bits(struct stage *s, const struct tuple *tuple)
{
	struct conntrack_entry entry;

	ck_assert_int_eq(conntrack_get(s->eye, tuple, &entry), 0);
	return entry.mark & STAGE_BITS;
}

struct stats
stage_stats(struct stage *s)
{
	struct stats stats;

	engine_get_stats(wall_engine(s->wall), &stats);
	return stats;
}

void
stage_sysctl(const char *setting)
{
	g_autofree char *command = g_strdup_printf("sysctl -q -w net.netfilter.%s", setting);

	g_free(world_run(command, NULL));
}

void
stage_expect_carried_on(struct stage *s, const struct stage_pair *pair)
{
	uint64_t queued = s->queued;

	for (unsigned i = 0; i < 20; i++) {
		ck_assert(stage_says_alone(pair->client, pair->server, STAGE_LONG));
		ck_assert(stage_says_alone(pair->server, pair->client, STAGE_LONG));
	}
	stage_work(s, 20);
	ck_assert_uint_eq(s->queued, queued);
}

static void
ignore(void *context, const struct conntrack_entry *entry)
{
}

void
stage_expect_end(struct stage *s, const struct tuple *tuple)
{
	const struct stage_flow *flow = NULL;

	for (unsigned i = 0; i < 100 && (!flow || !s->n_ended); i++) {
		stage_work(s, 50);
		/* The kernel looks for what is over when somebody looks at it. */
		ck_assert_int_eq(conntrack_dump(s->eye, STAGE_BITS, ignore, NULL), 0);
		ck_assert_int_ge(conntrack_read(s->eye), 0);
		for (unsigned k = 0; k < s->n_flows; k++)
			if (addr_equal(&s->flows[k].tuple.src, &tuple->src) &&
				s->flows[k].tuple.src_port == tuple->src_port)
				flow = &s->flows[k];
	}
	ck_assert_ptr_nonnull(flow);
	ck_assert_uint_eq(s->n_ended, 1);
	ck_assert_uint_eq(flow->tuple.dst_port, tuple->dst_port);
	ck_assert_int_eq(flow->cause, FLOW_END_CLOSED);
	for (unsigned dir = 0; dir < 2; dir++) {
		ck_assert_uint_gt(flow->packets[dir], 20);
		ck_assert_uint_eq(flow->packets[dir], s->ended.packets[dir]);
		ck_assert_uint_eq(flow->bytes[dir], s->ended.bytes[dir]);
	}
}

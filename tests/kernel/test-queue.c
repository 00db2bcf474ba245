// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets through a queue between a client and a server: what is told of them, verdicts and marks.
 */
#include "queue-stage.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/netfilter.h>

#include "kernel/conntrack.h"
#include "kit/kit.h"

#define THEIRS 0x00000042u /* bits of a mark that are not ours */

START_TEST(accept_and_drop)
{
	struct stage s;
	struct packet *p;

	stage_begin(&s, _i ? 6 : 4);
	ck_assert_int_eq(source_next(s.queue, &s.batch), 0);
	ck_assert_uint_eq(s.batch.count, 0);

	stage_send(&s, 1);
	p = stage_next(&s, 1);
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
	ck_assert(!world_hears(s.server, STAGE_SHORT));
	stage_answer(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(s.server, STAGE_LONG));

	stage_send(&s, 1);
	p = stage_next(&s, 1);
	ck_assert_uint_eq(p->number, 2);
	stage_answer(&s, VERDICT_DROP);
	ck_assert(!world_hears(s.server, STAGE_SHORT));
	ck_assert_uint_eq(stage_stats(&s).packets, 2);
	ck_assert_uint_eq(stage_stats(&s).messages, 2);
	ck_assert_uint_eq(stage_stats(&s).kernel_queued, 0);

	world_send(s.server, s.family, WORLD_CLIENT, STAGE_PORT);
	p = stage_next(&s, 1);
	ck_assert_str_eq(source_interface_name(s.queue, p->iface), "outside");
	stage_answer(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(s.client, STAGE_LONG));
	stage_end(&s);
}
END_TEST

/* Many at once, with verdicts in runs of every length: just those arrive that may. */
START_TEST(runs)
{
	struct stage s;
	int n;
	unsigned seen = 0, accepted = 0, heard = 0, turns = 0;

	stage_begin(&s, 4);
	stage_send(&s, 500);
	while (seen < 500 && stage_waits(&s, STAGE_LONG)) {
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
	while (world_hears(s.server, STAGE_SHORT))
		heard++;
	ck_assert_uint_eq(seen, 500);
	ck_assert_uint_eq(heard, accepted);
	ck_assert_uint_eq(stage_stats(&s).receptions, (500 + BATCH_MAX - 1) / BATCH_MAX);
	ck_assert_uint_eq(stage_stats(&s).messages, turns);
	ck_assert_uint_eq(stage_stats(&s).kernel_queued, 0);
	ck_assert_uint_eq(stage_stats(&s).gone, 0);
	stage_end(&s);
}
END_TEST

static uint32_t
mark_of_connection(struct stage *s, enum world_ns from, enum world_ns to)
{
	const struct conntrack_options options = { .mask = STAGE_OURS };
	struct tuple tuple = { .proto = PROTO_UDP, .src_port = STAGE_PORT, .dst_port = STAGE_PORT };
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

	stage_begin(&s, _i ? 6 : 4);
	stage_iptables(&s, "-t mangle -A PREROUTING -p udp -j MARK --set-mark 0x20000042");
	stage_iptables(&s, "-A FORWARD -p udp -j CONNMARK --save-mark");
	s.mark = STAGE_OURS | 0xff;
	stage_send(&s, 1);
	stage_next(&s, 1);
	stage_answer(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(s.server, STAGE_LONG));
	ck_assert_uint_eq(s.asked, 1);
	ck_assert_uint_eq(mark_of_connection(&s, WORLD_CLIENT, WORLD_SERVER), STAGE_OURS | THEIRS);
	/* In a run whose packets are told different marks. */
	stage_send(&s, 3);
	usleep(STAGE_SHORT * 1000);
	stage_next(&s, 3);
	stage_answer(&s, VERDICT_DROP);
	ck_assert_uint_eq(s.asked, 1);
	s.mark = STAGE_OURS2;
	stage_send(&s, 1);
	stage_next(&s, 1);
	stage_answer(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(s.server, STAGE_LONG));
	ck_assert_uint_eq(mark_of_connection(&s, WORLD_CLIENT, WORLD_SERVER), STAGE_OURS2 | THEIRS);
	stage_end(&s);
}
END_TEST

/* What this machine sends keeps its mark: another would have it routed anew. */
START_TEST(sent_from_here)
{
	struct stage s;
	int host;

	stage_begin(&s, _i ? 6 : 4);
	stage_iptables(&s, "-t mangle -A OUTPUT -p udp -j MARK --set-mark 0x20000042");
	stage_iptables(&s, "-t mangle -A OUTPUT -p udp -j NFQUEUE --queue-num 7");
	stage_iptables(&s, "-t mangle -A POSTROUTING -p udp -j CONNMARK --save-mark");
	host = world_socket(&s.w, WORLD_FIREWALL, s.family, STAGE_PORT);
	s.mark = STAGE_OURS;
	world_send(host, s.family, WORLD_SERVER, STAGE_PORT);
	stage_next(&s, 1);
	ck_assert_uint_eq(s.place.hook, NF_INET_LOCAL_OUT);
	ck_assert_uint_eq(s.place.in, 0);
	ck_assert_uint_eq(s.place.out, if_nametoindex("outside"));
	stage_answer(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(s.server, STAGE_LONG));
	ck_assert_uint_eq(s.asked, 0);
	ck_assert_uint_eq(
		mark_of_connection(&s, WORLD_FIREWALL, WORLD_SERVER), STAGE_OURS2 | THEIRS);
	close(host);
	stage_end(&s);
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

	stage_begin(&s, 4);
	stage_iptables(&s, "-t mangle -A FORWARD -p tcp -j NFQUEUE --queue-num 7");
	client = tcp_socket(&s, WORLD_CLIENT, 6000);
	server = tcp_socket(&s, WORLD_SERVER, 80);
	ck_assert_int_eq(listen(server, 1), 0);
	child = fork();
	if (!child)
		pass_stream(client, server);
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (!stage_waits(&s, 100))
			continue;
		n = source_next(s.queue, &s.batch);
		for (int i = 0; i < n; i++) {
			const struct packet *p = &s.batch.packets[i];

			ck_assert_uint_eq(p->caplen, p->wirelen);
			ck_assert_uint_eq(p->caplen, p->data[2] << 8 | p->data[3]);
			large += p->caplen > 1500;
		}
		stage_answer(&s, VERDICT_ACCEPT);
	}
	ck_assert_int_eq(status, 0);
	ck_assert_uint_gt(large, 10);
	stage_end(&s);
}
END_TEST

/* Just the front of what is long is copied, and its length is told. */
START_TEST(copy_range)
{
	struct stage s;
	struct queue_options options;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(STAGE_PORT) };
	uint8_t bytes[1000] = { 0 };
	struct packet *p;

	stage_begin_without(&s, 4);
	options = stage_options(&s);
	options.copy_range = 64;
	stage_open(&s, &options);
	inet_pton(AF_INET, world_address(WORLD_SERVER, 4), &to.sin_addr);
	ck_assert_int_eq(
		sendto(s.client, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, sizeof(to)),
		1000);
	p = stage_next(&s, 1);
	ck_assert_uint_eq(p->caplen, 64);
	ck_assert_uint_eq(p->wirelen, 1028);
	stage_answer(&s, VERDICT_DROP);
	stage_end(&s);
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
	tcase_add_test(c, large_packets);
	tcase_add_test(c, copy_range);
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

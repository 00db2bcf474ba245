// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Three machines in one process. Made with the programs `ip` and `mount`, without names that others
 * could see. The makes of iptables are chosen by another /etc/alternatives, mounted for this
 * process only.
 */
#include "ruleset-world.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <libnetfilter_queue/libnetfilter_queue.h>

#include "kernel/process.h"

#define ALTERNATIVES "/etc/alternatives"
#define BUFFER_SIZE  4096
#define MEETING_PORT 3999
#define MEETINGS     50
#define MEETING_MS   100

static const char *const addresses[WORLD_NS][2] = {
	[WORLD_FIREWALL] = { "10.81.1.1", "fd81:1::1" },
	[WORLD_CLIENT] = { "10.81.1.2", "fd81:1::2" },
	[WORLD_SERVER] = { "10.81.2.2", "fd81:2::2" },
};

const char *
world_address(enum world_ns ns, unsigned family)
{
	return addresses[ns][family == 6];
}

char *
world_run(const char *command, const char *input)
{
	g_auto(GStrv) words = g_strsplit(command, " ", -1);
	g_autofree char *program = process_find(words[0]);
	g_autofree char *errors = NULL;
	char *output = NULL;
	int r;

	ck_assert_msg(program != NULL, "%s is not installed", words[0]);
	g_free(words[0]);
	words[0] = g_steal_pointer(&program);
	r = process_run((const char *const *)words, input, PROCESS_SECONDS, &output, &errors);
	ck_assert_msg(r == 0, "%s: %d: %s", command, r, r >= 0 ? errors : "");
	return output;
}

static void
run(const char *command, const char *input)
{
	g_free(world_run(command, input));
}

static void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "%s: %s",
		path, strerror(errno));
	close(fd);
}

bool
world_is_possible(void)
{
	pid_t child = fork();
	int status = 1;

	if (!child)
		_exit(unshare(CLONE_NEWNET | CLONE_NEWNS) != 0);
	return child > 0 && waitpid(child, &status, 0) == child && !status;
}

bool
world_has(enum world_make make)
{
	g_autofree char *program = process_find(
		make == WORLD_IPTABLES_LEGACY ? "iptables-legacy-restore" : "iptables-nft-restore");
	g_autofree char *plain = process_find("iptables-restore");

	return program && plain;
}

/* Another /etc/alternatives, in which iptables is of that make. */
void
world_choose(enum world_make make)
{
	static const char *const names[] = { "iptables", "iptables-save", "iptables-restore",
		"ip6tables", "ip6tables-save", "ip6tables-restore" };
	const char *infix = make == WORLD_IPTABLES_LEGACY ? "-legacy" : "-nft";

	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("alternatives", ALTERNATIVES, "tmpfs", 0, NULL), 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *end = strchr(names[i], '-');
		int len = (int)(end ? end - names[i] : (ssize_t)strlen(names[i]));
		g_autofree char *target =
			g_strdup_printf("/usr/sbin/%.*s%s%s", len, names[i], infix, end ? end : "");
		g_autofree char *link = g_build_filename(ALTERNATIVES, names[i], NULL);

		ck_assert_int_eq(symlink(target, link), 0);
	}
}

void
world_hide(const char *program, const char *words)
{
	g_autofree char *path = g_build_filename(ALTERNATIVES, program, NULL);
	g_autofree char *hidden = g_strconcat(path, ".hidden", NULL);
	g_autofree char *real = g_file_read_link(path, NULL);
	g_autofree char *text =
		g_strdup_printf("#!/bin/sh\n%s \"$@\" | grep -v -e '%s'\n", real, words);

	ck_assert_int_eq(rename(path, hidden), 0);
	ck_assert(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
}

void
world_unhide(const char *program)
{
	g_autofree char *path = g_build_filename(ALTERNATIVES, program, NULL);
	g_autofree char *hidden = g_strconcat(path, ".hidden", NULL);

	ck_assert_int_eq(rename(hidden, path), 0);
}

static int
open_ns(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* A wire that has just been laid may lose its first packet: neighbours are asked again soon. */
static void
hurry(const char *interface)
{
	static const unsigned families[] = { 4, 6 };

	for (unsigned i = 0; i < G_N_ELEMENTS(families); i++) {
		g_autofree char *path = g_strdup_printf(
			"/proc/sys/net/ipv%u/neigh/%s/retrans_time_ms", families[i], interface);

		write_file(path, "20");
	}
}

/* Both ends of a wire, one here and one in another namespace. */
static void
lay_wire(const struct world *w, enum world_ns peer, const char *here, unsigned number)
{
	g_autofree char *command = g_strdup_printf(
		"link add %s type veth peer name eth0 netns /proc/%d/fd/%d\n"
		"addr add 10.81.%u.1/24 dev %s\naddr add fd81:%u::1/64 dev %s nodad\n"
		"link set %s up\n",
		here, getpid(), w->ns[peer], number, here, number, here, here);
	g_autofree char *there = g_strdup_printf(
		"link set lo up\naddr add 10.81.%u.2/24 dev eth0\n"
		"addr add fd81:%u::2/64 dev eth0 nodad\nlink set eth0 up\n"
		"route add default via 10.81.%u.1\nroute add default via fd81:%u::1\n",
		number, number, number, number);

	run("ip -batch -", command);
	hurry(here);
	world_enter(w, peer);
	hurry("eth0");
	run("ip -batch -", there);
	world_enter(w, WORLD_FIREWALL);
}

/* All know their neighbours: a letter has gone round. */
static void
meet(const struct world *w, unsigned family)
{
	static const enum world_ns round[] = { WORLD_CLIENT, WORLD_SERVER, WORLD_FIREWALL,
		WORLD_CLIENT };

	for (unsigned i = 0; i + 1 < G_N_ELEMENTS(round); i++) {
		int from = world_socket(w, round[i], family, MEETING_PORT);
		int to = world_socket(w, round[i + 1], family, MEETING_PORT);

		for (unsigned tries = 0; tries < MEETINGS; tries++) {
			(void)world_send(from, family, round[i + 1], MEETING_PORT);
			if (world_hears(to, MEETING_MS))
				break;
			ck_assert_uint_lt(tries, MEETINGS - 1);
		}
		close(from);
		close(to);
	}
}

void
world_alone(enum world_make make)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS | CLONE_NEWNET), 0);
	world_choose(make);
}

void
world_new(struct world *w, enum world_make make)
{
	memset(w, 0, sizeof(*w));
	world_alone(make);
	for (unsigned i = WORLD_NS; i--;) {
		ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
		w->ns[i] = open_ns();
	}
	run("ip link set lo up", NULL);
	lay_wire(w, WORLD_CLIENT, "inside", 1);
	lay_wire(w, WORLD_SERVER, "outside", 2);
	write_file("/proc/sys/net/ipv4/ip_forward", "1");
	write_file("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	meet(w, 4);
	meet(w, 6);
}

void
world_free(struct world *w)
{
	world_unlisten(w);
	for (unsigned i = 0; i < WORLD_NS; i++)
		close(w->ns[i]);
}

void
world_enter(const struct world *w, enum world_ns ns)
{
	ck_assert_int_eq(setns(w->ns[ns], CLONE_NEWNET), 0);
}

/* Sends a message about a queue, and expects it to be accepted. */
static void
send_queue(struct world *w, struct nlmsghdr *nlh)
{
	ck_assert_int_ge(mnl_socket_sendto(w->queue, nlh, nlh->nlmsg_len), 0);
}

void
world_listen(struct world *w, uint16_t number)
{
	char buffer[BUFFER_SIZE];
	struct nlmsghdr *nlh;

	w->number = number;
	w->queue = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	ck_assert_ptr_nonnull(w->queue);
	ck_assert_int_eq(mnl_socket_bind(w->queue, 0, MNL_SOCKET_AUTOPID), 0);
	nlh = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, number);
	nfq_nlmsg_cfg_put_cmd(nlh, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
	send_queue(w, nlh);
	nlh = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, number);
	nfq_nlmsg_cfg_put_params(nlh, NFQNL_COPY_PACKET, sizeof(((struct world_packet *)0)->bytes));
	send_queue(w, nlh);
}

void
world_unlisten(struct world *w)
{
	if (w->queue)
		mnl_socket_close(w->queue);
	w->queue = NULL;
}

static int
read_packet(const struct nlmsghdr *nlh, void *data)
{
	struct world_packet *packet = data;
	struct nlattr *attrs[NFQA_MAX + 1] = { 0 };
	const struct nfqnl_msg_packet_hdr *header;

	if (nlh->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
		return MNL_CB_OK;
	ck_assert_int_ge(nfq_nlmsg_parse(nlh, attrs), 0);
	header = mnl_attr_get_payload(attrs[NFQA_PACKET_HDR]);
	packet->id = ntohl(header->packet_id);
	packet->hook = header->hook;
	packet->mark = attrs[NFQA_MARK] ? ntohl(mnl_attr_get_u32(attrs[NFQA_MARK])) : 0;
	packet->len = mnl_attr_get_payload_len(attrs[NFQA_PAYLOAD]);
	ck_assert_uint_le(packet->len, sizeof(packet->bytes));
	memcpy(packet->bytes, mnl_attr_get_payload(attrs[NFQA_PAYLOAD]), packet->len);
	return MNL_CB_OK;
}

static bool
is_readable(int fd, int patience)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, patience) == 1;
}

/* Neighbour discovery, and reports of listeners, which have a hop-by-hop header. */
static bool
is_about_neighbours(const struct world_packet *packet)
{
	const uint8_t *b = packet->bytes;

	if (packet->len < 48 || b[0] >> 4 != 6)
		return false;
	return b[6] == IPPROTO_HOPOPTS || (b[6] == IPPROTO_ICMPV6 && b[40] >= 133 && b[40] <= 136);
}

bool
world_next(struct world *w, int patience, struct world_packet *ret_packet)
{
	char buffer[0x2000];
	ssize_t n;

	memset(ret_packet, 0, sizeof(*ret_packet));
	while (!ret_packet->id) {
		if (!is_readable(mnl_socket_get_fd(w->queue), patience))
			return false;
		n = mnl_socket_recvfrom(w->queue, buffer, sizeof(buffer));
		ck_assert_int_gt(n, 0);
		ck_assert_int_ge(mnl_cb_run(buffer, (size_t)n, 0, 0, read_packet, ret_packet), 0);
		if (is_about_neighbours(ret_packet)) {
			world_verdict(w, ret_packet, NF_ACCEPT, NULL);
			ret_packet->id = 0;
		}
	}
	return true;
}

void
world_verdict(
	struct world *w, const struct world_packet *packet, unsigned verdict, const uint32_t *mark)
{
	char buffer[BUFFER_SIZE];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buffer, NFQNL_MSG_VERDICT, w->number);

	nfq_nlmsg_verdict_put(nlh, (int)packet->id, (int)verdict);
	if (mark)
		nfq_nlmsg_verdict_put_mark(nlh, *mark);
	send_queue(w, nlh);
}

static socklen_t
make_address(unsigned family, const char *text, uint16_t port, struct sockaddr_storage *ret_address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret_address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_address;

	memset(ret_address, 0, sizeof(*ret_address));
	if (family == 4) {
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

int
world_socket(const struct world *w, enum world_ns ns, unsigned family, uint16_t port)
{
	struct sockaddr_storage address;
	socklen_t len = make_address(family, world_address(ns, family), port, &address);
	const int size = 16 << 20;
	int fd;

	world_enter(w, ns);
	fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(fd, 0);
	/* For letters that wait while nobody reads them. */
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	world_enter(w, WORLD_FIREWALL);
	return fd;
}

int
world_send(int socket, unsigned family, enum world_ns to, uint16_t port)
{
	struct sockaddr_storage address;
	socklen_t len = make_address(family, world_address(to, family), port, &address);

	return sendto(socket, "letter", 6, 0, (struct sockaddr *)&address, len) < 0 ? -errno : 0;
}

bool
world_hears(int socket, int patience)
{
	char letter[16];

	return is_readable(socket, patience) && recv(socket, letter, sizeof(letter), 0) == 6;
}

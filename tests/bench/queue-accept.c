// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The least that a firewall behind a netfilter queue can do: take packets, as many as are there up
 * to 64, look at nothing but their numbers, and accept them all with one verdict. The live firewall
 * is measured against this.
 *
 *   queue-accept NUMBER
 *   ready
 *   …
 *   packets 1000000
 *   receptions 200000
 *   cpu_ns 4000000000
 *
 * Ends with SIGTERM or SIGINT; then it tells what it has done. CPU time is of the process, user and
 * system: what the kernel does with a packet that is let go is done on its time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#define BATCH  64
#define SLOT   (65536 + 1024)
#define LENGTH 65536
#define BUFFER (16 << 20)

static volatile sig_atomic_t stopping;

static uint8_t slots[BATCH][SLOT];

static void
stop(int signal)
{
	stopping = 1;
}

static struct nlmsghdr *
put_message(void *buffer, unsigned type, uint16_t number)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type);
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(number);
	return nlh;
}

/* What cannot be set up says so by the packets that do not come, and by an error among them. */
static int
bind_queue(const struct mnl_socket *socket, uint16_t number)
{
	char buffer[256];
	struct nlmsghdr *nlh = put_message(buffer, NFQNL_MSG_CONFIG, number);
	struct nfqnl_msg_config_cmd bind = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params copy = {
		.copy_range = htonl(UINT16_MAX),
		.copy_mode = NFQNL_COPY_PACKET,
	};
	int size = BUFFER;

	(void)setsockopt(
		mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(bind), &bind);
	mnl_attr_put_u32(nlh, NFQA_CFG_QUEUE_MAXLEN, htonl(LENGTH));
	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(NFQA_CFG_F_GSO));
	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO));
	mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(copy), &copy);
	return mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}

/* The number of a queued packet, as it stands there; false: it is none. */
static bool
read_id(const struct nlmsghdr *nlh, unsigned len, uint32_t *ret_id_be)
{
	const struct nfqnl_msg_packet_hdr *head;
	const struct nlattr *attr;

	if (!mnl_nlmsg_ok(nlh, (int)len))
		return false;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);

		fprintf(stderr, "queue-accept: %s\n", strerror(-error->error));
		stopping = 1;
		return false;
	}
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attr) != NFQA_PACKET_HDR)
			continue;
		head = mnl_attr_get_payload(attr);
		*ret_id_be = head->packet_id;
		return true;
	}
	return false;
}

static void
accept_up_to(const struct mnl_socket *socket, uint16_t number, uint32_t id_be)
{
	struct nfqnl_msg_verdict_hdr verdict = { .verdict = htonl(NF_ACCEPT), .id = id_be };
	char buffer[256];
	struct nlmsghdr *nlh = put_message(buffer, NFQNL_MSG_VERDICT_BATCH, number);

	mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(verdict), &verdict);
	(void)!mnl_socket_sendto(socket, nlh, nlh->nlmsg_len);
}

static void
accept_all(
	const struct mnl_socket *socket, uint16_t number, uint64_t *packets, uint64_t *receptions)
{
	static struct mmsghdr messages[BATCH];
	static struct iovec vectors[BATCH];

	for (unsigned i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){ slots[i], SLOT };
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while (!stopping) {
		int n = recvmmsg(mnl_socket_get_fd(socket), messages, BATCH, MSG_WAITFORONE, NULL);
		uint32_t id_be;
		unsigned seen = 0;

		for (int i = 0; i < n; i++)
			seen += read_id((const void *)slots[i], messages[i].msg_len, &id_be);
		if (seen)
			accept_up_to(socket, number, id_be);
		*packets += seen;
		*receptions += seen > 0;
	}
}

static uint64_t
cpu_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000 +
	       ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000;
}

int
main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = stop };
	uint64_t packets = 0, receptions = 0;
	struct mnl_socket *socket;
	int number, r;

	if (argc != 2) {
		fprintf(stderr, "usage: queue-accept NUMBER\n");
		return 2;
	}
	number = atoi(argv[1]);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	socket = mnl_socket_open(NETLINK_NETFILTER);
	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		fprintf(stderr, "queue-accept: %s\n", strerror(errno));
		return 1;
	}
	r = bind_queue(socket, (uint16_t)number);
	if (r < 0) {
		fprintf(stderr, "queue-accept: %s\n", strerror(-r));
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	accept_all(socket, (uint16_t)number, &packets, &receptions);
	printf("packets %llu\nreceptions %llu\ncpu_ns %llu\n", (unsigned long long)packets,
		(unsigned long long)receptions, (unsigned long long)cpu_ns());
	mnl_socket_close(socket);
	return 0;
}

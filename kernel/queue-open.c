// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Setting up a netfilter queue, and what the kernel counts of it.
 *
 * Until it is told what to copy, a queue drops everything and hands nothing out. That is told last,
 * when all else is right: a packet that we do not see would be let go with those behind it.
 *
 * Relies on: CAP_NET_ADMIN; root, for the kernel's counters.
 */
#include "queue-private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What the kernel puts around a packet, generously. */
#define SLOT_EXTRA 1024u

/* Bytes of messages that wait in the socket. */
#define SOCKET_BUFFER (16 << 20)

/* A message that configures the queue. */
static struct nlmsghdr *
put_configuration(const struct queue *q, void *at)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(q->options.number);
	return nlh;
}

/* Sends a message of configuration and waits for the kernel's answer. */
static int
configure(struct queue *q, struct nlmsghdr *nlh)
{
	char answer[4096];
	ssize_t n;
	int r;

	nlh->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(q->socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(q->socket, answer, sizeof(answer));
	if (n < 0)
		return -errno;
	r = mnl_cb_run(answer, (size_t)n, 0, mnl_socket_get_portid(q->socket), NULL, NULL);
	return r < 0 ? -errno : 0;
}

/* The answer to what is told last may stand behind packets: it is left to queue_next(). */
static int
configure_queue(struct queue *q)
{
	char buffer[256];
	struct nlmsghdr *nlh = put_configuration(q, buffer);
	struct nfqnl_msg_config_cmd bind = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params copy = {
		.copy_range = htonl(q->options.copy_range),
		.copy_mode = NFQNL_COPY_PACKET,
	};
	uint32_t flags = NFQA_CFG_F_GSO | (q->options.fail_open ? NFQA_CFG_F_FAIL_OPEN : 0);
	int r;

	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(bind), &bind);
	mnl_attr_put_u32(nlh, NFQA_CFG_QUEUE_MAXLEN, htonl(q->options.length));
	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(flags));
	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO | NFQA_CFG_F_FAIL_OPEN));
	r = configure(q, nlh);
	if (r < 0)
		return r;
	nlh = put_configuration(q, buffer);
	nlh->nlmsg_seq = QUEUE_SETUP;
	mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(copy), &copy);
	return mnl_socket_sendto(q->socket, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}

static void
prepare_verdict(struct queue *q)
{
	q->verdict = (struct queue_message){
		.head.nlmsg_len = sizeof(q->verdict),
		.head.nlmsg_flags = NLM_F_REQUEST,
		.general.version = NFNETLINK_V0,
		.general.res_id = htons(q->options.number),
		.verdict_attr.nla_len = NLA_HDRLEN + sizeof(q->verdict.verdict),
		.verdict_attr.nla_type = NFQA_VERDICT_HDR,
		.mark_attr.nla_len = NLA_HDRLEN + sizeof(q->verdict.mark_be),
		.mark_attr.nla_type = NFQA_MARK,
	};
}

static void
make_slots(struct queue *q)
{
	size_t size = MNL_ALIGN(q->options.copy_range + SLOT_EXTRA);

	q->slots = g_malloc(size * BATCH_MAX);
	for (unsigned i = 0; i < BATCH_MAX; i++) {
		q->vectors[i] = (struct iovec){ q->slots + i * size, size };
		q->messages[i].msg_hdr.msg_iov = &q->vectors[i];
		q->messages[i].msg_hdr.msg_iovlen = 1;
	}
}

static int
open_queue(struct queue *q)
{
	int size = SOCKET_BUFFER;

	q->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!q->socket || mnl_socket_bind(q->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	q->fd = mnl_socket_get_fd(q->socket);
	if (setsockopt(q->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(q->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	prepare_verdict(q);
	make_slots(q);
	/* Root's alone, and we may not be root when they are asked for. */
	q->counters = open("/proc/thread-self/net/netfilter/nfnetlink_queue", O_RDONLY | O_CLOEXEC);
	return configure_queue(q);
}

static const char *
way_out(int error)
{
	switch (error) {
	case -EBUSY:
	case -EPERM:
		return "; another program may have it: choose another number, or run as root";
	case -EINVAL:
	case -EOPNOTSUPP:
	case -EPROTONOSUPPORT:
		return "; the kernel needs CONFIG_NETFILTER_NETLINK_QUEUE";
	default:
		return "";
	}
}

int
queue_new(const struct queue_options *options, struct source **ret_source, char **ret_message)
{
	struct queue *q = g_new0(struct queue, 1);
	int r;

	q->source.ops = &queue_ops;
	q->options = *options;
	q->counters = -1;
	r = open_queue(q);
	if (r < 0) {
		*ret_message = g_strdup_printf("queue %u cannot be bound: %s%s", options->number,
			g_strerror(-r), way_out(r));
		source_free(&q->source);
		return r;
	}
	*ret_source = &q->source;
	return 0;
}

int
queue_fd(const struct source *source)
{
	return queue_of(source)->fd;
}

/* "number port waiting mode range dropped-in-kernel dropped-at-socket sequence 1" */
static void
read_counters(const struct queue *q, const char *line, struct queue_stats *stats)
{
	uint64_t field[7] = { 0 };
	char *at = (char *)line;

	for (unsigned i = 0; i < G_N_ELEMENTS(field); i++)
		field[i] = g_ascii_strtoull(at, &at, 10);
	if (at == line || field[0] != q->options.number)
		return;
	stats->kernel_queued = field[2];
	stats->kernel_dropped = field[5];
	stats->user_dropped = field[6];
}

void
queue_get_stats(const struct source *source, struct queue_stats *ret_stats)
{
	const struct queue *q = queue_of(source);
	struct queue_stats stats = q->stats;
	char text[4096]; /* lines of 50 bytes, one for each queue there is */
	ssize_t n = q->counters < 0 ? -1 : pread(q->counters, text, sizeof(text) - 1, 0);

	stats.held = q->n_held;
	if (n > 0) {
		text[n] = '\0';
		for (char *line = text; line; line = strchr(line, '\n'))
			read_counters(q, line += *line == '\n', &stats);
	}
	*ret_stats = stats;
}

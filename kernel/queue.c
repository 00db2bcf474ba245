// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A netfilter queue.
 *
 * One call of recvmmsg() brings a batch, each packet in a slot of its own; one sendmsg() takes its
 * verdicts back. A verdict for a run of packets releases every packet up to its number, so while a
 * packet is held verdicts are given one by one. For the same reason no packet may ever be queued
 * that we do not see: the queue hands none out before it is set up, and verdicts that cannot be
 * sent are the end of it.
 *
 * Life-cycle: queue_new() binds the queue; free() closes the socket, and the kernel drops what is
 * still queued. Later packets are treated as the rules say for a queue without a listener.
 * Limits: QUEUE_HELD_MAX held packets. QUEUE_IFACES interfaces have a number at a time; after that
 * many all get new ones.
 * Relies on: CAP_NET_ADMIN; the kernel putting one packet into one datagram, and numbering packets
 * in the order in which it hands them out.
 */
#include "kernel/queue.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "packet/decode.h"

/* What the kernel puts around a packet, generously. */
#define SLOT_EXTRA 1024u

/* Bytes of messages that wait in the socket. */
#define SOCKET_BUFFER (16 << 20)

/* A message with a verdict; all its parts have lengths that need no padding. */
struct verdict {
	struct nlmsghdr head;
	struct nfgenmsg general;
	struct nlattr verdict_attr;
	struct nfqnl_msg_verdict_hdr verdict;
	struct nlattr mark_attr; /* may be left out */
	uint32_t mark_be;
};
_Static_assert(sizeof(struct verdict) == 16 + 4 + 4 + 8 + 4 + 4, "as netlink lays it out");

/* Verdicts of one batch, and of held packets that are answered meanwhile. */
#define OUTBOX_SIZE (BATCH_MAX * 2 * sizeof(struct verdict))

/* Times that sending is tried while the kernel has no memory. */
#define SEND_TRIES 100

#define QUEUE_IFACES 1024u /* as many as the engine remembers connections of */
#define HINTS        256u

/* The number of the message that ends the setting up, to know an answer to it by. */
#define SETUP_SEQUENCE 1

/* What must be kept of a packet until its verdict. */
struct waiting {
	uint64_t number;
	uint32_t id;
	uint32_t mark; /* as it came */
	unsigned hook;
};

/* What a packet is told. */
struct answer {
	uint32_t verdict;
	uint32_t mark; /* 0 unless marked */
	bool marked;
};

struct queue {
	struct source source;
	struct queue_options options;
	struct mnl_socket *socket;
	int fd;       /* of the socket */
	int counters; /* the kernel's own, as a file; -1: they cannot be read */
	struct queue_stats stats;
	uint64_t number; /* of the last packet */
	uint8_t *slots;
	struct mmsghdr messages[BATCH_MAX];
	struct iovec vectors[BATCH_MAX];

	/* The batch that is being looked at, and late verdicts that came for it already. */
	unsigned n_batch;
	struct waiting batch[BATCH_MAX];
	struct answer late[BATCH_MAX];
	bool is_late[BATCH_MAX];

	struct waiting held[QUEUE_HELD_MAX];
	unsigned n_held;

	unsigned n_ifaces;
	unsigned ifaces[QUEUE_IFACES]; /* ifindex of each number */
	uint16_t hints[HINTS];         /* by ifindex: where it may be found */

	struct verdict verdict; /* what all have in common */
	size_t filled;          /* of the outbox */
	uint8_t outbox[OUTBOX_SIZE] __attribute__((aligned(8)));
	int failed; /* a negative errno value: there is no going on */
	char error[128];
};

/* The attributes of a queued packet that are of interest. */
struct queued {
	const struct nfqnl_msg_packet_hdr *head;
	const struct nlattr *payload;
	uint32_t mark;
	uint32_t length; /* on the wire; 0: all was copied */
	struct queue_place place;
};

static struct queue *
queue_of(const struct source *source)
{
	return (struct queue *)source;
}

static int
fail(struct queue *q, int error, const char *what)
{
	q->failed = error;
	g_snprintf(q->error, sizeof(q->error), "%s: %s", what, g_strerror(-error));
	return error;
}

/* The number by which the engine knows an interface. */
static uint16_t
iface_number(struct queue *q, unsigned ifindex)
{
	uint16_t *hint = &q->hints[ifindex % HINTS];
	unsigned n = *hint;

	if (n < q->n_ifaces && q->ifaces[n] == ifindex)
		return (uint16_t)n;
	for (n = 0; n < q->n_ifaces && q->ifaces[n] != ifindex; n++)
		;
	/* There is room for a whole batch: see renumber(). */
	if (n == q->n_ifaces)
		q->ifaces[q->n_ifaces++] = ifindex;
	*hint = (uint16_t)n;
	return (uint16_t)n;
}

/* Interfaces come and go; some day there are no numbers left. Not within a batch. */
static void
renumber(struct queue *q)
{
	if (q->n_ifaces + BATCH_MAX <= QUEUE_IFACES)
		return;
	q->n_ifaces = 0;
	q->options.renumbered(q->options.context);
}

/* A word as it stands on the wire. */
static inline uint32_t
word_of(const struct nlattr *attr)
{
	uint32_t word_be;

	memcpy(&word_be, (const char *)attr + NLA_HDRLEN, sizeof(word_be));
	return ntohl(word_be);
}

/* In the order in which the kernel writes them, mostly: a chain of guesses that come true is faster
 * than a jump to anywhere. */
static inline void
read_attribute(struct queued *queued, const struct nlattr *attr)
{
	unsigned type = attr->nla_type & NLA_TYPE_MASK;

	if (type == NFQA_PACKET_HDR)
		queued->head = (const void *)((const char *)attr + NLA_HDRLEN);
	else if (type == NFQA_IFINDEX_INDEV)
		queued->place.in = word_of(attr);
	else if (type == NFQA_IFINDEX_OUTDEV)
		queued->place.out = word_of(attr);
	else if (type == NFQA_MARK)
		queued->mark = word_of(attr);
	else if (type == NFQA_CAP_LEN)
		queued->length = word_of(attr);
	else if (type == NFQA_PAYLOAD)
		queued->payload = attr;
}

/* By hand, for it is done for each packet; the kernel's lengths are right. */
static inline void
read_attributes(struct queued *queued, const struct nlmsghdr *nlh)
{
	const char *at = (const char *)nlh + NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	const char *end = (const char *)nlh + nlh->nlmsg_len;

	while (end - at >= NLA_HDRLEN) {
		const struct nlattr *attr = (const void *)at;

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > end - at)
			break;
		read_attribute(queued, attr);
		at += NLA_ALIGN(attr->nla_len);
	}
}

/* The kernel refuses something: a verdict for a packet that went with its interface, mostly. */
static void
read_refusal(struct queue *q, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *refusal = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*refusal) || !refusal->error)
		return;
	if (nlh->nlmsg_seq == SETUP_SEQUENCE)
		(void)fail(q, refusal->error, "the queue cannot be set up");
	else
		q->stats.gone++;
}

/* True: it is a packet. */
static bool
read_message(struct queue *q, const struct nlmsghdr *nlh, size_t len, uint64_t now,
	struct packet *p, struct waiting *waiting)
{
	struct queued queued = { .head = NULL };

	if (len < sizeof(*nlh) || nlh->nlmsg_len > len)
		return false;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		read_refusal(q, nlh);
	if (nlh->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
		return false;
	read_attributes(&queued, nlh);
	if (!queued.head)
		return false;
	queued.place.hook = queued.head->hook;
	*waiting = (struct waiting){
		.number = ++q->number,
		.id = ntohl(queued.head->packet_id),
		.mark = queued.mark,
		.hook = queued.place.hook,
	};
	p->number = waiting->number;
	p->time = now;
	p->data = queued.payload ? (const uint8_t *)queued.payload + NLA_HDRLEN : NULL;
	p->caplen = queued.payload ? queued.payload->nla_len - (uint32_t)NLA_HDRLEN : 0;
	p->wirelen = MAX(queued.length, p->caplen);
	p->link = LINK_RAW;
	p->way = WAY_UNKNOWN;
	p->iface = iface_number(q, q->options.place(q->options.context, &queued.place, p));
	return true;
}

static int
queue_next(struct source *source, struct batch *batch)
{
	struct queue *q = queue_of(source);
	uint64_t now;
	int n;

	assert(!q->n_batch);
	batch->count = 0;
	if (q->failed)
		return q->failed;
	renumber(q);
	n = recvmmsg(q->fd, q->messages, BATCH_MAX, MSG_DONTWAIT, NULL);
	if (n < 0) {
		q->stats.overruns += errno == ENOBUFS;
		if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
			return 0;
		return fail(q, -errno, "the queue cannot be read");
	}
	now = q->options.now(q->options.context);
	for (int i = 0; i < n; i++)
		batch->count += read_message(q, q->vectors[i].iov_base, q->messages[i].msg_len, now,
			&batch->packets[batch->count], &q->batch[batch->count]);
	q->n_batch = batch->count;
	memset(q->is_late, 0, sizeof(q->is_late));
	q->stats.packets += batch->count;
	q->stats.receptions += batch->count > 0;
	return q->failed && !batch->count ? q->failed : (int)batch->count;
}

int
queue_send(struct source *source)
{
	struct queue *q = queue_of(source);
	int error = 0;

	for (unsigned tries = 0; q->filled && tries < SEND_TRIES; tries++) {
		if (send(q->fd, q->outbox, q->filled, 0) >= 0) {
			q->filled = 0;
			break;
		}
		error = errno;
		if (error == ENOBUFS || error == ENOMEM || error == EAGAIN)
			g_usleep(1000);
		else if (error != EINTR)
			break;
	}
	/* A later verdict for a run would answer for these too. */
	if (q->filled && !q->failed)
		(void)fail(q, -error, "verdicts cannot be sent");
	return q->failed;
}

/* A message with the verdict of one packet, or of all up to it. */
static void
put_verdict(struct queue *q, unsigned type, uint32_t id, const struct answer *answer)
{
	struct verdict *v;

	if (q->filled + sizeof(*v) > sizeof(q->outbox))
		(void)queue_send(&q->source);
	if (q->failed)
		return;
	v = (struct verdict *)(void *)(q->outbox + q->filled);
	*v = q->verdict;
	v->head.nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type);
	v->verdict.verdict = htonl(answer->verdict);
	v->verdict.id = htonl(id);
	v->mark_be = htonl(answer->mark);
	if (!answer->marked)
		v->head.nlmsg_len = offsetof(struct verdict, mark_attr);
	q->filled += v->head.nlmsg_len;
	q->stats.messages++;
}

static struct answer
answer_for(const struct queue *q, const struct packet *p, const struct waiting *waiting)
{
	uint32_t mark;

	if (p->verdict != VERDICT_ACCEPT)
		return (struct answer){ .verdict = NF_DROP };
	if (waiting->hook == NF_INET_LOCAL_OUT)
		return (struct answer){ .verdict = NF_ACCEPT };
	mark = waiting->mark & ~q->options.mask;
	mark |= q->options.mark(q->options.context, p) & q->options.mask;
	if (mark == waiting->mark)
		return (struct answer){ .verdict = NF_ACCEPT };
	return (struct answer){ .verdict = NF_ACCEPT, .mark = mark, .marked = true };
}

static void
hold(struct queue *q, const struct waiting *waiting)
{
	if (q->n_held < QUEUE_HELD_MAX) {
		q->held[q->n_held++] = *waiting;
		return;
	}
	q->stats.not_held++;
	put_verdict(q, NFQNL_MSG_VERDICT, waiting->id, &(struct answer){ .verdict = NF_DROP });
}

/* Keeps what is held, before anything is said of what came with it. */
static void
hold_some(struct queue *q, const struct batch *batch)
{
	for (unsigned i = 0; i < q->n_batch; i++)
		if (batch->packets[i].verdict == VERDICT_HELD && !q->is_late[i])
			hold(q, &q->batch[i]);
}

static bool
same_answer(const struct answer *a, const struct answer *b)
{
	return a->verdict == b->verdict && a->marked == b->marked && a->mark == b->mark;
}

static void
queue_verdicts(struct source *source, const struct batch *batch)
{
	struct queue *q = queue_of(source);
	struct answer run = { 0 }, next;
	bool is_running = false;

	assert(batch->count == q->n_batch);
	hold_some(q, batch);
	for (unsigned i = 0; i < q->n_batch; i++) {
		const struct packet *p = &batch->packets[i];

		if (p->verdict == VERDICT_HELD && !q->is_late[i])
			continue;
		next = q->is_late[i] ? q->late[i] : answer_for(q, p, &q->batch[i]);
		if (q->n_held) {
			put_verdict(q, NFQNL_MSG_VERDICT, q->batch[i].id, &next);
			continue;
		}
		if (is_running && !same_answer(&run, &next))
			put_verdict(q, NFQNL_MSG_VERDICT_BATCH, q->batch[i - 1].id, &run);
		run = next;
		is_running = true;
	}
	if (is_running)
		put_verdict(q, NFQNL_MSG_VERDICT_BATCH, q->batch[q->n_batch - 1].id, &run);
	q->n_batch = 0;
	(void)queue_send(source);
}

void
queue_late_verdict(struct source *source, const struct packet *p)
{
	struct queue *q = queue_of(source);
	uint64_t place = q->n_batch ? p->number - q->batch[0].number : 0;
	struct answer answer;

	/* Its verdict may come before the batch is through that it came with. */
	if (place < q->n_batch) {
		q->late[place] = answer_for(q, p, &q->batch[place]);
		q->is_late[place] = true;
		return;
	}
	for (unsigned i = 0; i < q->n_held; i++) {
		if (q->held[i].number != p->number)
			continue;
		answer = answer_for(q, p, &q->held[i]);
		put_verdict(q, NFQNL_MSG_VERDICT, q->held[i].id, &answer);
		q->held[i] = q->held[--q->n_held];
		return;
	}
}

static const char *
queue_interface_name(const struct source *source, unsigned iface)
{
	const struct queue *q = queue_of(source);

	if (iface >= q->n_ifaces || !q->ifaces[iface])
		return NULL;
	return q->options.interface_name(q->options.context, q->ifaces[iface]);
}

static const char *
queue_error(const struct source *source)
{
	return queue_of(source)->error;
}

static void
queue_free(struct source *source)
{
	struct queue *q = queue_of(source);

	if (q->socket)
		mnl_socket_close(q->socket);
	if (q->counters >= 0)
		close(q->counters);
	g_free(q->slots);
	g_free(q);
}

static const struct source_ops queue_ops = {
	.next = queue_next,
	.verdicts = queue_verdicts,
	.interface_name = queue_interface_name,
	.error = queue_error,
	.free = queue_free,
};

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

/*
 * Until it is told what to copy, a queue drops everything and hands nothing out. So that comes
 * last, and its answer, which may stand behind packets, is left to queue_next().
 */
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
	nlh->nlmsg_seq = SETUP_SEQUENCE;
	mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(copy), &copy);
	return mnl_socket_sendto(q->socket, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}

static void
prepare_verdict(struct queue *q)
{
	q->verdict = (struct verdict){
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
		queue_free(&q->source);
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

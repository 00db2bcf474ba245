// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A netfilter queue.
 *
 * One call of recvmmsg() brings a batch, each packet in a slot of its own; one send() takes its
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
#include "queue-private.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <linux/netfilter.h>

#include "packet/decode.h"

/* Times that sending is tried while the kernel has no memory. */
#define SEND_TRIES 100

/* The attributes of a queued packet that are of interest. */
struct queued {
	const struct nfqnl_msg_packet_hdr *head;
	const struct nlattr *payload;
	uint32_t mark;
	uint32_t length; /* on the wire; 0: all was copied */
	struct queue_place place;
};

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
	uint16_t *hint = &q->hints[ifindex % QUEUE_HINTS];
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
	if (nlh->nlmsg_seq == QUEUE_SETUP)
		(void)fail(q, refusal->error, "the queue cannot be set up");
	else
		q->stats.gone++;
}

/* True: it is a packet. */
static bool
read_message(struct queue *q, const struct nlmsghdr *nlh, size_t len, uint64_t now,
	struct packet *p, struct queue_waiting *waiting)
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
	*waiting = (struct queue_waiting){
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
put_verdict(struct queue *q, unsigned type, uint32_t id, const struct queue_answer *answer)
{
	struct queue_message *m;

	if (q->filled + sizeof(*m) > sizeof(q->outbox))
		(void)queue_send(&q->source);
	if (q->failed)
		return;
	m = (struct queue_message *)(void *)(q->outbox + q->filled);
	*m = q->verdict;
	m->head.nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type);
	m->verdict.verdict = htonl(answer->verdict);
	m->verdict.id = htonl(id);
	m->mark_be = htonl(answer->mark);
	if (!answer->marked)
		m->head.nlmsg_len = offsetof(struct queue_message, mark_attr);
	q->filled += m->head.nlmsg_len;
	q->stats.messages++;
}

static struct queue_answer
answer_for(const struct queue *q, const struct packet *p, const struct queue_waiting *waiting)
{
	uint32_t mark;

	if (p->verdict != VERDICT_ACCEPT)
		return (struct queue_answer){ .verdict = NF_DROP };
	if (waiting->hook == NF_INET_LOCAL_OUT)
		return (struct queue_answer){ .verdict = NF_ACCEPT };
	mark = waiting->mark & ~q->options.mask;
	mark |= q->options.mark(q->options.context, p) & q->options.mask;
	if (mark == waiting->mark)
		return (struct queue_answer){ .verdict = NF_ACCEPT };
	return (struct queue_answer){ .verdict = NF_ACCEPT, .mark = mark, .marked = true };
}

static void
hold(struct queue *q, const struct queue_waiting *waiting)
{
	if (q->n_held < QUEUE_HELD_MAX) {
		q->held[q->n_held++] = *waiting;
		return;
	}
	q->stats.not_held++;
	put_verdict(
		q, NFQNL_MSG_VERDICT, waiting->id, &(struct queue_answer){ .verdict = NF_DROP });
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
same_answer(const struct queue_answer *a, const struct queue_answer *b)
{
	return a->verdict == b->verdict && a->marked == b->marked && a->mark == b->mark;
}

static void
queue_verdicts(struct source *source, const struct batch *batch)
{
	struct queue *q = queue_of(source);
	struct queue_answer run = { 0 }, next;
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
	struct queue_answer answer;

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

const struct source_ops queue_ops = {
	.next = queue_next,
	.verdicts = queue_verdicts,
	.interface_name = queue_interface_name,
	.error = queue_error,
	.free = queue_free,
};

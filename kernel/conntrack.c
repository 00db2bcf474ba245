// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connection tracking through libnetfilter_conntrack, which reads and writes the messages; sockets
 * are ours, for its own way of listening waits for ever.
 *
 * Three sockets: one hears the ends of connections, one asks and is answered at once, one is for
 * dumps, which may take their time. The first has a large buffer and a filter, so that ends of what
 * is not ours take neither room nor time; what does not fit is lost, conntrack_read() says so, and
 * a dump then tells who is left.
 *
 * Life-cycle: conntrack_new() opens them, conntrack_free() closes them; the kernel's entries stay.
 * Limits: the buffer of events. One thread.
 * Relies on: CAP_NET_ADMIN when it is opened and when entries are changed; the kernel answering
 * within the system call that asks.
 */
#include "kernel/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_compat.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "packet/packet.h"

/* Bytes that wait to be heard: some fifty thousand ends. */
#define EVENT_BUFFER (32 << 20)

/* Events of one system call, and bytes of one: 250 to 600 are usual. */
#define EVENT_SLOTS 32u
#define EVENT_SIZE  4096u

/* System calls of one conntrack_read(). */
#define EVENT_READS 128u

/* As large as the kernel makes its answers. */
#define ANSWER_SIZE 32768u

enum { ASKS, DUMPS, EVENTS, SOCKETS };

struct conntrack {
	struct conntrack_options options;
	struct mnl_socket *sockets[SOCKETS];
	uint32_t sequence; /* of the last question */
	uint32_t dump;     /* sequence of the dump that is on its way; 0: none */
	struct mmsghdr messages[EVENT_SLOTS];
	struct iovec vectors[EVENT_SLOTS];
	uint8_t slots[EVENT_SLOTS][EVENT_SIZE];
	/* By socket: whoever is told of an entry in a dump may ask something else. */
	uint8_t answers[SOCKETS - 1][ANSWER_SIZE];
};

/* Where the parts of a tuple stand. */
struct parts {
	enum nf_conntrack_attr src4, dst4, src6, dst6, src_port, dst_port;
};

static const struct parts original_parts = {
	ATTR_ORIG_IPV4_SRC,
	ATTR_ORIG_IPV4_DST,
	ATTR_ORIG_IPV6_SRC,
	ATTR_ORIG_IPV6_DST,
	ATTR_ORIG_PORT_SRC,
	ATTR_ORIG_PORT_DST,
};

/* Behind the translation of the destination that is the source of replies. */
static const struct parts seen_parts = {
	ATTR_ORIG_IPV4_SRC,
	ATTR_REPL_IPV4_SRC,
	ATTR_ORIG_IPV6_SRC,
	ATTR_REPL_IPV6_SRC,
	ATTR_ORIG_PORT_SRC,
	ATTR_REPL_PORT_SRC,
};

/* The ports of a tuple, as tuple.h has them. Of GRE the kernel knows what the receiver goes by: the
 * call id of version 1, or 0. */
static void
read_ports(const struct nf_conntrack *ct, const struct parts *parts, struct tuple *tuple)
{
	switch (tuple->proto) {
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		tuple->src_port = ntohs(nfct_get_attr_u16(ct, ATTR_ICMP_ID));
		tuple->dst_port = (uint16_t)(nfct_get_attr_u8(ct, ATTR_ICMP_TYPE) << 8);
		break;
	case PROTO_GRE:
		tuple->dst_port = ntohs(nfct_get_attr_u16(ct, ATTR_ORIG_PORT_DST));
		break;
	case PROTO_TCP:
	case PROTO_UDP:
		tuple->src_port = ntohs(nfct_get_attr_u16(ct, parts->src_port));
		tuple->dst_port = ntohs(nfct_get_attr_u16(ct, parts->dst_port));
		break;
	default:
		break;
	}
}

/* False: it is of no family that we know, or not all of it is there. */
static bool
read_tuple(const struct nf_conntrack *ct, const struct parts *parts, struct tuple *ret_tuple)
{
	bool v4 = nfct_get_attr_u8(ct, ATTR_ORIG_L3PROTO) == AF_INET;
	const void *src = nfct_get_attr(ct, v4 ? parts->src4 : parts->src6);
	const void *dst = nfct_get_attr(ct, v4 ? parts->dst4 : parts->dst6);
	struct tuple tuple = {
		.family = v4 ? PN_ADDR_IPV4 : PN_ADDR_IPV6,
		.proto = nfct_get_attr_u8(ct, ATTR_ORIG_L4PROTO),
	};

	if (!src || !dst)
		return false;
	tuple.src = v4 ? addr_ipv4(src) : addr_ipv6(src);
	tuple.dst = v4 ? addr_ipv4(dst) : addr_ipv6(dst);
	read_ports(ct, parts, &tuple);
	*ret_tuple = tuple;
	return true;
}

static bool
read_entry(const struct nf_conntrack *ct, struct conntrack_entry *ret_entry)
{
	uint32_t status = nfct_get_attr_u32(ct, ATTR_STATUS);
	struct conntrack_entry entry = {
		.mark = nfct_get_attr_u32(ct, ATTR_MARK),
		.timeout = nfct_get_attr_u32(ct, ATTR_TIMEOUT),
		.zone = nfct_get_attr_u16(ct, ATTR_ZONE),
		.is_replied = status & IPS_SEEN_REPLY,
		.is_assured = status & IPS_ASSURED,
	};

	if (!read_tuple(ct, &original_parts, &entry.original) ||
		!read_tuple(ct, &seen_parts, &entry.seen))
		return false;
	entry.packets[0] = nfct_get_attr_u64(ct, ATTR_ORIG_COUNTER_PACKETS);
	entry.packets[1] = nfct_get_attr_u64(ct, ATTR_REPL_COUNTER_PACKETS);
	entry.bytes[0] = nfct_get_attr_u64(ct, ATTR_ORIG_COUNTER_BYTES);
	entry.bytes[1] = nfct_get_attr_u64(ct, ATTR_REPL_COUNTER_BYTES);
	if (entry.original.proto == PROTO_TCP)
		entry.tcp_state = nfct_get_attr_u8(ct, ATTR_TCP_STATE);
	*ret_entry = entry;
	return true;
}

/* What a message says of an entry. */
static bool
read_message(const struct nlmsghdr *nlh, struct conntrack_entry *ret_entry)
{
	struct nf_conntrack *ct = nfct_new();
	bool is_read = ct && nfct_nlmsg_parse(nlh, ct) >= 0 && read_entry(ct, ret_entry);

	if (ct)
		nfct_destroy(ct);
	return is_read;
}

/* Passes on what has one of our bits in its mark; the mark is not there if it is 0. */
static int
filter_events(int fd, uint32_t mask)
{
	const uint32_t attributes = NLMSG_HDRLEN + sizeof(struct nfgenmsg);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_IMM, attributes),
		BPF_STMT(BPF_LDX | BPF_IMM, CTA_MARK),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_NLATTR)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 4, 0),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_IND, NLA_HDRLEN),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, mask, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .len = G_N_ELEMENTS(code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

static int
open_sockets(struct conntrack *c)
{
	int size = EVENT_BUFFER, fd, r;

	for (unsigned i = 0; i < SOCKETS; i++) {
		c->sockets[i] = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
		if (!c->sockets[i])
			return -errno;
	}
	fd = mnl_socket_get_fd(c->sockets[EVENTS]);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	r = filter_events(fd, c->options.mask);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < SOCKETS; i++) {
		unsigned groups = i == EVENTS ? NF_NETLINK_CONNTRACK_DESTROY : 0;

		if (mnl_socket_bind(c->sockets[i], groups, MNL_SOCKET_AUTOPID) < 0)
			return -errno;
	}
	return 0;
}

int
conntrack_new(const struct conntrack_options *options, struct conntrack **ret_conntrack,
	char **ret_message)
{
	struct conntrack *c = g_new0(struct conntrack, 1);
	int r;

	c->options = *options;
	for (unsigned i = 0; i < EVENT_SLOTS; i++) {
		c->vectors[i] = (struct iovec){ c->slots[i], EVENT_SIZE };
		c->messages[i].msg_hdr.msg_iov = &c->vectors[i];
		c->messages[i].msg_hdr.msg_iovlen = 1;
	}
	r = open_sockets(c);
	if (r < 0) {
		*ret_message = g_strdup_printf(
			"the kernel's connection tracking cannot be heard: %s%s", g_strerror(-r),
			r == -EPERM ? "; run as root" : "; it needs CONFIG_NF_CT_NETLINK");
		conntrack_free(c);
		return r;
	}
	*ret_conntrack = c;
	return 0;
}

void
conntrack_free(struct conntrack *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < SOCKETS; i++)
		if (c->sockets[i])
			mnl_socket_close(c->sockets[i]);
	g_free(c);
}

int
conntrack_fd(const struct conntrack *c)
{
	return mnl_socket_get_fd(c->sockets[EVENTS]);
}

/* One datagram of events, each of them an end. */
static void
read_event(struct conntrack *c, const void *bytes, size_t n)
{
	const struct nlmsghdr *nlh = bytes;
	struct conntrack_entry entry;
	int len = (int)n;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_type == (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE) &&
			read_message(nlh, &entry) && entry.mark & c->options.mask)
			c->options.ended(c->options.context, &entry);
	}
}

/* Reads up to EVENT_SLOTS datagrams. Returns how many, or a negative errno value. */
static int
read_events(struct conntrack *c, bool *lost)
{
	int n = recvmmsg(conntrack_fd(c), c->messages, EVENT_SLOTS, MSG_DONTWAIT, NULL);

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		*lost |= (c->messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
		read_event(c, c->slots[i], c->messages[i].msg_len);
	}
	return n;
}

int
conntrack_read(struct conntrack *c)
{
	bool lost = false;
	int heard = 0, n;

	/* Mostly there is nothing, and this is the quickest way to know. */
	if (recv(conntrack_fd(c), NULL, 0, MSG_PEEK | MSG_DONTWAIT) < 0) {
		if (errno == EAGAIN)
			return 0;
		lost = errno == ENOBUFS;
	}
	for (unsigned reads = 0; reads < EVENT_READS; reads++) {
		n = read_events(c, &lost);
		if (n == -ENOBUFS) {
			lost = true;
			continue;
		}
		if (n < 0 && n != -EAGAIN && n != -EINTR)
			return n;
		heard += MAX(n, 0);
		if (n < (int)EVENT_SLOTS)
			break;
	}
	return lost ? -ENOBUFS : heard;
}

/* The head of a question. */
static struct nlmsghdr *
put_question(struct conntrack *c, void *buffer, unsigned type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++c->sequence ? c->sequence : ++c->sequence;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

static int
send_question(const struct mnl_socket *socket, const struct nlmsghdr *nlh)
{
	return mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}

/* What is read of an answer. */
struct answer {
	conntrack_visit *visit;
	void *context;
	bool is_over;
	int error;
};

/* One message that answers the question `sequence`. */
static void
read_answer(const struct nlmsghdr *nlh, struct answer *answer)
{
	struct conntrack_entry entry;
	const int *error = mnl_nlmsg_get_payload(nlh);

	switch (nlh->nlmsg_type) {
	case NLMSG_ERROR:
		if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(*error))
			answer->error = *error;
		answer->is_over = true;
		break;
	case NLMSG_DONE:
		answer->is_over = true;
		break;
	case NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW:
		if (answer->visit && read_message(nlh, &entry))
			answer->visit(answer->context, &entry);
		break;
	default:
		break;
	}
}

/* Reads one datagram of the answer to a question. */
static int
read_answers(struct conntrack *c, unsigned socket, uint32_t sequence, struct answer *answer)
{
	uint8_t *bytes = c->answers[socket];
	const struct nlmsghdr *nlh = (const void *)bytes;
	ssize_t n = mnl_socket_recvfrom(c->sockets[socket], bytes, ANSWER_SIZE);
	int len = (int)n;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (; mnl_nlmsg_ok(nlh, len) && !answer->is_over; nlh = mnl_nlmsg_next(nlh, &len))
		if (nlh->nlmsg_seq == sequence)
			read_answer(nlh, answer);
	return answer->error;
}

/* Asks, and reads the answer to its end. */
static int
ask(struct conntrack *c, const struct nlmsghdr *nlh, conntrack_visit *visit, void *context)
{
	struct answer answer = { .visit = visit, .context = context };
	int r = send_question(c->sockets[ASKS], nlh);

	while (r == 0 && !answer.is_over)
		r = read_answers(c, ASKS, nlh->nlmsg_seq, &answer);
	return r;
}

int
conntrack_dump_begin(struct conntrack *c, uint32_t bits)
{
	char buffer[256];
	struct nlmsghdr *nlh;
	int r;

	if (c->dump)
		return -EBUSY;
	nlh = put_question(c, buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
	mnl_attr_put_u32(nlh, CTA_MARK, htonl(bits));
	mnl_attr_put_u32(nlh, CTA_MARK_MASK, htonl(bits));
	r = send_question(c->sockets[DUMPS], nlh);
	if (r == 0)
		c->dump = nlh->nlmsg_seq;
	return r;
}

int
conntrack_dump_next(struct conntrack *c, conntrack_visit *visit, void *context)
{
	struct answer answer = { .visit = visit, .context = context };
	int r = read_answers(c, DUMPS, c->dump, &answer);

	if (r < 0 || answer.is_over)
		c->dump = 0;
	return r < 0 ? r : !answer.is_over;
}

int
conntrack_dump_fd(const struct conntrack *c)
{
	return c->dump ? mnl_socket_get_fd(c->sockets[DUMPS]) : -1;
}

int
conntrack_dump(struct conntrack *c, uint32_t bits, conntrack_visit *visit, void *context)
{
	int r = conntrack_dump_begin(c, bits);

	if (r == 0)
		r = 1;
	while (r > 0)
		r = conntrack_dump_next(c, visit, context);
	return r;
}

static void
write_ports(struct nf_conntrack *ct, const struct tuple *tuple)
{
	switch (tuple->proto) {
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		nfct_set_attr_u8(ct, ATTR_ICMP_TYPE, (uint8_t)(tuple->dst_port >> 8));
		nfct_set_attr_u8(ct, ATTR_ICMP_CODE, 0);
		nfct_set_attr_u16(ct, ATTR_ICMP_ID, htons(tuple->src_port));
		break;
	case PROTO_GRE:
	case PROTO_TCP:
	case PROTO_UDP:
		nfct_set_attr_u16(ct, ATTR_PORT_SRC, htons(tuple->src_port));
		nfct_set_attr_u16(ct, ATTR_PORT_DST, htons(tuple->dst_port));
		break;
	default:
		break;
	}
}

/* Says in a message which connection it is about. */
static int
put_name(struct nlmsghdr *nlh, const struct tuple *tuple, uint16_t zone)
{
	struct nf_conntrack *ct = nfct_new();
	bool v4 = tuple->family == PN_ADDR_IPV4;
	int r;

	if (!ct)
		return -ENOMEM;
	nfct_set_attr_u8(ct, ATTR_L3PROTO, v4 ? AF_INET : AF_INET6);
	nfct_set_attr_u8(ct, ATTR_L4PROTO, tuple->proto);
	nfct_set_attr(ct, v4 ? ATTR_IPV4_SRC : ATTR_IPV6_SRC, tuple->src.bytes);
	nfct_set_attr(ct, v4 ? ATTR_IPV4_DST : ATTR_IPV6_DST, tuple->dst.bytes);
	write_ports(ct, tuple);
	if (zone)
		nfct_set_attr_u16(ct, ATTR_ZONE, zone);
	r = nfct_nlmsg_build(nlh, ct) < 0 ? -EINVAL : 0;
	nfct_destroy(ct);
	return r;
}

static uint8_t
family_of(const struct tuple *tuple)
{
	return tuple->family == PN_ADDR_IPV4 ? AF_INET : AF_INET6;
}

struct found {
	struct conntrack_entry *entry;
	bool is_found;
};

static void
keep_answer(void *context, const struct conntrack_entry *entry)
{
	struct found *found = context;

	*found->entry = *entry;
	found->is_found = true;
}

int
conntrack_get(struct conntrack *c, const struct tuple *tuple, struct conntrack_entry *ret_entry)
{
	char buffer[1024];
	struct nlmsghdr *nlh =
		put_question(c, buffer, IPCTNL_MSG_CT_GET, NLM_F_ACK, family_of(tuple));
	struct conntrack_entry entry;
	struct found found = { .entry = &entry };
	int r = put_name(nlh, tuple, 0);

	if (r == 0)
		r = ask(c, nlh, keep_answer, &found);
	if (r == 0 && !found.is_found)
		r = -ENOENT;
	if (r == 0)
		*ret_entry = entry;
	return r;
}

static int
set_mark(
	struct conntrack *c, const struct tuple *tuple, uint16_t zone, uint32_t mark, uint32_t mask)
{
	char buffer[1024];
	struct nlmsghdr *nlh =
		put_question(c, buffer, IPCTNL_MSG_CT_NEW, NLM_F_ACK, family_of(tuple));
	int r = put_name(nlh, tuple, zone);

	if (r < 0)
		return r;
	mnl_attr_put_u32(nlh, CTA_MARK, htonl(mark & mask));
	mnl_attr_put_u32(nlh, CTA_MARK_MASK, htonl(mask));
	return ask(c, nlh, NULL, NULL);
}

int
conntrack_set_mark(struct conntrack *c, const struct tuple *tuple, uint32_t mark, uint32_t mask)
{
	return set_mark(c, tuple, 0, mark, mask);
}

int
conntrack_mark_entry(
	struct conntrack *c, const struct conntrack_entry *entry, uint32_t mark, uint32_t mask)
{
	return set_mark(c, &entry->original, entry->zone, mark, mask);
}

int
conntrack_delete(struct conntrack *c, const struct tuple *tuple)
{
	char buffer[1024];
	struct nlmsghdr *nlh =
		put_question(c, buffer, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family_of(tuple));
	int r = put_name(nlh, tuple, 0);

	return r < 0 ? r : ask(c, nlh, NULL, NULL);
}

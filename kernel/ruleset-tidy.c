// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What iptables has made for our rules in nf_tables, and leaves behind without them: its base
 * chains, empty, and the table that they are in.
 *
 * They are taken away where they accept and have no rules, if nobody changes anything between the
 * look at them and their end: the kernel refuses what was decided on in an older generation of the
 * rules. iptables makes them anew for whoever needs them.
 *
 * Limits: CHAINS_MAX base chains in a table; TIDY_TRIES and PATIENCE, then they stay. Any thread.
 * Relies on: CAP_NET_ADMIN, and the words of `nft list table`.
 */
#include "ruleset-private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <nftables/libnftables.h>

#define TIDY_TRIES 3
#define PATIENCE   5 /* seconds for an answer */
#define CHAINS_MAX 8

/* A batch: a begin, at most CHAINS_MAX messages with two short names, an end. */
#define BATCH_SIZE 2048
#define SEQ        1

/* Names of base chains that iptables gives. */
static const char *const builtins[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT", NULL };

struct chain {
	char name[32];
	bool is_idle; /* a base chain of iptables that accepts and has no rules */
};

/* A table as it is listed. */
struct look {
	struct chain chains[CHAINS_MAX];
	unsigned n;
	bool has_more; /* something that is not idle */
};

static void
look_at_line(struct look *look, const char *line)
{
	struct chain *last = look->n ? &look->chains[look->n - 1] : NULL;

	if (!*line || *line == '#' || *line == '}' || g_str_has_prefix(line, "table "))
		return;
	if (g_str_has_prefix(line, "chain ") && look->n < CHAINS_MAX) {
		last = &look->chains[look->n++];
		g_snprintf(last->name, sizeof(last->name), "%.*s", (int)strcspn(line + 6, " "),
			line + 6);
	} else if (last && g_str_has_prefix(line, "type ")) {
		last->is_idle = g_strv_contains(builtins, last->name) &&
				g_str_has_suffix(line, "policy accept;");
	} else {
		look->has_more = true;
		if (last)
			last->is_idle = false;
	}
}

static void
look_at(struct look *look, unsigned family, const char *table)
{
	g_autofree char *command =
		g_strdup_printf("list table %s %s", family == NFPROTO_IPV6 ? "ip6" : "ip", table);
	struct nft_ctx *nft = ruleset_nft_open(NFT_CTX_OUTPUT_STATELESS);
	bool is_there = nft && !nft_run_cmd_from_buffer(nft, command);
	g_auto(GStrv) lines = g_strsplit(is_there ? nft_ctx_get_output_buffer(nft) : "", "\n", -1);

	memset(look, 0, sizeof(*look));
	look->has_more = !is_there;
	for (unsigned i = 0; lines[i]; i++)
		look_at_line(look, g_strstrip(lines[i]));
	for (unsigned i = 0; i < look->n; i++)
		look->has_more |= !look->chains[i].is_idle;
	if (nft)
		nft_ctx_free(nft);
}

static struct nlmsghdr *
put_header(void *buffer, unsigned type, unsigned flags, unsigned family, unsigned resource)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (uint16_t)type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nlh->nlmsg_seq = SEQ;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = (uint8_t)family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons((uint16_t)resource);
	return nlh;
}

static int
keep_generation(const struct nlmsghdr *nlh, void *data)
{
	struct nlattr *attr;

	mnl_attr_for_each(attr, nlh,
		sizeof(struct nfgenmsg)) if (mnl_attr_get_type(attr) == NFTA_GEN_ID &&
					     mnl_attr_validate(attr, MNL_TYPE_U32) >= 0) *
		(uint32_t *)data = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

/* Sends what is in the buffer and reads the answer, up to the first error or acknowledgement. */
static int
ask(struct mnl_socket *socket, void *buffer, size_t len, uint32_t *generation_be)
{
	int r = MNL_CB_OK;

	if (mnl_socket_sendto(socket, buffer, len) < 0)
		return -errno;
	while (r > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(socket, buffer, BATCH_SIZE);

		if (n < 0)
			return -errno;
		r = mnl_cb_run(buffer, (size_t)n, SEQ, mnl_socket_get_portid(socket),
			keep_generation, generation_be);
		if (r < 0)
			return -errno;
	}
	return 0;
}

/* Of the rules as they are; as it came, since it only goes back. */
static int
get_generation(struct mnl_socket *socket, uint32_t *ret_generation_be)
{
	char buffer[BATCH_SIZE];
	struct nlmsghdr *nlh = put_header(
		buffer, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, NLM_F_ACK, NFPROTO_UNSPEC, 0);

	return ask(socket, buffer, nlh->nlmsg_len, ret_generation_be);
}

/* The table if all of it is idle, else those of its chains that are. The last one is to be
 * acknowledged, which comes when the batch is done, and after any error. Returns bytes. */
static size_t
put_deletions(char *buffer, const struct look *look, unsigned family, const char *table)
{
	unsigned type = look->has_more ? NFT_MSG_DELCHAIN : NFT_MSG_DELTABLE;
	unsigned n = look->has_more ? look->n : 1;
	struct nlmsghdr *nlh = NULL;
	size_t len = 0;

	for (unsigned i = 0; i < n; i++) {
		if (look->has_more && !look->chains[i].is_idle)
			continue;
		nlh = put_header(buffer + len, NFNL_SUBSYS_NFTABLES << 8 | type, 0, family, 0);
		mnl_attr_put_strz(nlh, look->has_more ? NFTA_CHAIN_TABLE : NFTA_TABLE_NAME, table);
		if (look->has_more)
			mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, look->chains[i].name);
		len += nlh->nlmsg_len;
	}
	if (nlh)
		nlh->nlmsg_flags |= NLM_F_ACK;
	return len;
}

static int
delete_idle(struct mnl_socket *socket, const struct look *look, unsigned family, const char *table,
	uint32_t generation_be)
{
	char buffer[BATCH_SIZE];
	struct nlmsghdr *nlh =
		put_header(buffer, NFNL_MSG_BATCH_BEGIN, 0, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES);
	size_t begin, len;

	mnl_attr_put_u32(nlh, NFNL_BATCH_GENID, generation_be);
	begin = nlh->nlmsg_len;
	len = begin + put_deletions(buffer + begin, look, family, table);
	if (len == begin)
		return 0;
	nlh = put_header(buffer + len, NFNL_MSG_BATCH_END, 0, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES);
	return ask(socket, buffer, len + nlh->nlmsg_len, NULL);
}

static int
tidy_once(struct mnl_socket *socket, unsigned family, const char *table)
{
	uint32_t generation_be = 0;
	struct look look;
	int r = get_generation(socket, &generation_be);

	if (r < 0 || !generation_be)
		return r;
	look_at(&look, family, table);
	return delete_idle(socket, &look, family, table, generation_be);
}

void
ruleset_tidy(unsigned family, const char *table)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	struct timeval patience = { .tv_sec = PATIENCE };
	int r = -ERESTART;

	if (!socket)
		return;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
		setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &patience,
			sizeof(patience)))
		r = -errno;
	for (unsigned tries = 0; tries < TIDY_TRIES && r == -ERESTART; tries++)
		r = tidy_once(socket, family == 6 ? NFPROTO_IPV6 : NFPROTO_IPV4, table);
	mnl_socket_close(socket);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* A queue between a client and a server. Lives in a process that ends with the test. */
#include "queue-stage.h"

#include <check.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static unsigned
place(void *context, const struct queue_place *place, struct packet *p)
{
	struct stage *s = context;

	s->place = *place;
	p->way = WAY_RECEIVED;
	return s->fake_ifindex ? s->fake_ifindex++ : place->in ? place->in : place->out;
}

static uint32_t
mark(void *context, const struct packet *p)
{
	struct stage *s = context;

	s->asked++;
	return s->mark;
}

static const char *
interface_name(void *context, unsigned ifindex)
{
	struct stage *s = context;
	static char name[IF_NAMESIZE];

	if (!s->fake_ifindex)
		return if_indextoname(ifindex, name);
	g_snprintf(name, sizeof(name), "if%u", ifindex);
	return name;
}

static void
renumbered(void *context)
{
	struct stage *s = context;

	s->renumbered++;
}

static uint64_t
now(void *context)
{
	return 1234567890;
}

struct queue_options
stage_options(struct stage *s)
{
	return (struct queue_options){
		.number = STAGE_NUMBER,
		.length = 4096,
		.copy_range = QUEUE_WHOLE,
		.mask = STAGE_OURS | STAGE_OURS2,
		.place = place,
		.mark = mark,
		.interface_name = interface_name,
		.renumbered = renumbered,
		.now = now,
		.context = s,
	};
}

void
stage_open(struct stage *s, const struct queue_options *options)
{
	char *message = NULL;

	ck_assert_msg(queue_new(options, &s->queue, &message) == 0, "%s", message);
}

void
stage_iptables(const struct stage *s, const char *rule)
{
	g_autofree char *command =
		g_strdup_printf("%s %s", s->family == 4 ? "iptables" : "ip6tables", rule);

	g_free(world_run(command, NULL));
}

void
stage_begin_without(struct stage *s, unsigned family)
{
	memset(s, 0, sizeof(*s));
	s->family = family;
	world_new(&s->w, WORLD_IPTABLES_NFT);
	stage_iptables(s, "-t mangle -A FORWARD -p udp -j NFQUEUE --queue-num 7");
	s->client = world_socket(&s->w, WORLD_CLIENT, family, STAGE_PORT);
	s->server = world_socket(&s->w, WORLD_SERVER, family, STAGE_PORT);
}

void
stage_begin(struct stage *s, unsigned family)
{
	struct queue_options options;

	stage_begin_without(s, family);
	options = stage_options(s);
	stage_open(s, &options);
}

void
stage_end(struct stage *s)
{
	source_free(s->queue);
	close(s->client);
	close(s->server);
	world_free(&s->w);
}

struct queue_stats
stage_stats(const struct stage *s)
{
	struct queue_stats stats;

	queue_get_stats(s->queue, &stats);
	return stats;
}

void
stage_send(struct stage *s, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		world_send(s->client, s->family, WORLD_SERVER, STAGE_PORT);
}

unsigned
stage_count_heard(const struct stage *s)
{
	unsigned heard = 0;

	while (world_hears(s->server, STAGE_SHORT))
		heard++;
	return heard;
}

bool
stage_waits(const struct stage *s, int patience)
{
	struct pollfd ready = { .fd = queue_fd(s->queue), .events = POLLIN };

	return poll(&ready, 1, patience) == 1;
}

struct packet *
stage_next(struct stage *s, unsigned count)
{
	ck_assert(stage_waits(s, STAGE_LONG));
	ck_assert_int_eq(source_next(s->queue, &s->batch), (int)count);
	return s->batch.packets;
}

struct packet *
stage_take(struct stage *s, unsigned count)
{
	uint64_t queued = stage_stats(s).kernel_queued + count;

	stage_send(s, count);
	for (unsigned i = 0; i < 1000 && stage_stats(s).kernel_queued < queued; i++)
		usleep(1000);
	return stage_next(s, count);
}

void
stage_answer(struct stage *s, enum verdict verdict)
{
	for (unsigned i = 0; i < s->batch.count; i++)
		s->batch.packets[i].verdict = (uint8_t)verdict;
	source_verdicts(s->queue, &s->batch);
}

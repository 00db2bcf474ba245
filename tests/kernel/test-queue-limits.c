// SPDX-License-Identifier: GPL-2.0-or-later
/* A queue where it becomes difficult: held packets, no room, interfaces that go, other owners. */
#include "queue-stage.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/kit.h"

static void
answer_late(struct stage *s, uint64_t number, enum verdict verdict)
{
	const struct packet p = { .number = number, .verdict = (uint8_t)verdict };

	queue_late_verdict(s->queue, &p);
}

/* Verdicts for what comes behind a held packet say nothing of it. */
START_TEST(held)
{
	struct stage s;

	stage_begin(&s, 4);
	stage_take(&s, 5);
	for (unsigned i = 0; i < 5; i++)
		s.batch.packets[i].verdict =
			i == 1 || i == 2 || i == 4 ? VERDICT_HELD : VERDICT_ACCEPT;
	source_verdicts(s.queue, &s.batch);
	ck_assert_uint_eq(stage_count_heard(&s), 2);
	ck_assert_uint_eq(stage_stats(&s).held, 3);
	ck_assert_uint_eq(stage_stats(&s).kernel_queued, 3);

	stage_take(&s, 20 - 3 + 3);
	stage_answer(&s, VERDICT_ACCEPT);
	ck_assert_uint_eq(stage_count_heard(&s), 20);
	ck_assert_uint_eq(stage_stats(&s).held, 3);

	answer_late(&s, 2, VERDICT_DROP);
	answer_late(&s, 77, VERDICT_ACCEPT); /* nobody */
	answer_late(&s, 5, VERDICT_ACCEPT);
	ck_assert_uint_eq(stage_count_heard(&s), 0);
	ck_assert_int_eq(queue_send(s.queue), 0);
	ck_assert_uint_eq(stage_count_heard(&s), 1);
	answer_late(&s, 5, VERDICT_ACCEPT); /* not twice */
	ck_assert_uint_eq(stage_stats(&s).held, 1);

	/* With the verdicts of a batch; from then on there are runs again. */
	stage_take(&s, 4);
	answer_late(&s, 3, VERDICT_ACCEPT);
	stage_answer(&s, VERDICT_DROP);
	ck_assert_uint_eq(stage_count_heard(&s), 1);
	ck_assert_uint_eq(stage_stats(&s).held, 0);
	ck_assert_uint_eq(stage_stats(&s).kernel_queued, 0);
	ck_assert_uint_eq(stage_stats(&s).gone, 0);
	stage_end(&s);
}
END_TEST

/* A packet that is held, and answered before its batch is through. */
START_TEST(held_for_a_moment)
{
	static const enum verdict verdicts[] = { VERDICT_ACCEPT, VERDICT_DROP };
	struct stage s;

	stage_begin(&s, 4);
	for (unsigned i = 0; i < 2; i++) {
		stage_take(&s, 6);
		answer_late(&s, s.batch.packets[2].number, verdicts[i]);
		for (unsigned k = 0; k < 6; k++)
			s.batch.packets[k].verdict = VERDICT_ACCEPT;
		s.batch.packets[2].verdict = VERDICT_HELD;
		source_verdicts(s.queue, &s.batch);
		ck_assert_uint_eq(stage_count_heard(&s), i ? 5 : 6);
		ck_assert_uint_eq(stage_stats(&s).held, 0);
		ck_assert_uint_eq(stage_stats(&s).kernel_queued, 0);
	}
	stage_end(&s);
}
END_TEST

START_TEST(too_many_held)
{
	struct stage s;

	stage_begin(&s, 4);
	for (unsigned n = 0; n < QUEUE_HELD_MAX + 32; n += 32) {
		stage_send(&s, 32);
		usleep(2000);
		ck_assert(stage_waits(&s, STAGE_LONG));
		ck_assert_int_eq(source_next(s.queue, &s.batch), 32);
		stage_answer(&s, VERDICT_HELD);
	}
	ck_assert_uint_eq(stage_stats(&s).held, QUEUE_HELD_MAX);
	ck_assert_uint_eq(stage_stats(&s).not_held, 32);
	ck_assert_uint_eq(stage_stats(&s).kernel_queued, QUEUE_HELD_MAX);
	ck_assert_uint_eq(stage_count_heard(&s), 0);
	for (unsigned n = 1; n <= QUEUE_HELD_MAX; n++)
		answer_late(&s, n, VERDICT_ACCEPT);
	ck_assert_int_eq(queue_send(s.queue), 0);
	ck_assert_uint_eq(stage_count_heard(&s), QUEUE_HELD_MAX);
	ck_assert_uint_eq(stage_stats(&s).kernel_queued, 0);
	stage_end(&s);
}
END_TEST

/* A full queue drops, or passes, and the kernel counts what it drops. */
START_TEST(full_queue)
{
	struct stage s;
	struct queue_options options;

	stage_begin_without(&s, 4);
	options = stage_options(&s);
	options.length = 10;
	options.fail_open = _i;
	stage_open(&s, &options);
	stage_send(&s, 25);
	ck_assert_uint_eq(stage_count_heard(&s), _i ? 15 : 0);
	ck_assert_uint_eq(stage_stats(&s).kernel_queued, 10);
	ck_assert_uint_eq(stage_stats(&s).kernel_dropped, _i ? 0 : 15);
	stage_next(&s, 10);
	stage_answer(&s, VERDICT_ACCEPT);
	ck_assert_uint_eq(stage_count_heard(&s), 10);
	stage_end(&s);
}
END_TEST

/* The socket has no room: that is counted here and there, and it goes on. */
START_TEST(full_socket)
{
	struct stage s;
	int size = 1, n;
	unsigned accepted = 0;

	stage_begin(&s, 4);
	ck_assert_int_eq(
		setsockopt(queue_fd(s.queue), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	stage_send(&s, 100);
	while (stage_waits(&s, STAGE_SHORT)) {
		n = source_next(s.queue, &s.batch);
		ck_assert_int_ge(n, 0);
		accepted += (unsigned)n;
		stage_answer(&s, VERDICT_ACCEPT);
	}
	ck_assert_uint_gt(accepted, 0);
	ck_assert_uint_lt(accepted, 100);
	ck_assert_uint_eq(stage_count_heard(&s), accepted);
	ck_assert_uint_eq(stage_stats(&s).user_dropped, 100 - accepted);
	ck_assert_uint_ge(stage_stats(&s).overruns, 1);
	ck_assert_uint_eq(stage_stats(&s).packets, accepted);
	stage_send(&s, 1);
	stage_next(&s, 1);
	stage_answer(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(s.server, STAGE_LONG));
	stage_end(&s);
}
END_TEST

/* Interfaces without end: their numbers begin anew some time, never within a batch. */
START_TEST(many_interfaces)
{
	struct stage s;
	unsigned total = 0;

	stage_begin(&s, 4);
	s.fake_ifindex = 3000000000u;
	while (total < 3000) {
		stage_take(&s, 30);
		for (unsigned i = 0; i < 30; i++) {
			g_autofree char *name = g_strdup_printf("if%u", s.fake_ifindex - 30 + i);

			ck_assert_str_eq(
				source_interface_name(s.queue, s.batch.packets[i].iface), name);
		}
		total += 30;
		stage_answer(&s, VERDICT_DROP);
	}
	ck_assert_uint_ge(s.renumbered, 2);
	ck_assert_uint_le(s.renumbered, 3);
	/* Of the same interface it is the same number. */
	s.fake_ifindex = 0;
	stage_take(&s, 2);
	ck_assert_uint_eq(s.batch.packets[0].iface, s.batch.packets[1].iface);
	stage_answer(&s, VERDICT_DROP);
	stage_end(&s);
}
END_TEST

START_TEST(taken)
{
	struct stage s;
	struct queue_options options;
	struct source *other = NULL;
	g_autofree char *message = NULL;

	stage_begin(&s, 4);
	options = stage_options(&s);
	ck_assert_int_lt(queue_new(&options, &other, &message), 0);
	ck_assert_ptr_null(other);
	ck_assert_ptr_nonnull(strstr(message, "queue 7 cannot be bound"));
	ck_assert_ptr_nonnull(strstr(message, "another program may have it"));
	source_free(s.queue);
	stage_open(&s, &options);
	stage_end(&s);
}
END_TEST

/* Its way out goes down while a packet waits: the kernel drops it, and nobody minds. */
START_TEST(gone_with_its_interface)
{
	struct stage s;

	stage_begin(&s, 4);
	stage_take(&s, 3);
	g_free(world_run("ip link set outside down", NULL));
	ck_assert_uint_eq(stage_stats(&s).kernel_queued, 0);
	stage_answer(&s, VERDICT_ACCEPT);
	ck_assert_int_eq(source_next(s.queue, &s.batch), 0);
	ck_assert_uint_eq(stage_stats(&s).gone, 1);
	g_free(world_run("ip link set outside up", NULL));
	stage_take(&s, 1);
	stage_answer(&s, VERDICT_ACCEPT);
	ck_assert(world_hears(s.server, STAGE_LONG));
	stage_end(&s);
}
END_TEST

/* Two that are not on one processor run at the same time; where there is but one, that is that. */
static void
run_on(unsigned processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

/* Opened and closed again and again under fire, it lets through what it has been asked about. */
START_TEST(opened_under_fire)
{
	struct stage s;
	struct queue_options options;
	unsigned accepted = 0, rounds = 0;
	int n;
	pid_t child;

	stage_begin_without(&s, 4);
	options = stage_options(&s);
	child = fork();
	run_on(child != 0);
	if (!child)
		for (;;)
			stage_send(&s, 1);
	for (; rounds < 200; rounds++) {
		stage_open(&s, &options);
		for (unsigned i = 0; i < 3 && stage_waits(&s, STAGE_LONG); i++) {
			n = source_next(s.queue, &s.batch);
			ck_assert_int_ge(n, 0);
			accepted += (unsigned)n;
			stage_answer(&s, VERDICT_ACCEPT);
		}
		source_free(s.queue);
	}
	s.queue = NULL;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ck_assert_uint_gt(accepted, 200);
	ck_assert_uint_eq(stage_count_heard(&s), accepted);
	stage_end(&s);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("queue-limits");
	TCase *c = tcase_create("in namespaces");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, held);
	tcase_add_test(c, held_for_a_moment);
	tcase_add_test(c, too_many_held);
	tcase_add_loop_test(c, full_queue, 0, 2);
	tcase_add_test(c, full_socket);
	tcase_add_test(c, many_interfaces);
	tcase_add_test(c, taken);
	tcase_add_test(c, gone_with_its_interface);
	tcase_add_test(c, opened_under_fire);
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

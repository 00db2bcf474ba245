// SPDX-License-Identifier: GPL-2.0-or-later
/* Listening on an interface: the loopback of a network namespace that each test makes for itself.
 * Where the system allows nobody to make one, only what can go wrong before is tested. */
#include "source/live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "kit/kit.h"
#include "packet/decode.h"

#define UDP_HEADERS 42u /* Ethernet, IPv4, UDP */

static bool
enter_namespace(void)
{
	return !unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET);
}

static void
set_loopback(bool up)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = up ? IFF_UP : 0 };

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static void
setup(void)
{
	ck_assert(enter_namespace());
	set_loopback(true);
}

/* Sends datagrams to a port of this host; the payload of the n-th has n + 1 bytes. */
static void
send_datagrams(uint16_t port, unsigned count)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint8_t payload[256];

	memset(payload, 'p', sizeof(payload));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (unsigned n = 0; n < count; n++)
		(void)!sendto(fd, payload, n + 1, 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

/* Without a listener the kernel would answer with ICMP errors, which would be seen too. */
static int
listen_udp(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static struct source *
open_loopback(const char *filter)
{
	const struct live_options options = { .filter = filter };
	struct source *source = NULL;
	char *message = NULL;

	ck_assert_msg(live_open("lo", &options, &source, &message) == 0, "%s", message);
	return source;
}

/* The next batch that is there within a few seconds. */
static int
next_batch(struct source *source, struct batch *batch)
{
	struct pollfd wait = { .fd = live_fd(source), .events = POLLIN };
	int n;

	while ((n = source_next(source, batch)) == -EAGAIN)
		if (poll(&wait, 1, 5000) <= 0)
			break;
	return n;
}

START_TEST(packets_are_seen)
{
	struct source *source = open_loopback(NULL);
	uint64_t now = (uint64_t)time(NULL) * UINT64_C(1000000000);
	int listener = listen_udp(7000);
	struct batch batch = { .count = 5 };
	struct packet *p = batch.packets;

	ck_assert_int_eq(source_next(source, &batch), -EAGAIN);
	ck_assert_uint_eq(batch.count, 0);
	send_datagrams(7000, 1);
	ck_assert_int_eq(next_batch(source, &batch), 1);
	ck_assert_uint_eq(batch.count, 1);
	ck_assert_uint_eq(p->number, 1);
	ck_assert_uint_eq(p->link, LINK_ETHERNET);
	ck_assert_uint_eq(p->iface, 0);
	ck_assert_uint_eq(p->caplen, UDP_HEADERS + 1);
	ck_assert_uint_eq(p->wirelen, UDP_HEADERS + 1);
	ck_assert_int_eq(p->data[UDP_HEADERS], 'p');
	ck_assert_uint_ge(p->time, now - UINT64_C(60000000000));
	ck_assert_uint_le(p->time, now + UINT64_C(60000000000));
	decode(p, &(const struct decode_options){ .verify_checksums = true });
	ck_assert_int_eq(p->error, REASON_NONE);
	ck_assert_int_eq(p->proto, PROTO_UDP);
	ck_assert_str_eq(source_interface_name(source, 0), "lo");
	ck_assert_uint_eq(live_lost(source), 0);
	ck_assert_int_eq(source_next(source, &batch), -EAGAIN);
	source_free(source);
	close(listener);
}
END_TEST

/* The packets of a batch stay whole side by side, and none is lost between batches. */
START_TEST(many_packets)
{
	struct source *source = open_loopback("udp");
	int listener = listen_udp(7000);
	struct batch batch;
	unsigned seen = 0;
	int n;

	send_datagrams(7000, 200);
	while (seen < 200 && (n = next_batch(source, &batch)) > 0) {
		ck_assert_int_le(n, BATCH_MAX);
		for (int k = 0; k < n; k++) {
			const struct packet *p = &batch.packets[k];

			ck_assert_uint_eq(p->number, ++seen);
			ck_assert_uint_eq(p->caplen, UDP_HEADERS + seen);
			for (unsigned at = UDP_HEADERS; at < p->caplen; at++)
				ck_assert_int_eq(p->data[at], 'p');
		}
	}
	ck_assert_uint_eq(seen, 200);
	source_free(source);
	close(listener);
}
END_TEST

START_TEST(filtered)
{
	struct source *source = open_loopback("udp dst port 7001");
	int listener = listen_udp(7000), other = listen_udp(7001);
	struct batch batch;

	send_datagrams(7000, 3);
	send_datagrams(7001, 1);
	ck_assert_int_eq(next_batch(source, &batch), 1);
	ck_assert_uint_eq(batch.packets[0].number, 1);
	ck_assert_int_eq(batch.packets[0].data[37], 7001 & 0xff);
	ck_assert_int_eq(source_next(source, &batch), -EAGAIN);
	source_free(source);
	close(listener);
	close(other);
}
END_TEST

static void
expect_refused(const char *name, const char *filter, int error, const char *about)
{
	const struct live_options options = { .filter = filter };
	struct source *source = NULL;
	char *message = NULL;

	ck_assert_int_eq(live_open(name, &options, &source, &message), error);
	ck_assert_ptr_null(source);
	ck_assert_msg(strstr(message, about) != NULL, "%s", message);
	ck_assert_msg(!strchr(message, '\n'), "%s", message);
	g_free(message);
}

START_TEST(what_is_refused)
{
	expect_refused("no-such-if0", NULL, -ENODEV, "no such interface");
	expect_refused("lo", "tcp porto 21", -EINVAL, "'tcp porto 21'");
	set_loopback(false);
	expect_refused("lo", NULL, -ENODEV, "down");
}
END_TEST

START_TEST(without_rights)
{
	ck_assert_int_eq(setuid(65534), 0);
	expect_refused("lo", NULL, -EPERM, "CAP_NET_RAW");
}
END_TEST

START_TEST(names_that_are_none)
{
	const struct live_options options = { 0 };
	struct source *source = NULL;
	char *message = NULL;

	ck_assert_int_lt(live_open("no such interface", &options, &source, &message), 0);
	ck_assert_ptr_null(source);
	ck_assert_uint_gt(strlen(message), 0);
	g_free(message);
}
END_TEST

/* Can this system make network namespaces for us? */
static bool
is_possible(void)
{
	pid_t child = fork();
	int status = 1;

	if (!child)
		_exit(!enter_namespace());
	return child > 0 && waitpid(child, &status, 0) == child && !status;
}

static TCase *
in_namespace(void)
{
	TCase *c = tcase_create("in a namespace");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, packets_are_seen);
	tcase_add_test(c, many_packets);
	tcase_add_test(c, filtered);
	tcase_add_test(c, what_is_refused);
	if (!getuid())
		tcase_add_test(c, without_rights);
	return c;
}

static Suite *
suite(void)
{
	Suite *s = suite_create("live");
	TCase *c = tcase_create("anywhere");

	tcase_add_test(c, names_that_are_none);
	suite_add_tcase(s, c);
	if (is_possible())
		suite_add_tcase(s, in_namespace());
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

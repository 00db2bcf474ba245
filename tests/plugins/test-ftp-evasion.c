// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Evasion: packets that the firewall sees and the end does not, or the other way round, so that the
 * two read different streams (Ptacek and Newsham, 1998). The helper must read what the end reads,
 * or nothing; and what it costs is bounded.
 */
#include <string.h>

#include "kit/kit.h"
#include "kit/talk.h"

#define CLIENT "10.0.0.1:3000"
#define SERVER "192.0.2.1:21"
#define PORT   "PORT 10,0,0,1,15,160\r\n"
#define NOOP   "NOOP xxxxxxxxxxxxxxx\r\n"

enum { C, S };

static struct kit_talk
login(struct kit_rig *r)
{
	struct kit_talk t = kit_connect(r, CLIENT, SERVER);

	kit_say(&t, S, "220 ready\r\n");
	kit_say(&t, C, "USER anonymous\r\n");
	kit_say(&t, S, "331 password\r\n");
	return t;
}

/* A segment of the client, with fields of one's own. */
static enum reason
send_segment(struct kit_talk *t, const char *text, uint8_t ttl, uint8_t bad_checksum)
{
	struct kit_packet p = {
		.from = CLIENT,
		.to = SERVER,
		.flags = TCP_ACK | TCP_PSH,
		.seq = t->seq[C],
		.ack = t->seq[S],
		.ttl = ttl,
		.bad_checksum = bad_checksum,
		.payload = text,
		.len = strlen(text),
	};

	return kit_send(t->rig, &p);
}

static void
assert_no_door(struct kit_rig *r)
{
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 0);
	ck_assert_int_eq(kit_syn(r, "192.0.2.1:20", "10.0.0.1:4000"), REASON_UNSOLICITED);
	kit_rig_free(r);
}

/* The first version dies on its way to the server, the second arrives. */
START_TEST(short_lived_segment)
{
	struct kit_rig *r = kit_rig_new("[Helper:ftp]\nEnabled=true\nEarlyData=no\n", "ftp", NULL);
	struct kit_talk t = login(r);

	send_segment(&t, PORT, 1, 0);
	send_segment(&t, NOOP, 64, 0);
	t.seq[C] += strlen(PORT);
	kit_say(&t, S, "200 fine\r\n");
	assert_no_door(r);
}
END_TEST

/* A segment that no end would take does not reach the helper; the true one does. */
START_TEST(bad_checksum)
{
	struct kit_rig *r = kit_rig_new(NULL, "ftp", NULL);
	struct kit_talk t = login(r);

	ck_assert_int_eq(send_segment(&t, PORT, 64, 1), REASON_CHECKSUM);
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 0);
	kit_say(&t, C, NOOP);
	kit_say(&t, S, "200 fine\r\n");
	assert_no_door(r);
}
END_TEST

/* Four bytes at a time, each twice, and backwards: the door opens all the same. */
START_TEST(crumbs)
{
	struct kit_rig *r = kit_rig_new(NULL, "ftp", NULL);
	struct kit_talk t = login(r);
	size_t len = strlen(PORT);

	for (size_t at = (len - 1) / 4 * 4;; at -= 4) {
		size_t part = len - at < 4 ? len - at : 4;

		kit_segment(&t, C, (int32_t)at, PORT + at, part);
		kit_segment(&t, C, (int32_t)at, PORT + at, part);
		if (!at)
			break;
	}
	t.seq[C] += (uint32_t)len;
	kit_say(&t, S, "200 fine\r\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 1);
	kit_rig_free(r);
}
END_TEST

/* A flood of crumbs with a hole after each: the helper goes, the bytes pass, memory comes back. */
START_TEST(flood_of_crumbs)
{
	struct kit_rig *r = kit_rig_new(NULL, "ftp", NULL);
	struct kit_talk t = login(r);
	struct stats stats;

	for (int32_t at = 5; at < 60000; at += 5)
		ck_assert_int_eq(kit_segment(&t, C, at, "AAAA", 4), REASON_OUTBOUND);
	engine_get_stats(r->engine, &stats);
	ck_assert_uint_eq(stats.helper.memory, 0);
	ck_assert_uint_le(stats.helper.peak_memory, 1 << 20);
	ck_assert_uint_eq(stats.helper.out_of_memory, 1);
	kit_rig_free(r);
}
END_TEST

/* The command in two fragments of a packet each way round; and a tiny first fragment. */
START_TEST(fragments)
{
	struct kit_rig *r = kit_rig_new(NULL, "ftp", NULL);
	struct kit_talk t = login(r);
	uint8_t frame[KIT_FRAME_MAX];
	struct kit_packet whole = {
		.from = CLIENT,
		.to = SERVER,
		.flags = TCP_ACK | TCP_PSH,
		.seq = t.seq[C],
		.ack = t.seq[S],
		.payload = PORT,
		.len = strlen(PORT),
		.raw = 1,
	};
	struct kit_packet part = { .from = "10.0.0.1", .to = "192.0.2.1", .proto = PROTO_TCP };

	kit_build(&whole, frame);
	part.ip_id = 1;
	part.payload = frame + 20;
	part.len = 8; /* the flags are not in it (RFC 1858) */
	part.more_fragments = 1;
	ck_assert_int_eq(kit_send(r, &part), REASON_FRAGMENT);
	part.ip_id = 2;
	part.payload = frame + 20 + 24;
	part.len = 20 + strlen(PORT) - 24;
	part.fragment_offset = 24;
	part.more_fragments = 0;
	ck_assert_int_eq(kit_send(r, &part), REASON_NONE);
	part.payload = frame + 20;
	part.len = 24;
	part.fragment_offset = 0;
	part.more_fragments = 1;
	ck_assert_int_eq(kit_send(r, &part), REASON_OUTBOUND);
	t.seq[C] += strlen(PORT);
	kit_say(&t, S, "200 fine\r\n");
	ck_assert_uint_eq(kit_doors(r, EXPECT_OPENED), 1);
	kit_rig_free(r);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("ftp-evasion");
	TCase *c = tcase_create("ftp-evasion");

	tcase_add_test(c, short_lived_segment);
	tcase_add_test(c, bad_checksum);
	tcase_add_test(c, crumbs);
	tcase_add_test(c, flood_of_crumbs);
	tcase_add_test(c, fragments);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

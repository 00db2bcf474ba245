// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets with verdicts in two files: which, in which order, with which comment, all of their
 * bytes. What the engine would do is done by hand; at last a real one does it. */
#include "record/annotated.h"

#include "captures.h"
#include "engine.h"
#include "events.h"
#include "kit/kit.h"
#include "kit/packets.h"
#include "output.h"
#include "policy/config.h"
#include "source/order.h"
#include "source/pcapng.h"

#define PACKETS_MAX 64
#define HELD_MAX    4096

/* A packet as a file has it. */
struct seen {
	char comment[BATCH_MAX * 8];
	struct packet packet;
	uint8_t bytes[2048];
	char iface[32];
};

static struct output files[2]; /* by verdict */
static struct annotated *annotated;
static struct batch batch;
static uint64_t next_number;
static struct seen seen[PACKETS_MAX];
static const char *names[4];

static const char *
name_of(void *context, const struct packet *p)
{
	return names[p->iface];
}

static void
setup(void)
{
	struct annotated_options options = {
		.program = "tests",
		.held_max = HELD_MAX,
		.interface_name = name_of,
	};

	output_open(&files[VERDICT_ACCEPT], false);
	output_open(&files[VERDICT_DROP], false);
	options.accepted = files[VERDICT_ACCEPT].writer;
	options.dropped = files[VERDICT_DROP].writer;
	annotated = annotated_new(&options);
	next_number = 1;
	batch.count = 0;
	memset(names, 0, sizeof(names));
}

/* Adds a packet to the batch; its bytes are a pattern of its own. */
static struct packet *
add(uint32_t caplen)
{
	static uint8_t bytes[BATCH_MAX][2048];
	struct packet *p = &batch.packets[batch.count];

	ck_assert_uint_lt(batch.count, BATCH_MAX);
	ck_assert_uint_le(caplen, sizeof(bytes[0]));
	for (size_t n = 0; n < caplen; n++)
		bytes[batch.count][n] = (uint8_t)(next_number * 31 + n * 7 + (n >> 8));
	memset(p, 0xee, sizeof(*p));
	kit_source_packet(p, bytes[batch.count], caplen, 1, 1000 * next_number, next_number);
	p->iface = 0;
	p->wirelen = caplen + 3;
	next_number++;
	batch.count++;
	return p;
}

static void
judge(struct packet *p, enum reason reason, uint32_t flow)
{
	p->verdict = (uint8_t)reason_verdict(reason);
	p->reason = (uint8_t)reason;
	p->flow = flow;
}

/* The verdict of a packet that was held, as an engine tells it. */
static void
judge_late(uint64_t number, enum reason reason)
{
	struct packet p = { .number = number };

	judge(&p, reason, 0);
	annotated_late(annotated, &p);
}

static void
begin_flow(uint32_t index, uint64_t id, const struct flow_extra *extra)
{
	struct flow_event event = { .index = index, .id = id, .extra = extra };

	annotated_ops()->flow_begin(annotated, &event);
}

/* The comments, block after block. */
static void
read_comments(const uint8_t *bytes, size_t len)
{
	struct pn_reader file = pn_reader(bytes, len);
	unsigned n = 0;

	while (pn_left(&file)) {
		uint32_t type = order_u32(&file, false);
		uint32_t total = order_u32(&file, false);
		struct pn_reader block = pn_sub(&file, total - 12);
		uint32_t caplen;
		size_t comment;

		ck_assert_uint_eq(order_u32(&file, false), total);
		ck_assert(pn_ok(&file));
		if (type != 6)
			continue;
		pn_skip(&block, 12);
		caplen = order_u32(&block, false);
		pn_skip(&block, 4 + ((caplen + 3) & ~3u));
		ck_assert_uint_eq(order_u16(&block, false), 1);
		comment = order_u16(&block, false);
		ck_assert_uint_lt(comment, sizeof(seen[n].comment));
		memcpy(seen[n].comment, pn_take(&block, comment), comment);
		seen[n++].comment[comment] = '\0';
		pn_skip(&block, -comment & 3);
		ck_assert_uint_eq(order_u32(&block, false), 0);
		ck_assert(pn_ok(&block) && !pn_left(&block));
	}
}

/* Reads one of the files; returns how many packets are in it. */
static unsigned
read_file(enum verdict verdict)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	struct pcapng *pcapng = pcapng_new();
	struct reading reading;
	struct batch part;
	unsigned count = 0;
	size_t len;
	char *text = output_close(&files[verdict], &len);
	int n;

	put_bytes(bytes, text, len);
	free(text);
	read_comments(bytes->data, bytes->len);
	reading = reading_of(bytes);
	while ((n = pcapng_next(pcapng, &reading, &part)) > 0) {
		for (int k = 0; k < n; k++, count++) {
			const struct packet *p = &part.packets[k];

			ck_assert_uint_lt(count, PACKETS_MAX);
			ck_assert_uint_le(p->caplen, sizeof(seen[count].bytes));
			seen[count].packet = *p;
			memcpy(seen[count].bytes, p->data, p->caplen);
			g_strlcpy(seen[count].iface, pcapng_interface_name(pcapng, p->iface) ?: "",
				sizeof(seen[count].iface));
		}
	}
	ck_assert_int_eq(n, 0);
	ck_assert_ptr_null(reading.within);
	pcapng_free(pcapng);
	reading_done(&reading);
	return count;
}

/* A file must have these packets: number and comment in turn, NULL at the end. */
static void
expect_file(enum verdict verdict, const char *const *comments)
{
	unsigned count = read_file(verdict);

	for (unsigned n = 0; n < count; n++) {
		ck_assert_ptr_nonnull(comments[n]);
		ck_assert_str_eq(seen[n].comment, comments[n]);
	}
	ck_assert_ptr_null(comments[count]);
}

#define EXPECT(verdict, ...)                                                                       \
	expect_file(VERDICT_##verdict, (const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static void
expect_pattern(const struct seen *s, uint64_t number, uint32_t caplen)
{
	ck_assert_uint_eq(s->packet.caplen, caplen);
	ck_assert_uint_eq(s->packet.wirelen, caplen + 3);
	ck_assert_uint_eq(s->packet.time, 1000 * number);
	ck_assert(is_pattern(s->bytes, caplen, (uint32_t)number));
}

START_TEST(each_packet_in_one_file)
{
	struct packet *a = add(60), *b = add(61), *c = add(62), *d = add(0);

	annotated_begin(annotated, &batch);
	judge(a, REASON_UNSOLICITED, 0);
	begin_flow(7, 1, NULL);
	judge(b, REASON_OUTBOUND, 7);
	judge(c, REASON_TCP_WINDOW, 7);
	judge(d, REASON_NOT_IP, 0);
	annotated_end(annotated);
	annotated_free(annotated);
	EXPECT(ACCEPT, "accept outbound flow=1 packet=2", "accept not-ip packet=4");
	expect_pattern(&seen[0], 2, 61);
	expect_pattern(&seen[1], 4, 0);
	EXPECT(DROP, "drop unsolicited packet=1", "drop tcp-window flow=1 packet=3");
	expect_pattern(&seen[0], 1, 60);
	expect_pattern(&seen[1], 3, 62);
}
END_TEST

START_TEST(empty_files_are_captures)
{
	annotated_begin(annotated, &batch);
	annotated_end(annotated);
	annotated_free(annotated);
	EXPECT(ACCEPT);
	EXPECT(DROP);
}
END_TEST

/* Doors, parents and helpers; a flow without any of them follows. */
START_TEST(what_is_told_of_flows)
{
	const struct flow_extra watched = { .helper = "talk" };
	const struct flow_extra child = { .parent_id = 1, .expectation_id = 2 };
	const struct flow_extra own = { .parent_id = 1, .expectation_id = 3, .helper = "deep" };
	struct expectation door;
	struct expectation_event event = { .expectation = &door, .child_flow_id = 2 };

	events_door(&door);
	for (unsigned n = 0; n < 5; n++)
		add(60);
	annotated_begin(annotated, &batch);
	begin_flow(1, 1, &watched);
	judge(&batch.packets[0], REASON_OUTBOUND, 1);
	event.action = EXPECT_MATCHED;
	annotated_ops()->expectation(annotated, &event);
	begin_flow(2, 2, &child);
	judge(&batch.packets[1], REASON_EXPECTED, 2);
	event.child_flow_id = 3;
	annotated_ops()->expectation(annotated, &event);
	begin_flow(3, 3, &own);
	judge(&batch.packets[2], REASON_EXPECTED, 3);
	/* A door that opens is nobody's. */
	event.action = EXPECT_OPENED;
	event.child_flow_id = 4;
	annotated_ops()->expectation(annotated, &event);
	begin_flow(4, 4, NULL);
	judge(&batch.packets[3], REASON_HELPER, 4);
	judge(&batch.packets[4], REASON_EXPECTED, 2);
	annotated_end(annotated);
	annotated_free(annotated);
	EXPECT(ACCEPT, "accept outbound flow=1 helper=talk packet=1",
		"accept expected flow=2 door=2 parent=1 helper=talk packet=2",
		"accept expected flow=3 door=3 parent=1 helper=deep packet=3",
		"accept expected flow=2 door=2 parent=1 helper=talk packet=5");
	EXPECT(DROP, "drop helper flow=4 packet=4");
}
END_TEST

/* The index of a flow gets a new owner within a batch, more than once. */
START_TEST(an_index_changes_hands)
{
	for (unsigned n = 0; n < 6; n++)
		add(60);
	annotated_begin(annotated, &batch);
	for (unsigned n = 0; n < 6; n += 2) {
		begin_flow(5, 100 + n, NULL);
		judge(&batch.packets[n], REASON_OUTBOUND, 5);
		judge(&batch.packets[n + 1], REASON_OUTBOUND, 5);
	}
	annotated_end(annotated);
	annotated_free(annotated);
	EXPECT(ACCEPT, "accept outbound flow=100 packet=1", "accept outbound flow=100 packet=2",
		"accept outbound flow=102 packet=3", "accept outbound flow=102 packet=4",
		"accept outbound flow=104 packet=5", "accept outbound flow=104 packet=6");
}
END_TEST

/* Held for some batches, within one batch, and settled while it is looked at. */
START_TEST(held_packets)
{
	add(100);
	add(101);
	add(102);
	annotated_begin(annotated, &batch);
	judge(&batch.packets[1], REASON_OUTBOUND, 0);
	annotated_end(annotated);
	memset((uint8_t *)(uintptr_t)batch.packets[0].data, 0, 100);
	batch.count = 0;
	add(103);
	add(104);
	add(105);
	annotated_begin(annotated, &batch);
	judge(&batch.packets[0], REASON_OUTBOUND, 0);
	begin_flow(1, 1, NULL);
	judge_late(1, REASON_FRAGMENT);
	judge_late(3, REASON_OUTBOUND);
	judge_late(5, REASON_FRAGMENT);
	judge(&batch.packets[2], REASON_FRAGMENT, 0);
	annotated_end(annotated);
	judge_late(1, REASON_FRAGMENT); /* has been told */
	judge_late(77, REASON_FRAGMENT);
	annotated_free(annotated);
	EXPECT(ACCEPT, "accept outbound packet=2", "accept outbound packet=4",
		"accept outbound packet=3"); /* not before 4, which came before its verdict */
	expect_pattern(&seen[2], 3, 102);
	EXPECT(DROP, "drop fragment packet=1", "drop fragment packet=5", "drop fragment packet=6");
	expect_pattern(&seen[0], 1, 100);
	expect_pattern(&seen[1], 5, 104);
	expect_pattern(&seen[2], 6, 105);
}
END_TEST

/* Beyond the limit bytes are not kept; once others are gone they are again. */
START_TEST(held_bytes_are_limited)
{
	for (unsigned n = 0; n < 4; n++)
		add(n == 1 ? 2048 : 1500);
	annotated_begin(annotated, &batch);
	annotated_end(annotated);
	judge_late(1, REASON_OUTBOUND);
	batch.count = 0;
	add(2000);
	annotated_begin(annotated, &batch);
	annotated_end(annotated);
	for (unsigned n = 2; n <= 5; n++)
		judge_late(n, REASON_OUTBOUND);
	annotated_free(annotated);
	EXPECT(ACCEPT, "accept outbound packet=1", "accept outbound packet=2",
		"accept outbound packet=3 bytes=none", "accept outbound packet=4 bytes=none",
		"accept outbound packet=5");
	ck_assert_uint_eq(seen[2].packet.caplen, 0);
	ck_assert_uint_eq(seen[2].packet.wirelen, 1503);
	ck_assert_uint_eq(seen[2].packet.time, 3000);
	expect_pattern(&seen[1], 2, 2048);
	expect_pattern(&seen[4], 5, 2000);
}
END_TEST

/* Interfaces are numbered by each file as it meets them, and kept apart by source. */
START_TEST(interfaces)
{
	static const uint8_t ifaces[] = { 2, 0, 2, 1 };

	names[0] = "eth0";
	names[2] = "tun2";
	for (unsigned n = 0; n < G_N_ELEMENTS(ifaces); n++) {
		struct packet *p = add(60);

		p->iface = ifaces[n];
		p->link = ifaces[n] == 2 ? 101 : 1;
	}
	annotated_begin(annotated, &batch);
	judge(&batch.packets[0], REASON_OUTBOUND, 0);
	judge(&batch.packets[1], REASON_UNSOLICITED, 0);
	judge(&batch.packets[3], REASON_OUTBOUND, 0);
	annotated_end(annotated);
	annotated_next_source(annotated);
	names[0] = "lo";
	names[2] = "tun2";
	batch.count = 0;
	add(60)->iface = 0;
	add(60)->iface = 2;
	batch.packets[1].link = 101;
	annotated_begin(annotated, &batch);
	judge_late(3, REASON_OUTBOUND); /* of the earlier source */
	judge(&batch.packets[0], REASON_UNSOLICITED, 0);
	judge(&batch.packets[1], REASON_OUTBOUND, 0);
	annotated_end(annotated);
	annotated_free(annotated);
	ck_assert_uint_eq(read_file(VERDICT_ACCEPT), 4);
	for (unsigned n = 0; n < 4; n++) {
		bool tun = n != 1;

		ck_assert_uint_eq(seen[n].packet.link, tun ? 101 : 1);
		ck_assert_str_eq(seen[n].iface, tun ? "tun2" : "");
		ck_assert_uint_eq(seen[n].packet.iface, tun ? 0 : 1);
	}
	ck_assert_uint_eq(read_file(VERDICT_DROP), 2);
	ck_assert_str_eq(seen[0].iface, "eth0");
	ck_assert_str_eq(seen[1].iface, "lo");
	ck_assert_uint_eq(seen[1].packet.iface, 1);
}
END_TEST

/* Two interfaces that look alike are two. */
START_TEST(interfaces_without_names)
{
	add(60)->iface = 1;
	add(60)->iface = 3;
	add(60)->iface = 1;
	annotated_begin(annotated, &batch);
	for (unsigned n = 0; n < 3; n++)
		judge(&batch.packets[n], REASON_OUTBOUND, 0);
	annotated_end(annotated);
	annotated_free(annotated);
	ck_assert_uint_eq(read_file(VERDICT_ACCEPT), 3);
	ck_assert_uint_eq(seen[0].packet.iface, 0);
	ck_assert_uint_eq(seen[1].packet.iface, 1);
	ck_assert_uint_eq(seen[2].packet.iface, 0);
}
END_TEST

/* More interfaces than a reader would take: of the rest only the link type is told. */
START_TEST(interfaces_are_limited)
{
	char name[32];

	names[0] = name;
	for (unsigned n = 0; n < 5000; n++) {
		snprintf(name, sizeof(name), "if%u", n);
		annotated_next_source(annotated);
		batch.count = 0;
		add(1);
		annotated_begin(annotated, &batch);
		judge(&batch.packets[0],
			n < 4999 - PACKETS_MAX / 2 ? REASON_UNSOLICITED : REASON_OUTBOUND, 0);
		annotated_end(annotated);
	}
	annotated_free(annotated);
	ck_assert_uint_eq(read_file(VERDICT_ACCEPT), PACKETS_MAX / 2 + 1);
	ck_assert_str_eq(seen[0].iface, "");
	ck_assert_uint_eq(seen[PACKETS_MAX / 2].packet.iface, 0);
}
END_TEST

/* Only one of the files is wanted. */
START_TEST(one_file)
{
	struct annotated_options options = { .program = "tests", .held_max = HELD_MAX };

	annotated_free(annotated);
	writer_close(files[VERDICT_DROP].writer);
	output_open(&files[VERDICT_DROP], true);
	options.dropped = files[VERDICT_DROP].writer;
	annotated = annotated_new(&options);
	for (unsigned n = 0; n < 4; n++)
		add(60);
	annotated_begin(annotated, &batch);
	judge(&batch.packets[0], REASON_OUTBOUND, 0);
	judge(&batch.packets[1], REASON_UNSOLICITED, 0);
	annotated_end(annotated);
	judge_late(3, REASON_OUTBOUND);
	judge_late(4, REASON_FRAGMENT);
	annotated_free(annotated);
	EXPECT(DROP, "drop unsolicited packet=2", "drop fragment packet=4");
	writer_close(files[VERDICT_ACCEPT].writer);
}
END_TEST

static void
told_late(void *context, const struct packet *p)
{
	annotated_late(context, p);
}

static void
add_built(const struct kit_packet *packet)
{
	static uint8_t frames[BATCH_MAX][KIT_FRAME_MAX];
	uint8_t *frame = frames[batch.count];
	size_t len = kit_build(packet, frame);

	kit_source_packet(
		&batch.packets[batch.count++], frame, len, 1, next_number * 1000, next_number);
	next_number++;
}

static void
add_tcp(const char *from, const char *to, uint8_t flags, uint32_t seq, uint32_t ack)
{
	add_built(&(struct kit_packet){
		.from = from, .to = to, .flags = flags, .seq = seq, .ack = ack });
}

/* A connection that is reset and opened anew, and a datagram in fragments, in one batch. */
START_TEST(with_an_engine)
{
	static const char *const a = "10.0.0.1:1000", *const b = "192.0.2.1:80";
	struct recorders recorders = { 0 };
	struct policy *policy = config_load(NULL, NULL, NULL);
	struct engine_options options = {
		.policy = policy,
		.recorders = &recorders,
		.late_verdict = told_late,
		.context = annotated,
	};
	struct kit_packet part = { .proto = PROTO_UDP, .from = "10.0.0.1", .to = "192.0.2.1" };
	struct engine *engine;
	char *message;

	ck_assert_int_eq(recorders_add(&recorders, annotated_ops(), annotated), 0);
	ck_assert_int_eq(engine_new(&options, &engine, &message), 0);
	part.payload = "datagram datagram datagram datagram";
	part.len = 24;
	part.more_fragments = 1;
	add_tcp(a, b, TCP_SYN, 1, 0);
	add_built(&part);
	add_tcp(b, a, TCP_RST | TCP_ACK, 0, 2);
	add_tcp(a, b, TCP_SYN, 100000, 0);
	add_tcp(b, a, TCP_ACK, 5, 5);
	part.fragment_offset = 16; /* overlaps, and so all of it is given up */
	add_built(&part);
	part.ip_id = 5;
	add_built(&part);
	annotated_begin(annotated, &batch);
	engine_process(engine, &batch);
	annotated_end(annotated);
	engine_finish(engine);
	engine_free(engine);
	annotated_free(annotated);
	policy_unref(policy);
	EXPECT(ACCEPT, "accept outbound flow=1 packet=1", "accept outbound flow=1 packet=3",
		"accept outbound flow=2 packet=4");
	EXPECT(DROP, "drop tcp-state flow=2 packet=5", "drop fragment packet=2",
		"drop fragment packet=6", "drop fragment packet=7");
	ck_assert_uint_eq(seen[1].packet.time, 2000);
	ck_assert_uint_eq(seen[1].packet.caplen, 14 + 20 + 24);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("annotated");
	TCase *c = tcase_create("annotated");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, each_packet_in_one_file);
	tcase_add_test(c, empty_files_are_captures);
	tcase_add_test(c, what_is_told_of_flows);
	tcase_add_test(c, an_index_changes_hands);
	tcase_add_test(c, held_packets);
	tcase_add_test(c, held_bytes_are_limited);
	tcase_add_test(c, interfaces);
	tcase_add_test(c, interfaces_without_names);
	tcase_add_test(c, interfaces_are_limited);
	tcase_add_test(c, one_file);
	tcase_add_test(c, with_an_engine);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

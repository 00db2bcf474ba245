// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TCP tracking: whole conversations as tables, an honest pair of hosts over a bad line, and blind
 * attackers. Every conversation is played at several places of the sequence space.
 */
#include "flow/tcp.h"

#include <string.h>

#include "core/tcp-connections.h"
#include "core/tcp-handshakes.h"
#include "kit/kit.h"

/* Initial numbers of both sides: ordinary ones, and such that everything wraps early. */
static const uint32_t initial[][2] = {
	{ 1000000, 5000000 },
	{ 0, 0 },
	{ UINT32_MAX, UINT32_MAX },
	{ UINT32_MAX - 400, 0x7fffff00 },
	{ 0x7fffffff, 0x80000000 },
};

static struct packet
segment(const struct step *step, const uint32_t isn[2])
{
	struct packet p = { .proto = PROTO_TCP, .payload_len = step->len };

	p.tcp.seq = isn[step->dir] + step->seq;
	p.tcp.ack = step->flags & TCP_ACK ? isn[!step->dir] + step->ack : 0;
	p.tcp.flags = step->flags;
	p.tcp.window = step->window;
	if (step->wscale) {
		p.flags |= PACKET_WSCALE;
		p.tcp.wscale = (uint8_t)(step->wscale - 1);
	}
	return p;
}

/* Plays a scenario from the start; *ret_flow is how it leaves the flow. */
static void
play_to(const struct scenario *scenario, const uint32_t isn[2], struct flow *ret_flow)
{
	struct flow flow = { 0 }, before;
	const struct step *step;
	enum reason reason;
	struct packet p;
	int n;

	for (n = 0; n < STEPS_MAX && scenario->steps[n].flags; n++) {
		step = &scenario->steps[n];
		p = segment(step, isn);
		before = flow;
		if (flow.state == FLOW_NONE)
			reason = tcp_begin(&flow, &p, scenario->midstream);
		else
			reason = tcp_track(&flow, &p, step->dir);
		ck_assert_msg(reason == step->reason, "%s, step %d at %u: %s, not %s",
			scenario->name, n + 1, isn[0], reason_name(reason),
			reason_name(step->reason));
		ck_assert_msg(flow.state == step->state, "%s, step %d at %u: state %d, not %d",
			scenario->name, n + 1, isn[0], flow.state, step->state);
		ck_assert_msg(reason == REASON_NONE || !memcmp(&before, &flow, sizeof(flow)),
			"%s, step %d at %u: refused, and left a trace", scenario->name, n + 1,
			isn[0]);
	}
	ck_assert_msg(n > 0, "%s is empty", scenario->name);
	*ret_flow = flow;
}

static void
play(const struct scenario *scenario, const uint32_t isn[2])
{
	struct flow flow;

	play_to(scenario, isn, &flow);
	ck_assert_msg((flow.flags & scenario->has) == scenario->has, "%s: flags %x", scenario->name,
		flow.flags);
	ck_assert_msg(!(flow.flags & scenario->lacks), "%s: flags %x", scenario->name, flow.flags);
}

#define SCENARIO_TEST(list)                                                                        \
	START_TEST(test_##list)                                                                    \
	{                                                                                          \
		size_t n, i;                                                                       \
                                                                                                   \
		for (n = 0; n < sizeof(list) / sizeof(list[0]); n++)                               \
			for (i = 0; i < sizeof(initial) / sizeof(initial[0]); i++)                 \
				play(&list[n], initial[i]);                                        \
	}                                                                                          \
	END_TEST

SCENARIO_TEST(handshakes)
SCENARIO_TEST(crossings)
SCENARIO_TEST(fast_opens)
SCENARIO_TEST(resets)
SCENARIO_TEST(windows)
SCENARIO_TEST(scales)
SCENARIO_TEST(closings)
SCENARIO_TEST(midstreams)

/* The combinations that are sent; all others are refused. */
START_TEST(test_flags)
{
	static const uint8_t possible[] = {
		S,
		S | TCP_PSH,
		SA,
		SA | TCP_PSH,
		A,
		PA,
		A | TCP_URG,
		PA | TCP_URG,
		FA,
		FA | TCP_PSH,
		FA | TCP_URG,
		FA | TCP_PSH | TCP_URG,
		R,
		RA,
		RA | TCP_PSH,
	};
	unsigned flags, n, ecn;
	bool expected;

	for (flags = 0; flags < 64; flags++) {
		expected = false;
		for (n = 0; n < sizeof(possible); n++)
			expected |= possible[n] == flags;
		for (ecn = 0; ecn < 256; ecn += 64) /* RFC 3168 §6.1: ECE, CWR */
			ck_assert_msg(tcp_flags_possible((uint8_t)(flags | ecn)) == expected,
				"flags 0x%02x", flags | ecn);
	}
}
END_TEST

struct reopen {
	uint8_t state;
	unsigned dir;
	uint8_t flags;
	uint32_t seq; /* less the highest number sent */
	bool reopens;
};

static const struct reopen reopens[] = {
	{ CLOSED, ORIG, S, 0, true },
	{ CLOSED, ORIG, S, -1, true },
	{ CLOSED, ORIG, S, 0x80000000, true },
	{ CLOSED, REPLY, S, 5, true },
	{ CLOSED, ORIG, S | TCP_PSH, 5, true },
	{ CLOSED, ORIG, SA, 5, false },
	{ CLOSED, ORIG, A, 5, false },
	{ CLOSED, ORIG, S | TCP_FIN, 5, false },
	{ CLOSED, REPLY, RA, 5, false },
	{ TIME_WAIT, ORIG, S, 0, true },
	{ TIME_WAIT, REPLY, S, 100000, true },
	{ TIME_WAIT, ORIG, S, -1, false }, /* an old duplicate */
	{ TIME_WAIT, ORIG, S, -2001, false },
	{ TIME_WAIT, ORIG, S, -2002, true }, /* RFC 6191 */
	{ TIME_WAIT, REPLY, S, -1001, false },
	{ TIME_WAIT, REPLY, S, -1002, true },
	{ TIME_WAIT, ORIG, S, 0x80000000, true },
	{ TIME_WAIT, ORIG, A, 5, false },
	{ TIME_WAIT, ORIG, FA, 5, false },
	{ CLOSING, ORIG, S, 0, true },
	{ CLOSING, REPLY, S, 7, true },
	{ CLOSING, ORIG, S, -1, false },
	{ CLOSING, ORIG, S, -2002, false },
	{ FIN_WAIT, ORIG, S, 70000, false },
	{ ESTABLISHED, ORIG, S, 70000, false },
	{ ESTABLISHED, REPLY, S, 70000, false },
	{ SYN_RECEIVED, ORIG, S, 70000, false },
	{ SYN_SENT, ORIG, S, 70000, false },
};

START_TEST(test_reopens)
{
	static const uint32_t ends[] = { 1000, 0, UINT32_MAX, 0x80000000 };
	const struct reopen *r;
	struct packet p = { .proto = PROTO_TCP };
	struct flow flow = { 0 };
	size_t n, i;

	for (n = 0; n < sizeof(reopens) / sizeof(reopens[0]); n++) {
		r = &reopens[n];
		for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
			flow.state = r->state;
			flow.tcp[ORIG] = (struct flow_tcp){ ends[i], ends[i] + 9, 1000 };
			flow.tcp[REPLY] = (struct flow_tcp){ ends[i], ends[i] + 9, 2000 };
			p.tcp.flags = r->flags;
			p.tcp.seq = ends[i] + r->seq;
			ck_assert_msg(tcp_reopens(&flow, &p, r->dir) == r->reopens, "row %zu", n);
		}
	}
}
END_TEST

/* A state that is not TCP's lets nothing pass. */
START_TEST(test_foreign_states)
{
	unsigned state, flags, dir;
	struct packet p = { .proto = PROTO_TCP };

	for (state = 0; state < FLOW_STATE_COUNT; state++) {
		if (state == SYN_SENT || (state >= SYN_RECEIVED && state <= CLOSED))
			continue;
		for (flags = 0; flags < 256; flags++) {
			for (dir = ORIG; dir <= REPLY; dir++) {
				struct flow flow = { .state = (uint8_t)state };

				p.tcp.flags = (uint8_t)flags;
				ck_assert_int_eq(tcp_track(&flow, &p, dir), STATE);
			}
		}
	}
}
END_TEST

/* An acknowledgement is worth no more than what was seen, wherever the numbers wrap. */
START_TEST(test_acked)
{
	static const uint32_t ends[] = { 1000, 0, 5, UINT32_MAX, 0x80000003 };
	struct packet p = { .proto = PROTO_TCP };
	struct flow flow = { 0 };
	size_t n;

	for (n = 0; n < sizeof(ends) / sizeof(ends[0]); n++) {
		flow.tcp[ORIG].end = ends[n];
		flow.tcp[REPLY].end = ends[n] + 77777;
		p.tcp.ack = ends[n] - 10;
		ck_assert_uint_eq(tcp_acked(&flow, &p, REPLY), ends[n] - 10);
		p.tcp.ack = ends[n];
		ck_assert_uint_eq(tcp_acked(&flow, &p, REPLY), ends[n]);
		p.tcp.ack = ends[n] + 10;
		ck_assert_uint_eq(tcp_acked(&flow, &p, REPLY), ends[n]);
		ck_assert_uint_eq(tcp_acked(&flow, &p, ORIG), ends[n] + 10);
	}
}
END_TEST

/* xorshift: the same numbers in every run. */
static uint32_t
draw(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/*
 * Honest hosts. Each sends what it likes within the window it has been offered, sends again from
 * the oldest unacknowledged byte, probes a closed window, and closes in the end. Packets are lost
 * in front of the firewall and behind it, and some stay on the line for a while. Whatever comes to
 * the firewall must pass; but for a segment that was overtaken by its own acknowledgement and a
 * window full of data, for that is nothing to anybody any more.
 */
#define LINE_MAX 8

struct host {
	uint32_t una, nxt, edge; /* as a sender: unacknowledged, next, first number not allowed */
	uint32_t rcv, promised;  /* as a receiver: next expected, edge that was offered */
	unsigned shift;
	uint32_t fin; /* number of its FIN, once it is sent */
	bool closes, closed;
};

struct line {
	struct host hosts[2];
	struct packet sent[2][LINE_MAX]; /* on their way to the firewall */
	unsigned waiting[2];
	struct flow flow;
	uint32_t seed;
	unsigned overtaken;
};

static void
host_hear(struct host *h, const struct packet *p)
{
	uint32_t len = p->payload_len + !!(p->tcp.flags & TCP_FIN);

	if (p->tcp.seq == h->rcv) /* what is out of order is thrown away */
		h->rcv += len;
	if ((int32_t)(p->tcp.ack - h->una) >= 0 && (int32_t)(p->tcp.ack - h->nxt) <= 0) {
		h->una = p->tcp.ack;
		h->edge = p->tcp.ack + ((uint32_t)p->tcp.window << h->shift);
	}
}

static struct packet
host_say(struct line *l, unsigned dir)
{
	struct host *h = &l->hosts[dir], *peer = &l->hosts[!dir];
	uint32_t choice = draw(&l->seed), room, window;
	struct packet p = { .proto = PROTO_TCP };

	p.tcp.flags = TCP_ACK;
	p.tcp.ack = h->rcv;
	/* An edge once offered is not taken back; the window is told in whole units. */
	window = draw(&l->seed) % 4 ? draw(&l->seed) % 60000 : 0;
	if ((int32_t)(h->rcv + window - h->promised) < 0)
		window = h->promised - h->rcv;
	p.tcp.window = (uint16_t)((window + (1u << peer->shift) - 1) >> peer->shift);
	h->promised = h->rcv + ((uint32_t)p.tcp.window << peer->shift);
	p.tcp.seq = choice % 4 && !h->closed ? h->nxt : h->una;
	if (h->closed && h->una == h->fin + 1)
		return p;
	room = (int32_t)(h->edge - p.tcp.seq) > 0 ? h->edge - p.tcp.seq : 0;
	if (h->closed && room > h->fin - p.tcp.seq)
		room = h->fin - p.tcp.seq;
	p.payload_len = room ? draw(&l->seed) % (room < 1460 ? room + 1 : 1461) : 0;
	if (h->closed && room)
		p.payload_len = room < 1460 ? room : 1460;
	if (!room && !h->closed && choice % 3 == 0 && p.tcp.seq == h->una)
		p.payload_len = 1; /* a probe */
	if (!h->closed && h->closes && p.tcp.seq + p.payload_len - h->nxt < 0x80000000) {
		h->closed = true;
		h->fin = p.tcp.seq + p.payload_len;
	}
	if (h->closed && p.tcp.seq + p.payload_len == h->fin)
		p.tcp.flags |= TCP_FIN;
	room = p.tcp.seq + p.payload_len + !!(p.tcp.flags & TCP_FIN);
	if ((int32_t)(room - h->nxt) > 0)
		h->nxt = room;
	return p;
}

/* One of the packets on the line comes to the firewall. They overtake each other, but not much. */
static void
line_step(struct line *l, unsigned dir, unsigned round)
{
	unsigned at;
	struct packet p;
	enum reason reason;

	while (l->waiting[dir] < LINE_MAX / 2)
		l->sent[dir][l->waiting[dir]++] = host_say(l, dir);
	at = draw(&l->seed) % 3 ? 0 : draw(&l->seed) % 2;
	p = l->sent[dir][at];
	l->waiting[dir]--;
	memmove(&l->sent[dir][at], &l->sent[dir][at + 1],
		(l->waiting[dir] - at) * sizeof(l->sent[dir][0]));
	if (draw(&l->seed) % 10 == 0)
		return;
	if (l->flow.state != FLOW_NONE)
		reason = tcp_track(&l->flow, &p, dir);
	else if (dir == ORIG && round > 100)
		reason = tcp_begin(&l->flow, &p, true);
	else
		reason = REASON_NONE;
	if (reason == REASON_TCP_WINDOW && (int32_t)(p.tcp.seq - l->hosts[dir].una) < 0) {
		l->overtaken++;
		return;
	}
	ck_assert_msg(reason == REASON_NONE,
		"round %u: %s of side %u: flags %02x seq %u ack %u len %u", round,
		reason_name(reason), dir, p.tcp.flags, p.tcp.seq, p.tcp.ack, p.payload_len);
	if (draw(&l->seed) % 10)
		host_hear(&l->hosts[!dir], &p);
}

static void
line_open(struct line *l, uint32_t seed, const uint32_t isn[2])
{
	const struct step steps[] = {
		{ ORIG, S, 0, 0, 20000, 0, PASS, SYN_SENT, (int)(seed % 15) + 1 },
		{ REPLY, SA, 0, 1, 30000, 0, PASS, SYN_RECEIVED, (int)(seed / 15 % 15) + 1 },
		{ ORIG, A, 1, 1, 0, 0, PASS, ESTABLISHED },
	};
	struct packet p;
	unsigned n;

	*l = (struct line){ .seed = seed };
	for (n = 0; n < 3; n++) {
		p = segment(&steps[n], isn);
		ck_assert_int_eq(
			n ? tcp_track(&l->flow, &p, steps[n].dir) : tcp_begin(&l->flow, &p, false),
			REASON_NONE);
	}
	for (n = 0; n < 2; n++) {
		l->hosts[n].una = l->hosts[n].nxt = isn[n] + 1;
		l->hosts[n].rcv = isn[!n] + 1;
		l->hosts[n].edge = isn[n] + 1 + (n ? 20000 : 30000);
		l->hosts[n].shift = (unsigned)steps[!n].wscale - 1;
	}
	l->hosts[0].promised = l->hosts[1].edge;
	l->hosts[1].promised = l->hosts[0].edge;
}

START_TEST(test_honest_hosts)
{
	struct line line;
	uint32_t seed, round;

	for (seed = 1; seed <= 150; seed++) {
		line_open(&line, seed, initial[seed % 5]);
		if (seed % 3 == 0) /* the firewall comes when they have talked for a while */
			line.flow = (struct flow){ 0 };
		for (round = 0; round < 2000; round++) {
			line.hosts[ORIG].closes = round > 1000 + seed;
			line.hosts[REPLY].closes = round > 1300 - seed;
			line_step(&line, draw(&line.seed) % 2, round);
		}
		ck_assert_uint_lt(line.overtaken, 20);
		ck_assert_int_ge(line.flow.state, FIN_WAIT);
		ck_assert(line.flow.flags & FLOW_TCP_FIN_ORIG &&
			  line.flow.flags & FLOW_TCP_FIN_REPLY);
	}
}
END_TEST

/*
 * Blind attackers, who know the addresses and draw the numbers. The bounds are worked out here
 * from what the two sides have said: the originator sent up to 101 and offers 1000 behind 501, the
 * responder sent up to 501 and offers 2000 behind 101.
 */
START_TEST(test_blind_attackers)
{
	static const struct scenario talk = { "talk",
		.steps = {
			HANDSHAKE,
			{ ORIG, PA, 1, 1, 1000, 100, PASS, ESTABLISHED },
			{ REPLY, PA, 1, 101, 2000, 500, PASS, ESTABLISHED },
			{ ORIG, A, 101, 501, 1000, 0, PASS, ESTABLISHED },
		} };
	static const uint8_t flags[] = { A, PA, FA, R, RA };
	const uint32_t isn[2] = { 0xfffffff0, 0x7ffffff0 };
	struct flow flow, before;
	struct packet p;
	struct step step;
	uint32_t seed = 4711, n, passed = 0;
	bool in, exact;

	play_to(&talk, isn, &flow);
	before = flow;
	for (n = 0; n < 100000; n++) {
		step = (struct step){ ORIG, flags[draw(&seed) % 5], draw(&seed), draw(&seed), 65535,
			draw(&seed) % 1400, PASS, ESTABLISHED };
		if (n % 2) /* near by, or the test would prove little */
			step.seq = step.seq % 8000 - 4000;
		if (n % 4 > 1)
			step.ack = step.ack % 8000 - 4000;
		p = segment(&step, isn);
		in = (int32_t)step.seq >= 101 - 2000 - 1;
		if (step.flags & TCP_RST) {
			in = in && (int32_t)step.seq <= 2101;
		} else {
			in = in && (int32_t)(step.seq + step.len) <= 2101 &&
			     (int32_t)step.ack <= 1501 && (int32_t)step.ack >= 501 - 2 * 1000;
			if (step.flags & TCP_FIN)
				in = in && (int32_t)(step.seq + step.len + 1) >= 101;
		}
		exact = step.flags & TCP_RST && step.seq == 101;
		ck_assert_msg(tcp_track(&flow, &p, ORIG) == (in ? PASS : WINDOW),
			"flags %02x seq %d ack %d len %u", step.flags, (int)step.seq, (int)step.ack,
			step.len);
		ck_assert((flow.state == CLOSED) == exact);
		if (!in || step.flags & TCP_RST)
			ck_assert(exact || !memcmp(&before, &flow, sizeof(flow)));
		passed += in;
		flow = before;
	}
	ck_assert_uint_gt(passed, 1000);
}
END_TEST

static Suite *
suite(void)
{
	Suite *suite = suite_create("tcp");
	TCase *tables = tcase_create("tables");
	TCase *properties = tcase_create("properties");

	tcase_add_test(tables, test_flags);
	tcase_add_test(tables, test_reopens);
	tcase_add_test(tables, test_foreign_states);
	tcase_add_test(tables, test_acked);
	tcase_add_test(tables, test_handshakes);
	tcase_add_test(tables, test_crossings);
	tcase_add_test(tables, test_fast_opens);
	tcase_add_test(tables, test_resets);
	tcase_add_test(tables, test_windows);
	tcase_add_test(tables, test_scales);
	tcase_add_test(tables, test_closings);
	tcase_add_test(tables, test_midstreams);
	suite_add_tcase(suite, tables);
	tcase_add_test(properties, test_honest_hosts);
	tcase_add_test(properties, test_blind_attackers);
	suite_add_tcase(suite, properties);
	return suite;
}

int
main(void)
{
	return kit_run(suite());
}

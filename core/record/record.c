// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Handing events to recorders, and what several recorders say in the same words.
 *
 * The list is filled before the first packet and never changes afterwards. It holds at most
 * RECORDERS_MAX recorders, whose contexts belong to whoever added them.
 */
#include "record/record.h"

#include <errno.h>

int
recorders_add(struct recorders *recorders, const struct recorder_ops *ops, void *context)
{
	if (recorders->count == RECORDERS_MAX)
		return -ENOSPC;
	recorders->list[recorders->count++] = (struct recorder){ .ops = ops, .context = context };
	recorders->wants_drops |= ops->drop != NULL;
	recorders->wants_flows |= ops->flow_begin || ops->flow_end;
	recorders->wants_expectations |= ops->expectation != NULL;
	recorders->wants_logs |= ops->log != NULL;
	return 0;
}

/* Calls `member` of each recorder that has one. */
#define TELL(recorders, member, event)                                                             \
	do {                                                                                       \
		const struct recorder *r = (recorders)->list;                                      \
		for (unsigned i = 0; i < (recorders)->count; i++, r++) {                           \
			if (r->ops->member)                                                        \
				r->ops->member(r->context, event);                                 \
		}                                                                                  \
	} while (0)

void
record_flow_begin(const struct recorders *recorders, const struct flow_event *event)
{
	TELL(recorders, flow_begin, event);
}

void
record_flow_end(const struct recorders *recorders, const struct flow_event *event)
{
	TELL(recorders, flow_end, event);
}

void
record_expectation(const struct recorders *recorders, const struct expectation_event *event)
{
	TELL(recorders, expectation, event);
}

void
record_drop(const struct recorders *recorders, const struct drop_event *event)
{
	TELL(recorders, drop, event);
}

void
record_log(const struct recorders *recorders, const struct log_event *event)
{
	TELL(recorders, log, event);
}

/* The answer to an ICMP question (RFC 792, RFC 950; RFC 4443 §4, RFC 4620), or -1. */
static int
icmp_answer(uint8_t family, uint8_t question)
{
	static const struct {
		uint8_t family, question, answer;
	} pairs[] = {
		{ 4, 8, 0 },
		{ 4, 13, 14 },
		{ 4, 15, 16 },
		{ 4, 17, 18 },
		{ 6, 128, 129 },
		{ 6, 139, 140 },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (pairs[i].family == family && pairs[i].question == question)
			return pairs[i].answer;
	}
	return -1;
}

/*
 * A question has its type on the side of the receiver, so a flow that began with an answer has it
 * on the side of the sender (tuple.h). Only an identifier that looks like a question itself could
 * be taken for one.
 */
void
record_icmp(const struct tuple *tuple, uint8_t *ret_type, uint8_t *ret_code)
{
	uint8_t type = (uint8_t)(tuple->dst_port >> 8);
	uint8_t code = (uint8_t)tuple->dst_port;
	int answer = icmp_answer(tuple->family, (uint8_t)(tuple->src_port >> 8));
	bool is_question = !code && icmp_answer(tuple->family, type) >= 0;

	if (!is_question && answer >= 0 && !(tuple->src_port & 0xff)) {
		type = (uint8_t)answer;
		code = 0;
	}
	*ret_type = type;
	*ret_code = code;
}

size_t
record_tcp_flags(uint8_t flags, char text[static TCP_FLAGS_TEXT_MAX])
{
	static const struct {
		uint8_t flag;
		char letter;
	} letters[] = {
		{ TCP_ACK, 'A' },
		{ TCP_FIN, 'F' },
		{ TCP_PSH, 'P' },
		{ TCP_RST, 'R' },
		{ TCP_SYN, 'S' },
		{ TCP_URG, 'U' },
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (flags & letters[i].flag)
			text[n++] = letters[i].letter;
	}
	return n;
}

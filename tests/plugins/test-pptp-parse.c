// SPDX-License-Identifier: GPL-2.0-or-later
/* The messages of PPTP from bytes of exactly their size; and the table of calls. */
#include "pptp-parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "pptp-calls.h"
#include "pptp-script.h"

/* A block of its own, so that a read beyond it is found. */
static uint8_t *
copy_of(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	ck_assert_ptr_nonnull(copy);
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

static int64_t
frame(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = copy_of(bytes, len);
	int64_t length = pptp_frame(copy, len);

	free(copy);
	return length;
}

static const struct {
	const char *line;
	struct pptp_message message;
	size_t len;
	bool texts;
} messages[] = {
	{ "SCCRQ", { .type = PPTP_START_REQUEST, .version = 0x100 }, 156, true },
	{ "SCCRP 5", { .type = PPTP_START_REPLY, .version = 0x100, .result = 5 }, 156, true },
	{ "STOPRQ", { .type = PPTP_STOP_REQUEST }, 16, false },
	{ "STOPRP 2", { .type = PPTP_STOP_REPLY, .result = 2 }, 16, false },
	{ "ECHORQ", { .type = PPTP_ECHO_REQUEST }, 16, false },
	{ "ECHORP", { .type = PPTP_ECHO_REPLY, .result = 1 }, 20, false },
	{ "OCRQ 7 600", { .type = PPTP_OUTGOING_REQUEST, .own = 7, .own_at = 12, .serial = 600 },
		168, false },
	{ "OCRP 65535 7 1",
		{ .type = PPTP_OUTGOING_REPLY,
			.own = 65535,
			.own_at = 12,
			.peer = 7,
			.peer_at = 14,
			.result = 1 },
		32, false },
	{ "ICRQ 9 601", { .type = PPTP_INCOMING_REQUEST, .own = 9, .own_at = 12, .serial = 601 },
		220, false },
	{ "ICRP 10 9 3",
		{ .type = PPTP_INCOMING_REPLY,
			.own = 10,
			.own_at = 12,
			.peer = 9,
			.peer_at = 14,
			.result = 3 },
		24, false },
	{ "ICCN 10", { .type = PPTP_INCOMING_CONNECTED, .peer = 10, .peer_at = 12 }, 28, false },
	{ "CCRQ 0", { .type = PPTP_CALL_CLEAR, .own_at = 12 }, 16, false },
	{ "CDN 513 4", { .type = PPTP_CALL_DISCONNECT, .own = 513, .own_at = 12, .result = 4 }, 148,
		false },
	{ "WEN 258", { .type = PPTP_WAN_ERROR, .peer = 258, .peer_at = 12 }, 40, false },
	{ "SLI 259", { .type = PPTP_SET_LINK_INFO, .peer = 259, .peer_at = 12 }, 24, false },
};

START_TEST(every_message)
{
	uint8_t bytes[PPTP_SCRIPT_MAX];
	struct pptp_message m;
	char text[PPTP_TEXT_LEN + 1];
	size_t len, have;
	uint8_t *copy;

	len = pptp_script_message(messages[_i].line, bytes);
	ck_assert_uint_eq(len, messages[_i].len);
	for (have = 0; have < 10; have++)
		ck_assert_int_eq(frame(bytes, have), 0);
	for (; have <= len; have++)
		ck_assert_int_eq(frame(bytes, have), (int64_t)len);
	/* What comes behind it is not looked at. */
	memset(bytes + len, 0xff, 8);
	ck_assert_int_eq(frame(bytes, len + 8), (int64_t)len);

	copy = copy_of(bytes, len);
	ck_assert_int_eq(pptp_parse(copy, len - 1, &m), -EINVAL);
	ck_assert_int_eq(pptp_parse(copy, len, &m), 0);
	if (messages[_i].texts) {
		ck_assert_uint_eq(pptp_text(m.host, text), 4);
		ck_assert_str_eq(text, "host");
		ck_assert_uint_eq(pptp_text(m.vendor, text), 6);
		ck_assert_str_eq(text, "vendor");
		m.host = m.vendor = NULL;
	}
	ck_assert_mem_eq(&m, &messages[_i].message, sizeof(m));
	free(copy);
}
END_TEST

/* Of each message every other length, and what is not right in the header. */
START_TEST(wrong_headers)
{
	uint8_t bytes[PPTP_SCRIPT_MAX];
	size_t len = pptp_script_message(messages[_i].line, bytes);
	unsigned length, bit;

	for (length = 0; length < 0x10000; length++) {
		bytes[0] = (uint8_t)(length >> 8);
		bytes[1] = (uint8_t)length;
		if (pptp_frame(bytes, len) != (length == len ? (int64_t)len : -EPROTO))
			ck_abort_msg("%s of length %u", messages[_i].line, length);
	}
	bytes[0] = 0;
	bytes[1] = (uint8_t)len;
	/* Any bit of the kind and the magic cookie; what is refused stays refused. */
	for (bit = 16; bit < 64; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_int_eq(frame(bytes, bit < 32 ? 4 : 8), -EPROTO);
		ck_assert_int_eq(frame(bytes, len), -EPROTO);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_assert_int_eq(frame(bytes, len), (int64_t)len);
}
END_TEST

START_TEST(other_types_and_protocols)
{
	static const uint8_t none[] = { 0, 12, 0, 1, 0x1a, 0x2b, 0x3c, 0x4d, 0, 0, 0, 0 };
	static const uint8_t sixteen[] = { 0, 16, 0, 1, 0x1a, 0x2b, 0x3c, 0x4d, 0, 16, 0, 0 };
	static const uint8_t high[] = { 0, 16, 0, 1, 0x1a, 0x2b, 0x3c, 0x4d, 1, 3, 0, 0 };
	static const uint8_t huge[] = { 0xff, 0xff };
	static const uint8_t management[] = { 0, 16, 0, 2 };

	ck_assert_int_eq(frame(none, sizeof(none)), -EPROTO);
	ck_assert_int_eq(frame(sixteen, sizeof(sixteen)), -EPROTO);
	ck_assert_int_eq(frame(high, sizeof(high)), -EPROTO);
	ck_assert_int_eq(frame(huge, sizeof(huge)), -EPROTO);
	ck_assert_int_eq(frame(management, sizeof(management)), -EPROTO);
	ck_assert_int_eq(frame((const uint8_t *)"POST / HTTP/1.1", 15), -EPROTO);
	ck_assert_int_eq(frame((const uint8_t *)"\x16\x03\x01\x02\x00", 5), -EPROTO);
	ck_assert_int_eq(frame((const uint8_t *)"", 0), 0);
}
END_TEST

/* Lengths of telephone numbers that are longer than the field for them. */
START_TEST(counts_that_lie)
{
	static const struct {
		const char *line;
		unsigned at;
	} counts[] = { { "OCRQ 1", 36 }, { "ICRQ 1", 24 }, { "ICRQ 1", 26 } };
	uint8_t bytes[PPTP_SCRIPT_MAX];
	struct pptp_message m = { .type = 99 };
	size_t len = pptp_script_message(counts[_i].line, bytes);

	bytes[counts[_i].at + 1] = 64;
	ck_assert_int_eq(pptp_parse(bytes, len, &m), 0);
	m.type = 99;
	bytes[counts[_i].at + 1] = 65;
	ck_assert_int_eq(pptp_parse(bytes, len, &m), -EINVAL);
	bytes[counts[_i].at + 1] = 0;
	bytes[counts[_i].at] = 1;
	ck_assert_int_eq(pptp_parse(bytes, len, &m), -EINVAL);
	ck_assert_uint_eq(m.type, 99);
}
END_TEST

START_TEST(texts)
{
	uint8_t field[PPTP_TEXT_LEN];
	char text[PPTP_TEXT_LEN + 1];
	uint8_t *copy;

	memset(field, 'x', sizeof(field));
	copy = copy_of(field, sizeof(field));
	ck_assert_uint_eq(pptp_text(copy, text), PPTP_TEXT_LEN);
	ck_assert_uint_eq(strlen(text), PPTP_TEXT_LEN);
	free(copy);
	memcpy(field, "a\tb\x1b[2J\xc3\xa4~ \x7f", 12);
	field[13] = '\0';
	ck_assert_uint_eq(pptp_text(field, text), 13);
	ck_assert_str_eq(text, "a?b?[2J??~ ?x");
	field[0] = '\0';
	ck_assert_uint_eq(pptp_text(field, text), 0);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(pptp_type_name(PPTP_WAN_ERROR), "WAN-Error-Notify");
	ck_assert_str_eq(pptp_type_name(0), "a message");
	ck_assert_str_eq(pptp_type_name(PPTP_TYPES), "a message");
	ck_assert_str_eq(pptp_type_name(UINT32_MAX), "a message");
}
END_TEST

static struct pptp_call *
add(struct pptp_calls *calls, enum pptp_call_state state, uint16_t id)
{
	struct pptp_call *call = pptp_calls_add(calls, state);

	ck_assert_ptr_nonnull(call);
	pptp_call_identify(call, 0, id);
	return call;
}

START_TEST(calls_are_found_by_what_they_are_called)
{
	struct pptp_calls calls = { 0 };
	struct pptp_call *a = add(&calls, PPTP_CALL_UP, 0), *b = add(&calls, PPTP_CALL_OUTGOING, 5);

	ck_assert_uint_eq(a->number, 1);
	ck_assert_uint_eq(b->number, 2);
	pptp_call_identify(a, 1, 5);
	ck_assert_ptr_eq(pptp_calls_by_id(&calls, PPTP_CALL_ANY, 0, 0), a);
	ck_assert_ptr_eq(pptp_calls_by_id(&calls, PPTP_CALL_ANY, 0, 5), b);
	ck_assert_ptr_eq(pptp_calls_by_id(&calls, PPTP_CALL_ANY, 1, 5), a);
	/* An id that is not known yet is no 0. */
	ck_assert_ptr_null(pptp_calls_by_id(&calls, PPTP_CALL_ANY, 1, 0));
	ck_assert_ptr_null(pptp_calls_by_id(&calls, PPTP_CALL_OUTGOING, 0, 0));
	a->told[0] = 77;
	ck_assert_ptr_eq(pptp_calls_by_told(&calls, PPTP_CALL_ANY, 0, 77), a);
	ck_assert_ptr_null(pptp_calls_by_told(&calls, PPTP_CALL_ANY, 0, 0));
	ck_assert_ptr_eq(pptp_calls_by_id(&calls, PPTP_CALL_ANY, 0, 0), a);
	pptp_call_free(a);
	ck_assert_ptr_null(pptp_calls_by_id(&calls, PPTP_CALL_ANY, 0, 0));
}
END_TEST

START_TEST(what_is_being_cleared_comes_first)
{
	struct pptp_calls calls = { 0 };
	struct pptp_call *up = add(&calls, PPTP_CALL_UP, 9);
	struct pptp_call *first = add(&calls, PPTP_CALL_CLEARING, 9);
	struct pptp_call *second = add(&calls, PPTP_CALL_CLEARING, 9);
	struct pptp_call *other = add(&calls, PPTP_CALL_CLEARING, 10);

	ck_assert_ptr_eq(pptp_calls_by_id(&calls, PPTP_CALL_ANY, 0, 9), first);
	ck_assert_ptr_eq(pptp_calls_by_id(&calls, PPTP_CALL_LIVE, 0, 9), up);
	pptp_call_free(first);
	ck_assert_ptr_eq(pptp_calls_by_id(&calls, PPTP_CALL_ANY, 0, 9), second);
	pptp_calls_settle(&calls, up);
	ck_assert_ptr_eq(pptp_calls_by_id(&calls, PPTP_CALL_ANY, 0, 9), up);
	ck_assert_ptr_eq(pptp_calls_by_id(&calls, PPTP_CALL_ANY, 0, 10), other);
}
END_TEST

START_TEST(a_full_table)
{
	struct pptp_calls calls = { 0 };
	struct pptp_call *clearing, *asked;
	uint16_t id;

	for (id = 0; id < PPTP_CALLS_MAX - 2; id++)
		add(&calls, PPTP_CALL_UP, id);
	asked = add(&calls, PPTP_CALL_OUTGOING, id++);
	clearing = add(&calls, PPTP_CALL_CLEARING, id++);
	/* First goes what is over, then what nobody has answered, and what is connected never. */
	ck_assert_ptr_eq(pptp_calls_add(&calls, PPTP_CALL_UP), clearing);
	ck_assert_ptr_eq(pptp_calls_add(&calls, PPTP_CALL_UP), asked);
	ck_assert_ptr_null(pptp_calls_add(&calls, PPTP_CALL_UP));
	pptp_call_free(pptp_calls_by_id(&calls, PPTP_CALL_UP, 0, 3));
	ck_assert_ptr_nonnull(pptp_calls_add(&calls, PPTP_CALL_UP));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("pptp-parse");
	TCase *c = tcase_create("pptp-parse");
	const int count = sizeof(messages) / sizeof(messages[0]);

	tcase_add_loop_test(c, every_message, 0, count);
	tcase_add_loop_test(c, wrong_headers, 0, count);
	tcase_add_test(c, other_types_and_protocols);
	tcase_add_loop_test(c, counts_that_lie, 0, 3);
	tcase_add_test(c, texts);
	tcase_add_test(c, names);
	tcase_add_test(c, calls_are_found_by_what_they_are_called);
	tcase_add_test(c, what_is_being_cleared_comes_first);
	tcase_add_test(c, a_full_table);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

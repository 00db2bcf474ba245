// SPDX-License-Identifier: GPL-2.0-or-later
/* Scripts of PPTP: text to bytes. */
#include "pptp-script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

/* Where the numbers of a message go; 0 ends the list. RFC 2637 §2. */
static const struct {
	const char *name;
	uint8_t type;
	uint8_t len;
	uint8_t at[4];
	uint8_t result; /* of one byte */
} messages[] = {
	{ "SCCRQ", 1, 156, { 0 }, 0 },
	{ "SCCRP", 2, 156, { 14 }, 14 },
	{ "STOPRQ", 3, 16, { 0 }, 0 },
	{ "STOPRP", 4, 16, { 12 }, 12 },
	{ "ECHORQ", 5, 16, { 0 }, 0 },
	{ "ECHORP", 6, 20, { 16 }, 16 },
	{ "OCRQ", 7, 168, { 12, 14 }, 0 },
	{ "OCRP", 8, 32, { 12, 14, 16 }, 16 },
	{ "ICRQ", 9, 220, { 12, 14 }, 0 },
	{ "ICRP", 10, 24, { 12, 14, 16 }, 16 },
	{ "ICCN", 11, 28, { 12 }, 0 },
	{ "CCRQ", 12, 16, { 12 }, 0 },
	{ "CDN", 13, 148, { 12, 14 }, 14 },
	{ "WEN", 14, 40, { 12 }, 0 },
	{ "SLI", 15, 24, { 12 }, 0 },
};

static void
put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* "474554 …" up to the end of the line */
static size_t
read_hex(const char *text, uint8_t bytes[PPTP_SCRIPT_MAX])
{
	unsigned value;
	size_t len = 0;
	int used;

	while (sscanf(text, " %2x%n", &value, &used) == 1) {
		ck_assert_uint_lt(len, PPTP_SCRIPT_MAX);
		bytes[len++] = (uint8_t)value;
		text += used;
		if (*text == '\n')
			break;
	}
	return len;
}

size_t
pptp_script_message(const char *line, uint8_t bytes[PPTP_SCRIPT_MAX])
{
	/* All of the header but the type: length, kind 1, and the magic cookie. */
	static const uint8_t header[8] = { 0, 0, 0, 1, 0x1a, 0x2b, 0x3c, 0x4d };
	char name[16];
	unsigned n, i;
	int used;

	ck_assert_int_eq(sscanf(line, " %15[A-Za-z]%n", name, &used), 1);
	line += used;
	if (!strcmp(name, "hex"))
		return read_hex(line, bytes);
	for (n = 0; strcmp(messages[n].name, name); n++)
		ck_assert_msg(n + 1 < sizeof(messages) / sizeof(messages[0]), "%s?", name);
	memset(bytes, 0, messages[n].len);
	memcpy(bytes, header, sizeof(header));
	put16(bytes, messages[n].len);
	put16(bytes + 8, messages[n].type);
	if (messages[n].type <= 2) {
		put16(bytes + 12, 0x0100);
		memcpy(bytes + 28, "host", 4);
		memcpy(bytes + 92, "vendor", 6);
	}
	if (messages[n].result)
		bytes[messages[n].result] = 1;
	for (i = 0; messages[n].at[i]; i++) {
		char *end;
		unsigned long value = strtoul(line, &end, 10);

		if (*line != ' ' || end == line + 1)
			break;
		if (messages[n].at[i] == messages[n].result)
			bytes[messages[n].result] = (uint8_t)value;
		else
			put16(bytes + messages[n].at[i], (unsigned)value);
		line = end;
	}
	return messages[n].len;
}

const char *
pptp_script_next(
	const char *script, uint32_t *ret_dir, uint8_t bytes[PPTP_SCRIPT_MAX], size_t *ret_len)
{
	const char *end = strchr(script, '\n');

	if (!*script)
		return NULL;
	ck_assert_ptr_nonnull(end);
	ck_assert_ptr_nonnull(strchr("CS", *script));
	*ret_dir = *script == 'S';
	*ret_len = pptp_script_message(script + 1, bytes);
	return end + 1;
}

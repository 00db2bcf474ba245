/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Appending pieces of text to a writer. Nothing fails: a line may be of any length.
 */
#ifndef RECORD_WRITE_H
#define RECORD_WRITE_H

#include "record/writer.h"

void write_bytes(struct writer *writer, const char *bytes, size_t len);
void write_text(struct writer *writer, const char *text);
void write_char(struct writer *writer, char c);
void write_uint(struct writer *writer, uint64_t number);

/* A JSON string with its quotes; valid UTF-8 passes, the rest becomes U+FFFD; control characters
 * are escaped (RFC 8259 §7). NULL: the word null. */
void write_json(struct writer *writer, const char *text);

/* The inside of such a string, without quotes, at `at`; returns its end. Bytes it may need: */
#define JSON_MAX(len) (6 * (len))
char *json_put(char *at, const char *text, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A bounded cursor over BER (ITU-T X.690 §8).
 *
 * A struct ber is a window on a row of elements that belong to somebody else. Each call takes the
 * next element, which must have the tag that is asked for. When it has not, or is not whole, or is
 * nested too deep, the cursor is bad for good, gives zeros and has nothing left, so a parser may
 * take a whole structure and ask once whether it was there. A cursor that was entered from another
 * one is on its own: the outer one is behind the element whatever is found in it.
 *
 * Understood are tags of one byte, and of two where the number is 31 to 127; lengths of the short
 * form, and of the long form with up to four bytes, however many of them are zero (Active Directory
 * writes 84 00 00 00 05). The indefinite form is refused. Nothing is allocated, copied or recursed
 * into; a row is bounded by its bytes, nesting by BER_DEPTH_MAX.
 *
 * To use it, a plugin adds ber_sources to its own; nothing of it is visible outside of the plugin.
 */
#ifndef CODEC_BER_H
#define CODEC_BER_H

#include <stddef.h>
#include <stdint.h>

#include <postern/reader.h>

#define BER_DEPTH_MAX  16 /* elements within elements */
#define BER_HEADER_MAX 7  /* bytes of tag and length */

/* Tags (§8.1.2), as they stand in the bytes: 0x30, or 0x7f65 for one of two bytes. */
enum {
	BER_BOOLEAN = 0x01,
	BER_INTEGER = 0x02,
	BER_OCTETS = 0x04,
	BER_ENUMERATED = 0x0a,
	BER_SEQUENCE = 0x30,
	BER_SET = 0x31,
	BER_CONSTRUCTED = 0x20, /* the bit that says that there are elements inside */
	BER_CONTEXT = 0x80,     /* + number: context-specific */
};

struct ber {
	struct pn_reader r;
	uintptr_t depth; /* how many elements it is in */
};

/*
 * Length of the element that `bytes` begin with, header and all; 0: too few bytes to tell;
 * -EPROTO: no element begins so; -EMSGSIZE: it is longer than `max`. What is wrong is told as soon
 * as it is seen, so cutting the bytes elsewhere makes no difference.
 */
int64_t ber_frame(const uint8_t *bytes, size_t len, uint64_t max);

/* Elements in `len` bytes, which must outlive the cursor. */
struct ber ber(const void *bytes, size_t len);

/* 1 as long as every element was there. */
static inline int
ber_ok(const struct ber *b)
{
	return pn_ok(&b->r);
}

/* Bytes of elements not taken yet; 0 if the cursor is bad. */
static inline size_t
ber_left(const struct ber *b)
{
	return pn_left(&b->r);
}

/* Tag of the next element, not taken; 0 if there is none, or no tag. */
uint32_t ber_peek(const struct ber *b);

/* The elements inside the next one, which is taken. */
struct ber ber_enter(struct ber *b, uint32_t tag);

/* The same where the end of the bytes may be missing: what is there of it. */
struct ber ber_enter_cut(struct ber *b, uint32_t tag);

/* Contents of the next element, which is taken; NULL and 0 if the cursor is bad. */
const uint8_t *ber_bytes(struct ber *b, uint32_t tag, size_t *ret_len);

/* The next element is an INTEGER or the like (§8.3) that fits 32 bits and is not negative. */
uint32_t ber_uint(struct ber *b, uint32_t tag);

/* Takes the next element, whatever it is. */
void ber_skip(struct ber *b);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BER as one writes it, for tests:
 *
 *     30{ 02=5 63{ 'dc=x' 80'abc' } }
 *
 * TAG{ … } is an element with elements inside, TAG=NUMBER an integer, TAG'text' one with text, and
 * 'text' alone an OCTET STRING; TAG is two or four hexadecimal digits. A ! behind the tag makes its
 * length long, 84 and four bytes, as Active Directory writes it. Bytes that stand for themselves
 * are written between < and >.
 */
#ifndef BER_TEXT_H
#define BER_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define BER_TEXT_MAX 65536

/* Returns how many bytes it is. What is wrong with the text ends the program. */
size_t ber_text(const char *text, uint8_t bytes[static BER_TEXT_MAX]);

#endif

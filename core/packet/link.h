/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the first byte of a frame to its IP header. */
#ifndef PACKET_LINK_H
#define PACKET_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <postern/reader.h>

/*
 * Takes the link headers from `frame`, which then stands at the network header. Returns 4 or 6, 0
 * for what is not IP, or -EBADMSG for headers that cannot be: a wrong version, too many tags. When
 * the frame ends before its headers do, pn_ok(frame) is false and the result says nothing.
 * -EPROTONOSUPPORT: the link type is not known.
 */
int link_skip(uint16_t link, struct pn_reader *frame);

bool link_is_known(uint16_t link);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture filters in the language of pcap-filter(7), compiled by libpcap per link type. */
#ifndef SOURCE_FILTER_H
#define SOURCE_FILTER_H

#include "packet/packet.h"

struct filter;

/* -EINVAL: *ret_message says why, the caller's to g_free(). */
int filter_new(const char *expression, struct filter **ret_filter, char **ret_message);
void filter_free(struct filter *filter);

/* Does the packet (link, data, caplen, wirelen) match? An expression that makes no sense for its
 * link type matches nothing. One thread at a time: the first packet of a link type compiles. */
bool filter_match(const struct filter *filter, const struct packet *p);

/* What libpcap calls a link type ("EN10MB"), or NULL. */
const char *filter_link_name(uint16_t link);

#endif

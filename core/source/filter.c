// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One expression as a list of programs, one per link type. A program is compiled when the first
 * packet of its link type comes, and kept; link types that the expression makes no sense for are
 * kept too, without a program. The list is searched from its front: captures have one link type,
 * seldom two or three.
 *
 * Names of hosts in an expression are looked up when it is compiled. pcap_compile() takes no other
 * call of itself beside it.
 */
#include "source/filter.h"

#include <errno.h>

#include <glib.h>
#include <pcap/pcap.h>

#include "packet/decode.h"

/* Programs need room for whole packets: this is what a match returns. */
#define FILTER_SNAPLEN 262144

struct program {
	uint16_t link;
	bool compiled;
	struct bpf_program code;
};

struct filter {
	char *expression;
	GArray *programs; /* of struct program */
};

/* libpcap's own number of a link type: on some systems raw IP and a few old ones differ. */
static int
filter_dlt(uint16_t link)
{
	switch (link) {
	case LINK_RAW:
	case LINK_RAW_BSD:
		return DLT_RAW;
	default:
		return link;
	}
}

const char *
filter_link_name(uint16_t link)
{
	return pcap_datalink_val_to_name(filter_dlt(link));
}

/* Compiles for a link type; on failure -EINVAL, and why in a new string if wanted. */
static int
program_compile(
	const char *expression, uint16_t link, struct bpf_program *ret_code, char **ret_message)
{
	pcap_t *pcap = pcap_open_dead(filter_dlt(link), FILTER_SNAPLEN);
	int ret;

	if (!pcap) {
		if (ret_message)
			*ret_message = g_strdup("libpcap cannot begin: out of memory");
		return -EINVAL;
	}
	ret = pcap_compile(pcap, ret_code, expression, 1, PCAP_NETMASK_UNKNOWN);
	if (ret < 0 && ret_message)
		*ret_message = g_strdup(pcap_geterr(pcap));
	pcap_close(pcap);
	return ret < 0 ? -EINVAL : 0;
}

/* The program for a link type, compiled if that has not been tried; then a failure tells why, if
 * that is wanted. */
static const struct program *
filter_program(const struct filter *filter, uint16_t link, char **ret_message)
{
	struct program program = { .link = link };

	for (unsigned n = 0; n < filter->programs->len; n++) {
		const struct program *known = &g_array_index(filter->programs, struct program, n);

		if (known->link == link)
			return known;
	}
	program.compiled =
		program_compile(filter->expression, link, &program.code, ret_message) == 0;
	g_array_append_val(filter->programs, program);
	return &g_array_index(filter->programs, struct program, filter->programs->len - 1);
}

/* Does it make sense for any link type that we know? Some words are for one only ("ifindex"). What
 * is told to be wrong is what is wrong on Ethernet. */
static int
filter_validate(const struct filter *filter, char **ret_message)
{
	static const uint16_t others[] = { LINK_RAW, LINK_SLL, LINK_SLL2, LINK_PPP, LINK_PPPOE,
		LINK_PPP_HDLC, LINK_CISCO_HDLC, LINK_NULL, LINK_LOOP, LINK_IPV4, LINK_IPV6 };
	char *message = NULL;

	if (filter_program(filter, LINK_ETHERNET, &message)->compiled)
		return 0;
	for (unsigned n = 0; n < G_N_ELEMENTS(others); n++)
		if (filter_program(filter, others[n], NULL)->compiled) {
			g_free(message);
			return 0;
		}
	*ret_message = message;
	return -EINVAL;
}

int
filter_new(const char *expression, struct filter **ret_filter, char **ret_message)
{
	struct filter *filter = g_new0(struct filter, 1);
	int ret;

	filter->expression = g_strdup(expression);
	filter->programs = g_array_new(FALSE, FALSE, sizeof(struct program));
	ret = filter_validate(filter, ret_message);
	if (ret < 0) {
		filter_free(filter);
		return ret;
	}
	*ret_filter = filter;
	return 0;
}

void
filter_free(struct filter *filter)
{
	if (!filter)
		return;
	for (unsigned n = 0; n < filter->programs->len; n++) {
		struct program *program = &g_array_index(filter->programs, struct program, n);

		if (program->compiled)
			pcap_freecode(&program->code);
	}
	g_array_free(filter->programs, TRUE);
	g_free(filter->expression);
	g_free(filter);
}

bool
filter_match(const struct filter *filter, const struct packet *p)
{
	const struct program *program = filter_program(filter, p->link, NULL);
	const struct pcap_pkthdr header = { .caplen = p->caplen, .len = p->wirelen };

	return program->compiled && pcap_offline_filter(&program->code, &header, p->data) != 0;
}

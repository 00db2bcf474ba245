// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What others begin with: libpcap's own loop over a capture, and nothing done with the packets. The
 * program is measured against this.
 *
 *   pcap-loop FILE
 */
#include <stdio.h>

#include <pcap/pcap.h>

static void
count(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
	unsigned long long *packets = (void *)context;

	(*packets)++;
}

int
main(int argc, char **argv)
{
	char message[PCAP_ERRBUF_SIZE];
	unsigned long long packets = 0;
	pcap_t *capture;
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: pcap-loop FILE\n");
		return 2;
	}
	capture = pcap_open_offline(argv[1], message);
	if (!capture) {
		fprintf(stderr, "pcap-loop: %s\n", message);
		return 1;
	}
	r = pcap_loop(capture, 0, count, (u_char *)&packets);
	if (r < 0)
		fprintf(stderr, "pcap-loop: %s: %s\n", argv[1], pcap_geterr(capture));
	pcap_close(capture);
	printf("%llu packets\n", packets);
	return r < 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Captures for prefix.c, made of three things: traffic (IP packets), a link layer before each, and
 * a format around all. A capture is one row in a table below.
 */
#include "prefixes.h"

#include <string.h>

#include "core/captures.h"
#include "kit/packets.h"

/* Traffic: a list of IP packets. */
static void
add_packet(GPtrArray *traffic, const struct kit_packet *packet)
{
	static uint8_t frame[KIT_FRAME_MAX];
	struct kit_packet raw = *packet;
	GByteArray *bytes = g_byte_array_new();

	raw.raw = 1;
	put_bytes(bytes, frame, kit_build(&raw, frame));
	g_ptr_array_add(traffic, bytes);
}

static void
add_tcp(GPtrArray *traffic, const char *from, const char *to, uint8_t flags, uint32_t seq,
	uint32_t ack, const char *text)
{
	add_packet(traffic, &(struct kit_packet){
				    .from = from,
				    .to = to,
				    .flags = flags,
				    .seq = seq,
				    .ack = ack,
				    .payload = text,
				    .len = strlen(text),
			    });
}

/* What both sides of a control connection say, in turn from the server's greeting on. */
static void
add_talk(GPtrArray *traffic, const char *client, const char *server, const char *const *lines)
{
	const char *const ends[] = { server, client };
	uint32_t seq[] = { 501, 101 };

	add_tcp(traffic, client, server, TCP_SYN, 100, 0, "");
	add_tcp(traffic, server, client, TCP_SYN | TCP_ACK, 500, 101, "");
	add_tcp(traffic, client, server, TCP_ACK, 101, 501, "");
	for (unsigned n = 0; lines[n]; n++) {
		unsigned from = n & 1;

		add_tcp(traffic, ends[from], ends[!from], TCP_ACK, seq[from], seq[!from], lines[n]);
		seq[from] += (uint32_t)strlen(lines[n]);
		add_tcp(traffic, ends[!from], ends[from], TCP_ACK, seq[!from], seq[from], "");
	}
}

/* A control connection that announces two data connections, which come. */
static void
conversation(GPtrArray *traffic)
{
	static const char *const lines[] = { "220 hello\r\n", "USER a\r\n", "230 in\r\n",
		"PASV\r\n", "227 Entering Passive Mode (192,0,2,1,4,1)\r\n",
		"PORT 10,0,0,1,4,2\r\n", "200 yes\r\n", NULL };

	add_talk(traffic, "10.0.0.1:1024", "192.0.2.1:21", lines);
	add_tcp(traffic, "10.0.0.1:1025", "192.0.2.1:1025", TCP_SYN, 1, 0, "");
	add_tcp(traffic, "192.0.2.1:20", "10.0.0.1:1026", TCP_SYN, 1, 0, "");
	add_tcp(traffic, "10.0.0.1:1026", "192.0.2.1:20", TCP_SYN | TCP_ACK, 1, 2, "");
	add_tcp(traffic, "192.0.2.1:20", "10.0.0.1:1026", TCP_ACK | TCP_FIN, 2, 2, "data");
	add_tcp(traffic, "10.0.0.1:1024", "192.0.2.1:21", TCP_RST, 126, 0, "");
}

static void
conversation6(GPtrArray *traffic)
{
	static const char *const lines[] = { "220-hello\r\n220 again\r\n", "USER a\r\n",
		"230 in\r\n", "EPRT |2|2001:db8::1|1025|\r\n", "200 yes\r\n", "EPSV\r\n",
		"229 here (|||1027|)\r\nand", NULL };

	add_talk(traffic, "[2001:db8::1]:1024", "[2001:db8::2]:21", lines);
	add_tcp(traffic, "[2001:db8::2]:20", "[2001:db8::1]:1025", TCP_SYN, 1, 0, "");
	add_tcp(traffic, "[2001:db8::1]:1028", "[2001:db8::2]:1027", TCP_SYN, 1, 0, "");
}

/* What is no TCP, and what is wrong. */
static void
mixture(GPtrArray *traffic)
{
	/* The query below, as an error quotes it. */
	static const uint8_t quoted[] = { 0x45, 0, 0, 33, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1,
		192, 0, 2, 1, 0, 53, 0, 53, 0, 13, 0, 0 };
	static const struct kit_packet packets[] = {
		{ .proto = PROTO_UDP,
			.from = "10.0.0.1:53",
			.to = "192.0.2.1:53",
			.len = 5,
			.payload = "query" },
		{ .proto = PROTO_UDP,
			.from = "192.0.2.1:53",
			.to = "10.0.0.1:53",
			.len = 6,
			.payload = "answer" },
		{ .proto = PROTO_ICMP, .icmp_type = 8, .icmp_id = 1, .len = 4, .payload = "echo" },
		{ .proto = PROTO_ICMP,
			.icmp_type = 3,
			.icmp_code = 1,
			.from = "192.0.2.9",
			.to = "10.0.0.1",
			.len = sizeof(quoted),
			.payload = quoted },
		{ .proto = PROTO_ICMPV6,
			.icmp_type = 128,
			.from = "2001:db8::1",
			.to = "2001:db8::2" },
		{ .proto = PROTO_GRE, .icmp_id = 7, .len = 3, .payload = "ppp" },
		{ .proto = PROTO_UDP, .bad_checksum = 1, .len = 1, .payload = "x" },
		{ .proto = PROTO_UDP, .bad_checksum = 2, .len = 1, .payload = "x" },
		{ .flags = TCP_SYN | TCP_FIN },
		{ .flags = TCP_SYN, .wscale = 8, .mss = 1460, .sack_ok = 1 },
	};

	for (unsigned n = 0; n < G_N_ELEMENTS(packets); n++)
		add_packet(traffic, &packets[n]);
}

/* A part of the datagram `whole`, from this byte on. */
static void
add_fragment(GPtrArray *traffic, const uint8_t *whole, const char *from, const char *to,
	uint16_t id, unsigned offset, unsigned len, bool more)
{
	add_packet(traffic, &(struct kit_packet){
				    .from = from,
				    .to = to,
				    .proto = PROTO_UDP,
				    .ip_id = id,
				    .fragment_offset = (uint16_t)offset,
				    .more_fragments = more,
				    .payload = whole + offset,
				    .len = len,
			    });
}

/* A datagram in pieces, one with an overlap, and one that is never whole. */
static void
fragments_between(GPtrArray *traffic, const char *from, const char *to, unsigned header)
{
	static uint8_t frame[KIT_FRAME_MAX];
	struct kit_packet datagram = {
		.from = from,
		.to = to,
		.proto = PROTO_UDP,
		.raw = 1,
		.payload = "a datagram in three pieces, of which the last is short",
		.len = 54,
	};
	const uint8_t *whole = frame + header;

	kit_build(&datagram, frame);
	add_fragment(traffic, whole, from, to, 1, 24, 24, true);
	add_fragment(traffic, whole, from, to, 2, 0, 32, true);
	add_fragment(traffic, whole, from, to, 1, 0, 24, true);
	add_fragment(traffic, whole, from, to, 2, 24, 24, true);
	add_fragment(traffic, whole, from, to, 3, 0, 24, true);
	add_fragment(traffic, whole, from, to, 1, 48, 14, false);
}

static void
fragments(GPtrArray *traffic)
{
	fragments_between(traffic, "10.0.0.1:1000", "192.0.2.1:2000", 20);
}

/* IPv6 with extension headers before UDP: as they should be, and too long. */
static void
extensions(GPtrArray *traffic)
{
	static const char *const packets[] = {
		"60000000 0019 00 40 (from) 20010db8000000000000000000000001"
		"(to) 20010db8000000000000000000000002"
		"(hop by hop) 3c00 0104 00000000 (destination) 1100 0104 00000000"
		"(udp) 0400 0800 0009 2067 78",
		"60000000 0010 00 40 (from) 20010db8000000000000000000000001"
		"(to) 20010db8000000000000000000000002"
		"(hop by hop) 1109 0104 00000000 (udp) 0400 0800 0008 9869",
		"60000000 0010 2b 40 (from) 20010db8000000000000000000000001"
		"(to) 20010db8000000000000000000000002"
		"(routing) 1100 0001 00000000 (udp) 0400 0800 0008 9869",
	};

	for (unsigned n = 0; n < G_N_ELEMENTS(packets); n++) {
		GByteArray *bytes = g_byte_array_new();
		uint8_t packet[128];

		put_bytes(bytes, packet, kit_hex(packets[n], packet, sizeof(packet)));
		g_ptr_array_add(traffic, bytes);
	}
	add_packet(traffic,
		&(struct kit_packet){
			.proto = PROTO_UDP, .from = "[2001:db8::1]:1", .to = "[2001:db8::2]:2" });
}

/* What stands before an IP packet; hex digits for IPv4 and for IPv6. */
static const struct link_head {
	uint16_t link;
	const char *head[2];
} heads[] = {
	{ LINK_ETHERNET, { "020000000001 020000000002 0800", "020000000001 020000000002 86dd" } },
	{ LINK_ETHERNET, { "020000000001 020000000002 88a8 0064 8100 0065 0800",
				 "020000000001 020000000002 8100 0065 86dd" } },
	{ LINK_ETHERNET, { "020000000001 020000000002 8847 00010040 00020140",
				 "020000000001 020000000002 8847 00020140" } },
	{ LINK_ETHERNET, { "020000000001 020000000002 8864 1100 0001 0000 0021",
				 "020000000001 020000000002 8864 1100 0001 0000 0057" } },
	{ LINK_NULL, { "02000000", "1e000000" } },
	{ LINK_PPP, { "ff03 0021", "ff03 0057" } },
	{ LINK_PPP_HDLC, { "ff03 0021", "ff03 0057" } },
	{ LINK_RAW, { "", "" } },
	{ LINK_CISCO_HDLC, { "0f00 0800", "0f00 86dd" } },
	{ LINK_LOOP, { "00000002", "0000001e" } },
	{ LINK_SLL, { "0000 0001 0006 0200000000010000 0800",
			    "0000 0001 0006 0200000000010000 86dd" } },
	{ LINK_SLL2, { "0800 0000 00000001 0001 00 06 0200000000010000",
			     "86dd 0000 00000001 0001 00 06 0200000000010000" } },
};

enum { PLAIN, TAGGED, LABELLED, SESSION, LOOPBACK, LEASED, RAW_IP = 7, HDLC, COOKED = 10 };

/* A packet with its link header. */
static GByteArray *
with_link(const GByteArray *packet, const struct link_head *link)
{
	bool ipv6 = packet->data[0] >> 4 == 6;
	GByteArray *frame = g_byte_array_new();
	uint8_t head[64];

	put_bytes(frame, head, kit_hex(link->head[ipv6], head, sizeof(head)));
	put_bytes(frame, packet->data, packet->len);
	return frame;
}

/* A capture while it is made. */
struct making {
	struct prefix_capture *capture;
	GByteArray *out;
	const struct link_head *link;
	bool big;
	uint32_t variant; /* a magic of classic captures */
};

static void
end_block(struct making *m, uint32_t type, const GByteArray *body)
{
	put_block(m->out, m->big, type, body);
	m->capture->whole++;
}

static void
begin_section(struct making *m)
{
	put_section(m->out, m->big);
	m->capture->whole++;
}

static void
describe_interface(struct making *m, const struct link_head *link, const char *name)
{
	put_interface(m->out, m->big, link->link, 65535, name, name ? 9 : 6);
	m->capture->whole++;
}

static void
classic(struct making *m, const GPtrArray *traffic)
{
	put_classic(m->out, m->big, m->variant, m->link->link);
	m->capture->whole = 1;
	for (unsigned n = 0; n < traffic->len; n++) {
		g_autoptr(GByteArray) frame = with_link(traffic->pdata[n], m->link);

		put_record(m->out, m->big, 1700000000 + n, n, frame->len, frame->len);
		if (m->variant == 0xa1b2cd34)
			put64(m->out, m->big, 0x0000000108000000);
		put_bytes(m->out, frame->data, frame->len);
		m->capture->packets++;
		m->capture->whole++;
	}
}

/* Packs what has been made. No prefix of that is whole. */
static void
pack(struct making *m)
{
	g_autoptr(GByteArray) plain = m->out;
	z_stream z = { .next_in = plain->data, .avail_in = plain->len };

	m->out = g_byte_array_new();
	g_byte_array_set_size(m->out, plain->len + 1024);
	z.next_out = m->out->data;
	z.avail_out = m->out->len;
	if (deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
		deflate(&z, Z_FINISH) != Z_STREAM_END)
		g_error("cannot be packed");
	g_byte_array_set_size(m->out, m->out->len - z.avail_out);
	deflateEnd(&z);
	m->capture->whole = 1;
}

static void
packed_classic(struct making *m, const GPtrArray *traffic)
{
	classic(m, traffic);
	pack(m);
}

/* An enhanced packet block, with a comment if it is the n-th with n odd. */
static void
enhanced(struct making *m, unsigned n, uint32_t iface, const GByteArray *frame)
{
	g_autoptr(GByteArray) body = g_byte_array_new();

	put32(body, m->big, iface);
	put32(body, m->big, 0x60a00);
	put32(body, m->big, n * 1000);
	put32(body, m->big, frame->len);
	put32(body, m->big, frame->len + 4);
	put_bytes(body, frame->data, frame->len);
	put_bytes(body, "\0\0\0", -frame->len & 3);
	if (n & 1) {
		put_option(body, m->big, 1, "a comment", 9);
		put_option(body, m->big, 0, NULL, 0);
	}
	end_block(m, 6, body);
	m->capture->packets++;
}

static void
modern(struct making *m, const GPtrArray *traffic)
{
	begin_section(m);
	describe_interface(m, m->link, "eth0");
	for (unsigned n = 0; n < traffic->len; n++) {
		g_autoptr(GByteArray) frame = with_link(traffic->pdata[n], m->link);

		enhanced(m, n, 0, frame);
	}
}

static void
packed_modern(struct making *m, const GPtrArray *traffic)
{
	modern(m, traffic);
	pack(m);
}

/* An interface for every link type, described only before its packet. */
static void
many_interfaces(struct making *m, const GPtrArray *traffic)
{
	begin_section(m);
	for (unsigned n = 0; n < G_N_ELEMENTS(heads); n++) {
		g_autoptr(GByteArray) frame =
			with_link(traffic->pdata[n % traffic->len], &heads[n]);

		describe_interface(m, &heads[n], n & 1 ? "some interface" : NULL);
		enhanced(m, n, n, frame);
	}
}

/* A section for each packet, in either byte order in turn. */
static void
many_sections(struct making *m, const GPtrArray *traffic)
{
	for (unsigned n = 0; n < traffic->len; n++) {
		g_autoptr(GByteArray) frame = with_link(traffic->pdata[n], m->link);

		m->big = n & 1;
		begin_section(m);
		describe_interface(m, m->link, NULL);
		enhanced(m, n, 0, frame);
	}
}

/* Simple and obsolete packet blocks, and between them blocks that nobody knows. */
static void
other_blocks(struct making *m, const GPtrArray *traffic)
{
	begin_section(m);
	describe_interface(m, m->link, NULL);
	for (unsigned n = 0; n < traffic->len; n++) {
		g_autoptr(GByteArray) frame = with_link(traffic->pdata[n], m->link);
		g_autoptr(GByteArray) body = g_byte_array_new();
		g_autoptr(GByteArray) other = g_byte_array_new();

		if (n & 1) {
			put16(body, m->big, 0);
			put16(body, m->big, 3);
			put32(body, m->big, 0);
			put32(body, m->big, n);
			put32(body, m->big, frame->len);
		}
		put32(body, m->big, frame->len);
		put_bytes(body, frame->data, frame->len);
		end_block(m, n & 1 ? 2 : 3, body);
		m->capture->packets++;
		put_pattern(other, n * 5, n);
		end_block(m, 4 + 1000 * n, other);
	}
}

static const struct {
	const char *name;
	void (*traffic)(GPtrArray *traffic);
	void (*format)(struct making *m, const GPtrArray *traffic);
	unsigned link; /* of heads[] */
	bool big;
	uint32_t variant;
} rows[] = {
	{ "microseconds", conversation, classic, PLAIN, false, 0xa1b2c3d4 },
	{ "microseconds, swapped", mixture, classic, PLAIN, true, 0xa1b2c3d4 },
	{ "nanoseconds", fragments, classic, PLAIN, false, 0xa1b23c4d },
	{ "nanoseconds, swapped", conversation6, classic, PLAIN, true, 0xa1b23c4d },
	{ "modified", mixture, classic, PLAIN, false, 0xa1b2cd34 },
	{ "modified, swapped", fragments, classic, RAW_IP, true, 0xa1b2cd34 },
	{ "pcapng", conversation, modern, PLAIN, false, 0 },
	{ "pcapng, swapped", conversation6, modern, PLAIN, true, 0 },
	{ "many interfaces", mixture, many_interfaces, PLAIN, false, 0 },
	{ "many sections", mixture, many_sections, PLAIN, false, 0 },
	{ "other blocks", conversation, other_blocks, PLAIN, false, 0 },
	{ "other blocks, swapped", extensions, other_blocks, COOKED, true, 0 },
	{ "packed", conversation, packed_classic, PLAIN, false, 0xa1b2c3d4 },
	{ "packed pcapng", mixture, packed_modern, PLAIN, false, 0 },
	{ "tags", conversation, classic, TAGGED, false, 0xa1b2c3d4 },
	{ "labels", extensions, classic, LABELLED, false, 0xa1b2c3d4 },
	{ "sessions", mixture, classic, SESSION, false, 0xa1b2c3d4 },
	{ "loopback", conversation6, classic, LOOPBACK, false, 0xa1b2c3d4 },
	{ "a leased line", conversation, classic, LEASED, false, 0xa1b2c3d4 },
	{ "HDLC", extensions, classic, HDLC, true, 0xa1b23c4d },
};

_Static_assert(G_N_ELEMENTS(rows) == 20, "twenty captures");

struct prefix_capture *
prefix_capture_new(const char *name, GByteArray *bytes)
{
	struct prefix_capture *capture = g_new0(struct prefix_capture, 1);

	capture->name = g_strdup(name);
	capture->bytes = bytes;
	return capture;
}

void
prefix_capture_free(void *data)
{
	struct prefix_capture *capture = data;

	if (!capture)
		return;
	g_byte_array_unref(capture->bytes);
	g_free(capture->name);
	g_free(capture);
}

static void
free_bytes(void *bytes)
{
	g_byte_array_unref(bytes);
}

GPtrArray *
prefix_captures(void)
{
	GPtrArray *captures = g_ptr_array_new_with_free_func(prefix_capture_free);

	for (unsigned n = 0; n < G_N_ELEMENTS(rows); n++) {
		g_autoptr(GPtrArray) traffic = g_ptr_array_new_with_free_func(free_bytes);
		struct making m = {
			.capture = prefix_capture_new(rows[n].name, NULL),
			.out = g_byte_array_new(),
			.link = &heads[rows[n].link],
			.big = rows[n].big,
			.variant = rows[n].variant,
		};

		rows[n].traffic(traffic);
		rows[n].format(&m, traffic);
		m.capture->bytes = m.out;
		m.capture->is_known = true;
		g_ptr_array_add(captures, m.capture);
	}
	return captures;
}

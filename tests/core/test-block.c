// SPDX-License-Identifier: GPL-2.0-or-later
/* Blocks of pcapng as they are written: byte for byte, and as our own reader reads them. */
#include "record/block.h"

#include "captures.h"
#include "kit/kit.h"
#include "kit/packets.h"
#include "output.h"
#include "source/pcapng.h"

static struct output output;

static void
setup(void)
{
	output_open(&output, false);
}

/* What was written, which must be just these bytes if `hex` is not NULL. */
static GByteArray *
written(const char *hex)
{
	GByteArray *bytes = g_byte_array_new();
	uint8_t expected[512];
	size_t len;
	char *text = output_close(&output, &len);

	put_bytes(bytes, text, len);
	free(text);
	if (hex) {
		ck_assert_uint_eq(len, kit_hex(hex, expected, sizeof(expected)));
		ck_assert_mem_eq(bytes->data, expected, len);
	}
	return bytes;
}

START_TEST(a_section)
{
	g_autoptr(GByteArray) bytes = NULL;

	block_section(output.writer, "tests");
	bytes = written("0a0d0d0a 2c000000 (byte order) 4d3c2b1a (version) 0100 0000"
			"(no length) ffffffffffffffff (program) 0400 0500 7465737473 000000"
			"(end) 0000 0000 2c000000");
}
END_TEST

START_TEST(interfaces)
{
	g_autoptr(GByteArray) bytes = NULL;

	block_interface(output.writer, 1, "eth0");
	block_interface(output.writer, 113, NULL);
	bytes = written("01000000 28000000 (link) 0100 0000 (snap) 00000000"
			"(name) 0200 0400 65746830 (resolution) 0900 0100 09 000000"
			"(end) 0000 0000 28000000"
			"01000000 20000000 (link) 7100 0000 (snap) 00000000"
			"(resolution) 0900 0100 09 000000 (end) 0000 0000 20000000");
}
END_TEST

START_TEST(packets)
{
	g_autoptr(GByteArray) bytes = NULL;
	const uint8_t data[] = { 0xde, 0xad, 0xbe, 0xef, 0x00 };
	const struct packet p = {
		.time = UINT64_C(0x18a0d21f12345678),
		.data = data,
		.caplen = sizeof(data),
		.wirelen = 1514,
	};
	const struct packet without = { .time = 1, .caplen = 9, .wirelen = 9 };

	block_packet(output.writer, 2, &p, "accept", 6);
	block_packet(output.writer, 0, &without, "x", 1);
	bytes = written("06000000 38000000 (interface) 02000000 (time) 1fd2a018 78563412"
			"(lengths) 05000000 ea050000 (bytes) deadbeef00 000000"
			"(comment) 0100 0600 616363657074 0000 (end) 0000 0000 38000000"
			"06000000 2c000000 (interface) 00000000 (time) 00000000 01000000"
			"(lengths) 00000000 09000000"
			"(comment) 0100 0100 78 000000 (end) 0000 0000 2c000000");
}
END_TEST

/* Packets of every length up to a few words, and a few that are longer than a writer's buffer. */
START_TEST(are_read_again)
{
	static const uint32_t lengths[] = { 0, 1, 2, 3, 4, 5, 60, 61, 1514, 300000, 262144, 7 };
	g_autoptr(GByteArray) data = g_byte_array_new();
	g_autoptr(GByteArray) bytes = NULL;
	struct reading reading;
	struct pcapng *pcapng;
	struct batch batch;

	put_pattern(data, 300000, 5);
	block_section(output.writer, "tests");
	block_interface(output.writer, 1, NULL);
	block_interface(output.writer, 101, "tun0");
	for (unsigned n = 0; n < G_N_ELEMENTS(lengths); n++) {
		const struct packet p = {
			.time = UINT64_C(1700000000123456789) + n,
			.data = data->data,
			.caplen = lengths[n],
			.wirelen = lengths[n] + n,
		};

		block_packet(output.writer, n & 1, &p, "comment", n % 8);
	}
	bytes = written(NULL);
	reading = reading_of(bytes);
	pcapng = pcapng_new();
	ck_assert_int_eq(pcapng_next(pcapng, &reading, &batch), G_N_ELEMENTS(lengths));
	for (unsigned n = 0; n < G_N_ELEMENTS(lengths); n++) {
		const struct packet *p = &batch.packets[n];

		ck_assert_uint_eq(p->time, UINT64_C(1700000000123456789) + n);
		ck_assert_uint_eq(p->caplen, lengths[n]);
		ck_assert_uint_eq(p->wirelen, lengths[n] + n);
		ck_assert_uint_eq(p->link, n & 1 ? 101 : 1);
		ck_assert(is_pattern(p->data, p->caplen, 5));
	}
	ck_assert_int_eq(pcapng_next(pcapng, &reading, &batch), 0);
	ck_assert_ptr_null(reading.within);
	ck_assert_str_eq(pcapng_interface_name(pcapng, 1), "tun0");
	pcapng_free(pcapng);
	reading_done(&reading);
}
END_TEST

START_TEST(long_names_are_cut)
{
	g_autofree char *name = g_strnfill(5000, 'n');
	g_autoptr(GByteArray) bytes = NULL;
	struct reading reading;
	struct pcapng *pcapng = pcapng_new();
	struct batch batch;

	block_section(output.writer, name);
	block_interface(output.writer, 1, name);
	bytes = written(NULL);
	reading = reading_of(bytes);
	ck_assert_int_eq(pcapng_next(pcapng, &reading, &batch), 0);
	ck_assert_ptr_null(reading.within);
	ck_assert_uint_eq(strlen(pcapng_interface_name(pcapng, 0)), 255);
	ck_assert_uint_lt(bytes->len, 1024); /* our reader cuts names too */
	pcapng_free(pcapng);
	reading_done(&reading);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("block");
	TCase *c = tcase_create("block");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, a_section);
	tcase_add_test(c, interfaces);
	tcase_add_test(c, packets);
	tcase_add_test(c, are_read_again);
	tcase_add_test(c, long_names_are_cut);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}

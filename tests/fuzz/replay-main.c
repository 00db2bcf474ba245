// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A fuzz target as an ordinary test: every seed in a folder, and every prefix of it, runs through
 * the target. A target finds a fault by ending the program, so what is counted has passed.
 *
 * Limits: of a large seed, some PREFIXES_MAX prefixes are taken. Each input is a block of exactly
 * its length, so that AddressSanitizer finds a read beyond it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIXES_MAX 1024
#define SEED_MAX     (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
run(const uint8_t *bytes, size_t len)
{
	uint8_t *data = malloc(len ? len : 1);

	if (!data)
		abort();
	if (len)
		memcpy(data, bytes, len);
	(void)LLVMFuzzerTestOneInput(data, len);
	free(data);
}

/* Reads a file of up to SEED_MAX bytes; NULL if that is not possible. */
static uint8_t *
read_seed(const char *folder, const char *name, size_t *ret_len)
{
	uint8_t *bytes = NULL;
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file)
		return NULL;
	bytes = malloc(SEED_MAX);
	if (bytes)
		*ret_len = fread(bytes, 1, SEED_MAX, file);
	fclose(file);
	return bytes;
}

static unsigned long
run_seed(const char *folder, const char *name)
{
	size_t len = 0, step, n;
	uint8_t *bytes = read_seed(folder, name, &len);
	unsigned long count = 1;

	if (!bytes) {
		fprintf(stderr, "%s/%s: %s\n", folder, name, strerror(errno));
		exit(1);
	}
	step = 1 + len / PREFIXES_MAX;
	for (n = 0; n < len; n += step, count++)
		run(bytes, n);
	run(bytes, len);
	free(bytes);
	return count;
}

static int
is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int
main(int argc, char **argv)
{
	struct dirent **entries;
	unsigned long count = 0;
	int i, n;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	n = scandir(argv[1], &entries, is_seed, alphasort);
	if (n <= 0) {
		fprintf(stderr, "%s: no seeds\n", argv[1]);
		return 1;
	}
	for (i = 0; i < n; i++) {
		count += run_seed(argv[1], entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	printf("%s: %lu passed, 0 failed\n", program_invocation_short_name, count);
	return 0;
}

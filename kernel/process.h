/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other programs, run for what they do to the kernel. No shell, a fixed search path and
 * environment, and an end to our patience.
 */
#ifndef KERNEL_PROCESS_H
#define KERNEL_PROCESS_H

/* Seconds that a program may well take, and the most that is read of what it writes. */
#define PROCESS_SECONDS    20
#define PROCESS_OUTPUT_MAX (64u << 20)

/* Where it is, in /usr/sbin or /sbin; NULL: it is not there. The caller's to g_free(). */
char *process_find(const char *name);

/*
 * Runs argv[0], a path, and waits for its end; `input` (may be NULL) is its standard input. Returns
 * its exit status, 128 + N if signal N ended it, or a negative errno value: -ETIMEDOUT, it took
 * longer than `seconds` and was killed; -EFBIG, it wrote too much. What it wrote to its standard
 * output and error is the caller's to g_free(); set unless a negative value is returned. Both may
 * be NULL.
 */
int process_run(const char *const *argv, const char *input, unsigned seconds, char **ret_output,
	char **ret_errors);

#endif

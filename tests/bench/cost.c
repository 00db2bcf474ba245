// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a program, its output thrown away, and tells what it cost:
 *
 *   cost PROGRAM ARGUMENT...
 *   cpu_ns 123456000
 *   peak_kib 2816
 *
 * CPU time is that of the process, user and system. A program of its own and small, because the
 * peak of a process begins with that of the one it was forked from. Ends with the status of the
 * program.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void
become(char **argv)
{
	int null = open("/dev/null", O_RDWR);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	execv(argv[0], argv);
	fprintf(stderr, "cost: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static uint64_t
ns_of(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_usec * 1000;
}

int
main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	pid_t child;

	if (argc < 2) {
		fprintf(stderr, "usage: cost PROGRAM ARGUMENT...\n");
		return 2;
	}
	child = fork();
	if (!child)
		become(argv + 1);
	if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
		fprintf(stderr, "cost: %s\n", strerror(errno));
		return 1;
	}
	printf("cpu_ns %llu\npeak_kib %ld\n",
		(unsigned long long)(ns_of(usage.ru_utime) + ns_of(usage.ru_stime)),
		usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * What every test program shares: one way to run a suite of libcheck and to count.
 */
#ifndef KIT_KIT_H
#define KIT_KIT_H

#include <check.h>

/*
 * Runs the suite, frees it, prints one line "NAME: P passed, F failed" (and what failed), and
 * returns the exit status of the program.
 */
int kit_run(Suite *suite);

#endif

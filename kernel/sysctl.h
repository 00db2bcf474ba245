/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of the kernel that we change, and how they were before.
 *
 * A small file remembers them from the first change until they are restored, over restarts. It may
 * be written by a process with fewer rights than the one that restores, so only settings of a fixed
 * list are ever read from it, and only numbers.
 */
#ifndef KERNEL_SYSCTL_H
#define KERNEL_SYSCTL_H

#define SYSCTL_ACCOUNTING "net/netfilter/nf_conntrack_acct"
#define SYSCTL_EVENTS     "net/netfilter/nf_conntrack_events"

/* Returns its value, or a negative errno value; -ENOENT: this kernel has no such setting (yet). */
int sysctl_get(const char *name);

/*
 * Sets one of the above, and remembers in the file `state` what it was; a NULL `state` remembers
 * nothing. Returns 1 if it was something else, 0 if it was so already, or a negative errno value.
 */
int sysctl_set(const char *state, const char *name, int value);

/*
 * Sets everything that the file remembers back to what it was, unless somebody has changed it
 * since, and removes the file. That it is not there is no error. What cannot be set back stays in
 * the file.
 */
int sysctl_restore(const char *state);

#endif

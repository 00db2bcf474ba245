/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words to systemd, where it has started us and asks for them (sd_notify(3)). */
#ifndef KERNEL_NOTIFY_H
#define KERNEL_NOTIFY_H

#include <stdint.h>

/* "READY=1", "STOPPING=1", …; nothing happens where nobody listens. */
void notify(const char *state);

/* Half of the time (ns) after which systemd takes us for dead unless it hears "WATCHDOG=1"; 0: it
 * does not care. */
uint64_t notify_watchdog_period(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the running firewall is found. */
#ifndef CMD_LIVE_H
#define CMD_LIVE_H

#define LIVE_FOLDER "/run/postern"
#define LIVE_SOCKET LIVE_FOLDER "/control"
#define LIVE_STATE  LIVE_FOLDER "/sysctl" /* what flush must set back */

#endif

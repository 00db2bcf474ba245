/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An FTP session, packet by packet: a login, one file over a passive data connection, and the end
 * of both connections.
 */
#ifndef BENCH_FTP_SCRIPT_H
#define BENCH_FTP_SCRIPT_H

#include "frames.h"

#define FTP_SCRIPT_PORT 21

/* Packets of one session. */
unsigned ftp_script_steps(void);

/*
 * The packet of one step. `control` has the ends of the control connection; the data connection's
 * sequence numbers are `data_seq`, and its ports follow from `number`, that of the session.
 */
void ftp_script_frame(struct frame *frame, unsigned step, uint32_t number,
	struct frame_flow *control, uint32_t data_seq[2]);

#endif

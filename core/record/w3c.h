/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of the Internet Connection Firewall, in W3C Extended Log File Format.
 *
 * DROP per dropped packet, OPEN and OPEN-INBOUND when a TCP, UDP or ICMP flow begins, CLOSE when it
 * ends, INFO-EVENTS-LOST where such lines are missing. The dialects are icf-1.0 (16 fields), wf-1.5
 * (17) and extended (x-… fields behind).
 */
#ifndef RECORD_W3C_H
#define RECORD_W3C_H

#include "policy/policy.h"
#include "record/record.h"
#include "record/writer.h"

struct w3c;

/* How the log's own file is to be opened: never emptied, never without a limit. The rest of the
 * options is as it was. */
void w3c_options(const struct policy_log *log, struct writer_options *ret_options);

/* Uses the writer, which the caller closes behind w3c_free(). Of `log` nothing is kept. */
struct w3c *w3c_new(struct writer *writer, const struct policy_log *log);

/* Waits until all lines are written. */
void w3c_free(struct w3c *w3c);

const struct recorder_ops *w3c_ops(void);

/*
 * From here on the lines are as this policy says, and so are size and number of the files. `path`:
 * where they go on, or NULL: where they went. A file holds one dialect: where that changes the file
 * is rotated; an output that cannot be gets another head. Does not wait; what does not work,
 * writer_trouble() tells.
 */
void w3c_set_policy(struct w3c *w3c, const struct policy_log *log, const char *path);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of the Internet Connection Firewall, in W3C Extended Log File Format.
 *
 * DROP per dropped packet, OPEN and OPEN-INBOUND when a TCP, UDP or ICMP flow begins, CLOSE when it
 * ends. The dialects are icf-1.0 (16 fields), wf-1.5 (17) and extended (x-… fields behind).
 */
#ifndef RECORD_W3C_H
#define RECORD_W3C_H

#include "policy/policy.h"
#include "record/record.h"
#include "record/writer.h"

struct w3c;

/* Uses the writer, which the caller closes afterwards, and writes the header. */
struct w3c *w3c_new(struct writer *writer, const struct policy_log *log);
void w3c_free(struct w3c *w3c);

const struct recorder_ops *w3c_ops(void);

#endif

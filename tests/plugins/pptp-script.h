/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control connections of PPTP as scripts, for tests.
 *
 * A script has a line per message: who sends it (C the client, S the server), its short name, and
 * its numbers in the order of the list below; what is left out is 0, but a result is 1. "hex" is
 * followed by bytes. Words may stand behind a #.
 *
 *     SCCRQ · SCCRP result · STOPRQ · STOPRP · ECHORQ · ECHORP
 *     OCRQ own serial · OCRP own peer result · CCRQ own · CDN own
 *     ICRQ own serial · ICRP own peer result · ICCN peer
 *     WEN peer · SLI peer
 *
 * Lengths and offsets are written down here once more, from the RFC and not from the plugin.
 */
#ifndef PPTP_SCRIPT_H
#define PPTP_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#define PPTP_SCRIPT_MAX 1024 /* bytes of one line */

/* Reads one line; returns where the next begins, or NULL when the script is over. Ends the test
 * where it makes no sense. */
const char *pptp_script_next(
	const char *script, uint32_t *ret_dir, uint8_t bytes[PPTP_SCRIPT_MAX], size_t *ret_len);

/* One message by its line, without who sends it: its length. */
size_t pptp_script_message(const char *line, uint8_t bytes[PPTP_SCRIPT_MAX]);

#endif

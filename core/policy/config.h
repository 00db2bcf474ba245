/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration file: the only place that knows its format (GKeyFile, docs: postern.conf(5)).
 *
 * A path is a file, or a folder: then postern.conf in it, and postern.conf.d/ *.conf in lexical
 * order, whose keys win. A key or section that is not known is a warning; a value that is not
 * allowed is an error, and then nothing at all is taken.
 */
#ifndef POLICY_CONFIG_H
#define POLICY_CONFIG_H

#include <glib.h>

#include "policy/policy.h"

#define CONFIG_ERROR (config_error_quark())
GQuark config_error_quark(void);

enum config_error { CONFIG_ERROR_FILE, CONFIG_ERROR_SYNTAX, CONFIG_ERROR_VALUE };

/* Longest file, bytes; most warnings of one reading, each one line; and, over all files, most
 * sections [Helper:NAME] and most of a plugin's own options in one of them. */
#define CONFIG_FILE_MAX	    (1u << 20)
#define CONFIG_WARNINGS_MAX 100
#define CONFIG_HELPERS_MAX  256
#define CONFIG_OPTIONS_MAX  256

/*
 * Reads `path` (NULL: built-in defaults only). On success returns a policy; *ret_warnings gets one
 * line per unknown or repeated key or section ("FILE:LINE: …"), may be empty, and belongs to the
 * caller (g_ptr_array_unref); ret_warnings may be NULL. On failure NULL and `error`:
 * "FILE:LINE: what is wrong, what is allowed".
 */
struct policy *config_load(const char *path, GPtrArray **ret_warnings, GError **error);

/* The same for a text in memory; `name` stands for the file in messages. For tests and fuzzing. */
struct policy *config_parse(
	const char *name, const char *text, size_t len, GPtrArray **ret_warnings, GError **error);

/*
 * Readers of single values, also for plugin options and the command line. -EINVAL: it is not such a
 * value; -ERANGE: a number in it is too large or too small, or it has too many items.
 */

/* "true", "yes", "on", "1", or "false", "no", "off", "0". */
int config_parse_bool(const char *text, bool *ret_value);

/* Decimal digits and nothing else. */
int config_parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value);

/*
 * Lists: items separated by ; or , with blanks around them; one separator may stand at the end. An
 * empty list is fine: n is 0 and the array NULL. The array is the caller's (g_free).
 */
#define CONFIG_LIST_MAX 1024

/* "21;2121-2130", from 1 to 65535. */
int config_parse_ports(const char *text, struct port_range **ret_ports, unsigned *ret_n);
/* "192.0.2.0/24;2001:db8::/32;198.51.100.7": no bits may be set behind a prefix. */
int config_parse_prefixes(const char *text, struct prefix **ret_prefixes, unsigned *ret_n);

#endif

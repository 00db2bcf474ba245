/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration: config*.c are the only ones that know the format of its files (GKeyFile, docs:
 * postern.conf(5)).
 *
 * A path is a file, which is a postern.conf, or a folder:
 *
 *	postern.conf, postern.conf.d/X.conf		everything but the below
 *	connections/NAME.conf, NAME.conf.d/X.conf	one connection
 *	services/NAME.conf or NAME.service.conf		one service
 *
 * Keys of a later file win. A key or section that is not known is a warning; a value that is not
 * allowed is an error, and then nothing at all is taken.
 */
#ifndef POLICY_CONFIG_H
#define POLICY_CONFIG_H

#include <glib.h>

#include "policy/config-origin.h"
#include "policy/policy.h"

#define CONFIG_ERROR (config_error_quark())
GQuark config_error_quark(void);

enum config_error { CONFIG_ERROR_FILE, CONFIG_ERROR_SYNTAX, CONFIG_ERROR_VALUE };

/* Longest file, bytes; most warnings of one reading, each one line; and, over all files, most
 * sections [Helper:NAME], most of a plugin's own options in one of them, and most mappings (those
 * of services, too) and triggers of one connection. */
#define CONFIG_FILE_MAX     (1u << 20)
#define CONFIG_WARNINGS_MAX 100
#define CONFIG_HELPERS_MAX  256
#define CONFIG_OPTIONS_MAX  256
#define CONFIG_MAPPINGS_MAX 1024
#define CONFIG_TRIGGERS_MAX 256

/* Seconds for which a trigger opens its ports, where nothing is said. */
#define CONFIG_TRIGGER_TIMEOUT 60

struct config_options {
	/* Layers, the lowest first, NULL-terminated; or NULL: none. Of each folder its postern.conf
	 * is read; of files in the folders below it that have the same name, only the highest. */
	const char *const *paths;
	bool may_be_missing;  /* a path that is not there, or is an empty folder, says nothing */
	const char *services; /* folder of the definitions that come with the program; or NULL */
};

/*
 * Reads it all. On success returns a policy, with one reference; *ret_warnings gets one line per
 * unknown or repeated key or section ("FILE:LINE: …"), may be empty, and belongs to the caller
 * (g_ptr_array_unref); *ret_origins belongs to the caller, too. Both may be NULL. On failure NULL
 * and `error`: "FILE:LINE: what is wrong, what is allowed".
 */
struct policy *config_read(const struct config_options *options,
	struct config_origins **ret_origins, GPtrArray **ret_warnings, GError **error);

/* The same of one path (NULL: built-in defaults only), and no services but its own. */
struct policy *config_load(const char *path, GPtrArray **ret_warnings, GError **error);

/* What a file is about. Bits, for a section may stand in files of several kinds. */
enum config_kind {
	CONFIG_MAIN = 1 << 0,
	CONFIG_CONNECTION = 1 << 1,
	CONFIG_SERVICE = 1 << 2,
};

struct config_file {
	enum config_kind kind;
	const char *owner; /* name of the connection or service; of CONFIG_MAIN NULL */
	const char *name;  /* for messages; and the path, where there is no text */
	const char *text;  /* NULL: the file is to be read */
	size_t len;
	bool builtin; /* a service that comes with the program */
};

/* The same of n files or texts, in their order. For tests and fuzzing. */
struct policy *config_parse_files(const struct config_file *files, unsigned n,
	struct config_origins **ret_origins, GPtrArray **ret_warnings, GError **error);

/* The same of the text of one postern.conf; `name` stands for the file in messages. */
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

/* "tcp" or "udp": PROTO_TCP, PROTO_UDP. */
int config_parse_proto(const char *text, uint8_t *ret_proto);

/* "21" or "2121-2130", from 1 to 65535. */
int config_parse_range(const char *text, struct port_range *ret_range);

/* "21/tcp" or "6970-6999/udp". */
int config_parse_service_ports(const char *text, struct service_ports *ret_ports);

/*
 * Lists: items separated by ; or , with blanks around them; one separator may stand at the end. An
 * empty list is fine: n is 0 and the array NULL. The array is the caller's (g_free).
 */
#define CONFIG_LIST_MAX 1024

/* "21;2121-2130", from 1 to 65535. */
int config_parse_ports(const char *text, struct port_range **ret_ports, unsigned *ret_n);
/* "192.0.2.0/24;2001:db8::/32;198.51.100.7": no bits may be set behind a prefix. */
int config_parse_prefixes(const char *text, struct prefix **ret_prefixes, unsigned *ret_n);
/* "21/tcp;6970-6999/udp" */
int config_parse_service_list(const char *text, struct service_ports **ret_ports, unsigned *ret_n);
/* Any words; those that were there before are left out. NULL-terminated, and never NULL; the
 * caller's to g_strfreev(). */
int config_parse_words(const char *text, char ***ret_words);

/* A letter or digit, then letters, digits and - _ . up to 64: of connections, mappings, triggers.
 */
bool config_is_name(const char *text);
/* The same in lower case: of services. */
bool config_is_service_name(const char *text);
/* a-z and 0-9, or PLUGIN.part, whose part may have - and _, too. */
bool config_is_helper_name(const char *text);

/*
 * The configuration as text, in the format of its files; above each key a comment that says where
 * its value comes from: "# FILE:LINE", or "# default". `effective`: all keys; else those that are
 * not as built in (or, in the file of a connection, not as in "default"). A key that no file gives,
 * and that means something else when it is given, stands as a comment: "#Ports=".
 *
 * Each text is that of one file, and read in its place it gives the same policy. config_show() has
 * them all, each under a comment with its name, for people; it can be read as a postern.conf as
 * long as no connection but "default" and no service has a part. `origins` may be NULL. The
 * caller's to g_free().
 */
char *config_show(
	const struct policy *policy, const struct config_origins *origins, bool effective);

/* postern.conf, with the settings of the connection "default". */
char *config_show_main(
	const struct policy *policy, const struct config_origins *origins, bool effective);

/* connections/NAME.conf */
char *config_show_connection(const struct policy *policy, const struct config_origins *origins,
	const struct connection *connection, bool effective);

/* services/NAME.conf */
char *config_show_service(const struct policy *policy, const struct config_origins *origins,
	const struct service *service, bool effective);

#endif

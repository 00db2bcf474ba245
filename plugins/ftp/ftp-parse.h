/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes of an FTP control connection as small structs, and back. Pure functions: no host, no
 * state, no allocation. Every pointer given back points into the bytes that were given.
 */
#ifndef FTP_PARSE_H
#define FTP_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include <postern/plugin.h>

#define FTP_LINE_MAX 4096 /* a longer line is cut into pieces of this size */
#define FTP_TEXT_MAX 96   /* enough for what ftp_format() writes */

/* How a line ends. */
enum { FTP_EOL_NONE = 0, FTP_EOL_LF = 1, FTP_EOL_CRLF = 2 };

/* What a command means to a firewall. */
enum ftp_verb {
	FTP_BLANK,   /* an empty line */
	FTP_UNKNOWN, /* no FTP command, or a line that holds a NUL */
	FTP_OTHER,   /* a command that changes nothing here */
	FTP_USER,
	FTP_AUTH,      /* RFC 2228, RFC 4217 */
	FTP_PROTECTED, /* ADAT, MIC, CONF, ENC: what follows is not plain text (RFC 2228 §3) */
	FTP_REIN,
	FTP_ABOR,
	FTP_PORT, /* RFC 959 §4.1.2 */
	FTP_EPRT, /* RFC 2428 §2 */
	FTP_LPRT, /* RFC 1639 §3 */
	FTP_PASV,
	FTP_EPSV,
	FTP_LPSV,
	FTP_TRANSFER, /* RETR, STOR, LIST …: uses a data connection */
};

/* A line of the client's. */
struct ftp_command {
	const uint8_t *arg; /* without spaces at either end */
	size_t arg_len;
	uint32_t verb; /* enum ftp_verb */
	uint32_t eol;  /* FTP_EOL_* */
	char name[8];  /* the verb in upper case; empty if it is unknown */
};

/* A line of the server's that is, or begins, a reply (RFC 959 §4.2). */
struct ftp_reply {
	const uint8_t *text; /* what stands behind the code; empty if the line holds a NUL */
	size_t text_len;
	uint32_t code; /* 100 … 699 */
	uint16_t eol;  /* FTP_EOL_* */
	uint16_t more; /* 1: the first line of several */
};

/* Where a data connection goes to. */
struct ftp_endpoint {
	struct pn_addr addr; /* PN_ADDR_NONE: not told (229) */
	uint16_t port;
	uint8_t delimiter; /* of EPRT and 229 */
	uint8_t reserved;
	uint32_t reserved2;
	size_t offset; /* where in the bytes it was told … */
	size_t len;    /* … and in how many */
};

/*
 * Length of the line that `bytes` begins with; 0: its end has not come yet. A line longer than
 * FTP_LINE_MAX is a piece of FTP_LINE_MAX bytes, which does not end with LF.
 */
int64_t ftp_frame_line(const uint8_t *bytes, size_t len);

/* Length of the TLS record that `bytes` begins with (RFC 8446 §5.1), 0: too few bytes to tell,
 * -EPROTO: it is none. */
int64_t ftp_frame_record(const uint8_t *bytes, size_t len);

/* True if the bytes, a whole message, end with LF. */
int ftp_ends_line(const uint8_t *bytes, size_t len);

/* Reads a line of the client's, whatever it is. */
void ftp_parse_command(const uint8_t *line, size_t len, struct ftp_command *ret_command);

/* Reads a line of the server's. -EINVAL: no reply begins here. */
int ftp_parse_reply(const uint8_t *line, size_t len, struct ftp_reply *ret_reply);

/* Arguments of PORT, EPRT and LPRT. -EINVAL */
int ftp_parse_port(const uint8_t *arg, size_t len, struct ftp_endpoint *ret_endpoint);
int ftp_parse_eprt(const uint8_t *arg, size_t len, struct ftp_endpoint *ret_endpoint);
int ftp_parse_lprt(const uint8_t *arg, size_t len, struct ftp_endpoint *ret_endpoint);

/* Texts of replies 227, 228 and 229. -EINVAL: no endpoint in it. */
int ftp_parse_227(const uint8_t *text, size_t len, struct ftp_endpoint *ret_endpoint);
int ftp_parse_228(const uint8_t *text, size_t len, struct ftp_endpoint *ret_endpoint);
int ftp_parse_229(const uint8_t *text, size_t len, struct ftp_endpoint *ret_endpoint);

/*
 * Writes an endpoint as a reply of this code tells it: what stands at `offset` of what
 * ftp_parse_CODE() gave. 229 without an address (PN_ADDR_NONE) tells the port only. Returns the
 * length; 0: an address of this family cannot be told so.
 */
size_t ftp_format(uint32_t code, const struct ftp_endpoint *endpoint, char text[FTP_TEXT_MAX]);

#endif

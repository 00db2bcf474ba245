// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The syntax of FTP: lines, commands, replies and the ways an endpoint is written.
 *
 * Everything here is a pure function of the bytes it is given. Loops are bounded by the length of
 * a line; nothing is allocated. What a line means is ftp.c's business.
 */
#include "ftp-parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <postern/reader.h>

#define TLS_HEADER      5
#define TLS_PAYLOAD_MAX (16384 + 2048) /* RFC 5246 §6.2.3, the largest of all versions */

/* Telnet (RFC 854): what a client puts before ABOR, and negotiation that FTP does without. */
enum { TELNET_NOP = 241, TELNET_GA = 249, TELNET_WILL = 251, TELNET_DONT = 254, TELNET_IAC = 255 };

struct verb {
	char name[8];
	uint32_t verb;
};

/* What means something here. */
static const struct verb verbs[] = {
	{ "USER", FTP_USER },
	{ "REIN", FTP_REIN },
	{ "PORT", FTP_PORT },
	{ "PASV", FTP_PASV },
	{ "ABOR", FTP_ABOR },
	{ "RETR", FTP_TRANSFER },
	{ "STOR", FTP_TRANSFER },
	{ "STOU", FTP_TRANSFER },
	{ "APPE", FTP_TRANSFER },
	{ "LIST", FTP_TRANSFER },
	{ "NLST", FTP_TRANSFER },
	{ "MLSD", FTP_TRANSFER }, /* RFC 3659 §7 */
	{ "LPRT", FTP_LPRT },
	{ "LPSV", FTP_LPSV },
	{ "EPRT", FTP_EPRT },
	{ "EPSV", FTP_EPSV },
	{ "AUTH", FTP_AUTH },
	{ "ADAT", FTP_PROTECTED },
	{ "MIC", FTP_PROTECTED },
	{ "CONF", FTP_PROTECTED },
	{ "ENC", FTP_PROTECTED },
};

/* The other commands of FTP: by them, too, a client shows what it speaks. */
static const char others[] =
	/* RFC 959 §4.1 */
	" PASS ACCT CWD CDUP SMNT QUIT TYPE STRU MODE ALLO REST RNFR RNTO DELE RMD MKD PWD"
	" SITE SYST STAT HELP NOOP"
	/* RFC 775 */
	" XCUP XCWD XMKD XPWD XRMD"
	/* RFC 2228, RFC 2389, RFC 2640, RFC 3659, RFC 7151 */
	" PROT PBSZ CCC FEAT OPTS LANG MDTM MLST SIZE HOST"
	/* in wide use without an RFC */
	" CLNT CSID AVBL COMB DSIZ HASH MFCT MFF MFMT PRET RANG SSCN XCRC XMD5 XSHA XSHA1 XSHA256"
	" XSHA512 ";

static int
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static int
is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The byte at this place, 0 if there is none. */
static uint8_t
byte_at(const uint8_t *bytes, size_t len, size_t at)
{
	struct pn_reader r = pn_reader(bytes, len);

	pn_skip(&r, at);
	return pn_u8(&r);
}

int64_t
ftp_frame_line(const uint8_t *bytes, size_t len)
{
	const uint8_t *lf = len ? memchr(bytes, '\n', len) : NULL;

	if (lf)
		return lf - bytes + 1;
	return len < FTP_LINE_MAX ? 0 : FTP_LINE_MAX;
}

int64_t
ftp_frame_record(const uint8_t *bytes, size_t len)
{
	struct pn_reader r = pn_reader(bytes, len);
	uint8_t type = pn_u8(&r);
	uint8_t major = pn_u8(&r);
	uint16_t payload;

	pn_skip(&r, 1);
	payload = pn_u16be(&r);
	if (len && (type < 20 || type > 24))
		return -EPROTO;
	if (!pn_ok(&r))
		return 0;
	if (major != 3 || payload > TLS_PAYLOAD_MAX)
		return -EPROTO;
	return TLS_HEADER + payload;
}

int
ftp_ends_line(const uint8_t *bytes, size_t len)
{
	return len && byte_at(bytes, len, len - 1) == '\n';
}

/* A reader of the line without its end; FTP_EOL_* goes to *ret_eol. */
static struct pn_reader
read_line(const uint8_t *line, size_t len, uint32_t *ret_eol)
{
	*ret_eol = FTP_EOL_NONE;
	if (ftp_ends_line(line, len)) {
		*ret_eol = FTP_EOL_LF;
		len--;
		if (len && byte_at(line, len, len - 1) == '\r') {
			*ret_eol = FTP_EOL_CRLF;
			len--;
		}
	}
	return pn_reader(line, len);
}

static int
holds_nul(const struct pn_reader *r)
{
	struct pn_reader all = *r;
	size_t len;
	const uint8_t *bytes = pn_rest(&all, &len);

	return len && memchr(bytes, 0, len);
}

/* RFC 854: IAC and a command, or IAC, WILL … DONT and an option. IAC IAC is a byte of data. */
static void
skip_telnet(struct pn_reader *r)
{
	struct pn_reader ahead = *r;

	while (pn_u8(&ahead) == TELNET_IAC) {
		uint8_t command = pn_u8(&ahead);

		if (command >= TELNET_WILL && command <= TELNET_DONT)
			pn_skip(&ahead, 1);
		else if (command < TELNET_NOP || command > TELNET_GA)
			return;
		if (!pn_ok(&ahead))
			return;
		*r = ahead;
	}
}

static uint32_t
find_verb(const char name[8])
{
	char word[8 + 2];
	size_t n;

	if (!*name)
		return FTP_UNKNOWN;
	for (n = 0; n < sizeof(verbs) / sizeof(verbs[0]); n++)
		if (!strcmp(verbs[n].name, name))
			return verbs[n].verb;
	snprintf(word, sizeof(word), " %s ", name);
	return strstr(others, word) ? FTP_OTHER : FTP_UNKNOWN;
}

/* Takes the word in front and looks it up; the rest of the line must be empty or a space away. */
static uint32_t
take_verb(struct pn_reader *r, char ret_name[8])
{
	char name[8] = { 0 };
	uint32_t verb;
	size_t n = 0;

	while (is_letter(pn_peek(r)) || (n && is_digit(pn_peek(r)))) {
		uint8_t c = pn_u8(r);

		if (n == sizeof(name) - 1)
			return FTP_UNKNOWN;
		name[n++] = (char)(c >= 'a' ? c - 'a' + 'A' : c);
	}
	if (pn_left(r) && pn_peek(r) != ' ')
		return FTP_UNKNOWN;
	verb = find_verb(name);
	if (verb != FTP_UNKNOWN)
		memcpy(ret_name, name, sizeof(name));
	return verb;
}

void
ftp_parse_command(const uint8_t *line, size_t len, struct ftp_command *ret_command)
{
	uint32_t eol;
	struct pn_reader r = read_line(line, len, &eol);
	struct ftp_command command = { .verb = FTP_UNKNOWN, .eol = eol };
	int nul = holds_nul(&r);

	skip_telnet(&r);
	if (!pn_left(&r))
		command.verb = FTP_BLANK;
	else if (!nul)
		command.verb = take_verb(&r, command.name);
	while (pn_peek(&r) == ' ')
		pn_skip(&r, 1);
	command.arg = pn_rest(&r, &command.arg_len);
	while (command.arg_len && byte_at(command.arg, command.arg_len, command.arg_len - 1) == ' ')
		command.arg_len--;
	*ret_command = command;
}

int
ftp_parse_reply(const uint8_t *line, size_t len, struct ftp_reply *ret_reply)
{
	uint32_t eol, code = 0;
	struct pn_reader r = read_line(line, len, &eol);
	struct ftp_reply reply = { .eol = (uint16_t)eol };
	uint8_t separator;
	int n, nul = holds_nul(&r);

	for (n = 0; n < 3; n++) {
		uint8_t c = pn_u8(&r);

		if (!is_digit(c))
			return -EINVAL;
		code = code * 10 + c - '0';
	}
	/* A bare code, without the space that RFC 959 §4.2 wants, is common. */
	separator = pn_left(&r) ? pn_u8(&r) : ' ';
	if (code < 100 || code > 699 || (separator != ' ' && separator != '-'))
		return -EINVAL;
	reply.code = code;
	reply.more = separator == '-';
	reply.text = pn_rest(&r, &reply.text_len);
	if (nul)
		reply.text_len = 0;
	*ret_reply = reply;
	return 0;
}

static int
take_number(struct pn_reader *r, uint32_t max, uint32_t *ret_value)
{
	uint32_t value = 0;
	int digits;

	for (digits = 0; is_digit(pn_peek(r)); digits++) {
		value = value * 10 + pn_u8(r) - '0';
		if (value > max || digits == 5)
			return -EINVAL;
	}
	if (!digits)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

/* Takes `count` numbers that fit a byte, separated by commas. */
static int
take_list(struct pn_reader *r, size_t count, uint8_t *ret_bytes)
{
	size_t n;

	for (n = 0; n < count; n++) {
		uint32_t value;

		if (n && pn_u8(r) != ',')
			return -EINVAL;
		if (take_number(r, 255, &value) < 0)
			return -EINVAL;
		ret_bytes[n] = (uint8_t)value;
	}
	return 0;
}

static uint16_t
port_of(const uint8_t bytes[2])
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* h1,h2,h3,h4,p1,p2 */
static int
take_short(struct pn_reader *r, struct ftp_endpoint *ret_endpoint)
{
	struct ftp_endpoint endpoint = { .offset = pn_offset(r) };
	uint8_t n[6];

	if (take_list(r, sizeof(n), n) < 0)
		return -EINVAL;
	endpoint.addr.family = PN_ADDR_IPV4;
	memcpy(endpoint.addr.bytes, n, 4);
	endpoint.port = port_of(n + 4);
	endpoint.len = pn_offset(r) - endpoint.offset;
	*ret_endpoint = endpoint;
	return 0;
}

/* RFC 1639 §3: family, length of address, address, length of port, port. */
static int
take_long(struct pn_reader *r, struct ftp_endpoint *ret_endpoint)
{
	struct ftp_endpoint endpoint = { .offset = pn_offset(r) };
	uint8_t n[2 + 16 + 1 + 2];
	size_t addr_len;

	if (take_list(r, 1, n) < 0 || (n[0] != 4 && n[0] != 6) || pn_u8(r) != ',')
		return -EINVAL;
	addr_len = n[0] == 4 ? 4 : 16;
	if (take_list(r, 1 + addr_len + 1 + 2, n + 1) < 0)
		return -EINVAL;
	if (n[1] != addr_len || n[2 + addr_len] != 2)
		return -EINVAL;
	endpoint.addr.family = n[0] == 4 ? PN_ADDR_IPV4 : PN_ADDR_IPV6;
	memcpy(endpoint.addr.bytes, n + 2, addr_len);
	endpoint.port = port_of(n + 2 + addr_len + 1);
	endpoint.len = pn_offset(r) - endpoint.offset;
	*ret_endpoint = endpoint;
	return 0;
}

/* RFC 2428 §2: any graphic character; but not one that an address is written with. */
static int
is_delimiter(uint8_t c)
{
	if (c < 33 || c > 126 || is_digit(c) || c == '.' || c == ':')
		return 0;
	return !((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
}

/* Takes an address in text, and the delimiter behind it. `protocol`: 1 IPv4, 2 IPv6. */
static int
take_address(struct pn_reader *r, uint8_t delimiter, uint32_t protocol, struct pn_addr *ret_addr)
{
	struct pn_addr addr = { .family = protocol == 1 ? PN_ADDR_IPV4 : PN_ADDR_IPV6 };
	char text[INET6_ADDRSTRLEN] = { 0 };
	size_t n = 0;
	uint8_t c;

	while ((c = pn_u8(r)) != delimiter) {
		if (!c || n == sizeof(text) - 1)
			return -EINVAL;
		text[n++] = (char)c;
	}
	if (inet_pton(protocol == 1 ? AF_INET : AF_INET6, text, addr.bytes) != 1)
		return -EINVAL;
	*ret_addr = addr;
	return 0;
}

/* |protocol|address|port| where protocol and address may both be missing */
static int
take_extended(struct pn_reader *r, struct ftp_endpoint *ret_endpoint)
{
	struct ftp_endpoint endpoint = { .delimiter = pn_u8(r), .offset = pn_offset(r) };
	uint8_t d = endpoint.delimiter;
	uint32_t protocol, port;

	if (!is_delimiter(d))
		return -EINVAL;
	if (pn_peek(r) == d) {
		pn_skip(r, 1);
		if (pn_u8(r) != d)
			return -EINVAL;
	} else {
		if (take_number(r, 2, &protocol) < 0 || !protocol || pn_u8(r) != d)
			return -EINVAL;
		if (take_address(r, d, protocol, &endpoint.addr) < 0)
			return -EINVAL;
	}
	if (take_number(r, UINT16_MAX, &port) < 0)
		return -EINVAL;
	endpoint.port = (uint16_t)port;
	endpoint.len = pn_offset(r) - endpoint.offset;
	if (pn_u8(r) != d)
		return -EINVAL;
	*ret_endpoint = endpoint;
	return 0;
}

/* One of the three ways above. */
typedef int taker(struct pn_reader *r, struct ftp_endpoint *ret_endpoint);

/* An argument is the endpoint and nothing else, and always tells the address. */
static int
parse_argument(const uint8_t *arg, size_t len, taker *take, struct ftp_endpoint *ret_endpoint)
{
	struct pn_reader r = pn_reader(arg, len);
	struct ftp_endpoint endpoint;

	if (take(&r, &endpoint) < 0 || pn_left(&r) || endpoint.addr.family == PN_ADDR_NONE)
		return -EINVAL;
	*ret_endpoint = endpoint;
	return 0;
}

int
ftp_parse_port(const uint8_t *arg, size_t len, struct ftp_endpoint *ret_endpoint)
{
	return parse_argument(arg, len, take_short, ret_endpoint);
}

int
ftp_parse_eprt(const uint8_t *arg, size_t len, struct ftp_endpoint *ret_endpoint)
{
	return parse_argument(arg, len, take_extended, ret_endpoint);
}

int
ftp_parse_lprt(const uint8_t *arg, size_t len, struct ftp_endpoint *ret_endpoint)
{
	return parse_argument(arg, len, take_long, ret_endpoint);
}

/*
 * RFC 1123 §4.1.2.6: parentheses are not certain, so the list begins at the first digit. Where a
 * parenthesis stands right before a digit, that is the better sign, for the text may hold numbers.
 */
static struct pn_reader
find_list(const uint8_t *text, size_t len)
{
	struct pn_reader r = pn_reader(text, len), first = pn_reader(text, len);

	while (pn_left(&r))
		if (pn_u8(&r) == '(' && is_digit(pn_peek(&r)))
			return r;
	while (pn_left(&first) && !is_digit(pn_peek(&first)))
		pn_skip(&first, 1);
	return first;
}

/* The list must be over where it is; seven numbers are not six and one to spare. */
static int
parse_listed(const uint8_t *text, size_t len, taker *take, struct ftp_endpoint *ret_endpoint)
{
	struct pn_reader r = find_list(text, len);
	struct ftp_endpoint endpoint;

	if (take(&r, &endpoint) < 0 || pn_peek(&r) == ',')
		return -EINVAL;
	*ret_endpoint = endpoint;
	return 0;
}

int
ftp_parse_227(const uint8_t *text, size_t len, struct ftp_endpoint *ret_endpoint)
{
	return parse_listed(text, len, take_short, ret_endpoint);
}

int
ftp_parse_228(const uint8_t *text, size_t len, struct ftp_endpoint *ret_endpoint)
{
	return parse_listed(text, len, take_long, ret_endpoint);
}

int
ftp_parse_229(const uint8_t *text, size_t len, struct ftp_endpoint *ret_endpoint)
{
	struct pn_reader r = pn_reader(text, len);

	while (pn_left(&r))
		if (pn_u8(&r) == '(') {
			struct pn_reader inside = r;

			if (take_extended(&inside, ret_endpoint) == 0)
				return 0;
		}
	return -EINVAL;
}

/* n bytes as decimal numbers, a comma before each. */
static size_t
format_list(char *text, const uint8_t *bytes, size_t n)
{
	size_t len = 0, i;

	for (i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, 5, ",%u", bytes[i]);
	return len;
}

size_t
ftp_format(uint32_t code, const struct ftp_endpoint *endpoint, char text[FTP_TEXT_MAX])
{
	const struct pn_addr *addr = &endpoint->addr;
	const uint8_t port[2] = { (uint8_t)(endpoint->port >> 8), (uint8_t)endpoint->port };
	int is_ipv6 = addr->family == PN_ADDR_IPV6;
	char name[INET6_ADDRSTRLEN] = "", list[FTP_TEXT_MAX];
	size_t len;

	if (addr->family != PN_ADDR_NONE && addr->family != PN_ADDR_IPV4 && !is_ipv6)
		return 0;
	if (code == 229) {
		char d = (char)endpoint->delimiter;

		if (addr->family == PN_ADDR_NONE)
			return (size_t)snprintf(text, FTP_TEXT_MAX, "%c%c%u", d, d, endpoint->port);
		inet_ntop(is_ipv6 ? AF_INET6 : AF_INET, addr->bytes, name, sizeof(name));
		return (size_t)snprintf(text, FTP_TEXT_MAX, "%d%c%s%c%u", is_ipv6 ? 2 : 1, d, name,
			d, endpoint->port);
	}
	if (addr->family == PN_ADDR_NONE || (code == 227 && is_ipv6))
		return 0;
	len = format_list(list, addr->bytes, is_ipv6 ? 16 : 4);
	if (code == 227) {
		format_list(list + len, port, 2);
		return (size_t)snprintf(text, FTP_TEXT_MAX, "%s", list + 1);
	}
	len += (size_t)snprintf(list + len, sizeof(list) - len, ",2");
	format_list(list + len, port, 2);
	return (size_t)snprintf(text, FTP_TEXT_MAX, "%s%s", is_ipv6 ? "6,16" : "4,4", list);
}

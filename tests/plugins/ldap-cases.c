// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of conversations: what is noted, what opens a door, and all that must not. */
#include "ldap-cases.h"

#define REGISTER ADD(2, DN, PERSON(CLIENT_NUMBER)) ADDED(2, 0)

#define CALLER "203.0.113.7 > 192.0.2.1:"
#define SERVER "198.51.100.9 > 192.0.2.1:"
#define H323   CALLER "1720\n" SERVER "1720\n"
#define T120   CALLER "1503\n" SERVER "1503\n"
#define CLOSED CALLER "1720 closed\n" SERVER "1720 closed\n"

#define SPORT(value) ATTRIBUTE("sport", value)
#define STTL(value)  ATTRIBUTE("sttl", value)

/* What NetMeeting searches for to keep its entry. */
#define KEEP(id, cn, ttl)                                                                          \
	SEARCH(id, "a0{ a3{'objectClass' 'RTPerson'} a3{'cn' '" cn "'} a3{'sttl' '" ttl "'} }")

#define REFERRED(id, uris) "S " LDAP(id, "65{0a=10 '' '' a3{" uris "}}") "\n"
#define REFERENCE(id, uri) "S " LDAP(id, "73{'" uri "'}") "\n"

#define STARTTLS(id)      "C " LDAP(id, "77{80'1.3.6.1.4.1.1466.20037'}") "\n"
#define STARTED(id, code) "S " LDAP(id, "78{" RESULT(code) "}") "\n"
#define SASL(id)          "C " LDAP(id, "60{02=3 '' a3{'GSS-SPNEGO' 'token'}}") "\n"
#define SASL_DONE(id)     "S " LDAP(id, "61{" RESULT(0) "}") "\n"

#define LONG_512                                                                                   \
	"0123456789012345678901234567890123456789012345678901234567890123"                         \
	"0123456789012345678901234567890123456789012345678901234567890123"                         \
	"0123456789012345678901234567890123456789012345678901234567890123"                         \
	"0123456789012345678901234567890123456789012345678901234567890123"                         \
	"0123456789012345678901234567890123456789012345678901234567890123"                         \
	"0123456789012345678901234567890123456789012345678901234567890123"                         \
	"0123456789012345678901234567890123456789012345678901234567890123"                         \
	"0123456789012345678901234567890123456789012345678901234567890123"
#define LONG_4K  LONG_512 LONG_512 LONG_512 LONG_512 LONG_512 LONG_512 LONG_512 LONG_512
#define LONG_20K LONG_4K LONG_4K LONG_4K LONG_4K LONG_4K

const struct ldap_case ldap_cases[] = {
	/* Registrations that open doors. */
	{ "registered", BOUND REGISTER, H323, "entry=" DN "\nregistered=192.0.2.1:1720 for 600 s\n",
		CALLERS },
	{ "registered without callers", BOUND REGISTER, NULL,
		"registered=192.0.2.1:1720 for 600 s\n" },
	{ "registered, LDAPv2", "C " BIND_V2 "\nS " LDAP(1, "61{" RESULT(0) "}") "\n" REGISTER,
		H323, CALLERS },
	{ "registered without a bind", REGISTER, H323, NULL, CALLERS },
	{ "registered for ports",
		BOUND ADD(2, DN,
			PERSON(CLIENT_NUMBER) "30{'sport' 31{'1503' '1720'}} 30{'sprotid' "
					      "31{'t120' 'h323'}}") ADDED(2, 0),
		T120 H323, "registered=192.0.2.1:1503,1720 for 600 s\n", CALLERS },
	{ "registered for T.120 alone",
		BOUND ADD(2, DN, PERSON(CLIENT_NUMBER) ATTRIBUTE("sprotid", "T120")) ADDED(2, 0),
		T120, NULL, CALLERS },
	{ "registered for both, ports not told",
		BOUND ADD(2, DN, PERSON(CLIENT_NUMBER) "30{'sprotid' 31{'t120' 'h323'}}")
			ADDED(2, 0),
		H323 T120, NULL, CALLERS },
	{ "registered, class in the name alone",
		BOUND ADD(2, "cn=a,objectclass=rtperson", ATTRIBUTE("SIPADDRESS", CLIENT_NUMBER))
			ADDED(2, 0),
		H323, NULL, CALLERS },
	{ "registered, lengths as Active Directory writes them",
		BOUND "C 30!{02!=2 68!{04!'" DN "' 30!{ 30!{'objectClass' 31!{'RTPerson'}}"
		      " 30!{'sipaddress' 31!{'" CLIENT_NUMBER "'}} }}}\n"
		      "S 30!{02=2 69!{0a!=0 '' ''}}\n",
		H323, NULL, CALLERS },
	{ "registered on a port that is allowed",
		BOUND ADD(2, DN, PERSON(CLIENT_NUMBER) SPORT("5000") ATTRIBUTE("sprotid", "h323"))
			ADDED(2, 0),
		CALLER "5000\n" SERVER "5000\n", NULL,
		{ { "CallersFrom", "203.0.113.7" }, { "CallPorts", "4000; 4999-5001" } } },
	{ "registered for a time", BOUND ADD(2, DN, PERSON(CLIENT_NUMBER) STTL("5")) ADDED(2, 0),
		H323, "registered=192.0.2.1:1720 for 300 s\n", CALLERS },
	{ "registered for a very long time",
		BOUND ADD(2, DN, PERSON(CLIENT_NUMBER) STTL("1000000000")) ADDED(2, 0), H323,
		"registered=192.0.2.1:1720 for 3600 s\n", CALLERS },
	{ "registered for a time that is no number",
		BOUND ADD(2, DN, PERSON(CLIENT_NUMBER) STTL("99999999999999999999x")) ADDED(2, 0),
		H323, NULL, CALLERS },
	{ "registered for no time", BOUND ADD(2, DN, PERSON(CLIENT_NUMBER) STTL("0")) ADDED(2, 0),
		H323, "registered=192.0.2.1:1720 for 600 s\n", CALLERS },
	{ "registered step by step",
		BOUND ADD(2, DN, PERSON(CLIENT_NUMBER)) ADDED(2, 0) MODIFY(
			3, DN, CHANGE(0, SPORT("1503")) CHANGE(0, ATTRIBUTE("sprotid", "t120")))
			MODIFIED(3, 0),
		CLOSED T120, "registered=192.0.2.1:1503 for 600 s\n", CALLERS },
	{ "registered by a change of an entry that was there",
		BOUND MODIFY(2, DN,
			CHANGE(2, ATTRIBUTE("sipaddress", CLIENT_NUMBER)) CHANGE(2, SPORT("1720")))
			MODIFIED(2, 0),
		H323, NULL, CALLERS },
	{ "requests at once, answered in another order",
		BOUND ADD(2, "cn=x", ATTRIBUTE("objectclass", "person"))
			ADD(3, DN, PERSON(CLIENT_NUMBER)) DELETE(4, "cn=y") ADDED(3, 0)
				DELETED(4, 32) ADDED(2, 0),
		H323, NULL, CALLERS },
	{ "a caller of another family is no caller", BOUND REGISTER, SERVER "1720\n", NULL,
		{ { "CallersFrom", "2001:db8::7" } } },
	{ "the server is a caller, too", BOUND REGISTER, SERVER "1720\n", NULL,
		{ { "CallersFrom", "198.51.100.9" } } },

	/* What becomes of them. */
	{ "deleted", BOUND REGISTER DELETE(3, DN) DELETED(3, 0), CLOSED, NULL, CALLERS },
	{ "deleted, name written otherwise",
		BOUND REGISTER DELETE(3,
			"C=-, O=microsoft, CN=Anna@x.example, objectClass=rtperson") DELETED(3, 0),
		CLOSED, NULL, CALLERS },
	{ "not deleted", BOUND REGISTER DELETE(3, DN) DELETED(3, 50), H323, NULL, CALLERS },
	{ "not asked to be deleted", BOUND REGISTER DELETED(3, 0), H323, NULL, CALLERS },
	{ "another one deleted", BOUND REGISTER DELETE(3, "cn=b") DELETED(3, 0), H323, NULL,
		CALLERS },
	{ "renamed",
		BOUND REGISTER
		"C " LDAP(3, "6c{'" DN "' 'cn=b' 01=255}") "\nS " LDAP(3, "6d{" RESULT(0) "}") "\n",
		CLOSED, NULL, CALLERS },
	{ "address taken away",
		BOUND REGISTER MODIFY(3, DN, CHANGE(1, "30{'sipaddress' 31{}}")) MODIFIED(3, 0),
		CLOSED, NULL, CALLERS },
	{ "address no number any more",
		BOUND REGISTER MODIFY(3, DN, CHANGE(2, ATTRIBUTE("sipaddress", "x")))
			MODIFIED(3, 0),
		CLOSED, NULL, CALLERS },
	{ "port changed", BOUND REGISTER MODIFY(3, DN, CHANGE(2, SPORT("1503"))) MODIFIED(3, 0),
		CLOSED T120, NULL, CALLERS },
	{ "port taken away, none told",
		BOUND REGISTER MODIFY(3, DN, CHANGE(1, "30{'sport' 31{}}")) MODIFIED(3, 0), CLOSED,
		"registered=192.0.2.1 for 600 s\n", CALLERS },
	{ "kept by a search",
		BOUND REGISTER KEEP(3, "Anna@x.example", "20") ENTRY(3, ATTRIBUTE("cn", "x"))
			FOUND(3, 0),
		CLOSED H323, "registered=192.0.2.1:1720 for 1200 s\n", CALLERS },
	{ "kept by a search that finds nothing",
		BOUND REGISTER KEEP(3, "anna@x.example", "20") FOUND(3, 0), H323,
		"registered=192.0.2.1:1720 for 600 s\n", CALLERS },
	{ "kept by a search for somebody else",
		BOUND REGISTER KEEP(3, "bert@x.example", "20") ENTRY(3, ATTRIBUTE("cn", "x"))
			FOUND(3, 0),
		H323, "registered=192.0.2.1:1720 for 600 s\n", CALLERS },
	{ "kept by a search with `or`",
		BOUND REGISTER SEARCH(3, "a1{ a3{'cn' 'anna@x.example'} a3{'sttl' '20'} }")
			ENTRY(3, ATTRIBUTE("cn", "x")) FOUND(3, 0),
		H323, "registered=192.0.2.1:1720 for 600 s\n", CALLERS },
	{ "kept by a change",
		BOUND REGISTER MODIFY(3, DN, CHANGE(2, ATTRIBUTE("sflags", "1"))) MODIFIED(3, 0),
		CLOSED H323, NULL, CALLERS },
	{ "another entry of the same host",
		BOUND REGISTER ADD(
			3, "cn=b,objectclass=rtperson", PERSON(CLIENT_NUMBER) SPORT("1503"))
			ADDED(3, 0) DELETE(4, DN) DELETED(4, 0),
		CLOSED T120, NULL, CALLERS },
	{ "unbound, and still there", BOUND REGISTER "C " LDAP(9, "42''") "\n", H323, NULL,
		CALLERS },

	/* Registrations that open nothing. */
	{ "refused by the server", BOUND ADD(2, DN, PERSON(CLIENT_NUMBER)) ADDED(2, 68), NULL, NULL,
		CALLERS },
	{ "not answered", BOUND ADD(2, DN, PERSON(CLIENT_NUMBER)), NULL, NULL, CALLERS },
	{ "answered to another number", BOUND ADD(2, DN, PERSON(CLIENT_NUMBER)) ADDED(3, 0), NULL,
		NULL, CALLERS },
	{ "answered with another operation",
		BOUND ADD(2, DN, PERSON(CLIENT_NUMBER)) MODIFIED(2, 0) ADDED(2, 0), NULL, NULL,
		CALLERS },
	{ "answered twice", BOUND REGISTER DELETE(3, DN) DELETED(3, 0) ADDED(2, 0), CLOSED, NULL,
		CALLERS },
	{ "abandoned",
		BOUND ADD(2, DN, PERSON(CLIENT_NUMBER)) "C " LDAP(3, "50=2") "\n" ADDED(2, 0), NULL,
		NULL, CALLERS },
	{ "the number used again",
		BOUND ADD(2, DN, PERSON(CLIENT_NUMBER)) SEARCH(2, ANYTHING) ADDED(2, 0), NULL, NULL,
		CALLERS },
	{ "of another class",
		BOUND ADD(2, "cn=a",
			ATTRIBUTE("objectclass", "person") ATTRIBUTE("sipaddress", CLIENT_NUMBER))
			ADDED(2, 0),
		NULL, NULL, CALLERS },
	{ "without an address", BOUND ADD(2, DN, ATTRIBUTE("cn", "a")) ADDED(2, 0), NULL, NULL,
		CALLERS },
	{ "with an address that is too large", BOUND ADD(2, DN, PERSON("4294967296")) ADDED(2, 0),
		NULL, NULL, CALLERS },
	{ "with an address that is negative", BOUND ADD(2, DN, PERSON("-16908480")) ADDED(2, 0),
		NULL, NULL, CALLERS },
	{ "with an address as one writes it", BOUND ADD(2, DN, PERSON("192.0.2.1")) ADDED(2, 0),
		NULL, NULL, CALLERS },
	/* The host refuses these; it is asked for one, so that it can say so. */
	{ "of a third party", BOUND ADD(2, DN, PERSON("33685696")) ADDED(2, 0),
		"refused 203.0.113.7 > 192.0.2.2:1720\n", NULL, CALLERS },
	{ "of loopback", BOUND ADD(2, DN, PERSON("16777343")) ADDED(2, 0),
		"refused 203.0.113.7 > 127.0.0.1:1720\n", NULL, CALLERS },
	{ "of a group", BOUND ADD(2, DN, PERSON("16777440")) ADDED(2, 0),
		"refused 203.0.113.7 > 224.0.0.1:1720\n", NULL, CALLERS },
	{ "of nobody", BOUND ADD(2, DN, PERSON("0")) ADDED(2, 0),
		"refused 203.0.113.7 > 0.0.0.0:1720\n", NULL, CALLERS },
	{ "in network order", BOUND ADD(2, DN, PERSON("3221225985")) ADDED(2, 0),
		"refused 203.0.113.7 > 1.2.0.192:1720\n", NULL, CALLERS },
	{ "on a port that is not for calls",
		BOUND ADD(2, DN, PERSON(CLIENT_NUMBER) SPORT("22")) ADDED(2, 0), NULL,
		"refused=port 22 is not for calls\n", CALLERS },
	{ "on a port that is none",
		BOUND ADD(2, DN, PERSON(CLIENT_NUMBER) SPORT("67256")) ADDED(2, 0), NULL, NULL,
		CALLERS },
	{ "on port 0", BOUND ADD(2, DN, PERSON(CLIENT_NUMBER) SPORT("0")) ADDED(2, 0), NULL, NULL,
		CALLERS },
	{ "on many ports",
		BOUND ADD(2, DN,
			PERSON(CLIENT_NUMBER) "30{'sport' 31{'1' '2' '3' '4' '1720' '5' '1503'}}")
			ADDED(2, 0),
		NULL, "registered=192.0.2.1:1,2,3,4 for 600 s\n", CALLERS },
	{ "by somebody outside", BOUND REGISTER, NULL, "registered=192.0.2.1:1720 for 600 s\n",
		CALLERS, .protected_side = 2 },
	{ "over IPv6", BOUND REGISTER, "refused 203.0.113.7 > 192.0.2.1:1720\n", NULL, CALLERS,
		.client = "[2001:db8::1]:40000" },
	{ "in a message that is too long",
		BOUND ADD(2, DN, PERSON(CLIENT_NUMBER) ATTRIBUTE("comment", LONG_20K)) ADDED(2, 0)
			SEARCH(3, ANYTHING) ENTRY(3, ATTRIBUTE("sipaddress", "1")) FOUND(3, 0),
		NULL, "skipped=a message that is too long to be read\nfound=1.0.0.0:1720\n",
		CALLERS },
	{ "badly written",
		BOUND ADD(2, DN, PERSON(CLIENT_NUMBER) "30{'sport' 30{'1720'}}") ADDED(2, 0), NULL,
		NULL, CALLERS },

	/* What a search has found. */
	{ "found",
		BOUND SEARCH(2, ANYTHING)
			ENTRY(2, ATTRIBUTE("sipaddress", "33685696") SPORT("1720")) ENTRY(
				2, ATTRIBUTE("sipaddress", "50462912") SPORT("1503")) FOUND(2, 0),
		NULL, "found=192.0.2.2:1720 192.0.2.3:1503\n" },
	{ "found, not asked for", BOUND ENTRY(2, ATTRIBUTE("sipaddress", "33685696")), NULL, NULL },
	{ "found, with a door",
		BOUND SEARCH(2, ANYTHING)
			ENTRY(2, ATTRIBUTE("sipaddress", "157561798") SPORT("1720")) FOUND(2, 0),
		"192.0.2.1 > 198.51.100.9:1720\n", "found=198.51.100.9:1720\n",
		{ { "CallsTo", "198.51.100.0/24" } } },
	{ "found, to be called on any port",
		BOUND SEARCH(2, ANYTHING) ENTRY(2, ATTRIBUTE("sipaddress", "157561798") SPORT("22"))
			FOUND(2, 0),
		NULL, NULL, { { "CallsTo", "198.51.100.0/24" } } },
	{ "found, somebody who may not be called",
		BOUND SEARCH(2, ANYTHING) ENTRY(2, ATTRIBUTE("sipaddress", "157561798"))
			FOUND(2, 0),
		NULL, NULL, { { "CallsTo", "198.51.100.8/32;0.0.0.0/1;2001:db8::/32" } } },
	{ "found oneself",
		BOUND SEARCH(2, ANYTHING) ENTRY(2, ATTRIBUTE("sipaddress", CLIENT_NUMBER))
			FOUND(2, 0),
		NULL, "found=192.0.2.1:1720\n", { { "CallsTo", "0.0.0.0/0" } } },

	/* Referrals. */
	{ "referred",
		BOUND SEARCH(2, ANYTHING) REFERRED(2, "'ldap://a.example/o=x' 'ldap://192.0.2.9/'"),
		NULL, "referral=ldap://a.example/o=x ldap://192.0.2.9/\n" },
	{ "referred by references",
		BOUND SEARCH(2, ANYTHING) REFERENCE(2, "ldap://a.example/") REFERENCE(
			2, "ldap://a.example/") REFERENCE(2, "ldap://b.example/") FOUND(2, 0),
		NULL, "referral=ldap://a.example/ ldap://b.example/\n" },
	{ "referred by a text",
		"C " BIND_V2 "\nS " LDAP(1, "61{" RESULT(0) "}") "\n" SEARCH(2, ANYTHING) "S " LDAP(
			2, "65{0a=9 '' <04 2e 52 65 66 65 72 72 61 6c 3a 0a>"
			   "<6c 64 61 70 3a 2f 2f 61 2e 65 78 61 6d 70 6c 65 2f 0a>"
			   "<6c 64 61 70 3a 2f 2f 62 2e 65 78 61 6d 70 6c 65 2f 6f>}") "\n",
		NULL, "referral=ldap://a.example/ ldap://b.example/o\n" },
	{ "referred after another request",
		BOUND MODIFY(2, "cn=b", CHANGE(2, SPORT("1"))) "S " LDAP(
			2, "67{0a=10 '' '' a3{'ldap://a.example/'}}") "\n",
		NULL, "referral=ldap://a.example/\n" },
	{ "referred without being asked",
		BOUND REFERENCE(2, "ldap://a.example/") REFERRED(3, "'ldap://x/'"), NULL, NULL,
		{ { "Referrals", "0.0.0.0/0" } } },
	{ "referred, with a door",
		BOUND SEARCH(2, ANYTHING) REFERENCE(2, "ldap://198.51.100.9:3268/dc=x") FOUND(2, 0),
		"192.0.2.1 > 198.51.100.9:3268\n", NULL, { { "Referrals", "198.51.100.0/24" } } },
	{ "referred to a third party",
		BOUND SEARCH(2, ANYTHING) REFERRED(2, "'ldaps://203.0.113.3'"),
		"refused 192.0.2.1 > 203.0.113.3:636\n", NULL,
		{ { "Referrals", "203.0.113.0/24" } } },
	{ "referred to somebody who is not allowed",
		BOUND SEARCH(2, ANYTHING) REFERRED(2, "'ldap://198.51.100.9:3268/'"), NULL,
		"referral=ldap://198.51.100.9:3268/\n", { { "Referrals", "203.0.113.0/24" } } },
	{ "referred to oneself", BOUND SEARCH(2, ANYTHING) REFERRED(2, "'ldap://192.0.2.1:3268/'"),
		NULL, NULL, { { "Referrals", "0.0.0.0/0" } } },
	{ "referred to elsewhere by what is no such URI",
		BOUND SEARCH(2, ANYTHING)
			REFERRED(2, "'http://198.51.100.9/' 'ldap://198.51.100.9:0/' "
				    "'ldap://198.51.100.9:66666/'"
				    " 'ldap://198.51.100.9x' 'ldap://' 'ldap:///' 'ldap' "
				    "'ldap://[198.51.100.9]/'"),
		NULL, NULL, { { "Referrals", "0.0.0.0/0" } } },
	{ "a client outside is referred",
		BOUND SEARCH(2, ANYTHING) REFERRED(2, "'ldap://198.51.100.9:3268/'"), NULL,
		"referral=ldap://198.51.100.9:3268/\n",
		.options = { { "Referrals", "198.51.100.0/24" } }, .protected_side = 2 },

	/* What cannot be read any more. */
	{ "StartTLS", STARTTLS(1) STARTED(1, 0) "C <16 03 01>\n", NULL,
		"tls=StartTLS\nleft=the connection goes on under TLS\n",
		.left = FAKEHOST_DETACHED },
	{ "StartTLS refused", STARTTLS(1) STARTED(1, 2) REGISTER, H323, NULL, CALLERS },
	{ "StartTLS that nobody asked for",
		BOUND "C " LDAP(2, "77{80'1.3.6.1.4.1.1466.20038'}") "\n" STARTED(2, 0) REGISTER,
		NULL, "registered=192.0.2.1:1720 for 600 s\n" },
	{ "doors stay under TLS", BOUND REGISTER STARTTLS(3) STARTED(3, 0), H323, NULL, CALLERS,
		.left = FAKEHOST_DETACHED },
	{ "SASL, wrapped",
		SASL(1) "S " LDAP(1, "61{" RESULT(14) "}") "\n" SASL(2)
			SASL_DONE(2) "C <00 00 00 10 60>\n",
		NULL, "sasl=GSS-SPNEGO\nleft=the connection goes on under SASL\n",
		.left = FAKEHOST_DETACHED },
	{ "SASL, not wrapped", SASL(1) SASL_DONE(1) REGISTER, H323, "sasl=GSS-SPNEGO\n", CALLERS },
	{ "SASL refused, then wrapped",
		SASL(1) "S " LDAP(1, "61{" RESULT(49) "}") "\nC <00 00 00 10 60>\n", NULL, NULL,
		.left = FAKEHOST_FRAME },

	/* What is not LDAP. */
	{ "HTTP", "C <47 45 54 20 2f 20 48 54 54 50>\n" REGISTER, NULL, NULL, CALLERS,
		.left = FAKEHOST_FRAME },
	{ "TLS", "C <16 03 01 02 00 01 00>\n" REGISTER, NULL, NULL, CALLERS,
		.left = FAKEHOST_FRAME },
	{ "STUN", "C <00 03 00 40 21 12 a4 42>\n" REGISTER, NULL, NULL, CALLERS,
		.left = FAKEHOST_FRAME },
	{ "the server is no directory", "S <32 32 30 20>\n" REGISTER, NULL, NULL, CALLERS,
		.left = FAKEHOST_FRAME },
	{ "the server speaks first", ADDED(1, 0) REGISTER, NULL, NULL, CALLERS,
		.left = FAKEHOST_DETACHED },
	{ "a notice of the server's",
		"S " LDAP(0, "78{" RESULT(52) " 8a'1.3.6.1.4.1.1466.20036'}") "\n", NULL, NULL },
	{ "the client answers", BOUND "C " LDAP(2, "69{" RESULT(0) "}") "\n" REGISTER, NULL, NULL,
		CALLERS, .left = FAKEHOST_DETACHED },
	{ "the server asks",
		BOUND "S " LDAP(2, "68{'" DN "' 30{" PERSON(CLIENT_NUMBER) "}}") "\n" ADDED(2, 0),
		NULL, NULL, CALLERS, .left = FAKEHOST_DETACHED },
	{ "an operation that there is not", BOUND "C " LDAP(2, "7a{}") "\n", NULL, NULL,
		.left = FAKEHOST_DETACHED },
	{ "a number that is too large", "C 30{<02 05 00 80 00 00 00> 42''}\n", NULL, NULL,
		.left = FAKEHOST_DETACHED },
	{ "a number that is negative", "C 30{02=-1 42''}\n", NULL, NULL,
		.left = FAKEHOST_DETACHED },
	{ "no number", "C 30{42''}\n", NULL, NULL, .left = FAKEHOST_DETACHED },
	{ "nothing in it", "C 30{}\n", NULL, NULL, .left = FAKEHOST_DETACHED },
	{ "an operation that is longer than its message", "C 30{02=1 <68 20 04 00>}\n", NULL, NULL,
		.left = FAKEHOST_DETACHED },
	{ "the indefinite form", "C <30 80 02 01 01 42 00 00 00>\n", NULL, NULL,
		.left = FAKEHOST_FRAME },
	{ "a length that is too long", "C <30 85 00 00 00 00 05 02 01 01 42 00>\n", NULL, NULL,
		.left = FAKEHOST_FRAME },
	{ "a length beyond all measure", "C <30 84 ff ff ff ff 02 01 01 68>\n", NULL, NULL,
		.left = FAKEHOST_FRAME },
	{ "a length that never comes", "C <30 83 0f ff ff 02 01 01 68>\n" REGISTER, NULL, NULL,
		CALLERS, .left = FAKEHOST_DETACHED },
	{ "lost bytes", BOUND "!\n" REGISTER, NULL, NULL, CALLERS, .left = FAKEHOST_GAP },
};

const size_t ldap_cases_count = sizeof(ldap_cases) / sizeof(ldap_cases[0]);

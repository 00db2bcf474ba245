# SPDX-License-Identifier: GPL-2.0-or-later
# For script/lab: directories and their clients, and the scenarios ldap and ldap-samba.

LDAP=$WORK/ldap
LDAP_PEER=$HERE/lab.d/ldap-peer.py
CALLER=203.0.113.7    # who may call, as tests/system/ldap.py configures it
STRANGER=203.0.113.66 # who may not
FAR=203.0.113.3       # where a directory refers to
ANSWERS="203.0.113.4 203.0.113.5"
DN=cn=carol@lab.example,objectclass=rtperson

# --- a directory ---------------------------------------------------------------------------------

# A schema of ILS: only what an entry needs here. The names are what counts; slapd wants numbers.
write_ils_schema()
{
	local n=0 name

	while read -r name syntax; do
		n=$((n + 1))
		case $syntax in
		number) syntax="EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27" ;;
		text) syntax="EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15" ;;
		esac
		echo "attributetype ( 2.999.1.$n NAME '$name' $syntax )"
	done <<-EOT
	sappid text
	sprotid text
	sprotmimetype text
	sport number
	sipaddress number
	sflags number
	ssecurity number
	sttl number
	smodop number
	ilsa26214430 text
	ilsa26279966 text
	ilsa32833566 text
	ilsa32964638 text
	location text
	comment text
	sappguid text
	EOT
	cat <<-'EOT'
	objectclass ( 2.999.2.1 NAME 'RTPerson' STRUCTURAL MUST cn MAY ( c $ o $ givenName $ sn $
	  rfc822mailbox $ sappid $ sprotid $ sprotmimetype $ sport $ sipaddress $ sflags $
	  ssecurity $ sttl $ smodop $ ilsa26214430 $ ilsa26279966 $ ilsa32833566 $
	  ilsa32964638 $ location $ comment $ sappguid ) )
	EOT
}

# write_slapd_conf FOLDER SUFFIX...: what is in none of these is referred to elsewhere.
write_slapd_conf()
{
	local folder=$1 suffix n=0
	shift

	cat <<-EOT
	include /etc/ldap/schema/core.schema
	include /etc/ldap/schema/cosine.schema
	include /etc/ldap/schema/inetorgperson.schema
	include $LDAP/ils.schema
	modulepath /usr/lib/ldap
	moduleload back_mdb
	pidfile $folder/pid
	argsfile $folder/args
	allow bind_v2 update_anon
	TLSCertificateFile $WORK/cert.pem
	TLSCertificateKeyFile $WORK/key.pem
	password-hash {CLEARTEXT}
	sasl-host lab
	sasl-realm lab
	authz-regexp uid=([^,]*),.*cn=auth uid=\$1,dc=lab
	referral ldap://$FAR:1389/
	EOT
	for suffix in "$@"; do
		n=$((n + 1))
		mkdir -p "$folder/$n"
		cat <<-EOT
		database mdb
		maxsize 16777216
		suffix "$suffix"
		rootdn "cn=admin,$suffix"
		directory $folder/$n
		access to * by * write
		EOT
	done
}

# Two directories: one for people who can be called and for dc=lab, and a far one.
make_directories()
{
	mkdir -p "$LDAP/near" "$LDAP/far"
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=lab \
		-keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
	write_ils_schema >"$LDAP/ils.schema"
	write_slapd_conf "$LDAP/near" objectclass=rtperson dc=lab >"$LDAP/near.conf"
	write_slapd_conf "$LDAP/far" dc=far ou=far,dc=lab >"$LDAP/far.conf"
	fill_near
	fill_far
}

fill_near()
{
	slapadd -f "$LDAP/near.conf" -n 1 <<-EOT
	dn: objectclass=rtperson
	objectClass: RTPerson
	cn: people
	EOT
	slapadd -f "$LDAP/near.conf" -n 2 <<-EOT
	dn: dc=lab
	objectClass: dcObject
	objectClass: organization
	dc: lab
	o: lab

	dn: uid=guest,dc=lab
	objectClass: inetOrgPerson
	uid: guest
	cn: Guest
	sn: Guest
	userPassword: $PASSWORD

	dn: ou=far,dc=lab
	objectClass: referral
	objectClass: extensibleObject
	ou: far
	ref: ldap://$FAR:1389/ou=far,dc=lab
	EOT
}

fill_far()
{
	slapadd -f "$LDAP/far.conf" -n 1 <<-EOT
	dn: dc=far
	objectClass: dcObject
	objectClass: organization
	dc: far
	o: far
	EOT
	slapadd -f "$LDAP/far.conf" -n 2 <<-EOT
	dn: ou=far,dc=lab
	objectClass: organizationalUnit
	ou: far
	EOT
}

directories_listen()
{
	[ "$(in_ns server ss -Hltn '( sport = :389 or sport = :1002 or sport = :1389 )' |
		wc -l)" = 3 ]
}

start_directories()
{
	serve server slapd -d 0 -f "$LDAP/near.conf" \
		-h "ldap://203.0.113.2:389/ ldap://203.0.113.2:1002/"
	serve server slapd -d 0 -f "$LDAP/far.conf" -h "ldap://$FAR:1389/"
	wait_until slapd directories_listen
}

# --- clients -------------------------------------------------------------------------------------

# ldap_client COMMAND...: with nothing of this machine's settings.
ldap_client()
{
	in_ns client env -i PATH="$PATH" HOME=/nonexistent LC_ALL=C LDAPCONF=/dev/null \
		LDAPTLS_REQCERT=never timeout 20 "$@"
}

# ils TOOL ARGUMENT...: as NetMeeting does, LDAPv2 and anonymous, on the port of an ILS
ils()
{
	local tool=$1
	shift
	ldap_client "$tool" -x -P 2 -H ldap://203.0.113.2:1002 "$@"
}

# The steps of GnomeMeeting: an entry without a port, then what can be called there.
ils_register()
{
	ils ldapmodify <<-EOT
	dn: $DN
	changetype: add
	objectClass: RTPerson
	cn: carol@lab.example
	sipaddress: 33639690
	givenName: Carol
	sn: C
	rfc822mailbox: carol@lab.example
	location: lab
	comment: hello
	ilsa32833566: 1
	ilsa32964638: 0
	ilsa26214430: 1
	sappid: ms-netmeeting
	sflags: 1
	sttl: 10

	dn: $DN
	changetype: modify
	replace: sappguid
	sappguid: 008aff194794cf118796444553540000
	-
	add: sprotid
	sprotid: h323
	sprotid: t120
	-
	add: sprotmimetype
	sprotmimetype: data
	-
	add: sport
	sport: 1720
	sport: 1503
	EOT
}

# try_call FROM PORT
try_call()
{
	in_ns server "$PYTHON" "$LDAP_PEER" call "$1" 10.77.1.2 "$2"
}

# Registers, is found, is called by some, keeps the entry, moves, leaves.
ils_session()
{
	try_call "$CALLER" 1720
	ils_register
	ils ldapsearch -b objectclass=rtperson '(&(cn=carol@lab.example)(sprotid=h323))' \
		sipaddress sport
	try_call "$CALLER" 1720
	try_call "$STRANGER" 1720
	try_call "$CALLER" 1503
	try_call "$CALLER" 5000
	ils ldapsearch -b objectclass=rtperson \
		'(&(objectClass=RTPerson)(cn=carol@lab.example)(sttl=10))' sttl
	try_call "$CALLER" 1720
	ils ldapmodify <<-EOT
	dn: $DN
	changetype: modify
	replace: sport
	sport: 1503
	EOT
	try_call "$CALLER" 1720
	ils ldapdelete "$DN"
	try_call "$CALLER" 1503
}

# An address that is not one's own, a port that is not for calls, and an hour that is many.
ils_lies()
{
	local n=0 address port ttl

	while read -r address port ttl; do
		n=$((n + 1))
		ils ldapadd <<-EOT
		dn: cn=liar$n,objectclass=rtperson
		objectClass: RTPerson
		cn: liar$n
		sipaddress: $address
		sport: $port
		sttl: $ttl
		EOT
	done <<-EOT
	50416906 1720 10
	16777343 1720 10
	33639690 22 10
	33639690 1503 1000000000
	EOT
	try_call "$CALLER" 22
	try_call "$CALLER" 1720
	try_call "$CALLER" 1503
}

ask_directory()
{
	ldap_client ldapsearch -x -H ldap://203.0.113.2 "$@"
}

# A result that is a referral, a reference among results, the text of LDAPv2; with -C the client
# goes where it is sent.
referral_session()
{
	ask_directory -C -b dc=far
	ask_directory -C -b dc=lab
	! ask_directory -b dc=nowhere || return 1
	! ask_directory -P 2 -b dc=far || return 1
}

starttls_session()
{
	ask_directory -ZZ -b dc=lab '(uid=guest)' cn
}

# Without a layer, and with one.
sasl_session()
{
	local layer

	for layer in maxssf=0 minssf=1; do
		ldap_client ldapsearch -Q -N -Y DIGEST-MD5 -U guest -w "$PASSWORD" -O "$layer" \
			-H ldap://lab -b dc=lab '(uid=guest)' cn
	done
}

# --- connectionless ------------------------------------------------------------------------------

# peer NODE ARGUMENT...: a server of ldap-peer.py, when it is ready.
peer()
{
	local node=$1 log
	shift

	log=$(mktemp -p "$WORK")
	spawn "$node" "$PYTHON" -u "$LDAP_PEER" "$@" >"$log" 2>&1
	wait_until "ldap-peer.py $1" grep -q ready "$log"
}

ask_cldap()
{
	in_ns client "$PYTHON" "$LDAP_PEER" ask "$@"
}

# The server that is asked answers from another port, others answer, and at last it does itself.
cldap_session()
{
	ask_cldap 203.0.113.2 4
}

cldap_group_session()
{
	ask_cldap 224.0.1.50 4
}

samba_session()
{
	in_ns client env PATH=/usr/bin:/bin "$PYTHON" -c '
import sys
from samba.credentials import Credentials
from samba.dcerpc import nbt
from samba.net import Net
from samba.param import LoadParm
settings = LoadParm()
settings.load_default()
nobody = Credentials()
nobody.guess(settings)
flags = nbt.NBT_SERVER_LDAP | nbt.NBT_SERVER_DS
print(Net(nobody, settings).finddc(address="203.0.113.2", flags=flags).pdc_dns_name)
'
}

# --- the scenarios -------------------------------------------------------------------------------

# ldap_capture NAME FILTER COMMAND: what passes the inside of the wall, in $OUT/NAME.pcap.
ldap_capture()
{
	local name=$1 filter=$2 log=$WORK/tcpdump.log pid
	shift 2

	spawn wall tcpdump --immediate-mode -U -Z root -s 0 -i inside -w "$OUT/$name.pcap" \
		"$filter" 2>"$log"
	pid=$SPAWNED
	wait_until tcpdump grep -q 'listening on' "$log"
	("$@") >"$WORK/output.log" 2>&1 &
	wait $! || die "$name: $(cat "$WORK/output.log")"
	comes_true is_quiet || die "$name: connections stay open"
	sleep 0.2 # from the kernel to tcpdump
	kill -TERM "$pid"
	wait "$pid" || die "$name: $(cat "$log")"
	grep -q '^0 packets dropped by kernel' "$log" || die "$name: tcpdump has lost packets"
	say "$name.pcap: $(stat -c %s "$OUT/$name.pcap") bytes"
}

ldap_begin()
{
	local address

	OUT=${1:-$WORK/captures}
	mkdir -p "$OUT"
	OUT=$(cd "$OUT" && pwd)
	PYTHON=$(PATH=/usr/bin:$PATH command -v python3)
	for address in "$CALLER" "$STRANGER" "$FAR" $ANSWERS; do
		ip -n server addr add "$address/24" dev eth0
	done
}

scenario_ldap()
{
	ldap_begin "$@"
	make_directories
	start_directories
	peer client listen 10.77.1.2 22 1503 1720 5000
	ldap_capture ils-session tcp ils_session
	ldap_capture ils-lies tcp ils_lies
	ldap_capture ldap-referrals tcp referral_session
	ldap_capture ldap-starttls tcp starttls_session
	ldap_capture ldap-sasl tcp sasl_session
	# shellcheck disable=SC2086 # several addresses
	peer server answer 203.0.113.2 203.0.113.2:3890 $ANSWERS 203.0.113.2
	peer wall relay inside 224.0.1.50 203.0.113.2
	ldap_capture cldap-elsewhere udp cldap_session
	ldap_capture cldap-group udp cldap_group_session
	"$PYTHON" -B "$TREE/tests/system/ldap.py" "$OUT"
}

# A domain controller of Samba, which takes a while to make, and its packages a lot of room.
scenario_ldap_samba()
{
	command -v samba >/dev/null || die "needs samba, samba-dsdb-modules, samba-vfs-modules," \
		"samba-ad-provision, winbind and python3-samba"
	ldap_begin "$@"
	printf '%s\n' users::100: adm::4: >>/etc/group # of this run
	samba-tool domain provision --targetdir="$LDAP" --realm=LAB.TEST --domain=LAB \
		--server-role=dc --dns-backend=NONE --adminpass='Guest-1234' --host-name=dc \
		--host-ip=203.0.113.2 --option='interfaces=203.0.113.2' \
		--option='bind interfaces only=yes' >"$WORK/output.log" 2>&1 ||
		die "$(tail -n 5 "$WORK/output.log")"
	serve server samba -i -s "$LDAP/etc/smb.conf" \
		--option='server services=cldap,ldap,winbindd' >"$WORK/samba.log" 2>&1
	wait_until samba in_ns server ss -Hlun 'sport = :389'
	comes_true samba_session || die "samba does not answer"
	ldap_capture cldap-samba 'udp port 389' samba_session
}

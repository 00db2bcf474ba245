# SPDX-License-Identifier: GPL-2.0-or-later
# For script/lab: FTP servers and clients, and the scenarios ftp and ftp-demo.

PASSWORD=guest
FILES=$WORK/files
DOWNLOADS=$WORK/downloads
UNPACKED=$TREE/build-lab
CLIENT_HOME=$WORK/home

# --- servers -------------------------------------------------------------------------------------

# What there is to download, where clients put it, and a certificate.
make_files()
{
	mkdir -p "$FILES/pub" "$WORK/empty" "$DOWNLOADS" "$CLIENT_HOME"
	printf 'A postern is the small guarded door in a castle wall.\n' >"$FILES/welcome.txt"
	printf 'line %02d of a short text\n' $(seq 40) >"$FILES/pub/short.txt"
	seq -f 'line %04.0f of a text of a few segments' 100 >"$FILES/pub/longer.txt"
	find "$FILES" -exec touch -d '2024-01-01 12:00 UTC' {} +
	chown guest:guest "$FILES"
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=lab \
		-keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
	cat "$WORK/key.pem" "$WORK/cert.pem" >"$WORK/both.pem"
}

# It cannot bind port 20 in the process that would have to; active transfers come from any port.
start_vsftpd()
{
	cat >"$WORK/vsftpd.conf" <<-EOT
	listen=NO
	listen_ipv6=YES
	background=NO
	anonymous_enable=YES
	anon_root=$FILES
	no_anon_password=NO
	local_enable=YES
	local_root=$FILES
	write_enable=YES
	secure_chroot_dir=$WORK/empty
	connect_from_port_20=NO
	pasv_min_port=40000
	pasv_max_port=40999
	max_per_ip=0
	seccomp_sandbox=NO
	ssl_enable=YES
	ssl_tlsv1=YES
	force_local_data_ssl=NO
	force_local_logins_ssl=NO
	require_ssl_reuse=NO
	rsa_cert_file=$WORK/cert.pem
	rsa_private_key_file=$WORK/key.pem
	ftpd_banner=Welcome to the lab.
	xferlog_enable=NO
	EOT
	serve server vsftpd "$WORK/vsftpd.conf"
}

# It keeps what it takes to call from port 20.
start_proftpd()
{
	cat >"$WORK/proftpd.conf" <<-EOT
	ServerName lab
	ServerType standalone
	DefaultServer on
	UseIPv6 on
	Port 21
	User nobody
	Group nogroup
	AuthOrder mod_auth_unix.c
	UseReverseDNS off
	PassivePorts 41000 41999
	ScoreboardFile $WORK/proftpd.score
	PidFile $WORK/proftpd.pid
	RootRevoke off
	DelayEngine off
	ControlsEngine off
	SystemLog $WORK/proftpd.log
	TransferLog none
	WtmpLog off
	ModulePath $UNPACKED/usr/lib/proftpd
	LoadModule mod_tls.c
	TLSEngine on
	TLSRequired off
	TLSRSACertificateFile $WORK/cert.pem
	TLSRSACertificateKeyFile $WORK/key.pem
	TLSOptions NoSessionReuseRequired
	EOT
	serve server "$UNPACKED/usr/sbin/proftpd" -n -q -c "$WORK/proftpd.conf"
}

# It calls from port 20, too.
start_pure_ftpd()
{
	serve server "$UNPACKED/usr/sbin/pure-ftpd" -E -H -c 100 -C 100 -p 42000:42999 -l unix \
		-Y 1 -2 "$WORK/both.pem"
}

server_listens()
{
	in_ns server ss -Hltn 'sport = :21' | grep -q .
}

server_is_gone()
{
	! server_listens
}

# start_server NAME: its process is in SERVER.
start_server()
{
	"start_${1//-/_}" >"$WORK/server.log" 2>&1
	SERVER=$SPAWNED
	comes_true server_listens || die "$1 does not begin: $(tail -n 3 "$WORK/server.log")"
}

stop_server()
{
	dismiss "$SERVER"
	wait_until "the end of a server" server_is_gone
}

# --- clients -------------------------------------------------------------------------------------

# client COMMAND...: with nothing of this machine's settings. It has to be done within 20 seconds.
client()
{
	in_ns client env -i PATH="$PATH" HOME="$CLIENT_HOME" LC_ALL=C timeout 20 "$@"
}

# address FAMILY, and as it stands in a URL
address()
{
	[ "$1" = v4 ] && echo 203.0.113.2 || echo fd77:2::2
}

url_host()
{
	[ "$1" = v4 ] && echo 203.0.113.2 || echo '[fd77:2::2]'
}

# Each of these does what KIND says: get (a listing too, where that needs no second session), upload
# (and rename to renamed.txt), bad-login, and get with tls, tls-control (only there) or ccc.

# curl_once MODE FAMILY ARGUMENT... PATH
curl_once()
{
	local mode=$1 family=$2
	shift 2

	case $mode in
	port) set -- --ftp-port - --disable-eprt "$@" ;;
	eprt) set -- --ftp-port - "$@" ;;
	pasv) set -- --disable-epsv "$@" ;;
	esac
	set -- "${@:1:$#-1}" "ftp://$(url_host "$family")/${*: -1}"
	client curl -q -sS -g --max-time 15 -u "guest:$PASSWORD" "$@"
}

client_curl()
{
	local kind=$1 mode=$2 family=$3 status=0

	case $kind in
	get) set -- ;;
	tls) set -- -k --ssl-reqd ;;
	tls-control) set -- -k --ssl-reqd --ftp-ssl-control ;;
	# TLS 1.3 hides how TLS ends
	ccc) set -- -k --ssl-reqd --tls-max 1.2 --ftp-ssl-ccc --ftp-ssl-ccc-mode active ;;
	upload)
		curl_once "$mode" "$family" -T "$FILES/pub/short.txt" -Q '-RNFR up.txt' \
			-Q '-RNTO renamed.txt' up.txt
		return
		;;
	bad-login)
		curl_once "$mode" "$family" -u guest:wrong welcome.txt || status=$?
		[ "$status" = 67 ] # login denied
		return
		;;
	esac
	curl_once "$mode" "$family" "$@" -o short.txt pub/short.txt
}

# curl, many at once, in all modes.
client_curls()
{
	local n=0 jobs='' job mode family

	while ((n < PARALLEL)); do
		while read -r mode family; do
			((++n <= PARALLEL)) || break
			curl_once "$mode" "$family" -o "short.$n" pub/short.txt &
			jobs="$jobs $!"
		done <<-EOT
		port v4
		eprt v6
		pasv v4
		epsv v6
		eprt v4
		epsv v4
		EOT
	done
	for job in $jobs; do
		wait "$job"
	done
	for ((n = 1; n <= PARALLEL; n++)); do
		cmp "short.$n" "$FILES/pub/short.txt"
	done
	mv short.1 short.txt
}

client_lftp()
{
	local kind=$1 mode=$2 family=$3 settings='set ftp:ssl-allow no' user=guest,$PASSWORD
	local work='cls -l; get pub/short.txt'

	case $kind in
	tls) settings='set ftp:ssl-force yes; set ftp:ssl-protect-data yes' ;;
	upload) work="put $FILES/pub/short.txt -o up.txt; mv up.txt renamed.txt" ;;
	bad-login) user=guest,wrong ;;
	esac
	case $mode in
	port | eprt) settings="$settings; set ftp:passive-mode off" ;;
	epsv) settings="$settings; set ftp:prefer-epsv yes" ;;
	esac
	set -- -u "$user" "ftp://$(url_host "$family")"
	set -- lftp --norc -c "$settings; set ssl:verify-certificate no; set net:max-retries 1
		set net:timeout 10; set cmd:fail-exit yes; open $*; $work"
	if [ "$kind" = bad-login ]; then
		! client "$@"
	else
		client "$@"
	fi
}

client_tnftp()
{
	local mode=$2 family=$3 passive=off extended=off

	[ "$mode" = port ] || [ "$mode" = eprt ] || passive=on
	[ "$mode" = port ] || [ "$mode" = pasv ] || extended=on
	client tnftp -n -v "$(address "$family")" <<-EOT
	user guest $PASSWORD
	binary
	passive $passive
	epsv${family#v} $extended
	ls
	get pub/short.txt short.txt
	bye
	EOT
}

client_wget()
{
	local mode=$2 family=$3

	set -- "ftp://guest:$PASSWORD@$(url_host "$family")/pub/short.txt"
	[ "$mode" = pasv ] || [ "$mode" = epsv ] || set -- --no-passive-ftp "$@"
	client wget --no-config -q -t 1 -T 10 "$@"
}

client_ftplib()
{
	local kind=$1 mode=$2 family=$3

	client "$PYTHON" "$HERE/lab.d/ftplib-client.py" "$(address "$family")" "$kind" "$mode" \
		"$PASSWORD" "$FILES/pub/short.txt"
}

# --- the scenario ftp ----------------------------------------------------------------------------

# A line is a client, what it does, in which mode, over which family: with each server, but in a
# quick run only with those in the last column.
sessions()
{
	cat <<-EOT
	curl    get          port   v4    pure-ftpd
	curl    get          eprt   v4    proftpd
	curl    get          pasv   v4    -
	curl    get          epsv   v4    vsftpd
	curl    get          eprt   v6    -
	curl    get          epsv   v6    pure-ftpd
	lftp    get          port   v4    vsftpd
	lftp    get          pasv   v4    -
	lftp    get          epsv   v4    -
	lftp    get          eprt   v6    pure-ftpd
	lftp    get          epsv   v6    -
	tnftp   get          port   v4    proftpd
	tnftp   get          eprt   v4    -
	tnftp   get          pasv   v4    -
	tnftp   get          epsv   v4    pure-ftpd
	tnftp   get          eprt   v6    -
	tnftp   get          epsv   v6    vsftpd
	wget    get          port   v4    -
	wget    get          pasv   v4    pure-ftpd
	wget    get          eprt   v6    proftpd
	wget    get          epsv   v6    vsftpd
	ftplib  get          port   v4    -
	ftplib  get          pasv   v4    proftpd
	ftplib  get          eprt   v6    vsftpd,pure-ftpd
	ftplib  get          epsv   v6    -
	curl    upload       epsv   v4    vsftpd
	lftp    upload       port   v4    proftpd
	ftplib  upload       eprt   v6    -
	curls   get          mixed  both  vsftpd,proftpd,pure-ftpd
	curl    bad-login    epsv   v4    proftpd
	lftp    bad-login    pasv   v4    -
	curl    tls          pasv   v4    vsftpd
	curl    tls          epsv   v6    -
	curl    tls-control  epsv   v4    proftpd
	curl    ccc          pasv   v4    pure-ftpd
	lftp    tls          pasv   v4    -
	lftp    tls          port   v4    proftpd
	lftp    tls          eprt   v6    -
	ftplib  tls          pasv   v4    pure-ftpd
	ftplib  tls          port   v4    vsftpd
	EOT
}

# session SERVER CLIENT KIND MODE FAMILY: what is left tells whether it came to what it should.
session()
{
	local client=$2 kind=$3 mode=$4 family=$5

	cd "$DOWNLOADS"
	"client_$client" "$kind" "$mode" "$family"
	case $kind in
	upload) cmp "$FILES/renamed.txt" "$FILES/pub/short.txt" ;;
	bad-login) ;;
	*) cmp short.txt "$FILES/pub/short.txt" ;;
	esac
}

# For each session a line in sessions.tsv: what it is called, what it is, how it went.
record_session()
{
	local name=$1-$2-$3-$4-$5 went=ok

	printf '\r\033[K%s' "$name" >&3
	record "$OUT/$name" session "$@"
	if [ "$RECORDED" != 0 ]; then
		went="$RECORDED: $(tail -n 3 "$WORK/output.log" | tr '\n\t' '  ')"
	fi
	printf '%s\t' "$name" "$@" >>"$OUT/sessions.tsv"
	printf '%s\n' "$went" >>"$OUT/sessions.tsv"
	rm -rf "$FILES/renamed.txt" "$FILES/up.txt" "$DOWNLOADS"
	mkdir "$DOWNLOADS"
}

# is_wanted SERVER NAME QUICK-SERVERS
is_wanted()
{
	[[ $2 = $ONLY ]] || return 1
	! $QUICK || [[ ,$3, = *",$1,"* ]]
}

record_server()
{
	local server=$1 client kind mode family quick

	start_server "$server"
	while read -r client kind mode family quick <&4; do
		if is_wanted "$server" "$server-$client-$kind-$mode-$family" "$quick"; then
			record_session "$server" "$client" "$kind" "$mode" "$family"
		fi
	done 4< <(sessions)
	stop_server
}

scenario_ftp()
{
	local server

	QUICK=false
	ONLY='*'
	PARALLEL=20
	OUT=$WORK/captures
	while [ $# -gt 0 ]; do
		case $1 in
		--quick) QUICK=true PARALLEL=6 ;;
		--only)
			[ $# -gt 1 ] || die "--only: which?"
			ONLY=$2
			shift
			;;
		-*) die "ftp knows no $1" ;;
		*) OUT=$1 ;;
		esac
		shift
	done
	mkdir -p "$OUT"
	OUT=$(cd "$OUT" && pwd)
	PYTHON=$(PATH=/usr/bin:$PATH command -v python3)
	exec 3>/dev/null
	[ ! -t 2 ] || exec 3>&2
	make_files
	: >"$OUT/sessions.tsv"
	for server in vsftpd proftpd pure-ftpd; do
		record_server "$server"
	done
	printf '\r\033[K' >&3
	[ -s "$OUT/sessions.tsv" ] || die "no session has a name like $ONLY"
	TMPDIR=$WORK "$PYTHON" -B "$TREE/tests/live/verify.py" "$OUT"
}

# --- the scenario ftp-demo -----------------------------------------------------------------------

# tnftp changes modes within one session: a listing with EPSV, then PORT, PASV and EPRT.
demo_session()
{
	client tnftp -n -v 203.0.113.2 <<-EOT
	user anonymous guest@
	binary
	passive on
	epsv4 on
	ls
	epsv4 off
	passive off
	get welcome.txt
	passive on
	get pub/longer.txt longer.txt
	epsv4 on
	passive off
	get pub/short.txt short.txt
	bye
	EOT
}

demo_v4_sessions()
{
	cd "$DOWNLOADS"
	demo_session
	client lftp --norc -c 'set ftp:passive-mode off; set ftp:ssl-allow no; set net:max-retries 1
		set net:timeout 10; open ftp://203.0.113.2; cls -l; cat pub/short.txt'
	client curl -q -sS --max-time 10 --disable-epsv ftp://203.0.113.2/pub/longer.txt
}

demo_v6_sessions()
{
	cd "$DOWNLOADS"
	client tnftp -n -v fd77:2::2 <<-EOT
	user anonymous guest@
	binary
	passive on
	ls
	passive off
	get welcome.txt
	bye
	EOT
}

# demo_capture FILE LEAST MOST COMMAND: the inside's, of a size that is worth committing.
demo_capture()
{
	local file=$1 least=$2 most=$3 size

	record "$WORK/demo" "$4"
	[ "$RECORDED" = 0 ] || die "$4: $RECORDED: $(cat "$WORK/output.log")"
	cp "$WORK/demo.inside.pcap" "$file"
	size=$(stat -c %s "$file")
	((size >= least && size <= most)) || die "$file: $size bytes, expected $least to $most"
	say "$file: $size bytes"
}

scenario_ftp_demo()
{
	local out=${1:-}

	[ -n "$out" ] || die "ftp-demo: which FOLDER?"
	mkdir -p "$out"
	make_files
	start_server vsftpd
	demo_capture "$out/ftp-active-passive.pcap" 10000 60000 demo_v4_sessions
	demo_capture "$out/ftp-ipv6.pcap" 3000 20000 demo_v6_sessions
}

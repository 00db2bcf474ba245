# SPDX-License-Identifier: GPL-2.0-or-later
# For script/lab: a PPTP server and its clients, and the scenarios pptp and pptp-demo.
#
# The kernel needs no PPP: pptpd and pptp get a stand-in for pppd (ppp.py), which sends a few echo
# requests through the tunnel.

# --- server and clients --------------------------------------------------------------------------

# The stand-in, which pptpd starts by one name with the arguments of pppd; and a call from the
# address $1 of the client with $2 echo requests. Calls of one place would share a control
# connection by way of /run/pptp, so each has one of its own.
make_ppp()
{
	cat >"$WORK/ppp" <<-EOT
	#!/bin/sh
	exec "$PYTHON" -B "$HERE/lab.d/ppp.py" "\$@"
	EOT
	cat >"$WORK/call" <<-EOT
	#!/bin/sh -e
	mkdir -p /run/pptp
	mount -t tmpfs tmpfs /run/pptp
	exec timeout 30 "$WORK/ppp" --call --pings "\$2" \
		pptp 203.0.113.2 --nolaunchpppd --nohostroute --localbind "\$1"
	EOT
	chmod +x "$WORK/ppp" "$WORK/call"
	: >"$WORK/ppp-options"
}

pptp_listens()
{
	in_ns server ss -Hltn 'sport = :1723' | grep -q .
}

start_pptpd()
{
	cat >"$WORK/pptpd.conf" <<-EOT
	ppp $WORK/ppp
	option $WORK/ppp-options
	localip 192.168.99.1
	remoteip 192.168.99.100-150
	EOT
	serve server pptpd -f -c "$WORK/pptpd.conf" -p "$WORK/pptpd.pid" >"$WORK/server.log" 2>&1
	SERVER=$SPAWNED
	wait_until pptpd pptp_listens
}

call()
{
	in_ns client unshare --mount "$WORK/call" "$@"
}

# --- sessions ------------------------------------------------------------------------------------

one_call()
{
	call 10.77.1.2 3
}

calls_in_a_row()
{
	call 10.77.1.2 1
	call 10.77.1.2 1
}

two_clients()
{
	local first

	call 10.77.1.2 4 &
	first=$!
	call 10.77.1.3 4
	wait "$first"
}

# The client is gone in the middle, without a word on the control connection.
lost_client()
{
	serve client unshare --mount "$WORK/call" 10.77.1.2 1000
	sleep 3
	dismiss "$SPAWNED"
}

# Two scripted ends, for what these programs do not do (pptp-peers.py).
scripted_peers()
{
	spawn server "$PYTHON" -B "$HERE/lab.d/pptp-peers.py" server 203.0.113.2
	wait_until "the scripted server" pptp_listens
	in_ns client "$PYTHON" -B "$HERE/lab.d/pptp-peers.py" client 203.0.113.2
	wait "$SPAWNED"
}

# --- the scenarios -------------------------------------------------------------------------------

prepare_pptp()
{
	HEARD='tcp or ip proto 47'
	PYTHON=$(PATH=/usr/bin:$PATH command -v python3)
	ip -n client addr add 10.77.1.3/24 dev eth0
	make_ppp
}

# record_calls SESSION...: all but the scripted ones with pptpd.
record_calls()
{
	local name

	for name in "$@"; do
		[ "$name" = scripted_peers ] || start_pptpd
		record "$OUT/${name//_/-}" "$name"
		[ "$RECORDED" = 0 ] || die "$name: $RECORDED: $(cat "$WORK/output.log")"
		[ "$name" = scripted_peers ] || dismiss "$SERVER"
	done
}

# What was recorded is told once more from the bytes alone, and compared with what the program says.
scenario_pptp()
{
	OUT=${1:-$WORK/captures}
	mkdir -p "$OUT"
	OUT=$(cd "$OUT" && pwd)
	prepare_pptp
	record_calls one_call calls_in_a_row two_clients lost_client scripted_peers
	"$PYTHON" -B "$TREE/tests/system/pptp.py" "$OUT"/*.pcap
}

scenario_pptp_demo()
{
	local out=${1:-} name

	[ -n "$out" ] || die "pptp-demo: which FOLDER?"
	mkdir -p "$out"
	OUT=$WORK
	prepare_pptp
	record_calls one_call two_clients lost_client scripted_peers
	for name in one-call two-clients lost-client scripted-peers; do
		cp "$OUT/$name.inside.pcap" "$out/$name.pcap"
		say "$out/$name.pcap: $(stat -c %s "$out/$name.pcap") bytes"
	done
}

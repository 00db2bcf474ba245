#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# symbols.sh NM INSTRUMENTED FOLDER: looks at the symbols of every plugin in the folder, NAME/NAME.so.
#
# Defined for others: postern_plugin_0 and nothing else. Undefined: what the C library has, nothing
# of the host. Writable data: none but the toolchain's own.
#
# INSTRUMENTED is "yes" when a sanitizer or a profiler adds symbols and data, and takes the versions
# off those of the C library: then only names that are the host's are looked for.
set -u
export LC_ALL=C
nm=$1 instrumented=$2 folder=$3
failed=0 seen=0

complain() {
	echo "$1: $2" | tr '\n' ' '
	echo
	failed=1
}

# What instruments add.
theirs='^__([a-z]*san|sanitizer|odr_asan|gcov|llvm|sancov)_?'

defined() {
	"$nm" -D --defined-only "$1" | awk '{ print $NF }' | grep -Ev "$theirs"
}

# Weak ones (w) are hooks of the toolchain; those of the C library have its version.
undefined() {
	"$nm" -D --undefined-only "$1" | awk '$(NF - 1) != "w" { print $NF }' |
		if [ "$instrumented" = yes ]; then
			grep -E '^(pn_|postern_|host_)'
		else
			grep -Ev '@GLIBC_[0-9.]+$'
		fi
}

writable() {
	[ "$instrumented" = yes ] && return
	"$nm" -f sysv "$1" | awk -F'|' '
		{ gsub(/ /, "", $1); gsub(/[ \t]/, "", $7) }
		$7 ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && $7 !~ /^\.data\.rel\.ro/ { print $1 }' |
		grep -Ev '^(__dso_handle|completed(\.[0-9]+)?|__TMC_END__|_edata|_end|__bss_start|__data_start)$'
}

for so in "$folder"/*/*.so; do
	[ -f "$so" ] || continue
	seen=$((seen + 1))
	found=$(defined "$so")
	[ "$found" = postern_plugin_0 ] ||
		complain "$so" "defines not postern_plugin_0 alone but: $found"
	found=$(undefined "$so")
	[ -z "$found" ] || complain "$so" "needs what the C library does not have: $found"
	found=$(writable "$so")
	[ -z "$found" ] || complain "$so" "has writable data: $found"
done

if [ "$seen" = 0 ]; then
	echo "$folder: no plugins there"
	failed=1
fi
exit $failed

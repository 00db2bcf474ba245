#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# abidiff.sh OLD NEW GROWN: what abidiff says of the header before this one (OLD), of this one, and
# of this one with members appended; each is a folder with postern/plugin.h in it.
#
# abidiff's exit status has bit 4 for any change, and bit 8 for a symbol that is gone; what becomes
# of a struct it tells in its report alone. So a change is "grown" if the report has nothing but
# members inserted behind the end of structs that may grow, and else "broken".
#
# Within a major, this header must have grown at most. While the major is 0 it is only told. So that
# this is known to work, headers that are broken on purpose are looked at, too.
set -u
export LC_ALL=C
old=$1 new=$2 grown=$3
passed=0 failed=0

command -v abidiff >/dev/null || {
	echo "abidiff is not there; it is in abigail-tools"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# All that crosses between host and plugin can be reached from here. Another major, another symbol.
cat >"$work/crossing.c" <<-EOT
	#include <postern/plugin.h>
	#define PASTE(name, number) name##number
	#define CROSSING(number) PASTE(crossing_, number)
	const struct pn_plugin *CROSSING(PN_ABI_MAJOR);
EOT

# build FOLDER NAME
build() {
	cc -g -shared -fPIC -I"$1" -o "$work/$2.so" "$work/crossing.c"
}

# Reads a report of leaf changes; prints "grown" or "broken".
judge() {
	awk '
	/^.struct pn_(addr|bind). changed:$/ { broken = 1; next } # these two are frozen
	/^.struct pn_[a-z_]+. changed:$/ { end = -1; next }
	/^  type size changed from [0-9]+ to [0-9]+ \(in bits\)$/ { end = $5; next }
	/^  [0-9]+ data member insertions?:$/ { next }
	/^    .*, at offset [0-9]+ \(in bits\)$/ {
		if (end < 0 || $(NF - 2) < end)
			broken = 1
		next
	}
	/ summary: / || /^$/ { next }
	{ broken = 1 }
	END { print broken ? "broken" : "grown" }'
}

# compare OLD NEW: two that were built. The answer is in $answer, the report in a file.
compare() {
	abidiff --leaf-changes-only --no-show-locs "$work/$1.so" "$work/$2.so" >"$work/report" 2>&1
	status=$?
	answer="an error"
	[ $((status & 3)) != 0 ] && return
	answer=same
	[ "$status" = 0 ] && return
	answer=broken
	[ $((status & 8)) != 0 ] || answer=$(judge <"$work/report")
}

# check NAME ANSWER BITS: this header, and the one that was built as NAME.
check() {
	compare new "$1"
	if [ "$answer" = "$2" ] && [ $((status & 12)) = "$3" ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "FAILED $1: $answer, abidiff's status $status; not $2 and $3:"
	cat "$work/report"
}

# spoil NAME EXPRESSION [BITS]: this header as sed makes it must count as broken.
spoil() {
	mkdir -p "$work/$1/postern"
	sed "$2" "$new/postern/plugin.h" >"$work/$1/postern/plugin.h"
	if cmp -s "$new/postern/plugin.h" "$work/$1/postern/plugin.h"; then
		failed=$((failed + 1))
		echo "FAILED $1: $2 does not change the header"
		return
	fi
	if build "$work/$1" "$1"; then
		check "$1" broken "${3:-4}"
	else
		failed=$((failed + 1))
	fi
}

build "$old" old && build "$new" new && build "$grown" grown || {
	echo "FAILED: a header does not compile"
	exit 1
}
check new same 0
check grown grown 4
spoil removed '/^\tuint32_t door_timeout;/d'
spoil inserted 's/^\tuint32_t flow_size;.*/&\n\tuint64_t inserted;/'
spoil swapped '/^\tuint32_t flow_size;/d; s/^\tuint32_t max_doors;.*/&\n\tuint32_t flow_size;/'
spoil retyped 's/^\tuint16_t call_id;/\tint16_t call_id;/'
spoil argument 's/(\*unexpect)(.*)/(*unexpect)(struct pn_flow *flow)/'
spoil address 's/^\tuint8_t bytes\[16\];/&\n\tuint32_t more;/'
spoil bind 's/^\tuint16_t last;/&\n\tuint32_t more;/'
spoil major 's/^#define PN_ABI_MAJOR .*/#define PN_ABI_MAJOR 99/' 12

compare old new
echo "the header before this one and this one: $answer"
[ "$answer" = same ] || cat "$work/report"
if [ "$answer" = broken ] && grep -q '^#define PN_ABI_MAJOR 0$' "$new/postern/plugin.h"; then
	echo "the major is 0, so this may be; NEWS.md has to tell"
elif [ "$answer" = same ] || [ "$answer" = grown ]; then
	passed=$((passed + 1))
else
	failed=$((failed + 1))
	echo "FAILED: the header has changed in a way that breaks plugins"
fi
echo "abidiff: $passed passed, $failed failed"
[ "$failed" = 0 ]

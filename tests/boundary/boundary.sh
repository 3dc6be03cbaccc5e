#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A program that nobody wrote with care: random and half-made calls by every
# ABI, with threads, processes and links that change what they are about, at
# files, sockets and programs that a policy keeps from it.  driver.c says what
# is looked at.  The control is the same without tollgate, and under a tollgate
# that holds nothing (--without hold): what it reaches there is told.
#
#	BOUNDARY_SECONDS	for each policy and ABI; a minute in all when not given
#	POLICIES		some of: all promises strict
#	ABIS			tracee tracee32
#	SEED			to repeat one
#	MODES			options --without, for each of which it is done once

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs ps
needs_trace
here=$TG_SRCDIR/tests/boundary
driver=$TG_BUILDDIR/tests/boundary/driver
seed=${SEED:-$$}
seconds=${BOUNDARY_SECONDS:-6}
control_seconds=$((seconds / 4 + 3))
[ -x "$driver" ] || { echo "Bail out! $driver is not built"; exit 99; }
chmod 755 "$work"
mkdir box logs
chmod 777 logs
box=$work/box
BOX=$box GOOD=4243 BAD=4242
export BOX GOOD BAD
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$work/logs/asan
UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}log_path=$work/logs/ubsan
export ASAN_OPTIONS UBSAN_OPTIONS
note "seed $seed, $seconds seconds each"

# value NAME: of the driver's last words.
value() { sed -n "s/^$1 //p" said; }

# drive OPTION... BOX FUZZER COMMAND...: leaves what it said.
drive()
{
	"$driver" "$@" < /dev/null > said 2> .err
	status=$?
	grep -a '^#' said | tr -cd '[:print:]\n'
}

# control TITLE COMMAND...: it reaches something, or what is tried says nothing.  In a race it may take more than one turn.
control()
{
	title=$1
	turn=0
	shift
	while [ $turn -lt 8 ]; do
		drive -c -s $((seed + 1000 * turn)) -t "$control_seconds" "$box" "$fuzzer" "$@"
		[ $status = 77 ] && skip_all "no name spaces can be had here: $(cat said)"
		note "$title: in $(value calls) calls read $(value leaked), changed $(value changed), reached $(value reached) sockets, executed $(value ran)"
		[ "$(($(value leaked) + $(value changed) + $(value reached) + $(value ran)))" -gt 0 ] && break
		turn=$((turn + 1))
	done
	holds "$title: it gets out" [ $turn -lt 8 ]
}

# held TITLE OPTION...: under the policy.
held()
{
	title=$1
	shift
	drive -s "$seed" -t "$seconds" "$box" "$fuzzer" "$TOLLGATE" run "$@" -o "$work/logs/log" --keep-fd 200 --
	note "$title: $(wc -l < logs/log) lines in the last log"
	holds "$title: calls were made" [ "$(value calls)" -gt 1000 ]
	is "$(value leaked)" 0 "$title: no secret is read"
	is "$(value changed)" 0 "$title: nothing outside is written, made, removed or renamed"
	is "$(value reached)" 0 "$title: nobody is connected to or sent to"
	is "$(value ran)" 0 "$title: no program of those is executed"
	is "$(value crashed)" 0 "$title: tollgate does not crash"
	is "$(value failed)" 0 "$title: its exit status is the program's"
	is "$(value hung)" 0 "$title: it goes on"
	is "$(value left)" 0 "$title: nobody is left"
	is "$(cat logs/asan* logs/ubsan* 2>/dev/null | head -n 60)" '' "$title: no sanitizer has anything to say"
	rm -f logs/*
}

for abi in ${ABIS:-tracee tracee32}; do
	fuzzer=$TG_BUILDDIR/tests/boundary/fuzzer.$abi
	"$fuzzer" again > /dev/null 2>&1
	if [ $? -gt 2 ]; then
		skip "$abi" 'not built, or this kernel does not run it'
		continue
	fi
	control "$abi, without tollgate"
	control "$abi, nothing held" "$TOLLGATE" run --without hold -p "$here/all.policy" -o "$work/logs/log" --keep-fd 200 --
	rm -f logs/*
	for policy in ${POLICIES:-all promises strict}; do
		held "$abi, $policy" -p "$here/$policy.policy"
		for mode in ${MODES:-}; do
			held "$abi, $policy, without $mode" --without "$mode" -p "$here/$policy.policy"
		done
	done
done
finish

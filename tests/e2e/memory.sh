#!/bin/sh
# SPDX-License-Identifier: ISC
# tollgate's memory does not grow with the number of stops, nor of tasks that
# have gone; and it serves all tasks alike.  CALLS to compare with a tenth of
# them (two stops each): make check-memory has 5 million.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace

loops=$TG_BUILDDIR/tests/tracee/loops.tracee
! grep -q __asan_init "$TOLLGATE" || skip_all 'a sanitizer keeps what was freed'
calls=${CALLS:-100000}
tasks=${TASKS:-1000}
room=${ROOM_KB:-512}
policy p.policy 'default allow' 'unknown allow'

# peak WHAT N: the most memory that tollgate had, in KiB, looked at when the program has done it.
peak()
{
	rm -f go did
	mkfifo go did
	# shellcheck disable=SC2016
	"$TOLLGATE" run --engine ptrace -p ./p.policy -- sh -c '"$1" "$2" "$3" && echo it > did; read -r it < go' - "$loops" "$1" "$2" &
	supervisor=$!
	read -r _ < did
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$supervisor/status"
	echo on > go
	wait $supervisor
}

flat()
{
	few=$(peak "$1" "$2")
	many=$(peak "$1" "$3")
	note "$2 $1: ${few:-?} KiB at most; $3: ${many:-?} KiB"
	holds "memory was measured for $1" [ "${few:-0}" -gt 0 ]
	holds "and is the same after $2 and $3" [ "${many:-0}" -le $((few + room)) ]
}
flat calls $((calls / 10)) "$calls"
flat forks $((tasks / 10)) "$tasks"
flat threads $((tasks / 10)) "$tasks"

# --- 64 that call without end, and one more: it gets its share

tg run --engine ptrace -p ./p.policy -- "$loops" fair 64
is "$status" 0 'a thread among 64 that spin comes to its end'
note "a spinner made $out times the calls of the one that made a thousand"
holds 'and is served as they are' awk "BEGIN { exit !($out > 0 && $out < 3) }"

# --- more of them than there may be

if [ "$(id -u)" != 0 ]; then
	tg run -p ./p.policy --limit nproc=1 --timeout 100 -- sh -c ':& :& wait; exit 0'
	unlike "$status" '^124$' 'what can make no process ends'
else
	skip 'what can make no process ends' 'the kernel does not count the processes of root'
fi
finish

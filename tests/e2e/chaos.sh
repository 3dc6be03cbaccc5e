#!/bin/sh
# SPDX-License-Identifier: ISC
# A program that makes everything at once, under tollgate and attached to, while
# tollgate gets signals: all of it ends, as it should, and nothing that is denied
# was done.  CHAOS_SECONDS of each kind, SEED to repeat one; MODES, of tollgate's.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace

seconds=${CHAOS_SECONDS:-2}
seed=${SEED:-$$}
chaos=$TG_BUILDDIR/tests/tracee/chaos.tracee
mkdir -p box/denied
chmod 0777 box box/denied
policy p.policy 'default allow' 'unknown allow' "deny create,delete $work/box/denied/**"
policy all.policy 'default allow' 'unknown allow'
echo "$work/box" > where
note "seed $seed, $seconds seconds of each kind"

supervisor=
program=
clean()
{
	kill -KILL $supervisor $program 2>/dev/null
	cd /
	rm -rf "$work"
}
trap clean EXIT

state_of() { sed -n "s/^State:[[:space:]]*\\(.\\).*/\\1/p" "/proc/$1/status" 2>/dev/null; }
is_gone() { case $(state_of "$1") in '' | [ZX]) return 0 ;; esac; return 1; }

# Whoever has the box among its arguments.
strays() { grep -lFf where /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3; }

tell_all()
{
	for pid in $supervisor $(strays); do
		note "$(grep -E '^(Name|State|PPid|TracerPid|SigPnd|ShdPnd)' "/proc/$pid/status" | tr '\n\t' '  ')"
	done
	command -v gdb > /dev/null && note "$(gdb -p "$supervisor" -batch -ex 'thread apply all bt' 2>/dev/null | grep '^#')"
}

# ended PID SECONDS: its status; 99 when it hangs.
ended()
{
	left=$(($2 * 10))
	while ! is_gone "$1"; do
		left=$((left - 1))
		if [ $left -le 0 ]; then
			tell_all
			kill -KILL "$1"
			return 99
		fi
		sleep 0.1
	done
	wait "$1"
}

# Some signal that the program does not die of: it blocks them, and what stops tollgate is taken back.
pester()
{
	case $(($1 % 6)) in
	0) kill -STOP "$2"; kill -CONT "$2" ;;
	1) kill -WINCH "$2" ;;
	2) kill -INT "$2" ;;
	3) kill -USR1 "$2" ;;
	4) kill -TERM "$2" ;;
	5) kill -ALRM "$2" ;;
	esac 2>/dev/null
}

# under TITLE OPTION...
under()
{
	title=$1
	shift
	rm -f log		# or it seems to have blocked its signals already
	"$TOLLGATE" run "$@" -p ./p.policy -o log -- "$chaos" $((seconds * 1000)) "$seed" "$work/box" > said &
	supervisor=$!
	n=0
	# Not before it has blocked signals: until then they end it.
	until [ -s log ] || is_gone $supervisor; do sleep 0.05; done
	while [ $n -lt $((seconds * 5)) ] && ! is_gone $supervisor; do
		pester $((n + seed)) $supervisor
		n=$((n + 1))
		sleep 0.15
	done
	ended $supervisor "${PATIENCE:-120}"
	is $? 7 "$title: it ends as it would"
	note "$(cat said), $(grep -c . log) lines in the log"
	holds "$title: nothing that is denied was done" [ ! -e box/denied/made ]
	is "$(strays)" '' "$title: nobody is left"
	unlike "$(cat log)" 'while (launched|parked|expected|stopped|running|in a call)$' "$title: no stop is out of place"
	like "$(cat log)" "EACCES: create $work/box/denied/made" "$title: and it was tried"
	supervisor=
}

# attached TITLE OPTION...: comes and goes.
attached()
{
	title=$1
	shift
	"$chaos" $((seconds * 1000)) "$seed" "$work/box" > said &
	program=$!
	rounds=0
	bad=
	while ! is_gone $program; do
		"$TOLLGATE" attach "$@" -p ./all.policy -o log $program 2> words &
		supervisor=$!
		# Not before it has blocked the signal: the shell has it ignored in what it starts beside itself.
		until is_gone $supervisor || is_gone $program || grep -q "^TracerPid:[[:space:]]*$supervisor\$" "/proc/$program/status"; do
			sleep 0.02
		done 2>/dev/null
		sleep 0.1
		kill -INT $supervisor 2>/dev/null
		ended $supervisor "${PATIENCE:-120}"
		how=$?
		case $how in
		0 | 7) ;;
		99)
			bad="$bad it hangs"
			kill -KILL $supervisor $program 2>/dev/null
			;;
		*) is_gone $program || bad="$bad $how $(cat words)" ;;
		esac
		rounds=$((rounds + 1))
	done
	wait $program
	is $? 7 "$title: it ends as it would"
	is "$bad" '' "$title: each attachment ends well"
	is "$(strays)" '' "$title: nobody is left"
	note "$(cat said), $rounds attachments"
	rmdir box/denied/made 2>/dev/null
	program=
	supervisor=
}

# Who executes in a thread and is killed has, for a moment, two numbers.
for without in exitkill seize syscall-info; do
	"$TOLLGATE" run --without $without -p ./all.policy -o log -- "$TG_BUILDDIR/tests/tracee/killexec.tracee" 300 &
	supervisor=$!
	ended $supervisor "${PATIENCE:-120}"
	is $? 7 "killed while a thread of theirs executes (--without $without): all are heard of"
done
supervisor=

for mode in ${MODES:-now seize exitkill syscall-info}; do
	set --
	[ "$mode" = now ] || set -- --without "$mode"
	unset NO_SIGCONT
	under "chaos${*:+ ($*)}" "$@"
	# Who is made while tollgate comes can lose its first stop there.
	if [ "$mode" = seize ] || ! has_feature seize; then
		NO_SIGCONT=1
		export NO_SIGCONT
	fi
	attached "attached chaos${*:+ ($*)}" "$@"
done
finish

#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Whatever the kernel answers to a request of ptrace(2), the program does nothing
# that is forbidden, tollgate comes to an end, and says of whom it had to kill.
# Each request that tollgate makes fails once, in a run of its own, of which
# eight are made at a time; FAULTS=all tries each of them, the short form those
# by which a call is kept from being made, of the others the first ones and then
# fewer and fewer.
#
# Two lies are left out, because no tracer hears of them: a task that is said to
# run and does not, registers that are said to be written and are not.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs timeout
needs_trace

lib=$TG_BUILDDIR/tests/chaos/ptfail.so
patience=60
if ! LD_PRELOAD=$lib "$TOLLGATE" --version > /dev/null 2> .err || [ -s .err ] || ! LD_PRELOAD=$lib sh -c : 2> /dev/null; then
	skip_all 'nothing can be preloaded into this tollgate'
fi
policy p.policy 'default allow' 'unknown allow' "deny create $work/*/denied/**" "deny delete $work/*/kept" "deny read $work/*/secret"

# By children, after signals and stops, by links: each of them is refused.
cat > program.sh <<'END'
echo $$ >> pids
mkdir denied/first
(echo > denied/second; rm -f kept; mkdir denied/third)
trap 'mkdir denied/fourth' USR1
kill -USR1 $$
ln -s denied way
echo > way/fifth &
wait
# Continued by two, of which one may die, and which are there before it stops.
sh -c 'continues() { while kill -CONT $$ 2> /dev/null; do sleep 0.02; done; }
continues & continues & kill -STOP $$; mkdir denied/sixth' &
wait
mkdir denied/seventh 2>/dev/null || exit 3
END

# In a folder of its own, with the fault: fault REQUEST N HOW.
fault()
{
	mkdir -p "$work/box$1.$2/denied"
	cd "$work/box$1.$2" || exit 99
	: > kept
	echo secret > secret
	export TG_PTFAIL="$1:$2:$3" TG_PTFAIL_DONE="$PWD/done"
	how=$3 begun=$(date +%s)
}
wrong() { echo "$TG_PTFAIL: $*" > wrong; exit; }
is_over() { [ $(($(date +%s) - begun)) -ge $patience ]; }

alive()
{
	for pid in $(cat pids 2>/dev/null); do
		if grep -q "$work/program.sh" "/proc/$pid/cmdline" 2>/dev/null; then return 0; fi
	done
	return 1
}
gone() { ! alive; }
has_words() { grep -q '^tollgate: ' said; }

# How it ended, and what was said of it: who was killed by the fault itself needs no words of tollgate's.
explained()
{
	case $status in
	3) [ "$how" = dead ] || ! grep -q Killed said || has_words ;;
	137) [ "$how" = dead ] || has_words ;;
	125 | 126 | 127) has_words ;;
	2) grep -q 'cannot open' said ;;	# sh(1), of its script
	*) false ;;
	esac
}

# one REQUEST N HOW OPTION...: the program, in its folder; afterwards that has "done" when it came to the fault, and "wrong" when something is.
one()
{
	fault "$1" "$2" "$3"
	shift 3
	LD_PRELOAD=$lib timeout -k 1 $patience "$TOLLGATE" run "$@" -p ../p.policy -o log -E LD_PRELOAD -- sh "$work/program.sh" > out 2> said
	status=$?
	! is_over || wrong 'tollgate does not end'
	[ -z "$(ls denied)" ] && [ -e kept ] || wrong "$(ls denied kept 2>&1)"
	soon gone || wrong 'somebody is left'
	explained || wrong "status $status: $(head -n 3 said)"
}

# What it did in the time that it last told of.
mode() { tail -n 1 counts 2>/dev/null | awk '{ print ($1 || $3 ? "opens" : "") ($2 || $4 ? "refused" : "") }'; }
is_dead() { case $(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) in [ZX] | '') true ;; *) false ;; esac; }
shows() { [ "$(mode)" = "$1" ]; }
# It does what it may, or nothing any more.
behaves() { is_dead "$program" || is_dead "$supervisor" || shows refused; }
is_free() { is_dead "$program" || shows opens; }

# attached REQUEST N HOW OPTION...: likewise, of a program full of threads that runs already.
attached()
{
	fault "$1" "$2" "$3"
	shift 3
	"$TG_BUILDDIR/tests/tracee/attached.tracee" secret counts end calmly 2> /dev/null &
	program=$!
	soon shows opens
	LD_PRELOAD=$lib "$TOLLGATE" attach "$@" -p ../p.policy -o log $program > out 2> said &
	supervisor=$!
	soon behaves || wrong="it is not held: $(mode), $(cat said)"
	kill -INT $supervisor 2>/dev/null
	soon is_dead $supervisor || wrong=${wrong:-'tollgate does not end'}
	soon is_free || wrong=${wrong:-"it is not let go: $(mode)"}
	! is_dead $program || [ "$how" = dead ] || has_words || wrong=${wrong:-'it was killed without a word'}
	kill -KILL $program $supervisor 2>/dev/null
	wait
	[ -z "${wrong:-}" ] || wrong "$wrong"
}

# next N: the one to try after that.
next()
{
	if [ "${FAULTS:-}" = all ] || [ "$1" -lt 6 ]; then echo $(($1 + 1)); else echo $(($1 * 7 / 4)); fi
}

# eight KIND REQUEST HOW OPTION...: from $at on, all at the same time.
eight()
{
	kind=$1 number=$2 how=$3
	shift 3
	rm -rf box*
	for _ in 1 2 3 4 5 6 7 8; do
		("$kind" "$number" "$at" "$how" "$@") &
		last=$at
		at=$(next "$at")
	done 2> /dev/null
	wait
	tried=$((tried + $(made)))
	cat box*/wrong >> wrongs 2>/dev/null
	[ -e "box$number.$last/done" ]
}

# How often it was, of the runs whose folders there are.
made() { ls -d box*/done 2>/dev/null | wc -l; }

# fails KIND NAME NUMBER HOWS OPTION...
fails()
{
	kind=$1 name=$2 number=$3 hows=$4
	shift 4
	for how in $hows; do
		at=1 tried=0
		: > wrongs
		while eight "$kind" "$number" "$how" "$@"; do :; done
		claim="$name, $how: nothing forbidden happens, and tollgate ends; $tried times ($kind${*:+ $*})"
		if [ $tried = 0 ] && [ ! -s wrongs ]; then
			skip "$claim" 'it is not asked for here'
		else
			is "$(cat wrongs)" '' "$claim"
		fi
	done
}

each() { FAULTS=all fails "$@"; }

# missed REQUEST...: it takes tollgate some seconds to see that nothing more is heard of a task, so these are made all at once.
missed()
{
	rm -rf box*
	for number; do
		for at in 1 4 16 64 256; do
			(one "$number" "$at" missed) &
		done
	done 2> /dev/null
	wait
	is "$(cat box*/wrong 2>/dev/null)" '' "a task that is missed, but lives: nothing forbidden happens, and tollgate ends; $(made) times"
}

(one 0 1 none)
is "$(cat box0.1/wrong 2>/dev/null; grep '^tollgate: ' box0.1/said)" '' 'control: without a fault the program does all it may'
is "$(grep -c 'denied\|kept' box0.1/log)" 8 'control: and is refused the rest'
(attached 0 2 none)
is "$(cat box0.2/wrong box0.2/said 2>/dev/null)" '' 'control: it is held when tollgate comes, and free when it goes'

fails one SYSCALL 24 'error dead'
fails one CONT 7 'error dead'
fails one GETEVENTMSG 0x4201 'error dead nothing'
fails one GETREGSET 0x4204 'error dead nothing'
each one SETREGSET 0x4205 'error dead'
fails one SEIZE 0x4206 'error dead'
fails one INTERRUPT 0x4207 'error dead'
fails one LISTEN 0x4208 'error dead'
fails one GET_SYSCALL_INFO 0x420e 'error dead nothing'
fails one process_vm_readv -1 'error dead nothing short'
fails one process_vm_writev -2 'error dead short'
missed 24 7 0x4201 0x4204 0x4205 0x4208 0x420e
fails one 'the process that holds open what was checked' -3 dead
set -- --engine ptrace --without seize --without syscall-info
fails one ATTACH 16 'error dead' "$@"
fails one SYSCALL 24 'error dead' "$@"
fails one SETOPTIONS 0x4200 'error dead' "$@"
fails one GETSIGINFO 0x4202 'error dead nothing' "$@"
fails one GETREGSET 0x4204 'error dead nothing' "$@"
fails one SETREGSET 0x4205 'error dead' "$@"
fails one GETREGS 12 'error dead nothing' --without regset
fails one SETREGS 13 'error dead' --without regset
fails attached SEIZE 0x4206 'error dead'
fails attached INTERRUPT 0x4207 'error dead missed'
fails attached GETSIGMASK 0x420a 'error dead'
fails attached SETSIGMASK 0x420b 'error dead'
fails attached DETACH 17 'error dead missed'
fails attached SETOPTIONS 0x4200 'error dead' --without seize
finish

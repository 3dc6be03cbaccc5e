#!/bin/sh
# SPDX-License-Identifier: ISC
# attach: a process that runs already, with all its threads and whatever it
# makes meanwhile, gets a policy; and is let go as it was.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace

tracee=$TG_BUILDDIR/tests/tracee/attached.tracee
policy no.policy 'default allow' 'unknown allow' "deny read $work/secret"
policy all.policy 'default allow' 'unknown allow'
echo secret > secret

# Our own processes, that none is left behind.
program=
supervisor=
clean()
{
	kill -KILL $supervisor $program 2>/dev/null
	cd /
	rm -rf "$work"
}
trap clean EXIT

# start ARGUMENT...: the program, in the background.
start()
{
	rm -f counts end
	"$tracee" "$@" 2> why &
	program=$!
}

# attach OPTION... PID: in the background, with its words in attach.err.
attach()
{
	"$TOLLGATE" attach "$@" > attach.out 2> attach.err &
	supervisor=$!
}

# until_true COMMAND...: within a minute, for a slow machine's sake.
until_true()
{
	for _ in 1 2 3 4 5 6; do
		within_ten_seconds "$@" && return 0
	done
	return 1
}
within_ten_seconds()
{
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 \
	    41 42 43 44 45 46 47 48 49 50; do
		"$@" && return 0
		sleep 0.2
	done
	return 1
}

# What the program did in the time that it last told of: "opened refused", of threads and of children.
mode()
{
	tail -n 1 counts 2>/dev/null | awk '
		{ print ($1 ? "opens" : "") ($2 ? "refused" : "") " " ($3 ? "opens" : "") ($4 ? "refused" : "") }'
}
is_mode() { [ "$(mode)" = "$1 $1" ]; }
# All that it told of since line $2: of that kind, by threads in column $1 and by children two further on, there was nothing.
never() { ! tail -n "+$2" counts | awk -v n="$1" '$n || $(n + 2) { print "# " $0; bad = 1 } END { exit !bad }'; }
stays_refused() { never 1 "$1"; }
stays_let_in() { never 2 "$1"; }
is_traced_by() { grep -q "^TracerPid:[[:space:]]*$2\$" "/proc/$1/status"; }
state_of() { sed -n "s/^State:[[:space:]]*\\(.\\).*/\\1/p" "/proc/$1/status" 2>/dev/null; }
is_state() { case $(state_of "$1") in [$2]) return 0 ;; esac; return 1; }
# All limits of a process: by one the watchdog knows its own.
limits_of() { cat "/proc/$1/limits"; }
# A first thread that another one's exec has ended is dead for a moment, and not alone.
is_over()
{
	case $(awk '/^(State|Threads):/ { printf "%s", $2 }' "/proc/$program/status" 2>/dev/null) in
	'' | [ZX]1) true ;;
	*) false ;;
	esac
}
# Looked at often, that it is let go as soon as it has come; for a minute.
until_it_has_come()
{
	turns=0
	until is_gone $supervisor || is_traced_by $program $supervisor || [ $turns = 6000 ]; do
		turns=$((turns + 1))
		sleep 0.01
	done
} 2>/dev/null
has_threads() { [ "$(ls "/proc/$program/task" | wc -l)" = "$1" ]; }
is_gone() { ! kill -0 "$1" 2>/dev/null || is_state "$1" Z; }

# ended PID: its status, when it has ended within the time.
ended()
{
	if until_true is_gone "$1"; then wait "$1"; else note 'it did not end'; return 99; fi
}

sleep 20 &
program=$!
attach -p ./all.policy $program
if ! until_true is_traced_by $program $supervisor; then
	case $(cat attach.err) in
	*ptrace_scope*) skip_all "$(cat attach.err)" ;;
	esac
fi
is "$(cat attach.err)" '' 'attaching says nothing'
kill -INT $supervisor
ended $supervisor
is $? 0 'an interrupt ends it well'
holds 'and the program is not traced any more' is_traced_by $program 0
holds 'and sleeps on' is_state $program S
kill $program
wait $program 2>/dev/null

# --- wrong command lines

wrong() { claim=$1 wanted=$2; shift 2; tg attach "$@"; is "$status" 125 "$claim: fails"; like "$err" "$wanted" "$claim: and says why"; }
wrong 'no process' 'no process to attach to \(see tollgate attach --help\)'
wrong 'two processes' 'one process at a time' 1 2
wrong 'no number' 'not the number of a process: "12x"' 12x
wrong 'a negative number' 'not the number of a process: "-7"' -- -7
wrong 'an empty number' 'not the number of a process: ""' ''
wrong 'too large a number' 'not the number of a process: "99999999999999999999"' 99999999999999999999
wrong 'a process that is not there' 'there is no process 4194304' -p ./all.policy 4194304
wrong 'a program without a policy' 'no policy names this program' $$
wrong 'a policy that is not there' 'there is no policy "nonesuch"' -p nonesuch $$
wrong 'a feature that is none' '--without: tollgate cannot do without "wings"' --without wings -p ./all.policy $$

# --- a process full of threads, which make threads and processes all the time

rounds()
{
	title=$1
	shift
	for round in 1 2 3 4 5; do
		attach "$@" -p ./no.policy -o log $program
		holds "$title, round $round: everything it does is refused" until_true is_mode refused
		sleep 0.3	# what was under way when it came ends as it was begun, also where others have the processor
		told=$(wc -l < counts)
		sleep 0.3
		holds "$title, round $round: and stays refused" stays_refused "$told"
		kill -INT $supervisor
		ended $supervisor
		is "$? $(cat attach.err)" '0 ' "$title, round $round: let go"
		is "$(limits_of $program)" "$limits" "$title, round $round: with the limits that it had"
		holds "$title, round $round: everything it does is let in" until_true is_mode opens
	done
}
start "$work/secret" counts end
until_true is_mode opens
limits=$(limits_of $program)
rounds 'a busy process'
rounds 'without seize' --without seize
rounds 'without exitkill' --without exitkill
rounds 'without syscall-info' --without syscall-info
windows=$(grep -c 'memfd:tollgate' "/proc/$program/maps")
claim='all of them have left one window, at most'
if [ "$windows" -gt 1 ] && ! "$tracee" told; then
	skip "$claim" "this kernel does not say who shares whose memory ($windows windows)"
else
	holds "$claim" [ "$windows" -le 1 ]
fi
like "$(cat log)" "attached.tracee\[[0-9]+\] openat.*= EACCES: read $work/secret, rule \(.*no.policy:4" 'the log says what was refused'

attach -p ./no.policy --dry-run -o log $program
until_true is_traced_by $program $supervisor
told=$(wc -l < counts)
sleep 0.3
holds 'in a dry run it goes on' until_true is_mode opens
holds 'and nothing is refused' stays_let_in "$told"
like "$(cat log)" "read $work/secret" 'and says what it would refuse'

kill -TERM $supervisor
ended $supervisor

for without in none exitkill; do
	set --
	[ $without = none ] || set -- --without $without
	until_true is_mode opens
	attach "$@" -p ./no.policy -o log $program
	until_true is_mode refused
	limits=$(limits_of $program)
	wrong "a second one (without $without)" "cannot attach to [0-9]+: process $supervisor traces it already" "$@" -p ./all.policy $program
	holds 'the first one stays' is_traced_by $program $supervisor
	is "$(limits_of $program)" "$limits" 'and nothing of the program has changed'
	kill -TERM $supervisor
	ended $supervisor
done

until_true is_mode opens
attach -p ./no.policy -o log --status-fd 3 $program 3> status
until_true is_mode refused
: > end
ended $supervisor
is "$? $(cat attach.err)" '7 ' 'it ends with the status of the program'
ended $program
is $? 7 'which the program itself keeps'
is "$(head -n 1 status)" "{\"child-pid\": $program}" 'the status descriptor names the process'
like "$(tail -n 1 status)" '"exit-code": 7, "signal": 0, "by": "program"' 'and says how it ended'

# --- where the process is when it comes

start vfork "$work/secret" 4
sleep 0.2
attach -p ./no.policy -o log $program
ended $supervisor
is "$? $(cat attach.err)" "1 " 'in vfork(2): what comes after it is decided'
wait $program
is $? 1 'and the program had it refused'

for without in none seize; do
	set --
	[ $without = none ] || set -- --without $without
	start held "$work/secret"
	sleep 0.3
	attach "$@" -p ./no.policy -o log $program
	ended $supervisor
	is "$? $(cat attach.err)" '1 ' "a thread waits for a child that waits for another thread (without $without): what comes after it is decided"
	ended $program
	is $? 1 'and nobody waits for ever'
done

sleep 1 &
program=$!
attach -p ./all.policy $program
until_true is_traced_by $program $supervisor
kill -INT $supervisor
ended $supervisor
ended $program
is $? 0 'a sleep that was disturbed sleeps on'

mkfifo pipe
cat pipe > through &
program=$!
exec 4> pipe
attach -p ./all.policy $program
until_true is_traced_by $program $supervisor
echo one >&4
until_true grep -q one through
kill -INT $supervisor
ended $supervisor
echo two >&4
exec 4>&-
ended $program
is "$? $(cat through | tr '\n' ' ')" '0 one two ' 'a read goes on through both'

sleep 20 &
program=$!
kill -STOP $program
until_true is_state $program T
attach -p ./all.policy $program
until_true is_traced_by $program $supervisor
sleep 0.2
if has_feature seize; then
	holds 'a stopped program stays stopped' is_state $program tT
else
	skip 'a stopped program stays stopped' 'not without PTRACE_SEIZE: it goes on until it is let go'
fi
kill -INT $supervisor
ended $supervisor
sleep 0.2
holds 'also when it is let go' is_state $program T
kill -CONT $program
holds 'and can be continued' until_true is_state $program S
kill $program
wait $program 2>/dev/null

start leaderless
until_true is_state $program Z
attach -p ./all.policy $program
until_true is_traced_by $program/task/$(ls /proc/$program/task | grep -vx $program) $supervisor
kill -INT $supervisor
ended $supervisor
is $? 0 'a process whose first thread has ended is let go'
kill -KILL $program
wait $program 2>/dev/null

# A thread that executes a program takes its first thread's place, and number.
start succeeded "$work/end"
until_true has_threads 2
attach -p ./all.policy $program
executing=$program/task/$(ls /proc/$program/task | grep -vx $program)
until_true is_traced_by "$executing" $supervisor
kill -INT $supervisor
until_true is_traced_by "$executing" 0
: > end
ended $supervisor
is $? 0 'a thread that was let go executes a program before its first thread was: tollgate ends'
ended $program
is $? 7 'and the program does as it would'

# come_and_go DIRECTORY OPTION...: tollgate, attached to a program of which a thread executes it again and again, until that has
# come to an end, since the file "end" is there.  What is wrong is in the file "bad".
come_and_go()
{
	cd "$1" || exit
	shift
	"$tracee" executes end 2> why &
	program=$!
	: > bad
	rounds=0
	until is_over; do
		attach "$@" -p ../all.policy -o log $program
		until_it_has_come
		kill -INT $supervisor 2>/dev/null
		ended $supervisor
		case $?.$(cat attach.err) in
		0. | 7. | 125.*' it has ended' | 125.*'there is no process'*) ;;
		125.*'shares its memory') ;;	# two that end are sharers, says kcmp(2): sometimes sixteen times in a row
		*) cat attach.err >> bad ;;
		esac
		rounds=$((rounds + 1))
	done
	ended $program
	came_to=$?
	[ $came_to = 7 ] || echo "the program came to $came_to: $(cat why attach.err)" >> bad
	echo $rounds > rounds
	exit
}

# Several, side by side: what is to be seen is seen where each has to wait for the others.
for without in none seize syscall-info; do
	set --
	[ $without = none ] || set -- --without $without
	goers=
	for i in 1 2 3 4 5 6 7 8; do
		mkdir "$without.$i"
		(come_and_go "$without.$i" "$@") &
		goers="$goers $!"
	done
	sleep 6
	for i in 1 2 3 4 5 6 7 8; do
		: > "$without.$i/end"
	done
	for goer in $goers; do
		wait "$goer"
	done
	bad=$(cat $without.?/bad)
	claim="its threads execute programs all the time while tollgate comes and goes (without $without)"
	if [ -n "$bad" ] && { [ $without = seize ] || ! has_feature seize; }; then
		todo "$claim" "without SEIZE one in hundreds is killed ($(echo "$bad" | tr '\n' ' '))"
	else
		is "$bad" '' "$claim"
	fi
	is "$(ls $without.?/rounds | wc -l)" 8 "each of them comes to its end (without $without)"
	note "$(cat $without.?/rounds | tr '\n' ' ')attachments"
done

# --- processes that share their memory guard one window, whoever of them was attached to first

echo open > open
start shares "$work/open" "$work/secret" "$work/end" "$work/over"
for round in 1 2 3 4 5 6 7 8 9 10; do
	rm -f over
	attach -p ./no.policy -o log $program
	until_it_has_come
	sleep 0.5
	: > over
	kill -INT $supervisor 2>/dev/null
	ended $supervisor
	is_gone $program && break
	sleep 0.5	# who was held, and is not any more, can do what he had begun
done
: > end
ended $program
came_to=$?
# Where nobody says who shares the memory, one that is not held can take away a window that is being made: who was to have it is
# killed, be it the first of them.
if ! "$tracee" told && grep -q 'gets no window: Protocol error$' attach.err; then
	sed -i '/gets no window: Protocol error$/d; /can be traced no longer: Protocol error$/d' attach.err
	[ $came_to != 137 ] || came_to=7
fi
is "$came_to $(cat attach.err)" '7 ' "who shares its memory with others reads nothing else (round $round)"

start vfork "$work/secret" 8
child=
has_child() { child=$(grep -lx "PPid:	$program" /proc/[0-9]*/status | sed 's|/proc/||; s|/.*||'); [ -n "$child" ]; } 2>/dev/null
until_true has_child
if "$tracee" told; then
	tg attach -p ./no.policy "$child"
	is "$status" 125 'who shares the memory of its parent'
	like "$err" "cannot attach to $child: process $program, which is no child of its, shares its memory" 'is not attached to alone'
else
	skip 'who shares the memory of its parent is not attached to alone' 'this kernel does not say who shares whose memory'
fi
ended $program
is $? 0 'and goes on'

# --- what acts without calls

start ring "$work/end"
sleep 0.3
if is_gone $program; then
	skip 'a program with a ring of io_uring is not attached to' 'this kernel, or a container, gives none'
else
	tg attach -p ./no.policy $program
	is "$status" 125 'a program with a ring of io_uring is not attached to'
	like "$err" "cannot attach to $program: process $program has a ring of io_uring" 'and it is said why'
	holds 'nothing of it is left' is_traced_by $program 0
	policy rings.policy 'default allow' 'unknown allow' 'unsafe io-uring'
	attach -p ./rings.policy $program
	holds 'unless the policy lifts that' until_true is_traced_by $program $supervisor
	kill -INT $supervisor
	ended $supervisor
	: > end
	ended $program
	is $? 7 'and it goes on'
fi

# --- what a program has prepared for the window that it will get, or for who brings it

prepared=$TG_BUILDDIR/tests/tracee/prepared.tracee
for what in heap forged ring group; do
	"$prepared" $what "$work/open" "$work/secret" &
	program=$!
	sleep 0.2
	# In a group of its own: where that can be signalled we would end, too.
	setsid "$TOLLGATE" attach -p ./no.policy -o log $program > attach.out 2> attach.err &
	supervisor=$!
	ended $program
	case $? in
	7) ok "prepared $what: nothing comes of it" ;;
	19) skip "prepared $what: nothing comes of it" 'it cannot be prepared here' ;;
	*) not_ok "prepared $what: nothing comes of it"; note "$(cat attach.err)" ;;
	esac
	ended $supervisor
done

# --- the end of the supervisor is the end of the program

# went STATUS WITHOUT: without the kernel's help a call that was being decided comes to anything: it was to go by what tollgate
# held open, which ends with it.  Then the program's own C library (SIGABRT), or it itself (10, 11, 13: no child, no thread, no
# file for its counts), can be faster than the watchdog; it says why, and so does the test.
went()
{
	lacks=$2
	has_feature exitkill || lacks=exitkill
	case $lacks$1 in
	exitkill10 | exitkill11 | exitkill13)
		note "it ended by itself: $(cat why)"
		return 0
		;;
	esac
	[ "$1" -gt 128 ]
}

for without in none exitkill; do
	start "$work/secret" counts end
	until_true is_mode opens
	set --
	[ $without = none ] || set -- --without $without
	attach "$@" -p ./no.policy -o log $program
	until_true is_mode refused
	kill -KILL $supervisor
	wait $supervisor 2>/dev/null
	ended $program
	holds "killed (without $without): the program goes with it" went $? $without
done
supervisor=
program=
finish

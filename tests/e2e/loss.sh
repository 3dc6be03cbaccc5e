#!/bin/sh
# SPDX-License-Identifier: ISC
# tollgate dies, in every way, at every state of the program: nothing survives
# it, and no call that was being decided is made; without EXITKILL such calls
# are counted.  ROUNDS of each; make check-loss makes 200.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace

rounds=${ROUNDS:-3}
loss=$TG_BUILDDIR/tests/chaos/loss
[ -x "$loss" ] || { echo "Bail out! $loss is not built"; exit 99; }
TG_LOST=$TG_BUILDDIR/tests/tracee/lost.tracee
TG_FAULT_LIB=$TG_BUILDDIR/tests/chaos/fault.so
# What has no dynamic loader, or has a sanitizer as its own first library, cannot be made to fail from inside.
if ! LD_PRELOAD=$TG_FAULT_LIB "$TOLLGATE" --version > /dev/null 2> .err || [ -s .err ] ||
    ! LD_PRELOAD=$TG_FAULT_LIB sh -c : 2> /dev/null; then
	TG_FAULT_LIB=
fi
# LeakSanitizer attaches to a tollgate that ends: the SIGCONT that a test sends then undoes its SIGSTOP, and both wait.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export TG_LOST TG_FAULT_LIB ASAN_OPTIONS
every='user entry blocked mkdir unlink skipped stopped vfork exec newborn forks sisters threads'
older='user entry blocked mkdir unlink skipped stopped exec newborn forks sisters threads'
policy p.policy 'default allow' 'unknown allow' "deny create,delete $work/marker/**"

# dies FLAGS WAYS STATES OPTION...: a line of the driver's is a test.  Most states are stops that only ptrace has.
dies()
{
	flags=$1 ways=$2 where=$3
	shift 3
	engine='--engine ptrace'
	case "$flags $*" in -a* | -wa* | *--engine*) engine= ;; esac
	for way in $ways; do
		for state in $where; do
			# shellcheck disable=SC2086
			"$loss" $flags -r "$rounds" -s "${SEED:-$$}" "$way" "$state" "$TOLLGATE" "$work" $engine "$@" > told 2> said
			while read -r line; do
				case $line in
				'ok - '*) ok "${line#ok - }${*:+ ($*)}" ;;
				'not ok - '*)
					case " $* " in
					*' seize '*) todo "${line#not ok - } ($*)" 'without SEIZE a new task can be missed by the watchdog' ;;
					*) not_ok "${line#not ok - }${*:+ ($*)}" ;;
					esac
					;;
				*) printf '%s\n' "$line" ;;
				esac
			done < told
			[ -s told ] || { not_ok "$way, $state: the driver ends well"; note "$(cat said)"; }
		done
	done
}

# by_itself FLAGS WAYS STATES OPTION...: where tollgate can be made to fail from inside.
by_itself()
{
	if [ -n "$TG_FAULT_LIB" ]; then
		dies "$@"
	else
		skip "tollgate that fails by itself ($2)" 'nothing can be preloaded into this tollgate'
	fi
}

has_filters() { "$TOLLGATE" probe | grep -q '^  yes  filter '; }
kills_by_kernel() { "$TOLLGATE" probe | grep -q '^  yes  exitkill '; }

if kills_by_kernel; then
	dies '' kill "$every"
	! has_filters || dies '' kill 'mkdir unlink skipped stopped vfork exec newborn forks sisters threads' --engine seccomp
	dies -a kill "$older"
	by_itself '' 'segv abort exit wait-fails thread' 'mkdir forks threads'
	by_itself '' no-memory 'newborn forks'
	dies '' memory-limit crowd
	dies '' kill 'mkdir forks' --without syscall-info
else
	skip 'killed by the kernel' 'there is no EXITKILL'
fi
dies '' hangup 'user entry mkdir stopped exec threads'
for without in exitkill seize; do
	dies -w kill "$every" --without $without
	dies '' watchdog 'user mkdir vfork newborn forks sisters' --without $without
	by_itself -w 'segv exit wait-fails' 'mkdir newborn forks sisters' --without $without
done
dies -wa kill "$older" --without exitkill
dies -a watchdog 'forks sisters' --without exitkill
dies -w memory-limit crowd --without exitkill

# --- stopped from outside for a while

policy slow.policy 'default allow' 'unknown allow' "deny create $work/denied/**"
mkdir denied
cat > busy.sh <<'END'
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	mkdir denied/made 2>/dev/null && exit 1
	(exit 3) || :
	echo "$i" > count
done
exit 7
END
state_of() { sed -n "s/^State:[[:space:]]*\\(.\\).*/\\1/p" "/proc/$1/status" 2>/dev/null; }
"$TOLLGATE" run -p ./slow.policy -o log -- sh busy.sh &
supervisor=$!
times=0
while kill -STOP $supervisor 2>/dev/null; do
	until case $(state_of $supervisor) in [TZX] | '') true ;; *) false ;; esac; do :; done
	kill -CONT $supervisor 2>/dev/null || break
	times=$((times + 1))
	case $(state_of $supervisor) in [ZX] | '') break ;; esac
done
wait $supervisor
is $? 7 'stopped and continued from outside, again and again: the program ends as it would'
holds 'and nothing that is denied was done' [ ! -e denied/made ]
note "stopped $times times"

# --- the option

tg run -p ./p.policy --on-supervisor-loss detach -- true
is "$status" 125 'detach needs a policy that says so'
like "$err" "on-supervisor-loss detach: the policy .*p.policy.* does not say .unsafe supervisor-loss'" 'and is told why not'
policy lets.policy 'default allow' 'unknown allow' 'unsafe supervisor-loss'
tg run -p ./lets.policy -p ./p.policy --on-supervisor-loss detach -- true
is "$status" 125 'all of several have to say it'
tg attach -p ./p.policy --on-supervisor-loss detach $$
is "$status" 125 'so has that of a running process'
tg run -p ./lets.policy --on-supervisor-loss detach -- sh -c 'exit 3'
is "$status" 3 'with it the program runs'
tg run -p ./lets.policy --on-supervisor-loss fly -- true
is "$status" 125 'another word is none'

# outlives OPTION...: once tollgate is killed, the program goes on and is not traced.
outlives()
{
	rm -f pid go
	mkfifo go
	"$TOLLGATE" run -p ./lets.policy "$@" -- sh -c 'echo $$ > pid.new; mv pid.new pid; read line < go; echo "$line" > got' &
	supervisor=$!
	until [ -s pid ]; do sleep 0.05; done
	kill -KILL $supervisor
	wait $supervisor 2>/dev/null
	rm -f got
	echo on > go &
	writer=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
		[ -s got ] && break
		sleep 0.1
	done
	kill $writer 2>/dev/null
	wait $writer 2>/dev/null
	kill "$(cat pid)" 2>/dev/null
	[ -s got ]
}
holds 'detach: the program outlives tollgate' outlives --on-supervisor-loss detach
holds 'detach: also without EXITKILL' outlives --on-supervisor-loss detach --without exitkill
if outlives --on-supervisor-loss kill; then not_ok 'kill: it does not'; else ok 'kill: it does not'; fi
finish

#!/bin/sh
# SPDX-License-Identifier: ISC
#
# An honest program sees no difference: what it prints and how it ends is the
# same with and without tollgate, and so is what its user can do with it.

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"

needs setsid timeout ps
needs_trace

# One difference is meant: under tollgate nobody leaves a core.
ulimit -c 0
open=$TG_SRCDIR/tests/e2e/policies/open.policy
mkdir bin
for abi in tracee tracee32; do
	cp "$TG_BUILDDIR/tests/tracee/faces.$abi" bin/ 2>/dev/null || continue
	"$work/bin/faces.$abi" exit 0 2>/dev/null || rm -f "bin/faces.$abi"
done
[ -x bin/faces.tracee ] || { echo "Bail out! tests/tracee/faces.tracee is not built"; exit 99; }
faces=$work/bin/faces.tracee

# Only 0, 1 and 2 are open, as they are in a program under tollgate.
plain() { timeout -k 1 60 setsid -w "$faces" exec "$@"; }
under() { timeout -k 1 60 setsid -w "$TOLLGATE" run -p "$open" -o refusals -- "$@"; }

# output HOW COMMAND...: all that comes, also from those it leaves behind, then the status.
output()
{
	{
		"$@"
		echo "status $?" > status
	} 2>&1 < /dev/null | cat
	cat status
}

# same CLAIM COMMAND...: output and status with and without.
same()
{
	claim=$1
	shift
	output plain "$@" > plain.out
	output under "$@" > under.out
	is "$(diff plain.out under.out)" '' "$claim"
}

for abi in tracee tracee32; do
	for face in signals queue restart resleep traps stops stops-itself threads threads-of-threads \
		children leaves leader-leaves timers itself registers group descriptors; do
		if [ -x "bin/faces.$abi" ]; then
			same "$face, $abi" "$work/bin/faces.$abi" "$face"
		else
			skip "$face, $abi" 'not built, or this kernel does not run it'
		fi
	done
done

for abi in tracee tracee32; do
	cp "$TG_BUILDDIR/tests/tracee/odd.$abi" bin/ 2>/dev/null && [ -x bin/faces.$abi ] || continue
	same "signals by descriptors of processes, $abi" "$work/bin/odd.$abi" pidfds
	for who in plain under; do
		mkdir odd
		output $who "$work/bin/odd.$abi" names "$work/odd" > $who.out
		rm -rf odd
	done
	is "$(diff plain.out under.out)" '' "names, and flags of all sorts, $abi"
	if [ "$(uname -m)" = aarch64 ]; then
		skip "waits while signals come that are ignored, $abi" 'here a result takes the place of the first argument'
	else
		same "waits while signals come that are ignored, $abi" "$work/bin/odd.$abi" ignored
	fi
done

# What tells pages that nobody may read came with Linux 3.2.
if "$TOLLGATE" probe | grep -q '^ *no *vm-read'; then
	skip 'arguments that fault' 'this kernel has no process_vm_readv'
else
	same 'arguments that fault' "$faces" faults
fi

# How it ends

wrong=
for n in 0 1 2 3 42 64 99 123 124 125 126 127 128 129 137 143 159 200 254 255; do
	under "$faces" exit $n > /dev/null 2>&1
	[ $? = $n ] || wrong="$wrong $n"
done
is "$wrong" '' 'the exit status is the program'\''s'

wrong=
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 24 25 26 27 29 30 31 34 64; do
	under "$faces" die $n > /dev/null 2>&1
	[ $? = $((128 + n)) ] || wrong="$wrong $n"
done
is "$wrong" '' 'death by signal n is 128 + n'

# Shells

# shellcheck disable=SC2016
same 'shells in shells, with pipes' sh -c '
	for i in 1 2 3 4 5; do echo $i; done | sh -c "while read x; do echo got \$x; done" | sort -r | sed s/got/had/
	x=$(echo "$(echo "$(sh -c "echo deep")")"); echo $x
	(sleep 0.2; echo later) & echo now; wait; echo after
	false | true; echo $?; sh -c "exit 3" || echo $?
	trap "echo trapped" USR1; kill -USR1 $$; echo done
	set -- a b; echo $#; cat /dev/null; test -t 0 || echo no terminal'
# shellcheck disable=SC2016
same 'job control' sh -mc '
	exec 2> /dev/null	# whether it says that the job ended depends on when it hears of it
	sleep 5 & p=$!; kill -STOP $p; sleep 0.1; jobs > /dev/null; kill -CONT $p; kill $p; wait $p; echo $?'
same 'broken pipes' sh -c 'yes | head -n 3; (sleep 0.1; echo x; echo $? >&2) | true'
same 'here documents and many arguments' sh -c 'cat <<E
$(seq 1 20000 | xargs echo | cksum)
E'

"$TOLLGATE" run -p "$open" -o refusals -- sh -c 'readlink /proc/$$/fd/0 || echo closed' > under.out 2>&1 <&-
is "$(cat under.out)" closed 'standard input that is closed stays closed'
"$TOLLGATE" run -p "$open" -o refusals -- sh -c 'echo out; echo err >&2' 2>&- > under.out
is "$(cat under.out)" out 'and standard error'

# Those who stay

start=$(date +%s)
under sh -c '(sleep 1; echo late > late) & exit 4'
is $? 4 'the status is that of the program, not of what it leaves behind'
is "$(cat late 2>/dev/null)" late 'tollgate waits for what it leaves behind'

# Signals from outside

# begin COMMAND...: under tollgate, in a session of its own; $tg and $out.
begin()
{
	: > begun.out
	setsid "$TOLLGATE" run -p "$open" -o refusals -- "$@" > begun.out 2> .err < /dev/null &
	tg=$!
	soon grep -q ready begun.out
}

for sig in TERM INT HUP QUIT USR1 USR2; do
	case $sig in HUP) number=1 ;; INT) number=2 ;; QUIT) number=3 ;; USR1) number=10 ;; USR2) number=12 ;; TERM) number=15 ;; esac
	begin "$faces" wait $number
	kill -$sig $tg
	wait $tg
	is "$? $(tail -n 1 begun.out)" "21 got $number" "SIG$sig to tollgate alone reaches the program"
done

begin sh -c 'echo ready; exec sleep 60'
kill -TERM $tg
wait $tg
is $? 143 'and ends it when the program has no handler'

# marked N: how many processes with that argument are left
marked() { ps -eo args | grep -c "[s]leep 7777.$1"; }

begin sh -c 'sleep 7777.1 & sh -c "sleep 7777.1" & (setsid sleep 7777.1 &); echo ready; sleep 7777.1'
there_are() { [ "$(marked "$1")" -"$2" "$3" ]; }
holds 'there are processes to be left' soon there_are 1 ge 4
kill -KILL $tg
wait $tg 2>/dev/null
holds 'SIGKILL to tollgate leaves no process behind' soon there_are 1 eq 0

begin sh -c 'echo ready; sleep 7777.2 & (setsid sleep 7777.2 &) ; wait'
soon there_are 2 ge 2
kill -STOP $tg
kill -KILL $tg
wait $tg 2>/dev/null
holds 'nor when it was stopped before' soon there_are 2 eq 0

# A program cannot end tollgate by a signal to the group that both are in: it ends itself.
wrong=
for n in 6 11 14 24 26 27 29 34 40; do
	under sh -c "trap '' $n; kill -$n 0; sleep 0.1; exit 17" > /dev/null 2>&1
	[ $? = 17 ] || wrong="$wrong $n"
done
is "$wrong" '' 'tollgate outlives a signal to the group that the program outlives'

# A terminal

# Nothing here rests on how fast anything is: each key is sent when the program says that it is ready
# for it, and what runs is in scripts, so that no typed line is long enough to be wrapped.
cat > tg <<E
#!/bin/sh
trap : INT
"$TOLLGATE" run -p "$open" -o refusals -- "\$@"
echo "ended with \$?"
E
cat > naps <<'E'
#!/bin/sh
echo ready
until [ -e go ]; do sleep 0.1; done
echo woke
E
chmod +x tg naps

if command -v tmux > /dev/null 2>&1; then
	TMUX_TMPDIR=$work
	export TMUX_TMPDIR
	unset TMUX
	tmux_() { tmux -L tollgate "$@"; }
	# screen_has REGEX: waits for it, for up to a minute.
	screen_has()
	{
		tries=0
		until tmux_ capture-pane -p | grep -qE -e "$1"; do
			tries=$((tries + 1))
			if [ $tries = 300 ]; then
				tmux_ capture-pane -p | grep -v '^$' | tail -n 12 | sed 's/^/#   /'
				return 1
			fi
			sleep 0.2
		done
	}
	keys() { tmux_ send-keys "$@"; }
	# types COMMAND: on a screen that shows nothing else.
	types()
	{
		keys C-l
		while tmux_ capture-pane -p | grep -qE '^(ready|inner:)'; do sleep 0.1; done
		keys "$1" Enter
	}

	tmux_ -f /dev/null new-session -d -x 160 -y 50 'env PS1=ask: bash --norc --noprofile -i'
	screen_has '^ask:'

	types "./tg sh -c 'echo ready; exec sleep 50'"
	screen_has '^ready'
	keys C-c
	holds '^C ends the program' screen_has '^(\^C)?ended with 130$'

	types "./tg $faces wait 2"
	screen_has '^ready'
	keys C-c
	holds '^C reaches a handler of the program' screen_has '^ended with 21$'
	is "$(tmux_ capture-pane -p | grep -c 'got 2$')" 1 'once'

	types './tg ./naps'
	screen_has '^ready'
	keys C-z
	holds '^Z gives the shell back' screen_has 'Stopped'
	: > go
	sleep 1
	is "$(tmux_ capture-pane -p | grep -c '^woke')" 0 'and the program is stopped'
	keys fg Enter
	holds 'fg lets both go on' screen_has '^woke'
	screen_has '^ended with 0$'

	types "./tg sh -c 'echo ready; cat'"
	screen_has '^ready'
	keys hello Enter C-d
	holds 'a program reads from the terminal' screen_has '^hello$'
	screen_has '^ended with 0$'

	types './tg env PS1=inner: bash --norc --noprofile -i'
	screen_has '^inner:'
	keys "sh -c 'echo ready; exec sleep 40'" Enter
	screen_has '^ready'
	keys C-z
	holds 'an inner shell has its own jobs' screen_has 'Stopped'
	keys 'kill -9 %1; fg; exit 33' Enter
	holds 'and ends as it likes' screen_has '^ended with 33$'
	tmux_ kill-server
else
	skip 'a terminal' 'tmux is not installed'
fi

finish

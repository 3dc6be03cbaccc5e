#!/bin/sh
# SPDX-License-Identifier: ISC
# A call that was held returns as if it had not been: to where it was made, with
# the registers that it was made with, whatever comes in between.  With filters
# no stop sees to that (tracer/stub.h), so this is about both engines.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs timeout
needs_trace

returns=$TG_BUILDDIR/tests/tracee/returns.tracee
[ -x "$returns" ] || { echo "Bail out! tests/tracee/returns.tracee is not built"; exit 99; }
[ "$("$returns" registers)" = none ] && skip_all 'here all calls that are held end with a stop'
policy all.policy 'default allow' 'unknown allow'
policy roots.policy 'default allow' 'unknown allow' 'unsafe mount'
tg run --engine seccomp -p ./all.policy -- true
[ "$status" = 0 ] && engines='ptrace seccomp' || engines=ptrace

# A fault that kills it, or has it wait for ever, is one of tollgate's.
output()
{
	rm -f ready watched
	timeout -k 1 120 "$@" > .out 2> .err < /dev/null
	echo "status $?" >> .out
	cat .out .err
}

# Somebody outside, who deletes a file that was open once it is not any more.
(
	while :; do
		[ -e ready ] && sleep 0.1 && rm -f ready watched
		sleep 0.1
	done
) &
outsider=$!
trap 'kill "$outsider" 2>/dev/null; cd /; rm -rf "$work"' EXIT

for word in registers storm restarts interrupted ignored stopped for-nothing jumps threads many vforks becomes takes-code-away \
	hides-code filters single-steps lets-go waits-for-end; do
	output "$returns" "$word" > plain
	like "$(cat plain)" '^status 0' "control: $word"
	for engine in $engines; do
		output "$TOLLGATE" run --engine "$engine" -o log -p ./all.policy -- "$returns" "$word" > under
		is "$(diff plain under)" '' "$word, $engine"
	done
done

[ "$engines" = ptrace ] && { skip 'the rest' 'filters stop nobody here'; finish; }

# --- there is such a thing at all

code='^[0-9a-f]*-[0-9a-f]* r-xs .*tollgate'
tg run --engine seccomp -p ./all.policy -- cat /proc/self/maps
like "$out" "$code" 'the program has code to return by'
is "$(printf '%s\n' "$out" | grep 'tollgate' | grep -c '^[^ ]* .w')" 0 'and cannot write what that loads'
is "$(ASAN_OPTIONS=detect_leaks=0 "$TOLLGATE" bench --quick --only open-hit --only seccomp --csv | sed -n 's/^open-hit,seccomp,//p' | cut -d , -f 6 | cut -c 1-3)" 1.0 \
	'a path-checked open costs one stop'
tg run --engine ptrace -p ./all.policy -- cat /proc/self/maps
unlike "$out" "$code" 'none where each call stops at its end anyway'
tg run --engine seccomp -p ./roots.policy -- cat /proc/self/maps
unlike "$out" "$code" 'none where a root directory can change'

finish

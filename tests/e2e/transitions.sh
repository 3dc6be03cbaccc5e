#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What an exec puts on a program, and what it takes out of its environment.

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"

needs_trace
mkdir bin
have=
for abi in tracee tracee32; do
	cp "$TG_BUILDDIR/tests/tracee/steps.$abi" bin/ 2>/dev/null || continue
	"$work/bin/steps.$abi" 2>/dev/null && have="$have $abi" || rm -f "bin/steps.$abi"
done
[ -x bin/steps.tracee ] || { echo "Bail out! tests/tracee/steps.tracee is not built"; exit 99; }
for abi in $have; do
	for name in helper plain; do cp "bin/steps.$abi" "bin/$name.$abi"; done
done
echo secret > secret
echo other > other
o=open:$work/secret
x=open:$work/other
policy helper.policy 'default allow' "deny EPERM read $work/secret"

# results STEP...: of all that open something.
results()
{
	tg run -p ./p.policy -- "$@"
	printf '%s\n' "$out" | grep '^open:' | cut -d' ' -f2 | xargs
}

for abi in $have; do
	steps=$work/bin/steps.$abi helper=$work/bin/helper.$abi plain=$work/bin/plain.$abi
	policy p.policy 'default allow' "deny EACCES read $work/other" "allow exec $helper -> \"./helper.policy\"" \
		"allow exec $plain -> inherit"
	is "$(results "$steps" $o exec:"$helper" $o $x)" 'ok EPERM EACCES' "the next program has both policies, $abi"
	is "$(results "$steps" exec:"$plain" $o $x)" 'ok EACCES' "inherit changes nothing, $abi"
	is "$(results "$steps" exec:"$helper" fork:$o thread:$o)" 'EPERM EPERM' "its children and threads, too, $abi"
	is "$(results "$steps" exec:"$helper" exec:"$plain" $o)" 'EPERM' "nothing takes it off again, $abi"
	is "$(results "$steps" thread:exec:"$helper" $o)" 'EPERM' "also when a thread executes it, $abi"
	is "$(results "$steps" helper ask:exec:"$helper" $o)" 'EPERM ok' "a child's exec is the child's, $abi"
	is "$(results "$steps" exec:"$work/bin" $o)" 'ok' "an exec that fails puts nothing on, $abi"
	is "$(LD_TRACE_X=1 PYTHONPATH=/x KEPT=y results "$steps" exec:"$helper" env:LD_TRACE_X env:PYTHONPATH env:KEPT
		printf '%s\n' "$(LD_TRACE_X=1 PYTHONPATH=/x KEPT=y "$TOLLGATE" run -p ./p.policy -- "$steps" exec:"$helper" \
			env:LD_TRACE_X env:PYTHONPATH env:KEPT 2>/dev/null)" | xargs)" \
		"$(printf '\nLD_TRACE_X= PYTHONPATH= KEPT=y')" "a new policy clears the environment, $abi"
	is "$(LD_TRACE_X=1 KEPT=y "$TOLLGATE" run -p ./p.policy -- "$steps" exec:"$plain" env:LD_TRACE_X env:KEPT 2>/dev/null |
		xargs)" 'LD_TRACE_X=1 KEPT=y' "inherit keeps it, $abi"
	# The same program behind a script: both are objects, and what both lead to is put on.
	printf '#!%s\n' "$helper" > "script.$abi"
	chmod +x "script.$abi"
	policy other.policy 'default allow' "deny EIO read $work/other"
	policy p.policy 'default allow' "allow exec $helper -> \"./helper.policy\"" "allow exec $work/script.$abi -> \"./other.policy\""
	is "$(results "$steps" exec:"$work/script.$abi" $o $x)" 'EPERM EIO' "script and interpreter, $abi"
done
steps=$work/bin/steps.tracee

# Many variables, long ones, strange ones: those that stay are as they were.
policy p.policy 'default allow' 'allow exec /usr/bin/env, /bin/env -> "./helper.policy"'
i=0
while [ $i -lt 200 ]; do
	eval "export V$i=\$i LD_$i=x"
	i=$((i + 1))
done
tg run -p ./p.policy -- sh -c 'exec env'
is "$(printf '%s\n' "$out" | grep -c '^V[0-9]*=')" 200 'what is harmless stays'
is "$(printf '%s\n' "$out" | grep -c '^LD_')" 0 'and what is not goes'
like "$out" "^HOME=$HOME\$" 'all of it'
i=0
while [ $i -lt 200 ]; do
	unset V$i LD_$i
	i=$((i + 1))
done

# drop
policy p.policy 'default allow' 'allow exec /usr/bin/sort, /bin/sort -> drop'
tg run -p ./p.policy -- sh -c 'printf "b\na\n" | sort; sort other'
is "$status $out" "2 $(printf 'a\nb')" 'drop leaves its descriptors and no file'

# Policies that lead to each other, and to themselves.
policy a.policy 'default allow' "allow exec $work/bin/helper.tracee -> \"./b.policy\""
policy b.policy 'default allow' "allow exec $work/bin/** -> \"./a.policy\"" "deny EPERM read $work/secret"
tg run -p ./a.policy -- "$steps" exec:"$work/bin/helper.tracee" exec:"$work/bin/helper.tracee" exec:"$work/bin/helper.tracee" $o
is "$out" "$o EPERM" 'a policy that is on already is not put on twice'

# As many as there may be.
{
	echo 'policy 1'
	echo 'default allow'
	i=1
	while [ $i -le 17 ]; do
		cp "$steps" "bin/n$i"
		policy "n$i.policy" 'default allow'
		echo "allow exec $work/bin/n$i -> \"./n$i.policy\""
		i=$((i + 1))
	done
} > many.policy
chain=
i=1
while [ $i -le 17 ]; do
	chain="$chain exec:$work/bin/n$i"
	i=$((i + 1))
done
# shellcheck disable=SC2086
tg run -p ./many.policy -- "$steps" $chain $o
like "$out" "^exec:$work/bin/n16 EACCES\$" 'a process has 16 policies at most'
like "$err" 'more than 16 policies' 'and tollgate says so'

# Whose child is it, when its parent was killed before that was known?
for abi in $have; do
	cp "$TG_BUILDDIR/tests/tracee/orphans.$abi" "bin/forbidden.$abi"
	cp "$TG_BUILDDIR/tests/tracee/orphans.$abi" "bin/allowed.$abi"
	policy p.policy 'default allow' "allow exec $work/bin/forbidden.$abi -> \"./helper.policy\"" \
		'phase p until mark "never" {' '}'
	tg run -p ./p.policy -- "$work/bin/allowed.$abi" "$work/secret" "$work/bin/forbidden.$abi" "$work/bin/allowed.$abi" "$work/state.$abi"
	is "$out" 'forbidden 0 allowed reached' "orphans have at most what their parents had, $abi"
done

# Errors
policy p.policy 'allow exec /bin/x -> "./missing.policy"'
tg run -p ./p.policy -- true
is "$status" 125 'a policy that is not there'
like "$err" '^\./p\.policy:2:22: there is no policy "\./missing\.policy"$' 'is named with its place'
policy broken.policy 'allow raed /x'
policy p.policy 'allow exec /bin/x -> "./broken.policy"'
tg run -p ./p.policy -- true
is "$status" 125 'a policy that is broken'
like "$err" '^\./broken\.policy:2:7: unknown right "raed"' 'says where'

# --- a thread has its leader's number before anybody knows (before Linux 5.13 also of the kernel's calls)

lib=$TG_BUILDDIR/tests/chaos/oldexec.so
policy all.policy 'default allow' 'unknown allow'
for engine in auto ptrace; do
	tg run --engine $engine --timeout 60 -p ./all.policy -- "$TG_BUILDDIR/tests/tracee/futile.tracee" /bin/cat other
	is "$status$out$err" 0other "threads that execute in vain keep nobody waiting for good ($engine)"
done
if ! LD_PRELOAD=$lib "$TOLLGATE" --version > /dev/null 2> .err || [ -s .err ]; then
	skip 'a thread has its leader'"'"'s number' "this tollgate, or the loader, takes no library: $(head -n 1 .err)"
else
	for engine in auto ptrace; do
		LD_PRELOAD=$lib "$TOLLGATE" run --engine $engine -p ./all.policy -E LD_PRELOAD -- \
			"$TG_BUILDDIR/tests/tracee/takeover.tracee" 3 /bin/cat other > .out 2> .err
		is "$? $(sort -u .out) $(cat .err)" '0 other ' "a thread has its leader's number while a stop of his is served ($engine)"
	done
fi
finish

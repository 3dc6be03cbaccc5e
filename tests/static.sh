#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The static build: one file that needs nothing of the machine that it runs on,
# on the oldest kernel there is; and what it lacks it says.

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}/tests/e2e/lib.sh"
needs readelf

old=$TG_BUILDDIR/tests/kernels/oldkernel
[ -x "$old" ] || { echo "Bail out! $old is not built"; exit 99; }
sh "$TG_SRCDIR/tests/static-build.sh" "$TG_BUILDDIR/static" all > build.out 2>&1
case $? in
0) ;;
77) skip_all "$(tail -n 1 build.out)" ;;
*) note "$(cat build.out)"; not_ok 'it is built'; finish ;;
esac
ok 'it is built'
TOLLGATE=$TG_BUILDDIR/static/tollgate
needs_trace

like "$(cat "$TG_BUILDDIR/static/make.log")" '^tollgate: [0-9]+ KiB, static$' 'and its size is told'
unlike "$(readelf -lW "$TOLLGATE")" 'INTERP|DYNAMIC' 'nothing loads it'
unlike "$(readelf -dW "$TOLLGATE" 2>&1)" NEEDED 'and it needs no library'
unlike "$(readelf -lW "$TOLLGATE")" ' RWE ' 'nothing in it is written and executed'

# at LEVEL ARGUMENT...: tg, on a kernel like that one.
at()
{
	level=$1
	shift
	real=$TOLLGATE
	TOLLGATE=$work/at
	printf '#!/bin/sh\nexec "%s" %s -- "%s" "$@"\n' "$old" "$level" "$real" > at
	chmod +x at
	tg "$@"
	TOLLGATE=$real
}

policy secret.policy 'default allow' 'unknown allow' "deny EPERM read $work/secret"
echo word > open
echo word > secret
if "$old" now -- true 2> /dev/null; then levels='now 2.6.32'; else levels=; fi
[ -n "$levels" ] || skip 'it runs at simulated levels' 'this machine lets nobody install a filter'
for level in $levels; do
	at "$level" probe
	is "$status" 0 "$level: it can trace"
	at "$level" run -p ./secret.policy -- cat open
	is "$status$out$err" 0word "$level: a program runs in it"
	at "$level" run -p ./secret.policy -- cat secret
	is "$status" 1 "$level: and is refused what is forbidden"
	like "$err" '^tollgate: cat\[[0-9]+\] .* = EPERM: read .*/secret, rule \(\./secret\.policy:4\)' "$level: which it says"
	at "$level" show -p mpv
	is "$status" 0 "$level: the policies are in it"
done

# What it was built without.

policy function.policy 'default allow' 'deny EPERM syscall uname if caller in "libc.so*:uname"'
tg run -p ./function.policy -- true
is "$status" 0 'a rule that names a function loads'
like "$err" '^tollgate: \./function\.policy:3 names a function, and this tollgate was built without libelf' 'and it is said that functions cannot be told'
tg run -p ./function.policy -- uname
is "$status" 1 'so the call is refused'
tg check --no-exposure ./function.policy
like "$out" '^\./function\.policy:3: this tollgate was built without libelf' 'check finds it'
tg run --log=json -p ./secret.policy -- true
is "$status" 125 'there is no JSON log'
like "$err" 'built without jansson and cannot log JSON' 'which it says'
for words in 'probe --json' 'check --json mpv' 'import open'; do
	# shellcheck disable=SC2086
	tg $words
	like "$status $err" '^[1-9][0-9]* .*built without jansson' "nor is there $words"
done

finish

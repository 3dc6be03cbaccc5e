#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Rules on who calls: the code, the program, the user; and calls that are trapped.

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"

needs_trace
mkdir bin stubs
have=
for abi in tracee tracee32; do
	"$TG_BUILDDIR/tests/tracee/steps.$abi" 2>/dev/null || continue
	cp "$TG_BUILDDIR/tests/tracee/callers.$abi" "$TG_BUILDDIR/tests/tracee/traps.$abi" "$TG_BUILDDIR/tests/tracee/steps.$abi" bin/ &&
		have="$have $abi"
done
[ -n "$have" ] || { echo "Bail out! tests/tracee/callers.tracee is not built"; exit 99; }

# answers POLICY-LINE: of all callers, in their order.
answers()
{
	policy p.policy 'default allow' "$@"
	tg run -p ./p.policy -o log -- "$work/bin/callers.$abi" "$work/stubs"
	printf '%s\n' "$out" | cut -d' ' -f2 | xargs
}

# asks_function CLAIM ANSWERS POLICY-LINE: where functions can be told.
asks_function()
{
	claim=$1 wanted=$2
	shift 2
	policy p.policy "$@"
	tg check -q ./p.policy
	case $out in
	*'built without libelf'*) skip "$claim" 'built without libelf' ;;
	*) is "$(answers "$@")" "$wanted" "$claim" ;;
	esac
}

for abi in $have; do
	# libc own anonymous patched memfd file remapped again straddling writable replaced deleted
	is "$(answers)" 'ok ok ok ok ok ok ok ok ok ok ok ok' "every caller can call, $abi"
	is "$(answers 'deny EPERM syscall uname if not caller file')" \
		'ok ok EPERM EPERM EPERM ok EPERM ok EPERM EPERM EPERM EPERM' "caller file: text of a file, as it is in the file, $abi"
	is "$(answers 'deny EPERM syscall uname if not caller in "lib*.so.[0-9]"')" \
		'ok EPERM EPERM EPERM EPERM ok EPERM ok EPERM EPERM EPERM EPERM' "caller in: by the name of the file, $abi"
	is "$(answers "deny EPERM syscall uname if caller in \"$work/stubs/*\"")" \
		'ok ok ok ok ok EPERM ok EPERM ok ok ok ok' "or by its path, $abi"
	asks_function "by the function, $abi" 'ok EPERM ok ok ok ok ok ok ok ok ok ok' \
		"deny EPERM syscall uname if caller \"callers.$abi:own_uname\""
	asks_function "by one of several, $abi" 'EPERM ok ok ok ok EPERM ok EPERM ok ok ok ok' \
		"deny EPERM syscall uname if caller in \"libc.so*:*uname*\", \"libstub.so.1\""
	is "$(answers 'deny EPERM syscall uname' 'allow syscall uname if caller in "libc.so*"')" \
		'ok EPERM EPERM EPERM EPERM EPERM EPERM EPERM EPERM EPERM EPERM EPERM' "as what allows, $abi"
done

# Also for rules on objects.
abi=tracee
policy p.policy 'default allow' "deny EPERM read $work/secret if not caller in \"libc.so*\""
echo secret > secret
tg run -p ./p.policy -- cat secret
is "$status" 0 'a rule on a path asks, too'
policy p.policy 'default allow' "deny EPERM read $work/secret if caller in \"libc.so*\""
tg run -p ./p.policy -- cat secret
is "$status" 1 'and refuses'

# The program
cat=$(readlink -f "$(command -v cat)")
policy p.policy 'default allow' "deny EPERM read $work/secret if exe in \"$cat\""
tg run -p ./p.policy -- sh -c 'cat secret; head -n 1 secret'
is "$out" secret 'exe: the one is refused and the other not'
policy p.policy 'default allow' 'deny EPERM syscall listen if exe in "/nothing"'
# shellcheck disable=SC2016
tg run -p ./p.policy -- sh -c '"$1" listen; cp "$1" x; exec 3< x; rm x; exec /proc/self/fd/3 listen' sh "$work/bin/steps.tracee"
is "$out" "$(printf 'listen ok\nlisten ENOENT')" 'who has no name any more is refused what a rule asks it for'
policy p.policy 'default allow' "deny EPERM read $work/secret if argv[0] == \"impostor\""
tg run -p ./p.policy -- bash -c '(exec -a impostor cat secret); cat secret'
is "$out" secret 'argv[0]'
uid=$(id -u)
policy p.policy 'default allow' "deny EPERM read $work/secret if process.uid == $uid and process.egid >= 0"
tg run -p ./p.policy -- cat secret
is "$status" 1 'process.uid'
policy p.policy 'default allow' "deny EPERM read $work/secret if process.euid != $uid"
tg run -p ./p.policy -- cat secret
is "$status" 0 'process.euid'
if [ "$uid" = 0 ] && command -v setpriv > /dev/null; then
	policy p.policy 'default allow' "deny EPERM read $work/secret if process.euid == 65534"
	chmod 755 "$work"
	chmod 644 secret
	tg run -p ./p.policy -- sh -c 'cat secret; setpriv --reuid 65534 --clear-groups cat secret'
	is "$status $out" '1 secret' 'who changes ids is asked anew'
else
	skip 'who changes ids is asked anew' 'this needs root and setpriv'
fi

# In a segment of its own the kernel's address of an instruction is that of any other.
"$TG_BUILDDIR/tests/tracee/segments.tracee32" "$work/secret" 2>/dev/null
case $? in
8)
	policy p.policy 'default allow' "deny EACCES read $work/secret if not caller file"
	tg run -p ./p.policy -- "$TG_BUILDDIR/tests/tracee/segments.tracee32" "$work/secret"
	is "$status" 7 'code in a segment of its own is no file'\''s'
	;;
*) skip 'code in a segment of its own is no file'\''s' 'not built, or there are no such segments here' ;;
esac

# Traps: from inside they look as those of a filter do.
policy p.policy 'default allow' 'trap syscall uname'
for abi in $have; do
	for how in handler default blocked ignored twice thread pending own; do
		bin/traps.$abi filter $how > filter.out 2>/dev/null
		filter=$?
		if [ $filter = 77 ]; then
			skip "a trap is as a filter's: $how, $abi" 'this machine lets nobody install a filter'
			continue
		fi
		tg run -p ./p.policy -- "$work/bin/traps.$abi" policy $how
		is "$status $out" "$filter $(cat filter.out)" "a trap is as a filter's: $how, $abi"
	done
done
tg run --status-fd 9 -p ./p.policy -- "$work/bin/traps.${have##* }" policy default 9> status.out
like "$(cat status.out)" '"exit-code": 159, "signal": 31, "by": "policy"' 'a trap nobody handles is the end by the policy'
tg run --status-fd 9 -p ./p.policy -- "$work/bin/traps.${have##* }" policy own 9> status.out
like "$(cat status.out)" '"exit-code": 159, "signal": 31, "by": "program"' 'its own SIGSYS is not'
tg run -p ./p.policy -- "$work/bin/traps.${have##* }" policy default
like "$err" '= trap: syscall uname, rule \(\./p\.policy:3\)' 'and is logged as one'

finish

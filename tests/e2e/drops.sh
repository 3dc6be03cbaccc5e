#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A program that gives up a right and does not look whether it has: where the
# policy refuses that call it goes on with the right, which is never silent;
# where the policy kills for it, it does not go on.

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs setpriv
[ "$(id -u)" = 0 ] || skip_all 'only root has rights to give up'
needs_trace

chmod 755 "$work"
mkdir -m 700 closed
echo secret > closed/secret
policy none.policy 'default allow'

# drop COMMAND...: what came of it, in $out and $status, what tollgate said in $err.
drop()
{
	out=$(setpriv --groups=7 "$@" 2> .err)
	status=$? err=$(cat .err)
}

while read -r call family condition; do
	for abi in tracee tracee32; do
		program=$TG_BUILDDIR/tests/tracee/drops.$abi
		what="$call, $abi"
		"$program" 2> .err
		if [ $? != 2 ]; then
			skip "$what" 'not built, or this kernel does not run it'
			continue
		fi
		drop "$program" "$call"
		is "$status $out" '0 lost' "$what: alone it loses what it gives up"
		drop "$TOLLGATE" run -p ./none.policy -- "$program" "$call"
		is "$status $out $err" '0 lost ' "$what: so it does where the policy lets it"
		policy p.policy 'default allow' "deny syscall $family $condition"
		drop "$TOLLGATE" run -p ./p.policy -- "$program" "$call"
		is "$status $out" '0 kept' "$what: refused, it goes on with it"
		like "$err" "^tollgate: drops.*\\] $call.* = E[A-Z]*: .*p.policy:3" "$what: and that is told"
		policy p.policy 'default allow' "kill syscall $family $condition"
		drop "$TOLLGATE" run -p ./p.policy -- "$program" "$call"
		is "$status $out" '159 ' "$what: killed for it, it does not"
	done
done <<'END'
setuid setuid
setresuid setresuid
setgid setgid
setgroups setgroups
capset capset
close close if fd == 20
chdir chdir
setrlimit setrlimit
END

# Another process's directory in /proc is not shown by tollgate's rights to who has given up his.
(cd closed && exec sleep 600) &
other=$!
trap 'kill $other; cd /; rm -rf "$work"' EXIT
soon grep -qx sleep "/proc/$other/comm"
for gives_up in '--reuid=65534 --regid=65534 --clear-groups' '--bounding-set=-all --inh-caps=-all'; do
	case $gives_up in
	--bounding*) set -- setpriv $gives_up setpriv $gives_up ;;	# the first loses them at the exec of the second, but for uid 0's
	*) set -- setpriv $gives_up ;;
	esac
	for name in cwd/secret root/etc/shadow exe; do
		plain=$("$@" head -c 1 "/proc/$other/$name" 2>&1 | tr -d '\000')
		held=$("$TOLLGATE" run -p ./none.policy -- "$@" head -c 1 "/proc/$other/$name" 2>&1 | tr -d '\000')
		is "$held" "$plain" "/proc/PID/$name after $gives_up"
	done
done
finish

#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Whatever the kernel answers to a request of ptrace(2), the program does nothing
# that is forbidden, and tollgate comes to an end.  Each request that tollgate
# makes fails once, in a run of its own; FAULTS=all tries each of them, the
# short form those by which a call is kept from being made, of the others the
# first ones and then fewer and fewer.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs timeout
needs_trace

lib=$TG_BUILDDIR/tests/chaos/ptfail.so
if ! LD_PRELOAD=$lib "$TOLLGATE" --version > /dev/null 2> .err || [ -s .err ] || ! LD_PRELOAD=$lib sh -c : 2> /dev/null; then
	skip_all 'nothing can be preloaded into this tollgate'
fi
policy p.policy 'default allow' 'unknown allow' "deny create $work/denied/**" "deny delete $work/kept"
mkdir denied

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
sh -c 'kill -STOP $$; mkdir denied/sixth' &
stopped=$!
continue_it() { while kill -CONT $stopped 2> /dev/null; do sleep 0.02; done; }
continue_it &	# by two, of which one may die
continue_it
wait
mkdir denied/seventh 2>/dev/null || exit 3
END

alive()
{
	for pid in $(cat pids 2>/dev/null); do
		if grep -q "$work/program.sh" "/proc/$pid/cmdline" 2>/dev/null; then return 0; fi
	done
	return 1
}
gone() { ! alive; }

# one REQUEST N HOW OPTION...: 0 when it was made and all is well, 1 when it was not made, 2 when something is wrong.
one()
{
	export TG_PTFAIL="$1:$2:$3" TG_PTFAIL_DONE="$work/done"
	shift 3
	rm -rf done pids way denied/* kept log
	: > kept
	LD_PRELOAD=$lib timeout -k 1 20 "$TOLLGATE" run "$@" -p ./p.policy -o log -E LD_PRELOAD -- sh "$work/program.sh" > out 2> said
	status=$?
	if [ $status = 124 ] || [ $status = 137 ] && grep -q Terminated said; then
		note "$TG_PTFAIL: tollgate does not end"
		return 2
	fi
	if [ -n "$(ls denied)" ] || [ ! -e kept ]; then
		note "$TG_PTFAIL: $(ls denied), $(ls kept 2>&1)"
		return 2
	fi
	soon gone || { note "$TG_PTFAIL: somebody is left"; return 2; }
	[ -e done ]
}

# next N: the one to try after that.
next()
{
	if [ "${FAULTS:-}" = all ] || [ "$1" -lt 6 ]; then echo $(($1 + 1)); else echo $(($1 * 7 / 4)); fi
}

# fails NAME NUMBER HOWS OPTION...
fails()
{
	name=$1 number=$2 hows=$3
	shift 3
	for how in $hows; do
		at=1 tried=0 bad=0
		while :; do
			one "$number" "$at" "$how" "$@"
			case $? in
			1) break ;;
			2) bad=$((bad + 1)) ;;
			esac
			tried=$((tried + 1))
			at=$(next "$at")
		done
		claim="$name, $how: nothing forbidden happens, and tollgate ends; $tried times${*:+ ($*)}"
		if [ $tried = 0 ]; then skip "$claim" 'it is not asked for here'; else is $bad 0 "$claim"; fi
	done
}

each()
{
	before=${FAULTS:-}
	FAULTS=all
	fails "$@"
	FAULTS=$before
}

one 0 1 none
is "$status" 3 'control: without a fault the program does all it may'
is "$(grep -c 'denied\|kept' log)" 8 'control: and is refused the rest'

fails SYSCALL 24 'error dead'
fails CONT 7 'error dead'
fails GETEVENTMSG 0x4201 'error dead nothing'
fails GETREGSET 0x4204 'error dead nothing'
each SETREGSET 0x4205 'error dead'
fails SEIZE 0x4206 'error dead'
fails LISTEN 0x4208 'error dead'
fails GET_SYSCALL_INFO 0x420e 'error dead nothing'
fails process_vm_readv -1 'error dead nothing short'
fails process_vm_writev -2 'error dead short'
set -- --engine ptrace --without seize --without syscall-info
fails SYSCALL 24 'error dead' "$@"
fails SETOPTIONS 0x4200 'error dead' "$@"
fails GETREGSET 0x4204 'error dead nothing' "$@"
fails SETREGSET 0x4205 'error dead' "$@"
finish

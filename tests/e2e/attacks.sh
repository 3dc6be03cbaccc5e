#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Programs of tests/tracee that try to do what is forbidden.  Each is run twice:
# without tollgate, where every attempt must succeed, or it proves nothing; and
# under tollgate, where none may.  For each ABI and, started by root, once more
# as an ordinary user.  What was forbidden is also looked at from outside.
#
# USERS, ABIS and FAMILIES make it less.

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"

needs find cksum sort
needs_trace
policies=$TG_SRCDIR/tests/e2e/policies
box=$work/box
pids=

chmod 755 "$work"
mkdir bin
for program in spellings changes children sends gates floor supervisor runs unreadable sink; do
	cp "$TG_BUILDDIR/tests/tracee/$program.tracee" bin/ 2>/dev/null ||
		{ echo "Bail out! tests/tracee/$program.tracee is not built"; exit 99; }
	cp "$TG_BUILDDIR/tests/tracee/$program.tracee32" bin/ 2>/dev/null && bin/$program.tracee32 2>/dev/null
	[ $? -le 2 ] || rm -f bin/$program.tracee32	# this kernel does not run it
done

nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
users=self
if [ "$(id -u)" = 0 ] && $nobody test -x "$TOLLGATE" 2>/dev/null; then
	users='self nobody'
fi

as()
{
	if [ "$user" = nobody ]; then
		$nobody "$@"
	else
		"$@"
	fi
}

# A fresh folder for one run of $program.
fixture()
{
	rm -rf "$box"
	mkdir -p "$box/allowed/dir" "$box/allowed/outer/inner" "$box/forbidden/dir" \
		"$box/forbidden/dir1" "$box/forbidden/dir2" "$box/readonly"
	for file in forbidden/secret allowed/outer/inner/secret readonly/file; do
		echo canary > "$box/$file"
	done
	for n in 1 2 3 4 5 6 7; do
		echo "$n" > "$box/allowed/victim$n"
		echo "$n" > "$box/forbidden/victim$n"
	done
	echo data > "$box/forbidden/file"
	echo data > "$box/allowed/file"
	ln -s target "$box/forbidden/link"
	ln -s target "$box/forbidden/link2"
	ln -s ../forbidden/secret "$box/allowed/rel"
	ln -s "$box/forbidden/secret" "$box/allowed/abs"
	ln -s abs "$box/allowed/chain"
	ln -s ../forbidden "$box/allowed/middle"
	ln -s ../forbidden/nothing "$box/allowed/dangling"
	ln -s loop "$box/allowed/loop"
	cp "bin/$program" "$box/allowed/run"
	cp "bin/$program" "$box/forbidden/run"
	ln -s ../forbidden/run "$box/allowed/runlink"
	printf '#!%s ran\n' "$box/allowed/run" > "$box/forbidden/script"
	chmod 755 "$box/forbidden/script"
	chmod -R a+rwX "$box"
	if [ "$user" = nobody ]; then
		chown -hR 65534:65534 "$box"
	fi
}

# All that can be seen of what is forbidden, to the times.
snapshot()
{
	(cd "$box" && find forbidden readonly allowed/outer/inner -printf '%p %y %m %U %G %n %T@ %C@ %l\n' | sort &&
		find forbidden readonly allowed/outer/inner -type f -exec cksum {} + | sort)
}

# outside COMMAND...: something that no sandbox holds; its number is in $bg.
outside()
{
	case $user in
	nobody) $nobody "$@" & ;;
	*) "$@" & ;;
	esac
	bg=$!
	pids="$pids $bg"
}

is_sleeping() { [ "$(cat "/proc/$1/comm")" = sleep ]; } 2>/dev/null

# Somebody outside who does nothing: there once he is who he will be.
outside_sleeps()
{
	outside sleep 600
	soon is_sleeping $bg
}

end_outside()
{
	for pid in $pids; do
		kill -CONT "$pid"
		kill "$pid"
		wait "$pid"
	done 2>/dev/null
	pids=
}

# Attempts of a run that ended as $1 says.
that_are() { sed -n "s/^\([a-z0-9_]*\) $1.*/\1/p"; }

# none LIST CLAIM: the list is empty.  Refusals, of which there are hundreds, would hide what it says.
none()
{
	if [ -z "$1" ]; then
		ok "$2"
	else
		not_ok "$2"
		note "$1"
	fi
}

# control [VAR=VALUE]...: the program by itself.  An answer of ENOSYS means that this kernel lacks the call.
control()
{
	fixture
	as env CONTROL=1 "$@" "$work/bin/$program" "$box" > control.out 2> control.err
	failed=$(grep -v -e ' reached$' -e ' absent$' -e ' refused ENOSYS$' control.out)
	case $program,$failed in
	floor.*,*' refused E'*)	# a container may be closer than this test wants; what it lets through is tested
		skip "$what: without tollgate every attempt succeeds" "refused here without tollgate, too: $(echo "$failed" | tr '\n' ' ')"
		failed=$(echo "$failed" | grep -v ' refused E')
		;;
	esac
	none "$failed" "$what: without tollgate every attempt succeeds"
	that_are reached < control.out | sort > control.reached
	holds "$what: and there are some" test -s control.reached
}

# attack POLICY ALLOWED: under tollgate.  ALLOWED is a pattern of attempts that the policy lets through.
attack()
{
	fixture
	snapshot > before
	as "$TOLLGATE" run -p "$policies/$1.policy" -- "$work/bin/$program" "$box" > attack.out 2> .err
	is $? 0 "$what, $1: the program itself ends well"
	snapshot > after
	reached=$(that_are reached < attack.out | grep -vxE "${2:-none}")
	none "$reached" "$what, $1: no attempt succeeds"
	cut -d' ' -f1 control.out | sort > all.control
	cut -d' ' -f1 attack.out | sort > all.attack
	none "$(comm -3 all.control all.attack)" "$what, $1: all of them were made"
	none "$(that_are absent < attack.out | sort | comm -12 - control.reached)" "$what, $1: none was left out"
	[ "$1" = run ] || none "$(diff before after)" "$what, $1: nothing forbidden was changed"
}

files()
{
	outside_sleeps
	control "OUTSIDE=$bg"
	OUTSIDE=$bg
	export OUTSIDE
	for p in "$@"; do
		case $p in
		look) attack look 'stat_.*' ;;
		*) attack "$p" ;;
		esac
	done
	end_outside
}

sink_has_come() { [ "$(wc -l < sink.out)" -gt 1 ]; }

network()
{
	for run in control attack; do
		fixture
		rm -f sink.out
		outside bin/sink.tracee "$box" > sink.out
		soon test -s sink.out
		read -r GOOD BAD < sink.out
		export GOOD BAD
		if [ $run = control ]; then
			as env CONTROL=1 "$work/bin/$program" "$box" > control.out 2> control.err
			failed=$(grep -v -e ' reached$' -e ' absent$' -e ' refused ENOSYS$' control.out)
			none "$failed" "$what: without tollgate every attempt succeeds"
		else
			as "$TOLLGATE" run -p "$policies/net.policy" -- "$work/bin/$program" "$box" > attack.out 2> .err
			none "$(that_are reached < attack.out)" "$what, net: no attempt succeeds"
			is "$(cut -d' ' -f1 attack.out)" "$(cut -d' ' -f1 control.out)" "$what, net: all of them were made"
			# MSG_FASTOPEN connects.
			for one in sendto_fastopen sendmsg_fastopen; do
				as "$TOLLGATE" run -p "$policies/connect.policy" -- "$work/bin/$program" "$box" $one > attack.out 2> .err
				none "$(that_are reached < attack.out)" "$what, connect: no $one"
			done
		fi
		case $run in
		control) holds "$what: what is sent comes out" soon sink_has_come ;;
		attack)
			sleep 0.3
			none "$(sed 1d sink.out | sort -u)" "$what, net: nothing comes out"
			;;
		esac
		end_outside
	done
}

# In a session of its own: what the program does to its group must not come to us.
above()
{
	outside_sleeps
	control "ABOVE=$bg"
	end_outside
	fixture
	as setsid -w "$TOLLGATE" run -p "$policies/open.policy" -- "$work/bin/$program" "$box" > attack.out 2> .err < /dev/null
	is $? 0 "$what: tollgate is alive at the end"
	none "$(that_are reached < attack.out)" "$what: no attempt succeeds"
	is "$(cut -d' ' -f1 attack.out)" "$(cut -d' ' -f1 control.out)" "$what: all of them were made"
}

for user in ${USERS:-$users}; do
	for abi in ${ABIS:-tracee tracee32}; do
		for family in ${FAMILIES:-spellings changes children gates unreadable floor runs sends supervisor}; do
			program=$family.$abi
			what="$family, $abi, $user"
			if [ ! -x "bin/$program" ]; then
				skip "$what" 'not built, or this kernel does not run it'
				continue
			fi
			case $family in
			spellings) files forbid look strict ;;
			changes | children | gates | unreadable) files forbid strict ;;
			floor) files open ;;
			runs) files run ;;
			sends) network ;;
			supervisor) above ;;
			esac
		done
	done
done

finish

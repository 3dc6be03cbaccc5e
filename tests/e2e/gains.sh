#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Programs that give rights to who executes them (set-user-ID and the like), where
# no no_new_privs keeps them from it: in a program that a privileged tollgate
# attached to.  Alone they give them; under tollgate they do not run.

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs setpriv grep
[ "$(id -u)" = 0 ] || skip_all 'only root traces what gains'
needs_trace

policy p.policy 'default allow' 'unknown deny ENOSYS'
chmod 755 "$work"
mkfifo go
for gives in nothing user group capabilities; do
	cp "$(command -v grep)" $gives
done
chown 1:65534 user
chmod 4755 user
chgrp 1 group
chmod 2755 group
setcap cap_net_raw+ep capabilities 2>/dev/null || rm capabilities

# begin PROGRAM: an ordinary user's shell, in $victim, that waits, then executes it: it tells what it is.
begin()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups sh -c \
		"read x < go; ./$1 -E '^(Uid|Gid|CapPrm):' /proc/self/status; echo over" > seen 2>&1 &
	victim=$!
	soon eval '[ "$(cat /proc/$victim/comm)" = sh ]'
}

is_traced() { grep -q "^TracerPid:[[:space:]]*$supervisor\$" "/proc/$victim/status"; }

for gives in nothing user group capabilities; do
	if [ ! -x $gives ]; then
		skip "$gives" 'setcap(8) is not here, or the file system keeps no capabilities'
		continue
	fi
	begin $gives
	echo > go
	wait $victim
	cp seen alone
	begin $gives
	"$TOLLGATE" attach -p ./p.policy $victim > .out 2> .err &
	supervisor=$!
	soon is_traced
	echo > go
	wait $victim
	wait $supervisor
	case $gives in
	nothing)
		is "$(cat seen)" "$(cat alone)" 'what gives nothing runs as ever'
		is "$(cat .err)" '' 'and without a word'
		continue
		;;
	user) has='^Uid:	65534	1	1	1' ;;
	group) has='^Gid:	65534	1	1	1' ;;
	capabilities) has='^CapPrm:	0*2000$' ;;
	esac
	like "$(cat alone)" "$has" "$gives: without tollgate it is given"
	unlike "$(cat seen)" '^(Uid|CapPrm)' "$gives: under tollgate no code of it has run"
	like "$(cat seen)" '^over$' "$gives: and who executed it goes on"
	like "$(cat .err)" '^tollgate: [^ ]+ killed: an exec gave it ' "$gives: the log says why"
done

finish

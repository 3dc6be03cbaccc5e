#!/bin/sh
# SPDX-License-Identifier: ISC
# What tollgate finds out about its tasks is not to mislead it: when descriptors
# run out, when there are users without number, in name spaces of their own, and
# where the procfs of other name spaces can be seen.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace

echo SECRET > secret
mkfifo fifo
policy p.policy 'default allow' 'unknown allow' 'unsafe namespaces, mount' "deny read $work/secret"

# --- many that wait in calls, for each of which something is held

cat > wait.sh <<'END'
pids=
for i in $(seq 100); do
	read line < fifo &
	pids="$pids $!"
done
sleep 7			# until tollgate has looked after all twice
cat secret
kill $pids
wait
cat secret
echo "came to $?"
END
ulimit -Sn > limit
ulimit -Sn 64
tg run --timeout 30 -p ./p.policy -- sh wait.sh
ulimit -Sn "$(cat limit)"
unlike "$err" 'ended unseen|was lost|stays' 'nobody is lost where descriptors run out'
unlike "$out" SECRET 'and what is refused stays refused'
like "$out" 'came to 1' 'the program goes on'

# --- users

if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	chmod 755 "$work"
	echo text > text
	chmod 644 text
	cat > users.sh <<'END'
for i in $(seq 100); do
	setpriv --reuid $((40000 + i)) --regid $((40000 + i)) --clear-groups cat text
done
END
	tg run -p ./p.policy -- sh users.sh
	is "$(echo "$out" | sort | uniq -c | tr -s ' ')" ' 100 text' 'a hundred users, one after the other, reach their files'
else
	skip 'a hundred users, one after the other, reach their files' 'this needs root and setpriv'
fi

# --- a user name space of its own

set -- sh -c 'id -u; echo made > made; cat made; ls -d /tmp; rm made'
if unshare -r "$@" > plain.out 2> /dev/null; then
	tg run -p ./p.policy -- unshare -r "$@"
	is "$out" "$(cat plain.out)" 'in a user name space of its own a program reaches what it may'
	tg run -p ./p.policy -- unshare -r cat secret
	unlike "$out" SECRET 'and nothing else'
	unlike "$err" Aborted 'and tollgate goes on'
else
	skip 'in a user name space of its own a program reaches what it may' 'there can be none here'
fi

# --- procfs of an outer name space

cat > inner.sh <<'END'
# outer: the number there of the process that is called $1 here; others have a name space of their own, and may have that number in it
outer()
{
	for it in $(grep -lE "^NSpid:[[:space:]]+[0-9]+[[:space:]]+$1\$" outer/[0-9]*/status 2> /dev/null | cut -d/ -f2); do
		[ "$(readlink "outer/$it/ns/pid")" != "$(readlink /proc/self/ns/pid)" ] || echo "$it"
	done
}
"$TOLLGATE" run -p ./outer.policy -o outer.log -- sh probe.sh > probe.out 2>&1 &
supervisor=$!
until [ -s ready ]; do sleep 0.05; done
outer "$(cat ready)" > own
outer $supervisor > number
: > go
wait $supervisor
END
cat > probe.sh <<'END'
echo $$ > ready
until [ -e go ]; do sleep 0.05; done
ls "outer/$(cat number)/fd" > /dev/null 2>&1 && echo "tollgate's descriptors"
cat "outer/$(cat number)/status" > /dev/null 2>&1 && echo "tollgate's status"
cat "outer/$(cat outside)/environ" > /dev/null 2>&1 && echo 'an outsider'
true < "outer/$(cat own)/environ" && echo 'its own'
cat outer/self/environ > /dev/null 2>&1 && echo 'whose own'
cat outer/sys/kernel/ostype
END
mkdir outer
sleep 60 &
outside=$!
echo $outside > outside
policy outer.policy 'default allow' 'unknown allow' 'deny read /proc/[0-9]*/environ' 'allow read /proc/self/environ'
map=
[ "$(id -u)" = 0 ] || map=-r
# shellcheck disable=SC2086
if unshare $map -m sh -c 'mount --rbind /proc outer && exec unshare -p -f --mount-proc grep -qE "^NSpid:.*[0-9].*[0-9]" outer/self/status' 2> /dev/null; then
	TOLLGATE=$TOLLGATE unshare $map -m sh -c 'mount --rbind /proc outer && exec unshare -p -f --mount-proc sh inner.sh'
	is "$(cat probe.out)" "its own
Linux" 'by the procfs of an outer name space neither tollgate is reached nor an outsider taken for oneself'
	like "$(cat outer.log)" 'outer/[0-9]*/environ", O_RDONLY.*: read /proc/0/environ, rule' 'who has no number here is told so'
	like "$(cat outer.log)" 'read /proc/tollgate/status, floor' 'and who tollgate is'
else
	skip 'by the procfs of an outer name space neither tollgate is reached nor an outsider taken for oneself' 'there can be no such name spaces here'
fi
kill $outside
wait $outside 2> /dev/null
finish

#!/bin/sh
# SPDX-License-Identifier: ISC
# Promises as a user meets them: ordinary programs run with the promises of
# their row, and with each of these left out they do not.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace

TMPDIR=$work/tmp
export TMPDIR
promised=$TG_BUILDDIR/tests/tracee/promised.tracee
[ -x "$promised" ] || { echo "Bail out! $promised is not built"; exit 99; }

# afresh: the files that the programs work on.
afresh()
{
	rm -rf "$work/here" "$TMPDIR"
	mkdir "$work/here" "$work/here/dir" "$TMPDIR"
	cd "$work/here" || exit 99
	echo alpha > a
	echo beta > b
	printf '#!/bin/sh\necho script\n' > s
	chmod 700 s
}

# runs PROMISE... -- COMMAND...: status, out and err of the command under these promises and the lines of $rules.
runs()
{
	promises=
	while [ "$1" != -- ]; do
		promises="$promises $1"
		shift
	done
	shift
	afresh
	{
		echo 'policy 1'
		echo 'default deny EBADSLT'
		[ -z "$promises" ] || echo "promise$promises"
		printf '%s\n' "$rules"
	} > ../p.policy
	tg run -p ../p.policy -- "$@" < /dev/null
}

# without WORD WORD...: the other words.
without()
{
	left=$1
	shift
	for word; do
		[ "$word" = "$left" ] || printf '%s ' "$word"
	done
}

# needed "PROMISE..." COMMAND...: it ends well with all of them, and with one less it does not.
needed()
{
	set=$1
	shift
	# shellcheck disable=SC2086
	runs $set -- "$@"
	is "$status" 0 "$set: $(short "$@")"
	for one in $set; do
		# shellcheck disable=SC2046,SC2086
		runs $(without "$one" $set) -- "$@"
		holds "not without $one: $(short "$@")" test "$status" -ne 0
	done
}

short() { printf '%s' "$*" | sed "s,$TG_BUILDDIR/tests/tracee/,,; s,$work,\$work,g" | tr '\n' ' '; }

# Files.
rules=
needed 'stdio rpath prot_exec' cat a
is "$out" '' 'control: the last of these said nothing'
needed 'stdio rpath prot_exec' ls -l dir
needed 'stdio rpath prot_exec wpath cpath' cp a new
needed 'stdio rpath prot_exec wpath' cp a b
needed 'stdio rpath prot_exec wpath cpath fattr' cp -p a new
needed 'stdio rpath prot_exec wpath cpath' mv a new
needed 'stdio rpath prot_exec wpath cpath' ln a new
needed 'stdio rpath prot_exec cpath' ln -s a new
needed 'stdio rpath prot_exec cpath' rm a
needed 'stdio rpath prot_exec cpath' mkdir new
needed 'stdio rpath prot_exec cpath' rmdir dir
needed 'stdio rpath prot_exec cpath dpath' mkfifo new
needed 'stdio rpath prot_exec wpath' dd if=a of=b conv=notrunc
needed 'stdio rpath prot_exec wpath' truncate -s 1 a
needed 'stdio rpath prot_exec fattr' chmod 600 a
needed 'stdio rpath prot_exec fattr' touch -c a
needed 'stdio rpath prot_exec fattr chown' chown "$(id -u)" a
runs stdio rpath prot_exec fattr -- chmod 4755 a
holds 'fattr makes no program run as its owner' test ! -u a

# Temporary files, and nothing elsewhere.
needed 'stdio rpath prot_exec tmppath' mktemp
runs stdio rpath prot_exec tmppath -- mktemp -p .
holds 'tmppath makes no file elsewhere' test "$status" -ne 0
runs stdio rpath prot_exec tmppath -- rm "$TMPDIR/../here/a"
holds 'and removes none' test -e a

# Programs.
needed 'stdio rpath prot_exec proc' sh -c '(exit 0)'
needed 'stdio rpath prot_exec exec' sh -c 'exec cat a'
needed 'stdio rpath prot_exec proc exec' sh -c 'cat a; ./s'
needed 'stdio rpath prot_exec id exec' nice -n 1 cat a
needed 'stdio rpath prot_exec proc' "$promised" signal
needed 'stdio rpath prot_exec thread' "$promised" threads
needed 'stdio rpath prot_exec proc' "$promised" limit
needed 'stdio rpath prot_exec id' "$promised" become
if command -v flock >/dev/null 2>&1; then
	needed 'stdio rpath prot_exec wpath flock proc exec' flock a cat b
else
	skip 'flock' 'flock is not installed'
fi

# Sockets.
needed 'stdio rpath prot_exec anet' "$promised" serve
needed 'stdio rpath prot_exec inet' "$promised" call
needed 'stdio rpath prot_exec dns' "$promised" ask
needed 'stdio rpath prot_exec anet mcast' "$promised" join
needed 'stdio rpath prot_exec unix' "$promised" local
needed 'stdio rpath prot_exec netlink' "$promised" interfaces
needed 'stdio rpath prot_exec sendfd' "$promised" give
needed 'stdio rpath prot_exec recvfd' "$promised" take
for program in "$promised" "${promised}32"; do
	[ -x "$program" ] && "$program" messages 2> .err || continue
	runs stdio rpath prot_exec -- "$program" messages
	is "$status" 0 "messages without descriptors need neither: $(short "$program")"
done
needed 'stdio rpath prot_exec route' "$promised" address
needed 'stdio rpath prot_exec wroute' "$promised" reroute
runs stdio rpath prot_exec anet -- "$promised" call
is "$status" 1 'anet does not call anybody'
runs stdio rpath prot_exec dns -- "$promised" call
is "$status" 1 'dns calls nobody but on port 53'

# The rest of the kernel.
needed 'stdio rpath prot_exec ipc' "$promised" share
needed 'stdio rpath prot_exec memfd' "$promised" nameless
needed 'stdio rpath prot_exec inotify' "$promised" watch
needed 'stdio rpath prot_exec keyring' "$promised" keys
needed 'stdio rpath prot_exec settime' "$promised" clock
needed 'stdio rpath prot_exec audio' "$promised" sound
needed 'stdio rpath prot_exec video' "$promised" camera
needed 'stdio rpath prot_exec drm' "$promised" graphics
needed 'stdio rpath prot_exec vmm' "$promised" machine
needed 'stdio rpath prot_exec tape' "$promised" wind
needed 'stdio rpath prot_exec disklabel' "$promised" size
needed 'stdio rpath prot_exec tty' "$promised" window

# Files that come with a promise: libraries and nothing else of the system can be read beside them.
rules='allow read /lib/**, /lib64/**, /usr/lib/**, /etc/ld.so.cache'
needed 'stdio prot_exec getpw' id -un
runs stdio prot_exec getpw -- id -un
is "$out" "$(id -un)" 'getpw knows the name of the user'
needed 'stdio prot_exec dns' getent hosts localhost
if [ -e /proc/diskstats ]; then
	needed 'stdio prot_exec vminfo' cat /proc/diskstats
else
	skip 'vminfo: cat /proc/diskstats' 'this kernel knows no disks'
fi
needed 'stdio prot_exec route' cat /proc/self/net/dev
runs stdio prot_exec getpw -- cat /etc/shadow
holds 'getpw does not show password hashes' test "$status" -ne 0
if command -v ps >/dev/null 2>&1; then
	needed 'stdio prot_exec ps' ps -e -o pid=
else
	skip 'ps' 'ps is not installed'
fi

# base/drop: what a program has that is to compute and nothing else.
afresh
tg run -p base/drop -- sort < s
is "$status $err" '0 ' 'base/drop: a program computes, and asks for nothing else'
like "$out" '^echo script' 'with what its descriptors lead to'
tg run -p base/drop -- "$promised" threads
is "$status" 0 'and has threads'
tg run -p base/drop -- cat a
like "$err" 'openat\(.*"a", O_RDONLY.* = EACCES: read .*/here/a, ' 'it reads no file'
tg run -p base/drop -- cp /dev/null new
holds 'makes none' test ! -e new
tg run -p base/drop -- sh -c '(echo child)'
unlike "$out" 'child' 'has no children'
tg run -p base/drop -- sh -c 'exec /bin/echo other'
unlike "$out" 'other' 'executes nothing else'
tg run -p base/drop -- "$promised" give
like "$err" 'socketpair\(.* = EACCES: syscall socketpair, ' 'and makes no socket'

# The same, as OpenBSD does: what was not promised kills, or (`error`) says ENOSYS.
policy ../kill.policy 'default kill' 'promise stdio rpath prot_exec'
afresh
tg run -p ../kill.policy -- rm -f a
is "$status" 159 'default kill: what was not promised kills'
policy ../error.policy 'default deny ENOSYS' 'promise stdio rpath prot_exec'
tg run -p ../error.policy -- rm -f a
like "$out$err" 'Function not implemented' 'default deny ENOSYS: the program hears that there is no such call'

# Each can be looked at.
for name in $("$TOLLGATE" list --names promises); do
	tg show --promise "$name"
	like "$out" '^# Does not give: ' "$name says what it does not give"
	like "$out" '^# Leaves open: ' "$name says what it leaves open"
done
tg list promises
is "$(printf '%s\n' "$out" | grep -c '^[a-z]')" "$("$TOLLGATE" list --names promises | wc -l | tr -d ' ')" 'list promises has a line for each'
unlike "$out" '^[a-z_]+ *$' 'and says what it is'

finish

#!/bin/sh
# SPDX-License-Identifier: ISC
# Both engines say the same: output, exit status, log and what the status
# descriptor tells of each run are compared, of ordinary programs and of ones
# that are refused things in every way there is.  (The rest of the tests runs
# with a filter where there can be one, and at simulated levels without.)
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace

policy all.policy 'default allow' 'unknown allow'
tg run --engine seccomp -p ./all.policy -- true
[ "$status" = 0 ] || skip_all "$(printf '%s\n' "$err" | head -n 1)"
tracees=$TG_BUILDDIR/tests/tracee

# What is of one run only: process numbers, addresses, the working directory's name.
common()
{
	sed -E 's/\[[0-9]+\]/[PID]/g; s/"((child-)?pid|tid)": *[0-9]+/"\1": N/g; s/"time":[0-9.]+/TIME/
		s/0x[0-9a-f]{8,}/ADDRESS/g; s/(, )[0-9]{10,}/\1ADDRESS/g' "$1"
}

# one ENGINE POLICY COMMAND...
one()
{
	engine=$1 with=$2
	shift 2
	rm -rf "here"
	mkdir here
	echo alpha > here/a
	cp "$TG_SRCDIR/README.md" here/text
	(cd here && exec "$TOLLGATE" run --engine "$engine" $options -p "../$with" -o ../log --status-fd 3 -- "$@" 3> ../told \
	    > ../out 2> ../err < /dev/null)
	echo "status $?" > "$engine.run"
	for f in out err log told; do
		echo "== $f"
		common $f
	done >> "$engine.run"
}

# alike CLAIM POLICY COMMAND...
alike()
{
	claim=$1
	shift
	one ptrace "$@"
	one seccomp "$@"
	is "$(diff ptrace.run seccomp.run)" '' "$claim"
}

options=
policy stdio.policy 'promise stdio rpath' 'allow exec /usr/**'
policy errors.policy 'default deny EBADSLT' 'promise stdio rpath exec proc prot_exec' 'allow exec,read,stat /**' \
	'deny EIO syscall getuid quiet' 'kill syscall sched_yield' 'allow syscall uname log' 'deny read /etc/hostname'
policy kills.policy 'default allow' 'unknown kill' 'kill syscall mkdir, mkdirat'
policy traps.policy 'default allow' 'trap syscall getuid, geteuid'
policy phased.policy 'default deny' 'promise stdio rpath exec proc' 'allow exec /usr/**' \
	'phase start until exec {' ' allow syscall getppid, getpgrp, getpgid' '}' \
	'phase begin until mark "go" {' ' allow create,write,delete ./**' '}'
policy child.policy 'default deny ENOTUNIQ' 'promise stdio rpath exec proc' 'allow exec /usr/**'
policy added.policy 'default allow' 'unknown allow' 'allow exec /usr/bin/id -> "child"'
policy childless.policy 'default allow' 'children deny EAGAIN'
policy log.policy 'default allow' 'unknown allow' 'allow syscall getpid, write log' 'allow read /etc/** log'
policy foreign.policy 'default allow' 'unknown allow' 'unsafe foreign-abi'

alike 'a shell and what it starts' all.policy sh -c 'cat text | grep -c the; id -u; (exit 3) || ls; ! cat none'
alike 'refused files' stdio.policy sh -c 'cat /etc/hostname; cat text | wc -l'
alike 'a script with threads' all.policy python3 -c 'import threading as t
r = []
p = [t.Thread(target=lambda: r.append(open("text").read())) for i in range(9)]
[x.start() for x in p]; [x.join() for x in p]; print(len(r))'
alike 'all but a promise' errors.policy sh -c 'echo > x; mkdir y; cat a; ln a b; exec 4<> a'
alike 'quiet, logged, fatal' errors.policy sh -c 'id; cat /etc/hostname; uname; perl -e "syscall 24"; echo $?'
alike 'killed' kills.policy sh -c 'echo first; mkdir d; echo never'
alike 'killed in a child' kills.policy sh -c 'mkdir d; echo $?; echo last'
alike 'trapped, without a handler' traps.policy id
alike 'phases' phased.policy sh -c 'echo b > b; perl -e "print getppid > 0" ; perl -e "getpgrp"; cat b; rm b'
alike 'policies that an exec adds' added.policy sh -c 'mkdir d; id; rmdir d; /bin/ls /etc | head -n 3 > /dev/null; echo $?'
alike 'a socket that listens' all.policy python3 -c 'import socket as s; l = s.socket(); l.listen(); print(l.getsockname()[1] > 0)'
alike 'no children' childless.policy sh -c 'echo in; ls; echo never'
alike 'lines about what is allowed' log.policy sh -c 'echo one; cat /etc/hostname > /dev/null; echo two'
for abi in tracee tracee32; do
	for face in signals restart traps stops threads children leaves leader-leaves timers registers descriptors; do
		[ -x "$tracees/faces.$abi" ] || { skip "$face, $abi" 'not built'; continue; }
		alike "$face, $abi" all.policy "$tracees/faces.$abi" "$face"
	done
	for face in signals children threads; do
		[ -x "$tracees/faces.$abi" ] && alike "$face with refusals, $abi" errors.policy "$tracees/faces.$abi" "$face"
	done
done
if [ -x "$tracees/faces.tracee32" ]; then
	alike 'a 32-bit program among others' all.policy sh -c "$tracees/faces.tracee32 children; cat text | wc -c"
	alike 'a 64-bit program that a 32-bit one starts' all.policy "$tracees/runs.tracee32" /usr/bin/id -u
fi
[ -x "$tracees/gates.tracee" ] && for with in all foreign kills; do
	alike "calls by other gates, $with" $with.policy "$tracees/gates.tracee"
done
if [ "$(uname -m)" = x86_64 ]; then
	# own_filter NUMBER RETURNS: what a filter of the program's own, own.bpf, says of that call.
	own_filter()
	{
		python3 -c "import struct, sys
for insn in (0x20, 0, 0, 0), (0x15, 0, 1, $1), (0x06, 0, 0, $2), (0x06, 0, 0, 0x7fff0000):
	sys.stdout.buffer.write(struct.pack('HBBI', *insn))" > own.bpf
	}
	# TRACE with our data or other, and an error, for getppid.
	for returns in 0x7ff00000 0x7ff07467 0x00050016; do
		own_filter 110 $returns
		alike "a filter of the program's own ($returns)" all.policy "$tracees/filtered.tracee" "$work/own.bpf" /usr/bin/perl -e \
			'print syscall(110) > 0 ? "a number\n" : $! + 0, "\n"'
	done
	# without_libraries FILE CODE SIZE: a program of that code, in hexadecimal, with so much memory behind it.
	without_libraries()
	{
		python3 -c "import struct, sys
code = bytes.fromhex('$2')
head = struct.pack('<16sHHIQQQIHHHHHH', b'\\x7fELF\\2\\1\\1', 2, 62, 1, 0x4000b0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
load = struct.pack('<IIQQQQQQ', 1, 5, 0, 0x400000, 0x400000, 176 + len(code), 176 + len(code), 4096)
room = struct.pack('<IIQQQQQQ', 1, 6, 0, 0x500000, 0x500000, 0, $3, 4096)
sys.stdout.buffer.write(head + load + room + code)" > "$1"
		chmod +x "$1"
	}
	# getpid by int $0x80, by syscall, and by int $0x80 again; its status is 1 and 2 for the first and last.
	without_libraries first b814000000cd8089c3b8270000000f05b814000000cd8031ff85db400f9fc785c00f9fc00fb6c08d3c47b83c0000000f05 4096
	if ./first; [ $? = 3 ]; then
		alike 'a call by another gate before any of its own' foreign.policy ../first
		tg run -p ./foreign.policy -- ./first
		is "$status" 2 'which is refused, and later ones are not'
	else
		skip 'a call by another gate before any of its own' 'this kernel has no 32-bit calls'
	fi
	# exit(5), where the first two GiB are taken.
	without_libraries wide bf05000000b83c0000000f05 0x7fa00000
	if ./wide; [ $? = 5 ]; then
		alike 'a program that takes all that lies low' all.policy ../wide
		tg run -p ./all.policy -- ./wide
		is "$status" 5 'runs'
	else
		skip 'a program that takes all that lies low' 'there is not so much memory here'
	fi
	# A filter of its own says that it closes, and does not.
	own_filter 3 0x00050000
	tg run -p ./all.policy -- "$tracees/filtered.tracee" "$work/own.bpf" /bin/ls -l /proc/self/fd
	unlike "$out" tollgate "no descriptor of tollgate's stays open"
	# Calls by the page of old, which have no exit: looked at after a trap as before.
	policy old.policy 'default allow' 'unknown allow' 'trap syscall time' 'deny syscall gettimeofday'
	cat > vsyscall.py <<-'END'
		import ctypes, signal
		signal.signal(signal.SIGSYS, lambda *a: None)
		page = lambda at: ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)(0xffffffffff600000 + at)
		day, now, room = page(0), page(1024), ctypes.create_string_buffer(16)
		print([day(room, None) == 0, now(None, None) > 1e9, day(room, None) == 0, now(None, None) > 1e9, day(room, None) == 0])
	END
	if grep -q vsyscall /proc/self/maps && has_feature filter && [ "$(python3 vsyscall.py)" = '[True, True, True, True, True]' ]; then
		tg run -p ./old.policy -- python3 vsyscall.py
		is "$out" '[False, False, False, False, False]' 'calls by the page of old are refused and trapped, one after the other'
	else
		skip 'calls by the page of old' 'this kernel has no vsyscall page, or no filters'
	fi
fi
options='--dry-run'
alike 'what would be refused' stdio.policy sh -c 'cat /etc/hostname > /dev/null; echo > x; ls'
options='--log=json'
alike 'the log for machines' errors.policy sh -c 'id; cat /etc/hostname; mkdir y; mkdir y'
alike 'what is allowed, for machines' log.policy sh -c 'echo one; cat /etc/hostname > /dev/null'

# --- the option

tg run --engine bpf -p ./all.policy -- true
is "$status" 125 'an engine that there is not'
like "$err" 'engine.*auto.*ptrace.*seccomp' 'is told which there are'
tg run --engine seccomp --without filter -p ./all.policy -- true
is "$status" 125 'seccomp where filters stop nobody'
like "$err" 'engine seccomp: this kernel' 'is told why not'
policy lets.policy 'default allow' 'unknown allow' 'unsafe supervisor-loss'
tg run --engine seccomp --on-supervisor-loss detach -p ./lets.policy -- true
is "$status" 125 'seccomp for who is to go on without tollgate'
tg run --on-supervisor-loss detach -p ./lets.policy -- grep -c '^Seccomp:.*2$' /proc/self/status
is "$out" 0 'auto takes no filter then'
tg run --engine seccomp --without hold -p ./all.policy -- sh -c 'ls > /dev/null; exit 4'
is "$status" 4 'seccomp where nothing is held'
tg run --without filter -p ./all.policy -- sh -c 'exit 9'
is "$status" 9 'auto does without'
"$TOLLGATE" run --engine seccomp -p ./all.policy -- grep -E '^Seccomp:' /proc/self/status > out
like "$(cat out)" '2$' 'there is a filter'
"$TOLLGATE" run --engine ptrace -p ./all.policy -- grep -E '^Seccomp:' /proc/self/status > out
unlike "$(cat out)" '2$' 'or there is none'
finish

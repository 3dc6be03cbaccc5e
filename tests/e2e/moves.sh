#!/bin/sh
# SPDX-License-Identifier: ISC
# A refusal of a file or a socket holds under every name that it can be given.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs python3
needs_trace

mkdir -p top/in out
cp /bin/sh top/tool
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("top/in/s")' || skip_all 'no socket can be made here'
policy moves.policy 'default allow' "deny connect unix:$work/top/in/**" "deny exec $work/top/tool"

# moves CALL OLD NEW: what the program is told.
moves()
{
	tg run -p ./moves.policy -- python3 -c '
import errno, os, sys
try:
    getattr(os, sys.argv[1])(sys.argv[2], sys.argv[3])
    print("done")
except OSError as e:
    print(errno.errorcode[e.errno])
' "$@"
}

# What was held when its name was removed, and has another one, goes by the first.
echo secret > top/letter
policy letter.policy 'default allow' "deny read,write $work/top/letter"
printf '%s\n' 'import os, time' 'fd = os.open("top/letter", os.O_PATH)' 'open("out/ready", "w")' \
	'while os.path.exists("top/letter"): time.sleep(0.05)' 'print(open("/proc/self/fd/%d" % fd).read())' > reopens.py
for how in alone held; do
	rm -f out/ready top/letter.bak
	echo secret > top/letter
	(soon test -e out/ready; ln top/letter top/letter.bak; rm top/letter) &
	case $how in
	alone) like "$(python3 reopens.py)" secret 'control: a removed name of two is opened by its descriptor' ;;
	held)
		tg run -p ./letter.policy -- python3 reopens.py
		unlike "$out" secret 'the removed one of two names is refused as before'
		like "$err" "read $work/top/letter, rule" 'and called by it'
		;;
	esac
	wait
done

# procfs in another place is procfs.
mkdir proc2
second='unshare -m --propagation private sh -c'
if $second 'mount -t proc proc proc2' 2>/dev/null; then
	policy plain.policy 'default allow'
	out=$($second 'mount -t proc proc proc2; : >> proc2/sys/kernel/core_pattern && echo opened')
	is "$out" opened 'control: a setting of the kernel can be opened in a second procfs'
	out=$(TOLLGATE=$TOLLGATE $second 'mount -t proc proc proc2
		"$TOLLGATE" run -p ./plain.policy -- sh -c ": >> proc2/sys/kernel/core_pattern && echo opened" 2>&1')
	unlike "$out" '^opened' 'under tollgate it cannot'
	like "$out" 'EPERM: write /proc/sys/kernel/core_pattern, floor' 'and is called by its usual name'
else
	skip 'a second procfs' 'this user, or a container, mounts none'
fi

moves rename top/in/s out/s
is "$out" EXDEV 'a refused socket is not renamed to a free name'
like "$err" 'EXDEV: connect unix:.*/top/in/s, refused of the old name, and the new one would allow it \(\./moves\.policy:3\)' \
    'the log says which right, and the line'
moves link top/in/s out/s
is "$out" EXDEV 'nor linked'
moves rename top/in out/in
is "$out" EXDEV 'nor is its directory'
moves rename top out/top
is "$out" EXDEV 'nor a directory above'
moves rename top/tool out/tool
is "$out" EXDEV 'a program that is refused is not renamed'
moves link top/tool out/tool
is "$out" EXDEV 'nor linked'
moves rename top/in/s top/in/t
is "$out" 'done' 'what stays refused can move'
holds 'and does' [ -S top/in/t ]

finish

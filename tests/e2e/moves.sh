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

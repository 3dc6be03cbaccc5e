#!/bin/sh
# SPDX-License-Identifier: ISC
# A window on a real X server, under the shipped policies: the picture is there.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs Xvfb ffmpeg mpv
needs_trace

cp "$TG_SRCDIR/tests/media/clip.mkv" .
# Without -noreset the server starts anew when its last client goes, and a client that comes just then is turned away.
Xvfb -displayfd 3 -noreset -screen 0 640x480x24 3> display > /dev/null 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; cd /; rm -rf "$work"' EXIT
soon test -s display || skip_all 'Xvfb does not start here'
DISPLAY=:$(cat display)
export DISPLAY
unset WAYLAND_DISPLAY XAUTHORITY

# colours: how many of the 640x480 pixels on the screen are not black, in percent.
colours()
{
	ffmpeg -nostdin -v error -f x11grab -video_size 640x480 -i "$DISPLAY" -frames:v 1 -f rawvideo -pix_fmt gray - |
	    od -An -v -tu1 | awk '{ for (i = 1; i <= NF; i++) { n++; lit += $i > 24 } } END { print int(100 * lit / (n ? n : 1)) }'
}

# shows NAME COMMAND...: the program's picture appears while it runs, and it ends well.
shows()
{
	name=$1
	shift
	"$TOLLGATE" run "$@" > .out 2> .err &
	pid=$!
	most=0
	while kill -0 "$pid" 2>/dev/null; do
		now=$(colours)
		[ "${now:-0}" -gt "$most" ] && most=$now
		[ "$most" -ge 5 ] && break
	done
	wait "$pid"
	ended=$?
	is "$ended" 0 "$name ends well"
	holds "the picture of $name is on the screen" test "$most" -ge 5
	[ "$ended.$((most >= 5))" = 0.1 ] || note "$(tail -n 20 .out .err)"
	unlike "$(cat .err)" '(connect|socket)\(' "$name is refused no connection it needs"
}

is "$(colours)" 0 'control: the screen is black before'
shows 'mpv on X11' -p mpv -- mpv --vo=x11 --ao=null --no-terminal --loop=2 clip.mkv
shows 'mpv drawn by Mesa' -p mpv -- mpv --vo=gpu --gpu-sw=yes --ao=null --no-terminal --loop=2 clip.mkv
if command -v mplayer >/dev/null 2>&1; then
	shows 'mplayer' -p mplayer -- mplayer -really-quiet -vo x11 -ao null -loop 2 clip.mkv
fi

# The X server is all that can be reached: not without the rule.
policy blind.policy 'include "media-player"' 'default deny EACCES' 'unknown deny ENOSYS' 'deny EPERM connect abstract:/tmp/.X11-unix/X*, unix:/tmp/.X11-unix/X*'
tg run -p ./blind.policy -- mpv --vo=x11 --ao=null --no-terminal clip.mkv
like "$err" 'connect\(.*X11-unix.*\) = EPERM: connect (abstract|unix):.*X11-unix' 'a stricter policy keeps it off the screen'

finish

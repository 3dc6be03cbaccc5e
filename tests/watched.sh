#!/bin/sh
# SPDX-License-Identifier: ISC
#
# watched.sh COMMAND...: becomes the command, and watches.  It fails when it
# leaves processes behind, or takes too long: these are shown, and killed.
#
#	TG_TEST_SECONDS		how long it may take; 0 or not given: as long as it does

limit=${TG_TEST_SECONDS:-0}
mark=:$$:

# What the command has started carries the mark in its environment, in whichever session it is, and whoever its parent became.
marked() { grep -lzs "^TG_WATCHED=.*$mark" /proc/[0-9]*/environ 2>/dev/null | cut -d / -f 3; }

show()
{
	for pid; do
		ps -o pid=,ppid=,pgid=,stat=,etime=,wchan:20=,args= -p "$pid" | cut -c 1-200
		grep -s TracerPid "/proc/$pid/status"
	done | sed 's/^/#   /'
}

# gone SECONDS: waits a moment until nobody is left; else they are in $left.
gone()
{
	for turn in 1 2 3 4 5 6 7 8 9 10; do
		left=$(marked)
		[ -n "$left" ] || return 0
		sleep "$1"
	done
	return 1
}

# ends: watches the command that this shell has become.
ends()
{
	if ! timeout "$limit" tail -s 0.2 -f --pid=$$ /dev/null; then
		echo "# it has not ended in $limit seconds; these run:"
		left=$(marked)
	elif gone 0.5; then
		return
	else
		echo '# these are left behind:'
	fi
	show $left
	for turn in 1 2 3 4 5; do
		kill -KILL $left 2>/dev/null
		gone 0.1 && break
	done
	echo 'Bail out! what it started had to be killed'
}

ends &
TG_WATCHED=${TG_WATCHED-}$mark
export TG_WATCHED
exec "$@"

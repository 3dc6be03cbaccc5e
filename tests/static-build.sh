#!/bin/sh
# SPDX-License-Identifier: ISC
#
# static-build.sh DIRECTORY TARGET...
#
# Makes these targets of a static build there, and that build where there is
# none.  Tests that run at the same time can share it.  77: it cannot be made
# here, and the last line says what it needs.

TG_SRCDIR=${TG_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
directory=$1
shift
unset CC CFLAGS CPPFLAGS LDFLAGS LIBS MAKEFLAGS MFLAGS MAKELEVEL

[ ! -f "$TG_SRCDIR/config.status" ] || { echo 'the sources are configured themselves, which excludes builds elsewhere'; exit 77; }
command -v musl-gcc > /dev/null || { echo 'musl-gcc is not installed (Debian: musl-tools)'; exit 77; }
mkdir -p "$directory" && cd "$directory" || exit 1
exec 9> lock
flock 9 || exit 1
{
	[ -f Makefile ] || "$TG_SRCDIR/configure" --enable-static-tollgate CFLAGS=-O1
} > configure.log 2>&1 9>&- || { tail -n 5 configure.log; exit 1; }
# One after the other: "all" is a make of its own.  Where nothing is to be made the log is that of who made it.
: > said
for target; do
	make -s -j2 "$target" >> said 2>&1 9>&- || { tail -n 20 said; exit 1; }
done
[ ! -s said ] || mv said make.log

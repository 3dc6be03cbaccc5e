#!/bin/sh
# SPDX-License-Identifier: ISC
#
# pack.sh DIRECTORY STATIC-BUILD SCRIPT...
#
# Fills a directory for boot.sh: init.c and tollgate from a static build, the
# end-to-end tests with what they trace, and the tools of this machine that they
# use.  /start, guest.sh, runs those scripts; what makes them less is passed on.

TG_SRCDIR=${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
TG_BUILDDIR=${TG_BUILDDIR:-$TG_SRCDIR/build}
into=$1 static=$2
shift 2

tools='sh bash awk basename cat chgrp chmod chown cksum cmp comm cp cut date dd diff dirname echo env expr false find grep head
	id kill ln ls mkdir mkfifo mknod mktemp mv nice od paste printf ps pwd readlink rev rm rmdir sed seq setpriv setsid
	sleep sort stat stty tail tee test timeout touch tr true truncate tty uname uniq wc xargs yes'

set -e
mkdir -p "$into/usr" "$into/root" "$into/etc" "$into/tollgate/src/tests/kernels" "$into/tollgate/build/tests/tracee" \
	"$into/tollgate/build/tests/kernels"

# The same folders as here, where some are links.
for name in bin sbin lib lib32 lib64 libx32; do
	if [ -L "/$name" ]; then
		cp -P "/$name" "$into/$name"
		mkdir -p "$into/$(readlink "/$name")"
	fi
done

# take FILE...: under its own name.
take()
{
	for file; do
		[ ! -e "$into$file" ] || continue
		mkdir -p "$into${file%/*}"
		cp -L "$file" "$into$file"
	done
}

# libraries FILE...: those that they load, by their own loader's word.
libraries() { ldd "$@" 2>/dev/null | sed -nE 's,^[^/]*(/[^ ]+) \(0x.*,\1,p' | sort -u; }

for tool in $tools; do
	path=$(command -v "/usr/bin/$tool" || command -v "/bin/$tool") || { echo "pack.sh: there is no $tool here"; continue; }
	take "$path"
done
for tracee in "$TG_BUILDDIR"/tests/tracee/*.tracee "$TG_BUILDDIR"/tests/tracee/*.tracee32; do
	[ ! -x "$tracee" ] || cp "$tracee" "$into/tollgate/build/tests/tracee/"
done
# shellcheck disable=SC2046
take $(libraries "$into"/usr/bin/* "$into/tollgate/build/tests/tracee"/*)
take /etc/passwd /etc/group /etc/hosts /etc/nsswitch.conf
[ ! -e /etc/ld.so.cache ] || take /etc/ld.so.cache

cp -R "$TG_SRCDIR/tests/e2e" "$TG_SRCDIR/tests/media" "$into/tollgate/src/tests/"
cp "$TG_SRCDIR/tests/kernels/suite.sh" "$into/tollgate/src/tests/kernels/"
cp "$TG_BUILDDIR/tests/kernels/oldkernel" "$into/tollgate/build/tests/kernels/"
cp "$static/tollgate" "$into/tollgate/build/"
cp "$static/tests/kernels/init" "$into/init"
cp "$TG_SRCDIR/tests/kernels/guest.sh" "$into/start"
echo "$*" > "$into/tollgate/scripts"
env | sed -nE "s/^(USERS|ABIS|FAMILIES)=(.*)/\1='\2'; export \1/p" > "$into/tollgate/environment"
chmod 755 "$into/start" "$into/init"

#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The end-to-end tests at simulated levels of the kernel: each script runs as a
# whole, with all its programs, where an older kernel seems to be.
#
#	LEVELS		"all", or some of oldkernel --list
#	SCRIPTS		names in tests/e2e

TG_SRCDIR=${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
TG_BUILDDIR=${TG_BUILDDIR:-$TG_SRCDIR/build}
old=$TG_BUILDDIR/tests/kernels/oldkernel
short='callers cli phases programs promises transitions'
n=0
failed=0

[ -x "$old" ] || { echo "Bail out! $old is not built"; exit 99; }
if ! "$old" now -- true; then
	echo '1..0 # SKIP this kernel, or a container, takes no seccomp filter'
	exit 0
fi
case ${LEVELS:-} in
'')
	LEVELS='2.6.32 3.4 4.8'
	SCRIPTS=${SCRIPTS:-$short attach attacks transparent}
	;;
all)
	LEVELS=$("$old" --list)
	SCRIPTS=${SCRIPTS:-$short attach attacks hostile transparent window}
	;;
esac

out=$(mktemp) || exit 99
trap 'rm -f "$out"' EXIT
trap 'exit 99' HUP INT TERM
for level in $LEVELS; do
	for script in ${SCRIPTS:-$short}; do
		# Without prlimit64 the tests' own shell cannot forbid a core, as tollgate does.
		(ulimit -c 0; exec "$old" "$level" -- sh "$TG_SRCDIR/tests/e2e/$script.sh" > "$out")
		status=$?
		sed -n "s,^\\(ok\\|not ok\\) [0-9]* - ,\\1 - $level $script: ,p; /^#/p" "$out"
		n=$((n + $(grep -cE '^(ok|not ok) ' "$out")))
		if [ "$status" != 0 ] || ! grep -q '^1\.\.' "$out"; then
			failed=1
			n=$((n + 1))
			echo "not ok - $level $script: the script ends well"
		fi
	done
done
echo "1..$n"
exit "$failed"

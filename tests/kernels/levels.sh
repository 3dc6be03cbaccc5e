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
. "$TG_SRCDIR/tests/kernels/suite.sh"

[ -x "$old" ] || { echo "Bail out! $old is not built"; exit 99; }
if ! "$old" now -- true; then
	echo '1..0 # SKIP this kernel, or a container, takes no seccomp filter'
	exit 0
fi
case ${LEVELS:-} in
'')
	LEVELS='2.6.32 3.4 4.8'
	SCRIPTS=${SCRIPTS:-$short attacks transparent}
	;;
all)
	LEVELS=$("$old" --list)
	SCRIPTS=${SCRIPTS:-$short attach attacks hostile transparent window}
	;;
esac

# Without prlimit64 the tests' own shell cannot forbid a core, as tollgate does.
ulimit -c 0
for level in $LEVELS; do
	for script in ${SCRIPTS:-$short}; do
		suite "$level" "$script" "$old" "$level" --
	done
done
suites_end

#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The end-to-end tests at simulated levels of the kernel: each script runs as a
# whole, with all its programs, where an older kernel seems to be.  Some of them
# side by side, since they wait a lot: what they say comes at the end, in order.
#
#	LEVELS		"all", or some of oldkernel --list; else all but this kernel itself
#	SCRIPTS		names in tests/e2e
#	JOBS		how many at a time
#
# levels.sh --one LEVEL SCRIPT is one of them.

TG_SRCDIR=${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
TG_BUILDDIR=${TG_BUILDDIR:-$TG_SRCDIR/build}
export TG_SRCDIR TG_BUILDDIR
old=$TG_BUILDDIR/tests/kernels/oldkernel
# Those that take longest first.  Not here: what traces nothing, or needs filters of its own (export).
telling='attacks attach transparent window programs hostile moves promises cli phases transitions links callers'
patient='explain chaos jobcontrol players loss memory bench'
. "$TG_SRCDIR/tests/kernels/suite.sh"

if [ "${1:-}" = --one ]; then
	TG_TEST_SECONDS=$((${TG_TEST_SECONDS:-0} / 2))
	export TG_TEST_SECONDS
	suite "$2" "$3" sh "$TG_SRCDIR/tests/watched.sh" "$old" "$2" --
	exit "$failed"
fi

# What a level has no room for: without PTRACE_LISTEN nobody stays stopped for a shell's sake.
makes_sense()
{
	case $1.$2 in
	2.6.32.jobcontrol | 3.0.jobcontrol | 3.2.jobcontrol) return 1 ;;
	esac
}

runs()
{
	for script in $SCRIPTS; do
		for level in $LEVELS; do
			! makes_sense "$level" "$script" || echo "$level $script"
		done
	done
}

[ -x "$old" ] || { echo "Bail out! $old is not built"; exit 99; }
if ! "$old" now -- true; then
	echo '1..0 # SKIP this kernel, or a container, takes no seccomp filter'
	exit 0
fi
case ${LEVELS:-} in
'')
	LEVELS=$("$old" --list | grep -vx now)
	SCRIPTS=${SCRIPTS:-$telling}
	;;
all)
	LEVELS=$("$old" --list)
	SCRIPTS=${SCRIPTS:-$telling $patient}
	;;
*) SCRIPTS=${SCRIPTS:-$telling} ;;
esac

# Without prlimit64 the tests' own shell cannot forbid a core, as tollgate does.
ulimit -c 0
LEVELS_SAID=$suite_dir
export LEVELS_SAID
# shellcheck disable=SC2016
runs | xargs -n 2 -P "${JOBS:-$(($(getconf _NPROCESSORS_ONLN) + 1))}" \
	sh -c 'sh "$0" --one "$1" "$2" > "$LEVELS_SAID/$1.$2" 2>&1' "$TG_SRCDIR/tests/kernels/levels.sh" || failed=1
for run in $(runs | tr ' ' .); do
	cat "$suite_dir/$run"
	n=$((n + $(grep -cE '^(ok|not ok) ' "$suite_dir/$run")))
done
suites_end

# shellcheck shell=sh
# SPDX-License-Identifier: ISC
#
# For end-to-end tests: TAP, a home of one's own, and tollgate with its words
# and its exit status kept.  A test is
#
#	. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
#	policy p.policy 'default allow'
#	tg run -p ./p.policy -- true
#	is "$status" 0 'true is true'
#	finish
#
# make check sets TOLLGATE, TG_SRCDIR and TG_BUILDDIR; a run by hand takes
# ./build.  The working directory is $work, which is removed at the end.

LC_ALL=C
export LC_ALL
unset XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_STATE_HOME NO_COLOR

TG_SRCDIR=${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
TG_BUILDDIR=${TG_BUILDDIR:-$TG_SRCDIR/build}
TOLLGATE=${TOLLGATE:-$TG_BUILDDIR/tollgate}

tap_n=0
tap_failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/tollgate-test.XXXXXX") || exit 99
work=$(cd "$work" && pwd -P)
HOME=$work/home
export HOME
mkdir "$HOME"
cd "$work" || exit 99
trap 'cd /; chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
exec 3>&-	# the log under make check: a program that is tried here could move its end

# TAP

ok() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1"; }
not_ok() { tap_n=$((tap_n + 1)); tap_failed=1; echo "not ok $tap_n - $1"; }
note() { printf '%s\n' "$*" | sed 's/^/# /'; }
skip() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1 # SKIP $2"; }

# todo CLAIM REASON: it does not hold, and the documents say so.
todo() { tap_n=$((tap_n + 1)); echo "not ok $tap_n - $1 # TODO $2"; }

# skip_all REASON: nothing in this file can be tested here.
skip_all() { echo "1..0 # SKIP $1"; exit 0; }

# finish: the plan, and the end.
finish() { echo "1..$tap_n"; exit "$tap_failed"; }

# is GOT WANTED CLAIM
is()
{
	if [ "$1" = "$2" ]; then
		ok "$3"
	else
		not_ok "$3"
		note "wanted: $2"
		note "got:    $1"
		told
	fi
}

# like TEXT REGEX CLAIM, unlike TEXT REGEX CLAIM: extended regular expressions, some line matches, none does.
like()
{
	if printf '%s\n' "$1" | grep -qE -e "$2"; then
		ok "$3"
	else
		not_ok "$3"
		note "no line matches: $2"
		note "$1"
	fi
}

unlike()
{
	if printf '%s\n' "$1" | grep -qE -e "$2"; then
		not_ok "$3"
		note "a line matches: $2"
		note "$1"
	else
		ok "$3"
	fi
}

# holds CLAIM COMMAND...: the command succeeds.
holds()
{
	claim=$1
	shift
	if "$@"; then ok "$claim"; else not_ok "$claim"; note "failed: $*"; told; fi
}

# What tollgate said last, under a test that failed.
told()
{
	[ -s "$work/.err" ] || return 0
	note "standard error:"
	head -c 65536 "$work/.err" | head -n 20 | sed 's/^/#   /'
}

# tollgate

# tg ARGUMENT...: runs tollgate; leaves $status, $out and $err (the files are .out and .err).
tg()
{
	"$TOLLGATE" "$@" > "$work/.out" 2> "$work/.err"
	status=$?
	out=$(head -c 65536 "$work/.out" | tr -d '\000')
	err=$(head -c 65536 "$work/.err" | tr -d '\000')
}

# soon COMMAND...: waits until it is true, for up to half a minute.
soon()
{
	turns=0
	until "$@"; do
		turns=$((turns + 1))
		[ $turns = 300 ] && return 1
		sleep 0.1
	done
}

# abis: those that programs can have here, the machine's own first.
abis()
{
	"$TOLLGATE" list arches | awk '
		/\(this one\)$/ { here = 1; next }
		/^[^ ]/ { here = 0 }
		here && !/every call is refused/ { print $1 }'
}

# policy FILE STATEMENT...: writes a policy, with its first line.
policy()
{
	file=$1
	shift
	{ echo 'policy 1'; printf '%s\n' "$@"; } > "$file"
}

# needs COMMAND...: skips the whole file when one is not installed.
needs()
{
	for tool; do
		command -v "$tool" >/dev/null 2>&1 || skip_all "$tool is not installed"
	done
}

# has_feature NAME: tollgate has found that the kernel has it.
has_feature() { "$TOLLGATE" probe | grep -q "^  yes  $1 "; }

# needs_trace: skips the whole file where this machine lets nobody trace.
needs_trace()
{
	[ -x "$TOLLGATE" ] || { echo "Bail out! $TOLLGATE is not built"; exit 99; }
	policy .probe.policy 'default allow'
	tg run -p ./.probe.policy -- true
	case $status$err in
	125*ptrace*) skip_all "this machine does not let tollgate trace: $err" ;;
	esac
}

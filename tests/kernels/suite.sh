# shellcheck shell=sh
# SPDX-License-Identifier: ISC
#
# For scripts that run end-to-end tests somewhere else than here: reads
# TG_SRCDIR; counts in $n and $failed.

n=0
failed=0
suite_out=$(mktemp) || exit 99
trap 'rm -f "$suite_out"' EXIT
trap 'exit 99' HUP INT TERM

# suite WHERE SCRIPT [COMMAND...]: tests/e2e/SCRIPT.sh as a whole, started by the command; its lines with WHERE in front.
suite()
{
	where=$1 script=$2
	shift 2
	"$@" sh "$TG_SRCDIR/tests/e2e/$script.sh" > "$suite_out"
	suite_tell $?
}

# suite_unit NAME: the unit tests of tests/unit/check_NAME, without a clock: a machine may be slow.
suite_unit()
{
	where='' script=check_$1
	CK_DEFAULT_TIMEOUT=0 CK_TAP_LOG_FILE_NAME=- "$TG_BUILDDIR/tests/unit/$script" > "$suite_out"
	suite_tell $?
}

suite_tell()
{
	status=$1
	sed -n "s,^\\(ok\\|not ok\\) [0-9]* - ,\\1 - ${where:+$where }$script: ,p; /^#/p; s,^1\\.\\.0 # SKIP,ok - ${where:+$where }$script # SKIP,p" "$suite_out"
	n=$((n + $(grep -cE '^(ok|not ok) |^1\.\.0 # SKIP' "$suite_out")))
	if grep -q '^not ok ' "$suite_out"; then
		failed=1
	fi
	if [ "$status" != 0 ] || ! grep -q '^1\.\.' "$suite_out"; then
		failed=1
		n=$((n + 1))
		echo "not ok - ${where:+$where }$script: the script ends well"
	fi
}

suites_end()
{
	echo "1..$n"
	exit "$failed"
}

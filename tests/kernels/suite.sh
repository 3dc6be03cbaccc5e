# shellcheck shell=sh
# SPDX-License-Identifier: ISC
#
# For scripts that run end-to-end tests somewhere else than here: reads
# TG_SRCDIR; counts in $n and $failed.

n=0
failed=0
suite_dir=$(mktemp -d) || exit 99
trap 'rm -rf "$suite_dir"' EXIT
trap 'exit 99' HUP INT TERM

# What a line of the script is here.
suite_line()
{
	case $1 in
	'ok '[0-9]*) echo "ok - $2: ${1#ok * - }" ;;
	'not ok '[0-9]*) echo "not ok - $2: ${1#not ok * - }" ;;
	'1..0 # SKIP'*) echo "ok - $2 # SKIP${1#1..0 \# SKIP}" ;;
	'#'*) printf '%s\n' "$1" ;;
	esac
}

# suite WHERE SCRIPT [COMMAND...]: tests/e2e/SCRIPT.sh as a whole, started by the command; its lines with WHERE in front.
suite()
{
	where=${1:+$1 }$2 script=$2
	shift 2
	suite_run "$where" "$@" sh "$TG_SRCDIR/tests/e2e/$script.sh"
}

# suite_unit NAME: the unit tests of tests/unit/check_NAME, without a clock: a machine may be slow.
suite_unit()
{
	suite_run "check_$1" env CK_DEFAULT_TIMEOUT=0 CK_TAP_LOG_FILE_NAME=- "$TG_BUILDDIR/tests/unit/check_$1"
}

# suite_run WHERE COMMAND...: what says its lines as they come.
suite_run()
{
	where=$1
	shift
	{
		"$@"
		echo $? > "$suite_dir/status"
	} | tee "$suite_dir/out" | while IFS= read -r line; do
		suite_line "$line" "$where"
	done
	n=$((n + $(grep -cE '^(ok|not ok) |^1\.\.0 # SKIP' "$suite_dir/out")))
	if grep '^not ok ' "$suite_dir/out" | grep -qv '# TODO '; then
		failed=1
	fi
	if [ "$(cat "$suite_dir/status")" != 0 ] || ! grep -q '^1\.\.' "$suite_dir/out" || grep -q '^Bail out!' "$suite_dir/out"; then
		failed=1
		n=$((n + 1))
		echo "not ok - $where: the script ends well"
	fi
}

suites_end()
{
	echo "1..$n"
	exit "$failed"
}

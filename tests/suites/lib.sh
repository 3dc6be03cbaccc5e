# shellcheck shell=sh
# SPDX-License-Identifier: ISC
#
# For suites of tests that others wrote, of programs that others wrote.  A suite
# is a number of units; each is run untraced and under a policy that allows
# everything, and what it says of its items has to be the same.
#
#	. "${TG_SRCDIR:-...}/tests/suites/lib.sh"
#	begin NAME [POLICY]
#	results() { ...; }		reads ./log, $1 is the exit status; prints a line for each item: NAME, tab, RESULT
#	compare UNIT COMMAND...
#	end
#
#	SUITES_AS	who runs the programs, when root runs the suites: a user's name
#	SUITES_FLAGS	further arguments of tollgate run, as "--without seize"
#	SUITES_BEHIND	a command before both, as "tests/kernels/oldkernel 3.0 --"
#	SUITES_LIMIT	seconds that a unit may take, 900
#	SUITES_KEEP	a directory for what the units printed
#	UNITS		an extended regular expression of the units to be run

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"

suites=$TG_SRCDIR/tests/suites
units=0 items=0 unlike=0 known=0 unsteady=0
chmod 755 "$work"

begin()
{
	suite=$1
	needs_trace
	needs setsid timeout comm
	# Where those who run the programs can read both.
	cp "$suites/${2:-everything}.policy" all.policy
	cp "$TOLLGATE" tollgate
	[ -n "${SUITES_AS:-}" ] && needs setpriv
	# One difference is meant: under tollgate nobody leaves a core.
	ulimit -c 0
}

as_user()
{
	if [ -n "${SUITES_AS:-}" ]; then
		setpriv --reuid="$SUITES_AS" --regid="$(id -g "$SUITES_AS")" --init-groups -- "$@"
	else
		"$@"
	fi
}

plain()
{
	# shellcheck disable=SC2086
	as_user ${SUITES_BEHIND:-} "$@"
}

traced()
{
	# shellcheck disable=SC2086
	as_user ${SUITES_BEHIND:-} "$work/tollgate" run ${SUITES_FLAGS:-} -p "$work/all.policy" -o "$work/refusals" -- "$@"
}

# once HOW N COMMAND...: in a fresh directory, always of the same name; the results are in HOW.N.
once()
{
	how=$1 n=$2
	shift 2
	chmod -R u+rwx here 2> /dev/null
	# Tests of mounts leave some when they are ended.
	awk -v here="$work/here/" 'index($2, here) == 1 { print $2 }' /proc/mounts | xargs -r umount 2> /dev/null
	rm -rf --one-file-system here refusals
	: > refusals
	chmod 666 refusals
	mkdir here here/tmp
	[ -n "${SUITES_AS:-}" ] && chown -R "$SUITES_AS" here
	(
		cd here || exit 99
		HOME=$PWD TMPDIR=$PWD/tmp how=$how
		export HOME TMPDIR
		prepare "$@"
		$how setsid -w timeout -k 5 "${SUITES_LIMIT:-900}" "$@"
	) > log 2>&1 < /dev/null
	results $? | sort -u > "$how.$n"
	if [ -n "${SUITES_KEEP:-}" ]; then
		mkdir -p "$SUITES_KEEP"
		cp log "$SUITES_KEEP/$suite.$unit.$how.$n"
		[ "$how" = traced ] && cp refusals "$SUITES_KEEP/$suite.$unit.refusals.$n"
	fi
}

# What a suite has to put into the directory first.
prepare() { :; }

# differing: the items that are not the same in plain.N and traced.N for any N, and whose plain result is always the same.
differing()
{
	# shellcheck disable=SC2016
	awk -F '\t' '
		{ how = FILENAME; sub(/\..*/, "", how); name = $1; all[name] = 1; sub(/^[^\t]*\t?/, ""); seen[how, name, FILENAME] = $0; files[FILENAME] = how }
		END {
			for (name in all) {
				values = ""; n = 0; same = 0
				for (f in files)
					if (files[f] == "plain") {
						v = ((("plain", name, f) in seen) ? seen["plain", name, f] : "(nothing)")
						if (n++ == 0) first = v
						else if (v != first) values = "unsteady"
					}
				got = ""
				for (f in files)
					if (files[f] == "traced") {
						v = ((("traced", name, f) in seen) ? seen["traced", name, f] : "(nothing)")
						if (v == first) same++
						else got = v
					}
				if (got == "" && values == "") continue
				print (values == "unsteady" || same ? "unsteady" : "differs") "\t" name "\t" first "\t" got
			}
		}' plain.[0-9] traced.[0-9] | sort
}

# reason NAME: why this item of this unit differs, if that is known.
reason()
{
	# shellcheck disable=SC2016
	NAME=$1 awk -F ' *[|] *' -v suite="$suite" -v unit="$unit" '
		/^#/ || NF < 4 { next }
		suite ~ "^(" $1 ")$" && unit ~ "^(" $2 ")$" && ENVIRON["NAME"] ~ "^(" $3 ")$" { print $4; exit }' "$suites/known"
}

# compare UNIT COMMAND...
compare()
{
	unit=$1
	shift
	printf '%s\n' "$unit" | grep -qE -e "${UNITS:-.}" || return 0
	rm -f plain.[0-9] traced.[0-9] differences
	once plain 1 "$@"
	once traced 1 "$@"
	units=$((units + 1))
	items=$((items + $(wc -l < plain.1)))
	# What differs has two more chances: much that tests measure is not the same twice.
	for again in 2 3; do
		differing > differences
		grep -q '^differs' differences || break
		once plain $again "$@"
		once traced $again "$@"
	done
	differing > differences
	tell
}

# tell: what came out of it.
tell()
{
	new=0 old=0
	: > told
	while IFS="$(printf '\t')" read -r what name before after; do
		why=$(reason "$name")
		case $what${why:+-known} in
		unsteady*) unsteady=$((unsteady + 1)) ;;
		differs) new=$((new + 1)) ;;
		differs-known) old=$((old + 1)) ;;
		esac
		printf '%s\n' "$what: $name: $before -> $after${why:+ ($why)}" >> told
	done < differences
	unlike=$((unlike + new)) known=$((known + old))
	claim="$suite: $unit: $(wc -l < plain.1) items are the same"
	[ $old = 0 ] || claim="$claim, but for $old that are known"
	if [ $new = 0 ]; then ok "$claim"; else not_ok "$claim"; fi
	sed 's/^/# /' told
}

end()
{
	note "$suite: $units units, $items items; $unlike differ, $known more do for a reason that is known, $unsteady are not the same twice"
	finish
}

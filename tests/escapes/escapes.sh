#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Programs that try to get out of what tollgate holds still: they race with
# themselves, attack the memory that it holds, or go where it alone should.
# Each is run in three ways: alone, or under a tollgate that holds nothing
# (--without hold), where what it tries must work, or it proves nothing; and
# held, in every mode, where nothing may.
#
#	TRIES	of each race; when not given 20000, in the short form 100
#	MODES	"all", or some of the names below; without it the short form is run
#	ROWS	a pattern of attempts, as for grep -E
#	USERS	"self nobody", or one of them
#
# At the end there is a table of attacks and modes; tests/escapes/rows says
# what each attack is.

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"

needs find setpriv
needs_trace
here=$TG_SRCDIR/tests/escapes
old=$TG_BUILDDIR/tests/kernels/oldkernel
box=$work/box
pids=
of_32=
case ${MODES:-} in
'')	# the short form
	MODES='now by-stub 2.6.32'
	USERS=${USERS:-self}
	# Of 32-bit programs those with calls of their own, which no other has.
	[ -n "${ABIS:-}${PROGRAMS:-}" ] || of_32='races messages calls deputies'
	ABIS=${ABIS:-tracee tracee32}
	TRIES=${TRIES:-100}
	CONTROL_TRIES=${CONTROL_TRIES:-500}
	;;
all) MODES="now by-stub ptrace sealed-memfd +memfd +shm seize exitkill syscall-info regset $("$old" --list | grep -v '^now$')" ;;
esac
programs='races messages links renames memory shelf tasks signals calls names deputies'
TRIES=${TRIES:-20000}
CONTROL_TRIES=${CONTROL_TRIES:-20000}
CONTROL_SECONDS=${CONTROL_SECONDS:-10}
chosen=${ROWS:-}

chmod 755 "$work"
# To give a task the number of another the program has to tell the kernel which is next.
sed 's/^unsafe mount/unsafe kernel-settings\n&/' "$here/escapes.policy" > tasks.policy
mkdir bin
for program in $programs plain seen; do
	cp "$TG_BUILDDIR/tests/escapes/$program.tracee" bin/ 2>/dev/null ||
		{ echo "Bail out! tests/escapes/$program.tracee is not built"; exit 99; }
	cp "$TG_BUILDDIR/tests/escapes/$program.tracee32" bin/ 2>/dev/null && bin/$program.tracee32 2>/dev/null
	[ $? -le 2 ] || rm -f bin/$program.tracee32	# this kernel does not run it
done
cp "$TG_BUILDDIR/tests/tracee/sink.tracee" bin/

nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
if [ -z "${USERS:-}" ]; then
	USERS=self
	if [ "$(id -u)" = 0 ] && $nobody test -x "$TOLLGATE" 2>/dev/null; then
		USERS='self nobody'
	fi
fi

as()
{
	if [ "$user" = nobody ]; then
		$nobody "$@"
	else
		"$@"
	fi
}

# outside COMMAND...: something that no sandbox holds.
outside()
{
	if [ "$user" = nobody ]; then
		$nobody "$@" &
	else
		"$@" &
	fi
	pids="$pids $!"
}

end_outside()
{
	for pid in $pids; do
		kill "$pid"
		wait "$pid"
	done 2>/dev/null
	pids=
}

# In allowed/ names come in pairs that differ in one letter: g is good, e leads to what is forbidden.
fixture()
{
	chmod -R u+rwX "$box" 2>/dev/null
	rm -rf "$box"
	mkdir -p "$box/allowed/dir/hollow" "$box/allowed/turn" "$box/allowed/drop" "$box/allowed/dest" "$box/allowed/spool" "$box/forbidden/hollow" "$box/forbidden/turn" \
		"$box/readonly" "$box/noexec" "$box/exec"
	echo canary > "$box/forbidden/secret"
	for file in allowed/g allowed/secret allowed/dir/secret allowed/dir/file readonly/file; do
		echo good > "$box/$file"
	done
	echo canary > "$box/forbidden/file"
	echo hidden > "$box/allowed/drop/letter"
	for n in 1 2 3 4 5 6 7; do
		echo canary > "$box/forbidden/victim$n"
	done
	ln -s ../forbidden/secret "$box/allowed/e"
	ln -s dir "$box/allowed/gd"
	ln -s ../forbidden "$box/allowed/ed"
	ln -s inside "$box/allowed/dir/link"
	ln -s target "$box/forbidden/link"
	ln -s good.sock "$box/allowed/gs"
	ln -s ../forbidden/dgram "$box/allowed/es"
	cp "bin/$program" "$box/exec/run"
	cp "bin/$program" "$box/noexec/run"
	ln -s ../exec/run "$box/allowed/gx"
	ln -s ../noexec/run "$box/allowed/ex"
	ln -s dir "$box/allowed/swap"
	ln -s ../forbidden "$box/allowed/paws"
	ln -s g "$box/allowed/last"
	ln -s ../forbidden/secret "$box/allowed/tsal"
	ln -s ../exec "$box/allowed/xdir"
	ln -s ../noexec "$box/allowed/ridx"
	printf ge > "$box/allowed/letters"
	head -c 4096 /dev/zero > "$box/allowed/shared"
	case $program in
	names.*) cp "$("bin/$program" loader)" "$box/forbidden/ld" && chmod 755 "$box/forbidden/ld" ;;
	esac
	chmod -R a+rwX "$box"
	mkdir "$box/closed"
	echo canary > "$box/closed/secret"
	chmod 644 "$box/closed/secret"
	chmod 700 "$box/closed"
	chmod a+x "$box/forbidden/secret"
	[ "$user" = nobody ] && chown -hR 65534:65534 "$box"
	rm -f sink.out
	outside bin/sink.tracee "$box" > sink.out
	soon test -s sink.out
	read -r GOOD BAD < sink.out
	export GOOD BAD TRIES
	case $program in
	races.*) outside "bin/$program" flip "$box/allowed/shared" ;;
	links.*) outside "bin/$program" swap "$box/allowed" ;;
	signals.*) outside "bin/$program" hears "$box/allowed/heard" ;;
	names.*)
		touch "$box/allowed/tollgate.log"
		[ "$user" != nobody ] || chown 65534:65534 "$box/allowed/tollgate.log"
		;;
	deputies.*)
		outside "bin/$program" serve "$box"
		soon test -s "$box/allowed/service"
		;;
	esac
}

# What a mode is: options of tollgate's, or a launcher; by-stub: a policy under which calls do not stop when they end.
under()
{
	mode=$1
	shift
	case $mode in
	now | by-stub) as "$TOLLGATE" run "$@" ;;
	ptrace) as "$TOLLGATE" run --engine ptrace "$@" ;;
	sealed-memfd | seize | exitkill | syscall-info | regset) as "$TOLLGATE" run --without "$mode" "$@" ;;
	+memfd) as "$TOLLGATE" run --without sealed-memfd --without memfd "$@" ;;
	+shm) as "$TOLLGATE" run --without sealed-memfd --without memfd --without shm "$@" ;;
	*) (ulimit -c 0; as "$old" "$mode" -- "$TOLLGATE" run "$@") ;;
	esac
}

that_are() { sed -n "s/^\([a-z0-9_]*\) $1.*/\1/p"; }

none()
{
	if [ -z "$1" ]; then
		ok "$2"
	else
		not_ok "$2"
		note "$1"
	fi
}

# What every attempt came to, for the table: ATTEMPT MODE RESULT.
results=$work/results
: > "$results"
record() { sed "s/^\([a-z0-9_]*\) \([a-z]*\).*/\1 $1 \2/" >> "$results"; }

# The program, with descriptors that lead to what is forbidden.
attempts() { "$@" "$box" ${chosen:+"/$chosen"} < "$box/forbidden" 8< "$box/forbidden" 9< "$box/forbidden/secret"; }

# controls FILE WHERE BUT COMMAND...: the attempts that must work; but for those that match BUT, if not empty.  What is refused
# is made once more, for some seconds each: a race that is not won then shows nothing: no failure, and no pass.
controls()
{
	told=$1 where=$2 but=$3
	shift 3
	fixture
	(TRIES=$CONTROL_TRIES; attempts "$@") > "$told" 2> .err
	is $? 0 "$where the program itself ends well"
	end_outside
	record control < "$told"
	unlucky=$(grep -v ' refused ENOSYS$' "$told" | that_are refused | grep -vE "${but:-^$}")
	[ -n "$unlucky" ] || return 0
	fixture
	# shellcheck disable=SC2086
	(export SECONDS_MORE="$CONTROL_SECONDS"; chosen="^($(echo $unlucky | tr ' ' '|'))\$"; attempts "$@") > again.out 2> .err
	end_outside
	record control < again.out
	grep -vwE "$(cut -d' ' -f1 again.out | paste -sd'|' -)" "$told" > rest.out
	cat rest.out again.out > "$told"
	for unlucky in $(that_are refused < again.out); do
		skip "$where $unlucky succeeds" "not won in $CONTROL_SECONDS seconds on this machine"
	done
}

# Those that break no hold, but rules: they are shown without any.
control_alone()
{
	controls control.out "$what: alone" '' as "$work/bin/$program"
	holds "$what: alone there are attempts that succeed" grep -q ' reached$' control.out
}

# What no tracer that decides lets through, held or not, is shown without any.  v07_rights: what the kernel would not allow.
alone() { controls alone.out "$what: without tollgate" ^v07_rights as "$work/bin/$program"; }

control()
{
	case $family in
	tasks | signals | calls)
		alone
		cp alone.out control.out
		return
		;;
	esac
	# An exec is looked at again in any case: those are made without tollgate.  m02: what the kernel would not allow.
	controls control.out "$what: where nothing is held" '^(v24|m02)_' \
		as "$TOLLGATE" run --without hold -p "$here/escapes.policy" -- "$work/bin/$program"
	holds "$what: where nothing is held there are attempts that succeed" grep -q ' reached$' control.out
	if grep -q '^v24_' control.out; then
		chosen=^v24_
		alone
		chosen=${ROWS:-}
	fi
}

# SECURITY.md, "What remains": below that level the program makes bind(2) by its own name.
binds_itself() { case $1 in 2.* | 3.* | 4.* | 5.[0-5] | 5.[0-5].*) true ;; *) false ;; esac; }
but_those_that_remain() { if binds_itself "$1"; then grep -vx v60_bind_outsider; else cat; fi; }

attack()
{
	fixture
	export HELD=1
	policy=$rules
	[ -f "$here/$family.policy" ] && policy=$here/$family.policy
	[ "$1" = by-stub ] && sed 's/^unsafe mount.*//' "$policy" > by-stub.policy && policy=$work/by-stub.policy
	log=
	[ $family = names ] && log=$box/allowed/tollgate.log
	attempts under "$1" -p "$policy" ${log:+-o "$log"} -- "$work/bin/$program" > attack.out 2> .err
	is $? 0 "$what, $1: the program itself ends well"
	unset HELD
	end_outside
	record "$1" < attack.out
	none "$(that_are reached < attack.out | but_those_that_remain "$1")" "$what, $1: no attempt succeeds"
	if that_are reached < attack.out | grep -qx v60_bind_outsider && binds_itself "$1"; then
		todo "$what, $1: v60_bind_outsider is refused" 'before Linux 5.6 the program binds a name itself'
	fi
	none "$(cut -d' ' -f1 control.out | sort > c; cut -d' ' -f1 attack.out | sort | comm -3 c -)" "$what, $1: all of them were made"
}

# outlived MODE: whoever is left when the program has ended is held as before.
outlived()
{
	[ "$family" = tasks ] || return 0
	for how in alone "$1"; do
		fixture
		case $how in
		alone) as "bin/$program" "$box" outlive ;;
		*) under "$how" -p "$rules" -- "$work/bin/$program" "$box" outlive ;;
		esac > attack.out 2> .err
		is $? 5 "$what, $how: it ends before another session of its"
		soon [ -e "$box/allowed/reached" -o -e "$box/allowed/refused" ]
		end_outside
		case $how in
		alone) holds "$what: without tollgate that reaches what is forbidden" test -e "$box/allowed/reached" ;;
		*) holds "$what, $how: that does not reach what is forbidden" test -e "$box/allowed/refused" ;;
		esac
	done
}

folder()
{
	rm -rf "$work/folder"
	mkdir -p "$work/folder/dir"
	(cd "$work/folder" && echo x > file && ln -s file link && ln -s dir dirlink && ln -s nowhere dangling && ln -s loop loop)
	[ "$user" = nobody ] && chown -hR 65534:65534 "$work/folder"
	return 0
}

# listens MODE: who is stopped stays so.
listens()
{
	case $1 in
	seize | 2.* | 3.[0-3]) return 1 ;;
	esac
	has_feature seize
}

# What a program can see of it: with and without, line by line.
views()
{
	for view in strings addresses spellings descriptors sockets counts restart filters crowd execs restrictions \
	    traps stops frames vsyscall newborns personality; do
		case $view in
		traps | stops | frames | vsyscall | newborns | personality) program=seen.$abi ;;
		*) program=plain.$abi ;;
		esac
		for how in alone "$@"; do
			folder
			case $how in
			alone) as "$work/bin/$program" "$work/folder" $view > alone.out 2>&1 ;;
			*)
				case $how in
				[0-9]* | noseccomp) (ulimit -c 0; as "$old" "$how" -- "$work/bin/$program" "$work/folder" $view > alone.out 2>&1) ;;
				esac
				folder
				under "$how" -p "$here/plain.policy" -o /dev/null -- "$work/bin/$program" "$work/folder" $view > attack.out 2>&1
				diff alone.out attack.out > differs
				cat differs | sed -n 's/^[<>] \(v[0-9]*\) .*/\1/p' | sort -u | sed "s/\$/_$view $how differs/" >> "$results"
				sed -n 's/^\(v[0-9]*\) .*/\1/p' alone.out | sort -u | sed "s/\$/_$view $how same/" >> "$results"
				claim="$view, $abi, $user, $how: seen as without tollgate"
				if [ "$view" = stops ] && ! listens "$how"; then
					skip "$claim" 'stopped programs go on at once where there is no SEIZE'
				elif [ "$view" = filters ] && [ -s differs ]; then
					todo "$claim" "a program's own filter sees the calls that are made"
				else
					is "$(cat differs)" '' "$claim"
				fi
				;;
			esac
		done
	done
}

# A line for each row, a column for each mode.
table()
{
	echo "# attack control $(echo $MODES | tr ' ' '\t')"
	grep '^[VM]' "$here/rows" | while IFS='|' read -r id title where how; do
		id=$(echo $id)
		line=
		for mode in control $MODES; do
			line="$line $(grep -iE "^${id}_[a-z0-9_]* $mode " "$results" | sort -u | awk '
				$3 == "reached" { bad = 1 } $3 == "differs" { other = 1 } $3 == "same" { same = 1 }
				$3 == "refused" { held = 1 } $3 == "absent" { absent = 1 }
				END { print bad ? ("'$mode'" == "control" ? "shown" : "NOT-HELD") : other ? "differs" : held ? ("'$mode'" == "control" ? "not-shown" : "held") : same ? "same" : absent ? "absent" : "-" }')"
		done
		echo "# $id$line |$title |$how"
	done
}

for user in $USERS; do
	for abi in ${ABIS:-tracee tracee32}; do
		families=${PROGRAMS:-$programs} modes=$MODES views=plain
		[ -z "$of_32" ] || [ $abi = tracee ] || { families=$of_32 modes=now views=; }
		for family in $families; do
			[ $family = plain ] && continue
			program=$family.$abi
			what="$family, $abi, $user"
			if [ ! -x "bin/$program" ]; then
				skip "$what" 'not built, or this kernel does not run it'
				continue
			fi
			case $family in
			tasks) rules=$work/tasks.policy ;;
			*) rules=$here/escapes.policy ;;
			esac
			case $family in
			names | deputies) control_alone ;;
			*) control ;;
			esac
			for mode in $modes; do
				attack "$mode"
				outlived "$mode"
			done
		done
		[ -x bin/plain.$abi ] && case " ${PROGRAMS:-$views} " in *' plain '*) views $MODES ;; esac
	done
done
table
finish

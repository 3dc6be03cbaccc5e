#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Rights that end: at which point, for whom, and for good.

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"

needs_trace
mkdir bin
for abi in tracee tracee32; do
	cp "$TG_BUILDDIR/tests/tracee/steps.$abi" bin/ 2>/dev/null || continue
	"$work/bin/steps.$abi" 2>/dev/null || rm -f "bin/steps.$abi"
done
[ -x bin/steps.tracee ] || { echo "Bail out! tests/tracee/steps.tracee is not built"; exit 99; }
echo secret > secret
echo other > other
o=open:$work/secret

# ending TRIGGERS: a policy whose phase gives one file until then.
ending()
{
	policy p.policy 'default allow' "deny EPERM read $work/*" "allow read $work/other, $work/bin/**" \
		"phase begin until $1 {" "	allow read $work/secret" '}'
}

# steps CLAIM WANTED STEP...: WANTED are the results of those that open the secret.
steps()
{
	claim=$1
	wanted=$2
	shift 2
	for abi in tracee tracee32; do
		[ -x "bin/steps.$abi" ] || { skip "$claim, $abi" 'not built, or this kernel does not run it'; continue; }
		tg run -p ./p.policy -o log -- "$work/bin/steps.$abi" "$@"
		is "$(printf '%s\n' "$out" | grep "^open:$work/secret " | cut -d' ' -f2 | xargs)" "$wanted" "$claim, $abi"
	done
}

ending listen
steps 'a call ends it' 'ok EPERM' $o listen $o
steps 'for new processes, too' 'ok EPERM' $o listen fork:$o
steps 'and for all threads' 'ok EPERM EPERM' thread:$o listen thread:$o $o
steps 'also when a thread made the call' 'ok EPERM' $o thread:listen $o
steps 'a child ends its own alone' 'ok EPERM ok' $o helper ask:listen ask:$o $o
steps 'a parent ends it for a child that is there' 'ok EPERM' helper ask:$o listen ask:$o
steps 'and for the child of a child' 'ok EPERM' helper ask:helper ask:ask:$o listen ask:ask:$o
steps 'also when the one in between is gone' 'ok ok EPERM' helper ask:$o ask:orphan ask:$o listen ask:$o
steps 'a program that is executed goes on with what is open' 'ok EPERM' run $o listen $o
steps 'and when somebody still has what that one left' 'ok ok EPERM' helper ask:$o ask:leech ask:orphan ask:$o listen ask:$o
steps 'who has the same memory has the same phases' 'ok EPERM' $o vm:listen $o
steps 'the other way round, too' 'ok EPERM' $o listen vm:$o
tg run -p ./p.policy -o log -- "$work/bin/steps.tracee" listen
like "$(cat log)" '^tollgate: steps.*phase begin of \./p\.policy ended: listen$' 'the log says what ended it'
unlike "$(tg run -p ./p.policy -- "$work/bin/steps.tracee" listen; cat .err)" 'ended' 'standard error does not'

ending 'listen if backlog > 100'
steps 'a condition is part of it' 'ok ok' $o listen $o
ending 'listen if backlog == 1 or backlog == 2'
steps 'and goes on to the brace' 'ok EPERM' $o listen $o

policy p.policy 'default allow' "deny EPERM read $work/*" 'deny EACCES syscall listen' "allow read $work/bin/**" \
	'phase begin until listen {' "	allow read $work/secret" '}'
steps 'a call that is refused ends nothing' 'ok ok' $o listen $o

ending exec
steps 'exec ends it, the start does not' 'ok EPERM' $o run $o
steps 'an exec that fails does not' 'ok ok' $o exec:/nonexistent $o
steps 'the exec of a child is that of the child' 'EPERM ok' helper ask:run $o

steps 'nor is that of a child with the same memory its parent'\''s' 'EPERM ok' vm:run $o
ending execve
steps 'as a call it ends it, too' 'ok EPERM' $o run $o
steps 'also when a thread makes it' 'EPERM' thread:run $o
steps 'and not when it fails' 'ok ok' $o exec:/nonexistent $o
ending 'clone or fork or vfork'
steps 'a fork ends it for both' 'ok EPERM EPERM' $o fork:$o $o

ending "open $work/oth*"
steps 'a file that is opened ends it' 'ok EPERM' $o open:$work/other $o
steps 'one that cannot be opened does not' 'ok ok' $o open:$work/other2 $o

ending 'mark "ready"'
steps 'a mark ends it' 'ok EPERM' $o mark:ready $o
steps 'another does not' 'ok ok' $o mark:steady $o
tg run -p ./p.policy -- "$work/bin/steps.tracee" mark:steady mark:ready mark:ready
is "$out" "$(printf 'mark:steady ENOENT\nmark:ready ok\nmark:ready ok')" 'a mark is there, also the second time'
tg run -p ./p.policy -- sh -c 'test -r /tollgate/mark/ready && echo under tollgate'
is "$out" 'under tollgate' 'a shell can set it'
policy deny.policy 'default allow' 'deny syscall access, faccessat, faccessat2'
tg run -p ./p.policy -p ./deny.policy -- "$work/bin/steps.tracee" mark:ready $o
is "$out" "$(printf 'mark:ready ok\nopen:%s EPERM' "$work/secret")" 'no rule is asked about it'

ending 'after 200ms'
steps 'time ends it' 'EPERM' sleep:400 $o
ending 'after 1h'
steps 'when it is over' 'ok' sleep:400 $o
ending 'after 1h or listen or mark "x"'
steps 'the first of several ends it' 'ok EPERM' $o mark:x $o
steps 'whichever that is' 'ok EPERM' $o listen $o

policy p.policy 'default allow' "deny EPERM read $work/*" "allow read $work/bin/**" \
	'phase one until mark "one" {' "	allow read $work/secret" '}' \
	'phase two until mark "two" {' "	allow read $work/other" '}'
tg run -p ./p.policy -- "$work/bin/steps.tracee" $o open:$work/other mark:one $o open:$work/other mark:two open:$work/other
is "$(echo "$out" | grep -v mark | cut -d' ' -f2 | xargs)" 'ok ok EPERM ok EPERM' 'phases are independent'

ending 'mark "a"'
policy second.policy 'default allow' 'phase all until mark "b" {' "	allow read $work/secret" '}' "deny EPERM read $work/*" \
	"allow read $work/bin/**"
tg run -p ./p.policy -p ./second.policy -- "$work/bin/steps.tracee" $o mark:b $o
is "$(echo "$out" | grep -v mark | cut -d' ' -f2 | xargs)" 'ok EPERM' 'phases of two layers do not help each other'

if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	chmod 755 "$work"
	chmod 644 secret p.policy
	ending listen
	chmod 644 p.policy
	out=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$TOLLGATE" run -p ./p.policy -- \
		"$work/bin/steps.tracee" $o listen $o 2>/dev/null | grep -v listen | cut -d' ' -f2 | xargs)
	is "$out" 'ok EPERM' 'as another user, too'
else
	skip 'as another user, too' 'this needs root and setpriv'
fi

# A process that forks and dies for ever takes nothing with it.
ending listen
steps 'long chains of processes' 'ok EPERM' helper ask:orphan ask:orphan ask:orphan ask:orphan ask:orphan ask:orphan \
	ask:$o listen ask:$o

# Children, and who is asked

policy p.policy 'default allow' 'children deny'
tg run -p ./p.policy -- "$work/bin/steps.tracee" fork:$o thread:$o run $o
is "$out" "$(printf 'fork:%s EPERM\n%s ok\n%s ok' "$o" "$o" "$o")" 'children deny: no process, but threads and programs'
like "$err" '= EPERM: syscall clone, children \(\./p\.policy:3\)$' 'the refusal names the line'
policy p.policy 'default allow' 'children deny EAGAIN' 'allow syscall clone if flags has SIGCHLD'
tg run -p ./p.policy -- "$work/bin/steps.tracee" fork:$o
is "$out" "fork:$o EAGAIN" 'its own error, and no rule brings them back'

policy p.policy 'default allow' "ask read $work/secret"
tg run -p ./p.policy -- "$work/bin/steps.tracee" $o
is "$out" "$o EACCES" 'ask refuses where nobody can be asked'

finish

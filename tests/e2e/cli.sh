#!/bin/sh
# SPDX-License-Identifier: ISC
# Exit codes, options, and what bad input comes to: one clear message, the
# right exit code, nothing run.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace

policy all.policy 'default allow' 'unknown allow'

# refuses STATUS REGEX CLAIM [ARGUMENT...]: tollgate exits so, says so, and the program left no mark.
refuses()
{
	wanted=$1 regex=$2 claim=$3
	shift 3
	rm -f "$work/ran"
	tg "$@"
	is "$status" "$wanted" "$claim: exit status $wanted"
	like "$err" "$regex" "$claim: the message says so"
	unlike "$err" 'ERROR: AddressSanitizer|runtime error|Segmentation' "$claim: no fault of tollgate's own"
	if [ -e "$work/ran" ]; then not_ok "$claim: nothing was run"; else ok "$claim: nothing was run"; fi
}

# Exit codes.

tg run -p ./all.policy -- sh -c 'exit 7'
is "$status" 7 "the program's status is passed on"
tg run -p ./all.policy -- true
is "$status$err" 0 'success, and nothing to say'
tg run -p ./all.policy -- sh -c 'kill -TERM $$'
is "$status" 143 'a signal gives 128 and its number'
tg run -p ./all.policy -- sh -c 'kill -KILL $$'
is "$status" 137 'so does SIGKILL'
tg run -p ./all.policy sh -c 'exit 3'
is "$status" 3 'the program needs no --'

policy kill.policy 'default allow' 'kill syscall mkdir, mkdirat'
tg run -p ./kill.policy -- mkdir "$work/made"
is "$status" 159 'a kill of the policy gives 159'
like "$err" '^tollgate: .*mkdir.*kill\.policy:3' 'and names the call and the rule'
holds 'and the directory is not there' [ ! -e "$work/made" ]

policy deny.policy 'default allow' 'deny ENOSPC create /**'
tg run -p ./deny.policy -- mkdir "$work/made"
is "$status" 1 'a refused call is an error of the program'
like "$err" '^mkdir: .*No space left' 'with the error of the policy'
like "$err" "^tollgate: .*mkdir.*ENOSPC.*$work/made.*deny\\.policy:3" 'the line names call, object and rule'

tg run -p ./all.policy --timeout 0.5 -- sleep 30
is "$status" 124 'a time limit gives 124'
tg run -p ./all.policy --timeout 20 -- sh -c 'exit 5'
is "$status" 5 'unless the program ends before'

# Where a folder of PATH is closed to the user, execvp(3) says so instead.
path=$PATH
PATH=/usr/bin:/bin
refuses 127 'no-such-program' 'a program that is absent' run -p ./all.policy -- no-such-program
PATH=$path
refuses 127 'no/such/program' 'a path that is absent' run -p ./all.policy -- ./no/such/program
printf 'echo\n' > plain
refuses 126 'plain' 'a file that is not executable' run -p ./all.policy -- ./plain
refuses 126 'home' 'a directory' run -p ./all.policy -- ./home
printf 'not a program' > text
chmod +x text
refuses 126 'text' 'a file that is no program' run -p ./all.policy -- ./text
printf '#!%s/no-interpreter\n' "$work" > script
chmod +x script
tg run -p ./all.policy -- ./script
like "$status" '^12[67]$' 'a script without its interpreter is not run'
like "$err" 'script: its interpreter ".*/no-interpreter"' 'and the interpreter is named'

# Policies that are not good.

printf '#!/bin/sh\ntouch %s/ran\n' "$work" > mark
chmod +x mark
tg run -p ./all.policy -- ./mark
holds 'the mark of having run works' [ -e ran ]

refuses 125 'absent\.policy' 'a policy that is absent' run -p ./absent.policy -- ./mark
refuses 125 'nosuchname' 'a name that no policy has' run -p nosuchname -- ./mark
refuses 125 'home' 'a directory for a policy' run -p ./home -- ./mark
printf 'policy 1\ndefault allwo\n' > typo.policy
refuses 125 'typo\.policy:2:9:.*' 'a syntax error' run -p ./typo.policy -- ./mark
like "$err" '^ *\^' 'a syntax error: a caret shows the place'
like "$err" 'allow' 'a syntax error: the near word is named'
policy call.policy 'deny syscall opneat'
refuses 125 'call\.policy:2:.*opneat.*openat' 'an unknown call' run -p ./call.policy -- ./mark
policy right.policy 'allow raed /x'
refuses 125 'right\.policy:2:.*raed.*read' 'an unknown right' run -p ./right.policy -- ./mark
policy promise.policy 'promise stdoi'
refuses 125 'promise\.policy:2:.*stdoi.*stdio' 'an unknown promise' run -p ./promise.policy -- ./mark
policy constant.policy 'allow syscall socket if domain == AF_UNXI'
refuses 125 'constant\.policy:2:.*AF_UNXI.*AF_UNIX' 'an unknown constant' run -p ./constant.policy -- ./mark
policy argument.policy 'allow syscall socket if domian == AF_UNIX'
refuses 125 'argument\.policy:2:.*domian.*domain' 'an unknown argument' run -p ./argument.policy -- ./mark
policy errno.policy 'deny EACESS syscall mkdir'
refuses 125 'errno\.policy:2:.*EACESS.*EACCES' 'an unknown error' run -p ./errno.policy -- ./mark
policy guard.policy 'unsafe ptarce'
refuses 125 'guard\.policy:2:.*ptarce.*ptrace' 'an unknown guard' run -p ./guard.policy -- ./mark
policy variable.policy 'allow read ${NO_SUCH_VARIABLE}/x'
refuses 125 'variable\.policy:2:.*NO_SUCH_VARIABLE' 'an undefined variable' run -p ./variable.policy -- ./mark
policy relative.policy 'allow read x/y'
refuses 125 'relative\.policy:2:' 'a relative pattern' run -p ./relative.policy -- ./mark
policy a.policy 'include "./b.policy"'
policy b.policy 'include "./a.policy"'
refuses 125 'a\.policy.*b\.policy|b\.policy.*a\.policy' 'an include cycle' run -p ./a.policy -- ./mark
policy none.policy 'include "./nothing.policy"'
refuses 125 'none\.policy:2:.*nothing' 'an absent include' run -p ./none.policy -- ./mark
echo 'allow read /x' > first.policy
refuses 125 'first\.policy:1:.*policy' 'a file without its first line' run -p ./first.policy -- ./mark
echo 'policy 999' > newer.policy
refuses 125 'newer tollgate' 'a language of later' run -p ./newer.policy -- ./mark
: > empty.policy
refuses 125 'empty\.policy' 'an empty file' run -p ./empty.policy -- ./mark
{ echo 'policy 1'; yes '# padding padding padding padding padding' | head -c 10485760; } > large.policy
refuses 125 'large\.policy' 'a policy of 10 MB' run -p ./large.policy -- ./mark
head -c 65536 /dev/urandom > random.policy
refuses 125 'random\.policy' 'random bytes' run -p ./random.policy -- ./mark
unlike "$(tr -d '\n\t' < .err | od -An -c)" '\\033|\\0[0-3][0-7]' 'random bytes: none reaches the terminal'
holds 'random bytes: the message is not endless' [ "$(wc -c < .err)" -lt 40000 ]
policy secret.policy 'default allow'
chmod 0 secret.policy
if [ "$(id -u)" != 0 ]; then
	refuses 125 'secret\.policy.*denied' 'an unreadable policy' run -p ./secret.policy -- ./mark
elif command -v setpriv > /dev/null; then
	chmod 755 "$work"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$TOLLGATE" run -p ./secret.policy -- ./mark 2> .err
	is "$?" 125 'an unreadable policy: exit status 125'
	like "$(cat .err)" 'secret\.policy.*denied' 'an unreadable policy: the message says so'
else
	skip 'an unreadable policy' 'root reads everything'
fi
refuses 125 'policy' 'no policy for this program' run -- ./mark

# The loader of the program is refused something it cannot do without.

policy nolibs.policy 'promise stdio'
tg run -p ./nolibs.policy -- true
like "$status" '^(12[567]|1[3-9][0-9])$' 'a program that cannot start does not look like success'
like "$err" '^tollgate: .*(execve|open|mmap)' 'and the refused call of its start is named'

# A program without a loader has no such excuse.

cat > still.c <<'END'
#include <fcntl.h>
int main(void) { return open("/etc/hostname", O_RDONLY) < 0 ? 3 : 0; }
END
if "${CC:-cc}" -static -o still still.c 2>/dev/null; then
	tg run -p ./nolibs.policy -- ./still
	is "$status" 3 'a static program starts without any library'
	unlike "$err" 'did not start' 'and what it is refused is its own business'
else
	skip 'a static program starts without any library' 'the C compiler makes no static programs'
fi

# explain: what an exec leads to, whose start needs no right, and which file a line belongs into.

policy helper.policy 'promise stdio'
policy leads.policy 'promise stdio' 'allow read /lib/**, /lib64/**, /usr/lib/**' 'allow exec /bin/sh, /usr/bin/** -> "helper"' 'allow exec /usr/bin/env'
tg explain -p ./leads.policy 'execve("/bin/sh", ["sh"], [])'
like "$out" '^  then +under .*helper.*, too' 'explain says what an exec puts on'
tg explain -p ./leads.policy --program ./mark 'execve("./mark", ["mark"], [])'
like "$status$out" '^0execve' 'the start of the program is allowed'
like "$out" 'because +the start of the program, which needs no right' 'and explain says why'
tg explain -p ./leads.policy 'execve("./mark", ["mark"], [])'
is "$status" 1 'which no other exec is'
printf '%s\n' 'execve("./mark", ["mark"], [])' 'execve("./mark", ["mark"], [])' > calls
tg explain -p ./leads.policy --program ./mark -f calls
is "$status$(printf '%s\n' "$out" | grep -c ' = allow: ')" 11 'nor a second one'
policy second.policy 'promise stdio' 'deny ENOENT read /etc/hostname'
tg explain -p ./leads.policy -p ./second.policy 'openat(AT_FDCWD, "/etc/hostname", O_RDONLY)'
like "$out" '^  to allow +in \./leads\.policy: allow read /etc/hostname$' 'of several policies the file of the missing line is said'
like "$out" '^  refused by \./second\.policy, too: rule \(\./second\.policy:3\)$' 'and every one that refuses'

# A guard of the floor refuses, too, where something stricter is told of.

policy killing.policy 'default kill' 'promise stdio'
tg explain -p ./killing.policy 'ptrace(PTRACE_TRACEME, 0, 0, 0)'
like "$out" 'to allow +allow trace self, and unsafe ptrace$' 'a line that would not be enough names the guard'

# Wrong use.

refuses 125 'usage|Usage|--help' 'no command'
refuses 125 '"rnu".*"run"' 'a command with a typo' rnu
refuses 125 '--polciy.*--policy' 'an option with a typo' run --polciy x -- ./mark
refuses 125 'needs a value|-p' 'an option without its value' run -p
refuses 125 'xml' 'a log of no form' run --log=xml -p ./all.policy -- ./mark
refuses 125 'timeout' 'a time that is none' run --timeout soon -p ./all.policy -- ./mark
refuses 125 'program|PROGRAM' 'no program' run -p ./all.policy
refuses 125 'nowhere' 'a log that cannot be opened' run -o ./nowhere/log -p ./all.policy -- ./mark
refuses 125 'status-fd|77' 'a descriptor that is not open' run --status-fd 77 -p ./all.policy -- ./mark
refuses 125 'absent' '--ro of what is not there' run --ro ./absent -p ./all.policy -- ./mark
refuses 2 'POLICY|policy' 'check of nothing' check
refuses 2 'nonsense' 'list of nothing known' list nonsense

tg --version
like "$status$out" '^0tollgate [0-9]+\.[0-9]+' '--version'
for command in run check explain show list; do
	tg "$command" --help
	like "$status$out" "^0Usage: tollgate $command" "$command --help goes to standard output"
done

# Closed descriptors.

"$TOLLGATE" run -p ./all.policy -- sh -c 'exit 4' <&-
is $? 4 'a closed standard input is no reason to fail'
"$TOLLGATE" run -p ./all.policy -- sh -c 'exit 4' >&-
is $? 4 'nor is a closed standard output'
"$TOLLGATE" run -p ./deny.policy -- sh -c 'mkdir x; exit 4' 2>&- >/dev/null
is $? 4 'nor is a closed standard error, with something to say'
"$TOLLGATE" --help >&- 2> .err
is $? 125 'but help that cannot be written is a failure'
if [ -w /dev/full ]; then
	"$TOLLGATE" list syscalls > /dev/full 2> .err
	is $? 125 'and so is a full disk'
fi

# Tracing is forbidden: tollgate under tollgate, where the floor refuses ptrace.
# A leak detector needs ptrace, too, and would speak first.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS

tg run -p ./all.policy -- "$TOLLGATE" run -p ./all.policy -- ./mark
is "$status" 125 'where tracing is forbidden tollgate fails'
like "$err" '^tollgate: .*(trace|ptrace)' 'and says that it is'
holds 'and runs nothing' [ ! -e "$work/ran" ]
unset ASAN_OPTIONS

# What the options do.

tg run -p ./deny.policy -o ./log -- mkdir made
is "$(grep -c tollgate: .err)" 0 '-o keeps standard error clean'
like "$(cat log)" 'mkdir.*deny\.policy:3' '-o has the line'

tg run -p ./deny.policy --dry-run -- mkdir "$work/dry"
is "$status" 0 '--dry-run refuses nothing'
holds '--dry-run: the directory is there' [ -d dry ]
like "$err" 'mkdir.*deny\.policy:3' '--dry-run still logs'

if command -v python3 >/dev/null && ! "$TOLLGATE" run --log=json -p ./all.policy -- true 2>&1 | grep -q jansson; then
	tg run -p ./deny.policy --log=json -o ./log.json -- mkdir "$(printf 'a\n\033[31m"b')"
	if python3 -c '
import json, sys
lines = [json.loads(l) for l in open("log.json")]
assert any("mkdir" in json.dumps(l) and "deny.policy" in json.dumps(l) for l in lines), lines
' 2> .err; then ok '--log=json is JSON, one object per line'; else not_ok '--log=json is JSON, one object per line'; told; fi
else
	skip '--log=json is JSON' 'without jansson or python3'
fi

tg run -p ./deny.policy -- mkdir "$(printf 'a\nb\033[31m')"
like "$err" 'tollgate: .*a\\nb\\x1b' 'foreign bytes are escaped in the log'
is "$(grep '^tollgate:' .err | grep -c "$(printf '\033')")" 0 'and none gets through'

# Names that would be read in another order, on other lines, or as a terminal's commands; a process that calls itself so.
tg run -p ./deny.policy -- mkdir "$(printf 'a\342\200\256gol\342\200\250tollgate: x\302\233m\r\t\b\007')"
is "$(LC_ALL=C grep -c '[^ -~]' .err)" "$(LC_ALL=C grep -v '^tollgate: ' .err | LC_ALL=C grep -c '[^ -~]')" 'the log has no byte beyond plain text'
like "$err" '^tollgate: [^ ]*mkdir.*\\xe2\\x80\\xaegol\\xe2\\x80\\xa8tollgate: x\\xc2\\x9bm\\r\\t\\(b|x08)\\(a|x07)' 'and still says which name it was'
policy faces.policy 'default allow' "deny write,create $work/denied"
tg run -p ./faces.policy -- sh -c 'printf "x]\ntollgate: \033[2J" > /proc/$$/comm; : > denied'
is "$(LC_ALL=C grep '^tollgate: ' .err | LC_ALL=C grep -c '[^ -~]')" 0 'nor from what a process calls itself'
like "$err" '^tollgate: x.*openat?\(.*denied' 'and it is one line'
tg run -p ./deny.policy -- mkdir "$(awk 'BEGIN { for (i = 0; i < 4000; i++) printf "%c", 1 + i % 31 }' | tr '\n' 'n')"
is "$(grep -c '^tollgate: .*mkdir' .err)" 1 'of the longest name there is one line'

A=1 tg run -p ./all.policy -E B=2 -- sh -c 'echo "$A$B"'
is "$out" 12 '-E adds to the environment'
A=1 tg run -p ./all.policy --clear-env -E B=2 -- /bin/sh -c 'echo "${A-none}$B"'
is "$out" none2 '--clear-env empties it'
A=1 tg run -p ./all.policy --clear-env -E A -- /bin/sh -c 'echo "$A"'
is "$out" 1 '-E without a value passes one on'

exec 7< all.policy
tg run -p ./all.policy -- sh -c 'cat <&7 | head -n 1'
unlike "$out" 'policy 1' 'other descriptors are closed'
tg run -p ./all.policy --keep-fd 7 -- sh -c 'cat <&7 | head -n 1'
is "$out" 'policy 1' '--keep-fd keeps one'
exec 7<&-

tg run -p ./all.policy --status-fd 8 -- sh -c 'exit 6' 8> status.json
is "$status" 6 '--status-fd changes nothing'
if command -v python3 >/dev/null; then
	if python3 -c '
import json
lines = [json.loads(l) for l in open("status.json")]
assert lines and "6" in json.dumps(lines[-1]), lines
' 2> .err; then ok '--status-fd tells the status in JSON'; else not_ok '--status-fd tells the status in JSON'; told; fi
fi

# --ro and --rw add to a policy that has nothing of the kind.
policy shell.policy 'promise stdio prot_exec' 'include "base/libraries"' 'allow read,exec /usr/**, /bin/**'
mkdir data
echo word > data/file
tg run -p ./shell.policy -- cat data/file
is "$status$out" 1 'without --ro the file is out of reach'
tg run -p ./shell.policy --ro data -- cat data/file
is "$status$out" 0word '--ro lets it be read'
tg run -p ./shell.policy --ro data -- sh -c 'echo new > data/new'
holds '--ro does not let it be written' [ ! -e data/new ]
tg run -p ./shell.policy --rw data -- sh -c 'echo new > data/new'
holds '--rw does' [ -s data/new ]

# Two policies are layers.
policy noexec.policy 'default allow' 'deny exec /**/true'
tg run -p ./all.policy -p ./noexec.policy -- sh -c '"$(command -v env)" true || exit 9'
is "$status" 9 'two policies must both allow'

# What a program must not leave behind, and not take away.

(ulimit -c unlimited 2>/dev/null; "$TOLLGATE" run -p ./all.policy -- sh -c 'ulimit -c unlimited; kill -SEGV $$' > .out 2> .err)
holds 'a death leaves no core' [ -z "$(find . -maxdepth 1 -name 'core*')" ]
tg run -p ./all.policy -o kept.log -- sh -c ': > kept.log; rm -f kept.log; mv kept.log other'
holds 'the log is still there' [ -s kept.log ]
like "$(cat kept.log)" 'write /proc/tollgate/log, floor' 'and says who wanted it gone'

# Constants mean what they mean in the ABI of the call.
wide=$(abis | sed -n 1p) narrow=$(abis | sed -n 2p)
if [ -n "$narrow" ]; then
	policy abi.policy 'allow syscall ioctl if cmd == FS_IOC_GETFLAGS'
	tg explain -p ./abi.policy --abi "$wide" 'ioctl(3, 0x80086601, 0)'
	is "$status" 0 "a constant of $wide"
	tg explain -p ./abi.policy --abi "$narrow" 'ioctl(3, 0x80086601, 0)'
	is "$status" 1 "is another of $narrow"
	tg explain -p ./abi.policy --abi "$narrow" 'ioctl(3, 0x80046601, 0)'
	is "$status" 0 'where it has its own value'
	# Also among so many that they are not tried one after the other.
	policy abi.policy 'default allow' 'deny syscall ioctl if cmd in TCGETS, TCSETS' 'deny syscall ioctl if cmd == TIOCGWINSZ' \
		'deny syscall ioctl if cmd == FIONREAD' 'deny syscall ioctl if cmd == FIONBIO' 'deny syscall ioctl if cmd == TIOCSTI' \
		'deny syscall ioctl if cmd == TIOCGPGRP' 'deny syscall ioctl if cmd == TIOCSPGRP' 'deny syscall ioctl if cmd == TCFLSH' \
		'deny syscall ioctl if cmd == TCXONC' 'deny syscall ioctl if cmd == TIOCSWINSZ' 'deny syscall ioctl if cmd == FS_IOC_GETFLAGS'
	tg explain -p ./abi.policy --abi "$narrow" 'ioctl(3, 0x80046601, 0)'
	is "$status" 1 'a refusal among many is found by its own value, too'
	tg explain -p ./abi.policy --abi "$wide" 'ioctl(3, 0x80046601, 0)'
	is "$status" 0 'and only by that'
fi

# Who is said to call, and phases that are said to be open.
policy who.policy 'deny EPERM read /etc/hostname if exe in "/usr/bin/head"' 'allow read /etc/passwd' \
	'phase begin until exec {' '	allow read /etc/hosts' '}'
tg explain -p ./who.policy 'openat(AT_FDCWD, "/etc/passwd", O_RDONLY)'
like "$out" 'the policy asks who calls; say it with --exe' 'what a rule asks and nobody says refuses'
like "$out" 'a rule asks who calls, and that is not known' 'and that is the reason'
policy marked.policy 'phase begin until mark "go" {' '	allow read /etc/hosts' '}'
tg explain -p ./marked.policy 'faccessat(AT_FDCWD, "/tollgate/mark/go", R_OK)'
is "$status" 0 'a mark of the policy is let in'
tg explain -p ./marked.policy 'faccessat(AT_FDCWD, "/tollgate/mark/gone", R_OK)'
is "$status" 1 'any other is a file'
policy noname.policy 'program x' 'allow read ${PROGRAM}.d/**'
tg check ./noname.policy
like "$err" 'undefined variable "PROGRAM" \(no program is named; --program names one\)' 'what names the program is said'
tg explain -p ./who.policy --exe /usr/bin/cat 'openat(AT_FDCWD, "/etc/passwd", O_RDONLY)'
is "$status" 0 'said, it decides'
tg explain -p ./who.policy --exe /usr/bin/cat 'openat(AT_FDCWD, "/etc/hosts", O_RDONLY)'
like "$out" '^            its phase begin has ended$' 'the nearest rule, and why it is only near'
tg explain -p ./who.policy --exe /usr/bin/cat --phase begin 'openat(AT_FDCWD, "/etc/hosts", O_RDONLY)'
is "$status" 0 'a phase that is open'
tg explain -p ./who.policy --phase begni 'getpid()'
like "$status $err" '2 tollgate: no policy here has a phase "begni"; did you mean "begin"\?' 'a phase that is not there'
policy cond.policy 'allow syscall mmap if prot in PROT_READ|PROT_WRITE and not flags has MAP_SHARED'
tg explain -p ./cond.policy 'mmap(NULL, 4096, PROT_EXEC, MAP_SHARED, 3, 0)'
like "$out" '^            its condition does not hold: prot is PROT_EXEC, flags is MAP_SHARED$' 'the condition that differs'
tg explain -p ./cond.policy 'mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0)'
like "$out" '^            its condition does not hold: flags is MAP_SHARED$' 'and only what differs of it'
policy near.policy 'allow read /usr/share/fonts/**' 'allow connect inet:10.0.0.0/8:443'
tg explain -p ./near.policy 'openat(AT_FDCWD, "/usr/share/doc", O_RDONLY)'
like "$out" 'nearest   allow read /usr/share/fonts/\*\* \(\./near\.policy:2\)' 'the nearest file'
tg explain -p ./near.policy 'openat(AT_FDCWD, "/usr/share/fonts", O_RDWR)'
like "$out" '^            it does not give write$' 'the right that is missing'
tg explain -p ./near.policy 'connect(3, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("11.0.0.1")}, 16)'
like "$out" 'nearest   allow connect inet:10\.0\.0\.0/8:443' 'the nearest network'
echo 'openat(AT_FDCWD, "/usr/share/doc", O_RDONLY) = 3' > calls.txt
tg explain -p ./near.policy --full -f calls.txt
like "$out" 'nearest   allow read' 'of a file, too, when all is asked for'

# Limits.
policy open.policy 'default allow'
tg run --limit nofile=20,as=4g --limit stack=2m -p ./open.policy -- cat /proc/self/limits
like "$out" '^Max open files +20 +20 ' 'a limit'
like "$out" '^Max address space +4294967296 +4294967296 ' 'and another, with a letter'
like "$out" '^Max stack size +2097152 +2097152 ' 'and one of a second option'
tg run --limit fsize=1k -p ./open.policy -- sh -c 'head -c 5000 /dev/zero > big'
is "$status" 153 'fsize ends who writes more'
tg run --limit cpu=1 -p ./open.policy -- sh -c 'while :; do :; done'
is "$status" 152 'cpu ends who computes longer'
tg run --limit nofil=20 -p ./open.policy -- true
is "$status" 125 'a limit that is none'
like "$err" '"nofil": not a limit: as, cpu, data, fsize, memlock, nofile, nproc or stack' 'is told'
for wrong in nofile nofile= nofile=x nofile=1k as=1x as=-1 as=99999999999999999999 as=99999999999t nofile=5, =5; do
	tg run --limit "$wrong" -p ./open.policy -- true
	is "$status" 125 "--limit $wrong is wrong"
	like "$err" '^tollgate: --limit: ' 'and says so'
done

# What the kernel has, and what is done without it.
tg probe
like "$out" '^  yes  proc-syscall  ' 'probe lists what is there'
tg probe --without seize --without syscall-info
like "$out" '^  no   seize ' 'and what is not'
tg probe --json --without exitkill
case $err in
*'without jansson'*) skip 'probe --json' 'built without jansson' ;;
*) like "$out" '"name": "exitkill"' 'probe --json' ;;
esac
tg probe --without exitkil
is "$status" 125 'a feature that is none'
like "$err" 'cannot do without "exitkil"; it can without seize, exitkill, syscall-info, filter, regset, hold, sealed-memfd, memfd, shm' 'is told'
policy open.policy 'default allow'
for feature in seize exitkill syscall-info regset; do
	tg run --without "$feature" -p ./open.policy -- sh -c 'echo one; (echo two); exit 3'
	case $feature$err in
	regset*'registers cannot be read'*) skip "a run without $feature" 'this processor has no other way to read registers' ;;
	*) is "$status $(echo $out)" '3 one two' "a run without $feature" ;;
	esac
done

finish

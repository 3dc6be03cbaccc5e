#!/bin/sh
# SPDX-License-Identifier: ISC
# export and import: filters that the kernel runs answer as tollgate does, the
# other formats are what their readers take, and profiles become policies.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace

filtered=$TG_BUILDDIR/tests/tracee/filtered.tracee
[ -x "$filtered" ] || { echo "Bail out! $filtered is not built"; exit 99; }

policy open.policy 'default allow' 'deny EAFNOSUPPORT socket inet' 'deny ENOENT syscall madvise if advice > 90'
policy small.policy 'promise stdio rpath prot_exec' 'allow exec /usr/**' 'allow syscall listen'
policy large.policy 'promise stdio rpath wpath cpath prot_exec exec proc unix inet id tty flock' 'unsafe namespaces' \
	'allow syscall setns' 'default deny ENOSPC'

# The kernel's own answer.

"$filtered" - > plain
for tracee in "$filtered" "${filtered}32"; do
	abi=$(abis | sed -n 1p)
	[ "$tracee" = "$filtered" ] || abi=$(abis | sed -n 2p)
	if [ ! -x "$tracee" ]; then
		skip 'filters of 32-bit calls' 'no 32-bit programs are built'
		continue
	fi
	for p in small large; do
		tg export -p ./$p.policy --abi $abi --format bpf -o $p.bpf
		is "$status" 0 "$p, $abi: there is a filter"
		"$tracee" $p.bpf > $p.kernel
		is "$?" 0 "$p, $abi: the kernel takes it"
		"$TOLLGATE" run -p ./$p.policy --ro "$tracee" -- "$tracee" - > $p.tollgate 2> "$work/.err"
		is "$(cat $p.kernel)" "$(cat $p.tollgate)" "$p, $abi: it answers each call as tollgate does"
		holds "$p, $abi: and refuses some" [ "$(diff plain $p.kernel | grep -c '^>')" -gt 5 ]
	done
done

tg export -p ./small.policy --format bpf -o small.bpf
is "$("$filtered" small.bpf /bin/cat "$TG_SRCDIR/LICENSE" | head -n 1)" "$(head -n 1 "$TG_SRCDIR/LICENSE")" \
	'a program runs under the filter'
tg export -p ./small.policy -p ./open.policy --format bpf -o both.bpf
like "$("$filtered" both.bpf)" '^madvise 100: Permission denied$' 'of two policies the first to refuse is heard'
like "$("$filtered" both.bpf)" '^socket inet: Permission denied$' 'for sockets, too'
policy none.policy 'promise stdio rpath prot_exec'
tg export -p ./none.policy --format bpf -o none.bpf
holds 'a program can be started that may execute nothing' "$filtered" none.bpf "$filtered" -
tg export -p ./none.policy --running --format bpf -o none.bpf
holds 'but not where it runs already' sh -c '! "$0" "$1" "$2" 2>/dev/null' "$filtered" none.bpf /bin/true

if ! command -v bwrap >/dev/null 2>&1; then
	skip 'bwrap takes the filter' 'bwrap is not installed'
elif ! bwrap --ro-bind / / true 2>/dev/null; then
	skip 'bwrap takes the filter' 'bwrap does not work on this machine'
else
	is "$(bwrap --ro-bind / / --seccomp 9 "$filtered" - 9< small.bpf)" "$(cat small.tollgate)" 'bwrap takes the filter'
fi

if command -v script >/dev/null 2>&1; then
	script -qec "'$TOLLGATE' export -p ./small.policy --format bpf" /dev/null > screen 2>&1 < /dev/null
	like "$(tr -d '\000\r' < screen)" 'no text for a terminal' 'a terminal gets no filter'
else
	skip 'a terminal gets no filter' 'script is not installed'
fi

# What cannot be said.

tg export -p ./small.policy --format oci
is "$status" 0 'what cannot be said is no failure'
like "$err" '^paths: ' 'it is listed by the reason'
like "$err" '^  \./small\.policy:3: allow exec /usr/\*\*$' 'with file and line of the rule'
like "$err" '^  promise/rpath:[0-9]+: allow read.* /\*\*' 'also in a promise'
like "$err" '^  (.*, )?open(at)?, ' 'and the calls that are let in'
tg export -p ./small.policy --format oci --strict
is "$status" 1 'but with --strict'
policy said.policy 'default deny EPERM' 'allow syscall getpid' 'unsafe proc-mem, userfaultfd, raw-io, cgroups, file-answers, kernel-settings'
tg export -p ./said.policy --running --format oci --strict
is "$status$err" 0 'nothing is listed where all can be said'
policy asks.policy 'ask syscall getpid' 'phase first until exec {' 'allow syscall getuid' '}' 'allow syscall getgid if caller "libc.so.6"' \
	'allow syscall sendmsg if scm_rights == 0' 'allow exec /usr/bin/* -> drop' 'allow signal tree' 'allow connect inet:192.0.2.1:80'
tg export -p ./asks.policy --format oci
for words in 'questions.*' 'phases.*' 'who calls.*' 'values in memory.*' 'what another program gets.*' 'processes.*' 'addresses.*' \
	'guards of the floor on objects'; do
	like "$err" "^$words:\$" "listed: $words"
done

# The formats, of all policies there are.

for p in $("$TOLLGATE" list policies --names); do
	for format in oci systemd minijail bpf; do
		tg export -p "$p" --program /bin/true --arg clip.mkv --format $format -o out
		is "$status" 0 "$p as $format"
	done
done

tg export -p ./small.policy --program /bin/cat --format systemd -o small.conf
case $(abis | sed -n 1p) in
aarch64) name=arm64 ;;
i386) name=x86 ;;
*) name=x86-64 ;;
esac
for line in "SystemCallArchitectures=$name" 'SystemCallErrorNumber=ENOSYS' 'RestrictAddressFamilies=AF_UNIX' 'NoNewPrivileges=yes' \
	'RestrictNamespaces=yes' 'ReadOnlyPaths=/' 'IPAddressDeny=any'; do
	like "$(cat small.conf)" "^$line\$" "systemd: $line"
done
unlike "$(cat small.conf)" '^MemoryDenyWriteExecute' 'systemd: memory that is executable is not refused where it is allowed'
like "$(grep '^SystemCallFilter=[^~]' small.conf)" '[= ]openat( |$)' 'systemd: openat is let in'
unlike "$(grep '^SystemCallFilter=[^~]' small.conf)" '[= ](ptrace|mkdir|setns|clone3)( |$)' 'systemd: what is refused is not'
policy paths.policy 'default allow' 'deny read,write,create,delete,exec,stat,attr /srv/a%b/**' 'deny write,create,delete,attr /srv/ro/**' \
	'deny read,write,create,delete,exec,stat,attr /srv/half/**' 'allow read /srv/half/open'
tg export -p ./paths.policy --format systemd
like "$out" '^InaccessiblePaths=-/srv/a%%b$' 'systemd: a place that is closed'
like "$out" '^ReadOnlyPaths=-/srv/ro$' 'systemd: and one that cannot be changed'
unlike "$out" 'InaccessiblePaths=-/srv/half' 'systemd: not one that is open in part'
policy homes.policy 'promise stdio' 'allow read /usr/**' 'allow write /var/log/x' 'allow create,write /srv/y' 'allow connect inet:192.0.2.0/24'
tg export -p ./homes.policy --program /bin/true --format systemd
for line in 'ProtectHome=yes' 'ReadWritePaths=-/var/log/x' 'ReadWritePaths=-/srv' 'NoExecPaths=/' 'ExecPaths=-/usr' \
	'MemoryDenyWriteExecute=yes' 'IPAddressAllow=192\.0\.2\.0/24' 'IPAddressDeny=any' 'RestrictAddressFamilies=AF_UNIX AF_INET'; do
	like "$out" "^$line\$" "systemd: $line"
done
if command -v systemd-analyze >/dev/null 2>&1; then
	mkdir -p units/t.service.d
	printf '[Unit]\nDescription=a test\n[Service]\nExecStart=/bin/true\n' > units/t.service
	for p in small large paths homes; do
		"$TOLLGATE" export -p ./$p.policy --format systemd -o units/t.service.d/50.conf
		said=$(systemd-analyze verify --man=no "$work/units/t.service" 2>&1)
		result=$?
		case $said in
		*'not been booted'* | *'Failed to connect'* | *'Failed to initialize manager'*)
			skip "systemd-analyze takes $p" 'systemd-analyze does not work on this machine' ;;
		*)
			is "$result$(echo "$said" | grep t.service.d | grep -v 'Failed to parse system call, ignoring')" 0 \
				"systemd-analyze takes $p" ;;
		esac
	done
else
	skip 'systemd-analyze takes it' 'systemd-analyze is not installed'
fi

# Used wrongly.

tg export -p ./small.policy
is "$status" 2 'a format has to be named'
tg export -p ./small.policy --format minijial
like "$err" 'did you mean "minijail"' 'and one that there is'
tg export -p ./small.policy --format oci --abi sparc
is "$status" 2 'an ABI has to be one of this machine'
tg export --format oci
is "$status" 2 'a policy has to be named'
tg export -p ./small.policy --format oci -o /nonexistent/x
is "$status" 2 'a file that cannot be written'

# Import.

cat > docker.json <<'END'
{
	"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
	"archMap": [ { "architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"] } ],
	"syscalls": [
		{ "names": ["read", "write", "openat", "close", "fstat", "no_such_call"], "action": "SCMP_ACT_ALLOW" },
		{ "names": ["getpid"], "action": "SCMP_ACT_LOG" },
		{ "names": ["getuid"], "action": "SCMP_ACT_TRACE" },
		{ "names": ["getgid"], "action": "SCMP_ACT_KILL" },
		{ "names": ["getsid"], "action": "SCMP_ACT_TRAP" },
		{ "names": ["chroot"], "action": "SCMP_ACT_ALLOW", "includes": { "caps": ["CAP_SYS_CHROOT"] } },
		{ "names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": { "minKernel": "4.8" } },
		{ "names": ["s390_runtime_instr"], "action": "SCMP_ACT_ALLOW", "includes": { "arches": ["s390"] } },
		{ "names": ["clone"], "action": "SCMP_ACT_ALLOW",
		  "args": [{ "index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ" }] },
		{ "names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 40, "op": "SCMP_CMP_NE" }] },
		{ "names": ["personality"], "action": "SCMP_ACT_ALLOW",
		  "args": [{ "index": 0, "value": 0, "op": "SCMP_CMP_EQ" }, { "index": 0, "value": 8, "op": "SCMP_CMP_EQ" }] },
		{ "names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38 }
	]
}
END
tg import --name hum docker.json
case $err in
*'without jansson'*)
	is "$status" 2 'import needs jansson, and says so'
	finish ;;
esac
is "$status" 0 'a profile becomes a policy'
printf '%s\n' "$out" > docker.policy
for line in 'program "?hum"?' 'default deny EPERM' 'unknown deny EPERM' 'allow syscall getpid log' 'ask syscall getuid' 'kill syscall getgid' \
	'trap syscall getsid' 'deny ENOSYS syscall clone3' 'allow syscall socket if domain != AF_VSOCK' \
	'allow syscall clone if flags & .*CLONE_NEWUSER.* == 0' 'allow syscall personality if persona == PER_LINUX32'; do
	like "$out" "^$line\$" "import: $line"
done
like "$out" '^# .*no_such_call' 'import: a name that nobody knows is a comment'
like "$out" '^# .*chroot; only with CAP_SYS_CHROOT' 'import: so is what is for other capabilities'
like "$out" '^# .*unsafe ptrace' 'import: and what the floor still refuses'
like "$err" '^tollgate: .*[0-9]+ things' 'import: they are counted'
tg import --cap CAP_SYS_CHROOT docker.json
like "$out" '^allow syscall .*chroot' 'import: --cap picks its entries'
for row in 'read(0</dev/null>, 0, 0)=0' 'openat(AT_FDCWD, "/etc/passwd", O_RDONLY)=0' 'truncate("/etc/passwd", 0)=1' \
	'socket(AF_UNIX, SOCK_STREAM, 0)=0' 'socket(AF_VSOCK, SOCK_STREAM, 0)=1' 'exit_group(0)=1' \
	'clone(CLONE_VM)=0' 'clone(CLONE_NEWUSER)=1' 'personality(8)=0' 'personality(3)=1' 'mkdirat(AT_FDCWD, "/tmp/x", 0700)=1'; do
	tg explain -p ./docker.policy "${row%=*}"
	is "$status" "${row##*=}" "import: it decides ${row%=*} as the profile"
done
"$TOLLGATE" import - < docker.json > from-pipe 2>/dev/null
is "$(sed 1,2d from-pipe)" "$("$TOLLGATE" import docker.json 2>/dev/null | sed 1,2d)" 'import: standard input is a file as well'
printf '{ "linux": { "seccomp": { "defaultAction": "SCMP_ACT_ALLOW" } } }' > config.json
tg import config.json
like "$out" '^default allow$' 'import: a whole config.json will do'
tg export -p ./said.policy --running --format oci -o said.json
tg import said.json
printf '%s\n' "$out" 'unsafe userfaultfd' > said-again.policy
tg export -p ./said-again.policy --running --format oci -o said-again.json
is "$(sed 's/"defaultErrnoRet"//' said-again.json)" "$(sed 's/"defaultErrnoRet"//' said.json)" 'what is exported, imported and exported is the same'

# wrong TEXT REGEX: is refused, with that message.
wrong()
{
	printf "$1" > wrong.json
	tg import wrong.json
	is "$status$out" 2 "import: refused: $1"
	like "$err" "$2" 'import: the message says why, and where'
	unlike "$err" 'ERROR: AddressSanitizer|runtime error|Segmentation' 'import: and nothing breaks'
}
wrong '' '^wrong\.json:1:1: '
wrong '{\n "a": [1,\n}' '^wrong\.json:3:1: '
wrong '{"a": 1, "a": 2}' '^wrong\.json:1:[0-9]+: duplicate'
wrong '{"a": "\\u0000"}' '^wrong\.json:1:[0-9]+: '
wrong '{"a": \000}' '^wrong\.json:1:[0-9]+: '
wrong '[]' 'not an object'
wrong '{"syscalls": []}' 'defaultAction: missing'
wrong '{"defaultAction": 7}' 'defaultAction: not a string'
wrong '{"defaultAction": "SCMP_ACT_ALOW"}' 'did you mean "SCMP_ACT_ALLOW"'
wrong '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4000}' 'defaultErrnoRet: no error'
wrong '{"defaultAction": "SCMP_ACT_ALLOW", "syscall": []}' 'did you mean "syscalls"'
wrong '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "args": [{"index": 6, "op": "SCMP_CMP_EQ"}]}]}' \
	'syscalls\[0\]\.args\[0\]\.index: '
wrong '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [5], "action": "SCMP_ACT_KILL"}]}' 'syscalls\[0\]\.names: element 0'
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "["; }' > deep.json
tg import deep.json
is "$status" 2 'import: what is nested deeply is refused'
like "$err" '^deep\.json:1:[0-9]+: ' 'import: with its place'
head -c 2000000 /dev/zero | tr '\0' ' ' > huge.json
tg import huge.json
is "$status" 2 'import: so is what is huge'
tg import
is "$status" 2 'a profile has to be named'

finish

#!/bin/sh
# SPDX-License-Identifier: ISC
# check: what it finds, what it says a policy leaves open, as text and as JSON,
# and what it exits with; and the small commands' answers to people who are new.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
XDG_RUNTIME_DIR=/run/user/1000
export XDG_RUNTIME_DIR

# Exit status.

policy fine.policy 'promise stdio' 'allow read /media/**'
tg check ./fine.policy
is "$status" 0 'nothing to say: exit status 0'
like "$out" '^\./fine\.policy leaves open' 'but what it leaves open is said'
like "$out" 'elsewhere: reads /media/\*\* \(\./fine\.policy:3\)' 'with the object and the place'
policy odd.policy 'allow read /x' 'allow read /x'
tg check ./odd.policy
is "$status" 1 'a finding: exit status 1'
like "$out" '^\./odd\.policy:3: /x stands in \./odd\.policy:2 already$' 'a finding is a line that editors find'
policy broken.policy 'allow raed /x'
tg check ./broken.policy
is "$status" 1 'a policy that does not load: exit status 1'
like "$err" '^\./broken\.policy:2:7: .*"raed"' 'and the error is told'
is "$out" '' 'of which nothing is said to be open'
tg check ./absent.policy
is "$status" 1 'a policy that is absent: exit status 1'
tg check
is "$status" 2 'no policy: exit status 2'
tg check --nonsense ./fine.policy
is "$status" 2 'an unknown option: exit status 2'
tg check ./broken.policy ./fine.policy ./odd.policy
is "$status" 1 'several policies: all are looked at'
like "$out" '^\./fine\.policy leaves open' 'the one after a broken one, too'
like "$out" '^\./odd\.policy leaves open' 'and the last'

tg check -q ./fine.policy
is "$status$out$err" 0 '-q: of a policy without findings nothing is said'
tg check --no-exposure ./odd.policy
is "$(printf '%s\n' "$out" | wc -l | tr -d ' ')" 1 '--no-exposure: the findings alone'

# What the user adds to a policy by its name is the user's own text.

mkdir -p "$HOME/.config/tollgate"
policy "$HOME/.config/tollgate/viewer.policy" 'promise stdio' 'let dir = /media' 'allow read ${dir}/**' 'allow read /opt/*b*'
policy "$HOME/.config/tollgate/viewer.local" 'program viewer' 'let dir = /srv' 'allow read /media/a' 'deny ENOENT read /opt/*c*' \
    'block idle {' 'allow read /x' '}' 'phase p until exec {' 'allow read /y' '}'
tg check -q viewer
is "$status" 1 'NAME.local is looked at'
local="$HOME/.config/tollgate/viewer.local"
like "$out" "^$local:2: \"program viewer\" does nothing here" 'a program line there is a finding'
like "$out" "^$local:3: variable dir is not used here, and another file does not see it" 'a variable that only the policy uses, too'
like "$out" "^$local:4: /media/a is covered by .*viewer\.policy:4 already" 'and what the policy says already'
like "$out" "^$local:5: /opt/.c. is no more specific than /opt/.b. of .*viewer\.policy:5" 'and a tie with it'
like "$out" "^$local:6: block idle is not used" 'and a block'
like "$out" "^$local:9: phase p never ends" 'and a phase'
unlike "$err" 'note:' 'by its name it is added'
tg check -q "$HOME/.config/tollgate/viewer.policy"
is "$status$out" 0 'by its path it is not'
like "$err" '^tollgate: note: viewer\.local is not added to a policy that is given by its path$' 'which is said'
policy with-lets.policy 'let unused = /a' 'allow read /b'
policy includes-lets.policy 'promise stdio' 'include "with-lets"' 'allow read /c'
tg check -q ./includes-lets.policy
like "$out" '^\./with-lets\.policy:2: variable unused is not used here' 'so is an idle variable of an include'
rm -r "$HOME/.config"

# What only this machine knows.

policy machine.policy 'allow connect inet if caller in "/no/such/libx.so", "libx.so*", "/**/liby.so"' \
    'allow connect inet6 if exe in "/bin/sh"'
tg check -q ./machine.policy
like "$out" 'machine\.policy:2: there is no file /no/such/libx\.so: the condition never holds' 'a caller that is no file is a finding'
unlike "$out" 'no file .*(libx\.so\*|liby|sh)' 'patterns and files that are there are none'
absent=$("$TOLLGATE" list syscalls | awk 'NR > 1 && $2 == "-" && $3 == "-" { print $1; exit }')
if [ -n "$absent" ]; then
	policy call.policy "allow syscall $absent, getpid"
	tg check -q ./call.policy
	like "$out" "call\\.policy:2: no program of this machine can call $absent" 'a call that no program here can make is a finding'
	unlike "$out" 'getpid' 'a call that there is is none'
else
	skip 'a call that no program here can make is a finding' 'this machine has them all'
fi

# Judged: what matters most comes first.

policy wide.policy 'promise stdio' 'allow read ${HOME}/**' 'allow connect inet' 'allow exec /usr/bin/**' \
    'phase start until exec {' 'allow read /opt/start' '}'
tg check ./wide.policy
first=$(printf '%s\n' "$out" | sed -n '/leaves open/{n;p;}')
like "$first" '^  !!  reads every file in your home \(\./wide\.policy:3\)$' 'the gravest is marked and comes first'
like "$out" '^  !   runs every program of the system' 'less grave things follow'
like "$out" '^      until phase start ends: the system: reads /opt/start' 'what a phase gives is said to end'
is "$(printf '%s\n' "$out" | awk 'length > 80')" '' 'it fits into 80 columns'
tg check ./wide.policy ./fine.policy
is "$(printf '%s\n' "$out" | grep -c 'reads every file')" 1 'what is said of one policy is not said of the next'

policy open.policy 'default allow'
tg check ./open.policy
like "$out" '^\./open\.policy:2: "default allow": every file' '"default allow" is a finding'
like "$out" '^  !!  everything that no line refuses' 'and comes first of what is open'

policy open.policy 'default allow' 'phase start until listen {' 'allow read /x' '}'
tg check -q ./open.policy
unlike "$out" 'never ends' 'where all is open a phase can end'

policy "$(printf 'a\033[31mb.policy')" 'allow read /x' 'allow read /x'
tg check "$(printf './a\033[31mb.policy')"
unlike "$out$err" "$(printf '\033')" 'names of files cannot speak to the terminal'

# Every shipped policy is free of findings that can be helped.

for name in ffmpeg ffplay mplayer mpv media-player base/decoder base/drop base/libraries base/loader base/server base/sockets; do
	tg check -q --arg clip.mkv "$name"
	unlike "$out" '(is covered|stands in|never ends|is not used|no more specific|nothing allows)' "$name has no line too many"
	is "$err" '' "$name loads"
done

# JSON

tg check --json ./odd.policy ./broken.policy ./wide.policy
case $err in
*jansson*)
	is "$status" 2 'without jansson --json is a usage error' ;;
*)
	is "$status" 1 '--json: the same exit status'
	if command -v python3 > /dev/null; then
		if python3 - .out 2> .why <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["version"] == 1
odd, broken, wide = d["policies"]
assert [p["policy"] for p in d["policies"]] == ["./odd.policy", "./broken.policy", "./wide.policy"]
assert [p["loads"] for p in d["policies"]] == [True, False, True]
f, = odd["findings"]
assert f["kind"] == "duplicate" and f["where"] == {"file": "./odd.policy", "line": 3, "via": None}, f
assert broken["findings"] == [] and broken["exposure"] == []
e = wide["exposure"]
assert (e[0]["level"], e[0]["topic"], e[0]["phase"]) == ("grave", "read", None), e[0]
assert e[0]["where"] == [{"file": "./wide.policy", "line": 3, "via": None}], e[0]
assert [x["level"] for x in e] == sorted((x["level"] for x in e), key=["grave", "notable", "plain"].index)
assert any(x["phase"] == "start" for x in e)
assert any(w["via"] == "promise stdio" for x in e for w in x["where"])
for x in e:
    assert set(x) == {"level", "topic", "text", "phase", "where"}
PY
		then ok '--json has the members that the page names'; else not_ok '--json has the members that the page names'; note "$(cat .why)"; fi
	else
		skip '--json has the members that the page names' 'python3 is not installed'
	fi
	tg check --json -q ./wide.policy
	unlike "$out" '"topic"' '--json with -q has no exposure'
	printf 'policy 1\nallow read /x\nallow read /x\n' > "$(printf 'b\377.policy')"
	tg check --json "$(printf './b\377.policy')"
	like "$out" 'b\\\\xff\.policy' 'a name that is no text is escaped' ;;
esac

# The small commands: wrong use is 2, a near word is named.

tg show
is "$status" 2 'show without a policy: exit status 2'
tg show -p ./absent.policy
is "$status" 2 'show of a policy that is absent: exit status 2'
tg show --text -p mvp
like "$status$err" '^2tollgate: there is no policy "mvp"; did you mean "mpv"' 'show --text names the near policy'
tg show --promise stdoi
like "$status$err" '^2.*did you mean "stdio"' 'show --promise names the near promise'
tg show --promise stdio --floor
is "$status" 2 'show: a promise or the floor'
tg show --promise stdio
is "$status$(printf '%s\n' "$out" | head -n 1)" '0policy 1' 'show --promise prints its text'

tg --dry
like "$err" 'unknown option --dry; did you mean tollgate run --dry-run' "an option of a command before its name is told where it belongs"
tg --vers
like "$err" 'did you mean --version' 'an abbreviated option of tollgate itself'
tg run --tim 3 -- true
like "$status$err" '^125.*unknown option --tim; did you mean --timeout' 'an abbreviated option of a command'
tg --zzz
unlike "$err" 'did you mean' 'what is near nothing is near nothing'

tg run true
like "$err" 'no policy names this program.* mpv' 'run without a policy lists those there are'
unlike "$err" '(base|desktop)/' 'and not the parts that they are made of'
tg list promises
is "$(printf '%s\n' "$out" | grep -c .)" "$("$TOLLGATE" list --names promises | grep -c .)" 'list promises: a line for each'
like "$out" '^stdio +[A-Z].*\.$' 'with what it is'
tg list policies
is "$(printf '%s\n' "$out" | grep -c .)" "$("$TOLLGATE" list --names policies | grep -c .)" 'list policies: a line for each'
tg list policise
like "$status$err" '^2.*did you mean "policies"' 'list names the near list'
tg list syscalls
like "$out" '^openat .*dirfd, pathname, flags, mode' 'list syscalls names the arguments'

finish

#!/bin/sh
# SPDX-License-Identifier: ISC
# fmt: what it prints and writes, that nothing is lost when it cannot, and that
# the shipped policies are in the form that it makes.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"

untidy() { printf 'policy 1\nallow   read\t/x ,/y # why\n\n\n\ndeny  EPERM write /z\n' > "$1"; }
tidy='policy 1
allow read /x, /y  # why

deny EPERM write /z'

untidy a.policy
cp a.policy same.policy
tg fmt ./a.policy
is "$status$out" "0$tidy" 'fmt prints the canonical form'
holds 'and changes no file' cmp -s a.policy same.policy
is "$("$TOLLGATE" fmt < a.policy)" "$tidy" 'without a file it reads standard input'
is "$("$TOLLGATE" fmt - < a.policy)" "$tidy" 'and so it does for "-"'

# --check and --diff

tg fmt --check a.policy
is "$status$out" '1a.policy' '--check names the file and exits with 1'
tg fmt --diff a.policy
is "$status" 0 '--diff is no check'
like "$out" '^-allow   read' '--diff shows what goes'
like "$out" '^\+allow read /x, /y  # why' '--diff shows what comes'
holds '--check and --diff change nothing' cmp -s a.policy same.policy
tg fmt --check --diff a.policy
is "$status" 1 'both: the difference, and 1'
if command -v patch > /dev/null; then
	"$TOLLGATE" fmt -d a.policy > a.diff
	cp a.policy patched.policy
	patch -s patched.policy a.diff
	is "$(cat patched.policy)" "$tidy" 'the difference is one that patch takes'
	{ echo 'policy 1'; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo "# $i"; echo; done; printf 'allow  read /x'; } > long.policy
	sed 's/^# 3$/\n\n\n# 3 /; s/^# 17$/   # 17/' long.policy > long2.policy
	"$TOLLGATE" fmt long2.policy > long.want
	"$TOLLGATE" fmt -d long2.policy > long.diff
	patch -s long2.policy long.diff
	holds 'so is one of several parts, of a file without a last newline' cmp -s long2.policy long.want
	like "$(grep -c '^@@' long.diff)" '^[23]$' 'and it leaves out what is the same'
else
	skip 'the difference is one that patch takes' 'patch is not installed'
fi

# -w

tg fmt -w a.policy
is "$status$out$err" 0 '-w says nothing'
is "$(cat a.policy)" "$tidy" '-w writes the file'
tg fmt --check a.policy
is "$status$out" 0 'what is written is canonical'
before=$(ls -i a.policy)
tg fmt -w a.policy
is "$(ls -i a.policy)" "$before" 'a file that is canonical is not written'

untidy mode.policy
chmod 640 mode.policy
tg fmt -w mode.policy
is "$(ls -l mode.policy | cut -c 1-10)" '-rw-r-----' '-w keeps the mode'
mkdir dir
untidy dir/real.policy
ln -s dir/real.policy link.policy
tg fmt -w link.policy
holds 'a symbolic link stays one' [ -h link.policy ]
is "$(cat dir/real.policy)" "$tidy" 'and what it leads to is written'
is "$(ls dir)" real.policy 'nothing is left beside it'

untidy b.policy
untidy c.policy
tg fmt -w b.policy c.policy
is "$(cat b.policy)$(cat c.policy)" "$tidy$tidy" 'several files'
tg fmt -w --check a.policy
is "$status" 2 '--write and --check: exit status 2'

# Nothing is lost.

printf 'policy 1\nallow raed\n' > broken.policy
cp broken.policy broken.same
untidy d.policy
tg fmt -w broken.policy d.policy
is "$status" 2 'a file that does not parse: exit status 2'
like "$err" '^broken\.policy:2:' 'and the error is told'
holds 'it stays as it is' cmp -s broken.policy broken.same
is "$(cat d.policy)" "$tidy" 'the others are written'
tg fmt broken.policy
is "$out" '' 'of a file that does not parse nothing is printed'
tg fmt absent.policy
like "$status$err" '^2.*absent\.policy' 'a file that is absent'
tg fmt dir
is "$status" 2 'a directory'
head -c 4096 /dev/urandom > random.policy
tg fmt -w random.policy
is "$status" 2 'random bytes'
printf 'policy 1\ninclude "nowhere"\nallow read ${NOTHING}/x\npromise no-such\n' > meaning.policy
tg fmt meaning.policy
is "$status" 0 'what names mean does not matter'

{ echo 'policy 1'; i=0; while [ $i -lt 200 ]; do echo "allow   read /a/long/name/of/a/file/that/takes/room/$i"; i=$((i + 1)); done; } > full.policy
cp full.policy full.same
(trap '' XFSZ; ulimit -f 1; "$TOLLGATE" fmt -w full.policy) 2> .err
is "$?" 2 'a disk that is full: exit status 2'
like "$(cat .err)" 'full\.policy' 'and the file is named'
holds 'the file is as it was' cmp -s full.policy full.same
is "$(ls full.policy*)" full.policy 'and nothing is left beside it'
if [ -w /dev/full ]; then
	"$TOLLGATE" fmt a.policy > /dev/full 2> .err
	like "$?" '^(2|125)$' 'output that cannot be written is a failure'
fi

# The form of the shipped ones.

for file in "$TG_SRCDIR"/policies/*.policy "$TG_SRCDIR"/policies/*/*.policy; do
	tg fmt --check "$file"
	is "$status" 0 "${file#"$TG_SRCDIR"/} is in canonical form"
done

finish

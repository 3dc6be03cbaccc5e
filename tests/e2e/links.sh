#!/bin/sh
# SPDX-License-Identifier: ISC
# A link that a program made in one run gives it nothing in the next.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace

base="include \"base/libraries\"
promise stdio prot_exec proc
allow read,exec /bin/**, /usr/**"

# begins: the state that each first run finds.
begins()
{
	rm -rf out victim log.txt
	mkdir out victim
	echo mine > victim/f
}

sh_under() { options=$1 script=$2; shift 2; tg run $options "$@" -- sh -c "$script"; }

policy dir.policy "$base" 'allow read,write,create,delete ${CWD}/out/**'
begins
sh_under '-p ./dir.policy' "rmdir out && ln -s $work/victim out"
is "$status" 0 'a directory that is granted can become a link'
sh_under '-p ./dir.policy' 'echo gone > out/f'
is "$(cat victim/f)" mine 'in the next run its end is not granted'
like "$err" "^tollgate: note: \\./dir\\.policy:5: $work/out is a symbolic link, and the policy lets the program make it anew: where it leads, $work/victim/\\*\\*," \
    'and tollgate says why'
tg check -q ./dir.policy
is "$status" 1 'check finds it'
tg check ./dir.policy
unlike "$out" 'elsewhere: .*victim' 'and does not call its end open'

policy firm.policy "$base" 'allow read,write,create,delete ${CWD}/out/**' 'deny create,delete ${CWD}/out'
sh_under '-p ./firm.policy' 'echo gone > out/f'
is "$(cat victim/f)" gone 'a link that is held fast counts'
unlike "$err" 'note:' 'without a word'
tg check ./firm.policy
like "$(printf '%s' "$out" | tr -s ' \n' ' ')" "victim/\\*\\* \\(by a link\\)" 'and is told of as open'
sh_under '-p ./firm.policy' 'rm out; ln -s / out'
is "$(readlink out)" "$work/victim" 'and stays what it was'

begins
policy file.policy "$base" 'allow read,write,create,delete ${CWD}/log.txt'
sh_under '-p ./file.policy' 'ln -s victim/f log.txt'
sh_under '-p ./file.policy' 'echo gone > log.txt'
is "$(cat victim/f)" mine 'so it is with a single file'

begins
policy grants.policy "$base"
sh_under '-p ./grants.policy' "rmdir out && ln -s $work/victim out" --rw out
is "$(readlink out)" "$work/victim" 'and with --rw'
sh_under '-p ./grants.policy' 'echo gone > out/f' --rw out
is "$(cat victim/f)" mine 'whose directory a link does not change'
mkdir sub
sh_under '-p ./grants.policy' 'echo gone > out/f' --rw sub/../out
is "$(cat victim/f)" mine 'however it is written'
sh_under '-p ./grants.policy' 'echo gone > out/f' --rw victim
is "$(cat victim/f)" gone 'what is named itself is granted'

# By the name of a link above, and by a link of the user's to a directory of the program's.
begins
ln -s . alias
policy alias.policy "$base" 'allow read,write,create,delete ${CWD}/alias/out/**'
sh_under '-p ./alias.policy' "rmdir out && ln -s $work/victim out"
is "$(readlink out)" "$work/victim" 'another name for it is as good'
sh_under '-p ./alias.policy' 'echo gone > out/f'
is "$(cat victim/f)" mine 'and gives as little'
begins
mkdir data
rmdir out
ln -s data out
policy behind.policy "$base" 'allow read,write,create,delete ${CWD}/out/**' 'deny create,delete ${CWD}/out'
sh_under '-p ./behind.policy' "rmdir data && ln -s $work/victim data"
holds 'behind a link that is held fast nothing is replaced either' [ ! -L data ]

finish

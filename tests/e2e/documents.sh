#!/bin/sh
# SPDX-License-Identifier: ISC
# The policies in the documents and the shipped ones are policies.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
XDG_RUNTIME_DIR=/run/user/1000
export XDG_RUNTIME_DIR

# loads FILE CLAIM
loads()
{
	tg show -p "$1"
	is "$status" 0 "$2"
}

# Every literal block of the page that begins as a policy does; \& is mdoc's, not the policy's.
awk '
	/^\.Bd -literal/ { getline; if ($0 == "policy 1") { n++; file = "page" n ".policy"; inside = 1 } }
	/^\.Ed/ { if (inside) close(file); inside = 0 }
	inside { gsub(/\\&/, ""); gsub(/\\e/, "\\"); print > file }
' "$TG_SRCDIR/doc/tollgate.policy.5"
holds 'the page has examples' [ -s page3.policy ]
for file in page*.policy; do
	loads "./$file" "tollgate.policy(5): example ${file%.policy} loads"
done

sed -n '/^    policy 1$/,/^[^ ]/s/^    //p' "$TG_SRCDIR/README.md" > readme.policy
holds 'the README has an example' [ -s readme.policy ]
tg run -p ./readme.policy --dry-run -- true readme.policy
is "$status" 0 'the policy of the README loads'

for file in $(cd "$TG_SRCDIR/policies" && find . -name '*.policy' ! -name 'floor.policy' | sort); do
	name=${file#./}
	case $name in
	promises/*)
		name=${name#promises/}
		policy one.policy "promise ${name%.policy}"
		loads ./one.policy "promise ${name%.policy} loads" ;;
	*)
		loads "${name%.policy}" "policy ${name%.policy} loads"
		like "$(head -n 4 "$TG_SRCDIR/policies/$name")" '^# ' "policy ${name%.policy} says whom it is for" ;;
	esac
done

finish

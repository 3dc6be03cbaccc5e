#!/bin/sh
# SPDX-License-Identifier: ISC
# Every manual page passes mandoc's linter and names all that there is.  TAP.
src=${TG_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
n=0
failed=0

command -v mandoc >/dev/null 2>&1 || {
	echo '1..0 # SKIP mandoc is not installed'
	exit 0
}

for page in "$src"/doc/*.[1-9]; do
	n=$((n + 1))
	if findings=$(mandoc -T lint -W warning "$page" 2>&1) && [ -s "$page" ]; then
		echo "ok $n - ${page##*/} is clean"
	else
		failed=1
		echo "not ok $n - ${page##*/} is clean"
		printf '%s\n' "$findings" | sed "s|$src/||; s/^/# /"
	fi
done

# names WHAT WORDS: each word begins an item of tollgate.policy(5).
names()
{
	n=$((n + 1))
	absent=
	for word in $2; do
		grep -qE "^\\.It (Ic|Li)? ?(.*, )?$word( |,|\$)|^\\.It $word Ta" "$src/doc/tollgate.policy.5" || absent="$absent $word"
	done
	if [ -z "$absent" ] && [ -n "$2" ]; then
		echo "ok $n - tollgate.policy(5) names every $1"
	else
		failed=1
		echo "not ok $n - tollgate.policy(5) names every $1"
		echo "#$absent"
	fi
}

names 'kind of argument' "$(sed -n 's/^KIND(\([A-Z0-9]*\),.*/\1/p' "$src/engine/argkinds.def")"
names promise "$(find "$src/policies/promises" -name '*.policy' | sed 's,.*/,,; s,\.policy$,,' | sort)"
names guard "$(sed -n 's/^guard \([a-z0-9_-]*\).*/\1/p' "$src/policies/floor.policy") foreign-abi"

echo "1..$n"
exit $failed

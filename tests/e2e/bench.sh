#!/bin/sh
# SPDX-License-Identifier: ISC
# `tollgate bench` measures and says what: how long things take is no test's business.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"

# What it starts is traced, where a leak sanitizer does not work.
ASAN_OPTIONS=detect_leaks=0
export ASAN_OPTIONS

out=$("$TOLLGATE" bench --quick)
is "$?" 0 'bench ends well'
like "$out" "$(uname -r)" 'it says on which machine'
for kind in folders wildcards networks ports arguments callers; do
	like "$out" "^$kind" "it measures $kind"
done
is "$(printf '%s\n' "$out" | awk 'NF == 3 && $1 ~ /^[0-9]+$/ && ($2 <= 0 || $3 <= 0)')" '' 'every time and ratio is above zero'
is "$(printf '%s\n' "$out" | awk '/^ +(rules|bytes) / { getline; if ($3 != "1.00") print }')" '' 'each table begins with its measure'

for call in getppid access open connect; do
	like "$out" "^ +$call +[0-9]+ +[0-9]+ +[0-9]+ +[0-9.]+\$" "it measures $call, alone, traced and held"
done
tg bench --loop open --times 10
like "$out" '^[0-9.]+$' 'one call can be measured by itself'
tg bench --loop opne
is "$status" 2 'a call that is none is an error'

if command -v python3 >/dev/null 2>&1; then
	"$TOLLGATE" bench --quick --json > bench.json
	is "$?" 0 'so does bench --json'
	is "$(python3 - bench.json <<'END'
import json, sys
b = json.load(open(sys.argv[1]))
rows = b["deciding"]
assert b["version"] and b["machine"]["cpu"] and b["machine"]["cpus"] > 0
assert len(rows) > 20 and {10, 100} <= {r["rules"] for r in rows if "rules" in r}
for r in rows:
    assert r["group"] and r["ns"] > 0 and r["ratio"] > 0 and ("rules" in r) != ("bytes" in r), r
print("numbers")
END
)" numbers 'its JSON holds numbers for all that was measured'
else
	skip 'its JSON holds numbers for all that was measured' 'no python3'
fi

tg bench 10
is "$status" 2 'an operand is an error'
finish

#!/bin/sh
# SPDX-License-Identifier: ISC
# `tollgate bench` measures and says what: how long things take is no test's business.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace

# What it starts is traced, where a leak sanitizer does not work.
ASAN_OPTIONS=detect_leaks=0
TMPDIR=$work/tmp
export ASAN_OPTIONS TMPDIR
mkdir tmp few fake
here=$PATH

# left_behind CLAIM: neither a folder nor a file.
left_behind() { is "$(ls -A "$TMPDIR")" '' "$1"; }

# block TEXT WORKLOAD: its rows.
block() { printf '%s\n' "$1" | awk -v want="$2:" '/^[a-z-]+: / { on = $1 == want; next } /^$/ { on = 0 } on'; }

# fake NAME: a program of that name, from standard input, that is found first.
fake()
{
	{ echo '#!/bin/sh'; cat; } > "fake/$1"
	chmod +x "fake/$1"
}

# --- all of it

out=$("$TOLLGATE" bench --quick 2>err)
is "$?" 0 'bench ends well'
is "$(cat err)" '' 'and says nothing where nobody looks'
left_behind 'and leaves nothing behind'
like "$out" "$(uname -r)" 'it says on which machine'
like "$out" "^Load at the start: [0-9.]+" 'and how busy that was'
number='[0-9]+(\.[0-9]+)?'
for call in getppid refused open-hit open-miss connect futex; do
	rows=$(block "$out" "$call")
	for row in native null ptrace unheld; do
		like "$rows" "^  $row +$number +$number +$number +$number +($number|-) +($number|-) +$number +($number|-)\$" "$call in the configuration $row"
	done
	is "$(printf '%s\n' "$rows" | awk 'NR > 1 && !($2 > 0 && $3 > 0 && $4 > 0)')" '' "$call takes its time everywhere"
done
is "$(block "$out" getppid | awk '$1 == "null" { print ($7 >= 2 && $7 < 3) }')" 1 'a call has two stops, and little comes to that'
is "$(block "$out" getppid | awk '$1 == "native" { print ($7 < 0.5) }')" 1 'alone it has none'
like "$(block "$out" forks)" '^  ptrace ' 'so do programs'
is "$("$TOLLGATE" bench --list | sed -n '/^Conf/,$s/^  \([a-z-]*\) .*/\1/p' | while read -r c; do
	printf '%s\n' "$out" | grep -qE "^  $c(: left out: .|  +[0-9])" || echo "$c"; done)" '' 'each configuration is measured, or left out and said so'
like "$out" "^  ptrace +$number +-?$number +-?$number\$" 'memory is measured'
is "$(printf '%s\n' "$out" | awk '/^Bars/ { on = 1 } /^Calls/ { on = 0 } on && $1 ~ /^[0-9]/ {
	if ($1 != $2 && index($0, ($1 < $2) ? " met  " : " NOT MET  ") == 0) print }')" '' 'a bar is met when what is measured is no more'
is "$(printf '%s\n' "$out" | grep -cE '^ +([0-9.]+|-) +[0-9.]+ (KiB|MiB|   )  (met|NOT MET|not measured) ')" 14 'all bars are there'
for call in getppid access open connect; do
	like "$out" "^ +$call +[0-9]+ +[0-9]+ +[0-9]+ +[0-9.]+\$" "it measures $call, alone, traced and held"
done
deciding=$(printf '%s\n' "$out" | sed -n '/^Deciding/,$p')
for kind in folders wildcards networks ports arguments callers; do
	like "$deciding" "^$kind" "it measures $kind"
done
is "$(printf '%s\n' "$deciding" | awk 'NF == 3 && $1 ~ /^[0-9]+$/ && ($2 <= 0 || $3 <= 0)')" '' 'every time and ratio is above zero'
is "$(printf '%s\n' "$deciding" | awk '/^ +(rules|bytes) / { getline; if ($3 != "1.00") print }')" '' 'each table begins with its measure'

# --- some of it

tg bench --quick --only getppid,open-hit --only native,ptrace
is "$status" 0 'workloads and configurations can be chosen'
is "$(printf '%s\n' "$out" | sed -n 's/^\([a-z-]*\): .*/\1/p' | paste -sd ' ' -)" 'getppid open-hit' 'there are these workloads'
is "$(block "$out" getppid | awk 'NR > 1 { print $1 }' | paste -sd ' ' -)" 'native ptrace' 'in these configurations'
unlike "$out" '^(Bars|Memory|Calls|Deciding)' 'and nothing else'
tg bench --quick --only deciding
like "$out" '^folders' 'so can a section'
unlike "$out" '^(Bars|Memory|Calls|Workloads)' 'and there is no other'

names=$("$TOLLGATE" bench --list | sed -n 's/^  \([a-z-]*\).*/\1/p')
for name in $names; do
	like "$(sed -n '/^\.Ss tollgate bench/,/^\.Sh/p' "$TG_SRCDIR/doc/tollgate.1")" "^\\.It $name\$" "the manual has $name"
done

# --- what is not there, and what does not do its work, is no row

ln -s "$(command -v sh)" "$(command -v cat)" few/
out=$(PATH=$work/few "$TOLLGATE" bench --quick --only getppid,decode)
is "$?" 0 'it does with what there is'
like "$out" '^  strace: left out: strace is not installed' 'what is not installed is left out'
like "$out" '^  decode: left out: ffmpeg is not installed' 'so is a workload'

PATH=$work/fake:$PATH
fake strace < /dev/null
fake proot <<'END'
"$@"
exit 3
END
fake firejail <<'END'
while [ "$1" != -- ]; do shift; done
shift
cd / && "$@"
END
tg bench --quick --only open-hit --only native,ptrace,strace,proot,firejail
is "$status" 0 'programs that do not do what they should end no measure'
like "$out" '^  open-hit under strace: left out: it did not print' 'one that runs nothing is left out'
like "$out" '^  proot: left out: exit status 3' 'one that fails, too'
like "$out" '^  open-hit under firejail: left out: the calls did not end as they should' 'one in which calls do something else, too'
is "$(block "$out" open-hit | awk 'NR > 1 { print $1 }' | paste -sd ' ' -)" 'native ptrace' 'the rest is measured'

fake find <<'END'
read -r first _ <<STATUS
$(sed -n 's/^TracerPid:[^0-9]*//p' /proc/self/status)
STATUS
[ "$first" = 0 ] && echo one
echo two
END
tg bench --quick --only find --only native,null,ptrace
for config in null ptrace; do
	like "$out" "^  find under $config: left out: it printed something else than alone" "what prints something else under $config is left out"
done

# --- a signal

# Both hang when they are traced, one of them in a session of its own, and say so.
mkfifo said
fake find <<END
grep -q '^TracerPid:.*[1-9]' /proc/self/status || { echo 1; exit; }
sleep 1000 & echo \$! > $work/pid1
echo \$\$ > $work/pid2
if command -v setsid >/dev/null; then setsid sleep 1000 & echo \$! > $work/pid3; fi
echo here > $work/said
wait
END
gone() { for f in pid?; do ! kill -0 "$(cat "$f")" 2>/dev/null || return 1; done; }
for signal in INT TERM; do
	for config in null ptrace; do
		rm -f pid?
		"$TOLLGATE" bench --quick --only find --only "$config" > /dev/null 2>&1 &
		bench=$!
		read -r _ < said
		kill -s $signal $bench
		wait $bench
		is "$(kill -l $?)" $signal "$signal under $config ends it"
		left_behind "$signal under $config leaves no file"
		holds "$signal under $config leaves no process" gone
	done
done

# As the alarm would, after ten minutes.
rm -f pid?
"$TOLLGATE" bench --quick --only find --only ptrace > out 2>&1 &
bench=$!
read -r _ < said
kill -s ALRM $bench
wait $bench
is "$?" 0 'what hangs does not hang the measure'
like "$(cat out)" '^  find under ptrace: left out: not done in ' 'but is left out'
holds 'and ended' gone
rm fake/*
PATH=$here

# --- for programs

if command -v python3 >/dev/null 2>&1; then
	"$TOLLGATE" bench --quick --json > bench.json
	is "$?" 0 'so does bench --json'
	is "$(python3 - bench.json <<'END'
import json, sys
b = json.load(open(sys.argv[1]))
assert b["version"] and b["machine"]["cpu"] and b["machine"]["cpus"] > 0 and b["machine"]["load"] >= 0
rows = b["workloads"]
calls = {"getppid", "refused", "open-hit", "open-miss", "connect", "futex"}
assert calls <= {r["workload"] for r in rows}
for r in rows:
    assert 0 < r["lower_ns"] <= r["median_ns"] <= r["upper_ns"] and r["runs"] > 0 and r["switches"] >= 0, r
    native, = [n for n in rows if n["workload"] == r["workload"] and n["configuration"] == "native"]
    assert abs(r["to_native"] - r["median_ns"] / native["median_ns"]) <= 0.01 * r["to_native"] + 0.001, r
    assert (r["of"] == "call") == (r["workload"] in calls), r
for c in calls:
    assert {"native", "null", "ptrace"} <= {r["configuration"] for r in rows if r["workload"] == c}, c
assert {"null", "ptrace"} <= {m["configuration"] for m in b["memory"]}
assert all(m["fixed_bytes"] > 0 for m in b["memory"])
assert len(b["bars"]) == 14
for r in b["bars"]:
    assert r["bar"] and r["unit"] in ("ratio", "KiB", "MiB") and r["limit"] > 0, r
    assert r["met"] is None if r["value"] is None else r["met"] == (r["value"] <= r["limit"]), r
assert [c["call"] for c in b["calls"]] == ["getppid", "access", "open", "connect"]
assert all(c["alone_ns"] > 0 and c["traced_ns"] > 0 and c["held_ns"] > 0 for c in b["calls"])
rows = b["deciding"]
assert len(rows) > 20 and {10, 100} <= {r["rules"] for r in rows if "rules" in r}
for r in rows:
    assert r["group"] and r["ns"] > 0 and r["ratio"] > 0 and ("rules" in r) != ("bytes" in r), r
assert all(l["name"] and l["why"] for l in b["left_out"])
print("numbers")
END
)" numbers 'its JSON holds numbers for all that was measured'
else
	skip 'its JSON holds numbers for all that was measured' 'no python3'
fi

tg bench --quick --csv --only getppid,forks --only null,ptrace
is "$status" 0 'so does bench --csv'
is "$(printf '%s\n' "$out" | awk -F, '{ print NF }' | sort -u)" 10 'all its lines have as many fields as the first'
is "$(printf '%s\n' "$out" | awk -F, 'NR > 1 { print $1 "/" $2 "/" $3 }' | paste -sd ' ' -)" \
	'getppid/native/call getppid/null/call getppid/ptrace/call forks/native/run forks/null/run forks/ptrace/run' 'one for each that was measured'

if command -v gnuplot >/dev/null 2>&1; then
	tg bench --quick --only getppid,forks --only null,ptrace --plot ./bench.svg
	is "$status" 0 'gnuplot draws it'
	like "$(cat bench.svg)" '<svg ' 'as SVG'
	like "$(cat bench.svg)" '>ptrace<' 'with the names of what was measured'
else
	skip 'gnuplot draws it' 'no gnuplot'
fi
err=$(PATH=$work/few "$TOLLGATE" bench --quick --plot ./none.svg 2>&1)
is "$?" 2 'where there is no gnuplot that is an error'
like "$err" 'gnuplot .*not installed' 'and says so, before anything is measured'
holds 'and leaves no picture' [ ! -e none.svg ]

# --- one thing alone

tg bench --loop open-miss --times 10
like "$out" '^[0-9.]+ ns, 10 calls, 0 successful, [0-9]+ waits, [0-9]+ preemptions$' 'one call can be measured by itself'
tg bench --loop open --times 250
like "$out" ' 250 calls, 250 successful' 'as often as was said'
tg bench --loop getppid --ms 1
like "$out" '^[0-9.]+ ns, [0-9]+00 calls' 'or for some time'

for tracer in null look; do
	tg bench --tracer $tracer -- sh -c 'sh -c "exit 3"; exit $(($? + 4))'
	is "$status" 7 "--tracer $tracer ends as the program does"
	# shellcheck disable=SC2016
	tg bench --tracer $tracer -- sh -c 'kill -TERM $$'
	is "$status" 143 "--tracer $tracer gives it its signals"
	tg bench --tracer $tracer -- sh -c 'grep TracerPid /proc/self/status'
	unlike "$out" 'TracerPid:.*[^0-9]0$' "--tracer $tracer traces also what it starts"
done
tg bench --tracer null -- ./nothing
is "$status" 127 'a program that is not there'

policy p.policy 'default allow' 'unknown allow' 'deny EPERM syscall getsid'
tg export -p ./p.policy --format bpf -o p.bpf
tg bench --filter p.bpf -- true
if [ "$status" = 125 ]; then
	skip '--filter is the filter' "$err"
else
	tg bench --filter p.bpf -- "$TOLLGATE" bench --loop refused --times 10
	like "$out" ' 10 calls, 0 successful' '--filter is the filter'
fi
tg bench --filter none.bpf -- true
is "$status" 125 'a filter that is not there'

# --- wrong options

# wrong MESSAGE OPTION...
wrong()
{
	said=$1
	shift
	tg bench "$@"
	is "$status" 2 "an error: bench $*"
	like "$err" "$said" "which says what is wrong: $*"
}
wrong 'no program to name' 10
wrong 'there is no call of that name.*getppid' --loop opne
wrong '"getpid"; did you mean "getppid"' --only getpid
wrong '"zzzzzz".*--list' --only getppid,zzzzzz
wrong 'not both' --json --csv
wrong 'only workloads' --csv --only deciding
wrong 'only workloads' --plot x.svg --only bars
wrong '\.svg or \.png' --plot x.jpg
wrong 'no program to run' --tracer null
wrong 'not both' --tracer null --filter x true
wrong 'none\|null\|look' --tracer full true
left_behind 'nothing is left behind by all that'
finish

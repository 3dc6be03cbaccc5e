#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh [FOLDER]: builds tollgate and the harnesses with clang, libFuzzer and
# sanitizers in FOLDER, and lets each harness look for inputs that break it.
#	FUZZ_SECONDS	how long each may look (60)
#	FUZZERS		which: "policy match explain fmt import" (all)
# What breaks one is left in FOLDER/found and the exit status is 1; 125 when
# nothing could be built.
set -u
src=${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${1:-$PWD/fuzz-build}
seconds=${FUZZ_SECONDS:-60}

# What was said to the make above us is not said to those below: FUZZERS is a variable of theirs, too.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES

stop() { printf 'fuzz: %s\n' "$*" >&2; exit 125; }

# The flags that the objects get, and the programs besides.
sanitize='-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer'

command -v clang >/dev/null 2>&1 || stop 'clang is missing (Debian: apt-get install clang)'
mkdir -p "$build/found" || stop "cannot write to $build"
cd "$build" || exit 125
printf '#include <stddef.h>\nint LLVMFuzzerTestOneInput(const unsigned char *p, size_t n) { return p && n > 1000; }\n' > try.c
# shellcheck disable=SC2086
clang -fsanitize=fuzzer $sanitize -o try try.c > try.log 2>&1 ||
	{ cat try.log >&2; stop 'clang has no libFuzzer or sanitizers (Debian: apt-get install libclang-rt-dev, or clang itself)'; }
[ -x "$src/configure" ] || (cd "$src" && autoreconf -fi) || stop 'autoreconf failed'
[ -e config.status ] || "$src/configure" CC=clang \
	CPPFLAGS=-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION CFLAGS="-g -O1 -fsanitize=fuzzer-no-link $sanitize" > configure.log ||
	stop "configure failed, see $build/config.log"
{ make -j"$(getconf _NPROCESSORS_ONLN)" all && make fuzz-parts; } > make.log 2>&1 || { tail -n 30 make.log >&2; stop "make failed: all of it in $build/make.log"; }

# fuzz NAME: one harness for its time.
fuzz()
{
	# shellcheck disable=SC2046,SC2086
	clang -fsanitize=fuzzer $sanitize -o "$1" "tests/fuzz/fuzz_$1.o" $(make -s fuzz-libs) || stop "cannot link $1"
	TG_SRCDIR=$src sh "$src/tests/fuzz/dict.sh" "$1" > "$1.dict" || exit 125
	mkdir -p "corpus/$1"
	if "./$1" -max_total_time="$seconds" -dict="$1.dict" -max_len=4096 -timeout=20 -rss_limit_mb=2048 \
		-artifact_prefix="$build/found/$1-" -print_final_stats=1 -verbosity="${FUZZ_VERBOSITY:-0}" \
		"corpus/$1" "$src/tests/fuzz/corpus/$1" > "$1.log" 2>&1
	then
		printf '%-8s %s\n' "$1" "$(stats "$1")"
	else
		printf '%-8s FOUND (%s)\n' "$1" "$(stats "$1")"
		grep -vE '^(stat::|INFO:|Dictionary:)' "$1.log" | head -n "${FUZZ_LINES:-60}"
		return 1
	fi
}

stats()
{
	sed -n 's/^stat::number_of_executed_units: *//p' "$1.log" | tr -d '\n'
	printf ' inputs in %s seconds, %s of them kept\n' "$seconds" "$(find "corpus/$1" -type f | wc -l)"
}

status=0
for name in ${FUZZERS:-$(make -s fuzz-names | sed 's,[^ ]*/fuzz_,,g')}; do
	fuzz "$name" || status=1
done
[ "$status" = 0 ] || echo "What was found is in $build/found: a file that stays fixed belongs to $src/tests/fuzz/corpus."
exit $status

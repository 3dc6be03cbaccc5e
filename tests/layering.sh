#!/bin/sh
# SPDX-License-Identifier: ISC
# Who may include whom, who may call ptrace(2), where the processor may be
# named, and what the deciding part may link against.  TAP.
# TG_SRCDIR and TG_BUILDDIR are set by make check; a run by hand needs neither.
LC_ALL=C
export LC_ALL
src=${TG_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
build=${TG_BUILDDIR:-$src/build}
n=0
failed=0

# result NAME FINDINGS: ok when there are none, else they are shown.
result()
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		failed=1
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /'
	fi
}

# Sources of a folder as people write them: what flex and bison make is left out.
sources()
{
	for dir; do
		find "$src/$dir" \( -name '*.[chly]' -o -name '*.def' -o -name '*.tbl' \) \
		    ! -name lex.c ! -name parse.c ! -name parse.h ! -name 'lex.yy.c' 2>/dev/null
	done | sort
}

# code FILE: the file without comments, so that prose breaks no rule; lines keep their numbers.
code()
{
	awk '{
		out = ""; line = $0
		while (line != "") {
			if (inside) {
				i = index(line, "*/")
				if (!i) break
				line = substr(line, i + 2); inside = 0
			} else {
				i = index(line, "/*"); j = index(line, "//")
				if (j && (!i || j < i) && substr(line, j - 1, 1) != ":" && line !~ /".*\/\/.*"/) {
					out = out substr(line, 1, j - 1); break
				}
				if (!i) { out = out line; break }
				out = out substr(line, 1, i - 1); line = substr(line, i + 2); inside = 1
			}
		}
		print out
	}' "$1"
}

# grep_code PATTERN FILES...: file:line:text of matching code.
grep_code()
{
	pattern=$1
	shift
	for f; do
		code "$f" | grep -nE "$pattern" | sed "s|^|${f#"$src"/}:|"
	done
}

# includes FOLDER ALLOWED: quoted includes outside the allowed pattern.
includes()
{
	# shellcheck disable=SC2046
	grep_code '^[ 	]*#[ 	]*include[ 	]*"' $(sources "$1") |
	grep -vE "include[ 	]*\"($2)\""
}

# system_includes FOLDER ALLOWED: likewise those in angle brackets.
system_includes()
{
	# shellcheck disable=SC2046
	grep_code '^[ 	]*#[ 	]*include[ 	]*<' $(sources "$1") |
	grep -vE "include[ 	]*<($2)>"
}

if [ -z "$(sources lib)" ] || [ -z "$(sources engine)" ] || [ -z "$(sources arch)" ]; then
	echo "Bail out! no sources under $src"
	exit 99
fi

result 'lib/ includes lib/ only' "$(includes lib 'lib/[a-z0-9_]+\.h')"
result 'arch/ includes arch/ only' "$(includes arch 'arch/[a-z0-9_]+\.(h|def|tbl)')"
result 'engine/ includes lib/ and engine/ only' \
	"$(includes engine '(lib|engine)/[a-z0-9_]+\.(h|def)')"
result 'policies/ includes policies/ only' "$(includes policies 'policies/[a-z]+\.h')"
result 'tracer/ includes no tests and no library for programs' \
	"$(includes tracer '(lib|arch|engine|policies|tracer)/[a-z0-9_]+\.(h|def)')"

result 'arch/ needs no more of the system than <linux/audit.h> and plain types' \
	"$(system_includes arch 'linux/audit\.h|std(bool|def|int)\.h|string\.h|stdlib\.h|sys/user\.h|asm/ptrace\.h|elf\.h|linux/elf-em\.h|assert\.h')"
# arpa/inet.h is there for inet_pton(3), text to number.
result 'engine/ includes nothing that does I/O, tells the time or runs programs' \
	"$(system_includes engine 'std(bool|def|int|arg|lib|io)\.h|string\.h|ctype\.h|errno\.h|limits\.h|inttypes\.h|assert\.h|signal\.h|arpa/inet\.h')"

# Text that is printed may say ptrace(2).
# shellcheck disable=SC2046
result 'only tracer/pt.c calls ptrace(2)' \
	"$(grep_code '(^|[^a-z_])ptrace[ ]*\(|SYS_ptrace|__NR_ptrace' \
		$(sources lib arch engine tracer libtollgate policies) |
	grep -v '^tracer/pt\.c:' |
	grep -v '^engine/[a-z]*\.def:' |
	sed 's/"[^"]*"*/""/g' | grep -E 'ptrace *\(|SYS_ptrace|__NR_ptrace')"
result 'tracer/pt.c does call it' \
	"$(grep -q 'ptrace *(' "$src/tracer/pt.c" 2>/dev/null || echo 'tracer/pt.c: no call found, so the test above proves nothing')"

machines='__x86_64__|__i386__|__ILP32__|__amd64|__aarch64__|__arm__|__riscv|__mips|__powerpc|__ppc|__s390|__loongarch|__sparc|__m68k|__alpha|__hppa|__sh__|__arc__'
# shellcheck disable=SC2046
result 'no architecture is named by #if outside arch/' \
	"$(grep_code "^[ 	]*#[ 	]*(if|ifdef|ifndef|elif).*($machines)" \
		$(sources lib engine tracer libtollgate policies))"

# What deciding may link against.  Sanitizers, coverage and the stack
# protector put their own symbols in; _chk are the fortified forms.
archive=$build/engine/libtgdecide.a
allowed='^(mem(cmp|cpy|move|set|chr)|__mem(cpy|move|set)_chk'
allowed="$allowed|str(len|cmp|ncmp|chr|rchr|nlen|str|spn|cspn|casecmp|ncasecmp|toul|tol|tol?l|toull)"
allowed="$allowed|__isoc23_strtou?ll?|bsearch|__ctype_b_loc|__ctype_tolower_loc|__errno_location"
allowed="$allowed|v?snprintf|__v?snprintf_chk|strbuf_[a-z]+|_GLOBAL_OFFSET_TABLE_"
allowed="$allowed|__stack_chk_fail(_local)?|__assert_fail|__(asan|ubsan|sanitizer|sancov|gcov|llvm)_.*)\$"

# Undefined in one object and defined by none of the archive's.
undefined()
{
	${NM:-nm} "$1" 2>/dev/null | awk '
		NF == 2 && $1 ~ /^[Uw]$/ { need[$2] = 1 }
		NF == 3 && $2 ~ /^[A-TV-Z]$/ { have[$3] = 1 }
		END { for (s in need) if (!(s in have)) print s }' | sort
}

if [ -f "$archive" ]; then
	result 'deciding links against no I/O, clock, environment or allocation' \
		"$(undefined "$archive" | grep -vE "$allowed")"
	result 'nm can read the archive' \
		"$(${NM:-nm} "$archive" 2>/dev/null | grep -q ' T policy_decide$' || echo "$archive: policy_decide not found")"
else
	n=$((n + 1)); echo "ok $n - deciding links against no I/O # SKIP $archive is not built"
fi

echo "1..$n"
exit $failed

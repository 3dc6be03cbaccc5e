#!/bin/sh
# SPDX-License-Identifier: ISC
# dict.sh NAME: the words that the input of fuzz_NAME is made of, from the tables
# that the program has them from, one a line as libFuzzer reads them.
src=${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}

# The words between double quotes.
quoted() { grep -oE '"[^"\\]*"' "$@" | sed 's/^[^"]*//; /^""$/d'; }
words() { sed 's/.*/"&"/'; }

# Tokens of the scanner are words, and so are some of the names in statements' code.
keywords() { quoted -h "$src/engine/lex.l" "$src/engine/stmt.c" "$src/engine/sysdesc.c" | grep -E '^"[a-z]+"$'; }
calls() { sed -n 's/^SYS(\([a-z0-9_]*\),.*/\1/p' "$src/engine/syscalls.def"; }
constants() { sed -n 's/^CONST([A-Z0-9_]*, *\([A-Za-z0-9_]*\),.*/\1/p' "$src/engine/constants.def"; }
promises() { (cd "$src/policies/promises" && ls) | sed -n 's/\.policy$//p'; }

policy()
{
	keywords
	calls | words
	constants | words
	promises | words
	cat <<'END'
"policy 1\x0a"
"%%\x0a"
"include \"a\""
"include \"b\""
"promise stdio"
"${HOME}"
"${1:-/x}"
"${*}"
" if "
" -> \"drop\""
"-> inherit"
"caller in \"libc.so*\""
"caller file"
"argv[0]"
"process.uid"
"inet:10.0.0.0/8:443"
"inet6:[fd00::]/8"
"unix:/run/**"
"abstract:*"
"/**/"
"[!a-z]"
"{a,b}"
"\\\x0a"
" until "
"mark \"x\""
"after 5s"
END
}

match() { printf '"%s"\n' '**' '/**' '/**/' '[!' '[a-z]' '\\\\' '\x00' 'inet:' 'inet6:[' 'unix:' 'abstract:' '::ffff:' '/128' ':1-65535'; }

explain()
{
	calls | words
	constants | words
	quoted -h "$src/tracer/calltext.c" "$src/tracer/calltext_addr.c" "$src/tracer/calltext_args.c" "$src/tracer/calltext_read.c" |
	LC_ALL=C grep -E '^"[!-~]{1,20}"$' | grep -v %
	printf '"%s"\n' 'AT_FDCWD' '<unfinished ...>' ' = -1 EACCES' '{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"1.2.3.4\")}' '\"...'
}

import()
{
	quoted -h "$src/tracer/profile_json.c" | grep -E '^"[A-Za-z_]+"$'
	calls | words
	printf '"%s"\n' '\"defaultAction\":' '\"syscalls\":' '\"names\":' '\"action\":' '\"args\":' '{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}'
}

case $1 in
policy | fmt) policy ;;
match | explain | import) "$1" ;;
*) echo "dict.sh: no dictionary for \"$1\"" >&2; exit 1 ;;
esac | sort -u

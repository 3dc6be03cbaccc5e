#!/bin/sh
# SPDX-License-Identifier: ISC
# What --help says and what tollgate(1) says are the same options and commands.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"

page=$TG_SRCDIR/doc/tollgate.1

# options_of_help TEXT: every option at the start of a line of help.
options_of_help()
{
	printf '%s\n' "$1" | sed -n 's/^ *\(-[A-Za-z], \)\{0,1\}\(--[a-z0-9-]*\).*/\1\2/p; s/^ *\(-[A-Za-z]\) .*/\1/p' |
	tr -d ' ' | tr ',' '\n' | sort -u
}

# options_of_page SECTION: every option that has an .It of its own there.
options_of_page()
{
	awk -v want="$1" '
		/^\.S[hs] / { here = ($0 == ".Ss " want || $0 == ".Sh " want) }
		here && /^\.It Fl/ {
			for (i = 2; i <= NF; i++)
				if ($i == "Fl") { o = $(i + 1); sub(/,$/, "", o); print "-" o }
		}' "$page" | sort -u
}

commands=$("$TOLLGATE" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\)  .*/\1/p')
like "$commands" '^run$' 'the help lists commands'

general=$(options_of_page 'Options of every command')
is "$(options_of_help "$("$TOLLGATE" --help)")" "$general" 'tollgate --help and the page name the same options'

for command in $commands; do
	[ "$command" != help ] || continue
	like "$(cat "$page")" "^\\.Ss tollgate $command\$" "the page has a section on $command"
	help=$("$TOLLGATE" "$command" --help)
	is "$?" 0 "$command --help succeeds"
	wanted=$( { options_of_page "tollgate $command"; echo -h; echo --help; } | sort -u)
	is "$(options_of_help "$help")" "$wanted" "$command --help and the page name the same options"
	is "$("$TOLLGATE" help "$command")" "$help" "help $command is $command --help"
	is "$(printf '%s\n' "$help" | awk 'length > 80' | head -n 1)" '' "$command --help fits into 80 columns"
done

for command in $(sed -n 's/^\.Ss tollgate \([a-z]*\)$/\1/p' "$page"); do
	like "$commands" "^$command\$" "$command of the page exists"
done

finish

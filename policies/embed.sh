#!/bin/sh
# SPDX-License-Identifier: ISC
# embed.sh FOLDER: prints builtin.c, the text of every *.policy below FOLDER.
# promises/NAME.policy is called "promise/NAME", others by their path.
set -eu
LC_ALL=C
export LC_ALL
cd "$1"

names()
{
	find . -name '*.policy' | sed 's,^\./,,; s,\.policy$,,' |
	sed 's,^promises/\(.*\)$,promise/\1 &,; t
	     s,.*,& &,' | sort
}

# A question mark is escaped lest two of them make a trigraph.
literal()
{
	sed 's/[\\"?]/\\&/g; s/^/	  "/; s/$/\\n"/' "$1"
}

echo '/* Made by policies/embed.sh; edit the *.policy files instead. */'
echo '#include "policies/builtin.h"'
echo
echo 'const struct builtin builtins[] = {'
names | while read -r name file; do
	[ -s "$file.policy" ] || continue
	echo "	{ \"$name\","
	literal "$file.policy"
	echo "	  , $(sed '' "$file.policy" | wc -c | tr -d ' ') },"
done
echo '	{ 0, 0, 0 }'
echo '};'
echo
echo 'const size_t nbuiltins = sizeof(builtins) / sizeof(builtins[0]) - 1;'

#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What shells test of themselves, job control above all.
#
#	BASH_TESTS	the folder tests of bash's source
#	ZSH_TESTS	the folder Test of zsh's
#	MKSH_TESTS	the folder of mksh's source, with check.pl and check.t

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/suites/lib.sh"
begin shells

[ -n "${BASH_TESTS:-}${ZSH_TESTS:-}${MKSH_TESTS:-}" ] || skip_all 'none of BASH_TESTS, ZSH_TESTS and MKSH_TESTS is set'

# there NAME FOLDER COMMAND: copies the folder, or says why there is nothing to be tested.
there()
{
	if [ -z "$2" ]; then
		skip "$1" 'no folder of its tests is given'
	elif ! command -v "$3" > /dev/null; then
		skip "$1" "$3 is not installed"
	else
		cp -rL "$2" "$work/$1"
		chmod -R a+rX "$work/$1"
		return 0
	fi
	return 1
}

# Lines by their number: what is the same in one run and not in the next is seen by line.
results()
{
	printf 'exit status\t%s\n' "$1"
	tr -d '\000' < log | sed 's/([0-9][0-9]*)/(number)/' | cat -n | sed 's/^ *//'
}

if there bash "${BASH_TESTS:-}" bash; then
	# Its small helpers want two headers that only a configured source has.
	mkdir headers
	printf '#include <stdlib.h>\n#include <string.h>\n' > headers/bashansi.h
	printf '#define HAVE_UNISTD_H 1\n' > headers/config.h
	for helper in recho zecho printenv xcase; do
		"${CC:-cc}" -w -Iheaders -include unistd.h -o "bash/$helper" "$BASH_TESTS/../support/$helper.c" ||
			note "$helper could not be compiled: what needs it tests less"
	done
	prepare() { cp -r "$work/bash/." .; }
	for run in bash/run-*; do
		case $run in *-all | *-minimal | *-gprof | *.orig | *~) continue ;; esac
		compare "bash ${run#bash/run-}" env THIS_SH="$(command -v bash)" BUILD_DIR=. PATH=".:$PATH" \
			BASH_TSTOUT="$work/here/tmp/out" sh "./${run#bash/}"
	done
fi

if there zsh "${ZSH_TESTS:-}" zsh; then
	# Its terminals start a shell of this name.
	mkdir Src
	ln -s "$(command -v zsh)" Src/zsh
	prepare() { cp -r "$work/zsh/." .; }
	for file in zsh/*.ztst; do
		compare "zsh ${file#zsh/}" env ZTST_srcdir=. ZTST_exe="$(command -v zsh)" ZTST_verbose=1 \
			zsh +Z -f ./ztst.zsh "./${file#zsh/}"
	done
fi

if there mksh "${MKSH_TESTS:-}" mksh && command -v perl > /dev/null; then
	prepare() { :; }
	results()
	{
		printf 'exit status\t%s\n' "$1"
		sed -n 's/^\(pass\|FAIL\) \([^ ]*\) *\(.*\)/\2\t\1 \3/p' log
	}
	compare 'mksh check.t' perl "$work/mksh/check.pl" -s "$work/mksh/check.t" -p "$(command -v mksh)" -v -C sh,pdksh,shell:unicode-no
fi
end

#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Derives arch/x86_64.tbl and arch/i386.tbl from the kernel's headers, and holds
# arch/common.tbl, which is written by hand, against them.
#
#	arch/mktables.sh	writes the tables
#	arch/mktables.sh -c	compares only: 1 when a table and the headers contradict
#				each other.  What only one of them knows is printed:
#				headers come older and newer than the tables.
#
# CC is the compiler whose headers are meant.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Numbers up to here belong to the ABI; above them is common.tbl's part.
last_own=423

# ABI, number, name: what the headers say otherwise, or not at all.
fixes()
{
	cat <<-'END'
	# Both take one pointer to a block of arguments, which has nothing in common
	# with what mmap and select take elsewhere; the kernel calls them so itself.
	i386	82	old_select
	i386	90	old_mmap
	# Ids of 16 bits; what has their names on other ABIs takes 32.  The kernel's own names.
	i386	16	lchown16
	i386	23	setuid16
	i386	46	setgid16
	i386	70	setreuid16
	i386	71	setregid16
	i386	95	fchown16
	i386	138	setfsuid16
	i386	139	setfsgid16
	i386	164	setresuid16
	i386	170	setresgid16
	i386	182	chown16
	# Newer than many installed headers.
	x86_64	335	uretprobe
	x86_64	336	uprobe
	END
}

# "number name", sorted, as the header has it.
header()
{
	printf '#include <asm/%s>\n' "$2" | ${CC:-cc} -E -dM - |
	    awk '$1 == "#define" && $2 ~ /^__NR_/ && $3 ~ /^[0-9]+$/ { print $3, substr($2, 6) }' |
	    sort -n >"$tmp/$1.header"
	test -s "$tmp/$1.header" || { echo "$0: no calls in asm/$2" >&2; exit 2; }
}

fixed()
{
	fixes | awk -v abi="$1" '
		FNR == NR { if ($1 == abi) name[$2] = $3; next }
		!($1 in name) { print }
		END { for (nr in name) print nr, name[nr] }' - "$tmp/$1.header" | sort -n
}

table()
{
	cat <<-END
	/* SPDX-License-Identifier: ISC */
	/* CALL(number, name): made by arch/mktables.sh from the kernel's headers; below 424, see common.tbl. */
	END
	fixed "$1" | awk -v last=$last_own '$1 <= last { printf "CALL(%d, %s)\n", $1, $2 }'
}

# "number name" of a table.
rows()
{
	sed -n 's/^CALL(\([0-9]*\), \(.*\))$/\1 \2/p' "$@"
}

# Compares the rows of an ABI with its header; says what differs.
compare()
{
	fixed "$1" >"$tmp/$1.want"
	rows "$here/$1.tbl" "$here/common.tbl" | awk -v abi="$1" '
		FNR == NR { want[$1] = $2; next }
		{ have[$1] = $2 }
		END {
			for (nr in have)
				if (nr in want && want[nr] != have[nr]) {
					printf "%s: %d is %s, not %s\n", abi, nr, want[nr], have[nr]
					bad = 1
				}
			for (nr in want)
				if (!(nr in have))
					printf "%s: %d %s is new in the headers\n", abi, nr, want[nr]
			exit bad
		}' "$tmp/$1.want" -
}

header x86_64 unistd_64.h
header i386 unistd_32.h
if test "${1-}" != -c; then
	table x86_64 >"$tmp/x86_64.tbl"
	table i386 >"$tmp/i386.tbl"
	cp "$tmp/x86_64.tbl" "$tmp/i386.tbl" "$here/"
fi
status=0
compare x86_64 || status=1
compare i386 || status=1
exit $status

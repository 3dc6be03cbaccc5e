#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Derives arch/<abi>.tbl from the kernel's headers, and holds arch/common.tbl,
# which is written by hand, against them.
#
#	arch/mktables.sh	writes the tables of all ABIs that have a compiler here
#	arch/mktables.sh -c	compares only: 1 when a table and the headers contradict
#				each other.  What only one of them knows is printed:
#				headers come older and newer than the tables.
#
# Cross compilers come with the headers of their ABI.  x86's are those of CC.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Numbers up to here belong to the ABI; above them is common.tbl's part, and far
# above that are again calls that one ABI has to itself.
last_own=423
first_private=983040

# ABI, its header, its compiler.
abis()
{
	cat <<-END
	x86_64	unistd_64.h	${CC:-cc}
	i386	unistd_32.h	${CC:-cc}
	aarch64	unistd.h	aarch64-linux-gnu-gcc
	arm	unistd.h	arm-linux-gnueabihf-gcc
	END
}

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
	arm	16	lchown16
	arm	23	setuid16
	arm	46	setgid16
	arm	70	setreuid16
	arm	71	setregid16
	arm	95	fchown16
	arm	138	setfsuid16
	arm	139	setfsgid16
	arm	164	setresuid16
	arm	170	setresgid16
	arm	182	chown16
	# Two names there.
	arm	341	arm_sync_file_range
	# Newer than many installed headers.
	x86_64	335	uretprobe
	x86_64	336	uprobe
	END
}

# What a header defines beside calls: bounds and bases.
no_call='^(syscalls|SYSCALL_BASE|OABI_SYSCALL_BASE|SYSCALL_MASK|BASE|arch_specific_syscall)$'

# "number name", sorted, as the header has it: a number can be a sum of others.
# ARM_NR_ is how arm names the calls that it has to itself.
header()
{
	printf '#include <asm/%s>\n' "$2" >"$tmp/names.c"
	$3 -E -dM "$tmp/names.c" | awk -v no="$no_call" '
		$1 == "#define" && $2 ~ /^__(ARM_)?NR_/ && NF > 2 {
			name = $2
			sub(/^__(ARM_)?NR_/, "", name)
			if (name !~ no)
				print "@@", name, $2
		}' >"$tmp/rows"
	cat "$tmp/rows" >>"$tmp/names.c"
	$3 -E -P "$tmp/names.c" | sed -n 's/^@@ //p' | while read -r name value; do
		case $value in
		[0-9\(]*) echo "$(($value)) $name" ;;
		esac
	done | sort -n >"$tmp/$1.header"
	test -s "$tmp/$1.header" || { echo "$0: no calls in asm/$2 of $3" >&2; exit 2; }
}

fixed()
{
	fixes | awk -v abi="$1" '
		FNR == NR { if ($1 == abi) name[$2] = $3; next }
		!($1 in name) { print }
		END { for (nr in name) print nr, name[nr] }' - "$tmp/$1.header" | sort -n
}

# table ABI FIRST LAST: the rows of the numbers in between.
table()
{
	cat <<-END
	/* SPDX-License-Identifier: ISC */
	/* CALL(number, name): made by arch/mktables.sh from the kernel's headers; below 424, see common.tbl. */
	END
	fixed "$1" | awk -v first="$2" -v last="$3" '$1 >= first && $1 <= last { printf "CALL(%d, %s)\n", $1, $2 }'
}

write()
{
	table "$1" 0 $last_own >"$here/$1.tbl"
	table "$1" $first_private 4294967295 >"$tmp/private"
	! grep -q '^CALL' "$tmp/private" || cp "$tmp/private" "$here/$1_private.tbl"
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
	rows "$here/$1"*.tbl "$here/common.tbl" | awk -v abi="$1" '
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

status=0
abis >"$tmp/abis"
while read -r abi file compiler; do
	if ! command -v "${compiler%% *}" >/dev/null || ! printf '#include <asm/%s>\n' "$file" | $compiler -E - >/dev/null 2>&1; then
		echo "$abi: no $file of $compiler here"
		continue
	fi
	header "$abi" "$file" "$compiler"
	[ "${1-}" = -c ] || write "$abi"
	compare "$abi" || status=1
done <"$tmp/abis"
exit $status

#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Which of the constants have another value on another ABI: an ioctl's number
# has the size of its structure in it, some flags have other bits.
#
#	mkconstants.sh ABI COMPILER [FLAG]...	prints the rows for that ABI
#	mkconstants.sh -w			writes constants_abi.def anew, for all ABIs
#						that have a compiler here
#
# Values are read from the assembler text of a program that is never run, so
# that a cross compiler with the kernel's headers is enough.
set -eu
LC_ALL=C
export LC_ALL
dir=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

headers='sys/socket.h fcntl.h unistd.h errno.h signal.h sched.h time.h sys/mman.h sys/wait.h
	sys/ptrace.h sys/personality.h sys/epoll.h sys/eventfd.h sys/signalfd.h sys/timerfd.h
	sys/inotify.h sys/fanotify.h sys/ipc.h sys/shm.h sys/sem.h sys/msg.h sys/time.h
	sys/resource.h sys/stat.h sys/file.h netinet/in.h netinet/tcp.h asm/ioctls.h asm/termbits.h
	linux/fiemap.h linux/fs.h linux/fscrypt.h linux/fsverity.h linux/if_tun.h linux/kd.h linux/random.h linux/sockios.h
	linux/uinput.h linux/userfaultfd.h linux/videodev2.h linux/vt.h linux/serial.h sound/asound.h'

# Where the C library has a value of its own, or says 0 because it always sets the
# flag; O_LARGEFILE is then asked of the kernel's header alone.
library='O_LARGEFILE|F_(GET|SET)LK(W|64|W64)?|FUTEX_CMD_MASK'

names() { sed -n 's/^CONST([A-Z0-9_]*, *\([A-Za-z0-9_]*\), .*/\1/p' "$dir/constants.def" | grep -vE "^($library)\$" | sort -u; }

# numbers FILE COMPILER...: "NAME VALUE" of the lines "@@ NAME VALUE" that the program's assembler text has.
numbers()
{
	file=$1
	shift
	"$@" -w -D_GNU_SOURCE -include stdint.h -O1 -S -o "$tmp/out.s" "$file"
	awk '$1 == "@@" { sub(/^[$#]/, "", $3); printf "%s %.0f\n", $2, $3 < 0 ? $3 + 4294967296 : $3 }' "$tmp/out.s"
}

# line NAME VALUE: says it in the assembler text.
line() { printf '__asm__ volatile("\\n@@ %s %%0" :: "i"((int)(%s)));\n' "$1" "$2"; }

# theirs COMPILER...: what its headers say, of the constants that they know.
theirs()
{
	{
		for h in $headers; do
			printf '#include <%s>\n' "$h" > "$tmp/one.c"
			"$@" -E "$tmp/one.c" > /dev/null 2>&1 && cat "$tmp/one.c"
		done
		echo 'void f(void) {'
		names | while read -r name; do
			printf '#ifdef %s\n' "$name"
			line "$name" "$name"
			echo '#endif'
		done
		echo '}'
	} > "$tmp/theirs.c"
	{
		echo '#include <asm/fcntl.h>'
		echo 'void f(void) {'
		line O_LARGEFILE O_LARGEFILE
		echo '}'
	} > "$tmp/kernel.c"
	{
		numbers "$tmp/theirs.c" "$@" && numbers "$tmp/kernel.c" "$@"
	} 2>"$tmp/errors" || { head -n 5 "$tmp/errors" >&2; exit 1; }
}

# ours: what constants.def says.
ours()
{
	{
		echo 'void f(void) {'
		sed -n 's/^CONST([A-Z0-9_]*, *\([A-Za-z0-9_]*\), *\(.*\))$/\1 \2/p' "$dir/constants.def" | while read -r name value; do
			line "$name" "$value"
		done
		echo '}'
	} > "$tmp/ours.c"
	numbers "$tmp/ours.c" "${CC:-cc}"
}

rows()
{
	abi=$1
	shift
	ours > "$tmp/ours"
	theirs "$@" > "$tmp/theirs"
	awk -v abi="$abi" '
		FNR == NR { value[$1] = $2; next }
		$1 in value && value[$1] != $2 { printf "CONST_ABI(%s, %s, 0x%x)\n", abi, $1, $2 }' "$tmp/ours" "$tmp/theirs"
}

compiler_of()
{
	case $1 in
	i386) echo "${CC:-cc} -m32 -idirafter /usr/include/$(${CC:-cc} -print-multiarch)" ;;
	aarch64) echo aarch64-linux-gnu-gcc ;;
	arm) echo arm-linux-gnueabihf-gcc ;;
	ppc64le) echo powerpc64le-linux-gnu-gcc ;;
	s390x) echo s390x-linux-gnu-gcc ;;
	mips64) echo mips64el-linux-gnuabi64-gcc ;;
	mips) echo mipsel-linux-gnu-gcc ;;
	riscv64) echo riscv64-linux-gnu-gcc ;;
	esac
}

write_all()
{
	{
		cat <<'END'
/* SPDX-License-Identifier: ISC */
/*
 * CONST_ABI(abi, NAME, value)
 *
 * What constants.def says is so on x86-64; here is where another ABI has
 * another value.  Made by mkconstants.sh from the kernel's headers.
 */
END
		for abi in i386 aarch64 arm ppc64le s390x mips64 mips riscv64; do
			command=$(compiler_of "$abi")
			if command -v "${command%% *}" > /dev/null; then
				echo
				# shellcheck disable=SC2086
				rows "$abi" $command
			else
				sed -n "/^CONST_ABI($abi, /p" "$dir/constants_abi.def" 2>/dev/null
			fi
		done
	} > "$dir/constants_abi.def.new"
	mv "$dir/constants_abi.def.new" "$dir/constants_abi.def"
}

case ${1:-} in
-w) write_all ;;
''|-*) sed -n 's/^#	//p' "$0" >&2; exit 2 ;;
*) rows "$@" ;;
esac

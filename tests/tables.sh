#!/bin/sh
# SPDX-License-Identifier: ISC
# The tables against the headers that are installed here.  Headers come older
# and newer than the tables: what only one of them knows is no error, a
# contradiction is.  TAP.
LC_ALL=C
export LC_ALL
src=${TG_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
CC=${CC:-cc}
export CC
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
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

has()
{
	printf '#include <%s>\n' "$1" | $CC -E - >/dev/null 2>&1
}

if ! has asm/unistd_64.h || ! has asm/unistd_32.h; then
	echo '1..0 # SKIP no headers of an x86 kernel'
	exit 0
fi

out=$(sh "$src/arch/mktables.sh" -c) && bad= || bad=${out:-mktables.sh failed}
[ -n "$bad" ] || [ -z "$out" ] || echo "$out" | sed 's/^/# /'
result 'numbers are those of the headers' "$bad"

# What i386 has otherwise, and what those have that a cross compiler is here for.
# shellcheck disable=SC2086
if i386="-m32 -idirafter /usr/include/$($CC -print-multiarch 2>/dev/null)" &&
    printf '#include <stdio.h>\n#include <sys/ioctl.h>\n' > "$tmp/m32.c" && $CC $i386 -S -o /dev/null "$tmp/m32.c" 2>/dev/null; then
	sh "$src/engine/mkconstants.sh" i386 $CC $i386 > "$tmp/i386" 2>&1
	result 'constants of i386 are those of its headers' \
		"$(sed -n '/^CONST_ABI(i386, /p' "$src/engine/constants_abi.def" | diff - "$tmp/i386" | grep '^[<>]')"
else
	n=$((n + 1))
	echo "ok $n - constants of i386 are those of its headers # SKIP the compiler does not make i386 programs"
fi

while read -r abi compiler; do
	if command -v "$compiler" >/dev/null 2>&1 && printf '#include <sys/ioctl.h>\n' | "$compiler" -E - >/dev/null 2>&1; then
		sh "$src/engine/mkconstants.sh" "$abi" "$compiler" > "$tmp/$abi" 2>&1
		result "constants of $abi are those of its headers" \
			"$(sed -n "/^CONST_ABI($abi, /p" "$src/engine/constants_abi.def" | diff - "$tmp/$abi" | grep '^[<>]')"
	else
		n=$((n + 1))
		echo "ok $n - constants of $abi are those of its headers # SKIP there is no $compiler here"
	fi
done <<END
aarch64 aarch64-linux-gnu-gcc
arm arm-linux-gnueabihf-gcc
END

# Names whose value in the C library is not the kernel's, or not on every ABI:
# O_LARGEFILE is 0 where it is always on, F_GETLK64 is F_GETLK there;
# FUTEX_CMD_MASK is cut to the width of the argument it is for.
ours_alone='O_LARGEFILE|F_(GET|SET)LK(W|64|W64)?|FUTEX_CMD_MASK'

headers='sys/socket.h fcntl.h unistd.h errno.h signal.h sched.h time.h sys/mman.h sys/wait.h
	sys/ptrace.h sys/personality.h sys/epoll.h sys/eventfd.h sys/signalfd.h sys/timerfd.h
	sys/inotify.h sys/fanotify.h sys/ipc.h sys/shm.h sys/sem.h sys/msg.h sys/time.h
	sys/resource.h sys/stat.h sys/mount.h sys/file.h netinet/in.h netinet/tcp.h asm/prctl.h
	asm/ioctls.h asm/termbits.h linux/bpf.h linux/close_range.h linux/falloc.h linux/fiemap.h
	linux/fs.h linux/fscrypt.h linux/fsverity.h linux/futex.h linux/if_tun.h linux/ioprio.h
	linux/kcmp.h linux/kd.h linux/keyctl.h linux/membarrier.h linux/mempolicy.h
	linux/netlink.h linux/nsfs.h linux/openat2.h linux/prctl.h linux/random.h
	linux/reboot.h linux/seccomp.h linux/serial.h linux/sockios.h linux/uinput.h
	linux/userfaultfd.h linux/videodev2.h linux/vt.h linux/xattr.h sound/asound.h'

# A static assertion for each constant.  A name the headers lack is an error of
# another kind, which is counted and not held against us.
assertions()
{
	for h in $headers; do
		has "$h" && printf '#include <%s>\n' "$h"
	done
	sed -n 's/^CONST(\([A-Z0-9_]*\), *\([A-Za-z0-9_]*\), *\(.*\))$/\2 \3/p' "$src/engine/constants.def" |
	grep -vE "^($ours_alone) " |
	while read -r name value; do
		printf '_Static_assert((unsigned long long)(%s) == (unsigned long long)(%s), "%s is not %s");\n' \
		    "$name" "$value" "$name" "$value"
	done
}

# clang stops after twenty errors unless told not to, and takes the nearest name
# that it knows for one that it does not.
assertions >"$tmp/constants.c"
limit=-fmax-errors=0
$CC -ferror-limit=0 -fsyntax-only -x c /dev/null 2>/dev/null && limit=-ferror-limit=0
$CC -std=gnu11 -D_GNU_SOURCE $limit -include stdint.h -fsyntax-only -w "$tmp/constants.c" 2>"$tmp/errors"
sed -n 's/.*undeclared identifier .\([A-Za-z0-9_]*\).*/\1/p
	s/.*[^A-Za-z0-9_]\([A-Za-z0-9_][A-Za-z0-9_]*\).* undeclared .*/\1/p' "$tmp/errors" | sort -u >"$tmp/unknown"
sed -n 's/.*error: stati[^"]*"\([^"]*\)".*/\1/p' "$tmp/errors" |
    awk 'FNR == NR { unknown[$1]; next } !($1 in unknown)' "$tmp/unknown" - >"$tmp/wrong"
result 'constants are those of the headers' "$(cat "$tmp/wrong")"
all=$(grep -c '^_Static_assert' "$tmp/constants.c")
unknown=$(wc -l <"$tmp/unknown")
echo "# $all constants, $unknown of them unknown to the headers"
result 'most constants were compared' \
	"$([ "$unknown" -lt $((all / 4)) ] || sed -n '1,5p' "$tmp/errors")"

echo "1..$n"
exit $failed

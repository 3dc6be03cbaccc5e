#!/bin/sh
# SPDX-License-Identifier: ISC
#
# boot.sh ARCH KERNEL DIRECTORY SECONDS [QEMU-OPTION]...
#
# Boots a kernel in qemu, without a disk: the files of DIRECTORY are all it has.
# Its /init is tests/kernels/init.c, built static for ARCH, which runs /start (a
# program or a script) and switches the machine off.  What the machine prints
# comes out here; the exit status is that of /start, 124 when there was none
# within SECONDS, 77 when this cannot be tried here.
#
#	boot.sh --list		the architectures
#	boot.sh --missing ARCH	says what is missing on this machine, or nothing

# ARCH, program and its Debian package, machine, memory in MiB, console, more for the kernel
machines()
{
	cat <<'END'
x86_64|qemu-system-x86_64|qemu-system-x86|-M pc|512|ttyS0|reboot=t
aarch64|qemu-system-aarch64|qemu-system-arm|-M virt -cpu cortex-a57|1024|ttyAMA0|
END
}

say() { echo "boot.sh: $*" >&2; }

# machine ARCH: sets what the row says.
machine()
{
	row=$(machines | grep "^$1|") || { say "no row for $1"; exit 77; }
	IFS='|' read -r arch qemu package options memory console more <<-END
		$row
	END
}

missing()
{
	command -v "$qemu" > /dev/null 2>&1 || { echo "$qemu is not installed (Debian: $package)"; return; }
	command -v cpio > /dev/null 2>&1 || echo 'cpio is not installed (Debian: cpio)'
}

# The console, without carriage returns; what init says last is the status.
follow()
{
	cr=$(printf '\r') seen=124
	while IFS= read -r line || [ -n "$line" ]; do
		while [ "$line" != "${line%"$cr"}" ]; do line=${line%"$cr"}; done
		case $line in
		'boot: status '[0-9]*) seen=${line#boot: status } ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
	return "$seen"
}

case ${1:-} in
--list)
	machines | cut -d'|' -f1
	exit
	;;
--missing)
	machine "$2"
	missing
	exit
	;;
esac
[ $# -ge 4 ] || { sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
machine "$1"
kernel=$2 directory=$3 seconds=$4
shift 4
lack=$(missing)
[ -z "$lack" ] || { say "$lack"; exit 77; }

work=$(mktemp -d "${TMPDIR:-/tmp}/tollgate-boot.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
(cd "$directory" && find . | cpio -o -H newc -R 0:0 --quiet) | gzip -1 > "$work/initrd" || exit 99

# shellcheck disable=SC2086
timeout --foreground -k 5 "$seconds" "$qemu" $options -m "$memory" -nodefaults -display none -serial stdio -no-reboot \
	-kernel "$kernel" -initrd "$work/initrd" -append "console=$console panic=1 quiet $more" "$@" \
	< /dev/null 2> "$work/err" | follow
status=$?
[ "$status" = 124 ] && say "no end within $seconds s, or a death: $(tail -n 3 "$work/err")"
exit "$status"

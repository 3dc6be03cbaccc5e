#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The end-to-end tests on real kernels, in qemu: those that kernel.sh builds,
# without seccomp, and the one that TOLLGATE_KERNEL names.  The static tollgate
# runs there, with the tools of this machine; and with all its files where the
# kernel can have them through 9p.
#
#	KERNELS		names of kernel.sh, by default all but the small one of short.sh
#	SCRIPTS		names in tests/e2e
#	LIMIT		seconds that one machine may run

TG_SRCDIR=${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
TG_BUILDDIR=${TG_BUILDDIR:-$TG_SRCDIR/build}
here=$TG_SRCDIR/tests/kernels
n=0
failed=0

work=$(mktemp -d "${TMPDIR:-/tmp}/tollgate-kernels.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM

ok() { n=$((n + 1)); echo "ok $n - $*"; }
not_ok() { n=$((n + 1)); failed=1; echo "not ok $n - $*"; }
skip_all() { echo "1..0 # SKIP $1"; exit 0; }

# The lines of one machine, numbered, with its name.
relay()
{
	while IFS= read -r line; do
		case $line in
		'ok - '* | 'not ok - '*)
			n=$((n + 1))
			echo "${line%% - *} $n - $1 ${line#*ok - }"
			;;
		*) echo "# $1: $line" ;;
		esac
	done
}

# on_kernel NAME
on_kernel()
{
	image=$(sh "$here/kernel.sh" "$1" 2> "$work/err")
	case $? in
	0) ;;
	77) ok "$1 # SKIP $(tail -n 1 "$work/err")"; return ;;
	*) not_ok "$1: there is a kernel"; sed 's/^/# /' "$work/err"; return ;;
	esac
	{
		sh "$here/boot.sh" "$(uname -m)" "$image" "$work/files" "$LIMIT" \
			-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap
		echo $? > "$work/status"
	} 2>&1 | relay "$1" | tee "$work/lines"
	n=$((n + $(grep -cE '^(ok|not ok) ' "$work/lines")))
	if grep -q '^not ok ' "$work/lines"; then failed=1; fi
	if [ "$(cat "$work/status")" -le 1 ]; then
		ok "$1: the machine ends well"
	else
		not_ok "$1: the machine ends well"
	fi
}

lack=$(sh "$here/boot.sh" --missing "$(uname -m)")
[ -z "$lack" ] || skip_all "$lack"
sh "$TG_SRCDIR/tests/static-build.sh" "$TG_BUILDDIR/static" all tests/kernels/init > "$work/out" 2>&1
case $? in
0) ;;
77) skip_all "$(tail -n 1 "$work/out")" ;;
*) sed 's/^/# /' "$work/out"; not_ok 'the static build'; echo "1..$n"; exit 1 ;;
esac
# shellcheck disable=SC2086
sh "$here/pack.sh" "$work/files" "$TG_BUILDDIR/static" \
	${SCRIPTS:-attach attacks callers cli hostile phases programs promises transitions transparent} || exit 99

LIMIT=${LIMIT:-3000}
for kernel in ${KERNELS:-$(sh "$here/kernel.sh" --list | grep -v small)}; do
	on_kernel "$kernel"
done
[ -n "${TOLLGATE_KERNEL:-}${KERNELS:-}" ] || ok 'given # SKIP TOLLGATE_KERNEL=/path/to/bzImage names no further kernel'
echo "1..$n"
exit "$failed"

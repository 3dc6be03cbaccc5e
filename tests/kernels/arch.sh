#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Another architecture, whole: tollgate and what it traces are built by cross
# compilers, and unit and end-to-end tests run in qemu, on Debian's kernel for
# that architecture with its shell and tools.  Nothing of this machine is used
# there and nothing is installed here: packages are only unpacked.
#
#	ARCH		as Debian calls it; arm64 without
#	SCRIPTS		names in tests/e2e, or ../escapes/escapes; what makes them less is passed on
#	UNIT		names in tests/unit: decode is check_decode
#	LIMIT		seconds that the machine may run
#
# Packages stay in ${XDG_CACHE_HOME:-~/.cache}/tollgate-kernels, the build in the
# build folder.

TG_SRCDIR=${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
TG_BUILDDIR=${TG_BUILDDIR:-$TG_SRCDIR/build}
here=$TG_SRCDIR/tests/kernels
ARCH=${ARCH:-arm64}
SCRIPTS=${SCRIPTS:-attach attacks callers check cli export fmt phases promises transitions transparent}
UNIT=${UNIT:-calltext decode lib maps messages netaddr opt remote resolve tables}
LIMIT=${LIMIT:-7200}
n=0
failed=0

# Debian's name, boot.sh's, compiler, that of the 32-bit ABI and Debian's name of it, kernel
arches()
{
	cat <<'END'
arm64|aarch64|aarch64-linux-gnu|arm-linux-gnueabihf|armhf|linux-image-arm64
END
}

# What the machine has beside tollgate, and what is needed to build it.
tools='dash bash coreutils diffutils findutils grep hostname libc-bin mawk ncurses-base procps python3 python3-minimal sed tmux util-linux'
libraries='check libelf-dev libjansson-dev libseccomp-dev libsubunit-dev zlib1g-dev'

# Packages that the above depend on and that only matter where they are installed.
unwanted='^(adduser|check|cpio|debconf|dpkg|initramfs|klibc|kmod|libc-dev|libperl|linux-|lsb-base|passwd|perl|pkg-config|python3-dev|udev)|-dev_'

# What is nobody's business in a machine that lives for minutes.
ballast='usr/share/doc usr/share/info usr/share/locale usr/share/man usr/share/lintian usr/share/bash-completion run'

ok() { n=$((n + 1)); echo "ok $n - $*"; }
not_ok() { n=$((n + 1)); failed=1; echo "not ok $n - $*"; }
skip_all() { echo "1..0 # SKIP $1"; exit 0; }
bail_out() { sed 's/^/# /' "$work/out"; not_ok "$1"; echo "1..$n"; exit 1; }

row=$(arches | grep "^$ARCH|") || skip_all "there is no row for $ARCH in tests/kernels/arch.sh: $(arches | cut -d'|' -f1 | xargs)"
IFS='|' read -r debian machine triplet triplet32 debian32 kernel <<END
$row
END
for tool in apt-get dpkg-deb pkg-config "$triplet-gcc" "$triplet32-gcc"; do
	command -v "$tool" > /dev/null ||
		skip_all "$tool is not installed (Debian: apt dpkg pkg-config gcc-$triplet libc6-dev-$debian-cross gcc-$triplet32 libc6-dev-$debian32-cross)"
done
lack=$(sh "$here/boot.sh" --missing "$machine")
[ -z "$lack" ] || skip_all "$lack"
[ ! -f "$TG_SRCDIR/config.status" ] || skip_all 'the sources are configured themselves, which excludes builds elsewhere'

work=$(mktemp -d "${TMPDIR:-/tmp}/tollgate-arch.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
kept=${XDG_CACHE_HOME:-$HOME/.cache}/tollgate-kernels/$debian
files=$work/files
made=$TG_BUILDDIR/$debian
mkdir -p "$kept/apt/lists/partial" "$kept/apt/archives/partial" "$files" || exit 99

# apt-get with a state of its own, in which nothing is installed.
private_apt()
{
	: > "$kept/apt/status"
	echo "deb ${TOLLGATE_MIRROR:-http://deb.debian.org/debian} bookworm main" > "$kept/apt/sources.list"
	apt-get -qq -o Dir::State="$kept/apt" -o Dir::State::lists="$kept/apt/lists" -o Dir::State::status="$kept/apt/status" \
		-o Dir::Cache="$kept/apt" -o Dir::Cache::archives="$kept/apt/archives" -o Dir::Etc::sourcelist="$kept/apt/sources.list" \
		-o Dir::Etc::sourceparts=- -o Dir::Etc::trustedparts=/usr/share/keyrings -o APT::Architecture="$debian" \
		-o APT::Architectures="$debian,$debian32" -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
		-o Acquire::Languages=none "$@"
}

fetch()
{
	[ ! -f "$kept/complete" ] || return 0
	# shellcheck disable=SC2086
	private_apt update && private_apt install -y -d --no-install-recommends $tools $libraries "$kernel" "libc6:$debian32" "libgcc-s1:$debian32" &&
		: > "$kept/complete"
}

# unpack INTO PATTERN: the packages whose file's name matches it.
unpack()
{
	for deb in "$kept"/apt/archives/*.deb; do
		case ${deb##*/} in
		# shellcheck disable=SC2254
		$2) dpkg-deb -x "$deb" "$1" || return 1 ;;
		esac
	done
}

build()
{
	[ -d "$kept/sysroot" ] || { unpack "$kept/sysroot" '*-dev_*' && unpack "$kept/sysroot" 'check_*'; } || return 1
	libs=$kept/sysroot/usr/lib/$triplet
	mkdir -p "$made" && cd "$made" || return 1
	unset CC CFLAGS CPPFLAGS LDFLAGS LIBS MAKEFLAGS MFLAGS MAKELEVEL
	export PKG_CONFIG='pkg-config --static' PKG_CONFIG_LIBDIR="$libs/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$kept/sysroot"
	[ -f Makefile ] || "$TG_SRCDIR/configure" --host="$triplet" --enable-static-tollgate --with-jansson --with-libelf \
		--with-check --with-libseccomp TRACEE32_CC="$triplet32-gcc" || return 1
	make -j2 && make -j2 check TESTS= && make tests/kernels/init
}

# All programs that were built, and the sources that tests read.
pack()
{
	mkdir -p "$files/usr/bin" "$files/usr/sbin" "$files/usr/lib" "$files/root" "$files/tollgate/src" || return 1
	for dir in bin sbin lib; do ln -s "usr/$dir" "$files/$dir"; done
	for deb in "$kept"/apt/archives/*.deb; do
		echo "${deb##*/}" | grep -qE "$unwanted" || dpkg-deb -x "$deb" "$files" || return 1
	done
	(cd "$files" && rm -rf $ballast) && ln -sf mawk "$files/usr/bin/awk"
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n' > "$files/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' > "$files/etc/group"
	echo '127.0.0.1 localhost' > "$files/etc/hosts"
	for part in arch doc engine lib policies tests tracer LICENSE README.md HACKING.md SECURITY.md; do
		cp -R "$TG_SRCDIR/$part" "$files/tollgate/src/" || return 1
	done
	(cd "$made" && find tollgate tests -type f -perm -u+x ! -name '*.sh' ! -name '*.log' | cpio -pdm --quiet "$files/tollgate/build") &&
		mv "$files/tollgate/build/tests/kernels/init" "$files/init" && cp "$here/guest.sh" "$files/start" || return 1
	chmod 755 "$files/start"
	echo "$SCRIPTS" > "$files/tollgate/scripts"
	echo "$UNIT" > "$files/tollgate/unit"
	env | sed -nE "s/^(USERS|ABIS|FAMILIES|MODES|TRIES|CONTROL_TRIES|ROWS)=(.*)/export \1='\2'/p" > "$files/tollgate/environment"
}

fetch > "$work/out" 2>&1 || skip_all "Debian's packages for $debian cannot be had: $(tail -n 1 "$work/out")"
(build) > "$work/out" 2>&1 || bail_out "$ARCH: it builds"
ok "$ARCH: it builds"
unpack "$work/kernel" "linux-image-[0-9]*" > "$work/out" 2>&1 || bail_out "$ARCH: there is a kernel"
pack > "$work/out" 2>&1 || bail_out "$ARCH: there is a machine"

{
	sh "$here/boot.sh" "$machine" "$work"/kernel/boot/vmlinu[xz]-* "$files" "$LIMIT"
	echo $? > "$work/status"
} 2>&1 | while IFS= read -r line; do
	case $line in
	'ok - '* | 'not ok - '*)
		n=$((n + 1))
		echo "${line%% - *} $n - $ARCH ${line#*ok - }"
		;;
	*) echo "# $line" ;;
	esac
done | tee "$work/lines"
n=$((n + $(grep -cE '^(ok|not ok) ' "$work/lines")))
if grep -q '^not ok ' "$work/lines"; then failed=1; fi
if [ "$(cat "$work/status")" -le 1 ]; then
	ok "$ARCH: the machine ends well"
else
	not_ok "$ARCH: the machine ends well"
fi
echo "1..$n"
exit "$failed"

#!/bin/sh
# SPDX-License-Identifier: ISC
#
# kernel.sh NAME		builds a kernel and prints the path of its image
# kernel.sh --list		the names
#
# From Debian's sources, which are fetched without touching what this machine
# has installed, and *.config of this folder.  What is built stays in
# ${XDG_CACHE_HOME:-~/.cache}/tollgate-kernels, by the sum of its row and of its
# configuration.  77: it cannot be had here, and the last line says why.
#
#	TOLLGATE_KERNEL		an image: what the name "given" stands for
#	DEBIAN_MIRROR		another than deb.debian.org

TG_SRCDIR=${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
here=$TG_SRCDIR/tests/kernels
keys=/usr/share/keyrings/debian-archive-keyring.gpg
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tollgate-kernels
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

# NAME, release of Debian, package, configuration on top of tinyconfig
kernels()
{
	cat <<'END'
6.1-noseccomp|bookworm|linux-source-6.1|small more
5.10-noseccomp|bullseye|linux-source-5.10|small more
6.1-small|bookworm|linux-source-6.1|small
END
}

lacks() { echo "$*" >&2; exit 77; }
fail() { echo "kernel.sh: $*" >&2; exit 1; }

# needs COMMAND PACKAGE: or stops.
needs() { command -v "$1" > /dev/null 2>&1 || lacks "$1 is not installed (Debian: $2)"; }

# Where apt keeps what it knows of the release; nothing of the system's.
apt_()
{
	how=$1
	shift
	"apt-$how" -q -o Dir::State="$work/apt" -o Dir::State::status="$work/apt/status" -o Dir::Cache="$work/apt" \
		-o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Acquire::Languages=none -o APT::Sandbox::User= "$@"
}

fetch()
{
	mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
	: > "$work/apt/status"
	echo "deb [signed-by=$keys] $mirror $release main" > "$work/apt/sources.list"
	apt_ get update && apt_ get download "$package"
}

unpack()
{
	mkdir "$work/source"
	dpkg-deb --fsys-tarfile "$package"_*.deb | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
		tar -xJ -C "$work/source" --strip-components=1 --exclude='*/Documentation/*/*' --exclude='*/drivers/gpu/drm/amd/include'
}

# In its order a later line counts.  Of those that have no effect the log tells.
configure()
{
	awk -F '[ =]' '/^CONFIG_/ { line[$1] = $0 } /^# CONFIG_/ { line[$2] = $0 } END { for (i in line) print line[i] }' \
		$configs > wanted
	make -s tinyconfig && cat wanted >> .config && make -s olddefconfig || return
	grep -vxF -f .config wanted | sed 's/^/kernel.sh: has no effect: /'
}

build()
{
	fetch || lacks "$mirror has no $package for $release, or cannot be reached"
	unpack && cd "$work/source" && configure && make -s -j"$(getconf _NPROCESSORS_ONLN)" bzImage
}

case ${1:-} in
--list)
	kernels | cut -d'|' -f1
	[ -z "${TOLLGATE_KERNEL:-}" ] || echo given
	exit
	;;
given)
	[ -n "${TOLLGATE_KERNEL:-}" ] || lacks 'TOLLGATE_KERNEL=/path/to/bzImage names no kernel'
	[ -r "$TOLLGATE_KERNEL" ] || lacks "TOLLGATE_KERNEL: $TOLLGATE_KERNEL cannot be read"
	echo "$TOLLGATE_KERNEL"
	exit
	;;
esac
row=$(kernels | grep "^${1:-}|") || fail "which kernel? $(kernels | cut -d'|' -f1 | paste -s -d ' ' -)"
IFS='|' read -r name release package parts <<END
$row
END
configs=
for part in $parts; do
	configs="$configs $here/$part.config"
done

# shellcheck disable=SC2086
sum=$({ echo "$row"; cat $configs; } | cksum | cut -d' ' -f1)
image=$cache/$name-$sum
if [ ! -s "$image" ]; then
	[ "$(uname -m)" = x86_64 ] || lacks "no kernel for $(uname -m) is built so far"
	needs apt-get apt
	needs dpkg-deb dpkg
	needs xz xz-utils
	needs bc bc
	needs flex flex
	needs bison bison
	needs gcc gcc
	[ -r /usr/include/libelf.h ] || lacks 'libelf.h is not there (Debian: libelf-dev)'
	[ -r "$keys" ] || lacks "$keys is not there (Debian: debian-archive-keyring)"
	mkdir -p "$cache" && work=$(mktemp -d "$cache/build.XXXXXX") || exit 1
	trap 'rm -rf "$work"' EXIT
	trap 'exit 99' HUP INT TERM
	(cd "$work" && build) > "$cache/$name.log" 2>&1
	status=$?
	[ "$status" != 77 ] || lacks "$(tail -n 1 "$cache/$name.log")"
	[ "$status" = 0 ] || fail "it does not build: $cache/$name.log"
	cp "$work/source/arch/x86/boot/bzImage" "$image.$$" && mv "$image.$$" "$image" || exit 1
fi
echo "$image"

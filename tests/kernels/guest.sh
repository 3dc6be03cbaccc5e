#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What a booted machine runs: what its kernel has, then the end-to-end tests
# that pack.sh wrote down, as TAP without a plan.

TG_SRCDIR=/tollgate/src TG_BUILDDIR=/tollgate/build TOLLGATE=/tollgate/build/tollgate
export TG_SRCDIR TG_BUILDDIR TOLLGATE
. "$TG_SRCDIR/tests/kernels/suite.sh"
[ ! -f /tollgate/environment ] || . /tollgate/environment
ulimit -c 0

kernel="$(uname -r) $(uname -m)"
if "$TG_BUILDDIR/tests/kernels/oldkernel" now -- true 2> /dev/null; then
	kernel="$kernel, filters"
else
	kernel="$kernel, no filters"
fi
[ ! -d /host/usr ] || kernel="$kernel, files of the host"
echo "# $kernel"
"$TOLLGATE" probe | sed 's/^/# /'
[ ! -f /tollgate/unit ] || read -r unit < /tollgate/unit
for name in ${unit:-}; do
	suite_unit "$name"
done
read -r scripts < /tollgate/scripts
for script in $scripts; do
	suite '' "$script"
	echo "# $script: $(cut -d' ' -f1 /proc/uptime) s since the start"
done
exit "$failed"

#!/bin/sh
# SPDX-License-Identifier: ISC
#
# On one real kernel without seccomp, the smallest that can be built: of
# check.sh, what every check has the time for.

KERNELS=6.1-small SCRIPTS=${SCRIPTS:-attacks phases promises transitions} LIMIT=${LIMIT:-1200}
export KERNELS SCRIPTS LIMIT
exec sh "$(dirname "$0")/check.sh"

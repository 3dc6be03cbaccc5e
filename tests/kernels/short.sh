#!/bin/sh
# SPDX-License-Identifier: ISC
#
# On one real kernel without seccomp, the smallest that can be built: of
# check.sh, what every check has the time for.

KERNELS=6.1-small SCRIPTS=${SCRIPTS:-attacks} LIMIT=${LIMIT:-1200}
USERS=${USERS:-self} FAMILIES=${FAMILIES:-spellings gates floor supervisor}
export KERNELS SCRIPTS LIMIT USERS FAMILIES
exec sh "$(dirname "$0")/check.sh"

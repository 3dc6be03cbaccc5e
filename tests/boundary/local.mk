# SPDX-License-Identifier: ISC

# A program that makes all kinds of calls at what a policy keeps from it, and
# who watches.  The program is traced: it has none of the build's flags.
TRACEES += %D%/fuzzer.tracee
check_PROGRAMS += %D%/driver
tests_boundary_driver_SOURCES = \
	%D%/boundary.h	\
	%D%/canary.c	\
	%D%/canary.h	\
	%D%/driver.c	\
	#
tests_boundary_driver_LDADD =

noinst_HEADERS += \
	%D%/args.h	\
	%D%/arena.h	\
	%D%/attempt.h	\
	%D%/gate.h	\
	%D%/names.h	\
	%D%/structs.h	\
	%D%/table.h	\
	#

EXTRA_DIST += \
	%D%/all.policy		\
	%D%/promises.policy	\
	%D%/strict.policy	\
	#

# Each policy for BOUNDARY_SECONDS; the control for less.
.PHONY: check-boundary
check-boundary:
	BOUNDARY_SECONDS=$${BOUNDARY_SECONDS:-600} $(MAKE) $(AM_MAKEFLAGS) check TESTS='%D%/boundary.sh'

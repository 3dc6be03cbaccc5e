# SPDX-License-Identifier: ISC

# What decides, alone in its archive: tests/layering.sh holds its undefined
# symbols against a list without I/O, clock, environment and allocation.
noinst_LIBRARIES += %D%/libtgdecide.a

engine_libtgdecide_a_SOURCES = \
	%D%/argkinds.def	\
	%D%/constants.def	\
	%D%/constants_abi.def	\
	%D%/decide.c		\
	%D%/demux.c		\
	%D%/demux.def		\
	%D%/demux.h		\
	%D%/describe.c		\
	%D%/match.c		\
	%D%/moment.c		\
	%D%/move.c		\
	%D%/netaddr.c		\
	%D%/netaddr.h		\
	%D%/pattern.c		\
	%D%/pattern.h		\
	%D%/policy.h		\
	%D%/policy_int.h	\
	%D%/pure.h		\
	%D%/sieve.c		\
	%D%/syscalls.def	\
	%D%/sysdesc.c		\
	%D%/sysdesc.h		\
	%D%/sysevent.h		\
	%D%/vocabs.def		\
	%D%/words.c		\
	#

noinst_LIBRARIES += %D%/libtgengine.a

engine_libtgengine_a_SOURCES = \
	%D%/addrpat.c	\
	%D%/block.c	\
	%D%/compile.c	\
	%D%/condition.c	\
	%D%/errors.c	\
	%D%/expand.c	\
	%D%/export.h	\
	%D%/export_answer.c	\
	%D%/export_bpf.c	\
	%D%/export_cube.c	\
	%D%/export_int.h	\
	%D%/export_lost.c	\
	%D%/export_minijail.c	\
	%D%/export_oci.c	\
	%D%/export_right.c	\
	%D%/export_systemd.c	\
	%D%/export_test.c	\
	%D%/export_tree.c	\
	%D%/exposure.c	\
	%D%/exposure.def	\
	%D%/exposure_int.h	\
	%D%/exposure_list.c	\
	%D%/family.c	\
	%D%/fmt.c	\
	%D%/index.c	\
	%D%/lettype.c	\
	%D%/lex.l	\
	%D%/link.c	\
	%D%/lint.c	\
	%D%/lint_int.h	\
	%D%/lint_line.c	\
	%D%/lint_phase.c	\
	%D%/load.c	\
	%D%/load_int.h	\
	%D%/near.c	\
	%D%/object.c	\
	%D%/parse.y	\
	%D%/phase.c	\
	%D%/plan.c	\
	%D%/plan.h	\
	%D%/pool.c	\
	%D%/pool.h	\
	%D%/show.c	\
	%D%/sieve_build.c	\
	%D%/stmt.c	\
	%D%/suggest.c	\
	%D%/target.c	\
	%D%/textpat.c	\
	#

EXTRA_DIST += %D%/mkconstants.sh

BUILT_SOURCES += %D%/parse.h

# ylwrap expects the names that yacc gives.
AM_YFLAGS = -d -o y.tab.c

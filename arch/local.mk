# SPDX-License-Identifier: ISC
noinst_LIBRARIES += %D%/libtgarch.a

arch_libtgarch_a_SOURCES = \
	%D%/aarch64.c	\
	%D%/aarch64.tbl	\
	%D%/arch.c	\
	%D%/arch.def	\
	%D%/arch.h	\
	%D%/arch_int.h	\
	%D%/arm.tbl	\
	%D%/arm_private.tbl	\
	%D%/common.tbl	\
	%D%/i386.c	\
	%D%/i386.tbl	\
	%D%/x86_64.c	\
	%D%/x86_64.tbl	\
	#

EXTRA_DIST += %D%/mktables.sh

# SPDX-License-Identifier: ISC
noinst_LIBRARIES += %D%/libtg.a

lib_libtg_a_SOURCES = \
	%D%/arena.c	\
	%D%/arena.h	\
	%D%/cleanup.h	\
	%D%/diag.c	\
	%D%/diag.h	\
	%D%/newfile.c	\
	%D%/newfile.h	\
	%D%/strbuf.c	\
	%D%/strbuf.h	\
	%D%/xalloc.c	\
	%D%/xalloc.h	\
	#

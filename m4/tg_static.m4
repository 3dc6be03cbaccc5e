dnl SPDX-License-Identifier: ISC

dnl TG_STATIC_COMPILER: --enable-static-tollgate makes one file that needs
dnl nothing of the machine that it runs on.  Before AC_PROG_CC: without CC and
dnl --host it is built with musl, whose static programs are small and start on
dnl any kernel.  Programs that the tests trace are built for this machine's own C
dnl library, by TRACEE_CC.
AC_DEFUN([TG_STATIC_COMPILER], [
  AC_ARG_ENABLE([static-tollgate],
    [AS_HELP_STRING([--enable-static-tollgate],
      [build one static file, without optional libraries; with musl-gcc when neither CC nor --host is given])],
    [tg_static=$enableval], [tg_static=no])
  AC_ARG_VAR([TRACEE_CC], [compiler of the programs that the tests trace])
  AS_IF([test "$tg_static$host_alias$CC" = yes],
    [AC_CHECK_PROGS([CC], [musl-gcc])
     AC_CHECK_PROGS([TRACEE_CC], [gcc cc])
     AS_IF([test -z "$CC"],
       [AC_MSG_ERROR([--enable-static-tollgate: musl-gcc is missing (Debian: musl-tools); or name a compiler with a static C library: CC=...])])])
  dnl Each can still be asked for by its own option.
  AS_IF([test "$tg_static" = yes],
    [: ${with_jansson=no} ${with_libelf=no} ${with_libseccomp=no} ${with_check=no}])
])

dnl TG_STATIC: TG_STATIC_CPPFLAGS, TG_STATIC_LDFLAGS.  musl-gcc sees no headers
dnl of the kernel: they lie among those of the other C library, which come last.
AC_DEFUN([TG_STATIC], [
  : ${TRACEE_CC:=$CC}
  TG_STATIC_CPPFLAGS= TG_STATIC_LDFLAGS=
  AS_IF([test "$tg_static" = yes], [
    TG_STATIC_LDFLAGS='-static -s'
    tg_save_CPPFLAGS=$CPPFLAGS tg_save_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS $TG_STATIC_LDFLAGS"
    tg_found=no
    for tg_flags in '' "-idirafter /usr/include -idirafter /usr/include/`$CC -print-multiarch 2>/dev/null`"; do
      AC_MSG_CHECKING([whether $CC -static $tg_flags builds])
      CPPFLAGS="$tg_save_CPPFLAGS $tg_flags"
      AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#include <asm/ptrace.h>
#include <linux/openat2.h>
#include <stdio.h>
        ]], [[puts("");]])],
        [AC_MSG_RESULT([yes]); TG_STATIC_CPPFLAGS=$tg_flags; tg_found=yes; break],
        [AC_MSG_RESULT([no])])
    done
    CPPFLAGS=$tg_save_CPPFLAGS LDFLAGS=$tg_save_LDFLAGS
    AS_IF([test "$tg_found" = no],
      [AC_MSG_ERROR([--enable-static-tollgate: $CC lacks a static C library or the headers of the kernel])])
  ])
  AC_SUBST([TG_STATIC_CPPFLAGS])
  AC_SUBST([TG_STATIC_LDFLAGS])
  AM_CONDITIONAL([STATIC], [test "$tg_static" = yes])
])

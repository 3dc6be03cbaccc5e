dnl SPDX-License-Identifier: ISC

dnl TG_M32: TG_M32_CFLAGS, with which TRACEE_CC builds i386 programs for
dnl tests/tracee.  Debian has asm/*.h for -m32 only where gcc-multilib is
dnl installed, which excludes cross compilers; x86-64's serve both.
AC_DEFUN([TG_M32], [
  TG_M32_CFLAGS=
  tg_save_CFLAGS=$CFLAGS tg_save_CC=$CC CC=$TRACEE_CC
  for tg_flags in "-m32" "-m32 -idirafter /usr/include/`$CC -print-multiarch 2>/dev/null`"; do
    AC_MSG_CHECKING([whether $CC $tg_flags builds])
    CFLAGS="$tg_save_CFLAGS $tg_flags"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#include <asm/errno.h>
#include <stdio.h>
      ]], [[puts("");]])],
      [AC_MSG_RESULT([yes]); TG_M32_CFLAGS=$tg_flags; break],
      [AC_MSG_RESULT([no])])
  done
  CFLAGS=$tg_save_CFLAGS CC=$tg_save_CC
  AC_SUBST([TG_M32_CFLAGS])
  AM_CONDITIONAL([HAVE_M32], [test -n "$TG_M32_CFLAGS"])
])

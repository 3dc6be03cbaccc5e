dnl SPDX-License-Identifier: ISC

dnl TG_M32: TRACEE32_CC, which builds for the 32-bit ABI of the machine that
dnl tollgate is for; empty where there is none.  tests/tracee has its programs.
dnl For i386 Debian has asm/*.h only where gcc-multilib is installed, which
dnl excludes cross compilers; x86-64's serve both.
AC_DEFUN([TG_M32], [
  AC_REQUIRE([AC_CANONICAL_HOST])
  AC_ARG_VAR([TRACEE32_CC], [compiler of 32-bit programs that the tests trace])
  tg_save_CC=$CC
  AS_CASE([$TRACEE32_CC:$host_cpu],
    [:x86_64|:i?86], [set "$TRACEE_CC -m32" "$TRACEE_CC -m32 -idirafter /usr/include/`$TRACEE_CC -print-multiarch 2>/dev/null`"],
    [:aarch64], [set arm-linux-gnueabihf-gcc],
    [:*], [set],
    [set "$TRACEE32_CC"])
  TRACEE32_CC=
  for CC; do
    AC_MSG_CHECKING([whether $CC builds 32-bit programs])
    tg_save_CPPFLAGS=$CPPFLAGS tg_save_CFLAGS=$CFLAGS tg_save_LDFLAGS=$LDFLAGS
    CPPFLAGS= CFLAGS= LDFLAGS=
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#include <asm/errno.h>
#include <stdio.h>
      ]], [[puts("");]])],
      [AC_MSG_RESULT([yes]); TRACEE32_CC=$CC],
      [AC_MSG_RESULT([no])])
    CPPFLAGS=$tg_save_CPPFLAGS CFLAGS=$tg_save_CFLAGS LDFLAGS=$tg_save_LDFLAGS
    AS_IF([test -n "$TRACEE32_CC"], [break])
  done
  CC=$tg_save_CC
  AM_CONDITIONAL([HAVE_M32], [test -n "$TRACEE32_CC"])
])

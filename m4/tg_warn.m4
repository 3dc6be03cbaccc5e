dnl SPDX-License-Identifier: ISC

dnl TG_TRY_FLAG(VARIABLE, FLAG...): appends each flag that the compiler takes.
AC_DEFUN([TG_TRY_FLAG], [
  for tg_flag in m4_normalize([$2]); do
    AC_MSG_CHECKING([whether $CC takes $tg_flag])
    tg_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror $tg_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes]); $1="$$1 $tg_flag"],
      [AC_MSG_RESULT([no])])
    CFLAGS=$tg_save_CFLAGS
  done
])

dnl TG_WARN: TG_WARN_CFLAGS; --enable-werror is for CI only, a newer compiler
dnl must not break the build of an older release.
AC_DEFUN([TG_WARN], [
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [make warnings errors])],
    [tg_werror=$enableval], [tg_werror=no])
  TG_WARN_CFLAGS=
  TG_TRY_FLAG([TG_WARN_CFLAGS], [-Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes
    -Wformat=2 -Wundef -Wvla])
  AS_IF([test "$tg_werror" = yes], [TG_WARN_CFLAGS="$TG_WARN_CFLAGS -Werror"])
  AC_SUBST([TG_WARN_CFLAGS])
])

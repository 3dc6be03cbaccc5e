dnl SPDX-License-Identifier: ISC

dnl TG_LIBELF: rules on the calling function need it; without it such calls are refused.
AC_DEFUN([TG_LIBELF], [
  AC_ARG_WITH([libelf],
    [AS_HELP_STRING([--without-libelf], [build without rules on calling functions])],
    [], [with_libelf=auto])
  have_libelf=no
  AS_IF([test "$with_libelf" != no],
    [PKG_CHECK_MODULES([LIBELF], [libelf >= 0.170], [have_libelf=yes],
      [AS_IF([test "$with_libelf" = yes], [AC_MSG_ERROR([--with-libelf: $LIBELF_PKG_ERRORS])])])])
  AS_IF([test "$have_libelf" = yes], [AC_DEFINE([HAVE_LIBELF], [1], [libelf is there])])
])

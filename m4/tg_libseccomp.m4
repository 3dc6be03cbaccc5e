dnl SPDX-License-Identifier: ISC

dnl TG_LIBSECCOMP: a second opinion on the syscall tables, for the tests alone.
AC_DEFUN([TG_LIBSECCOMP], [
  AC_ARG_WITH([libseccomp],
    [AS_HELP_STRING([--without-libseccomp], [do not compare the syscall tables with libseccomp's in the tests])],
    [], [with_libseccomp=auto])
  have_libseccomp=no
  AS_IF([test "$with_libseccomp" != no],
    [PKG_CHECK_MODULES([LIBSECCOMP], [libseccomp >= 2.4], [have_libseccomp=yes],
      [AS_IF([test "$with_libseccomp" = yes], [AC_MSG_ERROR([--with-libseccomp: $LIBSECCOMP_PKG_ERRORS])])])])
  AS_IF([test "$have_libseccomp" = yes], [AC_DEFINE([HAVE_LIBSECCOMP], [1], [libseccomp is there])])
  AM_CONDITIONAL([HAVE_LIBSECCOMP], [test "$have_libseccomp" = yes])
])

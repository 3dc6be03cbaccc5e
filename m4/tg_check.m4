dnl SPDX-License-Identifier: ISC

dnl TG_CHECK: the unit tests need Check.
AC_DEFUN([TG_CHECK], [
  AC_ARG_WITH([check],
    [AS_HELP_STRING([--without-check], [build no unit tests])],
    [], [with_check=auto])
  have_check=no
  AS_IF([test "$with_check" != no],
    [PKG_CHECK_MODULES([CHECK], [check >= 0.11.0], [have_check=yes],
      [AS_IF([test "$with_check" = yes], [AC_MSG_ERROR([--with-check: $CHECK_PKG_ERRORS])])])])
  AM_CONDITIONAL([HAVE_CHECK], [test "$have_check" = yes])
])

dnl SPDX-License-Identifier: ISC

dnl TG_JANSSON: --log=json needs it; without it tollgate says so when asked.
AC_DEFUN([TG_JANSSON], [
  AC_ARG_WITH([jansson],
    [AS_HELP_STRING([--without-jansson], [build without --log=json])],
    [], [with_jansson=auto])
  have_jansson=no
  AS_IF([test "$with_jansson" != no],
    [PKG_CHECK_MODULES([JANSSON], [jansson >= 2.7], [have_jansson=yes],
      [AS_IF([test "$with_jansson" = yes], [AC_MSG_ERROR([--with-jansson: $JANSSON_PKG_ERRORS])])])])
  AS_IF([test "$have_jansson" = yes], [AC_DEFINE([HAVE_JANSSON], [1], [jansson is there])])
  AM_CONDITIONAL([HAVE_JANSSON], [test "$have_jansson" = yes])
])

dnl SPDX-License-Identifier: ISC

dnl TG_SANITIZE: --enable-sanitize builds with ASan and UBSan; any finding ends the program.
AC_DEFUN([TG_SANITIZE], [
  AC_ARG_ENABLE([sanitize],
    [AS_HELP_STRING([--enable-sanitize], [build with AddressSanitizer and UndefinedBehaviorSanitizer])],
    [tg_sanitize=$enableval], [tg_sanitize=no])
  TG_SANITIZE_FLAGS=
  AS_IF([test "$tg_sanitize" = yes], [
    TG_TRY_FLAG([TG_SANITIZE_FLAGS], [-fsanitize=address,undefined])
    AS_IF([test -z "$TG_SANITIZE_FLAGS"],
      [AC_MSG_ERROR([--enable-sanitize: $CC cannot link with the sanitizers (Debian: libasan and libubsan come with gcc)])])
    TG_SANITIZE_FLAGS="$TG_SANITIZE_FLAGS -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
  ])
  AC_SUBST([TG_SANITIZE_FLAGS])
  AM_CONDITIONAL([SANITIZE], [test "$tg_sanitize" = yes])
])

dnl SPDX-License-Identifier: ISC

dnl TG_HARDEN: TG_HARDEN_CPPFLAGS, TG_HARDEN_CFLAGS, TG_HARDEN_LDFLAGS.
dnl _FORTIFY_SOURCE needs an optimiser and hides faults from the sanitizers;
dnl -static and -pie exclude each other.
AC_DEFUN([TG_HARDEN], [
  AC_REQUIRE([TG_SANITIZE])
  AC_REQUIRE([TG_STATIC])
  TG_HARDEN_CPPFLAGS= TG_HARDEN_CFLAGS= TG_HARDEN_LDFLAGS=
  TG_TRY_FLAG([TG_HARDEN_CFLAGS], [-fstack-protector-strong])
  TG_TRY_FLAG([TG_HARDEN_LDFLAGS], [-Wl,-z,relro -Wl,-z,now])
  AS_CASE([" $CFLAGS $LDFLAGS $TG_STATIC_LDFLAGS "],
    [*" -static "*], [],
    [TG_TRY_FLAG([tg_pie], ["-fPIE -pie"])
     AS_IF([test -n "$tg_pie"],
       [TG_HARDEN_CFLAGS="$TG_HARDEN_CFLAGS -fPIE" TG_HARDEN_LDFLAGS="$TG_HARDEN_LDFLAGS -pie"])])
  AS_IF([test "$tg_sanitize" != yes], [
    AC_MSG_CHECKING([whether _FORTIFY_SOURCE is ours to set])
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([
#if !defined __OPTIMIZE__ || defined _FORTIFY_SOURCE
#error not so
#endif
      ], [])],
      [AC_MSG_RESULT([yes]); TG_HARDEN_CPPFLAGS=-D_FORTIFY_SOURCE=2],
      [AC_MSG_RESULT([no])])
  ])
  AC_SUBST([TG_HARDEN_CPPFLAGS])
  AC_SUBST([TG_HARDEN_CFLAGS])
  AC_SUBST([TG_HARDEN_LDFLAGS])
])

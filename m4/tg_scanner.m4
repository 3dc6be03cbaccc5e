dnl SPDX-License-Identifier: ISC

dnl TG_SCANNER: a release carries engine/lex.c and parse.c, a checkout needs flex and bison.
AC_DEFUN([TG_SCANNER], [
  AS_IF([test ! -f "$srcdir/engine/lex.c" || test ! -f "$srcdir/engine/parse.c"], [
    AS_CASE([$LEX], [*flex*], [], [AC_MSG_ERROR([flex is missing: it builds engine/lex.l (Debian: flex)])])
    AS_CASE([$YACC], [*bison*], [], [AC_MSG_ERROR([bison is missing: it builds engine/parse.y (Debian: bison)])])
  ])
])

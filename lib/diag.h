/* SPDX-License-Identifier: ISC */
#ifndef TG_DIAG_H
#define TG_DIAG_H

#include <stdarg.h>
#include <stdbool.h>

/* Exit codes of tollgate's own, as env(1) and timeout(1) have them. */
enum {
	EXIT_TIMEOUT	= 124,	/* --timeout ran out */
	EXIT_SELF	= 125,	/* tollgate itself failed; nothing was run, or all of it was killed */
	EXIT_NOEXEC	= 126,	/* the program is there and cannot be executed */
	EXIT_NOTFOUND	= 127,	/* the program was not found */
};

/*
 * tollgate's own words, one "tollgate: …" line each, on standard error.  The
 * text must have been escaped already where it holds foreign bytes.  A format
 * that ends in ':' gets strerror(err) appended by the _err forms; err is a
 * positive errno.
 */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void warn_err(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, then exit(status).  Only main.c, cmd_*.c and the child before exec may call these. */
_Noreturn void die(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void die_err(int status, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Printed only while diag_verbose is set (--debug). */
void debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
extern bool diag_verbose;

#endif

/* SPDX-License-Identifier: ISC */
#ifndef TG_STRBUF_H
#define TG_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Bounded text over memory the caller owns; always NUL-terminated.  What does
 * not fit is dropped and remembered in .truncated.
 */
struct strbuf {
	char *s;
	size_t size;
	size_t len;
	bool truncated;
};

#define STRBUF(array)	{ .s = memset(array, 0, 1), .size = sizeof(array) }

void strbuf_init(struct strbuf *, char *mem, size_t size);
void strbuf_add(struct strbuf *, const char *text);
void strbuf_addn(struct strbuf *, const char *text, size_t n);
void strbuf_addc(struct strbuf *, char c);
void strbuf_addf(struct strbuf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Adds n untrusted bytes so that no terminal, log reader or prompt can be
 * fooled: printable ASCII stays, everything else becomes \n, \t, \r, \xHH; the
 * characters in quote ("\"\\" usually) get a backslash.
 */
void strbuf_escape(struct strbuf *, const char *bytes, size_t n, const char *quote);

/* The same inside double quotes; text longer than max is cut and marked with "...". */
void strbuf_quote(struct strbuf *, const char *bytes, size_t n, size_t max);

#endif

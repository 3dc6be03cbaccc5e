/* SPDX-License-Identifier: ISC */
#ifndef TG_XALLOC_H
#define TG_XALLOC_H

#include <stddef.h>

/* Allocation that ends tollgate with EXIT_SELF when memory is out.  The caller frees with free(3). */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);	/* checks n * size for overflow */
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Makes room for one more element of a growing array: *p with *n used and
 * *cap allocated elements of the given size.
 */
void xgrow(void *p, size_t n, size_t *cap, size_t size);

#endif

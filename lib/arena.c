/* SPDX-License-Identifier: ISC */
#include "lib/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define ALIGN	16

void
arena_init(struct arena *a, size_t size)
{
	a->base = xmalloc(size);
	a->size = size;
	a->used = 0;
}

void
arena_free(struct arena *a)
{
	free(a->base);
	memset(a, 0, sizeof(*a));
}

void *
arena_alloc(struct arena *a, size_t n)
{
	size_t start = (a->used + ALIGN - 1) & ~(size_t)(ALIGN - 1);

	if (start > a->size || n > a->size - start)
		return NULL;
	a->used = start + n;
	return memset(a->base + start, 0, n);
}

char *
arena_strdup(struct arena *a, const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = arena_alloc(a, n);

	return p ? memcpy(p, s, n) : NULL;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	p = arena_alloc(a, (size_t)n + 1);
	if (!p)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void
arena_reset(struct arena *a)
{
	a->used = 0;
}

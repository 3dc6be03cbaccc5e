/* SPDX-License-Identifier: ISC */
#include "engine/pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/xalloc.h"

enum { CHUNK = 16384, ALIGN = _Alignof(max_align_t) };

struct chunk {
	struct chunk *next;
	size_t size, used;
	_Alignas(max_align_t) char mem[];
};

struct pool {
	struct chunk *head;
};

struct pool *
pool_new(void)
{
	return xcalloc(1, sizeof(struct pool));
}

void
pool_free(struct pool *p)
{
	if (!p)
		return;
	for (struct chunk *c = p->head, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(p);
}

static struct chunk *
add_chunk(struct pool *p, size_t n)
{
	size_t size = n > CHUNK ? n : CHUNK;
	struct chunk *c = xcalloc(1, sizeof(*c) + size);

	c->size = size;
	c->next = p->head;
	p->head = c;
	return c;
}

void *
pool_alloc(struct pool *p, size_t n, size_t size)
{
	struct chunk *c = p->head;
	size_t bytes;
	void *mem;

	if (size && n > SIZE_MAX / 2 / size)
		die(EXIT_SELF, "out of memory");
	bytes = (n * size + ALIGN - 1) / ALIGN * ALIGN;
	if (!c || c->size - c->used < bytes)
		c = add_chunk(p, bytes);
	mem = c->mem + c->used;
	c->used += bytes;
	return mem;
}

void *
pool_copy(struct pool *p, const void *from, size_t n, size_t size)
{
	void *to = pool_alloc(p, n, size);

	if (n && size)
		memcpy(to, from, n * size);
	return to;
}

char *
pool_text(struct pool *p, const char *s, size_t len)
{
	char *to = pool_alloc(p, len + 1, 1);

	memcpy(to, s, len);
	return to;
}

char *
pool_printf(struct pool *p, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		die(EXIT_SELF, "out of memory");
	return pool_text(p, text, (size_t)n);
}

/* SPDX-License-Identifier: ISC */
#ifndef TG_ARENA_H
#define TG_ARENA_H

#include <stddef.h>

/*
 * Scratch memory for the length of one stop.  Its size is fixed: what a
 * tracee passes must not make tollgate grow, so exhaustion is an error.
 */
struct arena {
	char *base;
	size_t size;
	size_t used;
};

/* Allocates the backing memory; arena_free() gives it back. */
void arena_init(struct arena *, size_t size);
void arena_free(struct arena *);

/* Zeroed memory, aligned for any type, valid until arena_reset().  NULL when exhausted. */
void *arena_alloc(struct arena *, size_t n);
char *arena_strdup(struct arena *, const char *s);
char *arena_printf(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *);

#endif

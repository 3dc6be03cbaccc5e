/* SPDX-License-Identifier: ISC */
#ifndef TG_POOL_H
#define TG_POOL_H

#include <stddef.h>

/* Memory that is freed all at once: a policy's, a loading's. */
struct pool;

struct pool *pool_new(void);
void pool_free(struct pool *);		/* takes NULL */

/* Zeroed memory, aligned for any type, valid until pool_free(). */
void *pool_alloc(struct pool *, size_t n, size_t size);
/* Copies of bytes; pool_text() adds a NUL. */
void *pool_copy(struct pool *, const void *, size_t n, size_t size);
char *pool_text(struct pool *, const char *, size_t len);
char *pool_printf(struct pool *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: ISC */
#ifndef TG_CLEANUP_H
#define TG_CLEANUP_H

/* Locals that own something say so; ownership that is handed on is visible as steal_*(). */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void
cleanup_free_fn(void *p)
{
	free(*(void **)p);
}

static inline void
cleanup_close_fn(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void
cleanup_file_fn(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define cleanup_free	__attribute__((cleanup(cleanup_free_fn)))
#define cleanup_close	__attribute__((cleanup(cleanup_close_fn)))
#define cleanup_file	__attribute__((cleanup(cleanup_file_fn)))

/* The pointer; the local it stood in owns nothing any more. */
static inline void *
steal_ptr_fn(void *p)
{
	void *v = *(void **)p;

	*(void **)p = NULL;
	return v;
}
#define steal_ptr(p)	((__typeof__(*(p)))steal_ptr_fn(p))

/* The descriptor; the local it stood in owns nothing any more. */
static inline int
steal_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

#endif

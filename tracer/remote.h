/* SPDX-License-Identifier: ISC */
#ifndef TG_REMOTE_H
#define TG_REMOTE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/arena.h"

/* An address in a tracee: a struct, so that C refuses to dereference it. */
typedef struct { uint64_t v; } tracee_addr;

/*
 * Bounded reads of a stopped task's memory.  Whatever cannot be read whole is
 * -EFAULT: what the tracer cannot see is refused, though the kernel might.
 */
int remote_read(pid_t tid, tracee_addr, void *buf, size_t len);

/* Writes all of it, or -EFAULT. */
int remote_write(pid_t tid, tracee_addr, const void *buf, size_t len);

/*
 * Copies a NUL-terminated string into the arena, page by page.  -EFAULT, or
 * -ENAMETOOLONG when there is no NUL within max bytes, or -ENOMEM.
 */
int remote_str(pid_t tid, tracee_addr, size_t max, struct arena *, const char **out);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef TG_SCRUB_H
#define TG_SCRUB_H

#include <stdint.h>
#include <sys/types.h>

/*
 * At an exec event: takes the variables out of the new image's environment by
 * which the one who executed it could make it run code or read files of his
 * choice.  The stack is the new image's own, and no instruction of it has run.
 * sp is its stack pointer, wordsize the bytes of its pointers.  0 or -errno.
 */
int scrub_environment(pid_t tid, uint64_t sp, unsigned wordsize);

/* The names, for documents and tests; NULL past the end.  A "*" at the end means any rest. */
const char *scrub_name(unsigned i);

#endif

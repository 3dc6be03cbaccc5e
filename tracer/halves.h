/* SPDX-License-Identifier: ISC */
#ifndef TG_HALVES_H
#define TG_HALVES_H

/*
 * strace -f cuts a call in two where another task comes between:
 *
 *	100 openat(AT_FDCWD, "/x" <unfinished ...>
 *	101 read(3, …
 *	100 <... openat resumed>, O_RDONLY) = 3
 *
 * The arguments that decide can be in the second half.
 */

#include <stddef.h>

struct half {
	char *task;		/* "100"; "" when lines have no number */
	char *text;
	unsigned line;
};

struct halves {
	struct half *v;
	size_t n, cap;
};

/*
 * The whole call that this line completes, or is; owned by the caller.  NULL
 * when it is a first half, which is kept, or nothing's second half.
 */
char *halves_join(struct halves *, const char *text, unsigned line);
void halves_free(struct halves *);

#endif

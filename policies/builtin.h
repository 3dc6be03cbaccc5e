/* SPDX-License-Identifier: ISC */
#ifndef TG_BUILTIN_H
#define TG_BUILTIN_H

/*
 * The shipped policies, compiled in so that one file works alone.  builtin.c
 * is made by embed.sh from every *.policy below this folder.
 */

#include <stddef.h>

struct builtin {
	const char *name;	/* "mpv", "desktop/audio", "promise/stdio" */
	const char *text;	/* NUL-terminated; len does not count the NUL */
	size_t len;
};

/* Sorted by name; the last has no name. */
extern const struct builtin builtins[];
extern const size_t nbuiltins;

#endif

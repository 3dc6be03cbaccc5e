/* SPDX-License-Identifier: ISC */
#ifndef TG_LINEDIFF_H
#define TG_LINEDIFF_H

#include <stddef.h>
#include <stdio.h>

/* Prints what has to change in the lines of one text to get the other, in the unified format of diff(1). */
void linediff(FILE *, const char *name, const char *old, size_t oldlen, const char *new, size_t newlen);

#endif

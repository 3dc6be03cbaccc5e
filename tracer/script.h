/* SPDX-License-Identifier: ISC */
#ifndef TG_SCRIPT_H
#define TG_SCRIPT_H

/* What the kernel runs beside a file that it is told to. */

#include <stdbool.h>
#include <stddef.h>

#include "tracer/walk.h"

/* The interpreter that a regular file's "#!" line names, as execve(2) reads it; false when there is none. */
bool script_interpreter(const struct object *, char *interp, size_t size);

/* The loader that an ELF file names (PT_INTERP); false when there is none, and when size is too small.  PATH_MAX is what the kernel takes. */
bool script_loader(const struct object *, char *loader, size_t size);

#endif

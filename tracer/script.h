/* SPDX-License-Identifier: ISC */
#ifndef TG_SCRIPT_H
#define TG_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "tracer/walk.h"

/* The interpreter that a regular file's "#!" line names, as execve(2) reads it; false when there is none. */
bool script_interpreter(const struct object *, char *interp, size_t size);

#endif

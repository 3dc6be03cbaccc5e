/* SPDX-License-Identifier: ISC */
#ifndef TG_ENVIRON_H
#define TG_ENVIRON_H

#include <stdbool.h>

#include "tracer/opt.h"

/*
 * The environment of the program: tollgate's own, or none with clear; then
 * each -E VAR=VAL sets and each -E VAR takes over (clear) or removes one.
 * NULL-ended, the caller frees the array and not the text; NULL after a
 * message when a setting is not of that form.
 */
char **environ_build(const struct opt_list *settings, bool clear);

#endif

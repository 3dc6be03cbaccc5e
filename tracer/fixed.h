/* SPDX-License-Identifier: ISC */
#ifndef TG_FIXED_H
#define TG_FIXED_H

/*
 * Names that nobody changes while a call is made: each directory on the way is
 * one that the policies let nobody in the tree remove or move, and that other
 * users cannot.  For where a name is remembered and not only followed: the
 * address of a socket.
 */

#include <stdbool.h>

#include "engine/policy.h"

/* `path` is canonical; its last component need not be there. */
bool fixed_name(const struct policy *floor, const struct layer *, size_t n, const char *abi, const char *path);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef TG_SHOW_PLAN_H
#define TG_SHOW_PLAN_H

#include "engine/policy.h"

/* Prints, for each call of this machine's ABI, whether it passes, is refused or is looked at, and why. */
void show_plan(const struct policy *floor, const struct layer *, size_t nlayers);

#endif

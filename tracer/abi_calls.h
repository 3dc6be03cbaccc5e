/* SPDX-License-Identifier: ISC */
#ifndef TG_ABI_CALLS_H
#define TG_ABI_CALLS_H

/* The engine's view of an ABI of arch/'s, which it does not know. */

#include "arch/arch.h"
#include "engine/export.h"

/* call: room for all of its calls; what other targets call the ABI is its own name. */
void abi_calls(const struct arch *, const struct abi *, struct export_call *call, struct export_abi *out);

#endif

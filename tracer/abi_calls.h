/* SPDX-License-Identifier: ISC */
#ifndef TG_ABI_CALLS_H
#define TG_ABI_CALLS_H

/* The engine's view of an ABI of arch/'s, which it does not know. */

#include "arch/arch.h"
#include "engine/demux.h"
#include "engine/export.h"

/* call: room for all of its calls; what other targets call the ABI is its own name. */
void abi_calls(const struct arch *, const struct abi *, struct export_call *call, struct export_abi *out);

/* The rows for a call that this ABI has inside another one, one after the other: the first behind `last`, NULL is before all.  NULL: no more. */
const struct demux *abi_next_carrier(const struct abi *, enum sys_id meant, const struct demux *last);

#endif

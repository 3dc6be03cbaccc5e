/* SPDX-License-Identifier: ISC */
#ifndef TG_BUSINESS_H
#define TG_BUSINESS_H

/*
 * The plan of a run: which calls need not be looked at.  Added to what the
 * policies say are the calls that tollgate itself has business with, because
 * they make tasks, change whose rights they have, or could harm the window.
 */

#include "arch/arch.h"
#include "engine/plan.h"
#include "tracer/window.h"

struct business {
	struct plan *plan;
	const struct arch *arch;
	struct export_abi *abi;		/* of the architecture's, in its order, those that are supported */
	size_t nabis;
	struct plan_look *look;
};

void business_init(struct business *, const struct arch *, const struct policy *floor, const struct layer *, size_t nlayers,
    bool spares);
void business_free(struct business *);

/* Plans let ranges pass that begin above 4 GiB.  False: the window is not where they think, and there is no plan. */
bool business_is_planned(const struct abi *, const struct window *);

/* Does it pass whatever is in memory?  Then no look is needed. */
bool business_passes(const struct business *, const struct abi *, uint32_t nr, const uint64_t args[6]);

/* See plan_filter(). */
size_t business_filter(struct business *, const struct abi *, uint32_t look, const struct export_insn **);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef TG_PLAN_H
#define TG_PLAN_H

/*
 * What is known of a call before it is made, from its number and registers
 * alone: that it is let in, that it is refused, or that one has to look.  It
 * holds for as long as the program runs, whatever phases end and whatever an
 * exec adds: a call passes only if it does under all policies there can be.
 * It is refused only where that is for good, and no line in a log is to tell of it.
 */

#include "engine/export.h"

/* (argument & mask) == value, or unless it is; without a mask it is no test. */
struct plan_test {
	unsigned arg;
	uint64_t mask, value;
	bool unless;
};

/* A call, and its family, that has to be looked at for other reasons than what policies say of it: when all tests hold. */
enum { PLAN_TESTS = 2 };
struct plan_look {
	enum sys_id id;
	struct plan_test when[PLAN_TESTS];
};

struct plan_input {
	const struct policy *floor;
	const struct layer *layer;
	size_t nlayers;
	const struct export_abi *abi;
	size_t nabis;
	const struct plan_look *look;
	size_t nlook;
	bool spares;			/* what is refused is let in all the same (--dry-run) */
};

struct plan;

/* The input's policies, ABIs and looks must live as long as the plan. */
struct plan *plan_new(const struct plan_input *);
void plan_free(struct plan *);		/* takes NULL */

/* Leaves say why one has to look; abi is an index into the input's. */
const struct answer *plan_answer(struct plan *, size_t abi, uint32_t nr);
/* The leaf for these registers. */
const struct answer *plan_find(struct plan *, size_t abi, uint32_t nr, const uint64_t args[6]);

/*
 * A seccomp filter for programs of one ABI; whatever is not that ABI's is looked
 * at.  `look` is what it returns for that.  The number of instructions, or 0
 * when it would be too large; they are the plan's.
 */
size_t plan_filter(struct plan *, size_t abi, uint32_t look, const struct export_insn **);

#endif

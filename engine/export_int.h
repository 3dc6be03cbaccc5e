/* SPDX-License-Identifier: ISC */
#ifndef TG_EXPORT_INT_H
#define TG_EXPORT_INT_H

/* How answers are found: export_test.c reads conditions, export_right.c objects, export_answer.c joins them. */

#include "engine/export.h"
#include "engine/policy_int.h"

/* What a test comes to; OPEN waits for a register to be tested, UNSURE for ever. */
enum tri { TRI_NO, TRI_YES, TRI_UNSURE, TRI_OPEN };

/* Where the arguments of a call are: a register, or one of these. */
enum { REG_ZERO = -1, REG_MEMORY = -2 };
struct regmap {
	int8_t reg[SYS_MAXARGS];
};

struct assumption {
	const struct regtest *test;
	bool holds;
};

enum { MAX_ASSUMED = 64 };

/* One path down the tree: what has been assumed of the registers so far. */
struct asking {
	struct pool *pool;
	const struct export_input *in;
	const struct export_abi *abi;
	struct assumption assumed[MAX_ASSUMED];
	unsigned nassumed;
	const struct regtest *ask;	/* the first test that something waits for */
};

/* What an assumption says of a test of the same register. */
enum tri follows_from_assumption(const struct assumption *, const struct regtest *);

/* All layers' answer on one path, as far as it is known. */
struct outcome {
	bool refused, unsure;
	uint8_t action;
	int err;
	bool log, may_log;
	bool loud;		/* refused by more than rules that want no line in the log */
	unsigned why;
};
void outcome_refuse(struct outcome *, unsigned action, int err);
/* False: x->ask has to be tested first. */
bool try_layers(struct asking *x, enum sys_id, struct outcome *);

struct regmap regmap_of(const struct export_abi *, enum sys_id);

/* (argument & mask) == value, in the bits that the kernel looks at. */
enum tri ask_masked(struct asking *, enum sys_id, const struct regmap *, unsigned arg, uint64_t mask, uint64_t value);
/* A whole condition; *why gets the reasons where it is unsure. */
enum tri ask_condition(struct asking *, enum sys_id, const struct regmap *, const struct condition *, unsigned *why);

/* Can a layer's rules give a right on any object? */
enum possible { NEVER, MAYBE, ALWAYS };
struct giving {
	enum possible can;
	uint8_t action;			/* NEVER: how it is refused */
	int err;
};
struct giving right_given(const struct export_input *, unsigned layer, unsigned right);
/* The same for making a socket of a family; -1: one that no rule names.  Conditions count as unsure. */
struct giving family_given(const struct policy *, int family);
/* Refusals as a target can make them: who would be asked refuses. */
struct giving refused(unsigned action, int err);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef TG_EXPORT_H
#define TG_EXPORT_H

/*
 * What a filter that sees a call's number and registers, and nothing else, can
 * say of policies.  For each call there is an answer: a tree of tests on
 * registers whose leaves say that the call passes, that it is refused, or that
 * one would have to look at objects.  A filter lets in what would have to be
 * looked at, and refuses only what the policies refuse whatever the objects are.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/policy.h"
#include "engine/pool.h"

/* One call of an ABI, by the name that the target has for it. */
struct export_call {
	uint32_t nr;
	enum sys_id id;
	const char *name;
};

struct export_abi {
	const char *name;		/* "x86_64" */
	const char *oci, *systemd;	/* as the targets call it */
	uint32_t audit_arch;
	uint32_t nr_limit;		/* numbers from here on belong to another ABI; 0: there is none */
	unsigned wordsize;
	bool pairs_aligned;
	const struct export_call *call;	/* sorted by nr */
	size_t ncalls;
};

struct right_table;

struct export_input {
	const struct policy *floor;
	const struct layer *layer;
	size_t nlayers;
	const struct export_abi *abi;
	size_t nabis;
	bool running;			/* the program runs already: execve need not be let in to start it */
	const char *program;		/* canonical, or NULL */
	const struct right_table *rights;	/* export_prepare() */
};

/* May a program use other gates than its own ABI's? */
bool export_lifts_foreign(const struct export_input *);

/* Works out what is the same for all calls; memory is the pool's. */
void export_prepare(struct pool *, struct export_input *);

/* (register & mask) == value */
struct cube {
	uint64_t mask, value;
};

/* A register against a set of values, which are cubes that do not overlap. */
struct regtest {
	unsigned reg;
	unsigned n;
	const struct cube *cube;
};

enum answer_class { ANSWER_REFUSE, ANSWER_LOOK, ANSWER_PASS };

/* Why a call is let in that may be refused; bits. */
enum {
	LOOK_PATH	= 1 << 0,
	LOOK_ADDR	= 1 << 1,
	LOOK_PROC	= 1 << 2,
	LOOK_MEMORY	= 1 << 3,	/* values in the program's memory */
	LOOK_CALLER	= 1 << 4,	/* caller, exe, argv[0], ids */
	LOOK_PHASE	= 1 << 5,
	LOOK_START	= 1 << 6,	/* who starts the program needs it */
	LOOK_LARGE	= 1 << 7,	/* more cases than a filter should have */
	LOOK_OURS	= 1 << 8,	/* whoever holds the program has business with it (plan.h) */
	LOOK_LOG	= 1 << 9,	/* there may be a line to write */
};

struct answer {
	const struct regtest *test;	/* NULL: a leaf */
	const struct answer *yes, *no;
	/* A leaf */
	uint8_t class;			/* enum answer_class */
	uint8_t action;			/* ANSWER_REFUSE: ACT_KILL, ACT_TRAP, ACT_DENY */
	bool log;			/* ANSWER_PASS: worth a line */
	bool may_log;			/* ANSWER_PASS: it would be, if a condition holds that only looking can tell */
	bool quiet;			/* ANSWER_REFUSE: not worth a line */
	uint16_t why;			/* ANSWER_LOOK */
	int err;
};

/* The answer to a call; memory is the pool's. */
const struct answer *export_answer(struct pool *, const struct export_input *, const struct export_abi *, enum sys_id);
/* The leaf for numbers that are in no table. */
const struct answer *export_unknown(struct pool *, const struct export_input *);
bool answers_equal(const struct answer *, const struct answer *);
/* Is there a leaf that lets the call in?  With a test: one where that may hold. */
bool answer_may_pass(const struct answer *, const struct regtest *);
/* Is it let in whatever its registers hold? */
bool answer_always_passes(const struct answer *);
/* The union of all reasons to look. */
unsigned answer_why(const struct answer *);

/* Values of one register: cubes that do not overlap, at most max. */
struct cubeset {
	struct cube *cube;
	size_t n, max;
};
bool cubes_disjoint(struct cube, struct cube);
bool cube_within(struct cube inner, struct cube outer);
/* Joins cubes that differ in one bit; how many are left. */
unsigned cubes_join(struct cube *, unsigned n);
/* Makes it the set of all values, with room for max cubes. */
void cubeset_init(struct cubeset *, struct pool *, size_t max);
/* s without, or only with, the values of a test.  False when s would become too large. */
bool cubeset_cut(struct cubeset *s, const struct regtest *);
bool cubeset_keep(struct cubeset *s, const struct regtest *);

/* One instruction, as the kernel's struct sock_filter. */
struct export_insn {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};
enum { EXPORT_MAX_INSNS = 4096 };

/* Answers of one ABI as a filter is made of them. */
struct bpf_abi {
	const struct export_abi *abi;
	const struct answer *const *call;	/* of each of its calls */
	const struct answer *unknown;
};
struct bpf_input {
	const struct bpf_abi *abi;
	size_t nabis;
	const struct answer *foreign;	/* calls of other ABIs */
	uint32_t look;			/* what is returned where one has to look */
};
/* A seccomp filter.  The number of instructions, or 0 when it would be too large. */
size_t bpf_build(struct pool *, const struct bpf_input *, const struct export_insn **);
/* One that lets in what would have to be looked at. */
size_t export_bpf(struct pool *, const struct export_input *, const struct export_insn **);

/* Text, and what a target cannot be told: file and line of a rule (origin may be NULL), grouped by why. */
struct export_out {
	struct pool *pool;
	void (*text)(void *ctx, const char *text);
	void (*lost)(void *ctx, const char *why, const char *what, const struct origin *);
	void *ctx;
};
void export_oci(const struct export_input *, const struct export_out *);
void export_minijail(const struct export_input *, const struct export_out *);
void export_systemd(const struct export_input *, const struct export_out *);

/* Reports the rules that no filter can look after, and the calls that are let in for them. */
void export_lost_rules(const struct export_input *, const struct export_out *);

void export_text(const struct export_out *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

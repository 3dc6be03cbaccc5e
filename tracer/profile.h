/* SPDX-License-Identifier: ISC */
#ifndef TG_PROFILE_H
#define TG_PROFILE_H

/*
 * A seccomp profile as container engines have it: the linux.seccomp object of
 * the OCI runtime specification, and the dialect of Docker and Podman, whose
 * entries say for which machines, capabilities and kernels they are.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/policy.h"
#include "tracer/opt.h"

enum { PROFILE_ARGS = 6 };

enum profile_op { OP_NE, OP_LT, OP_LE, OP_EQ, OP_GE, OP_GT, OP_MASKED_EQ };

struct profile_arg {
	unsigned index;
	enum profile_op op;
	uint64_t value, two;	/* OP_MASKED_EQ: the mask, and what is left */
};

struct profile_action {
	enum action action;
	int err;		/* ACT_DENY */
	bool log;
	const char *note;	/* what is lost in translation; NULL: nothing */
};

/* Calls and what is done about them when all args match. */
struct profile_rule {
	struct profile_action action;
	const char **name;
	size_t nnames, cap;
	struct profile_arg arg[PROFILE_ARGS];
	unsigned nargs;
	const char *comment;	/* of the profile's author, or NULL */
};

struct profile {
	struct profile_action fallback;
	struct profile_rule *rule;
	size_t nrules, cap;
	char **note;		/* what was left out, and why */
	size_t nnotes, notes_cap;
	void *json;		/* all text is the document's */
};

/* For whom the entries of a profile are picked. */
struct profile_for {
	const char *const *arch;	/* its words for this machine's ABIs, NULL-ended */
	const struct opt_list *caps;
};

struct profile_error {
	char text[512];
};
/* Reads JSON.  0, or -EINVAL and a message, "line:column: ..." where there is a place; -ENOTSUP without jansson. */
int profile_read(struct profile *, const char *text, size_t len, const struct profile_for *, struct profile_error *);
void profile_free(struct profile *);

/* The text with numbers that jansson takes; *len becomes the copy's, which the caller frees. */
char *profile_fold_numbers(const char *text, size_t *len);

/* Adds a note, which is owned then. */
void profile_note(struct profile *, char *text);

/* The rows of the floor that an imported policy would meet, by call; NULL: none. */
typedef const char *profile_guard(void *ctx, enum sys_id);

/*
 * Writes a policy that decides as the profile does.  program may be NULL.
 * What cannot be said is said in comments, and counted: the number is returned.
 */
unsigned profile_write(const struct profile *, const char *from, const char *program,
    profile_guard *, void *ctx, FILE *);

#endif

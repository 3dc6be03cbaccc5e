/* SPDX-License-Identifier: ISC */
#ifndef TG_CHOICE_H
#define TG_CHOICE_H

/*
 * The options by which check, show and explain learn which policies they are
 * about, and which program to think of, since policies have its operands in
 * their variables.
 */

#include <stddef.h>

#include "tracer/host.h"
#include "tracer/opt.h"

struct choice {
	struct opt_list policies;
	const char *program;
	struct opt_list args;
	struct opt_list ro, rw, connect;
	char **argv;		/* made of the two before by choice_host() */
};

/* Rows for a table whose struct has a struct choice as the named member. */
#define CHOICE_POLICY_ROW(type, member) \
	{ .name = "policy", .letter = 'p', .kind = OPT_LIST, .offset = offsetof(type, member.policies), .arg = "POLICY", \
	  .help = "a policy by name or path; all of several must allow" }
#define CHOICE_PROGRAM_ROWS(type, member) \
	{ .name = "program", .kind = OPT_STRING, .offset = offsetof(type, member.program), .arg = "PROGRAM", \
	  .help = "think of PROGRAM as what is run: ${PROGRAM}, and its policy without -p" }, \
	{ .name = "arg", .kind = OPT_LIST, .offset = offsetof(type, member.args), .arg = "ARGUMENT", \
	  .help = "and of ARGUMENT as one of its arguments: ${1} and on" }

#define CHOICE_GRANT_ROWS(type, member) \
	{ .name = "ro", .kind = OPT_LIST, .offset = offsetof(type, member.ro), .arg = "PATH", \
	  .help = "with what --ro of run adds" }, \
	{ .name = "rw", .kind = OPT_LIST, .offset = offsetof(type, member.rw), .arg = "PATH", \
	  .help = "with what --rw of run adds" }, \
	{ .name = "connect", .kind = OPT_LIST, .offset = offsetof(type, member.connect), .arg = "ADDRESS", \
	  .help = "with what --connect of run adds" }

/* Makes a host that thinks of that program.  choice_free() after host_free(). */
void choice_host(struct choice *, struct host *);
void choice_free(struct choice *);

/* The rules of --ro, --rw and --connect; NULL after a message. */
const char *choice_grants(const struct choice *, struct host *);

/* Adds the policy that names the program when none was named.  0, or -ENOENT after a message. */
int choice_complete(struct choice *, struct host *);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef TG_SYSEVENT_H
#define TG_SYSEVENT_H

/*
 * One call, decoded and resolved: the only input of a decision.  A value; all
 * text is borrowed from the arena of the stop it belongs to.
 */

#include <stdbool.h>
#include <stdint.h>

#include "engine/netaddr.h"
#include "engine/sysdesc.h"

/* An argument: the register cut to the width the kernel uses, and the copy of what it points to. */
struct argval {
	uint64_t val;		/* sign-extended for W_INT */
	const char *str;	/* paths and strings: the copy, NUL-terminated */
	const void *mem;	/* structs: the copy */
	uint32_t len;		/* of mem */
};

enum access_kind { ACC_PATH = 1, ACC_ADDR, ACC_PROC };

/* Whom a signal or a trace is aimed at, nearest first. */
enum proc_class { PROC_SUPERVISOR, PROC_OUTSIDE, PROC_TREE, PROC_SELF };	/* zero is the one that is always refused */

/* One object and what the call would do to it. */
struct access {
	enum access_kind kind;
	uint16_t rights;		/* all of these are needed */
	uint8_t arg;			/* index of the argument that names it */
	bool absent;			/* path: nothing is there (yet) */
	bool any;			/* one of the rights is enough */
	bool tree;			/* path: a directory that moves; what holds of it must hold of all below */
	const char *path;		/* ACC_PATH: canonical; "/proc/self/…" is the caller's own, "/proc/tollgate/…" the supervisor's, "pipe:[7]" has no name */
	struct netaddr addr;		/* ACC_ADDR; a unix path here is canonical, too long ones are in path */
	enum proc_class proc;		/* ACC_PROC */
};

/* The code that makes a call: what holds the instruction behind which the task is stopped. */
struct caller {
	const char *module;		/* canonical path of the mapped file, or "[vdso]"; NULL: memory without a file */
	const char *function;		/* symbol that covers it; NULL when none does */
	bool file;			/* text of a file, mapped to be executed and never written since */
};

/* The process that makes it. */
struct process {
	const char *exe;		/* canonical path of what it executes */
	const char *argv0;		/* as it was executed */
	uint32_t uid, euid, gid, egid;	/* of the calling thread */
};

struct sysevent {
	enum sys_id id;			/* SYS_ID_none: the number is not in our tables */
	const char *abi;		/* "x86_64" */
	uint32_t nr;			/* as called, without the ABI's flag */
	bool foreign;			/* through another ABI's gate than the program's own */
	unsigned wordsize;
	struct argval arg[SYS_MAXARGS];
	const struct argval *more;	/* A_MMSGHDR: the addresses of the second and later messages */
	unsigned nmore;
	const struct access *access;
	unsigned naccess;
	const struct caller *caller;	/* NULL: not looked up */
	const struct process *process;	/* likewise */
};

/* "openat(AT_FDCWD, "x", O_RDONLY|O_CLOEXEC)": as strace would print the call, foreign bytes escaped. */
struct strbuf;
void sysevent_print(const struct sysevent *, struct strbuf *);

/* "read,write /home/u/x" or "connect inet:1.2.3.4:80": the words a policy would use, escaped. */
void access_print(const struct access *, struct strbuf *);

#endif

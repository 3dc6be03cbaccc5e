/* SPDX-License-Identifier: ISC */
#ifndef TG_TRACEE_H
#define TG_TRACEE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "arch/arch.h"
#include "tracer/confine.h"
#include "tracer/ids.h"
#include "tracer/samecore.h"
#include "tracer/turns.h"
#include "tracer/window.h"

/* Where a task is between two of its stops. */
enum tracee_state {
	TS_LAUNCHED,		/* our own code, before the program's first exec */
	TS_SEIZED,		/* ran when it was seized, in its own code or in a call; its first stop will tell */
	TS_PARKED,		/* stopped, but no parent has told us of it yet: never resumed unchecked */
	TS_EXPECTED,		/* its parent told us; its first stop is to come */
	TS_RUNNING,		/* in its own code */
	TS_IN_CALL,		/* in the kernel, let in or made to skip; the exit-stop is to come */
	TS_STOPPED,		/* in group-stop, listening */
	TS_STATES
};

/* An object that exec was allowed to run, to be compared with what did run. */
struct fileid {
	uint64_t dev, ino;
};

/* What the threads of a process share.  Counted: freed with its last tracee. */
struct thread_group {
	pid_t tgid;
	unsigned refs;
	const struct abi *image;	/* of the program it runs; NULL until its first exec */
	/*
	 * The mapping that ran first: the loader, in a dynamic program.  While
	 * all calls came from there the program itself has not started.
	 */
	bool loading;
	uint64_t loader_lo, loader_hi;
	char *refusal;			/* the last one while loading; owned */
	unsigned executing;		/* how many of its threads are in an exec that was let in */
	unsigned late;			/* and how many others have stopped meanwhile */
	bool wants_window, injecting;	/* before its first call; that is being seen to, and others wait */
	struct window *window;		/* counted; NULL: none yet */
	uint64_t start_sp;		/* where its stack began; 0: it ran before it had a window, and others can have its memory, too */
	bool filters;			/* it may have seccomp filters of its own, or something else that looks at where a call is made */
	bool killed;			/* by a verdict */
	bool trapped;			/* the last SIGSYS it got was a verdict's */
	struct confinement *confined;	/* what holds for it; NULL before its first exec */
	char *exe, *argv0;		/* of the program it runs; owned, NULL when the kernel would not say */
};

/* A SIGSYS on its way, and what it will say. */
struct trap {
	enum { TRAP_NONE, TRAP_PREPARED, TRAP_SENT } state;
	int nr, err;
	uint32_t audit_arch;
	uint64_t ip;
	int64_t returns;	/* what the result's register holds when the signal comes */
};

/* What a call in progress was made on, and what is to be put back when it ends. */
enum { MAX_HELD = 12 };
struct hold {
	struct window *window;		/* NULL: no pages of it are used */
	int page;
	unsigned pages;
	unsigned nfds, nregs;
	int fd[MAX_HELD];		/* objects that it acts on */
	struct { size_t offset; uint64_t value; } reg[MAX_HELD];
	unsigned gate_size;
	unsigned stub;			/* the call returns by that stub of the window's, and no stop tells of its end; from 1 */
	int redo;			/* the errno of which that tells that somebody put something where nothing was; 0: none */
	char *moved[2];			/* a file that it renames: the names in the first two of .fd, before and after; owned, NULL: another call */
	bool swaps;			/* and the other one becomes the first */
	uint64_t flags_at;		/* recvmsg(2) without room for control data: where the message's flags go; 0: another call */
	uint64_t count_at;		/* sendmmsg(2), recvmmsg(2), of one message: where its length goes; 0: another call */
};

struct injection;
struct registers;

struct tracee {
	pid_t tid;
	enum tracee_state state;
	struct thread_group *group;	/* NULL while parked */
	struct tracee *next;		/* in the table's chain */
	bool awaits_stop;		/* without PT_SEIZE: the SIGSTOP it begins with is to come */
	int early_sig;			/* and what it stopped for before that, to be delivered; 0: nothing */
	uint32_t audit_arch;		/* of the call in progress */
	bool by_filter;			/* it stopped there for its filter, and has been at no entry-stop */
	bool doubtful;			/* or it was the exit of the one before, which the kernel does not have */
	bool takes_frame;		/* the call in progress takes all registers from a signal frame: its exit can look like anything */
	bool skipped;			/* the call in progress was not let in, and is to return .result */
	bool made;			/* tollgate has made it in its place */
	int64_t result;
	uint64_t binds;			/* the call in progress binds that socket; 0: it does not */
	struct hold hold;
	pid_t shelf;			/* the last by which it reached what is held (shelf.h); 0: none */
	struct file_ids *ids;		/* whose rights it has on files; owned, NULL: not looked up */
	bool changes_ids;		/* the call in progress may */
	bool ghost;			/* a leader that had ended when we came: nobody tells us of it */
	bool missing;			/* at the last look it was gone, or not ours, and nothing was heard of it since */
	bool unfound;			/* the kernel did not find it at a stop (ESRCH): it dies, or its number is another's */
	enum turn turn;			/* the kind of the call in progress */
	bool waits;			/* at a syscall-enter-stop: for its process's window, or its turn */
	bool executes;			/* the call in progress, which was let in */
	int late;			/* the status of a stop that is served when no other thread executes any more; 0: none */
	unsigned redone;		/* how often the call was made again */
	struct injection *injection;	/* under way; NULL: none */
	struct fileid exec[3];		/* program, interpreter and loader of the exec in progress */
	bool forking;			/* the call in progress makes a task, and its event is to come */
	bool shares_memory;		/* and that will have our memory */
	struct registers *birth;	/* and is made from the cradle: how they were before; or of one that was, until its first stop; owned */
	const char *ending;		/* the call in progress ends phases when it succeeds: its name; NULL when none */
	uint32_t ends[MAX_LAYERS];
	size_t nadded;			/* policies that the exec in progress puts on */
	const struct policy *added[MAX_LAYERS];
	struct trap trap;
	struct guest guest;
};

/* All tracees, by tid. */
struct tracees {
	unsigned waiting;		/* how many of them wait for another */
	bool late;			/* there are stops to be served later */
	unsigned under_way[TURNS];	/* how many calls of each kind */
	struct tracee *bucket[256];
	size_t n;
};

struct tracee *tracee_find(struct tracees *, pid_t tid);	/* NULL when unknown */
struct tracee *tracee_add(struct tracees *, pid_t tid, enum tracee_state);
void tracee_begin(struct tracees *, struct tracee *, enum turn);	/* a call, for which others may have to wait */
void tracee_rest(struct tracees *, struct tracee *);		/* it neither waits nor keeps others waiting any more */
void tracee_executes(struct tracee *);		/* an exec that is let in */
void tracee_executed(struct tracee *);		/* it is over, well or not */
bool tracee_is_outlived(const struct tracee *);	/* if the exec that another thread of its process makes succeeds, as it may have by now */
void tracee_put_off(struct tracees *, struct tracee *, int status);	/* it has stopped, and is served when no other executes any more */
int tracee_take_late(struct tracee *);		/* that status, once; 0: none */
void tracee_renew(struct tracees *, struct tracee *, enum tracee_state);	/* as if it had just come; it stays of its group */
void tracee_remove(struct tracees *, struct tracee *);		/* drops its hold on the group and frees it */
unsigned tracee_fellows(const struct tracees *, const struct tracee *);	/* how many others of its group there are; others may hold on to that */
struct thread_group *tracee_group(const struct tracees *, pid_t tgid);	/* NULL when no tracee is in it */

/* Calls fn for each; fn may remove the tracee it is given. */
void tracee_each(struct tracees *, void (*fn)(struct tracee *, void *ctx), void *ctx);

/* Counted: the last one to release a group frees it. */
struct thread_group *group_hold(struct thread_group *);
void group_release(struct thread_group *);	/* takes NULL */

/* How a new group comes into being: from what, NULL for nothing, and whether both have one memory. */
struct descent {
	struct thread_group *from;
	bool shares_memory;
};

/* Puts a task into a group, a new one if there is none of that number. */
void tracee_join(struct tracees *, struct tracee *, pid_t tgid, struct descent);

const char *tracee_state_name(enum tracee_state);

#endif

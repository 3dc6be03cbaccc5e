/* SPDX-License-Identifier: ISC */
#ifndef TG_PT_H
#define TG_PT_H

/*
 * The only calls of ptrace(2).  All return 0 or -errno; -ESRCH means that the
 * task died under us, which is an event to wait for and never an answer.
 */

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What some kernels have and others do not, as bits. */
enum pt_feature {
	PT_SEIZE	= 1 << 0,	/* PTRACE_SEIZE, INTERRUPT and LISTEN: Linux 3.4 */
	PT_EXITKILL	= 1 << 1,	/* PTRACE_O_EXITKILL: 3.8 */
	PT_SYSCALL_INFO	= 1 << 2,	/* PTRACE_GET_SYSCALL_INFO: 5.3 */
	PT_REGSET	= 1 << 3,	/* PTRACE_GETREGSET: 2.6.34 */
	PT_FILTER	= 1 << 4,	/* a filter's stops, as filter.h has them; pt_use_filters() says so */
	PT_FEATURES	= 5
};

/*
 * Measures on a process of its own, which it ends, what this kernel has, and
 * from then on makes do without the rest; and without what `without` names.
 * NULL, or a line that says why nothing can be traced here.
 */
const char *pt_probe(unsigned without);
bool pt_has(enum pt_feature);

/* Those who are seized from now on stop for their filters, or do not. */
void pt_use_filters(bool);

/* A syscall stop as PTRACE_GET_SYSCALL_INFO tells it. */
enum pt_op {
	PT_NONE, PT_ENTRY, PT_EXIT,	/* a filter's stop is an entry, too */
	PT_STRAY,		/* the exit of a call that was never entered: a filter of the program's own skipped it */
};
struct pt_call {
	enum pt_op op;
	uint32_t audit_arch;	/* of the call; at an exec event, of the new image */
	uint64_t ip, sp;
	uint64_t nr;		/* PT_ENTRY: as the register has it */
	uint64_t args[6];	/* PT_ENTRY */
	int64_t ret;		/* PT_EXIT */
	unsigned long data;	/* at a filter's stop: what it returned beside the wish to be stopped for */
};

/*
 * With all options set, EXITKILL first among them.  Without PT_SEIZE the task
 * is stopped for a moment; its children begin with a SIGSTOP that is ours.
 */
int pt_seize(pid_t tid);

/*
 * The same for a task that may be anywhere: one that sleeps in the kernel and
 * hears of no signal, as in vfork(2), may have to wait for others that are ours
 * already.  -EAGAIN: it is attached, and at its first stop the options are to be set.
 *
 * To one that executes a program the kernel lets nobody attach until it has, and
 * that waits until all other threads of its process are gone: those that are ours
 * are gone when we have waited for them, which is what `meanwhile` has to do.
 */
int pt_seize_running(pid_t tid, void (*meanwhile)(void *ctx), void *ctx);
int pt_set_options(pid_t tid);
int pt_resume(pid_t tid, int sig);		/* until the next syscall stop */
int pt_continue(pid_t tid, int sig);		/* until its filter, a signal or an event stops it */
int pt_listen(pid_t tid);			/* stay in group-stop, hear of SIGCONT; without PT_SEIZE: go on */
int pt_interrupt(pid_t tid);			/* a stop comes, in time; without PT_SEIZE for a SIGSTOP that is ours */
int pt_detach(pid_t tid, int sig);		/* at a stop; what it stopped for is delivered by sig */
int pt_event_msg(pid_t tid, unsigned long *msg);
int pt_call(pid_t tid, struct pt_call *);
int pt_getregs(pid_t tid, void *buf, size_t *len);	/* NT_PRSTATUS; *len: room, then what the kernel wrote */
int pt_setregs(pid_t tid, const void *buf, size_t len);
int pt_setset(pid_t tid, unsigned set, const void *buf, size_t len);	/* another register set, by its NT_* number */
/*
 * What to deliver for sig: to a task that has no options yet the kernel sends a
 * SIGTRAP when it has executed a program, as if from itself; 0 for that one.
 */
int pt_without_exec_trap(pid_t tid, int sig);
int pt_get_siginfo(pid_t tid, siginfo_t *);	/* -EINVAL: this is a group-stop */
int pt_set_siginfo(pid_t tid, const siginfo_t *);	/* at a stop before a signal's delivery */
int pt_block_signals(pid_t tid, uint64_t *before);	/* all of them; Linux 3.11 */
int pt_set_blocked(pid_t tid, uint64_t mask);
int pt_peek(pid_t tid, uint64_t addr, uint64_t *word);

#endif

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

/* A syscall stop as PTRACE_GET_SYSCALL_INFO tells it (Linux 5.3). */
enum pt_op { PT_NONE, PT_ENTRY, PT_EXIT };
struct pt_call {
	enum pt_op op;
	uint32_t audit_arch;	/* of the call; at an exec event, of the new image */
	uint64_t ip, sp;
	uint64_t nr;		/* PT_ENTRY: as the register has it */
	uint64_t args[6];	/* PT_ENTRY */
	int64_t ret;		/* PT_EXIT */
};

int pt_seize(pid_t tid);			/* with all options set, EXITKILL first among them */
int pt_resume(pid_t tid, int sig);		/* until the next syscall stop */
int pt_listen(pid_t tid);			/* stay in group-stop, hear of SIGCONT */
int pt_detach(pid_t tid);
int pt_event_msg(pid_t tid, unsigned long *msg);
int pt_call(pid_t tid, struct pt_call *);
int pt_getregs(pid_t tid, void *buf, size_t *len);	/* NT_PRSTATUS; *len: room, then what the kernel wrote */
int pt_setregs(pid_t tid, const void *buf, size_t len);
int pt_set_siginfo(pid_t tid, const siginfo_t *);	/* at a stop before a signal's delivery */
int pt_peek(pid_t tid, uint64_t addr, uint64_t *word);

/* Whether the kernel has what this tracer stands on; a line that says what is missing, else NULL. */
const char *pt_missing(void);

#endif

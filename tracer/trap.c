/* SPDX-License-Identifier: ISC */
#include "tracer/trap.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tracer/procs.h"

#ifndef SYS_SECCOMP
#define SYS_SECCOMP	1	/* si_code */
#endif

void
trap_prepare(struct tracee *t, const struct pt_call *call, const struct abi *abi, int err)
{
	t->trap = (struct trap){
		.state = TRAP_PREPARED, .ip = call->ip, .nr = (int)call->nr, .audit_arch = call->audit_arch, .err = err,
	};
	t->trap.returns = abi->trap_returns == TRAP_ARGUMENT ? (int64_t)call->args[0] : t->trap.nr;
	if (abi->wordsize == sizeof(int32_t))
		t->trap.returns = (int32_t)t->trap.returns;
}

bool
trap_raise(struct tracee *t)
{
	t->trap.state = TRAP_SENT;
	if (procs_blocks_signal(t->tid, SIGSYS))
		return false;
	return syscall(SYS_tgkill, t->group->tgid, t->tid, SIGSYS) == 0;
}

bool
trap_is_lost(const struct tracee *t)
{
	return t->trap.state == TRAP_SENT && !procs_has_pending(t->tid, SIGSYS);
}

int
trap_deliver(struct tracee *t)
{
	siginfo_t info;

	t->group->trapped = t->trap.state == TRAP_SENT;
	if (!t->group->trapped)
		return 0;
	memset(&info, 0, sizeof(info));
	info.si_signo = SIGSYS;
	info.si_code = SYS_SECCOMP;
	info.si_errno = t->trap.err;
	info.si_call_addr = (void *)(uintptr_t)t->trap.ip;
	info.si_syscall = t->trap.nr;
	info.si_arch = t->trap.audit_arch;
	t->trap.state = TRAP_NONE;
	return pt_set_siginfo(t->tid, &info);
}

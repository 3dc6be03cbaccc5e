/* SPDX-License-Identifier: ISC */
#include "tracer/pt.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kernel's struct ptrace_syscall_info; glibc and the kernel's header clash over its name. */
struct syscall_info {
	uint8_t op;
	uint8_t pad[3];
	uint32_t arch;
	uint64_t ip;
	uint64_t sp;
	union {
		struct {
			uint64_t nr;
			uint64_t args[6];
		} entry;
		struct {
			int64_t ret;
			uint8_t is_error;
		} exit;
	} u;
};

enum { GET_SYSCALL_INFO = 0x420e };

static int
result(long r)
{
	return r < 0 ? -errno : 0;
}

int
pt_seize(pid_t tid)
{
	unsigned long opts = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD |
	    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;

	return result(ptrace(PTRACE_SEIZE, tid, 0, opts));
}

int
pt_resume(pid_t tid, int sig)
{
	return result(ptrace(PTRACE_SYSCALL, tid, 0, (long)sig));
}

int
pt_listen(pid_t tid)
{
	return result(ptrace(PTRACE_LISTEN, tid, 0, 0));
}

int
pt_detach(pid_t tid)
{
	return result(ptrace(PTRACE_DETACH, tid, 0, 0));
}

int
pt_event_msg(pid_t tid, unsigned long *msg)
{
	*msg = 0;
	return result(ptrace(PTRACE_GETEVENTMSG, tid, 0, msg));
}

int
pt_call(pid_t tid, struct pt_call *c)
{
	struct syscall_info info;
	long n;

	memset(c, 0, sizeof(*c));
	memset(&info, 0, sizeof(info));
	n = ptrace((enum __ptrace_request)GET_SYSCALL_INFO, tid, sizeof(info), &info);
	if (n < 0)
		return -errno;
	if ((size_t)n < offsetof(struct syscall_info, u))
		return -EPROTO;
	c->audit_arch = info.arch;
	c->ip = info.ip;
	c->sp = info.sp;
	if (info.op == PT_ENTRY) {
		c->op = PT_ENTRY;
		c->nr = info.u.entry.nr;
		memcpy(c->args, info.u.entry.args, sizeof(c->args));
	} else if (info.op == PT_EXIT) {
		c->op = PT_EXIT;
		c->ret = info.u.exit.ret;
	}
	return 0;
}

int
pt_getregs(pid_t tid, void *buf, size_t *len)
{
	struct iovec iov = { buf, *len };

	memset(buf, 0, *len);
	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &iov) < 0)
		return -errno;
	*len = iov.iov_len;
	return 0;
}

int
pt_setregs(pid_t tid, const void *buf, size_t len)
{
	struct iovec iov = { (void *)buf, len };

	return result(ptrace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &iov));
}

int
pt_set_siginfo(pid_t tid, const siginfo_t *info)
{
	return result(ptrace(PTRACE_SETSIGINFO, tid, 0, info));
}

int
pt_peek(pid_t tid, uint64_t addr, uint64_t *word)
{
	long w;

	errno = 0;
	w = ptrace(PTRACE_PEEKDATA, tid, (void *)(uintptr_t)addr, 0);
	if (w == -1 && errno)
		return -errno;
	*word = (unsigned long)w;
	return 0;
}

static const char *
missing_in(pid_t victim)
{
	struct pt_call c;
	int status, err = pt_seize(victim);

	if (err == -EPERM || err == -EACCES)
		return "ptrace(2) is forbidden here (a container's seccomp profile, or kernel.yama.ptrace_scope = 3)";
	if (err)
		return "this kernel has no PTRACE_SEIZE with PTRACE_O_EXITKILL (Linux 3.8)";
	if (ptrace(PTRACE_INTERRUPT, victim, 0, 0) < 0 || waitpid(victim, &status, __WALL) != victim)
		return "PTRACE_INTERRUPT does not work";
	if (!WIFSTOPPED(status) || pt_call(victim, &c) < 0)
		return "this kernel has no PTRACE_GET_SYSCALL_INFO (Linux 5.3)";
	return NULL;
}

const char *
pt_missing(void)
{
	const char *what;
	pid_t victim = fork();

	if (victim < 0)
		return "fork failed";
	if (victim == 0)
		for (;;)
			pause();
	what = missing_in(victim);
	kill(victim, SIGKILL);
	while (waitpid(victim, NULL, __WALL) < 0 && errno == EINTR)
		;
	return what;
}

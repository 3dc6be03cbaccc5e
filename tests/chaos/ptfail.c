/* SPDX-License-Identifier: ISC */
/*
 * Loaded into tollgate by LD_PRELOAD: one request of ptrace(2), or one of the
 * calls that read and write a tracee's memory, fails.  $TG_PTFAIL says which,
 * as REQUEST:N:HOW: the Nth of that number (-1: process_vm_readv, -2:
 * process_vm_writev), and
 *
 *	error	it is not done, EIO
 *	dead	the task has just been killed, ESRCH
 *	missed	it is not done, ESRCH, and the task lives
 *	nothing	it is not done, and looks as if it were
 *	short	memory alone: only the first half, in bytes
 *
 * -3 is no request: the process that holds open what was checked does not
 * live until it is ready.  When that has happened there is a file,
 * $TG_PTFAIL_DONE.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READV = -1, WRITEV = -2, SHELF = -3 };

static struct {
	int request, left;
	char how;
} plan;

__attribute__((constructor))
static void
begin(void)
{
	const char *s = getenv("TG_PTFAIL");

	if (!s || sscanf(s, "%i:%d:%c", &plan.request, &plan.left, &plan.how) != 3)
		plan.left = 0;
}

static bool
is_time(int request)
{
	const char *done = getenv("TG_PTFAIL_DONE");

	if (!plan.left || request != plan.request || --plan.left)
		return false;
	if (done)
		close(open(done, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	return true;
}

/* With an error; 0 where it is to look as if it were done. */
static long
fail(pid_t tid)
{
	if (plan.how == 'd')
		syscall(SYS_tkill, tid, SIGKILL);
	errno = plan.how == 'e' ? EIO : ESRCH;
	return strchr("ns", plan.how) ? 0 : -1;
}

long
ptrace(enum __ptrace_request request, ...)
{
	static long (*real)(enum __ptrace_request, pid_t, void *, void *);
	va_list ap;
	pid_t tid;
	void *addr, *data;

	va_start(ap, request);
	tid = va_arg(ap, pid_t);
	addr = va_arg(ap, void *);
	data = va_arg(ap, void *);
	va_end(ap);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "ptrace");
	return is_time((int)request) ? fail(tid) : real(request, tid, addr, data);
}

static size_t
sum(const struct iovec *v, unsigned long n)
{
	size_t all = 0;

	while (n)
		all += v[--n].iov_len;
	return all;
}

/* All tollgate reads and writes by are of one piece on its side. */
static ssize_t
transfer(int request, long nr, pid_t pid, const struct iovec *mine, unsigned long nmine, const struct iovec *its,
    unsigned long nits, unsigned long flags)
{
	struct iovec half;

	if (!is_time(request))
		return syscall(nr, pid, mine, nmine, its, nits, flags);
	if (plan.how == 'n')
		return (ssize_t)sum(mine, nmine);
	if (plan.how != 's' || nmine != 1 || mine->iov_len < 2)
		return fail(pid);
	half = (struct iovec){ mine->iov_base, mine->iov_len / 2 };
	return syscall(nr, pid, &half, 1UL, its, nits, flags);
}

ssize_t
process_vm_readv(pid_t pid, const struct iovec *mine, unsigned long nmine, const struct iovec *its, unsigned long nits,
    unsigned long flags)
{
	return transfer(READV, SYS_process_vm_readv, pid, mine, nmine, its, nits, flags);
}

ssize_t
process_vm_writev(pid_t pid, const struct iovec *mine, unsigned long nmine, const struct iovec *its, unsigned long nits,
    unsigned long flags)
{
	return transfer(WRITEV, SYS_process_vm_writev, pid, mine, nmine, its, nits, flags);
}

/* What that process calls when it is nearly ready. */
pid_t
setsid(void)
{
	if (is_time(SHELF))
		syscall(SYS_kill, getpid(), SIGKILL);
	return (pid_t)syscall(SYS_setsid);
}

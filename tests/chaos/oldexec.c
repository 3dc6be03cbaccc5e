/* SPDX-License-Identifier: ISC */
/*
 * Loaded into tollgate by LD_PRELOAD: ptrace(2) as it was before Linux 5.13.  A
 * request to a number that a thread has taken by executing a program, and whose
 * exec event nobody has waited for, is done to that thread; later kernels answer
 * ESRCH.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long
request(long req, pid_t pid, void *addr, void *data)
{
	long word = 0;
	int peeks = req >= PTRACE_PEEKTEXT && req <= PTRACE_PEEKUSER;
	long result = syscall(SYS_ptrace, req, pid, addr, peeks ? &word : data);

	return result < 0 || !peeks ? result : word;
}

long
ptrace(enum __ptrace_request req, ...)
{
	va_list list;
	void *addr, *data;
	long result;
	int status;
	pid_t pid;

	va_start(list, req);
	pid = va_arg(list, pid_t);
	addr = va_arg(list, void *);
	data = va_arg(list, void *);
	va_end(list);
	errno = 0;
	result = request((long)req, pid, addr, data);
	if (result < 0 && errno == ESRCH && waitpid(pid, &status, WNOHANG | __WALL) == pid && WIFSTOPPED(status) &&
	    status >> 16 == PTRACE_EVENT_EXEC)
		result = request((long)req, pid, addr, data);
	return result;
}

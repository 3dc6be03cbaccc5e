/* SPDX-License-Identifier: ISC */
#include "tracer/shelf.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static pid_t shelf;

/*
 * Dies with the thread that made it: it holds descriptors whose end others
 * wait for.  In a session of its own no terminal's signal reaches it.
 */
static _Noreturn void
idle(pid_t parent)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(0);
	setsid();
	for (;;)
		pause();
}

int
shelf_start(void)
{
	pid_t parent = getpid(), pid;

	if (shelf)
		return 0;
	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid < 0)
		return -errno;
	if (pid == 0)
		idle(parent);
	shelf = pid;
	return 0;
}

pid_t
shelf_pid(void)
{
	return shelf;
}

const char *
shelf_object(int fd, struct arena *a)
{
	return arena_printf(a, "/proc/%d/fd/%d", shelf, fd);
}

const char *
shelf_entry(int fd, const char *last, struct arena *a)
{
	return arena_printf(a, "/proc/%d/fd/%d/%s", shelf, fd, last);
}

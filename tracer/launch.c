/* SPDX-License-Identifier: ISC */
#include "tracer/launch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/diag.h"
#include "tracer/console.h"
#include "tracer/filter.h"
#include "tracer/pt.h"
#include "tracer/shelf.h"
#include "tracer/supervisor.h"
#include "tracer/watchdog.h"

enum { LOWEST_OWN = 3 };

/* Read end of the pipe through which the child tells that its execve failed. */
static int verdict_fd = -1;

static void
mark_descriptor(int fd)
{
	if (fd >= LOWEST_OWN)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Before Linux 5.9.  All that there could be are many calls, and each of them can be two stops. */
static void
mark_each_descriptor(void)
{
	long max = sysconf(_SC_OPEN_MAX);
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	while (d && (e = readdir(d)))
		mark_descriptor(atoi(e->d_name));
	for (int fd = LOWEST_OWN; !d && fd < max; fd++)
		mark_descriptor(fd);
	if (d)
		closedir(d);
}

/*
 * Descriptors that tollgate's caller left open are objects the policy was
 * never asked about.  They are only marked: ours are needed up to the exec.
 */
static void
mark_descriptors(const struct launch *l)
{
	if (syscall(SYS_close_range, LOWEST_OWN, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) < 0)
		mark_each_descriptor();
	for (size_t i = 0; i < l->nkeep; i++)
		fcntl(l->keep[i], F_SETFD, 0);
}

static _Noreturn void
child(const struct launch *l, int go, int told)
{
	char byte;
	int err;

	if (read(go, &byte, 1) != 1)
		_exit(EXIT_SELF);	/* the tracer gave up */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	mark_descriptors(l);
	err = limits_apply(l->limits);
	if (err) {
		warn_err(-err, "cannot limit the program:");
		_exit(EXIT_SELF);
	}
	watchdog_mark();
	console_restore();
	err = l->filter ? filter_install(l->filter, l->nfilter) : 0;
	if (err) {
		warn_err(-err, "cannot put a filter into the program:");
		_exit(EXIT_SELF);
	}
	execve(l->path, l->argv, l->env);
	err = errno;
	if (write(told, &err, sizeof(err)) < 0)
		_exit(EXIT_SELF);
	_exit(err == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC);
}

/* The closed pipe ends the child even where killing it is refused: tollgate can itself be confined. */
static int
give_up(pid_t pid, int go, int err)
{
	warn_err(-err, "cannot trace the program:");
	close(go);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, __WALL);
	return err;
}

static int
own_pipe(int fd[2])
{
	return pipe2(fd, O_CLOEXEC) < 0 ? -errno : 0;
}

pid_t
launch(const struct launch *l)
{
	int go[2], told[2], err;
	pid_t pid;

	watchdog_prepare(l->on_loss);
	if ((err = own_pipe(go)) || (err = own_pipe(told)) || (pid = fork()) < 0) {
		err = err ? err : -errno;
		warn_err(-err, "cannot start a process:");
		return err;
	}
	if (pid == 0) {
		close(go[1]);		/* so that our death ends its wait */
		close(told[0]);
		child(l, go[0], told[1]);
	}
	close(go[0]);
	close(told[1]);
	verdict_fd = told[0];
	err = watchdog_start(l->on_loss);
	err = err ? err : shelf_start();
	err = err ? err : pt_seize(pid);
	if (err)
		return give_up(pid, go[1], err);
	supervisor_set(getpid());
	/* Only now: the child was a copy of us, and not-dumpable children cannot be seized. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	watchdog_add(pid);
	if (write(go[1], "", 1) != 1)
		return give_up(pid, go[1], -errno);
	close(go[1]);
	return pid;
}

int
launch_error(void)
{
	int err = 0;

	if (verdict_fd < 0 || read(verdict_fd, &err, sizeof(err)) != sizeof(err))
		return 0;
	return err;
}

/* SPDX-License-Identifier: ISC */
#include "tracer/supervisor.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tracer/shelf.h"
#include "tracer/watchdog.h"

static pid_t pid_of_supervisor;
static bool goes_when_told;

bool
supervisor_is_there(void)
{
	return pid_of_supervisor != 0;
}

/* Without a look at /proc, for which a descriptor is needed. */
static bool
is_own_thread(pid_t tid)
{
	return pid_of_supervisor && syscall(SYS_tgkill, pid_of_supervisor, tid, 0) == 0;
}

bool
supervisor_is(pid_t pid)
{
	return pid > 0 && (pid == pid_of_supervisor || is_own_thread(pid) || pid == watchdog_pid() || shelf_is(pid));
}

void
supervisor_set(pid_t pid)
{
	pid_of_supervisor = pid;
}

void
supervisor_goes_when_told(void)
{
	goes_when_told = true;
}

bool
supervisor_minds(int sig)
{
	return sig == SIGKILL || sig == SIGSTOP || goes_when_told;
}

static struct stat log_file;

void
supervisor_set_log(int fd)
{
	if (fstat(fd, &log_file) < 0 || !S_ISREG(log_file.st_mode))
		log_file = (struct stat){ 0 };
}

bool
supervisor_is_log(const struct stat *st)
{
	return log_file.st_ino && st->st_ino == log_file.st_ino && st->st_dev == log_file.st_dev;
}

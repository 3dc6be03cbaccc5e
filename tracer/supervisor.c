/* SPDX-License-Identifier: ISC */
#include "tracer/supervisor.h"

#include "tracer/shelf.h"
#include "tracer/watchdog.h"

static pid_t pid_of_supervisor;

bool
supervisor_is_there(void)
{
	return pid_of_supervisor != 0;
}

bool
supervisor_is(pid_t pid)
{
	return pid > 0 && (pid == pid_of_supervisor || pid == watchdog_pid() || shelf_is(pid));
}

void
supervisor_set(pid_t pid)
{
	pid_of_supervisor = pid;
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

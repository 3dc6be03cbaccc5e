/* SPDX-License-Identifier: ISC */
#include "tracer/shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "tracer/ids.h"

enum { FEW = 64, A_MOMENT = 50 };	/* ms */

static struct shelf {
	pid_t pid;
	uid_t uid;
	gid_t gid;
	ino_t user_ns;		/* 0: ours */
	unsigned users;		/* tasks that were told of it last */
} *shelves;
static unsigned n;

/*
 * Not by the C library: it would have all threads of its list do the same, and
 * wait for one that was just being made, which this process has not.
 */
#ifndef SYS_setresuid32
#define SYS_setresuid32	SYS_setresuid
#define SYS_setresgid32	SYS_setresgid
#endif

/* The task may be in another one by the time, or be gone; then its calls fail. */
static bool
enter_name_space(pid_t tid)
{
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && setns(fd, CLONE_NEWUSER) == 0 && close(fd) == 0;
}

/* Nobody could go by a process that is not dumpable, and who changes his ids is not. */
static bool
become(uid_t uid, gid_t gid, pid_t fellow)
{
	if ((getegid() != gid || getgid() != gid) && syscall(SYS_setresgid32, gid, gid, gid) < 0)
		return false;
	if ((geteuid() != uid || getuid() != uid) && syscall(SYS_setresuid32, uid, uid, uid) < 0)
		return false;
	if (fellow && !enter_name_space(fellow))
		return false;
	return ids_drop_capabilities() == 0 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

/*
 * Dies with the thread that made it: it holds descriptors whose end others
 * wait for.  In a session of its own no terminal's signal reaches it.
 */
static _Noreturn void
idle(pid_t parent, const struct shelf *s, pid_t fellow, int ready)
{
	sigset_t all;
	char ok;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	ok = become(s->uid, s->gid, fellow);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);	/* after a change of ids, which takes it back */
	if (getppid() != parent)
		_exit(0);
	setsid();
	if (write(ready, &ok, 1) != 1 || !ok)
		_exit(0);
	for (;;)
		pause();
}

static bool
has_died(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == pid;
}

/* Both of us have both ends of the pipe, so its end says nothing of who was killed before he wrote. */
static bool
hears_well(int ready, pid_t pid)
{
	struct pollfd p = { ready, POLLIN, 0 };
	char ok = 0;

	while (poll(&p, 1, A_MOMENT) != 1)
		if (has_died(pid))
			return false;
	return read(ready, &ok, 1) == 1 && ok;
}

/* fellow: a task of the name space that it is to be in; 0: of ours. */
static int
start(struct shelf *s, pid_t fellow)
{
	pid_t parent = getpid();
	int ready[2];
	bool ok;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	s->pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (s->pid == 0)
		idle(parent, s, fellow, ready[1]);
	ok = s->pid > 0 && hears_well(ready[0], s->pid);
	close(ready[0]);
	close(ready[1]);
	if (ok)
		return 0;
	if (s->pid > 0)
		waitpid(s->pid, NULL, __WALL);
	return -EPERM;
}

/* The first is tollgate's own. */
static struct shelf *
find_idle(void)
{
	for (unsigned i = 1; i < n; i++)
		if (!shelves[i].users)
			return &shelves[i];
	return NULL;
}

/* A place for one more: where there are many, of one that nobody uses. */
static struct shelf *
find_place(void)
{
	struct shelf *s = n < FEW ? NULL : find_idle();

	if (s) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, __WALL);
		return s;
	}
	shelves = xreallocarray(shelves, n + 1, sizeof(*shelves));
	return &shelves[n++];
}

/* NULL: it cannot be had. */
static struct shelf *
add(struct shelf new, pid_t fellow)
{
	struct shelf *s = find_place();

	*s = new;
	if (start(s, fellow) == 0)
		return s;
	*s = shelves[--n];
	return NULL;
}

static struct shelf *
find(struct shelf like)
{
	for (unsigned i = 0; i < n; i++)
		if (shelves[i].uid == like.uid && shelves[i].gid == like.gid && shelves[i].user_ns == like.user_ns)
			return &shelves[i];
	return NULL;
}

int
shelf_start(void)
{
	return n || add((struct shelf){ .uid = geteuid(), .gid = getegid() }, 0) ? 0 : -EPERM;
}

pid_t
shelf_take(pid_t tid, const struct file_ids *ids)
{
	struct shelf like = { .uid = ids->uid, .gid = ids->gid, .user_ns = ids->elsewhere }, *s = find(like);

	s = s ? s : add(like, ids->elsewhere ? tid : 0);
	if (!s)
		return 0;
	s->users++;
	return s->pid;
}

void
shelf_give(pid_t pid)
{
	for (unsigned i = 0; pid && i < n; i++)
		shelves[i].users -= shelves[i].pid == pid;
}

bool
shelf_is(pid_t pid)
{
	for (unsigned i = 0; i < n; i++)
		if (shelves[i].pid == pid)
			return true;
	return false;
}

const char *
shelf_object(pid_t shelf, int fd, struct arena *a)
{
	return arena_printf(a, "/proc/%d/fd/%d", shelf, fd);
}

const char *
shelf_entry(pid_t shelf, int fd, const char *last, struct arena *a)
{
	return arena_printf(a, "/proc/%d/fd/%d/%s", shelf, fd, last);
}

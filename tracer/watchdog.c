/* SPDX-License-Identifier: ISC */
#include "tracer/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tracer/procs.h"
#include "tracer/pt.h"

enum { MOST_TIDS = 1 << 22, WORD = 64 };	/* the kernel's PID_MAX_LIMIT */

/* One bit for each tid, shared by tollgate and the watchdog. */
static uint64_t *listed;
static pid_t dog;
static rlim_t mark;		/* what tracees and all that they make have as RLIMIT_LOCKS; 0: nothing */
static rlim_t before = RLIM_INFINITY;	/* what was there instead where we attached */
static int leash = -1;		/* write end of the pipe that ends with tollgate */

pid_t
watchdog_pid(void)
{
	return dog;
}

static bool
is_listed(pid_t tid)
{
	return tid > 0 && tid < MOST_TIDS && listed[tid / WORD] >> tid % WORD & 1;
}

void
watchdog_add(pid_t tid)
{
	if (listed && tid > 0 && tid < MOST_TIDS)
		listed[tid / WORD] |= UINT64_C(1) << tid % WORD;
}

void
watchdog_drop(pid_t tid)
{
	if (listed && tid > 0 && tid < MOST_TIDS)
		listed[tid / WORD] &= ~(UINT64_C(1) << tid % WORD);
}

static void
signal_all(int sig)
{
	for (pid_t tid = 0; tid < MOST_TIDS; tid = listed[tid / WORD] >> tid % WORD ? tid + 1 : (tid / WORD + 1) * WORD)
		if (is_listed(tid))
			kill(tid, sig);
}

/* Whose parents are gone has the mark still: it passes to children, and through execve(2). */
static bool
is_ours(pid_t pid)
{
	return is_listed(procs_parent(pid)) || (mark && procs_file_locks(pid) == (long)mark);
}

static void
list_relative(pid_t pid, void *any)
{
	if (is_listed(pid) || !is_ours(pid))
		return;
	watchdog_add(pid);
	*(bool *)any = true;
}

/* Lists processes that listed ones have made in the meantime; whether there were any. */
static bool
list_relatives(void)
{
	bool any = false;

	procs_each(list_relative, &any);
	return any;
}

/* Stopped, none of them can make another that nobody knows of. */
static void
end_all(void)
{
	do
		signal_all(SIGSTOP);
	while (list_relatives());
	do				/* and who a look at /proc passed over */
		signal_all(SIGKILL);
	while (list_relatives());
}

static _Noreturn void
watch(int fd)
{
	sigset_t all;
	char byte;
	ssize_t n;

	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	for (int other = 0; other < 1024; other++)
		if (other != fd)
			close(other);
	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		end_all();
	_exit(0);
}

static bool
is_needed(enum supervisor_loss on_loss)
{
	return on_loss == LOSS_KILLS && !pt_has(PT_EXITKILL);
}

/* The kernel keeps that limit, and does nothing by it.  Of 31 bits, that a 32-bit one has them, too. */
void
watchdog_prepare(enum supervisor_loss on_loss)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	if (is_needed(on_loss))
		mark = (rlim_t)getpid() << 8 | (t.tv_nsec >> 12 & 0xff);
}

void
watchdog_mark(void)
{
	struct rlimit l;

	if (!mark || getrlimit(RLIMIT_LOCKS, &l) < 0)
		return;
	l.rlim_cur = mark;
	setrlimit(RLIMIT_LOCKS, &l);	/* where it cannot be, parents tell */
}

void
watchdog_mark_other(pid_t pid)
{
	struct rlimit l;

	if (!mark || prlimit(pid, RLIMIT_LOCKS, NULL, &l) < 0 || l.rlim_cur == mark)
		return;
	before = l.rlim_cur;
	l.rlim_cur = mark;
	prlimit(pid, RLIMIT_LOCKS, &l, NULL);
}

void
watchdog_unmark(pid_t pid)
{
	struct rlimit l;

	if (!mark || prlimit(pid, RLIMIT_LOCKS, NULL, &l) < 0 || l.rlim_cur != mark)
		return;
	l.rlim_cur = before;
	prlimit(pid, RLIMIT_LOCKS, &l, NULL);
}

bool
watchdog_marks(void)
{
	return mark != 0;
}

int
watchdog_start(enum supervisor_loss on_loss)
{
	int fd[2];
	pid_t pid;
	void *room;

	if (!is_needed(on_loss))
		return 0;
	room = mmap(NULL, MOST_TIDS / 8, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED || pipe2(fd, O_CLOEXEC) < 0)
		return -errno;
	listed = room;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(fd[1]);
		watch(fd[0]);
	}
	close(fd[0]);
	dog = pid;
	leash = fd[1];
	return 0;
}

void
watchdog_stop(void)
{
	if (!dog)
		return;
	if (write(leash, "", 1) != 1)
		kill(dog, SIGKILL);
	while (waitpid(dog, NULL, __WALL) < 0 && errno == EINTR)
		;
	watchdog_forget();
}

void
watchdog_forget(void)
{
	close(leash);
	leash = -1;
	dog = 0;
}

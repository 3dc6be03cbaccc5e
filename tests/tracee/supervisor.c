/* SPDX-License-Identifier: ISC */
/*
 * Every way to hurt or read the process above: the parent of the program, which
 * is tollgate, or in the control run a process of the test's own.  What would end
 * it comes as a signal that does nothing, or harms nobody in a control run.
 */
#include "attempt.h"

#include <dirent.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Attempts are made by children of the program. */
static pid_t
above(void)
{
	const char *s = getenv("ABOVE");

	return s ? atoi(s) : 1;
}

#define DO(fn, call) static int fn(void) { return done(call); }

static int
queued(int nr, pid_t tgid, pid_t tid)
{
	siginfo_t si = { .si_signo = SIGURG, .si_code = SI_QUEUE };

	return done(nr == SYS_rt_sigqueueinfo ? syscall(nr, tgid, SIGURG, &si) : syscall(nr, tgid, tid, SIGURG, &si));
}

DO(kill_nothing, kill(above(), 0))
DO(kill_urg, kill(above(), SIGURG))
DO(kill_cont, kill(above(), SIGCONT))
DO(kill_wide, syscall(SYS_kill, (unsigned long)above() | 1UL << 16 << 16, SIGURG))
DO(tkill_urg, syscall(SYS_tkill, above(), SIGURG))
DO(tgkill_urg, syscall(SYS_tgkill, above(), above(), SIGURG))
DO(tgkill_any, syscall(SYS_tgkill, -1, above(), SIGURG) < 0 && errno == EINVAL ? syscall(SYS_tkill, above(), SIGURG) : -1)
static int sigqueue_urg(void) { return queued(SYS_rt_sigqueueinfo, above(), 0); }
static int tgsigqueue_urg(void) { return queued(SYS_rt_tgsigqueueinfo, above(), above()); }

/* A process and its threads: the numbers after it are likely ones. */
static int
kill_threads(void)
{
	int r = REFUSED;

	for (pid_t tid = above(); tid < above() + 8; tid++) {
		DIR *d = opendir(text("/proc/%d/task/%d", (int)above(), (int)tid));

		if (d)
			closedir(d);
		if (syscall(SYS_tgkill, above(), tid, SIGURG) == 0)
			r = REACHED;
	}
	errno = EPERM;
	return r;
}

static int
pidfd_signal(void)
{
	int fd = (int)syscall(SYS_pidfd_open, above(), 0);

	return fd < 0 ? REFUSED : done(syscall(SYS_pidfd_send_signal, fd, SIGURG, NULL, 0));
}

/* The folder in /proc serves as well. */
static int
procfd_signal(void)
{
	int fd = open(text("/proc/%d", (int)above()), O_DIRECTORY | O_RDONLY);

	return fd < 0 ? REFUSED : done(syscall(SYS_pidfd_send_signal, fd, SIGURG, NULL, 0));
}

static int
pidfd_taken(void)
{
	int fd = (int)syscall(SYS_pidfd_open, above(), 0);

	return fd < 0 ? REFUSED : done(syscall(SYS_pidfd_getfd, fd, 0, 0));
}

/* Everybody but ourselves: it must not come to a kill in a control run. */
DO(kill_all, getenv("CONTROL") ? 0 : kill(-1, SIGKILL))
DO(kill_group, getenv("CONTROL") ? 0 : kill(0, SIGKILL))
DO(kill_group_stop, getenv("CONTROL") ? 0 : kill(0, SIGSTOP))
DO(kill_group_by_number, getenv("CONTROL") ? 0 : kill(-getpgid(0), SIGKILL))

/* Signals that the kernel sends for us. */

static int
owned(int cmd, const void *arg)
{
	int p[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, p) < 0)
		return REFUSED;
	return done(cmd == F_SETOWN ? fcntl(p[0], F_SETOWN, above()) : fcntl(p[0], cmd, arg));
}

static int own_set(void) { return owned(F_SETOWN, NULL); }

static int
own_ex(void)
{
	struct f_owner_ex o = { F_OWNER_PID, above() };

	return owned(F_SETOWN_EX, &o);
}

static int
own_ioctl(void)
{
	int p[2], pid = above();

	return pipe(p) < 0 ? REFUSED : socketpair(AF_UNIX, SOCK_STREAM, 0, p) < 0 ? REFUSED :
	    done(ioctl(p[0], 0x8901 /* FIOSETOWN */, &pid)) & done(ioctl(p[0], 0x8902 /* SIOCSPGRP */, &pid));
}

static int
own_group(void)
{
	int p[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, p) < 0 ? REFUSED : done(fcntl(p[0], F_SETOWN, -getpgid(above())));
}

/* Limits and priorities: each is set to what it is. */

static int
limits(void)
{
	struct rlimit64 l;

	if (syscall(SYS_prlimit64, above(), RLIMIT_CORE, NULL, &l) < 0)
		return REFUSED;
	return done(syscall(SYS_prlimit64, above(), RLIMIT_CORE, &l, NULL));
}

static struct sched_param zero;

DO(priority, setpriority(PRIO_PROCESS, (id_t)above(), 0))
DO(io_priority, syscall(SYS_ioprio_set, 1, above(), 0))
DO(scheduler, sched_setscheduler(above(), SCHED_OTHER, &zero))
DO(sched_param, sched_setparam(above(), &zero))

static int
sched_attr(void)
{
	struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t prio; uint64_t a, b, c; } a = { .size = 48 };

	return done(syscall(SYS_sched_setattr, above(), &a, 0));
}

static int
affinity(void)
{
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	return done(sched_setaffinity(above(), sizeof(all), &all));
}


/* Tracing. */
static int traced(void) { return seized(ptrace(PTRACE_SEIZE, above(), 0, 0)); }

static int
vm(int nr)
{
	static char here[64];
	struct iovec v = { here, sizeof(here) }, w = { here, sizeof(here) };

	return syscall(nr, above(), &v, 1, &w, 1, 0) >= 0 || errno == EFAULT ? REACHED : REFUSED;
}

static int vm_read(void) { return vm(SYS_process_vm_readv); }
static int vm_write(void) { return vm(SYS_process_vm_writev); }
static int compare(void) { return done(syscall(SYS_kcmp, above(), above(), 0, 0, 0)); }
static int robust_list(void) { long h; size_t n; return done(syscall(SYS_get_robust_list, above(), &h, &n)); }
static int pages(void) { void *p = NULL; int st; return done(syscall(SYS_move_pages, above(), 1, &p, NULL, &st, 0)); }

/* Its folder in /proc, by each of its names. */

static int
of_above(const char *file, int flags)
{
	return done(open(text("/proc/%d/%s", (int)above(), file), flags));
}

static int proc_mem(void) { return of_above("mem", O_RDONLY); }
static int proc_mem_write(void) { return of_above("mem", O_RDWR); }
static int proc_maps(void) { return of_above("maps", O_RDONLY); }
static int proc_environ(void) { return of_above("environ", O_RDONLY); }
static int proc_fd(void) { return of_above("fd", O_RDONLY | O_DIRECTORY); }
static int proc_fd_0(void) { return of_above("fd/0", O_PATH); }
static int proc_fdinfo(void) { return of_above("fdinfo/0", O_RDONLY); }
static int proc_exe(void) { return of_above("exe", O_RDONLY | O_PATH | O_NOFOLLOW); }
static int proc_cwd(void) { return of_above("cwd/.", O_RDONLY | O_DIRECTORY); }
static int proc_root(void) { return of_above("root/.", O_RDONLY | O_DIRECTORY); }
static int proc_status(void) { return of_above("status", O_RDONLY); }
static int proc_cmdline(void) { return of_above("cmdline", O_RDONLY); }
static int proc_oom(void) { return of_above("oom_score_adj", O_WRONLY); }
static int proc_clear(void) { return of_above("clear_refs", O_WRONLY); }
static int proc_comm(void) { return of_above("comm", O_WRONLY); }
static int proc_task(void) { return of_above(text("task/%d/environ", (int)above()), O_RDONLY); }
static int proc_list(void) { return of_above("task", O_RDONLY | O_DIRECTORY); }
static int proc_from_self(void) { return done(open(text("/proc/self/../%d/environ", (int)above()), O_RDONLY)); }
static int proc_dirfd(void) { return done(openat(open("/proc", O_PATH), text("%d/environ", (int)above()), O_RDONLY)); }
static int proc_link(void) { return symlink(text("/proc/%d", (int)above()), "up") < 0 ? REFUSED : done(open("up/environ", O_RDONLY)); }

/* A thread has a folder of its own, that no listing shows. */
static int
proc_thread(const char *file)
{
	int r = REFUSED;

	for (pid_t tid = above() + 1; tid < above() + 12; tid++) {
		char line[256] = "", *s;
		int fd = open(text("/proc/%d/status", (int)tid), O_RDONLY);

		if (fd < 0 || read(fd, line, sizeof(line) - 1) <= 0)
			continue;
		s = strstr(line, "Tgid:");
		if (!s || atoi(s + 5) != above() || tid == above())
			continue;
		if (open(text("/proc/%d/%s", (int)tid, file), O_RDONLY) >= 0)
			r = REACHED;
	}
	return r;
}

static int proc_thread_environ(void) { return getenv("CONTROL") ? REACHED : proc_thread("environ"); }
static int proc_thread_maps(void) { return getenv("CONTROL") ? REACHED : proc_thread("maps"); }

#define A(fn) { #fn, fn, 0 }
#define R(fn) { #fn, fn, ROOT }
static const struct attempt list[] = {
	A(kill_nothing), A(kill_urg), A(kill_cont), A(kill_wide), A(tkill_urg), A(tgkill_urg), A(sigqueue_urg), A(tgsigqueue_urg), A(tgkill_any),
	A(kill_threads), A(pidfd_signal), A(procfd_signal), A(pidfd_taken),
	A(kill_all), A(kill_group), A(kill_group_stop), A(kill_group_by_number),
	A(own_set), A(own_ex), A(own_ioctl), A(own_group),
	A(limits), A(priority), A(io_priority), A(scheduler), A(sched_param), A(sched_attr), A(affinity),
	A(traced), A(vm_read), A(vm_write), A(compare), A(robust_list), A(pages),
	A(proc_mem), A(proc_mem_write), A(proc_maps), A(proc_environ), A(proc_fd), A(proc_fd_0), A(proc_fdinfo), A(proc_exe),
	A(proc_cwd), A(proc_root), A(proc_status), A(proc_cmdline), A(proc_oom), A(proc_clear), A(proc_comm), A(proc_task),
	A(proc_list), A(proc_from_self), A(proc_dirfd), A(proc_link), A(proc_thread_environ), A(proc_thread_maps),
};

int
main(int argc, char **argv)
{
	if (!getenv("ABOVE"))
		setenv("ABOVE", text("%d", (int)getppid()), 1);
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}

/* SPDX-License-Identifier: ISC */
#include "tracer/procs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tracer/supervisor.h"

/* The number behind a "Key:" line of a /proc file; only a mask begins with 0, and is octal. */
static long
field(const char *path, const char *key)
{
	cleanup_file FILE *f = fopen(path, "re");
	char line[256];
	size_t n = strlen(key);

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, n))
			return strtol(line + n, NULL, 0);
	return -ENOENT;
}

static long
status_field(pid_t tid, const char *key)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	return field(path, key);
}

/* For more than the number behind one key.  NULL: there is no such task. */
static FILE *
open_status(pid_t tid)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	return fopen(path, "re");
}

pid_t
procs_tgid(pid_t tid)
{
	return (pid_t)status_field(tid, "Tgid:");
}

pid_t
procs_parent(pid_t tid)
{
	long pid = status_field(tid, "PPid:");

	return pid > 0 ? (pid_t)pid : 0;
}

uint64_t
procs_stat(FILE *f, int field)
{
	char text[1024] = "", *at;

	if (!f || !fread(text, 1, sizeof(text) - 1, f) || !(at = strrchr(text, ')')))
		return 0;
	/* The second is the name, which can hold anything. */
	for (int n = 2; at && n < field; n++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

static uint64_t
stat_field(pid_t tid, int field)
{
	cleanup_file FILE *f = NULL;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	f = fopen(path, "re");
	return procs_stat(f, field);
}

uint64_t
procs_start(pid_t tid)
{
	return stat_field(tid, 22);
}

uint64_t
procs_heap(pid_t tid)
{
	return stat_field(tid, 47);
}

bool
procs_has_filters(pid_t tid)
{
	return status_field(tid, "Seccomp:") > 0;
}

pid_t
procs_tracer(pid_t tid)
{
	long pid = status_field(tid, "TracerPid:");

	return pid > 0 ? (pid_t)pid : 0;
}

bool
procs_is_ours(pid_t tid)
{
	return procs_tracer(tid) == getpid();
}

int
procs_threads(pid_t pid)
{
	long n = status_field(pid, "Threads:");

	return n > 0 ? (int)n : 0;
}

pid_t
procs_whose(pid_t tid, pid_t *tracer)
{
	cleanup_file FILE *f = open_status(tid);
	char line[256];
	int tgid = -ESRCH, by = 0;

	while (f && fgets(line, sizeof(line), f) && sscanf(line, "TracerPid: %d", &by) < 1)
		sscanf(line, "Tgid: %d", &tgid);
	*tracer = by;
	return tgid;
}

long
procs_file_locks(pid_t pid)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/limits", pid);
	return field(path, "Max file locks");
}

mode_t
procs_umask(pid_t tid)
{
	long mask = status_field(tid, "Umask:");

	return mask < 0 ? 0777 : (mode_t)mask;
}

/* The letter for the state that the task is in; 0: there is no such task; '?': nobody can say. */
static char
state(pid_t tid)
{
	cleanup_file FILE *f = open_status(tid);
	char line[256];

	if (!f && errno != ENOENT && errno != ESRCH)
		return '?';

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "State:", 6))
			return line[6 + strspn(line + 6, " \t")];
	return '\0';
}

bool
procs_is_dead(pid_t tid)
{
	char letter = state(tid);

	return !letter || strchr("ZX", letter);
}

/* While a thread that executes takes its leader's place, that has no threads for a moment. */
bool
procs_has_ended(pid_t pid)
{
	cleanup_file FILE *f = open_status(pid);
	int n = f ? 0 : 1, tgid = pid;
	char line[256], letter = 'Z';

	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "State: %c", &letter);
		sscanf(line, "Tgid: %d", &tgid);
		sscanf(line, "Threads: %d", &n);
	}
	return tgid != pid || (letter == 'Z' && n == 1);
}

bool
procs_is_moving(pid_t tid)
{
	char letter = state(tid);

	return letter == 'R' || letter == 'D';
}

bool
procs_is_held(pid_t tid)
{
	char letter = state(tid);

	return letter == 't' || letter == 'T';	/* as before Linux 2.6.33 */
}

/* Threads of the kernel have none, and tasks that have ended.  Who cannot be looked at is there. */
static bool
has_memory(pid_t tid)
{
	cleanup_file FILE *f = NULL;
	unsigned long pages = 0;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/statm", tid);
	f = fopen(path, "re");
	if (!f)
		return errno != ENOENT;
	return fscanf(f, "%lu", &pages) == 1 && pages;
}

static void
find_memory(pid_t tid, void *ctx)
{
	pid_t *found = ctx;

	if (!*found && has_memory(tid))
		*found = tid;
}

/* One of its tasks that has it: the first may have ended before the others, or be about to. */
static pid_t
task_with_memory(pid_t pid)
{
	pid_t found = 0;

	find_memory(pid, &found);
	if (!found)
		procs_each_task(pid, find_memory, &found);
	return found;
}

enum { VM = 1 };		/* KCMP_VM */

bool
procs_tell_sharing(void)
{
	return syscall(SYS_kcmp, getpid(), getpid(), VM, 0, 0) == 0;
}

/*
 * The kernel takes two tasks that end for tasks with the same memory.  Who looks
 * alive before and after can still be one: when a thread executes a program, its
 * leader ends, and the thread has the leader's number.  Between programs that do
 * so all the time that is often seen once, and never so many times in a row.
 */
enum { SURE = 16 };

bool
procs_share_memory(pid_t pid, pid_t other)
{
	pid_t tid, one;
	int times = 0;

	while (times < SURE) {
		tid = task_with_memory(pid);
		one = task_with_memory(other);
		if (!tid || !one)
			return false;
		if (syscall(SYS_kcmp, one, tid, VM, 0, 0) == 0)
			times++;
		else if (has_memory(tid) && has_memory(one))
			return false;
	}
	return true;
}

pid_t
procs_group(pid_t tid, pid_t *seen)
{
	cleanup_file FILE *f = open_status(tid);
	char line[256];

	/* A number for each name space from ours to its own.  Before Linux 4.1 they are not told. */
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "NSpgid:", 7)) {
			*seen = (pid_t)strtol(strrchr(line, '\t'), NULL, 10);
			return (pid_t)strtol(line + 7, NULL, 10);
		}
	*seen = getpgid(tid);
	return *seen > 0 ? *seen : 0;
}

/* A set of signals as /proc has it: a bit each, in hexadecimal. */
static bool
in_set(const char *line, const char *key, int sig)
{
	size_t n = strlen(key);

	return !strncmp(line, key, n) && strtoull(line + n, NULL, 16) >> (sig - 1) & 1;
}

/* In either of two sets; `unknown` when there is nobody to ask. */
static bool
in_sets(pid_t tid, const char *one, const char *other, int sig, bool unknown)
{
	cleanup_file FILE *f = open_status(tid);
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (in_set(line, one, sig) || in_set(line, other, sig))
			return true;
	return f ? false : unknown;
}

bool
procs_blocks_signal(pid_t tid, int sig)
{
	return in_sets(tid, "SigBlk:", "SigIgn:", sig, true);
}

static bool
is_ignored_by_default(int sig)
{
	return sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH;
}

bool
procs_ignores_signal(pid_t tid, int sig)
{
	return in_sets(tid, "SigIgn:", "SigIgn:", sig, false) ||
	    (is_ignored_by_default(sig) && !in_sets(tid, "SigCgt:", "SigCgt:", sig, true));
}

bool
procs_has_pending(pid_t tid, int sig)
{
	return in_sets(tid, "SigPnd:", "SigPnd:", sig, false);
}

unsigned
procs_fd_flags(struct whose whose, int fd)
{
	cleanup_file FILE *f = NULL;
	char path[64], line[64];
	unsigned flags = 0;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", whose.tid, fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "flags: %o", &flags) == 1)
			break;
	return flags;
}

/* Numbers that mean the caller itself, Linux 6.14. */
enum { PIDFD_SELF_THREAD = -10000, PIDFD_SELF_PROCESS = -20000 };

bool
pidfd_is_of_thread(struct whose whose, int fd)
{
	return fd == PIDFD_SELF_THREAD || procs_fd_flags(whose, fd) & O_EXCL;
}

/* A process' directory in our own /proc, whose numbers are ours: it serves as its pidfd. */
static long
directory_target(struct whose whose, int fd)
{
	char path[64];
	struct stat it, proc;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", whose.tid, fd);
	if (stat(path, &it) < 0 || stat("/proc", &proc) < 0 || it.st_dev != proc.st_dev)
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d/status", whose.tid, fd);
	return field(path, "Tgid:");
}

static bool
pidfd_is_self(int fd)
{
	return (fd == PIDFD_SELF_THREAD || fd == PIDFD_SELF_PROCESS) && syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0;
}

pid_t
pidfd_target(struct whose whose, int fd)
{
	char path[64];
	long pid;

	if (pidfd_is_self(fd))
		return fd == PIDFD_SELF_THREAD ? whose.tid : whose.tgid;
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", whose.tid, fd);
	pid = field(path, "Pid:");
	if (pid == -ENOENT)
		pid = directory_target(whose, fd);
	if (pid == -ENOENT || pid == -ENOTDIR)
		return -EBADF;		/* a descriptor, if at all, of something else */
	return (pid_t)pid;
}

static enum proc_class
further(enum proc_class a, enum proc_class b)
{
	return a < b ? a : b;
}

static enum proc_class
classify_member(const struct task_view *v, pid_t pid, int sig)
{
	if (!supervisor_is(pid))
		return v->classify(v->ctx, v->whose, pid);
	return supervisor_minds(sig) ? PROC_SUPERVISOR : PROC_TREE;
}

/* The names in a directory that are numbers. */
static bool
each_number(const char *directory, void (*fn)(pid_t pid, void *ctx), void *ctx)
{
	DIR *d = opendir(directory);
	struct dirent *e;

	if (!d)
		return false;
	while ((e = readdir(d))) {
		pid_t pid = isdigit((unsigned char)e->d_name[0]) ? atoi(e->d_name) : 0;

		if (pid > 0)
			fn(pid, ctx);
	}
	closedir(d);
	return true;
}

bool
procs_each(void (*fn)(pid_t pid, void *ctx), void *ctx)
{
	return each_number("/proc", fn, ctx);
}

bool
procs_each_task(pid_t pid, void (*fn)(pid_t tid, void *ctx), void *ctx)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	return each_number(path, fn, ctx);
}

struct membership {
	const struct task_view *view;
	pid_t pgid;
	int sig;
	enum proc_class class;
};

static void
classify_if_member(pid_t pid, void *ctx)
{
	struct membership *m = ctx;

	if (getpgid(pid) == m->pgid)
		m->class = further(m->class, classify_member(m->view, pid, m->sig));
}

enum proc_class
procs_classify_group(const struct task_view *v, pid_t pgid, int sig)
{
	struct membership m = { v, pgid, sig, PROC_SELF };

	return procs_each(classify_if_member, &m) ? m.class : PROC_SUPERVISOR;	/* who that is cannot be found out */
}

static enum proc_class
classify_self(void *ctx, struct whose whose, pid_t pid)
{
	(void)ctx;
	return pid == whose.tgid || procs_tgid(pid) == whose.tgid ? PROC_SELF : PROC_OUTSIDE;
}

struct task_view
task_view_self(void)
{
	return (struct task_view){
		.whose = { getpid(), getpid(), true },
		.classify = classify_self,
	};
}

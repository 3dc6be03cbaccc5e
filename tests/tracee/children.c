/* SPDX-License-Identifier: ISC */
/* Every way to come into the world: each newcomer tries the forbidden file at once. */
#include "attempt.h"

#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <time.h>

/* What newcomers found, seen by all. */
static struct shared {
	volatile int tried, reached, err;
	volatile pid_t tracer;
} *shared;

static void
try_it(void)
{
	int r = canary(open("../forbidden/secret", O_RDONLY));

	shared->err = errno;
	if (r == REACHED)
		__atomic_add_fetch(&shared->reached, 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&shared->tried, 1, __ATOMIC_SEQ_CST);
}

static void
prepare(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* Did n of them come back with it?  Newcomers that never try, or never came to be, have not. */
static int
verdict(int n)
{
	static const struct timespec tick = { 0, 5000000 };

	for (int i = 0; i < 20000 && shared->tried < n; i++)
		nanosleep(&tick, NULL);
	if (shared->tried < n) {
		errno = ETIMEDOUT;
		return REFUSED;
	}
	errno = shared->err;
	return shared->reached ? REACHED : REFUSED;
}

static int
plain_fork(void)
{
	prepare();
	if (fork() == 0) {
		try_it();
		_exit(0);
	}
	return verdict(1);
}

static int
plain_vfork(void)
{
	pid_t pid;

	prepare();
	pid = vfork();
	if (pid == 0) {
		try_it();
		_exit(0);
	}
	return pid < 0 ? REFUSED : verdict(1);
}

static int
raw_fork(void)
{
	long pid;

	prepare();
#ifdef SYS_fork
	pid = syscall(SYS_fork);
#else
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#endif
	if (pid == 0) {
		try_it();
		syscall(SYS_exit_group, 0);
	}
	return pid < 0 ? REFUSED : verdict(1);
}

static char stack[16][65536] __attribute__((aligned(16)));

static int
newcomer(void *arg)
{
	(void)arg;
	try_it();
	syscall(SYS_exit, 0);
	return 0;
}

static int
cloned(int flags)
{
	prepare();
	if (clone(newcomer, stack[1], flags, NULL, NULL, NULL, NULL) < 0)
		return REFUSED;
	return verdict(1);
}

enum { THREAD_FLAGS = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD };

static int clone_plain(void) { return cloned(SIGCHLD); }
static int clone_silent(void) { return cloned(0); }
static int clone_usr1(void) { return cloned(SIGURG); }
static int clone_vm(void) { return cloned(CLONE_VM | SIGCHLD); }
static int clone_files(void) { return cloned(CLONE_FILES | CLONE_FS | SIGCHLD); }
static int clone_parent(void) { return cloned(CLONE_PARENT | SIGCHLD); }
static int clone_vfork(void) { return cloned(CLONE_VM | CLONE_VFORK | SIGCHLD); }
static int clone_thread(void) { return cloned(THREAD_FLAGS); }
static int clone_thread_fs(void) { return cloned(THREAD_FLAGS | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM); }
static int clone_ptrace(void) { return cloned(CLONE_PTRACE | SIGCHLD); }
static int clone_untraced(void) { return cloned(CLONE_UNTRACED | SIGCHLD); }
static int clone_untraced_vm(void) { return cloned(CLONE_UNTRACED | CLONE_VM | SIGCHLD); }
static int clone_untraced_vfork(void) { return cloned(CLONE_UNTRACED | CLONE_VM | CLONE_VFORK | SIGCHLD); }
static int clone_untraced_parent(void) { return cloned(CLONE_UNTRACED | CLONE_PARENT | SIGCHLD); }
static int clone_untraced_ptrace(void) { return cloned(CLONE_UNTRACED | CLONE_PTRACE | SIGCHLD); }
static int clone_untraced_thread(void) { return cloned(CLONE_UNTRACED | THREAD_FLAGS); }

static int
cloned3(uint64_t flags)
{
	struct clone_args a = { .flags = flags, .exit_signal = SIGCHLD };
	long pid;

	prepare();
	pid = syscall(SYS_clone3, &a, sizeof(a));
	if (pid == 0) {
		try_it();
		syscall(SYS_exit_group, 0);
	}
	return pid < 0 ? REFUSED : verdict(1);
}

static int clone3_plain(void) { return cloned3(0); }
static int clone3_parent(void) { return cloned3(CLONE_FS | CLONE_FILES); }
static int clone3_clear(void) { return cloned3(CLONE_CLEAR_SIGHAND); }
static int clone3_untraced(void) { return cloned3(CLONE_UNTRACED); }
static int clone3_untraced_ptrace(void) { return cloned3(CLONE_UNTRACED | CLONE_PTRACE); }

/* Harmless flags when they are looked at, others when they are used. */
static struct clone_args racing = { .exit_signal = SIGCHLD };
static volatile bool over;

static void *
flips(void *arg)
{
	volatile uint64_t *flags = (volatile uint64_t *)&racing.flags;

	while (!over) {
		*flags = 0;
		for (volatile int i = 0; i < 200; i++)
			;
		*flags = CLONE_UNTRACED;
		for (volatile int i = 0; i < 200; i++)
			;
	}
	return arg;
}

static int
clone3_race(void)
{
	pthread_t t;
	bool absent = false;

	prepare();
	if (pthread_create(&t, NULL, flips, NULL))
		return REFUSED;
	for (int i = 0; i < 1000 && !shared->reached; i++) {
		long pid = syscall(SYS_clone3, &racing, sizeof(racing));

		if (pid == 0) {
			try_it();
			syscall(SYS_exit_group, 0);
		}
		absent = pid < 0 && errno == ENOSYS;
		if (pid > 0)
			waitpid((pid_t)pid, NULL, __WALL);
	}
	over = true;
	pthread_join(t, NULL);
	errno = absent ? ENOSYS : EPERM;
	return shared->reached ? REACHED : REFUSED;
}

static void *
thread(void *arg)
{
	try_it();
	return arg;
}

static int
threads(int n)
{
	pthread_t t[64];

	prepare();
	for (int i = 0; i < n; i++)
		if ((errno = pthread_create(&t[i], NULL, thread, NULL)))
			return REFUSED;
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	return verdict(n);
}

static int one_thread(void) { return threads(1); }
static int sixteen_threads(void) { return threads(16); }

/* The program again, only to open the file: see main(). */
static char *const again[] = { "children", "open", NULL };

static int
exit_verdict(pid_t pid)
{
	int status = 0;

	if (pid < 0 || waitpid(pid, &status, __WALL) != pid)
		return REFUSED;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return errno == 0 ? REACHED : REFUSED;
}

static int
spawned(void)
{
	pid_t pid;
	int err = posix_spawn(&pid, "/proc/self/exe", NULL, NULL, again, environ);

	errno = err;
	return err ? REFUSED : exit_verdict(pid);
}

static int
execed(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execv("/proc/self/exe", again);
		_exit(errno);
	}
	return exit_verdict(pid);
}

static void *
execs(void *arg)
{
	execv(self, again);		/* not /proc/self/exe: with the leader gone there is none */
	_exit(errno);
	return arg;
}

static void *
idles(void *arg)
{
	for (;;)
		syscall(SYS_getppid);
	return arg;
}

/* From a thread that is not the leader, while others are in the middle of calls. */
static int
execed_by_thread(void)
{
	pid_t pid = fork();
	pthread_t t;

	if (pid == 0) {
		for (int i = 0; i < 3; i++)
			pthread_create(&t, NULL, idles, NULL);
		pthread_create(&t, NULL, execs, NULL);
		for (;;)
			pause();
	}
	return exit_verdict(pid);
}

/* And the leader has gone before. */
static int
execed_without_leader(void)
{
	pid_t pid = fork();
	pthread_t t;

	if (pid == 0) {
		pthread_create(&t, NULL, execs, NULL);
		syscall(SYS_exit, 0);
	}
	return exit_verdict(pid);
}

static int
vfork_execed(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execv("/proc/self/exe", again);
		_exit(errno);
	}
	return exit_verdict(pid);
}

static int
orphan(void)
{
	prepare();
	if (fork() == 0) {
		if (fork() == 0) {
			usleep(50000);		/* until nobody knows its parent */
			try_it();
		}
		_exit(0);
	}
	return verdict(1);
}

static int
new_session(void)
{
	prepare();
	if (fork() == 0) {
		setsid();
		if (fork() == 0)
			try_it();
		_exit(0);
	}
	return verdict(1);
}

static int
after_leader(void)
{
	prepare();
	if (fork() == 0) {
		clone(newcomer, stack[2], THREAD_FLAGS, NULL, NULL, NULL, NULL);
		syscall(SYS_exit, 0);
	}
	return verdict(1);
}

/* Many at once, their parents killed in the middle of it. */
static int
storm(void)
{
	prepare();
	for (int i = 0; i < 40; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			for (int k = 0; k < 4; k++)
				if (clone(newcomer, stack[k + 1], SIGCHLD, NULL, NULL, NULL, NULL) < 0)
					break;
			pause();
		}
		usleep(600 * (useconds_t)(i % 16));	/* some long enough for a busy machine */
		kill(pid, SIGKILL);
	}
	while (wait(NULL) > 0)
		;
	usleep(200000);
	errno = shared->err;
	return shared->reached ? REACHED : REFUSED;
}

#define A(fn) { #fn, fn, 0 }
static const struct attempt list[] = {
	A(plain_fork), A(plain_vfork), A(raw_fork), A(clone_plain), A(clone_silent), A(clone_usr1), A(clone_vm),
	A(clone_files), A(clone_parent), A(clone_vfork), A(clone_thread), A(clone_thread_fs), A(clone_ptrace),
	A(clone_untraced), A(clone_untraced_vm), A(clone_untraced_vfork), A(clone_untraced_parent),
	A(clone_untraced_ptrace), A(clone_untraced_thread), A(clone3_plain), A(clone3_parent), A(clone3_clear),
	A(clone3_untraced), A(clone3_untraced_ptrace), A(clone3_race), A(one_thread), A(sixteen_threads), A(spawned), A(execed),
	A(execed_by_thread), A(execed_without_leader), A(vfork_execed), A(orphan), A(new_session), A(after_leader),
	A(storm),
};

int
main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "open"))
		return canary(open("../forbidden/secret", O_RDONLY)) == REACHED ? 0 : errno;
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}

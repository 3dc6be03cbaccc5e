/* SPDX-License-Identifier: ISC */
/*
 * chaos MILLISECONDS SEED FOLDER: makes everything at once that a tracer has to
 * keep apart: signals of all numbers, to itself, its threads, children and
 * group; processes by every kind of clone(2); threads; execs from any of them,
 * that succeed and fail; stops; ends in the middle of it all.  What comes is
 * chosen by SEED.  Each task tries to make FOLDER/denied/made.  Exits with 7
 * when the time is over and all its children are gone.  With NO_SIGCONT in the
 * environment it does not send that signal.
 *
 * Whoever is signalled is its own, not yet waited for: never a stranger.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 3, STEPS = 14, DEEPEST = 3, FLOOD = 24, STACK = 1 << 16, ROUND_MS = 800, CHILDREN = 32 };

static uint64_t seed;
static unsigned depth;
static const char *folder;
static char made[PATH_MAX];
static pid_t child[CHILDREN];
static unsigned nchildren;

static unsigned
any(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 16) % n;
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
try_denied(void)
{
	syscall(SYS_mkdirat, AT_FDCWD, made, 0700);
}

static void worker(void);

static void
keep(pid_t pid)
{
	if (pid > 0 && nchildren < CHILDREN)
		child[nchildren++] = pid;
}

/* The child's own chances, and nothing of its parent's to wait for. */
static void
begin_child(void)
{
	depth++;
	nchildren = 0;
	seed ^= (uint64_t)getpid() << 20 | 1;
	try_denied();
	worker();
}

static void
run_self(void)
{
	char s[24], d[12];

	snprintf(s, sizeof(s), "%llu", (unsigned long long)seed | 1);
	snprintf(d, sizeof(d), "%u", depth + 1);
	execl(any(4) ? "/proc/self/exe" : "/nonexistent", "chaos", "worker", s, folder, d, NULL);
}

static int
any_signal(void)
{
	int sig = 1 + (int)any(64);

	sig = sig == SIGSTOP && any(2) ? SIGCONT : sig;
	return sig == SIGCONT && getenv("NO_SIGCONT") ? SIGURG : sig;
}

/* Actions */

static void
signal_self(void)
{
	kill(getpid(), any_signal());
}

static void
signal_thread(void)
{
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), any_signal());
}

static void
signal_child(void)
{
	if (nchildren)
		kill(child[any(nchildren)], any_signal());
}

static void
signal_group(void)
{
	static const int some[] = { SIGUSR1, SIGWINCH, SIGCHLD, SIGURG, SIGTSTP, SIGTRAP, SIGCONT };

	kill(0, some[any(getenv("NO_SIGCONT") ? 6 : 7)]);
}

static void
queue_signal(void)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = any_signal();
	info.si_code = any(2) ? SI_QUEUE : -(int)any(60);
	info.si_pid = getpid();
	syscall(SYS_rt_sigqueueinfo, getpid(), info.si_signo, &info);
}

static void
stop_and_go(void)
{
	pid_t pid = getpid();
	pid_t other = fork();

	if (other == 0) {
		try_denied();
		kill(pid, SIGSTOP);
		if (!getenv("NO_SIGCONT"))
			kill(pid, SIGCONT);
		_exit(0);
	}
	keep(other);
}

static void
make_child(void)
{
	pid_t pid = depth < DEEPEST ? fork() : -1;

	if (pid == 0)
		begin_child();
	keep(pid);
}

static void
make_vforked(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		syscall(SYS_mkdirat, AT_FDCWD, made, 0700);
		if (seed & 1 << 20)
			execl("/proc/self/exe", "chaos", "end", NULL);
		_exit(3);
	}
	keep(pid);
}

/* A copy, by flags of all kinds; the floor refuses some. */
static void
make_clone(void)
{
	static const unsigned long some[] = { CLONE_FS, CLONE_FILES, CLONE_PARENT, CLONE_UNTRACED, CLONE_PTRACE, CLONE_SYSVSEM };
	unsigned long flags = any(3) ? SIGCHLD : 0;
	long pid;

	if (depth >= DEEPEST)
		return;
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++)
		flags |= any(3) ? 0 : some[i];
	pid = syscall(SYS_clone, flags, 0, 0, 0, 0);
	if (pid == 0)
		begin_child();
	if (!(flags & CLONE_PARENT))
		keep((pid_t)pid);
}

static int
share_memory(void *arg)
{
	(void)arg;
	syscall(SYS_mkdirat, AT_FDCWD, made, 0700);
	syscall(SYS_getppid);
	return 0;
}

static void
make_sharer(void)
{
	static char stack[STACK];
	int flags = CLONE_VM | (any(2) ? CLONE_FILES : 0) | (any(2) ? CLONE_FS : 0) | (any(3) ? 0 : CLONE_UNTRACED);
	int pid = clone(share_memory, stack + STACK, flags | SIGCHLD, NULL);

	if (pid > 0)
		waitpid(pid, NULL, __WALL);	/* it has our stack's neighbour */
}

static void *
thread(void *what)
{
	static const struct timespec moment = { 0, 200000 };
	uintptr_t n = (uintptr_t)what;

	try_denied();
	for (uintptr_t i = 0; i < n % 7; i++)
		syscall(SYS_getppid);
	if (n % 11 == 0)
		run_self();
	if (n % 13 == 0)
		syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), n % 64 + 1);
	if (n % 17 == 0)
		_exit(4);
	if (n % 3 == 0)
		nanosleep(&moment, NULL);
	return NULL;
}

static void
flood_threads(void)
{
	pthread_t t;

	for (unsigned n = any(FLOOD); n; n--)
		if (pthread_create(&t, NULL, thread, (void *)(uintptr_t)any(1000)) == 0 && any(2))
			pthread_detach(t);
}

/* The leader ends, its threads go on. */
static void
end_leader(void)
{
	pthread_t t;

	if (depth && !any(6)) {
		pthread_create(&t, NULL, thread, (void *)(uintptr_t)any(1000));
		syscall(SYS_exit, 0);
	}
}

static void
execute(void)
{
	if (depth < DEEPEST && !any(3))
		run_self();
}

static void
double_fork(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (fork() == 0)
			try_denied();
		_exit(0);
	}
	keep(pid);
}

static void
start_timer(void)
{
	struct itimerval t = { { 0, 700 }, { 0, 500 } };

	signal(SIGALRM, SIG_IGN);
	setitimer(any(2) ? ITIMER_REAL : ITIMER_PROF, &t, NULL);
}

static void
handled(int sig)
{
	(void)sig;
	syscall(SYS_mkdirat, AT_FDCWD, made, 0700);
}

static void
handle(void)
{
	static char stack[STACK];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction a = { .sa_handler = any(4) ? handled : SIG_IGN };

	a.sa_flags = SA_RESTART | (any(2) ? SA_ONSTACK : 0) | (any(2) ? SA_NODEFER : 0);
	sigaltstack(&ss, NULL);
	for (int i = 0; i < 6; i++)
		sigaction(1 + (int)any(64), &a, NULL);
}

static void
reap(void)
{
	while (nchildren && waitpid(-1, NULL, WNOHANG | __WALL) > 0)
		;
	nchildren = 0;
}

static void
doze(void)
{
	nanosleep(&(struct timespec){ 0, any(2000000) }, NULL);
}

static void
die_suddenly(void)
{
	if (depth && !any(8))
		kill(getpid(), SIGKILL);
}

static void (*const actions[])(void) = {
	signal_self, signal_thread, signal_child, signal_child, signal_group, queue_signal, stop_and_go, make_child, make_child,
	make_vforked, make_clone, make_clone, make_sharer, flood_threads, flood_threads, end_leader, execute, double_fork,
	start_timer, handle, handle, handle, reap, doze, die_suddenly, try_denied,
};

static void
worker(void)
{
	handle();
	for (int i = 0; i < STEPS; i++)
		actions[any(sizeof(actions) / sizeof(*actions))]();
	_exit(0);
}

static pid_t
start_worker(void)
{
	uint64_t its = seed ^ ((uint64_t)any(1 << 30) << 32 | 1);
	pid_t pid = fork();
	sigset_t none;

	if (pid == 0) {
		setpgid(0, 0);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		seed = its;
		begin_child();
	}
	setpgid(pid, pid);
	return pid;
}

/* Groups of which no leader has been waited for: nobody else's. */
static void
end_group(pid_t leader)
{
	kill(-leader, SIGKILL);
}

static bool
all_dead(const pid_t *leader)
{
	siginfo_t info;

	for (int i = 0; i < WORKERS; i++) {
		info.si_pid = 0;
		if (leader[i] > 0 && (waitid(P_PID, (id_t)leader[i], &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid))
			return false;
	}
	return true;
}

static void
one_round(void)
{
	pid_t leader[WORKERS];
	double end = now_ms() + ROUND_MS;

	for (int i = 0; i < WORKERS; i++)
		leader[i] = start_worker();
	while (now_ms() < end && !all_dead(leader))
		nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
	for (int i = 0; i < WORKERS; i++)
		if (leader[i] > 0)
			end_group(leader[i]);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

int
main(int argc, char **argv)
{
	double end;
	sigset_t all;
	int rounds = 0;

	if (argc < 4)
		return 3;
	seed = strtoull(argv[2], NULL, 10) | 1;
	folder = argv[3];
	snprintf(made, sizeof(made), "%s/denied/made", folder);
	if (!strcmp(argv[1], "worker")) {
		depth = argc > 4 ? (unsigned)atoi(argv[4]) : DEEPEST;
		try_denied();
		worker();
	}
	end = now_ms() + atof(argv[1]);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	while (now_ms() < end && ++rounds)
		one_round();
	printf("rounds %d\n", rounds);
	return 7;
}

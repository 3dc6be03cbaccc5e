/* SPDX-License-Identifier: ISC */
/*
 * What an honest program sees of itself and its world.  Each word on the command
 * line is something to look at; what is printed must not depend on who watches.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char **words;

static volatile sig_atomic_t handled, last_sig, last_code, last_value;
static volatile bool from_self;

static void
note(int sig, siginfo_t *si, void *context)
{
	(void)context;
	handled++;
	last_sig = sig;
	last_code = si->si_code;
	last_value = si->si_value.sival_int;
	from_self = si->si_pid == getpid();
}

static void
catch(int sig, int flags)
{
	struct sigaction sa = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | flags };

	sigaction(sig, &sa, NULL);
	handled = 0;
}

/* Every signal, sent in every way. */
static int
signals(void)
{
	for (int sig = 1; sig <= SIGRTMAX; sig++) {
		union sigval v = { .sival_int = sig * 7 };

		if (sig == SIGKILL || sig == SIGSTOP || (sig > 31 && sig < SIGRTMIN))
			continue;
		catch(sig, 0);
		kill(getpid(), sig);
		printf("%d kill: %d code %d self %d", sig, last_sig, last_code, from_self);
		syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
		printf(" tgkill: code %d self %d", last_code, from_self);
		sigqueue(getpid(), sig, v);
		printf(" queue: code %d value %d times %d\n", last_code, (int)last_value, (int)handled);
		signal(sig, SIG_DFL);
	}
	return 0;
}

/* Real-time signals queue in order, others do not; blocked ones wait. */
static int
queue(void)
{
	sigset_t set, pending;
	siginfo_t si;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGRTMIN + 3);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 3; i++) {
		sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = i });
		sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i + 10 });
		kill(getpid(), SIGUSR1);
	}
	sigpending(&pending);
	printf("pending %d %d %d\n", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGRTMIN), sigismember(&pending, SIGUSR2));
	while (sigtimedwait(&set, &si, &(struct timespec){ 0, 0 }) > 0)
		printf("took %d value %d\n", si.si_signo, si.si_signo == SIGUSR1 ? 0 : si.si_value.sival_int);
	return 0;
}

static int
interrupted(int flags)
{
	int p[2];
	char c = 0;
	ssize_t n;
	pid_t pid, me = getpid();

	if (pipe(p) < 0)
		return 1;
	catch(SIGUSR1, flags);
	pid = fork();
	if (pid == 0) {
		usleep(100000);
		kill(me, SIGUSR1);
		usleep(100000);
		_exit(write(p[1], "x", 1) != 1);
	}
	n = read(p[0], &c, 1);
	printf("flags %x: read %d %s, handled %d\n", (unsigned)flags, (int)n, n < 0 ? strerror(errno) : "", (int)handled);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

static int
restart(void)
{
	struct timespec left = { 0, 0 };
	struct itimerval soon = { .it_value = { 0, 50000 } };
	int r;

	interrupted(SA_RESTART);
	interrupted(0);
	catch(SIGALRM, SA_RESTART);
	setitimer(ITIMER_REAL, &soon, NULL);
	r = nanosleep(&(struct timespec){ 5, 0 }, &left);
	printf("nanosleep %d %s left %d\n", r, strerror(errno), (int)left.tv_sec);
	return 0;
}

/* Stopped and continued without any handler, a sleep goes on to its end. */
static int
resleep(void)
{
	struct timespec a, b;
	pid_t pid = fork();

	if (pid == 0) {
		int r;

		clock_gettime(CLOCK_MONOTONIC, &a);
		r = nanosleep(&(struct timespec){ 0, 400000000 }, NULL);
		clock_gettime(CLOCK_MONOTONIC, &b);
		printf("slept %d enough %d\n", r, (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 >= 399);
		fflush(stdout);
		_exit(0);
	}
	usleep(100000);
	kill(pid, SIGSTOP);
	usleep(50000);
	kill(pid, SIGCONT);
	waitpid(pid, NULL, 0);
	return 0;
}

static int
traps(void)
{
	catch(SIGTRAP, 0);
	raise(SIGTRAP);
	printf("raise: %d code %d\n", (int)handled, (int)last_code);
#if defined(__x86_64__) || defined(__i386__)
	__asm__ volatile("int3");	/* elsewhere its handler would come back to the same instruction */
#endif
	printf("int3: %d code %d\n", (int)handled, (int)last_code);
	sigqueue(getpid(), SIGTRAP, (union sigval){ .sival_int = 5 });
	printf("queue: %d code %d value %d\n", (int)handled, (int)last_code, (int)last_value);
	getppid();
	return 0;
}

static void
tell(const char *what, pid_t pid, int options)
{
	int status = 0;
	pid_t got = waitpid(pid, &status, options);

	printf("%s: own %d status %x\n", what, got == pid, (unsigned)status);
	fflush(stdout);
}

/* Who is there has said so: before Linux 3.4 a stop that comes earlier would be mixed up with the one that a traced task begins with. */
static int there[2];

static void *
spins(void *arg)
{
	(void)!write(there[1], "", 1);
	for (;;)
		usleep(1000);
	return arg;
}

/* A parent sees its child stop and go on, whatever stops it and however many threads it has. */
static int
stops(void)
{
	static const int by[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	char byte;

	if (pipe(there) < 0)
		return 1;
	for (size_t i = 0; i < sizeof(by) / sizeof(*by); i++) {
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			pthread_t t;

			setpgid(0, 0);
			for (size_t k = 0; k < 3 * i; k++)
				pthread_create(&t, NULL, spins, NULL);
			spins(NULL);
		}
		setpgid(pid, pid);
		for (size_t k = 0; k < 3 * i + 1; k++)
			(void)!read(there[0], &byte, 1);
		kill(pid, by[i]);
		tell("stopped", pid, WUNTRACED);
		kill(pid, SIGCONT);
		tell("continued", pid, WCONTINUED);
		kill(pid, by[i]);
		tell("stopped again", pid, WUNTRACED);
		kill(pid, SIGKILL);
		tell("killed", pid, 0);
	}
	return 0;
}

/* Stopped by its own hand. */
static int
stops_itself(void)
{
	int told[2], failed = pipe(told);
	char byte;
	pid_t pid = failed ? -1 : fork();

	if (pid == 0) {
		close(told[1]);
		raise(SIGSTOP);
		_exit(read(told[0], &byte, 1) == 0 ? 7 : 8);	/* not before its going on was seen */
	}
	tell("stopped", pid, WUNTRACED);
	kill(pid, SIGCONT);
	tell("continued", pid, WCONTINUED);
	close(told[1]);
	tell("ended", pid, 0);
	return 0;
}

static int counter;

static void *
counts(void *arg)
{
	for (int i = 0; i < 200; i++) {
		__atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
		syscall(SYS_getppid);
		if (i % 50 == 0)
			sched_yield();
	}
	return arg;
}

static int
threads(void)
{
	pthread_t t[64];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 64; i++)
			if (pthread_create(&t[i], NULL, counts, NULL))
				return 1;
		for (int i = 0; i < 64; i++)
			pthread_join(t[i], NULL);
	}
	printf("counted %d\n", counter);
	return 0;
}

static void *
deep(void *arg)
{
	pthread_t t;

	if ((long)arg > 0 && pthread_create(&t, NULL, deep, (void *)((long)arg - 1)) == 0)
		pthread_join(t, NULL);
	__atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static int
threads_of_threads(void)
{
	deep((void *)40L);
	printf("counted %d\n", counter);
	return 0;
}

/* Children of every make, and how they end. */
static int
children(void)
{
	char *const argv[] = { "faces", "exit", "9", NULL };
	pid_t pid;
	volatile int shared = 1;

	pid = vfork();
	if (pid == 0) {
		shared = 2;
		_exit(3);
	}
	tell("vfork", pid, 0);
	printf("vfork shared %d\n", shared);
	pid = vfork();
	if (pid == 0) {
		execv("/proc/self/exe", argv);
		_exit(4);
	}
	tell("vfork exec", pid, 0);
	posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ);
	tell("spawn", pid, 0);
	printf("spawn of nothing: %s\n", strerror(posix_spawn(&pid, "/nothing", NULL, NULL, argv, environ)));
	printf("system %x %x\n", (unsigned)system("exit 5"), (unsigned)system("kill -9 $$"));
	for (int i = 0; i < 200; i++) {
		pid = fork();
		if (pid == 0)
			_exit(i & 127);
		if (waitpid(pid, &(int){ 0 }, 0) != pid)
			printf("lost %d\n", i);
	}
	return 0;
}

static void *
lingers(void *arg)
{
	sleep(20);
	return arg;
}

/* main ends; threads and a child do not. */
static int
leaves(void)
{
	pthread_t t;

	for (int i = 0; i < 4; i++)
		pthread_create(&t, NULL, lingers, NULL);
	if (fork() == 0) {
		usleep(300000);
		printf("child was left\n");
		fflush(stdout);
		_exit(0);
	}
	exit(6);
}

static void *
exits_late(void *arg)
{
	usleep(100000);
	printf("last thread\n");
	fflush(stdout);
	syscall(SYS_exit_group, 11);
	return arg;
}

/* The leader goes first. */
static int
leader_leaves(void)
{
	pthread_t t;

	pthread_create(&t, NULL, exits_late, NULL);
	syscall(SYS_exit, 0);
	return 1;
}

static int
timers(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1, .sigev_value.sival_int = 77 };
	struct itimerspec soon = { .it_value = { 0, 20000000 }, .it_interval = { 0, 20000000 } };
	struct itimerval virt = { .it_value = { 0, 20000 } };
	timer_t id;

	catch(SIGRTMIN + 1, 0);
	timer_create(CLOCK_MONOTONIC, &ev, &id);
	timer_settime(id, 0, &soon, NULL);
	while (handled < 5)
		pause();
	timer_delete(id);
	printf("timer: code %d value %d\n", (int)last_code, (int)last_value);
	catch(SIGVTALRM, 0);
	setitimer(ITIMER_VIRTUAL, &virt, NULL);
	while (!handled)
		;
	printf("virtual: code %d\n", (int)last_code);
	catch(SIGALRM, 0);
	alarm(1);
	pause();
	printf("alarm: %d\n", (int)handled);
	return 0;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
itself(void)
{
	char link[PATH_MAX] = "", *name[64];
	size_t n = 0;
	DIR *d;
	struct dirent *e;
	sigset_t mask;
	struct sigaction sa;
	struct rlimit l;

	printf("exe %zd %s\n", readlink("/proc/self/exe", link, sizeof(link) - 1), link);
	memset(link, 0, sizeof(link));
	printf("cwd %zd %s\n", readlink("/proc/self/cwd", link, sizeof(link) - 1), link);
	printf("pid %d parent %d group %d\n", atoi(realpath("/proc/self", link) ? link + 6 : "0") == getpid(), getppid() > 1, getpgrp() > 1);
	d = opendir("/proc/self/fd");
	while (d && n < 64 && (e = readdir(d)))
		name[n++] = strdup(e->d_name);
	qsort(name, n, sizeof(*name), compare);
	for (size_t i = 0; i < n; i++)
		printf("%s ", name[i]);
	puts("");
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int sig = 1; sig < 65; sig++) {
		sigaction(sig, NULL, &sa);
		printf("%d%s", sigismember(&mask, sig), sa.sa_handler == SIG_IGN ? "i" : "");
	}
	for (int i = 0; i < RLIM_NLIMITS; i++)	/* but by RLIMIT_LOCKS old kernels' tollgate knows its own */
		if (i != RLIMIT_LOCKS && getrlimit((__rlimit_resource_t)i, &l) == 0)
			printf(" %lx:%lx", (long)l.rlim_cur, (long)l.rlim_max);
	printf("\nargs %s nice %d umask %o\n", words[0], getpriority(PRIO_PROCESS, 0), umask(0));
	return 0;
}

/* The registers that a call must leave alone, whatever its outcome. */
static int
registers(void)
{
#ifdef __x86_64__
	int bad = 0;

	for (int i = 0; i < 1000; i++) {
		register long r10 __asm__("r10") = 10, r8 __asm__("r8") = 8, r9 __asm__("r9") = 9;
		register long r12 __asm__("r12") = 12, r13 __asm__("r13") = 13;
		long ret, rdi = 1, rsi = 2, rdx = 3;

		__asm__ volatile("syscall" : "=a"(ret), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9), "+r"(r12), "+r"(r13)
		    : "0"((long)SYS_getppid) : "rcx", "r11", "memory");
		bad += rdi != 1 || rsi != 2 || rdx != 3 || r10 != 10 || r8 != 8 || r9 != 9 || r12 != 12 || r13 != 13;
	}
	printf("bad %d\n", bad);
#endif
	return 0;
}

static int
group(void)
{
	sigset_t term, none;
	pid_t pid;

	catch(SIGTERM, 0);
	sigemptyset(&none);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	pid = fork();
	if (pid == 0) {
		while (!handled)
			sigsuspend(&none);
		_exit(10 + handled);
	}
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	printf("kill 0: %d\n", kill(0, SIGTERM));
	tell("child", pid, 0);
	printf("handled %d\n", (int)handled);
	return 0;
}

/* A process by its descriptor, and by its directory, which serves as one. */
static int
descriptors(void)
{
	static const char *const names[] = { "/proc/self", "/proc/self/fd", "/proc/self/status", "/proc", "/" };
	int fd;

	catch(SIGUSR1, 0);
	fd = (int)syscall(434 /* pidfd_open */, getpid(), 0);
	if (fd < 0)
		return puts("none") < 0;
	printf("open: %d", (int)syscall(424 /* pidfd_send_signal */, fd, SIGUSR1, NULL, 0));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		fd = open(names[i], O_RDONLY);
		errno = 0;
		printf(" %s: %d", names[i], (int)syscall(424, fd, SIGUSR1, NULL, 0));
		printf(" %s", strerror(errno));
	}
	printf(" handled %d\n", (int)handled);
	return 0;
}

/* Arguments that are not there, or are where one may not write, not read, or neither. */
static int
faults(void)
{
	/* Whether pages that can only be executed can be read depends on the processor; tollgate always can. */
	static const int prots[] = { PROT_READ, PROT_WRITE, PROT_NONE };
	char *const none[] = { NULL };

	for (size_t i = 0; i <= 3; i++) {
		char *name = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		struct stat st;

		strcpy(name, "/dev/null");
		if (i < 3)
			mprotect(name, 4096, prots[i]);
		else
			munmap(name, 4096);
		errno = 0;
		printf("open %d", open(name, O_RDONLY) > 0);
		printf(" %d", errno);
		printf(" stat %d", stat(name, &st));
		printf(" %d", errno);
		printf(" exec %d", execve(name, none, none));
		printf(" %d\n", errno);
	}
	return 0;
}

static int
die(void)
{
	int sig = atoi(words[2]);
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	signal(sig, SIG_DFL);
	kill(getpid(), sig);
	return 0;
}

static int
exits(void)
{
	return atoi(words[2]);
}

static int
wait_for_signal(void)
{
	catch(atoi(words[2]), 0);
	printf("ready\n");
	fflush(stdout);
	while (!handled)
		pause();
	printf("got %d\n", (int)last_sig);
	return 21;
}

/* Not a look but a start: the rest of the line, with nothing above 2 open. */
static int
start(void)
{
	if (syscall(436 /* close_range */, 3, ~0U, 0) < 0)
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
	execvp(words[2], words + 2);
	return 127;
}

static const struct {
	const char *name;
	int (*fn)(void);
} faces[] = {
	{ "signals", signals }, { "queue", queue }, { "restart", restart }, { "resleep", resleep }, { "traps", traps },
	{ "stops", stops }, { "stops-itself", stops_itself }, { "threads", threads },
	{ "threads-of-threads", threads_of_threads }, { "children", children }, { "leaves", leaves },
	{ "leader-leaves", leader_leaves }, { "timers", timers }, { "itself", itself }, { "registers", registers },
	{ "group", group }, { "descriptors", descriptors }, { "faults", faults },
	{ "die", die }, { "exit", exits }, { "wait", wait_for_signal },
	{ "exec", start },
};

int
main(int argc, char **argv)
{
	words = argv;
	for (size_t i = 0; argc > 1 && i < sizeof(faces) / sizeof(*faces); i++)
		if (!strcmp(argv[1], faces[i].name))
			return faces[i].fn();
	return 99;
}

/* SPDX-License-Identifier: ISC */
/*
 * Was that a stop of a call, or a signal that looks like one?  And signals to
 * whom: traps that are raised, queued and stepped into, whole groups that stop,
 * and groups that change while a signal is sent.  After each the forbidden file
 * is tried, which without tollgate always works.
 */
#include "found.h"

/* Signals that look like what a tracer waits for. */

static volatile sig_atomic_t handled;

static void
counts(int sig)
{
	(void)sig;
	handled++;
}

static void
handle(int sig, int flags)
{
	struct sigaction sa = { .sa_handler = counts, .sa_flags = flags };

	sigaction(sig, &sa, NULL);
}

static int
after(int wanted)
{
	if (handled != wanted) {
		errno = ERANGE;
		return REFUSED;
	}
	return forbidden_file();
}

static int
v10_raised(void)
{
	handle(SIGTRAP, 0);
	for (int i = 0; i < 3; i++)
		raise(SIGTRAP);
	kill(getpid(), SIGTRAP);
	return after(4);
}

/* With what the kernel says of its own, and with the words of ptrace(2). */
static const int codes[] = { 1, 2, 3, 4, 5, 0x80, SIGTRAP, SIGTRAP | 0x80, 0x80, SIGTRAP | 1 << 8, SIGTRAP | 4 << 8,
	SIGTRAP | 128 << 8, -1, -6 };

static int
queued(long nr)
{
	siginfo_t si;

	handle(SIGTRAP, 0);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		memset(&si, 0, sizeof(si));
		si.si_signo = SIGTRAP;
		si.si_code = codes[i];
		if ((nr == SYS_rt_sigqueueinfo ? syscall(nr, getpid(), SIGTRAP, &si) : syscall(nr, getpid(), getpid(), SIGTRAP, &si)) < 0)
			return REFUSED;
		if (forbidden_file() == REACHED)
			handled += 100;
	}
	if (handled % 100 != sizeof(codes) / sizeof(codes[0])) {
		errno = ERANGE;
		return REFUSED;
	}
	return handled >= 100 ? REACHED : (errno = ENODATA, REFUSED);
}

static int v10_queued(void) { return queued(SYS_rt_sigqueueinfo); }
static int v10_queued_to_thread(void) { return queued(SYS_rt_tgsigqueueinfo); }

#if defined(__x86_64__) || defined(__i386__)
static int
v10_int3(void)
{
	handle(SIGTRAP, 0);
	__asm__ volatile("int3\n\tint3");
	return after(2);
}

/* Step by step, through calls: the kernel's traps come before, in and after them. */
static int
v10_stepped(void)
{
	long r = REFUSED;

	handle(SIGTRAP, 0);
#ifdef __x86_64__
	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tsyscall\n\tnop\n\tmov %[open], %%eax\n\tsyscall\n\t"
	    "pushfq\n\tandq $-257, (%%rsp)\n\tpopfq" : "=a"(r)
	    : "a"((long)SYS_getppid), "D"("../forbidden/secret"), "S"(0L), "d"(0L), [open] "i"(SYS_open) : "rcx", "r11", "memory");
#else
	__asm__ volatile("pushfl\n\torl $0x100, (%%esp)\n\tpopfl\n\tint $0x80\n\tnop\n\tmov %[open], %%eax\n\tint $0x80\n\t"
	    "pushfl\n\tandl $-257, (%%esp)\n\tpopfl" : "=a"(r)
	    : "a"(SYS_getppid), "b"("../forbidden/secret"), "c"(0), "d"(0), [open] "i"(SYS_open) : "memory");
#endif
	if (r < 0 && r > -4096)
		errno = (int)-r;
	if (handled < 5)
		return errno = ERANGE, REFUSED;
	return r < 0 ? REFUSED : canary((int)r);
}
#else
static int v10_int3(void) { return ABSENT; }
static int v10_stepped(void) { return ABSENT; }
#endif

/* From beside, at any moment. */
static int
pestered(int sig, int other)
{
	pid_t pid;
	int r = REFUSED, err = 0;

	begin();
	found->pid = getpid();
	handle(sig, SA_RESTART);
	pid = fork();
	if (pid == 0)
		for (;;) {
			kill(found->pid, sig);
			if (other)
				kill(found->pid, other);
		}
	for (long n = tries() + 200; n > 0 && r == REFUSED; n--) {
		r = forbidden_file();
		err = errno;
		read(-1, NULL, 0);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	errno = err;
	return r;
}

static int v10_pestered(void) { return pestered(SIGTRAP, 0); }

/* In a read(2) that has to wait. */
static int
v10_interrupted(void)
{
	struct sigaction sa = { .sa_handler = counts };
	pid_t parent = getpid(), pid;
	int p[2], r = REFUSED, err = 0;

	sigaction(SIGTRAP, &sa, NULL);
	if (pipe(p) < 0)
		return REFUSED;
	pid = fork();
	if (pid == 0)
		for (;;) {
			usleep(1000);
			kill(parent, SIGTRAP);
		}
	for (int i = 0; i < 50 && r == REFUSED; i++) {
		if (read(p[0], &(char){ 0 }, 1) != -1 || errno != EINTR)
			break;
		r = forbidden_file();
		err = errno;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	errno = err;
	return r;
}

/* Stopped as a group, and continued, at any moment. */

enum { STOPPED_TOGETHER = 4 };

static void *
goes_on_trying(void *arg)
{
	try_it();
	__atomic_add_fetch(&found->begun, 1, __ATOMIC_SEQ_CST);
	while (!found->reached)
		try_it();
	return arg;
}

static int
stopped(int sig)
{
	int status, err;
	pid_t pid;

	begin();
	pid = fork();
	if (pid == 0) {
		pthread_t t;

		setpgid(0, 0);
		for (int i = 1; i < STOPPED_TOGETHER; i++)
			if (pthread_create(&t, NULL, goes_on_trying, NULL))
				_exit(1);
		goes_on_trying(NULL);
		pause();
	}
	/* Not a newborn: before Linux 3.4 a SIGCONT can take away the stop that it begins with (SECURITY.md). */
	for (int i = 0; i < 60000 && found->begun < STOPPED_TOGETHER; i++)
		usleep(1000);
	for (long n = tries() / 10 + 30; n > 0 && !found->reached; n--) {
		kill(pid, sig);
		if (n & 1)
			waitpid(pid, &status, WUNTRACED | WNOHANG);
		else
			usleep((useconds_t)(n % 7) * 100);
		kill(pid, SIGCONT);
	}
	err = found->err;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	errno = err;
	return found->reached ? REACHED : REFUSED;
}

static int v12_stopped(void) { return stopped(SIGSTOP); }
static int v12_stopped_by_terminal(void) { return stopped(SIGTTIN); }

/*
 * Signals to our own group, whichever that is when they are sent: ours alone, or
 * that of who started us, in which somebody outside listens ("signals hears FILE").
 */
static pid_t theirs;

static void *
changes_group(void *arg)
{
	while (!common->over) {
		setpgid(0, theirs);
		setpgid(0, 0);
	}
	return arg;
}

static int
signals_own_group(void)
{
	pthread_t t;

	signal(SIGURG, SIG_IGN);
	setpgid(0, 0);
	if (pthread_create(&t, NULL, changes_group, NULL))
		return 1;
	for (long n = tries(); n > 0 && access("heard", F_OK) < 0; n--)
		kill(0, SIGURG);
	common->over = true;
	return 0;
}

static int
v80_own_group(void)
{
	pid_t pid;

	begin();
	theirs = getpgrp();
	pid = fork();		/* who leads no group can change it */
	if (pid == 0)
		_exit(signals_own_group());
	waitpid(pid, NULL, 0);
	usleep(20000);
	errno = EPERM;
	return access("heard", F_OK) == 0 ? REACHED : REFUSED;
}

static const char *heard;

static void
note_signal(int sig)
{
	(void)sig;
	close(open(heard, O_WRONLY | O_CREAT, 0666));
}

/* signals hears FILE: that outsider. */
static _Noreturn void
hears(const char *file)
{
	heard = file;
	signal(SIGURG, note_signal);
	for (;;)
		pause();
}

#define A(fn) { #fn, fn, 0 }
static const struct attempt list[] = {
	A(v10_raised), A(v10_queued), A(v10_queued_to_thread), A(v10_int3), A(v10_stepped), A(v10_pestered), A(v10_interrupted),
	A(v12_stopped), A(v12_stopped_by_terminal), A(v80_own_group),
};

int
main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "hears"))
		hears(argv[2]);
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}

/* SPDX-License-Identifier: ISC */
/*
 * What comes back from calls on names: the registers after each, and what a
 * handler finds in the frame of a signal that came meanwhile.  Each word on the
 * command line is something to look at; what is printed does not depend on who watches.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef __x86_64__

int
main(void)
{
	puts("none");
	return 0;
}

#else

/* In the order of reg[]. */
enum { RDI, RSI, RDX, R10, R8, R9, RBX, RBP, R12, R13, R14, R15, RCX, R11, RAX, REGS };

/*
 * long made(uint64_t reg[REGS]): a call with the registers of reg, which has
 * what they are afterwards.  made_at is behind its instruction.
 */
extern long made(uint64_t *reg);
extern char made_call[], made_at[];
__asm__(
    ".globl made, made_call, made_at\n"
    "made:\n"
    "	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rdi\n"
    "	mov %rdi, %rax\n"
    "	mov 8(%rax), %rsi; mov 16(%rax), %rdx; mov 24(%rax), %r10; mov 32(%rax), %r8; mov 40(%rax), %r9\n"
    "	mov 48(%rax), %rbx; mov 56(%rax), %rbp; mov 64(%rax), %r12; mov 72(%rax), %r13; mov 80(%rax), %r14\n"
    "	mov 88(%rax), %r15; mov 0(%rax), %rdi; mov 112(%rax), %rax\n"
    "made_call:\n"
    "	syscall\n"
    "made_at:\n"
    "	xchg %rdi, (%rsp)\n"			/* no flag changes before they are looked at */
    "	mov %rsi, 8(%rdi); mov %rdx, 16(%rdi); mov %r10, 24(%rdi); mov %r8, 32(%rdi); mov %r9, 40(%rdi)\n"
    "	mov %rbx, 48(%rdi); mov %rbp, 56(%rdi); mov %r12, 64(%rdi); mov %r13, 72(%rdi); mov %r14, 80(%rdi)\n"
    "	mov %r15, 88(%rdi); mov %rcx, 96(%rdi); mov %r11, 104(%rdi)\n"
    "	pop 0(%rdi)\n"
    "	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "	ret\n");

static long wrong_after, wrong_before, strange, seen_inside;	/* and what handlers found */
static long handled;

static void
add(long *what)
{
	__atomic_add_fetch(what, 1, __ATOMIC_RELAXED);
}

/* Where somebody else's code and memory are in here. */
static struct { uint64_t lo, hi; bool code; } theirs[8];
static unsigned ntheirs;

static void
find_theirs(void)
{
	char line[512], perms[5];
	FILE *f = fopen("/proc/self/maps", "re");

	ntheirs = 0;
	while (f && ntheirs < 8 && fgets(line, sizeof(line), f)) {
		if (!strstr(line, "tollgate (deleted)") ||
		    sscanf(line, "%lx-%lx %4s", &theirs[ntheirs].lo, &theirs[ntheirs].hi, perms) != 3)
			continue;
		theirs[ntheirs++].code = perms[2] == 'x';
	}
	if (f)
		fclose(f);
}

static bool
is_theirs(uint64_t v)
{
	for (unsigned i = 0; i < ntheirs; i++)
		if (v >= theirs[i].lo && v < theirs[i].hi)
			return true;
	return false;
}

/* What a thread has in its registers while it calls. */
static __thread uint64_t own[REGS];

static void
set_own(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	const uint64_t args[] = { a, b, c, d, 0x5555555555555555, 0x6666666666666666 };

	memcpy(own, args, sizeof(args));
	for (unsigned i = RBX; i <= R15; i++)
		own[i] = UINT64_C(0x0101010101010101) * (i + 1);
	own[RAX] = (uint64_t)nr;
}

static long
call_own(void)
{
	uint64_t reg[REGS];
	long ret;

	memcpy(reg, own, sizeof(reg));
	ret = made(reg);
	for (unsigned i = RDI; i <= R15; i++)
		if (reg[i] != own[i])
			add(&wrong_after);
	if (reg[RCX] != (uint64_t)(uintptr_t)made_at || (reg[R11] & ~UINT64_C(0xcd5)) != 0x202)
		add(&wrong_after);
	return ret;
}

/* A call that is looked at by everybody who looks at files. */
static long
open_own(const char *path, uint64_t flags)
{
	set_own(SYS_openat, (uint64_t)(int64_t)AT_FDCWD, (uintptr_t)path, flags, 0);
	return call_own();
}

static void
look(int sig, siginfo_t *si, void *context)
{
	static const int at[] = { REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9, REG_RBX, REG_RBP, REG_R12, REG_R13, REG_R14, REG_R15 };
	const greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	uint64_t ip = (uint64_t)r[REG_RIP];
	int saved = errno;

	(void)sig;
	(void)si;
	add(&handled);
	for (int i = 0; i < NGREG; i++)
		if (i != REG_CR2 && is_theirs((uint64_t)r[i]))
			add(&strange);
	if (ip == (uint64_t)(uintptr_t)made_at || ip == (uint64_t)(uintptr_t)made_call) {
		add(&seen_inside);
		for (unsigned i = RDI; i <= R15; i++)
			if ((uint64_t)r[at[i]] != own[i])
				add(&wrong_before);
		if (ip == (uint64_t)(uintptr_t)made_at && (uint64_t)r[REG_RCX] != ip)
			add(&wrong_before);
	}
	errno = saved;
}

static void
catch(int sig, int flags)
{
	struct sigaction sa = { .sa_sigaction = look, .sa_flags = SA_SIGINFO | flags };

	sigaction(sig, &sa, NULL);
}

static int
tell(void)
{
	printf("wrong after %ld, in frames %ld, strange %ld\n", wrong_after, wrong_before, strange);
	return 0;
}

static int
registers(void)
{
	long opened = 0, missed = 0, listed = 0;

	for (int i = 0; i < 2000; i++) {
		struct stat st;
		long fd = open_own("/dev/null", O_RDONLY);

		opened += fd > 0 && close((int)fd) == 0;
		missed += open_own("/dev/null/none", O_RDONLY) == -ENOTDIR;
		set_own(SYS_newfstatat, (uint64_t)(int64_t)AT_FDCWD, (uintptr_t)"/", (uintptr_t)&st, 0);
		listed += call_own() == 0 && S_ISDIR(st.st_mode);
	}
	printf("opened %ld missed %ld looked %ld\n", opened, missed, listed);
	return tell();
}

/* One that sends until it is killed. */
static pid_t
start_sender(int sig)
{
	pid_t to = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		kill(to, sig);
}

/* Signals of a clock and of another process, as many as there can be. */
static int
storm(void)
{
	enum { STORM = 3000 };
	const struct itimerval khz = { { 0, 1000 }, { 0, 1000 } };
	long opened = 0;
	pid_t sender;

	catch(SIGALRM, SA_RESTART);
	catch(SIGPROF, SA_RESTART);
	catch(SIGUSR1, SA_RESTART);
	sender = start_sender(SIGUSR1);
	setitimer(ITIMER_REAL, &khz, NULL);
	setitimer(ITIMER_PROF, &khz, NULL);
	for (int i = 0; i < STORM || seen_inside < 100; i++) {
		long fd = open_own("/dev/null", O_RDONLY);

		opened += fd > 0 && close((int)fd) == 0 && i < STORM;
	}
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
	setitimer(ITIMER_PROF, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	printf("opened %ld, handled some: %d\n", opened, handled > 100);
	return tell();
}

static char fifo[64];

static void
make_fifo(void)
{
	snprintf(fifo, sizeof(fifo), "fifo.%d", getpid());
	mkfifo(fifo, 0600);
}

/* Until it waits in that call. */
static void
wait_for_sleep(pid_t pid)
{
	char path[64], state;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	do {
		state = 0;
		f = fopen(path, "re");
		if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		if (f)
			fclose(f);
		usleep(1000);
	} while (state && state != 'S');
}

static void
open_and_end(void)
{
	int fd = open(fifo, O_WRONLY);

	_exit(fd < 0);
}

/* What is sent to one that waits for somebody to open the other end. */
static int
blocked(int sig, int flags, long expected)
{
	pid_t me = getpid(), pid;
	long fd;

	make_fifo();
	if (flags >= 0)
		catch(sig, flags);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 20; i++) {
			wait_for_sleep(me);
			kill(me, sig);
			if (sig == SIGSTOP) {
				usleep(5000);
				kill(me, SIGCONT);
			}
		}
		wait_for_sleep(me);
		open_and_end();
	}
	do
		fd = open_own(fifo, O_RDONLY);
	while (fd == -EINTR && expected == -EINTR && handled < 20);
	printf("signal %d: %s", sig, fd > 0 ? "opened\n" : fd == -EINTR ? "interrupted\n" : "failed\n");
	if (fd == -EINTR)
		(void)!open(fifo, O_RDONLY | O_NONBLOCK);
	waitpid(pid, NULL, 0);
	unlink(fifo);
	return tell();
}

static int restarts(void) { return blocked(SIGUSR1, SA_RESTART, 0); }
static int interrupted(void) { return blocked(SIGUSR1, 0, -EINTR); }
static int ignored(void) { return blocked(SIGWINCH, -1, 0); }
static int stopped(void) { return blocked(SIGSTOP, -1, 0); }

static void *
takes_away(void *arg)
{
	pid_t me = getpid();

	for (int i = 0; i < 300; i++) {
		usleep(300);
		catch(SIGUSR1, SA_RESTART);
		kill(me, SIGUSR1);
		signal(SIGUSR1, SIG_IGN);	/* takes it away from whoever was just woken for it */
	}
	return open(fifo, O_WRONLY) < 0 ? arg : NULL;
}

/* Woken for a signal that is not there any more: the kernel makes the call again by itself. */
static int
for_nothing(void)
{
	sigset_t usr1;
	pthread_t t;
	long fd;

	make_fifo();
	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	pthread_create(&t, NULL, takes_away, NULL);
	pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
	fd = open_own(fifo, O_RDONLY);
	pthread_join(t, NULL);
	unlink(fifo);
	printf("%s\n", fd > 0 ? "opened" : "failed");
	return tell();
}

static sigjmp_buf out;

static void
leave(int sig)
{
	(void)sig;
	siglongjmp(out, 1);
}

/* Handlers that do not return. */
static int
jumps(void)
{
	const struct itimerval soon = { { 0, 2000 }, { 0, 2000 } };
	volatile long n = 0, opened = 0;

	make_fifo();
	signal(SIGALRM, leave);
	setitimer(ITIMER_REAL, &soon, NULL);
	while (n < 100) {
		if (sigsetjmp(out, 1) == 0)
			open_own(fifo, O_RDONLY);
		n++;
	}
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
	signal(SIGALRM, SIG_IGN);
	for (int i = 0; i < 100; i++) {
		long fd = open_own("/dev/null", O_RDONLY);

		opened += fd > 0 && close((int)fd) == 0;
	}
	unlink(fifo);
	printf("left %ld opened %ld\n", n, opened);
	return tell();
}

static void *
opens(void *arg)
{
	long *opened = arg;

	for (int i = 0; i < 500; i++) {
		long fd = open_own(i % 3 ? "/dev/null" : "/", O_RDONLY);

		if (fd > 0 && close((int)fd) == 0)
			__atomic_add_fetch(opened, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static long
open_in_threads(void)
{
	pthread_t t[16];
	long opened = 0;

	for (int i = 0; i < 16; i++)
		pthread_create(&t[i], NULL, opens, &opened);
	for (int i = 0; i < 16; i++)
		pthread_join(t[i], NULL);
	return opened;
}

static int
threads(void)
{
	const struct itimerval khz = { { 0, 1000 }, { 0, 1000 } };
	long opened;

	catch(SIGALRM, SA_RESTART);
	setitimer(ITIMER_REAL, &khz, NULL);
	opened = open_in_threads();
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
	printf("opened %ld\n", opened);
	return tell();
}

static void *
waits_for_ever(void *arg)
{
	open_own("/dev/null", O_RDONLY);
	for (;;)
		pause();
	return arg;
}

/* More than have one to return by, each of which was in a call and makes no other for now. */
static int
many(void)
{
	pthread_attr_t small;
	pthread_t t;
	long opened = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 1 << 16);
	for (int i = 0; i < 400; i++)
		if (pthread_create(&t, &small, waits_for_ever, NULL))
			return puts("no thread") < 0;
	opens(&opened);
	printf("opened %ld\n", opened);
	return tell();
}

/* Children with our memory, which call and go. */
static int
vforks(void)
{
	char *const argv[] = { "returns", "registers", NULL };
	volatile long opened = 0;

	for (int i = 0; i < 200; i++) {
		pid_t pid;
		long fd = open_own("/dev/null", O_RDONLY);

		pid = vfork();
		if (pid == 0) {
			long in_child = open_own("/dev/null", O_RDONLY);

			opened += in_child > 0 && close((int)in_child) == 0;
			if (i == 100)
				execv("/proc/self/exe", argv);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		opened += fd > 0 && close((int)fd) == 0;
	}
	printf("opened %ld\n", opened);
	return tell();
}

static void *
executes(void *arg)
{
	char *const argv[] = { "returns", "registers", NULL };

	open_own("/dev/null", O_RDONLY);
	execv("/proc/self/exe", argv);
	return arg;
}

/* A thread becomes another program while others are in calls, and its leader waits in one. */
static int
becomes(void)
{
	pthread_t t;
	static long ignored_count;

	make_fifo();
	fflush(stdout);
	for (int i = 0; i < 4; i++)
		pthread_create(&t, NULL, opens, &ignored_count);
	pthread_create(&t, NULL, executes, NULL);
	open_own(fifo, O_RDONLY);
	return 1;
}

/* Who takes away what is not his is not helped by it, and goes on. */
static int
takes_code_away(void)
{
	long opened = 0;

	find_theirs();
	for (unsigned i = 0; i < ntheirs; i++)
		if (theirs[i].code)
			munmap((void *)(uintptr_t)theirs[i].lo, theirs[i].hi - theirs[i].lo);
	opens(&opened);
	printf("opened %ld\n", opened);
	return tell();
}

/* And so do children that do not inherit it. */
static int
hides_code(void)
{
	long opened = 0;

	find_theirs();
	for (unsigned i = 0; i < ntheirs; i++)
		if (theirs[i].code)
			madvise((void *)(uintptr_t)theirs[i].lo, theirs[i].hi - theirs[i].lo, MADV_DONTFORK);
	fflush(stdout);
	if (fork() == 0) {
		catch(SIGSEGV, 0);
		opens(&opened);
		printf("opened %ld handled %ld\n", opened, handled);
		fflush(stdout);
		_exit(tell());
	}
	wait(NULL);
	return tell();
}

/* A filter of its own that lets calls be made at one place only. */
static int
filters(void)
{
	struct { uint16_t code; uint8_t jt, jf; uint32_t k; } insn[] = {
		{ 0x20, 0, 0, 0 },					/* the number */
		{ 0x15, 0, 3, SYS_openat },
		{ 0x20, 0, 0, 8 },					/* where it is made, the lower half */
		{ 0x15, 1, 0, (uint32_t)(uintptr_t)made_at },
		{ 0x06, 0, 0, 0x00050000 | EDOM },
		{ 0x06, 0, 0, 0x7fff0000 },
	};
	struct { unsigned short len; void *insn; } prog = { 6, insn };
	long opened = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, 2, &prog) < 0)
		return puts("no filter") < 0;
	opens(&opened);
	errno = 0;
	printf("opened %ld, elsewhere %d\n", opened, open("/dev/null", O_RDONLY) < 0 ? errno : 0);
	return tell();
}

static volatile long steps, steps_inside, steps_at;

static void
step(int sig, siginfo_t *si, void *context)
{
	const greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)sig;
	(void)si;
	steps++;
	steps_inside += is_theirs((uint64_t)r[REG_RIP]);
	steps_at += (uint64_t)r[REG_RIP] == (uint64_t)(uintptr_t)made_at;
}

/* A trap after each instruction. */
static int
single_steps(void)
{
	struct sigaction sa = { .sa_sigaction = step, .sa_flags = SA_SIGINFO };
	uint64_t reg[REGS];
	long before;

	find_theirs();
	sigaction(SIGTRAP, &sa, NULL);
	set_own(SYS_openat, (uint64_t)(int64_t)AT_FDCWD, (uintptr_t)"/dev/null", O_RDONLY, 0);
	for (int i = 0; i < 3; i++) {
		memcpy(reg, own, sizeof(reg));
		before = steps;
		__asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq" ::: "memory", "cc");
		made(reg);
		__asm__ volatile("pushfq; andl $~0x100, (%%rsp); popfq" ::: "memory", "cc");
	}
	printf("steps %ld, inside %ld, at the end %ld\n", steps - before, steps_inside, steps_at);
	return 0;
}

/* Nobody has it open, so with its last name goes the file. */
static const char *
is_told(int watch, int ms)
{
	struct inotify_event e[16];
	struct pollfd p = { .fd = watch, .events = POLLIN };

	while (poll(&p, 1, ms) == 1 && read(watch, e, sizeof(e[0])) == sizeof(e[0]))
		if (e[0].mask & IN_DELETE_SELF)
			return "gone";
	return "still there";
}

static int
watch_new(const char *file)
{
	int watch = inotify_init();

	close(open(file, O_WRONLY | O_CREAT, 0600));
	inotify_add_watch(watch, file, IN_DELETE_SELF);
	return watch;
}

/* A file that another process had open. */
static int
lets_go(void)
{
	int watch = watch_new("watched");
	pid_t pid = fork();

	if (pid == 0) {
		close((int)open_own("watched", O_RDONLY));
		for (;;)
			pause();
	}
	usleep(50000);
	wait_for_sleep(pid);
	unlink("watched");
	puts(is_told(watch, 0));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}

/* One that was open here, and that somebody else deletes who sees that it is. */
static int
waits_for_end(void)
{
	int watch = watch_new("watched");

	close(open("ready", O_WRONLY | O_CREAT, 0600));
	close((int)open_own("watched", O_RDONLY));
	puts(is_told(watch, 60000));
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(void);
} words[] = {
	{ "registers", registers }, { "storm", storm }, { "restarts", restarts }, { "interrupted", interrupted }, { "ignored", ignored },
	{ "stopped", stopped }, { "for-nothing", for_nothing }, { "jumps", jumps }, { "threads", threads }, { "many", many },
	{ "vforks", vforks }, { "becomes", becomes }, { "takes-code-away", takes_code_away }, { "hides-code", hides_code },
	{ "filters", filters }, { "single-steps", single_steps }, { "lets-go", lets_go }, { "waits-for-end", waits_for_end },
};

int
main(int argc, char **argv)
{
	find_theirs();
	for (size_t i = 0; argc > 1 && i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(argv[1], words[i].name))
			return words[i].fn();
	return 99;
}

#endif

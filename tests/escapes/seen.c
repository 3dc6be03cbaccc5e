/* SPDX-License-Identifier: ISC */
/*
 * What a program can see of its own stops, signals, frames and children: it must
 * be what it sees without tollgate.  As plain.c: a line for each look, argv[1]
 * is a folder of its own, argv[2] a view.
 */
#include "escape.h"
#include "frames.h"

#include <sys/personality.h>
#include <sys/utsname.h>
#include <time.h>

static void
tell(const char *what, const char *how)
{
	printf("%s %s\n", what, how);
	fflush(stdout);
}

static const char *yes(bool is) { return is ? "yes" : "no"; }

/* Signal by signal, what a handler is told. */

static volatile sig_atomic_t handled, code;

static void
notes(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	handled++;
	code = info->si_code;
}

static void
trapped(const char *how)
{
	printf("v10 %s: %d times, code %d\n", how, (int)handled, (int)code);
	fflush(stdout);
	handled = code = 0;
}

static void
v10_traps(void)
{
	static const int codes[] = { 1, 2, 5, 0x80, 0x85, 0x405, 0x8005, -1, -6 };
	struct sigaction sa = { .sa_sigaction = notes, .sa_flags = SA_SIGINFO };
	siginfo_t si;

	sigaction(SIGTRAP, &sa, NULL);
	raise(SIGTRAP);
	trapped("raised");
	kill(getpid(), SIGTRAP);
	trapped("killed");
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		memset(&si, 0, sizeof(si));
		si.si_code = codes[i];
		tell("v10 queued", yes(syscall(SYS_rt_sigqueueinfo, getpid(), SIGTRAP, &si) == 0));
		trapped(text("queued with %#x", (unsigned)codes[i]));
	}
#if defined(__x86_64__) || defined(__i386__)
	__asm__ volatile("int3");
	trapped("int3");
#endif
#ifdef __x86_64__
	long r;

	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop\n\tnop\n\tpushfq\n\tandq $-257, (%%rsp)\n\tpopfq" ::: "memory");
	trapped("stepped");
	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tsyscall\n\tnop\n\tpushfq\n\tandq $-257, (%%rsp)\n\tpopfq"
	    : "=a"(r) : "a"((long)SYS_getppid) : "rcx", "r11", "memory");
	trapped("stepped through a call");
#endif
}

/* A process of four threads is stopped, and goes on. */

static volatile unsigned *counters;

static void *
count_up(void *arg)
{
	for (;;) {
		syscall(SYS_getppid);
		counters[(long)arg]++;
	}
	return NULL;
}

static bool
moves(bool wanted)
{
	unsigned before[4], n = 0;

	memcpy(before, (void *)counters, sizeof(before));
	for (int i = 0; i < (wanted ? 1000 : 5) && n < 4; i++) {
		usleep(10000);
		n = 0;
		for (int k = 0; k < 4; k++)
			n += counters[k] != before[k];
	}
	return n > 0;
}

static void
stop_and_go(pid_t pid, int sig)
{
	siginfo_t si = { 0 };
	int status = 0;

	kill(pid, sig);
	waitid(P_PID, (id_t)pid, &si, WSTOPPED | WNOWAIT);
	printf("v12 %s code %d status %d\n", strsignal(sig), si.si_code, si.si_status);
	waitpid(pid, &status, WUNTRACED);
	printf("v12 %s stopped %d by %d\n", strsignal(sig), WIFSTOPPED(status), WSTOPSIG(status));
	tell("v12 runs on", yes(moves(false)));
	tell("v12 told twice", yes(waitpid(pid, &status, WUNTRACED | WNOHANG) > 0));
	kill(pid, SIGUSR1);	/* ignored, and no reason to go on */
	tell("v12 runs on after another signal", yes(moves(false)));
	kill(pid, SIGCONT);
	waitpid(pid, &status, WCONTINUED);
	tell("v12 continued", yes(WIFCONTINUED(status)));
	tell("v12 goes on", yes(moves(true)));
}

static void
v12_stops(void)
{
	int status = 0;
	pid_t pid;

	counters = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	signal(SIGUSR1, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		pthread_t t;

		setpgid(0, 0);
		for (long i = 1; i < 4; i++)
			if (pthread_create(&t, NULL, count_up, (void *)i))
				_exit(1);
		count_up(NULL);
	}
	setpgid(pid, pid);	/* in our session: no orphan, so terminal signals stop it, too */
	for (int k = 0; k < 4; k++)
		while (!counters[k])
			usleep(1000);
	stop_and_go(pid, SIGSTOP);
	stop_and_go(pid, SIGTSTP);
	stop_and_go(pid, SIGTTOU);
	stop_and_go(pid, SIGSTOP);
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGKILL);
	waitpid(pid, &status, WUNTRACED);
	printf("v12 killed while stopped %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : -1);
	fflush(stdout);
}

/* Registers that come out of a signal frame are those that were put there. */

#ifdef HAVE_FRAMES
#ifdef __x86_64__
static const int shown[] = { REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_R8, REG_R9, REG_R10, REG_R11,
	REG_R12, REG_R13, REG_R14, REG_R15 };
#else
static const int shown[] = { REG_EAX, REG_EBX, REG_ECX, REG_EDX, REG_ESI, REG_EDI, REG_EBP };
#endif
enum { SHOWN = sizeof(shown) / sizeof(shown[0]) };

static greg_t pattern;

static void
all_registers(greg_t *r)
{
	for (int i = 0; i < SHOWN; i++)
		r[shown[i]] = pattern + i;
}

static void
v14_frames(void)
{
	static const unsigned char code[] = { 0x0f, 0x0b };
	static const greg_t patterns[] = { 0x1000, -ENOSYS, -512, -513, -514, -516, -4096, 0x7fffff00 };

	begin_frames("");
	for (size_t k = 0; k < sizeof(patterns) / sizeof(patterns[0]); k++) {
		pattern = patterns[k];
		run_frame(code, sizeof(code), all_registers);
		for (int i = 0; i < SHOWN; i++)
			printf("v14 from %lld register %d is %s\n", (long long)pattern, i, yes(frame_end[shown[i]] == pattern + i));
	}
}
#else
static void v14_frames(void) { }
#endif

/* A call of the kernel's own page, and of its library. */
static void
v17_vsyscall(void)
{
#ifdef __x86_64__
	static const uintptr_t entries[] = { 0xffffffffff600000, 0xffffffffff600400, 0xffffffffff600800, 0xffffffffff600010 };

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		long (*entry)(void *, void *, void *) = (long (*)(void *, void *, void *))entries[i];
		char room[64];
		int status = 0;
		pid_t pid = fork();

		if (pid == 0)
			_exit(entry(i == 1 ? NULL : room, NULL, NULL) < 0);
		waitpid(pid, &status, 0);
		printf("v17 vsyscall %zu status %x\n", i, (unsigned)status);
	}
#endif
	printf("v17 vdso %s\n", yes(clock_gettime(CLOCK_MONOTONIC, &(struct timespec){ 0 }) == 0 && time(NULL) > 0));
}

/* The registers of a newborn are its parent's. */

static void
born(const char *how, bool same)
{
	/* A parent of vfork's waits; of the others it is waited for: one line at a time. */
	char line[64];
	int n = snprintf(line, sizeof(line), "v27 %s %s\n", how, same ? "the same" : "other registers");

	if (write(1, line, (size_t)n) != n)
		_exit(3);
}

#if defined(__x86_64__) || defined(__i386__)
static void
newborn(const char *how, long nr, unsigned long flags)
{
	unsigned long sp = 0;
	int status;
	bool same;
#ifdef __x86_64__
	unsigned long di = flags, si = sp, dx = 0x1111, bx = 0x5555;
	register unsigned long r10 __asm__("r10") = 0x2222, r8 __asm__("r8") = 0x3333, r9 __asm__("r9") = 0x4444;
	long r;

	__asm__ volatile("syscall" : "=a"(r), "+D"(di), "+S"(si), "+d"(dx), "+r"(r10), "+r"(r8), "+r"(r9), "+b"(bx) : "0"(nr)
	    : "rcx", "r11", "memory");
	same = di == flags && si == sp && dx == 0x1111 && r10 == 0x2222 && r8 == 0x3333 && r9 == 0x4444 && bx == 0x5555;
#else
	unsigned long bx = flags, cx = sp, dx = 0x1111, si = 0x2222, di = 0x3333;
	long r;

	__asm__ volatile("int $0x80" : "=a"(r), "+b"(bx), "+c"(cx), "+d"(dx), "+S"(si), "+D"(di) : "0"(nr) : "memory");
	same = bx == flags && cx == sp && dx == 0x1111 && si == 0x2222 && di == 0x3333;
#endif
	if (r == 0) {
		born(how, same);
		syscall(SYS_exit_group, 0);
	}
	waitpid((pid_t)r, &status, __WALL);
	born(text("parent of %s", how), same);
}

static void
v27_newborns(void)
{
	newborn("fork", SYS_fork, 0x7777);
	newborn("clone", SYS_clone, SIGCHLD);
	newborn("clone silent", SYS_clone, 0);
	newborn("clone vfork", SYS_clone, CLONE_VFORK | SIGCHLD);
	newborn("clone files", SYS_clone, CLONE_FILES | CLONE_FS | SIGCHLD);
	newborn("clone refused", SYS_clone, CLONE_SIGHAND);
}
#else
static void v27_newborns(void) { }
#endif

/* Personalities, also of who is executed with them. */
static void
v39_personality(void)
{
	static const unsigned long set[] = { ADDR_NO_RANDOMIZE, PER_LINUX32, 0x0020000 /* UNAME26 */, STICKY_TIMEOUTS, MMAP_PAGE_ZERO };
	struct utsname u;

	printf("v39 is %x\n", personality(0xffffffff));
	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
		printf("v39 sets %lx", set[i]);
		printf(" was %x", personality(set[i]));
		printf(" is %x", personality(0xffffffff));
		uname(&u);
		printf(" on %s %s\n", u.machine, u.release);
	}
	personality(ADDR_NO_RANDOMIZE);
	fflush(stdout);
	execl(self, self, box, "address", NULL);
}

static void
v39_address(void)
{
	printf("v39 after exec %x, at %p\n", personality(0xffffffff), (void *)&handled);
}

int
main(int argc, char **argv)
{
	static const struct { const char *name; void (*fn)(void); } looks_at[] = {
		{ "traps", v10_traps }, { "stops", v12_stops }, { "frames", v14_frames }, { "vsyscall", v17_vsyscall },
		{ "newborns", v27_newborns }, { "personality", v39_personality }, { "address", v39_address },
	};

	if (argc < 3 || chdir(argv[1]) < 0)
		return 2;
	box = argv[1];
	self = argv[0];
	for (size_t i = 0; i < sizeof(looks_at) / sizeof(looks_at[0]); i++)
		if (!strcmp(argv[2], looks_at[i].name))
			looks_at[i].fn();
	fflush(stdout);
	return 0;
}

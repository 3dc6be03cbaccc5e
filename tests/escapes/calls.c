/* SPDX-License-Identifier: ISC */
/*
 * Calls that somebody else makes for us, or by another gate, or that change
 * what the next ones mean.
 */
#include "escape.h"
#include "frames.h"

#include <linux/aio_abi.h>
#include <sys/personality.h>

static int
forbidden_file(void)
{
	return canary(open("../forbidden/secret", O_RDONLY));
}

/* The kernel writes for who asked it to, without a write(2). */
static int
v16_io_submit(void)
{
	aio_context_t ctx = 0;
	struct iocb cb = { .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_nbytes = 1 }, *list[] = { &cb };
	struct stat st;

	cb.aio_fildes = (uint32_t)open("dir/submitted", O_RDWR | O_CREAT | O_TRUNC, 0600);
	cb.aio_buf = (uintptr_t)"x";
	if (syscall(SYS_io_setup, 1, &ctx) < 0)
		return errno == ENOSYS ? ABSENT : REFUSED;
	if (syscall(SYS_io_submit, ctx, 1, list) < 0)
		return REFUSED;
	for (int i = 0; i < 1000 && fstat((int)cb.aio_fildes, &st) == 0 && !st.st_size; i++)
		usleep(1000);
	return st.st_size ? REACHED : REFUSED;
}

/* Files in which the kernel is told what to run, and when: opened, and left as they are. */
static int
opens_for_writing(const char *path)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return errno == ENOENT || errno == EROFS ? ABSENT : REFUSED;
	close(fd);
	return REACHED;
}

static int v16_core_pattern(void) { return opens_for_writing("/proc/sys/kernel/core_pattern"); }
static int v16_modprobe(void) { return opens_for_writing("/proc/sys/kernel/modprobe"); }
static int v16_hotplug(void) { return opens_for_writing("/proc/sys/kernel/hotplug"); }
static int v16_poweroff(void) { return opens_for_writing("/proc/sys/kernel/poweroff_cmd"); }
static int v16_uevent(void) { return opens_for_writing("/sys/kernel/uevent_helper"); }
static int v16_binfmt(void) { return opens_for_writing("/proc/sys/fs/binfmt_misc/register"); }
static int v16_sysrq(void) { return opens_for_writing("/proc/sysrq-trigger"); }

static int
v16_by_another_way(void)
{
	int dir = open("/proc/self/../sys", O_PATH), fd = openat(dir, "kernel/./core_pattern", O_RDWR);

	if (fd < 0)
		return errno == EROFS ? ABSENT : REFUSED;
	close(dir);
	close(fd);
	return REACHED;
}

/* A name of numbers in memory; gone since Linux 5.5. */
static int
v16_sysctl(void)
{
#ifdef SYS__sysctl
	char pattern[128];
	size_t len = sizeof(pattern);
	int name[] = { 1 /* CTL_KERN */, 50 /* KERN_CORE_PATTERN */ };
	struct { int *name; int n; void *old; size_t *oldlen; void *new; size_t newlen; } args = { name, 2, pattern, &len, NULL, 0 };

	if (syscall(SYS__sysctl, &args) < 0)
		return errno == ENOSYS ? ABSENT : REFUSED;
	return REACHED;
#else
	return ABSENT;
#endif
}

/* The page in which old programs call the kernel without a stop. */
static int
v17_then_open(void)
{
#ifdef __x86_64__
	long (*old_time)(long *) = (long (*)(long *))0xffffffffff600400;
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(old_time(NULL) <= 0);
	waitpid(pid, &status, 0);
	for (int i = 0; status == 0 && i < 1000; i++)
		old_time(NULL);
#endif
	return forbidden_file();
}

#ifdef HAVE_FRAMES
enum { NR_OPEN_64 = 2, NR_OPEN_32 = 5 };

static int
opened(long r)
{
	if ((int)r < 0) {
		errno = -(int)r;
		return REFUSED;
	}
	return canary((int)r);
}

static const unsigned char calls64[] = { 0x0f, 0x05, 0x0f, 0x0b }, calls32[] = { 0xcd, 0x80, 0x0f, 0x0b };

/* What the last call seems to have returned. */
static greg_t leaves;

#ifdef __x86_64__
static void
for_64(greg_t *r)
{
	r[REG_RAX] = NR_OPEN_64;
	r[REG_RDI] = (greg_t)(uintptr_t)low;
	r[REG_RSI] = 0;
}

static void
for_32(greg_t *r)
{
	r[REG_RAX] = NR_OPEN_32;
	r[REG_RBX] = (greg_t)(uintptr_t)low;
	r[REG_RCX] = r[REG_RDX] = 0;
	r[REG_CSGSFS] = (r[REG_CSGSFS] & ~0xffffLL) | 0x23;
}

static void
with_result(greg_t *r)
{
	for_64(r);
	r[REG_RAX] = leaves;
	r[REG_RBX] = NR_OPEN_64;
}

static const unsigned char call_after[] = { 0x89, 0xd8 /* mov %ebx, %eax */, 0x0f, 0x05, 0x0f, 0x0b };

static int
v34_alternating(void)
{
	int r = REFUSED;
	long n = tries() + 20;

	begin_frames("../forbidden/secret");
	while (n-- > 0 && r == REFUSED) {
		long fd;

		close(open("g", O_RDONLY));
		/* 32-bit code, and 64-bit code by the 32-bit gate. */
		r = opened(run_frame(calls32, sizeof(calls32), for_32));
		if (r == REACHED)
			break;
		__asm__ volatile("int $0x80" : "=a"(fd) : "a"((long)NR_OPEN_32), "b"(low), "c"(0L), "d"(0L)
		    : "memory", "r8", "r9", "r10", "r11");
		r = opened(fd);
	}
	return r;
}
#else
static void
for_32(greg_t *r)
{
	r[REG_EAX] = NR_OPEN_32;
	r[REG_EBX] = (greg_t)(uintptr_t)low;
	r[REG_ECX] = r[REG_EDX] = 0;
}

static void
for_64(greg_t *r)
{
	r[REG_EAX] = NR_OPEN_64;
	r[REG_EDI] = (greg_t)(uintptr_t)low;
	r[REG_ESI] = r[REG_EDX] = 0;
	r[REG_CS] = 0x33;
}

static void
with_result(greg_t *r)
{
	for_32(r);
	r[REG_EAX] = leaves;
	r[REG_ESI] = NR_OPEN_32;
}

static const unsigned char call_after[] = { 0x89, 0xf0 /* mov %esi, %eax */, 0xcd, 0x80, 0x0f, 0x0b };

static int
v34_alternating(void)
{
	int r = REFUSED;
	long n = tries() + 20;

	begin_frames("../forbidden/secret");
	while (n-- > 0 && r == REFUSED) {
		close(open("g", O_RDONLY));
		r = opened(run_frame(calls64, sizeof(calls64), for_64));
	}
	return r;
}
#endif

static int
v14_frame_to_call64(void)
{
	begin_frames("../forbidden/secret");
	return opened(run_frame(calls64, sizeof(calls64), for_64));
}

static int
v14_frame_with_result(void)
{
	static const greg_t results[] = { -ENOSYS, -512, -513, -514, -516, -EINTR, 0, 1 };
	int r = REFUSED;

	begin_frames("../forbidden/secret");
	for (size_t i = 0; r == REFUSED && i < sizeof(results) / sizeof(results[0]); i++) {
		leaves = results[i];
		r = opened(run_frame(call_after, sizeof(call_after), with_result));
	}
	return r;
}

static int
v14_frame_to_call32(void)
{
	begin_frames("../forbidden/secret");
	return opened(run_frame(calls32, sizeof(calls32), for_32));
}
#else
static int v14_frame_with_result(void) { return ABSENT; }
static int v14_frame_to_call64(void) { return ABSENT; }
static int v14_frame_to_call32(void) { return ABSENT; }
static int v34_alternating(void) { return ABSENT; }
#endif

/* The policy maps nothing that is anonymous and executable. */
static int
readable_means_executable(long persona)
{
	FILE *f;
	unsigned long lo, hi, at;
	char line[4096], perms[5];
	int r = REFUSED;

	if (syscall(SYS_personality, persona) < 0)
		return REFUSED;
	at = (unsigned long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	f = fopen("/proc/self/maps", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %4s", &lo, &hi, perms) == 3 && lo <= at && at < hi && perms[2] == 'x')
			r = REACHED;
	if (f)
		fclose(f);
	errno = ENODATA;
	return r;
}

static int v39_read_implies_exec(void) { return readable_means_executable(READ_IMPLIES_EXEC); }
static int v39_with_others(void) { return readable_means_executable(READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE | PER_LINUX32); }

static int
v39_wide(void)
{
#if __SIZEOF_LONG__ == 8
	return readable_means_executable(READ_IMPLIES_EXEC | 0x5aL << 32);
#else
	return ABSENT;
#endif
}

/* Pointers with a tag, which some x86 take since Linux 6.4. */
static int
v45_tagged(void)
{
#ifdef __x86_64__
	char *path = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (syscall(SYS_arch_prctl, 0x4002 /* ARCH_ENABLE_TAGGED_ADDR */, 6) < 0)
		return ABSENT;
	strcpy(path, "../forbidden/secret");
	return canary(open((char *)((uintptr_t)path | UINT64_C(0x15) << 57), O_RDONLY));
#else
	return ABSENT;
#endif
}

/* What others ask for, in the memory that tollgate holds it in; where there is none, in one that is like it and everybody's. */

enum { LIKENESS_FD = 50, LIKENESS = 4096, FOUND = 42 };
#define MARKER	"fifo-of-somebody-else"

static bool
shows_marker(void)
{
	char *at = window(), marker[] = MARKER;

	if (!at) {
		window_size = LIKENESS;
		at = mmap(NULL, LIKENESS, PROT_READ, MAP_SHARED, LIKENESS_FD, 0);
	}
	marker[0] = 'F';	/* what we look for is not to be what we find */
	return at != MAP_FAILED && memmem(at, window_size, marker + 1, sizeof(marker) - 2) != NULL;
}

static int
make_likeness(void)
{
	char name[] = "/tmp/likeness-XXXXXX";
	int fd = mkstemp(name);

	unlink(name);
	if (fd < 0 || ftruncate(fd, LIKENESS) < 0 || dup2(fd, LIKENESS_FD) < 0)
		return -1;
	return (int)pwrite(fd, MARKER, sizeof(MARKER), 64);
}

static int
found_by(char *how)
{
	char *const argv[] = { "calls", how, NULL };
	pid_t waits, looks;
	int status = 0;

	if (!window() && make_likeness() < 0)
		return REFUSED;
	mkfifo(MARKER, 0600);
	waits = fork();
	if (waits == 0)
		_exit(open(MARKER, O_RDONLY) < 0);
	usleep(20000);
	looks = fork();
	if (looks == 0) {
		execv(self, argv);
		_exit(3);
	}
	waitpid(looks, &status, 0);
	kill(waits, SIGKILL);
	waitpid(waits, NULL, 0);
	errno = WIFEXITED(status) && WEXITSTATUS(status) <= 1 ? ENODATA : EIO;
	return WIFEXITED(status) && WEXITSTATUS(status) == FOUND ? REACHED : REFUSED;
}

static int v49_of_another_program(void) { return found_by("looks"); }

static int
v49_after_the_call(void)
{
	if (!window() && make_likeness() < 0)
		return REFUSED;
	close(open(MARKER, O_WRONLY | O_NONBLOCK));
	errno = ENODATA;
	return shows_marker() ? REACHED : REFUSED;
}

/* By the instruction in the code that calls of ours return to, alone or while tollgate thinks that we may be there. */

#ifdef __x86_64__
static long
call_at(const void *at, long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("call *%1" : "=a"(ret) : "r"(at), "0"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return ret;
}

/* It has gone nowhere from there, with what the call returned. */
static void
tell_result(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)si;
	_exit(((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] == 0 ? FOUND : 0);
}

static void
call_from(const char *code, bool after_a_call, const char *name)
{
	struct sigaction sa = { .sa_sigaction = tell_result, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
	if (after_a_call)
		syscall(SYS_openat, AT_FDCWD, "g", O_RDONLY);
	_exit(call_at(code, SYS_mkdirat, AT_FDCWD, (long)name, 0700) == 0 ? FOUND : 0);
}

static int
by_code_of_window(bool after_a_call)
{
	static const unsigned char plain[] = { 0x0f, 0x05, 0xc3 };
	char *name = after_a_call ? "../forbidden/after" : "../forbidden/before", *code = window_code();
	int status = 0;
	bool any = false;

	if (!code) {
		code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memcpy(code, plain, sizeof(plain));
		mprotect(code, 4096, PROT_READ | PROT_EXEC);
	}
	open("g", O_RDONLY);
	for (size_t i = 0; i < 8; i++) {
		if (fork() == 0)
			call_from(code + (window_code_size ? 80 * i : 0), after_a_call, name);
		wait(&status);
		any |= WIFEXITED(status) && WEXITSTATUS(status) == FOUND;
	}
	errno = EACCES;
	return any ? REACHED : REFUSED;
}
#else
static int by_code_of_window(bool after_a_call) { return after_a_call ? ABSENT : ABSENT; }
#endif

static int v29_by_window(void) { return by_code_of_window(false); }
static int v29_by_window_after(void) { return by_code_of_window(true); }

#define A(fn) { #fn, fn, 0 }
#define R(fn) { #fn, fn, ROOT }
static const struct attempt list[] = {
	A(v14_frame_to_call64), A(v14_frame_to_call32), A(v14_frame_with_result),
	A(v16_io_submit), R(v16_core_pattern), R(v16_modprobe), R(v16_hotplug), R(v16_poweroff), R(v16_uevent), R(v16_binfmt), R(v16_sysrq),
	R(v16_by_another_way), R(v16_sysctl),
	A(v17_then_open), A(v34_alternating), A(v39_read_implies_exec), A(v39_with_others), A(v39_wide),
	A(v29_by_window), A(v29_by_window_after), A(v45_tagged), A(v49_of_another_program), A(v49_after_the_call),
};

int
main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "looks"))
		return shows_marker() ? FOUND : 0;
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}

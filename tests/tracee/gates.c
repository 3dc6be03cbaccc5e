/* SPDX-License-Identifier: ISC */
/* Every gate into the kernel, and every way to make a number or an argument look like another. */
#include "attempt.h"

#include <sys/ioctl.h>
#include <sys/prctl.h>

/* A place below 4 GiB, which 32-bit code and the i386 gate can name, with the forbidden path in it. */
static char *
low(void)
{
	static char *p;

	if (p)
		return p;
#ifdef __x86_64__
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
#else
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
#endif
	if (p == MAP_FAILED)
		_exit(4);
	return strcpy(p, "../forbidden/secret");
}

#define NONE(fn) static int fn(void) { return ABSENT; }

__attribute__((unused))
static long
as_errno(long r)
{
	if (r < 0 && r > -4096) {
		errno = (int)-r;
		return -1;
	}
	return r;
}

/* i386's numbers. */
enum { I386_OPEN = 5, I386_MKDIR = 39, I386_OPENAT = 295 };

#ifdef __x86_64__

/* The i386 gate: int $0x80 takes its number from another table. */
static long
int80(long nr, long a, long b, long c)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
	return as_errno((int)r);
}

/* The same with the marks that the syscall instruction leaves: rcx is the address after it, r11 the flags. */
static long
int80_disguised(long nr, long a, long c)
{
	long r;

	__asm__ volatile("pushfq\n\tpop %%r11\n\tlea 1f(%%rip), %%rcx\n\tint $0x80\n1:"
	    : "=a"(r) : "a"(nr), "b"(a), "d"(c) : "memory", "rcx", "r8", "r9", "r10", "r11");
	return as_errno((int)r);
}

static int int80_open(void) { return canary((int)int80(I386_OPEN, (long)low(), O_RDONLY, 0)); }
static int int80_openat(void) { return canary((int)int80(I386_OPENAT, AT_FDCWD, (long)low(), O_RDONLY)); }
static int int80_high(void) { return canary((int)int80(I386_OPEN | 0x7L << 32, (long)low() | 0x5L << 40, O_RDONLY | 1L << 33, 0)); }

static int int80_disguised_mkdir(void) { return done(int80_disguised(I386_MKDIR, (long)strcpy(low() + 64, "../forbidden/gate"), 0)); }

static int
int80_mkdir(void)
{
	return done(int80(I386_MKDIR, (long)strcpy(low() + 64, "../forbidden/gate2"), 0700, 0));
}

/* A far call to the 32-bit code segment, int $0x80 there, and back: all below 4 GiB, where a far return finds the way. */
static int
segment32(void)
{
	static const unsigned char outer[] = {
		0x55,				/* push %rbp: a tracer may write 32 bits of it */
		0x49, 0x89, 0xe4,		/* mov %rsp, %r12 */
		0x4c, 0x89, 0xec,		/* mov %r13, %rsp */
		0xff, 0x1e,			/* lcall *(%rsi) */
		0x4c, 0x89, 0xe4,		/* mov %r12, %rsp */
		0x5d,				/* pop %rbp */
		0xc3,				/* ret */
	};
	static const unsigned char inner[] = {
		0xcd, 0x80,			/* int $0x80 */
		0xcb,				/* lret */
	};
	struct { uint32_t offset; uint16_t segment; } __attribute__((packed)) target;
	char *code = low() + 128;
	register char *stack __asm__("r13") = low() + 32768;
	void *at = &target;
	unsigned long tls = 0;
	long r, set;

	syscall(SYS_arch_prctl, 0x1003 /* ARCH_GET_FS */, &tls);
	memcpy(code, outer, sizeof(outer));
	memcpy(code + 64, inner, sizeof(inner));
	target.offset = (uint32_t)(uintptr_t)(code + 64);
	target.segment = 0x23;
	__asm__ volatile("call *%[code]" : "=a"(r), "+S"(at)
	    : "a"((long)I386_OPEN), "b"(low()), "c"(0L), "d"(0L), [code] "D"(code), "r"(stack)
	    : "memory", "r8", "r9", "r10", "r11", "r12");
	/* Whoever writes the registers of 32-bit code takes the thread pointer away. */
	__asm__ volatile("syscall" : "=a"(set) : "a"((long)SYS_arch_prctl), "D"(0x1002L), "S"(tls) : "memory", "rcx", "r11");
	return canary((int)as_errno((int)r));
}

/* x32's numbers, with and without its mark; without, old kernels took them from 64-bit code. */
static int x32_open(void) { return canary((int)syscall(0x40000000L | SYS_open, low(), O_RDONLY)); }
static int x32_mkdir(void) { return done(syscall(0x40000000L | SYS_mkdir, "../forbidden/gate3", 0700)); }
static int x32_low_execve(void) { return done(syscall(520, "/bin/true", NULL, NULL)); }
static int x32_low_ioctl(void) { return done(syscall(514, 0, FIONREAD, low())); }

#else

NONE(int80_open) NONE(int80_openat) NONE(int80_high) NONE(int80_disguised_mkdir) NONE(int80_mkdir) NONE(segment32)
NONE(x32_open) NONE(x32_mkdir) NONE(x32_low_execve) NONE(x32_low_ioctl)

#endif

#ifdef __i386__

/* A far call to the 64-bit code segment, and its syscall instruction. */
static int
gate64_open(void)
{
	static const unsigned char code[] = {
		0x48, 0x89, 0xdf,		/* mov %rbx, %rdi */
		0x31, 0xf6,			/* xor %esi, %esi */
		0x31, 0xd2,			/* xor %edx, %edx */
		0x0f, 0x05,			/* syscall */
		0xcb,				/* lret */
	};
	struct { uint32_t offset; uint16_t segment; } __attribute__((packed)) target;
	char *at = low() + 128;
	long r;

	memcpy(at, code, sizeof(code));
	target.offset = (uint32_t)at;
	target.segment = 0x33;
	__asm__ volatile("lcall *(%[target])" : "=a"(r) : "a"(2L), "b"(low()), [target] "D"(&target)
	    : "memory", "ecx", "edx", "esi");
	return canary((int)as_errno(r));
}

#else
NONE(gate64_open)
#endif

#if __SIZEOF_LONG__ == 8

/* The kernel looks at 32 bits of a number and of an int. */
static int wide_number(void) { return canary((int)syscall(SYS_openat | 1L << 32, AT_FDCWD, low(), O_RDONLY)); }
static int wide_number_top(void) { return canary((int)syscall(SYS_openat | (long)0xffffffff00000000, AT_FDCWD, low(), O_RDONLY)); }
static int wide_mkdir(void) { return done(syscall(SYS_mkdirat | 0x1234L << 32, AT_FDCWD, "../forbidden/gate4", 0700)); }
static int wide_dirfd(void) { return canary((int)syscall(SYS_openat, 0xdeadL << 32 | (uint32_t)AT_FDCWD, low(), O_RDONLY)); }
static int wide_dirfd_box(void) { return canary((int)syscall(SYS_openat, 1L << 40 | open(box, O_PATH), "forbidden/secret", O_RDONLY)); }
static int wide_flags(void) { return canary((int)syscall(SYS_openat, AT_FDCWD, low(), 1L << 32 | O_RDONLY)); }
static int wide_path_flag(void) { return canary((int)syscall(SYS_openat, AT_FDCWD, low(), (long)(O_PATH | O_CREAT) << 32)); }
static int wide_mode(void) { return done(syscall(SYS_mkdirat, 7L << 32 | (uint32_t)AT_FDCWD, "../forbidden/gate5", 7L << 32 | 0700)); }

static int
wide_unlink_flags(void)
{
	return done(syscall(SYS_unlinkat, 7L << 32 | (uint32_t)AT_FDCWD, "../forbidden/dir2", 7L << 32 | AT_REMOVEDIR));
}

#else

NONE(wide_number) NONE(wide_number_top) NONE(wide_mkdir) NONE(wide_dirfd) NONE(wide_dirfd_box) NONE(wide_flags)
NONE(wide_path_flag) NONE(wide_mode) NONE(wide_unlink_flags)

#endif

/* Pointers with a tag in their highest byte, once the kernel has been asked to take them. */
#ifdef __aarch64__
static int
tagged_path(void)
{
	if (prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 0, 0, 0) < 0 && errno == EINVAL)
		return ABSENT;
	return canary(open((char *)((uintptr_t)low() | UINT64_C(0x5a) << 56), O_RDONLY));
}
#else
NONE(tagged_path)
#endif

/* The old ABI of arm: the number in the instruction, or in the first argument of call 113. */
#ifdef __arm__
__attribute__((target("arm"), noinline)) static int
old_abi_open(void)
{
	register long r __asm__("r0") = (long)low();
	register long flags __asm__("r1") = O_RDONLY;

	__asm__ volatile("mov r12, r7\n\tmov r7, #20\n\tsvc #0x900005\n\tmov r7, r12" : "+r"(r) : "r"(flags) : "r12", "memory");
	return canary((int)as_errno(r)) == REACHED ? REACHED : ABSENT;
}

static int carried_open(void) { return canary((int)syscall(113, SYS_open, low(), O_RDONLY)); }
static int number_open_arm(void) { return canary((int)syscall(SYS_open, low(), O_RDONLY)); }
static int truncates(void) { return done(syscall(SYS_truncate64, "../forbidden/file", 0, 1, 0)); }
#else
NONE(old_abi_open) NONE(carried_open) NONE(number_open_arm) NONE(truncates)
#endif

/* Numbers that are in no table. */
static int
unknown(long nr)
{
	return syscall(nr, 0, 0, 0, 0, 0, 0) >= 0 || errno != ENOSYS ? REACHED : REFUSED;
}

static int number_2000(void) { return unknown(2000) == REFUSED ? ABSENT : REACHED; }
static int number_minus_1(void) { return unknown(-1) == REFUSED ? ABSENT : REACHED; }
static int number_minus_2(void) { return unknown(-2) == REFUSED ? ABSENT : REACHED; }

/* After a number that makes the kernel skip, the next call is looked at as any other. */
static int
after_minus_1(void)
{
	for (int i = 0; i < 3; i++)
		syscall(-1);
	return canary(open("../forbidden/secret", O_RDONLY));
}

static volatile int handled;

static void
on_signal(int sig)
{
	(void)sig;
	handled++;
}

/* The signal that tracers use, before the call and in the middle of one. */
static int
after_sigtrap(void)
{
	signal(SIGTRAP, on_signal);
	raise(SIGTRAP);
	kill(getpid(), SIGTRAP);
#if defined(__x86_64__) || defined(__i386__)
	__asm__ volatile("int3");	/* elsewhere its handler would come back to the same instruction */
#endif
	return canary(open("../forbidden/secret", O_RDONLY));
}

/* A blocking call that a signal ends: an exit between two entries that is none. */
static int
after_interrupted(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	int p[2];
	char c;

	sigaction(SIGALRM, &sa, NULL);
	if (pipe(p) < 0)
		return REFUSED;
	ualarm(20000, 20000);		/* again and again: the first can come before the call */
	if (read(p[0], &c, 1) == 0)
		return REFUSED;
	ualarm(0, 0);
	return canary(open("../forbidden/secret", O_RDONLY));
}

static int
from_handler_result;

static void
opens(int sig)
{
	(void)sig;
	from_handler_result = canary(open("../forbidden/secret", O_RDONLY));
}

static int
from_handler(void)
{
	signal(SIGUSR1, opens);
	raise(SIGUSR1);
	return from_handler_result;
}

/* Its own filter makes calls fail without the kernel's exit from them, in some kernels. */
static int
after_own_filter(void)
{
	struct { uint16_t code; uint8_t jt, jf; uint32_t k; } code[] = {
		{ 0x20, 0, 0, 0 },				/* load the number */
		{ 0x15, 0, 1, SYS_getuid },
		{ 0x06, 0, 0, 0x00050000 | EDOM },		/* getuid: fail */
		{ 0x06, 0, 0, 0x7fff0000 },			/* all else: allow */
	};
	struct { unsigned short len; void *filter; } prog = { 4, code };

	if (syscall(SYS_prctl, 38, 1, 0, 0, 0) < 0 || syscall(SYS_prctl, 22, 2, &prog, 0, 0) < 0)
		return errno == EINVAL ? ABSENT : REFUSED;
	for (int i = 0; i < 5; i++)
		syscall(SYS_getuid);
	return canary(open("../forbidden/secret", O_RDONLY));
}

/* What i386 has beside one number for one call. */
#ifdef __i386__
static int
old_mmap_then_open(void)
{
	unsigned long args[6] = { 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, (unsigned long)-1, 0 };
	long at = syscall(90, args);

	return at == -1 ? REFUSED : canary(open(strcpy((char *)at, "../forbidden/secret"), O_RDONLY));
}

static int number_open(void) { return canary((int)syscall(I386_OPEN, "../forbidden/secret", 0)); }
#else
static int old_mmap_then_open(void) { return ABSENT; }
static int number_open(void) { return ABSENT; }
#endif

#define A(fn) { #fn, fn, 0 }
#define W(fn) { #fn, fn, BITS64 }
#define N(fn) { #fn, fn, BITS32 }
static const struct attempt list[] = {
	W(int80_open), W(int80_openat), W(int80_high), W(int80_disguised_mkdir), W(int80_mkdir), W(segment32),
	W(x32_open), W(x32_mkdir), W(x32_low_execve), W(x32_low_ioctl), W(wide_number), W(wide_number_top), W(wide_mkdir),
	W(wide_dirfd), W(wide_dirfd_box), W(wide_flags), W(wide_path_flag), W(wide_mode), W(wide_unlink_flags),
	N(gate64_open), A(number_2000), A(number_minus_1), A(number_minus_2), A(after_minus_1), A(after_sigtrap),
	A(after_interrupted), A(from_handler), A(after_own_filter), N(old_mmap_then_open), N(number_open),
	W(tagged_path), N(old_abi_open), N(carried_open), N(number_open_arm), N(truncates),
};
ATTEMPTS(list)

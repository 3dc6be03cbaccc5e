/* SPDX-License-Identifier: ISC */
/*
 * oldkernel LEVEL -- COMMAND [ARG]...
 *
 * Runs a command for which this kernel answers as an older one would: system
 * calls that the older one does not have are not there, nor are ptrace(2)'s
 * later requests and options.  What cannot be imitated: a filter that runs
 * before the tracer (Linux < 4.8), options that take effect though they are
 * refused (< 3.4), /proc/PID/mem that cannot be written (< 2.6.39), O_PATH that
 * is ignored (< 2.6.39), uname(2), what /proc shows, and how group-stops behave.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { REQ_GETREGSET = 0x4204, REQ_SEIZE = 0x4206, REQ_LISTEN = 0x4208, REQ_SYSCALL_INFO = 0x420e, REQ_SET_SYSCALL_INFO = 0x4212 };
enum { OPT_EXITKILL = 1 << 20 };
enum { MAX_INSNS = 128 };

/* What came with a level and later ones only. */
enum {
	HAS_REGSET	= 1 << 0,	/* 2.6.34 */
	HAS_SEIZE	= 1 << 1,	/* 3.4 */
	HAS_FILTERS	= 1 << 2,	/* 3.5, with PR_SET_NO_NEW_PRIVS */
	HAS_EXITKILL	= 1 << 3,	/* 3.8 */
	HAS_CALL_INFO	= 1 << 4,	/* 5.3 */
	HAS_NNP		= 1 << 5,	/* 3.5, filters or not */
	HAS_SET_INFO	= 1 << 6,	/* 6.16 */
	HAS_ALL		= (1 << 7) - 1
};

/* The ABIs of this machine; which system call numbers a level has of them. */
#if defined(__x86_64__)
enum { NATIVE, NARROW, NABIS };
#define HIGHEST(x86_64, i386, generic, arm)	{ x86_64, i386 }
#define AUDIT		{ AUDIT_ARCH_X86_64, AUDIT_ARCH_I386 }
#define NARROW_NUMBERS	26, 172, 354
#elif defined(__i386__)
enum { NATIVE, NABIS };
#define HIGHEST(x86_64, i386, generic, arm)	{ i386 }
#define AUDIT		{ AUDIT_ARCH_I386 }
#elif defined(__aarch64__)
enum { NATIVE, NARROW, NABIS };
#define HIGHEST(x86_64, i386, generic, arm)	{ generic, arm }
#define AUDIT		{ AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM }
#define NARROW_NUMBERS	26, 172, 383
#else
#error "oldkernel knows no numbers of this architecture"
#endif

/* Far above there are calls that arm has to itself, and had always. */
enum { PRIVATE = 0xf0000 };

static const struct level {
	const char *name;
	unsigned highest[NABIS];
	unsigned has;
} levels[] = {
	/* arm's 64-bit ABI began with 3.7. */
#if !defined(__aarch64__)
	{ "2.6.32",	HIGHEST(298, 336, 0, 0), 0 },
	{ "3.0",	HIGHEST(308, 346, 0, 0), HAS_REGSET },
	{ "3.2",	HIGHEST(311, 348, 0, 0), HAS_REGSET },
	{ "3.4",	HIGHEST(311, 348, 0, 0), HAS_REGSET | HAS_SEIZE },
#endif
	{ "3.8",	HIGHEST(313, 350, 273, 379), HAS_ALL & ~(HAS_CALL_INFO | HAS_SET_INFO) },
	{ "4.8",	HIGHEST(328, 379, 287, 393), HAS_ALL & ~(HAS_CALL_INFO | HAS_SET_INFO) },
	{ "5.3",	HIGHEST(435, 435, 435, 435), HAS_ALL & ~HAS_SET_INFO },
	{ "noseccomp",	HIGHEST(~0U, ~0U, ~0U, ~0U), HAS_ALL & ~HAS_FILTERS },
	{ "now",	HIGHEST(~0U, ~0U, ~0U, ~0U), HAS_ALL },
};

/* The numbers of one ABI's calls. */
struct numbers {
	unsigned ptrace, prctl, seccomp;
};

static struct sock_filter prog[MAX_INSNS];
static unsigned short n;

static void
put(struct sock_filter f)
{
	if (n < MAX_INSNS)
		prog[n++] = f;
}

static void
load(size_t offset)
{
	put((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

static void
answer(int err)
{
	put((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, err ? SECCOMP_RET_ERRNO | (unsigned)err : SECCOMP_RET_ALLOW));
}

/* Where the loaded word is this, the answer is that. */
static void
where(unsigned op, unsigned value, int err)
{
	put((struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, value, 0, 1));
	answer(err);
}

static size_t
argument(unsigned i)
{
	return offsetof(struct seccomp_data, args) + i * sizeof(uint64_t);
}

/* From here to land() is for the loaded word being this. */
static unsigned short
only_for(unsigned value)
{
	put((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 0));
	return (unsigned short)(n - 1);
}

static void
land(unsigned short at)
{
	prog[at].jf = (unsigned char)(n - at - 1);
}

/* What follows, to end_call(), is about this call; its first argument is loaded. */
static unsigned short
begin_call(unsigned nr)
{
	unsigned short at;

	load(offsetof(struct seccomp_data, nr));
	at = only_for(nr);
	load(argument(0));
	return at;
}

/* All that was not answered is let in. */
static void
end_call(unsigned short at)
{
	answer(0);
	land(at);
}

static void
filter_ptrace(const struct level *l, unsigned nr)
{
	unsigned short at = begin_call(nr);

	if (!(l->has & HAS_CALL_INFO))
		where(BPF_JEQ, REQ_SYSCALL_INFO, EIO);
	if (!(l->has & HAS_SET_INFO))
		where(BPF_JEQ, REQ_SET_SYSCALL_INFO, EIO);
	for (unsigned r = REQ_SEIZE; r <= REQ_LISTEN && !(l->has & HAS_SEIZE); r++)
		where(BPF_JEQ, r, EIO);
	for (unsigned r = REQ_GETREGSET; r <= REQ_GETREGSET + 1 && !(l->has & HAS_REGSET); r++)
		where(BPF_JEQ, r, EIO);
	if (!(l->has & HAS_EXITKILL)) {
		unsigned short seize = only_for(REQ_SEIZE);

		load(argument(3));
		where(BPF_JSET, OPT_EXITKILL, EIO);
		answer(0);
		land(seize);
		seize = only_for(PTRACE_SETOPTIONS);
		load(argument(3));
		where(BPF_JSET, OPT_EXITKILL, EINVAL);
		land(seize);
	}
	end_call(at);
}

static void
filter_prctl(const struct level *l, unsigned nr)
{
	unsigned short at = begin_call(nr);

	if (!(l->has & HAS_FILTERS))
		where(BPF_JEQ, PR_SET_SECCOMP, EINVAL);
	if (!(l->has & HAS_NNP)) {
		where(BPF_JEQ, PR_SET_NO_NEW_PRIVS, EINVAL);
		where(BPF_JEQ, PR_GET_NO_NEW_PRIVS, EINVAL);
	}
	end_call(at);
}

/* A number of -1 is what a tracer makes of a call that the kernel is to skip. */
static void
filter_abi(const struct level *l, unsigned audit, unsigned highest, const struct numbers *of)
{
	unsigned short at;

	load(offsetof(struct seccomp_data, arch));
	at = only_for(audit);
	load(offsetof(struct seccomp_data, nr));
	where(BPF_JEQ, ~0U, 0);
	if (highest != ~0U) {
		if (audit == AUDIT_ARCH_ARM)
			put((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, PRIVATE, 2, 0));
		put((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, highest, 0, 1));
		answer(ENOSYS);
	}
	if (!(l->has & HAS_FILTERS))
		where(BPF_JEQ, of->seccomp, ENOSYS);
	filter_ptrace(l, of->ptrace);
	filter_prctl(l, of->prctl);
	answer(0);
	land(at);
}

static int
become(const struct level *l)
{
	static const struct numbers numbers[NABIS] = {
		[NATIVE] = { SYS_ptrace, SYS_prctl, SYS_seccomp },
#ifdef NARROW_NUMBERS
		[NARROW] = { NARROW_NUMBERS },
#endif
	};
	static const unsigned audit[NABIS] = AUDIT;

	for (unsigned i = 0; i < NABIS; i++)
		filter_abi(l, audit[i], l->highest[i], &numbers[i]);
	answer(0);
	if (n >= MAX_INSNS) {
		errno = E2BIG;
		return -1;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &(struct sock_fprog){ n, prog }, 0, 0);
}

static const struct level *
find(const char *name)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (!strcmp(levels[i].name, name))
			return &levels[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct level *l = argc > 2 ? find(argv[1]) : NULL;
	char **command = argv + 2;

	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
			puts(levels[i].name);
		return 0;
	}
	if (l && !strcmp(*command, "--"))
		command++;
	if (!l || !*command) {
		fputs("Usage: oldkernel LEVEL -- COMMAND [ARG]...\n       oldkernel --list\n", stderr);
		return 125;
	}
	if (become(l) < 0) {
		perror("oldkernel: the filter");
		return 125;
	}
	execvp(*command, command);
	perror(*command);
	return errno == ENOENT ? 127 : 126;
}

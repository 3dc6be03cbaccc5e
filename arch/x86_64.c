/* SPDX-License-Identifier: ISC */
#include "arch/arch_int.h"

static const struct sysnum calls[] = {
#define CALL(nr, name)	{ nr, #name },
#include "arch/x86_64.tbl"
#include "arch/common.tbl"
#undef CALL
};

/* AUDIT_ARCH_X86_64; x32 has the same. */
#define AUDIT_X86_64	0xc000003e

static const struct abi abis[] = {
	{
		.name = "x86_64",
		.audit_arch = AUDIT_X86_64,
		.wordsize = 8,
		.address_bits = 64,
		.gate_size = 2,
		.map_low = 0x40,	/* MAP_32BIT: int $0x80 reaches no further */
		.supported = true,
		.calls = calls,
		.ncalls = sizeof(calls) / sizeof(calls[0]),
	},
	ABI_I386,
	/*
	 * x32 runs most of x86-64's numbers with structures of its own, and few
	 * kernels have it: without a table, every one of its calls is refused.
	 */
	{
		.name = "x32",
		.audit_arch = AUDIT_X86_64,
		.nr_flag = 0x40000000,
		.wordsize = 8,
		.address_bits = 64,
		.gate_size = 2,
	},
};

/* Bytes from the start of the register set. */
enum {
	X86_64_RBP = 32,
	X86_64_RBX = 40,
	X86_64_R11 = 48,
	X86_64_R10 = 56,
	X86_64_R9 = 64,
	X86_64_R8 = 72,
	X86_64_RAX = 80,
	X86_64_RCX = 88,
	X86_64_RDX = 96,
	X86_64_RSI = 104,
	X86_64_RDI = 112,
	X86_64_ORIG_RAX = 120,
	X86_64_RIP = 128,
	X86_64_CS = 136,
	X86_64_FLAGS = 144,
	X86_64_RSP = 152,
	X86_64_REGS = 216,
};

/* The selector that the kernel gives to 32-bit code. */
enum { USER32_CS = 0x23 };

/* int $0x80, which 64-bit code can use as well. */
static const struct gate int80 = {
	.audit_arch = AUDIT_I386,
	.width = 4,
	.arg = { X86_64_RBX, X86_64_RCX, X86_64_RDX, X86_64_RSI, X86_64_RDI, X86_64_RBP },
};

/* In flags: a trap after each instruction. */
enum { TRAP_FLAG = 0x100 };

#define LOAD(rex, modrm)	rex, 0x8b, modrm, 0x25, 0, 0, 0, 0	/* mov ADDRESS, %REG */

/* No flag changes, no stack is used; the jump may go to where no branch is meant to, as the return of a call may. */
static const struct stub stub = {
	.code = {
		0x0f, 0x05,				/* syscall */
		LOAD(0x48, 0x3c), LOAD(0x48, 0x34), LOAD(0x48, 0x14), LOAD(0x4c, 0x14), LOAD(0x4c, 0x04), LOAD(0x4c, 0x0c),
		LOAD(0x48, 0x0c),
		0x3e, 0xff, 0x24, 0x25, 0, 0, 0, 0,	/* notrack jmp *ADDRESS */
		0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
	},
	.entry = 2,
	.nwords = 8,
	.word = {
		{ X86_64_RDI, 6 }, { X86_64_RSI, 14 }, { X86_64_RDX, 22 }, { X86_64_R10, 30 }, { X86_64_R8, 38 }, { X86_64_R9, 46 },
		{ X86_64_RCX, 54 }, { X86_64_RIP, 62 },
	},
	.link = X86_64_RCX,
	.state = X86_64_FLAGS,
	.steps = TRAP_FLAG,
};

static const struct cradle cradle = {
	.code = {
		0xb8, 0xba, 0, 0, 0, 0x0f, 0x05,	/* gettid() */
		0x89, 0xc7,
		0xbe, 0x13, 0, 0, 0,			/* SIGSTOP */
		0xb8, 0xc8, 0, 0, 0, 0x0f, 0x05,	/* tkill() */
		0xeb, 0xe9,				/* and again */
	},
	.segment = X86_64_CS,
	.flat = { 0x33, USER32_CS, 0xe033, 0xe023 },	/* the last two under Xen */
	.nchanges = 6,
	.changes = { X86_64_RBX, X86_64_RCX, X86_64_R11, X86_64_RSI, X86_64_RDI, X86_64_ORIG_RAX },
};

static const struct regset regsets[] = {
	{
		.size = X86_64_REGS,
		.width = 8,
		.audit_arch = AUDIT_X86_64,
		.nr = X86_64_ORIG_RAX,
		.skip_nr = -1,
		.ret = X86_64_RAX,
		.ip = X86_64_RIP,
		.sp = X86_64_RSP,
		.call = X86_64_RAX,
		.arg = { X86_64_RDI, X86_64_RSI, X86_64_RDX, X86_64_R10, X86_64_R8, X86_64_R9 },
		.marker = X86_64_RAX,
		.entered = -38,
		.other = &int80,
		.stub = &stub,
		.cradle = &cradle,
		.mode = X86_64_CS,
		.other_mode = USER32_CS,
	},
	REGSET_I386,
};

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.abis = abis,
	.nabis = sizeof(abis) / sizeof(abis[0]),
	.regsets = regsets,
	.nregsets = sizeof(regsets) / sizeof(regsets[0]),
};

#if defined(__x86_64__)
#include <sys/user.h>

#define SAME(reg, field) \
	_Static_assert(reg == offsetof(struct user_regs_struct, field), #field)
SAME(X86_64_RBP, rbp);
SAME(X86_64_RBX, rbx);
SAME(X86_64_RCX, rcx);
SAME(X86_64_CS, cs);
SAME(X86_64_FLAGS, eflags);
SAME(X86_64_R11, r11);
SAME(X86_64_R10, r10);
SAME(X86_64_R9, r9);
SAME(X86_64_R8, r8);
SAME(X86_64_RAX, rax);
SAME(X86_64_RDX, rdx);
SAME(X86_64_RSI, rsi);
SAME(X86_64_RDI, rdi);
SAME(X86_64_ORIG_RAX, orig_rax);
SAME(X86_64_RIP, rip);
SAME(X86_64_RSP, rsp);
_Static_assert(X86_64_REGS == sizeof(struct user_regs_struct), "size");
#endif

/* SPDX-License-Identifier: ISC */
#include "arch/arch_int.h"

static const struct sysnum calls[] = {
#define CALL(nr, name)	{ nr, #name },
#include "arch/aarch64.tbl"
#include "arch/common.tbl"
#undef CALL
};

/* The EABI's.  The old ABI's number 113, which carries another call, is in no table and so is refused. */
static const struct sysnum arm_calls[] = {
#define CALL(nr, name)	{ nr, #name },
#include "arch/arm.tbl"
#include "arch/common.tbl"
#include "arch/arm_private.tbl"
#undef CALL
};

/* AUDIT_ARCH_AARCH64 and AUDIT_ARCH_ARM of linux/audit.h. */
#define AUDIT_AARCH64	0xc00000b7
#define AUDIT_ARM	0x40000028

static const struct abi abis[] = {
	{
		.name = "aarch64",
		.audit_arch = AUDIT_AARCH64,
		.wordsize = 8,
		.address_bits = 56,
		.gate_size = 4,
		.trap_returns = TRAP_ARGUMENT,
		.supported = true,
		.calls = calls,
		.ncalls = sizeof(calls) / sizeof(calls[0]),
	},
	{
		.name = "arm",
		.audit_arch = AUDIT_ARM,
		.wordsize = 4,
		.address_bits = 32,
		.pairs_aligned = true,
		.gate_size = 2,		/* Thumb's; the second half of the other one, which is aligned to its size */
		.trap_returns = TRAP_ARGUMENT,
		.supported = true,
		.calls = arm_calls,
		.ncalls = sizeof(arm_calls) / sizeof(arm_calls[0]),
	},
};

/* x0 to x30, sp, pc, pstate. */
#define X(n)	((n) * 8)
enum { AARCH64_SP = X(31), AARCH64_PC = X(32), AARCH64_REGS = X(34) };

/* r0 to r15, cpsr, the first argument once more. */
#define R(n)	((n) * 4)
enum { ARM_SP = R(13), ARM_PC = R(15), ARM_CPSR = R(16), ARM_REGS = R(18) };

/*
 * NT_ARM_SYSTEM_CALL of linux/elf.h.  What is written to the register that the
 * number came in has no effect.
 */
enum { SYSTEM_CALL = 0x404 };

/* What the kernel says in x7 and r12 while a task stands at a syscall stop; afterwards they have their own values. */
enum { AT_ENTRY = 0 };

static const struct regset regsets[] = {
	{
		.size = AARCH64_REGS,
		.width = 8,
		.audit_arch = AUDIT_AARCH64,
		.nr = X(8),
		.skip_nr = -1,
		.nr_set = SYSTEM_CALL,
		.ret = X(0),
		.ip = AARCH64_PC,
		.sp = AARCH64_SP,
		.call = X(8),
		.arg = { X(0), X(1), X(2), X(3), X(4), X(5) },
		.marker = X(7),
		.entered = AT_ENTRY,
		.sure = true,
	},
	{
		.size = ARM_REGS,
		.width = 4,
		.audit_arch = AUDIT_ARM,
		.nr = R(7),
		.skip_nr = -1,
		.nr_set = SYSTEM_CALL,
		.ret = R(0),
		.ip = ARM_PC,
		.sp = ARM_SP,
		.call = R(7),
		.long_gate = 4,
		.state = ARM_CPSR,
		.short_state = 1 << 5,
		.arg = { R(0), R(1), R(2), R(3), R(4), R(5) },
		.marker = R(12),
		.entered = AT_ENTRY,
		.sure = true,
	},
};

const struct arch arch_aarch64 = {
	.name = "aarch64",
	.abis = abis,
	.nabis = sizeof(abis) / sizeof(abis[0]),
	.regsets = regsets,
	.nregsets = sizeof(regsets) / sizeof(regsets[0]),
};

#if defined(__aarch64__)
#include <asm/ptrace.h>

#define SAME(reg, field) \
	_Static_assert(reg == offsetof(struct user_pt_regs, field), #field)
SAME(X(0), regs[0]);
SAME(X(8), regs[8]);
SAME(AARCH64_SP, sp);
SAME(AARCH64_PC, pc);
_Static_assert(AARCH64_REGS == sizeof(struct user_pt_regs), "size");
#endif

/* SPDX-License-Identifier: ISC */
#ifndef TG_ARCH_INT_H
#define TG_ARCH_INT_H

/* What the descriptors share with each other and with arch.c. */

#include "arch/arch.h"

#define ARCH(name)	extern const struct arch arch_##name;
#include "arch/arch.def"
#undef ARCH

/* The i386 ABI belongs to two architectures. */
enum i386_row {
#define CALL(nr, name)	I386_ROW_##nr,
#include "arch/i386.tbl"
#include "arch/common.tbl"
#undef CALL
	I386_NCALLS
};
extern const struct sysnum i386_calls[I386_NCALLS];

/* AUDIT_ARCH_I386 of linux/audit.h, which some libcs come without. */
#define AUDIT_I386	0x40000003
#define ABI_I386 { \
	.name = "i386", \
	.audit_arch = AUDIT_I386, \
	.wordsize = 4, \
	.address_bits = 32, \
	.gate_size = 2, \
	.vdso_return = 12, \
	.supported = true, \
	.calls = i386_calls, \
	.ncalls = I386_NCALLS, \
}

/* Bytes from the start of the register set; i386.c checks them on its own host. */
enum {
	I386_EBX = 0,
	I386_ECX = 4,
	I386_EDX = 8,
	I386_ESI = 12,
	I386_EDI = 16,
	I386_EBP = 20,
	I386_EAX = 24,
	I386_ORIG_EAX = 44,
	I386_EIP = 48,
	I386_CS = 52,
	I386_ESP = 60,
	I386_REGS = 68,
};

extern const struct cradle i386_cradle;

#define REGSET_I386 { \
	.size = I386_REGS, \
	.width = 4, \
	.audit_arch = AUDIT_I386, \
	.marker = I386_EAX, \
	.entered = -38, \
	.nr = I386_ORIG_EAX, \
	.skip_nr = -1, \
	.ret = I386_EAX, \
	.ip = I386_EIP, \
	.sp = I386_ESP, \
	.call = I386_EAX, \
	.arg = { I386_EBX, I386_ECX, I386_EDX, I386_ESI, I386_EDI, I386_EBP }, \
	.cradle = &i386_cradle, \
}

#endif

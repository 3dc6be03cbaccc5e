/* SPDX-License-Identifier: ISC */
#ifndef TG_REGISTERS_H
#define TG_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "arch/arch.h"

enum { MAX_REGSET = 1024 };

/* Registers of a stopped task, with the layout the kernel used for them. */
struct registers {
	unsigned char bytes[MAX_REGSET];
	size_t len;
	const struct regset *set;
};

/* 0 or -errno; -EPROTO: of a layout that the architecture does not have. */
int registers_load(const struct arch *, pid_t tid, struct registers *);
int registers_store(pid_t tid, const struct registers *);

/* Where the arguments of a call by that ABI are: it can be another one than the registers'. */
const size_t *registers_args(const struct registers *, uint32_t audit_arch);

/* offset: one of regset's.  Of a register of four bytes, zero-extended. */
uint64_t registers_get(const struct registers *, size_t offset);
void registers_put(struct registers *, size_t offset, int64_t value);

/* AUDIT_ARCH_* of the ABI whose code runs, which can be another one than the set's. */
uint32_t registers_code(const struct registers *);

/* Is code where its addresses say?  In a segment of the program's own (modify_ldt(2)) it is elsewhere. */
bool registers_are_flat(const struct registers *);

/* Bytes of the instruction that made the call, of an ABI whose gate has that size or a longer form. */
unsigned registers_gate(const struct registers *, unsigned gate_size);

/* At a syscall-enter-stop: the kernel is to make the call of that number.  0 or -errno; stores the registers. */
int registers_call(pid_t tid, struct registers *, uint64_t nr);

/* At a syscall-enter-stop: the kernel is to do nothing and to return that.  0 or -errno; stores the registers. */
int registers_skip(pid_t tid, struct registers *, int64_t result);

#endif

/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/net.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/run.h"

#if defined(HAVE_LIBSECCOMP)
#include <seccomp.h>
#endif

#include "arch/arch.h"
#include "engine/demux.h"
#include "engine/sysdesc.h"

enum { X32_BIT = 0x40000000 };

static const struct abi *
abi_named(const char *name)
{
	const struct arch *a;

	for (size_t i = 0; (a = arch_at(i)); i++)
		for (size_t k = 0; k < a->nabis; k++)
			if (!strcmp(a->abis[k].name, name))
				return &a->abis[k];
	ck_abort_msg("no ABI is called %s", name);
	return NULL;
}

static const struct arch *
arch_named(const char *name)
{
	const struct arch *a;

	for (size_t i = 0; (a = arch_at(i)); i++)
		if (!strcmp(a->name, name))
			return a;
	ck_abort_msg("no architecture is called %s", name);
	return NULL;
}

/* Names and numbers. */

static const char *const abis[] = { "x86_64", "i386", "aarch64", "arm" };
enum { NABIS = sizeof(abis) / sizeof(abis[0]) };

START_TEST(tables_are_sorted)
{
	const struct abi *abi = abi_named(abis[_i]);

	ck_assert_uint_gt(abi->ncalls, 300);
	for (size_t i = 1; i < abi->ncalls; i++)
		ck_assert_msg(abi->calls[i - 1].nr < abi->calls[i].nr, "%s: %s", abi->name, abi->calls[i].name);
}
END_TEST

START_TEST(every_number_has_a_row)
{
	const struct abi *abi = abi_named(abis[_i]);

	for (size_t i = 0; i < abi->ncalls; i++)
		ck_assert_msg(sysdesc_find(abi->calls[i].name) != SYS_ID_none,
		    "%s: %s is not in syscalls.def", abi->name, abi->calls[i].name);
}
END_TEST

START_TEST(every_row_has_a_number)
{
	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++) {
		bool found = false;

		for (unsigned k = 0; k < NABIS; k++)
			found |= abi_call_nr(abi_named(abis[k]), sysdesc_table[id].name) >= 0;
		ck_assert_msg(found, "no table has %s", sysdesc_table[id].name);
	}
}
END_TEST

START_TEST(names_and_numbers_lead_to_each_other)
{
	const struct abi *abi = abi_named(abis[_i]);

	for (size_t i = 0; i < abi->ncalls; i++) {
		ck_assert_int_eq(abi_call_nr(abi, abi->calls[i].name), abi->calls[i].nr);
		ck_assert_str_eq(abi_call_name(abi, abi->calls[i].nr), abi->calls[i].name);
	}
	ck_assert_ptr_null(abi_call_name(abi, UINT32_MAX));
	ck_assert_ptr_null(abi_call_name(abi, 4095));
	ck_assert_int_eq(abi_call_nr(abi, "opneat"), -1);
}
END_TEST

#if defined(HAVE_LIBSECCOMP)
static const uint32_t seccomp_arch[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM };

/* The calls of i386 and arm with ids of 16 bits. */
static const char *const narrow[] = {
	"chown", "fchown", "lchown", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
};

/* Where the tables take the kernel's own name for a number and libseccomp the header's. */
static const char *
seccomp_name(const char *ours)
{
	if (!strcmp(ours, "old_mmap"))
		return "mmap";
	if (!strcmp(ours, "old_select"))
		return "select";
	for (size_t i = 0; i < sizeof(narrow) / sizeof(*narrow); i++)
		if (!strncmp(ours, narrow[i], strlen(narrow[i])) && !strcmp(ours + strlen(narrow[i]), "16"))
			return narrow[i];
	return ours;
}

START_TEST(tables_agree_with_libseccomp)
{
	const struct abi *abi = abi_named(abis[_i]);

	for (uint32_t nr = 0; nr < 1024; nr++) {
		const char *ours = abi_call_name(abi, nr);
		char *theirs = seccomp_syscall_resolve_num_arch(seccomp_arch[_i], (int)nr);

		if (theirs) {
			ck_assert_msg(ours != NULL, "%s: %u is %s", abi->name, nr, theirs);
			ck_assert_str_eq(seccomp_name(ours), theirs);
		}
		free(theirs);
	}
	for (size_t i = 0; i < abi->ncalls; i++) {
		int nr = seccomp_syscall_resolve_name_arch(seccomp_arch[_i], seccomp_name(abi->calls[i].name));

		if (nr >= 0)	/* negative: unknown there, or part of a multiplexer */
			ck_assert_msg((uint32_t)nr == abi->calls[i].nr, "%s: %s is %d",
			    abi->name, abi->calls[i].name, nr);
	}
}
END_TEST
#endif

/* Which ABI a call belongs to. */

static const struct {
	const char *arch;
	uint32_t audit;
	uint64_t raw;
	const char *abi;	/* NULL: none that we know */
	uint32_t nr;
} calls[] = {
	{ "x86_64", AUDIT_ARCH_X86_64, UINT64_MAX, "x86_64", UINT32_MAX },	/* skipped; not x32 although bit 30 is set */
	{ "x86_64", AUDIT_ARCH_X86_64, UINT32_MAX, "x86_64", UINT32_MAX },
	{ "x86_64", AUDIT_ARCH_I386, UINT32_MAX, "i386", UINT32_MAX },
	{ "x86_64", AUDIT_ARCH_X86_64, 0, "x86_64", 0 },
	{ "x86_64", AUDIT_ARCH_X86_64, 257, "x86_64", 257 },
	{ "x86_64", AUDIT_ARCH_X86_64, X32_BIT | 257, "x32", 257 },
	{ "x86_64", AUDIT_ARCH_X86_64, X32_BIT, "x32", 0 },
	{ "x86_64", AUDIT_ARCH_X86_64, UINT32_MAX - 1, "x32", (UINT32_MAX - 1) & ~X32_BIT },
	{ "x86_64", AUDIT_ARCH_X86_64, 0x80000000, "x86_64", 0x80000000 },
	{ "x86_64", AUDIT_ARCH_X86_64, 0x100000040, "x86_64", 0x40 },	/* the kernel drops the upper half */
	{ "x86_64", AUDIT_ARCH_X86_64, 0x100000000 | X32_BIT | 1, "x32", 1 },
	{ "x86_64", AUDIT_ARCH_I386, 5, "i386", 5 },
	{ "x86_64", AUDIT_ARCH_I386, X32_BIT | 5, "i386", X32_BIT | 5 },	/* no flag there: an unknown number */
	{ "x86_64", AUDIT_ARCH_AARCH64, 5, NULL, 5 },
	{ "aarch64", AUDIT_ARCH_AARCH64, 56, "aarch64", 56 },
	{ "aarch64", AUDIT_ARCH_AARCH64, UINT64_MAX, "aarch64", UINT32_MAX },
	{ "aarch64", AUDIT_ARCH_ARM, 0xf0002, "arm", 0xf0002 },
	{ "aarch64", AUDIT_ARCH_X86_64, 5, NULL, 5 },
	{ "x86_64", 0, 5, NULL, 5 },
	{ "i386", AUDIT_ARCH_I386, 5, "i386", 5 },
	{ "i386", AUDIT_ARCH_X86_64, 5, NULL, 5 },
};

START_TEST(knows_the_abi)
{
	uint32_t nr = 4711;
	const struct abi *abi = arch_abi(arch_named(calls[_i].arch), calls[_i].audit, calls[_i].raw, &nr);

	if (!calls[_i].abi)
		ck_assert_ptr_null(abi);
	else
		ck_assert_str_eq(abi ? abi->name : "none", calls[_i].abi);
	ck_assert_uint_eq(nr, calls[_i].nr);
}
END_TEST

START_TEST(x32_is_not_supported)
{
	ck_assert(!abi_named("x32")->supported);
	ck_assert(abi_named("x86_64")->supported);
	ck_assert(abi_named("i386")->supported);
}
END_TEST

START_TEST(native_comes_first)
{
	const struct arch *a = arch_native();

	ck_assert_str_eq(a->name, a->abis[0].name);
	ck_assert_uint_eq(a->abis[0].wordsize, sizeof(void *));
	ck_assert_ptr_null(arch_at(1000));
}
END_TEST

START_TEST(register_sets_are_told_by_size)
{
	const struct arch *a = arch_named("x86_64");

	ck_assert_uint_eq(arch_regset(a, 216)->width, 8);
	ck_assert_uint_eq(arch_regset(a, 68)->width, 4);
	ck_assert_ptr_null(arch_regset(a, 0));
	ck_assert_ptr_null(arch_regset(a, 217));
	ck_assert_uint_eq(arch_regset(arch_named("aarch64"), 272)->width, 8);
	ck_assert_uint_eq(arch_regset(arch_named("aarch64"), 72)->width, 4);
}
END_TEST

static bool
has_abi(const struct arch *a, uint32_t audit_arch)
{
	uint32_t nr;

	return arch_abi(a, audit_arch, 0, &nr) != NULL;
}

/* A fact that is left out is a zero, and a zero is seldom what is so. */
START_TEST(every_arch_is_complete)
{
	const struct arch *a;

	for (size_t i = 0; (a = arch_at(i)); i++) {
		ck_assert_uint_eq(a->regsets[0].audit_arch, a->abis[0].audit_arch);
		for (size_t k = 0; k < a->nabis; k++) {
			ck_assert(a->abis[k].wordsize == 4 || a->abis[k].wordsize == 8);
			ck_assert_uint_ge(a->abis[k].address_bits, 32);
			ck_assert_uint_gt(a->abis[k].gate_size, 0);
			ck_assert(a->abis[k].ncalls || !a->abis[k].supported);
		}
		for (size_t k = 0; k < a->nregsets; k++) {
			const struct regset *r = &a->regsets[k];

			ck_assert(has_abi(a, r->audit_arch));
			ck_assert(!r->other || has_abi(a, r->other->audit_arch));
			ck_assert_int_lt(r->skip_nr, 0);
			ck_assert_ptr_eq(arch_regset(a, r->size), r);
			ck_assert_uint_le(r->nr + r->width, r->size);
			ck_assert_uint_le(r->ret + r->width, r->size);
			ck_assert_uint_le(r->marker + r->width, r->size);
			ck_assert(r->ip != r->sp && r->ip + r->width <= r->size && r->sp + r->width <= r->size);
			for (unsigned n = 0; n < 6; n++)
				ck_assert_uint_le(r->arg[n] + r->width, r->size);
		}
	}
}
END_TEST

static bool
stub_loads(const struct stub *s, size_t reg)
{
	for (unsigned k = 0; k < s->nwords; k++)
		if (s->word[k].reg == reg)
			return true;
	return false;
}

/* Whatever a call was changed in is loaded, and there is room in the code for where it comes from. */
static void
look_at_stub(const struct regset *r, const struct stub *s)
{
	static const unsigned char none[4];
	unsigned last = s->entry;

	ck_assert_uint_gt(s->entry, 0);
	ck_assert_uint_le(s->nwords, STUB_WORDS);
	for (unsigned k = 0; k < s->nwords; k++) {
		ck_assert_uint_ge(s->word[k].at, last);
		last = s->word[k].at + sizeof(none);
		ck_assert_uint_le(last, STUB_SIZE);
		ck_assert_mem_eq(s->code + s->word[k].at, none, sizeof(none));
	}
	for (unsigned n = 0; n < 6; n++)
		ck_assert(stub_loads(s, r->arg[n]));
	ck_assert(stub_loads(s, r->ip) && stub_loads(s, s->link));
	ck_assert(!stub_loads(s, r->ret) && !stub_loads(s, r->nr) && !stub_loads(s, r->sp));
}

START_TEST(stubs_load_what_is_changed)
{
	const struct arch *a;
	uint32_t nr;

	for (size_t i = 0; (a = arch_at(i)); i++)
		for (size_t k = 0; k < a->nregsets; k++) {
			const struct regset *r = &a->regsets[k];

			if (!r->stub)
				continue;
			look_at_stub(r, r->stub);
			ck_assert_uint_eq(r->stub->entry, arch_abi(a, r->audit_arch, 0, &nr)->gate_size);
		}
}
END_TEST

/* syscalls.def */

START_TEST(families_have_a_head)
{
	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++) {
		unsigned head = sysdesc_table[id].family;

		ck_assert_msg(head != SYS_ID_none && head < SYS_IDS, "%s", sysdesc_table[id].name);
		ck_assert_msg(sysdesc_table[head].family == head, "the family of %s has one of its own",
		    sysdesc_table[id].name);
	}
}
END_TEST

/* What is read beside an argument must be there: the argument after it. */
static bool
is_followed_well(const struct argdesc *a)
{
	const struct argdesc *next = a + 1;

	switch (a->kind) {
	case A_SOCKADDR:
		return next->kind == A_INT && !strcmp(next->name, "addrlen");
	case A_MMSGHDR:
		return next->kind == A_UINT && !strcmp(next->name, "vlen");
	case A_OPENHOW:
	case A_CLONEARGS:
		return next->kind == A_ULONG && !strcmp(next->name, "size");
	case A_DIRFD:
		return next->kind == A_PATH || next->kind == A_LPATH || next->kind == A_ENTRY;
	case A_VIRT:
		return next->kind == A_VIRT || next->kind == A_NONE;
	}
	return true;
}

/* Which rights an argument of a kind can ask for. */
static unsigned
rights_of_kind(unsigned kind)
{
	switch (kind) {
	case A_PATH:
	case A_LPATH:
	case A_ENTRY:
		return R_PATHS | R_OPEN;
	case A_FD:
		return R_PATHS;
	case A_DOMAIN:
		return R_SOCKET;
	case A_SOCKADDR:
	case A_MSGHDR:
	case A_MMSGHDR:
		return R_CONNECT | R_BIND | R_SEND;
	case A_PID:
	case A_KILLPID:
	case A_PIDFD:
		return R_PROCS;
	}
	return 0;
}

static bool
needs_rights(unsigned kind)
{
	return kind == A_PATH || kind == A_LPATH || kind == A_ENTRY || kind == A_DOMAIN ||
	    kind == A_SOCKADDR || kind == A_KILLPID || kind == A_PIDFD;
}

static bool
has_vocab(unsigned kind)
{
	return kind == A_FLAGS || kind == A_LFLAGS || kind == A_ENUM || kind == A_DOMAIN || kind == A_DIRFD ||
	    kind == A_SIG || kind == A_VIRT || kind == A_INT || kind == A_LONG;
}

START_TEST(arguments_are_well_formed)
{
	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++) {
		const struct sysdesc *d = &sysdesc_table[id];
		unsigned n = sysdesc_nargs(d);

		ck_assert_msg(n < SYS_MAXARGS, "%s: an end must be there", d->name);
		for (unsigned i = 0; i < n; i++) {
			const struct argdesc *a = &d->arg[i];

			ck_assert_msg(a->kind < ARGKINDS && a->vocab < VOCABS && a->empty < SYS_IDS, "%s", d->name);
			ck_assert_msg(is_followed_well(a), "%s: what follows %s", d->name, a->name);
			ck_assert_msg(!(a->rights & ~rights_of_kind(a->kind)), "%s: rights of %s", d->name, a->name);
			ck_assert_msg(a->rights || !needs_rights(a->kind), "%s: rights of %s", d->name, a->name);
			ck_assert_msg(!a->vocab || has_vocab(a->kind), "%s: vocabulary of %s", d->name, a->name);
			ck_assert_msg(sysdesc_arg(d, a->name) == (int)i, "%s: two arguments %s", d->name, a->name);
		}
		for (unsigned i = n; i < SYS_MAXARGS; i++)
			ck_assert_msg(!d->arg[i].kind && !d->arg[i].name, "%s: a gap", d->name);
	}
}
END_TEST

/* The ABI's registers must suffice: a 64-bit value takes two of them on a 32-bit one. */
START_TEST(arguments_fit_the_registers)
{
	const struct abi *abi = abi_named(abis[_i]);

	for (size_t i = 0; i < abi->ncalls; i++) {
		const struct sysdesc *d = &sysdesc_table[sysdesc_find(abi->calls[i].name)];
		unsigned regs = 0;

		for (unsigned k = 0; k < sysdesc_nargs(d); k++) {
			enum argwidth w = kinddesc_table[d->arg[k].kind].width;

			if (w == W_64 && abi->wordsize == 4)
				regs += 2 + (abi->pairs_aligned && regs % 2);
			else
				regs += w != W_NOREG;
		}
		ck_assert_msg(regs <= SYS_MAXREGS, "%s: %s takes %u registers", abi->name, d->name, regs);
	}
}
END_TEST

/* An argument's name means the same width everywhere a rule for the family looks. */
START_TEST(families_agree_on_kinds)
{
	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++) {
		const struct sysdesc *d = &sysdesc_table[id], *head = &sysdesc_table[d->family];

		for (unsigned i = 0; i < sysdesc_nargs(d); i++) {
			int k = sysdesc_arg(head, d->arg[i].name);

			if (k < 0)
				continue;
			ck_assert_msg(d->arg[i].vocab == head->arg[k].vocab && d->arg[i].rights == head->arg[k].rights,
			    "%s, %s: %s", d->name, head->name, d->arg[i].name);
		}
	}
}
END_TEST

START_TEST(looks_up_arguments)
{
	const struct sysdesc *d = &sysdesc_table[SYS_ID_openat];

	ck_assert_str_eq(d->name, "openat");
	ck_assert_uint_eq(sysdesc_nargs(d), 4);
	ck_assert_int_eq(sysdesc_arg(d, "dirfd"), 0);
	ck_assert_int_eq(sysdesc_arg(d, "flags"), 2);
	ck_assert_int_eq(sysdesc_arg(d, "arg3"), 3);
	ck_assert_int_eq(sysdesc_arg(d, "arg4"), -1);
	ck_assert_int_eq(sysdesc_arg(d, "arg"), -1);
	ck_assert_int_eq(sysdesc_arg(d, "arg33"), -1);
	ck_assert_int_eq(sysdesc_arg(&sysdesc_table[SYS_ID_getpid], "arg0"), -1);
	ck_assert_uint_eq(sysdesc_nargs(&sysdesc_table[SYS_ID_none]), 0);
	ck_assert_int_eq(sysdesc_find("opneat"), SYS_ID_none);
}
END_TEST

START_TEST(looks_up_rights)
{
	for (unsigned r = R_READ; r <= R_TRACE; r <<= 1) {
		ck_assert_ptr_nonnull(rights_name(r));
		ck_assert_uint_eq(rights_find(rights_name(r)), r);
	}
	ck_assert_ptr_null(rights_name(0));
	ck_assert_ptr_null(rights_name(R_READ | R_WRITE));
	ck_assert_ptr_null(rights_name(R_OPEN));
	ck_assert_uint_eq(rights_find("peek"), 0);
}
END_TEST

/* constants.def */

START_TEST(constants_are_sorted)
{
	for (size_t i = 1; i < nconstants; i++)
		ck_assert_msg(strcmp(vocabdesc_table[constants[i - 1].vocab].name,
		    vocabdesc_table[constants[i].vocab].name) <= 0, "%s", constants[i].name);
}
END_TEST

START_TEST(constants_have_one_meaning)
{
	for (size_t i = 0; i < nconstants; i++)
		ck_assert_msg(constant_find(constants[i].name)->value == constants[i].value, "%s", constants[i].name);
}
END_TEST

/* Whoever prints a set takes the names from the top: the larger set has to come first. */
START_TEST(larger_sets_come_first)
{
	for (size_t i = 0; i < nconstants; i++)
		for (size_t k = i + 1; k < nconstants && constants[k].vocab == constants[i].vocab; k++)
			ck_assert_msg(vocabdesc_table[constants[i].vocab].style != VS_BITS || !constants[i].value ||
			    constants[k].value == constants[i].value ||
			    (constants[k].value & constants[i].value) != constants[i].value ||
			    constant_name((enum vocab)constants[k].vocab, constants[k].value, NULL) != constants[k].name,
			    "%s hides %s", constants[i].name, constants[k].name);
}
END_TEST

START_TEST(every_vocabulary_has_words)
{
	for (unsigned v = V_NONE + 1; v < VOCABS; v++) {
		bool any = false;

		for (size_t i = 0; i < nconstants; i++)
			any |= constants[i].vocab == v;
		ck_assert_msg(any, "%s is empty", vocabdesc_table[v].name);
	}
}
END_TEST

START_TEST(looks_up_constants)
{
	ck_assert_uint_eq(constant_find("O_CLOEXEC")->value, 02000000);
	ck_assert_uint_eq(constant_find("AT_FDCWD")->value, (uint64_t)-100);
	ck_assert_ptr_null(constant_find("O_CLOEXE"));
	ck_assert_str_eq(constant_name(V_O, 0, NULL), "O_RDONLY");
	ck_assert_str_eq(constant_name(V_AF, 1, NULL), "AF_UNIX");
	ck_assert_ptr_null(constant_name(V_AF, 4711, NULL));
	ck_assert_int_eq(errno_find("EACCES"), EACCES);
	ck_assert_int_eq(errno_find("O_CLOEXEC"), 0);
	ck_assert_int_eq(errno_find("EACCESS"), 0);
	ck_assert_str_eq(errno_name(EAGAIN), "EAGAIN");
	ck_assert_ptr_null(errno_name(0));
	ck_assert_str_eq(signal_name(SIGTERM), "SIGTERM");
	ck_assert_str_eq(signal_name(SIGIO), "SIGIO");
	ck_assert_ptr_null(signal_name(0));
}
END_TEST

/* demux.def */

START_TEST(carried_calls_exist)
{
	const struct abi *abi = abi_named("i386");

	for (size_t i = 0; i < ndemux; i++) {
		const struct demux *d = &demux_table[i];
		unsigned n = sysdesc_nargs(&sysdesc_table[d->meant]);

		ck_assert_int_ge(abi_call_nr(abi, sysdesc_table[d->carrier].name), 0);
		ck_assert_int_eq(demux_find((enum sys_id)d->carrier, d->call)->meant, d->meant);
		ck_assert(demux_carries((enum sys_id)d->carrier));
		ck_assert(!demux_carries((enum sys_id)d->meant));
		for (unsigned k = n; k < SYS_MAXREGS; k++)
			ck_assert_msg(d->source[k].kind == DEMUX_ZERO, "%s takes %u", sysdesc_table[d->meant].name, n);
	}
}
END_TEST

static const struct {
	enum sys_id carrier;
	uint32_t first;
	enum sys_id meant;
} carried[] = {
	{ SYS_ID_socketcall, 0, SYS_ID_none },
	{ SYS_ID_socketcall, SYS_SOCKET, SYS_ID_socket },
	{ SYS_ID_socketcall, SYS_BIND, SYS_ID_bind },
	{ SYS_ID_socketcall, SYS_CONNECT, SYS_ID_connect },
	{ SYS_ID_socketcall, SYS_LISTEN, SYS_ID_listen },
	{ SYS_ID_socketcall, SYS_ACCEPT, SYS_ID_accept },
	{ SYS_ID_socketcall, SYS_GETSOCKNAME, SYS_ID_getsockname },
	{ SYS_ID_socketcall, SYS_GETPEERNAME, SYS_ID_getpeername },
	{ SYS_ID_socketcall, SYS_SOCKETPAIR, SYS_ID_socketpair },
	{ SYS_ID_socketcall, SYS_SEND, SYS_ID_sendto },
	{ SYS_ID_socketcall, SYS_RECV, SYS_ID_recvfrom },
	{ SYS_ID_socketcall, SYS_SENDTO, SYS_ID_sendto },
	{ SYS_ID_socketcall, SYS_RECVFROM, SYS_ID_recvfrom },
	{ SYS_ID_socketcall, SYS_SHUTDOWN, SYS_ID_shutdown },
	{ SYS_ID_socketcall, SYS_SETSOCKOPT, SYS_ID_setsockopt },
	{ SYS_ID_socketcall, SYS_GETSOCKOPT, SYS_ID_getsockopt },
	{ SYS_ID_socketcall, SYS_SENDMSG, SYS_ID_sendmsg },
	{ SYS_ID_socketcall, SYS_RECVMSG, SYS_ID_recvmsg },
	{ SYS_ID_socketcall, SYS_ACCEPT4, SYS_ID_accept4 },
	{ SYS_ID_socketcall, SYS_RECVMMSG, SYS_ID_recvmmsg },
	{ SYS_ID_socketcall, SYS_SENDMMSG, SYS_ID_sendmmsg },
	{ SYS_ID_socketcall, SYS_SENDMMSG + 1, SYS_ID_none },
	{ SYS_ID_socketcall, 0x10000 | SYS_SOCKET, SYS_ID_none },
	{ SYS_ID_ipc, 0, SYS_ID_none },
	{ SYS_ID_ipc, 1, SYS_ID_semop },
	{ SYS_ID_ipc, 0x70001, SYS_ID_semop },	/* the upper half is a version */
	{ SYS_ID_ipc, 12, SYS_ID_msgrcv },
	{ SYS_ID_ipc, 0x1000c, SYS_ID_msgrcv },
	{ SYS_ID_ipc, 24, SYS_ID_shmctl },
	{ SYS_ID_ipc, 25, SYS_ID_none },
	{ SYS_ID_old_mmap, 0xdeadbeef, SYS_ID_mmap },
	{ SYS_ID_old_select, 0, SYS_ID_select },
	{ SYS_ID_read, 0, SYS_ID_none },
};

START_TEST(unfolds)
{
	const struct demux *d = demux_find(carried[_i].carrier, carried[_i].first);

	ck_assert_int_eq(d ? d->meant : SYS_ID_none, carried[_i].meant);
}
END_TEST

START_TEST(versions_of_msgrcv_differ)
{
	ck_assert_int_eq(demux_find(SYS_ID_ipc, 12)->source[1].kind, DEMUX_WORD);
	ck_assert_int_eq(demux_find(SYS_ID_ipc, 0x1000c)->source[1].kind, DEMUX_REG);
}
END_TEST

static Suite *
tables_suite(void)
{
	Suite *s = suite_create("tables");
	TCase *arch = tcase_create("arch"), *desc = tcase_create("sysdesc"), *demux = tcase_create("demux");

	tcase_add_loop_test(arch, tables_are_sorted, 0, NABIS);
	tcase_add_loop_test(arch, every_number_has_a_row, 0, NABIS);
	tcase_add_test(arch, every_row_has_a_number);
	tcase_add_loop_test(arch, names_and_numbers_lead_to_each_other, 0, NABIS);
#if defined(HAVE_LIBSECCOMP)
	tcase_add_loop_test(arch, tables_agree_with_libseccomp, 0, NABIS);
#endif
	tcase_add_loop_test(arch, knows_the_abi, 0, sizeof(calls) / sizeof(calls[0]));
	tcase_add_test(arch, x32_is_not_supported);
	tcase_add_test(arch, native_comes_first);
	tcase_add_test(arch, register_sets_are_told_by_size);
	tcase_add_test(arch, every_arch_is_complete);
	tcase_add_test(arch, stubs_load_what_is_changed);
	suite_add_tcase(s, arch);

	tcase_add_test(desc, families_have_a_head);
	tcase_add_test(desc, arguments_are_well_formed);
	tcase_add_loop_test(desc, arguments_fit_the_registers, 0, NABIS);
	tcase_add_test(desc, families_agree_on_kinds);
	tcase_add_test(desc, looks_up_arguments);
	tcase_add_test(desc, looks_up_rights);
	tcase_add_test(desc, constants_are_sorted);
	tcase_add_test(desc, constants_have_one_meaning);
	tcase_add_test(desc, larger_sets_come_first);
	tcase_add_test(desc, every_vocabulary_has_words);
	tcase_add_test(desc, looks_up_constants);
	suite_add_tcase(s, desc);

	tcase_add_test(demux, carried_calls_exist);
	tcase_add_loop_test(demux, unfolds, 0, sizeof(carried) / sizeof(carried[0]));
	tcase_add_test(demux, versions_of_msgrcv_differ);
	suite_add_tcase(s, demux);
	return s;
}

int
main(void)
{
	return run_suite(tables_suite());
}

/* SPDX-License-Identifier: ISC */
#include "engine/sysdesc.h"

#include <string.h>

/* Arguments as syscalls.def writes them: name, kind, vocabulary, rights, the call it is with AT_EMPTY_PATH. */
#define NOARGS				{ NULL, A_NONE, V_NONE, 0, 0 }

/* Values in a register. */
#define INT(n)				{ #n, A_INT, V_NONE, 0, 0 }
#define IENUM(n, vocab)			{ #n, A_INT, V_##vocab, 0, 0 }
#define UINT(n)				{ #n, A_UINT, V_NONE, 0, 0 }
#define UINT16(n)			{ #n, A_UINT16, V_NONE, 0, 0 }
#define LONG(n)				{ #n, A_LONG, V_NONE, 0, 0 }
#define LENUM(n, vocab)			{ #n, A_LONG, V_##vocab, 0, 0 }
#define ULONG(n)			{ #n, A_ULONG, V_NONE, 0, 0 }
#define OFF64(n)			{ #n, A_OFF64, V_NONE, 0, 0 }
#define PTR(n)				{ #n, A_PTR, V_NONE, 0, 0 }
#define FLAGS(n, vocab)			{ #n, A_FLAGS, V_##vocab, 0, 0 }
#define LFLAGS(n, vocab)		{ #n, A_LFLAGS, V_##vocab, 0, 0 }
#define ENUM(n, vocab)			{ #n, A_ENUM, V_##vocab, 0, 0 }
#define DOMAIN(n)			{ #n, A_DOMAIN, V_AF, R_SOCKET, 0 }
#define SIG(n)				{ #n, A_SIG, V_SIG, 0, 0 }

/* Descriptors and processes; R: what happens to the object needs rights. */
#define FD(n)				{ #n, A_FD, V_NONE, 0, 0 }
#define FDR(n, rights)			{ #n, A_FD, V_NONE, rights, 0 }
#define DIRFD(n)			{ #n, A_DIRFD, V_DIRFD, 0, 0 }
#define PID(n)				{ #n, A_PID, V_NONE, 0, 0 }
#define PIDR(n, rights)			{ #n, A_PID, V_NONE, rights, 0 }
#define KILLPID(n, rights)		{ #n, A_KILLPID, V_NONE, rights, 0 }
#define PIDFD(n, rights)		{ #n, A_PIDFD, V_NONE, rights, 0 }

/* Names; E: an empty one can mean the descriptor before it. */
#define STR(n)				{ #n, A_STR, V_NONE, 0, 0 }
#define PATH(n, rights)			{ #n, A_PATH, V_NONE, rights, 0 }
#define PATHE(n, rights, call)		{ #n, A_PATH, V_NONE, rights, SYS_ID_##call }
#define LPATH(n, rights)		{ #n, A_LPATH, V_NONE, rights, 0 }
#define LPATHE(n, rights, call)		{ #n, A_LPATH, V_NONE, rights, SYS_ID_##call }
#define ENTRY(n, rights)		{ #n, A_ENTRY, V_NONE, rights, 0 }
#define SOCKADDR(n, rights)		{ #n, A_SOCKADDR, V_NONE, rights, 0 }

/* Structures, and what decode finds in them. */
#define MSGHDR(n, rights)		{ #n, A_MSGHDR, V_NONE, rights, 0 }
#define MMSGHDR(n, rights)		{ #n, A_MMSGHDR, V_NONE, rights, 0 }
#define OPENHOW(n)			{ #n, A_OPENHOW, V_NONE, 0, 0 }
#define CLONEARGS(n)			{ #n, A_CLONEARGS, V_NONE, 0, 0 }
#define ARGV(n)				{ #n, A_ARGV, V_NONE, 0, 0 }
#define VIRT(n, vocab)			{ #n, A_VIRT, V_##vocab, 0, 0 }

const struct sysdesc sysdesc_table[SYS_IDS] = {
#define SYS(name, family, ...)	[SYS_ID_##name] = { #name, SYS_ID_##family, { __VA_ARGS__ } },
#include "engine/syscalls.def"
#undef SYS
};

const struct kinddesc kinddesc_table[ARGKINDS] = {
	[A_NONE] = { "NONE", W_INT, IN_REG, "no argument" },
#define KIND(id, width, where, help)	[A_##id] = { #id, width, where, help },
#include "engine/argkinds.def"
#undef KIND
};

const struct vocabdesc vocabdesc_table[VOCABS] = {
	[V_NONE] = { "NONE", VS_ENUM, "numbers without names" },
#define VOCAB(id, style, help)	[V_##id] = { #id, style, help },
#include "engine/vocabs.def"
#undef VOCAB
};

const struct constant constants[] = {
#define CONST(vocab, name, value)	{ #name, V_##vocab, value },
#include "engine/constants.def"
#undef CONST
};
const size_t nconstants = sizeof(constants) / sizeof(constants[0]);

const struct constant_abi constants_abi[] = {
#define CONST_ABI(abi, name, value)	{ #abi, #name, value },
#include "engine/constants_abi.def"
#undef CONST_ABI
};
const size_t nconstants_abi = sizeof(constants_abi) / sizeof(constants_abi[0]);

uint64_t
constant_value(const struct constant *c, const char *abi)
{
	if (!abi || !strcmp(abi, "x86_64"))	/* whose values constants.def has */
		return c->value;
	for (size_t i = 0; i < nconstants_abi; i++)
		if (!strcmp(constants_abi[i].abi, abi) && !strcmp(constants_abi[i].name, c->name))
			return constants_abi[i].value;
	return c->value;
}

/* One bit each, in the order of the enum. */
static const char *const right_names[] = {
	"read", "write", "create", "delete", "exec", "stat", "attr",
	"socket", "connect", "bind", "send",
	"signal", "trace",
};
enum { NRIGHTS = sizeof(right_names) / sizeof(right_names[0]) };

_Static_assert(1 << (NRIGHTS - 1) == R_TRACE, "every right has a name");

uint64_t
argwidth_cut(enum argwidth width, unsigned wordsize, uint64_t v)
{
	if (width == W_INT)
		return (uint64_t)(int64_t)(int32_t)v;
	if (width == W_UINT16)
		return (uint16_t)v;
	if (width == W_UINT || (width == W_WORD && wordsize == 4))
		return (uint32_t)v;
	return v;
}

/* Calls by their names: each start looks up those of all ABIs. */
enum { NCHAINS = 256 };
static uint16_t chain[NCHAINS], next_of[SYS_IDS];	/* SYS_ID_none ends them */

static unsigned
chain_of(const char *name)
{
	unsigned h = 0;

	while (*name)
		h = h * 31 + (unsigned char)*name++;
	return h % NCHAINS;
}

static void
make_chains(void)
{
	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++) {
		uint16_t *head = &chain[chain_of(sysdesc_table[id].name)];

		next_of[id] = *head;
		*head = (uint16_t)id;
	}
}

enum sys_id
sysdesc_find(const char *name)
{
	static bool made;
	unsigned id;

	if (!made)
		make_chains();
	made = true;
	for (id = chain[chain_of(name)]; id != SYS_ID_none && strcmp(sysdesc_table[id].name, name); id = next_of[id])
		;
	return id;
}

bool
sys_executes(enum sys_id id)
{
	return id == SYS_ID_execve || id == SYS_ID_execveat;
}

bool
sys_asks_for_access(enum sys_id id)
{
	return id == SYS_ID_access || id == SYS_ID_faccessat || id == SYS_ID_faccessat2;
}

unsigned
sysdesc_nargs(const struct sysdesc *d)
{
	unsigned n = 0;

	while (n < SYS_MAXARGS && d->arg[n].kind != A_NONE)
		n++;
	return n;
}

int
sysdesc_arg(const struct sysdesc *d, const char *name)
{
	unsigned nargs = sysdesc_nargs(d);

	for (unsigned i = 0; i < nargs; i++)
		if (!strcmp(d->arg[i].name, name))
			return i;
	if (strncmp(name, "arg", 3) || name[3] < '0' || name[3] > '9' || name[4])
		return -1;
	return (unsigned)(name[3] - '0') < nargs ? name[3] - '0' : -1;
}

const char *
rights_name(unsigned right)
{
	for (unsigned i = 0; i < NRIGHTS; i++)
		if (right == 1u << i)
			return right_names[i];
	return NULL;
}

unsigned
rights_find(const char *name)
{
	for (unsigned i = 0; i < NRIGHTS; i++)
		if (!strcmp(right_names[i], name))
			return 1u << i;
	return 0;
}

/* Constants are looked up while a policy loads, never while one decides: a walk will do. */
const struct constant *
constant_find(const char *name)
{
	for (size_t i = 0; i < nconstants; i++)
		if (!strcmp(constants[i].name, name))
			return &constants[i];
	return NULL;
}

const char *
constant_name(enum vocab vocab, uint64_t value, const char *abi)
{
	for (size_t i = 0; i < nconstants; i++)
		if (constants[i].vocab == vocab && constant_value(&constants[i], abi) == value)
			return constants[i].name;
	return NULL;
}

int
errno_find(const char *name)
{
	const struct constant *c = constant_find(name);

	return c && c->vocab == V_ERRNO ? (int)c->value : 0;
}

const char *
errno_name(int err)
{
	return constant_name(V_ERRNO, err, NULL);
}

const char *
signal_name(int sig)
{
	return constant_name(V_SIG, sig, NULL);
}

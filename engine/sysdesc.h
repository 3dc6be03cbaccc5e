/* SPDX-License-Identifier: ISC */
#ifndef TG_SYSDESC_H
#define TG_SYSDESC_H

/*
 * What each syscall takes, once for all ABIs: syscalls.def, one line per call;
 * argkinds.def, the kinds of argument; constants.def, the names of values.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SYS_MAXREGS	= 6,	/* register arguments */
	SYS_MAXARGS	= 10,	/* and values that decode finds in memory: openat2's flags, clone3's */
};

/* The identity of a call, the same on every ABI. */
enum sys_id {
	SYS_ID_none,		/* unknown, on purpose the zero value */
#define SYS(name, family, ...)	SYS_ID_##name,
#include "engine/syscalls.def"
#undef SYS
	SYS_IDS
};

/* What kind of value an argument is; decides how it is read, checked and printed. */
enum argkind {
	A_NONE,
#define KIND(id, width, where, help)	A_##id,
#include "engine/argkinds.def"
#undef KIND
	ARGKINDS
};

/* Which registers and memory a kind takes. */
enum argwidth {
	W_INT,		/* 32 bits, signed */
	W_UINT,		/* 32 bits */
	W_UINT16,	/* 16 bits: a mode, the ids of old calls */
	W_WORD,		/* a register */
	W_64,		/* 64 bits on every ABI: two registers on a narrow one */
	W_NOREG,	/* not in a register */
};
enum argwhere { IN_REG, IN_MEM };			/* IN_MEM: the verdict depends on tracee memory */

/* Sets of named values: open flags, address families … */
enum vocab {
	V_NONE,
#define VOCAB(id, style, help)	V_##id,
#include "engine/vocabs.def"
#undef VOCAB
	VOCABS
};

/*
 * What can be done to an object.  A rule names rights; a call needs rights on
 * the objects its arguments name.
 */
enum {
	/* paths */
	R_READ		= 1 << 0,
	R_WRITE		= 1 << 1,
	R_CREATE	= 1 << 2,	/* a new directory entry */
	R_DELETE	= 1 << 3,	/* an entry goes away */
	R_EXEC		= 1 << 4,
	R_STAT		= 1 << 5,	/* look at attributes, names and links; enter a directory */
	R_ATTR		= 1 << 6,	/* change mode, owner, times, extended attributes */
	R_PATHS		= (1 << 7) - 1,
	/* socket addresses */
	R_SOCKET	= 1 << 7,	/* make a socket of a family */
	R_CONNECT	= 1 << 8,
	R_BIND		= 1 << 9,
	R_SEND		= 1 << 10,
	R_ADDRS		= R_SOCKET | R_CONNECT | R_BIND | R_SEND,
	/* processes */
	R_SIGNAL	= 1 << 11,
	R_TRACE		= 1 << 12,	/* ptrace, read or write memory */
	R_PROCS		= R_SIGNAL | R_TRACE,
	/* in syscalls.def only: the open flags say which path rights */
	R_OPEN		= 1 << 15,
};

struct argdesc {
	const char *name;	/* as the man page of the call has it */
	uint8_t kind;		/* enum argkind */
	uint8_t vocab;		/* enum vocab: names of its values */
	uint16_t rights;	/* R_*: what the call does to the object named here */
	uint16_t empty;		/* enum sys_id: with AT_EMPTY_PATH and "" the call is this one, on the descriptor */
};

struct sysdesc {
	const char *name;
	uint16_t family;	/* enum sys_id: fcntl for fcntl64; itself when it has no variants */
	struct argdesc arg[SYS_MAXARGS];
};

struct kinddesc {
	const char *name;	/* "DIRFD" */
	enum argwidth width;
	enum argwhere where;
	const char *help;
};

/* Indexed by identity, kind and vocabulary; complete. */
extern const struct sysdesc sysdesc_table[SYS_IDS];
extern const struct kinddesc kinddesc_table[ARGKINDS];

/* What is left of a value of that width, as the kernel cuts it; W_INT is sign-extended. */
uint64_t argwidth_cut(enum argwidth, unsigned wordsize, uint64_t);

/* The call of that name; SYS_ID_none when there is none. */
enum sys_id sysdesc_find(const char *name);
/* It runs another program. */
bool sys_executes(enum sys_id);
/* It only asks what may be done with a file: by such a call a program says where it is. */
bool sys_asks_for_access(enum sys_id);
/* Number of arguments of a call, virtual ones included. */
unsigned sysdesc_nargs(const struct sysdesc *);
/* The argument of that name ("flags", "arg2"); -1 when there is none. */
int sysdesc_arg(const struct sysdesc *, const char *name);

/* The name of one right ("read"); NULL for 0 or a set.  rights_find: 0 when unknown. */
const char *rights_name(unsigned right);
unsigned rights_find(const char *name);

/* A named value: AF_INET, O_RDONLY. */
struct constant {
	const char *name;
	uint8_t vocab;
	uint64_t value;		/* on x86-64 and, unless constants_abi says otherwise, on all */
};
extern const struct constant constants[];
extern const size_t nconstants;

/* Where an ABI has another value. */
struct constant_abi {
	const char *abi, *name;
	uint64_t value;
};
extern const struct constant_abi constants_abi[];
extern const size_t nconstants_abi;
/* The value there; the common one where abi is NULL or has no other. */
uint64_t constant_value(const struct constant *, const char *abi);

/* How a vocabulary prints: one value, bits, or a mode that several bits make up (O_ACCMODE). */
enum vocab_style { VS_ENUM, VS_BITS };
struct vocabdesc {
	const char *name;
	enum vocab_style style;
	const char *help;
};
extern const struct vocabdesc vocabdesc_table[VOCABS];

/* The constant of that name in any vocabulary; NULL when there is none. */
const struct constant *constant_find(const char *name);
/* The name of a value in a vocabulary, as that ABI has it (NULL: the common one); NULL when it has none. */
const char *constant_name(enum vocab, uint64_t value, const char *abi);
/* Errno by name ("EACCES") and back; 0 and NULL when unknown. */
int errno_find(const char *name);
const char *errno_name(int err);
/* Signal names likewise ("SIGTERM"). */
const char *signal_name(int sig);

#endif

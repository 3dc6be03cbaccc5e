/* SPDX-License-Identifier: ISC */
#ifndef TG_POLICY_INT_H
#define TG_POLICY_INT_H

/*
 * A policy compiled: what loading builds and deciding reads.  Every list that
 * deciding walks is sorted so that the first rule to match decides, whatever
 * the order of the lines was.
 */

#include "engine/pattern.h"
#include "engine/policy.h"

/* A test of one argument, or what joins two of them; a condition is a row of these in postfix order. */
enum condop_kind {
	COND_AND, COND_OR, COND_NOT,
	COND_EQ, COND_NE, COND_LT, COND_LE, COND_GT, COND_GE,
	COND_HAS,		/* all these bits */
	COND_IN,		/* one of these values */
	COND_WITHIN,		/* no bits but these */
};

/* What a test is about: an argument, or what makes the call. */
enum condop_subject {
	ABOUT_ARG,
	ABOUT_UID, ABOUT_EUID, ABOUT_GID, ABOUT_EGID,	/* numbers */
	ABOUT_EXE, ABOUT_ARGV0, ABOUT_CALLER,		/* texts: one of textpats */
	ABOUT_CALLER_FILE,				/* yes or no */
};

/* A pattern for the text of a subject; for a caller "module:function". */
struct textpat {
	struct pattern text;
	struct pattern function;
	bool has_function;
	bool whole;		/* the whole path, not its last component alone */
};

enum { COND_DEPTH = 32 };	/* results that can wait for their operator */

struct condop {
	uint8_t kind;
	uint8_t about;		/* enum condop_subject */
	uint8_t arg;
	bool is_signed;		/* compare as a signed number */
	bool word;		/* as wide as the ABI's register */
	uint32_t nvals;
	uint64_t mask;		/* what is kept of the argument; all ones without `&` */
	const uint64_t *val;
	const char *abi;		/* which this one is for; NULL: all but those of others */
	const struct condop *other;	/* the same test where an ABI's constants have other values */
	const struct textpat *pat;	/* nvals of them */
};

struct condition {
	const struct condop *op;
	unsigned n;
	unsigned needs;		/* enum need */
};

enum addr_shape { ADDR_ANY, ADDR_FAMILY, ADDR_UNIX, ADDR_ABSTRACT, ADDR_IP };

/* `connect inet:10.0.0.0/8:443` and its kin. */
struct addrpat {
	uint8_t shape;
	uint8_t bits;		/* ADDR_IP: length of the network's prefix */
	uint16_t family;
	uint16_t port_lo, port_hi;
	uint8_t ip[16];
	struct pattern name;	/* ADDR_UNIX, ADDR_ABSTRACT */
};

enum object_kind { OBJ_PATH, OBJ_ADDR, OBJ_PROC, OBJ_CALL, OBJ_KINDS };

/* One line for one object: a line that lists several becomes several rules. */
struct rule {
	struct origin origin;
	uint8_t kind;			/* enum object_kind */
	uint8_t action;			/* enum action */
	bool log, quiet;
	bool hidden;			/* follows from another rule: `show` leaves it out */
	bool elsewhere;			/* where links lead from an object that is written otherwise */
	const struct policy_link *links;	/* those that it was reached by and that could be others; NULL: none */
	uint16_t rights;
	uint16_t implied;		/* those of them that nobody wrote */
	int err;
	uint32_t seq;			/* order as written: the last thing that rules are sorted by */
	uint16_t guard;			/* floor: index of its guard */
	uint16_t terms;			/* of its condition */
	uint8_t phase;			/* that it belongs to, plus one; 0: it always holds */
	uint16_t target;		/* what an exec adds: index into policy.target, plus one; 0: nothing */
	uint16_t id;			/* OBJ_CALL: enum sys_id */
	uint64_t rank;			/* the larger the more specific */
	const char *object;		/* canonical text */
	const char *when;		/* text of its condition, or NULL */
	enum proc_class proc;
	struct pattern path;
	struct addrpat addr;
	struct condition cond;
};

/* A `default`, `unknown` or `children` line, or what holds without one. */
struct setting {
	enum action action;
	int err;
	struct origin origin;		/* file NULL: no line says it */
};

/* In the order of the words that say them. */
enum trigger_kind { TRIGGER_CALL, TRIGGER_EXEC, TRIGGER_OPEN, TRIGGER_MARK, TRIGGER_TIME };

/* One thing that ends a phase. */
struct trigger {
	enum trigger_kind kind;
	uint16_t id;			/* TRIGGER_CALL */
	bool hidden;			/* another form of the call that is written */
	struct condition cond;
	struct pattern path;		/* TRIGGER_OPEN */
	const char *mark;
	uint64_t ms;			/* TRIGGER_TIME */
	const char *text;		/* as `show` writes it */
};

struct phase {
	const char *name;
	struct origin origin;
	const struct trigger *trigger;
	unsigned ntriggers;
};

/* A link that the policy lets the program make, on the way to what a rule allows. */
struct loose {
	const char *link, *object;	/* the object at its end, which is not allowed */
	struct origin origin;
};

/* A word of the policy with its place: `program`, `unsafe`. */
struct mark {
	const char *word;
	struct origin origin;
};

/*
 * A sieve leaves few of many rules: each is listed under a key that every call
 * has which it matches.  What keys are about is their class; a call is asked for
 * its keys of each class that is used.
 */
enum sieve_kind { SIEVE_RIGHT, SIEVE_TEXT, SIEVE_PORTS, SIEVE_NUMBER };
enum sieve_subject { SUBJECT_OBJECT, SUBJECT_EXE, SUBJECT_ARGV0, SUBJECT_MODULE, SUBJECT_FUNCTION };

struct sieve_class {
	uint8_t kind;			/* enum sieve_kind */
	uint8_t size;			/* SIEVE_TEXT: bytes of a piece of it; SIEVE_PORTS: of a port's bits the first */
	uint8_t subject;		/* SIEVE_TEXT: enum sieve_subject */
	bool used;
	const struct condop *op;	/* SIEVE_NUMBER: the last 32 bits of what such a test is about */
};

struct sieve_entry {
	uint32_t key;
	uint32_t next;			/* with the same bucket, plus one; 0 ends */
	uint32_t first, n;		/* in sieve.rule, in the order of rules */
};

struct sieve {
	const struct sieve_class *class;
	unsigned nclasses;
	const uint32_t *rule;		/* indices of rules: first those that have no key */
	uint32_t nrest, nfiled;
	const struct sieve_entry *entry;
	const uint32_t *bucket;		/* index of an entry, plus one */
	uint32_t mask;
};

static inline uint32_t
sieve_key(unsigned class, uint64_t value)
{
	value += (uint64_t)(class + 1) << 40;
	value ^= value >> 32;
	return (uint32_t)(value * 0x9e3779b97f4a7c15u >> 32);
}

/* Rules of paths that begin with the same literal bytes: a run of sorted[OBJ_PATH]. */
struct prefix {
	uint32_t hash;
	uint32_t next;			/* with the same bucket, plus one; 0 ends */
	uint32_t first, n;		/* rules */
	uint16_t len;
	const struct sieve *sieve;	/* NULL: they are few */
};

/* Finds the few rules whose literal beginning a path has, longest first, without a look at the others. */
struct prefix_index {
	const struct prefix *prefix;
	const uint32_t *bucket;		/* index of a prefix, plus one */
	uint32_t mask;
	const uint16_t *len;		/* the lengths there are, shortest first */
	size_t nlens;
};

/*
 * Addresses that are alike in kind: networks of one length in one family, names
 * whose literal beginnings are as long; and those that say no more than a family.
 */
struct addr_level {
	uint8_t shape;
	uint16_t family;
	uint16_t len;			/* of the network's prefix in bits, of the name's in bytes */
};

/* Finds the few rules for an address: the narrowest level first, in each the run with the same beginning. */
struct addr_index {
	const struct addr_level *level;
	size_t nlevels;
	const struct prefix *run;	/* .len is the level's index */
	const uint32_t *bucket;		/* index of a run, plus one */
	uint32_t mask;
};

struct policy {
	struct pool *pool;			/* owns all that follows */
	const char *name;
	struct setting fallback, unknown, children;
	const struct phase *phase;
	unsigned nphases;
	const uint8_t *needs;			/* of each call: enum need */
	uint8_t object_needs[OBJ_CALL];		/* and of a call that has objects of that kind */
	const struct policy *const *target;	/* that rules add on exec */
	const char *const *target_name;
	size_t ntargets;
	struct policy **family;			/* all targets there are: those of the policy that was asked for own them */
	size_t nfamily;
	const struct rule *const *rule;		/* as written, for show and lint */
	size_t nrules;
	const struct rule *const *sorted[OBJ_KINDS];	/* most specific first; OBJ_CALL by identity before that */
	size_t nsorted[OBJ_KINDS];
	const struct rule *const *trees;	/* those of paths, most specific first whatever they begin with */
	struct prefix_index prefixes;
	struct addr_index addrs;
	const uint32_t *call_at;		/* SYS_IDS + 1 indices into sorted[OBJ_CALL] */
	const struct sieve *const *call_sieve;	/* of each call; NULL: its rules are few */
	const struct sieve *proc_sieve;
	const struct mark *unsafe;
	size_t nunsafe;
	const struct mark *program;
	size_t nprograms;
	const struct loose *loose;		/* links that led elsewhere and do not count */
	size_t nloose;
	const struct mark *idle;		/* blocks that nobody uses */
	size_t nidle;
	const struct mark *idle_let;		/* variables likewise */
	size_t nidle_lets;
	const struct mark *idle_program;	/* lines of what is added to a policy: it is chosen by its own */
	size_t nidle_programs;
	const char *const *programs;		/* the words alone, NULL-ended */
	const char *const *guards;		/* floor: NULL-ended; index as in struct rule */
};

/* The line that says just this rule: "deny EACCES read /x". */
void rule_print(const struct policy *, const struct rule *, struct strbuf *);
/* "read,write" */
void rights_print(unsigned rights, struct strbuf *);

/* What is accessed, as a policy says it: "/x", "inet:1.2.3.4:80", "tree". */
void object_print(const struct access *, struct strbuf *);

/* An argument's value by the names of its vocabulary; false when it has none. */
bool value_print(const struct argdesc *, uint64_t value, const char *abi, struct strbuf *);

/* FNV-1a: a hash that grows with the text. */
enum { HASH_START = 2166136261u };
static inline uint32_t
hash_byte(uint32_t hash, unsigned char c)
{
	return (hash ^ c) * 16777619u;
}

/* The beginning of an address as long as its level says: of a network's number, of a name. */
static inline uint32_t
hash_addr(const struct addr_level *l, const uint8_t *ip, const char *name)
{
	uint32_t hash = hash_byte(HASH_START, l->shape);
	unsigned bytes = l->shape == ADDR_IP ? l->len / 8 : l->len, rest = l->shape == ADDR_IP ? l->len % 8 : 0;

	for (unsigned i = 0; i < bytes; i++)
		hash = hash_byte(hash, l->shape == ADDR_IP ? ip[i] : (unsigned char)name[i]);
	return rest ? hash_byte(hash, (unsigned char)(ip[bytes] & 0xff00 >> rest)) : hash;
}

/* What a call is asked for its keys. */
struct sifted {
	const struct sysevent *ev;
	const struct access *a;		/* NULL for the call itself */
	const char *text;		/* SUBJECT_OBJECT */
	size_t len;
};

enum { SIEVE_CURSORS = 32 };

/* The rules that a sieve leaves, in their order. */
struct sift {
	const struct sieve *sieve;
	unsigned n;
	bool full;
	struct {
		uint32_t at, end;	/* in sieve.rule */
	} cursor[SIEVE_CURSORS];
};

/* False when so much is left that it saves nothing. */
bool sift_start(struct sift *, const struct sieve *, const struct sifted *);
/* Index of the next rule; false when there is none. */
bool sift_next(struct sift *, size_t *rule);

/* The rules whose object covers what is accessed, the most specific first. */
struct rulewalk {
	const struct policy *p;
	uint32_t phases;		/* those that are open */
	const struct sysevent *ev;
	const struct access *a;
	int kind;
	const struct rule *const *list;	/* sorted[kind], or trees */
	size_t next, end;		/* in list; then what the sieve has left */
	struct sift sift;
	const char *path;		/* OBJ_PATH */
	size_t len;
	bool anonymous;
	size_t nlens;			/* lengths of prefixes that are still to come */
	size_t level;			/* OBJ_ADDR: those that were looked at */
	uint32_t chain;			/* prefixes of the length at hand that may come next */
	uint32_t hash[PATTERN_MAX + 1];	/* of the path's beginnings, one for each length */
};

/* kind is what the access is about; an OBJ_PATH has a path.  OBJ_CALL: the rules for the call itself, of no rights. */
void rulewalk_start(struct rulewalk *, const struct layer *, int kind, const struct sysevent *, const struct access *);
/* The next one that has any of the rights; NULL when there is none. */
const struct rule *rulewalk_next(struct rulewalk *, unsigned rights);

/* The rules that have this right and this object in the layer, the deciding one; NULL when there is none. */
const struct rule *rule_for_right(const struct layer *, const struct sysevent *, const struct access *, unsigned right);

static inline bool
rule_is_open(const struct rule *r, uint32_t phases)
{
	return !r->phase || phases >> (r->phase - 1) & 1;
}

/* Is all there that deciding or a condition needs to know? */
static inline bool
needs_are_met(unsigned needs, const struct sysevent *ev)
{
	return (ev->caller || !(needs & (NEED_CALLER | NEED_FUNCTION))) && (ev->process || !(needs & (NEED_IDS | NEED_IMAGE)));
}

/* Calls that are let in where no rule says otherwise. */
bool call_always_possible(enum sys_id);

bool condition_holds(const struct condition *, const struct sysevent *);
bool condop_holds(const struct condop *, const struct sysevent *);
/* What a test of a number looks at. */
uint64_t condop_number(const struct condop *, const struct sysevent *);
/* Is this object one of the rule's?  Rights, phase and condition do not count. */
bool rule_covers(const struct rule *, const struct access *);
/* Does a rename or a link give an object a right that its old name has not?  Then *v refuses it. */
bool move_gains(const struct policy *, const struct sysevent *, struct verdict *v);

#endif

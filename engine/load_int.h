/* SPDX-License-Identifier: ISC */
#ifndef TG_LOAD_INT_H
#define TG_LOAD_INT_H

/*
 * Loading, in four steps: parse.y turns each text into statements (stmt.c),
 * load.c fetches what they name, expand.c gives words their meaning, compile.c
 * makes rules of them.  Every message is collected on the way (errors.c).
 */

#include "engine/policy_int.h"
#include "engine/pool.h"

enum {
	MAX_TEXT	= 1 << 20,
	MAX_DEPTH	= 16,		/* of includes */
	MAX_WHEN	= 4096,		/* bytes of a condition */
	MAX_UNTIL	= 16384,	/* bytes of what ends a phase */
	MAX_RULES	= 100000,
	MAX_ALTERNATIVES = 256,		/* that one pattern's braces may give */
	MAX_BRACES	= 32,		/* pairs in one pattern */
	MAX_BLOCKS	= 1000,
	MAX_TARGETS	= 32,		/* policies that "->" leads to, from one to the next */
	POLICY_VERSION	= 1,
};

/* A piece of a source's text, where it stands. */
struct word {
	const char *p;
	uint32_t len;
	unsigned line;
};

struct wordnode {
	struct wordnode *next;
	struct word w;
	bool joined;			/* to the one before, by "|" */
};

struct wordlist {
	struct wordnode *first, *last;
};

/* One step of a condition as written; postfix, as in struct condop. */
struct test {
	struct test *next;
	enum condop_kind kind;
	struct word arg;
	struct wordlist mask, value;
	bool text;			/* the values are quoted patterns, or the one word of `caller file` */
};

struct let {
	struct let *next;
	struct word name, type, value;	/* type: len 0 when none is written */
	const struct source *src;
	bool used;
	enum { LET_UNSEEN, LET_BUSY, LET_DONE, LET_WRONG } state;
	const char *text;
};

/* ACTION RIGHTS OBJECTS [if CONDITION] [log] [quiet] */
struct ruleline {
	struct ruleline *next;
	struct word head;		/* the action's word */
	enum action action;
	struct word err;		/* len 0: none written */
	struct wordlist rights, objects;
	struct word target;		/* behind "->"; len 0: none */
	struct test *tests;
	const char *when;		/* the condition's text, as written */
	bool log, quiet;
	unsigned guard;
};

enum fetch_kind { FETCH_INCLUDE, FETCH_PROMISE, FETCH_BLOCK };

/* include, promise and use, in the order they stand. */
struct fetchline {
	struct fetchline *next;
	struct word name;
	enum fetch_kind kind;
};

/* What stands between braces, or outside of all. */
struct lines {
	struct ruleline *rules, **rules_end;
	struct fetchline *fetches, **fetches_end;
};

struct triggerline {
	struct triggerline *next;
	enum trigger_kind kind;
	struct word head;
	struct wordlist words;
	struct test *tests;
	const char *when;
};

/* block NAME { ... }, or phase NAME until ... { ... }, which has triggers. */
struct group {
	struct group *next;
	struct word name;
	const struct source *src;
	struct lines lines;
	struct triggerline *triggers, **triggers_end;
	uint64_t used_in;		/* block: bits of the phases its lines are in, 0 for outside of them */
	enum { VISIT_NONE, VISIT_BUSY, VISIT_DONE } visit;
	const struct group *user;	/* that brought the visit here */
};

struct settingline {
	bool present;
	struct word head;
	enum action action;
	struct word err;
};

enum { SETTING_DEFAULT, SETTING_UNKNOWN, SETTING_CHILDREN, SETTINGS };

/*
 * One text: a file, a promise, the command line.  The lines of a phase, and of a
 * block where it is used, are sources of their own with the text they stand in.
 */
struct source {
	struct source *next;
	const struct source *parent;	/* who included it */
	const char *name;		/* as its parent wrote it */
	const char *shown, *via;
	const char *text;
	size_t len;
	unsigned depth;
	bool promise;
	bool local;			/* added to a policy by its name */
	const struct group *group;	/* whose lines these are; NULL: those outside of all braces */
	unsigned phase;			/* that its rules belong to, plus one; 0: none */
	bool inside;			/* of a phase or a block, itself or who included it */
	bool headless;			/* needs no `policy 1` */
	struct word version;		/* the number of that line; its length is 0 while none was seen */
	const char *open_word;		/* the first word with a brace that nothing closes; NULL: there is none */
	bool broken;			/* has syntax errors */
	struct let *lets;
	struct lines lines;
	struct group *blocks, **blocks_end;
	struct group *phases, **phases_end;
	struct settingline setting[SETTINGS];
	struct wordlist programs, unsafe;
};

/* A growing array of pointers. */
struct vector {
	const void **item;
	size_t n, cap;
};

struct failure;

/* Messages that were given.  Texts can be read more than once, and are wrong only once. */
struct said {
	struct pool *pool;
	struct saying *first;
	unsigned n;
};

struct loader {
	const struct policy_host *host;
	struct pool *keep;		/* lives as long as the policy */
	struct pool *scratch;		/* ends with the loading */
	struct source *sources, **sources_end;
	const struct source *main;
	struct vector rules;		/* struct rule */
	struct vector ghosts;		/* struct rule: of links that are at the end of a path */
	struct vector guards;		/* char */
	struct vector blocks;		/* struct group */
	struct vector phases;		/* struct group */
	struct vector uses;		/* struct source: whose `use` lines wait for all blocks to be known */
	struct vector targets;		/* struct target */
	struct policy *policy;
	bool floor;
	bool full;			/* too many rules: said once */
	unsigned nesting;		/* of variables in variables */
	uint64_t implied_sockets;	/* families that a rule about sockets follows for; bit 63: all */
	bool many;			/* ${*} has a meaning here: one operand after the other */
	unsigned operand;		/* which one */
	struct said *said;
	struct failure *failures;
	bool wrong;			/* something is, said already or not */
	unsigned nfailures, nstored;
	struct patbuild build;
};

/* What the scanner and the parser of one text know. */
struct parser {
	struct loader *l;
	struct source *src;
	void *scanner;
	size_t at, next;		/* the current token, and what follows it */
	size_t word;			/* start of the word being read */
	int back;			/* scanner state that the word stands in */
	unsigned depth;			/* of open braces in it */
	bool started;			/* past the first statement */
	bool stop;			/* nothing more to say about this text */
	bool comma;			/* the last token was one */
	bool empty_line;		/* nothing on this line so far */
	unsigned error_line;		/* of the last syntax error: one per line is enough */
	struct word last;		/* the last token */
	struct test *tests, **tests_end;
	char when[MAX_WHEN + 3];
	size_t when_len;
	struct triggerline *triggers, **triggers_end;
	struct lines *into;		/* where rules and what is fetched go: the text's own, or a group's */
	struct group *group;		/* the open one */
	int guard;			/* the open one; -1 */
	struct word guard_word;
};

/* A policy named by "->", and who names it. */
struct target {
	const char *name, *from;
	const struct source *src;
	const char *place;
};

void lines_init(struct lines *);

/* load.c */
/* Is it text, and short enough?  False after a message. */
bool fit_to_parse(struct loader *, struct source *);
struct source *add_source(struct loader *, const char *shown, const char *text, size_t len);
struct loader *loader_new(const struct policy_host *, struct said *);
/* `from` names it: another policy, or NULL for the command line. */
void load_main(struct loader *, const char *name, const char *from);
void load_extra(struct loader *, const char *text);
/* A text and what it names.  Its depth is bounded, and so is the recursion. */
void load_source(struct loader *, struct source *);
void fetch_lines(struct loader *, const struct source *);
/* The lines of a group, as a source of their own in the text they stand in. */
struct source *add_group(struct loader *, const struct group *, unsigned phase);
void loader_compile(struct loader *);
/* The policy; errors are added to those there are.  The loader ends. */
struct policy *loader_end(struct loader *, struct policy_errors *);
/* NULL when there are messages. */
struct policy *unless_wrong(struct policy *, const struct policy_errors *);
/* The name that the policy behind "->" is shown with; NULL after a message. */
const char *target_find(struct loader *, const struct target *);

/* block.c */
void add_blocks(struct loader *, struct source *);
void load_phases(struct loader *, struct source *);
void load_blocks(struct loader *);

void vector_add(struct vector *, const void *);

/* errors.c.  The place is a pointer into the source's text; NULL: none.  Foreign bytes go through shown_text(). */
void load_error(struct loader *, const struct source *, const char *place, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void errors_format(struct loader *, struct policy_errors *);
/* Foreign bytes for a message: escaped, shortened, in scratch memory. */
const char *shown_text(struct loader *, const char *, size_t len);
const char *shown_word(struct loader *, struct word);
/* "; did you mean "x"?", or "". */
const char *hint(struct loader *, const char *word, const char *const *words);
const char *word_text(struct loader *, struct word);

/* parse.y */
void parse_source(struct loader *, struct source *);
/* The tokens of a text alone, as parse.h names them. */
void lex_source(struct loader *, struct source *, void (*each)(void *ctx, int token, struct word), void *ctx);

/* stmt.c: what the parser calls for each statement. */
void syntax_error(struct parser *, const char *place, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
struct wordlist wordlist_one(struct parser *, struct word);
struct wordlist wordlist_add(struct parser *, struct wordlist, struct word, bool joined);
struct wordlist wordlist_join(struct wordlist, struct wordlist);
void stmt_policy(struct parser *, struct word number);
void stmt_program(struct parser *, struct wordlist);
void stmt_fetch(struct parser *, struct wordlist, enum fetch_kind);
void stmt_let(struct parser *, struct word name, struct word type, struct word value);
void stmt_setting(struct parser *, int which, struct word head, enum action, struct word err);
void stmt_unsafe(struct parser *, struct wordlist);
void stmt_guard(struct parser *, struct word name);
void stmt_block(struct parser *, struct word name);
void stmt_phase(struct parser *, struct word name);
void stmt_close(struct parser *, struct word);
void stmt_trigger(struct parser *, enum trigger_kind, struct word head, struct wordlist);
void stmt_test(struct parser *, enum condop_kind, struct word arg, struct wordlist mask, struct wordlist value);
void stmt_text_test(struct parser *, enum condop_kind, struct word subject, struct wordlist patterns);
void stmt_rule(struct parser *, struct ruleline);
/* The end of a text. */
void stmt_end(struct parser *);

/* expand.c */
struct bytes {
	struct patbyte *b;
	size_t n;
};
/* What a word stands for: quotes, escapes and variables resolved.  False after a message. */
bool expand_word(struct loader *, const struct source *, struct word, struct bytes *);
/* The same as plain text; wildcards are refused. */
const char *expand_text(struct loader *, const struct source *, struct word);
/* Calls back for each alternative that the braces give. */
bool expand_braces(struct loader *, const struct source *, struct word, const struct bytes *,
    bool (*each)(void *ctx, const struct bytes *), void *ctx);
void expand_lets(struct loader *);
/* lettype.c: is the value what the variable's type says?  False after a message. */
bool let_fits_type(struct loader *, const struct let *);
/* Variables that nothing has asked for by now. */
void compile_idle_lets(struct loader *);
/* All that a word stands for: one after the other for the operands in ${*}, each with its alternatives. */
bool expand_each(struct loader *, const struct source *, struct word,
    bool (*each)(void *ctx, const struct bytes *), void *ctx);

/*
 * condition.c: a line's condition for one call, or for no call in particular
 * (SYS_ID_none), when it can have no arguments.  False after a message.
 */
bool condition_compile(struct loader *, const struct source *, const struct test *, unsigned id,
    struct condition *, unsigned *terms);
/* Does this call have every argument that the condition asks for? */
bool condition_fits(struct loader *, const struct test *, unsigned id);
/* The condition's text with what its patterns stand for. */
const char *condition_text(struct loader *, const struct source *, const char *when, const struct test *);

/* textpat.c: the patterns of one test, with what they read as. */
enum { MAX_TEXTS = 64 };
struct texts {
	struct loader *l;
	const struct source *src;
	const char *name;		/* of the subject */
	uint8_t about;			/* enum condop_subject */
	struct word word;		/* at hand */
	unsigned needs;
	struct textpat pat[MAX_TEXTS];
	const char *text[MAX_TEXTS];
	uint32_t n;
};
/* Is the test "SUBJECT word"? */
bool text_is_word(struct loader *, const struct test *, const char *word);
bool texts_compile(struct texts *, const struct test *);

/* addrpat.c: NULL, or what is wrong with it and *at, the index of the byte. */
const char *addrpat_compile(struct addrpat *, struct patbuild *, struct pool *, const struct bytes *,
    uint64_t *rank, size_t *at);
/* What a path pattern must not hold; likewise. */
const char *pathpat_check(const struct bytes *, size_t *at);
void pattern_keep(struct pattern *, struct pool *);

/* What is being compiled: a line, or a trigger; and what all its rules have in common. */
struct compiling {
	struct loader *l;
	const struct source *src;
	const struct ruleline *line;
	const struct test *tests;
	struct word object;
	struct rule base;
};

/* compile.c */
void compile_lines(struct loader *);
void compile_settings(struct loader *);
void compile_marks(struct loader *);
struct origin origin_of(const struct source *, struct word);

/* object.c: the rules for one object of a line.  False after a message. */
bool compile_object(struct compiling *);
/* The canonical form of a pattern's literal directories; false when nothing changes. */
bool canonical_form(struct loader *, const struct pattern *, const struct bytes *, struct bytes *out);
const char *print_bytes(struct loader *, const struct bytes *);
bool unknown_call(struct loader *, const struct source *, struct word, const char *name);

/* link.c: what a link leads to does not count where the policy lets the program make the link. */
void compile_links(struct loader *);

/* phase.c */
void compile_phases(struct loader *);

/* target.c: the index of the policy named behind "->", plus one; 0 for inherit and after a message. */
unsigned target_add(struct loader *, const struct source *, struct word);
/* Whom its name is looked up for: NULL, the command line, for one that names itself. */
const char *target_from(const struct target *);

/* sieve_build.c: NULL when there are few.  They are sorted[kind], from first on; memory is the policy's. */
const struct sieve *sieve_build(struct loader *, enum object_kind, uint32_t first, uint32_t n);

/* index.c */
void compile_sort(struct loader *);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef TG_POLICY_H
#define TG_POLICY_H

/*
 * Policy text in, verdicts out; tollgate.policy(5) is the specification.  Pure:
 * what loading needs from outside comes through struct policy_host, and
 * deciding needs nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/sysevent.h"

/* In this order: the smaller the stricter, and zero is the strictest. */
enum action { ACT_KILL, ACT_TRAP, ACT_DENY, ACT_ASK, ACT_ALLOW };

struct policy;		/* one layer: a policy with all it includes, compiled */
struct rule;		/* one line of it */

/* Where a line of policy came from. */
struct origin {
	const char *file;	/* "mpv" for a built-in, else as the user would open it */
	unsigned line;
	const char *via;	/* promise or include that brought it in; NULL when none */
	bool local;		/* what the user or this machine adds to a policy by its name: theirs like a policy of their own */
};

/* Why a verdict is what it is. */
enum reason {
	WHY_UNREADABLE,		/* an argument could not be read or resolved */
	WHY_CALLER,		/* a rule asks who calls, and nobody knows */
	WHY_UNKNOWN,		/* a call not in our tables: the policy's `unknown` */
	WHY_FLOOR,		/* refused to everyone who does not say `unsafe NAME` */
	WHY_CHILDREN,		/* a new process, and the policy says `children deny` */
	WHY_DEFAULT,		/* no rule matched: the policy's `default` */
	WHY_RULE,
	WHY_MOVE,		/* what is refused of the old name would be allowed of the new one */
	WHY_MARK,		/* the call only says how far the program is */
	WHY_START,		/* it starts the program that was chosen on the command line: no rule is asked */
};

/* The zero value kills. */
struct verdict {
	enum action action;
	int err;		/* ACT_DENY, ACT_ASK, ACT_TRAP: what the call returns, or si_errno */
	bool log, quiet;	/* allowed and worth a line; refused and not worth one */
	enum reason reason;
	const struct origin *origin;	/* of the rule, or of the `default` line, without one of `policy 1`; may be NULL */
	const char *unsafe;	/* a guard that refuses it, by the word that would lift it: where a rule was as strict, too */
	int access;		/* index of the access that decided, -1: the call itself */
	uint16_t rights;	/* the right of it that was refused first */
	unsigned layer;		/* index of the policy that decided */
};

/* A symbolic link on the way to what a policy names. */
struct policy_link {
	const char *name;	/* canonical, its own: not where it leads */
	bool last;		/* nothing of the path comes behind it */
};

/*
 * What loading asks of its surroundings.  All text it returns must live until
 * policy_free().
 */
struct policy_host {
	void *ctx;
	/*
	 * Reads the policy called name (a path or a bare name), named by the file
	 * `from` (NULL: the command line).  0 and the text, its length and the name
	 * to show in messages; or -errno: -ENOENT none such, -EFBIG too large.
	 */
	int (*read)(void *ctx, const char *name, const char *from,
	    const char **text, size_t *len, const char **shown);
	/* Reads a promise's text likewise. */
	int (*read_promise)(void *ctx, const char *name, const char **text, size_t *len, const char **shown);
	/*
	 * What a user or this machine adds to the policies of that name, beside the
	 * text of `read`: the n-th of such texts, from 0.  -ENOENT past the last.
	 */
	int (*read_local)(void *ctx, const char *name, unsigned n, const char **text, size_t *len, const char **shown);
	/* The value of ${name}; NULL when unset.  Operands are ${1}, ${2} and so on. */
	const char *(*variable)(void *ctx, const char *name);
	/*
	 * The canonical form of an absolute path's existing part with the rest
	 * appended: /lib/x -> /usr/lib/x.  NULL when nothing changes.
	 */
	const char *(*canonical)(void *ctx, const char *path);
	/*
	 * The symbolic links that the last answer of canonical() went by and that a
	 * program of this user could make anew; the name of the last is NULL.  NULL:
	 * there are none.  They are asked for at once, and copied.
	 */
	const struct policy_link *(*links)(void *ctx);
	/* Valid words for suggestions, NULL-ended; may be NULL. */
	const char *const *(*promises)(void *ctx);
	/* What `unsafe` can name: policy_guards() of the floor; NULL: anything goes. */
	const char *const *(*guards)(void *ctx);
};

/* Messages of a load: "file:line:column: text", the line, a caret. */
struct policy_errors {
	char text[16384];
	unsigned count;		/* all of them; text holds the first few */
};

/*
 * Loads a policy and what it includes.  `extra` is further text of the same
 * language ("allow read /x", the command line's --ro), NULL for none.
 * NULL when there is any error, with at least one message.  policy_free() the result.
 */
struct policy *policy_load(const struct policy_host *, const char *name, const char *extra, struct policy_errors *);
void policy_free(const struct policy *);	/* NULL is nothing */

/*
 * The floor: what no policy grants without `unsafe NAME`.  Text of the same
 * language made of guard blocks; every layer decides with it.
 */
struct policy *policy_load_floor(const struct policy_host *, const char *text, struct policy_errors *);
/* The names of its guards, NULL-ended. */
const char *const *policy_guards(const struct policy *floor);

/* Does the policy say `unsafe GUARD`? */
bool policy_lifts(const struct policy *, const char *guard);

/* Phases are numbered from 0; a policy has at most this many. */
enum { MAX_PHASES = 32 };

/* A policy as it holds for one process: bit n is set while its phase n still gives. */
struct layer {
	const struct policy *policy;
	uint32_t phases;
};

/* All layers must allow; the strictest verdict is returned.  No layers: the zero verdict. */
struct verdict policy_decide(const struct policy *floor, const struct layer *, size_t n, const struct sysevent *);

/*
 * What deciding this call needs to know of its caller, beyond the call and its
 * accesses; where a need is not met the call must be refused.
 */
enum need {
	NEED_CALLER = 1 << 0,	/* sysevent.caller: the code that makes the call */
	NEED_IDS = 1 << 1,	/* sysevent.process: uid and its kin */
	NEED_IMAGE = 1 << 2,	/* sysevent.process: exe and argv0 */
	NEED_FUNCTION = 1 << 3,	/* sysevent.caller: its function */
};
unsigned policy_needs(const struct policy *, const struct sysevent *);
/* The first line that asks for the calling function, here or in a policy that an exec adds; NULL: none does. */
const struct origin *policy_names_function(const struct policy *);

/* Something that may end phases.  Members that say nothing are zero. */
struct moment {
	const struct sysevent *call;	/* it has been let in and has succeeded */
	bool exec;			/* another program was executed */
	const char *mark;		/* the program said that it has come this far */
	uint64_t elapsed_ms;		/* since the policy was put on the process */
};
/* The phases there are, as bits: what a process starts with. */
uint32_t policy_phases(const struct policy *);
/* Those of the layer's phases that the moment ends. */
uint32_t policy_phases_ended(const struct layer *, const struct moment *);
/* Does any open phase end by time?  Only then is the clock worth a look on every call. */
bool policy_is_timed(const struct layer *);
/* Does any phase end at this mark, be it open or not? */
bool policy_has_mark(const struct policy *, const char *mark);
/* The name of phase n and where it stands; NULL when there is none. */
const char *policy_phase_name(const struct policy *, unsigned n, const struct origin **);

/*
 * The further policies that an allowed exec puts on the next image, as its rules
 * say with "->".  At most max; the number there are is returned.  They belong to
 * the policy and live as long.
 */
size_t policy_transitions(const struct layer *, const struct sysevent *, const struct policy **out, size_t max);

/* The name a policy was loaded by, for messages. */
const char *policy_name(const struct policy *);

/*
 * The line that would allow what was refused ("allow read /home/u/x", "allow
 * syscall ptrace", "unsafe ptrace"); false when no line could.
 */
struct strbuf;
bool policy_suggest(const struct sysevent *, const struct verdict *, struct strbuf *);

/*
 * The rule that came nearest to letting in what was refused: its line, and what
 * keeps it from doing so.  The layer is the one of the verdict.  False when none
 * came near.
 */
bool policy_nearest(const struct layer *, const struct sysevent *, const struct verdict *, struct strbuf *rule,
    struct strbuf *why, const struct origin **where);

/*
 * A finding of `check`: what is worth a second look though it is no error.  The
 * kind is a word that stays the same, for programs; the text is for people.
 */
typedef void policy_finding(void *ctx, const char *kind, const struct origin *, const char *text);
/* What looking asks of its surroundings; NULL members are not asked. */
struct lint_host {
	void *ctx;
	bool (*has_call)(void *ctx, const char *name);	/* does any ABI of this machine have the call? */
	bool (*has_file)(void *ctx, const char *path);	/* is there something of that name? */
};
void policy_lint(const struct policy *, const struct lint_host *, policy_finding *, void *ctx);

/*
 * Of these the links that the policy lets the program make and that lead to what
 * its own lines mean to allow: worth a word at each run, for a program may have
 * made them in the last one.
 */
void policy_loose_links(const struct policy *, policy_finding *, void *ctx);

/* What a policy leaves open, in sentences; what matters most comes first. */
enum exposure_level { EXPOSURE_GRAVE, EXPOSURE_NOTABLE, EXPOSURE_PLAIN };
struct exposure {
	enum exposure_level level;
	const char *topic;		/* "read", "connect": a word that stays the same */
	const char *text;
	const char *phase;		/* that gives it until it ends; NULL: it always holds */
	const struct origin *const *where;
	size_t nwhere;
};
/* Whose policy it is; members may be NULL. */
struct exposure_about {
	const struct policy *floor;
	const char *home, *runtime;	/* ${HOME}, ${XDG_RUNTIME_DIR} */
};
typedef void policy_exposed(void *ctx, const struct exposure *);
void policy_exposure(const struct policy *, const struct exposure_about *, policy_exposed *, void *ctx);

/* Prints every rule in canonical form, "# file:line" behind each; one call of put per line. */
typedef void policy_line(void *ctx, const char *text, const struct origin *);
void policy_show(const struct policy *, policy_line *put, void *ctx);

/*
 * The text in canonical form: comments, groups of lines and the order of all
 * that is said stay; blanks, line breaks and the columns are as policies have
 * them.  Only the syntax has to be right.  NULL with messages; else free(3) it.
 */
char *policy_fmt(const char *text, size_t len, const char *shown, size_t *out_len, struct policy_errors *);

/* The names of its `program` lines, NULL-ended. */
const char *const *policy_programs(const struct policy *);

/* Nearest word in a NULL-ended list, for "did you mean"; NULL when none is near. */
const char *nearest_word(const char *word, const char *const *words);

#endif

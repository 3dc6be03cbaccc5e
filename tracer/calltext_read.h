/* SPDX-License-Identifier: ISC */
#ifndef TG_CALLTEXT_READ_H
#define TG_CALLTEXT_READ_H

/* The pieces that calltext.c is made of: each reads one thing at the cursor and moves behind it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "tracer/calltext.h"

struct cursor {
	const char *start;	/* of the line */
	const char *p;
	const char *abi;	/* whose values names have */
	struct arena *arena;
	struct calltext_error *error;
};

struct text {
	const char *s;		/* NUL-terminated; may hold NULs before its end */
	size_t len;
	bool abstract;		/* @"…" */
	bool cut;		/* "…"...: strace did not print all of it */
};

/* Fills the error for the place `at`; returns -EINVAL. */
int calltext_wrong(struct cursor *, const char *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same: not what was expected at the cursor. */
int expected(struct cursor *, const char *what);

/* Passes over blanks and comments. */
void skip_blanks(struct cursor *);
/* The same, and over the character when it comes next. */
bool skip_char(struct cursor *, char);

/* The length of the name at the cursor; 0 when there is none. */
size_t name_length(const struct cursor *);
bool name_is(const struct cursor *, const char *name);

/*
 * A number, a named constant, several joined by | * << and signs, a function
 * of strace's such as htons(80).  Names are looked up in the vocabulary first,
 * then in all.
 */
int read_value(struct cursor *, enum vocab, uint64_t *);

/* "…" with C's escapes, or @"…". */
int read_text(struct cursor *, struct text *);

/* Anything up to a comma or a closing bracket of an outer level. */
int skip_value(struct cursor *);

/* The name of the field at the cursor, behind its "="; an empty one when there is no "=". */
struct field {
	const char *name;
	size_t len;
};
bool read_field_name(struct cursor *, struct field *);
bool field_is(const struct field *, const char *name);

/*
 * { name=value, … }: calls each(ctx, c, field) at every value, which must move
 * behind it.  "..." may stand for fields that were not printed.
 */
typedef int field_reader(void *ctx, struct cursor *, const struct field *);
int read_struct(struct cursor *, field_reader *each, void *ctx);

/* htons(80), inet_addr("1.2.3.4"), makedev(1, 3) …; -ENOENT when none of them is at the cursor. */
int read_function(struct cursor *, uint64_t *);

/* {sa_family=…} as the bytes the kernel gets, in the arena; NULL for NULL. */
int read_sockaddr(struct cursor *, struct argval *);

/* One call while its arguments are read. */
struct call {
	struct sysevent *ev;
	const struct sysdesc *desc;
	struct calltext_notes *notes;
	unsigned nargs;			/* in registers */
	unsigned given;			/* bits of those that the text has */
};

/* Argument i, as its kind is written. */
int read_argument(struct call *, struct cursor *, unsigned i);

/* A word, or anything in its place that it could point to: no verdict looks there. */
int read_register(struct call *, struct cursor *, unsigned i);

/* As many bytes of an address as the call says; the kernel takes 128 at most, and without any there is no address. */
void fit_address(struct argval *, uint64_t len);

#endif

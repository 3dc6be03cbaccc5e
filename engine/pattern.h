/* SPDX-License-Identifier: ISC */
#ifndef TG_PATTERN_H
#define TG_PATTERN_H

/*
 * Globs over bytes.  Matching takes time linear in text times tokens and no
 * memory: a set of positions moves along the text, nothing is tried twice.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

enum {
	PATTERN_MAX	= 4096,	/* bytes of one, expanded */
	PATTERN_TOKENS	= 1024,	/* after the literal prefix */
	PATTERN_SETS	= 64,	/* [abc] in one */
};

/* One byte of a pattern's text.  `literal`: escaped, or from a variable; never a wildcard. */
struct patbyte {
	unsigned char c;
	bool literal;
	uint32_t at;		/* where in the policy's text it came from */
};

enum patshape { PAT_EXACT, PAT_TREE, PAT_GLOB };	/* no wildcard; DIR and all below; anything else */

enum pattok_kind { TOK_BYTE, TOK_ONE, TOK_SET, TOK_STAR, TOK_DEEP, TOK_OPTIONAL };

struct pattok {
	uint8_t kind;
	uint8_t arg;		/* the byte; the index of the set */
};

struct byteset {
	uint64_t bits[4];
};

struct pattern {
	const char *prefix;	/* the literal bytes before the first wildcard */
	uint16_t prefix_len;
	uint8_t shape;
	bool anonymous;		/* begins with "pipe:" or the like: for objects without a name */
	uint16_t ntok;
	const struct pattok *tok;
	const struct byteset *set;
	uint64_t rank;		/* the larger the more specific: longer prefix, fewer wildcards, longer text */
};

/* Room for a pattern while it is compiled; what stays is copied out by the caller. */
struct patbuild {
	char prefix[PATTERN_MAX + 1];
	struct pattok tok[PATTERN_TOKENS];
	struct byteset set[PATTERN_SETS];
	unsigned nset;
};

/*
 * Compiles n bytes into p, which then points into the room given.  NULL, or
 * what is wrong and *at, the index of the byte it is wrong at.
 */
const char *pattern_compile(struct pattern *p, struct patbuild *, const struct patbyte *, size_t n, size_t *at);

/* Does all of the text match?  Text may hold any byte. */
bool pattern_match(const struct pattern *, const char *text, size_t len);

/* Does all that lies below this directory match, and itself? */
bool pattern_covers_tree(const struct pattern *, const char *dir, size_t len);
/* Could anything match that is this directory or lies below it? */
bool pattern_reaches_tree(const struct pattern *, const char *dir, size_t len);

/* Is this the kernel's name of an object that has none in the file system: "pipe:[7]", "/memfd:x (deleted)"? */
bool path_anonymous(const char *path, size_t len);

/* The text of a pattern, escaped so that it parses back. */
void pattern_print(const struct patbyte *, size_t n, struct strbuf *);
/* The pattern that matches exactly this text. */
void pattern_print_literal(const char *text, size_t len, struct strbuf *);

#endif
